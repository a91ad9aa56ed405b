/*
** The options of CREATE SEQUENCE and ALTER SEQUENCE as text.
**
**   options   [IF NOT EXISTS | IF EXISTS] {option}
**   option    AS type
**             INCREMENT [BY] n
**             MINVALUE n | NO MINVALUE
**             MAXVALUE n | NO MAXVALUE
**             START [WITH] n
**             RESTART [[WITH] n]           only ALTER
**             CACHE n
**             CYCLE | NO CYCLE
**             OWNED BY {table.column | NONE}
**             MODE {STANDARD | GAPLESS}    not PostgreSQL's: see doc/
**
** Each option at most once, in any order, as PostgreSQL takes them.  The
** words of the errors are PostgreSQL's.
**
** Pure: the options are parsed and not judged (definition_define() does that),
** and nothing here calls SQLite.
*/
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "definition.h"

typedef struct Parser {
  const char *z;   /* what is still to be read */
  const char *end; /* where the text ends */
  Token token;     /* the token that is looked at */
  SeqOptions *options;
  char *message; /* SEQ_MESSAGE_SIZE bytes */
} Parser;

static void options_advance(Parser *p) {
  token_next(&p->z, p->end, &p->token);
}

static int options_syntax_error(Parser *p) {
  if (p->token.type == TOKEN_END) {
    snprintf(p->message, SEQ_MESSAGE_SIZE, "syntax error at end of input");
  } else {
    int n = p->token.n > 64 ? 64 : (int)p->token.n;
    snprintf(p->message, SEQ_MESSAGE_SIZE, "syntax error at or near \"%.*s\"",
             n, p->token.z);
  }
  return SEQ_INVALID;
}

/* If the token is that word, go past it and return true. */
static int options_accept(Parser *p, const char *word) {
  if (p->token.type != TOKEN_NAME) return 0;
  if (!token_is(p->token.z, p->token.n, word)) return 0;
  options_advance(p);
  return 1;
}

/*
** Note that an option is no good; the message is formatted as by printf().
** It is reported when its turn comes (definition_define()): later than a
** mistake in the syntax or in an option that PostgreSQL judges before.
*/
static void options_bad(Parser *p, unsigned bit, const char *format, ...) {
  SeqOptions *options = p->options;
  va_list args;
  if (options->bad && options->bad <= bit) return;
  options->bad = bit;
  va_start(args, format);
  vsnprintf(options->message, SEQ_MESSAGE_SIZE, format, args);
  va_end(args);
}

/* Note that an option is there, whose spellings are the bits of `mask`. */
static void options_given(Parser *p, unsigned bit, unsigned mask) {
  if (p->options->given & mask) {
    options_bad(p, SEQ_HAS_CONFLICT, "conflicting or redundant options");
  }
  p->options->given |= bit;
}

static int options_is_number(const Parser *p) {
  return p->token.type == TOKEN_INTEGER || p->token.type == TOKEN_NUMBER ||
         (p->token.n == 1 && (*p->token.z == '-' || *p->token.z == '+'));
}

/*
** Parse the value of an option: a whole number with its sign.  All of int64_t
** is allowed.
*/
static int options_parse_value(Parser *p, unsigned bit, unsigned mask,
                               int64_t *value) {
  uint64_t limit = INT64_MAX;
  uint64_t sum = 0;
  const char *sign = "";
  int is_negative = 0;
  int n;

  options_given(p, bit, mask);
  if (p->token.n == 1 && (*p->token.z == '-' || *p->token.z == '+')) {
    is_negative = *p->token.z == '-';
    if (is_negative) sign = "-";
    limit += (uint64_t)is_negative;
    options_advance(p);
  }
  n = p->token.n > 64 ? 64 : (int)p->token.n;
  if (p->token.type == TOKEN_NUMBER) {
    options_bad(p, bit, "invalid input syntax for type bigint: \"%s%.*s\"",
                sign, n, p->token.z);
    options_advance(p);
    return SEQ_OK;
  }
  if (p->token.type != TOKEN_INTEGER) return options_syntax_error(p);
  for (size_t i = 0; i < p->token.n; i++) {
    uint64_t digit = (uint64_t)(p->token.z[i] - '0');
    if (sum > (limit - digit) / 10) {
      options_bad(p, bit, "value \"%s%.*s\" is out of range for type bigint",
                  sign, n, p->token.z);
      break;
    }
    sum = sum * 10 + digit;
  }
  *value = (int64_t)(is_negative ? 0 - sum : sum);
  options_advance(p);
  return SEQ_OK;
}

