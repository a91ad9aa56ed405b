/*
** Dictionaries: integer ids for distinct values, mostly strings.
**
**   dict_id(table, value)   the id of the row that has the value; if there is
**                           none, one is inserted
**
** The table is an ordinary one, named as for serial_attach(), such as
**
**   SELECT create_table('CREATE TABLE words (
**     id BIGINT NOT NULL AUTO_INCREMENT, word STRING NOT NULL)
**     PRIMARY KEY (word)');
**
** - Its id is the one column whose default calls nextval(), unique_rowid() or
**   unordered_unique_rowid(), or, if there is none, its INTEGER PRIMARY KEY.
** - Its value is the one other column that is UNIQUE or PRIMARY KEY by itself.
** - What other columns there are get their defaults.
** Anything else is an error.
**
** Values are equal if the column finds them so: with COLLATE NOCASE, 'a' has
** the id of 'A'.  NULL gives NULL.
**
** CONCURRENCY.  A value that is there is only read.  One that is not is inserted
** by INSERT ... ON CONFLICT DO NOTHING; if another process was faster, its row is
** read.  This belongs to the transaction that is open, or commits by itself.
** SQLITE_BUSY is returned as such.
**
** It writes, and so is not for the schema of a file that is not trusted.
**
** Statements are made for each call: one that is kept would be found, and
** finalized, by whoever closes a connection by way of sqlite3_next_stmt().
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "table.h"

#define ATTEMPTS 8 /* a row may be deleted as soon as it is seen */

/* What a dictionary is called, kept for as long as a statement runs. */
typedef struct Dict {
  char *select; /* finds the id of ?1 */
  char *insert; /* inserts ?1 and gives its id */
  size_t n;
  char name[]; /* the argument that it was found by */
} Dict;

static void dict_free(void *p) {
  Dict *dict = p;
  if (dict == 0) return;
  sqlite3_free(dict->select);
  sqlite3_free(dict->insert);
  sqlite3_free(dict);
}

/**** Finding the columns ************************************************/

/* The columns that may be meant. */
typedef struct Columns {
  char *id;
  char *value;
  int n_id;    /* with a default that gives ids */
  int n_key;   /* in the primary key */
  int n_value; /* UNIQUE, and not the id */
} Columns;

static int dict_is_call(const char *text) {
  static const char *const generators[] = {"nextval", "unique_rowid",
                                           "unordered_unique_rowid", 0};
  Reader r;
  reader_begin(&r, text, strlen(text));
  while (reader_accept_other(&r, '(')) {
  }
  return token_is_one_of(&r.token, generators);
}

static int dict_copy(char **out, const char *text) {
  sqlite3_free(*out);
  *out = sqlite3_mprintf("%s", text);
  return *out ? SQLITE_OK : SQLITE_NOMEM;
}

/* Find the id: by its default, or as INTEGER PRIMARY KEY. */
static int dict_find_id(Relation *relation, Columns *columns) {
  char *key = 0; /* an INTEGER in the primary key */
  sqlite3_stmt *stmt;
  int rc = relation_prepare(relation, &stmt, "PRAGMA \"%w\".table_info(%Q)",
                            relation->schema, relation->table);
  while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    if (sqlite3_column_int(stmt, 5)) {
      columns->n_key++;
      if (sqlite3_stricmp(relation_text(stmt, 2), "INTEGER") == 0)
        rc = dict_copy(&key, relation_text(stmt, 1));
    }
    if (rc == SQLITE_OK && dict_is_call(relation_text(stmt, 4))) {
      columns->n_id++;
      rc = dict_copy(&columns->id, relation_text(stmt, 1));
    }
  }
  rc = relation_finish(relation, stmt, rc);
  if (rc == SQLITE_OK && columns->n_id == 0 && columns->n_key == 1 && key) {
    int has_index = 0;
    rc = relation_prepare(relation, &stmt, "PRAGMA \"%w\".index_list(%Q)",
                          relation->schema, relation->table);
    while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
      has_index |= strcmp(relation_text(stmt, 3), "pk") == 0;
    rc = relation_finish(relation, stmt, rc);
    if (rc == SQLITE_OK && !has_index) {
      columns->n_id = 1;
      columns->id = key;
      key = 0;
    }
  }
  sqlite3_free(key);
  return rc;
}

/* Find the column that is unique by itself and is not the id. */
static int dict_find_value(Relation *relation, Columns *columns) {
  sqlite3_stmt *stmt;
  int rc = relation_prepare(
      relation, &stmt,
      "SELECT DISTINCT max(c.name) FROM pragma_index_list(%Q, %Q) AS i,"
      " pragma_index_info(i.name, %Q) AS c WHERE i.\"unique\""
      " AND NOT i.partial GROUP BY i.name HAVING count(*) = 1"
      " AND max(c.name) IS NOT NULL AND max(c.name) <> %Q",
      relation->table, relation->schema, relation->schema, columns->id);
  while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    columns->n_value++;
    rc = dict_copy(&columns->value, relation_text(stmt, 0));
  }
  return relation_finish(relation, stmt, rc);
}

