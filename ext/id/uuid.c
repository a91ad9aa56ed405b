/*
** UUIDs (RFC 9562): making, reading and taking them apart.
**
**   gen_random_uuid()         version 4: random.  Text.
**   uuidv4() uuid4() uuid()   the same
**   uuidv4_blob()             16 bytes
**   uuidv7() uuid7()          version 7: ordered by time.  Text.
**   gen_random_text_uuid()    the same
**   uuidv7_blob()             16 bytes
**   uuidv7(time)              version 7 of that time, else random
**   uuidv7_blob(time)
**   uuidv5(namespace, name)   the UUID of a name: SHA-1
**   uuidv3(namespace, name)   MD5
**   uuidv7_min(time)          the least and the greatest of version 7 of that
**   uuidv7_max(time)          time, for ranges; text
**   uuid_nil() uuid_max()     all bits 0, all bits 1
**   uuid_ns_dns() uuid_ns_url() uuid_ns_oid() uuid_ns_x500()
**   uuid_str(X)               X as text, in lower case
**   uuid_blob(X)              X as 16 bytes
**   uuid_valid(X)             1 if X is a UUID, else 0
**   uuid_extract_timestamp(X) Unix milliseconds; NULL unless X is of version 1,
**                             6 or 7 and of the RFC's variant
**   uuid_extract_version(X)   NULL unless it is of the RFC's variant
**
** X and namespace are a text, in the forms that uuid_codec.c accepts, or a blob
** of 16 bytes; all else is an error, but for uuid_valid().  name is the bytes of
** a text, in UTF-8, or of a blob.  time is Unix milliseconds or what SQLite's
** date functions accept, of 1970 to 2^48 - 1 ms.  NULL gives NULL.
**
** uuidv7() increases strictly, over all threads and connections of a process,
** whatever the clock does; its time is less than 1 ms ahead of the clock.
** uuidv7(time) and the bounds leave that alone.  The 51 random bits of each, and
** not the counter, keep processes apart, a forked child too.
**
** Process-wide state: `generator`, two atomics.  A forked child goes on from
** its parent's state.
**
** Names and NULLs are PostgreSQL 18's, which does not know version 6 and takes
** an interval for uuidv7().  uuid(), uuid_str() and uuid_blob() are SQLite's
** ext/misc/uuid.c, where what is no UUID gives NULL; uuid4() and uuid7() are
** sqlean's; gen_random_text_uuid() is CrateDB's, for which it is a random and
** time-based id.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

/**** Arguments and results **********************************************/

static void uuid_result_text(sqlite3_context *context, Uuid uuid) {
  char text[UUID_TEXT_SIZE];
  uuid_codec_format(uuid, text);
  sqlite3_result_text(context, text, UUID_TEXT_SIZE, SQLITE_TRANSIENT);
}

static void uuid_result_blob(sqlite3_context *context, Uuid uuid) {
  unsigned char bytes[UUID_SIZE];
  uuid_codec_to_bytes(uuid, bytes);
  sqlite3_result_blob(context, bytes, UUID_SIZE, SQLITE_TRANSIENT);
}

enum { IS_UUID, IS_NULL, IS_NO_UUID, IS_NO_MEMORY };

static inline int uuid_read_value(sqlite3_value *value, Uuid *uuid) {
  const void *z;
  int n;
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL: return IS_NULL;
    case SQLITE_BLOB:
      if (sqlite3_value_bytes(value) != UUID_SIZE) return IS_NO_UUID;
      z = sqlite3_value_blob(value);
      if (z == 0) return IS_NO_MEMORY;
      *uuid = uuid_codec_from_bytes(z);
      return IS_UUID;
    default:
      z = sqlite3_value_text(value);
      if (z == 0) return IS_NO_MEMORY;
      n = sqlite3_value_bytes(value);
      return uuid_codec_parse(z, (size_t)n, uuid) ? IS_UUID : IS_NO_UUID;
  }
}

/* Report what uuid_read_value() found instead of a UUID. */
static void uuid_report(sqlite3_context *context, sqlite3_value *value,
                        const char *function, int found) {
  if (found == IS_NO_MEMORY) {
    sqlite3_result_error_nomem(context);
  } else if (found == IS_NO_UUID) {
    func_not_id(context, value, function, "a UUID", UUID_SIZE);
  }
}

/* Read a UUID.  False, with the error or NULL reported, if it is none. */
int uuid_read(sqlite3_context *context, sqlite3_value *value,
              const char *function, Uuid *uuid) {
  int found = uuid_read_value(value, uuid);
  if (found == IS_UUID) return 1;
  uuid_report(context, value, function, found);
  return 0;
}

