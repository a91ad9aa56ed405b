/*
** uuid_unit.c: what of UUIDs SQL does not reach, run by uuid.test.
**
** The text of many; that nothing behind a text is read (for the address
** sanitizer: texts lie in memory of their size); and the arithmetic of version 7 at moments that no clock will show.
** Prints what is wrong, and then fails.
*/
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec.h"

static int failures;

#define CHECK(condition)                                     \
  do {                                                       \
    if (!(condition)) {                                      \
      printf("line %d: not so: %s\n", __LINE__, #condition); \
      if (++failures > 20) exit(1);                          \
    }                                                        \
  } while (0)

static uint64_t xorshift(void) {
  static uint64_t x = 88172645463325252;
  x ^= x << 13;
  x ^= x >> 7;
  return x ^= x << 17;
}

static int is_same(Uuid a, Uuid b) {
  return a.high == b.high && a.low == b.low;
}

/* Parse, from memory of n bytes. */
static int parse(const char *text, size_t n, Uuid *uuid) {
  char *copy = malloc(n ? n : 1);
  int is_uuid;
  if (copy == 0) exit(1);
  memcpy(copy, text, n);
  is_uuid = uuid_codec_parse(copy, n, uuid);
  free(copy);
  return is_uuid;
}

static void test_text(void) {
  for (int i = 0; i < 20000; i++) {
    Uuid uuid = {xorshift(), xorshift()};
    Uuid again;
    unsigned char bytes[UUID_SIZE];
    char text[UUID_TEXT_SIZE + 1] = "";
    char expected[64];
    snprintf(expected, sizeof expected, "%08llx-%04llx-%04llx-%04llx-%012llx",
             (unsigned long long)(uuid.high >> 32),
             (unsigned long long)(uuid.high >> 16 & 0xFFFF),
             (unsigned long long)(uuid.high & 0xFFFF),
             (unsigned long long)(uuid.low >> 48),
             (unsigned long long)(uuid.low & 0xFFFFFFFFFFFF));
    uuid_codec_format(uuid, text);
    CHECK(strcmp(text, expected) == 0);
    CHECK(parse(text, UUID_TEXT_SIZE, &again) == 1 && is_same(again, uuid));
    for (int j = 0; j < UUID_TEXT_SIZE; j++) {
      if (xorshift() & 1) text[j] = (char)toupper((unsigned char)text[j]);
    }
    CHECK(parse(text, UUID_TEXT_SIZE, &again) == 1 && is_same(again, uuid));
    uuid_codec_to_bytes(uuid, bytes);
    CHECK(bytes[0] == uuid.high >> 56 && bytes[15] == (uuid.low & 0xFF));
    CHECK(is_same(uuid_codec_from_bytes(bytes), uuid));
  }
}

/* Every byte in every place, and every length. */
static void test_bad_text(void) {
  static const char right[] = "01234567-89ab-cdef-ABCD-EF0123456789";
  char text[sizeof right];
  Uuid uuid;
  for (int place = 0; place < UUID_TEXT_SIZE; place++) {
    for (int c = 0; c < 256; c++) {
      int is_right = right[place] == '-' ? c == '-' : c < 128 && isxdigit(c);
      memcpy(text, right, sizeof right);
      text[place] = (char)c;
      CHECK(parse(text, UUID_TEXT_SIZE, &uuid) == is_right);
    }
  }
  for (size_t n = 0; n < UUID_TEXT_SIZE; n++) {
    CHECK(parse(right, n, &uuid) == 0);
    CHECK(parse(right + UUID_TEXT_SIZE - n, n, &uuid) == 0);
  }
  CHECK(parse(right, sizeof right, &uuid) == 0); /* and its NUL */
}

#define MS        UINT64_C(1000000)
#define NS        (UINT64_C(1700000000000) * MS) /* a moment */
#define TIME(u)   ((u).high >> 16)
#define TICK(u)   ((u).high & 0xFFF)
#define COUNT(u)  ((u).low >> UUID_RANDOM_BITS & 2047)
#define RANDOM(u) ((u).low & ((UINT64_C(1) << UUID_RANDOM_BITS) - 1))

static int is_after(Uuid a, Uuid b) {
  return a.high != b.high ? a.high > b.high : a.low > b.low;
}

static void test_fields(void) {
  UuidGenerator generator = {0, 0};
  for (uint64_t ns = NS; ns < NS + 3 * MS; ns += 37) {
    Uuid uuid = {0, 0};
    CHECK(uuid_codec_next(&generator, ns, UINT64_MAX, &uuid));
    CHECK(uuid_codec_version(uuid) == 7);
    CHECK(RANDOM(uuid) == (UINT64_C(1) << UUID_RANDOM_BITS) - 1);
    CHECK(TIME(uuid) == ns / MS);
    CHECK(TICK(uuid) == ns % MS * 4096 / MS); /* PostgreSQL's rounding */
    CHECK(COUNT(uuid) >= 1023);
  }
}

/* A clock that stands still: 1024 or more in a tick, then the next tick. */
static void test_burst(void) {
  UuidGenerator generator = {0, 0};
  Uuid last = {0, 0}, uuid = {0, 0};
  int in_first = 0;
  for (int i = 0; i < 1000000; i++) {
    CHECK(uuid_codec_next(&generator, NS, xorshift(), &uuid));
    CHECK(is_after(uuid, last));
    in_first += TIME(uuid) == NS / MS && TICK(uuid) == 0;
    last = uuid;
  }
  CHECK(in_first >= 1024 && in_first <= 2048);
  CHECK(TIME(uuid) == NS / MS); /* 488 of 4096 ticks */
}

/* Each random start has 10 bits, and all of them. */
static void test_starts(void) {
  UuidGenerator generator = {0, 0};
  Uuid uuid = {0, 0};
  CHECK(uuid_codec_next(&generator, NS, 0, &uuid));
  for (uint64_t start = 0; start < 1024; start++) {
    uint64_t ns = NS + (start + 1) * MS;
    CHECK(uuid_codec_next(&generator, ns, start << 54 | 5, &uuid));
    CHECK(COUNT(uuid) == start && RANDOM(uuid) == 5);
  }
}

static void test_clock_goes_back(void) {
  UuidGenerator generator = {0, 0};
  Uuid first = {0, 0}, second = {0, 0}, third = {0, 0};
  CHECK(uuid_codec_next(&generator, NS, 0, &first));
  CHECK(uuid_codec_next(&generator, NS - 3600000 * MS, 0, &second));
  CHECK(uuid_codec_next(&generator, 0, 0, &third));
  CHECK(is_after(second, first) && is_after(third, second));
  CHECK(TIME(third) == NS / MS);
  CHECK(uuid_codec_next(&generator, NS + MS, 0, &third));
  CHECK(TIME(third) == NS / MS + 1);
}

/* From 1970 on, and 69 years later. */
static void test_span(void) {
  UuidGenerator generator = {0, 0};
  uint64_t end = UUID_SPAN_MS * MS;
  uint64_t steps[] = {0, 1, 244, 245, UINT64_C(1) << 58};
  Uuid uuid = {0, 0}, last = {0, 0};
  CHECK(uuid_codec_next(&generator, 0, 0, &uuid));
  CHECK(TIME(uuid) == 0);
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    for (uint64_t ns = steps[i] - (i == 4 ? 5000 : 0), k = 0; k < 10000; k++) {
      CHECK(uuid_codec_next(&generator, ns + k, 0, &uuid));
      CHECK(is_after(uuid, last));
      CHECK(TIME(uuid) == (ns + k) / MS);
      CHECK(i < 4 || TICK(uuid) == (ns + k) % MS * 4096 / MS);
      last = uuid;
    }
  }
  CHECK(uuid_codec_next(&generator, end - 1, 0, &uuid));
  CHECK(TIME(uuid) == UUID_SPAN_MS - 1 && TICK(uuid) == 4095);
  CHECK(!uuid_codec_next(&generator, end, 0, &uuid));
  CHECK(!uuid_codec_next(&generator, UINT64_MAX, 0, &uuid));
  CHECK(uuid_codec_next(&generator, end - 1, 0, &last));
  CHECK(TIME(last) == UUID_SPAN_MS - 1);
}

int main(void) {
  test_text();
  test_bad_text();
  test_fields();
  test_burst();
  test_starts();
  test_clock_goes_back();
  test_span();
  return failures != 0;
}
