/*
** Snowflake ids.
**
**   snowflake()                        a new id
**   snowflake_timestamp(id [, layout]) Unix milliseconds
**   snowflake_worker(id [, layout])    the worker that made it
**   snowflake_process(id [, layout])   Discord's process; NULL in other layouts
**   snowflake_sequence(id [, layout])  its number within the millisecond
**   snowflake_config(layout)           sets the layout, with the instance id as
**                                      worker; returns the epoch
**   snowflake_config(layout, worker)   and the worker, 0 to 1023
**   snowflake_config('discord', worker, process)    each 0 to 31
**
** All give INTEGER.  NULL gives NULL, and sets nothing.  An id is an integer of
** 0 or more, or a text of one; anything else is an error.  A layout is an
** epoch, in Unix milliseconds, or a name in any case: 'x' and 'twitter',
** 1288834974657 (2010-11-04), and 'discord', 1420070400000 (2015-01-01).
** Without one it is the layout that was set; 'x' if none was.
**
** An id is a positive 64-bit integer:
**
**   bit 63     0
**   bits 62-22 41 bits of time: milliseconds since the epoch (69 years)
**   bits 21-12 10 bits of worker; for Discord 5 of worker and 5 of process
**   bits 11-0  12 bits of sequence
**
** (Discord counts bit 63 to the time, which needs it from 2084 on.)
**
** The ids of a process strictly increase, whatever the clock does: time and
** sequence together are a counter, which takes the clock's millisecond and
** sequence 0 if that is greater than the last.  More than 4096 ids in a
** millisecond make it run ahead of the clock.  Another worker begins with a
** new millisecond.
**
** What snowflake_config() sets holds for all connections of the process.
** After the first id a later epoch is an error, since the ids would go back
** and repeat.  A forked child keeps the layout, but goes on with its own
** instance id's low bits as worker, which its parent's worker has not.
**
** Source: twitter-archive/snowflake, IdWorker.scala; Discord's API reference,
** "Snowflakes".
**
** Process-wide state: `config`, `last`, the last time and sequence, and
** `last_worker`.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

#define WORKER_BITS   10
#define SEQUENCE_BITS 12
#define SEQUENCE_MAX  ((1 << SEQUENCE_BITS) - 1)
#define TIME_SHIFT    (WORKER_BITS + SEQUENCE_BITS)
#define PROCESS_BITS  5 /* Discord's, the low bits of a worker */
#define PROCESS_MAX   ((1 << PROCESS_BITS) - 1)
#define EPOCH_MAX     INT64_C(253402300799999) /* the end of the year 9999 */

/**** The layout: pure ***************************************************/

int64_t snowflake_encode(int64_t ms, int worker, int sequence) {
  return ms << TIME_SHIFT | (int64_t)worker << SEQUENCE_BITS | sequence;
}

/* Milliseconds since the epoch. */
int64_t snowflake_ms(int64_t id) {
  return id >> TIME_SHIFT;
}

/* All ten bits. */
int snowflake_worker(int64_t id) {
  return (int)(id >> SEQUENCE_BITS) & INSTANCE_WORKER_MAX;
}

int snowflake_sequence(int64_t id) {
  return (int)id & SEQUENCE_MAX;
}

/**** The configuration **************************************************/

/*
** One word, so that a thread sees all of it or nothing: the epoch above these
** bits.
*/
#define CONFIG_WORKER     0x03ff
#define CONFIG_HAS_WORKER 0x0400
#define CONFIG_IS_DISCORD 0x0800
#define CONFIG_IS_USED    0x1000 /* an id has been made by this epoch */
#define CONFIG_SHIFT      16

#define EPOCH_OF(word) ((int64_t)((word) >> CONFIG_SHIFT))

static _Atomic uint64_t snowflake_config = (uint64_t)SNOWFLAKE_X
                                           << CONFIG_SHIFT;

/* The epoch that is set, in Unix milliseconds. */
int64_t snowflake_epoch(void) {
  return EPOCH_OF(atomic_load(&snowflake_config));
}

