/*
** The sequence store on disk: the only place with SQL on its tables.
**
** FORMAT, version 1
**
** Three ordinary tables, which the first write makes.  The definitions:
**
**   CREATE TABLE surrogate_sequences(
**     name TEXT NOT NULL PRIMARY KEY, -- compared byte by byte
**     data_type TEXT NOT NULL,        -- smallint, integer or bigint
**     start_value BIGINT NOT NULL,
**     min_value BIGINT NOT NULL,
**     max_value BIGINT NOT NULL,
**     increment_by BIGINT NOT NULL,   -- not 0
**     cycle BOOLEAN NOT NULL,         -- 0 or 1
**     cache_size BIGINT NOT NULL,     -- from 1
**     mode TEXT NOT NULL,             -- standard, gapless or virtual
**     owned_by TEXT,                  -- table.column as in SQL, or NULL
**     is_linked BOOLEAN NOT NULL,     -- see owner.c
**     id BIGINT NOT NULL,             -- random, from 1: tells sequences apart
**     CHECK ...
**   ) WITHOUT ROWID;
**
** Where each of them stands, apart since a short row is quickly written:
**
**   CREATE TABLE surrogate_values(
**     id INTEGER PRIMARY KEY NOT NULL, -- surrogate_sequences.id
**     last_value BIGINT NOT NULL,      -- issued or reserved if is_called...
**     is_called BOOLEAN NOT NULL,      -- ...else the next value
**     setting BIGINT NOT NULL,         -- random; a new one with each write that
**                                      -- sets or changes the sequence
**     _seq_no BIGINT NOT NULL,         -- counts the writes of the sequence
**     CHECK ...
**   );
**
** And what holds for the file:
**
**   CREATE TABLE surrogate_settings(
**     name TEXT NOT NULL PRIMARY KEY,
**     value BIGINT NOT NULL
**   ) WITHOUT ROWID;
**
**   format        1; a release that does not know the number refuses the store
**   store         random: the view of a schema says by it which store it means
**   next_seq_no   _seq_no of the next sequence that is made; no sequence that
**                 was dropped or renamed had one as great
**   primary_term  from 1: see sequences_promote()
**
** Random numbers are below 2^53, which programs in JavaScript read exactly.
**
** The tables must be ordinary ones, without triggers: anything else is
** SQLITE_CORRUPT_VTAB, with a message, as is a row that makes no sense.
**
** ORDER OF WRITES.  What takes two statements is in such an order that the first
** one alone leaves a sound store: a value without a definition is unused, and
** next_seq_no may be greater than need be.
**
** STATEMENTS are prepared when first needed and kept until store_finalize(),
** which is not called while one of them runs.  Rows are read by a function in
** the statement, surrogate_row(), which is quicker than to fetch columns from
** its result, and the state is advanced by another, surrogate_step(), so that
** one statement reads and writes under one lock.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "store.h"

#define STORE_FORMAT 1

const char store_pointer[] = "surrogate_store";

#define STORE_DEFINITION                                         \
  "s.id, s.data_type, s.start_value, s.min_value, s.max_value,"  \
  " s.increment_by, s.cycle, s.cache_size, s.mode, s.owned_by, " \
  "s.is_linked"
#define STORE_STATE "v.last_value, v.is_called, v.setting, v._seq_no"
#define STORE_TERM                               \
  "(SELECT value FROM \"%w\".surrogate_settings" \
  " WHERE name = 'primary_term')"
#define STORE_SELECT                                            \
  "SELECT surrogate_row(?2, " STORE_DEFINITION ", " STORE_STATE \
  ", " STORE_TERM ")"
#define STORE_ROWS                        \
  " FROM \"%w\".surrogate_sequences AS s" \
  " LEFT JOIN \"%w\".surrogate_values AS v ON v.id = s.id"

#define STORE_IS_SAME \
  " WHERE id = ?1 AND _seq_no = ?7 AND last_value = ?5 AND setting = ?6"

/* In the order of STORE_NEXT...; each %w is the schema. */
static const char *const store_sql[STORE_STATEMENTS] = {
    "UPDATE \"%w\".surrogate_values AS v SET"
    " last_value = surrogate_step(?2, " STORE_STATE "),"
    " is_called = 1, _seq_no = _seq_no + 1"
    " WHERE v.id = (SELECT surrogate_row(?2, " STORE_DEFINITION ")"
    " FROM \"%w\".surrogate_sequences AS s WHERE s.name = ?1)",

    STORE_SELECT STORE_ROWS " WHERE s.name = ?1",

    "UPDATE \"%w\".surrogate_values SET last_value = ?2, _seq_no = ?4"
    " WHERE id = ?1 AND _seq_no = ?7",

    "UPDATE \"%w\".surrogate_values SET last_value = ?2, setting = ?3,"
    " _seq_no = ?4 WHERE id = ?1 AND _seq_no = ?7",

    "UPDATE \"%w\".surrogate_values SET last_value = ?2, setting = ?3,"
    " _seq_no = ?4" STORE_IS_SAME,

    "UPDATE \"%w\".surrogate_values SET last_value = ?2, setting = ?3,"
    " _seq_no = ?4, is_called = ?8" STORE_IS_SAME,

    "INSERT INTO \"%w\".surrogate_sequences(name, owned_by, data_type,"
    " start_value, min_value, max_value, increment_by, cycle, cache_size,"
    " mode, is_linked, id)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",

    "INSERT INTO \"%w\".surrogate_values(id, last_value, is_called, setting,"
    " _seq_no) VALUES(?1, ?2, ?3, ?4, ?5)",

    "UPDATE \"%w\".surrogate_sequences SET name = ?2,"
    " data_type = ?3, start_value = ?4, min_value = ?5, max_value = ?6,"
    " increment_by = ?7, cycle = ?8, cache_size = ?9, mode = ?10,"
    " is_linked = ?11 WHERE name = ?1 AND id = ?12",

    "UPDATE \"%w\".surrogate_sequences SET owned_by = ?2, data_type = ?3,"
    " start_value = ?4, min_value = ?5, max_value = ?6, increment_by = ?7,"
    " cycle = ?8, cache_size = ?9, mode = ?10, is_linked = ?11"
    " WHERE name = ?1 AND id = ?12",

    "DELETE FROM \"%w\".surrogate_sequences WHERE name = ?1 AND id = ?2",

    "DELETE FROM \"%w\".surrogate_values WHERE id = ?1",

    "SELECT value FROM \"%w\".surrogate_settings WHERE name = ?1",

    "INSERT OR REPLACE INTO \"%w\".surrogate_settings(name, value)"
    " VALUES(?1, ?2)",

    "UPDATE \"%w\".surrogate_settings SET value = value WHERE 0",

    "PRAGMA \"%w\".schema_version"};

