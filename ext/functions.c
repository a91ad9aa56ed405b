/*
** The list of what the extension has, for whoever sits before a shell.
**
**   SELECT signature, summary FROM surrogate_functions() WHERE topic = 'UUID';
**
**   name           of the function or module
**   signature      with its arguments; what is in [] may be left out, and
**                  "..." stands for more of the last one
**   kind           'scalar'; 'table-valued', called in FROM; 'module', for
**                  CREATE VIRTUAL TABLE
**   topic          the section of the documentation
**   summary        one line
**   deterministic  1: the same arguments give the same result
**   innocuous      1: also in the schema of a file that is not trusted
**   directonly     1: in a statement only, not in a trigger, view or DEFAULT
**
** An eponymous virtual table, read-only, that needs no database.  It is the one
** place for these lines: test/catalog.test holds it against what SQLite has
** registered, and against the documentation.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "functions.h"

enum {
  FN_IS_DETERMINISTIC = 1,
  FN_IS_INNOCUOUS = 2,
  FN_IS_DIRECTONLY = 4,
  FN_IS_TABLE_VALUED = 8,
  FN_IS_MODULE = 16
};

enum {
  FN_READS = FN_IS_DETERMINISTIC | FN_IS_INNOCUOUS,
  FN_MAKES = FN_IS_INNOCUOUS, /* or tells of the session, or the process */
  FN_SETS = FN_IS_DIRECTONLY,
  FN_PLAIN = 0,
  FN_TABLE_VALUED = FN_IS_TABLE_VALUED | FN_IS_INNOCUOUS,
  FN_MODULE = FN_IS_MODULE | FN_IS_INNOCUOUS
};

typedef struct FnEntry {
  const char *signature;
  const char *topic;
  int flags;
  const char *summary;
} FnEntry;

