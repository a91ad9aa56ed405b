/*
** Times as keys, and for DEFAULT clauses.
**
**   now()             Unix milliseconds, the same throughout a statement
**   unique_now()      Unix milliseconds that never come twice
**   unique_now_us()   Unix microseconds that never come twice
**
** All give INTEGER and take no argument.
**
** now() is CrateDB's: all calls of a statement give the time of the first.  A
** trigger that fires in it has a time of its own.
**
** unique_now() and unique_now_us() strictly increase, each for itself, over
** all threads and connections of the process, whatever the clock does: a call
** gives the clock's time, or the next number after the last if that is not
** greater.  So they run ahead of the clock where they are called more often
** than once in their unit.  They tell nothing of the process: two processes,
** or a process and its forked child, may well give the same number.
**
** Source: CrateDB, "CURRENT_TIMESTAMP" in the reference.
**
** Process-wide state: `last_ms` and `last_us`, the last numbers.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

/*
** The time of a statement is kept as its auxiliary data.  By a negative number
** that is shared by all calls in it, as in SQLite's own JSON functions; where it
** is not kept, now() gives the time of the call.
*/
#define STATEMENT_TIME (-20150101)

static void time_now_func(sqlite3_context *context, int argc,
                          sqlite3_value **argv) {
  uint64_t *kept = sqlite3_get_auxdata(context, STATEMENT_TIME);
  uint64_t ms;
  UNUSED(argc);
  UNUSED(argv);
  if (kept) {
    sqlite3_result_int64(context, (sqlite3_int64)*kept);
    return;
  }
  ms = clock_ms();
  kept = sqlite3_malloc64(sizeof *kept);
  if (kept == 0) {
    sqlite3_result_error_nomem(context);
    return;
  }
  *kept = ms;
  sqlite3_result_int64(context, (sqlite3_int64)ms);
  sqlite3_set_auxdata(context, STATEMENT_TIME, kept, sqlite3_free);
}

/* The next number of a counter of the clock's time, in units of nanoseconds. */
static inline void time_unique(sqlite3_context *context, _Atomic uint64_t *last,
                               uint64_t unit) {
  uint64_t seen = atomic_load_explicit(last, memory_order_relaxed);
  uint64_t time = clock_is_before(seen * unit) ? seen : clock_ns() / unit;
  sqlite3_result_int64(context, (sqlite3_int64)clock_advance(last, time));
}

static void time_unique_now_func(sqlite3_context *context, int argc,
                                 sqlite3_value **argv) {
  static _Atomic uint64_t last_ms;
  UNUSED(argc);
  UNUSED(argv);
  time_unique(context, &last_ms, 1000000);
}

static void time_unique_now_us_func(sqlite3_context *context, int argc,
                                    sqlite3_value **argv) {
  static _Atomic uint64_t last_us;
  UNUSED(argc);
  UNUSED(argv);
  time_unique(context, &last_us, 1000);
}

const FuncEntry time_functions[] = {
    {"now", 0, FUNC_MAKES, time_now_func, "now()", "Time",
     "Unix milliseconds, the same throughout a statement"},
    {"unique_now", 0, FUNC_MAKES, time_unique_now_func, "unique_now()", "Time",
     "Unix milliseconds that never come twice in this process"},
    {"unique_now_us", 0, FUNC_MAKES, time_unique_now_us_func, "unique_now_us()",
     "Time", "Unix microseconds that never come twice in this process"},
    {0}};
