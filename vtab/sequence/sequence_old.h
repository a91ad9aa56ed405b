/*
** The engine of sequences, a section for each source file.
*/
#ifndef SURROGATE_SEQUENCE_OLD_H
#define SURROGATE_SEQUENCE_OLD_H

#include "definition.h"

/**** seq_floor.c ********************************************************/

typedef struct SeqFloor SeqFloor;

typedef struct SeqFloorValue {
  int64_t set_no; /* the setting that it counts for */
  int64_t seq_no; /* of the row that it went on from */
  int64_t last;   /* the last value handed out */
} SeqFloorValue;

enum { SEQ_FLOOR_UNUSED, SEQ_FLOOR_STORED, SEQ_FLOOR_ROLLED_BACK };

int seq_floor_init(void);
int seq_floor_read(const char *file, int64_t store_id, int64_t id,
                   SeqFloorValue *);
SeqFloor *seq_floor_open(const char *file, int64_t store_id, int64_t id,
                         unsigned *version);
unsigned seq_floor_set(SeqFloor *, const SeqFloorValue *);
_Atomic int64_t *seq_floor_last(SeqFloor *);
void seq_floor_close(SeqFloor *, unsigned version, int outcome);

/**** seq_row.c **********************************************************/

/* The row of a sequence in the store. */
typedef struct SeqRow {
  int64_t id;        /* _seq_no of the write that made the sequence */
  int64_t seq_no;    /* _seq_no: of the last write */
  int64_t change_no; /* of the last write that was no nextval() */
  int64_t set_no;    /* of the last write that set the last value */
  SeqDef def;
  SeqState state;
  int is_owned;  /* owned_by is not NULL */
  int is_linked; /* that column's default was seen to call nextval() of it */
} SeqRow;

/* The header row. */
typedef struct SeqHeader {
  int64_t store_id;
  int64_t next_seq_no;
  int64_t primary_term;
} SeqHeader;

#define SEQ_STORE_FORMAT 1
#define SEQ_NUMBER_SIZE  10 /* of the longest number */
#define SEQ_HEADER_SIZE  (9 + 2 * SEQ_NUMBER_SIZE)
#define SEQ_ROW_SIZE     (1 + 10 * SEQ_NUMBER_SIZE)

int seq_encode_header(const SeqHeader *, unsigned char *z);
int seq_decode_header(const unsigned char *z, int size, SeqHeader *);
int seq_encode_row(const SeqRow *, unsigned char *z);
int seq_decode_row(const unsigned char *z, int size, SeqRow *);

/**** seq_store.c ********************************************************/

typedef struct SeqStore SeqStore;

enum {
  STMT_READ,
  STMT_READ_ROW,
  STMT_UPDATE,
  STMT_UPDATE_OWNED,
  STMT_INSERT,
  STMT_DELETE,
  STMT_RENAME,
  STMT_HEADER,
  STMT_ENLIST,
  STMT_COOKIE,
  STMT_COUNT
};

/* Columns of the result of STMT_READ, STMT_READ_ROW and of a scan. */
enum { READ_HEADER, READ_ROW, READ_NAME, READ_OWNED_BY };

/* A row as the file was last seen to have it: see seq_store_read(). */
typedef struct SeqKept {
  int is_valid;
  uint32_t data_version;
  SeqHeader header;
  SeqRow row;
  uint64_t generation; /* of SeqOwners, when the owner of the row was there */
  char *name;
  size_t n_name;
  size_t n_alloc;
} SeqKept;

/* What is known of the owners of a schema's sequences: see seq_owner.c. */
typedef struct SeqOwners {
  int is_valid;        /* for a schema of that cookie: */
  int64_t cookie;      /* PRAGMA schema_version */
  uint64_t generation; /* never the same for two schemas */
  int in_txn;          /* the open transaction made it so */
  int is_settled;      /* the store has no rows of owners that are gone */
  int has_calls;       /* whether these are known: */
  Hash calls;          /* of nextval() by defaults, by the sequence's name */
} SeqOwners;