/*
** The tables, one column a line and the constraints behind them, as tools that
** read a schema by regular expressions want it.  Some of these (drizzle-kit) end a
** CHECK at its first closing parenthesis and put it into every table: the comment
** hides ours from them.  A value is an integer if it is itself | 0, which costs
** less than typeof() (line 1 of the benchmark).  %w is the schema.
*/
#define STORE_CHECK "CHECK /* */ "

static const char store_tables[] =
    "CREATE TABLE IF NOT EXISTS \"%w\".surrogate_settings(\n"
    "  name TEXT NOT NULL PRIMARY KEY,\n"
    "  value BIGINT NOT NULL,\n"
    "  " STORE_CHECK "(typeof(value) = 'integer')\n"
    ") WITHOUT ROWID;\n"
    "CREATE TABLE IF NOT EXISTS \"%w\".surrogate_values(\n"
    "  id INTEGER PRIMARY KEY NOT NULL,\n"
    "  last_value BIGINT NOT NULL,\n"
    "  is_called BOOLEAN NOT NULL,\n"
    "  setting BIGINT NOT NULL,\n"
    "  _seq_no BIGINT NOT NULL,\n"
    "  " STORE_CHECK "(last_value = last_value | 0),\n"
    "  " STORE_CHECK "(is_called IN (0, 1)),\n"
    "  " STORE_CHECK "(setting = setting | 0),\n"
    "  " STORE_CHECK "(_seq_no = _seq_no | 0 AND _seq_no >= 0)\n"
    ");\n"
    "INSERT OR IGNORE INTO \"%w\".surrogate_settings(name, value)\n"
    "  VALUES('format', 1), ('store', %lld), ('next_seq_no', 0),\n"
    "  ('primary_term', 1);\n"
    "DELETE FROM \"%w\".surrogate_values WHERE NOT EXISTS\n"
    "  (SELECT 1 FROM \"%w\".sqlite_schema"
    " WHERE name = 'surrogate_sequences');\n"
    "CREATE TABLE IF NOT EXISTS \"%w\".surrogate_sequences(\n"
    "  name TEXT NOT NULL PRIMARY KEY,\n"
    "  data_type TEXT NOT NULL,\n"
    "  start_value BIGINT NOT NULL,\n"
    "  min_value BIGINT NOT NULL,\n"
    "  max_value BIGINT NOT NULL,\n"
    "  increment_by BIGINT NOT NULL,\n"
    "  cycle BOOLEAN NOT NULL,\n"
    "  cache_size BIGINT NOT NULL,\n"
    "  mode TEXT NOT NULL,\n"
    "  owned_by TEXT,\n"
    "  is_linked BOOLEAN NOT NULL,\n"
    "  id BIGINT NOT NULL,\n"
    "  " STORE_CHECK "(typeof(name) = 'text' AND name <> ''),\n"
    "  " STORE_CHECK "(data_type IN ('smallint', 'integer', 'bigint')),\n"
    "  " STORE_CHECK "(typeof(start_value) = 'integer'),\n"
    "  " STORE_CHECK "(typeof(min_value) = 'integer'),\n"
    "  " STORE_CHECK "(typeof(max_value) = 'integer'),\n"
    "  " STORE_CHECK "(min_value < max_value),\n"
    "  " STORE_CHECK "(start_value BETWEEN min_value AND max_value),\n"
    "  " STORE_CHECK "(typeof(increment_by) = 'integer'),\n"
    "  " STORE_CHECK "(increment_by <> 0),\n"
    "  " STORE_CHECK "(cycle IN (0, 1)),\n"
    "  " STORE_CHECK "(typeof(cache_size) = 'integer' AND cache_size > 0),\n"
    "  " STORE_CHECK "(mode IN ('standard', 'gapless', 'virtual')),\n"
    "  " STORE_CHECK "(typeof(owned_by) IN ('text', 'null')),\n"
    "  " STORE_CHECK "(is_linked IN (0, 1)),\n"
    "  " STORE_CHECK "(typeof(id) = 'integer' AND id > 0)\n"
    ") WITHOUT ROWID";

static const char *const store_names[] = {
    "surrogate_sequences", "surrogate_values", "surrogate_settings"};

/**** Errors *************************************************************/

int store_malformed(Store *store, const char *why) {
  return error_set(&store->host->error, SQLITE_CORRUPT_VTAB,
                   "the sequence store of schema \"%s\" is malformed: %s",
                   store->schema, why);
}

/*
** An error of SQLite, as ours.  One of the statement's functions may have
** set a message already.
*/
static int store_failed(Store *store, int rc) {
  Error *error = &store->host->error;
  if (rc == SQLITE_OK || error->rc != SQLITE_OK) return error->rc;
  return error_from_db(error, store->host->db, rc);
}

/**** Statements *********************************************************/

void store_init(Store *store, StoreHost *host, const char *schema) {
  memset(store, 0, sizeof *store);
  store->host = host;
  store->schema = sqlite3_mprintf("%s", schema);
  store->is_main = sqlite3_stricmp(schema, "main") == 0;
}

/* Finalize the statements of a store, none of which runs. */
void store_finalize(Store *store) {
  for (int i = 0; i < STORE_STATEMENTS; i++) {
    sqlite3_finalize(store->stmts[i]);
    store->stmts[i] = 0;
  }
  store->is_checked = 0;
}

/* Free what a store owns. */
void store_free(Store *store) {
  store_finalize(store);
  owner_forget(store);
  hash_clear(&store->owners.calls, 1);
  sqlite3_free(store->owned_by);
  sqlite3_free(store->schema);
}

/*
** Whether the schema has a store, as far as the connection knows: another one
** may have made or dropped it, see store_refresh().
*/
int store_exists(Store *store, int *exists) {
  int rc = sqlite3_table_column_metadata(store->host->db, store->schema,
                                         store_names[0], 0, 0, 0, 0, 0, 0);
  *exists = rc == SQLITE_OK;
  if (rc == SQLITE_OK || rc == SQLITE_ERROR) return SQLITE_OK;
  return store_failed(store, rc);
}

