/*
** Making, changing, setting and dropping sequences.
**
** Each function here writes one sequence, or fails and changes nothing; but for
** sequences whose owner is gone, which go when something else is written.  The
** caller has begun a savepoint, or is called by a statement that writes the
** store's schema and is undone when it fails; define_setval() needs neither, as
** it writes one row.
**
** _seq_no counts the writes of a sequence.  The setting next_seq_no is greater
** than any that a sequence had which is gone, or has another name now: so a name
** never has the same row version twice.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "engine.h"

#define DEFINE_ATTEMPTS 100

/* A sequence that is to be changed. */
typedef struct Define {
  SeqStore *store;
  SeqRequest *request;
  SeqEntry *entry; /* NULL: it is not known yet */
  SeqRow old;      /* as the store has it */
  SeqRow now;      /* as it is to be; at first as it stands */
  int keeps_block; /* of its entry, by CACHE */
} Define;

static Error *define_error(SeqStore *store) {
  return &store->engine->host.error;
}

/*
** Begin to change the sequence that a request names.  What is remembered of it
** will do if it was right before and is_guess; else it is read.
*/
static int define_begin(Define *define, SeqStore *store, SeqRequest *request,
                        int is_guess) {
  SeqEntry *entry = 0;
  StoreRead read;
  const char *owner;
  int exists = 0;
  int rc = engine_use_store(store);

  memset(define, 0, sizeof *define);
  define->store = store;
  define->request = request;
  if (rc == SQLITE_OK) {
    entry = engine_find_name(store, request->name, request->n);
  }
  if (entry && entry->is_likely && is_guess) {
    rc = engine_check_owner(entry, &exists);
  }
  if (rc != SQLITE_OK) return rc;
  if (exists) {
    define->entry = entry;
    define->old = entry->row;
    define->now = engine_exact(entry);
    return SQLITE_OK;
  }
  rc = engine_read(store, request->name, request->n, &read, &define->now,
                   &owner);
  if (rc != SQLITE_OK) return rc;
  define->old = read.row;
  entry = engine_find_id(store, read.row.id);
  define->keeps_block = request->new_name && entry &&
                        entry->block == BLOCK_CACHE && entry->left > 0 &&
                        engine_check_cache(entry, &read);
  return rc;
}

/*
** Write the state of a sequence, under a new setting unless only its name or owner
** changes.  *is_done is 0 if it was not as it was thought to be.
*/
static int define_swap(Define *define, int is_setting, int *is_done) {
  SeqStore *store = define->store;
  SeqRow *now = &define->now;
  int rc = SQLITE_OK;

  *is_done = 0;
  if (is_setting) rc = engine_random(store->engine, &now->setting);
  if (now->seq_no <= define->old.seq_no) now->seq_no = define->old.seq_no + 1;
  if (rc == SQLITE_OK) {
    rc = store_swap(&store->sql, &define->old, now,
                    define->entry && engine_is_sure(define->entry), is_done);
  }
  if (!*is_done && define->entry) define->entry->is_likely = 0;
  return rc;
}

/* A sequence was written: its entry is request->entry. */
static int define_end(Define *define) {
  SeqStore *store = define->store;
  SeqRequest *request = define->request;
  SeqEntry *entry = define->entry;
  int rc = SQLITE_OK;

  if (entry == 0) {
    entry = engine_entry(store, &define->now, request->name, request->n);
    if (entry == 0) return error_set(define_error(store), SQLITE_NOMEM, 0);
    if (!define->now.is_owned) entry->owner_version = 0;
  }
  if (!define->keeps_block) engine_drop_block(entry);
  entry->row = define->now;
  entry->is_likely = 1;
  entry->txn = 0;
  if (define->now.is_owned) {
    entry->owner_version = store->sql.owners.version;
  }
  request->entry = entry;
  if (store->engine->state == TXN_OPEN || transaction_is_open(store)) {
    rc = transaction_enlist(store, 0);
    store->txn = store->engine->txn;
    if (rc == SQLITE_OK) engine_touch(entry);
  }
  return rc;
}