#ifndef _WIN32
/* In a forked child: the worker was the parent's. */
static void snowflake_forget_worker(void) {
  atomic_fetch_and(&snowflake_config,
                   ~(uint64_t)(CONFIG_WORKER | CONFIG_HAS_WORKER));
}
#endif

/* To be called once, before the functions. */
int snowflake_init(void) {
#ifndef _WIN32
  if (pthread_atfork(0, 0, snowflake_forget_worker) != 0) return SQLITE_NOMEM;
#endif
  return SQLITE_OK;
}

/**** The generator ******************************************************/

static _Atomic uint64_t
    snowflake_last; /* Unix milliseconds << SEQUENCE_BITS | sequence */

static _Atomic int last_worker = -1; /* of the last id; -1: there is none */

/*
** Leave the millisecond of the last id, in which one of a lower worker would be
** less than it.
*/
static void snowflake_change_worker(int worker) {
  if (atomic_exchange(&last_worker, worker) >= 0) {
    clock_advance(&snowflake_last, atomic_load(&snowflake_last) | SEQUENCE_MAX);
  }
}

/* Report that the clock is beyond the limits of the epoch. */
static void snowflake_report_clock(sqlite3_context *context, uint64_t ms,
                                   int64_t epoch) {
  func_error(context,
             "snowflake: the time %lld is out of bounds: an epoch of %lld "
             "reaches to %lld",
             (sqlite3_int64)ms, (sqlite3_int64)epoch,
             (sqlite3_int64)(epoch + SNOWFLAKE_MS_MAX));
}

/* The configuration, marked as used. */
static uint64_t snowflake_use_config(void) {
  uint64_t word = atomic_load_explicit(&snowflake_config, memory_order_acquire);
  if (word & CONFIG_IS_USED) return word;
  return atomic_fetch_or(&snowflake_config, CONFIG_IS_USED) | CONFIG_IS_USED;
}

static void snowflake_func(sqlite3_context *context, int argc,
                           sqlite3_value **argv) {
  uint64_t word;
  uint64_t time;
  int64_t epoch;
  int64_t ms;
  int worker;
  UNUSED(argc);
  UNUSED(argv);
  /*
  ** Were the epoch moved between its reading and last's advance, another
  ** thread might have made the same id: hence the repetition.
  */
  do {
    uint64_t now = 0;
    time = atomic_load_explicit(&snowflake_last, memory_order_relaxed);
    if (!clock_is_before((time >> SEQUENCE_BITS) * 1000000)) now = clock_ms();
    word = snowflake_use_config();
    if (word & CONFIG_HAS_WORKER) {
      worker = (int)(word & CONFIG_WORKER);
    } else if (instance_get(context, "snowflake", &worker)) {
      worker &= INSTANCE_WORKER_MAX;
    } else {
      return;
    }
    if (worker != atomic_load_explicit(&last_worker, memory_order_relaxed)) {
      snowflake_change_worker(worker);
    }
    epoch = EPOCH_OF(word);
    ms = (int64_t)now - epoch;
    if (ms > SNOWFLAKE_MS_MAX) {
      snowflake_report_clock(context, now, epoch);
      return;
    }
    atomic_thread_fence(memory_order_acq_rel);
    time = clock_advance(&snowflake_last, now << SEQUENCE_BITS);
    atomic_thread_fence(memory_order_acq_rel);
  } while (atomic_load_explicit(&snowflake_config, memory_order_relaxed) !=
           word);

  ms = (int64_t)(time >> SEQUENCE_BITS) - epoch;
  if (ms < 0 || ms > SNOWFLAKE_MS_MAX) {
    snowflake_report_clock(context, time >> SEQUENCE_BITS, epoch);
    return;
  }
  sqlite3_result_int64(
      context, snowflake_encode(ms, worker, (int)(time & SEQUENCE_MAX)));
}

/**** Arguments **********************************************************/

typedef struct Layout {
  int64_t epoch;
  int is_discord;
} Layout;

