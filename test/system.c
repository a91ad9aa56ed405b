/*
** system.c: the clock and the randomness of the system, as a test wants them.
**
** A library to be preloaded (LD_PRELOAD; "make test" builds it and does so).
** It does nothing until a test says something else through these, which
** fault.c finds and gives to Tcl as `system_clock` and `system_random`:
**
**   system_set_clock(mode, ns)    SYSTEM_CLOCK_REAL, or the real-time clock
**                                 stands still at ns (Unix time), or goes on
**                                 from there by ns behind or ahead
**   system_set_random(gives)      0: getrandom() fails
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/random.h>
#include <time.h>

enum { CLOCK_IS_REAL, CLOCK_STANDS, CLOCK_IS_OFF };

static atomic_int clock_mode;
static _Atomic int64_t clock_value;
static atomic_int random_fails;

void system_set_clock(int mode, int64_t ns);
void system_set_random(int gives);

void system_set_clock(int mode, int64_t ns) {
  atomic_store(&clock_value, ns);
  atomic_store(&clock_mode, mode);
}

void system_set_random(int gives) {
  atomic_store(&random_fails, !gives);
}

int clock_gettime(clockid_t id, struct timespec *out) {
  static _Atomic(int (*)(clockid_t, struct timespec *)) real;
  int (*call)(clockid_t, struct timespec *) = atomic_load(&real);
  int mode = CLOCK_IS_REAL;
  int64_t ns = atomic_load(&clock_value);
  int rc = 0;
  if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) {
    mode = atomic_load(&clock_mode);
  }
  if (call == 0) {
    *(void **)&call = dlsym(RTLD_NEXT, "clock_gettime");
    atomic_store(&real, call);
  }
  if (mode != CLOCK_STANDS) rc = call(id, out);
  if (mode == CLOCK_IS_REAL || rc != 0) return rc;
  if (mode == CLOCK_IS_OFF) {
    ns += (int64_t)out->tv_sec * 1000000000 + out->tv_nsec;
  }
  out->tv_sec = (time_t)(ns / 1000000000);
  out->tv_nsec = (long)(ns % 1000000000);
  return 0;
}

ssize_t getrandom(void *buffer, size_t n, unsigned flags) {
  static _Atomic(ssize_t(*)(void *, size_t, unsigned)) real;
  ssize_t (*call)(void *, size_t, unsigned) = atomic_load(&real);
  if (atomic_load(&random_fails)) {
    errno = EIO;
    return -1;
  }
  if (call == 0) {
    *(void **)&call = dlsym(RTLD_NEXT, "getrandom");
    atomic_store(&real, call);
  }
  return call(buffer, n, flags);
}
