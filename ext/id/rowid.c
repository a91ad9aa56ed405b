/*
** CockroachDB's unique_rowid().
**
**   unique_rowid()                  a new id
**   unordered_unique_rowid()        a new id, not in the order of time
**   unordered_to_unique_rowid(id)   the id of the other kind
**   unique_rowid_timestamp(id)      Unix milliseconds, of a unique_rowid()
**   unique_rowid_instance(id)       the instance id, of either
**
** All give INTEGER.  NULL gives NULL.  An id is an integer of 0 or more, or a
** text of one; anything else is an error.
**
** An id is a positive 64-bit integer:
**
**   bit 63     0
**   bits 62-15 48 bits of time: ticks of 10 microseconds since 2015-01-01 UTC
**   bits 14-0  the instance id (instance.c)
**
** unordered_unique_rowid() has the 48 bits of time in reverse order, so that
** the fastest bit comes first and ids that follow each other lie far apart.
**
** The ids of a process strictly increase, whatever the clock does: each takes
** a tick that is greater than the last, the clock's if it can.  The ids of one
** statement are therefore consecutive ticks, if it makes them faster than one
** in 10 microseconds; the time in them is then ahead of the clock.
**
** The clock must not stand before 2015-01-01 when a process makes its first
** id, nor after the last tick, on 2104-03-13.
**
** Source: CockroachDB, pkg/sql/sem/builtins: GenerateUniqueInt(),
** GenerateUniqueUnorderedID(), mapToUnorderedUniqueInt().
**
** Process-wide state: `last`, the last tick.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

#define INSTANCE_BITS 15
#define TICK_BITS     48
#define TICK_NS       10000
#define TICKS_OF_MS   100
#define EPOCH_NS      (UINT64_C(1420070400) * 1000000000)

/**** The layout: pure ***************************************************/

int64_t rowid_encode(uint64_t tick, int instance) {
  return (int64_t)(tick << INSTANCE_BITS | (unsigned)instance);
}

uint64_t rowid_tick(int64_t id) {
  return (uint64_t)id >> INSTANCE_BITS & ROWID_TICK_MAX;
}

int rowid_instance(int64_t id) {
  return (int)(id & INSTANCE_MAX);
}

/* Unix milliseconds. */
int64_t rowid_timestamp(int64_t id) {
  return (int64_t)(rowid_tick(id) / TICKS_OF_MS) + ROWID_EPOCH_MS;
}

/* Swap neighbouring groups of n bits; mask has the lower of each two. */
static inline uint64_t rowid_swap_bits(uint64_t x, int n, uint64_t mask) {
  return (x >> n & mask) | (x & mask) << n;
}

/* The unordered id of an ordered one, and the other way round. */
int64_t rowid_reverse(int64_t id) {
  uint64_t x = rowid_tick(id) << (64 - TICK_BITS);
  x = rowid_swap_bits(x, 1, 0x5555555555555555);
  x = rowid_swap_bits(x, 2, 0x3333333333333333);
  x = rowid_swap_bits(x, 4, 0x0f0f0f0f0f0f0f0f);
  x = rowid_swap_bits(x, 8, 0x00ff00ff00ff00ff);
  x = rowid_swap_bits(x, 16, 0x0000ffff0000ffff);
  x = rowid_swap_bits(x, 32, 0x00000000ffffffff);
  return rowid_encode(x, rowid_instance(id));
}

/**** The generator ******************************************************/

static _Atomic uint64_t rowid_last;

