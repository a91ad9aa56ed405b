/*
** Fuzzes TypeIDs: ext/id/typeid_codec.c.
**
** Claims: what is read is written again as it was, from its prefix and its
** bytes; its prefix is one, or empty; a prefix and any 16 bytes that are written
** are read again; what the specification refuses is refused.
*/
#include "fuzz.h"
#include "codec.h"

/* The specification's regular expression: ^([a-z]([a-z_]{0,61}[a-z])?)?$ */
static int is_prefix(const char *z, size_t n) {
  if (n > 63) return 0;
  for (size_t i = 0; i < n; i++) {
    int is_inside = i > 0 && i < n - 1;
    if (!(z[i] >= 'a' && z[i] <= 'z') && !(is_inside && z[i] == '_')) return 0;
  }
  return 1;
}

static void check_text(const char *z, size_t n) {
  char *exact = fuzz_copy(z, n);
  unsigned char bytes[16];
  size_t n_prefix = 0;
  HOLDS(typeid_codec_is_prefix(exact, n) == is_prefix(z, n));
  if (typeid_codec_parse(exact, n, &n_prefix, bytes)) {
    char text[TYPEID_SIZE_MAX];
    HOLDS(n_prefix <= TYPEID_PREFIX_MAX && is_prefix(z, n_prefix));
    HOLDS(typeid_codec_write(exact, n_prefix, bytes, text) == n);
    HOLDS(memcmp(text, z, n) == 0);
  }
  free(exact);
}

static void check_bytes(const char *prefix, size_t n,
                        const unsigned char *bytes) {
  char text[TYPEID_SIZE_MAX];
  unsigned char again[16];
  size_t n_prefix = SIZE_MAX;
  size_t size = typeid_codec_write(prefix, n, bytes, text);
  char *exact = fuzz_copy(text, size);
  HOLDS(size <= sizeof text);
  HOLDS(typeid_codec_parse(exact, size, &n_prefix, again));
  HOLDS(n_prefix == n && memcmp(bytes, again, sizeof again) == 0);
  HOLDS(!typeid_codec_parse(exact, size - 1, &n_prefix, again));
  free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *z = (const char *)data;
  check_text(z, size);
  if (size >= 16 && is_prefix(z + 16, size - 16)) {
    check_bytes(z + 16, size - 16, data);
  }
  return 0;
}