/* Draw random bytes, as id_random() does; n is a constant. */
static inline int uuid_draw(sqlite3_context *context, const char *function,
                            void *out, size_t n) {
  IdState *state = sqlite3_user_data(context);
  if (random_bytes(&state->pool, out, n) == SQLITE_OK) return 1;
  id_no_randomness(context, function);
  return 0;
}

/**** Version 4 **********************************************************/

static inline int uuid_make_v4(sqlite3_context *context, const char *function,
                               Uuid *uuid) {
  if (!uuid_draw(context, function, uuid, UUID_SIZE)) return 0;
  *uuid = uuid_codec_with_version(*uuid, 4);
  return 1;
}

static void uuid_v4_func(sqlite3_context *context, int argc,
                         sqlite3_value **argv) {
  Uuid uuid;
  UNUSED(argc);
  UNUSED(argv);
  if (uuid_make_v4(context, "uuidv4", &uuid)) uuid_result_text(context, uuid);
}

static void uuid_v4_blob_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  Uuid uuid;
  UNUSED(argc);
  UNUSED(argv);
  if (uuid_make_v4(context, "uuidv4_blob", &uuid))
    uuid_result_blob(context, uuid);
}

/**** Version 7 **********************************************************/

static UuidGenerator uuid_generator;

static int uuid_make_v7_of(sqlite3_context *context, sqlite3_value *time,
                           const char *function, Uuid *uuid) {
  uint64_t ms;
  if (sqlite3_value_type(time) == SQLITE_NULL) return 0;
  if (!func_time(context, time, function, 0, UUID_TIME_MAX, &ms)) return 0;
  if (!uuid_draw(context, function, uuid, UUID_SIZE)) return 0;
  *uuid = uuid_codec_with_time(*uuid, ms);
  return 1;
}

/* Make the next one.  False, with the error reported, if there is none. */
int uuid_make_v7(sqlite3_context *context, const char *function, Uuid *uuid) {
  IdState *state = sqlite3_user_data(context);
  uint64_t random;
  if (!uuid_draw(context, function, &random, sizeof random)) return 0;
  if (uuid_codec_next(&uuid_generator, clock_recent_ns(&state->clock), random,
                      uuid)) {
    return 1;
  }
  func_error(context,
             "%s: the clock stands 69 years after the first id of this process",
             function);
  return 0;
}

static inline int uuid_make_v7_args(sqlite3_context *context, int argc,
                                    sqlite3_value **argv, const char *function,
                                    Uuid *uuid) {
  if (argc > 0) return uuid_make_v7_of(context, argv[0], function, uuid);
  return uuid_make_v7(context, function, uuid);
}

static void uuid_v7_func(sqlite3_context *context, int argc,
                         sqlite3_value **argv) {
  Uuid uuid;
  if (uuid_make_v7_args(context, argc, argv, "uuidv7", &uuid))
    uuid_result_text(context, uuid);
}

static void uuid_v7_blob_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  Uuid uuid;
  if (uuid_make_v7_args(context, argc, argv, "uuidv7_blob", &uuid)) {
    uuid_result_blob(context, uuid);
  }
}

/* All bits that are not the time's, the version's or the variant's: filler. */
static void uuid_bound(sqlite3_context *context, sqlite3_value *time,
                       const char *function, uint64_t filler) {
  Uuid uuid;
  uint64_t ms;
  if (sqlite3_value_type(time) == SQLITE_NULL) return;
  if (!func_time(context, time, function, 0, UUID_TIME_MAX, &ms)) return;
  uuid.high = uuid.low = filler;
  uuid_result_text(context, uuid_codec_with_time(uuid, ms));
}

static void uuid_v7_min_func(sqlite3_context *context, int argc,
                             sqlite3_value **argv) {
  UNUSED(argc);
  uuid_bound(context, argv[0], "uuidv7_min", 0);
}

static void uuid_v7_max_func(sqlite3_context *context, int argc,
                             sqlite3_value **argv) {
  UNUSED(argc);
  uuid_bound(context, argv[0], "uuidv7_max", UINT64_MAX);
}

/**** Versions 3 and 5 ***************************************************/

