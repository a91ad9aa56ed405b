/*
** What a connection keeps of sequences, and the functions' way to them.
**
** A session belongs to one connection.  It has
** - the stores that the connection has met (SeqStore), one a schema;
** - a SeqValue for each sequence that it has used: currval(), and the rest of
**   a reserved block.  It is PostgreSQL's per-session state and lives as long
**   as the connection, whatever is rolled back;
** - `hot`, the value that the next nextval() of the same name may take from
**   without any look-up: see nextval_func() in seq_func.c.
**
** NAMES.  "schema.name" if what stands before the first dot names an attached
** schema, else the whole is the name, looked up in the stores of main, temp
** and the attached databases, in this order.  A store is found by its module
** in sqlite_schema, whatever it is called, and connected if need be.
**
** STATEMENTS.  A prepared statement on a virtual table keeps it connected,
** and sqlite3_close() refuses to close while a statement is there.  Virtual
** tables are disconnected before it looks, so the statements of all stores
** are finalized when the session's sentinel, an eponymous virtual table on
** which no statement is kept, is disconnected (see sequences.c).  Should
** there be no sentinel, they are finalized after each use.
**
** WRITING.  seq_write() runs a request in a write transaction of the store.
** If the store is enlisted already, that is a call.  Else an INSERT on the
** virtual table is run, whose xUpdate runs the request: this enlists the
** store in the transaction that is open, or is a transaction of its own.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <stdarg.h>
#include <string.h>

#include "surrogate_int.h"

/**** Session, values, stores ********************************************/

/* A new session with one reference, or NULL. */
SeqSession *seq_session_new(sqlite3 *db) {
  SeqSession *session = sqlite3_malloc64(sizeof *session);
  if (session) {
    memset(session, 0, sizeof *session);
    session->refs = 1;
    session->db = db;
    session->n_layout = -1;
  }
  return session;
}

/* Finalize the statements of all stores. */
void seq_session_release(SeqSession *session) {
  for (SeqStore *store = session->stores; store; store = store->next) {
    seq_store_finalize(&store->sql);
  }
}

/*
** To be called before statements are used and after it, in pairs, which may
** be nested.
*/
void seq_session_enter(SeqSession *session) {
  session->depth++;
  if (session->sentinel == 0) seq_connect_sentinel(session);
}
void seq_session_leave(SeqSession *session) {
  session->depth--;
  if (session->depth == 0 && session->sentinel == 0) {
    seq_session_release(session);
  }
}

/* A reference for a function or module that SQLite is to keep. */
SeqSession *seq_session_ref(SeqSession *session) {
  session->refs++;
  return session;
}

/*
** Let go of a reference: the destructor of functions and modules.  The last
** one goes when the connection is closed.
*/
void seq_session_unref(void *p) {
  SeqSession *session = p;
  SeqNode *node;

  if (--session->refs > 0) return;
  node = seq_hash_clear(&session->values, 1);
  while (node) {
    SeqNode *next = node->next;
    sqlite3_free(node);
    node = next;
  }
  while (session->stores) {
    SeqStore *store = session->stores;
    session->stores = store->next;
    seq_txn_end(store, 0);
    seq_hash_clear(&store->entries, 1);
    seq_hash_clear(&store->handed, 1);
    seq_store_free(&store->sql);
    sqlite3_free(store);
  }
  sqlite3_free(session->layout);
  sqlite3_free(session->name);
  sqlite3_free(session->message);
  sqlite3_free(session);
}

/* Note an error of the session.  Returns rc, or SQLITE_NOMEM. */
static int fail(SeqSession *session, int rc, const char *format, ...) {
  va_list args;
  sqlite3_free(session->message);
  va_start(args, format);
  session->message = sqlite3_vmprintf(format, args);
  va_end(args);
  return session->message ? rc : SQLITE_NOMEM;
}

/* An error of a store becomes the session's. */
static int store_failed(SeqStore *store, int rc) {
  SeqSession *session = store->session;
  if (rc == SQLITE_OK || rc == SQLITE_NOMEM) return rc;
  if (store->sql.message == 0) {
    return fail(session, rc, "%s", sqlite3_errmsg(session->db));
  }
  sqlite3_free(session->message);
  session->message = store->sql.message;
  store->sql.message = 0;
  return rc;
}

