/*
** The tokens of SQL: names, quoted names, strings, numbers, punctuation.
**
**   name      letter, underscore or byte over 127, then these, digits and $
**   quoted    "a ""b""" or `a``b` or [a]
**   string    'it''s'
**   escaped   E'it\'s'         dollar   $$it's$$, $tag$it's$tag$
**   blob      x'0f'
**   integer   digits           number   1.5, .5, 1e9, 0x1F
**   space and comments (-- to the end of the line, C comments) are skipped, and
**   a byte order mark is space, as in SQLite
**
** A token points into the text and owns nothing.  The text need not end with
** a NUL; nothing at or behind its end is read.  Nothing here calls SQLite, but
** for memory, its list of keywords, and to append to its strings.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "base.h"

int token_is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
static int token_is_digit(char c) {
  return c >= '0' && c <= '9';
}
static int token_is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (unsigned char)c > 127;
}
static int token_is_name_char(char c) {
  return token_is_name_start(c) || token_is_digit(c) || c == '$';
}
static char token_to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* True if the n bytes at z are that word, which is in lower case. */
int token_is(const char *z, size_t n, const char *word) {
  size_t i;
  for (i = 0; i < n && word[i]; i++) {
    if (token_to_lower(z[i]) != word[i]) return 0;
  }
  return i == n && word[i] == 0;
}

/* Skip space and comments. */
static const char *token_skip_space(const char *z, const char *end) {
  while (z < end) {
    if (token_is_space(*z)) {
      z++;
    } else if (end - z >= 2 && z[0] == '-' && z[1] == '-') {
      while (z < end && *z != '\n')
        z++;
    } else if (end - z >= 2 && z[0] == '/' && z[1] == '*') {
      z += 2;
      while (end - z >= 2 && !(z[0] == '*' && z[1] == '/'))
        z++;
      z = end - z >= 2 ? z + 2 : end;
    } else if (end - z >= 3 && memcmp(z, "\xef\xbb\xbf", 3) == 0) {
      z += 3;
    } else {
      break;
    }
  }
  return z;
}

/*
** The end of a quoted token that begins at z, with the doubled quotes in it
** passed over; or NULL if it is not closed.
*/
static const char *token_skip_quoted(const char *z, const char *end) {
  char quote = *z == '[' ? ']' : *z;
  for (z++; z < end; z++) {
    if (*z != quote) continue;
    if (quote != ']' && z + 1 < end && z[1] == quote) {
      z++;
    } else {
      return z + 1;
    }
  }
  return 0;
}

/* The end of PostgreSQL's E'...', of which z is the quote; or NULL. */
static const char *token_skip_escaped(const char *z, const char *end) {
  for (z++; z < end; z++) {
    if (*z == '\\') {
      if (++z == end) return 0;
    } else if (*z == '\'') {
      if (z + 1 == end || z[1] != '\'') return z + 1;
      z++;
    }
  }
  return 0;
}

/*
** The end of PostgreSQL's $$...$$ or $tag$...$tag$; z if none begins there, and
** NULL if it is not closed.
*/
static const char *token_skip_dollar(const char *z, const char *end) {
  const char *body = z + 1;
  size_t n;
  if (body < end && token_is_name_start(*body)) {
    while (body < end && token_is_name_char(*body) && *body != '$')
      body++;
  }
  if (body == end || *body != '$') return z;
  n = (size_t)(++body - z);
  for (; (size_t)(end - body) >= n; body++) {
    if (memcmp(body, z, n) == 0) return body + n;
  }
  return 0;
}

static int token_is_hex(char c) {
  return token_is_digit(c) ||
         (token_to_lower(c) >= 'a' && token_to_lower(c) <= 'f');
}

static const char *token_skip_number(const char *z, const char *end,
                                     int *type) {
  *type = TOKEN_INTEGER;
  if (end - z > 2 && *z == '0' && token_to_lower(z[1]) == 'x' &&
      token_is_hex(z[2])) {
    *type = TOKEN_NUMBER;
    for (z += 2; z < end && token_is_hex(*z); z++) {
    }
    return z;
  }
  while (z < end && token_is_digit(*z))
    z++;
  if (z < end && *z == '.') {
    *type = TOKEN_NUMBER;
    for (z++; z < end && token_is_digit(*z); z++) {
    }
  }
  if (z < end && token_to_lower(*z) == 'e') {
    const char *exponent = z + 1;
    if (exponent < end && (*exponent == '+' || *exponent == '-')) exponent++;
    if (exponent < end && token_is_digit(*exponent)) {
      *type = TOKEN_NUMBER;
      for (z = exponent; z < end && token_is_digit(*z); z++) {
      }
    }
  }
  return z;
}

