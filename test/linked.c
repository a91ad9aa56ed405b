/*
** linked.c: a program with Surrogate linked in, for install.test.
**
**   linked FILE
**
** It prints a line for each thing that an application may do: connections side
** by side, threads that share a file and its sequence, closing, and SQLite shut
** down and started again.  The exit status is 1 if something was an error.
*/
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "surrogate.h"

#define THREADS 4
#define ROWS    "50"

static const char *file;
static int failed;

static void check(sqlite3 *db, const char *what, int rc) {
  if (rc == SQLITE_OK) return;
  failed = 1;
  printf("%s: %s\n", what, db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
}

static sqlite3 *open_file(const char *name) {
  sqlite3 *db = 0;
  check(db, "open", sqlite3_open(name, &db));
  sqlite3_busy_timeout(db, 60000);
  return db;
}

static int print_row(void *prefix, int n, char **values, char **names) {
  (void)names;
  printf("%s", (const char *)prefix);
  for (int i = 0; i < n; i++) {
    printf(" %s", values[i] ? values[i] : "NULL");
  }
  printf("\n");
  return 0;
}

static void run(sqlite3 *db, const char *prefix, const char *sql) {
  check(db, prefix, sqlite3_exec(db, sql, print_row, (void *)prefix, 0));
}

static void close_file(sqlite3 *db) {
  check(db, "close", sqlite3_close(db));
}

/* Each on a connection of its own. */
static void *insert_rows(void *unused) {
  sqlite3 *db = open_file(file);
  (void)unused;
  run(db, "thread",
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
      "  LIMIT " ROWS ")"
      "INSERT INTO t (uuid) SELECT uuidv7() FROM n");
  close_file(db);
  return 0;
}

int main(int argc, char **argv) {
  pthread_t threads[THREADS];
  sqlite3 *a, *b;
  char *message = 0;

  if (argc != 2) return 2;
  file = argv[1];
  a = open_file(":memory:");
  printf("without: %d\n",
         sqlite3_exec(a, "SELECT surrogate_version()", 0, 0, 0));
  check(a, "init", sqlite3_surrogate_init(a, &message, 0));
  run(a, "by hand:", "SELECT surrogate_version() = '" SURROGATE_VERSION "'");
  close_file(a);

  check(0, "auto",
        sqlite3_auto_extension((void (*)(void))sqlite3_surrogate_init));
  a = open_file(file);
  b = open_file(file);
  check(a, "again", sqlite3_surrogate_init(a, &message, 0));
  run(a, "table:",
      "SELECT create_table('CREATE TABLE t (id SERIAL PRIMARY KEY, uuid "
      "TEXT UNIQUE)')");
  run(a, "first:", "INSERT INTO t (uuid) VALUES (uuidv7()) RETURNING id");
  run(b, "second:", "INSERT INTO t (uuid) VALUES (uuidv7()) RETURNING id");
  for (int i = 0; i < THREADS; i++) {
    if (pthread_create(&threads[i], 0, insert_rows, 0) != 0) return 1;
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], 0);
  }
  run(b, "threads:", "SELECT count(*), max(id), count(DISTINCT uuid) FROM t");
  close_file(a);
  run(b, "other closed:", "SELECT nextval('t_id_seq')");
  close_file(b);

  check(0, "shutdown", sqlite3_shutdown());
  check(0, "auto",
        sqlite3_auto_extension((void (*)(void))sqlite3_surrogate_init));
  a = open_file(file);
  run(a, "started again:", "SELECT nextval('t_id_seq')");
  close_file(a);
  printf("memory: %s\n", message ? message : "as it was");
  return failed;
}