static int options_parse_type(Parser *p) {
  SeqDef *def = &p->options->def;
  options_given(p, SEQ_HAS_TYPE, SEQ_HAS_TYPE);
  if (p->token.type != TOKEN_NAME && p->token.type != TOKEN_QUOTED) {
    return options_syntax_error(p);
  }
  def->data_type = definition_type_from_name(p->token.z, p->token.n);
  if (def->data_type == 0) {
    options_bad(p, SEQ_HAS_TYPE,
                "sequence type must be smallint, integer, or bigint");
  }
  options_advance(p);
  return SEQ_OK;
}

static int options_parse_mode(Parser *p) {
  SeqDef *def = &p->options->def;
  options_given(p, SEQ_HAS_MODE, SEQ_HAS_MODE);
  if (p->token.type != TOKEN_NAME) return options_syntax_error(p);
  def->mode = definition_mode_from_name(p->token.z, p->token.n);
  if (def->mode < 0) {
    options_bad(p, SEQ_HAS_MODE,
                "sequence mode must be standard, gapless, or virtual");
  }
  options_advance(p);
  return SEQ_OK;
}

static int options_parse_no(Parser *p) {
  if (options_accept(p, "minvalue")) {
    options_given(p, SEQ_HAS_NO_MINVALUE,
                  SEQ_HAS_NO_MINVALUE | SEQ_HAS_MINVALUE);
  } else if (options_accept(p, "maxvalue")) {
    options_given(p, SEQ_HAS_NO_MAXVALUE,
                  SEQ_HAS_NO_MAXVALUE | SEQ_HAS_MAXVALUE);
  } else if (options_accept(p, "cycle")) {
    options_given(p, SEQ_HAS_CYCLE, SEQ_HAS_CYCLE);
    p->options->def.cycle = 0;
  } else {
    return options_syntax_error(p);
  }
  return SEQ_OK;
}

static int options_parse_restart(Parser *p) {
  unsigned mask = SEQ_HAS_RESTART | SEQ_HAS_RESTART_WITH;
  if (options_accept(p, "with") || options_is_number(p)) {
    return options_parse_value(p, SEQ_HAS_RESTART_WITH, mask,
                               &p->options->last_value);
  }
  options_given(p, SEQ_HAS_RESTART, mask);
  return SEQ_OK;
}

/*
** Parse [schema.]table.column or NONE.  The names are left as tokens for the
** caller, who can look up what they name.
*/
static int options_parse_owned_by(Parser *p) {
  Token *name = p->options->owned_by;
  int n = 0;

  options_given(p, SEQ_HAS_OWNED_BY, SEQ_HAS_OWNED_BY);
  for (;;) {
    if (p->token.type != TOKEN_NAME && p->token.type != TOKEN_QUOTED) {
      return options_syntax_error(p);
    }
    if (n == SEQ_OWNED_BY_NAMES) return options_syntax_error(p);
    name[n++] = p->token;
    options_advance(p);
    if (p->token.n != 1 || *p->token.z != '.') break;
    options_advance(p);
  }
  if (n == 1) {
    if (name->type != TOKEN_NAME || !token_is(name->z, name->n, "none")) {
      options_bad(p, SEQ_HAS_OWNED_BY, "invalid OWNED BY option");
    }
    n = 0;
  }
  p->options->owned_by_names = n;
  return SEQ_OK;
}