/*
** Read a name: the bytes of a blob, or of a text in UTF-8.  (In a database in
** UTF-16 the text of a blob would be other bytes.)  False, with the error
** reported, without memory.
*/
static int uuid_read_name(sqlite3_context *context, sqlite3_value *value,
                          const void **bytes, size_t *n) {
  const char *z;
  if (sqlite3_value_type(value) != SQLITE_BLOB) {
    if (!func_text(context, value, &z, n)) return 0;
    *bytes = z;
    return 1;
  }
  *bytes = sqlite3_value_blob(value);
  *n = (size_t)sqlite3_value_bytes(value);
  if (*bytes == 0 && sqlite3_value_type(value) != SQLITE_BLOB) {
    sqlite3_result_error_nomem(context); /* it was a zeroblob() */
    return 0;
  }
  return 1;
}

static void uuid_result_named(sqlite3_context *context, sqlite3_value **argv,
                              const char *function, int version,
                              int algorithm) {
  unsigned char digest[DIGEST_SIZE_MAX];
  unsigned char namespace[UUID_SIZE];
  Uuid uuid;
  const void *name;
  size_t n;
  int size;

  if (func_any_null(2, argv)) return;
  if (!uuid_read(context, argv[0], function, &uuid)) return;
  uuid_codec_to_bytes(uuid, namespace);
  if (!uuid_read_name(context, argv[1], &name, &n)) return;
  size =
      digest_compute(algorithm, namespace, sizeof namespace, name, n, digest);
  if (size < 0) {
    sqlite3_result_error_nomem(context);
  } else if (size == 0) {
    func_error(context, "%s: %s", function, digest_missing(algorithm));
  } else {
    uuid = uuid_codec_with_version(uuid_codec_from_bytes(digest), version);
    uuid_result_text(context, uuid);
  }
}

static void uuid_v3_func(sqlite3_context *context, int argc,
                         sqlite3_value **argv) {
  UNUSED(argc);
  uuid_result_named(context, argv, "uuidv3", 3, DIGEST_MD5);
}

static void uuid_v5_func(sqlite3_context *context, int argc,
                         sqlite3_value **argv) {
  UNUSED(argc);
  uuid_result_named(context, argv, "uuidv5", 5, DIGEST_SHA1);
}

/**** Constants (RFC 9562, 5.9, 5.10, 6.6) *******************************/

#define CONSTANT(name, text)                                                   \
  static void name(sqlite3_context *context, int argc, sqlite3_value **argv) { \
    UNUSED(argc);                                                              \
    UNUSED(argv);                                                              \
    sqlite3_result_text(context, text, UUID_TEXT_SIZE, SQLITE_STATIC);         \
  }

CONSTANT(uuid_nil_func, "00000000-0000-0000-0000-000000000000")
CONSTANT(uuid_max_func, "ffffffff-ffff-ffff-ffff-ffffffffffff")
CONSTANT(uuid_ns_dns_func, "6ba7b810-9dad-11d1-80b4-00c04fd430c8")
CONSTANT(uuid_ns_url_func, "6ba7b811-9dad-11d1-80b4-00c04fd430c8")
CONSTANT(uuid_ns_oid_func, "6ba7b812-9dad-11d1-80b4-00c04fd430c8")
CONSTANT(uuid_ns_x500_func, "6ba7b814-9dad-11d1-80b4-00c04fd430c8")

/**** Reading ************************************************************/

static void uuid_str_func(sqlite3_context *context, int argc,
                          sqlite3_value **argv) {
  Uuid uuid;
  UNUSED(argc);
  if (uuid_read(context, argv[0], "uuid_str", &uuid))
    uuid_result_text(context, uuid);
}

static void uuid_blob_func(sqlite3_context *context, int argc,
                           sqlite3_value **argv) {
  Uuid uuid;
  UNUSED(argc);
  if (uuid_read(context, argv[0], "uuid_blob", &uuid)) {
    uuid_result_blob(context, uuid);
  }
}

static void uuid_valid_func(sqlite3_context *context, int argc,
                            sqlite3_value **argv) {
  Uuid uuid;
  int found = uuid_read_value(argv[0], &uuid);
  UNUSED(argc);
  if (found == IS_UUID || found == IS_NO_UUID) {
    sqlite3_result_int(context, found == IS_UUID);
  } else {
    uuid_report(context, argv[0], "uuid_valid", found);
  }
}

static void uuid_extract_timestamp_func(sqlite3_context *context, int argc,
                                        sqlite3_value **argv) {
  Uuid uuid;
  int64_t ms;
  UNUSED(argc);
  if (!uuid_read(context, argv[0], "uuid_extract_timestamp", &uuid)) return;
  if (uuid_codec_time(uuid, &ms)) sqlite3_result_int64(context, ms);
}

static void uuid_extract_version_func(sqlite3_context *context, int argc,
                                      sqlite3_value **argv) {
  Uuid uuid;
  int version;
  UNUSED(argc);
  if (!uuid_read(context, argv[0], "uuid_extract_version", &uuid)) return;
  version = uuid_codec_version(uuid);
  if (version >= 0) sqlite3_result_int(context, version);
}

