/*
** The translation of a CREATE TABLE statement of another system to a script of
** SQLite's SQL.
**
**   -- dropped: ...                a line for each clause that was dropped
**   SELECT create_sequence(...);   for each generated column
**   CREATE TABLE ...;              the statement, with edits
**   CREATE INDEX ...;              for each index that stood in it
**   CREATE TRIGGER ...;            for each GENERATED ALWAYS
**   SELECT alter_sequence(...);    OWNED BY, for each generated column
**
** The CREATE TABLE of a script, translated again, is unchanged.
**
** CrateDB's table of sequences becomes the view "sequences".
**
** The rest is in ddl_parse.c (what is understood), ddl_clause.c (what is
** dropped), ddl_types.c, ddl_value.c (expressions), ddl_column.c,
** ddl_sequence.c, ddl_index.c and ddl_text.c (edits, errors).  Nothing of it
** calls SQLite but for memory; what must be known of the connection comes by
** the context.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "ddl_int.h"

/**** Tokens *************************************************************/

/* Split the statement into tokens, up to its semicolon. */
static int ddl_translate_tokenize(Ddl *ddl, size_t n) {
  const char *z = ddl->sql;
  const char *end = ddl->sql + n;

  for (;;) {
    const char *before = z;
    Token *larger =
        ddl_text_grow(ddl, ddl->tokens, ddl->n_token, sizeof *larger);
    Token *token;
    if (larger == 0) return ddl->rc;
    ddl->tokens = larger;
    token = &larger[ddl->n_token];
    token_next(&z, end, token);
    if (z > before && memchr(before, 0, (size_t)(z - before))) {
      return ddl_text_fail(ddl, ddl->n_token, "a NUL character");
    }
    if (token->type == TOKEN_ILLEGAL) {
      return ddl_text_syntax_error(ddl, ddl->n_token);
    }
    if (token->type == TOKEN_OTHER && *token->z == ';') {
      ddl->end = token->z;
      token->type = TOKEN_END;
      token->n = 1;
      break;
    }
    if (token->type == TOKEN_END) {
      ddl->end = ddl->n_token ? token[-1].z + token[-1].n : ddl->sql;
      break;
    }
    ddl->n_token++;
  }
  ddl->result->consumed = (size_t)(z - ddl->sql);
  return SQLITE_OK;
}

/**** The script *********************************************************/

/* Append a message as a comment of one line. */
static void ddl_translate_append_comment(sqlite3_str *out, const char *format,
                                         char *name) {
  for (char *z = name; *z; z++) {
    if (*z == '\n' || *z == '\r') *z = ' ';
  }
  sqlite3_str_appendf(out, format, name);
}

/* CrateDB's table of sequences becomes the view. */
static int ddl_translate_make_view(Ddl *ddl, sqlite3_str *out) {
  char *schema = ddl_sequence_schema(ddl);
  if (ddl->rc == SQLITE_OK && (schema || ddl->is_temp)) {
    sqlite3_str_appendf(out, "SELECT sequences_create_view(%Q);\n",
                        schema ? schema : "temp");
  } else if (ddl->rc == SQLITE_OK) {
    sqlite3_str_appendall(out, "SELECT sequences_create_view();\n");
  }
  sqlite3_free(schema);
  return ddl->rc;
}

/* True if a column has a name and one of these types, and nothing else. */
static int ddl_translate_is_column(Ddl *ddl, int i, const char *name,
                                   const char *types) {
  const DdlColumn *column = &ddl->columns[i];
  char *text = ddl_text_copy(ddl, column->name);
  int is_it = text && sqlite3_stricmp(text, name) == 0 &&
              ddl_clause_match(ddl, column->type, types) == column->type_end &&
              column->type_end - column->type == 1 && !column->value &&
              !column->identity && !column->auto_increment &&
              !column->is_generated && !column->is_array;
  sqlite3_free(text);
  return is_it;
}

/*
** True if this is CrateDB's
**   CREATE TABLE sequences (name TEXT PRIMARY KEY, last_value BIGINT)
**   CLUSTERED ...
*/
static int ddl_translate_is_store(Ddl *ddl) {
  int is_it = ddl->is_clustered && ddl->n_column == 2 && ddl->n_index == 0 &&
              ddl->columns[0].is_key && !ddl->columns[1].is_key &&
              ddl->n_constraint == (ddl->key ? 1 : 0) &&
              sqlite3_stricmp(ddl->result->table, "sequences") == 0;
  return is_it && ddl_translate_is_column(ddl, 0, "name", "text|string") &&
         ddl_translate_is_column(ddl, 1, "last_value", "bigint|long");
}

/* True if the schema has something of the table's name. */
static int ddl_translate_is_there(Ddl *ddl) {
  char *schema = ddl_sequence_schema(ddl);
  int taken = DDL_FREE;
  if (ddl->rc == SQLITE_OK) {
    ddl->rc = ddl->context->is_taken(ddl->context->data, schema,
                                     ddl->result->table, &taken);
  }
  sqlite3_free(schema);
  return taken == DDL_IN_SCHEMA;
}

/* Write what precedes the statement: its comments, and those of what it lost. */
static void ddl_translate_append_head(const Ddl *ddl, sqlite3_str *out) {
  const char *z = ddl->sql;
  const char *end = ddl->tokens[0].z;
  while (z < end && token_is_space(*z))
    z++;
  while (end > z && token_is_space(end[-1]))
    end--;
  if (end > z) {
    sqlite3_str_append(out, z, (int)(end - z));
    sqlite3_str_appendchar(out, 1, '\n');
  }
}