static int define_changed_meanwhile(const Define *define) {
  return error_set(define_error(define->store), SQLITE_BUSY,
                   "sequence \"%.*s\" was changed meanwhile: try again",
                   (int)define->request->n, define->request->name);
}

/* A virtual sequence has no value that could be set. */
static int define_check_virtual(const Define *define, int is_set) {
  if (define->now.def.mode != SEQ_VIRTUAL || !is_set) return SQLITE_OK;
  return error_set(define_error(define->store), SQLITE_ERROR,
                   "cannot set the value of virtual sequence \"%.*s\"",
                   (int)define->request->n, define->request->name);
}

/* Check a last value that was given, for which SQL has no words. */
static int define_check_last_value(const Define *define) {
  const SeqOptions *options = define->request->options;
  int64_t low;
  int64_t high;
  if ((options->given & SEQ_HAS_LAST_VALUE) == 0) return SQLITE_OK;
  definition_last_value_range(&define->now.def, &low, &high);
  if (options->last_value >= low && options->last_value <= high) {
    return SQLITE_OK;
  }
  return error_set(
      define_error(define->store), SQLITE_ERROR,
      "last_value %lld is out of bounds for sequence \"%.*s\" (%lld..%lld)",
      (sqlite3_int64)options->last_value, (int)define->request->n,
      define->request->name, (sqlite3_int64)low, (sqlite3_int64)high);
}

/* setval(): request->number is the value, request->flag is is_called. */
int define_setval(SeqStore *store, SeqRequest *request) {
  for (int i = 0; i < DEFINE_ATTEMPTS; i++) {
    Define define;
    SeqDef *def;
    int is_done;
    int rc = define_begin(&define, store, request, i == 0);
    if (rc != SQLITE_OK) return rc;
    rc = define_check_virtual(&define, 1);
    if (rc != SQLITE_OK) return rc;
    def = &define.now.def;
    if (request->number < def->min_value || request->number > def->max_value) {
      rc = store_lock(&store->sql); /* whether it can be written comes first */
      if (rc != SQLITE_OK) return rc;
      return error_set(
          define_error(store), SQLITE_ERROR,
          "setval: value %lld is out of bounds for sequence \"%.*s\""
          " (%lld..%lld)",
          (sqlite3_int64)request->number, (int)request->n, request->name,
          (sqlite3_int64)def->min_value, (sqlite3_int64)def->max_value);
    }
    define.now.state.last_value = request->number;
    define.now.state.is_called = request->flag;
    define.now.seq_no++;
    rc = define_swap(&define, 1, &is_done);
    if (rc != SQLITE_OK) return rc;
    if (is_done) return define_end(&define);
  }
  return error_set(define_error(store), SQLITE_BUSY,
                   "sequence \"%.*s\" was changed meanwhile: try again",
                   (int)request->n, request->name);
}

/**** Owners *************************************************************/

/* Remove a sequence, but for what its owner says. */
static int define_remove(SeqStore *store, const char *name, size_t n,
                         const SeqRow *row) {
  SeqEntry *entry = engine_find_id(store, row->id);
  int64_t next;
  int rc = store_get(&store->sql, "next_seq_no", &next);
  if (rc == SQLITE_OK && row->seq_no >= next) {
    rc = store_set(&store->sql, "next_seq_no", row->seq_no + 1);
  }
  if (rc == SQLITE_OK) rc = store_delete(&store->sql, name, n, row->id);
  if (entry) {
    engine_drop_block(entry);
    entry->is_likely = 0;
  }
  return rc;
}

/* Remove a sequence whose name another one takes, unless a default calls it. */
static int define_replace(SeqStore *store, const char *name, size_t n,
                          const SeqRow *row) {
  int rc = owner_check_drop(&store->sql, name, n);
  return rc == SQLITE_OK ? define_remove(store, name, n, row) : rc;
}

