/*
** What a schema has under a name: a table, virtual or not, a view or an index.
** Triggers have names of their own.
**
** Mostly it is the table that an argument of a function names.  That is written
** as in SQL, [schema.]table, each name in quotes where it needs
** them; a text that is no such name, or whose schema is not attached, is the
** name itself.  Without a schema it is looked up as SQLite does: in temp, main,
** then the attached databases.  Letter case does not count.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <stdarg.h>

#include "base.h"

/* What the connection complains of becomes the error.  Returns rc. */
int relation_failed(Relation *relation, int rc) {
  return error_from_db(&relation->error, relation->db, rc);
}

/* Prepare a statement, which is made as by sqlite3_mprintf(). */
int relation_prepare(Relation *relation, sqlite3_stmt **stmt,
                     const char *format, ...) {
  va_list args;
  char *sql;
  int rc = SQLITE_NOMEM;

  *stmt = 0;
  va_start(args, format);
  sql = sqlite3_vmprintf(format, args);
  va_end(args);
  if (sql) rc = sqlite3_prepare_v2(relation->db, sql, -1, stmt, 0);
  sqlite3_free(sql);
  return relation_failed(relation, rc);
}

/* The end of a statement: an error of it becomes the message. */
int relation_finish(Relation *relation, sqlite3_stmt *stmt, int rc) {
  int step_rc = sqlite3_finalize(stmt);
  return rc == SQLITE_OK ? relation_failed(relation, step_rc) : rc;
}

/* Run statements, which are made as by sqlite3_mprintf(). */
int relation_exec(Relation *relation, const char *format, ...) {
  va_list args;
  char *sql;
  int rc = SQLITE_NOMEM;

  va_start(args, format);
  sql = sqlite3_vmprintf(format, args);
  va_end(args);
  if (sql) rc = sqlite3_exec(relation->db, sql, 0, 0, 0);
  sqlite3_free(sql);
  return relation_failed(relation, rc);
}

/*
** Look in one schema: if there is something of that name, all of the relation
** is set, else relation->table is NULL.
*/
static int relation_find_in(Relation *relation, const char *schema,
                            const char *name) {
  sqlite3_stmt *stmt;
  int rc = relation_prepare(relation, &stmt,
                            "SELECT name, type = 'table', rootpage > 0, sql"
                            " FROM \"%w\".sqlite_schema"
                            " WHERE type <> 'trigger'"
                            " AND name = %Q COLLATE NOCASE",
                            schema, name);

  if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    const char *sql = (const char *)sqlite3_column_text(stmt, 3);
    relation->schema = sqlite3_mprintf("%s", schema);
    relation->table =
        sqlite3_mprintf("%s", (const char *)sqlite3_column_text(stmt, 0));
    relation->is_table = sqlite3_column_int(stmt, 1);
    relation->is_virtual = !sqlite3_column_int(stmt, 2);
    relation->sql = sqlite3_mprintf("%s", sql ? sql : "");
    if (!relation->schema || !relation->table || !relation->sql) {
      rc = SQLITE_NOMEM;
    }
  }
  return relation_finish(relation, stmt, rc);
}

/* Whether a schema, which is there, has a relation of that name. */
int relation_exists(sqlite3 *db, const char *schema, const char *name,
                    int *exists) {
  Relation relation;
  int rc;
  memset(&relation, 0, sizeof relation);
  relation.db = db;
  rc = relation_find_in(&relation, schema, name);
  *exists = relation.table != 0;
  relation_free(&relation);
  return rc;
}

static int relation_find_in_all(Relation *relation, const char *name) {
  sqlite3_stmt *stmt;
  int rc = relation_find_in(relation, "temp", name);
  if (rc == SQLITE_OK && relation->table) return rc;
  if (rc == SQLITE_OK)
    rc = relation_prepare(relation, &stmt, "PRAGMA database_list");
  if (rc != SQLITE_OK) return rc;
  while (rc == SQLITE_OK && relation->table == 0 &&
         sqlite3_step(stmt) == SQLITE_ROW) {
    const char *schema = (const char *)sqlite3_column_text(stmt, 1);
    rc = schema ? relation_find_in(relation, schema, name) : SQLITE_NOMEM;
  }
  return relation_finish(relation, stmt, rc);
}

/*
** Parse [schema.]table: *schema, which may be NULL, and *table, to be freed also
** after an error.
*/
static int relation_parse_name(sqlite3 *db, const char *name, size_t n,
                               char **schema, char **table) {
  Token first;
  Token second;
  Reader r;
  int is_name;

  *schema = *table = 0;
  reader_begin(&r, name, n);
  is_name = reader_accept_name(&r, &first);
  if (is_name && r.token.type == TOKEN_END) {
    *table = token_copy(&first);
  } else if (is_name && reader_accept_other(&r, '.') &&
             reader_accept_name(&r, &second) && r.token.type == TOKEN_END) {
    *schema = token_copy(&first);
    if (*schema == 0) return SQLITE_NOMEM;
    if (sqlite3_stricmp(*schema, "temp") == 0 ||
        sqlite3_db_readonly(db, *schema) >= 0) {
      *table = token_copy(&second);
      return *table ? SQLITE_OK : SQLITE_NOMEM;
    }
    sqlite3_free(*schema);
    *schema = 0;
  }
  if (*table == 0) *table = sqlite3_mprintf("%.*s", (int)n, name);
  return *table ? SQLITE_OK : SQLITE_NOMEM;
}

/*
** Find what the n bytes at `name` name.  To be freed by relation_free(), also
** after an error, which it has.
*/
int relation_find(sqlite3 *db, const char *name, size_t n, Relation *relation) {
  char *schema = 0;
  char *table = 0;
  int rc = SQLITE_OK;

  memset(relation, 0, sizeof *relation);
  relation->db = db;
  if (memchr(name, 0, n) == 0) { /* no name has a NUL */
    rc = relation_parse_name(db, name, n, &schema, &table);
    if (rc == SQLITE_OK) {
      rc = schema ? relation_find_in(relation, schema, table)
                  : relation_find_in_all(relation, table);
    }
    relation->is_qualified = schema != 0;
    sqlite3_free(schema);
    sqlite3_free(table);
  }
  if (rc == SQLITE_OK && relation->table == 0) {
    rc = error_set(&relation->error, SQLITE_ERROR,
                   "relation \"%.*s\" does not exist", (int)n, name);
  }
  return rc;
}

/* The same of a table that is no virtual one. */
int relation_find_table(sqlite3 *db, const char *name, size_t n,
                        Relation *relation) {
  int rc = relation_find(db, name, n, relation);
  if (rc == SQLITE_OK && (!relation->is_table || relation->is_virtual)) {
    rc = error_set(&relation->error, SQLITE_ERROR, "\"%s\" is not a table",
                   relation->table);
  }
  return rc;
}

void relation_free(Relation *relation) {
  sqlite3_free(relation->schema);
  sqlite3_free(relation->table);
  sqlite3_free(relation->sql);
  error_clear(&relation->error);
  memset(relation, 0, sizeof *relation);
}

/* The text of a column of a row; "" if it is NULL. */
const char *relation_text(sqlite3_stmt *stmt, int column) {
  const char *text = (const char *)sqlite3_column_text(stmt, column);
  return text ? text : "";
}
