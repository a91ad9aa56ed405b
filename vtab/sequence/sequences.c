/*
** The "sequences" virtual table: the sequences of a database file as rows.
**
**   CREATE VIRTUAL TABLE sequences USING sequences;
**   CREATE VIRTUAL TABLE sequence_store USING sequences(view=sequences);
**
** One store a schema.  Its columns are:
**
**   name           TEXT     the key, matched exactly
**   last_value     BIGINT   the last value handed out, or reserved for the
**                           cache of a connection; NULL before the first one
**   data_type      TEXT     smallint, integer or bigint
**   start_value    BIGINT   where it starts and RESTART begins again
**   min_value      BIGINT
**   max_value      BIGINT
**   increment_by   BIGINT   not 0; negative for a descending sequence
**   cycle          BOOLEAN  0 or 1
**   cache_size     BIGINT   values that a connection reserves at a time
**   mode           TEXT     standard, gapless or virtual
**   owned_by       TEXT     table.column, or NULL: see seq_owner.c
**   _seq_no        BIGINT   hidden: the number of the last write of the row
**   _primary_term  BIGINT   hidden: see sequences_promote()
**
** The terms are those of PostgreSQL's pg_sequences, and of CrateDB for the
** two system columns, which are read-only.
**
** INSERT makes a sequence; a column that is left out or NULL takes
** PostgreSQL's default.  UPDATE changes what is distinct from the present
** value, as ALTER SEQUENCE does; last_value = NULL is RESTART, and NULL for
** min_value or max_value is NO MINVALUE, NO MAXVALUE.  Each row that is
** written takes the next _seq_no of the store, which counts from 0.  nextval()
** takes the next one of its row instead, and leaves the store's counter alone
** (so that no two sequences have a page in common that each call writes); a
** row that is ahead of the store takes it along with its next other write.  A
** sequence thus never has the same _seq_no twice, nor has one of its name that
** is made after it, so that
**
**   UPDATE sequences SET last_value = 1
**    WHERE name = 's' AND _seq_no = 0 AND _primary_term = 1
**
** is a compare-and-swap: changes() is 1 for the winner and 0 for the others.
**
** SQLite has no UPDATE ... RETURNING on a virtual table.  With the option
** view=NAME there is also a view with all columns, and INSTEAD OF triggers
** through which INSERT, UPDATE and DELETE work, with RETURNING; changes() is 0
** for a view.  It goes with its store.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence_old.h"

const char seq_module_name[] = "sequences";

/* Hand a store's message to the virtual table. */
int sequences_error(SequencesVtab *vtab, int rc) {
  SeqStoreSql *sql = &vtab->store->sql;
  if (rc != SQLITE_OK && sql->message) {
    sqlite3_free(vtab->base.zErrMsg);
    vtab->base.zErrMsg = sql->message;
    sql->message = 0;
  }
  return rc;
}

/*
** The store is enlisted in a transaction, and the transaction ends.  Several
** objects may be, and are, told for one store.
*/
static void begin(SeqStore *store) {
  if (store->in_txn) return;
  seq_session_enter(store->session);
  seq_txn_begin(store);
}
static void end(SeqStore *store, int committed) {
  if (!store->in_txn) return;
  seq_txn_end(store, committed);
  seq_session_leave(store->session);
}

/**** CREATE, DROP, RENAME ***********************************************/

/* Parse the arguments of the module: *view is to be freed, or NULL. */
static int parse_arguments(int argc, const char *const *argv, char **view,
                           char **error) {
  *view = 0;
  for (int i = 3; i < argc; i++) {
    const char *z = argv[i];
    const char *end = z + strlen(z);
    Token option;
    Token equals;
    Token value;
    Token rest;
    token_next(&z, end, &option);
    if (option.type == TOKEN_END && argc == 4) break; /* sequences() */
    token_next(&z, end, &equals);
    token_next(&z, end, &value);
    token_next(&z, end, &rest);
    if (!token_is(option.z, option.n, "view") || *view ||
        !token_is(equals.z, equals.n, "=") ||
        (value.type != TOKEN_NAME && value.type != TOKEN_QUOTED &&
         value.type != TOKEN_STRING) ||
        rest.type != TOKEN_END) {
      *error = sqlite3_mprintf(
          "sequences: \"%s\" is not an option; the only one is view=NAME",
          argv[i]);
      sqlite3_free(*view);
      *view = 0;
      return *error ? SQLITE_ERROR : SQLITE_NOMEM;
    }
    *view = token_copy(&value);
    if (*view == 0) return SQLITE_NOMEM;
  }
  return SQLITE_OK;
}

static void free_vtab(SequencesVtab *vtab) {
  if (vtab->store) seq_store_detach(vtab->store);
  sqlite3_free(vtab->base.zErrMsg); /* SQLite leaves that of xSavepoint */
  sqlite3_free(vtab->view);
  sqlite3_free(vtab);
}

