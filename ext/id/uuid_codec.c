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
** Nothing else, blanks neither.  A UUID is 16 bytes, most significant first; here
** it is two integers, of the first 8 and the last 8:
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
** uuid_codec_next() makes them; it is in codec.h, to be inlined.
**
** Pure: it knows neither SQLite nor the clock.  Sources: RFC 9562; PostgreSQL's
** uuid.c for the rules of hyphens and braces.
*/
#include "codec.h"

/* Text takes less than half the time by SSSE3, if the processor has it. */
#if defined(__GNUC__) && defined(__x86_64__)
#define HAVE_SSSE3
#include <tmmintrin.h>
#define WITH_SSSE3 __attribute__((target("ssse3")))
#endif

/**** Bytes **************************************************************/

/* The UUID of UUID_SIZE bytes, and the bytes of a UUID. */
Uuid uuid_codec_from_bytes(const unsigned char *bytes) {
  Uuid uuid = {bytes_read64(bytes), bytes_read64(bytes + 8)};
  return uuid;
}

void uuid_codec_to_bytes(Uuid uuid, unsigned char *bytes) {
#ifdef HAVE_SSSE3 /* at once: who copies all 16 need not wait for two halves */
  _mm_storeu_si128((void *)bytes,
                   _mm_set_epi64x((long long)__builtin_bswap64(uuid.low),
                                  (long long)__builtin_bswap64(uuid.high)));
#else
  bytes_write64(bytes, uuid.high);
  bytes_write64(bytes + 8, uuid.low);
#endif
}

/**** Text of a UUID *****************************************************/

void uuid_codec_format_scalar(Uuid uuid, char *text) {
  static const char digits[] = "0123456789abcdef";
  unsigned char bytes[UUID_SIZE];
  bytes_write64(bytes, uuid.high);
  bytes_write64(bytes + 8, uuid.low);
  for (int i = 0; i < UUID_SIZE; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *text++ = '-';
    *text++ = digits[bytes[i] >> 4];
    *text++ = digits[bytes[i] & 15];
  }
}

#ifdef HAVE_SSSE3
WITH_SSSE3 static void uuid_codec_format_ssse3(Uuid uuid, char *text) {
  const __m128i digits = _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7',
                                       '8', '9', 'a', 'b', 'c', 'd', 'e', 'f');
  const __m128i mask = _mm_set1_epi8(15);
  __m128i bytes = _mm_set_epi64x((long long)__builtin_bswap64(uuid.low),
                                 (long long)__builtin_bswap64(uuid.high));
  __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), mask);
  __m128i low = _mm_and_si128(bytes, mask);
  __m128i head = _mm_shuffle_epi8(digits, _mm_unpacklo_epi8(high, low));
  __m128i tail = _mm_shuffle_epi8(digits, _mm_unpackhi_epi8(high, low));
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

/* Write the UUID_TEXT_SIZE characters of a UUID. */
void uuid_codec_format(Uuid uuid, char *text) {
#ifdef HAVE_SSSE3
  if (__builtin_cpu_supports("ssse3")) {
    uuid_codec_format_ssse3(uuid, text);
    return;
  }
#endif
  uuid_codec_format_scalar(uuid, text);
}

/**** UUID of a text *****************************************************/

/* Of a character: the digit, and IS_DIGIT if it is one. */
#define IS_DIGIT 16

static const unsigned char digit_of[256] = {
    ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21,
    ['6'] = 22, ['7'] = 23, ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27,
    ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31, ['A'] = 26, ['B'] = 27,
    ['C'] = 28, ['D'] = 29, ['E'] = 30, ['F'] = 31,
};

/*
** Read n bytes of digits, 8 groups of 4, with a hyphen where one may stand.
*/
static int uuid_codec_parse_digits(const unsigned char *z, size_t n,
                                   Uuid *uuid) {
  const unsigned char *end = z + n;
  uint64_t words[2] = {0, 0};
  for (int group = 0; group < 8; group++) {
    unsigned all = IS_DIGIT;
    if (group > 0 && z < end && *z == '-') z++;
    if (end - z < 4) return 0;
    for (int i = 0; i < 4; i++) {
      unsigned digit = digit_of[*z++];
      all &= digit;
      words[group / 4] = words[group / 4] << 4 | (digit & 15);
    }
    if (all == 0) return 0;
  }
  uuid->high = words[0];
  uuid->low = words[1];
  return z == end;
}

/* Whether n bytes begin with "urn:uuid:", in any case. */
static int uuid_codec_is_urn(const unsigned char *z, size_t n) {
  static const char urn[] = "urn:uuid:";
  if (n < sizeof urn - 1) return 0;
  for (size_t i = 0; i < sizeof urn - 1; i++) {
    int c = z[i] >= 'A' && z[i] <= 'Z' ? z[i] - 'A' + 'a' : z[i];
    if (c != urn[i]) return 0;
  }
  return 1;
}

