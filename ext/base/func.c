/*
** What SQL functions share: their arguments and errors.
**
** NULL for an argument gives NULL.  A message begins with the function's name
** and says what was wrong, and what the limit is.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <stdarg.h>

#include "base.h"

/*
** Register the functions of a table.  `data` is theirs, of which each has a
** reference, unless `ref` and `unref` are NULL.
*/
int func_register(sqlite3 *db, const FuncEntry *entry, void *data,
                  void *(*ref)(void *), void (*unref)(void *)) {
  int rc = SQLITE_OK;
  for (; rc == SQLITE_OK && entry->name; entry++) {
    if (entry->func == 0) continue; /* a module, which its file registers */
    rc = sqlite3_create_function_v2(
        db, entry->name, entry->argc, SQLITE_UTF8 | entry->flags,
        ref ? ref(data) : data, entry->func, 0, 0, unref);
  }
  return rc;
}

/* Report an error, in the format of sqlite3_mprintf(). */
void func_error(sqlite3_context *context, const char *format, ...) {
  va_list args;
  char *message;
  va_start(args, format);
  message = sqlite3_vmprintf(format, args);
  va_end(args);
  if (message) {
    sqlite3_result_error(context, message, -1);
  } else {
    sqlite3_result_error_nomem(context);
  }
  sqlite3_free(message);
}

/*
** Report why a function failed, which is rc if the error does not say, with its
** name before; and clear the error.
*/
void func_fail(sqlite3_context *context, const char *function, Error *error,
               int rc) {
  error_set(error, rc, "%s: %s", function,
            error->message ? error->message : sqlite3_errstr(rc));
  error_result(context, error);
}

/* The same of what the connection complains of.  Returns rc. */
int func_fail_db(sqlite3_context *context, const char *function, int rc) {
  Error error = {0, 0};
  error_from_db(&error, sqlite3_context_db_handle(context), rc);
  func_fail(context, function, &error, rc);
  return rc;
}

static int func_undo_exec(const FuncUndo *undo, const char *format) {
  char *sql = sqlite3_mprintf(format, undo->name, undo->name);
  int rc = sql ? sqlite3_exec(undo->db, sql, 0, 0, 0) : SQLITE_NOMEM;
  sqlite3_free(sql);
  return rc;
}

/*
** Begin a savepoint, for what is to be done as a whole or not at all.  If it is
** SQLITE_OK, func_undo_end() ends it.
*/
int func_undo_begin(FuncUndo *undo, sqlite3 *db, const char *name,
                    Error *error) {
  undo->db = db;
  undo->name = name;
  undo->was_autocommit = sqlite3_get_autocommit(db);
  return error_from_db(error, db, func_undo_exec(undo, "SAVEPOINT %s"));
}

/*
** Keep what was done if rc is SQLITE_OK, else undo it: by ROLLBACK if the
** savepoint began the transaction, as its RELEASE may be refused again where it
** was refused before, while somebody reads the file.
**
** After sqlite3_interrupt() SQLite refuses all of these, but when it refuses a
** statement that writes, it rolls the whole transaction back.  VACUUM counts as
** one, can be parsed meanwhile, having no blank, and does nothing in a
** transaction if it is not refused.
*/
int func_undo_end(FuncUndo *undo, int rc, Error *error) {
  int failed;
  if (rc == SQLITE_OK) {
    rc = error_from_db(error, undo->db, func_undo_exec(undo, "RELEASE %s"));
  }
  if (rc == SQLITE_OK) return rc;
  failed = func_undo_exec(
      undo, undo->was_autocommit ? "ROLLBACK" : "ROLLBACK TO %s; RELEASE %s");
  if (failed == SQLITE_INTERRUPT && !sqlite3_get_autocommit(undo->db)) {
    sqlite3_exec(undo->db, "VACUUM;", 0, 0, 0);
  }
  return rc;
}

