/*
** UUIDs: bytes, text, the fields in them, and version 7 of a moment.
**
** The text of a UUID is its 32 hexadecimal digits, in groups of 8, 4, 4, 4 and
** 12, lower case.  What is read may also
**
**   - be upper case, or mixed;
**   - lack hyphens, or have one behind any group of four digits but the last
**     (PostgreSQL's rule);
**   - stand in braces, {...}, or behind "urn:uuid:" in any case, not both.
**
** Nothing else, blanks neither.  A UUID is 16 bytes, most significant first:
**
**   version 7   unix_ts_ms  48 bits   Unix time in milliseconds
**   (RFC 9562,  version      4        7
**   5.7, 6.2)   rand_a      12        the fraction, in 1/4096 ms (method 3)
**               variant      2        2
**               rand_b      11        a counter within that tick (method 1)
**                           51        random
**
** The counter of a tick starts at random below 1024, so that there is room for
** 1024 more; behind 2047 the next tick begins.  As a tick is 244 ns, no process
** can make ids so fast that their time runs away from the clock's.
**
** Pure: it knows neither SQLite nor the clock.  Sources: RFC 9562; PostgreSQL's
** uuid.c for the rules of hyphens and braces.
*/
#include "surrogate_int.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#define HAVE_SSSE3
#include <tmmintrin.h>
#endif

/**** Text from bytes ****************************************************/

void uuid_format_scalar(const unsigned char *uuid, char *text) {
  static const char digits[] = "0123456789abcdef";
  for (int i = 0; i < UUID_SIZE; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *text++ = '-';
    *text++ = digits[uuid[i] >> 4];
    *text++ = digits[uuid[i] & 15];
  }
}

#ifdef HAVE_SSSE3
__attribute__((target("ssse3"))) static void
format_ssse3(const unsigned char *uuid, char *text) {
  const __m128i digits = _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7',
                                       '8', '9', 'a', 'b', 'c', 'd', 'e', 'f');
  const __m128i low = _mm_set1_epi8(15);
  __m128i bytes = _mm_loadu_si128((const void *)uuid);
  __m128i high_half = _mm_and_si128(_mm_srli_epi16(bytes, 4), low);
  __m128i low_half = _mm_and_si128(bytes, low);
  __m128i head = /* digits 0 to 15 */
      _mm_shuffle_epi8(digits, _mm_unpacklo_epi8(high_half, low_half));
  __m128i tail = /* digits 16 to 31 */
      _mm_shuffle_epi8(digits, _mm_unpackhi_epi8(high_half, low_half));
  __m128i middle = _mm_alignr_epi8(tail, head, 14); /* digits 14 to 29 */

  /* -1 makes a place 0, for the hyphen. */
  head = _mm_shuffle_epi8(head, _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, -1, 8, 9,
                                              10, 11, -1, 12, 13));
  middle = _mm_shuffle_epi8(middle, _mm_setr_epi8(0, 1, -1, 2, 3, 4, 5, -1, 6,
                                                  7, 8, 9, 10, 11, 12, 13));
  head = _mm_or_si128(
      head, _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, '-', 0, 0, 0, 0, '-', 0, 0));
  middle = _mm_or_si128(middle, _mm_setr_epi8(0, 0, '-', 0, 0, 0, 0, '-', 0, 0,
                                              0, 0, 0, 0, 0, 0));
  _mm_storeu_si128((void *)text, head);
  _mm_storeu_si128((void *)(text + 16), middle);
  _mm_storel_epi64((void *)(text + 28), _mm_srli_si128(tail, 8));
}
#endif

/* Do it as this processor does best.  False if there is but one way to. */
int uuid_format_fast(const unsigned char *uuid, char *text) {
#ifdef HAVE_SSSE3
  if (__builtin_cpu_supports("ssse3")) {
    format_ssse3(uuid, text);
    return 1;
  }
#endif
  UNUSED(uuid);
  UNUSED(text);
  return 0;
}

/* Write the UUID_TEXT_SIZE characters of a UUID. */
void uuid_format(const unsigned char *uuid, char *text) {
  if (!uuid_format_fast(uuid, text)) uuid_format_scalar(uuid, text);
}

/**** Bytes from text ****************************************************/

/* Of a character: the digit, and IS_DIGIT if it is one. */
#define IS_DIGIT 16

static const unsigned char digit_of[256] = {
    ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21,
    ['6'] = 22, ['7'] = 23, ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27,
    ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31, ['A'] = 26, ['B'] = 27,
    ['C'] = 28, ['D'] = 29, ['E'] = 30, ['F'] = 31,
};

/* Read n bytes of two digits each.  Returns IS_DIGIT if all are digits. */
static inline unsigned parse_group(const unsigned char *z, int n,
                                   unsigned char *out) {
  unsigned all = IS_DIGIT;
  for (int i = 0; i < n; i++) {
    unsigned high = digit_of[z[2 * i]];
    unsigned low = digit_of[z[2 * i + 1]];
    all &= high & low;
    out[i] = (unsigned char)(high << 4 | (low & 15));
  }
  return all;
}

/* The form that is written, in any case. */
static int parse_canonical(const unsigned char *z, unsigned char *uuid) {
  unsigned all = parse_group(z, 4, uuid);
  all &= parse_group(z + 9, 2, uuid + 4);
  all &= parse_group(z + 14, 2, uuid + 6);
  all &= parse_group(z + 19, 2, uuid + 8);
  all &= parse_group(z + 24, 6, uuid + 10);
  return all != 0 && z[8] == '-' && z[13] == '-' && z[18] == '-' &&
         z[23] == '-';
}

