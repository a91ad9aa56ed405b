/*
** id_inspect(X): what an id may be.
**
**   SELECT * FROM id_inspect(X)
**
** X is a text, a blob, or an integer (as such, as text, or as a whole real).  A
** row is a scheme that X may be of:
**
**   scheme     see below
**   canonical  X as the scheme writes it, a text or an integer
**   time       when it was made, in Unix milliseconds
**   datetime   the same as YYYY-MM-DD HH:MM:SS.SSS, in UTC; NULL before 1970
**   version    of a UUID, and of the UUID in a TypeID, if it has the RFC's variant
**   instance   who made it: the instance id of a unique_rowid(), the ten bits of
**              worker of a snowflake, the five bytes of an XID and ObjectID that
**              tell machine and process, the node of a UUID
**   sequence   its number: a snowflake's sequence, an XID's and ObjectID's
**              counter, the clock sequence of a UUID
**   prefix     the text before the last underscore, where a scheme has one
**   random     the random bits in hexadecimal, field by field
**   input      X (hidden)
**
** What a scheme does not have is NULL.  The schemes are
**
**   text       uuid, typeid, ulid, prefixed_id, ksuid, xid, objectid, cuid2,
**              nanoid (of 21 characters)
**   blob       uuid, ulid (16 bytes), ksuid (20), xid, objectid (12)
**   integer    unique_rowid, snowflake:x, snowflake:discord, snowflake:EPOCH
**              (if snowflake_config() set one), unordered_unique_rowid
**
** The likelier ones come first:
**
**   1. those with a time that is plausible: not before the scheme could be used,
**      nor more than a year ahead of the clock; the nearest to the clock first
**   2. those without a time, by their form
**   3. those of which only length and alphabet are known (cuid2, nanoid)
**   4. those with an implausible time, and UUIDs of another variant or version
**
** No row if X is NULL or nothing that is known.  It is an error to leave X out.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

#define YEAR_MS  (INT64_C(366) * 86400000)
#define FIRST_MS 946684800000 /* 2000-01-01: no time is plausible before */

/**** Candidates: pure ***************************************************/

enum { TIMED, FORMED, SHAPED, UNLIKELY }; /* the likelier first */

typedef struct Candidate {
  char scheme[40];
  int likelihood;
  int64_t time;
  int64_t version;
  int64_t instance;
  int64_t sequence;
  int has_time, has_version, has_instance, has_sequence;
  const char *part; /* of the input, or NULL: text; else number */
  size_t n_part;
  int64_t number;
  char text[UUID_TEXT_SIZE]; /* as the scheme writes it */
  size_t n_text;
  const char *prefix; /* in the input, or NULL */
  size_t n_prefix;
  char random[40];
} Candidate;

typedef struct Candidates {
  int64_t now;   /* Unix milliseconds */
  int64_t epoch; /* of snowflake_config() */
  int n;
  Candidate list[12];
} Candidates;

static Candidate *inspect_add(Candidates *all, const char *scheme,
                              int likelihood) {
  Candidate *new = &all->list[all->n++];
  memset(new, 0, sizeof *new);
  sqlite3_snprintf((int)sizeof new->scheme, new->scheme, "%s", scheme);
  new->likelihood = likelihood;
  return new;
}

/* Its time, which is plausible from `since` on. */
static void inspect_set_time(const Candidates *all, Candidate *one, int64_t ms,
                             int64_t since) {
  int is_plausible = ms >= since && ms <= all->now + YEAR_MS;
  one->time = ms;
  one->has_time = 1;
  one->likelihood = is_plausible ? TIMED : UNLIKELY;
}

static void inspect_set_instance(Candidate *one, int64_t instance,
                                 int64_t sequence) {
  one->instance = instance;
  one->has_instance = 1;
  one->sequence = sequence;
  one->has_sequence = 1;
}

/* It is written as the input, or as a part of it. */
static void inspect_set_part(Candidate *one, const char *z, size_t n) {
  one->part = z;
  one->n_part = n;
}

static void inspect_set_prefix(Candidate *one, const char *z, size_t n) {
  one->prefix = z;
  one->n_prefix = n;
}

static void inspect_set_random(Candidate *one, const unsigned char *bytes,
                               int n) {
  for (int i = 0; i < n; i++) {
    sqlite3_snprintf(3, one->random + 2 * i, "%02x", bytes[i]);
  }
}