/* Read a layout.  False, with the error reported, if it is none. */
static int snowflake_read_layout(sqlite3_context *context, sqlite3_value *value,
                                 const char *function, Layout *layout) {
  const char *z;
  size_t n;
  layout->is_discord = 0;
  if (func_whole(value, &layout->epoch)) {
    if (layout->epoch >= 0 && layout->epoch <= EPOCH_MAX) return 1;
    func_error(context, "%s: epoch %lld is out of bounds (0..%lld)", function,
               (sqlite3_int64)layout->epoch, (sqlite3_int64)EPOCH_MAX);
    return 0;
  }
  if (!func_text(context, value, &z, &n)) return 0;
  if (token_is(z, n, "x") || token_is(z, n, "twitter")) {
    layout->epoch = SNOWFLAKE_X;
    return 1;
  }
  if (token_is(z, n, "discord")) {
    layout->epoch = SNOWFLAKE_DISCORD;
    layout->is_discord = 1;
    return 1;
  }
  func_error(context,
             "%s: layout \"%.*s\" is not 'x', 'twitter', 'discord' or an "
             "epoch in milliseconds",
             function, (int)n, z);
  return 0;
}

/*
** Read the arguments of a decoder.  False if the result is there: NULL or an
** error.
*/
static int snowflake_read_id(sqlite3_context *context, int argc,
                             sqlite3_value **argv, const char *function,
                             int64_t *id, Layout *layout) {
  if (func_any_null(argc, argv)) return 0;
  if (argc == 2) {
    if (!snowflake_read_layout(context, argv[1], function, layout)) return 0;
  } else {
    uint64_t word = atomic_load(&snowflake_config);
    layout->epoch = EPOCH_OF(word);
    layout->is_discord = (word & CONFIG_IS_DISCORD) != 0;
  }
  return func_integer(context, argv[0], function, "id", 0, INT64_MAX, id);
}

/**** SQL ****************************************************************/

static void snowflake_timestamp_func(sqlite3_context *context, int argc,
                                     sqlite3_value **argv) {
  Layout layout;
  int64_t id;
  if (!snowflake_read_id(context, argc, argv, "snowflake_timestamp", &id,
                         &layout))
    return;
  sqlite3_result_int64(context, snowflake_ms(id) + layout.epoch);
}

static void snowflake_worker_func(sqlite3_context *context, int argc,
                                  sqlite3_value **argv) {
  Layout layout;
  int64_t id;
  int worker;
  if (!snowflake_read_id(context, argc, argv, "snowflake_worker", &id, &layout))
    return;
  worker = snowflake_worker(id);
  sqlite3_result_int(context,
                     layout.is_discord ? worker >> PROCESS_BITS : worker);
}

static void snowflake_process_func(sqlite3_context *context, int argc,
                                   sqlite3_value **argv) {
  Layout layout;
  int64_t id;
  if (!snowflake_read_id(context, argc, argv, "snowflake_process", &id,
                         &layout))
    return;
  if (layout.is_discord) {
    sqlite3_result_int(context, snowflake_worker(id) & PROCESS_MAX);
  }
}

static void snowflake_sequence_func(sqlite3_context *context, int argc,
                                    sqlite3_value **argv) {
  Layout layout;
  int64_t id;
  if (!snowflake_read_id(context, argc, argv, "snowflake_sequence", &id,
                         &layout))
    return;
  sqlite3_result_int(context, snowflake_sequence(id));
}