int uuid_codec_parse_scalar(const char *text, size_t n, Uuid *uuid) {
  const unsigned char *z = (const unsigned char *)text;
  if (n >= 2 && z[0] == '{' && z[n - 1] == '}') {
    return uuid_codec_parse_digits(z + 1, n - 2, uuid);
  }
  if (uuid_codec_is_urn(z, n))
    return uuid_codec_parse_digits(z + 9, n - 9, uuid);
  return uuid_codec_parse_digits(z, n, uuid);
}

#ifdef HAVE_SSSE3
/* The values of 16 digits; *all keeps only the bits that stand for digits. */
WITH_SSSE3 static inline __m128i uuid_codec_values(__m128i z, int *all) {
  __m128i digit = _mm_sub_epi8(z, _mm_set1_epi8('0'));
  __m128i letter =
      _mm_sub_epi8(_mm_or_si128(z, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
  __m128i is_digit =
      _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
  __m128i is_letter =
      _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
  *all &= _mm_movemask_epi8(_mm_or_si128(is_digit, is_letter));
  letter = _mm_add_epi8(letter, _mm_set1_epi8(10));
  return _mm_or_si128(_mm_and_si128(is_digit, digit),
                      _mm_and_si128(is_letter, letter));
}

/* The form that is written, in any case: UUID_TEXT_SIZE characters. */
WITH_SSSE3 static int uuid_codec_parse_ssse3(const char *z, Uuid *uuid) {
  __m128i from_0 = _mm_loadu_si128((const void *)z);
  __m128i from_16 = _mm_loadu_si128((const void *)(z + 16));
  __m128i from_20 = _mm_loadu_si128((const void *)(z + 20));
  __m128i head = _mm_or_si128(
      _mm_shuffle_epi8(from_0, _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11,
                                             12, 14, 15, -1, -1)),
      _mm_shuffle_epi8(from_16, _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1,
                                              -1, -1, -1, -1, -1, -1, 0, 1)));
  __m128i tail = _mm_or_si128(
      _mm_shuffle_epi8(from_16, _mm_setr_epi8(3, -1, -1, -1, -1, -1, -1, -1, -1,
                                              -1, -1, -1, -1, -1, -1, -1)),
      _mm_shuffle_epi8(from_20, _mm_setr_epi8(-1, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10,
                                              11, 12, 13, 14, 15)));
  const __m128i weights = _mm_set1_epi16(0x0110); /* 16 and 1 */
  int all = 0xFFFF;
  head = _mm_maddubs_epi16(uuid_codec_values(head, &all), weights);
  tail = _mm_maddubs_epi16(uuid_codec_values(tail, &all), weights);
  if (all != 0xFFFF || z[8] != '-' || z[13] != '-' || z[18] != '-' ||
      z[23] != '-') {
    return 0;
  }
  head = _mm_packus_epi16(head, tail);
  uuid->high = __builtin_bswap64((uint64_t)_mm_cvtsi128_si64(head));
  uuid->low = __builtin_bswap64(
      (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(head, head)));
  return 1;
}
#endif

/* Read a text of n bytes.  False if it is no UUID; *uuid is undefined then. */
int uuid_codec_parse(const char *text, size_t n, Uuid *uuid) {
#ifdef HAVE_SSSE3
  if (n == UUID_TEXT_SIZE && __builtin_cpu_supports("ssse3") &&
      uuid_codec_parse_ssse3(text, uuid)) {
    return 1;
  }
#endif
  return uuid_codec_parse_scalar(text, n, uuid);
}

/**** Fields *************************************************************/

/* The version, 0 to 15, or -1 if it is not of the RFC's variant. */
int uuid_codec_version(Uuid uuid) {
  return uuid.low >> 62 == 2 ? (int)(uuid.high >> 12 & 15) : -1;
}

/* 100 ns from 1582-10-15 to 1970-01-01 */
#define GREGORIAN_OF_1970 0x01B21DD213814000

/*
** Get the time, in Unix milliseconds, rounded down.  False if it has none, not
** being of version 1, 6 or 7 (RFC 9562, 5.1, 5.6, 5.7).
*/
int uuid_codec_time(Uuid uuid, int64_t *ms) {
  int64_t ticks;
  switch (uuid_codec_version(uuid)) {
    case 1: /* time_low, time_mid, time_hi */
      ticks = (int64_t)(uuid.high >> 32 | (uuid.high >> 16 & 0xFFFF) << 32 |
                        (uuid.high & 0x0FFF) << 48);
      break;
    case 6: /* time_high, time_mid, time_low */
      ticks = (int64_t)(uuid.high >> 16 << 12 | (uuid.high & 0x0FFF));
      break;
    case 7: *ms = (int64_t)(uuid.high >> 16); return 1;
    default: return 0;
  }
  ticks -= GREGORIAN_OF_1970;
  *ms = ticks / 10000 - (ticks % 10000 < 0);
  return 1;
}

/**** Version 7: what uuid_codec_next() does once ************************/

/* Take the moment from which a generator counts, unless another just did. */
uint64_t uuid_codec_take_reference(UuidGenerator *generator, uint64_t ms) {
  uint64_t reference = 0;
  return atomic_compare_exchange_strong(&generator->reference, &reference,
                                        ms + 1)
             ? ms + 1
             : reference;
}
