/*
** ULID without SQL: the text, the order, the time as text.
**
** 16 bytes, most significant first: 48 bits of Unix milliseconds, 80 random
** bits.  See https://github.com/ulid/spec.
*/
#include "codec.h"

/*
** Read a ULID: 26 characters of either case.  False if it is none; `out` is
** undefined then.
*/
int ulid_codec_parse(const char *z, size_t n, unsigned char *out) {
  return n == BASE32_SIZE && base32_decode(z, base32_ulid_table, out);
}

/* The same, where a prefix and an underscore may stand before it. */
int ulid_codec_parse_prefixed(const char *z, size_t n, unsigned char *out) {
  if (n > BASE32_SIZE && z[n - BASE32_SIZE - 1] == '_') {
    z += n - BASE32_SIZE;
    n = BASE32_SIZE;
  }
  return ulid_codec_parse(z, n, out);
}

/* The Unix milliseconds of 16 bytes. */
uint64_t ulid_codec_ms(const unsigned char *id) {
  return bytes_read(id, 6);
}

/* The number of a millisecond, below 2^48, and 10 random bytes. */
void ulid_codec_make(UlidNumber *number, uint64_t ms,
                     const unsigned char *random) {
  number->high = ms << 16 | bytes_read(random, 2);
  number->low = bytes_read64(random + 2);
}

/*
** Step to the next number, by the specification's monotonicity: in a later
** millisecond it has 10 random bytes, in the same one the random part goes up
** by 1, and where the clock goes back the last millisecond stays.  False if the
** random part is at its limit; the number stays as it is.
*/
int ulid_codec_next(UlidNumber *number, uint64_t ms,
                    const unsigned char *random) {
  if (ms > number->high >> 16) {
    ulid_codec_make(number, ms, random);
    return 1;
  }
  if (number->low == UINT64_MAX) {
    if ((number->high & 0xffff) == 0xffff) return 0;
    number->high++;
  }
  number->low++;
  return 1;
}

static char *ulid_codec_digits(char *z, unsigned value, int n) {
  for (int i = n; i-- > 0; value /= 10) {
    z[i] = (char)('0' + value % 10);
  }
  return z + n;
}

/*
** Write Unix milliseconds, below 2^48, as YYYY-MM-DD HH:MM:SS.SSS in UTC.  A
** year after 9999 has five digits and a plus before them, as in ISO 8601.
** Returns the length.  (The Gregorian calendar repeats in 400 years of 146097
** days; a year that begins in March has its leap day at its end.)
*/
int ulid_codec_write_time(uint64_t ms, char out[ULID_TIME_SIZE]) {
  unsigned day_ms = (unsigned)(ms % 86400000);
  unsigned days = (unsigned)(ms / 86400000) + 719468; /* since 0000-03-01 */
  unsigned era = days / 146097;
  unsigned day = days % 146097;
  unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  unsigned month; /* from March, 0 */
  char *z = out;
  day -= 365 * year + year / 4 - year / 100;
  month = (5 * day + 2) / 153;
  day -= (153 * month + 2) / 5;
  month = month < 10 ? month + 3 : month - 9;
  year += era * 400 + (month <= 2);
  if (year > 9999) *z++ = '+';
  z = ulid_codec_digits(z, year, year > 9999 ? 5 : 4);
  *z++ = '-';
  z = ulid_codec_digits(z, month, 2);
  *z++ = '-';
  z = ulid_codec_digits(z, day + 1, 2);
  *z++ = ' ';
  z = ulid_codec_digits(z, day_ms / 3600000, 2);
  *z++ = ':';
  z = ulid_codec_digits(z, day_ms / 60000 % 60, 2);
  *z++ = ':';
  z = ulid_codec_digits(z, day_ms / 1000 % 60, 2);
  *z++ = '.';
  z = ulid_codec_digits(z, day_ms % 1000, 3);
  return (int)(z - out);
}