/* What xCreate and xConnect share: the object, connected to its store. */
static int sequences_connect(sqlite3 *db, void *aux, int argc,
                             const char *const *argv, sqlite3_vtab **out,
                             char **error) {
  SequencesVtab *vtab = sqlite3_malloc64(sizeof *vtab);
  int rc;

  *out = 0;
  if (vtab == 0) return SQLITE_NOMEM;
  memset(vtab, 0, sizeof *vtab);
  rc = parse_arguments(argc, argv, &vtab->view, error);
  if (rc == SQLITE_OK) {
    rc = sqlite3_declare_vtab(
        db,
        "CREATE TABLE x(name TEXT PRIMARY KEY, last_value BIGINT,"
        " data_type TEXT, start_value BIGINT, min_value BIGINT,"
        " max_value BIGINT, increment_by BIGINT, cycle BOOLEAN,"
        " cache_size BIGINT, mode TEXT, owned_by TEXT,"
        " _seq_no BIGINT HIDDEN, _primary_term BIGINT HIDDEN) WITHOUT ROWID");
  }
  if (rc == SQLITE_OK) {
    rc = sqlite3_vtab_config(db, SQLITE_VTAB_CONSTRAINT_SUPPORT, 1);
  }
  if (rc == SQLITE_OK) rc = sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  if (rc == SQLITE_OK) {
    rc = seq_store_attach(aux, argv[1], argv[2], &vtab->store);
  }
  if (rc == SQLITE_OK) {
    *out = &vtab->base;
  } else {
    free_vtab(vtab);
  }
  return rc;
}

/* Make the view, and the triggers that make it writable. */
static int create_view(SeqStoreSql *sql, const char *view) {
  char *text = seq_view_sql(sql->schema, view, sql->table);
  int rc = text ? seq_store_exec(sql, "%s", text) : SQLITE_NOMEM;
  sqlite3_free(text);
  return rc;
}

static int sequences_create(sqlite3 *db, void *aux, int argc,
                            const char *const *argv, sqlite3_vtab **out,
                            char **error) {
  SequencesVtab *vtab;
  SeqStoreSql *sql;
  char *first;
  int rc = seq_store_discover(db, argv[1], &first);

  *out = 0;
  if (rc != SQLITE_OK) return rc;
  if (first && sqlite3_stricmp(first, argv[2]) != 0) {
    *error = sqlite3_mprintf(
        "schema \"%s\" has a sequence store already: \"%s\"", argv[1], first);
    sqlite3_free(first);
    return *error ? SQLITE_ERROR : SQLITE_NOMEM;
  }
  sqlite3_free(first);
  rc = sequences_connect(db, aux, argc, argv, out, error);
  if (rc != SQLITE_OK) return rc;
  vtab = (SequencesVtab *)*out;
  sql = &vtab->store->sql;
  seq_session_enter(vtab->store->session);
  rc = seq_store_create(sql);
  if (rc == SQLITE_OK && vtab->view) rc = create_view(sql, vtab->view);
  seq_session_leave(vtab->store->session);
  if (rc == SQLITE_OK) {
    begin(vtab->store); /* SQLite does not call xBegin */
    seq_txn_created(vtab->store);
  }
  if (rc != SQLITE_OK) {
    *error = sql->message;
    sql->message = 0;
    free_vtab(vtab);
    *out = 0;
  }
  return rc;
}

static int sequences_disconnect(sqlite3_vtab *base) {
  free_vtab((SequencesVtab *)base);
  return SQLITE_OK;
}

/* Drop the view of a store, if it is still there. */
static int drop_view(SeqStoreSql *sql, const char *view) {
  sqlite3_stmt *stmt = 0;
  int is_there = 0;
  char *text = sqlite3_mprintf("SELECT 1 FROM \"%w\".sqlite_schema"
                               " WHERE type = 'view' AND name = %Q"
                               " COLLATE nocase",
                               sql->schema, view);
  int rc = SQLITE_NOMEM;
  if (text) rc = sqlite3_prepare_v2(sql->db, text, -1, &stmt, 0);
  sqlite3_free(text);
  if (rc == SQLITE_OK) {
    is_there = sqlite3_step(stmt) == SQLITE_ROW;
    rc = sqlite3_reset(stmt);
  }
  sqlite3_finalize(stmt);
  if (!is_there) return rc;
  return seq_store_exec(sql, "DROP VIEW \"%w\".\"%w\"", sql->schema, view);
}

static int sequences_destroy(sqlite3_vtab *base) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  SeqStore *store = vtab->store;
  int rc = SQLITE_OK;

  seq_session_enter(store->session);
  if (vtab->view) rc = drop_view(&store->sql, vtab->view);
  if (rc == SQLITE_OK) rc = seq_store_drop(&store->sql);
  seq_session_leave(store->session);
  if (rc != SQLITE_OK) return sequences_error(vtab, rc);
  end(store, 0); /* SQLite does not call xCommit or xRollback */
  free_vtab(vtab);
  return SQLITE_OK;
}