static const FnEntry fn_entries[] = {
    {"nextval(name [, n])", "Sequences", FN_MAKES,
     "advance a sequence; its next value, or the first of n"},
    {"currval(name)", "Sequences", FN_MAKES,
     "the last value of nextval() of a sequence in this session"},
    {"lastval()", "Sequences", FN_MAKES,
     "the last value of nextval() in this session"},
    {"setval(name, value [, is_called])", "Sequences", FN_PLAIN,
     "set a sequence: value was the last one, or is the next one"},
    {"create_sequence(name [, options])", "Sequences", FN_SETS,
     "make a sequence, with the options of CREATE SEQUENCE"},
    {"alter_sequence(name, options)", "Sequences", FN_SETS,
     "change a sequence, with the options of ALTER SEQUENCE"},
    {"drop_sequence(name)", "Sequences", FN_SETS, "remove a sequence"},
    {"sequence_ddl(name)", "Sequences", FN_MAKES,
     "the call of create_sequence() that makes a sequence again"},
    {"sequences_promote([schema])", "Sequences", FN_SETS,
     "raise the primary term of a store: older tokens match no more"},
    {"sequences", "Sequences", FN_MODULE,
     "a store of sequences: CREATE VIRTUAL TABLE ... USING "
     "sequences(view=NAME)"},
    {"create_table(sql)", "Tables", FN_SETS,
     "run a CREATE TABLE of PostgreSQL, CockroachDB, CrateDB, YDB, StarRocks"},
    {"create_table_sql(sql)", "Tables", FN_SETS,
     "the SQL that create_table() would run"},
    {"translate_sql(script)", "Tables", FN_SETS,
     "a script, with its CREATE TABLEs as create_table_sql() has them"},
    {"serial_normalization([mode])", "Tables", FN_SETS,
     "what SERIAL becomes in this connection; sets it"},
    {"serial_sequence(table, column)", "Tables", FN_MAKES,
     "the sequence of a column, or NULL"},
    {"identity_restart(table)", "Tables", FN_SETS,
     "restart all sequences of a table, as TRUNCATE ... RESTART IDENTITY"},
    {"is_generated(sequence, value)", "Tables", FN_MAKES,
     "1 if nextval() has just made the value: for triggers"},
    {"serial_attach(table, column [, request])", "Tables", FN_SETS,
     "make a column of a table that is there generated"},
    {"dict_id(table, value)", "Tables", FN_PLAIN,
     "the id of a value in a dictionary, which is made if need be"},
    {"gen_random_uuid()", "UUID", FN_MAKES,
     "a random UUID, version 4, as text"},
    {"uuidv4()", "UUID", FN_MAKES, "a random UUID, version 4, as text"},
    {"uuid()", "UUID", FN_MAKES, "the same as uuidv4()"},
    {"uuid4()", "UUID", FN_MAKES, "the same as uuidv4()"},
    {"uuidv4_blob()", "UUID", FN_MAKES,
     "a random UUID, version 4, as 16 bytes"},
    {"uuidv7()", "UUID", FN_MAKES,
     "a UUID in the order of time, version 7, as text"},
    {"uuid7()", "UUID", FN_MAKES, "the same as uuidv7()"},
    {"gen_random_text_uuid()", "UUID", FN_MAKES, "the same as uuidv7()"},
    {"uuidv7_blob()", "UUID", FN_MAKES,
     "a UUID in the order of time, version 7, as 16 bytes"},
    {"uuidv7(time)", "UUID", FN_MAKES,
     "a random UUID of version 7 of that time, as text"},
    {"uuidv7_blob(time)", "UUID", FN_MAKES,
     "a random UUID of version 7 of that time, as 16 bytes"},
    {"uuidv7_min(time)", "UUID", FN_READS,
     "the least UUID of version 7 of that time, as text"},
    {"uuidv7_max(time)", "UUID", FN_READS,
     "the greatest UUID of version 7 of that time, as text"},
    {"uuidv5(namespace, name)", "UUID", FN_READS,
     "the UUID of a name, by SHA-1"},
    {"uuidv3(namespace, name)", "UUID", FN_READS, "the UUID of a name, by MD5"},
    {"uuid_nil()", "UUID", FN_READS, "the UUID of which all bits are 0"},
    {"uuid_max()", "UUID", FN_READS, "the UUID of which all bits are 1"},
    {"uuid_ns_dns()", "UUID", FN_READS, "the namespace of domain names"},
    {"uuid_ns_url()", "UUID", FN_READS, "the namespace of URLs"},
    {"uuid_ns_oid()", "UUID", FN_READS, "the namespace of object identifiers"},
    {"uuid_ns_x500()", "UUID", FN_READS, "the namespace of X.500 names"},
    {"uuid_extract_timestamp(X)", "UUID", FN_READS,
     "the time of a UUID, in Unix milliseconds"},
    {"uuid_extract_version(X)", "UUID", FN_READS, "the version of a UUID"},
    {"uuid_str(X)", "UUID", FN_READS, "a UUID as text"},
    {"uuid_blob(X)", "UUID", FN_READS, "a UUID as 16 bytes"},
    {"uuid_valid(X)", "UUID", FN_READS, "1 if X is a UUID, else 0"},
    {"ulid()", "ULID", FN_MAKES, "a ULID, as text"},
    {"ulid_blob()", "ULID", FN_MAKES, "a ULID, as 16 bytes"},
    {"ulid_bytes()", "ULID", FN_MAKES, "the same as ulid_blob()"},
    {"ulid_with_prefix(p)", "ULID", FN_MAKES,
     "p, an underscore, and a ULID in lower case"},
    {"ulid(time)", "ULID", FN_MAKES, "a random ULID of that time, as text"},
    {"ulid_with_datetime(time)", "ULID", FN_MAKES, "the same as ulid(time)"},
    {"ulid_blob(time)", "ULID", FN_MAKES,
     "a random ULID of that time, as 16 bytes"},
    {"ulid_min(time)", "ULID", FN_READS,
     "the least ULID of that time, as text"},
    {"ulid_max(time)", "ULID", FN_READS,
     "the greatest ULID of that time, as text"},
    {"ulid_extract_timestamp(X)", "ULID", FN_READS,
     "the time of a ULID, in Unix milliseconds"},
    {"ulid_datetime(X)", "ULID", FN_READS, "the time of a ULID, as text"},
    {"ulid_str(X)", "ULID", FN_READS, "a ULID as text"},
    {"ulid_bytes(X)", "ULID", FN_READS, "a ULID as 16 bytes"},
    {"ulid_to_uuid(X)", "ULID", FN_READS, "the UUID of the same bits"},
    {"uuid_to_ulid(U)", "ULID", FN_READS, "the ULID of the same bits"},
    {"ulid_valid(X)", "ULID", FN_READS, "1 if X is a ULID, else 0"},
    {"typeid(prefix)", "TypeID", FN_MAKES,
     "a TypeID: the prefix, and a UUID of version 7"},
    {"typeid(prefix, uuid)", "TypeID", FN_READS,
     "the TypeID of a prefix and a UUID"},
    {"typeid_prefix(X)", "TypeID", FN_READS, "the prefix of a TypeID"},
    {"typeid_uuid(X)", "TypeID", FN_READS, "the UUID of a TypeID"},
    {"typeid_valid(X [, prefix])", "TypeID", FN_READS,
     "1 if X is a TypeID, of that prefix, else 0"},
    {"prefixed_id(prefix)", "Prefixed ids", FN_MAKES,
     "24 random characters behind a prefix, as Stripe's ids"},
    {"prefixed_valid(X, prefix)", "Prefixed ids", FN_READS,
     "1 if X is an id of that prefix, else 0"},
    {"nanoid([size [, alphabet]])", "NanoID", FN_MAKES,
     "a random text of 21 characters, or so many of an alphabet"},
    {"short_code(table, column [, length])", "Short codes", FN_MAKES,
     "a short text for people, which no row has in that column"},
    {"sqids_encode(n, ...)", "Sqids", FN_READS, "a short text out of numbers"},
    {"sqids_decode(X)", "Sqids", FN_READS,
     "the numbers of a Sqid, as a JSON array"},
    {"sqids_decode_one(X)", "Sqids", FN_READS,
     "the number of a Sqid that has exactly one, or NULL"},
    {"sqids_config([json])", "Sqids", FN_SETS,
     "the options of Sqids in this connection; sets them"},
    {"hashids_encode(salt, n, ...)", "Hashids", FN_READS,
     "a short text out of numbers, shuffled by a salt"},
    {"hashids_decode(salt, X)", "Hashids", FN_READS,
     "the numbers of a Hashid, as a JSON array"},
    {"hashids_decode_one(salt, X)", "Hashids", FN_READS,
     "the number of a Hashid that has exactly one, or NULL"},
    {"hashids_config([json])", "Hashids", FN_SETS,
     "the options of Hashids in this connection; sets them"},
    {"unique_rowid()", "CockroachDB", FN_MAKES,
     "a 64-bit integer in the order of time"},
    {"unordered_unique_rowid()", "CockroachDB", FN_MAKES,
     "a 64-bit integer, not in the order of time"},
    {"unordered_to_unique_rowid(id)", "CockroachDB", FN_READS,
     "the unordered id of a unique_rowid(), and back"},
    {"unique_rowid_timestamp(id)", "CockroachDB", FN_READS,
     "the time of a unique_rowid(), in Unix milliseconds"},
    {"unique_rowid_instance(id)", "CockroachDB", FN_READS,
     "the instance id in a unique_rowid()"},
    {"instance_id()", "Instance ids", FN_MAKES,
     "the instance id of this process"},
    {"instance_id(n)", "Instance ids", FN_SETS,
     "set the instance id of this process, 0 to 32767"},
    {"snowflake()", "Snowflake", FN_MAKES,
     "a Snowflake: a 64-bit integer in the order of time"},
    {"snowflake_timestamp(id)", "Snowflake", FN_MAKES,
     "the time of a Snowflake, in Unix milliseconds"},
    {"snowflake_timestamp(id, layout)", "Snowflake", FN_READS,
     "the same, by 'x', 'discord', or an epoch"},
    {"snowflake_worker(id)", "Snowflake", FN_MAKES,
     "the worker that made a Snowflake"},
    {"snowflake_worker(id, layout)", "Snowflake", FN_READS,
     "the same, by 'x', 'discord', or an epoch"},
    {"snowflake_process(id)", "Snowflake", FN_MAKES,
     "the process that made a Snowflake of Discord's, else NULL"},
    {"snowflake_process(id, layout)", "Snowflake", FN_READS,
     "the same, by 'x', 'discord', or an epoch"},
    {"snowflake_sequence(id [, layout])", "Snowflake", FN_READS,
     "the number of a Snowflake within its millisecond"},
    {"snowflake_config(layout [, worker [, process]])", "Snowflake", FN_SETS,
     "set the layout of Snowflakes; its epoch"},
    {"ksuid()", "KSUID", FN_MAKES, "a KSUID, as text"},
    {"ksuid(time)", "KSUID", FN_MAKES, "a random KSUID of that time, as text"},
    {"ksuid_blob()", "KSUID", FN_MAKES, "a KSUID, as 20 bytes"},
    {"ksuid_str(X)", "KSUID", FN_READS, "a KSUID as text"},
    {"ksuid_blob(X)", "KSUID", FN_READS, "a KSUID as 20 bytes"},
    {"ksuid_extract_timestamp(X)", "KSUID", FN_READS,
     "the time of a KSUID, in Unix milliseconds"},
    {"ksuid_valid(X)", "KSUID", FN_READS, "1 if X is a KSUID, else 0"},
    {"xid()", "XID", FN_MAKES, "an XID, as text"},
    {"xid_blob()", "XID", FN_MAKES, "an XID, as 12 bytes"},
    {"xid_str(X)", "XID", FN_READS, "an XID as text"},
    {"xid_blob(X)", "XID", FN_READS, "an XID as 12 bytes"},
    {"xid_extract_timestamp(X)", "XID", FN_READS,
     "the time of an XID, in Unix milliseconds"},
    {"xid_valid(X)", "XID", FN_READS, "1 if X is an XID, else 0"},
    {"objectid()", "ObjectID", FN_MAKES, "an ObjectID, as text"},
    {"objectid_blob()", "ObjectID", FN_MAKES, "an ObjectID, as 12 bytes"},
    {"objectid_str(X)", "ObjectID", FN_READS, "an ObjectID as text"},
    {"objectid_blob(X)", "ObjectID", FN_READS, "an ObjectID as 12 bytes"},
    {"objectid_extract_timestamp(X)", "ObjectID", FN_READS,
     "the time of an ObjectID, in Unix milliseconds"},
    {"objectid_valid(X)", "ObjectID", FN_READS,
     "1 if X is an ObjectID, else 0"},
    {"cuid2([length])", "CUID2", FN_MAKES,
     "a text that hides its time, of 24 or so many characters"},
    {"cuid2_valid(X)", "CUID2", FN_READS,
     "1 if X has the form of a CUID2, else 0"},
    {"now()", "Time", FN_MAKES,
     "Unix milliseconds, the same throughout a statement"},
    {"unique_now()", "Time", FN_MAKES,
     "Unix milliseconds that never come twice in this process"},
    {"unique_now_us()", "Time", FN_MAKES,
     "Unix microseconds that never come twice in this process"},
    {"id_inspect(X)", "Inspection", FN_TABLE_VALUED,
     "what an id may be: a row for each scheme, the likelier first"},
    {"surrogate_version()", "Extension", FN_READS,
     "the version of the extension"},
    {"surrogate_functions()", "Extension", FN_TABLE_VALUED, "this list"},
};

