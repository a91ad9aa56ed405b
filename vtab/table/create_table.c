/*
** CREATE TABLE in the dialects of other systems.
**
**   create_table(sql)         translate the statement, run it, and return the
**                             name of the table
**   create_table_sql(sql)     the translation: a script of plain SQL
**   translate_sql(script)     a script with its CREATE TABLEs translated, as for
**                             an empty database: see ddl_script.c
**   serial_normalization([mode])
**                             how the connection translates SERIAL
**
** sql is one CREATE TABLE statement; see ddl_translate.c for what becomes of
** it.  It is run in a savepoint: if something fails, nothing was done.  An
** error of the translation begins with "line L column C: ".  Out of memory,
** SQLite runs nothing more before the statement ends, not even what was prepared
** before: then the savepoint may still be open, and the caller has to roll back.
**
** mode is CockroachDB's: rowid, unordered_rowid, virtual_sequence,
** sql_sequence (default), sql_sequence_cached, sql_sequence_cached_node.
** serial_normalization() returns the mode that is in effect.
**
** NULL for an argument gives NULL.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "table.h"

static const char *const create_table_modes[DDL_MODES] = {
    "rowid",        "unordered_rowid",     "virtual_sequence",
    "sql_sequence", "sql_sequence_cached", "sql_sequence_cached_node"};

/**** What the translation asks ******************************************/

static int create_table_is_taken(void *data, const char *schema,
                                 const char *name, int *taken) {
  SeqSession *session = data;
  int is_there = 0;
  int rc;

  *taken = DDL_FREE;
  if (schema == 0) schema = "main";
  if (!session_is_schema(session, schema)) return SQLITE_OK;
  rc = relation_exists(session->engine.host.db, schema, name, &is_there);
  if (is_there) *taken = DDL_IN_SCHEMA;
  if (rc != SQLITE_OK || is_there) return rc;
  rc = session_exists(session, schema, name, &is_there);
  if (is_there) *taken = DDL_SEQUENCE;
  return rc;
}

/**** Functions **********************************************************/

/* Report an error of the translation, of the session, or of the database. */
static void create_table_result_error(sqlite3_context *context,
                                      SeqSession *session, int rc,
                                      const char *message) {
  Error *error = &session->engine.host.error;
  if (message) {
    error_set(error, rc, "%s", message);
  } else if (error->rc == SQLITE_OK) {
    error_from_db(error, session->engine.host.db, rc);
  }
  error_result(context, error);
}

/*
** Translate the argument: true with the result, to be freed.  False if it was
** NULL, or with the error reported.
*/
static int create_table_translate(sqlite3_context *context,
                                  sqlite3_value **argv, DdlResult *result) {
  SeqSession *session = sqlite3_user_data(context);
  DdlContext ddl = {session->serial_mode, create_table_is_taken, session};
  const char *sql;
  Reader r;
  size_t n;
  int rc;

  if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return 0;
  if (!func_text(context, argv[0], &sql, &n)) return 0;
  rc = ddl_translate(sql, n, &ddl, result);
  reader_begin(&r, sql + result->consumed, n - result->consumed);
  if (rc != SQLITE_OK) {
    create_table_result_error(context, session, rc, result->message);
  } else if (r.token.type == TOKEN_END) {
    return 1;
  } else {
    int line;
    int column;
    token_position(sql, r.token.z, &line, &column);
    func_error(context, "line %d column %d: more than one statement", line,
               column);
  }
  ddl_translate_free(result);
  return 0;
}

static void create_table_sql_func(sqlite3_context *context, int argc,
                                  sqlite3_value **argv) {
  DdlResult result;
  UNUSED(argc);
  if (!create_table_translate(context, argv, &result)) return;
  sqlite3_result_text(context, result.script, -1, SQLITE_TRANSIENT);
  ddl_translate_free(&result);
}

static void create_table_translate_sql_func(sqlite3_context *context, int argc,
                                            sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  Waiting waiting = {func_is_interrupted, session->engine.host.db};
  sqlite3_str *out;
  char *message = 0;
  const char *sql;
  size_t n;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (!func_text(context, argv[0], &sql, &n)) return;
  out = sqlite3_str_new(session->engine.host.db);
  rc = ddl_script(sql, n, session->serial_mode, &waiting, out, &message);
  if (rc == SQLITE_OK) {
    int length = sqlite3_str_length(out);
    char *text = sqlite3_str_finish(out);
    if (text == 0 && length > 0) {
      sqlite3_result_error_nomem(context);
    } else if (text == 0) {
      sqlite3_result_text(context, "", 0, SQLITE_STATIC);
    } else { /* by -1 SQLite knows that a NUL ends it */
      if (strlen(text) == (size_t)length) length = -1;
      sqlite3_result_text(context, text, length, sqlite3_free);
    }
  } else {
    sqlite3_free(sqlite3_str_finish(out));
    create_table_result_error(context, session, rc, message);
  }
  sqlite3_free(message);
}

static void create_table_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  sqlite3 *db = session->engine.host.db;
  DdlResult result;
  Error error = {0, 0};
  FuncUndo undo;
  int rc;

  UNUSED(argc);
  if (!create_table_translate(context, argv, &result)) return;
  if (replicated_refuses(db, result.schema ? result.schema : "main")) {
    rc = error_set(&error, SQLITE_READONLY, "create_table: %s",
                   replicated_message);
  } else {
    rc = func_undo_begin(&undo, db, "create_table", &error);
  }
  if (rc == SQLITE_OK) {
    rc = sqlite3_exec(db, result.script, 0, 0, 0);
    rc = func_undo_end(&undo, error_from_db(&error, db, rc), &error);
  }
  if (rc == SQLITE_OK) {
    sqlite3_result_text(context, result.table, -1, SQLITE_TRANSIENT);
  } else {
    error_result(context, &error);
  }
  ddl_translate_free(&result);
}

static void create_table_normalization_func(sqlite3_context *context, int argc,
                                            sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;

  if (func_any_null(argc, argv)) return;
  if (argc == 1) {
    int mode = 0;
    if (!func_text(context, argv[0], &name, &n)) return;
    while (mode < DDL_MODES && !token_is(name, n, create_table_modes[mode]))
      mode++;
    if (mode == DDL_MODES) {
      func_error(context,
                 "serial_normalization: \"%s\" is not a mode; it must be rowid,"
                 " unordered_rowid, virtual_sequence, sql_sequence,"
                 " sql_sequence_cached, or sql_sequence_cached_node",
                 name);
      return;
    }
    session->serial_mode = mode;
  }
  sqlite3_result_text(context, create_table_modes[session->serial_mode], -1,
                      SQLITE_STATIC);
}

const FuncEntry create_table_functions[] = {
    {"create_table", 1, FUNC_SETS, create_table_func, "create_table(sql)",
     "Tables",
     "run a CREATE TABLE of PostgreSQL, CockroachDB, CrateDB, YDB, StarRocks"},
    {"create_table_sql", 1, FUNC_SETS, create_table_sql_func,
     "create_table_sql(sql)", "Tables",
     "the SQL that create_table() would run"},
    {"translate_sql", 1, FUNC_SETS, create_table_translate_sql_func,
     "translate_sql(script)", "Tables",
     "a script, with its CREATE TABLEs as create_table_sql() has them"},
    {"serial_normalization", 0, FUNC_SETS, create_table_normalization_func,
     "serial_normalization([mode])", "Tables",
     "what SERIAL becomes in this connection; sets it"},
    {"serial_normalization", 1, FUNC_SETS, create_table_normalization_func, 0,
     0, 0},
    {0}};
