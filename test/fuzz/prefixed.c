/*
** Fuzzes the forms of prefixed ids and CUID2s: ext/id/prefixed.c, ext/id/cuid2.c.
**
** Claims: an id is the characters of its form, and no shorter or longer; any
** digest gives a text that is a CUID2 behind a letter.
*/
#include "fuzz.h"
#include "id.h"

static int is_alphanumeric(char c, int has_upper) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         (has_upper && c >= 'A' && c <= 'Z');
}

static void check_prefixed(const char *z, size_t n) {
  for (size_t n_prefix = 0; n_prefix <= n && n_prefix <= 70; n_prefix++) {
    char *exact = fuzz_copy(z, n);
    char *prefix = fuzz_copy(z, n_prefix);
    int is_prefix = prefixed_is_prefix(prefix, n_prefix);
    if (is_prefix) {
      HOLDS(n_prefix >= 1 && n_prefix <= 63);
      HOLDS(z[0] >= 'a' && z[0] <= 'z' && z[n_prefix - 1] != '_');
    }
    if (prefixed_is_id(exact, n, prefix, n_prefix)) {
      HOLDS(n == n_prefix + 25 && z[n_prefix] == '_');
      for (size_t i = n_prefix + 1; i < n; i++)
        HOLDS(is_alphanumeric(z[i], 1));
    }
    free(exact);
    free(prefix);
  }
}

static void check_cuid2(const char *z, size_t n) {
  if (!cuid2_is_id(z, n)) return;
  HOLDS(n >= 2 && n <= 32 && z[0] >= 'a' && z[0] <= 'z');
  for (size_t i = 0; i < n; i++)
    HOLDS(is_alphanumeric(z[i], 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  check_prefixed((const char *)data, size);
  check_cuid2((const char *)data, size);
  if (size >= DIGEST_SIZE_MAX) {
    for (size_t n = 2; n <= 32; n++) {
      char *id = malloc(n);
      if (id == 0) abort();
      id[0] = 'a';
      cuid2_body(data, id + 1, n - 1);
      HOLDS(cuid2_is_id(id, n));
      free(id);
    }
  }
  return 0;
}
