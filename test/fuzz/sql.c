/*
** Fuzzes every SQL function of the extension through SQLite.
**
** An input is fields with tabs between them: the name of a function, and its
** arguments.  The first character of an argument says what it is:
**
**   tTEXT   bBYTES   iINTEGER   rREAL   n (NULL)
**
** and all else is a text that begins with that character.  The functions are
** those that SQLite lists after, but not before, the extension was initialised.
** A name that is none of them stands for one of them; arguments that are not
** there are those that are, again.  The sequence store has the number 7, for
** sequences_write().
**
** Claims: a call returns a value or an error with a message that begins with
** the function's name, and no other error; NULL for an argument gives NULL; a
** function that says it is deterministic is, unless it reads 'now'; and the laws
** below, for the values that it was called with.
**
** SQLite allocates by malloc(), of exactly the size, and arguments are bound
** without a terminator or any byte behind them.
*/
#include <stdarg.h>
#include <stddef.h>

#include "fuzz.h"

#define MAX_FUNCTIONS 256
#define MAX_ARGUMENTS 17

int sqlite3_surrogate_init(sqlite3 *, char **, const void *);

typedef struct Function {
  char *name;
  int argc;      /* -1: any number */
  int is_listed; /* a table-valued one is not */
  int is_deterministic;
  sqlite3_stmt *stmts[MAX_ARGUMENTS + 1]; /* by number of arguments */
} Function;

typedef struct Argument {
  int type; /* SQLITE_TEXT, ... */
  const char *z;
  size_t n;
  sqlite3_int64 integer;
  double real;
} Argument;

static sqlite3 *db;
static Function functions[MAX_FUNCTIONS];
static int n_functions;

/* Functions whose errors do not begin with their name. */
static const char *const unnamed[] = {
    "nextval",
    "currval",
    "lastval",
    "setval",
    "create_sequence",
    "alter_sequence",
    "drop_sequence",
    "sequence_ddl",
    "sequences_promote",
    "short_code",
    "create_table",
    "create_table_sql",
    "translate_sql",
    "serial_sequence",
    "identity_restart",
    "is_generated",
    "sequences_create_view",
    "sequences_check",
    "sequences_write",
    "surrogate_row",
    "surrogate_step",
};

/* What sets a connection or the process as it was. */
static const struct {
  const char *function;
  const char *sql;
} resets[] = {
    {"sqids_config", "SELECT sqids_config('{}')"},
    {"hashids_config", "SELECT hashids_config('{}')"},
};

/*
** If X is what `valid` calls valid, and only then, `decode` decodes it.  Laws
** are tried with what a function was called with that has the family in its
** name.
*/
static const struct {
  const char *family;
  const char *valid;
  const char *decode;
} validities[] = {
    {"uuid", "uuid_valid(?1)", "uuid_blob(?1)"},
    {"uuid", "uuid_valid(?1)", "uuid_str(?1)"},
    {"ulid", "ulid_valid(?1)", "ulid_str(?1)"},
    {"ulid", "ulid_valid(?1)", "ulid_to_uuid(?1)"},
    {"typeid", "typeid_valid(?1)", "typeid_prefix(?1)"},
    {"typeid", "typeid_valid(?1)", "typeid_uuid(?1)"},
    {"ksuid", "ksuid_valid(?1)", "ksuid_str(?1)"},
    {"ksuid", "ksuid_valid(?1)", "ksuid_blob(?1)"},
    {"ksuid", "ksuid_valid(?1)", "ksuid_extract_timestamp(?1)"},
    {"xid", "xid_valid(?1)", "xid_str(?1)"},
    {"xid", "xid_valid(?1)", "xid_blob(?1)"},
    {"xid", "xid_valid(?1)", "xid_extract_timestamp(?1)"},
    {"objectid", "objectid_valid(?1)", "objectid_str(?1)"},
    {"objectid", "objectid_valid(?1)", "objectid_blob(?1)"},
    {"objectid", "objectid_valid(?1)", "objectid_extract_timestamp(?1)"},
};

