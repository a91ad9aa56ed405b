/*
** TypeID 0.3: UUIDs that say what they are of.
**
**   typeid(prefix)             user_01h455vb4pex5vsknk084sn02q: the prefix and a
**                              new UUID of version 7, in base 32
**   typeid(prefix, uuid)       the same of any UUID: a text in the forms that
**                              uuid_codec.c accepts, or a blob of 16 bytes
**   typeid_prefix(X)           the prefix of a TypeID, which may be empty
**   typeid_uuid(X)             its UUID, as text
**   typeid_valid(X)            1 if X is a TypeID, else 0
**   typeid_valid(X, prefix)    the same, of that prefix
**
** typeid_codec.c has the grammar.  A prefix is 0 to 63 characters of a-z and _,
** and neither begins nor ends with _; another one is an error, in typeid_valid()
** too.  What is no TypeID is an error in typeid_prefix() and typeid_uuid().
** NULL for an argument gives NULL.
**
** The UUIDs are uuidv7()'s: those of all threads and connections of a process
** increase strictly, and so do the TypeIDs of one prefix.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

/* Read a prefix.  False, with the error reported, if it is none. */
static int typeid_read_prefix(sqlite3_context *context, sqlite3_value *value,
                              const char *function, const char **z, size_t *n) {
  if (!func_text(context, value, z, n)) return 0;
  if (typeid_codec_is_prefix(*z, *n)) return 1;
  func_error(context,
             "%s: \"%.*s\" is not a prefix: 0 to %d of a-z and _, that"
             " neither begin nor end with _",
             function, (int)*n, *z, TYPEID_PREFIX_MAX);
  return 0;
}

static void typeid_func(sqlite3_context *context, int argc,
                        sqlite3_value **argv) {
  char text[TYPEID_SIZE_MAX];
  unsigned char bytes[UUID_SIZE];
  const char *prefix;
  size_t n;
  Uuid uuid;

  if (func_any_null(argc, argv) ||
      !typeid_read_prefix(context, argv[0], "typeid", &prefix, &n)) {
    return;
  }
  if (argc == 2) {
    if (!uuid_read(context, argv[1], "typeid", &uuid)) return;
  } else if (!uuid_make_v7(context, "typeid", &uuid)) {
    return;
  }
  uuid_codec_to_bytes(uuid, bytes);
  n = typeid_codec_write(prefix, n, bytes, text);
  sqlite3_result_text(context, text, (int)n, SQLITE_TRANSIENT);
}

/* Read a TypeID.  False, with the error or NULL reported, if it is none. */
static int typeid_read(sqlite3_context *context, sqlite3_value *value,
                       const char *function, const char **z, size_t *n_prefix,
                       unsigned char *uuid) {
  size_t n;
  if (sqlite3_value_type(value) == SQLITE_NULL) return 0;
  if (!func_text(context, value, z, &n)) return 0;
  if (typeid_codec_parse(*z, n, n_prefix, uuid)) return 1;
  func_error(context, "%s: \"%.*s\" is not a TypeID", function, (int)n, *z);
  return 0;
}

static void typeid_prefix_func(sqlite3_context *context, int argc,
                               sqlite3_value **argv) {
  unsigned char bytes[UUID_SIZE];
  const char *z;
  size_t n;
  UNUSED(argc);
  if (typeid_read(context, argv[0], "typeid_prefix", &z, &n, bytes))
    sqlite3_result_text(context, z, (int)n, SQLITE_TRANSIENT);
}

static void typeid_uuid_func(sqlite3_context *context, int argc,
                             sqlite3_value **argv) {
  unsigned char bytes[UUID_SIZE];
  char text[UUID_TEXT_SIZE];
  const char *z;
  size_t n;
  UNUSED(argc);
  if (!typeid_read(context, argv[0], "typeid_uuid", &z, &n, bytes)) return;
  uuid_codec_format(uuid_codec_from_bytes(bytes), text);
  sqlite3_result_text(context, text, UUID_TEXT_SIZE, SQLITE_TRANSIENT);
}

static void typeid_valid_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  unsigned char bytes[UUID_SIZE];
  const char *prefix = 0;
  const char *z;
  size_t n_prefix = 0;
  size_t n;
  int is_valid;

  if (func_any_null(argc, argv) ||
      (argc == 2 && !typeid_read_prefix(context, argv[1], "typeid_valid",
                                        &prefix, &n_prefix)) ||
      !func_text(context, argv[0], &z, &n)) {
    return;
  }
  is_valid = typeid_codec_parse(z, n, &n, bytes);
  if (is_valid && prefix) is_valid = n == n_prefix && memcmp(z, prefix, n) == 0;
  sqlite3_result_int(context, is_valid);
}

const FuncEntry typeid_functions[] = {
    {"typeid", 1, FUNC_MAKES, typeid_func, "typeid(prefix)", "TypeID",
     "a TypeID: the prefix, and a UUID of version 7"},
    {"typeid", 2, FUNC_READS, typeid_func, "typeid(prefix, uuid)", "TypeID",
     "the TypeID of a prefix and a UUID"},
    {"typeid_prefix", 1, FUNC_READS, typeid_prefix_func, "typeid_prefix(X)",
     "TypeID", "the prefix of a TypeID"},
    {"typeid_uuid", 1, FUNC_READS, typeid_uuid_func, "typeid_uuid(X)", "TypeID",
     "the UUID of a TypeID"},
    {"typeid_valid", 1, FUNC_READS, typeid_valid_func,
     "typeid_valid(X [, prefix])", "TypeID",
     "1 if X is a TypeID, of that prefix, else 0"},
    {"typeid_valid", 2, FUNC_READS, typeid_valid_func, 0, 0, 0},
    {0}};
