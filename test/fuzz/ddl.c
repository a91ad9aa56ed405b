/*
** Fuzzes the translation of CREATE TABLE: vtab/ddl/, with the tokenizer and
** the options of identities.
**
** The first byte chooses the mode of SERIAL, whether there is a store, and
** which names are taken.
**
** Claims: what cannot be translated has a message with its place; the same
** input gives the same script; its CREATE TABLE, translated again, is
** unchanged; and SQLite takes that for one statement, or refuses it with a
** message.
*/
#include "fuzz.h"
#include "ddl.h"

static sqlite3 *db;

/* A name is taken by a sequence, a table, or nothing, as its bytes want it. */
static int is_taken(void *data, const char *schema, const char *name,
                    int *taken) {
  unsigned hash = *(const uint8_t *)data;
  for (; *name; name++)
    hash = hash * 31 + (uint8_t)*name;
  if (schema) hash += 1;
  *taken = *(const uint8_t *)data & 8 ? (int)(hash % 3) : DDL_FREE;
  return SQLITE_OK;
}

/* Find the CREATE TABLE of a script: its bytes, with the semicolon. */
static const char *find_table(const char *script, size_t *n) {
  const char *end = script + strlen(script);
  const char *z = script;
  Token token;
  for (;;) {
    const char *start = 0;
    int words = 0;
    int is_table = 0;
    do {
      token_next(&z, end, &token);
      HOLDS(token.type != TOKEN_ILLEGAL);
      if (start == 0) start = token.z;
      if (++words <= 3 && token.type == TOKEN_NAME &&
          token_is(token.z, token.n, "table"))
        is_table = words == 2 || token_is(start, 4, "crea");
      if (words == 2 && token.type == TOKEN_NAME &&
          token_is(token.z, token.n, "virtual"))
        words = 3;
    } while (token.type != TOKEN_END && *token.z != ';');
    if (token.type == TOKEN_END) return 0;
    if (is_table) {
      *n = (size_t)(z - start);
      return start;
    }
  }
}

/* The CREATE TABLE of a script is a fixed point, and one statement of SQLite. */
static void check_script(const char *script, int mode) {
  static uint8_t none = 0;
  DdlContext context = {mode, is_taken, &none};
  DdlResult again;
  size_t n = 0;
  const char *table = find_table(script, &n);
  sqlite3_stmt *stmt = 0;
  const char *tail = 0;
  char *text;
  int rc;

  if (table == 0) return;
  text = fuzz_copy(table, n);
  rc = ddl_translate(text, n, &context, &again);
  if (rc != SQLITE_OK || strlen(again.script) != n ||
      memcmp(again.script, table, n) != 0) {
    fprintf(stderr, "was: %.*s\nnow: %s\n", (int)n, table,
            rc == SQLITE_OK ? again.script : again.message);
    abort();
  }
  ddl_translate_free(&again);
  rc = sqlite3_prepare_v2(db, text, (int)n, &stmt, &tail);
  HOLDS(rc == SQLITE_OK || rc == SQLITE_ERROR);
  if (rc == SQLITE_OK) HOLDS(stmt && tail == text + n);
  sqlite3_finalize(stmt);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t choice;
  DdlContext context = {0, is_taken, &choice};
  DdlResult result;
  DdlResult second;
  char *text;
  int rc;

  if (db == 0 && sqlite3_open(":memory:", &db) != SQLITE_OK) abort();
  if (size == 0) return 0;
  choice = data[0];
  context.serial_mode = (choice & 7) % DDL_MODES;
  text = fuzz_copy(data + 1, --size);
  rc = ddl_translate(text, size, &context, &result);
  HOLDS(rc == ddl_translate(text, size, &context, &second));
  if (rc == SQLITE_OK) {
    HOLDS(result.script && result.table && result.consumed <= size);
    HOLDS(strcmp(result.script, second.script) == 0);
    check_script(result.script, context.serial_mode);
  } else {
    HOLDS(rc == SQLITE_ERROR && result.script == 0);
    HOLDS(strncmp(result.message, "line ", 5) == 0);
    HOLDS(strcmp(result.message, second.message) == 0);
  }
  ddl_translate_free(&result);
  ddl_translate_free(&second);
  free(text);
  return 0;
}
