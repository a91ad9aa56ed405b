/*
** KSUID: 4 bytes of seconds and 16 random ones, as text that sorts by time.
** X is a KSUID: a text of 27 characters or a blob of 20.
**
**   ksuid()                      a new one, as text
**   ksuid(time)                  a random one of that time
**   ksuid_blob()                 a new one, as 20 bytes
**   ksuid_str(X)                 as text
**   ksuid_blob(X)                as 20 bytes
**   ksuid_extract_timestamp(X)   Unix milliseconds
**   ksuid_valid(X)               1 if X is a KSUID, else 0
**
** NULL gives NULL.  What is no KSUID is an error, and so is a time before
** 2014-05-13T16:53:20Z or more than 2^32 - 1 seconds after it.  A clock that
** stands before that is taken for it.
**
** Order: ksuid() and ksuid_blob() share one generator.  What it gives increases
** strictly in the process, over all threads and connections: within a second,
** and as long as the clock is behind, the payload goes up by a random step of
** up to 64 bits.  A time that is given leaves the generator alone.
**
** Process-wide state: `last`, behind a lock.  A forked child goes on from what
** it inherits with a random step of up to 120 bits.
**
** Source: https://github.com/segmentio/ksuid.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

#define RANDOM_SIZE 16
#define MS_MAX      (KSUID_EPOCH_MS + UINT64_C(1000) * UINT32_MAX + 999)

static struct {
  SpinLock lock;
  unsigned process; /* random_forks + 1 when it was made; 0: never */
  KsuidNumber number;
} ksuid_last;

/* Make the next KSUID.  False, with the error reported, if there is none. */
static int ksuid_make_next(sqlite3_context *context, const char *function,
                           unsigned char id[KSUID_SIZE]) {
  unsigned char random[RANDOM_SIZE];
  KsuidNumber number;
  uint64_t ms = clock_ms();
  uint64_t seconds = ms < KSUID_EPOCH_MS ? 0 : (ms - KSUID_EPOCH_MS) / 1000;
  unsigned process =
      atomic_load_explicit(&random_forks, memory_order_relaxed) + 1;
  int is_ok;
  if (!id_random(context, function, random, sizeof random)) return 0;
  spin_enter(&ksuid_last.lock, process - 1);
  number = ksuid_last.number;
  is_ok =
      ksuid_codec_next(&number, seconds, random, process != ksuid_last.process);
  if (is_ok) {
    ksuid_last.number = number;
    ksuid_last.process = process;
  }
  spin_leave(&ksuid_last.lock);
  if (is_ok) {
    ksuid_codec_bytes(&number, id);
  } else {
    func_error(context, "%s: time %lld is out of bounds (%lld..%lld)", function,
               (sqlite3_int64)(KSUID_EPOCH_MS + number.seconds * 1000),
               (sqlite3_int64)KSUID_EPOCH_MS, (sqlite3_int64)MS_MAX);
  }
  return is_ok;
}

static void ksuid_result_text(sqlite3_context *context,
                              const unsigned char *id) {
  char z[BASE62_SIZE];
  base62_encode(id, z);
  sqlite3_result_text(context, z, sizeof z, SQLITE_TRANSIENT);
}

/* Read X.  False with the result set, if it is NULL or no KSUID. */
static int ksuid_read_id(sqlite3_context *context, sqlite3_value *value,
                         const char *function, unsigned char id[KSUID_SIZE]) {
  return func_id(context, value, function, "a KSUID", KSUID_SIZE,
                 ksuid_codec_parse, id);
}

static void ksuid_func(sqlite3_context *context, int argc,
                       sqlite3_value **argv) {
  unsigned char id[KSUID_SIZE];
  UNUSED(argc);
  UNUSED(argv);
  if (ksuid_make_next(context, "ksuid", id)) ksuid_result_text(context, id);
}

static void ksuid_new_blob_func(sqlite3_context *context, int argc,
                                sqlite3_value **argv) {
  unsigned char id[KSUID_SIZE];
  UNUSED(argc);
  UNUSED(argv);
  if (ksuid_make_next(context, "ksuid_blob", id))
    sqlite3_result_blob(context, id, KSUID_SIZE, SQLITE_TRANSIENT);
}

static void ksuid_at_func(sqlite3_context *context, int argc,
                          sqlite3_value **argv) {
  unsigned char random[RANDOM_SIZE];
  unsigned char id[KSUID_SIZE];
  KsuidNumber number;
  uint64_t ms;
  UNUSED(argc);
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL ||
      !func_time(context, argv[0], "ksuid", KSUID_EPOCH_MS, MS_MAX, &ms)) {
    return;
  }
  if (!id_random(context, "ksuid", random, sizeof random)) return;
  ksuid_codec_make(&number, (ms - KSUID_EPOCH_MS) / 1000, random);
  ksuid_codec_bytes(&number, id);
  ksuid_result_text(context, id);
}

static void ksuid_str_func(sqlite3_context *context, int argc,
                           sqlite3_value **argv) {
  unsigned char id[KSUID_SIZE];
  UNUSED(argc);
  if (ksuid_read_id(context, argv[0], "ksuid_str", id))
    ksuid_result_text(context, id);
}

static void ksuid_blob_func(sqlite3_context *context, int argc,
                            sqlite3_value **argv) {
  unsigned char id[KSUID_SIZE];
  UNUSED(argc);
  if (ksuid_read_id(context, argv[0], "ksuid_blob", id))
    sqlite3_result_blob(context, id, KSUID_SIZE, SQLITE_TRANSIENT);
}

static void ksuid_extract_timestamp_func(sqlite3_context *context, int argc,
                                         sqlite3_value **argv) {
  unsigned char id[KSUID_SIZE];
  UNUSED(argc);
  if (ksuid_read_id(context, argv[0], "ksuid_extract_timestamp", id)) {
    sqlite3_result_int64(context, (sqlite3_int64)ksuid_codec_ms(id));
  }
}

static void ksuid_valid_func(sqlite3_context *context, int argc,
                             sqlite3_value **argv) {
  UNUSED(argc);
  func_id_valid(context, argv[0], KSUID_SIZE, ksuid_codec_parse);
}

const FuncEntry ksuid_functions[] = {
    {"ksuid", 0, FUNC_MAKES, ksuid_func, "ksuid()", "KSUID",
     "a KSUID, as text"},
    {"ksuid", 1, FUNC_MAKES, ksuid_at_func, "ksuid(time)", "KSUID",
     "a random KSUID of that time, as text"},
    {"ksuid_blob", 0, FUNC_MAKES, ksuid_new_blob_func, "ksuid_blob()", "KSUID",
     "a KSUID, as 20 bytes"},
    {"ksuid_str", 1, FUNC_READS, ksuid_str_func, "ksuid_str(X)", "KSUID",
     "a KSUID as text"},
    {"ksuid_blob", 1, FUNC_READS, ksuid_blob_func, "ksuid_blob(X)", "KSUID",
     "a KSUID as 20 bytes"},
    {"ksuid_extract_timestamp", 1, FUNC_READS, ksuid_extract_timestamp_func,
     "ksuid_extract_timestamp(X)", "KSUID",
     "the time of a KSUID, in Unix milliseconds"},
    {"ksuid_valid", 1, FUNC_READS, ksuid_valid_func, "ksuid_valid(X)", "KSUID",
     "1 if X is a KSUID, else 0"},
    {0}};
