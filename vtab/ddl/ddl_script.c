/*
** A script whose CREATE TABLE statements are translated (see ddl_translate.c),
** and of which the rest passes through as it is, byte by byte.
**
** A script is what the sqlite3 shell reads: statements that end with a
** semicolon, comments, and between statements lines that begin with a dot (its
** commands) or # (its comments).  CREATE TRIGGER ends with END and a semicolon,
** as sqlite3_complete() has it.
**
** Lines that begin with a backslash, and COPY, are psql's: nothing but psql can
** run them, so they are an error.
**
** It is translated for an empty database: the sequences and stores that are
** there are those that the script has made.
**
** Pure: nothing here calls SQLite but for memory.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "ddl.h"

/* A name that the script has given. */
typedef struct Name Name;
struct Name {
  Name *next;
  int kind;     /* DDL_IN_SCHEMA, DDL_SEQUENCE, or: */
  char *schema; /* in lower case; NULL: none was given, which is main */
  char *name;
};
enum { STORE = DDL_SEQUENCE + 1 };

typedef struct Script {
  const char *sql;
  const char *end;
  Name *names;
  const Waiting *waiting;
  size_t steps; /* of the waiting: a statement is many */
  sqlite3_str *out;
  char **message;
} Script;

#define STATEMENT_STEPS (WAITING_STEPS / 16)

/**** The names **********************************************************/

static int ddl_script_is_same_schema(const char *a, const char *b) {
  return sqlite3_stricmp(a ? a : "main", b ? b : "main") == 0;
}

/* Note a name; the first of two strings may be NULL, both are given away. */
static int ddl_script_add_name(Script *script, int kind, char *schema,
                               char *name) {
  Name *added = sqlite3_malloc64(sizeof *added);
  if (added == 0 || name == 0) {
    sqlite3_free(added);
    sqlite3_free(schema);
    sqlite3_free(name);
    return SQLITE_NOMEM;
  }
  *added = (Name){script->names, kind, schema, name};
  script->names = added;
  return SQLITE_OK;
}

static void ddl_script_free_names(Script *script) {
  while (script->names) {
    Name *next = script->names->next;
    sqlite3_free(script->names->schema);
    sqlite3_free(script->names->name);
    sqlite3_free(script->names);
    script->names = next;
  }
}

/* Note the sequence of create_sequence('name'), with its schema if it has one.
** A dot is taken for the end of a schema as long as nothing else is known. */
static int ddl_script_note_sequence(Script *script, const Token *token) {
  char *name = token_copy(token);
  char *dot = name ? strchr(name, '.') : 0;
  char *schema = 0;
  if (name == 0) return SQLITE_NOMEM;
  if (dot) {
    schema = sqlite3_mprintf("%.*s", (int)(dot - name), name);
    if (schema) memmove(name, dot + 1, strlen(dot + 1) + 1);
  }
  if (dot && schema == 0) {
    sqlite3_free(name);
    return SQLITE_NOMEM;
  }
  return ddl_script_add_name(script, DDL_SEQUENCE, schema, name);
}

/* Note what a statement makes, of what matters here. */
static int ddl_script_note_statement(Script *script, const char *z, size_t n) {
  int rc = SQLITE_OK;
  Reader r;
  Reader name;

  for (reader_begin(&r, z, n); rc == SQLITE_OK && !reader_at_end(&r);
       reader_next(&r)) {
    if (reader_is_call(&r, "create_sequence", &name) &&
        name.token.type == TOKEN_STRING) {
      rc = ddl_script_note_sequence(script, &name.token);
    }
  }
  return rc;
}

static int ddl_script_is_taken(void *data, const char *schema, const char *name,
                               int *taken) {
  Script *script = data;
  *taken = DDL_FREE;
  for (Name *n = script->names; n; n = n->next) {
    if (ddl_script_is_same_schema(n->schema, schema) &&
        (n->kind == DDL_SEQUENCE ? strcmp(n->name, name)
                                 : sqlite3_stricmp(n->name, name)) == 0) {
      *taken = n->kind == DDL_SEQUENCE ? DDL_SEQUENCE : DDL_IN_SCHEMA;
      break;
    }
  }
  return SQLITE_OK;
}

/**** Statements *********************************************************/

/* Note an error at a place in the script. */
static int ddl_script_fail_at(Script *script, const char *z, const char *why) {
  int line;
  int column;
  token_position(script->sql, z, &line, &column);
  *script->message =
      sqlite3_mprintf("line %d column %d: %s", line, column, why);
  return *script->message ? SQLITE_ERROR : SQLITE_NOMEM;
}

/* The error of a translation, whose places count from z. */
static int ddl_script_fail_translation(Script *script, const char *z,
                                       const char *why) {
  static const char word[] = "column ";
  const char *from = strchr(why, ' ');
  int numbers[2] = {1, 1}; /* line, column */
  int line;
  int column;

  for (int i = 0; i < 2 && from; i++) {
    for (numbers[i] = 0, from++; *from >= '0' && *from <= '9'; from++)
      numbers[i] = numbers[i] * 10 + (*from - '0');
    if (i == 0 && strncmp(from + 1, word, sizeof word - 1) == 0)
      from += sizeof word - 1;
  }
  if (from == 0 || *from != ':') return ddl_script_fail_at(script, z, why);
  token_position(script->sql, z, &line, &column);
  if (numbers[0] == 1) numbers[1] += column - 1;
  *script->message = sqlite3_mprintf("line %d column %d%s",
                                     line + numbers[0] - 1, numbers[1], from);
  return *script->message ? SQLITE_ERROR : SQLITE_NOMEM;
}