/* The fields of a UUID, also of one in a TypeID. */
static void inspect_set_uuid_fields(const Candidates *all, Candidate *one,
                                    Uuid uuid) {
  uint64_t rand_a = uuid.high & 0xfff;
  uint64_t rand_b = uuid.low & UINT64_MAX >> 2;
  int version = uuid_codec_version(uuid);
  int64_t ms;
  if ((uuid.high | uuid.low) == 0) return;          /* nil */
  if ((uuid.high & uuid.low) == UINT64_MAX) return; /* max */
  if (version < 1 || version > 8) one->likelihood = UNLIKELY;
  if (version < 0) return;
  one->version = version;
  one->has_version = 1;
  if (uuid_codec_time(uuid, &ms)) inspect_set_time(all, one, ms, FIRST_MS);
  if (version == 1 || version == 6) {
    inspect_set_instance(one, (int64_t)(uuid.low & UINT64_MAX >> 16),
                         (int64_t)(uuid.low >> 48 & 0x3fff));
  }
  if (version == 4) {
    sqlite3_snprintf((int)sizeof one->random, one->random,
                     "%012llx%03llx%016llx", (sqlite3_uint64)(uuid.high >> 16),
                     (sqlite3_uint64)rand_a, (sqlite3_uint64)rand_b);
  }
  if (version == 7) {
    sqlite3_snprintf((int)sizeof one->random, one->random, "%03llx%016llx",
                     (sqlite3_uint64)rand_a, (sqlite3_uint64)rand_b);
  }
}

static void inspect_add_uuid(Candidates *all, Uuid uuid) {
  Candidate *one = inspect_add(all, "uuid", FORMED);
  uuid_codec_format(uuid, one->text);
  one->n_text = UUID_TEXT_SIZE;
  inspect_set_uuid_fields(all, one, uuid);
}

static void inspect_add_typeid(Candidates *all, const char *z, size_t n,
                               size_t n_prefix, const unsigned char *bytes) {
  Candidate *one = inspect_add(all, "typeid", FORMED);
  inspect_set_part(one, z, n);
  inspect_set_prefix(one, z, n_prefix);
  inspect_set_uuid_fields(all, one, uuid_codec_from_bytes(bytes));
}

static Candidate *inspect_add_ulid(Candidates *all,
                                   const unsigned char *bytes) {
  Candidate *one = inspect_add(all, "ulid", FORMED);
  base32_encode(bytes, base32_ulid_alphabet, one->text);
  one->n_text = BASE32_SIZE;
  inspect_set_time(all, one, (int64_t)ulid_codec_ms(bytes), FIRST_MS);
  inspect_set_random(one, bytes + 6, ULID_RANDOM_SIZE);
  return one;
}

static void inspect_add_ksuid(Candidates *all, const unsigned char *bytes) {
  Candidate *one = inspect_add(all, "ksuid", FORMED);
  base62_encode(bytes, one->text);
  one->n_text = BASE62_SIZE;
  inspect_set_time(all, one, (int64_t)ksuid_codec_ms(bytes),
                   (int64_t)KSUID_EPOCH_MS + 1000);
  inspect_set_random(one, bytes + 4, KSUID_SIZE - 4);
}

/* What XIDs and ObjectIDs have in common. */
static void inspect_set_stamp(const Candidates *all, Candidate *one,
                              const unsigned char *bytes) {
  inspect_set_time(all, one, (int64_t)objectid_codec_ms(bytes), FIRST_MS);
  inspect_set_instance(one, (int64_t)bytes_read(bytes + 4, 5),
                       (int64_t)bytes_read(bytes + 9, 3));
}

static void inspect_add_xid(Candidates *all, const unsigned char *bytes) {
  Candidate *one = inspect_add(all, "xid", FORMED);
  objectid_codec_write_xid(bytes, one->text);
  one->n_text = XID_TEXT_SIZE;
  inspect_set_stamp(all, one, bytes);
}

static void inspect_add_objectid(Candidates *all, const unsigned char *bytes) {
  Candidate *one = inspect_add(all, "objectid", FORMED);
  objectid_codec_write(bytes, one->text);
  one->n_text = OBJECTID_TEXT_SIZE;
  inspect_set_stamp(all, one, bytes);
}

static void inspect_add_rowid(Candidates *all, const char *scheme, int64_t id,
                              int64_t ordered) {
  Candidate *one = inspect_add(all, scheme, FORMED);
  one->number = id;
  inspect_set_time(all, one, rowid_timestamp(ordered), ROWID_EPOCH_MS + 1000);
  one->instance = rowid_instance(id);
  one->has_instance = 1;
}

