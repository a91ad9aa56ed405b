/*
** ULID: 48 bits of Unix milliseconds, 80 random bits, as text that sorts by
** time.  X is a ULID: a text of 26 characters, of either case, or a blob of 16.
**
**   ulid()                       a new one, as text in upper case
**   ulid_blob()                  a new one, as 16 bytes
**   ulid_with_prefix(p)          p, an underscore, a new one in lower case
**   ulid(time), ulid_blob(time)  a random one of that time
**   ulid_min(time)               the first one of that time, as text
**   ulid_max(time)               the last one
**   ulid_extract_timestamp(X)    Unix milliseconds
**   ulid_datetime(X)             YYYY-MM-DD HH:MM:SS.SSS, in UTC
**   ulid_str(X)                  as text in upper case
**   ulid_to_uuid(X)              the same 128 bits as a UUID, as text
**   uuid_to_ulid(U)              and back; U is what uuid_blob() accepts
**   ulid_valid(X)                1 if X is a ULID, else 0
**
** In sqlite-ulid's words: ulid_bytes(), ulid_bytes(X) as 16 bytes, ulid(X) of
** a blob as text, ulid_with_datetime(time).  A ULID with a prefix is accepted
** where the time is asked for.
**
** NULL gives NULL.  What is no ULID is an error, and so is a time before 1970
** or after 10889-08-02 (2^48 - 1 ms).
**
** Order: ulid(), ulid_blob() and ulid_with_prefix() share one generator.  What
** it gives increases strictly in the process, over all threads and connections,
** by the monotonicity of the specification: within a millisecond, and as long
** as the clock is behind, the random part goes up by 1.  Past its limit it fails
** until the clock is in a later millisecond.  A time that is given leaves the
** generator alone.
**
** Process-wide state: `last`, behind a lock.  A forked child begins a later
** millisecond than the one it inherits, with random bits of its own, so that it
** repeats neither its parent nor a sibling.
**
** Sources: https://github.com/ulid/spec,
** https://github.com/asg017/sqlite-ulid/blob/main/docs.md.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

#define MS_MAX (((uint64_t)1 << 48) - 1)

/**** The generator ******************************************************/

static struct {
  SpinLock lock;
  _Atomic unsigned process; /* random_forks + 1 when it was made; 0: never */
  _Atomic uint64_t high;    /* of the UlidNumber; read without the lock, too */
  uint64_t low;
} ulid_last;

/*
** Is a ULID of this millisecond the first of it, in this process?  Once it is
** not, it never is again.
*/
static int ulid_is_first(uint64_t ms, unsigned process) {
  return ms > atomic_load_explicit(&ulid_last.high, memory_order_relaxed) >>
             16 ||
         process !=
             atomic_load_explicit(&ulid_last.process, memory_order_relaxed);
}

/*
** Step the generator.  False if the random part is at its limit.  `random` may
** be anything if ulid_is_first() was false.
*/
static int ulid_step(UlidNumber *number, uint64_t ms, unsigned process,
                     const unsigned char *random) {
  int is_ok;
  spin_enter(&ulid_last.lock, process - 1);
  number->high = atomic_load_explicit(&ulid_last.high, memory_order_relaxed);
  number->low = ulid_last.low;
  if (atomic_load_explicit(&ulid_last.process, memory_order_relaxed) !=
      process) {
    uint64_t later = (number->high >> 16) + 1;
    if (ms < later) ms = later;
  }
  is_ok = ulid_codec_next(number, ms, random);
  if (is_ok) {
    atomic_store_explicit(&ulid_last.high, number->high, memory_order_relaxed);
    ulid_last.low = number->low;
    atomic_store_explicit(&ulid_last.process, process, memory_order_relaxed);
  }
  spin_leave(&ulid_last.lock);
  return is_ok;
}

/* Make the next ULID.  False, with the error reported, if there is none. */
static int ulid_make_next(sqlite3_context *context, const char *function,
                          unsigned char id[16]) {
  unsigned char random[ULID_RANDOM_SIZE] = {0};
  IdState *state = sqlite3_user_data(context);
  UlidNumber number;
  uint64_t ms = clock_recent_ns(&state->clock) / 1000000;
  unsigned process =
      atomic_load_explicit(&random_forks, memory_order_relaxed) + 1;
  if (ulid_is_first(ms, process) &&
      !id_random(context, function, random, sizeof random)) {
    return 0;
  }
  if (!ulid_step(&number, ms, process, random)) {
    func_error(context,
               "%s: the random part of millisecond %lld is at its limit "
               "(2^80 - 1)",
               function, (sqlite3_int64)(number.high >> 16));
    return 0;
  }
  bytes_write64(id, number.high);
  bytes_write64(id + 8, number.low);
  return 1;
}

