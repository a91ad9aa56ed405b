/*
** SQL functions on generated columns: columns that own a sequence.
**
**   serial_sequence(table, column)   the sequence that the column owns, as
**                                    nextval() takes its name, or NULL
**   identity_restart(table)          let the sequences that columns of the
**                                    table own begin at their start again;
**                                    returns the table's name
**   is_generated(sequence, value)    1 if nextval(sequence) returned the value
**                                    to this session last, and this function
**                                    was not told of it before, else 0
**
** serial_sequence() is PostgreSQL's pg_get_serial_sequence(), whose errors it
** has.  identity_restart() is its TRUNCATE ... RESTART IDENTITY without the
** delete: it is undone by ROLLBACK, and may be used only in a statement of the
** user.  is_generated() is for the triggers of GENERATED ALWAYS.
**
** A table is written as in SQL, [schema.]table, each name in quotes where it
** needs them, and letter case does not count; a text that is no such name is
** the name itself.  A column is its name as it is.  Without a schema the table
** is looked up as SQLite does: in temp, main, then the attached databases.
**
** NULL for an argument gives NULL, and does nothing.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "surrogate_int.h"

/* The place of a table: its names are to be freed. */
typedef struct TableName {
  char *schema;
  char *table;
  int is_table; /* else it is a view or an index */
} TableName;

static void free_name(TableName *name) {
  sqlite3_free(name->schema);
  sqlite3_free(name->table);
}

static char *copy_token(const Token *token) {
  char *text = sqlite3_malloc64(token->n + 1);
  if (text) token_text(token, text);
  return text;
}

/* Parse [schema.]table: *schema, which may be NULL, and *table, to be freed. */
static int parse_name(const char *text, size_t n, char **schema, char **table) {
  const char *z = text;
  const char *end = text + n;
  Token tokens[4];
  int n_token = 0;
  int is_name;

  do {
    token_next(&z, end, &tokens[n_token]);
  } while (tokens[n_token].type != TOKEN_END && ++n_token < 4);
  is_name =
      n_token == 1 || (n_token == 3 && tokens[1].n == 1 && *tokens[1].z == '.');
  for (int i = 0; i < n_token && is_name; i += 2) {
    is_name = tokens[i].type == TOKEN_NAME || tokens[i].type == TOKEN_QUOTED;
  }
  *schema = 0;
  if (!is_name) {
    *table = sqlite3_mprintf("%.*s", (int)n, text);
  } else {
    *table = copy_token(&tokens[n_token - 1]);
    if (n_token == 3) *schema = copy_token(&tokens[0]);
  }
  if (*table && (*schema || !is_name || n_token == 1)) return SQLITE_OK;
  sqlite3_free(*schema);
  sqlite3_free(*table);
  return SQLITE_NOMEM;
}

/*
** Look in the schema for what has that name: 0 if there is nothing, 1 for a
** table, 2 for a view or an index.
*/
static int look_in(sqlite3 *db, const char *schema, const char *table,
                   int *what) {
  sqlite3_stmt *stmt = 0;
  char *sql = sqlite3_mprintf("SELECT type = 'table' FROM \"%w\".sqlite_schema"
                              " WHERE type <> 'trigger' AND name = ?1"
                              " COLLATE nocase",
                              schema);
  int rc = SQLITE_NOMEM;

  *what = 0;
  if (sql) rc = sqlite3_prepare_v2(db, sql, -1, &stmt, 0);
  sqlite3_free(sql);
  if (rc == SQLITE_OK) {
    rc = sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
  }
  if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    *what = sqlite3_column_int(stmt, 0) ? 1 : 2;
  }
  if (rc != SQLITE_OK) {
    sqlite3_finalize(stmt);
    return rc;
  }
  return sqlite3_finalize(stmt);
}

/* The name of a database of the connection by its number, to be freed. */
static int schema_name(sqlite3 *db, int i, char **schema) {
  sqlite3_stmt *stmt = 0;
  int rc = sqlite3_prepare_v2(db, "PRAGMA database_list", -1, &stmt, 0);
  *schema = 0;
  while (rc == SQLITE_OK && *schema == 0 && sqlite3_step(stmt) == SQLITE_ROW) {
    if (i-- > 0) continue;
    *schema = sqlite3_mprintf("%s", sqlite3_column_text(stmt, 1));
    if (*schema == 0) rc = SQLITE_NOMEM;
  }
  sqlite3_finalize(stmt);
  return rc;
}