static uint64_t hash_id(const SeqStore *store, int64_t id) {
  return seq_hash_bytes((uint64_t)(uintptr_t)store, &id, sizeof id);
}

/* The session's value of a sequence, or NULL. */
SeqValue *seq_value_find(SeqStore *store, int64_t id) {
  SeqHash *values = &store->session->values;
  SeqNode *node = seq_hash_find(values, hash_id(store, id));
  for (; node; node = seq_hash_next(node)) {
    SeqValue *value = (SeqValue *)node;
    if (value->store == store && value->id == id) return value;
  }
  return 0;
}

/* The session's value of a sequence, made if need be.  NULL: no memory. */
SeqValue *seq_value_get(SeqStore *store, int64_t id) {
  SeqValue *value = seq_value_find(store, id);
  if (value) return value;
  value = sqlite3_malloc64(sizeof *value);
  if (value == 0) return 0;
  memset(value, 0, sizeof *value);
  value->node.hash = hash_id(store, id);
  value->hot = &store->session->hot;
  value->store = store;
  value->id = id;
  if (seq_hash_add(&store->session->values, &value->node) != SQLITE_OK) {
    sqlite3_free(value);
    return 0;
  }
  return value;
}

/* The reserved block of a sequence is no longer to be used. */
void seq_value_drop_block(SeqValue *value) {
  if (value->is_block) value->left = 0;
  value->is_block = 0;
  value->block_in_txn = 0;
}

/*
** True if a value's block is still reserved in the file: nothing but nextval()
** wrote the row since, the file is the same copy, and it is not an older one
** that does not know of the block.
*/
int seq_value_has_block(const SeqValue *value, const SeqHeader *header,
                        const SeqRow *row) {
  int64_t end = (int64_t)((uint64_t)value->next +
                          (value->left - 1) * (uint64_t)value->step);
  if (!value->is_block) return 0;
  if (value->left == 0) return 1;
  return value->block_change_no == row->change_no &&
         value->block_term == header->primary_term && row->state.is_called &&
         (row->def.cycle ||
          !seq_is_after(&row->def, end, row->state.last_value));
}

static void reset_value(SeqSession *session, SeqValue *value) {
  if (session->hot == value) session->hot = 0;
  if (session->last_used == value) session->last_used = 0;
  value->is_defined = 0;
  value->is_block = 0;
  value->left = 0;
}

/* A sequence of that id is new: what is known under it is of another one. */
void seq_value_forget(SeqStore *store, int64_t id) {
  SeqValue *value = seq_value_find(store, id);
  if (value) reset_value(store->session, value);
}

/*
** The schema has a store of that id now.  If it is not the one that the session
** knew, or in another file, forget the session's values of it.
*/
void seq_values_check(SeqStore *store, int64_t store_id) {
  SeqHash *values = &store->session->values;
  const char *file = seq_store_file(&store->sql);
  uint64_t identity = seq_hash_bytes(0, &store_id, sizeof store_id);
  identity = seq_hash_bytes(identity, file, strlen(file));
  if (store->identity == identity) return;
  store->identity = identity;
  for (size_t i = 0; i < values->n_bucket; i++) {
    SeqNode *node = values->buckets[i];
    while (node) {
      SeqValue *value = (SeqValue *)node;
      node = node->next;
      if (value->store == store) reset_value(store->session, value);
    }
  }
}

static void forget_layout(SeqSession *session) {
  sqlite3_free(session->layout);
  session->layout = 0;
  session->n_layout = -1;
}

/*
** Get the store of a schema for a virtual table object that is connected to
** it.  To be given back by seq_store_detach().
*/
int seq_store_attach(SeqSession *session, const char *schema, const char *table,
                     SeqStore **out) {
  SeqStore *store;
  for (store = session->stores; store; store = store->next) {
    if (sqlite3_stricmp(store->sql.schema, schema) == 0) break;
  }
  if (store) {
    int rc = seq_store_set_table(&store->sql, table);
    if (rc != SQLITE_OK) return rc;
  }
  if (store == 0) {
    store = sqlite3_malloc64(sizeof *store);
    if (store == 0) return SQLITE_NOMEM;
    memset(store, 0, sizeof *store);
    store->session = session;
    store->sql.db = session->db;
    store->sql.schema = sqlite3_mprintf("%s", schema);
    store->sql.table = sqlite3_mprintf("%s", table);
    if (store->sql.schema == 0 || store->sql.table == 0) {
      seq_store_free(&store->sql);
      sqlite3_free(store);
      return SQLITE_NOMEM;
    }
    store->next = session->stores;
    session->stores = store;
  }
  store->n_vtab++;
  seq_store_forget(&store->sql);
  forget_layout(session);
  *out = store;
  return SQLITE_OK;
}

