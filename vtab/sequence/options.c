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
  Reader r;
  SeqOptions *options;
  char *message; /* SEQ_MESSAGE_SIZE bytes */
} Parser;

static int options_syntax_error(Parser *p) {
  if (p->r.token.type == TOKEN_END) {
    snprintf(p->message, SEQ_MESSAGE_SIZE, "syntax error at end of input");
  } else {
    int n = p->r.token.n > 64 ? 64 : (int)p->r.token.n;
    snprintf(p->message, SEQ_MESSAGE_SIZE, "syntax error at or near \"%.*s\"",
             n, p->r.token.z);
  }
  return SEQ_INVALID;
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

static int options_is_number(const Token *t) {
  return t->type == TOKEN_INTEGER || t->type == TOKEN_NUMBER ||
         token_is_other(t, '-') || token_is_other(t, '+');
}

/*
** Parse the value of an option: a whole number with its sign.  All of int64_t
** is allowed.
*/
static int options_parse_value(Parser *p, unsigned bit, unsigned mask,
                               int64_t *value) {
  uint64_t limit = INT64_MAX;
  uint64_t sum = 0;
  const Token *t = &p->r.token;
  int is_negative = reader_accept_other(&p->r, '-');
  const char *sign = is_negative ? "-" : "";
  int n;

  options_given(p, bit, mask);
  if (!is_negative) reader_accept_other(&p->r, '+');
  limit += (uint64_t)is_negative;
  n = t->n > 64 ? 64 : (int)t->n;
  if (t->type == TOKEN_NUMBER) {
    options_bad(p, bit, "invalid input syntax for type bigint: \"%s%.*s\"",
                sign, n, t->z);
    reader_next(&p->r);
    return SEQ_OK;
  }
  if (t->type != TOKEN_INTEGER) return options_syntax_error(p);
  for (size_t i = 0; i < t->n; i++) {
    uint64_t digit = (uint64_t)(t->z[i] - '0');
    if (sum > (limit - digit) / 10) {
      options_bad(p, bit, "value \"%s%.*s\" is out of range for type bigint",
                  sign, n, t->z);
      break;
    }
    sum = sum * 10 + digit;
  }
  *value = (int64_t)(is_negative ? 0 - sum : sum);
  reader_next(&p->r);
  return SEQ_OK;
}

static int options_parse_type(Parser *p) {
  SeqDef *def = &p->options->def;
  Token name;
  options_given(p, SEQ_HAS_TYPE, SEQ_HAS_TYPE);
  if (!reader_accept_name(&p->r, &name)) return options_syntax_error(p);
  def->data_type = definition_type_from_name(name.z, name.n);
  if (def->data_type == 0) {
    options_bad(p, SEQ_HAS_TYPE,
                "sequence type must be smallint, integer, or bigint");
  }
  return SEQ_OK;
}

static int options_parse_mode(Parser *p) {
  SeqDef *def = &p->options->def;
  options_given(p, SEQ_HAS_MODE, SEQ_HAS_MODE);
  if (p->r.token.type != TOKEN_NAME) return options_syntax_error(p);
  def->mode = definition_mode_from_name(p->r.token.z, p->r.token.n);
  if (def->mode < 0) {
    options_bad(p, SEQ_HAS_MODE,
                "sequence mode must be standard, gapless, or virtual");
  }
  reader_next(&p->r);
  return SEQ_OK;
}

static int options_parse_no(Parser *p) {
  if (reader_accept(&p->r, "minvalue")) {
    options_given(p, SEQ_HAS_NO_MINVALUE,
                  SEQ_HAS_NO_MINVALUE | SEQ_HAS_MINVALUE);
  } else if (reader_accept(&p->r, "maxvalue")) {
    options_given(p, SEQ_HAS_NO_MAXVALUE,
                  SEQ_HAS_NO_MAXVALUE | SEQ_HAS_MAXVALUE);
  } else if (reader_accept(&p->r, "cycle")) {
    options_given(p, SEQ_HAS_CYCLE, SEQ_HAS_CYCLE);
    p->options->def.cycle = 0;
  } else {
    return options_syntax_error(p);
  }
  return SEQ_OK;
}

static int options_parse_restart(Parser *p) {
  unsigned mask = SEQ_HAS_RESTART | SEQ_HAS_RESTART_WITH;
  if (reader_accept(&p->r, "with") || options_is_number(&p->r.token)) {
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
  do {
    if (n == SEQ_OWNED_BY_NAMES || !reader_accept_name(&p->r, &name[n++])) {
      return options_syntax_error(p);
    }
  } while (reader_accept_other(&p->r, '.'));
  if (n == 1) {
    if (!token_is_word(name, "none")) {
      options_bad(p, SEQ_HAS_OWNED_BY, "invalid OWNED BY option");
    }
    n = 0;
  }
  p->options->owned_by_names = n;
  return SEQ_OK;
}

static int options_parse_option(Parser *p, int is_new) {
  SeqDef *def = &p->options->def;

  if (reader_accept(&p->r, "as")) return options_parse_type(p);
  if (reader_accept(&p->r, "increment")) {
    reader_accept(&p->r, "by");
    return options_parse_value(p, SEQ_HAS_INCREMENT, SEQ_HAS_INCREMENT,
                               &def->increment_by);
  }
  if (reader_accept(&p->r, "minvalue")) {
    return options_parse_value(p, SEQ_HAS_MINVALUE,
                               SEQ_HAS_NO_MINVALUE | SEQ_HAS_MINVALUE,
                               &def->min_value);
  }
  if (reader_accept(&p->r, "maxvalue")) {
    return options_parse_value(p, SEQ_HAS_MAXVALUE,
                               SEQ_HAS_NO_MAXVALUE | SEQ_HAS_MAXVALUE,
                               &def->max_value);
  }
  if (reader_accept(&p->r, "start")) {
    reader_accept(&p->r, "with");
    return options_parse_value(p, SEQ_HAS_START, SEQ_HAS_START,
                               &def->start_value);
  }
  if (reader_accept(&p->r, "cache")) {
    return options_parse_value(p, SEQ_HAS_CACHE, SEQ_HAS_CACHE,
                               &def->cache_size);
  }
  if (reader_accept(&p->r, "cycle")) {
    options_given(p, SEQ_HAS_CYCLE, SEQ_HAS_CYCLE);
    def->cycle = 1;
    return SEQ_OK;
  }
  if (reader_accept(&p->r, "no")) return options_parse_no(p);
  if (reader_accept(&p->r, "owned")) {
    return reader_accept(&p->r, "by") ? options_parse_owned_by(p)
                                      : options_syntax_error(p);
  }
  if (reader_accept(&p->r, "mode")) return options_parse_mode(p);
  if (!is_new && reader_accept(&p->r, "restart"))
    return options_parse_restart(p);
  return options_syntax_error(p);
}

static void options_begin(Parser *p, const char *z, size_t n,
                          SeqOptions *options, char *message) {
  memset(options, 0, sizeof *options);
  p->options = options;
  p->message = message;
  reader_begin(&p->r, z, n);
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
  if (reader_accept(&p.r, "if")) {
    if (is_new && !reader_accept(&p.r, "not")) return options_syntax_error(&p);
    if (!reader_accept(&p.r, "exists")) return options_syntax_error(&p);
    options->given |= SEQ_HAS_IF_EXISTS;
  }
  if (!is_new && p.r.token.type == TOKEN_END) return options_syntax_error(&p);
  while (rc == SEQ_OK && p.r.token.type != TOKEN_END) {
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
  if (rc == SEQ_OK && p.r.token.type != TOKEN_END)
    rc = options_syntax_error(&p);
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
