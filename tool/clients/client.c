/*
** client.c: Surrogate from C, loaded at run time or linked in.
**
**     cc -o client client.c -lsqlite3
**     ./client EXTENSION DATABASE
**
**     cc -DSQLITE_CORE -o client client.c libsurrogate.a -lsqlite3 \
**       -lsodium -lcrypto
**     ./client DATABASE
**
** EXTENSION is surrogate.so, DATABASE a file that is not there yet. Prints what
** it checks, and ends with status 1 as soon as something is not as expected.
*/

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int holds, const char *what) {
  printf("%s: %s\n", holds ? "ok" : "NOT OK", what);
  if (!holds) exit(1);
}

/* End with the message of `db` unless `rc` is `expected`. */
static void require(sqlite3 *db, int rc, int expected) {
  if (rc == expected) return;
  fprintf(stderr, "client.c: %s (%d)\n", sqlite3_errmsg(db), rc);
  exit(1);
}

/* ---- Connections ---------------------------------------------------------*/

#ifdef SQLITE_CORE
/* Linked in. main() registers it once, and it is in every connection. */
int sqlite3_surrogate_init(sqlite3 *, char **, const sqlite3_api_routines *);

static void load(sqlite3 *db, const char *extension) {
  (void)db;
  (void)extension;
}
#else
/* Loaded. load_extension() of SQL stays forbidden, before and after. */
static void load(sqlite3 *db, const char *extension) {
  char *error = NULL;
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
  if (sqlite3_load_extension(db, extension, NULL, &error) != SQLITE_OK) {
    fprintf(stderr, "client.c: %s\n", error);
    exit(1);
  }
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
}
#endif

static sqlite3 *open_database(const char *file, const char *extension) {
  sqlite3 *db;
  require(db, sqlite3_open(file, &db), SQLITE_OK);
  require(db, sqlite3_extended_result_codes(db, 1), SQLITE_OK);
  load(db, extension);
  return db;
}

/* ---- Statements ----------------------------------------------------------*/

