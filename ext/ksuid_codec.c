/*
** KSUID without SQL: the text, the order.
**
** 20 bytes, most significant first: 32 bits of seconds since
** 2014-05-13T16:53:20Z, and a random payload of 128 bits.  See
** https://github.com/segmentio/ksuid.
*/
#include "surrogate_int.h"

/* Read a KSUID: 27 characters.  False if it is none. */
int ksuid_parse(const char *z, size_t n, unsigned char *out) {
  return n == BASE62_SIZE && base62_decode(z, out);
}

static uint64_t read_bytes(const unsigned char *z, int n) {
  uint64_t value = 0;
  for (int i = 0; i < n; i++) {
    value = value << 8 | z[i];
  }
  return value;
}

static void write_bytes(unsigned char *z, int n, uint64_t value) {
  for (int i = n; i-- > 0; value >>= 8) {
    z[i] = (unsigned char)value;
  }
}

/* The Unix milliseconds of 20 bytes. */
uint64_t ksuid_ms(const unsigned char *id) {
  return KSUID_EPOCH_MS + read_bytes(id, 4) * 1000;
}

/* The number of a second since the epoch, and 16 random bytes. */
void ksuid_make(KsuidNumber *number, uint64_t seconds,
                const unsigned char *random) {
  number->seconds = seconds;
  number->high = read_bytes(random, 8);
  number->low = read_bytes(random + 8, 8);
}

/*
** Step to the next number, with 16 random bytes.  In a later second they are
** the payload.  In the same one, or where the clock goes back, the payload goes
** up by a random step of 1 to 2^64, in a new process by one below 2^120: too
** far to meet the steps of its parent.  A payload past its limit begins the
** next second, as the reference's Next() does.  False if there is none; the
** number is undefined then.
*/
int ksuid_next(KsuidNumber *number, uint64_t seconds,
               const unsigned char *random, int is_new_process) {
  uint64_t low = read_bytes(random + 8, 8);
  uint64_t high = is_new_process ? read_bytes(random + 1, 7) : 0;
  if (seconds > number->seconds) {
    ksuid_make(number, seconds, random);
    return seconds <= UINT32_MAX;
  }
  if (++low == 0) high++;
  number->low += low;
  high += number->low < low;
  number->high += high;
  number->seconds += number->high < high;
  return number->seconds <= UINT32_MAX;
}

void ksuid_bytes(const KsuidNumber *number, unsigned char id[KSUID_SIZE]) {
  write_bytes(id, 4, number->seconds);
  write_bytes(id + 4, 8, number->high);
  write_bytes(id + 12, 8, number->low);
}