/* Find the schema of a table that was written without one. */
static int find_schema(sqlite3 *db, TableName *name, int *what) {
  int rc;
  name->schema = sqlite3_mprintf("temp");
  rc = name->schema ? look_in(db, name->schema, name->table, what)
                    : SQLITE_NOMEM;
  for (int i = 0; rc == SQLITE_OK && *what == 0; i++) {
    sqlite3_free(name->schema);
    rc = schema_name(db, i, &name->schema);
    if (rc != SQLITE_OK || name->schema == 0) return rc;
    rc = look_in(db, name->schema, name->table, what);
  }
  return rc;
}

/*
** Find the table that an argument names, to be freed by free_name().  An error
** is left in the session.
*/
static int find_table(SeqSession *session, const char *text, size_t n,
                      TableName *name) {
  int what = 0;
  int rc;

  memset(name, 0, sizeof *name);
  rc = parse_name(text, n, &name->schema, &name->table);
  if (rc != SQLITE_OK) {
    name->schema = name->table = 0;
    return rc;
  }
  if (memchr(text, 0, n)) {
    what = 0; /* no table is called that */
  } else if (name->schema == 0) {
    rc = find_schema(session->db, name, &what);
  } else if (seq_is_schema(session, name->schema)) {
    rc = look_in(session->db, name->schema, name->table, &what);
  }
  if (rc != SQLITE_OK && rc != SQLITE_NOMEM) {
    rc = seq_session_fail(session, rc, "%s", sqlite3_errmsg(session->db));
  } else if (rc == SQLITE_OK && what == 0) {
    rc = seq_session_fail(session, SQLITE_ERROR,
                          "relation \"%.*s\" does not exist", (int)n, text);
  }
  name->is_table = what == 1;
  return rc;
}

static int find_column(SeqSession *session, const TableName *name,
                       const char *column, size_t n) {
  if (strlen(column) == n &&
      sqlite3_table_column_metadata(session->db, name->schema, name->table,
                                    column, 0, 0, 0, 0, 0) == SQLITE_OK) {
    return SQLITE_OK;
  }
  return seq_session_fail(session, SQLITE_ERROR,
                          "column \"%s\" of relation \"%s\" does not exist",
                          column, name->table);
}

static void serial_sequence_func(sqlite3_context *context, int argc,
                                 sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  TableName name;
  const char *table;
  const char *column;
  char *sequence = 0;
  size_t n;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (!func_text(context, argv[0], &table, &n)) return;
  rc = find_table(session, table, n, &name);
  if (rc == SQLITE_OK && !func_text(context, argv[1], &column, &n)) {
    free_name(&name);
    return;
  }
  if (rc == SQLITE_OK && name.is_table) {
    rc = find_column(session, &name, column, n);
    if (rc == SQLITE_OK) {
      rc = seq_find_owned(session, name.schema, name.table, column, &sequence);
    }
  }
  free_name(&name);
  if (rc == SQLITE_OK) {
    sqlite3_result_text(context, sequence, -1, sqlite3_free);
  } else {
    seq_result_error(context, session, rc);
  }
}

static void identity_restart_func(sqlite3_context *context, int argc,
                                  sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  TableName name;
  const char *table;
  size_t n;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (!func_text(context, argv[0], &table, &n)) return;
  rc = find_table(session, table, n, &name);
  if (rc == SQLITE_OK && !name.is_table) {
    rc = seq_session_fail(session, SQLITE_ERROR, "\"%s\" is not a table",
                          name.table);
  }
  if (rc == SQLITE_OK) {
    rc = seq_restart_owned(session, name.schema, name.table);
  }
  free_name(&name);
  if (rc == SQLITE_OK) {
    sqlite3_result_value(context, argv[0]);
  } else {
    seq_result_error(context, session, rc);
  }
}

static void is_generated_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;
  int is_generated = 0;
  int rc = SQLITE_OK;

  if (func_any_null(argc, argv)) return;
  if (!func_text(context, argv[0], &name, &n)) return;
  if (sqlite3_value_type(argv[1]) == SQLITE_INTEGER) {
    rc = seq_claim(session, name, n, sqlite3_value_int64(argv[1]),
                   &is_generated);
  }
  if (rc == SQLITE_OK) {
    sqlite3_result_int(context, is_generated);
  } else {
    seq_result_error(context, session, rc);
  }
}

/* Register the functions. */
int serial_register(SeqSession *session) {
  static const FuncEntry functions[] = {
      {"serial_sequence", 2, SQLITE_INNOCUOUS, serial_sequence_func},
      {"identity_restart", 1, SQLITE_DIRECTONLY, identity_restart_func},
      {"is_generated", 2, SQLITE_INNOCUOUS, is_generated_func},
  };
  return seq_session_register(session, functions,
                              sizeof functions / sizeof *functions);
}
