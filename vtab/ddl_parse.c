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
** It learns what ddl_columns() must know of each column.  Expressions are only
** passed over, as balanced parentheses: SQLite reads them.  What is dropped,
** and what is written otherwise wherever it stands, is edited at once.
**
** What is not understood is a syntax error with its place.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "surrogate_int.h"

/* If the token is that word, go past it. */
static int accept(Ddl *ddl, const char *word) {
  if (!ddl_is(ddl, ddl->at, word)) return 0;
  ddl->at++;
  return 1;
}

/* Go past a group, or fail. */
static int expect_group(Ddl *ddl) {
  int end = ddl_group_end(ddl, ddl->at);
  if (end == 0) {
    return ddl_syntax_error(ddl, ddl_is_other(ddl, ddl->at, '(') ? ddl->n_token
                                                                 : ddl->at);
  }
  ddl->at = end;
  return SQLITE_OK;
}

/* If a pattern matches, go past it; else fail at the first token. */
static int expect(Ddl *ddl, const char *pattern) {
  int end = ddl_match(ddl, ddl->at, pattern);
  if (end == 0) return ddl_syntax_error(ddl, ddl->at);
  ddl->at = end;
  return SQLITE_OK;
}

static int expect_name(Ddl *ddl) {
  if (!ddl_is_name(ddl, ddl->at)) return ddl_syntax_error(ddl, ddl->at);
  ddl->at++;
  return SQLITE_OK;
}

/* ON CONFLICT ...: true if it is there. */
static int accept_conflict(Ddl *ddl) {
  int end =
      ddl_match(ddl, ddl->at, "on conflict rollback|abort|fail|ignore|replace");
  if (end) ddl->at = end;
  return end != 0;
}

/**** Columns ************************************************************/

/* True if no word of a type can stand there. */
static int is_type_end(const Ddl *ddl, int token, int is_first) {
  static const char *const words[] = {"constraint",  "primary",
                                      "not",         "null",
                                      "unique",      "check",
                                      "default",     "collate",
                                      "references",  "generated",
                                      "as",          "auto_increment",
                                      "comment",     "autoincrement",
                                      "key",         "family",
                                      "create",      "storage",
                                      "compression", "index",
                                      "on",          "deferrable",
                                      "charset",     "visible",
                                      "encode",      0};
  const Token *t = &ddl->tokens[token];
  if (t->type == TOKEN_QUOTED) return *t->z == '[' && !is_first;
  if (t->type != TOKEN_NAME) return 1;
  if (ddl_is(ddl, token, "character") && ddl_is(ddl, token + 1, "set")) {
    return 1;
  }
  if (ddl_match(ddl, token, "with|without")) {
    return ddl_match(ddl, token, "with|without [local] time zone") == 0;
  }
  for (int i = 0; words[i]; i++) {
    if (ddl_is(ddl, token, words[i])) return 1;
  }
  return 0;
}

/* [name {name} [(arguments)] {name} [array]] */
static int parse_type(Ddl *ddl, DdlColumn *column) {
  column->type = ddl->at;
  while (!is_type_end(ddl, ddl->at, ddl->at == column->type))
    ddl->at++;
  if (ddl->at > column->type && ddl_is_other(ddl, ddl->at, '(')) {
    column->args = ddl->at;
    if (expect_group(ddl) != SQLITE_OK) return ddl->rc;
    column->args_end = ddl->at;
    while (!is_type_end(ddl, ddl->at, 0))
      ddl->at++;
  }
  column->type_end = ddl->at;
  if (ddl->at > column->type && ddl->tokens[ddl->at].type == TOKEN_QUOTED) {
    column->is_array = ddl->at++; /* INT[] */
  }
  return ddl->rc;
}

