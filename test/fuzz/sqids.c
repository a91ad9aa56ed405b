/*
** Fuzzes Sqids: ext/id/sqids_codec.c.
**
** An input is an alphabet, a word to block, and an id, with tabs between them,
** and behind the last one the minimum length, a byte.  The bytes of the id are
** numbers, too.  An empty alphabet is the usual one with the usual blocklist.
**
** Claims: an alphabet is taken or has a message; decoding gives no more numbers
** than promised, of 0 to 2^63-1; what decodes to the one number of a canonical
** id encodes to that id; numbers that were encoded decode to the same, into an
** id that is long enough, has no blocked word, and not more bytes than promised.
*/
#include "fuzz.h"
#include "codec.h"

#define USUAL "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

typedef struct Field {
  const char *z;
  size_t n;
} Field;

static Field next_field(const char **z, const char *end) {
  const char *tab = memchr(*z, '\t', (size_t)(end - *z));
  Field field = {*z, (size_t)((tab ? tab : end) - *z)};
  *z = tab ? tab + 1 : end;
  return field;
}

static void check_id(const SqidsConfig *config, const char *z, size_t n) {
  uint64_t *numbers = calloc(SQIDS_COUNT(n) + 1, sizeof *numbers);
  size_t count = sqids_codec_decode(config, z, n, numbers, SQIDS_COUNT(n));
  uint64_t one = 0;
  HOLDS(count <= SQIDS_COUNT(n));
  for (size_t i = 0; i < count; i++)
    HOLDS(numbers[i] <= INT64_MAX);
  if (sqids_codec_decode_one(config, z, n, &one)) {
    char id[SQIDS_ONE_SIZE];
    HOLDS(count == 1 && one == numbers[0]);
    HOLDS(sqids_codec_encode(config, &one, 1, id) == n &&
          memcmp(id, z, n) == 0);
  }
  free(numbers);
}

static void check_numbers(const SqidsConfig *config, const uint64_t *numbers,
                          size_t count) {
  size_t most = sqids_codec_encode_size(config, count);
  char *id = malloc(most);
  uint64_t *again = calloc(count + 1, sizeof *again);
  size_t n = sqids_codec_encode(config, numbers, count, id);
  HOLDS(n <= most);
  if (n > 0) {
    HOLDS(n >= config->min_length);
    HOLDS(sqids_codec_decode(config, id, n, again, count) == count);
    HOLDS(memcmp(numbers, again, count * sizeof *again) == 0);
    check_id(config, id, n);
  }
  free(id);
  free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *z = (const char *)data;
  const char *end = z + size;
  uint64_t numbers[4] = {0};
  Field alphabet, word, id;
  unsigned min_length;
  size_t n_word;
  SqidsConfig *config;
  char *exact;

  if (size == 0) return 0;
  min_length = data[--size];
  end--;
  alphabet = next_field(&z, end);
  word = next_field(&z, end);
  id = next_field(&z, end);
  n_word = alphabet.n == 0 ? SQIDS_BLOCKLIST : 1;
  if (alphabet.n == 0) alphabet = (Field){USUAL, sizeof USUAL - 1};

  config = malloc(sqids_codec_config_size(n_word, word.n));
  exact = fuzz_copy(alphabet.z, alphabet.n);
  if (sqids_codec_prepare(config, exact, alphabet.n, min_length, n_word) == 0) {
    if (n_word == 1) sqids_codec_block(config, word.z, word.n);
    free(exact);
    exact = fuzz_copy(id.z, id.n);
    check_id(config, exact, id.n);
    memcpy(numbers, id.z, id.n < sizeof numbers ? id.n : sizeof numbers);
    for (int i = 0; i < 4; i++)
      numbers[i] &= INT64_MAX;
    check_numbers(config, numbers, 1);
    check_numbers(config, numbers, 4);
  }
  free(exact);
  free(config);
  return 0;
}
