/*
** The texts of serial_attach(): what it is asked for, and the CREATE TABLE that
** it changes.
**
**   request   nothing                                  as the column's type says
**             SMALLSERIAL | SERIAL | BIGSERIAL | SERIAL2 | SERIAL4 | SERIAL8
**             AUTO_INCREMENT | AUTOINCREMENT
**             GENERATED {ALWAYS | BY DEFAULT} AS IDENTITY [( options )]
**             options                                  of a sequence
**
** A CREATE TABLE here is one that SQLite has in its schema, so SQLite took it:
** what is not looked for is passed over.  Places in it are found by tokens, and
** what is not changed stays as it was written, with its comments.
**
** Pure: but for memory nothing here calls SQLite.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "table.h"

/**** The request ********************************************************/

static int attach_text_word_size(const Reader *r) {
  static const struct {
    const char *word;
    int size;
  } types[] = {{"smallserial", 2}, {"serial2", 2},   {"serial", 4},
               {"serial4", 4},     {"bigserial", 8}, {"serial8", 8},
               {"smallint", 2},    {"int2", 2},      {"int4", 4}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (token_is_word(&r->token, types[i].word)) return types[i].size;
  }
  return 0;
}

/* The bytes that a column's declared type stands for; 8 if it says nothing. */
int attach_text_type_size(const char *type) {
  Reader r;
  int size = 8;
  reader_begin(&r, type, strlen(type));
  if (attach_text_word_size(&r)) size = attach_text_word_size(&r);
  reader_next(&r);
  return reader_at_end(&r) ? size : 8;
}

/*
** Read what is asked for.  False if it cannot be understood.  Options of a
** sequence are not judged: they are left for options_parse().
*/
int attach_text_request(const char *z, size_t n, AttachRequest *request) {
  Reader r;

  memset(request, 0, sizeof *request);
  request->options = z;
  reader_begin(&r, z, n);
  if (r.token.type == TOKEN_END) return 1;
  if (reader_accept(&r, "auto_increment") ||
      reader_accept(&r, "autoincrement")) {
    request->size = 8;
    return r.token.type == TOKEN_END;
  }
  if (reader_accept(&r, "generated")) {
    if (reader_accept(&r, "always")) {
      request->is_always = 1;
    } else if (!reader_accept(&r, "by") || !reader_accept(&r, "default")) {
      return 0;
    }
    if (!reader_accept(&r, "as") || !reader_accept(&r, "identity")) return 0;
    if (r.token.type == TOKEN_END) return 1;
    if (!token_is_other(&r.token, '(')) return 0;
    request->options = r.token.z + 1;
    if (!reader_skip(&r) || r.token.type != TOKEN_END) return 0;
    request->n_options = (size_t)(r.after - 1 - request->options);
    return 1;
  }
  request->size = attach_text_word_size(&r);
  if (request->size) {
    reader_next(&r);
    return r.token.type == TOKEN_END;
  }
  request->n_options = n;
  return 1;
}

/**** The CREATE TABLE ***************************************************/

#define EDITS_MAX 64

/* A stretch of the text that something else takes the place of. */
typedef struct Edit {
  const char *start;
  const char *end;
  const char *text; /* NULL: nothing */
} Edit;

static const char attach_text_definition[] =
    ""; /* the text that is the column's */

typedef struct Rewrite {
  const AttachColumn *column;
  Edit edits[EDITS_MAX]; /* in their order */
  int n_edit;
  const char *message;
} Rewrite;

static void attach_text_edit(Rewrite *w, const char *start, const char *end,
                             const char *text) {
  if (w->n_edit == EDITS_MAX) {
    w->message = "the column has too many constraints";
    return;
  }
  w->edits[w->n_edit++] = (Edit){start, end, text};
}

/* ON CONFLICT how, if it is there. */
static void attach_text_skip_conflict(Reader *r) {
  if (!reader_accept(r, "on")) return;
  reader_accept(r, "conflict");
  reader_next(r);
}

static const char *const clause_words[] = {
    "constraint", "primary",   "not",       "null",
    "unique",     "check",     "default",   "collate",
    "references", "generated", "as",        "on",
    "deferrable", "match",     "initially", 0};

/* The type of a column: words, and what stands behind them in parentheses. */
static void attach_text_skip_type(Reader *r) {
  while ((r->token.type == TOKEN_NAME &&
          !token_is_one_of(&r->token, clause_words)) ||
         r->token.type == TOKEN_QUOTED || r->token.type == TOKEN_STRING) {
    reader_next(r);
  }
  if (token_is_other(&r->token, '(')) reader_skip(r);
}

/*
** The column, with the reader behind its name: its type is replaced, what it
** says on NULL and DEFAULT is taken out.
*/
static void attach_text_rewrite_column(Rewrite *w, Reader *r) {
  const char *start = r->after;
  const char *name = 0; /* of the constraint */

  attach_text_skip_type(r);
  attach_text_edit(w, start, r->after, attach_text_definition);
  while (!reader_at_item_end(r)) {
    start = name ? name : r->token.z;
    name = 0;
    if (reader_accept(r, "constraint")) {
      name = start;
      reader_next(r);
    } else if (token_is_word(&r->token, "not") ||
               token_is_word(&r->token, "null")) {
      reader_accept(r, "not");
      if (!reader_accept(r, "null")) continue; /* NOT DEFERRABLE */
      attach_text_skip_conflict(r);
      attach_text_edit(w, start, r->after, 0);
    } else if (reader_accept(r, "default")) {
      if (!reader_accept_other(r, '-')) reader_accept_other(r, '+');
      reader_skip(r);
      attach_text_edit(w, start, r->after, 0);
    } else if (reader_accept(r, "set") || reader_accept(r, "collate") ||
               reader_accept(r, "references")) {
      reader_next(r); /* NULL or DEFAULT, or a name */
    } else {
      if (w->column->without_rowid && token_is_word(&r->token, "autoincrement"))
        attach_text_edit(w, r->token.z, r->token.z + r->token.n, 0);
      reader_skip(r);
    }
  }
}