void seq_store_detach(SeqStore *store) {
  store->n_vtab--;
  seq_store_forget(&store->sql);
  forget_layout(store->session);
}

/**** Finding the store of a name ****************************************/

static SeqStore *connected_store(SeqSession *session, const char *schema) {
  SeqStore *store;
  for (store = session->stores; store; store = store->next) {
    if (store->n_vtab > 0 && sqlite3_stricmp(store->sql.schema, schema) == 0) {
      break;
    }
  }
  return store;
}

/*
** Find the store of a schema and connect it: *out, or NULL there if it has
** none.
*/
static int find_store(SeqSession *session, const char *schema, SeqStore **out) {
  char *table;
  int rc = seq_store_discover(session->db, schema, &table);
  *out = 0;
  if (rc != SQLITE_OK && rc != SQLITE_NOMEM) {
    rc = fail(session, rc, "%s", sqlite3_errmsg(session->db));
  }
  if (rc != SQLITE_OK || table == 0) return rc;
  *out = connected_store(session, schema);
  if (*out == 0 || sqlite3_stricmp((*out)->sql.table, table) != 0) {
    sqlite3_stmt *stmt = 0;
    char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\".\"%w\"", schema, table);
    rc = SQLITE_NOMEM;
    if (sql) rc = sqlite3_prepare_v2(session->db, sql, -1, &stmt, 0);
    sqlite3_free(sql);
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM) {
      rc = fail(session, rc, "%s", sqlite3_errmsg(session->db));
    }
    sqlite3_finalize(stmt);
    *out = rc == SQLITE_OK ? connected_store(session, schema) : 0;
  }
  sqlite3_free(table);
  return rc;
}

/* Learn which schemas have a store. */
static int find_layout(SeqSession *session) {
  SeqStore **layout = 0;
  sqlite3_stmt *stmt = 0;
  int n = 0;
  int rc =
      sqlite3_prepare_v2(session->db, "PRAGMA database_list", -1, &stmt, 0);

  while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    SeqStore *store;
    SeqStore **larger;
    rc =
        find_store(session, (const char *)sqlite3_column_text(stmt, 1), &store);
    if (rc != SQLITE_OK || store == 0) continue;
    larger = sqlite3_realloc64(layout, (size_t)(n + 1) * sizeof *layout);
    if (larger == 0) {
      rc = SQLITE_NOMEM;
    } else {
      layout = larger;
      layout[n++] = store;
    }
  }
  if (rc == SQLITE_OK) {
    rc = sqlite3_finalize(stmt);
  } else {
    sqlite3_finalize(stmt);
  }
  if (rc != SQLITE_OK) {
    sqlite3_free(layout);
    return rc;
  }
  forget_layout(session); /* connecting a store does not leave it known */
  session->layout = layout;
  session->n_layout = n;
  return SQLITE_OK;
}

/* Where a name leads. */
typedef struct Target {
  SeqStore *store;
  const char *name; /* without the schema */
  size_t n;
} Target;

/* True if a database of that name is attached; temp comes when needed. */
static int is_schema(SeqSession *session, const char *name) {
  return sqlite3_stricmp(name, "temp") == 0 ||
         sqlite3_db_readonly(session->db, name) >= 0;
}

/* If the name begins with that of a schema, a copy of it, to be freed. */
static int split_schema(SeqSession *session, const char *name, size_t n,
                        char **schema) {
  const char *dot = memchr(name, '.', n);
  *schema = 0;
  if (dot == 0) return SQLITE_OK;
  *schema = sqlite3_mprintf("%.*s", (int)(dot - name), name);
  if (*schema == 0) return SQLITE_NOMEM;
  if (!is_schema(session, *schema)) {
    sqlite3_free(*schema);
    *schema = 0;
  }
  return SQLITE_OK;
}

