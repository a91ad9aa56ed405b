/*
** NanoID: random text of any size and alphabet.
**
**   nanoid()                 21 characters of A-Za-z0-9_-, 126 random bits
**   nanoid(size)             so many of them, 0 to 65536
**   nanoid(size, alphabet)   of the characters of that text
**
** An alphabet is 1 to 256 different characters (code points) of valid UTF-8,
** and no NUL; the size counts characters.  Each character of an id is drawn
** with the same chance: the low bits of a random byte are its place in the
** alphabet, and a byte that points behind its end is thrown away.
**
** NULL for an argument gives NULL.  An error if the size or the alphabet is
** none of these, or if the system gives no randomness.
**
** Source: https://github.com/ai/nanoid 5 and 6, customAlphabet() in index.js
** and url-alphabet/index.js.  There an alphabet has UTF-16 code units.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

#define SIZE_LIMIT   65536
#define ALPHABET_MAX 256
#define CHAR_SIZE    4   /* bytes of a character */
#define STACK_SIZE   512 /* bytes of a result that needs no allocation */

static const char url_alphabet[] =
    "useandom-26T198340PX75pxJACKVERYMINDBUSHWOLF_GQZbfghjklqvwyzrict";

/**** Drawing from an alphabet *******************************************/

/* The smallest 2^n - 1 that covers the places 0 to count - 1. */
static unsigned nanoid_alphabet_mask(unsigned count) {
  unsigned mask = 0;
  while (mask < count - 1)
    mask = mask << 1 | 1;
  return mask;
}

/*
** Write n characters to out, each drawn from `count` characters of one byte,
** 1 to 256, with the same chance.  SQLITE_ERROR if the system gives no
** randomness.
*/
int nanoid_draw(RandomPool *pool, const char *alphabet, unsigned count,
                char *out, size_t n) {
  unsigned mask = nanoid_alphabet_mask(count);
  unsigned char bytes[32];
  size_t left = 0;
  while (n > 0) {
    unsigned place;
    if (left == 0) {
      int rc = random_bytes(pool, bytes, sizeof bytes);
      if (rc != SQLITE_OK) return rc;
      left = sizeof bytes;
    }
    place = bytes[--left] & mask;
    if (place >= count) continue;
    *out++ = alphabet[place];
    n--;
  }
  return SQLITE_OK;
}

/**** Alphabets of any characters ****************************************/

typedef struct Alphabet {
  unsigned count;
  unsigned width; /* bytes of the longest character */
  char ascii[ALPHABET_MAX];
  unsigned char sizes[ALPHABET_MAX];
  char chars[ALPHABET_MAX][CHAR_SIZE];
} Alphabet;

/* The bytes of the UTF-8 character at z, which has n; 0 if there is none. */
static size_t nanoid_character_size(const unsigned char *z, size_t n) {
  size_t size = z[0] < 0x80   ? 1
                : z[0] < 0xc2 ? 0
                : z[0] < 0xe0 ? 2
                : z[0] < 0xf0 ? 3
                : z[0] < 0xf5 ? 4
                              : 0;
  if (size > n) return 0;
  for (size_t i = 1; i < size; i++) {
    if ((z[i] & 0xc0) != 0x80) return 0;
  }
  if ((z[0] == 0xe0 && z[1] < 0xa0) || (z[0] == 0xed && z[1] > 0x9f) ||
      (z[0] == 0xf0 && z[1] < 0x90) || (z[0] == 0xf4 && z[1] > 0x8f)) {
    return 0; /* too long a form, a surrogate, above U+10FFFF */
  }
  return size;
}

static int nanoid_has_character(const Alphabet *alphabet, const char *z,
                                size_t size) {
  for (unsigned i = 0; i < alphabet->count; i++) {
    if (alphabet->sizes[i] == size && memcmp(alphabet->chars[i], z, size) == 0)
      return 1;
  }
  return 0;
}

/* Read an alphabet.  False, with the error reported, if it is none. */
static int nanoid_parse_alphabet(sqlite3_context *context, const char *z,
                                 size_t n, Alphabet *alphabet) {
  memset(alphabet, 0, sizeof *alphabet);
  for (size_t i = 0; i < n;) {
    size_t size = nanoid_character_size((const unsigned char *)z + i, n - i);
    if (size == 0 || z[i] == 0) {
      func_error(context, "nanoid: alphabet is not text, at byte %lld",
                 (sqlite3_int64)i + 1);
      return 0;
    }
    if (nanoid_has_character(alphabet, z + i, size)) {
      func_error(context, "nanoid: alphabet has \"%.*s\" more than once",
                 (int)size, z + i);
      return 0;
    }
    if (alphabet->count == ALPHABET_MAX) {
      func_error(context, "nanoid: alphabet has more than %d characters",
                 ALPHABET_MAX);
      return 0;
    }
    memcpy(alphabet->chars[alphabet->count], z + i, size);
    alphabet->ascii[alphabet->count] = z[i];
    alphabet->sizes[alphabet->count++] = (unsigned char)size;
    if (size > alphabet->width) alphabet->width = (unsigned)size;
    i += size;
  }
  if (alphabet->count == 0) {
    func_error(context,
               "nanoid: alphabet is empty, and needs 1 to %d"
               " characters",
               ALPHABET_MAX);
    return 0;
  }
  return 1;
}

