/*
** The engine: what sequences do, in transactions, for one connection.
**
** What may be used of engine.c, define.c, transaction.c and mark.c by the session
** and above it.  The rules are at the top of engine.c.
*/
#ifndef ENGINE_H
#define ENGINE_H

#include "store.h"

/**** mark.c *************************************************************/

typedef struct Mark Mark;
typedef struct MarkFile MarkFile;

typedef struct MarkValue {
  int64_t seq_no; /* of the row that its values followed */
  int64_t last;   /* the last value issued */
} MarkValue;

int mark_init(void);
MarkFile *mark_file_open(const char *name);
void mark_file_close(MarkFile *);
const char *mark_file_name(const MarkFile *);
int mark_read(MarkFile *, int64_t setting, MarkValue *);
void mark_forget(MarkFile *, int64_t setting);
Mark *mark_hold(MarkFile *, int64_t setting, const MarkValue *,
                unsigned *version);
_Atomic int64_t *mark_last(Mark *);
void mark_release(MarkFile *, Mark *, unsigned version, int is_kept);

/**** The state of a connection ******************************************/

typedef struct Engine Engine;
typedef struct SeqStore SeqStore;
typedef struct SeqEntry SeqEntry;

/* A sequence store as one connection sees it. */
struct SeqStore {
  Store sql;
  Engine *engine;
  SeqStore *next;     /* in engine->stores */
  MarkFile *marks;    /* of the database that the schema is, or NULL */
  sqlite3_file *file; /* tells whether it still is that database */
  uint64_t txn;       /* the transaction that has written it, and so locks it */
  int64_t term;       /* its primary term, read in that one... */
  uint64_t term_txn;
  uint64_t term_undone; /* ...with that host.undone */
};

enum {
  BLOCK_NONE,
  BLOCK_TXN,  /* reserved by the open transaction, which gives the rest back */
  BLOCK_CACHE /* reserved for this connection, by CACHE */
};

/* What a connection knows of a sequence that it has used. */
struct SeqEntry {
  HashNode by_id;   /* in engine->by_id */
  HashNode by_name; /* in engine->by_name, unless name is NULL */
  SeqEntry **hot;   /* the engine's */
  SeqStore *store;
  char *name; /* under which it was last seen */
  size_t n_name;
  SeqRow row;             /* as the store has it, or had it: a guess */
  int is_likely;          /* the guess was right when it was last tried */
  uint64_t owner_version; /* of store->owners, when its owner was there */

  int64_t last;    /* currval() */
  int is_defined;  /* nextval() or setval() was called */
  int has_claimed; /* is_generated() was told of that value: */
  int64_t claimed;

  /* Values that may be issued without looking at the store. */
  int block;
  int64_t next;
  int64_t step;
  uint64_t left;
  uint64_t undone;      /* host.undone when they were reserved */
  uint64_t txn;         /* by that transaction; 0: it was committed */
  int64_t term;         /* under that primary term */
  uint64_t block_txn;   /* a BLOCK_CACHE was reserved by that one */
  int64_t block_seq_no; /* ...and the row had that _seq_no then */
  uint64_t size;        /* of the next BLOCK_TXN */
  _Atomic int64_t *block_published; /* ...and what is issued of it, or NULL */
  _Atomic int64_t
      *published;            /* where what the transaction issues is, or NULL */
  int64_t published_setting; /* for which */
  unsigned changes; /* sqlite3_total_changes(), when the row was right... */
  unsigned rows;    /* ...and engine->rows */
  int is_touched;   /* in engine->touched */
  SeqEntry *next_touched;
};

/* A mark that the open transaction holds. */
typedef struct EngineHold {
  struct EngineHold *next;
  MarkFile *file;
  Mark *mark;
  unsigned version;
} EngineHold;

/* What a gapless sequence issued in the open transaction. */
typedef struct EngineGapless {
  struct EngineGapless *next; /* the one before */
  SeqEntry *entry;
  SeqRow before;   /* of the first value at this level */
  SeqRow after;    /* of the last one */
  int level;       /* savepoints that were open */
  int is_undone;   /* one of these was rolled back to */
  int is_put_back; /* `before` was stored again at this level */
} EngineGapless;

enum { TXN_NONE, TXN_OPEN, TXN_COMMITTED, TXN_ROLLED_BACK };

struct Engine {
  StoreHost host;
  SeqStore *stores;
  Hash by_id;
  Hash by_name;
  SeqEntry *hot;       /* last_used, if nextval() may issue its `left` */
  SeqEntry *last_used; /* lastval() */
  int has_blocks;      /* some sequence is virtual or has CACHE */
  RandomPool pool;     /* of ids and settings */
  unsigned rows;       /* written by statements on the table "sequences" */