static int no_store(SeqSession *session, const char *schema) {
  if (schema) {
    return fail(session, SQLITE_ERROR,
                "no sequence store in schema \"%s\": CREATE VIRTUAL TABLE"
                " %s.sequence_store USING sequences",
                schema, schema);
  }
  return fail(session, SQLITE_ERROR,
              "no sequence store: CREATE VIRTUAL TABLE sequence_store"
              " USING sequences");
}

/*
** Find the store that a name leads to: the one of its schema, or the first
** that has the sequence, or, if none has or it is_new, the first.
*/
static int resolve(SeqSession *session, const char *name, size_t n, int is_new,
                   Target *target) {
  char *schema;
  int rc = split_schema(session, name, n, &schema);

  if (rc != SQLITE_OK) return rc;
  target->name = name;
  target->n = n;
  if (schema) {
    target->name += strlen(schema) + 1;
    target->n -= strlen(schema) + 1;
    target->store = connected_store(session, schema);
    if (target->store == 0) rc = find_store(session, schema, &target->store);
    if (rc == SQLITE_OK && target->store == 0) rc = no_store(session, schema);
    sqlite3_free(schema);
    return rc;
  }
  if (session->n_layout < 0) rc = find_layout(session);
  if (rc != SQLITE_OK) return rc;
  if (session->n_layout == 0) {
    forget_layout(session);
    return no_store(session, 0);
  }
  target->store = session->layout[0];
  for (int i = 0; !is_new && i < session->n_layout && session->n_layout > 1;
       i++) {
    SeqStore *store = session->layout[i];
    SeqHeader header;
    SeqRow row;
    int found;
    rc = seq_store_read(&store->sql, name, n, &header, &row, 0, &found);
    if (rc != SQLITE_OK) return store_failed(store, rc);
    if (found) {
      target->store = store;
      break;
    }
  }
  return SQLITE_OK;
}

/*
** Look again at all schemas: another connection may have changed them.  The
** statements go, as they would keep virtual tables connected that are gone.
*/
static void refresh(SeqSession *session) {
  for (SeqStore *store = session->stores; store; store = store->next) {
    if (!store->in_txn) seq_store_finalize(&store->sql);
  }
  forget_layout(session);
  find_layout(session);
}

/* True for an error that a schema other than the one we know may explain. */
static int may_be_stale(int rc) {
  return rc == SQLITE_ERROR || rc == SQLITE_SCHEMA || rc == SQLITE_CORRUPT_VTAB;
}

/**** Reading and writing ************************************************/

/*
** Read the row of a sequence, which must exist.  With owned_by, as for
** seq_store_read().
*/
static int read_row(SeqSession *session, const char *name, size_t n,
                    Target *target, SeqHeader *header, SeqRow *row,
                    char **owned_by) {
  for (int attempt = 0;; attempt++) {
    int found = 0;
    int rc = resolve(session, name, n, 0, target);
    if (rc == SQLITE_OK) {
      SeqStore *store = target->store;
      rc = seq_store_read(&store->sql, target->name, target->n, header, row,
                          owned_by, &found);
      if (rc == SQLITE_OK) seq_values_check(store, header->store_id);
      rc = store_failed(store, rc);
    }
    if (rc == SQLITE_OK && found) return rc;
    if (attempt > 0 || !(rc == SQLITE_OK || may_be_stale(rc))) {
      if (rc != SQLITE_OK) return rc;
      return fail(session, SQLITE_ERROR, "relation \"%.*s\" does not exist",
                  (int)n, name);
    }
    refresh(session);
  }
}

static int is_readonly(int rc) {
  return (rc & 0xff) == SQLITE_READONLY && rc != SQLITE_READONLY_DBMOVED;
}