/* If X meets the condition, the claim is true, and no error. */
static const struct {
  const char *family;
  const char *condition;
  const char *claim;
} laws[] = {
    {"uuid", "uuid_valid(?1)", "uuid_str(uuid_blob(?1)) = uuid_str(?1)"},
    {"uuid", "uuid_valid(?1)", "uuid_blob(uuid_str(?1)) = uuid_blob(?1)"},
    {"uuid", "uuid_valid(?1)", "length(uuid_str(?1)) = 36"},
    {"uuid", "uuid_valid(?1)", "length(uuid_blob(?1)) = 16"},
    {"uuid", "uuid_valid(?1)", "uuid_str(upper(uuid_str(?1))) = uuid_str(?1)"},
    {"uuidv7", "typeof(?1) = 'integer' AND ?1 BETWEEN 0 AND 281474976710655",
     "uuid_extract_timestamp(uuidv7(?1)) = ?1"},
    {"uuidv7", "typeof(?1) = 'integer' AND ?1 BETWEEN 0 AND 281474976710655",
     "uuidv7(?1) BETWEEN uuidv7_min(?1) AND uuidv7_max(?1)"},
    {"ulid", "ulid_valid(?1)", "ulid_str(ulid_str(?1)) = ulid_str(?1)"},
    {"ulid", "ulid_valid(?1)", "ulid_str(lower(ulid_str(?1))) = ulid_str(?1)"},
    {"ulid", "ulid_valid(?1)", "uuid_to_ulid(ulid_to_uuid(?1)) = ulid_str(?1)"},
    {"ulid", "uuid_valid(?1)", "ulid_to_uuid(uuid_to_ulid(?1)) = uuid_str(?1)"},
    {"ulid", "ulid_valid(?1)", "ulid_extract_timestamp(?1) >= 0"},
    {"ulid", "typeof(?1) = 'integer' AND ?1 BETWEEN 0 AND 281474976710655",
     "ulid_extract_timestamp(ulid(?1)) = ?1"},
    {"ulid", "typeof(?1) = 'integer' AND ?1 BETWEEN 0 AND 281474976710655",
     "ulid(?1) BETWEEN ulid_min(?1) AND ulid_max(?1)"},
    {"typeid", "typeid_valid(?1)",
     "typeid(typeid_prefix(?1), typeid_uuid(?1)) = CAST(?1 AS TEXT)"},
    {"typeid", "typeid_valid(?1)", "typeid_valid(?1, typeid_prefix(?1))"},
    {"ksuid", "ksuid_valid(?1)", "ksuid_str(ksuid_blob(?1)) = ksuid_str(?1)"},
    {"ksuid", "ksuid_valid(?1) AND typeof(?1) = 'text'", "ksuid_str(?1) = ?1"},
    {"xid", "xid_valid(?1)", "xid_str(xid_blob(?1)) = xid_str(?1)"},
    {"xid", "xid_valid(?1) AND typeof(?1) = 'text'", "xid_str(?1) = ?1"},
    {"objectid", "objectid_valid(?1)",
     "objectid_str(objectid_blob(?1)) = objectid_str(?1)"},
    {"objectid", "objectid_valid(?1) AND typeof(?1) = 'text'",
     "objectid_str(?1) = lower(?1)"},
    {"sqids", "sqids_decode_one(?1) IS NOT NULL",
     "sqids_encode(sqids_decode_one(?1)) = CAST(?1 AS TEXT)"},
    {"sqids", "1", "json_valid(sqids_decode(?1))"},
    {"sqids", "typeof(?1) = 'integer' AND ?1 >= 0",
     "sqids_decode_one(sqids_encode(?1)) = ?1"},
    {"hashids", "hashids_decode_one('salt', ?1) IS NOT NULL",
     "hashids_encode('salt', hashids_decode_one('salt', ?1)) = CAST(?1 AS "
     "TEXT)"},
    {"hashids", "1", "json_valid(hashids_decode('salt', ?1))"},
    {"hashids", "typeof(?1) = 'integer' AND ?1 >= 0",
     "hashids_decode_one('salt', hashids_encode('salt', ?1)) = ?1"},
    {"rowid", "typeof(?1) = 'integer' AND ?1 >= 0",
     "unordered_to_unique_rowid(unordered_to_unique_rowid(?1)) = ?1"},
    {"rowid", "typeof(?1) = 'integer' AND ?1 >= 0",
     "unique_rowid_instance(?1) = ?1 & 32767"},
    {"snowflake", "typeof(?1) = 'integer' AND ?1 >= 0",
     "((snowflake_timestamp(?1, 'x') - 1288834974657) << 22) + "
     "(snowflake_worker(?1, 'x') << 12) + snowflake_sequence(?1, 'x') = ?1"},
    {"id_inspect", "typeof(?1) IN ('text', 'blob')",
     "(SELECT count(*) FROM id_inspect(?1) WHERE scheme = 'uuid') = "
     "uuid_valid(?1)"},
    {"id_inspect", "typeof(?1) IN ('text', 'blob') AND uuid_valid(?1)",
     "(SELECT canonical FROM id_inspect(?1) WHERE scheme = 'uuid') = "
     "uuid_str(?1)"},
    {"id_inspect", "typeof(?1) IN ('text', 'blob')",
     "(SELECT count(*) FROM id_inspect(?1) WHERE scheme = 'ulid'"
     " AND prefix IS NULL) = ulid_valid(?1)"},
    {"id_inspect", "typeof(?1) IN ('text', 'blob') AND ulid_valid(?1)",
     "(SELECT canonical FROM id_inspect(?1) WHERE scheme = 'ulid'"
     " AND prefix IS NULL) = ulid_str(?1)"},
    {"id_inspect", "typeof(?1) IN ('text', 'blob')",
     "(SELECT count(*) FROM id_inspect(?1) WHERE scheme = 'ksuid') = "
     "ksuid_valid(?1)"},
    {"id_inspect", "typeof(?1) IN ('text', 'blob') AND ksuid_valid(?1)",
     "(SELECT canonical FROM id_inspect(?1) WHERE scheme = 'ksuid') = "
     "ksuid_str(?1)"},
    {"id_inspect", "typeof(?1) IN ('text', 'blob')",
     "(SELECT count(*) FROM id_inspect(?1) WHERE scheme = 'xid') = "
     "xid_valid(?1)"},
    {"id_inspect", "typeof(?1) IN ('text', 'blob') AND xid_valid(?1)",
     "(SELECT canonical FROM id_inspect(?1) WHERE scheme = 'xid') = "
     "xid_str(?1)"},
    {"id_inspect", "typeof(?1) IN ('text', 'blob')",
     "(SELECT count(*) FROM id_inspect(?1) WHERE scheme = 'objectid') = "
     "objectid_valid(?1)"},
    {"id_inspect", "typeof(?1) IN ('text', 'blob') AND objectid_valid(?1)",
     "(SELECT canonical FROM id_inspect(?1) WHERE scheme = 'objectid') = "
     "objectid_str(?1)"},
    {"id_inspect", "typeof(?1) = 'text' AND typeid_valid(?1)",
     "(SELECT count(*) FROM id_inspect(?1) WHERE scheme = 'typeid') = 1"},
    {"id_inspect", "typeof(?1) = 'integer' AND ?1 >= 0",
     "(SELECT canonical FROM id_inspect(?1) WHERE scheme = 'snowflake:x') = "
     "?1"},
};

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static sqlite3_stmt *valid_stmts[COUNT(validities)];
static sqlite3_stmt *decode_stmts[COUNT(validities)];
static sqlite3_stmt *law_stmts[COUNT(laws)];

