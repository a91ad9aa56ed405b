/*
** What ObjectID and XID have in common: 12 bytes, most significant first, of
** Unix seconds (4), of the process (5), and of a counter (3).
**
** The counter begins at random and goes up by 1 with every id, as both
** specifications have it.  Seconds and counter are one number that only
** increases, over all threads: a counter that wraps within a second begins the
** next one, and a clock that goes back leaves the seconds where they are.
**
** The process's bytes are random, drawn once, and again in a forked child.
** XID's last two of them are the process id instead.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#ifdef _WIN32
#include <process.h>
#define getpid _getpid
#else
#include <unistd.h>
#endif

#include "surrogate_int.h"

#define COUNTER_BITS 24
#define COUNTER_MASK ((UINT64_C(1) << COUNTER_BITS) - 1)
#define PROCESS_SIZE 5

/*
** Step to the next number: the seconds and the counter.  `start`, which is not
** 0, is the counter of the very first.  False if the seconds would be above
** 2^32 - 1; *next has them all the same.
*/
int stamp_next(_Atomic uint64_t *last, uint64_t seconds, uint32_t start,
               uint64_t *next) {
  uint64_t seen = atomic_load_explicit(last, memory_order_relaxed);
  do {
    uint64_t counter = seen == 0 ? start : (seen + 1) & COUNTER_MASK;
    *next = seen == 0 || seconds > seen >> COUNTER_BITS
                ? seconds << COUNTER_BITS | counter
                : seen + 1;
    if (*next >> COUNTER_BITS > UINT32_MAX) return 0;
  } while (!atomic_compare_exchange_weak_explicit(
      last, &seen, *next, memory_order_relaxed, memory_order_relaxed));
  return 1;
}

/* The Unix milliseconds of 12 bytes. */
uint64_t stamp_ms(const unsigned char *id) {
  return ((uint64_t)id[0] << 24 | (uint64_t)id[1] << 16 | (uint64_t)id[2] << 8 |
          id[3]) *
         1000;
}

/*
** Get the 5 bytes of this process, and what the first counter would be.  False,
** with the error reported, without randomness.
*/
static int get_process(sqlite3_context *context, StampGenerator *generator,
                       int has_pid, uint64_t *process, uint32_t *start) {
  uint64_t forks = atomic_load_explicit(&random_forks, memory_order_relaxed);
  uint64_t tag = (forks + 1) & COUNTER_MASK;
  uint64_t seen =
      atomic_load_explicit(&generator->process, memory_order_relaxed);
  int is_known = (seen & COUNTER_MASK) == tag;
  uint64_t drawn;
  *start = 1;
  if (!is_known ||
      atomic_load_explicit(&generator->last, memory_order_relaxed) == 0) {
    if (!id_random(context, &drawn, sizeof drawn)) return 0;
    *start = (uint32_t)(drawn & COUNTER_MASK) | 1;
    drawn = (drawn & ~COUNTER_MASK) | tag;
    if (has_pid) {
      uint64_t pid_mask = UINT64_C(0xffff) << COUNTER_BITS;
      drawn =
          (drawn & ~pid_mask) | ((uint64_t)getpid() << COUNTER_BITS & pid_mask);
    }
    /* Another thread may be first. */
    if (!is_known &&
        atomic_compare_exchange_strong(&generator->process, &seen, drawn)) {
      seen = drawn;
    }
  }
  *process = seen >> COUNTER_BITS;
  return 1;
}

/* Make the next id.  False, with the error reported, if there is none. */
int stamp_make(sqlite3_context *context, const char *function,
               StampGenerator *generator, int has_pid,
               unsigned char id[STAMP_SIZE]) {
  uint64_t seconds = clock_ns() / 1000000000;
  uint64_t process;
  uint64_t next;
  uint32_t start;
  if (!get_process(context, generator, has_pid, &process, &start)) return 0;
  if (!stamp_next(&generator->last, seconds, start, &next)) {
    func_error(context, "%s: time %lld is out of bounds (0..%lld)", function,
               (sqlite3_int64)(next >> COUNTER_BITS) * 1000,
               (sqlite3_int64)UINT32_MAX * 1000 + 999);
    return 0;
  }
  for (int i = 0; i < 4; i++) {
    id[i] = (unsigned char)(next >> (48 - 8 * i));
  }
  for (int i = 0; i < PROCESS_SIZE; i++) {
    id[4 + i] = (unsigned char)(process >> (32 - 8 * i));
  }
  id[9] = (unsigned char)(next >> 16);
  id[10] = (unsigned char)(next >> 8);
  id[11] = (unsigned char)next;
  return 1;
}