static int parse_default(Ddl *ddl, DdlColumn *column) {
  int sign = ddl_is_other(ddl, ddl->at, '-') || ddl_is_other(ddl, ddl->at, '+');
  int type = ddl->tokens[ddl->at + (sign ? 1 : 0)].type;
  column->value = ddl->at;
  if (ddl_is_other(ddl, ddl->at, '(')) {
    expect_group(ddl);
  } else if (sign) {
    if (type != TOKEN_INTEGER && type != TOKEN_NUMBER)
      return ddl_syntax_error(ddl, ddl->at + 1);
    ddl->at += 2;
  } else if (type == TOKEN_OTHER || type == TOKEN_END) {
    return ddl_syntax_error(ddl, ddl->at);
  } else {
    ddl->at++;
    if (type == TOKEN_NAME && ddl_is_other(ddl, ddl->at, '('))
      expect_group(ddl);
  }
  if (ddl_is_other(ddl, ddl->at, ':')) { /* 'x'::type */
    ddl->at++;
    while (ddl_is_other(ddl, ddl->at, ':'))
      ddl->at++;
    while (!is_type_end(ddl, ddl->at, 0))
      ddl->at++;
    if (ddl_is_other(ddl, ddl->at, '(')) expect_group(ddl);
    while (ddl->rc == SQLITE_OK && !is_type_end(ddl, ddl->at, 1))
      ddl->at++; /* and the [] of an array */
  }
  column->value_end = ddl->at;
  return ddl->rc;
}

/* GENERATED ... AS IDENTITY [(options)], or AS (expression) [STORED] */
static int parse_generated(Ddl *ddl, DdlColumn *column) {
  int start = ddl->at;
  int end = ddl_match(ddl, start, "generated always as identity");
  if (end == 0) end = ddl_match(ddl, start, "generated by default as identity");
  if (end) {
    if (column->identity) {
      return ddl_column_error(ddl, column, start,
                              "multiple identity specifications");
    }
    if (column->null) {
      return ddl_column_error(ddl, column, start,
                              "conflicting NULL/NOT NULL declarations");
    }
    column->identity = start;
    column->is_always = ddl_is(ddl, start + 1, "always");
    ddl->at = end;
    if (ddl_is_other(ddl, end, '(')) {
      column->options = end;
      if (expect_group(ddl) != SQLITE_OK) return ddl->rc;
      column->options_end = ddl->at;
    }
    column->identity_end = ddl->at;
    return SQLITE_OK;
  }
  if (accept(ddl, "generated") && expect(ddl, "always") != SQLITE_OK) {
    return ddl->rc;
  }
  if (expect(ddl, "as") != SQLITE_OK) return ddl->rc;
  if (!accept(ddl, "identity")) expect_group(ddl);
  if (ddl->rc == SQLITE_OK && ddl->tokens[ddl->at - 1].type == TOKEN_NAME) {
    return ddl_syntax_error(ddl, ddl->at - 1); /* AS IDENTITY alone */
  }
  if (column->is_generated) {
    return ddl_column_error(ddl, column, start,
                            "multiple generation clauses specified");
  }
  column->is_generated = start;
  if (!accept(ddl, "stored")) accept(ddl, "virtual");
  return ddl->rc;
}

/* What follows REFERENCES. */
static int parse_references(Ddl *ddl) {
  static const char *const parts[] = {
      "on delete|update set null|default",
      "on delete|update cascade|restrict",
      "on delete|update no action",
      "match full|partial|simple",
      "[not] deferrable [initially deferred|immediate]",
      0};
  int end;
  if (expect_name(ddl) != SQLITE_OK) return ddl->rc;
  if (ddl_is_other(ddl, ddl->at, '(')) expect_group(ddl);
  while (ddl->rc == SQLITE_OK &&
         (end = ddl_match_any(ddl, ddl->at, parts)) != 0)
    ddl->at = end;
  return ddl->rc;
}

static int parse_column_key(Ddl *ddl, DdlColumn *column) {
  int end;
  if (ddl_key_is_new(ddl, ddl->at) != SQLITE_OK) return ddl->rc;
  column->key = ddl->at;
  column->is_key = 1;
  if (expect(ddl, "primary key [asc|desc]") != SQLITE_OK) return ddl->rc;
  accept_conflict(ddl);
  accept(ddl, "autoincrement");
  column->key_end = ddl->at;
  while (ddl->rc == SQLITE_OK && ddl_key_clause(ddl)) {
  }
  end = ddl_match(ddl, ddl->at, "[not] deferrable [initially immediate]");
  if (end) ddl->at = end;
  return ddl->rc;
}

static int parse_unique(Ddl *ddl) {
  int end = ddl_match(ddl, ddl->at, "nulls distinct");
  if (end) { /* PostgreSQL 15's name for what SQLite does */
    ddl_drop(ddl, ddl->at, end);
    ddl->at = end;
  }
  return ddl->rc;
}