/* Run a request in a write transaction of the store. */
static int write_store(SeqStore *store, SeqRequest *request) {
  SeqSession *session = store->session;
  sqlite3_stmt *stmt;
  int rc;

  sqlite3_free(store->sql.message);
  store->sql.message = 0;
  request->was_run = 0;
  request->is_missing = 0;
  request->value = 0;
  request->entry = 0;
  if (store->in_txn) {
    request->was_run = 1;
    rc = request->run(store, request);
  } else {
    rc = seq_store_statement(&store->sql, STMT_ENLIST, &stmt);
    if (rc != SQLITE_OK) return store_failed(store, rc);
    store->request = request;
    sqlite3_step(stmt);
    rc = sqlite3_reset(stmt);
    store->request = 0;
    if (rc == SQLITE_OK && !request->was_run) rc = SQLITE_SCHEMA;
    if (is_readonly(rc)) {
      return fail(session, rc, "cannot execute %s() on a read-only database",
                  request->function);
    }
  }
  if (rc == SQLITE_OK && request->entry && store->in_txn) {
    rc = seq_hand_out(request->entry);
  }
  return store_failed(store, rc);
}

static int run_drop(SeqStore *, SeqRequest *);

/* Run a request on the sequence of that name. */
static int write_named(SeqSession *session, const char *name, size_t n,
                       int is_new, SeqRequest *request, Target *target) {
  int64_t number = request->number;
  for (int attempt = 0;; attempt++) {
    int rc;
    request->is_missing = 0;
    rc = resolve(session, name, n, is_new, target);
    if (rc == SQLITE_OK) {
      request->name = target->name;
      request->n_name = target->n;
      request->number = number;
      rc = write_store(target->store, request);
    }
    if (rc == SQLITE_OK) return rc;
    if (attempt > 0 && request->is_missing) {
      if (request->run == run_drop) {
        return fail(session, SQLITE_ERROR, "sequence \"%.*s\" does not exist",
                    (int)target->n, target->name);
      }
      return fail(session, SQLITE_ERROR, "relation \"%.*s\" does not exist",
                  (int)n, name);
    }
    if (attempt > 0) return rc;
    if (!request->is_missing && (request->was_run || !may_be_stale(rc))) {
      return rc;
    }
    refresh(session);
  }
}

/*
** A value was obtained: it is currval() and lastval() now, and if more may be
** handed out the next call need not come here.
*/
static void set_current(SeqSession *session, SeqValue *value, int64_t last,
                        const char *name, size_t n, const Target *target) {
  value->last = last;
  value->is_defined = 1;
  session->last_used = value;
  if (session->hot != value) session->hot = 0;
  if (value->is_block) session->has_blocks = 1;
  if (session->name == 0 || session->n_name != n ||
      memcmp(session->name, name, n) != 0) {
    if (session->name == 0 || session->n_name < n) {
      sqlite3_free(session->name);
      session->name = sqlite3_malloc64(n ? n : 1);
    }
    if (session->name) memcpy(session->name, name, n);
    session->n_name = n;
  }
  session->n_schema = n - target->n;
  if (session->name == 0) session->hot = 0; /* it can be done without */
}

/*
** Outside a write transaction, take a value from the block that this session
** reserved, if the sequence was not set, altered or dropped since.  *taken
** says whether there was one.
*/
static int take_from_block(SeqSession *session, const char *name, size_t n,
                           int64_t *result, int *taken) {
  Target target;
  SeqHeader header;
  SeqRow row;
  SeqValue *value;
  int rc = resolve(session, name, n, 0, &target);

  *taken = 0;
  if (rc != SQLITE_OK || target.store->in_txn ||
      sqlite3_txn_state(session->db, target.store->sql.schema) ==
          SQLITE_TXN_WRITE) {
    return SQLITE_OK; /* errors will come again */
  }
  rc = read_row(session, name, n, &target, &header, &row, 0);
  if (rc != SQLITE_OK) return rc;
  value = seq_value_find(target.store, row.id);
  if (value && value->left > 0 && seq_value_has_block(value, &header, &row)) {
    *result = seq_value_step(value);
    *taken = 1;
    set_current(session, value, *result, name, n, &target);
  }
  return SQLITE_OK;
}

/* nextval(name, count): reserve count values and get the first of them. */
int seq_nextval(SeqSession *session, const char *name, size_t n, int64_t count,
                int64_t *result) {
  SeqRequest request;
  Target target;
  int taken = 0;
  int rc = SQLITE_OK;

  if (count < 1) {
    return fail(session, SQLITE_ERROR,
                "nextval: count must be at least 1, and is %lld",
                (sqlite3_int64)count);
  }
  seq_session_enter(session);
  if (count == 1 && session->has_blocks) {
    rc = take_from_block(session, name, n, result, &taken);
  }
  if (rc == SQLITE_OK && !taken) {
    memset(&request, 0, sizeof request);
    request.run = seq_run_nextval;
    request.function = "nextval";
    request.number = count;
    rc = write_named(session, name, n, 0, &request, &target);
    if (rc == SQLITE_OK) {
      *result = request.number;
      set_current(session, request.value, request.number, name, n, &target);
    }
  }
  seq_session_leave(session);
  return rc;
}