const FuncEntry uuid_functions[] = {
    {"gen_random_uuid", 0, FUNC_MAKES, uuid_v4_func, "gen_random_uuid()",
     "UUID", "a random UUID, version 4, as text"},
    {"uuidv4", 0, FUNC_MAKES, uuid_v4_func, "uuidv4()", "UUID",
     "a random UUID, version 4, as text"},
    {"uuid", 0, FUNC_MAKES, uuid_v4_func, "uuid()", "UUID",
     "the same as uuidv4()"},
    {"uuid4", 0, FUNC_MAKES, uuid_v4_func, "uuid4()", "UUID",
     "the same as uuidv4()"},
    {"uuidv4_blob", 0, FUNC_MAKES, uuid_v4_blob_func, "uuidv4_blob()", "UUID",
     "a random UUID, version 4, as 16 bytes"},
    {"uuidv7", 0, FUNC_MAKES, uuid_v7_func, "uuidv7()", "UUID",
     "a UUID in the order of time, version 7, as text"},
    {"uuid7", 0, FUNC_MAKES, uuid_v7_func, "uuid7()", "UUID",
     "the same as uuidv7()"},
    {"gen_random_text_uuid", 0, FUNC_MAKES, uuid_v7_func,
     "gen_random_text_uuid()", "UUID", "the same as uuidv7()"},
    {"uuidv7_blob", 0, FUNC_MAKES, uuid_v7_blob_func, "uuidv7_blob()", "UUID",
     "a UUID in the order of time, version 7, as 16 bytes"},
    {"uuidv7", 1, FUNC_MAKES, uuid_v7_func, "uuidv7(time)", "UUID",
     "a random UUID of version 7 of that time, as text"},
    {"uuidv7_blob", 1, FUNC_MAKES, uuid_v7_blob_func, "uuidv7_blob(time)",
     "UUID", "a random UUID of version 7 of that time, as 16 bytes"},
    {"uuidv7_min", 1, FUNC_READS, uuid_v7_min_func, "uuidv7_min(time)", "UUID",
     "the least UUID of version 7 of that time, as text"},
    {"uuidv7_max", 1, FUNC_READS, uuid_v7_max_func, "uuidv7_max(time)", "UUID",
     "the greatest UUID of version 7 of that time, as text"},
    {"uuidv5", 2, FUNC_READS, uuid_v5_func, "uuidv5(namespace, name)", "UUID",
     "the UUID of a name, by SHA-1"},
    {"uuidv3", 2, FUNC_READS, uuid_v3_func, "uuidv3(namespace, name)", "UUID",
     "the UUID of a name, by MD5"},
    {"uuid_nil", 0, FUNC_READS, uuid_nil_func, "uuid_nil()", "UUID",
     "the UUID of which all bits are 0"},
    {"uuid_max", 0, FUNC_READS, uuid_max_func, "uuid_max()", "UUID",
     "the UUID of which all bits are 1"},
    {"uuid_ns_dns", 0, FUNC_READS, uuid_ns_dns_func, "uuid_ns_dns()", "UUID",
     "the namespace of domain names"},
    {"uuid_ns_url", 0, FUNC_READS, uuid_ns_url_func, "uuid_ns_url()", "UUID",
     "the namespace of URLs"},
    {"uuid_ns_oid", 0, FUNC_READS, uuid_ns_oid_func, "uuid_ns_oid()", "UUID",
     "the namespace of object identifiers"},
    {"uuid_ns_x500", 0, FUNC_READS, uuid_ns_x500_func, "uuid_ns_x500()", "UUID",
     "the namespace of X.500 names"},
    {"uuid_extract_timestamp", 1, FUNC_READS, uuid_extract_timestamp_func,
     "uuid_extract_timestamp(X)", "UUID",
     "the time of a UUID, in Unix milliseconds"},
    {"uuid_extract_version", 1, FUNC_READS, uuid_extract_version_func,
     "uuid_extract_version(X)", "UUID", "the version of a UUID"},
    {"uuid_str", 1, FUNC_READS, uuid_str_func, "uuid_str(X)", "UUID",
     "a UUID as text"},
    {"uuid_blob", 1, FUNC_READS, uuid_blob_func, "uuid_blob(X)", "UUID",
     "a UUID as 16 bytes"},
    {"uuid_valid", 1, FUNC_READS, uuid_valid_func, "uuid_valid(X)", "UUID",
     "1 if X is a UUID, else 0"},
    {0}};