/*
** A constraint of a column; `start` is where it begins, with CONSTRAINT if it
** has a name.
*/
static int parse_column_constraint(Ddl *ddl, DdlColumn *column, int start) {
  int at = ddl->at;

  if (ddl_match(ddl, at, "primary key")) return parse_column_key(ddl, column);
  if (ddl_match(ddl, at, "not null")) {
    if (column->null) {
      return ddl_column_error(ddl, column, at,
                              "conflicting NULL/NOT NULL declarations");
    }
    ddl->at += 2;
    column->not_null = start;
    column->is_loud = accept_conflict(ddl);
    column->not_null_end = ddl->at;
    return SQLITE_OK;
  }
  if (accept(ddl, "null")) {
    if (column->not_null || column->identity) {
      return ddl_column_error(ddl, column, at,
                              "conflicting NULL/NOT NULL declarations");
    }
    column->null = at;
    accept_conflict(ddl);
    return SQLITE_OK;
  }
  if (accept(ddl, "unique")) {
    if (parse_unique(ddl) == SQLITE_OK) accept_conflict(ddl);
    return ddl->rc;
  }
  if (accept(ddl, "check")) return expect_group(ddl);
  if (accept(ddl, "default")) {
    if (column->value) {
      return ddl_column_error(ddl, column, at,
                              "multiple default values specified");
    }
    return parse_default(ddl, column);
  }
  if (accept(ddl, "collate")) {
    column->has_collation = 1;
    return expect_name(ddl);
  }
  if (accept(ddl, "references")) return parse_references(ddl);
  if (ddl_is(ddl, at, "generated") || ddl_is(ddl, at, "as")) {
    return parse_generated(ddl, column);
  }
  if (accept(ddl, "auto_increment")) {
    column->auto_increment = at;
    return SQLITE_OK;
  }
  if (ddl_column_clause(ddl)) return ddl->rc;
  return ddl_syntax_error(ddl, at);
}

/* True where an element of the table ends. */
static int at_end(const Ddl *ddl) {
  return ddl_is_other(ddl, ddl->at, ',') || ddl_is_other(ddl, ddl->at, ')');
}

static int parse_column(Ddl *ddl) {
  DdlColumn *column =
      ddl_grow(ddl, ddl->columns, ddl->n_column, sizeof *column);
  if (column == 0) return ddl->rc;
  ddl->columns = column;
  column += ddl->n_column++;
  memset(column, 0, sizeof *column);
  column->name = ddl->at;
  if (expect_name(ddl) != SQLITE_OK) return ddl->rc;
  parse_type(ddl, column);
  while (ddl->rc == SQLITE_OK && !at_end(ddl)) {
    int start = ddl->at;
    if (accept(ddl, "constraint")) {
      if (expect_name(ddl) != SQLITE_OK) return ddl->rc;
      if (at_end(ddl)) break; /* SQLite takes a name alone */
    }
    parse_column_constraint(ddl, column, start);
    if (ddl->rc != SQLITE_OK) break;
    if (column->value && column->identity) {
      return ddl_column_error(ddl, column, ddl->at - 1,
                              "both default and identity specified");
    }
    if (column->is_generated && (column->value || column->identity)) {
      return ddl_column_error(ddl, column, ddl->at - 1,
                              column->value
                                  ? "both default and generation expression"
                                    " specified"
                                  : "both identity and generation expression"
                                    " specified");
    }
  }
  column->end = ddl->at;
  return ddl->rc;
}

/**** Indexes, families and constraints of the table *********************/

/*
** Delete an element, with its comma.  A column must come before it.
*/
static int delete_element(Ddl *ddl, int start, int is_dropped) {
  if (!at_end(ddl)) return ddl_syntax_error(ddl, ddl->at);
  if (ddl->n_column == 0) return ddl_syntax_error(ddl, start);
  if (is_dropped) ddl_drop(ddl, start, ddl->at);
  ddl_delete(ddl, start - 1, ddl->at);
  return ddl->rc;
}

/* True if a name's group at `token` holds columns rather than a length. */
static int has_columns(const Ddl *ddl, int token) {
  return ddl_is_other(ddl, token, '(') &&
         ddl->tokens[token + 1].type != TOKEN_INTEGER;
}

