/*
** The text of a CREATE TABLE statement that is translated: its tokens, what
** is wrong at one of them, and the edits that make the translation.
**
** A translation is the statement itself with edits.  What nobody edits stays
** as it was written, with its comments and its line breaks.
**
** The first error stays in ddl->rc, and in the result with its place.  Nothing
** here calls SQLite but for memory, and to tell keywords.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <stdarg.h>

#include "ddl_int.h"

#define NEAR_SIZE 64 /* of a token, in an error */

static const Token *ddl_text_token_at(const Ddl *ddl, int token) {
  return &ddl->tokens[token < ddl->n_token ? token : ddl->n_token];
}

/**** Errors *************************************************************/

/* Fail with a message, in the format of sqlite3_mprintf(), at a token. */
int ddl_text_fail(Ddl *ddl, int token, const char *format, ...) {
  va_list args;
  char *text;
  int line;
  int column;

  if (ddl->rc != SQLITE_OK) return ddl->rc;
  va_start(args, format);
  text = sqlite3_vmprintf(format, args);
  va_end(args);
  token_position(ddl->sql, ddl_text_token_at(ddl, token)->z, &line, &column);
  ddl->rc = SQLITE_NOMEM;
  if (text) {
    ddl->result->message =
        sqlite3_mprintf("line %d column %d: %s", line, column, text);
    if (ddl->result->message) ddl->rc = SQLITE_ERROR;
  }
  sqlite3_free(text);
  return ddl->rc;
}

int ddl_text_syntax_error(Ddl *ddl, int token) {
  const Token *found = ddl_text_token_at(ddl, token);
  size_t n = found->n;

  if (token >= ddl->n_token && n == 0) {
    return ddl_text_fail(ddl, token, "syntax error at end of input");
  }
  if (n > NEAR_SIZE) {
    for (n = NEAR_SIZE; n > 0 && ((unsigned char)found->z[n] & 0xc0) == 0x80;)
      n--;
  }
  return ddl_text_fail(ddl, token, "%s at or near \"%.*s\"",
                       found->type == TOKEN_ILLEGAL ? "unterminated quote"
                                                    : "syntax error",
                       (int)n, found->z);
}

/**** Tokens *************************************************************/

/* True if a token is that word, which is in lower case, without quotes. */
int ddl_text_is(const Ddl *ddl, int token, const char *word) {
  return token_is_word(ddl_text_token_at(ddl, token), word);
}

int ddl_text_is_other(const Ddl *ddl, int token, char c) {
  return token < ddl->n_token && token_is_other(&ddl->tokens[token], c);
}

/* True for what SQLite takes for the name of something. */
int ddl_text_is_name(const Ddl *ddl, int token) {
  const Token *t = ddl_text_token_at(ddl, token);
  return token_is_name(t) || t->type == TOKEN_STRING;
}

/* The text that a token stands for, to be freed; or NULL, with ddl->rc set. */
char *ddl_text_copy(Ddl *ddl, int token) {
  char *text = token_copy(ddl_text_token_at(ddl, token));
  if (text == 0) ddl->rc = SQLITE_NOMEM;
  return text;
}

/* The same, as a name in SQL. */
char *ddl_text_quoted(Ddl *ddl, int token) {
  sqlite3_str *out = sqlite3_str_new(0);
  char *text = ddl_text_copy(ddl, token);
  if (text) token_quote(out, text);
  sqlite3_free(text);
  text = sqlite3_str_finish(out);
  if (text == 0 && ddl->rc == SQLITE_OK) ddl->rc = SQLITE_NOMEM;
  return text;
}

/*
** The array with room for one element behind its n, to be assigned to where it
** was; or NULL, with ddl->rc set, and it is as it was.
*/
void *ddl_text_grow(Ddl *ddl, void *array, int n, size_t size) {
  size_t room = n < 8 ? 8 : 2 * (size_t)n;
  void *larger = array;
  if (n == 0 || (n >= 8 && (n & (n - 1)) == 0)) {
    larger = sqlite3_realloc64(array, room * size);
    if (larger == 0) ddl->rc = SQLITE_NOMEM;
  }
  return larger;
}

/* Fail with PostgreSQL's words: "... for column "c" of table "t"". */
int ddl_text_column_error(Ddl *ddl, const DdlColumn *column, int token,
                          const char *what) {
  char *name = ddl_text_copy(ddl, column->name);
  char *table = ddl_text_copy(ddl, ddl->table);
  if (name && table) {
    ddl_text_fail(ddl, token, "%s for column \"%s\" of table \"%s\"", what,
                  name, table);
  }
  sqlite3_free(name);
  sqlite3_free(table);
  return ddl->rc;
}