/*
** Write n characters to out, which has room for the longest ones.  Returns the
** bytes written, or -1 if the system gives no randomness.
*/
static int nanoid_draw_alphabet(RandomPool *pool, const Alphabet *alphabet,
                                char *out, size_t n) {
  unsigned mask = nanoid_alphabet_mask(alphabet->count);
  char *end = out;
  if (alphabet->width == 1) {
    int rc = nanoid_draw(pool, alphabet->ascii, alphabet->count, out, n);
    return rc == SQLITE_OK ? (int)n : -1;
  }
  while (n > 0) {
    unsigned char place;
    if (random_bytes(pool, &place, 1) != SQLITE_OK) return -1;
    place &= (unsigned char)mask;
    if (place >= alphabet->count) continue;
    memcpy(end, alphabet->chars[place], alphabet->sizes[place]);
    end += alphabet->sizes[place];
    n--;
  }
  return (int)(end - out);
}

/**** SQL functions ******************************************************/

static void nanoid_func(sqlite3_context *context, int argc,
                        sqlite3_value **argv) {
  IdState *state = sqlite3_user_data(context);
  unsigned char bytes[NANOID_SIZE];
  char text[NANOID_SIZE];
  UNUSED(argc);
  UNUSED(argv);
  if (random_bytes(&state->pool, bytes, sizeof bytes) != SQLITE_OK) {
    id_no_randomness(context, "nanoid");
    return;
  }
  for (size_t i = 0; i < sizeof text; i++)
    text[i] = url_alphabet[bytes[i] & 63];
  sqlite3_result_text(context, text, sizeof text, SQLITE_TRANSIENT);
}

/* An id of `size` characters of the alphabet; NULL: of the default one. */
static void nanoid_make_id(sqlite3_context *context, size_t size,
                           const Alphabet *alphabet) {
  IdState *state = sqlite3_user_data(context);
  char stack[STACK_SIZE];
  char *text = stack;
  size_t most = size * (alphabet ? alphabet->width : 1);
  int n = (int)size;

  if (most > sizeof stack) {
    text = sqlite3_malloc64(most);
    if (text == 0) {
      sqlite3_result_error_nomem(context);
      return;
    }
  }
  if (alphabet) {
    n = nanoid_draw_alphabet(&state->pool, alphabet, text, size);
  } else if (nanoid_draw(&state->pool, url_alphabet, 64, text, size) !=
             SQLITE_OK) {
    n = -1;
  }
  if (n < 0) {
    id_no_randomness(context, "nanoid");
  } else if (text != stack) {
    sqlite3_result_text(context, text, n, sqlite3_free);
    return;
  } else {
    sqlite3_result_text(context, text, n, SQLITE_TRANSIENT);
  }
  if (text != stack) sqlite3_free(text);
}

static void nanoid_size_func(sqlite3_context *context, int argc,
                             sqlite3_value **argv) {
  Alphabet *alphabet = 0;
  int is_new = 0;
  int64_t size;

  if (func_any_null(argc, argv)) return;
  if (!func_integer(context, argv[0], "nanoid", "size", 0, SIZE_LIMIT, &size))
    return;
  if (argc == 1) {
    nanoid_make_id(context, (size_t)size, 0);
    return;
  }
  /* A constant alphabet is read once a statement. */
  alphabet = sqlite3_get_auxdata(context, 1);
  if (alphabet == 0) {
    const char *z;
    size_t n;
    if (!func_text(context, argv[1], &z, &n)) return;
    alphabet = sqlite3_malloc64(sizeof *alphabet);
    if (alphabet == 0) {
      sqlite3_result_error_nomem(context);
      return;
    }
    if (!nanoid_parse_alphabet(context, z, n, alphabet)) {
      sqlite3_free(alphabet);
      return;
    }
    is_new = 1;
  }
  nanoid_make_id(context, (size_t)size, alphabet);
  if (is_new) sqlite3_set_auxdata(context, 1, alphabet, sqlite3_free);
}

const FuncEntry nanoid_functions[] = {
    {"nanoid", 0, FUNC_MAKES, nanoid_func, "nanoid([size [, alphabet]])",
     "NanoID", "a random text of 21 characters, or so many of an alphabet"},
    {"nanoid", 1, FUNC_MAKES, nanoid_size_func, 0, 0, 0},
    {"nanoid", 2, FUNC_MAKES, nanoid_size_func, 0, 0, 0},
    {0}};