/* Have SQLite look whether another connection has changed the schema. */
int store_refresh(Store *store) {
  char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\".sqlite_schema LIMIT 1",
                              store->schema);
  int rc = sql ? sqlite3_exec(store->host->db, sql, 0, 0, 0) : SQLITE_NOMEM;
  sqlite3_free(sql);
  return rc == SQLITE_AUTH ? SQLITE_OK : rc;
}

/*
** Step a statement.  What runs in it must not come back to a store, or to
** whatever else finalizes: host->is_stepping says so.
*/
int store_step(Store *store, sqlite3_stmt *stmt) {
  StoreHost *host = store->host;
  int rc;
  assert(!host->is_stepping); /* session_enter() has looked */
  host->is_stepping = 1;
  rc = sqlite3_step(stmt);
  host->is_stepping = 0;
  if (rc == SQLITE_ROW || rc == SQLITE_DONE) return rc;
  return store_failed(store, rc);
}

/* Prepare SQL, a format in which each %w is the schema. */
int store_prepare(Store *store, sqlite3_stmt **stmt, const char *format, ...) {
  va_list args;
  char *text;
  int rc;
  *stmt = 0;
  va_start(args, format);
  text = sqlite3_vmprintf(format, args);
  va_end(args);
  if (text == 0) return error_set(&store->host->error, SQLITE_NOMEM, 0);
  rc = sqlite3_prepare_v3(store->host->db, text, -1, SQLITE_PREPARE_PERSISTENT,
                          stmt, 0);
  sqlite3_free(text);
  return store_failed(store, rc);
}

/* Run SQL that gives no row, formatted as by sqlite3_mprintf(). */
int store_exec(Store *store, const char *format, ...) {
  StoreHost *host = store->host;
  va_list args;
  char *text;
  int rc;
  assert(!host->is_stepping);
  va_start(args, format);
  text = sqlite3_vmprintf(format, args);
  va_end(args);
  if (text == 0) return error_set(&host->error, SQLITE_NOMEM, 0);
  host->is_stepping = 1;
  rc = sqlite3_exec(host->db, text, 0, 0, 0);
  host->is_stepping = 0;
  sqlite3_free(text);
  return store_failed(store, rc);
}

/* The store has that format. */
static int store_check_format(Store *store, int64_t format) {
  if (format == STORE_FORMAT) return SQLITE_OK;
  if (format == INT64_MIN) {
    return store_malformed(store, "the setting \"format\" is missing");
  }
  return error_set(&store->host->error, SQLITE_ERROR,
                   "the sequence store of schema \"%s\" has format %lld, but"
                   " this version of Surrogate reads format %d",
                   store->schema, (sqlite3_int64)format, STORE_FORMAT);
}

/* What is wrong with an object of that type on one of the store's tables. */
static const char *store_bad_object(const char *type, int root) {
  if (strcmp(type, "trigger") == 0) return "one of its tables has a trigger";
  if (strcmp(type, "view") == 0) return "one of its tables is a view";
  if (root == 0) return "one of its tables is a virtual table";
  return 0;
}

/* Objects of the schema, then settings; each %w is the schema. */
#define STORE_OBJECTS                                                     \
  "SELECT type, tbl_name, rootpage FROM \"%w\".sqlite_schema"             \
  " WHERE type <> 'index' AND tbl_name LIKE 'surrogate\\_%%' ESCAPE '\\'" \
  " OR type = 'view' AND sql LIKE '%%surrogate\\_values%%' ESCAPE '\\'"

static const char store_objects[] = STORE_OBJECTS;
static const char store_objects_and_settings[] =
    STORE_OBJECTS " UNION ALL SELECT 'setting', name, value"
                  " FROM \"%w\".surrogate_settings"
                  " WHERE name IN ('format', 'store')";

/* What a row of these says: *n_table counts tables, *format is the setting. */
static int store_check_row(Store *store, sqlite3_stmt *stmt, int *n_table,
                           int64_t *format) {
  const char *type = (const char *)sqlite3_column_text(stmt, 0);
  const char *name = (const char *)sqlite3_column_text(stmt, 1);
  const char *why = 0;
  int i = 0;
  if (type == 0 || name == 0) return SQLITE_NOMEM;
  if (strcmp(type, "setting") == 0) {
    int64_t value = sqlite3_column_int64(stmt, 2);
    if (strcmp(name, "format") == 0) {
      *format = value;
    } else {
      store->number = value;
    }
    return SQLITE_OK;
  }
  while (i < 3 && sqlite3_stricmp(name, store_names[i]) != 0)
    i++;
  if (i < 3) {
    ++*n_table;
    why = store_bad_object(type, sqlite3_column_int(stmt, 2));
  } else if (strcmp(type, "view") == 0) {
    store->has_view = 1;
  }
  return why ? store_malformed(store, why) : SQLITE_OK;
}

/*
** Check, by one of these queries, that the tables of a store are ordinary ones,
** without triggers, and whether a view reads them.  SQLITE_NOTFOUND if there are
** none.
*/
static int store_check_by(Store *store, const char *query) {
  sqlite3_stmt *stmt;
  int64_t format = INT64_MIN; /* there is none */
  int n_table = 0;
  int rc = store_prepare(store, &stmt, query, store->schema, store->schema);

  store->has_view = 0;
  while (rc == SQLITE_OK && (rc = store_step(store, stmt)) == SQLITE_ROW) {
    rc = store_check_row(store, stmt, &n_table, &format);
  }
  sqlite3_finalize(stmt);
  if (rc != SQLITE_DONE) return rc;
  if (n_table == 0) return SQLITE_NOTFOUND; /* another connection dropped it */
  if (n_table < 3) {
    return store_malformed(store, "one of its tables is missing");
  }
  return query == store_objects ? SQLITE_OK : store_check_format(store, format);
}

/*
** Check a store whose schema is, or may be, another one than before.  If the
** settings cannot be read, the objects may tell why.  If an authorizer does not
** allow to look, the store is taken to be sound.
*/
static int store_check_schema(Store *store) {
  Error *error = &store->host->error;
  int rc = store_check_by(store, store_objects_and_settings);
  if (rc == SQLITE_ERROR && store->host->error.rc == SQLITE_ERROR) {
    Error first = *error;
    int why;
    memset(error, 0, sizeof *error);
    why = store_check_by(store, store_objects);
    if (why == SQLITE_OK) {
      *error = first;
    } else {
      error_clear(&first);
      rc = why;
    }
  }
  if (rc == SQLITE_AUTH) {
    error_clear(error);
    store->has_view = 1;
    store->number = 0;
    rc = SQLITE_OK;
  }
  store->is_checked = rc == SQLITE_OK;
  return rc;
}