/* The place of a store, its statements, and its last row. */
typedef struct SeqStoreSql {
  sqlite3 *db;
  char *schema;
  char *table;
  int is_name_lost; /* table may be wrong */
  char *message;    /* of the last error, or NULL for that of the database */
  sqlite3_stmt *stmts[STMT_COUNT];
  SeqKept kept;
  SeqOwners owners;
  int is_enlisted;         /* told of what is rolled back */
  uint64_t writes;         /* of this connection */
  int is_stepping;         /* a statement that reads the shadow table */
  int is_writing;          /* one that writes it */
  unsigned changes_before; /* of the connection, before the transaction */
  unsigned changes;        /* of ours since */
  unsigned rows;           /* of the virtual table, since */
} SeqStoreSql;

int seq_store_discover(sqlite3 *, const char *schema, char **table);
int seq_store_set_table(SeqStoreSql *, const char *table);
void seq_store_lose_name(SeqStoreSql *);
const char *seq_store_file(SeqStoreSql *);
int seq_store_create(SeqStoreSql *);
int seq_store_drop(SeqStoreSql *);
int seq_store_rename(SeqStoreSql *, const char *new_table);
void seq_store_finalize(SeqStoreSql *);
void seq_store_forget(SeqStoreSql *);
void seq_store_begin(SeqStoreSql *);
void seq_store_committed(SeqStoreSql *);
void seq_store_free(SeqStoreSql *);
int seq_store_fail(SeqStoreSql *, int rc, const char *format, ...);
int seq_store_exec(SeqStoreSql *, const char *format, ...);
int seq_store_statement(SeqStoreSql *, int which, sqlite3_stmt **);
int seq_store_open_scan(SeqStoreSql *, int descending, sqlite3_stmt **);
int seq_store_next_row(SeqStoreSql *, sqlite3_stmt *, const char *name,
                       size_t n, uint64_t *writes);
int seq_store_decode(SeqStoreSql *, sqlite3_stmt *, SeqRow *, int *found);
int seq_store_decode_owned(SeqStoreSql *, sqlite3_stmt *, SeqRow *,
                           const char **owner, int *found);
int seq_store_open_owned(SeqStoreSql *, sqlite3_stmt **);
int seq_store_read(SeqStoreSql *, const char *name, size_t n, SeqHeader *,
                   SeqRow *, char **owned_by, int *found);
int seq_store_read_header(SeqStoreSql *, SeqHeader *);
int seq_store_find_id(SeqStoreSql *, int64_t id, char **name, size_t *n);
int seq_store_insert(SeqStoreSql *, const char *name, size_t n, const SeqRow *,
                     const char *owned_by);
int seq_store_update(SeqStoreSql *, const char *name, size_t n, const SeqRow *);
int seq_store_delete(SeqStoreSql *, const char *name, size_t n);
int seq_store_rename_row(SeqStoreSql *, const char *name, size_t n,
                         const char *new_name, size_t n_new, const SeqRow *);
int seq_store_update_owned(SeqStoreSql *, const char *name, size_t n,
                           const SeqRow *, const char *owned_by);
int seq_store_write_header(SeqStoreSql *, const SeqHeader *);
int seq_store_verify(SeqStoreSql *, char **report);
int seq_store_malformed(SeqStoreSql *, const char *why);
int seq_store_error(SeqStoreSql *, int rc);

/**** seq_owner.c ********************************************************/

int seq_owner(SeqStoreSql *, const char *name, size_t n, const SeqOptions *,
              char **owned_by, int *is_linked);
int seq_owner_refresh(SeqStoreSql *);
void seq_owner_undo(SeqStoreSql *);
void seq_owner_forget(SeqStoreSql *);
int seq_owner_find(SeqStoreSql *, const char *name, size_t n, const char *noted,
                   int is_linked, const char **owner);
int seq_owner_calls(SeqStoreSql *, const char *name, size_t n,
                    const char *owner, int *is_called);
int seq_owner_check_drop(SeqStoreSql *, const char *name, size_t n);
int seq_owner_is_valid(const char *text, size_t n);
int seq_owner_is(const char *text, const char *table, const char *column,
                 int *is_it);