/*
** Read the token at *pz into *token and set *pz behind it.  At the end of the
** text the token is TOKEN_END, with no bytes.
*/
void token_next(const char **pz, const char *end, Token *token) {
  const char *z = token_skip_space(*pz, end);
  const char *after = z;

  token->z = z;
  if (z == end) {
    token->type = TOKEN_END;
  } else if (end - z >= 2 && z[1] == '\'' && token_to_lower(*z) == 'e') {
    token->type = TOKEN_ESCAPED;
    after = token_skip_escaped(z + 1, end);
  } else if (end - z >= 2 && z[1] == '\'' && token_to_lower(*z) == 'x') {
    token->type = TOKEN_BLOB;
    after = token_skip_quoted(z + 1, end);
  } else if (token_is_name_start(*z)) {
    token->type = TOKEN_NAME;
    while (after < end && token_is_name_char(*after))
      after++;
  } else if (*z == '"' || *z == '`' || *z == '[' || *z == '\'') {
    token->type = *z == '\'' ? TOKEN_STRING : TOKEN_QUOTED;
    after = token_skip_quoted(z, end);
  } else if (*z == '$' && (after = token_skip_dollar(z, end)) != z) {
    token->type = TOKEN_DOLLAR;
  } else if (token_is_digit(*z) ||
             (*z == '.' && z + 1 < end && token_is_digit(z[1]))) {
    after = token_skip_number(z, end, &token->type);
  } else {
    token->type = TOKEN_OTHER;
    after = z + 1;
  }
  if (after == 0) { /* what was opened is not closed */
    token->type = TOKEN_ILLEGAL;
    after = end;
  }
  token->n = (size_t)(after - z);
  *pz = after;
}

/* Where z is in the text: line and column, both from 1, in characters. */
void token_position(const char *text, const char *z, int *line, int *column) {
  *line = *column = 1;
  for (; text < z; text++) {
    if (*text == '\n') {
      ++*line;
      *column = 1;
    } else if (((unsigned char)*text & 0xc0) != 0x80) {
      ++*column;
    }
  }
}

/* True if a token is that word, which is in lower case, without quotes. */
int token_is_word(const Token *token, const char *word) {
  return token->type == TOKEN_NAME && token_is(token->z, token->n, word);
}

/* True if it is one of some words, with NULL behind them. */
int token_is_one_of(const Token *token, const char *const *words) {
  while (*words && !token_is_word(token, *words))
    words++;
  return *words != 0;
}

int token_is_other(const Token *token, char c) {
  return token->type == TOKEN_OTHER && *token->z == c;
}

/* How many parentheses more are open behind a token than before it. */
int token_depth(const Token *token) {
  return token_is_other(token, '(') - token_is_other(token, ')');
}

/* True of a name, quoted or not. */
int token_is_name(const Token *token) {
  return token->type == TOKEN_NAME || token->type == TOKEN_QUOTED;
}

/*
** The text that a token stands for, without its quotes if it is quoted, to be
** freed by sqlite3_free(); NULL without memory.
*/
char *token_copy(const Token *token) {
  char *out = sqlite3_malloc64(token->n + 1);
  size_t n = 0;
  if (out == 0) return 0;
  if (token->type != TOKEN_QUOTED && token->type != TOKEN_STRING) {
    memcpy(out, token->z, token->n);
    n = token->n;
  } else {
    char quote = token->z[token->n - 1];
    for (size_t i = 1; i + 1 < token->n; i++) {
      out[n++] = token->z[i];
      if (quote != ']' && token->z[i] == quote) i++;
    }
  }
  out[n] = 0;
  return out;
}

/* True if all of it is a letter or _, then letters, digits or _, in ASCII. */
static int token_is_plain(const char *name) {
  const char *z = name;
  for (; *z; z++) {
    if ((unsigned char)*z > 127 || *z == '$' || !token_is_name_char(*z)) break;
  }
  return *z == 0 && z > name && !token_is_digit(*name);
}

/*
** Append a name as SQL has it: as it is if it is a plain one and no keyword,
** else in double quotes.
*/
void token_quote(sqlite3_str *out, const char *name) {
  int n = (int)strlen(name);
  if (token_is_plain(name) && !sqlite3_keyword_check(name, n)) {
    sqlite3_str_append(out, name, n);
  } else {
    sqlite3_str_appendf(out, "\"%w\"", name);
  }
}