  /* The transaction, as the hook hears of it: see transaction.c. */
  sqlite3_stmt *enlist;
  sqlite3_stmt *enlist_temp;
  sqlite3_stmt *insert;
  struct TransactionJob *job; /* that it is to run */
  int is_connected;       /* the table by which it hears of sqlite3_close() */
  int depth;              /* calls of session_enter() to be paired */
  int is_creating;        /* temp.surrogate_session is being made */
  int must_finalize;      /* it went while they were under way */
  int state;              /* TXN_...; what is over is still to be settled */
  uint64_t txn;           /* its number, from 1 */
  uint64_t undone_at_end; /* host.undone, before it ended */
  int is_rewound;         /* there was a ROLLBACK TO */
  int level;              /* savepoints that are open */
  EngineHold *holds;      /* marks */
  EngineGapless *gapless; /* latest first */
  int has_undone;         /* some of these are */
  SeqEntry *touched;      /* entries of it */
};

/* What a sequence is asked for. */
typedef struct SeqRequest {
  const char *function; /* the SQL function that asks, for messages */
  const char *name;
  size_t n;
  int64_t number;            /* in: count or value; out: the result */
  int flag;                  /* of setval(): is_called */
  const SeqOptions *options; /* of CREATE and ALTER */
  const char *new_name;      /* or NULL */
  size_t n_new;
  int or_replace;  /* a sequence of that name goes */
  int may_guess;   /* what is remembered of the row was just compared with it */
  int is_missing;  /* out: there is no such sequence */
  SeqEntry *entry; /* out */
} SeqRequest;

/**** engine.c ***********************************************************/

void engine_init(Engine *, sqlite3 *);
void engine_free(Engine *);
SeqStore *engine_store(Engine *, const char *schema);
SeqEntry *engine_find_id(SeqStore *, int64_t id);
SeqEntry *engine_find_name(SeqStore *, const char *name, size_t n);
SeqEntry *engine_entry(SeqStore *, const SeqRow *, const char *name, size_t n);
void engine_rename_entry(SeqEntry *, const char *name, size_t n);
void engine_drop_block(SeqEntry *);
int engine_use_store(SeqStore *);
SeqRow engine_exact(const SeqEntry *);
void engine_show(SeqStore *, SeqRow *);
int engine_skip_marked(SeqStore *, SeqRow *);
int engine_look_up(SeqStore *, const char *name, size_t n, SeqRow *shown,
                   int64_t *term, const char **owner);
int engine_check_owner(SeqEntry *, int *exists);
int engine_may_have_block(const SeqEntry *);
int engine_has_block(const SeqEntry *);
int engine_is_sure(const SeqEntry *);
int engine_check_cache(const SeqEntry *, const StoreRead *);
void engine_touch(SeqEntry *);
int engine_read(SeqStore *, const char *name, size_t n, StoreRead *,
                SeqRow *shown, const char **owner);
int engine_nextval(SeqStore *, SeqRequest *);
int engine_nextval_unwritten(SeqStore *, SeqRequest *, int *is_done);
int engine_random(Engine *, int64_t *number);
#ifdef SURROGATE_DEBUG
void engine_assert(const Engine *);
#else
#define engine_assert(engine) ((void)0)
#endif

/*
** Issue the next of the values that may be issued without looking at the store.
*/
static inline int64_t engine_issue(SeqEntry *entry) {
  int64_t value = entry->next;
  entry->next = (int64_t)((uint64_t)value + (uint64_t)entry->step);
  entry->left--;
  if (entry->block_published) {
    atomic_store_explicit(entry->block_published, value, memory_order_release);
  }
  return value;
}

/**** define.c ***********************************************************/

int define_create(SeqStore *, SeqRequest *);
int define_alter(SeqStore *, SeqRequest *);
int define_drop(SeqStore *, SeqRequest *);
int define_setval(SeqStore *, SeqRequest *);
int define_restart(SeqStore *, SeqRequest *);
int define_promote(SeqStore *, SeqRequest *);
int define_view(SeqStore *, SeqRequest *);

/**** transaction.c ******************************************************/

/* What a call does with a store. */
typedef int TransactionRun(SeqStore *, SeqRequest *);

/* What is to be done in a transaction of its own. */
typedef struct TransactionJob {
  SeqStore *store;
  TransactionRun *run;
  SeqRequest *request;
  int was_run;
  int rc;
} TransactionJob;

int transaction_run(SeqStore *, TransactionRun *, SeqRequest *, int *was_run);
int transaction_register(Engine *, void *(*ref)(void *), void (*unref)(void *));
void transaction_finalize(Engine *);
void transaction_connect(Engine *);
void transaction_settle(Engine *);
int transaction_enlist(SeqStore *, int is_gapless);
int transaction_give_back(SeqEntry *);
int transaction_check_block(SeqEntry *);
int transaction_put_back(Engine *);
int transaction_note_gapless(SeqEntry *, const SeqRow *before);
int transaction_flush(Engine *);
int transaction_is_open(SeqStore *);

#endif /* ENGINE_H */