static void inspect_add_snowflake(Candidates *all, const char *layout,
                                  int64_t id, int64_t epoch) {
  Candidate *one = inspect_add(all, "", FORMED);
  if (layout) {
    sqlite3_snprintf((int)sizeof one->scheme, one->scheme, "snowflake:%s",
                     layout);
  } else {
    sqlite3_snprintf((int)sizeof one->scheme, one->scheme, "snowflake:%lld",
                     (sqlite3_int64)epoch);
  }
  one->number = id;
  inspect_set_time(all, one, snowflake_ms(id) + epoch, epoch + 1000);
  inspect_set_instance(one, snowflake_worker(id), snowflake_sequence(id));
}

static void inspect_integer(Candidates *all, int64_t id) {
  if (id < 0) return;
  inspect_add_rowid(all, "unique_rowid", id, id);
  if (all->epoch != SNOWFLAKE_X && all->epoch != SNOWFLAKE_DISCORD) {
    inspect_add_snowflake(all, 0, id, all->epoch);
  }
  inspect_add_snowflake(all, "x", id, SNOWFLAKE_X);
  inspect_add_snowflake(all, "discord", id, SNOWFLAKE_DISCORD);
  inspect_add_rowid(all, "unordered_unique_rowid", id, rowid_reverse(id));
}

static void inspect_blob(Candidates *all, const unsigned char *bytes,
                         size_t n) {
  switch (n) {
    case UUID_SIZE:
      inspect_add_uuid(all, uuid_codec_from_bytes(bytes));
      inspect_add_ulid(all, bytes);
      break;
    case KSUID_SIZE: inspect_add_ksuid(all, bytes); break;
    case OBJECTID_SIZE:
      inspect_add_objectid(all, bytes);
      inspect_add_xid(all, bytes);
      break;
  }
}

/* Read digits as an integer is written.  False if they are none. */
static int inspect_read_digits(const char *z, size_t n, int64_t *number) {
  uint64_t value = 0;
  if (n < 1 || n > 19 || (z[0] == '0' && n > 1)) return 0;
  for (size_t i = 0; i < n; i++) {
    if (z[i] < '0' || z[i] > '9') return 0;
    value = value * 10 + (uint64_t)(z[i] - '0');
  }
  *number = (int64_t)value;
  return value <= INT64_MAX;
}

/* True if a text has the size and the alphabet of NanoID's default. */
static int inspect_is_nanoid(const char *z, size_t n) {
  if (n != NANOID_SIZE) return 0;
  for (size_t i = 0; i < n; i++) {
    char c = z[i];
    if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
          (c >= 'a' && c <= 'z') || c == '_' || c == '-')) {
      return 0;
    }
  }
  return 1;
}

static void inspect_text(Candidates *all, const char *z, size_t n) {
  unsigned char bytes[KSUID_SIZE];
  Uuid uuid;
  size_t n_prefix;
  int64_t number;
  if (uuid_codec_parse(z, n, &uuid)) inspect_add_uuid(all, uuid);
  if (typeid_codec_parse(z, n, &n_prefix, bytes)) {
    inspect_add_typeid(all, z, n, n_prefix, bytes);
  }
  if (ulid_codec_parse_prefixed(z, n, bytes)) {
    Candidate *one = inspect_add_ulid(all, bytes);
    if (n > BASE32_SIZE) inspect_set_prefix(one, z, n - BASE32_SIZE - 1);
  }
  if (n > PREFIXED_RANDOM_SIZE + 1) {
    n_prefix = n - PREFIXED_RANDOM_SIZE - 1;
    if (prefixed_is_prefix(z, n_prefix) && prefixed_is_id(z, n, z, n_prefix)) {
      Candidate *one = inspect_add(all, "prefixed_id", FORMED);
      inspect_set_part(one, z, n);
      inspect_set_prefix(one, z, n_prefix);
    }
  }
  if (ksuid_codec_parse(z, n, bytes)) inspect_add_ksuid(all, bytes);
  if (objectid_codec_parse_xid(z, n, bytes)) inspect_add_xid(all, bytes);
  if (objectid_codec_parse(z, n, bytes)) inspect_add_objectid(all, bytes);
  if (cuid2_is_id(z, n))
    inspect_set_part(inspect_add(all, "cuid2", SHAPED), z, n);
  if (inspect_is_nanoid(z, n))
    inspect_set_part(inspect_add(all, "nanoid", SHAPED), z, n);
  if (inspect_read_digits(z, n, &number)) inspect_integer(all, number);
}

/* How far its plausible time is from the clock, in milliseconds. */
static int64_t inspect_distance(const Candidates *all, const Candidate *one) {
  return one->time < all->now ? all->now - one->time : one->time - all->now;
}

