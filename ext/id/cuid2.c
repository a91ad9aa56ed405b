/*
** CUID2: an id that tells nothing of when, where or in which order it was made.
**
**   cuid2()           24 characters
**   cuid2(length)     so many, 2 to 32
**   cuid2_valid(X)    1 if X can be one, else 0: 2 to 32 characters of a-z0-9,
**                     the first of which is a letter
**
** The first character is a random letter.  The others are SHA3-512, in base 36
** without its first two digits, of four texts in base 36: the time in
** milliseconds; as many random digits as the id has characters; a counter of
** this process that begins anywhere below 476782367; and a fingerprint of 32
** random digits.  As the time is hashed, there is no function to extract it.
**
** NULL gives NULL.  An error if the length is none of these, if the system
** gives no randomness, or if this build has no SHA3-512.
**
** State: `counter` is the process's, and atomic.  The fingerprint is a thread's
** own, as it is a worker's in the reference, so that it needs no lock; it is
** drawn again in a forked child.
**
** Source: https://github.com/paralleldrive/cuid2 3.0, src/index.js.  Its
** fingerprint also hashes the names of JavaScript's global variables.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

#define LENGTH_MIN     2
#define LENGTH_MAX     32
#define LENGTH_DEFAULT 24
#define COUNTER_START  476782367 /* the first count is below it */
#define BASE36_64      13        /* digits of the largest 64-bit number */
#define DIGEST_DIGITS  100       /* digits of the largest digest */

static const char base36[] = "0123456789abcdefghijklmnopqrstuvwxyz";

/**** Base 36 ************************************************************/

/* Write a number, and return the end of it. */
static char *cuid2_write_number(char *out, uint64_t number) {
  char digits[BASE36_64];
  size_t n = 0;
  do {
    digits[n++] = base36[number % 36];
    number /= 36;
  } while (number > 0);
  while (n > 0)
    *out++ = digits[--n];
  return out;
}

/*
** Write a digest of 64 bytes, as one big-endian number, to DIGEST_DIGITS digits, with
** zeros before it if it is small.  Returns how many there are without them.
*/
static size_t cuid2_digest_digits(const unsigned char *digest, char *digits) {
  uint32_t limbs[16];
  size_t at = DIGEST_DIGITS;
  size_t zeros = 0;
  for (size_t i = 0; i < 16; i++) {
    limbs[i] = (uint32_t)bytes_read(digest + 4 * i, 4);
  }
  while (at > 0) {
    uint32_t rest = 0; /* of the division by 36^5 */
    for (size_t i = 0; i < 16; i++) {
      uint64_t part = (uint64_t)rest << 32 | limbs[i];
      limbs[i] = (uint32_t)(part / 60466176);
      rest = (uint32_t)(part % 60466176);
    }
    for (int i = 0; i < 5; i++, rest /= 36)
      digits[--at] = base36[rest % 36];
  }
  while (zeros < DIGEST_DIGITS - 1 && digits[zeros] == '0')
    zeros++;
  return DIGEST_DIGITS - zeros;
}

/*
** Write what follows the first letter of an id, `n` characters: the digits of
** the digest behind the first two.  (A digest that has not so many begins with
** 340 zero bits; the id would be filled up with zeros.)
*/
void cuid2_body(const unsigned char *digest, char *out, size_t n) {
  char digits[DIGEST_DIGITS];
  size_t have = cuid2_digest_digits(digest, digits);
  for (size_t i = 0; i < n; i++) {
    out[i] = i + 2 < have ? digits[DIGEST_DIGITS - have + 2 + i] : '0';
  }
}

/* True if the text can be an id. */
int cuid2_is_id(const char *z, size_t n) {
  if (n < LENGTH_MIN || n > LENGTH_MAX || z[0] < 'a' || z[0] > 'z') return 0;
  for (size_t i = 1; i < n; i++) {
    if (!(z[i] >= 'a' && z[i] <= 'z') && !(z[i] >= '0' && z[i] <= '9'))
      return 0;
  }
  return 1;
}

/**** The counter and the fingerprint ************************************/

static _Atomic uint64_t cuid2_counter; /* the next count, and 1; 0: not yet */

