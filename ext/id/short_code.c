/*
** Short codes: random ones, that are free in a column.
**
**   short_code(table, column)           6 characters that no row has there
**   short_code(table, column, length)   so many, 1 to 64
**
** The characters are Douglas Crockford's base 32, 0-9 and A-Z without I, L, O
** and U, so that nobody takes one for another: 30 random bits in 6 characters.
** If a row has the code, another one is drawn, as the column's collation and
** affinity compare; after 8 draws each is one character longer, and so on up to
** 64, behind which it is an error.
**
** The table is an ordinary one, "schema.table" if what stands before the first
** dot names an attached schema, else looked up by its whole name in main, temp
** and the attached ones, in this order.  Names are matched as SQL matches them,
** without regard to the case of ASCII letters.  In PostgreSQL's words:
**
**   relation "x" does not exist
**   "x" is not a table                            a view, or a virtual one
**   column "y" of relation "x" does not exist
**
** NULL for an argument gives NULL.  An error if the system gives no randomness.
**
** It reads a table that its arguments name, also in the DEFAULT of a schema
** that is not trusted: SQLITE_INNOCUOUS, as reading an ordinary table runs no
** code that this schema could not run anyway, changes nothing, and tells
** nothing but that a random code is free.  Views and virtual tables are
** refused because reading them may run anything.
**
** A code is free for as long as nobody else writes: only a UNIQUE column is
** sure to have no code twice.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

#define LENGTH_DEFAULT 6
#define LENGTH_MAX     64
#define DRAWS          8 /* of one length */

/**** The column *********************************************************/

/* Where codes are looked up, kept for as long as a statement runs. */
typedef struct Place {
  char *sql; /* finds the rows that have the code ?1 */
  size_t n_table;
  size_t n_column;
  char names[]; /* the arguments that it was found by: table, column */
} Place;

static void short_code_free_place(void *pointer) {
  Place *place = pointer;
  sqlite3_free(place->sql);
  sqlite3_free(place);
}

/*
** Look for a table or view in one schema: *found, and then whether it is an
** ordinary table.  An error is reported.
*/
static int short_code_find_in(sqlite3_context *context, const char *schema,
                              const char *table, int *found, int *is_table) {
  sqlite3_stmt *stmt = 0;
  char *sql = sqlite3_mprintf(
      "SELECT type = 'table' AND rootpage > 0 FROM \"%w\".sqlite_schema"
      " WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE",
      schema);
  int rc = SQLITE_NOMEM;

  if (sql)
    rc = sqlite3_prepare_v2(sqlite3_context_db_handle(context), sql, -1, &stmt,
                            0);
  sqlite3_free(sql);
  if (rc == SQLITE_OK) rc = sqlite3_bind_text(stmt, 1, table, -1, 0);
  if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
  *found = rc == SQLITE_ROW;
  if (*found) *is_table = sqlite3_column_int(stmt, 0);
  if (rc == SQLITE_ROW || rc == SQLITE_DONE) rc = SQLITE_OK;
  if (rc != SQLITE_OK) func_fail_db(context, "short_code", rc);
  sqlite3_finalize(stmt);
  return rc;
}

/*
** Look for a table or view in all schemas: *schema, to be freed, or NULL if
** there is none.  An error is reported.
*/
static int short_code_find_in_any(sqlite3_context *context, const char *table,
                                  char **schema, int *is_table) {
  sqlite3_stmt *stmt = 0;
  int rc = sqlite3_prepare_v2(sqlite3_context_db_handle(context),
                              "PRAGMA database_list", -1, &stmt, 0);

  *schema = 0;
  if (rc != SQLITE_OK) return func_fail_db(context, "short_code", rc);
  while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(stmt, 1);
    int found;
    rc = name ? short_code_find_in(context, name, table, &found, is_table)
              : func_fail_db(context, "short_code", SQLITE_NOMEM);
    if (rc != SQLITE_OK) goto done;
    if (found) {
      *schema = sqlite3_mprintf("%s", name);
      if (*schema == 0) rc = func_fail_db(context, "short_code", SQLITE_NOMEM);
      goto done;
    }
  }
  rc = rc == SQLITE_DONE ? SQLITE_OK : func_fail_db(context, "short_code", rc);