/* The number of a store that was used: it is the setting "store". */
int store_number(Store *store, int64_t *number) {
  sqlite3_stmt *stmt;
  int rc = store_statement(store, STORE_LOCK, &stmt);
  *number = store->number;
  if (rc == SQLITE_OK && *number == 0) rc = store_get(store, "store", number);
  return rc;
}

/*
** A statement failed with an error that the schema may explain: if the store is not
** what it should be, that is the error.
*/
static int store_explain(Store *store, int rc) {
  Error *error = &store->host->error;
  Error first = *error;
  int checked;
  memset(error, 0, sizeof *error);
  checked = store_check_schema(store);
  if (checked != SQLITE_OK) {
    error_clear(&first);
    return checked;
  }
  *error = first;
  return rc;
}

/*
** A statement was run, with that result, and reset.  If SQLite had to prepare it
** again the schema is checked; if it failed since the store is no longer there,
** the result is SQLITE_NOTFOUND.
*/
static int store_ran(Store *store, sqlite3_stmt *stmt, int rc) {
  int exists = 1;
  if (stmt && sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_REPREPARE, 1)) {
    store->is_checked = 0;
  }
  if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
    int checked = store->is_checked ? SQLITE_OK : store_check_schema(store);
    return checked == SQLITE_OK ? rc : checked;
  }
  if (rc != SQLITE_ERROR) return rc;
  if (store_exists(store, &exists) == SQLITE_OK && !exists) {
    error_clear(&store->host->error);
    store->is_checked = 0;
    return SQLITE_NOTFOUND;
  }
  return store_explain(store, rc);
}

/*
** Take the write lock of a store that is not checked, in a transaction, before its
** schema is read: SQLite does not wait for the lock of who has read.  What is wrong
** with the tables is left to the check.
*/
static int store_lock_unchecked(Store *store) {
  sqlite3_stmt *stmt;
  int rc = store_prepare(store, &stmt, store_sql[STORE_LOCK], store->schema);
  if (rc == SQLITE_OK) rc = store_step(store, stmt);
  sqlite3_finalize(stmt);
  switch (rc & 0xff) {
    case SQLITE_ERROR:
    case SQLITE_AUTH:
    case SQLITE_READONLY: error_clear(&store->host->error); break;
    case SQLITE_DONE: break;
    default: return rc; /* SQLite may have rolled the transaction back */
  }
  return SQLITE_OK;
}

/*
** Get a statement, prepared and reset.  SQLITE_NOTFOUND, without a message, if
** the schema has no store.
*/
int store_statement(Store *store, int which, sqlite3_stmt **stmt) {
  int exists = 1;
  int rc = SQLITE_OK;
  *stmt = store->stmts[which];
  if (*stmt && store->is_checked) return SQLITE_OK;
  if (which != STORE_COOKIE) { /* the schema may be another one */
    rc = store_exists(store, &exists);
    if (rc == SQLITE_OK && !exists) return SQLITE_NOTFOUND;
    if (rc == SQLITE_OK && which != STORE_READ && which != STORE_GET &&
        sqlite3_get_autocommit(store->host->db) == 0) {
      rc = store_lock_unchecked(store);
    }
    if (rc == SQLITE_OK) rc = store_check_schema(store);
  }
  if (rc == SQLITE_OK && *stmt == 0) {
    rc = store_prepare(store, stmt, store_sql[which], store->schema,
                       store->schema, store->schema);
    store->stmts[which] = *stmt;
    if (rc != SQLITE_OK) rc = store_ran(store, 0, rc);
  }
  return rc;
}

/*
** Run a statement that was bound (rc says whether it could be) and reset it:
** SQLITE_ROW or SQLITE_DONE after its first step, or as store_ran().  *changes,
** unless NULL, is the number of rows that it wrote.
*/
static int store_run(Store *store, sqlite3_stmt *stmt, int rc, int *changes) {
  if (rc == SQLITE_OK) {
    rc = store_step(store, stmt);
    if (rc == SQLITE_DONE && changes) {
      *changes = sqlite3_changes(store->host->db);
    }
  } else {
    rc = store_failed(store, rc);
  }
  sqlite3_reset(stmt);
  return store_ran(store, stmt, rc);
}

/* Run a statement that is to write one row. */
static int store_write(Store *store, sqlite3_stmt *stmt, int rc) {
  int changes = 0;
  store->host->writes++;
  rc = store_run(store, stmt, rc, &changes);
  if (rc != SQLITE_DONE) return rc;
  return changes ? SQLITE_OK : store_malformed(store, "a row is missing");
}

static int store_bind_name(sqlite3_stmt *stmt, int i, const char *name,
                           size_t n) {
  return sqlite3_bind_text64(stmt, i, name, n, SQLITE_STATIC, SQLITE_UTF8);
}

/**** Rows, read within the statements ***********************************/

/* An argument that must be an integer. */
static int64_t store_integer(sqlite3_value *value, int *is_bad) {
  if (sqlite3_value_type(value) != SQLITE_INTEGER) *is_bad = 1;
  return sqlite3_value_int64(value);
}

/* Read owned_by into the store's memory. */
static int store_read_owner(Store *store, SeqRow *row, sqlite3_value *value) {
  int type = sqlite3_value_type(value); /* before it becomes text */
  const char *text;
  size_t n;
  row->is_owned = type != SQLITE_NULL;
  if (!row->is_owned) {
    row->is_linked = 0;
    return SQLITE_OK;
  }
  text = (const char *)sqlite3_value_text(value);
  if (text == 0) return error_set(&store->host->error, SQLITE_NOMEM, 0);
  n = (size_t)sqlite3_value_bytes(value);
  if (type != SQLITE_TEXT || !owner_is_valid(text, n)) {
    return store_malformed(store, "an owner is not a column");
  }
  if (n + 1 > store->n_owned_by) {
    char *larger = sqlite3_realloc64(store->owned_by, n + 1);
    if (larger == 0) return error_set(&store->host->error, SQLITE_NOMEM, 0);
    store->owned_by = larger;
    store->n_owned_by = n + 1;
  }
  memcpy(store->owned_by, text, n);
  store->owned_by[n] = 0;
  return SQLITE_OK;
}

