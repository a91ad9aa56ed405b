/*
** Expressions: what PostgreSQL writes in them and SQLite cannot read.
**
**   E'it\'s'       'it''s'         $$it's$$         'it''s'
**   'x'::text      'x'             1::bigint        1
**   NULL::text     NULL            (0)::numeric     (0)
**   '"T_seq"'::regclass            'T_seq'
**   now():::TIMESTAMPTZ            now()
**
** A cast of anything else would change a value, or be one that SQLite does not
** know: that is an error.  CockroachDB's ::: says what type a value has, and
** changes none.
**
** And the value of DEFAULT, which SQLite wants in parentheses if it is a call.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "ddl_int.h"

/**** Strings ************************************************************/

static int ddl_value_hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
** Append a character of a string as UTF-8: false if there is none of that
** number.
*/
static int ddl_value_append_character(sqlite3_str *out, unsigned code) {
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
    return 0;
  }
  if (code < 0x80) {
    sqlite3_str_appendchar(out, code == '\'' ? 2 : 1, (char)code);
    return 1;
  }
  if (code >= 0x10000) {
    sqlite3_str_appendchar(out, 1, (char)(0xf0 | code >> 18));
    sqlite3_str_appendchar(out, 1, (char)(0x80 | (code >> 12 & 0x3f)));
  } else if (code >= 0x800) {
    sqlite3_str_appendchar(out, 1, (char)(0xe0 | code >> 12));
  }
  if (code >= 0x800) {
    sqlite3_str_appendchar(out, 1, (char)(0x80 | (code >> 6 & 0x3f)));
  } else {
    sqlite3_str_appendchar(out, 1, (char)(0xc0 | code >> 6));
  }
  sqlite3_str_appendchar(out, 1, (char)(0x80 | (code & 0x3f)));
  return 1;
}

/*
** Append what the escape at *pz stands for, behind its backslash, and go past
** it.  False if it is none, or not of ASCII or Unicode.
*/
static int ddl_value_append_escape(sqlite3_str *out, const char **pz,
                                   const char *end) {
  static const char letters[] = "bfnrt";
  static const char meanings[] = "\b\f\n\r\t";
  const char *z = *pz;
  const char *letter = strchr(letters, *z);
  unsigned code = 0;
  int n = *z == 'u' ? 4 : *z == 'U' ? 8 : *z == 'x' ? 2 : 0;
  int i = 0;

  if (letter && *z) {
    sqlite3_str_appendchar(out, 1, meanings[letter - letters]);
    *pz = z + 1;
    return 1;
  }
  if (n) {
    for (z++; i < n && z < end && ddl_value_hex_digit(*z) >= 0; i++) {
      code = code << 4 | (unsigned)ddl_value_hex_digit(*z++);
    }
    *pz = z;
    if (n == 2 ? i == 0 || code > 127 : i < n) return 0;
    return ddl_value_append_character(out, code);
  }
  if (*z >= '0' && *z <= '7') {
    for (; i < 3 && z < end && *z >= '0' && *z <= '7'; i++) {
      code = code << 3 | (unsigned)(*z++ - '0');
    }
    *pz = z;
    return code < 128 && ddl_value_append_character(out, code);
  }
  sqlite3_str_appendchar(out, *z == '\'' ? 2 : 1, *z);
  *pz = z + 1;
  return 1;
}

/* Write E'...' and $$...$$ as SQLite's strings. */
static int ddl_value_edit_string(Ddl *ddl, int token) {
  const Token *t = &ddl->tokens[token];
  const char *z = t->z + 2; /* E' */
  const char *end = t->z + t->n - 1;
  sqlite3_str *out = sqlite3_str_new(0);
  int is_right = 1;
  char *text;

  sqlite3_str_appendchar(out, 1, '\'');
  if (t->type == TOKEN_DOLLAR) {
    size_t tag = (size_t)((const char *)memchr(t->z + 1, '$', t->n - 1) - t->z);
    z = t->z + tag + 1;
    end = t->z + t->n - tag - 1;
    for (; z < end; z++) {
      sqlite3_str_appendchar(out, *z == '\'' ? 2 : 1, *z);
    }
  }
  while (is_right && z < end) {
    if (*z != '\\') {
      sqlite3_str_appendchar(out, 1, *z++); /* '' stays as it is */
    } else {
      z++;
      is_right = ddl_value_append_escape(out, &z, end);
    }
  }
  sqlite3_str_appendchar(out, 1, '\'');
  text = sqlite3_str_finish(out);
  if (is_right) {
    ddl_text_edit(ddl, token, token + 1, "%s", text ? text : "");
    if (text == 0 && ddl->rc == SQLITE_OK) ddl->rc = SQLITE_NOMEM;
  } else {
    ddl_text_fail(ddl, token, "invalid escape in a string");
  }
  sqlite3_free(text);
  return ddl->rc;
}