/**** seq_view.c *********************************************************/

char *seq_view_sql(const char *schema, const char *view, const char *table);

/**** seq_txn.c **********************************************************/

typedef struct SeqSession SeqSession;
typedef struct SeqValue SeqValue;
typedef struct SeqEntry SeqEntry;
typedef struct SeqHanded SeqHanded;
typedef struct SeqRequest SeqRequest;

/* What a connection knows of a sequence that it has used. */
struct SeqValue {
  HashNode node;  /* in session->values */
  SeqValue **hot; /* the session's `hot` */
  SeqStore *store;
  int64_t id;
  int64_t last;      /* currval() */
  int is_renamed;    /* a name may mean another sequence: it is never hot */
  int is_defined;    /* nextval() or setval() was called */
  int is_wanted;     /* a request that is under way reports to it */
  int is_remembered; /* running statements may point to it */

  /* Values that may be handed out without looking at the row: the rest of a
  ** reserved block, or what the row of an open transaction has room for. */
  int64_t next;
  int64_t step;
  uint64_t left;
  _Atomic int64_t *floor; /* where to publish them, or NULL */

  int is_block;            /* `left` is a reserved block... */
  int64_t block_change_no; /* ...of a row that is as it was... */
  int64_t block_term;      /* ...in this copy of the file... */
  int block_in_txn;        /* ...by the open transaction */

  int is_owned;    /* as the open transaction has it */
  int has_claimed; /* is_generated() was told of that value */
  int64_t claimed;
};

/* A sequence store as one connection sees it. */
struct SeqStore {
  SeqStoreSql sql;
  SeqSession *session;
  SeqStore *next;
  int n_vtab;          /* virtual table objects that are connected to it */
  uint64_t identity;   /* of the store that session values belong to */
  SeqRequest *request; /* to be run by xUpdate */
  uint64_t savepoints; /* calls of xSavepoint */

  /* The open write transaction, while the virtual table is enlisted. */
  int in_txn;
  int has_header;
  int is_header_dirty;
  SeqHeader header;
  int64_t txn_first; /* header.next_seq_no when it began; -1 if not known */
  Hash entries;      /* the sequences used in it, by name */
  Hash handed;       /* what was handed out in it, by id */
  SeqEntry *dirty;   /* those that are ahead of their rows */
  int is_renamed;    /* the store was */
  int is_created;    /* in it: SQLite tells of no older savepoint */
  int is_rewound;    /* there was a ROLLBACK TO */
};

/* The row of a sequence that the open transaction uses. */
struct SeqEntry {
  HashNode node; /* in store->entries */
  SeqStore *store;
  SeqEntry *next;  /* in store->dirty */
  SeqRow row;      /* as it stands now: not yet written, if is_dirty */
  SeqState stored; /* as the file has it */
  SeqValue *value;
  SeqHanded *handed;
  int is_loaded;       /* all of these are set */
  uint64_t owner_seen; /* store->savepoints, when its owner was there */
  int is_dirty;        /* row.state is ahead of the file */
  int is_live;         /* value->next is ahead of row.state */
  int has_handed;      /* values were handed out under its setting */
  size_t n_name;
  char *name; /* in the same allocation */
};

/* A change that is to be made in a write transaction of the store. */
struct SeqRequest {
  int (*run)(SeqStore *, SeqRequest *);
  const char *function; /* the SQL function that asks, for messages */
  const char *name;
  size_t n_name;
  int64_t number; /* in: count or value; out: the result */
  int flag;
  const SeqOptions *options; /* of CREATE and ALTER */
  SeqEntry *entry;           /* out: valid while the transaction is open */
  SeqValue *value;           /* out */
  int was_run;
  int is_missing; /* out: there is no such sequence */
};

