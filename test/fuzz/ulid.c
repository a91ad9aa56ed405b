/*
** Fuzzes the text of ULIDs and base 32: ext/id/ulid_codec.c, ext/id/base32.c.
**
** Claims: what is read is written again as it was, in upper case, and is 26
** characters of the alphabet; so are any 16 bytes; lower case is the same id,
** and TypeID's alphabet reads lower case alone; the next id is greater.
*/
#include <ctype.h>

#include "fuzz.h"
#include "codec.h"

static void check_bytes(const unsigned char *bytes) {
  unsigned char again[16];
  char text[BASE32_SIZE];
  char lower[BASE32_SIZE];
  char time[ULID_TIME_SIZE];
  char *exact;
  int n;

  base32_encode(bytes, base32_ulid_alphabet, text);
  for (int i = 0; i < BASE32_SIZE; i++) {
    HOLDS(strchr(base32_ulid_alphabet, text[i]) && text[i]);
    lower[i] = (char)tolower((unsigned char)text[i]);
  }
  HOLDS(text[0] <= '7');
  exact = fuzz_copy(text, sizeof text);
  HOLDS(ulid_codec_parse(exact, sizeof text, again));
  HOLDS(memcmp(bytes, again, sizeof again) == 0);
  HOLDS(!ulid_codec_parse(exact, sizeof text - 1, again));
  HOLDS(!ulid_codec_parse(exact + 1, sizeof text - 1, again));
  free(exact);
  HOLDS(ulid_codec_parse(lower, sizeof lower, again));
  HOLDS(memcmp(bytes, again, sizeof again) == 0);
  HOLDS(base32_decode(lower, base32_typeid_table, again));
  HOLDS(memcmp(bytes, again, sizeof again) == 0);
  base32_encode(bytes, base32_typeid_alphabet, text);
  HOLDS(memcmp(text, lower, sizeof text) == 0);

  n = ulid_codec_write_time(ulid_codec_ms(bytes), time);
  HOLDS(n == 23 || (n == ULID_TIME_SIZE && time[0] == '+'));
}

static int is_after(const UlidNumber *a, const UlidNumber *b) {
  return a->high > b->high || (a->high == b->high && a->low > b->low);
}

static void check_next(const unsigned char *bytes) {
  UlidNumber number;
  ulid_codec_make(&number, ulid_codec_ms(bytes), bytes + 6);
  for (int i = 0; i < 3; i++) {
    UlidNumber last = number;
    uint64_t ms = bytes[i] & 1 ? ulid_codec_ms(bytes + i) : last.high >> 16;
    if (ulid_codec_next(&number, ms, bytes + 6)) {
      HOLDS(is_after(&number, &last));
      HOLDS(number.high >> 16 == (ms > last.high >> 16 ? ms : last.high >> 16));
    } else {
      HOLDS(number.high == last.high && number.low == last.low);
      HOLDS((last.high & 0xffff) == 0xffff && last.low == UINT64_MAX);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *z = (const char *)data;
  unsigned char bytes[16];
  if (ulid_codec_parse(z, size, bytes)) {
    char text[BASE32_SIZE];
    HOLDS(size == BASE32_SIZE);
    base32_encode(bytes, base32_ulid_alphabet, text);
    for (int i = 0; i < BASE32_SIZE; i++)
      HOLDS(text[i] == toupper(data[i]));
    check_bytes(bytes);
  }
  if (ulid_codec_parse_prefixed(z, size, bytes)) {
    HOLDS(size == BASE32_SIZE || z[size - BASE32_SIZE - 1] == '_');
    HOLDS(ulid_codec_parse(z + size - BASE32_SIZE, BASE32_SIZE, bytes));
  }
  if (size == BASE32_SIZE && base32_decode(z, base32_typeid_table, bytes)) {
    char text[BASE32_SIZE];
    base32_encode(bytes, base32_typeid_alphabet, text);
    HOLDS(memcmp(text, z, size) == 0);
  }
  if (size >= 16) {
    check_bytes(data);
    check_next(data);
  }
  return 0;
}
