/*
** ObjectID of BSON, and XID: 12 bytes whose text sorts by time.
**
**   objectid()  xid()                     a new one, as text
**   objectid_blob()  xid_blob()           a new one, as 12 bytes
**   objectid_str(X)  xid_str(X)           as text
**   objectid_blob(X)  xid_blob(X)         as 12 bytes
**   objectid_extract_timestamp(X)         Unix milliseconds
**   xid_extract_timestamp(X)
**   objectid_valid(X)  xid_valid(X)       1 if X is one, else 0
**
** X is a text (objectid_codec.c) or a blob of 12 bytes.  NULL gives NULL.  What
** is no such id is an error, and so is a clock after 2106-02-07T06:28:15Z
** (2^32 - 1 seconds).
**
**   bytes 0-3    Unix seconds
**         4-8    of the process: random, drawn once, and again in a forked
**                child.  XID's last two are the low 16 bits of the process id;
**                its first three are random, not the machine's, so that
**                containers of one image differ.
**         9-11   a counter, which begins at random and goes up by 1
**
** Seconds and counter are one number that only increases, over all threads: a
** counter that wraps within a second begins the next one, and a clock that goes
** back leaves the seconds where they are.
**
** Process-wide state: of each scheme, two atomic numbers.
**
** Sources: https://github.com/mongodb/specifications, source/bson-objectid;
** https://github.com/rs/xid.
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

typedef struct Scheme {
  const char *what; /* with its article */
  int text_size;
  int has_pid;
  void (*write)(const unsigned char *id, char *out);
  FuncParse *parse;
  _Atomic uint64_t process; /* 5 bytes, and 24 bits of random_forks + 1 */
  _Atomic uint64_t last;    /* seconds and counter; 0: none */
} Scheme;

static Scheme objectid_scheme = {.what = "an ObjectID",
                                 .text_size = OBJECTID_TEXT_SIZE,
                                 .write = objectid_codec_write,
                                 .parse = objectid_codec_parse};
static Scheme objectid_xid_scheme = {.what = "an XID",
                                     .text_size = XID_TEXT_SIZE,
                                     .has_pid = 1,
                                     .write = objectid_codec_write_xid,
                                     .parse = objectid_codec_parse_xid};

/*
** Get the 5 bytes of this process, and what the first counter would be.  False,
** with the error reported, without randomness.
*/
static int objectid_get_process(sqlite3_context *context, const char *function,
                                Scheme *scheme, uint64_t *process,
                                uint32_t *start) {
  uint64_t forks = atomic_load_explicit(&random_forks, memory_order_relaxed);
  uint64_t tag = (forks + 1) & OBJECTID_COUNTER_MASK;
  uint64_t seen = atomic_load_explicit(&scheme->process, memory_order_relaxed);
  int is_known = (seen & OBJECTID_COUNTER_MASK) == tag;
  uint64_t drawn;
  *start = 1;
  if (!is_known ||
      atomic_load_explicit(&scheme->last, memory_order_relaxed) == 0) {
    if (!id_random(context, function, &drawn, sizeof drawn)) return 0;
    *start = (uint32_t)(drawn & OBJECTID_COUNTER_MASK) | 1;
    drawn = (drawn & ~OBJECTID_COUNTER_MASK) | tag;
    if (scheme->has_pid) {
      uint64_t pid_mask = UINT64_C(0xffff) << OBJECTID_COUNTER_BITS;
      drawn = (drawn & ~pid_mask) |
              ((uint64_t)getpid() << OBJECTID_COUNTER_BITS & pid_mask);
    }
    /* Another thread may be first. */
    if (!is_known &&
        atomic_compare_exchange_strong(&scheme->process, &seen, drawn)) {
      seen = drawn;
    }
  }
  *process = seen >> OBJECTID_COUNTER_BITS;
  return 1;
}

/* Make the next id.  False, with the error reported, if there is none. */
static int objectid_make(sqlite3_context *context, const char *function,
                         Scheme *scheme, unsigned char *id) {
  uint64_t seconds = clock_ns() / 1000000000;
  uint64_t process;
  uint64_t next;
  uint32_t start;
  if (!objectid_get_process(context, function, scheme, &process, &start)) {
    return 0;
  }
  if (!objectid_codec_next(&scheme->last, seconds, start, &next)) {
    func_error(context, "%s: time %lld is out of bounds (0..%lld)", function,
               (sqlite3_int64)(next >> OBJECTID_COUNTER_BITS) * 1000,
               (sqlite3_int64)UINT32_MAX * 1000 + 999);
    return 0;
  }
  bytes_write(id, 4, next >> OBJECTID_COUNTER_BITS);
  bytes_write(id + 4, 5, process);
  bytes_write(id + 9, 3, next);
  return 1;
}

enum { AS_TEXT, AS_BLOB, AS_TIME };