/* ---- SQLite's allocator ------------------------------------------------ */

union header {
  int size;
  max_align_t align;
};

static void *exact_malloc(int size) {
  union header *header = malloc(sizeof *header + (size_t)size);
  if (header == 0) return 0;
  header->size = size;
  return header + 1;
}

static void exact_free(void *memory) {
  free((union header *)memory - 1);
}

static void *exact_realloc(void *memory, int size) {
  union header *header = (union header *)memory - 1;
  header = realloc(header, sizeof *header + (size_t)size);
  if (header == 0) return 0;
  header->size = size;
  return header + 1;
}

static int exact_size(void *memory) {
  return memory ? ((union header *)memory - 1)->size : 0;
}

static int exact_roundup(int size) {
  return size;
}

static int exact_init(void *data) {
  (void)data;
  return SQLITE_OK;
}

static void exact_shutdown(void *data) {
  (void)data;
}

static void configure(void) {
  static const sqlite3_mem_methods methods = {
      .xMalloc = exact_malloc,
      .xFree = exact_free,
      .xRealloc = exact_realloc,
      .xSize = exact_size,
      .xRoundup = exact_roundup,
      .xInit = exact_init,
      .xShutdown = exact_shutdown,
  };
  HOLDS(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
  HOLDS(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK);
}

/* ---- Set-up ------------------------------------------------------------ */

/* End the program with a message. */
static void die(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("sql.c: ", stderr);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  abort();
}

static void run(const char *sql) {
  if (sqlite3_exec(db, sql, 0, 0, 0) != SQLITE_OK) {
    die("%s: %s", sql, sqlite3_errmsg(db));
  }
}

/* Prepare a statement, made with sqlite3_mprintf()'s formats. */
static sqlite3_stmt *prepare(const char *format, ...) {
  sqlite3_stmt *stmt = 0;
  va_list args;
  char *sql;
  va_start(args, format);
  sql = sqlite3_vmprintf(format, args);
  va_end(args);
  if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, 0)) {
    die("%s: %s", sql, sqlite3_errmsg(db));
  }
  sqlite3_free(sql);
  return stmt;
}