static int options_parse_option(Parser *p, int is_new) {
  SeqDef *def = &p->options->def;

  if (options_accept(p, "as")) return options_parse_type(p);
  if (options_accept(p, "increment")) {
    options_accept(p, "by");
    return options_parse_value(p, SEQ_HAS_INCREMENT, SEQ_HAS_INCREMENT,
                               &def->increment_by);
  }
  if (options_accept(p, "minvalue")) {
    return options_parse_value(p, SEQ_HAS_MINVALUE,
                               SEQ_HAS_NO_MINVALUE | SEQ_HAS_MINVALUE,
                               &def->min_value);
  }
  if (options_accept(p, "maxvalue")) {
    return options_parse_value(p, SEQ_HAS_MAXVALUE,
                               SEQ_HAS_NO_MAXVALUE | SEQ_HAS_MAXVALUE,
                               &def->max_value);
  }
  if (options_accept(p, "start")) {
    options_accept(p, "with");
    return options_parse_value(p, SEQ_HAS_START, SEQ_HAS_START,
                               &def->start_value);
  }
  if (options_accept(p, "cache")) {
    return options_parse_value(p, SEQ_HAS_CACHE, SEQ_HAS_CACHE,
                               &def->cache_size);
  }
  if (options_accept(p, "cycle")) {
    options_given(p, SEQ_HAS_CYCLE, SEQ_HAS_CYCLE);
    def->cycle = 1;
    return SEQ_OK;
  }
  if (options_accept(p, "no")) return options_parse_no(p);
  if (options_accept(p, "owned")) {
    return options_accept(p, "by") ? options_parse_owned_by(p)
                                   : options_syntax_error(p);
  }
  if (options_accept(p, "mode")) return options_parse_mode(p);
  if (!is_new && options_accept(p, "restart")) return options_parse_restart(p);
  return options_syntax_error(p);
}

static void options_begin(Parser *p, const char *z, size_t n,
                          SeqOptions *options, char *message) {
  memset(options, 0, sizeof *options);
  p->z = z;
  p->end = z + n;
  p->options = options;
  p->message = message;
  options_advance(p);
}

/*
** Parse the n bytes at z as the options of CREATE SEQUENCE (is_new) or ALTER
** SEQUENCE, which wants one at least.  Returns SEQ_OK, or SEQ_INVALID with the
** message if the syntax is wrong.  Tokens in *options point into z.
*/
int options_parse(const char *z, size_t n, int is_new, SeqOptions *options,
                  char *message) {
  Parser p;
  int rc = SEQ_OK;

  options_begin(&p, z, n, options, message);
  if (options_accept(&p, "if")) {
    if (is_new && !options_accept(&p, "not")) return options_syntax_error(&p);
    if (!options_accept(&p, "exists")) return options_syntax_error(&p);
    options->given |= SEQ_HAS_IF_EXISTS;
  }
  if (!is_new && p.token.type == TOKEN_END) return options_syntax_error(&p);
  while (rc == SEQ_OK && p.token.type != TOKEN_END) {
    rc = options_parse_option(&p, is_new);
  }
  return rc;
}

/*
** Add OWNED BY to options, with the n bytes at z as the owner.  Returns as
** options_parse().
*/
int options_parse_owner(const char *z, size_t n, SeqOptions *options,
                        char *message) {
  SeqOptions parsed;
  Parser p;
  int rc;

  options_begin(&p, z, n, &parsed, message);
  rc = options_parse_owned_by(&p);
  if (rc == SEQ_OK && p.token.type != TOKEN_END) rc = options_syntax_error(&p);
  if (rc == SEQ_OK && parsed.bad) {
    memcpy(message, parsed.message, SEQ_MESSAGE_SIZE);
    rc = SEQ_INVALID;
  }
  if (rc == SEQ_OK) {
    options->given |= SEQ_HAS_OWNED_BY;
    options->owned_by_names = parsed.owned_by_names;
    memcpy(options->owned_by, parsed.owned_by, sizeof parsed.owned_by);
  }
  return rc;
}