/* True for CREATE TABLE, with what may stand between the two words. */
static int ddl_script_is_create_table(const char *z, const char *end) {
  static const char *const between[] = {
      "global", "local", "temp", "temporary", "unlogged", "external", 0};
  Reader r;
  reader_begin(&r, z, (size_t)(end - z));
  if (!reader_accept(&r, "create")) return 0;
  for (int i = 0; i < 2 && token_is_one_of(&r.token, between); i++)
    reader_next(&r);
  return token_is_word(&r.token, "table");
}

static int ddl_script_is_create_trigger(Reader r) {
  if (!reader_accept(&r, "create")) return 0;
  if (!reader_accept(&r, "temp")) reader_accept(&r, "temporary");
  return token_is_word(&r.token, "trigger");
}

/*
** The end of the statement that begins at z: behind its semicolon, or the end
** of the script.  NULL, with the message, if a token is not closed.
*/
static const char *ddl_script_statement_end(Script *script, const char *z,
                                            int *rc) {
  int state = 0; /* of a trigger: 1 behind a semicolon, 2 behind its END */
  int is_trigger;
  Reader r;
  reader_begin(&r, z, (size_t)(script->end - z));
  is_trigger = ddl_script_is_create_trigger(r);
  for (; !reader_at_end(&r); reader_next(&r)) {
    if (token_is_other(&r.token, ';')) {
      if (!is_trigger || state == 2) return r.z;
      state = 1;
    } else {
      state = state == 1 && token_is_word(&r.token, "end") ? 2 : 0;
    }
  }
  if (r.token.type == TOKEN_END) return script->end;
  *rc = ddl_script_fail_at(script, r.token.z, "this is not closed");
  return 0;
}

static const char *ddl_script_line_end(const Script *script, const char *z) {
  const char *newline = memchr(z, '\n', (size_t)(script->end - z));
  return newline ? newline + 1 : script->end;
}

/* True if a place is the beginning of a line, but for space. */
static int ddl_script_begins_line(const Script *script, const char *z) {
  return z == script->sql || z[-1] == '\n';
}

/* Append the translation of a CREATE TABLE, which ends at `end`. */
static int ddl_script_translate(Script *script, const char *z, const char *end,
                                const DdlContext *context) {
  DdlResult result;
  int rc = ddl_translate(z, (size_t)(end - z), context, &result);
  if (rc == SQLITE_OK && result.script) {
    sqlite3_str_appendall(script->out, result.script);
    rc =
        ddl_script_note_statement(script, result.script, strlen(result.script));
    if (rc == SQLITE_OK) {
      char *schema = result.schema;
      rc = ddl_script_add_name(script, DDL_IN_SCHEMA, schema, result.table);
      result.schema = result.table = 0;
    }
  } else if (rc == SQLITE_ERROR) {
    rc = ddl_script_fail_translation(script, z,
                                     result.message ? result.message : "error");
  }
  ddl_translate_free(&result);
  return rc;
}

static int ddl_script_translate_all(Script *script, const DdlContext *context) {
  const char *z = script->sql;
  int rc = SQLITE_OK;

  while (rc == SQLITE_OK && z < script->end) {
    const char *next;
    Reader r;
    reader_begin(&r, z, (size_t)(script->end - z));
    sqlite3_str_append(script->out, z, (int)(r.token.z - z));
    if (r.token.type == TOKEN_END) break;
    script->steps += STATEMENT_STEPS;
    if (waiting_is_over(script->waiting, script->steps - 1)) {
      return SQLITE_INTERRUPT;
    }
    z = r.token.z;
    if (ddl_script_begins_line(script, z) && (*z == '.' || *z == '#')) {
      next = ddl_script_line_end(script, z);
    } else if (*z == '\\') {
      return ddl_script_fail_at(script, z, "this is a command of psql");
    } else if (token_is_word(&r.token, "copy")) {
      return ddl_script_fail_at(script, z,
                                "COPY is for psql: dump with --inserts");
    } else {
      next = ddl_script_statement_end(script, z, &rc);
      if (next == 0) return rc;
      if (ddl_script_is_create_table(z, next)) {
        rc = ddl_script_translate(script, z, next, context);
        z = next;
        continue;
      }
      rc = ddl_script_note_statement(script, z, (size_t)(next - z));
    }
    sqlite3_str_append(script->out, z, (int)(next - z));
    z = next;
  }
  return rc;
}

/*
** Translate the n bytes at sql, and append the result to `out`.  SQLITE_OK,
** SQLITE_NOMEM, SQLITE_INTERRUPT if the waiting is over, or SQLITE_ERROR with a
** message that is to be freed.
*/
int ddl_script(const char *sql, size_t n, int serial_mode,
               const Waiting *waiting, sqlite3_str *out, char **message) {
  Script script = {sql, sql + n, 0, waiting, 0, out, message};
  DdlContext context = {serial_mode, ddl_script_is_taken, &script};
  int rc;
  *message = 0;
  rc = ddl_script_translate_all(&script, &context);
  ddl_script_free_names(&script);
  return rc == SQLITE_OK ? sqlite3_str_errcode(out) : rc;
}
