/*
** The parser of one CREATE TABLE statement, in SQLite's dialect and those of
** PostgreSQL, CockroachDB, CrateDB, YDB, StarRocks and MySQL.
**
**   CREATE [TEMP] TABLE [IF NOT EXISTS] [schema.]table (element {, element})
**     {clause} [;]
**
**   element   name [type] {column constraint}
**             [CONSTRAINT name] table constraint
**             an index, a column family
**
** It learns what ddl_column_edit_all() must know of each column.  Expressions
** are only passed over, as balanced parentheses: SQLite reads them.  What is
** dropped, and what is written otherwise wherever it stands, is edited at once.
**
** What is not understood is a syntax error with its place.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "ddl_int.h"

/* If the token is that word, go past it. */
int ddl_parse_accept(Ddl *ddl, const char *word) {
  if (!ddl_text_is(ddl, ddl->at, word)) return 0;
  ddl->at++;
  return 1;
}

/* Go past a group, or fail. */
int ddl_parse_expect_group(Ddl *ddl) {
  int end = ddl_clause_group_end(ddl, ddl->at);
  if (end == 0) {
    return ddl_text_syntax_error(
        ddl, ddl_text_is_other(ddl, ddl->at, '(') ? ddl->n_token : ddl->at);
  }
  ddl->at = end;
  return SQLITE_OK;
}

/* If a pattern matches, go past it; else fail at the first token. */
int ddl_parse_expect(Ddl *ddl, const char *pattern) {
  int end = ddl_clause_match(ddl, ddl->at, pattern);
  if (end == 0) return ddl_text_syntax_error(ddl, ddl->at);
  ddl->at = end;
  return SQLITE_OK;
}

int ddl_parse_expect_name(Ddl *ddl) {
  if (!ddl_text_is_name(ddl, ddl->at))
    return ddl_text_syntax_error(ddl, ddl->at);
  ddl->at++;
  return SQLITE_OK;
}

/* ON CONFLICT ...: true if it is there. */
int ddl_parse_accept_conflict(Ddl *ddl) {
  int end = ddl_clause_match(ddl, ddl->at,
                             "on conflict rollback|abort|fail|ignore|replace");
  if (end) ddl->at = end;
  return end != 0;
}

/* True where an element of the table ends. */
int ddl_parse_at_end(const Ddl *ddl) {
  return ddl_text_is_other(ddl, ddl->at, ',') ||
         ddl_text_is_other(ddl, ddl->at, ')');
}

/**** Indexes, families and constraints of the table *********************/

/*
** Delete an element, with its comma.  A column must come before it.
*/
static int ddl_parse_delete_element(Ddl *ddl, int start, int is_dropped) {
  if (!ddl_parse_at_end(ddl)) return ddl_text_syntax_error(ddl, ddl->at);
  if (ddl->n_column == 0) return ddl_text_syntax_error(ddl, start);
  if (is_dropped) ddl_text_drop(ddl, start, ddl->at);
  ddl_text_delete(ddl, start - 1, ddl->at);
  return ddl->rc;
}

/*
** Where the list begins, if KEY or FAMILY at `start` is that of [name] (list);
** 0 if it is the name of a column, as SQLite allows.
*/
static int ddl_parse_list_of(const Ddl *ddl, int start) {
  static const char words[] = "as|check|collate|constraint|generated|not|null|"
                              "primary|references|unique";
  int open = start + 1;
  if (ddl_text_is(ddl, open,
                  "default")) { /* YDB's family (DATA = ...), or a call */
    return ddl_text_is_other(ddl, open + 1, '(') &&
                   ddl_clause_match(ddl, open + 2, "% =")
               ? open + 1
               : 0;
  }
  if (!ddl_text_is_other(ddl, open, '(')) {
    if (!ddl_text_is_name(ddl, open) || ddl_clause_match(ddl, open, words))
      return 0;
    open++;
  }
  if (!ddl_text_is_other(ddl, open, '(')) return 0;
  return ddl->tokens[open + 1].type == TOKEN_INTEGER ? 0 : open;
}

/* What follows WHERE: anything up to the end of the element. */
static int ddl_parse_condition(Ddl *ddl) {
  if (ddl_parse_at_end(ddl)) return ddl_text_syntax_error(ddl, ddl->at);
  while (ddl->rc == SQLITE_OK && ddl->at < ddl->n_token &&
         !ddl_parse_at_end(ddl)) {
    if (ddl_text_is_other(ddl, ddl->at, '(')) {
      ddl_parse_expect_group(ddl);
    } else {
      ddl->at++;
    }
  }
  return ddl->rc;
}