/*
** INDEX [name] (columns), or KEY.  It becomes a CREATE INDEX.
*/
static int parse_index(Ddl *ddl, int start) {
  DdlIndex *index = ddl_grow(ddl, ddl->indexes, ddl->n_index, sizeof *index);
  int end;

  if (index == 0) return ddl->rc;
  ddl->indexes = index;
  index += ddl->n_index++;
  memset(index, 0, sizeof *index);
  index->start = start;
  if (!ddl_is_other(ddl, ddl->at, '(')) {
    index->name = ddl->at;
    if (expect_name(ddl) != SQLITE_OK) return ddl->rc;
  }
  end = ddl_match(ddl, ddl->at, "global|local [sync|async] on"); /* YDB */
  if (end) ddl->at = end;
  index->columns = ddl->at;
  if (expect_group(ddl) != SQLITE_OK) return ddl->rc;
  index->columns_end = ddl->at;
  while (ddl->rc == SQLITE_OK && ddl_key_clause(ddl)) {
  }
  index->end = ddl->at;
  return ddl->rc == SQLITE_OK ? delete_element(ddl, start, 0) : ddl->rc;
}

/* PRIMARY KEY (columns) or UNIQUE (columns), behind these words. */
static int parse_key(Ddl *ddl) {
  int end;
  if (expect_group(ddl) != SQLITE_OK) return ddl->rc;
  accept_conflict(ddl);
  while (ddl->rc == SQLITE_OK && ddl_key_clause(ddl)) {
  }
  end = ddl_match(ddl, ddl->at, "[not] deferrable [initially immediate]");
  if (end > ddl->at) {
    ddl_drop(ddl, ddl->at, end);
    ddl->at = end;
  }
  return ddl->rc;
}

/* UNIQUE INDEX|KEY [name] (columns): the name is that of the constraint. */
static int parse_unique_index(Ddl *ddl) {
  int start = ddl->at;
  int name = start + 2;
  ddl->at = name;
  if (ddl_is_other(ddl, name, '(')) {
    ddl_edit(ddl, start, name, "UNIQUE");
  } else {
    char *text;
    sqlite3_str *out;
    if (expect_name(ddl) != SQLITE_OK) return ddl->rc;
    text = ddl_text(ddl, name);
    out = sqlite3_str_new(0);
    if (text) ddl_append_name(out, text);
    sqlite3_free(text);
    text = sqlite3_str_finish(out);
    ddl_edit(ddl, start, name + 1, "CONSTRAINT %s UNIQUE", text ? text : "");
    if (text == 0 && ddl->rc == SQLITE_OK) ddl->rc = SQLITE_NOMEM;
    sqlite3_free(text);
  }
  return ddl->rc == SQLITE_OK ? parse_key(ddl) : ddl->rc;
}

static int parse_table_constraint(Ddl *ddl) {
  ddl->n_constraint++;
  if (accept(ddl, "constraint")) {
    if (expect_name(ddl) != SQLITE_OK || at_end(ddl)) return ddl->rc;
  }
  if (ddl_is(ddl, ddl->at, "primary")) {
    if (ddl_key_is_new(ddl, ddl->at) != SQLITE_OK) return ddl->rc;
    if (expect(ddl, "primary key") != SQLITE_OK) return ddl->rc;
    ddl->key = ddl->at;
    ddl->key_end = ddl_group_end(ddl, ddl->at);
    return parse_key(ddl);
  }
  if (ddl_match(ddl, ddl->at, "unique index|key")) {
    return parse_unique_index(ddl);
  }
  if (accept(ddl, "unique")) {
    if (parse_unique(ddl) != SQLITE_OK) return ddl->rc;
    return parse_key(ddl);
  }
  if (accept(ddl, "check")) {
    if (expect_group(ddl) == SQLITE_OK) accept_conflict(ddl);
    return ddl->rc;
  }
  if (ddl_match(ddl, ddl->at, "foreign key")) {
    ddl->at += 2;
    if (expect_group(ddl) != SQLITE_OK) return ddl->rc;
    if (expect(ddl, "references") != SQLITE_OK) return ddl->rc;
    return parse_references(ddl);
  }
  return ddl_syntax_error(ddl, ddl->at);
}

/* True if a constraint of the table begins there, and no column. */
static int is_table_constraint(const Ddl *ddl, int token) {
  return ddl_match(ddl, token, "constraint|primary|unique|check|foreign") != 0;
}