/* The rest of a column or of the constraints of the table. */
static void attach_text_skip_item(Rewrite *w, Reader *r) {
  int depth = 0;
  while (!reader_at_end(r) && (depth > 0 || !reader_at_item_end(r))) {
    depth += token_depth(&r->token);
    /* A word that cannot be a name: it stands in PRIMARY KEY (... ) only. */
    if (w->column->without_rowid && token_is_word(&r->token, "autoincrement"))
      attach_text_edit(w, r->token.z, r->token.z + r->token.n, 0);
    reader_next(r);
  }
}

/* True if the token is that name; -1 without memory. */
static int attach_text_is_name(const Reader *r, const char *name) {
  char *text = token_copy(&r->token);
  int result;
  if (text == 0) return -1;
  result = sqlite3_stricmp(text, name) == 0;
  sqlite3_free(text);
  return result;
}

/*
** Write a CREATE TABLE that makes the column what `column` says, in a table of
** another name.  SQLITE_OK; SQLITE_NOMEM; SQLITE_ERROR, with a message that
** lives on, if the text is not as SQLite has it.
*/
int attach_text_rewrite(const char *sql, size_t n, const AttachColumn *column,
                        sqlite3_str *out, const char **message) {
  static const char *const table_words[] = {"constraint", "primary", "unique",
                                            "check",      "foreign", 0};
  Rewrite w = {.column = column};
  Reader r;
  const char *from;
  int found = 0;
  int is_strict = 0;
  int has_options;

  *message = "its CREATE TABLE cannot be read";
  reader_begin(&r, sql, n);
  if (!reader_accept(&r, "create")) return SQLITE_ERROR;
  if (!reader_find(&r, '(')) return SQLITE_ERROR;
  from = r.token.z;
  do {
    reader_next(&r);
    if (found || token_is_one_of(&r.token, table_words)) {
      attach_text_skip_item(&w, &r);
      continue;
    }
    found = attach_text_is_name(&r, column->name);
    if (found < 0) return SQLITE_NOMEM;
    reader_next(&r);
    if (found) {
      attach_text_rewrite_column(&w, &r);
    } else {
      attach_text_skip_item(&w, &r);
    }
  } while (token_is_other(&r.token, ','));
  if (!found || !token_is_other(&r.token, ')')) return SQLITE_ERROR;
  reader_next(&r);
  has_options = !reader_at_end(&r);
  for (; !reader_at_end(&r); reader_next(&r))
    is_strict |= token_is_word(&r.token, "strict");
  if (r.token.type == TOKEN_ILLEGAL) return SQLITE_ERROR;
  if (column->without_rowid) {
    attach_text_edit(&w, r.after, r.after,
                     has_options ? ", WITHOUT ROWID" : " WITHOUT ROWID");
  }
  if (w.message) {
    *message = w.message;
    return SQLITE_ERROR;
  }
  sqlite3_str_appendf(out, "CREATE TABLE %s", column->table);
  for (int i = 0; i < w.n_edit; i++) {
    const Edit *e = &w.edits[i];
    sqlite3_str_append(out, from, (int)(e->start - from));
    if (e->text == attach_text_definition) {
      sqlite3_str_appendf(out, " %s %s", is_strict ? "INT" : column->type,
                          column->definition);
    } else if (e->text) {
      sqlite3_str_appendall(out, e->text);
    }
    from = e->end;
  }
  sqlite3_str_append(out, from, (int)(r.end - from));
  return sqlite3_str_errcode(out);
}

/* True if a default calls nextval(). */
int attach_text_calls_nextval(const char *text) {
  Reader r;
  Reader arguments;
  reader_begin(&r, text, strlen(text));
  while (!reader_at_end(&r) && !reader_is_call(&r, "nextval", &arguments))
    reader_next(&r);
  return !reader_at_end(&r);
}

/* True if the CREATE TABLE ends with WITHOUT ROWID. */
int attach_text_is_without_rowid(const char *sql) {
  Reader r;
  reader_begin(&r, sql, strlen(sql));
  reader_find(&r, '(');
  reader_skip(&r);
  while (!reader_at_end(&r) && !token_is_word(&r.token, "without"))
    reader_next(&r);
  return !reader_at_end(&r);
}

/*
** Write a CREATE INDEX or CREATE TRIGGER of the schema so that it makes the
** thing in a schema of that name, written as in SQL.
*/
void attach_text_qualify(const char *sql, const char *schema,
                         sqlite3_str *out) {
  Reader r;
  reader_begin(&r, sql, strlen(sql));
  while (!reader_at_end(&r) && !token_is_word(&r.token, "index") &&
         !token_is_word(&r.token, "trigger"))
    reader_next(&r);
  reader_next(&r);
  if (reader_accept(&r, "if")) {
    reader_accept(&r, "not");
    reader_accept(&r, "exists");
  }
  if (reader_at_end(&r)) {
    sqlite3_str_appendall(out, sql);
    return;
  }
  sqlite3_str_append(out, sql, (int)(r.token.z - sql));
  sqlite3_str_appendf(out, "%s.%s", schema, r.token.z);
}