/*
** INDEX [name] (columns) [WHERE condition], or KEY.  It becomes a CREATE INDEX.
*/
static int ddl_parse_index(Ddl *ddl, int start) {
  DdlIndex *index =
      ddl_text_grow(ddl, ddl->indexes, ddl->n_index, sizeof *index);
  int end;

  if (index == 0) return ddl->rc;
  ddl->indexes = index;
  index += ddl->n_index++;
  memset(index, 0, sizeof *index);
  index->start = start;
  if (!ddl_text_is_other(ddl, ddl->at, '(')) {
    index->name = ddl->at;
    if (ddl_parse_expect_name(ddl) != SQLITE_OK) return ddl->rc;
  }
  end =
      ddl_clause_match(ddl, ddl->at, "global|local [sync|async] on"); /* YDB */
  if (end) ddl->at = end;
  index->columns = ddl->at;
  if (ddl_parse_expect_group(ddl) != SQLITE_OK) return ddl->rc;
  index->columns_end = ddl->at;
  while (ddl->rc == SQLITE_OK && ddl_clause_key(ddl)) {
  }
  if (ddl->rc == SQLITE_OK && ddl_parse_accept(ddl, "where"))
    ddl_parse_condition(ddl);
  index->end = ddl->at;
  return ddl->rc == SQLITE_OK ? ddl_parse_delete_element(ddl, start, 0)
                              : ddl->rc;
}

/* PRIMARY KEY (columns) or UNIQUE (columns), behind these words. */
static int ddl_parse_key(Ddl *ddl) {
  int end;
  if (ddl_parse_expect_group(ddl) != SQLITE_OK) return ddl->rc;
  ddl_parse_accept_conflict(ddl);
  while (ddl->rc == SQLITE_OK && ddl_clause_key(ddl)) {
  }
  end =
      ddl_clause_match(ddl, ddl->at, "[not] deferrable [initially immediate]");
  if (end > ddl->at) {
    ddl_text_drop(ddl, ddl->at, end);
    ddl->at = end;
  }
  return ddl->rc;
}

/* UNIQUE INDEX|KEY [name] (columns): the name is that of the constraint. */
static int ddl_parse_unique_index(Ddl *ddl) {
  int start = ddl->at;
  int name = start + 2;
  ddl->at = name;
  if (ddl_text_is_other(ddl, name, '(')) {
    ddl_text_edit(ddl, start, name, "UNIQUE");
  } else {
    char *text;
    if (ddl_parse_expect_name(ddl) != SQLITE_OK) return ddl->rc;
    text = ddl_text_quoted(ddl, name);
    ddl_text_edit(ddl, start, name + 1, "CONSTRAINT %s UNIQUE",
                  text ? text : "");
    sqlite3_free(text);
  }
  return ddl->rc == SQLITE_OK ? ddl_parse_key(ddl) : ddl->rc;
}

static int ddl_parse_table_constraint(Ddl *ddl) {
  ddl->n_constraint++;
  if (ddl_parse_accept(ddl, "constraint")) {
    if (ddl_parse_expect_name(ddl) != SQLITE_OK || ddl_parse_at_end(ddl))
      return ddl->rc;
  }
  if (ddl_text_is(ddl, ddl->at, "primary")) {
    if (ddl_text_key_is_new(ddl, ddl->at) != SQLITE_OK) return ddl->rc;
    if (ddl_parse_expect(ddl, "primary key") != SQLITE_OK) return ddl->rc;
    ddl->key = ddl->at;
    ddl->key_end = ddl_clause_group_end(ddl, ddl->at);
    return ddl_parse_key(ddl);
  }
  if (ddl_clause_match(ddl, ddl->at, "unique index|key")) {
    return ddl_parse_unique_index(ddl);
  }
  if (ddl_parse_accept(ddl, "unique")) {
    if (ddl_parse_column_nulls(ddl) != SQLITE_OK) return ddl->rc;
    return ddl_parse_key(ddl);
  }
  if (ddl_parse_accept(ddl, "check")) {
    if (ddl_parse_expect_group(ddl) == SQLITE_OK)
      ddl_parse_accept_conflict(ddl);
    return ddl->rc;
  }
  if (ddl_clause_match(ddl, ddl->at, "foreign key")) {
    ddl->at += 2;
    if (ddl_parse_expect_group(ddl) != SQLITE_OK) return ddl->rc;
    if (ddl_parse_expect(ddl, "references") != SQLITE_OK) return ddl->rc;
    return ddl_parse_column_references(ddl);
  }
  return ddl_text_syntax_error(ddl, ddl->at);
}

/* True if a constraint of the table begins there, and no column. */
static int ddl_parse_is_table_constraint(const Ddl *ddl, int token) {
  return ddl_clause_match(ddl, token,
                          "constraint|primary|unique|check|foreign") != 0;
}

/* One of what stands between the commas. */
static int ddl_parse_element(Ddl *ddl) {
  int start = ddl->at;
  if (ddl_text_is(ddl, start, "like") || ddl_text_is(ddl, start, "exclude")) {
    return ddl_text_fail(ddl, start, "%s is not supported",
                         ddl_text_is(ddl, start, "like") ? "LIKE" : "EXCLUDE");
  }
  if (ddl_text_is(ddl, start, "index") ||
      (ddl_text_is(ddl, start, "key") && ddl_parse_list_of(ddl, start))) {
    ddl->at++;
    return ddl_parse_index(ddl, start);
  }
  if (ddl_text_is(ddl, start, "family") && ddl_parse_list_of(ddl, start)) {
    ddl->at = ddl_parse_list_of(ddl, start);
    if (ddl_parse_expect_group(ddl) != SQLITE_OK) return ddl->rc;
    return ddl_parse_delete_element(ddl, start, 1);
  }
  if (!ddl_parse_is_table_constraint(ddl, start)) return ddl_parse_column(ddl);
  while (ddl->rc == SQLITE_OK && ddl_parse_is_table_constraint(ddl, ddl->at)) {
    ddl_parse_table_constraint(ddl); /* SQLite wants no comma between them */
  }
  return ddl->rc;
}