/*
** Remove the sequences whose owner is gone and note the owners that have another
** name: SQLite tells nobody of DROP TABLE and ALTER TABLE.  Done once for each
** schema, when something is written.
*/
static int define_settle(SeqStore *store) {
  Store *sql = &store->sql;
  Owned *list;
  int rc = owner_list_stale(sql, &list);
  if (rc == SQLITE_CORRUPT_VTAB) { /* it is left to who reads that row */
    error_clear(define_error(store));
    rc = SQLITE_OK;
  }
  for (Owned *owned = list; rc == SQLITE_OK && owned; owned = owned->next) {
    if (owned->owner) {
      rc = store_set_owner(sql, owned->name, owned->n_name, &owned->row,
                           owned->owner);
    } else {
      rc = define_remove(store, owned->name, owned->n_name, &owned->row);
    }
  }
  owner_list_free(list);
  if (rc == SQLITE_OK) sql->owners.is_settled = sql->owners.is_valid;
  return rc;
}

/**** CREATE, ALTER, DROP ************************************************/

static int define_empty_name(SeqStore *store) {
  return error_set(define_error(store), SQLITE_ERROR,
                   "the name of a sequence must not be empty");
}

/* Whether the store has a sequence of that name. */
static int define_exists(SeqStore *store, const char *name, size_t n,
                         StoreRead *read, int *exists) {
  SeqRow shown;
  const char *owner;
  int rc = engine_read(store, name, n, read, &shown, &owner);
  *exists = rc == SQLITE_OK;
  return rc == SQLITE_NOTFOUND ? SQLITE_OK : rc;
}

/*
** Make the store if there is none, so that the write lock is held: another process
** may be making it.
*/
static int define_store(SeqStore *store) {
  int exists;
  int rc = store_exists(&store->sql, &exists);
  if (rc == SQLITE_OK && !exists) rc = store_create(&store->sql);
  return rc;
}

/*
** Make a sequence, and the store if there is none.  SQLITE_CONSTRAINT_UNIQUE if
** there is one of that name, unless request->or_replace.
*/
int define_create(SeqStore *store, SeqRequest *request) {
  const SeqOptions *options = request->options;
  Store *sql = &store->sql;
  char message[SEQ_MESSAGE_SIZE];
  char *owned_by = 0;
  Define define;
  SeqRow *row = &define.now;
  StoreRead read;
  int exists;
  int rc = engine_use_store(store);

  memset(&define, 0, sizeof define);
  define.store = store;
  define.request = request;
  if (rc != SQLITE_OK) return rc;
  if (request->n == 0) return define_empty_name(store);
  if (options->given & SEQ_HAS_IF_EXISTS) { /* comes before other errors */
    rc = define_exists(store, request->name, request->n, &read, &exists);
    if (rc != SQLITE_OK) return rc;
    if (exists) return SQLITE_CONSTRAINT_UNIQUE;
  }
  if (definition_define(&row->def, &row->state, options, 1, message) !=
      SEQ_OK) {
    return error_set(define_error(store), SQLITE_ERROR, "%s", message);
  }
  rc = define_check_last_value(&define);
  if (rc == SQLITE_OK) {
    rc = define_check_virtual(&define,
                              (options->given & SEQ_HAS_LAST_VALUE) != 0);
  }
  if (rc == SQLITE_OK) rc = define_store(store);
  if (rc == SQLITE_OK) {
    rc = define_exists(store, request->name, request->n, &read, &exists);
  }
  if (rc == SQLITE_OK && exists && !request->or_replace) {
    rc = SQLITE_CONSTRAINT_UNIQUE;
  }
  if (rc == SQLITE_OK) {
    rc = owner_read(sql, request->name, request->n, options, &owned_by,
                    &row->is_linked);
  }
  row->is_owned = owned_by != 0;
  if (rc == SQLITE_OK && exists) {
    rc = define_replace(store, request->name, request->n, &read.row);
  }
  if (rc == SQLITE_OK) rc = define_settle(store);
  if (rc == SQLITE_OK) rc = engine_random(store->engine, &row->id);
  if (rc == SQLITE_OK) rc = engine_random(store->engine, &row->setting);
  if (rc == SQLITE_OK) rc = store_get(sql, "next_seq_no", &row->seq_no);
  if (rc == SQLITE_OK) rc = store_set(sql, "next_seq_no", row->seq_no + 1);
  if (rc == SQLITE_OK) {
    rc = store_insert(sql, request->name, request->n, row, owned_by);
  }
  if (rc == SQLITE_OK) rc = owner_refresh(sql);
  if (rc == SQLITE_OK) rc = define_end(&define);
  sqlite3_free(owned_by);
  return rc;
}

