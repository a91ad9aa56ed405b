/*
** OWNED BY: the column that a sequence belongs to.
**
** It is kept as text, table.column, each name in double quotes where it could
** not be written without.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "surrogate_int.h"

/* The text of a token, to be freed. */
static char *token_copy(const Token *token) {
  char *text = sqlite3_malloc64(token->n + 1);
  if (text) token_text(token, text);
  return text;
}

/* True if a name can stand in SQL without quotes. */
static int is_plain_name(const char *name) {
  const char *z = name;
  Token token;
  size_t n = strlen(name);
  token_next(&z, name + n, &token);
  return token.type == TOKEN_NAME && token.n == n;
}

static char *quote_name(const char *name) {
  return sqlite3_mprintf(is_plain_name(name) ? "%s" : "\"%w\"", name);
}

/* True if the store's schema has something of that name. */
static int is_in_schema(SeqStoreSql *sql, const char *name) {
  sqlite3_stmt *stmt = 0;
  int is_there = 0;
  char *text = sqlite3_mprintf(
      "SELECT 1 FROM \"%w\".sqlite_schema WHERE name = %Q COLLATE nocase",
      sql->schema, name);
  if (text && sqlite3_prepare_v2(sql->db, text, -1, &stmt, 0) == SQLITE_OK) {
    is_there = sqlite3_step(stmt) == SQLITE_ROW;
  }
  sqlite3_finalize(stmt);
  sqlite3_free(text);
  return is_there;
}

/*
** Check that a column exists in the store's schema, and make the text of
** owned_by for it, to be freed.
*/
static int column_owner(SeqStoreSql *sql, const char *table, const char *column,
                        char **owned_by) {
  const char *schema = sql->schema;
  char *quoted_table;
  char *quoted_column;

  if (sqlite3_table_column_metadata(sql->db, schema, table, 0, 0, 0, 0, 0, 0) !=
      SQLITE_OK) {
    return seq_store_fail(sql, SQLITE_ERROR,
                          is_in_schema(sql, table)
                              ? "sequence cannot be owned by relation \"%s\""
                              : "relation \"%s\" does not exist",
                          table);
  }
  if (sqlite3_table_column_metadata(sql->db, schema, table, column, 0, 0, 0, 0,
                                    0) != SQLITE_OK) {
    return seq_store_fail(sql, SQLITE_ERROR,
                          "column \"%s\" of relation \"%s\" does not exist",
                          column, table);
  }
  quoted_table = quote_name(table);
  quoted_column = quote_name(column);
  *owned_by = quoted_table && quoted_column
                  ? sqlite3_mprintf("%s.%s", quoted_table, quoted_column)
                  : 0;
  sqlite3_free(quoted_table);
  sqlite3_free(quoted_column);
  return *owned_by ? SQLITE_OK : SQLITE_NOMEM;
}

/*
** The owner that options name: *owned_by, to be freed, or NULL for none.
*/
int seq_owner(SeqStoreSql *sql, const SeqOptions *options, char **owned_by) {
  const Token *name = options->owned_by;
  int n = options->owned_by_names;
  char *schema = 0;
  char *table;
  char *column;
  int rc = SQLITE_NOMEM;

  *owned_by = 0;
  if (options->bad & SEQ_HAS_OWNED_BY) {
    return seq_store_fail(sql, SQLITE_ERROR, "%s", options->message);
  }
  if ((options->given & SEQ_HAS_OWNED_BY) == 0 || n == 0) return SQLITE_OK;
  if (n == 3) schema = token_copy(&name[0]);
  table = token_copy(&name[n - 2]);
  column = token_copy(&name[n - 1]);
  if (table && column && (n == 2 || schema)) {
    if (schema && sqlite3_stricmp(schema, sql->schema) != 0) {
      rc = seq_store_fail(
          sql, SQLITE_ERROR,
          "sequence must be in same schema as table it is linked to");
    } else {
      rc = column_owner(sql, table, column, owned_by);
    }
  }
  sqlite3_free(schema);
  sqlite3_free(table);
  sqlite3_free(column);
  return rc;
}