/**** Casts **************************************************************/

/* The token behind the words of a type from there on. */
static int ddl_value_words_end(const Ddl *ddl, int from) {
  static const char *const long_names[] = {
      "character varying", "double precision", "bit varying",
      "timestamp|time with|without time zone", 0};
  int end = ddl_clause_match_any(ddl, from, long_names);
  return end ? end : from + 1;
}

/* True for CockroachDB's :::, of which `colon` is the first. */
static int ddl_value_is_annotation(const Ddl *ddl, int colon) {
  return ddl_text_is_other(ddl, colon + 1, ':') &&
         ddl_text_is_other(ddl, colon + 2, ':');
}

/*
** The token behind a cast of which `colon` is the first colon; 0 if it is none
** that is understood.
*/
int ddl_value_cast_end(const Ddl *ddl, int colon) {
  int type = colon + (ddl_value_is_annotation(ddl, colon) ? 3 : 2);
  int end;
  if (!ddl_text_is_other(ddl, colon + 1, ':')) return 0;
  if (!ddl_clause_match(ddl, type, "%")) return 0;
  end = ddl_value_words_end(ddl, type);
  if (ddl_text_is_other(ddl, end, '(')) end = ddl_clause_group_end(ddl, end);
  if (ddl_text_is_other(ddl, end, ':')) return 0; /* another cast */
  if (end < ddl->n_token && ddl->tokens[end].type == TOKEN_QUOTED) return 0;
  return end;
}