int seq_currval(SeqSession *session, const char *name, size_t n,
                int64_t *result) {
  Target target;
  SeqHeader header;
  SeqRow row;
  SeqValue *value;
  int rc;

  seq_session_enter(session);
  rc = read_row(session, name, n, &target, &header, &row, 0);
  if (rc == SQLITE_OK) {
    value = seq_value_find(target.store, row.id);
    if (value && value->is_defined) {
      *result = value->last;
    } else {
      rc = fail(session, SQLITE_ERROR,
                "currval of sequence \"%.*s\" is not yet defined in this"
                " session",
                (int)target.n, target.name);
    }
  }
  seq_session_leave(session);
  return rc;
}

/*
** Whether the sequence that was last used still exists: usually under the
** name that it had, else found by its id.
*/
static int last_used_exists(SeqSession *session, int *exists) {
  SeqValue *value = session->last_used;
  SeqStore *store = value->store;
  SeqHeader header;
  SeqRow row;
  char *name;
  size_t n;
  int rc;

  *exists = 0;
  if (store->n_vtab == 0) return SQLITE_OK;
  if (session->name) {
    rc = seq_store_read(&store->sql, session->name + session->n_schema,
                        session->n_name - session->n_schema, &header, &row, 0,
                        exists);
    if (rc != SQLITE_OK) return rc;
    seq_values_check(store, header.store_id);
    if (*exists && row.id == value->id) return SQLITE_OK;
    if (!value->is_defined) return SQLITE_OK; /* another store's */
  }
  rc = seq_store_find_id(&store->sql, value->id, &name, &n);
  *exists = name != 0;
  sqlite3_free(name);
  return rc;
}

int seq_lastval(SeqSession *session, int64_t *result) {
  SeqValue *value = session->last_used;
  int exists = 0;
  int rc = SQLITE_OK;

  seq_session_enter(session);
  if (value && value == session->hot) {
    exists = 1;
  } else if (value) {
    SeqStore *store = value->store;
    rc = store_failed(store, last_used_exists(session, &exists));
    if (may_be_stale(rc)) rc = SQLITE_OK; /* the store is gone */
  }
  if (rc == SQLITE_OK) {
    if (exists && session->last_used == value) {
      *result = value->last;
    } else {
      rc = fail(session, SQLITE_ERROR,
                "lastval is not yet defined in this session");
    }
  }
  seq_session_leave(session);
  return rc;
}

int seq_setval(SeqSession *session, const char *name, size_t n, int64_t value,
               int is_called) {
  SeqRequest request;
  Target target;
  int rc;

  seq_session_enter(session);
  memset(&request, 0, sizeof request);
  request.run = seq_run_setval;
  request.function = "setval";
  request.number = value;
  request.flag = is_called;
  rc = write_named(session, name, n, 0, &request, &target);
  if (rc == SQLITE_OK && is_called) {
    request.value->last = value;
    request.value->is_defined = 1;
  }
  seq_session_leave(session);
  return rc;
}

/**** Defining ***********************************************************/

static int run_create(SeqStore *store, SeqRequest *request) {
  SeqRow row;
  int found = 0;
  int rc = SQLITE_OK;

  if (request->options->given & SEQ_HAS_IF_EXISTS) {
    rc = seq_find(store, request->name, request->n_name, &row, &found);
    if (rc != SQLITE_OK || found) return rc;
  }
  rc = seq_insert(store, request->name, request->n_name, request->options);
  if (rc != SQLITE_CONSTRAINT_UNIQUE) return rc;
  return seq_store_fail(&store->sql, SQLITE_ERROR,
                        "relation \"%.*s\" already exists",
                        (int)request->n_name, request->name);
}

