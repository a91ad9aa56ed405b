/*
** ObjectID without SQL: the text, 24 hexadecimal digits; and what XID has in
** common with it, the order and the time.  See
** https://github.com/mongodb/specifications, source/bson-objectid.
*/
#include "surrogate_int.h"

static unsigned value_of(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10u;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10u;
  return 16;
}

/* Write an ObjectID, in lower case. */
void objectid_write(const unsigned char *id, char out[OBJECTID_TEXT_SIZE]) {
  for (int i = 0; i < STAMP_SIZE; i++) {
    out[2 * i] = "0123456789abcdef"[id[i] >> 4];
    out[2 * i + 1] = "0123456789abcdef"[id[i] & 15];
  }
}

/* Read an ObjectID, of either case.  False if it is none. */
int objectid_parse(const char *z, size_t n, unsigned char *out) {
  if (n != OBJECTID_TEXT_SIZE) return 0;
  for (int i = 0; i < STAMP_SIZE; i++) {
    unsigned high = value_of((unsigned char)z[2 * i]);
    unsigned low = value_of((unsigned char)z[2 * i + 1]);
    if (high == 16 || low == 16) return 0;
    out[i] = (unsigned char)(high << 4 | low);
  }
  return 1;
}

/*
** Step to the next number: the seconds and the counter.  `start`, which is not
** 0, is the counter of the very first.  False if the seconds would be above
** 2^32 - 1; *next has them all the same.
*/
int stamp_next(_Atomic uint64_t *last, uint64_t seconds, uint32_t start,
               uint64_t *next) {
  uint64_t seen = atomic_load_explicit(last, memory_order_relaxed);
  do {
    uint64_t counter = seen == 0 ? start : (seen + 1) & STAMP_COUNTER_MASK;
    *next = seen == 0 || seconds > seen >> STAMP_COUNTER_BITS
                ? seconds << STAMP_COUNTER_BITS | counter
                : seen + 1;
    if (*next >> STAMP_COUNTER_BITS > UINT32_MAX) return 0;
  } while (!atomic_compare_exchange_weak_explicit(
      last, &seen, *next, memory_order_relaxed, memory_order_relaxed));
  return 1;
}

/* The Unix milliseconds of 12 bytes. */
uint64_t stamp_ms(const unsigned char *id) {
  return bytes_read(id, 4) * 1000;
}
