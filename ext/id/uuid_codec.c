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

#if defined(__GNUC__) && defined(__x86_64__)
#include <emmintrin.h>
#endif

/**** Bytes **************************************************************/

/* The UUID of UUID_SIZE bytes, and the bytes of a UUID. */
Uuid uuid_codec_from_bytes(const unsigned char *bytes) {
  Uuid uuid = {bytes_read64(bytes), bytes_read64(bytes + 8)};
  return uuid;
}

void uuid_codec_to_bytes(Uuid uuid, unsigned char *bytes) {
/*
** At once: who copies all 16 need not wait for two halves.  Benchmark, line 7,
** uuidv4_blob() and uuidv7_blob(): 28 and 29 ns; 31 and 33 as halves.
*/
#if defined(__GNUC__) && defined(__x86_64__)
  _mm_storeu_si128((void *)bytes,
                   _mm_set_epi64x((long long)__builtin_bswap64(uuid.low),
                                  (long long)__builtin_bswap64(uuid.high)));
#else
  bytes_write64(bytes, uuid.high);
  bytes_write64(bytes + 8, uuid.low);
#endif
}

/**** Text of a UUID *****************************************************/

/* The two digits of each byte. */
static const char digits_of[] = "000102030405060708090a0b0c0d0e0f"
                                "101112131415161718191a1b1c1d1e1f"
                                "202122232425262728292a2b2c2d2e2f"
                                "303132333435363738393a3b3c3d3e3f"
                                "404142434445464748494a4b4c4d4e4f"
                                "505152535455565758595a5b5c5d5e5f"
                                "606162636465666768696a6b6c6d6e6f"
                                "707172737475767778797a7b7c7d7e7f"
                                "808182838485868788898a8b8c8d8e8f"
                                "909192939495969798999a9b9c9d9e9f"
                                "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
                                "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
                                "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
                                "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
                                "e0e1e2e3e4e5e6e7e8e9eaebecedeeef"
                                "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

/* Write n bytes of a number, the least significant, as digits. */
static inline char *uuid_codec_format_bytes(char *text, uint64_t number,
                                            int n) {
  for (int i = n; i-- > 0; text += 2) {
    memcpy(text, digits_of + 2 * (number >> 8 * i & 255), 2);
  }
  return text;
}

/* Write the UUID_TEXT_SIZE characters of a UUID. */
void uuid_codec_format(Uuid uuid, char *text) {
  text = uuid_codec_format_bytes(text, uuid.high >> 32, 4);
  *text++ = '-';
  text = uuid_codec_format_bytes(text, uuid.high >> 16, 2);
  *text++ = '-';
  text = uuid_codec_format_bytes(text, uuid.high, 2);
  *text++ = '-';
  text = uuid_codec_format_bytes(text, uuid.low >> 48, 2);
  *text++ = '-';
  uuid_codec_format_bytes(text, uuid.low, 6);
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
  for (int group = 0; group < 8; group++, z += 4) {
    unsigned a, b, c, d;
    if (group > 0 && z < end && *z == '-') z++;
    if (end - z < 4) return 0;
    a = digit_of[z[0]];
    b = digit_of[z[1]];
    c = digit_of[z[2]];
    d = digit_of[z[3]];
    if ((a & b & c & d) < IS_DIGIT) return 0;
    if (group == 4) uuid->high = uuid->low;
    uuid->low = uuid->low << 16 |
                ((a << 12) + (b << 8) + (c << 4) + d - IS_DIGIT * 0x1111);
  }
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

/* Read a text of n bytes.  False if it is no UUID; *uuid is undefined then. */
int uuid_codec_parse(const char *text, size_t n, Uuid *uuid) {
  const unsigned char *z = (const unsigned char *)text;
  if (n >= 2 && z[0] == '{' && z[n - 1] == '}') {
    return uuid_codec_parse_digits(z + 1, n - 2, uuid);
  }
  if (uuid_codec_is_urn(z, n))
    return uuid_codec_parse_digits(z + 9, n - 9, uuid);
  return uuid_codec_parse_digits(z, n, uuid);
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