/* True if a is the likelier one. */
static int inspect_is_before(const Candidates *all, const Candidate *a,
                             const Candidate *b) {
  if (a->likelihood != b->likelihood) return a->likelihood < b->likelihood;
  return a->likelihood == TIMED &&
         inspect_distance(all, a) < inspect_distance(all, b);
}

/* Sort by likelihood; what is equally likely keeps its order. */
static void inspect_sort(Candidates *all) {
  for (int i = 1; i < all->n; i++) {
    Candidate one = all->list[i];
    int at = i;
    for (; at > 0 && inspect_is_before(all, &one, &all->list[at - 1]); at--) {
      all->list[at] = all->list[at - 1];
    }
    all->list[at] = one;
  }
}

/**** The virtual table **************************************************/

enum {
  COLUMN_SCHEME,
  COLUMN_CANONICAL,
  COLUMN_TIME,
  COLUMN_DATETIME,
  COLUMN_VERSION,
  COLUMN_INSTANCE,
  COLUMN_SEQUENCE,
  COLUMN_PREFIX,
  COLUMN_RANDOM,
  COLUMN_INPUT
};

enum { PLAN_NO_INPUT, PLAN_INPUT };

typedef struct Cursor {
  sqlite3_vtab_cursor base;
  sqlite3_value *input; /* a copy */
  int at;
  Candidates all;
} Cursor;

static int inspect_connect(sqlite3 *db, void *aux, int argc,
                           const char *const *argv, sqlite3_vtab **out,
                           char **error) {
  int rc = sqlite3_declare_vtab(
      db,
      "CREATE TABLE x(scheme, canonical, time, datetime, version, instance, "
      "sequence, prefix, random, input HIDDEN)");
  UNUSED(aux);
  UNUSED(argc);
  UNUSED(argv);
  UNUSED(error);
  if (rc == SQLITE_OK) rc = sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  if (rc != SQLITE_OK) return rc;
  *out = sqlite3_malloc64(sizeof **out);
  if (*out == 0) return SQLITE_NOMEM;
  memset(*out, 0, sizeof **out);
  return SQLITE_OK;
}

static int inspect_disconnect(sqlite3_vtab *base) {
  sqlite3_free(base);
  return SQLITE_OK;
}

static int inspect_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
  int is_unusable = 0;
  UNUSED(base);
  for (int i = 0; i < info->nConstraint; i++) {
    if (info->aConstraint[i].iColumn != COLUMN_INPUT ||
        info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) {
      continue;
    }
    if (!info->aConstraint[i].usable) {
      is_unusable = 1;
      continue;
    }
    info->aConstraintUsage[i].argvIndex = 1;
    info->aConstraintUsage[i].omit = 1;
    info->idxNum = PLAN_INPUT;
    info->estimatedCost = 10;
    info->estimatedRows = 2;
    return SQLITE_OK;
  }
  return is_unusable ? SQLITE_CONSTRAINT : SQLITE_OK;
}

static int inspect_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
  Cursor *cursor = sqlite3_malloc64(sizeof *cursor);
  UNUSED(base);
  if (cursor == 0) return SQLITE_NOMEM;
  memset(cursor, 0, sizeof *cursor);
  *out = &cursor->base;
  return SQLITE_OK;
}

static int inspect_close(sqlite3_vtab_cursor *base) {
  Cursor *cursor = (Cursor *)base;
  sqlite3_value_free(cursor->input);
  sqlite3_free(cursor);
  return SQLITE_OK;
}

static int inspect_filter(sqlite3_vtab_cursor *base, int plan,
                          const char *unused, int argc, sqlite3_value **argv) {
  Cursor *cursor = (Cursor *)base;
  const unsigned char *z;
  int64_t number;
  UNUSED(unused);
  UNUSED(argc);
  cursor->at = 0;
  cursor->all.n = 0;
  sqlite3_value_free(cursor->input);
  cursor->input = 0;
  if (plan == PLAN_NO_INPUT) {
    sqlite3_free(base->pVtab->zErrMsg);
    base->pVtab->zErrMsg =
        sqlite3_mprintf("id_inspect: an id is missing: id_inspect(X)");
    return SQLITE_ERROR;
  }
  cursor->input = sqlite3_value_dup(argv[0]);
  if (cursor->input == 0) return SQLITE_NOMEM;
  cursor->all.now = (int64_t)clock_ms();
  cursor->all.epoch = snowflake_epoch();
  switch (sqlite3_value_type(cursor->input)) {
    case SQLITE_TEXT:
      z = sqlite3_value_text(cursor->input);
      if (z == 0) return SQLITE_NOMEM;
      inspect_text(&cursor->all, (const char *)z,
                   (size_t)sqlite3_value_bytes(cursor->input));
      break;
    case SQLITE_BLOB:
      z = sqlite3_value_blob(cursor->input);
      inspect_blob(&cursor->all, z, (size_t)sqlite3_value_bytes(cursor->input));
      break;
    default:
      if (func_whole(cursor->input, &number)) {
        inspect_integer(&cursor->all, number);
      }
  }
  inspect_sort(&cursor->all);
  return SQLITE_OK;
}