/*
** A sequence is to have another name, which is that of another only with
** or_replace: that one goes.  Its owner may not call it by the new name.
*/
static int define_rename(Define *define) {
  SeqStore *store = define->store;
  SeqRequest *request = define->request;
  SeqRow *now = &define->now;
  StoreRead read;
  int64_t next;
  int exists;
  int rc;

  if (request->n_new == 0) return define_empty_name(store);
  if (now->is_owned) {
    char *owner = sqlite3_mprintf("%s", store->sql.owned_by);
    rc = owner ? owner_calls(&store->sql, request->new_name, request->n_new,
                             owner, &now->is_linked)
               : error_set(define_error(store), SQLITE_NOMEM, 0);
    sqlite3_free(owner);
    if (rc != SQLITE_OK) return rc;
  }
  rc = define_exists(store, request->new_name, request->n_new, &read, &exists);
  if (rc != SQLITE_OK) return rc;
  if (exists && !request->or_replace) return SQLITE_CONSTRAINT_UNIQUE;
  if (exists) {
    rc = define_replace(store, request->new_name, request->n_new, &read.row);
  }
  if (rc == SQLITE_OK) rc = store_get(&store->sql, "next_seq_no", &next);
  if (rc == SQLITE_OK && now->seq_no < next) now->seq_no = next;
  if (rc == SQLITE_OK) {
    rc = store_set(&store->sql, "next_seq_no", now->seq_no + 1);
  }
  return rc;
}

/*
** Change a sequence, as ALTER SEQUENCE does, and its name if there is a
** new one.  SQLITE_NOTFOUND if there is none of that name.
*/
int define_alter(SeqStore *store, SeqRequest *request) {
  static const unsigned sets =
      SEQ_HAS_RESTART | SEQ_HAS_RESTART_WITH | SEQ_HAS_LAST_VALUE;
  const SeqOptions *options = request->options;
  int is_set = (options->given & sets) != 0;
  int is_state = (options->given & ~sets) == 0 && request->new_name == 0;
  int is_setting =
      (options->given & ~(unsigned)(SEQ_HAS_OWNED_BY | SEQ_HAS_IF_EXISTS)) != 0;
  const char *name = request->new_name ? request->new_name : request->name;
  size_t n = request->new_name ? request->n_new : request->n;
  Store *sql = &store->sql;
  char message[SEQ_MESSAGE_SIZE];
  char *owned_by = 0;
  Define define;
  SeqRow *now = &define.now;
  int is_done = 0;
  int is_linked;
  int rc =
      define_begin(&define, store, request, is_state && request->may_guess);

  if (rc != SQLITE_OK) return rc;
  /* A block by CACHE goes along with a new name, as in PostgreSQL. */
  if (options->given != 0) define.keeps_block = 0;
  if (!define.keeps_block) engine_skip_marked(store, now);
  now->seq_no++;
  if (definition_define(&now->def, &now->state, options, 0, message) !=
      SEQ_OK) {
    return error_set(define_error(store), SQLITE_ERROR, "%s", message);
  }
  rc = define_check_last_value(&define);
  if (rc == SQLITE_OK) rc = define_check_virtual(&define, is_set);
  if (rc == SQLITE_OK && request->new_name) rc = define_rename(&define);
  if (rc == SQLITE_OK && (options->given & SEQ_HAS_OWNED_BY)) {
    rc = owner_read(sql, name, n, options, &owned_by, &is_linked);
    now->is_owned = owned_by != 0;
    now->is_linked = is_linked;
  }
  if (rc == SQLITE_OK && !is_state) rc = define_settle(store);
  if (rc == SQLITE_OK) rc = define_swap(&define, is_setting, &is_done);
  if (rc == SQLITE_OK && !is_done) rc = define_changed_meanwhile(&define);
  if (rc == SQLITE_OK && !is_state) {
    rc = store_define(sql, request->name, request->n, name, n, now);
  }
  if (rc == SQLITE_OK && (options->given & SEQ_HAS_OWNED_BY)) {
    rc = store_set_owner(sql, name, n, now, owned_by);
  }
  sqlite3_free(owned_by);
  if (rc != SQLITE_OK) return rc;
  if (request->new_name) {
    SeqEntry *entry = engine_find_id(store, now->id);
    if (entry) engine_rename_entry(entry, name, n);
    request->name = name;
    request->n = n;
  }
  return define_end(&define);
}