enum {
  ROW_ID,
  ROW_TYPE,
  ROW_START,
  ROW_MIN,
  ROW_MAX,
  ROW_INCREMENT,
  ROW_CYCLE,
  ROW_CACHE,
  ROW_MODE,
  ROW_OWNED_BY,
  ROW_IS_LINKED,
  ROW_STATE
};
enum {
  STATE_LAST_VALUE,
  STATE_IS_CALLED,
  STATE_SETTING,
  STATE_SEQ_NO,
  STATE_TERM
};

/* Read a definition: STORE_DEFINITION. */
static int store_read_definition(StoreRead *read, sqlite3_value **argv) {
  SeqRow *row = &read->row;
  SeqDef *def = &row->def;
  const char *type = (const char *)sqlite3_value_text(argv[ROW_TYPE]);
  const char *mode = (const char *)sqlite3_value_text(argv[ROW_MODE]);
  int is_bad = 0;

  if (type == 0 || mode == 0) {
    return store_malformed(read->store, "a definition has a NULL");
  }
  row->id = store_integer(argv[ROW_ID], &is_bad);
  def->data_type = definition_type_from_name(
      type, (size_t)sqlite3_value_bytes(argv[ROW_TYPE]));
  def->start_value = store_integer(argv[ROW_START], &is_bad);
  def->min_value = store_integer(argv[ROW_MIN], &is_bad);
  def->max_value = store_integer(argv[ROW_MAX], &is_bad);
  def->increment_by = store_integer(argv[ROW_INCREMENT], &is_bad);
  def->cycle = store_integer(argv[ROW_CYCLE], &is_bad) != 0;
  def->cache_size = store_integer(argv[ROW_CACHE], &is_bad);
  def->mode = definition_mode_from_name(
      mode, (size_t)sqlite3_value_bytes(argv[ROW_MODE]));
  row->is_linked = store_integer(argv[ROW_IS_LINKED], &is_bad) != 0;
  read->is_read = 1;
  if (is_bad) {
    return store_malformed(read->store, "a number is not an integer");
  }
  return store_read_owner(read->store, row, argv[ROW_OWNED_BY]);
}

/* Read a state, STORE_STATE, and check it with the definition. */
static int store_read_state(StoreRead *read, sqlite3_value **argv) {
  SeqRow *row = &read->row;
  char message[SEQ_MESSAGE_SIZE];
  int is_bad = 0;

  row->state.last_value = store_integer(argv[STATE_LAST_VALUE], &is_bad);
  row->state.is_called = store_integer(argv[STATE_IS_CALLED], &is_bad) != 0;
  row->setting = store_integer(argv[STATE_SETTING], &is_bad);
  row->seq_no = store_integer(argv[STATE_SEQ_NO], &is_bad);
  read->has_state = 1;
  if (is_bad) {
    return store_malformed(read->store, "a number is not an integer");
  }
  if (row->seq_no < 0 || row->seq_no >= INT64_MAX - 1) {
    return store_malformed(read->store, "_seq_no is out of range");
  }
  if (definition_check(&row->def, &row->state, message) != SEQ_OK) {
    return store_malformed(read->store, message);
  }
  return SQLITE_OK;
}

/* Get the StoreRead of a call; NULL, with the error reported, if it is not ours. */
static StoreRead *store_get_read(sqlite3_context *context,
                                 sqlite3_value *value) {
  StoreRead *read = sqlite3_value_pointer(value, store_pointer);
  if (read == 0) {
    sqlite3_result_error(context,
                         "only the sequence store calls surrogate_row()"
                         " and surrogate_step()",
                         -1);
  }
  return read;
}

/* Fail the statement; the message is in the host's error. */
static void store_result_failed(sqlite3_context *context, int rc) {
  sqlite3_result_error(context, "the sequence store cannot be read", -1);
  sqlite3_result_error_code(context, rc);
}

/*
** surrogate_row(pointer, definition [, state, term]): read a row.  The result is
** its id, or NULL if the sequence has no state, being virtual.
*/
static void store_row_func(sqlite3_context *context, int argc,
                           sqlite3_value **argv) {
  StoreRead *read = store_get_read(context, argv[0]);
  int rc;
  if (read == 0) return;
  argv++;
  rc = store_read_definition(read, argv);
  if (rc == SQLITE_OK && argc > 1 + ROW_STATE) {
    if (sqlite3_value_type(argv[ROW_STATE]) == SQLITE_NULL) {
      rc = store_malformed(read->store, "a sequence has no value");
    } else {
      rc = store_read_state(read, argv + ROW_STATE);
    }
    read->term = sqlite3_value_int64(argv[ROW_STATE + STATE_TERM]);
    if (rc == SQLITE_OK && read->term < 1) {
      rc = store_malformed(read->store, "the primary term is out of range");
    }
  }
  if (rc != SQLITE_OK) {
    store_result_failed(context, rc);
  } else if (read->row.def.mode != SEQ_VIRTUAL || argc > 1 + ROW_STATE) {
    sqlite3_result_int64(context, read->row.id);
  }
}

/*
** surrogate_step(pointer, state): advance a sequence whose definition was just
** read.  The result is the last value to be stored.
*/
static void store_step_func(sqlite3_context *context, int argc,
                            sqlite3_value **argv) {
  StoreRead *read = store_get_read(context, argv[0]);
  int rc;
  UNUSED(argc);
  if (read == 0) return;
  if (sqlite3_stmt_status(read->store->stmts[STORE_NEXT],
                          SQLITE_STMTSTATUS_REPREPARE, 0)) {
    read->is_reprepared = 1; /* the schema is to be checked first */
    store_result_failed(context, SQLITE_SCHEMA);
    return;
  }
  rc = store_read_state(read, argv + 1);
  if (rc == SQLITE_OK) rc = read->step(read->data, &read->row);
  if (rc == SQLITE_OK) {
    sqlite3_result_int64(context, read->row.state.last_value);
  } else {
    store_result_failed(context, rc);
  }
}

/* Register the functions that the statements call. */
int store_register(sqlite3 *db) {
  static const int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY;
  static const int row_args[] = {1 + ROW_STATE, 2 + ROW_STATE + STATE_TERM};
  int rc = SQLITE_OK;
  for (size_t i = 0; rc == SQLITE_OK && i < 2; i++) {
    rc = sqlite3_create_function_v2(db, "surrogate_row", row_args[i], flags, 0,
                                    store_row_func, 0, 0, 0);
  }
  if (rc != SQLITE_OK) return rc;
  return sqlite3_create_function_v2(db, "surrogate_step", 5, flags, 0,
                                    store_step_func, 0, 0, 0);
}