/* What "f(?1, ?2)" or "FROM f(?1, ?2)" is called with. */
static sqlite3_stmt *prepare_call(const Function *function, int argc) {
  char arguments[4 * MAX_ARGUMENTS + 1] = "";
  for (int i = 0; i < argc; i++) {
    strcat(arguments, i ? ",?" : "?");
  }
  return prepare(function->is_listed ? "SELECT %s(%s)" : "SELECT * FROM %s(%s)",
                 function->name, arguments);
}

static void add_function(const char *name, int argc, int is_listed,
                         int is_deterministic) {
  Function *function = &functions[n_functions++];
  HOLDS(n_functions <= MAX_FUNCTIONS && argc <= MAX_ARGUMENTS);
  function->name = sqlite3_mprintf("%s", name);
  function->argc = argc;
  function->is_listed = is_listed;
  function->is_deterministic = is_deterministic;
}

/* List the functions that the extension has registered. */
static void find_functions(void) {
  sqlite3_stmt *stmt = prepare(
      "SELECT DISTINCT name, narg, (flags & %d) <> 0 FROM pragma_function_list"
      " WHERE (name, narg) NOT IN (SELECT name, narg FROM before)"
      " ORDER BY name, narg",
      SQLITE_DETERMINISTIC);
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    add_function((const char *)sqlite3_column_text(stmt, 0),
                 sqlite3_column_int(stmt, 1), 1, sqlite3_column_int(stmt, 2));
  }
  sqlite3_finalize(stmt);
  stmt = prepare("SELECT name FROM pragma_module_list WHERE name IN"
                 " ('id_inspect', 'sequences')");
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    add_function((const char *)sqlite3_column_text(stmt, 0), 1, 0, 1);
  }
  sqlite3_finalize(stmt);
  HOLDS(n_functions > 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  char *error = 0;
  (void)argc;
  (void)argv;
  configure();
  HOLDS(sqlite3_open(":memory:", &db) == SQLITE_OK);
  run("CREATE TEMP TABLE before AS SELECT name, narg FROM"
      " pragma_function_list");
  HOLDS(sqlite3_surrogate_init(db, &error, 0) == SQLITE_OK);
  find_functions();
  run("CREATE TABLE t(c TEXT UNIQUE, \"d\"\"e\");"
      "SELECT create_sequence('s');"
      "SELECT create_sequence('g', 'MODE gapless INCREMENT BY -3 CYCLE');"
      "SELECT create_sequence('c', 'CACHE 10 MAXVALUE 25');"
      "UPDATE surrogate_settings SET value = 7 WHERE name = 'store'");
  for (int i = 0; i < COUNT(validities); i++) {
    valid_stmts[i] = prepare("SELECT %s", validities[i].valid);
    decode_stmts[i] = prepare("SELECT %s", validities[i].decode);
  }
  for (int i = 0; i < COUNT(laws); i++) {
    law_stmts[i] =
        prepare("SELECT %s WHERE %s", laws[i].claim, laws[i].condition);
  }
  return 0;
}

/* ---- Inputs ------------------------------------------------------------ */

/* Read as much as is a number, whatever its size. */
static sqlite3_int64 read_integer(const char *z, size_t n) {
  uint64_t sum = 0;
  size_t i = n > 0 && *z == '-';
  for (; i < n && z[i] >= '0' && z[i] <= '9'; i++) {
    sum = sum * 10 + (uint64_t)(z[i] - '0');
  }
  return (sqlite3_int64)(n > 0 && *z == '-' ? 0 - sum : sum);
}

static double read_real(const char *z, size_t n) {
  char text[64];
  if (n >= sizeof text) n = sizeof text - 1;
  memcpy(text, z, n);
  text[n] = 0;
  return strtod(text, 0);
}