/* Note that there is a primary key; fail if there was one. */
int ddl_text_key_is_new(Ddl *ddl, int token) {
  char *table;
  if (!ddl->has_key) {
    ddl->has_key = 1;
    return SQLITE_OK;
  }
  table = ddl_text_copy(ddl, ddl->table);
  if (table) {
    ddl_text_fail(ddl, token,
                  "multiple primary keys for table \"%s\" are not allowed",
                  table);
  }
  sqlite3_free(table);
  return ddl->rc;
}

/**** Edits **************************************************************/

/* Where two edits begin at one place, what replaces nothing comes first. */
static int ddl_text_is_behind(const DdlEdit *a, size_t start, size_t end) {
  if (a->start != start) return a->start > start;
  return a->end > start && end == start;
}

/* Replace bytes of the statement by text, which is taken over. */
static void ddl_text_add_edit(Ddl *ddl, const char *start, const char *end,
                              char *text) {
  DdlEdit *larger;
  DdlEdit edit = {(size_t)(start - ddl->sql), (size_t)(end - ddl->sql), text};
  int i;

  if (text == 0 && ddl->rc == SQLITE_OK) ddl->rc = SQLITE_NOMEM;
  larger = ddl->rc == SQLITE_OK
               ? ddl_text_grow(ddl, ddl->edits, ddl->n_edit, sizeof *larger)
               : 0;
  if (larger == 0) {
    sqlite3_free(text);
    return;
  }
  ddl->edits = larger;
  for (i = ddl->n_edit; i > 0; i--) {
    if (!ddl_text_is_behind(&larger[i - 1], edit.start, edit.end)) break;
    larger[i] = larger[i - 1];
  }
  larger[i] = edit;
  ddl->n_edit++;
}

static const char *ddl_text_token_end(const Ddl *ddl, int token) {
  return ddl->tokens[token].z + ddl->tokens[token].n;
}

/* Replace the tokens from..to-1 by a text. */
void ddl_text_edit(Ddl *ddl, int from, int to, const char *format, ...) {
  va_list args;
  char *text;
  va_start(args, format);
  text = sqlite3_vmprintf(format, args);
  va_end(args);
  ddl_text_add_edit(ddl, ddl->tokens[from].z, ddl_text_token_end(ddl, to - 1),
                    text);
}

/* Insert a text behind a token. */
void ddl_text_insert(Ddl *ddl, int behind, const char *format, ...) {
  const char *at = ddl_text_token_end(ddl, behind);
  va_list args;
  char *text;
  va_start(args, format);
  text = sqlite3_vmprintf(format, args);
  va_end(args);
  ddl_text_add_edit(ddl, at, at, text);
}

/*
** Delete the tokens from..to-1, and the space before them.  What has a comment
** in it is left: it may end with the line.
*/
void ddl_text_delete(Ddl *ddl, int from, int to) {
  const char *start = ddl->tokens[from].z;
  const char *before = ddl_text_token_end(ddl, from - 1);
  const char *z = before;
  while (z < start && token_is_space(*z))
    z++;
  ddl_text_add_edit(ddl, z == start ? before : start,
                    ddl_text_token_end(ddl, to - 1), sqlite3_mprintf(""));
}

/* Name the tokens from..to-1 in a comment of the script, as dropped. */
void ddl_text_note_dropped(Ddl *ddl, int from, int to) {
  const char *end = ddl_text_token_end(ddl, to - 1);
  sqlite3_str_appendall(ddl->dropped, "-- dropped: ");
  for (const char *z = ddl->tokens[from].z; z < end; z++) {
    int is_space = token_is_space(*z);
    if (is_space && token_is_space(z[1])) continue;
    sqlite3_str_appendchar(ddl->dropped, 1, is_space ? ' ' : *z);
  }
  sqlite3_str_appendchar(ddl->dropped, 1, '\n');
}

/* Delete the tokens from..to-1, and say so in a comment of the script. */
void ddl_text_drop(Ddl *ddl, int from, int to) {
  ddl_text_note_dropped(ddl, from, to);
  ddl_text_delete(ddl, from, to);
}

/* Append a part of the statement, with its edits. */
void ddl_text_render(const Ddl *ddl, sqlite3_str *out, const char *start,
                     const char *end) {
  size_t at = (size_t)(start - ddl->sql);
  size_t last = (size_t)(end - ddl->sql);
  for (int i = 0; i < ddl->n_edit; i++) {
    const DdlEdit *edit = &ddl->edits[i];
    if (edit->start < at || edit->end > last) continue; /* outside */
    sqlite3_str_append(out, ddl->sql + at, (int)(edit->start - at));
    sqlite3_str_appendall(out, edit->text);
    at = edit->end;
  }
  sqlite3_str_append(out, ddl->sql + at, (int)(last - at));
}