static void store_begin_read(Store *store, StoreRead *read) {
  read->store = store;
  read->is_read = 0;
  read->has_state = 0;
  read->is_reprepared = 0;
}

/*
** Advance a sequence by read->step(), which gets the row as it is and changes
** its state, or fails: then nothing is written.  One statement reads and writes
** under the lock of the file.  SQLITE_OK with read->row as it was written;
** SQLITE_NOTFOUND if there is no such sequence, or, with read->is_read, if it is
** virtual and so has no state.
*/
int store_next(Store *store, const char *name, size_t n, StoreRead *read) {
  for (int attempt = 0;; attempt++) {
    sqlite3_stmt *stmt;
    int changes = 0;
    int rc = store_statement(store, STORE_NEXT, &stmt);

    store_begin_read(store, read);
    if (rc != SQLITE_OK) return rc;
    rc = store_bind_name(stmt, 1, name, n);
    if (rc == SQLITE_OK) {
      rc = sqlite3_bind_pointer(stmt, 2, read, store_pointer, 0);
    }
    rc = store_run(store, stmt, rc, &changes);
    if (read->is_reprepared && attempt == 0) {
      error_clear(&store->host->error);
      continue;
    }
    if (rc != SQLITE_DONE) return rc;
    if (changes) {
      read->row.seq_no++;
      return SQLITE_OK;
    }
    if (read->is_read && read->row.def.mode != SEQ_VIRTUAL) {
      return store_malformed(store, "a sequence has no value");
    }
    return SQLITE_NOTFOUND;
  }
}

/*
** Read a sequence, and the primary term.  SQLITE_NOTFOUND if there is none.
** Its owner, as it was noted, is store->owned_by until the next read.
*/
int store_read(Store *store, const char *name, size_t n, StoreRead *read) {
  sqlite3_stmt *stmt;
  int rc = store_statement(store, STORE_READ, &stmt);

  store_begin_read(store, read);
  if (rc != SQLITE_OK) return rc;
  rc = store_bind_name(stmt, 1, name, n);
  if (rc == SQLITE_OK) {
    rc = sqlite3_bind_pointer(stmt, 2, read, store_pointer, 0);
  }
  rc = store_run(store, stmt, rc, 0);
  if (rc == SQLITE_ROW) return SQLITE_OK;
  return rc == SQLITE_DONE ? SQLITE_NOTFOUND : rc;
}

/**** Writing ************************************************************/