static Argument read_argument(const char *z, size_t n) {
  Argument argument = {SQLITE_TEXT, z, n, 0, 0};
  if (n > 0 && strchr("tbirn", *z)) {
    argument.z++;
    argument.n--;
    switch (*z) {
      case 'b': argument.type = SQLITE_BLOB; break;
      case 'n': argument.type = SQLITE_NULL; break;
      case 'i':
        argument.type = SQLITE_INTEGER;
        argument.integer = read_integer(argument.z, argument.n);
        break;
      case 'r':
        argument.type = SQLITE_FLOAT;
        argument.real = read_real(argument.z, argument.n);
        if (argument.real != argument.real) argument.type = SQLITE_NULL;
        break;
    }
  }
  return argument;
}

/* Take the next field of an input.  False if there is none. */
static int next_field(const char **z, const char *end, const char **field,
                      size_t *n) {
  const char *tab;
  if (*z > end) return 0;
  tab = memchr(*z, '\t', (size_t)(end - *z));
  *field = *z;
  *n = (size_t)((tab ? tab : end) - *z);
  *z = tab ? tab + 1 : end + 1;
  return 1;
}

/* Find the function of that name, with that number of arguments if it can. */
static Function *find_function(const char *name, size_t n, int argc) {
  Function *found = 0;
  uint32_t hash = 2166136261u;
  for (int i = 0; i < n_functions; i++) {
    Function *function = &functions[i];
    if (strlen(function->name) != n || memcmp(function->name, name, n)) {
      continue;
    }
    if (found == 0 || function->argc == argc) found = function;
  }
  for (size_t i = 0; i < n; i++) {
    hash = (hash ^ (unsigned char)name[i]) * 16777619u;
  }
  return found ? found : &functions[hash % (uint32_t)n_functions];
}

static void bind(sqlite3_stmt *stmt, int i, const Argument *argument) {
  int n = (int)argument->n;
  int rc = SQLITE_OK;
  switch (argument->type) {
    case SQLITE_TEXT:
      rc = sqlite3_bind_text(stmt, i, fuzz_copy(argument->z, argument->n), n,
                             free);
      break;
    case SQLITE_BLOB:
      rc = sqlite3_bind_blob(stmt, i, fuzz_copy(argument->z, argument->n), n,
                             free);
      break;
    case SQLITE_INTEGER:
      rc = sqlite3_bind_int64(stmt, i, argument->integer);
      break;
    case SQLITE_FLOAT: rc = sqlite3_bind_double(stmt, i, argument->real); break;
    default: rc = sqlite3_bind_null(stmt, i);
  }
  HOLDS(rc == SQLITE_OK);
}

/* ---- Claims ------------------------------------------------------------ */

static int is_named(const char *message, const char *name) {
  size_t n = strlen(name);
  for (int i = 0; i < COUNT(unnamed); i++) {
    if (strcmp(unnamed[i], name) == 0) return 1;
  }
  return strncmp(message, name, n) == 0 && message[n] == ':';
}

/* An error has to be the function's own, and to say so. */
static void check_error(const Function *function) {
  const char *message = sqlite3_errmsg(db);
  int rc = sqlite3_errcode(db);
  if (rc == SQLITE_TOOBIG) return;
  if (strcmp(function->name, "sequences_write") == 0 &&
      (rc == SQLITE_CONSTRAINT || rc == SQLITE_BUSY)) {
    return; /* a name is taken, or gone */
  }
  if (rc != SQLITE_ERROR || !is_named(message, function->name)) {
    die("%s: error %d: %s", function->name, rc, message);
  }
}

/* Whether a time that it is may be that of the clock. */
static int is_clock(const Argument *argument) {
  for (size_t i = 0; i + 3 <= argument->n; i++) {
    if (sqlite3_strnicmp(argument->z + i, "now", 3) == 0 ||
        sqlite3_strnicmp(argument->z + i, "sub", 3) == 0) {
      return 1;
    }
  }
  return 0;
}

/* Run a call to its end.  Returns the first value of its first row, or 0. */
static sqlite3_value *call(const Function *function, sqlite3_stmt *stmt,
                           int has_null) {
  sqlite3_value *result = 0;
  int rc;
  while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
      sqlite3_column_text(stmt, i);
      sqlite3_column_bytes(stmt, i);
    }
    if (result == 0) result = sqlite3_value_dup(sqlite3_column_value(stmt, 0));
  }
  if (rc != SQLITE_DONE) {
    check_error(function);
  } else if (has_null && result) {
    if (sqlite3_value_type(result) != SQLITE_NULL) {
      die("%s: NULL gives \"%s\"", function->name, sqlite3_value_text(result));
    }
  }
  sqlite3_reset(stmt);
  return result;
}