static void execute(sqlite3 *db, const char *sql) {
  require(db, sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt;
  require(db, sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
  return stmt;
}

/* The integer that `stmt` returns; it can be run again. */
static sqlite3_int64 run(sqlite3_stmt *stmt) {
  sqlite3 *db = sqlite3_db_handle(stmt);
  require(db, sqlite3_step(stmt), SQLITE_ROW);
  sqlite3_int64 value = sqlite3_column_int64(stmt, 0);
  require(db, sqlite3_step(stmt), SQLITE_DONE);
  require(db, sqlite3_reset(stmt), SQLITE_OK);
  return value;
}

static sqlite3_int64 query(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt = prepare(db, sql);
  sqlite3_int64 value = run(stmt);
  require(db, sqlite3_finalize(stmt), SQLITE_OK);
  return value;
}

/* ---- Compare-and-swap ----------------------------------------------------*/

typedef struct Token {
  sqlite3_int64 last_value, seq_no, primary_term;
} Token;

static Token read_token(sqlite3 *db, const char *name) {
  sqlite3_stmt *stmt =
      prepare(db, "SELECT last_value, _seq_no, _primary_term FROM sequences"
                  " WHERE name = ?1");
  sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
  require(db, sqlite3_step(stmt), SQLITE_ROW);
  Token token = {sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
                 sqlite3_column_int64(stmt, 2)};
  require(db, sqlite3_finalize(stmt), SQLITE_OK);
  return token;
}

/* Store the next value if nobody has written since `token` was read. */
static int swap(sqlite3 *db, const char *name, Token token) {
  sqlite3_stmt *stmt = prepare(
      db, "UPDATE sequences SET last_value = ?2 WHERE name = ?1"
          " AND _seq_no = ?3 AND _primary_term = ?4 RETURNING last_value");
  sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
  sqlite3_bind_int64(stmt, 2, token.last_value + 1);
  sqlite3_bind_int64(stmt, 3, token.seq_no);
  sqlite3_bind_int64(stmt, 4, token.primary_term);
  int rc = sqlite3_step(stmt); /* SQLITE_DONE: no row, somebody was faster */
  require(db, sqlite3_finalize(stmt), SQLITE_OK);
  return rc == SQLITE_ROW;
}

/* ---- What is shown -------------------------------------------------------*/

static void show_sequence(sqlite3 *db) {
  execute(db, "SELECT create_sequence('order_no', 'START WITH 100')");
  sqlite3_stmt *next = prepare(db, "SELECT nextval('order_no')");
  sqlite3_int64 first = run(next), second = run(next);
  check(first == 100 && second == 101, "nextval() goes on from START WITH");
  sqlite3_finalize(next);
  /* The table counts rows; the view, made after this, has RETURNING. */
  execute(db, "UPDATE sequences SET last_value = 200"
              " WHERE name = 'order_no'");
  check(sqlite3_changes(db) == 1, "changes() counts rows of the virtual table");
}

static void show_swap(sqlite3 *db, sqlite3 *other) {
  execute(db, "INSERT INTO sequences (name, last_value) VALUES ('ticket', 0)");
  Token token = read_token(db, "ticket");
  check(swap(other, "ticket", read_token(other, "ticket")),
        "the first to swap wins");
  check(!swap(db, "ticket", token), "a swap with an old token loses");
  token = read_token(db, "ticket");
  check(swap(db, "ticket", token) && token.last_value == 1,
        "and wins after reading the token again");
}

static void show_generated_key(sqlite3 *db) {
  execute(db, "SELECT create_table('CREATE TABLE users ("
              " id SERIAL PRIMARY KEY, name TEXT)')");
  sqlite3_stmt *insert =
      prepare(db, "INSERT INTO users (name) VALUES (?1) RETURNING id");
  sqlite3_bind_text(insert, 1, "Alice", -1, SQLITE_STATIC);
  sqlite3_int64 alice = run(insert);
  sqlite3_bind_text(insert, 1, "Bob", -1, SQLITE_STATIC);
  sqlite3_int64 bob = run(insert);
  check(alice == 1 && bob == 2, "RETURNING gives the generated key");
  check(query(db, "SELECT lastval()") == bob, "and so does lastval()");
  sqlite3_finalize(insert);
}

static void show_blob_key(sqlite3 *db) {
  execute(db, "CREATE TABLE article (title TEXT,"
              " id BLOB PRIMARY KEY DEFAULT (uuidv7_blob())) WITHOUT ROWID");
  sqlite3_stmt *insert =
      prepare(db, "INSERT INTO article (title) VALUES ('On keys')"
                  " RETURNING id");
  require(db, sqlite3_step(insert), SQLITE_ROW);
  const unsigned char *id = sqlite3_column_blob(insert, 0);
  check(sqlite3_column_bytes(insert, 0) == 16 && id[6] >> 4 == 7,
        "uuidv7_blob() is 16 bytes of version 7");
  sqlite3_finalize(insert);
}

/* A function of the extension that fails makes sqlite3_step() fail. */
static void show_errors(sqlite3 *db, sqlite3 *other) {
  sqlite3_stmt *stmt = prepare(db, "SELECT nextval('no_such')");
  int rc = sqlite3_step(stmt);
  printf("error %d: %s\n", rc, sqlite3_errmsg(db));
  check(rc == SQLITE_ERROR &&
            !strcmp(sqlite3_errmsg(db), "relation \"no_such\" does not exist"),
        "an error has SQLite's code and PostgreSQL's words");
  sqlite3_finalize(stmt);

  stmt = prepare(db, "SELECT nextval('order_no')");
  execute(other, "BEGIN IMMEDIATE");
  check(sqlite3_step(stmt) == SQLITE_BUSY, "nextval() waits for no lock here");
  sqlite3_reset(stmt);
  execute(other, "ROLLBACK");
  check(run(stmt) == 201, "and works when the other one is done");
  sqlite3_finalize(stmt);
}

int main(int argc, char **argv) {
#ifdef SQLITE_CORE
  const int arguments = 2;
  sqlite3_auto_extension((void (*)(void))sqlite3_surrogate_init);
#else
  const int arguments = 3;
#endif
  if (argc != arguments) {
    fprintf(stderr, "usage: client [EXTENSION] DATABASE\n");
    return 2;
  }
  const char *file = argv[argc - 1];
  sqlite3 *db = open_database(file, argv[1]);
  sqlite3 *other = open_database(file, argv[1]);
  printf("C, SQLite %s\n", sqlite3_libversion());

  show_sequence(db);
  execute(db, "SELECT sequences_create_view()");
  show_swap(db, other);
  show_generated_key(db);
  show_blob_key(db);
  show_errors(db, other);

  /* Not sqlite3_close_v2(): it would hide a statement that was left open. */
  check(sqlite3_close(other) == SQLITE_OK && sqlite3_close(db) == SQLITE_OK,
        "both connections can be closed");
  return 0;
}