/*
** Whether the statement that runs is to be stopped (sqlite3_interrupt(), Ctrl-C
** in the shell).  sqlite3_is_interrupted() came with SQLite 3.41; any statement
** that is begun meanwhile is refused in all versions.
*/
int func_is_interrupted(void *db) {
  return sqlite3_exec(db, "SELECT 1", 0, 0, 0) == SQLITE_INTERRUPT;
}

int func_any_null(int argc, sqlite3_value **argv) {
  for (int i = 0; i < argc; i++) {
    if (sqlite3_value_type(argv[i]) == SQLITE_NULL) return 1;
  }
  return 0;
}

/* Read a text argument.  False, with the error reported, without memory. */
int func_text(sqlite3_context *context, sqlite3_value *value, const char **z,
              size_t *n) {
  *z = (const char *)sqlite3_value_text(value);
  if (*z == 0 && sqlite3_value_type(value) != SQLITE_BLOB) {
    sqlite3_result_error_nomem(context);
    return 0;
  }
  *n = (size_t)sqlite3_value_bytes(value);
  if (*z == 0) *z = ""; /* an empty blob */
  return 1;
}

/* True of a text with a NUL, which recent releases of SQLite read up to it. */
static int func_has_nul(sqlite3_value *value) {
  const unsigned char *text;
  if (sqlite3_value_type(value) != SQLITE_TEXT) return 0;
  text = sqlite3_value_text(value);
  return text && memchr(text, 0, (size_t)sqlite3_value_bytes(value));
}

/*
** Read a whole number: an INTEGER, or a REAL or a text that is one exactly, as
** from a driver whose language has but one kind of number.  False if it is
** none.
*/
int func_whole(sqlite3_value *value, int64_t *number) {
  double real;
  if (func_has_nul(value)) return 0;
  switch (sqlite3_value_numeric_type(value)) {
    case SQLITE_INTEGER: *number = sqlite3_value_int64(value); return 1;
    case SQLITE_FLOAT:
      real = sqlite3_value_double(value);
      if (!(real >= -9223372036854775808.0 && real < 9223372036854775808.0)) {
        return 0;
      }
      *number = (int64_t)real;
      return (double)*number == real;
  }
  return 0;
}

/*
** Read an integer argument, of low to high: an integer, a text of one, or a
** real number without a fraction.  False, with the error reported, if it is
** something else; `what` names it in the message.
*/
int func_integer(sqlite3_context *context, sqlite3_value *value,
                 const char *function, const char *what, int64_t low,
                 int64_t high, int64_t *number) {
  if (!func_whole(value, number) || *number < low || *number > high) {
    func_error(context, "%s: %s \"%s\" is not an integer of %lld to %lld",
               function, what, sqlite3_value_text(value), (sqlite3_int64)low,
               (sqlite3_int64)high);
    return 0;
  }
  return 1;
}

/*
** Read a text or a real number as SQLite's date functions do: *ms, rounded.
** False if they would not.
*/
static int func_parse_time(sqlite3 *db, sqlite3_value *value, int64_t *ms,
                           int *rc) {
  sqlite3_stmt *stmt = 0;
  int is_time = 0;
  *rc = sqlite3_prepare_v2(
      db, "SELECT round((julianday(?1) - 2440587.5) * 86400000.0)", -1, &stmt,
      0);
  if (*rc == SQLITE_OK) *rc = sqlite3_bind_value(stmt, 1, value);
  if (*rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    is_time = sqlite3_column_type(stmt, 0) != SQLITE_NULL;
    *ms = sqlite3_column_int64(stmt, 0);
  }
  if (*rc == SQLITE_OK) {
    *rc = sqlite3_finalize(stmt);
  } else {
    sqlite3_finalize(stmt);
  }
  return is_time;
}

#define LAST_JULIAN_DAY 5373484.5 /* of SQLite's date functions */

