/*
** What the SQL functions of Sqids and Hashids share: options in JSON, numbers
** as arguments and as a JSON array, and memory for them.
**
** JSON is read by SQLite's functions, through statements that end before the
** function does; an SQLite without them gives an error.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

#define JSON_SUBTYPE 'J' /* by which SQLite's functions know JSON */

/**** Options ************************************************************/

/* Prepare a statement on JSON.  False, with the error reported, if it fails. */
static int codec_sql_prepare(sqlite3_context *context, const char *function,
                             const char *sql, sqlite3_value *json,
                             sqlite3_stmt **stmt) {
  sqlite3 *db = sqlite3_context_db_handle(context);
  int rc = sqlite3_prepare_v2(db, sql, -1, stmt, 0);
  if (rc == SQLITE_ERROR) {
    func_error(context, "%s: needs SQLite's JSON functions: %s", function,
               sqlite3_errmsg(db));
    return 0;
  }
  if (rc == SQLITE_OK) rc = sqlite3_bind_value(*stmt, 1, json);
  return rc == SQLITE_OK || !func_fail_db(context, function, rc);
}

static int codec_sql_is_object(sqlite3_context *context, const char *function,
                               sqlite3_value *json) {
  sqlite3_stmt *stmt = 0;
  int is_right = 0;
  if (codec_sql_prepare(context, function, "SELECT json_type(?1)", json,
                        &stmt)) {
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW) {
      func_fail_db(context, function, rc);
    } else {
      const char *type = (const char *)sqlite3_column_text(stmt, 0);
      is_right = type && strcmp(type, "object") == 0;
      if (type == 0) {
        sqlite3_result_error_nomem(context);
      } else if (!is_right) {
        func_error(context, "%s: the options have to be a JSON object",
                   function);
      }
    }
  }
  sqlite3_finalize(stmt);
  return is_right;
}

/* Check the type of an option.  False, with the error reported, if wrong. */
static int codec_sql_is_type(sqlite3_context *context, const char *function,
                             const char *key, const char *type,
                             const char *wanted, const char *what) {
  if (strcmp(type, wanted) == 0) return 1;
  func_error(context, "%s: %s has to be %s, and is of type %s", function, key,
             what, type);
  return 0;
}

/* Take an option of a row {key, type, value}.  False, reported, if it is none. */
static int codec_sql_read_option(sqlite3_context *context, const char *function,
                                 int64_t max_length, int has_blocklist,
                                 sqlite3_stmt *row, CodecOptions *options) {
  const char *key = (const char *)sqlite3_column_text(row, 0);
  const char *type = (const char *)sqlite3_column_text(row, 1);
  const char *z = (const char *)sqlite3_column_text(row, 2);
  size_t n = (size_t)sqlite3_column_bytes(row, 2);

  if (key == 0 || type == 0) {
    sqlite3_result_error_nomem(context);
    return 0;
  }
  if (strcmp(key, "alphabet") == 0) {
    if (strcmp(type, "null") == 0) return 1;
    if (!codec_sql_is_type(context, function, key, type, "text", "a text"))
      return 0;
    sqlite3_free(options->alphabet);
    options->alphabet = z ? sqlite3_malloc64(n + 1) : 0;
    if (options->alphabet == 0) {
      sqlite3_result_error_nomem(context);
      return 0;
    }
    memcpy(options->alphabet, z, n);
    options->n_alphabet = n;
    return 1;
  }
  if (strcmp(key, "minLength") == 0) {
    if (strcmp(type, "null") == 0) return 1;
    if (!codec_sql_is_type(context, function, key, type, "integer",
                           "an integer")) {
      return 0;
    }
    options->min_length = sqlite3_column_int64(row, 2);
    if (options->min_length >= 0 && options->min_length <= max_length) return 1;
    func_error(context, "%s: minLength has to be between 0 and %lld, and is %s",
               function, (sqlite3_int64)max_length, z);
    return 0;
  }
  if (has_blocklist && strcmp(key, "blocklist") == 0) {
    if (strcmp(type, "null") == 0) return 1;
    if (!codec_sql_is_type(context, function, key, type, "array", "an array"))
      return 0;
    sqlite3_finalize(options->blocklist);
    options->blocklist = 0;
    return codec_sql_prepare(context, function,
                             "SELECT type, value FROM json_each(?1)",
                             sqlite3_column_value(row, 2), &options->blocklist);
  }
  func_error(context, "%s: \"%s\" is no option: there are alphabet%s", function,
             key, has_blocklist ? ", minLength, blocklist" : " and minLength");
  return 0;
}

/*
** Read options.  False, with the error reported, if they are wrong, and then
** there is nothing to free.
*/
int codec_sql_options_read(sqlite3_context *context, sqlite3_value *json,
                           const char *function, int64_t max_length,
                           int has_blocklist, CodecOptions *options) {
  sqlite3_stmt *stmt = 0;
  int is_right = 0;
  memset(options, 0, sizeof *options);
  if (codec_sql_is_object(context, function, json) &&
      codec_sql_prepare(context, function,
                        "SELECT key, type, value FROM json_each(?1)", json,
                        &stmt)) {
    int rc;
    is_right = 1;
    while (is_right && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
      is_right = codec_sql_read_option(context, function, max_length,
                                       has_blocklist, stmt, options);
    }
    if (is_right && rc != SQLITE_DONE)
      is_right = !func_fail_db(context, function, rc);
  }
  sqlite3_finalize(stmt);
  if (!is_right) codec_sql_options_free(options);
  return is_right;
}