/* Drop a sequence, unless its owner uses it. */
int define_drop(SeqStore *store, SeqRequest *request) {
  Define define;
  int rc = define_begin(&define, store, request, 0);
  if (rc != SQLITE_OK) return rc;
  rc = owner_check_drop(&store->sql, request->name, request->n);
  if (rc == SQLITE_OK) rc = define_settle(store);
  if (rc != SQLITE_OK) return rc;
  return define_remove(store, request->name, request->n, &define.old);
}

/* identity_restart(): the name is that of the table, ended by NUL. */
int define_restart(SeqStore *store, SeqRequest *request) {
  SeqOptions options;
  Owned *list = 0;
  int rc = engine_use_store(store);

  memset(&options, 0, sizeof options);
  options.given = SEQ_HAS_RESTART;
  if (rc == SQLITE_OK) rc = owner_list(&store->sql, request->name, 0, &list);
  for (Owned *owned = list; rc == SQLITE_OK && owned; owned = owned->next) {
    SeqRequest one = *request;
    if (owned->row.def.mode == SEQ_VIRTUAL) continue; /* it has no value */
    one.name = owned->name;
    one.n = owned->n_name;
    one.options = &options;
    rc = define_alter(store, &one);
  }
  owner_list_free(list);
  return rc;
}

/*
** sequences_promote(): request->number becomes the new primary term.  What is
** remembered of the old one does not hold.
*/
int define_promote(SeqStore *store, SeqRequest *request) {
  int64_t term;
  int rc = store_get(&store->sql, "primary_term", &term);
  if (rc != SQLITE_OK) return rc;
  if (term == INT64_MAX - 1) {
    return error_set(define_error(store), SQLITE_ERROR,
                     "the primary term has reached its maximum (%lld)",
                     (sqlite3_int64)term);
  }
  rc = store_set(&store->sql, "primary_term", term + 1);
  store->engine->host.undone++;
  store->engine->hot = 0;
  request->number = term + 1;
  return rc;
}

/*
** sequences_create_view(): the store is made if there is none, and the view if it
** is not there.
*/
int define_view(SeqStore *store, SeqRequest *request) {
  Store *sql = &store->sql;
  char *text;
  int exists;
  int rc = define_store(store);
  UNUSED(request);
  if (rc == SQLITE_OK) rc = store_view_exists(sql, &exists);
  if (rc != SQLITE_OK || exists) return rc;
  rc = transaction_flush(store->engine);
  if (rc != SQLITE_OK) return rc;
  text = store_view_sql(sql->schema);
  /* no memory */
  if (text == 0) return error_set(define_error(store), SQLITE_NOMEM, 0);
  rc = store_exec(sql, "%s", text);
  sqlite3_free(text);
  sql->is_checked = 0; /* it has a view now: no block is reserved any more */
  sql->has_view = 1;
  return rc;
}