static int is_equal(sqlite3_value *a, sqlite3_value *b) {
  int n;
  if (a == 0 || b == 0) return a == b;
  if (sqlite3_value_type(a) != sqlite3_value_type(b)) return 0;
  n = sqlite3_value_bytes(a);
  if (n != sqlite3_value_bytes(b)) return 0;
  return n == 0 ||
         memcmp(sqlite3_value_blob(a), sqlite3_value_blob(b), (size_t)n) == 0;
}

/* Run a statement of a law.  Its value, or -1 if it is an error, -2 if NULL. */
static sqlite3_int64 ask(sqlite3_stmt *stmt, const Argument *argument) {
  sqlite3_int64 answer = 1;
  int rc;
  bind(stmt, 1, argument);
  rc = sqlite3_step(stmt);
  if (rc == SQLITE_ROW) {
    answer = sqlite3_column_type(stmt, 0) == SQLITE_NULL ? -2
             : sqlite3_column_type(stmt, 0) == SQLITE_INTEGER
                 ? sqlite3_column_int64(stmt, 0)
                 : 1;
  } else if (rc != SQLITE_DONE) {
    answer = -1;
  }
  sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
  return answer;
}

static void check_laws(const Function *function, const Argument *argument) {
  for (int i = 0; i < COUNT(validities); i++) {
    sqlite3_int64 valid, decoded;
    if (strstr(function->name, validities[i].family) == 0) continue;
    valid = ask(valid_stmts[i], argument);
    decoded = ask(decode_stmts[i], argument);
    if ((valid != 0 && valid != 1) || (valid == 1) != (decoded >= 0)) {
      die("%s is %lld, but %s is %s: \"%.*s\"", validities[i].valid,
          (long long)valid, validities[i].decode,
          decoded < 0 ? "none" : "a value", (int)argument->n, argument->z);
    }
  }
  for (int i = 0; i < COUNT(laws); i++) {
    sqlite3_int64 answer;
    if (strstr(function->name, laws[i].family) == 0) continue;
    answer = ask(law_stmts[i], argument);
    if (answer != 1) {
      die("%s, but %s is %lld: \"%.*s\"", laws[i].condition, laws[i].claim,
          (long long)answer, (int)argument->n, argument->z);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Argument arguments[MAX_ARGUMENTS];
  const char *z = (const char *)data;
  const char *end = z + size;
  const char *name, *field;
  size_t n_name, n;
  int given = 0;
  int argc;
  int has_null = 0;
  int has_clock = 0;
  Function *function;
  sqlite3_stmt **stmt;
  sqlite3_value *result;

  next_field(&z, end, &name, &n_name);
  while (given < MAX_ARGUMENTS && next_field(&z, end, &field, &n)) {
    arguments[given++] = read_argument(field, n);
  }
  function = find_function(name, n_name, given);
  argc = function->argc < 0 ? given : function->argc;
  if (given == 0) arguments[given++] = read_argument("", 0);
  for (int i = given; i < argc; i++) {
    arguments[i] = arguments[i % given];
  }

  stmt = &function->stmts[argc];
  if (*stmt == 0) *stmt = prepare_call(function, argc);
  for (int i = 0; i < argc; i++) {
    bind(*stmt, i + 1, &arguments[i]);
    has_null |= arguments[i].type == SQLITE_NULL;
    has_clock |= is_clock(&arguments[i]);
  }
  run("BEGIN IMMEDIATE");
  result = call(function, *stmt, has_null);
  if (function->is_deterministic && !has_clock) {
    sqlite3_value *again = call(function, *stmt, has_null);
    if (!is_equal(result, again)) die("%s is not the same", function->name);
    sqlite3_value_free(again);
  }
  sqlite3_value_free(result);
  sqlite3_clear_bindings(*stmt);
  for (int i = 0; i < argc; i++) {
    if (arguments[i].type != SQLITE_NULL) check_laws(function, &arguments[i]);
  }
  run("ROLLBACK");
  for (int i = 0; i < COUNT(resets); i++) {
    if (strcmp(resets[i].function, function->name) == 0) run(resets[i].sql);
  }
  return 0;
}