/* Digits, with a hyphen where one may stand. */
static int parse_digits(const unsigned char *z, size_t n, unsigned char *uuid) {
  const unsigned char *end = z + n;
  for (int i = 0; i < UUID_SIZE; i += 2) {
    if (i > 0 && z < end && *z == '-') z++;
    if (end - z < 4 || !parse_group(z, 2, uuid + i)) return 0;
    z += 4;
  }
  return z == end;
}

/* Whether n bytes begin with "urn:uuid:", in any case. */
static int is_urn(const unsigned char *z, size_t n) {
  static const char urn[] = "urn:uuid:";
  if (n < sizeof urn - 1) return 0;
  for (size_t i = 0; i < sizeof urn - 1; i++) {
    int c = z[i] >= 'A' && z[i] <= 'Z' ? z[i] - 'A' + 'a' : z[i];
    if (c != urn[i]) return 0;
  }
  return 1;
}

/* Read a text of n bytes.  False if it is no UUID; the bytes are undefined. */
int uuid_parse(const char *text, size_t n, unsigned char *uuid) {
  const unsigned char *z = (const unsigned char *)text;
  if (n == UUID_TEXT_SIZE && parse_canonical(z, uuid)) return 1;
  if (n >= 2 && z[0] == '{' && z[n - 1] == '}') {
    return parse_digits(z + 1, n - 2, uuid);
  }
  if (is_urn(z, n)) return parse_digits(z + 9, n - 9, uuid);
  return parse_digits(z, n, uuid);
}

/**** Fields *************************************************************/

static inline uint64_t read_u64(const unsigned char *z) {
  uint64_t value = 0;
  for (int i = 0; i < 8; i++)
    value = value << 8 | z[i];
  return value;
}

static inline void write_u64(unsigned char *z, uint64_t value) {
  for (int i = 7; i >= 0; i--) {
    z[i] = (unsigned char)value;
    value >>= 8;
  }
}

/* The version, 0 to 15, or -1 if it is not of the RFC's variant. */
int uuid_version(const unsigned char *uuid) {
  return (uuid[8] & 0xC0) == 0x80 ? uuid[6] >> 4 : -1;
}

/* Set the version and the RFC's variant in 16 bytes. */
void uuid_set_version(unsigned char *uuid, int version) {
  uuid[6] = (unsigned char)((uuid[6] & 0x0F) | version << 4);
  uuid[8] = (uuid[8] & 0x3F) | 0x80;
}

/* 100 ns from 1582-10-15 to 1970-01-01 */
#define GREGORIAN_OF_1970 0x01B21DD213814000

/*
** Get the time, in Unix milliseconds, rounded down.  False if it has none, not
** being of version 1, 6 or 7 (RFC 9562, 5.1, 5.6, 5.7).
*/
int uuid_time(const unsigned char *uuid, int64_t *ms) {
  uint64_t high = read_u64(uuid);
  int64_t ticks;
  switch (uuid_version(uuid)) {
    case 1: /* time_low, time_mid, time_hi */
      ticks = (int64_t)(high >> 32 | (high >> 16 & 0xFFFF) << 32 |
                        (high & 0x0FFF) << 48);
      break;
    case 6: /* time_high, time_mid, time_low */
      ticks = (int64_t)(high >> 16 << 12 | (high & 0x0FFF));
      break;
    case 7: *ms = (int64_t)(high >> 16); return 1;
    default: return 0;
  }
  ticks -= GREGORIAN_OF_1970;
  *ms = ticks / 10000 - (ticks % 10000 < 0);
  return 1;
}

/**** Version 7 **********************************************************/

/* Set the time, and the version, in 16 bytes: ms is at most UUID_TIME_MAX. */
void uuid_set_time(unsigned char *uuid, uint64_t ms) {
  for (int i = 5; i >= 0; i--) {
    uuid[i] = (unsigned char)ms;
    ms >>= 8;
  }
  uuid_set_version(uuid, 7);
}

#define COUNTER_BITS 11
#define RANDOM_BITS  51

/*
** How long a generator lasts: 2^53 ticks, the state having 64 bits, less a
** minute for a clock that stands still at its end.
*/
#define SPAN_MS ((UINT64_C(1) << (64 - COUNTER_BITS - 12)) - 60000)

/*
** Make the next UUID of a generator, at `ns` of Unix time, with 64 random bits.
** It is greater than all before it, over all threads.  A clock that stands
** before where it stood at the first call counts as that; if it stands more
** than SPAN_MS (69 years) after it, the result is false.
*/
int uuid_next(UuidGenerator *generator, uint64_t ns, uint64_t random,
              unsigned char *uuid) {
  uint64_t ms = ns / 1000000;
  uint64_t fraction = (ns % 1000000) * 4096 / 1000000;
  uint64_t reference =
      atomic_load_explicit(&generator->reference, memory_order_relaxed);
  uint64_t ticks, next;
  if (reference == 0) { /* it is kept greater by 1 */
    if (atomic_compare_exchange_strong(&generator->reference, &reference,
                                       ms + 1)) {
      reference = ms + 1;
    }
  }
  reference--;
  if (ms >= reference) {
    if (ms - reference >= SPAN_MS) return 0;
    ticks = (ms - reference) << 12 | fraction;
  } else {
    ticks = 0;
  }
  next = clock_advance(&generator->last, ticks << COUNTER_BITS | random >> 54);
  ticks = next >> COUNTER_BITS;
  write_u64(uuid, (reference + (ticks >> 12)) << 16 | 0x7000 | (ticks & 0xFFF));
  write_u64(uuid + 8, UINT64_C(2) << 62 |
                          (next & ((1 << COUNTER_BITS) - 1)) << RANDOM_BITS |
                          (random & ((UINT64_C(1) << RANDOM_BITS) - 1)));
  return 1;
}