static int run_alter(SeqStore *store, SeqRequest *request) {
  int found;
  int rc = seq_change(store, request->name, request->n_name, request->options,
                      &found);
  if (rc != SQLITE_OK || found) return rc;
  if (request->options->given & SEQ_HAS_IF_EXISTS) return SQLITE_OK;
  request->is_missing = 1;
  return SQLITE_ERROR;
}

static int run_drop(SeqStore *store, SeqRequest *request) {
  SeqRow row;
  int found;
  int rc = seq_find(store, request->name, request->n_name, &row, &found);
  if (rc != SQLITE_OK) return rc;
  if (found) return seq_delete(store, request->name, request->n_name);
  request->is_missing = 1;
  return SQLITE_ERROR;
}

static int define(SeqSession *session, const char *name, size_t n, int is_new,
                  const char *function, int (*run)(SeqStore *, SeqRequest *),
                  const SeqOptions *options) {
  SeqRequest request;
  Target target;
  int rc;

  seq_session_enter(session);
  memset(&request, 0, sizeof request);
  request.run = run;
  request.function = function;
  request.options = options;
  rc = write_named(session, name, n, is_new, &request, &target);
  seq_session_leave(session);
  return rc;
}

int seq_create(SeqSession *session, const char *name, size_t n,
               const SeqOptions *options) {
  return define(session, name, n, 1, "create_sequence", run_create, options);
}

int seq_alter(SeqSession *session, const char *name, size_t n,
              const SeqOptions *options) {
  return define(session, name, n, 0, "alter_sequence", run_alter, options);
}

int seq_drop(SeqSession *session, const char *name, size_t n) {
  return define(session, name, n, 0, "drop_sequence", run_drop, 0);
}

/* The statement that makes a sequence again: *result, to be freed. */
int seq_ddl(SeqSession *session, const char *name, size_t n, char **result) {
  Target target;
  SeqHeader header;
  SeqRow row;
  char *owned_by = 0;
  char *options = 0;
  int rc;

  *result = 0;
  seq_session_enter(session);
  rc = read_row(session, name, n, &target, &header, &row, &owned_by);
  if (rc == SQLITE_OK) {
    const SeqDef *def = &row.def;
    options = sqlite3_mprintf(
        "AS %s INCREMENT BY %lld MINVALUE %lld MAXVALUE %lld START WITH %lld"
        " CACHE %lld %s%s%s%s",
        seq_type_name(def->data_type), (sqlite3_int64)def->increment_by,
        (sqlite3_int64)def->min_value, (sqlite3_int64)def->max_value,
        (sqlite3_int64)def->start_value, (sqlite3_int64)def->cache_size,
        def->cycle ? "CYCLE" : "NO CYCLE",
        def->mode == SEQ_GAPLESS ? " MODE gapless" : "",
        owned_by ? " OWNED BY " : "", owned_by ? owned_by : "");
    if (options) {
      char *schema;
      rc = split_schema(session, target.name, target.n, &schema);
      if (rc == SQLITE_OK) {
        *result = sqlite3_mprintf("SELECT create_sequence('%q%s%.*q', %Q)",
                                  schema ? target.store->sql.schema : "",
                                  schema ? "." : "", (int)target.n, target.name,
                                  options);
      }
      sqlite3_free(schema);
    }
    if (rc == SQLITE_OK && *result == 0) rc = SQLITE_NOMEM;
  }
  sqlite3_free(options);
  sqlite3_free(owned_by);
  seq_session_leave(session);
  return rc;
}

/* Raise the primary term of the store of a schema, NULL for the first. */
int seq_promote(SeqSession *session, const char *schema, int64_t *term) {
  SeqRequest request;
  SeqStore *store = 0;
  Target target;
  int rc;

  seq_session_enter(session);
  if (schema && !is_schema(session, schema)) {
    rc = fail(session, SQLITE_ERROR, "unknown database \"%s\"", schema);
  } else if (schema) {
    rc = find_store(session, schema, &store);
    if (rc == SQLITE_OK && store == 0) rc = no_store(session, schema);
  } else {
    rc = resolve(session, "", 0, 1, &target);
    if (rc == SQLITE_OK) store = target.store;
  }
  if (rc == SQLITE_OK) {
    memset(&request, 0, sizeof request);
    request.run = seq_run_promote;
    request.function = "sequences_promote";
    rc = write_store(store, &request);
    *term = request.number;
  }
  seq_session_leave(session);
  return rc;
}