static void ddl_translate_append_all(sqlite3_str *out, sqlite3_str *part) {
  const char *z = sqlite3_str_value(part);
  if (z) sqlite3_str_append(out, z, sqlite3_str_length(part));
}

/* Write the statement with its edits. */
static void ddl_translate_append_statement(const Ddl *ddl, sqlite3_str *out) {
  const Token *last = &ddl->tokens[ddl->n_token - 1];
  const char *end = ddl->end;
  while (end > last->z + last->n && token_is_space(end[-1]))
    end--;
  if (end > last->z + last->n) end = ddl->end; /* a comment and its line */
  ddl_text_render(ddl, out, ddl->tokens[0].z, end);
  sqlite3_str_appendall(out, ";\n");
}

/* Translate what was parsed. */
static int ddl_translate_parsed(Ddl *ddl, sqlite3_str *out) {
  int exists;
  ddl->result->is_store = ddl_translate_is_store(ddl);
  if (ddl->rc == SQLITE_OK && !ddl->result->is_store) {
    if (ddl_column_edit_all(ddl) != SQLITE_OK) return ddl->rc;
    if (ddl_value_expressions(ddl) != SQLITE_OK) return ddl->rc;
    if (ddl->n_index && ddl_index_write(ddl) != SQLITE_OK) return ddl->rc;
  }
  ddl_translate_append_head(ddl, out);
  ddl_translate_append_all(out, ddl->dropped);
  exists = (ddl->if_not_exists || ddl->result->is_store) &&
           ddl_translate_is_there(ddl);
  if (ddl->rc != SQLITE_OK) return ddl->rc;
  if (exists && ddl->if_not_exists) {
    char *name = ddl_text_copy(ddl, ddl->table);
    if (name) {
      ddl_translate_append_comment(
          out, "-- relation \"%s\" already exists, skipping\n", name);
    }
    sqlite3_free(name);
  } else if (exists) {
    ddl_text_fail(ddl, ddl->table, "relation \"%s\" already exists",
                  ddl->result->table);
  } else if (ddl->result->is_store) {
    ddl_translate_make_view(ddl, out);
  } else {
    ddl_translate_append_all(out, ddl->before);
    ddl_translate_append_statement(ddl, out);
    ddl_translate_append_all(out, ddl->triggers);
    ddl_translate_append_all(out, ddl->owners);
  }
  return ddl->rc;
}

/**** The interface ******************************************************/

static void ddl_translate_free_edits(Ddl *ddl) {
  for (int i = 0; i < ddl->n_edit; i++) {
    sqlite3_free(ddl->edits[i].text);
  }
  sqlite3_free(ddl->edits);
}

/* Free a part of the script; *rc becomes its error if it was none. */
static void ddl_translate_free_part(sqlite3_str *part, int *rc) {
  if (*rc == SQLITE_OK) *rc = sqlite3_str_errcode(part);
  sqlite3_free(sqlite3_str_finish(part));
}

/*
** Translate the first statement of the n bytes at sql, which need not end with
** a NUL.  Returns SQLITE_OK with the result, SQLITE_ERROR with a message, or
** another error, SQLITE_NOMEM or one of the context's callbacks.  The result is
** to be freed by ddl_translate_free() in any case.
*/
int ddl_translate(const char *sql, size_t n, const DdlContext *context,
                  DdlResult *result) {
  sqlite3_str *out = sqlite3_str_new(0);
  Ddl ddl;

  memset(result, 0, sizeof *result);
  memset(&ddl, 0, sizeof ddl);
  ddl.sql = sql;
  ddl.context = context;
  ddl.result = result;
  ddl.dropped = sqlite3_str_new(0);
  ddl.before = sqlite3_str_new(0);
  ddl.triggers = sqlite3_str_new(0);
  ddl.owners = sqlite3_str_new(0);
  if (ddl_translate_tokenize(&ddl, n) == SQLITE_OK &&
      ddl_parse(&ddl) == SQLITE_OK) {
    result->table = ddl_text_copy(&ddl, ddl.table);
    if (ddl.schema) result->schema = ddl_text_copy(&ddl, ddl.schema);
    if (ddl.rc == SQLITE_OK) ddl_translate_parsed(&ddl, out);
  }
  ddl_translate_free_edits(&ddl);
  sqlite3_free(ddl.tokens);
  sqlite3_free(ddl.columns);
  sqlite3_free(ddl.indexes);
  ddl_translate_free_part(ddl.dropped, &ddl.rc);
  ddl_translate_free_part(ddl.before, &ddl.rc);
  ddl_translate_free_part(ddl.triggers, &ddl.rc);
  ddl_translate_free_part(ddl.owners, &ddl.rc);
  if (ddl.rc == SQLITE_OK) ddl.rc = sqlite3_str_errcode(out);
  result->script = sqlite3_str_finish(out);
  if (ddl.rc != SQLITE_OK) {
    sqlite3_free(result->script);
    result->script = 0;
  } else if (result->script) { /* without the last line's end */
    size_t length = strlen(result->script);
    if (length > 0) result->script[length - 1] = 0;
  }
  return ddl.rc;
}

void ddl_translate_free(DdlResult *result) {
  sqlite3_free(result->script);
  sqlite3_free(result->schema);
  sqlite3_free(result->table);
  sqlite3_free(result->message);
  memset(result, 0, sizeof *result);
}
