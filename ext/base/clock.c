/*
** The clock of the process: Unix time, as the system tells it.
**
** It may stand still and go back.  What has to increase all the same goes
** through clock_advance(), with a counter of its own.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "base.h"

/* Twice the longest time from one tick of a kernel's timer to the next. */
#define COARSE_NS 20000000

#ifdef _WIN32

/* FILETIME counts 100 ns from 1601-01-01. */
#define FILETIME_OF_1970 116444736000000000ULL

uint64_t clock_ns(void) {
  FILETIME now;
  uint64_t ticks;
  GetSystemTimePreciseAsFileTime(&now);
  ticks = (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
  return ticks > FILETIME_OF_1970 ? (ticks - FILETIME_OF_1970) * 100 : 0;
}
#else
#include <time.h>

/* Nanoseconds since 1970-01-01 UTC; 0 if the clock stands before that. */
uint64_t clock_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec < 0) return 0;
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}
#endif

/*
** True if the clock is certainly before a time, in Unix nanoseconds.  It costs
** a third of reading the clock, and spares that to counters that have run
** ahead of it.  False where the system cannot tell for less.
*/
int clock_is_before(uint64_t ns) {
#if defined(CLOCK_REALTIME_COARSE) && !defined(_WIN32)
  struct timespec now; /* as of the last tick of the kernel's timer */
  if (clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0 || now.tv_sec < 0) {
    return 0;
  }
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec + COARSE_NS <
         ns;
#else
  UNUSED(ns);
  return 0;
#endif
}

/* Milliseconds since 1970-01-01 UTC. */
uint64_t clock_ms(void) {
  return clock_ns() / 1000000;
}