struct SeqSession {
  int refs; /* of functions and modules */
  sqlite3 *db;
  int is_on_dqlite; /* its main database is */
  SeqStore *stores;
  Hash values;
  SeqValue *hot;       /* last_used, if nextval() may hand out its `left` */
  SeqValue *last_used; /* lastval() */
  char *name;          /* its name, as nextval() was called with it, or NULL */
  size_t n_name;
  size_t n_schema;   /* bytes at the front of it that name the schema */
  void *sentinel;    /* see seq_sentinel.c */
  int depth;         /* calls of seq_session_enter() to be paired */
  SeqStore **layout; /* the stores in the order of look-up */
  int n_layout;      /* -1 if not known */
  int has_unwritten; /* of some sequence nextval() may need no write: it has, or
                     ** had, a reserved block, or is virtual */
  int serial_mode;   /* of create_table(): DDL_ROWID, ... */
  char *message;     /* of the last error, or NULL */
};

void seq_txn_begin(SeqStore *);
void seq_txn_created(SeqStore *);
int seq_txn_flush(SeqStore *);
int seq_txn_savepoint(SeqStore *);
int seq_txn_sync(SeqStore *);
void seq_txn_rewind(SeqStore *);
void seq_txn_end(SeqStore *, int committed);

int seq_txn_load(SeqStore *, const char *name, size_t n, SeqEntry **);
int seq_txn_load_header(SeqStore *);
void seq_txn_catch_up(SeqEntry *);
int64_t seq_txn_next_seq_no(const SeqStore *, const SeqRow *);
void seq_txn_row_written(SeqEntry *, const SeqRow *);
void seq_txn_row_inserted(SeqStore *, const SeqRow *);
void seq_txn_row_gone(SeqEntry *, int64_t seq_no);
int seq_txn_purge(SeqStore *, const char *name, size_t n, const SeqRow *);
int seq_txn_correct_owner(SeqStore *, const char *name, size_t n,
                          const SeqRow *, const char *owned_by);

int seq_virtual_next(SeqStoreSql *, int64_t *value);
int seq_run_nextval(SeqStore *, SeqRequest *);
int seq_hand_out(SeqEntry *);

/**** seq_settle.c *******************************************************/

int seq_settle(SeqStore *);

/**** seq_define.c *******************************************************/

int seq_run_setval(SeqStore *, SeqRequest *);
int seq_run_promote(SeqStore *, SeqRequest *);
int seq_find(SeqStore *, const char *name, size_t n, SeqRow *, int *found);
int seq_insert(SeqStore *, const char *name, size_t n, const SeqOptions *);
int seq_change(SeqStore *, const char *name, size_t n, const SeqOptions *,
               int *found);
int seq_delete(SeqStore *, const char *name, size_t n);
int seq_rename(SeqStore *, const char *name, size_t n, const char *new_name,
               size_t n_new);

/**** seq_session.c ******************************************************/

SeqSession *seq_session_new(sqlite3 *);
SeqSession *seq_session_ref(SeqSession *);
void seq_session_unref(void *session);
int seq_session_register(SeqSession *, const FuncEntry *, size_t n);
void seq_session_enter(SeqSession *);
void seq_session_leave(SeqSession *);
void seq_session_release(SeqSession *);

SeqValue *seq_value_find(SeqStore *, int64_t id);
SeqValue *seq_value_get(SeqStore *, int64_t id);
void seq_value_drop_block(SeqValue *);
int seq_value_has_block(const SeqValue *, const SeqHeader *, const SeqRow *);
void seq_value_forget(SeqStore *, int64_t id);
void seq_value_release(SeqStore *, int64_t id);
void seq_values_check(SeqStore *, int64_t store_id);

int seq_store_attach(SeqSession *, const char *schema, const char *table,
                     SeqStore **);
void seq_store_detach(SeqStore *);

/* Hand out the next of value->left values that may be handed out unseen. */
static inline int64_t seq_value_step(SeqValue *value) {
  int64_t next = value->next;
  value->next = (int64_t)((uint64_t)next + (uint64_t)value->step);
  value->left--;
  return next;
}

int seq_session_fail(SeqSession *, int rc, const char *format, ...);
int seq_store_failed(SeqStore *, int rc);
void seq_forget_layout(SeqSession *);

