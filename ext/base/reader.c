/*
** A reader of SQL: it looks at one token of a text, and goes on to the next.
**
** It is a value: a copy of it reads ahead.  Like the tokens, it points into the
** text and owns nothing.
*/
#include "base.h"

void reader_next(Reader *r) {
  r->after = r->token.z + r->token.n;
  token_next(&r->z, r->end, &r->token);
}

/* Look at the first token of the n bytes at z. */
void reader_begin(Reader *r, const char *z, size_t n) {
  *r = (Reader){.z = z, .end = z + n, .token = {.z = z}};
  reader_next(r);
}

/* True behind the last token, and at a quote that is not closed. */
int reader_at_end(const Reader *r) {
  return r->token.type == TOKEN_END || r->token.type == TOKEN_ILLEGAL;
}

/* True where an item of a list in parentheses ends. */
int reader_at_item_end(const Reader *r) {
  return reader_at_end(r) || token_is_other(&r->token, ',') ||
         token_is_other(&r->token, ')');
}

/* If the token is that word, go past it and return true. */
int reader_accept(Reader *r, const char *word) {
  if (!token_is_word(&r->token, word)) return 0;
  reader_next(r);
  return 1;
}

/* If the token is a name, copy it to *name, go past it and return true. */
int reader_accept_name(Reader *r, Token *name) {
  if (!token_is_name(&r->token)) return 0;
  *name = r->token;
  reader_next(r);
  return 1;
}

/* If the token is that character, go past it and return true. */
int reader_accept_other(Reader *r, char c) {
  if (!token_is_other(&r->token, c)) return 0;
  reader_next(r);
  return 1;
}

/* Go on to that character.  False if the text ends before. */
int reader_find(Reader *r, char c) {
  while (!reader_at_end(r) && !token_is_other(&r->token, c))
    reader_next(r);
  return !reader_at_end(r);
}

/*
** Go past the token; past a group, to behind the parenthesis that closes it, if
** it opens one.  False if it is not closed: then the reader is at the end.
*/
int reader_skip(Reader *r) {
  int depth = 0;
  do {
    depth += token_depth(&r->token);
    reader_next(r);
  } while (depth > 0 && !reader_at_end(r));
  return depth <= 0;
}

/*
** True if a call of that function is looked at, with its name in quotes or not:
** *arguments is the reader at the first one.
*/
int reader_is_call(const Reader *r, const char *function, Reader *arguments) {
  const Token *t = &r->token;
  if (!token_is_word(t, function) &&
      (t->type != TOKEN_QUOTED || !token_is(t->z + 1, t->n - 2, function))) {
    return 0;
  }
  *arguments = *r;
  reader_next(arguments);
  return reader_accept_other(arguments, '(');
}
