/*
** KSUID without SQL: the text, the order.
**
** 20 bytes, most significant first: 32 bits of seconds since
** 2014-05-13T16:53:20Z, and a random payload of 128 bits.  See
** https://github.com/segmentio/ksuid.
*/
#include "codec.h"

/* Read a KSUID: 27 characters.  False if it is none. */
int ksuid_codec_parse(const char *z, size_t n, unsigned char *out) {
  return n == BASE62_SIZE && base62_decode(z, out);
}

/* The Unix milliseconds of 20 bytes. */
uint64_t ksuid_codec_ms(const unsigned char *id) {
  return KSUID_EPOCH_MS + bytes_read(id, 4) * 1000;
}

/* The number of a second since the epoch, and 16 random bytes. */
void ksuid_codec_make(KsuidNumber *number, uint64_t seconds,
                      const unsigned char *random) {
  number->seconds = seconds;
  number->high = bytes_read64(random);
  number->low = bytes_read64(random + 8);
}

/*
** Step to the next number, with 16 random bytes.  In a later second they are
** the payload.  In the same one, or where the clock goes back, the payload goes
** up by a random step of 1 to 2^64, in a new process by one below 2^120: too
** far to meet the steps of its parent.  A payload past its limit begins the
** next second, as the reference's Next() does.  False if there is none; the
** number is undefined then.
*/
int ksuid_codec_next(KsuidNumber *number, uint64_t seconds,
                     const unsigned char *random, int is_new_process) {
  uint64_t low = bytes_read64(random + 8);
  uint64_t high = is_new_process ? bytes_read(random + 1, 7) : 0;
  if (seconds > number->seconds) {
    ksuid_codec_make(number, seconds, random);
    return seconds <= UINT32_MAX;
  }
  if (++low == 0) high++;
  number->low += low;
  high += number->low < low;
  number->high += high;
  number->seconds += number->high < high;
  return number->seconds <= UINT32_MAX;
}

void ksuid_codec_bytes(const KsuidNumber *number,
                       unsigned char id[KSUID_SIZE]) {
  bytes_write(id, 4, number->seconds);
  bytes_write64(id + 4, number->high);
  bytes_write64(id + 12, number->low);
}