done:
  sqlite3_finalize(stmt);
  return rc;
}

/* If the name begins with that of a schema, a copy of it, to be freed. */
static int short_code_split_schema(sqlite3_context *context, const char *name,
                                   char **schema) {
  const char *dot = strchr(name, '.');
  *schema = 0;
  if (dot == 0) return SQLITE_OK;
  *schema = sqlite3_mprintf("%.*s", (int)(dot - name), name);
  if (*schema == 0) return func_fail_db(context, "short_code", SQLITE_NOMEM);
  if (sqlite3_stricmp(*schema, "temp") != 0 &&
      sqlite3_db_readonly(sqlite3_context_db_handle(context), *schema) < 0) {
    sqlite3_free(*schema);
    *schema = 0;
  }
  return SQLITE_OK;
}

/*
** The SQL that looks for a code in a column of a table, to be freed.  NULL,
** with the error reported, if there is no such column.
*/
static char *short_code_column_sql(sqlite3_context *context, const char *schema,
                                   const char *table, const char *name,
                                   const char *column, size_t n_column) {
  sqlite3 *db = sqlite3_context_db_handle(context);
  int rc =
      sqlite3_table_column_metadata(db, schema, table, column, 0, 0, 0, 0, 0);
  char *sql;
  if (rc == SQLITE_ERROR || memchr(column, 0, n_column)) {
    func_error(context, "column \"%s\" of relation \"%s\" does not exist",
               column, name);
    return 0;
  }
  if (rc != SQLITE_OK) {
    func_fail_db(context, "short_code", rc);
    return 0;
  }
  sql = sqlite3_mprintf("SELECT 1 FROM \"%w\".\"%w\" AS t WHERE t.\"%w\" = ?1",
                        schema, table, column);
  if (sql == 0) func_fail_db(context, "short_code", SQLITE_NOMEM);
  return sql;
}

/* The same by the name of the table as it was given. */
static char *short_code_find_column(sqlite3_context *context, const char *name,
                                    size_t n_name, const char *column,
                                    size_t n_column) {
  const char *table = name;
  char *schema;
  char *sql = 0;
  int found = 0;
  int is_table = 0;
  int rc = short_code_split_schema(context, name, &schema);

  if (rc != SQLITE_OK) return 0;
  if (memchr(name, 0, n_name)) {
    found = 0; /* no name has a NUL */
  } else if (schema) {
    table += strlen(schema) + 1;
    rc = short_code_find_in(context, schema, table, &found, &is_table);
  } else {
    rc = short_code_find_in_any(context, table, &schema, &is_table);
    found = schema != 0;
  }
  if (rc == SQLITE_OK && !found) {
    func_error(context, "relation \"%s\" does not exist", name);
  } else if (rc == SQLITE_OK && !is_table) {
    func_error(context, "\"%s\" is not a table", name);
  } else if (rc == SQLITE_OK) {
    sql = short_code_column_sql(context, schema, table, name, column, n_column);
  }
  sqlite3_free(schema);
  return sql;
}

