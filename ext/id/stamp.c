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

#include "id.h"

/*
** Get the 5 bytes of this process, and what the first counter would be.  False,
** with the error reported, without randomness.
*/
static int stamp_get_process(sqlite3_context *context, const char *function,
                             StampGenerator *generator, int has_pid,
                             uint64_t *process, uint32_t *start) {
  uint64_t forks = atomic_load_explicit(&random_forks, memory_order_relaxed);
  uint64_t tag = (forks + 1) & STAMP_COUNTER_MASK;
  uint64_t seen =
      atomic_load_explicit(&generator->process, memory_order_relaxed);
  int is_known = (seen & STAMP_COUNTER_MASK) == tag;
  uint64_t drawn;
  *start = 1;
  if (!is_known ||
      atomic_load_explicit(&generator->last, memory_order_relaxed) == 0) {
    if (!id_random(context, function, &drawn, sizeof drawn)) return 0;
    *start = (uint32_t)(drawn & STAMP_COUNTER_MASK) | 1;
    drawn = (drawn & ~STAMP_COUNTER_MASK) | tag;
    if (has_pid) {
      uint64_t pid_mask = UINT64_C(0xffff) << STAMP_COUNTER_BITS;
      drawn = (drawn & ~pid_mask) |
              ((uint64_t)getpid() << STAMP_COUNTER_BITS & pid_mask);
    }
    /* Another thread may be first. */
    if (!is_known &&
        atomic_compare_exchange_strong(&generator->process, &seen, drawn)) {
      seen = drawn;
    }
  }
  *process = seen >> STAMP_COUNTER_BITS;
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
  if (!stamp_get_process(context, function, generator, has_pid, &process,
                         &start))
    return 0;
  if (!stamp_codec_next(&generator->last, seconds, start, &next)) {
    func_error(context, "%s: time %lld is out of bounds (0..%lld)", function,
               (sqlite3_int64)(next >> STAMP_COUNTER_BITS) * 1000,
               (sqlite3_int64)UINT32_MAX * 1000 + 999);
    return 0;
  }
  bytes_write(id, 4, next >> STAMP_COUNTER_BITS);
  bytes_write(id + 4, 5, process);
  bytes_write(id + 9, 3, next);
  return 1;
}