#define FN_ENTRIES ((sqlite3_int64)(sizeof fn_entries / sizeof *fn_entries))

/* In the order of COLUMN_... */
static const char fn_declaration[] =
    "CREATE TABLE x(name, signature, kind, topic, summary, deterministic,"
    " innocuous, directonly)";

enum {
  FN_COLUMN_NAME,
  FN_COLUMN_SIGNATURE,
  FN_COLUMN_KIND,
  FN_COLUMN_TOPIC,
  FN_COLUMN_SUMMARY,
  FN_COLUMN_DETERMINISTIC,
  FN_COLUMN_INNOCUOUS,
  FN_COLUMN_DIRECTONLY
};

typedef struct FnCursor {
  sqlite3_vtab_cursor base;
  sqlite3_int64 at;
} FnCursor;

static int functions_connect(sqlite3 *db, void *aux, int argc,
                             const char *const *argv, sqlite3_vtab **out,
                             char **error) {
  int rc = sqlite3_declare_vtab(db, fn_declaration);
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

static int functions_disconnect(sqlite3_vtab *base) {
  sqlite3_free(base);
  return SQLITE_OK;
}

/* There is one plan: all rows. */
static int functions_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
  UNUSED(base);
  info->estimatedCost = (double)FN_ENTRIES;
  info->estimatedRows = FN_ENTRIES;
  return SQLITE_OK;
}