/* The result is X, or a new id without one, in some form. */
static void objectid_call(sqlite3_context *context, int argc,
                          sqlite3_value **argv, Scheme *scheme,
                          const char *function, int form) {
  unsigned char id[OBJECTID_SIZE];
  char text[OBJECTID_TEXT_SIZE];
  if (argc == 0 ? !objectid_make(context, function, scheme, id)
                : !func_id(context, argv[0], function, scheme->what, sizeof id,
                           scheme->parse, id)) {
    return;
  }
  switch (form) {
    case AS_TEXT:
      scheme->write(id, text);
      sqlite3_result_text(context, text, scheme->text_size, SQLITE_TRANSIENT);
      break;
    case AS_BLOB:
      sqlite3_result_blob(context, id, sizeof id, SQLITE_TRANSIENT);
      break;
    case AS_TIME:
      sqlite3_result_int64(context, (sqlite3_int64)objectid_codec_ms(id));
  }
}

static void objectid_func(sqlite3_context *context, int argc,
                          sqlite3_value **argv) {
  objectid_call(context, argc, argv, &objectid_scheme, "objectid", AS_TEXT);
}

static void objectid_blob_func(sqlite3_context *context, int argc,
                               sqlite3_value **argv) {
  objectid_call(context, argc, argv, &objectid_scheme, "objectid_blob",
                AS_BLOB);
}

static void objectid_str_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  objectid_call(context, argc, argv, &objectid_scheme, "objectid_str", AS_TEXT);
}

static void objectid_extract_timestamp_func(sqlite3_context *context, int argc,
                                            sqlite3_value **argv) {
  objectid_call(context, argc, argv, &objectid_scheme,
                "objectid_extract_timestamp", AS_TIME);
}

static void objectid_valid_func(sqlite3_context *context, int argc,
                                sqlite3_value **argv) {
  UNUSED(argc);
  func_id_valid(context, argv[0], OBJECTID_SIZE, objectid_scheme.parse);
}

static void objectid_xid_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  objectid_call(context, argc, argv, &objectid_xid_scheme, "xid", AS_TEXT);
}

static void objectid_xid_blob_func(sqlite3_context *context, int argc,
                                   sqlite3_value **argv) {
  objectid_call(context, argc, argv, &objectid_xid_scheme, "xid_blob", AS_BLOB);
}

static void objectid_xid_str_func(sqlite3_context *context, int argc,
                                  sqlite3_value **argv) {
  objectid_call(context, argc, argv, &objectid_xid_scheme, "xid_str", AS_TEXT);
}

static void objectid_xid_extract_timestamp_func(sqlite3_context *context,
                                                int argc,
                                                sqlite3_value **argv) {
  objectid_call(context, argc, argv, &objectid_xid_scheme,
                "xid_extract_timestamp", AS_TIME);
}

static void objectid_xid_valid_func(sqlite3_context *context, int argc,
                                    sqlite3_value **argv) {
  UNUSED(argc);
  func_id_valid(context, argv[0], OBJECTID_SIZE, objectid_xid_scheme.parse);
}

const FuncEntry objectid_functions[] = {
    {"xid", 0, FUNC_MAKES, objectid_xid_func, "xid()", "XID",
     "an XID, as text"},
    {"xid_blob", 0, FUNC_MAKES, objectid_xid_blob_func, "xid_blob()", "XID",
     "an XID, as 12 bytes"},
    {"xid_str", 1, FUNC_READS, objectid_xid_str_func, "xid_str(X)", "XID",
     "an XID as text"},
    {"xid_blob", 1, FUNC_READS, objectid_xid_blob_func, "xid_blob(X)", "XID",
     "an XID as 12 bytes"},
    {"xid_extract_timestamp", 1, FUNC_READS,
     objectid_xid_extract_timestamp_func, "xid_extract_timestamp(X)", "XID",
     "the time of an XID, in Unix milliseconds"},
    {"xid_valid", 1, FUNC_READS, objectid_xid_valid_func, "xid_valid(X)", "XID",
     "1 if X is an XID, else 0"},
    {"objectid", 0, FUNC_MAKES, objectid_func, "objectid()", "ObjectID",
     "an ObjectID, as text"},
    {"objectid_blob", 0, FUNC_MAKES, objectid_blob_func, "objectid_blob()",
     "ObjectID", "an ObjectID, as 12 bytes"},
    {"objectid_str", 1, FUNC_READS, objectid_str_func, "objectid_str(X)",
     "ObjectID", "an ObjectID as text"},
    {"objectid_blob", 1, FUNC_READS, objectid_blob_func, "objectid_blob(X)",
     "ObjectID", "an ObjectID as 12 bytes"},
    {"objectid_extract_timestamp", 1, FUNC_READS,
     objectid_extract_timestamp_func, "objectid_extract_timestamp(X)",
     "ObjectID", "the time of an ObjectID, in Unix milliseconds"},
    {"objectid_valid", 1, FUNC_READS, objectid_valid_func, "objectid_valid(X)",
     "ObjectID", "1 if X is an ObjectID, else 0"},
    {0}};