static int sequences_rename(sqlite3_vtab *base, const char *new_name) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  SeqStore *store = vtab->store;
  int rc;

  seq_session_enter(store->session);
  rc = seq_txn_flush(store);
  if (rc == SQLITE_OK) rc = seq_store_rename(&store->sql, new_name);
  if (rc == SQLITE_OK) rc = seq_store_set_table(&store->sql, new_name);
  store->is_renamed = 1;
  seq_session_leave(store->session);
  return sequences_error(vtab, rc);
}

/**** Transactions *******************************************************/

static int sequences_begin(sqlite3_vtab *base) {
  begin(((SequencesVtab *)base)->store);
  return SQLITE_OK;
}

static int sequences_sync(sqlite3_vtab *base) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  return sequences_error(vtab, seq_txn_sync(vtab->store));
}

static int sequences_commit(sqlite3_vtab *base) {
  end(((SequencesVtab *)base)->store, 1);
  return SQLITE_OK;
}

/*
** sqlite3_close() calls this in an open transaction before it knows whether it
** will close.  If it refuses, the transaction goes on without us and may be
** committed: so what it handed out is written.
*/
static int sequences_rollback(sqlite3_vtab *base) {
  SeqStore *store = ((SequencesVtab *)base)->store;
  if (store->in_txn &&
      sqlite3_txn_state(store->sql.db, store->sql.schema) == SQLITE_TXN_WRITE) {
    seq_txn_sync(store);
  }
  end(store, 0);
  return SQLITE_OK;
}

static int sequences_savepoint(sqlite3_vtab *base, int savepoint) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  UNUSED(savepoint);
  return sequences_error(vtab, seq_txn_savepoint(vtab->store));
}

static int sequences_release(sqlite3_vtab *base, int savepoint) {
  UNUSED(base);
  UNUSED(savepoint);
  return SQLITE_OK;
}

static int sequences_rollback_to(sqlite3_vtab *base, int savepoint) {
  UNUSED(savepoint);
  seq_txn_rewind(((SequencesVtab *)base)->store);
  return SQLITE_OK;
}

/**** The module *********************************************************/

static int sequences_shadow_name(const char *name) {
  return sqlite3_stricmp(name, "data") == 0;
}

/* PRAGMA integrity_check (SQLite 3.44 and later). */
static int sequences_integrity(sqlite3_vtab *base, const char *schema,
                               const char *table, int flags, char **error) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  int rc;
  UNUSED(schema);
  UNUSED(table);
  UNUSED(flags);
  seq_session_enter(vtab->store->session);
  rc = seq_txn_flush(vtab->store);
  if (rc == SQLITE_OK) rc = seq_store_verify(&vtab->store->sql, error);
  rc = sequences_error(vtab, rc);
  seq_session_leave(vtab->store->session);
  return rc;
}

/*
** xIntegrity came with SQLite 3.44.  An older header does not have the slot,
** and an older library does not look at it.
*/
typedef struct SequencesModule {
  sqlite3_module module;
#if SQLITE_VERSION_NUMBER < 3044000
  int (*integrity)(sqlite3_vtab *, const char *, const char *, int, char **);
#endif
} SequencesModule;

static const SequencesModule sequences_module = {
    .module = {.iVersion = 4,
               .xCreate = sequences_create,
               .xConnect = sequences_connect,
               .xBestIndex = sequences_best_index,
               .xDisconnect = sequences_disconnect,
               .xDestroy = sequences_destroy,
               .xOpen = sequences_open,
               .xClose = sequences_close,
               .xFilter = sequences_filter,
               .xNext = sequences_next,
               .xEof = sequences_eof,
               .xColumn = sequences_column,
               .xRowid = sequences_rowid,
               .xUpdate = sequences_update,
               .xBegin = sequences_begin,
               .xSync = sequences_sync,
               .xCommit = sequences_commit,
               .xRollback = sequences_rollback,
               .xFindFunction = 0,
               .xRename = sequences_rename,
               .xSavepoint = sequences_savepoint,
               .xRelease = sequences_release,
               .xRollbackTo = sequences_rollback_to,
               .xShadowName = sequences_shadow_name,
#if SQLITE_VERSION_NUMBER >= 3044000
               .xIntegrity = sequences_integrity}
#else
    },
    .integrity = sequences_integrity
#endif
};

/* Register the virtual tables. */
int sequences_register(sqlite3 *db, SeqSession *session) {
  int rc =
      sqlite3_create_module_v2(db, seq_module_name, &sequences_module.module,
                               seq_session_ref(session), seq_session_unref);
  if (rc == SQLITE_OK) {
    rc = sqlite3_create_module_v2(db, "surrogate_session", &seq_sentinel_module,
                                  seq_session_ref(session), seq_session_unref);
  }
  return rc;
}