static int functions_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
  FnCursor *cursor = sqlite3_malloc64(sizeof *cursor);
  UNUSED(base);
  if (cursor == 0) return SQLITE_NOMEM;
  memset(cursor, 0, sizeof *cursor);
  *out = &cursor->base;
  return SQLITE_OK;
}

static int functions_close(sqlite3_vtab_cursor *base) {
  sqlite3_free(base);
  return SQLITE_OK;
}

static int functions_filter(sqlite3_vtab_cursor *base, int plan,
                            const char *unused, int argc,
                            sqlite3_value **argv) {
  UNUSED(plan);
  UNUSED(unused);
  UNUSED(argc);
  UNUSED(argv);
  ((FnCursor *)base)->at = 0;
  return SQLITE_OK;
}

static int functions_next(sqlite3_vtab_cursor *base) {
  ((FnCursor *)base)->at++;
  return SQLITE_OK;
}

static int functions_eof(sqlite3_vtab_cursor *base) {
  return ((const FnCursor *)base)->at >= FN_ENTRIES;
}

static int functions_column(sqlite3_vtab_cursor *base, sqlite3_context *context,
                            int column) {
  const FnEntry *entry = &fn_entries[((const FnCursor *)base)->at];
  const char *text = 0;
  int n = -1;
  switch (column) {
    case FN_COLUMN_NAME:
      text = entry->signature;
      n = (int)strcspn(text, "(");
      break;
    case FN_COLUMN_SIGNATURE: text = entry->signature; break;
    case FN_COLUMN_KIND:
      text = entry->flags & FN_IS_TABLE_VALUED ? "table-valued"
             : entry->flags & FN_IS_MODULE     ? "module"
                                               : "scalar";
      break;
    case FN_COLUMN_TOPIC: text = entry->topic; break;
    case FN_COLUMN_SUMMARY: text = entry->summary; break;
    case FN_COLUMN_DETERMINISTIC:
      sqlite3_result_int(context, (entry->flags & FN_IS_DETERMINISTIC) != 0);
      break;
    case FN_COLUMN_INNOCUOUS:
      sqlite3_result_int(context, (entry->flags & FN_IS_INNOCUOUS) != 0);
      break;
    case FN_COLUMN_DIRECTONLY:
      sqlite3_result_int(context, (entry->flags & FN_IS_DIRECTONLY) != 0);
      break;
  }
  if (text) sqlite3_result_text(context, text, n, SQLITE_STATIC);
  return SQLITE_OK;
}

static int functions_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
  *rowid = ((const FnCursor *)base)->at + 1;
  return SQLITE_OK;
}

static const sqlite3_module fn_module = {.iVersion = 0,
                                         .xCreate = 0, /* eponymous only */
                                         .xConnect = functions_connect,
                                         .xBestIndex = functions_best_index,
                                         .xDisconnect = functions_disconnect,
                                         .xDestroy = 0,
                                         .xOpen = functions_open,
                                         .xClose = functions_close,
                                         .xFilter = functions_filter,
                                         .xNext = functions_next,
                                         .xEof = functions_eof,
                                         .xColumn = functions_column,
                                         .xRowid = functions_rowid,
                                         .xUpdate = 0, /* read-only */
                                         .xBegin = 0,
                                         .xSync = 0,
                                         .xCommit = 0,
                                         .xRollback = 0,
                                         .xFindFunction = 0,
                                         .xRename = 0};

int functions_register(sqlite3 *db) {
  return sqlite3_create_module_v2(db, "surrogate_functions", &fn_module, 0, 0);
}