/*
** Write the state of a sequence if it is what it is thought to be, setting and
** _seq_no included (is_called cannot be another one then): else *is_done is 0, and
** nothing was written.  is_sure: nobody can have written the row since, so that
** _seq_no alone is compared, which takes less time.
*/
int store_swap(Store *store, const SeqRow *old, const SeqRow *now, int is_sure,
               int *is_done) {
  int is_called = old->state.is_called && now->state.is_called;
  int which = !is_called                     ? STORE_SWAP_CALLED
              : !is_sure                     ? STORE_SWAP
              : now->setting == old->setting ? STORE_ADVANCE
                                             : STORE_SET_SURE;
  sqlite3_stmt *stmt;
  int rc = store_statement(store, which, &stmt);

  *is_done = 0;
  if (rc != SQLITE_OK) return rc;
  sqlite3_bind_int64(stmt, 1, old->id);
  sqlite3_bind_int64(stmt, 2, now->state.last_value);
  sqlite3_bind_int64(stmt, 4, now->seq_no);
  rc = sqlite3_bind_int64(stmt, 7, old->seq_no);
  if (which != STORE_ADVANCE) sqlite3_bind_int64(stmt, 3, now->setting);
  if (!is_sure || !is_called) {
    sqlite3_bind_int64(stmt, 5, old->state.last_value);
    sqlite3_bind_int64(stmt, 6, old->setting);
  }
  if (!is_called) sqlite3_bind_int(stmt, 8, now->state.is_called);
  rc = store_run(store, stmt, rc, is_done);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Bind a definition: parameters 3 to 12. */
static int store_bind_definition(sqlite3_stmt *stmt, const SeqRow *row) {
  const SeqDef *def = &row->def;
  sqlite3_bind_text(stmt, 3, definition_type_name(def->data_type), -1,
                    SQLITE_STATIC);
  sqlite3_bind_int64(stmt, 4, def->start_value);
  sqlite3_bind_int64(stmt, 5, def->min_value);
  sqlite3_bind_int64(stmt, 6, def->max_value);
  sqlite3_bind_int64(stmt, 7, def->increment_by);
  sqlite3_bind_int(stmt, 8, def->cycle);
  sqlite3_bind_int64(stmt, 9, def->cache_size);
  sqlite3_bind_text(stmt, 10, definition_mode_name(def->mode), -1,
                    SQLITE_STATIC);
  sqlite3_bind_int(stmt, 11, row->is_linked);
  return sqlite3_bind_int64(stmt, 12, row->id);
}

/* Write a new sequence, whose name is free.  last_insert_rowid() stays. */
int store_insert(Store *store, const char *name, size_t n, const SeqRow *row,
                 const char *owned_by) {
  sqlite3 *db = store->host->db;
  sqlite3_int64 rowid = sqlite3_last_insert_rowid(db);
  sqlite3_stmt *stmt;
  int rc = store_statement(store, STORE_INSERT_VALUE, &stmt);

  if (rc == SQLITE_OK) {
    sqlite3_bind_int64(stmt, 1, row->id);
    sqlite3_bind_int64(stmt, 2, row->state.last_value);
    sqlite3_bind_int(stmt, 3, row->state.is_called);
    sqlite3_bind_int64(stmt, 4, row->setting);
    rc = sqlite3_bind_int64(stmt, 5, row->seq_no);
    rc = store_write(store, stmt, rc);
    sqlite3_set_last_insert_rowid(db, rowid);
  }
  if (rc == SQLITE_OK) rc = store_statement(store, STORE_INSERT, &stmt);
  if (rc != SQLITE_OK) return rc;
  rc = store_bind_name(stmt, 1, name, n);
  if (rc == SQLITE_OK) {
    rc = sqlite3_bind_text(stmt, 2, owned_by, -1, SQLITE_STATIC);
  }
  if (rc == SQLITE_OK) rc = store_bind_definition(stmt, row);
  return store_write(store, stmt, rc);
}

/*
** Write the definition of a sequence, and its name, which may be a new one: a
** definition that has it goes.
*/
int store_define(Store *store, const char *name, size_t n, const char *new_name,
                 size_t n_new, const SeqRow *row) {
  sqlite3_stmt *stmt;
  int rc = store_statement(store, STORE_DEFINE, &stmt);
  if (rc != SQLITE_OK) return rc;
  rc = store_bind_name(stmt, 1, name, n);
  if (rc == SQLITE_OK) rc = store_bind_name(stmt, 2, new_name, n_new);
  if (rc == SQLITE_OK) rc = store_bind_definition(stmt, row);
  return store_write(store, stmt, rc);
}

/* Write the definition of a sequence and its owner, which is NULL for none. */
int store_set_owner(Store *store, const char *name, size_t n, const SeqRow *row,
                    const char *owned_by) {
  sqlite3_stmt *stmt;
  int rc = store_statement(store, STORE_DEFINE_OWNED, &stmt);
  if (rc != SQLITE_OK) return rc;
  rc = store_bind_name(stmt, 1, name, n);
  if (rc == SQLITE_OK) {
    rc = sqlite3_bind_text(stmt, 2, owned_by, -1, SQLITE_STATIC);
  }
  if (rc == SQLITE_OK) rc = store_bind_definition(stmt, row);
  return store_write(store, stmt, rc);
}

/* Remove a sequence: its definition unless the name is NULL, and its value. */
int store_delete(Store *store, const char *name, size_t n, int64_t id) {
  sqlite3_stmt *stmt;
  int rc = SQLITE_OK;
  if (name) {
    rc = store_statement(store, STORE_DELETE, &stmt);
    if (rc != SQLITE_OK) return rc;
    rc = store_bind_name(stmt, 1, name, n);
    if (rc == SQLITE_OK) rc = sqlite3_bind_int64(stmt, 2, id);
    rc = store_write(store, stmt, rc);
  }
  if (rc == SQLITE_OK) rc = store_statement(store, STORE_DELETE_VALUE, &stmt);
  if (rc != SQLITE_OK) return rc;
  rc = store_run(store, stmt, sqlite3_bind_int64(stmt, 1, id), 0);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Read a setting of the file that is an integer, from 0. */
int store_get(Store *store, const char *setting, int64_t *value) {
  sqlite3_stmt *stmt;
  int is_integer = 0;
  int rc = store_statement(store, STORE_GET, &stmt);

  if (rc != SQLITE_OK) return rc;
  rc = sqlite3_bind_text(stmt, 1, setting, -1, SQLITE_STATIC);
  if (rc == SQLITE_OK) rc = store_step(store, stmt);
  if (rc == SQLITE_ROW) {
    *value = sqlite3_column_int64(stmt, 0);
    is_integer = sqlite3_column_type(stmt, 0) == SQLITE_INTEGER;
  }
  sqlite3_reset(stmt);
  rc = store_ran(store, stmt, rc);
  if (rc == SQLITE_DONE) return store_malformed(store, "a setting is missing");
  if (rc != SQLITE_ROW) return rc;
  if (is_integer && *value >= 0 && *value < INT64_MAX) return SQLITE_OK;
  return store_malformed(store, "a setting is not an integer in range");
}

/* Write a setting of the file.  last_insert_rowid() stays. */
int store_set(Store *store, const char *setting, int64_t value) {
  sqlite3_stmt *stmt;
  int rc = store_statement(store, STORE_SET, &stmt);
  if (rc != SQLITE_OK) return rc;
  rc = sqlite3_bind_text(stmt, 1, setting, -1, SQLITE_STATIC);
  if (rc == SQLITE_OK) rc = sqlite3_bind_int64(stmt, 2, value);
  return store_write(store, stmt, rc);
}

/*
** Take the write lock of the store, which is held if a transaction is open: so
** that what is read first is written in the same transaction, and SQLite waits for
** the lock.  Hence nothing is read before, not even to check the store.
*/
int store_lock(Store *store) {
  sqlite3_stmt *stmt = store->stmts[STORE_LOCK];
  int rc = SQLITE_OK;
  if (stmt == 0) {
    int exists;
    rc = store_exists(store, &exists);
    if (rc != SQLITE_OK || !exists) return rc;
    rc = store_prepare(store, &stmt, store_sql[STORE_LOCK], store->schema);
    store->stmts[STORE_LOCK] = stmt;
    if (rc == SQLITE_ERROR) rc = store_explain(store, rc);
    if (rc != SQLITE_OK) return rc;
  }
  rc = store_run(store, stmt, rc, 0);
  return rc == SQLITE_DONE || rc == SQLITE_NOTFOUND ? SQLITE_OK : rc;
}

/*
** Make the tables of a store, unless another connection made them before this one
** got the lock.  last_insert_rowid() stays.
*/
int store_create(Store *store) {
  sqlite3 *db = store->host->db;
  sqlite3_int64 rowid = sqlite3_last_insert_rowid(db);
  sqlite3_int64 random;
  int rc;
  sqlite3_randomness(sizeof random, &random);
  random &= (INT64_C(1) << 53) - 1;
  rc = store_exec(store, store_tables, store->schema, store->schema,
                  store->schema, random, store->schema, store->schema,
                  store->schema);
  sqlite3_set_last_insert_rowid(db, rowid);
  return rc;
}

/**** Scans **************************************************************/

/*
** Begin a scan over all sequences, up or down by name, or over those that have
** an owner.  To be closed in any case.  SQLITE_NOTFOUND if there is no store.
*/
int store_scan_open(Store *store, int order, StoreScan *scan) {
  static const char *const orders[] = {
      " WHERE s.name > ?1 ORDER BY s.name",
      " WHERE s.name < ?1 ORDER BY s.name DESC",
      " WHERE s.owned_by IS NOT NULL AND s.name > ?1 ORDER BY s.name"};
  char *text;
  int exists;
  int rc = store_exists(store, &exists);

  memset(scan, 0, sizeof *scan);
  scan->store = store;
  if (rc == SQLITE_OK && !exists) return SQLITE_NOTFOUND;
  if (rc == SQLITE_OK && !store->is_checked) rc = store_check_schema(store);
  if (rc != SQLITE_OK) return rc;
  store_begin_read(store, &scan->read);
  text = sqlite3_mprintf(STORE_SELECT ", s.name" STORE_ROWS "%s", store->schema,
                         store->schema, store->schema, orders[order]);
  if (text == 0) return error_set(&store->host->error, SQLITE_NOMEM, 0);
  rc = sqlite3_prepare_v2(store->host->db, text, -1, &scan->stmt, 0);
  sqlite3_free(text);
  if (rc == SQLITE_OK) {
    rc = sqlite3_bind_pointer(scan->stmt, 2, &scan->read, store_pointer, 0);
  }
  if (rc == SQLITE_OK && order == STORE_SCAN_DOWN) {
    rc = sqlite3_bind_zeroblob(scan->stmt, 1, 0); /* behind all text */
  } else if (rc == SQLITE_OK) {
    rc = sqlite3_bind_text(scan->stmt, 1, "", 0, SQLITE_STATIC); /* before */
  }
  return store_failed(store, rc);
}

/*
** Begin again behind the last name: SQLite may lose its place in a WITHOUT ROWID
** table when the row there is written.
*/
static int store_scan_again(StoreScan *scan) {
  int rc;
  char *name = sqlite3_malloc64(scan->n + 1);
  if (name == 0) return SQLITE_NOMEM; /* no memory */
  memcpy(name, scan->name, scan->n);
  sqlite3_reset(scan->stmt);
  rc = sqlite3_bind_text64(scan->stmt, 1, name, scan->n, sqlite3_free,
                           SQLITE_UTF8);
  return rc;
}

/*
** Step a scan: SQLITE_ROW with scan->read.row and scan->name, valid until the
** next step, or SQLITE_DONE.
*/
int store_scan_next(StoreScan *scan) {
  Store *store = scan->store;
  int rc = SQLITE_OK;
  if (scan->name && scan->writes != store->host->writes) {
    rc = store_failed(store, store_scan_again(scan));
  }
  scan->writes = store->host->writes;
  store_begin_read(store, &scan->read);
  if (rc == SQLITE_OK) rc = store_step(store, scan->stmt);
  scan->name = 0;
  if (rc != SQLITE_ROW) return rc;
  scan->name = (const char *)sqlite3_column_text(scan->stmt, 1);
  scan->n = (size_t)sqlite3_column_bytes(scan->stmt, 1);
  if (scan->name == 0) return error_set(&store->host->error, SQLITE_NOMEM, 0);
  return SQLITE_ROW;
}

/* The statement of a scan runs in no other, so it may be finalized. */
void store_scan_close(StoreScan *scan) {
  sqlite3_finalize(scan->stmt);
  memset(scan, 0, sizeof *scan);
}

/*
** Find the name of the sequence of that id, by a scan: *name, to be freed, or
** NULL if there is none.
*/
int store_find_id(Store *store, int64_t id, char **name, size_t *n) {
  StoreScan scan;
  int rc = store_scan_open(store, STORE_SCAN_UP, &scan);
  *name = 0;
  while (rc == SQLITE_OK && *name == 0) {
    rc = store_scan_next(&scan);
    if (rc != SQLITE_ROW) break;
    rc = SQLITE_OK;
    if (scan.read.row.id != id) continue;
    *n = scan.n;
    *name = sqlite3_mprintf("%.*s", (int)scan.n, scan.name);
    /* no memory */
    if (*name == 0) rc = error_set(&store->host->error, SQLITE_NOMEM, 0);
  }
  store_scan_close(&scan);
  return rc == SQLITE_DONE || rc == SQLITE_NOTFOUND ? SQLITE_OK : rc;
}

/**** The view ***********************************************************/

#define STORE_NEW_COLUMNS                                       \
  "NEW.name, NEW.last_value, NEW.data_type, NEW.start_value,"   \
  " NEW.min_value, NEW.max_value, NEW.increment_by, NEW.cycle," \
  " NEW.cache_size, NEW.mode, NEW.owned_by, NULL, NEW._seq_no," \
  " NEW._primary_term"
#define STORE_ID "(SELECT value FROM surrogate_settings WHERE name = 'store')"

/* Whether the schema has the view. */
int store_view_exists(Store *store, int *exists) {
  sqlite3_stmt *stmt;
  int rc =
      store_prepare(store, &stmt,
                    "SELECT 1 FROM \"%w\".sqlite_schema WHERE type = 'view' AND"
                    " name = 'sequences' COLLATE nocase AND"
                    " sql LIKE '%%surrogate\\_values%%' ESCAPE '\\'",
                    store->schema);
  if (rc == SQLITE_OK) rc = store_step(store, stmt);
  *exists = rc == SQLITE_ROW;
  sqlite3_finalize(stmt);
  return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/*
** The statements that make the view "sequences" of a schema, which shows its
** sequences to whoever reads the file, and through which they are written, with
** RETURNING: to be freed; NULL without memory.  The triggers only call a
** function, so that whoever has it not can alter the schema.
*/
char *store_view_sql(const char *schema) {
  return sqlite3_mprintf(
      "CREATE VIEW \"%w\".sequences AS\n"
      "SELECT s.name AS name,"
      " (SELECT v.last_value WHERE v.is_called) AS last_value,"
      " s.data_type AS data_type, s.start_value AS start_value,"
      " s.min_value AS min_value, s.max_value AS max_value,"
      " s.increment_by AS increment_by, s.cycle AS cycle,"
      " s.cache_size AS cache_size, s.mode AS mode, s.owned_by AS owned_by,"
      " v._seq_no AS _seq_no,"
      " (SELECT value FROM surrogate_settings WHERE name = 'primary_term')"
      " AS _primary_term"
      " FROM surrogate_sequences AS s"
      " JOIN surrogate_values AS v ON v.id = s.id;\n"
      "CREATE TRIGGER \"%w\".sequences_insert INSTEAD OF INSERT ON sequences\n"
      "BEGIN\n"
      "  SELECT sequences_write(" STORE_ID ", NULL,\n"
      "    " STORE_NEW_COLUMNS ");\n"
      "END;\n"
      "CREATE TRIGGER \"%w\".sequences_update INSTEAD OF UPDATE ON sequences\n"
      "BEGIN\n"
      "  SELECT sequences_write(" STORE_ID ", OLD.name,\n"
      "    " STORE_NEW_COLUMNS ");\n"
      "END;\n"
      "CREATE TRIGGER \"%w\".sequences_delete INSTEAD OF DELETE ON sequences\n"
      "BEGIN\n"
      "  SELECT sequences_write(" STORE_ID ", OLD.name);\n"
      "END;\n",
      schema, schema, schema, schema);
}