/* Make the statements of a dictionary. */
static int dict_find(Relation *relation, Dict *dict) {
  Columns columns;
  int rc;

  memset(&columns, 0, sizeof columns);
  rc = dict_find_id(relation, &columns);
  if (rc == SQLITE_OK && columns.n_id == 1)
    rc = dict_find_value(relation, &columns);
  if (rc == SQLITE_OK && (columns.n_id != 1 || columns.n_value != 1)) {
    const char *wrong =
        columns.n_id > 1    ? "more than one column with a generated integer"
        : columns.n_id == 0 ? "no column with a generated integer"
        : columns.n_value   ? "more than one other column that is UNIQUE"
                            : "no other column that is UNIQUE or PRIMARY KEY"
                              " by itself";
    rc = error_set(&relation->error, SQLITE_ERROR,
                   "\"%s\" is no dictionary: %s", relation->table, wrong);
  }
  if (rc == SQLITE_OK) {
    dict->select = sqlite3_mprintf(
        "SELECT \"%w\" FROM \"%w\".\"%w\" AS t WHERE t.\"%w\" = ?1", columns.id,
        relation->schema, relation->table, columns.value);
    dict->insert =
        sqlite3_mprintf("INSERT INTO \"%w\".\"%w\" (\"%w\") VALUES (?1)"
                        " ON CONFLICT (\"%w\") DO NOTHING RETURNING \"%w\"",
                        relation->schema, relation->table, columns.value,
                        columns.value, columns.id);
    if (dict->select == 0 || dict->insert == 0) rc = SQLITE_NOMEM;
  }
  sqlite3_free(columns.id);
  sqlite3_free(columns.value);
  return rc;
}

/*
** The dictionary that the first argument names.  *is_new: it is to become the
** auxiliary data of that.  NULL, with the error reported, if there is none.
*/
static Dict *dict_get(sqlite3_context *context, sqlite3_value *value,
                      int *is_new) {
  Dict *dict = sqlite3_get_auxdata(context, 0);
  Relation relation;
  const char *name;
  size_t n;
  int rc;

  if (!func_text(context, value, &name, &n)) return 0;
  *is_new = dict == 0 || dict->n != n || memcmp(dict->name, name, n) != 0;
  if (!*is_new) return dict;
  dict = sqlite3_malloc64(sizeof *dict + n);
  if (dict == 0) {
    sqlite3_result_error_nomem(context);
    return 0;
  }
  memset(dict, 0, sizeof *dict);
  dict->n = n;
  memcpy(dict->name, name, n);
  rc = relation_find_table(sqlite3_context_db_handle(context), name, n,
                           &relation);
  if (rc == SQLITE_OK) rc = dict_find(&relation, dict);
  if (rc != SQLITE_OK) {
    func_fail(context, "dict_id", &relation.error, rc);
    dict_free(dict);
    dict = 0;
  }
  relation_free(&relation);
  return dict;
}

/**** The SQL function ***************************************************/

/* Run a statement on the value: *found, and the id. */
static int dict_run(Relation *relation, const char *sql, sqlite3_value *value,
                    int *found, int64_t *id) {
  sqlite3_stmt *stmt;
  int rc = relation_prepare(relation, &stmt, "%s", sql);
  *found = 0;
  if (rc == SQLITE_OK)
    rc = relation_failed(relation, sqlite3_bind_value(stmt, 1, value));
  while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    *found = 1;
    *id = sqlite3_column_int64(stmt, 0);
  }
  return relation_finish(relation, stmt, rc);
}

static void dict_id_func(sqlite3_context *context, int argc,
                         sqlite3_value **argv) {
  Relation relation;
  Dict *dict;
  int64_t id = 0;
  int found = 0;
  int is_new;
  int rc = SQLITE_OK;

  if (func_any_null(argc, argv)) return;
  dict = dict_get(context, argv[0], &is_new);
  if (dict == 0) return;
  memset(&relation, 0, sizeof relation);
  relation.db = sqlite3_context_db_handle(context);
  for (int i = 0; rc == SQLITE_OK && !found && i < ATTEMPTS; i++) {
    rc = dict_run(&relation, dict->select, argv[1], &found, &id);
    if (rc == SQLITE_OK && !found && replicated_refuses(relation.db, "main"))
      rc =
          error_set(&relation.error, SQLITE_READONLY, "%s", replicated_message);
    if (rc == SQLITE_OK && !found)
      rc = dict_run(&relation, dict->insert, argv[1], &found, &id);
  }
  if (rc == SQLITE_OK && found) {
    sqlite3_result_int64(context, id);
  } else if (rc == SQLITE_OK) {
    func_error(context,
               "dict_id: relation \"%.*s\" does not keep the row that is"
               " inserted",
               (int)dict->n, dict->name);
  } else {
    func_fail(context, "dict_id", &relation.error, rc);
  }
  relation_free(&relation);
  if (is_new) sqlite3_set_auxdata(context, 0, dict, dict_free);
}

const FuncEntry dict_functions[] = {
    {"dict_id", 2, 0, dict_id_func, "dict_id(table, value)", "Tables",
     "the id of a value in a dictionary, which is made if need be"},
    {0}};
