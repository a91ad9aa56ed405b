/*
** Fuzzes Hashids: ext/id/hashids_codec.c.
**
** An input is an alphabet, a salt, and an id, with tabs between them, and behind
** the last one the minimum length, a byte.  The bytes of the id are numbers,
** too.  An empty alphabet is the usual one.
**
** Claims: an alphabet is taken or has a message; decoding gives no more numbers
** than promised, of 0 to 2^63-1, and these encode to the same id; numbers that
** were encoded decode to the same, and not into more bytes than promised.
*/
#include "fuzz.h"
#include "codec.h"

#define USUAL "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890"

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

static size_t decode(const Hashids *hashids, const char *z, size_t n,
                     uint64_t *numbers, size_t room) {
  char *exact = fuzz_copy(z, n);
  char *scratch = malloc(n);
  size_t count =
      hashids_codec_decode(hashids, exact, n, numbers, room, scratch);
  free(exact);
  free(scratch);
  return count;
}

static void check_numbers(const Hashids *hashids, const uint64_t *numbers,
                          size_t count) {
  size_t most = hashids_codec_encode_size(hashids, count);
  char *id = malloc(most);
  uint64_t *again = calloc(count + 1, sizeof *again);
  size_t n = hashids_codec_encode(hashids, numbers, count, id, most);
  HOLDS(n > 0 && n <= most && n >= hashids->min_length);
  HOLDS(count <= HASHIDS_COUNT(n));
  HOLDS(decode(hashids, id, n, again, count) == count);
  HOLDS(memcmp(numbers, again, count * sizeof *again) == 0);
  free(id);
  free(again);
}

static void check_id(const Hashids *hashids, const char *z, size_t n) {
  size_t room = HASHIDS_COUNT(n);
  uint64_t *numbers = calloc(room + 1, sizeof *numbers);
  size_t count = decode(hashids, z, n, numbers, room);
  HOLDS(count <= room);
  for (size_t i = 0; i < count; i++)
    HOLDS(numbers[i] <= INT64_MAX);
  if (count > 0) {
    size_t most = hashids_codec_encode_size(hashids, count);
    char *id = malloc(most);
    HOLDS(hashids_codec_encode(hashids, numbers, count, id, most) == n);
    HOLDS(memcmp(id, z, n) == 0);
    free(id);
  }
  free(numbers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *z = (const char *)data;
  const char *end = z + size;
  uint64_t numbers[4] = {0};
  Field alphabet, salt, id;
  unsigned min_length;
  Hashids hashids;
  char *exact_alphabet, *exact_salt;

  if (size == 0) return 0;
  min_length = data[--size];
  end--;
  alphabet = next_field(&z, end);
  salt = next_field(&z, end);
  id = next_field(&z, end);
  if (alphabet.n == 0) alphabet = (Field){USUAL, sizeof USUAL - 1};

  exact_alphabet = fuzz_copy(alphabet.z, alphabet.n);
  exact_salt = fuzz_copy(salt.z, salt.n);
  if (hashids_codec_prepare(&hashids, exact_alphabet, alphabet.n, min_length,
                            exact_salt, salt.n) == 0) {
    check_id(&hashids, id.z, id.n);
    memcpy(numbers, id.z, id.n < sizeof numbers ? id.n : sizeof numbers);
    for (int i = 0; i < 4; i++)
      numbers[i] &= INT64_MAX;
    check_numbers(&hashids, numbers, 1);
    check_numbers(&hashids, numbers, 4);
  }
  free(exact_alphabet);
  free(exact_salt);
  return 0;
}
