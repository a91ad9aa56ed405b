/*
** ObjectID of BSON: 4 bytes of Unix seconds, 5 random ones of the process, 3 of
** a counter, as text that sorts by time.  X is an ObjectID: a text of 24
** hexadecimal digits, of either case, or a blob of 12.
**
**   objectid()                      a new one, as text in lower case
**   objectid_blob()                 a new one, as 12 bytes
**   objectid_str(X)                 as text in lower case
**   objectid_blob(X)                as 12 bytes
**   objectid_extract_timestamp(X)   Unix milliseconds
**   objectid_valid(X)               1 if X is an ObjectID, else 0
**
** NULL gives NULL.  What is no ObjectID is an error, and so is a clock after
** 2106-02-07T06:28:15Z (2^32 - 1 seconds).
**
** For the order, which is strict in the process, and for forked children see
** stamp.c.  Process-wide state: `generator`, of two atomic numbers.
**
** Source: https://github.com/mongodb/specifications, source/bson-objectid.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

static StampGenerator generator;

static void objectid_result_text(sqlite3_context *context,
                                 const unsigned char *id) {
  char z[OBJECTID_TEXT_SIZE];
  objectid_codec_write(id, z);
  sqlite3_result_text(context, z, sizeof z, SQLITE_TRANSIENT);
}

static void objectid_result_blob(sqlite3_context *context,
                                 const unsigned char *id) {
  sqlite3_result_blob(context, id, STAMP_SIZE, SQLITE_TRANSIENT);
}

/* Read X.  False with the result set, if it is NULL or no ObjectID. */
static int objectid_read_id(sqlite3_context *context, sqlite3_value *value,
                            const char *function,
                            unsigned char id[STAMP_SIZE]) {
  return func_id(context, value, function, "an ObjectID", STAMP_SIZE,
                 objectid_codec_parse, id);
}

static void objectid_func(sqlite3_context *context, int argc,
                          sqlite3_value **argv) {
  unsigned char id[STAMP_SIZE];
  UNUSED(argc);
  UNUSED(argv);
  if (stamp_make(context, "objectid", &generator, 0, id)) {
    objectid_result_text(context, id);
  }
}

static void objectid_new_blob_func(sqlite3_context *context, int argc,
                                   sqlite3_value **argv) {
  unsigned char id[STAMP_SIZE];
  UNUSED(argc);
  UNUSED(argv);
  if (stamp_make(context, "objectid_blob", &generator, 0, id)) {
    objectid_result_blob(context, id);
  }
}

static void objectid_str_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  unsigned char id[STAMP_SIZE];
  UNUSED(argc);
  if (objectid_read_id(context, argv[0], "objectid_str", id))
    objectid_result_text(context, id);
}

static void objectid_blob_func(sqlite3_context *context, int argc,
                               sqlite3_value **argv) {
  unsigned char id[STAMP_SIZE];
  UNUSED(argc);
  if (objectid_read_id(context, argv[0], "objectid_blob", id))
    objectid_result_blob(context, id);
}

static void objectid_extract_timestamp_func(sqlite3_context *context, int argc,
                                            sqlite3_value **argv) {
  unsigned char id[STAMP_SIZE];
  UNUSED(argc);
  if (objectid_read_id(context, argv[0], "objectid_extract_timestamp", id)) {
    sqlite3_result_int64(context, (sqlite3_int64)stamp_codec_ms(id));
  }
}

static void objectid_valid_func(sqlite3_context *context, int argc,
                                sqlite3_value **argv) {
  UNUSED(argc);
  func_id_valid(context, argv[0], STAMP_SIZE, objectid_codec_parse);
}

int objectid_register(IdState *state) {
  enum {
    MAKES = SQLITE_INNOCUOUS,
    READS = SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC
  };
  static const FuncEntry functions[] = {
      {"objectid", 0, MAKES, objectid_func},
      {"objectid_blob", 0, MAKES, objectid_new_blob_func},
      {"objectid_blob", 1, READS, objectid_blob_func},
      {"objectid_str", 1, READS, objectid_str_func},
      {"objectid_extract_timestamp", 1, READS, objectid_extract_timestamp_func},
      {"objectid_valid", 1, READS, objectid_valid_func},
  };
  return id_register_functions(state, functions,
                               sizeof functions / sizeof *functions);
}