/*
** Read Unix milliseconds: an integer, or a whole real number that is too great
** for a Julian day, from a driver that has but one kind of number.
*/
static int func_is_milliseconds(sqlite3_value *value, int64_t *ms) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER: *ms = sqlite3_value_int64(value); return 1;
    case SQLITE_FLOAT:
      return sqlite3_value_double(value) > LAST_JULIAN_DAY &&
             func_whole(value, ms);
  }
  return 0;
}

/*
** Read a time argument, of low to high, which are not negative: milliseconds, or
** what SQLite's date functions accept.  False, with the error reported, if it is
** not a time or is out of bounds.
*/
int func_time(sqlite3_context *context, sqlite3_value *value,
              const char *function, uint64_t low, uint64_t high, uint64_t *ms) {
  int64_t time = 0;
  int rc;
  if (!func_is_milliseconds(value, &time) &&
      !func_parse_time(sqlite3_context_db_handle(context), value, &time, &rc)) {
    if (rc != SQLITE_OK) {
      sqlite3_result_error_code(context, rc);
    } else {
      func_error(context, "%s: \"%s\" is not a time", function,
                 sqlite3_value_text(value));
    }
    return 0;
  }
  if (time < 0 || (uint64_t)time < low || (uint64_t)time > high) {
    func_error(context, "%s: time %lld is out of bounds (%lld..%lld)", function,
               (sqlite3_int64)time, (sqlite3_int64)low, (sqlite3_int64)high);
    return 0;
  }
  *ms = (uint64_t)time;
  return 1;
}

/**** Ids ****************************************************************/

/*
** Read the bytes of an id: a blob of size bytes is them, any other value is a
** text, for `parse`.  1 if it is an id, 0 if not, -1 with the error reported
** without memory.
*/
static int func_parse_id(sqlite3_context *context, sqlite3_value *value,
                         size_t size, FuncParse *parse, unsigned char *id) {
  const char *z;
  size_t n;
  if (sqlite3_value_type(value) == SQLITE_BLOB) {
    const void *bytes = sqlite3_value_blob(value);
    if ((size_t)sqlite3_value_bytes(value) != size) return 0;
    if (bytes == 0) { /* it was a zeroblob() */
      sqlite3_result_error_nomem(context);
      return -1;
    }
    memcpy(id, bytes, size);
    return 1;
  }
  if (!func_text(context, value, &z, &n)) return -1;
  return parse(z, n, id);
}

/* Report that a value is no id, of which `what` is the name with an article. */
void func_not_id(sqlite3_context *context, sqlite3_value *value,
                 const char *function, const char *what, size_t size) {
  if (sqlite3_value_type(value) == SQLITE_BLOB) {
    func_error(context, "%s: a blob of %d bytes is not %s, which has %d",
               function, sqlite3_value_bytes(value), what, (int)size);
  } else {
    func_error(context, "%s: \"%s\" is not %s", function,
               sqlite3_value_text(value), what);
  }
}

/*
** Read an id argument, of at most FUNC_ID_MAX bytes.  False, with the result
** set, if it is NULL or no id.
*/
int func_id(sqlite3_context *context, sqlite3_value *value,
            const char *function, const char *what, size_t size,
            FuncParse *parse, unsigned char *id) {
  int is_id;
  if (sqlite3_value_type(value) == SQLITE_NULL) return 0;
  is_id = func_parse_id(context, value, size, parse, id);
  if (is_id == 0) func_not_id(context, value, function, what, size);
  return is_id > 0;
}

/* The result is whether the argument is an id, as func_id() reads it. */
void func_id_valid(sqlite3_context *context, sqlite3_value *value, size_t size,
                   FuncParse *parse) {
  unsigned char id[FUNC_ID_MAX];
  int is_id;
  if (sqlite3_value_type(value) == SQLITE_NULL) return;
  is_id = func_parse_id(context, value, size, parse, id);
  if (is_id >= 0) sqlite3_result_int(context, is_id);
}