/* Take the next count.  SQLITE_ERROR if the system gives no randomness. */
static int cuid2_next_count(RandomPool *pool, uint64_t *count) {
  uint64_t none = 0;
  if (atomic_load(&cuid2_counter) == 0) {
    uint64_t start;
    int rc = random_bytes(pool, &start, sizeof start);
    if (rc != SQLITE_OK) return rc;
    /* 2^64 is so large that the remainder is as good as fair. */
    atomic_compare_exchange_strong(&cuid2_counter, &none,
                                   start % COUNTER_START + 1);
  }
  *count = atomic_fetch_add(&cuid2_counter, 1) - 1;
  return SQLITE_OK;
}

typedef struct Fingerprint {
  unsigned forks; /* of the process when it was drawn */
  int is_drawn;
  char text[LENGTH_MAX];
} Fingerprint;

/* The fingerprint of this thread.  NULL if the system gives no randomness. */
static const char *cuid2_get_fingerprint(RandomPool *pool) {
  static _Thread_local Fingerprint fingerprint;
  unsigned forks = atomic_load(&random_forks);
  if (!fingerprint.is_drawn || fingerprint.forks != forks) {
    if (nanoid_draw(pool, base36, 36, fingerprint.text, LENGTH_MAX) !=
        SQLITE_OK) {
      return 0;
    }
    fingerprint.forks = forks;
    fingerprint.is_drawn = 1;
  }
  return fingerprint.text;
}

/**** SQL functions ******************************************************/

/*
** Draw what an id of `length` characters is made of: its first letter, and what
** is to be hashed, at input up to *end.  SQLITE_ERROR if the system gives no
** randomness.
*/
static int cuid2_draw_input(RandomPool *pool, size_t length, char *letter,
                            char *input, char **end) {
  char *salt = cuid2_write_number(input, clock_ms());
  const char *fingerprint = cuid2_get_fingerprint(pool);
  uint64_t count;
  if (fingerprint == 0 || cuid2_next_count(pool, &count) != SQLITE_OK ||
      nanoid_draw(pool, base36 + 10, 26, letter, 1) != SQLITE_OK ||
      nanoid_draw(pool, base36, 36, salt, length) != SQLITE_OK) {
    return SQLITE_ERROR;
  }
  *end = cuid2_write_number(salt + length, count);
  memcpy(*end, fingerprint, LENGTH_MAX);
  *end += LENGTH_MAX;
  return SQLITE_OK;
}

static void cuid2_func(sqlite3_context *context, int argc,
                       sqlite3_value **argv) {
  IdState *state = sqlite3_user_data(context);
  unsigned char digest[DIGEST_SIZE_MAX];
  char input[2 * BASE36_64 + 2 * LENGTH_MAX];
  char text[LENGTH_MAX];
  char *end;
  int64_t length = LENGTH_DEFAULT;
  int size;

  if (func_any_null(argc, argv)) return;
  if (argc == 1 && !func_integer(context, argv[0], "cuid2", "length",
                                 LENGTH_MIN, LENGTH_MAX, &length)) {
    return;
  }
  if (cuid2_draw_input(&state->pool, (size_t)length, text, input, &end) !=
      SQLITE_OK) {
    id_no_randomness(context, "cuid2");
    return;
  }
  size = digest_compute(DIGEST_SHA3_512, input, (size_t)(end - input), "", 0,
                        digest);
  random_wipe(input, sizeof input);
  if (size < 0) {
    sqlite3_result_error_nomem(context);
  } else if (size == 0) {
    func_error(context, "cuid2: %s", digest_missing(DIGEST_SHA3_512));
  } else {
    cuid2_body(digest, text + 1, (size_t)length - 1);
    sqlite3_result_text(context, text, (int)length, SQLITE_TRANSIENT);
  }
}

static void cuid2_valid_func(sqlite3_context *context, int argc,
                             sqlite3_value **argv) {
  const char *z;
  size_t n;
  if (func_any_null(argc, argv) || !func_text(context, argv[0], &z, &n)) return;
  sqlite3_result_int(context, cuid2_is_id(z, n));
}

const FuncEntry cuid2_functions[] = {
    {"cuid2", 0, FUNC_MAKES, cuid2_func, "cuid2([length])", "CUID2",
     "a text that hides its time, of 24 or so many characters"},
    {"cuid2", 1, FUNC_MAKES, cuid2_func, 0, 0, 0},
    {"cuid2_valid", 1, FUNC_READS, cuid2_valid_func, "cuid2_valid(X)", "CUID2",
     "1 if X has the form of a CUID2, else 0"},
    {0}};
