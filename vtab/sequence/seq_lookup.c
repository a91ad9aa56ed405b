/*
** Finding the sequence store that a name leads to.
**
** A name is "schema.name" if what stands before the first dot names an attached
** schema, else the whole is the name, looked up in the stores of main, temp
** and the attached databases, in this order.  A store is found by its module
** in sqlite_schema, whatever it is called, and connected if need be.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence_old.h"

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
int seq_find_store(SeqSession *session, const char *schema, SeqStore **out) {
  char *table;
  int rc = seq_store_discover(session->db, schema, &table);
  *out = 0;
  if (rc != SQLITE_OK && rc != SQLITE_NOMEM) {
    rc = seq_session_fail(session, rc, "%s", sqlite3_errmsg(session->db));
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
      rc = seq_session_fail(session, rc, "%s", sqlite3_errmsg(session->db));
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
    rc = seq_find_store(session, (const char *)sqlite3_column_text(stmt, 1),
                        &store);
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
  seq_forget_layout(session); /* connecting a store does not leave it known */
  session->layout = layout;
  session->n_layout = n;
  return SQLITE_OK;
}

/* True if a database of that name is attached; temp comes when needed. */
int seq_is_schema(SeqSession *session, const char *name) {
  return sqlite3_stricmp(name, "temp") == 0 ||
         sqlite3_db_readonly(session->db, name) >= 0;
}

/* If the name begins with that of a schema, a copy of it, to be freed. */
int seq_split_schema(SeqSession *session, const char *name, size_t n,
                     char **schema) {
  const char *dot = memchr(name, '.', n);
  *schema = 0;
  if (dot == 0) return SQLITE_OK;
  *schema = sqlite3_mprintf("%.*s", (int)(dot - name), name);
  if (*schema == 0) return SQLITE_NOMEM;
  if (!seq_is_schema(session, *schema)) {
    sqlite3_free(*schema);
    *schema = 0;
  }
  return SQLITE_OK;
}

int seq_no_store(SeqSession *session, const char *schema) {
  if (schema) {
    return seq_session_fail(
        session, SQLITE_ERROR,
        "no sequence store in schema \"%s\": CREATE VIRTUAL TABLE"
        " %s.sequence_store USING sequences",
        schema, schema);
  }
  return seq_session_fail(
      session, SQLITE_ERROR,
      "no sequence store: CREATE VIRTUAL TABLE sequence_store"
      " USING sequences");
}

/*
** A name begins with a schema that is not there.  If a default calls it all the
** same, its file was attached by that name when the table was made: the name
** is that of a sequence of the default's schema.
*/
static int resolve_moved(SeqSession *session, SeqTarget *target) {
  const char *dot = memchr(target->name, '.', target->n);
  for (int i = 0; i < session->n_layout; i++) {
    SeqStore *store = session->layout[i];
    SeqHeader header;
    SeqRow row;
    int found;
    int rc = seq_store_read(&store->sql, target->name, target->n, &header, &row,
                            0, &found);
    if (rc == SQLITE_OK && found) { /* the dot is a part of the name */
      target->store = store;
      return rc;
    }
    if (rc != SQLITE_OK) return seq_store_failed(store, rc);
  }
  for (int i = 0; i < session->n_layout; i++) {
    SeqStore *store = session->layout[i];
    int is_called;
    int rc =
        seq_owner_calls(&store->sql, target->name, target->n, 0, &is_called);
    if (rc != SQLITE_OK) return seq_store_failed(store, rc);
    if (is_called) {
      target->store = store;
      target->n -= (size_t)(dot + 1 - target->name);
      target->name = dot + 1;
      break;
    }
  }
  return SQLITE_OK;
}

/*
** Find the store that a name leads to: the one of its schema, or the first
** that has the sequence, or, if none has or it is_new, the first.
*/
int seq_resolve(SeqSession *session, const char *name, size_t n, int is_new,
                SeqTarget *target) {
  char *schema;
  int rc = seq_split_schema(session, name, n, &schema);

  if (rc != SQLITE_OK) return rc;
  target->name = name;
  target->n = n;
  if (schema) {
    target->name += strlen(schema) + 1;
    target->n -= strlen(schema) + 1;
    target->store = connected_store(session, schema);
    if (target->store == 0)
      rc = seq_find_store(session, schema, &target->store);
    if (rc == SQLITE_OK && target->store == 0)
      rc = seq_no_store(session, schema);
    sqlite3_free(schema);
    return rc;
  }
  if (session->n_layout < 0) rc = find_layout(session);
  if (rc != SQLITE_OK) return rc;
  if (session->n_layout == 0) {
    seq_forget_layout(session);
    return seq_no_store(session, 0);
  }
  target->store = session->layout[0];
  if (!is_new && memchr(name, '.', n)) return resolve_moved(session, target);
  for (int i = 0; !is_new && i < session->n_layout && session->n_layout > 1;
       i++) {
    SeqStore *store = session->layout[i];
    SeqHeader header;
    SeqRow row;
    int found;
    rc = seq_store_read(&store->sql, name, n, &header, &row, 0, &found);
    if (rc != SQLITE_OK) return seq_store_failed(store, rc);
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
void seq_refresh(SeqSession *session) {
  for (SeqStore *store = session->stores; store; store = store->next) {
    if (!store->in_txn) seq_store_finalize(&store->sql);
  }
  seq_forget_layout(session);
  find_layout(session);
}
