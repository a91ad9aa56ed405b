/*
** Prefixed ids, in Stripe's form: a type, an underscore, random characters.
**
**   prefixed_id(prefix)           cus_ and 24 characters of 0-9A-Za-z, which
**                                 are 142 random bits
**   prefixed_valid(X, prefix)     1 if X is such an id of that prefix, else 0
**
** A prefix is 1 to 63 characters: it begins with a-z, and goes on with a-z,
** 0-9 and underscores, the last of which is no underscore.  Another one is an
** error in both.  Each random character is drawn with the same chance.
**
** NULL for an argument gives NULL.  An error if the system gives no randomness.
**
** Source: Stripe's API reference (cus_NffrFeUfNV2Hib, with 14 characters, is an
** older id, pi_3MtwBwLkdIwHu7ix28a3tqPa one with 24; whsec_, sk_test_).  Stripe
** documents no grammar, only that an id has at most 255 characters.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

#define PREFIX_MAX 63

/**** The form of an id **************************************************/

static int prefixed_is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

static int prefixed_is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* True if the text may stand before the random characters of an id. */
int prefixed_is_prefix(const char *z, size_t n) {
  if (n < 1 || n > PREFIX_MAX || !prefixed_is_lower(z[0]) || z[n - 1] == '_')
    return 0;
  for (size_t i = 1; i < n; i++) {
    if (!prefixed_is_lower(z[i]) && !prefixed_is_digit(z[i]) && z[i] != '_')
      return 0;
  }
  return 1;
}

/* True if the text is an id of that prefix. */
int prefixed_is_id(const char *z, size_t n, const char *prefix,
                   size_t n_prefix) {
  if (n != n_prefix + 1 + PREFIXED_RANDOM_SIZE ||
      memcmp(z, prefix, n_prefix) != 0 || z[n_prefix] != '_') {
    return 0;
  }
  for (size_t i = n_prefix + 1; i < n; i++) {
    if (!prefixed_is_lower(z[i]) && !prefixed_is_digit(z[i]) &&
        !(z[i] >= 'A' && z[i] <= 'Z'))
      return 0;
  }
  return 1;
}

/**** SQL functions ******************************************************/

/* Read a prefix.  False, with the error reported, if it is none. */
static int prefixed_read_prefix(sqlite3_context *context, sqlite3_value *value,
                                const char *function, const char **z,
                                size_t *n) {
  if (!func_text(context, value, z, n)) return 0;
  if (prefixed_is_prefix(*z, *n)) return 1;
  func_error(context,
             "%s: \"%.*s\" is not a prefix: 1 to %d of a-z, 0-9 and _,"
             " that begin with a letter and do not end with _",
             function, (int)*n, *z, PREFIX_MAX);
  return 0;
}

static void prefixed_id_func(sqlite3_context *context, int argc,
                             sqlite3_value **argv) {
  IdState *state = sqlite3_user_data(context);
  char text[PREFIX_MAX + 1 + PREFIXED_RANDOM_SIZE];
  const char *prefix;
  size_t n;

  if (func_any_null(argc, argv) ||
      !prefixed_read_prefix(context, argv[0], "prefixed_id", &prefix, &n)) {
    return;
  }
  memcpy(text, prefix, n);
  text[n++] = '_';
  if (nanoid_draw(&state->pool, base62_alphabet, 62, text + n,
                  PREFIXED_RANDOM_SIZE) != SQLITE_OK) {
    id_no_randomness(context, "prefixed_id");
    return;
  }
  sqlite3_result_text(context, text, (int)n + PREFIXED_RANDOM_SIZE,
                      SQLITE_TRANSIENT);
}

static void prefixed_valid_func(sqlite3_context *context, int argc,
                                sqlite3_value **argv) {
  const char *prefix;
  const char *z;
  size_t n_prefix;
  size_t n;

  if (func_any_null(argc, argv) ||
      !prefixed_read_prefix(context, argv[1], "prefixed_valid", &prefix,
                            &n_prefix) ||
      !func_text(context, argv[0], &z, &n)) {
    return;
  }
  sqlite3_result_int(context, prefixed_is_id(z, n, prefix, n_prefix));
}

const FuncEntry prefixed_functions[] = {
    {"prefixed_id", 1, FUNC_MAKES, prefixed_id_func, "prefixed_id(prefix)",
     "Prefixed ids", "24 random characters behind a prefix, as Stripe's ids"},
    {"prefixed_valid", 2, FUNC_READS, prefixed_valid_func,
     "prefixed_valid(X, prefix)", "Prefixed ids",
     "1 if X is an id of that prefix, else 0"},
    {0}};