/* The worker that the arguments of snowflake_config() name, as CONFIG_ bits. */
static int snowflake_read_worker(sqlite3_context *context, int argc,
                                 sqlite3_value **argv, const Layout *layout,
                                 uint64_t *bits) {
  int64_t worker;
  int64_t process;
  *bits = 0;
  if (argc == 1) return 1;
  if (layout->is_discord != (argc == 3)) {
    func_error(context, layout->is_discord
                            ? "snowflake_config: Discord's layout has a worker "
                              "and a process"
                            : "snowflake_config: only Discord's layout has a "
                              "process");
    return 0;
  }
  if (!func_integer(context, argv[1], "snowflake_config", "worker", 0,
                    argc == 3 ? PROCESS_MAX : INSTANCE_WORKER_MAX, &worker)) {
    return 0;
  }
  if (argc == 3) {
    if (!func_integer(context, argv[2], "snowflake_config", "process", 0,
                      PROCESS_MAX, &process)) {
      return 0;
    }
    worker = worker << PROCESS_BITS | process;
  }
  *bits = CONFIG_HAS_WORKER | (uint64_t)worker;
  return 1;
}

static void snowflake_config_func(sqlite3_context *context, int argc,
                                  sqlite3_value **argv) {
  Layout layout;
  uint64_t word;
  uint64_t old;
  if (func_any_null(argc, argv) ||
      !snowflake_read_layout(context, argv[0], "snowflake_config", &layout) ||
      !snowflake_read_worker(context, argc, argv, &layout, &word)) {
    return;
  }
  if (word & CONFIG_HAS_WORKER) {
    instance_claim((int)(word & CONFIG_WORKER));
  }
  word |= (uint64_t)layout.epoch << CONFIG_SHIFT;
  if (layout.is_discord) word |= CONFIG_IS_DISCORD;
  old = atomic_load(&snowflake_config);
  do {
    if ((old & CONFIG_IS_USED) && layout.epoch > EPOCH_OF(old)) {
      func_error(context,
                 "snowflake_config: this process has made ids by the epoch "
                 "%lld: by a later one they would repeat",
                 (sqlite3_int64)EPOCH_OF(old));
      return;
    }
  } while (!atomic_compare_exchange_weak(&snowflake_config, &old,
                                         word | (old & CONFIG_IS_USED)));
  sqlite3_result_int64(context, layout.epoch);
}

const FuncEntry snowflake_functions[] = {
    {"snowflake", 0, FUNC_MAKES, snowflake_func, "snowflake()", "Snowflake",
     "a Snowflake: a 64-bit integer in the order of time"},
    {"snowflake_timestamp", 1, FUNC_MAKES, snowflake_timestamp_func,
     "snowflake_timestamp(id)", "Snowflake",
     "the time of a Snowflake, in Unix milliseconds"},
    {"snowflake_timestamp", 2, FUNC_READS, snowflake_timestamp_func,
     "snowflake_timestamp(id, layout)", "Snowflake",
     "the same, by 'x', 'discord', or an epoch"},
    {"snowflake_worker", 1, FUNC_MAKES, snowflake_worker_func,
     "snowflake_worker(id)", "Snowflake", "the worker that made a Snowflake"},
    {"snowflake_worker", 2, FUNC_READS, snowflake_worker_func,
     "snowflake_worker(id, layout)", "Snowflake",
     "the same, by 'x', 'discord', or an epoch"},
    {"snowflake_process", 1, FUNC_MAKES, snowflake_process_func,
     "snowflake_process(id)", "Snowflake",
     "the process that made a Snowflake of Discord's, else NULL"},
    {"snowflake_process", 2, FUNC_READS, snowflake_process_func,
     "snowflake_process(id, layout)", "Snowflake",
     "the same, by 'x', 'discord', or an epoch"},
    {"snowflake_sequence", 1, FUNC_READS, snowflake_sequence_func,
     "snowflake_sequence(id [, layout])", "Snowflake",
     "the number of a Snowflake within its millisecond"},
    {"snowflake_sequence", 2, FUNC_READS, snowflake_sequence_func, 0, 0, 0},
    {"snowflake_config", 1, FUNC_SETS, snowflake_config_func,
     "snowflake_config(layout [, worker [, process]])", "Snowflake",
     "set the layout of Snowflakes; its epoch"},
    {"snowflake_config", 2, FUNC_SETS, snowflake_config_func, 0, 0, 0},
    {"snowflake_config", 3, FUNC_SETS, snowflake_config_func, 0, 0, 0},
    {0}};
