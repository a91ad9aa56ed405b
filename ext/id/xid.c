/*
** XID: 4 bytes of Unix seconds, 3 of the machine, 2 of the process id, 3 of a
** counter, as text that sorts by time.  X is an XID: a text of 20 characters, in
** lower case, or a blob of 12.
**
**   xid()                      a new one, as text
**   xid_blob()                 a new one, as 12 bytes
**   xid_str(X)                 as text
**   xid_blob(X)                as 12 bytes
**   xid_extract_timestamp(X)   Unix milliseconds
**   xid_valid(X)               1 if X is an XID, else 0
**
** NULL gives NULL.  What is no XID is an error, and so is a clock after
** 2106-02-07T06:28:15Z (2^32 - 1 seconds).
**
** The machine's bytes are random in each process, so that containers of one
** image differ, and the process id is its low 16 bits.  For the order, which is
** strict in the process, and for forked children see stamp.c.
**
** Process-wide state: `generator`, of two atomic numbers.
**
** Source: https://github.com/rs/xid.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

static StampGenerator generator;

static void xid_result_text(sqlite3_context *context, const unsigned char *id) {
  char z[XID_TEXT_SIZE];
  xid_codec_write(id, z);
  sqlite3_result_text(context, z, sizeof z, SQLITE_TRANSIENT);
}

static void xid_result_blob(sqlite3_context *context, const unsigned char *id) {
  sqlite3_result_blob(context, id, STAMP_SIZE, SQLITE_TRANSIENT);
}

/* Read X.  False with the result set, if it is NULL or no XID. */
static int xid_read_id(sqlite3_context *context, sqlite3_value *value,
                       const char *function, unsigned char id[STAMP_SIZE]) {
  return func_id(context, value, function, "an XID", STAMP_SIZE,
                 xid_codec_parse, id);
}

static void xid_func(sqlite3_context *context, int argc, sqlite3_value **argv) {
  unsigned char id[STAMP_SIZE];
  UNUSED(argc);
  UNUSED(argv);
  if (stamp_make(context, "xid", &generator, 1, id)) {
    xid_result_text(context, id);
  }
}

static void xid_new_blob_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  unsigned char id[STAMP_SIZE];
  UNUSED(argc);
  UNUSED(argv);
  if (stamp_make(context, "xid_blob", &generator, 1, id)) {
    xid_result_blob(context, id);
  }
}

static void xid_str_func(sqlite3_context *context, int argc,
                         sqlite3_value **argv) {
  unsigned char id[STAMP_SIZE];
  UNUSED(argc);
  if (xid_read_id(context, argv[0], "xid_str", id))
    xid_result_text(context, id);
}

static void xid_blob_func(sqlite3_context *context, int argc,
                          sqlite3_value **argv) {
  unsigned char id[STAMP_SIZE];
  UNUSED(argc);
  if (xid_read_id(context, argv[0], "xid_blob", id))
    xid_result_blob(context, id);
}

static void xid_extract_timestamp_func(sqlite3_context *context, int argc,
                                       sqlite3_value **argv) {
  unsigned char id[STAMP_SIZE];
  UNUSED(argc);
  if (xid_read_id(context, argv[0], "xid_extract_timestamp", id)) {
    sqlite3_result_int64(context, (sqlite3_int64)stamp_codec_ms(id));
  }
}

static void xid_valid_func(sqlite3_context *context, int argc,
                           sqlite3_value **argv) {
  UNUSED(argc);
  func_id_valid(context, argv[0], STAMP_SIZE, xid_codec_parse);
}

int xid_register(IdState *state) {
  enum {
    MAKES = SQLITE_INNOCUOUS,
    READS = SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC
  };
  static const FuncEntry functions[] = {
      {"xid", 0, MAKES, xid_func},
      {"xid_blob", 0, MAKES, xid_new_blob_func},
      {"xid_blob", 1, READS, xid_blob_func},
      {"xid_str", 1, READS, xid_str_func},
      {"xid_extract_timestamp", 1, READS, xid_extract_timestamp_func},
      {"xid_valid", 1, READS, xid_valid_func},
  };
  return id_register_functions(state, functions,
                               sizeof functions / sizeof *functions);
}