/* The type that a cast names; or NULL. */
static const DdlType *ddl_value_cast_type(const Ddl *ddl, int from) {
  char name[DDL_TYPE_SIZE] = "";
  size_t n = 0;
  int end = ddl_value_words_end(ddl, from);
  for (int i = from; i < end; i++) {
    const Token *t = &ddl->tokens[i];
    if (t->type != TOKEN_NAME || n + t->n + 2 > sizeof name) return 0;
    if (i > from) name[n++] = ' ';
    for (size_t j = 0; j < t->n; j++) {
      char c = t->z[j];
      name[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    name[n] = 0;
  }
  return ddl_types_find(name);
}

/* True for a number at the end of (, -, 1, ) or alone. */
static int ddl_value_is_number(const Ddl *ddl, int token) {
  int type = ddl->tokens[token].type;
  if (ddl_text_is_other(ddl, token, ')')) {
    int sign = ddl_text_is_other(ddl, token - 2, '-');
    type = ddl->tokens[token - 1].type;
    if (!ddl_text_is_other(ddl, token - (sign ? 3 : 2), '(')) return 0;
  }
  return type == TOKEN_INTEGER || type == TOKEN_NUMBER;
}

/*
** True if a string can be that of a type, as it is.  In a type of numbers or
** times, 'now' and 'infinity' are more than a text.
*/
static int ddl_value_is_value(const Ddl *ddl, int token, const DdlType *type) {
  const Token *t = &ddl->tokens[token];
  const char *z = t->z + 1;
  if (type == 0 || (type->flags & (DDL_CAST_TEXT | DDL_CAST_NUMBER)) == 0) {
    return 0;
  }
  if (strcmp(type->strict, "TEXT") == 0) return 1;
  if (*z == '-' || *z == '+') z++;
  return t->type == TOKEN_STRING && ((*z >= '0' && *z <= '9') || *z == '.');
}

/* The name in a string that PostgreSQL reads as that of a relation. */
static int ddl_value_edit_regclass(Ddl *ddl, int token) {
  char *text = ddl_text_copy(ddl, token);
  Token name;
  Reader r;
  if (text == 0) return ddl->rc;
  reader_begin(&r, text, strlen(text));
  if (reader_accept_name(&r, &name) && name.type == TOKEN_QUOTED &&
      r.token.type == TOKEN_END) {
    char *unquoted = token_copy(&name);
    if (unquoted) {
      ddl_text_edit(ddl, token, token + 1, "%Q", unquoted);
    } else {
      ddl->rc = SQLITE_NOMEM;
    }
    sqlite3_free(unquoted);
  } else if (memchr(text, '"', strlen(text))) {
    ddl_text_fail(ddl, token, "a regclass of several names is not supported");
  }
  sqlite3_free(text);
  return ddl->rc;
}

/* Take away the cast of which `colon` is the first colon. */
static int ddl_value_edit_cast(Ddl *ddl, int colon) {
  int value = colon - 1;
  int end = ddl_value_cast_end(ddl, colon);
  int is_cast = !ddl_value_is_annotation(ddl, colon);
  const DdlType *type =
      end ? ddl_value_cast_type(ddl, colon + (is_cast ? 2 : 3)) : 0;
  int flags = type ? type->flags : 0;
  int kind = ddl->tokens[value].type;
  int is_right = 0;

  if (kind == TOKEN_STRING || kind == TOKEN_ESCAPED || kind == TOKEN_DOLLAR) {
    is_right = ddl_value_is_value(ddl, value, type);
  } else if (!is_cast) {
    is_right = type != 0;
  } else if (ddl_value_is_number(ddl, value)) {
    is_right = flags & DDL_CAST_NUMBER;
  } else if (ddl_text_is(ddl, value, "null")) {
    is_right = type != 0;
  } else if (ddl_text_is(ddl, value, "true") ||
             ddl_text_is(ddl, value, "false")) {
    is_right = type && strncmp(type->name, "bool", 4) == 0;
  }
  if (!is_right) return ddl_text_fail(ddl, colon, "this cast is not supported");
  if (kind == TOKEN_STRING && strcmp(type->name, "regclass") == 0 &&
      ddl_value_edit_regclass(ddl, value) != SQLITE_OK) {
    return ddl->rc;
  }
  ddl_text_delete(ddl, colon, end);
  return ddl->rc;
}

/* Edit all expressions of the statement. */
int ddl_value_expressions(Ddl *ddl) {
  for (int i = ddl->open; ddl->rc == SQLITE_OK && i < ddl->close; i++) {
    int type = ddl->tokens[i].type;
    if (type == TOKEN_ESCAPED || type == TOKEN_DOLLAR) {
      ddl_value_edit_string(ddl, i);
    } else if (ddl_text_is_other(ddl, i, ':')) {
      if (!ddl_text_is_other(ddl, i + 1, ':'))
        return ddl_text_syntax_error(ddl, i);
      ddl_value_edit_cast(ddl, i);
      i += ddl_value_is_annotation(ddl, i) ? 2 : 1;
    }
  }
  return ddl->rc;
}

/**** DEFAULT ************************************************************/

/* True if the default of a column is computed for each row. */
int ddl_value_is_computed(const Ddl *ddl, const DdlColumn *column) {
  for (int i = column->value; i < column->value_end; i++) {
    if (token_is_name(&ddl->tokens[i]) && ddl_text_is_other(ddl, i + 1, '(')) {
      return 1;
    }
    if (ddl_clause_match(ddl, i,
                         "current_timestamp|current_time|current_date")) {
      return 1;
    }
  }
  return 0;
}

/* Put a default in parentheses if it is a call. */
int ddl_value_default(Ddl *ddl, DdlColumn *column) {
  static const char words[] =
      "null|true|false|current_timestamp|current_time|current_date";
  int value = column->value;
  int end;

  if (value == 0 || ddl->tokens[value].type != TOKEN_NAME) return ddl->rc;
  end = ddl_clause_group_end(ddl, value + 1);
  if (end && ddl_clause_match(ddl, value, "current_timestamp|current_time")) {
    ddl_text_delete(ddl, value + 1, end); /* CURRENT_TIMESTAMP(3) */
  } else if (end) {
    ddl_text_edit(ddl, value, value + 1, "(%.*s", (int)ddl->tokens[value].n,
                  ddl->tokens[value].z);
    ddl_text_insert(ddl, end - 1, ")");
  } else if (!ddl_clause_match(ddl, value, words)) {
    return ddl_text_syntax_error(ddl, value); /* a string, to SQLite */
  }
  return ddl->rc;
}
