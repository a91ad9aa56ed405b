/*
** The sentinel of a session.
**
** "surrogate_session" is an eponymous virtual table without rows.  It is connected so that it can be disconnected: sqlite3_close()
** disconnects virtual tables before it looks for statements that are not
** finalized, and a store's own table stays connected while a statement on it
** is there (see seq_session.c).
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence_old.h"

typedef struct Sentinel {
  sqlite3_vtab base;
  SeqSession *session;
} Sentinel;

static int sentinel_connect(sqlite3 *db, void *aux, int argc,
                            const char *const *argv, sqlite3_vtab **out,
                            char **error) {
  Sentinel *sentinel = 0;
  int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(unused)");
  UNUSED(argc);
  UNUSED(argv);
  UNUSED(error);
  if (rc == SQLITE_OK) {
    sentinel = sqlite3_malloc64(sizeof *sentinel);
    if (sentinel == 0) rc = SQLITE_NOMEM;
  }
  if (sentinel) {
    memset(sentinel, 0, sizeof *sentinel);
    sentinel->session = aux;
    sentinel->session->sentinel = sentinel;
  }
  *out = (sqlite3_vtab *)sentinel;
  return rc;
}

static int sentinel_disconnect(sqlite3_vtab *base) {
  Sentinel *sentinel = (Sentinel *)base;
  sentinel->session->sentinel = 0;
  seq_session_release(sentinel->session);
  sqlite3_free(sentinel);
  return SQLITE_OK;
}

static int sentinel_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
  UNUSED(base);
  info->estimatedCost = 1;
  return SQLITE_OK;
}

static int sentinel_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
  UNUSED(base);
  *out = sqlite3_malloc64(sizeof **out);
  if (*out == 0) return SQLITE_NOMEM;
  memset(*out, 0, sizeof **out);
  return SQLITE_OK;
}

static int sentinel_close(sqlite3_vtab_cursor *base) {
  sqlite3_free(base);
  return SQLITE_OK;
}

static int sentinel_filter(sqlite3_vtab_cursor *base, int plan,
                           const char *unused, int argc, sqlite3_value **argv) {
  UNUSED(base);
  UNUSED(plan);
  UNUSED(unused);
  UNUSED(argc);
  UNUSED(argv);
  return SQLITE_OK;
}

static int sentinel_next(sqlite3_vtab_cursor *base) {
  UNUSED(base);
  return SQLITE_OK;
}

static int sentinel_eof(sqlite3_vtab_cursor *base) {
  UNUSED(base);
  return 1;
}

static int sentinel_column(sqlite3_vtab_cursor *base, sqlite3_context *context,
                           int column) {
  UNUSED(base);
  UNUSED(context);
  UNUSED(column);
  return SQLITE_OK;
}

static int sentinel_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
  UNUSED(base);
  *rowid = 0;
  return SQLITE_OK;
}

const sqlite3_module seq_sentinel_module = {.iVersion = 0,
                                            .xCreate = 0, /* eponymous only */
                                            .xConnect = sentinel_connect,
                                            .xBestIndex = sentinel_best_index,
                                            .xDisconnect = sentinel_disconnect,
                                            .xOpen = sentinel_open,
                                            .xClose = sentinel_close,
                                            .xFilter = sentinel_filter,
                                            .xNext = sentinel_next,
                                            .xEof = sentinel_eof,
                                            .xColumn = sentinel_column,
                                            .xRowid = sentinel_rowid};

/*
** Connect the session's sentinel, if it can be: another table may have taken
** its name.
*/
void seq_connect_sentinel(SeqSession *session) {
  sqlite3_stmt *stmt = 0;
  sqlite3_prepare_v2(session->db, "SELECT 1 FROM surrogate_session", -1, &stmt,
                     0);
  sqlite3_finalize(stmt);
}
