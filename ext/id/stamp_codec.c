/*
** What ObjectID and XID have in common, without SQL: the order and the time.
*/
#include "codec.h"

/*
** Step to the next number: the seconds and the counter.  `start`, which is not
** 0, is the counter of the very first.  False if the seconds would be above
** 2^32 - 1; *next has them all the same.
*/
int stamp_codec_next(_Atomic uint64_t *last, uint64_t seconds, uint32_t start,
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
uint64_t stamp_codec_ms(const unsigned char *id) {
  return bytes_read(id, 4) * 1000;
}
