/*
** Fuzzes the text of UUIDs: ext/id/uuid_codec.c.
**
** Claims: a text that is read has 32 hexadecimal digits and nothing else but the
** hyphens, braces and "urn:uuid:" that are allowed, and they are its bytes; what
** is written is read again, also in upper case, in braces, as a URN and without
** hyphens; and is none if a character is missing or added.  Version and time are
** in bounds.
*/
#include <ctype.h>

#include "fuzz.h"
#include "codec.h"

static int parse(const char *text, size_t n, unsigned char *bytes) {
  char *exact = fuzz_copy(text, n);
  Uuid uuid = {0, 0};
  int is_uuid = uuid_codec_parse(exact, n, &uuid);
  free(exact);
  if (!is_uuid) return 0;
  uuid_codec_to_bytes(uuid, bytes);
  return 1;
}

static void check_same(const char *text, size_t n, const unsigned char *bytes) {
  unsigned char again[UUID_SIZE];
  HOLDS(parse(text, n, again));
  HOLDS(memcmp(bytes, again, sizeof again) == 0);
}

/* The digits of a text that was read are the bytes. */
static void check_digits(const char *text, size_t n,
                         const unsigned char *bytes) {
  int digits = 0;
  if (n > 9 && tolower(text[0]) == 'u') {
    text += 9;
    n -= 9;
  }
  for (size_t i = 0; i < n; i++) {
    int c = (unsigned char)text[i];
    int half;
    if (c == '-') {
      HOLDS(digits > 0 && digits < 32 && digits % 4 == 0);
      HOLDS(i + 1 < n && text[i + 1] != '-');
    } else if (c == '{' || c == '}') {
      HOLDS(text[0] == '{' && text[n - 1] == '}' && (i == 0 || i == n - 1));
    } else {
      HOLDS(isxdigit(c) && digits < 32);
      half = bytes[digits / 2] >> (digits % 2 ? 0 : 4) & 15;
      HOLDS("0123456789abcdef"[half] == tolower(c));
      digits++;
    }
  }
  HOLDS(digits == 32);
}

static void check_bytes(const unsigned char *bytes) {
  Uuid uuid = uuid_codec_from_bytes(bytes);
  unsigned char copy[UUID_SIZE];
  char *text = malloc(UUID_TEXT_SIZE);
  char other[UUID_TEXT_SIZE + 9];
  int64_t ms = 0;
  int version = uuid_codec_version(uuid);
  size_t n = 0;

  if (text == 0) abort();
  uuid_codec_to_bytes(uuid, copy);
  HOLDS(memcmp(bytes, copy, sizeof copy) == 0);
  uuid_codec_format(uuid, text);
  check_digits(text, UUID_TEXT_SIZE, bytes);
  check_same(text, UUID_TEXT_SIZE, bytes);

  for (size_t i = 0; i < UUID_TEXT_SIZE; i++)
    other[i] = (char)toupper((unsigned char)text[i]);
  check_same(other, UUID_TEXT_SIZE, bytes);
  memcpy(other, "URN:Uuid:", 9);
  memcpy(other + 9, text, UUID_TEXT_SIZE);
  check_same(other, UUID_TEXT_SIZE + 9, bytes);
  other[8] = '{';
  HOLDS(!parse(other + 8, UUID_TEXT_SIZE + 1, copy));
  memmove(other, other + 8, UUID_TEXT_SIZE + 1);
  other[UUID_TEXT_SIZE + 1] = '}';
  check_same(other, UUID_TEXT_SIZE + 2, bytes);
  for (size_t i = 0; i < UUID_TEXT_SIZE; i++) {
    if (text[i] != '-') other[n++] = text[i];
  }
  check_same(other, n, bytes);
  HOLDS(!parse(text, UUID_TEXT_SIZE - 1, copy));
  HOLDS(!parse(text + 1, UUID_TEXT_SIZE - 1, copy));
  free(text);

  HOLDS(version >= -1 && version <= 15);
  if (uuid_codec_time(uuid, &ms))
    HOLDS(version == 1 || version == 6 || version == 7);
  for (version = 0; version < 16; version++) {
    HOLDS(uuid_codec_version(uuid_codec_with_version(uuid, version)) ==
          version);
  }
  HOLDS(uuid_codec_time(uuid_codec_with_time(uuid, uuid.low >> 16), &ms));
  HOLDS(ms == (int64_t)(uuid.low >> 16));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned char bytes[UUID_SIZE];
  if (parse((const char *)data, size, bytes)) {
    check_digits((const char *)data, size, bytes);
    check_bytes(bytes);
  }
  if (size >= UUID_SIZE) check_bytes(data);
  return 0;
}