static int ddl_parse_elements(Ddl *ddl) {
  do {
    ddl->at++;
    if (ddl_parse_element(ddl) != SQLITE_OK) return ddl->rc;
  } while (ddl_text_is_other(ddl, ddl->at, ','));
  if (!ddl_text_is_other(ddl, ddl->at, ')'))
    return ddl_text_syntax_error(ddl, ddl->at);
  ddl->close = ddl->at++;
  return SQLITE_OK;
}

/**** The statement ******************************************************/

static int ddl_parse_head(Ddl *ddl) {
  if (ddl_parse_expect(ddl, "create") != SQLITE_OK) return ddl->rc;
  if (ddl_clause_match(ddl, ddl->at, "global|local temp|temporary")) {
    ddl_text_delete(ddl, ddl->at, ddl->at + 1);
    ddl->at++;
  }
  ddl->is_temp =
      ddl_parse_accept(ddl, "temp") || ddl_parse_accept(ddl, "temporary");
  if (ddl_clause_match(ddl, ddl->at, "unlogged table")) {
    ddl_text_drop(ddl, ddl->at, ddl->at + 1);
    ddl->at++;
  }
  if (ddl_parse_expect(ddl, "table") != SQLITE_OK) return ddl->rc;
  if (ddl_text_is(ddl, ddl->at, "if")) {
    if (ddl_parse_expect(ddl, "if not exists") != SQLITE_OK) return ddl->rc;
    ddl->if_not_exists = 1;
  }
  ddl->table = ddl->at;
  if (ddl_parse_expect_name(ddl) != SQLITE_OK) return ddl->rc;
  if (ddl_text_is_other(ddl, ddl->at, '.')) {
    ddl->schema = ddl->table;
    ddl->table = ++ddl->at;
    if (ddl_parse_expect_name(ddl) != SQLITE_OK) return ddl->rc;
  }
  if (ddl_text_is(ddl, ddl->at, "as")) {
    return ddl_text_fail(ddl, ddl->at, "CREATE TABLE AS is not supported");
  }
  if (ddl_clause_match(ddl, ddl->at, "like|inherits|of|partition")) {
    const Token *t = &ddl->tokens[ddl->at];
    return ddl_text_fail(ddl, ddl->at, "%.*s is not supported", (int)t->n,
                         t->z);
  }
  ddl->open = ddl->at;
  if (!ddl_text_is_other(ddl, ddl->at, '('))
    return ddl_text_syntax_error(ddl, ddl->at);
  return SQLITE_OK;
}

/* The names of the columns: none, if there is no memory for them. */
static char **ddl_parse_names(Ddl *ddl) {
  char **names =
      sqlite3_malloc64((sqlite3_uint64)(ddl->n_column + 1) * sizeof *names);
  for (int i = 0; names && i < ddl->n_column; i++) {
    names[i] =
        ddl_text_copy(ddl, ddl->columns[i].name); /* or NULL, noted there */
  }
  if (names == 0) ddl->rc = SQLITE_NOMEM;
  return names;
}

/* Note which columns are in the primary key of the table. */
static int ddl_parse_mark_key(Ddl *ddl) {
  char **columns = ddl_parse_names(ddl);
  for (int i = ddl->key + 1; ddl->rc == SQLITE_OK && i < ddl->key_end; i++) {
    char *name;
    if (!ddl_text_is_name(ddl, i)) continue;
    if (!ddl_text_is_other(ddl, i - 1, '(') &&
        !ddl_text_is_other(ddl, i - 1, ',')) {
      continue; /* ASC, DESC, COLLATE ... */
    }
    name = ddl_text_copy(ddl, i);
    for (int j = 0; name && j < ddl->n_column; j++) {
      if (columns[j] && sqlite3_stricmp(columns[j], name) == 0) {
        ddl->columns[j].is_key = 1;
      }
    }
    sqlite3_free(name);
  }
  for (int j = 0; columns && j < ddl->n_column; j++) {
    sqlite3_free(columns[j]);
  }
  sqlite3_free(columns);
  return ddl->rc;
}

/* Parse the statement that ddl->tokens are. */
int ddl_parse(Ddl *ddl) {
  if (ddl_parse_head(ddl) == SQLITE_OK &&
      ddl_parse_elements(ddl) == SQLITE_OK &&
      ddl_clause_trailing(ddl) == SQLITE_OK && ddl->key) {
    ddl_parse_mark_key(ddl);
  }
  return ddl->rc;
}