/**** seq_lookup.c *******************************************************/

/* Where a name leads. */
typedef struct SeqTarget {
  SeqStore *store;
  const char *name; /* without the schema */
  size_t n;
} SeqTarget;

int seq_find_store(SeqSession *, const char *schema, SeqStore **);
int seq_no_store(SeqSession *, const char *schema);
int seq_is_schema(SeqSession *, const char *name);
int seq_split_schema(SeqSession *, const char *name, size_t n, char **schema);
int seq_resolve(SeqSession *, const char *name, size_t n, int is_new,
                SeqTarget *);
void seq_refresh(SeqSession *);

/**** seq_call.c *********************************************************/

int seq_nextval(SeqSession *, const char *name, size_t n, int64_t count,
                int64_t *result);
int seq_currval(SeqSession *, const char *name, size_t n, int64_t *result);
int seq_lastval(SeqSession *, int64_t *result);
int seq_setval(SeqSession *, const char *name, size_t n, int64_t value,
               int is_called);
int seq_create(SeqSession *, const char *name, size_t n, const SeqOptions *);
int seq_alter(SeqSession *, const char *name, size_t n, const SeqOptions *);
int seq_drop(SeqSession *, const char *name, size_t n);
int seq_find_owned(SeqSession *, const char *schema, const char *table,
                   const char *column, char **name);
int seq_restart_owned(SeqSession *, const char *schema, const char *table);
int seq_claim(SeqSession *, const char *name, size_t n, int64_t value,
              int *is_generated);
int seq_ddl(SeqSession *, const char *name, size_t n, char **result);
int seq_promote(SeqSession *, const char *schema, int64_t *term);

/*
** Publish a value that is handed out, for whoever takes the file's lock next.
*/
static inline void seq_publish(_Atomic int64_t *floor, int64_t last) {
  atomic_store_explicit(floor, last, memory_order_release);
}

/**** sequences.c, seq_cursor.c, seq_update.c ****************************/

typedef struct SequencesVtab {
  sqlite3_vtab base;
  SeqStore *store;
  char *view; /* NULL if there is none */
} SequencesVtab;

enum {
  COLUMN_NAME,
  COLUMN_LAST_VALUE,
  COLUMN_DATA_TYPE,
  COLUMN_START_VALUE,
  COLUMN_MIN_VALUE,
  COLUMN_MAX_VALUE,
  COLUMN_INCREMENT_BY,
  COLUMN_CYCLE,
  COLUMN_CACHE_SIZE,
  COLUMN_MODE,
  COLUMN_OWNED_BY,
  COLUMN_SEQ_NO,
  COLUMN_PRIMARY_TERM
};

extern const char seq_module_name[];
int sequences_register(sqlite3 *, SeqSession *);
int sequences_error(SequencesVtab *, int rc);

int sequences_best_index(sqlite3_vtab *, sqlite3_index_info *);
int sequences_open(sqlite3_vtab *, sqlite3_vtab_cursor **);
int sequences_close(sqlite3_vtab_cursor *);
int sequences_filter(sqlite3_vtab_cursor *, int plan, const char *, int argc,
                     sqlite3_value **argv);
int sequences_next(sqlite3_vtab_cursor *);
int sequences_eof(sqlite3_vtab_cursor *);
int sequences_column(sqlite3_vtab_cursor *, sqlite3_context *, int column);
int sequences_rowid(sqlite3_vtab_cursor *, sqlite3_int64 *rowid);

int sequences_update(sqlite3_vtab *, int argc, sqlite3_value **argv,
                     sqlite3_int64 *rowid);

/**** seq_sentinel.c *****************************************************/

extern const sqlite3_module seq_sentinel_module;
void seq_connect_sentinel(SeqSession *);

/**** seq_func.c *********************************************************/

int seq_func_register(SeqSession *);
void seq_result_error(sqlite3_context *, SeqSession *, int rc);

/**** serial.c ***********************************************************/

int serial_register(SeqSession *);

#endif /* SURROGATE_SEQUENCE_OLD_H */