void codec_sql_options_free(CodecOptions *options) {
  sqlite3_free(options->alphabet);
  sqlite3_finalize(options->blocklist);
}

/*
** Step to the next word of the blocklist.  *word is NULL at its end, where it
** can begin again.  False, with the error reported, if it is wrong.
*/
int codec_sql_options_word(sqlite3_context *context, const char *function,
                           CodecOptions *options, const char **word,
                           size_t *n) {
  int rc = sqlite3_step(options->blocklist);
  const char *type;
  *word = 0;
  if (rc == SQLITE_DONE) rc = sqlite3_reset(options->blocklist);
  if (rc == SQLITE_OK) return 1;
  if (rc != SQLITE_ROW) return !func_fail_db(context, function, rc);
  type = (const char *)sqlite3_column_text(options->blocklist, 0);
  *word = (const char *)sqlite3_column_text(options->blocklist, 1);
  *n = (size_t)sqlite3_column_bytes(options->blocklist, 1);
  if (type == 0 || (*word == 0 && strcmp(type, "text") == 0)) {
    sqlite3_result_error_nomem(context);
    return 0;
  }
  return codec_sql_is_type(context, function, "a word of blocklist", type,
                           "text", "a text");
}

/* Append a text in JSON. */
void codec_sql_json_text(sqlite3_str *json, const char *z, size_t n) {
  sqlite3_str_appendchar(json, 1, '"');
  for (size_t i = 0; i < n; i++) {
    if (z[i] == '"' || z[i] == '\\') {
      sqlite3_str_appendchar(json, 1, '\\');
      sqlite3_str_appendchar(json, 1, z[i]);
    } else if ((unsigned char)z[i] < 0x20) {
      sqlite3_str_appendf(json, "\\u%04x", z[i]);
    } else {
      sqlite3_str_appendchar(json, 1, z[i]);
    }
  }
  sqlite3_str_appendchar(json, 1, '"');
}

/* Begin to write options: what may follow is ,"blocklist":[...], and then }. */
sqlite3_str *codec_sql_options_write(sqlite3 *db, const char *alphabet,
                                     size_t n, unsigned min_length) {
  sqlite3_str *json = sqlite3_str_new(db);
  sqlite3_str_appendall(json, "{\"alphabet\":");
  codec_sql_json_text(json, alphabet, n);
  sqlite3_str_appendf(json, ",\"minLength\":%u", min_length);
  return json;
}

/* Return the JSON that was written, and free it. */
void codec_sql_json_result(sqlite3_context *context, sqlite3_str *json) {
  int rc = sqlite3_str_errcode(json);
  int n = sqlite3_str_length(json);
  char *z = sqlite3_str_finish(json);
  if (rc != SQLITE_OK) {
    sqlite3_free(z);
    sqlite3_result_error_code(context, rc);
    return;
  }
  sqlite3_result_text(context, z, n, sqlite3_free);
  sqlite3_result_subtype(context, JSON_SUBTYPE);
}

/**** Numbers ************************************************************/

/*
** Get memory of n bytes, to be freed by sqlite3_free(buffer->heap).  NULL, with
** the error reported, if there is none.
*/
void *codec_sql_buffer(sqlite3_context *context, CodecBuffer *buffer,
                       size_t n) {
  buffer->heap = 0;
  if (n <= sizeof buffer->stack) return buffer->stack;
  buffer->heap = sqlite3_malloc64(n);
  if (buffer->heap == 0) sqlite3_result_error_nomem(context);
  return buffer->heap;
}

/* Read numbers of 0 to 2^63-1.  False, with the error reported, if not. */
int codec_sql_numbers(sqlite3_context *context, int argc, sqlite3_value **argv,
                      const char *function, uint64_t *numbers) {
  for (int i = 0; i < argc; i++) {
    int64_t number;
    if (!func_integer(context, argv[i], function, "number", 0, INT64_MAX,
                      &number)) {
      return 0;
    }
    numbers[i] = (uint64_t)number;
  }
  return 1;
}

/* Return numbers as a JSON array. */
void codec_sql_numbers_result(sqlite3_context *context, const uint64_t *numbers,
                              size_t count) {
  CodecBuffer buffer;
  char *start = codec_sql_buffer(context, &buffer, 2 + count * 20);
  char *z = start;
  if (start == 0) return;
  *z++ = '[';
  for (size_t i = 0; i < count; i++) {
    char digits[20];
    size_t first = sizeof digits;
    uint64_t number = numbers[i];
    do {
      digits[--first] = (char)('0' + number % 10);
      number /= 10;
    } while (number > 0);
    if (i > 0) *z++ = ',';
    memcpy(z, digits + first, sizeof digits - first);
    z += sizeof digits - first;
  }
  *z++ = ']';
  sqlite3_result_text64(context, start, (sqlite3_uint64)(z - start),
                        SQLITE_TRANSIENT, SQLITE_UTF8);
  sqlite3_result_subtype(context, JSON_SUBTYPE);
  sqlite3_free(buffer.heap);
}