static int inspect_next(sqlite3_vtab_cursor *base) {
  ((Cursor *)base)->at++;
  return SQLITE_OK;
}

static int inspect_eof(sqlite3_vtab_cursor *base) {
  const Cursor *cursor = (const Cursor *)base;
  return cursor->at >= cursor->all.n;
}

static void inspect_result_text(sqlite3_context *context, const char *z,
                                size_t n) {
  sqlite3_result_text64(context, z, n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void inspect_result_canonical(sqlite3_context *context,
                                     const Candidate *one) {
  if (one->part) {
    inspect_result_text(context, one->part, one->n_part);
  } else if (one->n_text > 0) {
    inspect_result_text(context, one->text, one->n_text);
  } else {
    sqlite3_result_int64(context, one->number);
  }
}

static void inspect_result_datetime(sqlite3_context *context,
                                    const Candidate *one) {
  char z[ULID_TIME_SIZE];
  int n;
  if (!one->has_time || one->time < 0) return;
  n = ulid_codec_write_time((uint64_t)one->time, z);
  inspect_result_text(context, z, (size_t)n);
}

static int inspect_column(sqlite3_vtab_cursor *base, sqlite3_context *context,
                          int column) {
  const Cursor *cursor = (const Cursor *)base;
  const Candidate *one = &cursor->all.list[cursor->at];
  switch (column) {
    case COLUMN_SCHEME:
      inspect_result_text(context, one->scheme, strlen(one->scheme));
      break;
    case COLUMN_CANONICAL: inspect_result_canonical(context, one); break;
    case COLUMN_TIME:
      if (one->has_time) sqlite3_result_int64(context, one->time);
      break;
    case COLUMN_DATETIME: inspect_result_datetime(context, one); break;
    case COLUMN_VERSION:
      if (one->has_version) sqlite3_result_int64(context, one->version);
      break;
    case COLUMN_INSTANCE:
      if (one->has_instance) sqlite3_result_int64(context, one->instance);
      break;
    case COLUMN_SEQUENCE:
      if (one->has_sequence) sqlite3_result_int64(context, one->sequence);
      break;
    case COLUMN_PREFIX:
      if (one->prefix) inspect_result_text(context, one->prefix, one->n_prefix);
      break;
    case COLUMN_RANDOM:
      if (one->random[0]) {
        inspect_result_text(context, one->random, strlen(one->random));
      }
      break;
    case COLUMN_INPUT: sqlite3_result_value(context, cursor->input); break;
  }
  return SQLITE_OK;
}

static int inspect_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
  *rowid = ((const Cursor *)base)->at + 1;
  return SQLITE_OK;
}

static const sqlite3_module inspect_module = {.iVersion = 0,
                                              .xCreate = 0, /* eponymous only */
                                              .xConnect = inspect_connect,
                                              .xBestIndex = inspect_best_index,
                                              .xDisconnect = inspect_disconnect,
                                              .xDestroy = 0,
                                              .xOpen = inspect_open,
                                              .xClose = inspect_close,
                                              .xFilter = inspect_filter,
                                              .xNext = inspect_next,
                                              .xEof = inspect_eof,
                                              .xColumn = inspect_column,
                                              .xRowid = inspect_rowid,
                                              .xUpdate = 0, /* read-only */
                                              .xBegin = 0,
                                              .xSync = 0,
                                              .xCommit = 0,
                                              .xRollback = 0,
                                              .xFindFunction = 0,
                                              .xRename = 0};

int inspect_register(sqlite3 *db) {
  return sqlite3_create_module_v2(db, "id_inspect", &inspect_module, 0, 0);
}

const FuncEntry inspect_functions[] = {
    {"id_inspect", 1, FUNC_MAKES, 0, "id_inspect(X)", "Inspection",
     "what an id may be: a row for each scheme, the likelier first"},
    {0}};