/*
** The place that the first two arguments name.  *is_new: it is to be freed, or
** to become the auxiliary data of the first argument.  NULL, with the error
** reported, if there is none.
*/
static Place *short_code_get_place(sqlite3_context *context,
                                   sqlite3_value **argv, int *is_new) {
  Place *place = sqlite3_get_auxdata(context, 0);
  const char *table;
  const char *column;
  size_t n_table;
  size_t n_column;
  char *sql;

  if (!func_text(context, argv[0], &table, &n_table) ||
      !func_text(context, argv[1], &column, &n_column)) {
    return 0;
  }
  /* The column may be another one, though the table is constant. */
  *is_new = place == 0 || place->n_table != n_table ||
            place->n_column != n_column ||
            memcmp(place->names, table, n_table) != 0 ||
            memcmp(place->names + n_table, column, n_column) != 0;
  if (!*is_new) return place;

  sql = short_code_find_column(context, table, n_table, column, n_column);
  if (sql == 0) return 0;
  place = sqlite3_malloc64(sizeof *place + n_table + n_column);
  if (place == 0) {
    sqlite3_free(sql);
    sqlite3_result_error_nomem(context);
    return 0;
  }
  place->sql = sql;
  place->n_table = n_table;
  place->n_column = n_column;
  memcpy(place->names, table, n_table);
  memcpy(place->names + n_table, column, n_column);
  return place;
}

/**** The SQL function ***************************************************/

enum { IS_FREE, IS_TAKEN, HAS_FAILED };

/* Draw codes of n characters until one is free.  An error is reported. */
static int short_code_draw_code(sqlite3_context *context, sqlite3_stmt *stmt,
                                char *text, size_t n) {
  IdState *state = sqlite3_user_data(context);
  for (int i = 0; i < DRAWS; i++) {
    int rc;
    if (nanoid_draw(&state->pool, base32_ulid_alphabet, 32, text, n) !=
        SQLITE_OK) {
      id_no_randomness(context, "short_code");
      return HAS_FAILED;
    }
    rc = sqlite3_bind_text(stmt, 1, text, (int)n, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
      func_fail_db(context, "short_code", rc);
      return HAS_FAILED;
    }
    sqlite3_reset(stmt);
    if (rc == SQLITE_DONE) return IS_FREE;
  }
  return IS_TAKEN;
}

/*
** The statement that looks for codes is made for each call: one that is kept
** would be found, and finalized, by whoever closes a connection by way of
** sqlite3_next_stmt().
*/
static void short_code_func(sqlite3_context *context, int argc,
                            sqlite3_value **argv) {
  sqlite3 *db = sqlite3_context_db_handle(context);
  sqlite3_stmt *stmt = 0;
  Place *place;
  char text[LENGTH_MAX];
  int64_t length = LENGTH_DEFAULT;
  int outcome = IS_TAKEN;
  int is_new;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (argc == 3 && !func_integer(context, argv[2], "short_code", "length", 1,
                                 LENGTH_MAX, &length)) {
    return;
  }
  place = short_code_get_place(context, argv, &is_new);
  if (place == 0) return;
  rc = sqlite3_prepare_v2(db, place->sql, -1, &stmt, 0);
  if (rc != SQLITE_OK) {
    func_fail_db(context, "short_code", rc);
    outcome = HAS_FAILED;
  }
  for (; outcome == IS_TAKEN && length <= LENGTH_MAX; length++) {
    outcome = short_code_draw_code(context, stmt, text, (size_t)length);
    if (outcome == IS_FREE)
      sqlite3_result_text(context, text, (int)length, SQLITE_TRANSIENT);
  }
  if (outcome == IS_TAKEN) {
    func_error(context,
               "short_code: column \"%s\" of relation \"%s\" has every code"
               " that was drawn, of up to %d characters",
               sqlite3_value_text(argv[1]), sqlite3_value_text(argv[0]),
               LENGTH_MAX);
  }
  sqlite3_finalize(stmt);
  if (is_new) sqlite3_set_auxdata(context, 0, place, short_code_free_place);
}

const FuncEntry short_code_functions[] = {
    {"short_code", 2, FUNC_MAKES, short_code_func,
     "short_code(table, column [, length])", "Short codes",
     "a short text for people, which no row has in that column"},
    {"short_code", 3, FUNC_MAKES, short_code_func, 0, 0, 0},
    {0}};
