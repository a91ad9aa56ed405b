/*
** The sequence store of a schema: rows, settings, owners.
**
** What may be used of store.c and owner.c by the engine and above it.  Nothing
** here knows of sessions, transactions or what was issued.
*/
#ifndef STORE_H
#define STORE_H

#include "definition.h"

/* What the stores of one connection share. */
typedef struct StoreHost {
  sqlite3 *db;
  Error error;     /* of the last call that failed */
  int is_stepping; /* a statement of a store runs: nothing may be finalized */
  uint64_t writes; /* of definitions, by this connection */
  int is_hooked;   /* what is rolled back now is counted: */
  uint64_t undone; /* transactions that ended, and ROLLBACK TO */
} StoreHost;

/* A sequence as the store has it. */
typedef struct SeqRow {
  int64_t id;      /* random; stays for the life of the sequence */
  int64_t setting; /* random; another one after whatever is no nextval() */
  int64_t seq_no;  /* _seq_no */
  SeqDef def;
  SeqState state;
  int is_owned;  /* owned_by is not NULL */
  int is_linked; /* that column's default was seen to call nextval() of it */
} SeqRow;

/* What is known of the owners of a schema's sequences: see owner.c. */
typedef struct Owners {
  uint64_t version; /* rises when it is another schema */
  int is_valid;     /* for a schema of that cookie: */
  int64_t cookie;   /* PRAGMA schema_version */
  int in_txn;       /* read in a write transaction, which may be rolled back, */
  uint64_t undone;  /* host->undone then */
  int is_settled;   /* the store has no rows of owners that are gone */
  int has_calls;    /* whether these are known: */
  Hash calls;       /* of nextval() by defaults, by the sequence's name */
} Owners;

enum {
  STORE_NEXT,
  STORE_READ,
  STORE_ADVANCE,
  STORE_SET_SURE,
  STORE_SWAP,
  STORE_SWAP_CALLED,
  STORE_INSERT,
  STORE_INSERT_VALUE,
  STORE_DEFINE,
  STORE_DEFINE_OWNED,
  STORE_DELETE,
  STORE_DELETE_VALUE,
  STORE_GET,
  STORE_SET,
  STORE_LOCK,
  STORE_COOKIE,
  STORE_STATEMENTS
};

typedef struct Store {
  StoreHost *host;
  char *schema;
  int is_main;
  int is_checked; /* the tables are what they should be, in this schema */
  int64_t number; /* the setting "store", or 0 if it is not known */
  int has_view;   /* a view reads the store: it must be exact at any moment */
  sqlite3_stmt *stmts[STORE_STATEMENTS];
  char *owned_by; /* of the row that was read last, in memory of this size */
  size_t n_owned_by;
  Owners owners;
} Store;

/* A row that is being read, or advanced. */
typedef struct StoreRead {
  Store *store;
  SeqRow row;        /* out: as it is, or with `step` as it becomes */
  int64_t term;      /* out: the primary term, if it was asked for */
  int is_read;       /* out: the row is there */
  int has_state;     /* out: its value is, too */
  int is_reprepared; /* out: the schema is to be checked first */
  int (*step)(void *data, SeqRow *); /* to advance its state; or NULL */
  void *data;
} StoreRead;

extern const char store_pointer[]; /* the type of a pointer to StoreRead */

int store_register(sqlite3 *db);
void store_init(Store *, StoreHost *, const char *schema);
void store_finalize(Store *);
void store_free(Store *);

int store_exists(Store *, int *exists);
int store_refresh(Store *);
int store_lock(Store *);
int store_create(Store *);
int store_step(Store *, sqlite3_stmt *);
int store_exec(Store *, const char *format, ...);
int store_prepare(Store *, sqlite3_stmt **, const char *format, ...);
int store_statement(Store *, int which, sqlite3_stmt **);
int store_malformed(Store *, const char *why);

int store_next(Store *, const char *name, size_t n, StoreRead *);
int store_read(Store *, const char *name, size_t n, StoreRead *);
int store_swap(Store *, const SeqRow *old, const SeqRow *now, int is_sure,
               int *is_done);
int store_insert(Store *, const char *name, size_t n, const SeqRow *,
                 const char *owned_by);
int store_define(Store *, const char *name, size_t n, const char *new_name,
                 size_t n_new, const SeqRow *);
int store_set_owner(Store *, const char *name, size_t n, const SeqRow *,
                    const char *owned_by);
int store_delete(Store *, const char *name, size_t n, int64_t id);
int store_number(Store *, int64_t *number);
int store_get(Store *, const char *setting, int64_t *value);
int store_set(Store *, const char *setting, int64_t value);
int store_find_id(Store *, int64_t id, char **name, size_t *n);

/* A scan over the sequences of a store. */
typedef struct StoreScan {
  Store *store;
  sqlite3_stmt *stmt;
  StoreRead read;   /* out: the row */
  const char *name; /* out: its name; NULL before the first row */
  size_t n;
  uint64_t writes; /* of the host, at the last step */
} StoreScan;

enum { STORE_SCAN_UP, STORE_SCAN_DOWN, STORE_SCAN_OWNED };

int store_scan_open(Store *, int order, StoreScan *);
int store_scan_next(StoreScan *);
void store_scan_close(StoreScan *);

int store_view_exists(Store *, int *exists);
char *store_view_sql(const char *schema);

/**** owner.c ************************************************************/

/* A sequence that has an owner. */
typedef struct Owned {
  struct Owned *next;
  SeqRow row;
  char *owner; /* as it is called now, or NULL: it is gone */
  size_t n_name;
  char *name; /* in the same allocation */
} Owned;

int owner_read(Store *, const char *name, size_t n, const SeqOptions *,
               char **owned_by, int *is_linked);
int owner_refresh(Store *);
void owner_forget(Store *);
int owner_exists(Store *, const char *name, size_t n, const SeqRow *,
                 const char **owner);
int owner_calls(Store *, const char *name, size_t n, const char *owner,
                int *is_called);
int owner_check_drop(Store *, const char *name, size_t n);
int owner_list(Store *, const char *table, const char *column, Owned **);
int owner_list_stale(Store *, Owned **);
void owner_list_free(Owned *);
int owner_is_valid(const char *text, size_t n);
int owner_split(const char *text, char **table, char **column);

#endif /* STORE_H */