/* Make an id.  Returns SQLITE_OK, or what is wrong. */
int rowid_next(int64_t *id, Error *error) {
  int instance = instance_read();
  uint64_t tick = atomic_load_explicit(&rowid_last, memory_order_relaxed);
  if (instance < 0) return instance_error(error);
  if (tick == 0 || !clock_is_before(EPOCH_NS + tick * TICK_NS)) {
    uint64_t ns = clock_ns();
    if (ns < EPOCH_NS) {
      if (tick == 0) {
        return error_set(error, SQLITE_ERROR,
                         "the clock stands before 2015-01-01, where the time "
                         "of an id begins");
      }
      ns = EPOCH_NS; /* it went back */
    }
    tick = (ns - EPOCH_NS) / TICK_NS;
  }
  if (tick <= ROWID_TICK_MAX) tick = clock_advance(&rowid_last, tick);
  if (tick > ROWID_TICK_MAX) {
    return error_set(error, SQLITE_ERROR,
                     "the clock stands after 2104-03-13, where the 48 bits of "
                     "an id's time end");
  }
  *id = rowid_encode(tick, instance);
  return SQLITE_OK;
}

/**** SQL ****************************************************************/

static int rowid_next_id(sqlite3_context *context, const char *function,
                         int64_t *id) {
  Error error = {0, 0};
  int rc = rowid_next(id, &error);
  if (rc == SQLITE_OK) return 1;
  func_fail(context, function, &error, rc);
  return 0;
}

static void rowid_unique_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  int64_t id;
  UNUSED(argc);
  UNUSED(argv);
  if (rowid_next_id(context, "unique_rowid", &id)) {
    sqlite3_result_int64(context, id);
  }
}

static void rowid_unordered_func(sqlite3_context *context, int argc,
                                 sqlite3_value **argv) {
  int64_t id;
  UNUSED(argc);
  UNUSED(argv);
  if (rowid_next_id(context, "unordered_unique_rowid", &id)) {
    sqlite3_result_int64(context, rowid_reverse(id));
  }
}

/* The argument of a decoder.  False if the result is there: NULL or an error.
 */
static int rowid_read_id(sqlite3_context *context, sqlite3_value *value,
                         const char *function, int64_t *id) {
  if (sqlite3_value_type(value) == SQLITE_NULL) return 0;
  return func_integer(context, value, function, "id", 0, INT64_MAX, id);
}

static void rowid_from_unordered_func(sqlite3_context *context, int argc,
                                      sqlite3_value **argv) {
  int64_t id;
  UNUSED(argc);
  if (rowid_read_id(context, argv[0], "unordered_to_unique_rowid", &id)) {
    sqlite3_result_int64(context, rowid_reverse(id));
  }
}

static void rowid_unique_timestamp_func(sqlite3_context *context, int argc,
                                        sqlite3_value **argv) {
  int64_t id;
  UNUSED(argc);
  if (rowid_read_id(context, argv[0], "unique_rowid_timestamp", &id)) {
    sqlite3_result_int64(context, rowid_timestamp(id));
  }
}

static void rowid_unique_instance_func(sqlite3_context *context, int argc,
                                       sqlite3_value **argv) {
  int64_t id;
  UNUSED(argc);
  if (rowid_read_id(context, argv[0], "unique_rowid_instance", &id)) {
    sqlite3_result_int(context, rowid_instance(id));
  }
}

const FuncEntry rowid_functions[] = {
    {"unique_rowid", 0, FUNC_MAKES, rowid_unique_func, "unique_rowid()",
     "CockroachDB", "a 64-bit integer in the order of time"},
    {"unordered_unique_rowid", 0, FUNC_MAKES, rowid_unordered_func,
     "unordered_unique_rowid()", "CockroachDB",
     "a 64-bit integer, not in the order of time"},
    {"unordered_to_unique_rowid", 1, FUNC_READS, rowid_from_unordered_func,
     "unordered_to_unique_rowid(id)", "CockroachDB",
     "the unordered id of a unique_rowid(), and back"},
    {"unique_rowid_timestamp", 1, FUNC_READS, rowid_unique_timestamp_func,
     "unique_rowid_timestamp(id)", "CockroachDB",
     "the time of a unique_rowid(), in Unix milliseconds"},
    {"unique_rowid_instance", 1, FUNC_READS, rowid_unique_instance_func,
     "unique_rowid_instance(id)", "CockroachDB",
     "the instance id in a unique_rowid()"},
    {0}};