/* One of what stands between the commas. */
static int parse_element(Ddl *ddl) {
  int start = ddl->at;
  int is_key = ddl_is(ddl, start, "key");
  int end;

  if (ddl_is(ddl, start, "like") || ddl_is(ddl, start, "exclude")) {
    return ddl_fail(ddl, start, "%s is not supported",
                    ddl_is(ddl, start, "like") ? "LIKE" : "EXCLUDE");
  }
  if (ddl_is(ddl, start, "index") ||
      (is_key &&
       (has_columns(ddl, start + 1) ||
        (ddl_is_name(ddl, start + 1) && has_columns(ddl, start + 2))))) {
    ddl->at++;
    return parse_index(ddl, start);
  }
  end = ddl_match(ddl, start, "family [%] ()");
  if (end && has_columns(ddl, end == start + 2 ? start + 1 : start + 2)) {
    ddl->at = end;
    return delete_element(ddl, start, 1);
  }
  if (!is_table_constraint(ddl, start)) return parse_column(ddl);
  while (ddl->rc == SQLITE_OK && is_table_constraint(ddl, ddl->at)) {
    parse_table_constraint(ddl); /* SQLite wants no comma between them */
  }
  return ddl->rc;
}

static int parse_elements(Ddl *ddl) {
  do {
    ddl->at++;
    if (parse_element(ddl) != SQLITE_OK) return ddl->rc;
  } while (ddl_is_other(ddl, ddl->at, ','));
  if (!ddl_is_other(ddl, ddl->at, ')')) return ddl_syntax_error(ddl, ddl->at);
  ddl->close = ddl->at++;
  return SQLITE_OK;
}

/**** The statement ******************************************************/

static int parse_head(Ddl *ddl) {
  if (expect(ddl, "create") != SQLITE_OK) return ddl->rc;
  if (ddl_match(ddl, ddl->at, "global|local temp|temporary")) {
    ddl_delete(ddl, ddl->at, ddl->at + 1);
    ddl->at++;
  }
  ddl->is_temp = accept(ddl, "temp") || accept(ddl, "temporary");
  if (ddl_match(ddl, ddl->at, "unlogged table")) {
    ddl_drop(ddl, ddl->at, ddl->at + 1);
    ddl->at++;
  }
  if (expect(ddl, "table") != SQLITE_OK) return ddl->rc;
  if (ddl_is(ddl, ddl->at, "if")) {
    if (expect(ddl, "if not exists") != SQLITE_OK) return ddl->rc;
    ddl->if_not_exists = 1;
  }
  ddl->table = ddl->at;
  if (expect_name(ddl) != SQLITE_OK) return ddl->rc;
  if (ddl_is_other(ddl, ddl->at, '.')) {
    ddl->schema = ddl->table;
    ddl->table = ++ddl->at;
    if (expect_name(ddl) != SQLITE_OK) return ddl->rc;
  }
  if (ddl_is(ddl, ddl->at, "as")) {
    return ddl_fail(ddl, ddl->at, "CREATE TABLE AS is not supported");
  }
  if (ddl_match(ddl, ddl->at, "like|inherits|of|partition")) {
    const Token *t = &ddl->tokens[ddl->at];
    return ddl_fail(ddl, ddl->at, "%.*s is not supported", (int)t->n, t->z);
  }
  ddl->open = ddl->at;
  if (!ddl_is_other(ddl, ddl->at, '(')) return ddl_syntax_error(ddl, ddl->at);
  return SQLITE_OK;
}

/* Note which columns are in the primary key of the table. */
static int mark_key(Ddl *ddl) {
  for (int i = ddl->key + 1; ddl->rc == SQLITE_OK && i < ddl->key_end; i++) {
    char *name;
    if (!ddl_is_name(ddl, i)) continue;
    if (!ddl_is_other(ddl, i - 1, '(') && !ddl_is_other(ddl, i - 1, ',')) {
      continue; /* ASC, DESC, COLLATE ... */
    }
    name = ddl_text(ddl, i);
    for (int j = 0; name && j < ddl->n_column; j++) {
      char *column = ddl_text(ddl, ddl->columns[j].name);
      if (column && sqlite3_stricmp(column, name) == 0) {
        ddl->columns[j].is_key = 1;
      }
      sqlite3_free(column);
    }
    sqlite3_free(name);
  }
  return ddl->rc;
}

/* Parse the statement that ddl->tokens are. */
int ddl_parse(Ddl *ddl) {
  if (parse_head(ddl) == SQLITE_OK && parse_elements(ddl) == SQLITE_OK &&
      ddl_trailing(ddl) == SQLITE_OK && ddl->key) {
    mark_key(ddl);
  }
  return ddl->rc;
}
