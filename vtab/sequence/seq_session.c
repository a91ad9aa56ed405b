/*
** What a connection keeps of sequences.
**
** A session belongs to one connection.  It has
** - the stores that the connection has met (SeqStore), one a schema;
** - a SeqValue for each sequence that it has used: currval(), and the rest of
**   a reserved block.  It is PostgreSQL's per-session state and lives as long
**   as the connection, whatever is rolled back;
** - `hot`, the value that the next nextval() of the same name may take from
**   without any look-up: see nextval_func() in seq_func.c.
**
** STATEMENTS.  A prepared statement on a virtual table keeps it connected,
** and sqlite3_close() refuses to close while a statement is there.  Virtual
** tables are disconnected before it looks, so the statements of all stores
** are finalized when the session's sentinel, an eponymous virtual table on
** which no statement is kept, is disconnected (see seq_sentinel.c).  Should
** there be no sentinel, they are finalized after each use.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <stdarg.h>
#include <string.h>

#include "sequence_old.h"

/**** Session, values, stores ********************************************/

/* A new session with one reference, or NULL. */
SeqSession *seq_session_new(sqlite3 *db) {
  SeqSession *session = sqlite3_malloc64(sizeof *session);
  if (session) {
    memset(session, 0, sizeof *session);
    session->refs = 1;
    session->db = db;
    session->n_layout = -1;
    session->is_on_dqlite = replicated_has_vfs(db, "main");
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
  HashNode *node;

  if (--session->refs > 0) return;
  node = hash_clear(&session->values, 1);
  while (node) {
    HashNode *next = node->next;
    sqlite3_free(node);
    node = next;
  }
  while (session->stores) {
    SeqStore *store = session->stores;
    session->stores = store->next;
    seq_txn_end(store, 0);
    hash_clear(&store->entries, 1);
    hash_clear(&store->handed, 1);
    seq_store_free(&store->sql);
    sqlite3_free(store);
  }
  sqlite3_free(session->layout);
  sqlite3_free(session->name);
  sqlite3_free(session->message);
  sqlite3_free(session);
}

/* Register functions, each with a reference to the session as its data. */
int seq_session_register(SeqSession *session, const FuncEntry *functions,
                         size_t n) {
  int rc = SQLITE_OK;
  for (size_t i = 0; rc == SQLITE_OK && i < n; i++) {
    rc = sqlite3_create_function_v2(
        session->db, functions[i].name, functions[i].argc,
        SQLITE_UTF8 | functions[i].flags, seq_session_ref(session),
        functions[i].func, 0, 0, seq_session_unref);
  }
  return rc;
}

/* Note an error of the session.  Returns rc, or SQLITE_NOMEM. */
int seq_session_fail(SeqSession *session, int rc, const char *format, ...) {
  va_list args;
  sqlite3_free(session->message);
  va_start(args, format);
  session->message = sqlite3_vmprintf(format, args);
  va_end(args);
  return session->message ? rc : SQLITE_NOMEM;
}

/* An error of a store becomes the session's. */
int seq_store_failed(SeqStore *store, int rc) {
  SeqSession *session = store->session;
  if (rc == SQLITE_OK || rc == SQLITE_NOMEM) return rc;
  if (store->sql.message == 0) {
    return seq_session_fail(session, rc, "%s", sqlite3_errmsg(session->db));
  }
  sqlite3_free(session->message);
  session->message = store->sql.message;
  store->sql.message = 0;
  return rc;
}

static uint64_t hash_id(const SeqStore *store, int64_t id) {
  return hash_bytes((uint64_t)(uintptr_t)store, &id, sizeof id);
}

/* The session's value of a sequence, or NULL. */
SeqValue *seq_value_find(SeqStore *store, int64_t id) {
  Hash *values = &store->session->values;
  HashNode *node = hash_find(values, hash_id(store, id));
  for (; node; node = hash_next(node)) {
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
  if (hash_add(&store->session->values, &value->node) != SQLITE_OK) {
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
          !definition_is_after(&row->def, end, row->state.last_value));
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
** A transaction that looked at a sequence is over.  If the session knows
** nothing of it that outlives the transaction, do not keep its value.
*/
void seq_value_release(SeqStore *store, int64_t id) {
  SeqSession *session = store->session;
  SeqValue *value = seq_value_find(store, id);
  if (value == 0 || value->is_wanted || value->is_remembered ||
      value->is_defined || value->is_block) {
    return;
  }
  reset_value(session, value);
  hash_remove(&session->values, &value->node);
  sqlite3_free(value);
}

/*
** The schema has a store of that id now.  If it is not the one that the session
** knew, or in another file, forget the session's values of it.
*/
void seq_values_check(SeqStore *store, int64_t store_id) {
  Hash *values = &store->session->values;
  const char *file = seq_store_file(&store->sql);
  uint64_t identity = hash_bytes(0, &store_id, sizeof store_id);
  identity = hash_bytes(identity, file, strlen(file));
  if (store->identity == identity) return;
  store->identity = identity;
  for (size_t i = 0; i < values->n_bucket; i++) {
    HashNode *node = values->buckets[i];
    while (node) {
      SeqValue *value = (SeqValue *)node;
      node = node->next;
      if (value->store == store) reset_value(store->session, value);
    }
  }
}

void seq_forget_layout(SeqSession *session) {
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
  seq_owner_forget(&store->sql);
  seq_forget_layout(session);
  *out = store;
  return SQLITE_OK;
}

void seq_store_detach(SeqStore *store) {
  store->n_vtab--;
  seq_store_forget(&store->sql);
  seq_owner_forget(&store->sql);
  seq_forget_layout(store->session);
}
