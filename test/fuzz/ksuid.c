/*
** Fuzzes the text of KSUIDs and base 62: ext/id/ksuid_codec.c, ext/id/base62.c.
**
** Claims: what is read is written again as it was; so are any 20 bytes; texts
** sort as the bytes do; the next id is greater.
*/
#include <ctype.h>

#include "fuzz.h"
#include "codec.h"

static void check_bytes(const unsigned char *bytes, char *text) {
  unsigned char again[KSUID_SIZE];
  char *exact;
  base62_encode(bytes, text);
  for (int i = 0; i < BASE62_SIZE; i++)
    HOLDS(isalnum((unsigned char)text[i]));
  exact = fuzz_copy(text, BASE62_SIZE);
  HOLDS(ksuid_codec_parse(exact, BASE62_SIZE, again));
  HOLDS(memcmp(bytes, again, sizeof again) == 0);
  HOLDS(!ksuid_codec_parse(exact, BASE62_SIZE - 1, again));
  free(exact);
  HOLDS(ksuid_codec_ms(bytes) >= KSUID_EPOCH_MS);
  HOLDS(ksuid_codec_ms(bytes) <= KSUID_EPOCH_MS + UINT32_MAX * UINT64_C(1000));
}

static void check_next(const unsigned char *bytes) {
  KsuidNumber number;
  unsigned char id[KSUID_SIZE];
  ksuid_codec_make(&number,
                   (uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 |
                       (uint64_t)bytes[2] << 8 | bytes[3],
                   bytes + 4);
  ksuid_codec_bytes(&number, id);
  HOLDS(memcmp(id, bytes, sizeof id) == 0);
  for (int i = 0; i < 4; i++) {
    unsigned char next[KSUID_SIZE];
    uint64_t seconds = number.seconds + (bytes[19] >> i & 1);
    if (!ksuid_codec_next(&number, seconds, bytes + 4, bytes[18] >> i & 1))
      break;
    ksuid_codec_bytes(&number, next);
    HOLDS(memcmp(next, id, sizeof id) > 0);
    memcpy(id, next, sizeof id);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned char bytes[KSUID_SIZE];
  char text[BASE62_SIZE];
  if (ksuid_codec_parse((const char *)data, size, bytes)) {
    HOLDS(size == BASE62_SIZE);
    check_bytes(bytes, text);
    HOLDS(memcmp(text, data, size) == 0);
  }
  if (size >= KSUID_SIZE) {
    check_bytes(data, text);
    check_next(data);
  }
  if (size >= 2 * KSUID_SIZE) {
    char other[BASE62_SIZE];
    int order = memcmp(data, data + KSUID_SIZE, KSUID_SIZE);
    int text_order;
    check_bytes(data + KSUID_SIZE, other);
    text_order = memcmp(text, other, sizeof text);
    HOLDS((order < 0) == (text_order < 0) && (order > 0) == (text_order > 0));
  }
  return 0;
}