/* Make a ULID of a time with random bytes.  False, with the error reported. */
static int ulid_make_at(sqlite3_context *context, sqlite3_value *time,
                        const char *function, unsigned char id[16]) {
  uint64_t ms;
  if (!func_time(context, time, function, 0, MS_MAX, &ms)) return 0;
  bytes_write64(id, ms << 16);
  return id_random(context, function, id + 6, ULID_RANDOM_SIZE);
}

/**** Arguments and results **********************************************/

static void ulid_result_text(sqlite3_context *context,
                             const unsigned char *id) {
  char z[BASE32_SIZE];
  base32_encode(id, base32_ulid_alphabet, z);
  sqlite3_result_text(context, z, sizeof z, SQLITE_TRANSIENT);
}

/* Read X.  False with the result set, if it is NULL or no ULID. */
static int ulid_read_id(sqlite3_context *context, sqlite3_value *value,
                        const char *function, unsigned char id[16]) {
  return func_id(context, value, function, "a ULID", 16, ulid_codec_parse, id);
}

/**** Functions **********************************************************/

static void ulid_func(sqlite3_context *context, int argc,
                      sqlite3_value **argv) {
  unsigned char id[16];
  UNUSED(argc);
  UNUSED(argv);
  if (ulid_make_next(context, "ulid", id)) ulid_result_text(context, id);
}

static void ulid_blob_func(sqlite3_context *context, int argc,
                           sqlite3_value **argv) {
  unsigned char id[16];
  UNUSED(argc);
  UNUSED(argv);
  if (ulid_make_next(context, "ulid_blob", id))
    sqlite3_result_blob(context, id, 16, SQLITE_TRANSIENT);
}

static void ulid_with_prefix_func(sqlite3_context *context, int argc,
                                  sqlite3_value **argv) {
  unsigned char id[16];
  const char *prefix;
  char *text;
  char *end;
  size_t n;
  UNUSED(argc);
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
  if (!func_text(context, argv[0], &prefix, &n) ||
      !ulid_make_next(context, "ulid_with_prefix", id)) {
    return;
  }
  text = sqlite3_malloc64(n + 1 + BASE32_SIZE);
  if (text == 0) {
    sqlite3_result_error_nomem(context);
    return;
  }
  memcpy(text, prefix, n);
  end = text + n;
  *end++ = '_';
  base32_encode(id, base32_typeid_alphabet, end); /* the lower case */
  sqlite3_result_text64(context, text, n + 1 + BASE32_SIZE, sqlite3_free,
                        SQLITE_UTF8);
}

static void ulid_at_func(sqlite3_context *context, int argc,
                         sqlite3_value **argv) {
  unsigned char id[16];
  UNUSED(argc);
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
  if (sqlite3_value_type(argv[0]) == SQLITE_BLOB
          ? ulid_read_id(context, argv[0], "ulid", id)
          : ulid_make_at(context, argv[0], "ulid", id)) {
    ulid_result_text(context, id);
  }
}

static void ulid_with_datetime_func(sqlite3_context *context, int argc,
                                    sqlite3_value **argv) {
  unsigned char id[16];
  UNUSED(argc);
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
  if (ulid_make_at(context, argv[0], "ulid_with_datetime", id)) {
    ulid_result_text(context, id);
  }
}

static void ulid_blob_at_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  unsigned char id[16];
  UNUSED(argc);
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
  if (ulid_make_at(context, argv[0], "ulid_blob", id))
    sqlite3_result_blob(context, id, 16, SQLITE_TRANSIENT);
}

/* A bound of the ULIDs of a time: the rest of its bytes are all the same. */
static void ulid_result_bound(sqlite3_context *context, sqlite3_value *time,
                              const char *function, int rest) {
  unsigned char id[16];
  uint64_t ms;
  if (sqlite3_value_type(time) == SQLITE_NULL) return;
  if (!func_time(context, time, function, 0, MS_MAX, &ms)) return;
  bytes_write64(id, ms << 16);
  memset(id + 6, rest, ULID_RANDOM_SIZE);
  ulid_result_text(context, id);
}

static void ulid_min_func(sqlite3_context *context, int argc,
                          sqlite3_value **argv) {
  UNUSED(argc);
  ulid_result_bound(context, argv[0], "ulid_min", 0);
}

static void ulid_max_func(sqlite3_context *context, int argc,
                          sqlite3_value **argv) {
  UNUSED(argc);
  ulid_result_bound(context, argv[0], "ulid_max", 0xff);
}

static void ulid_extract_timestamp_func(sqlite3_context *context, int argc,
                                        sqlite3_value **argv) {
  unsigned char id[16];
  UNUSED(argc);
  if (func_id(context, argv[0], "ulid_extract_timestamp", "a ULID", 16,
              ulid_codec_parse_prefixed, id)) {
    sqlite3_result_int64(context, (sqlite3_int64)ulid_codec_ms(id));
  }
}

static void ulid_datetime_func(sqlite3_context *context, int argc,
                               sqlite3_value **argv) {
  unsigned char id[16];
  char z[ULID_TIME_SIZE];
  UNUSED(argc);
  if (func_id(context, argv[0], "ulid_datetime", "a ULID", 16,
              ulid_codec_parse_prefixed, id)) {
    sqlite3_result_text(context, z, ulid_codec_write_time(ulid_codec_ms(id), z),
                        SQLITE_TRANSIENT);
  }
}

static void ulid_str_func(sqlite3_context *context, int argc,
                          sqlite3_value **argv) {
  unsigned char id[16];
  UNUSED(argc);
  if (ulid_read_id(context, argv[0], "ulid_str", id))
    ulid_result_text(context, id);
}

static void ulid_bytes_func(sqlite3_context *context, int argc,
                            sqlite3_value **argv) {
  unsigned char id[16];
  UNUSED(argc);
  if (ulid_read_id(context, argv[0], "ulid_bytes", id))
    sqlite3_result_blob(context, id, 16, SQLITE_TRANSIENT);
}

static void ulid_to_uuid_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  unsigned char id[16];
  char z[36];
  UNUSED(argc);
  if (ulid_read_id(context, argv[0], "ulid_to_uuid", id)) {
    uuid_codec_format(uuid_codec_from_bytes(id), z);
    sqlite3_result_text(context, z, sizeof z, SQLITE_TRANSIENT);
  }
}

static int ulid_parse_uuid(const char *z, size_t n, unsigned char *id) {
  Uuid uuid;
  if (!uuid_codec_parse(z, n, &uuid)) return 0;
  uuid_codec_to_bytes(uuid, id);
  return 1;
}

static void ulid_from_uuid_func(sqlite3_context *context, int argc,
                                sqlite3_value **argv) {
  unsigned char id[16];
  UNUSED(argc);
  if (func_id(context, argv[0], "uuid_to_ulid", "a UUID", 16, ulid_parse_uuid,
              id)) {
    ulid_result_text(context, id);
  }
}

static void ulid_valid_func(sqlite3_context *context, int argc,
                            sqlite3_value **argv) {
  UNUSED(argc);
  func_id_valid(context, argv[0], 16, ulid_codec_parse);
}

const FuncEntry ulid_functions[] = {
    {"ulid", 0, FUNC_MAKES, ulid_func, "ulid()", "ULID", "a ULID, as text"},
    {"ulid_blob", 0, FUNC_MAKES, ulid_blob_func, "ulid_blob()", "ULID",
     "a ULID, as 16 bytes"},
    {"ulid_bytes", 0, FUNC_MAKES, ulid_blob_func, "ulid_bytes()", "ULID",
     "the same as ulid_blob()"},
    {"ulid_with_prefix", 1, FUNC_MAKES, ulid_with_prefix_func,
     "ulid_with_prefix(p)", "ULID",
     "p, an underscore, and a ULID in lower case"},
    {"ulid", 1, FUNC_MAKES, ulid_at_func, "ulid(time)", "ULID",
     "a random ULID of that time, as text"},
    {"ulid_with_datetime", 1, FUNC_MAKES, ulid_with_datetime_func,
     "ulid_with_datetime(time)", "ULID", "the same as ulid(time)"},
    {"ulid_blob", 1, FUNC_MAKES, ulid_blob_at_func, "ulid_blob(time)", "ULID",
     "a random ULID of that time, as 16 bytes"},
    {"ulid_min", 1, FUNC_READS, ulid_min_func, "ulid_min(time)", "ULID",
     "the least ULID of that time, as text"},
    {"ulid_max", 1, FUNC_READS, ulid_max_func, "ulid_max(time)", "ULID",
     "the greatest ULID of that time, as text"},
    {"ulid_extract_timestamp", 1, FUNC_READS, ulid_extract_timestamp_func,
     "ulid_extract_timestamp(X)", "ULID",
     "the time of a ULID, in Unix milliseconds"},
    {"ulid_datetime", 1, FUNC_READS, ulid_datetime_func, "ulid_datetime(X)",
     "ULID", "the time of a ULID, as text"},
    {"ulid_str", 1, FUNC_READS, ulid_str_func, "ulid_str(X)", "ULID",
     "a ULID as text"},
    {"ulid_bytes", 1, FUNC_READS, ulid_bytes_func, "ulid_bytes(X)", "ULID",
     "a ULID as 16 bytes"},
    {"ulid_to_uuid", 1, FUNC_READS, ulid_to_uuid_func, "ulid_to_uuid(X)",
     "ULID", "the UUID of the same bits"},
    {"uuid_to_ulid", 1, FUNC_READS, ulid_from_uuid_func, "uuid_to_ulid(U)",
     "ULID", "the ULID of the same bits"},
    {"ulid_valid", 1, FUNC_READS, ulid_valid_func, "ulid_valid(X)", "ULID",
     "1 if X is a ULID, else 0"},
    {0}};
