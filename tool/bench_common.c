/*
** bench_common.c - databases, races and their report: see bench.c.
*/
#include "bench_common.h"

#include <dirent.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#define INSERT_ROWS                                     \
  "INSERT INTO t(x) WITH RECURSIVE n(i) AS (VALUES(1) " \
  "UNION ALL SELECT i + 1 FROM n WHERE i < %lld) SELECT i FROM n"

volatile sig_atomic_t interrupted = 0;

/* ---- errors ------------------------------------------------------------ */

/* Prints the first failure, and makes every later helper do nothing. */
void fail(Bench *bench, const char *format, ...) {
  va_list ap;
  if (bench->failed) return;
  bench->failed = 1;
  fflush(stdout);
  fputs("bench: ", stderr);
  va_start(ap, format);
  vfprintf(stderr, format, ap);
  va_end(ap);
  fputc('\n', stderr);
}

int stopped(Bench *bench) {
  if (interrupted) fail(bench, "interrupted");
  return bench->failed;
}

void fail_sql(Bench *bench, sqlite3 *db, const char *what) {
  fail(bench, "%s: %s", what, sqlite3_errmsg(db));
}

/* ---- databases and statements ------------------------------------------ */

static void noop_func(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  sqlite3_result_int64(ctx, 1);
}

/* Runs SQL made with sqlite3_mprintf()'s formats. */
void run(Bench *bench, sqlite3 *db, const char *format, ...) {
  va_list ap;
  char *sql;
  if (stopped(bench)) return;
  va_start(ap, format);
  sql = sqlite3_vmprintf(format, ap);
  va_end(ap);
  if (sql == NULL) {
    fail(bench, "out of memory");
    return;
  }
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
    fail_sql(bench, db, sql);
  }
  sqlite3_free(sql);
}

/* A statement that lives until close_all(); NULL on error. */
sqlite3_stmt *prepare(Bench *bench, sqlite3 *db, const char *format, ...) {
  va_list ap;
  char *sql;
  sqlite3_stmt *stmt = NULL;
  if (stopped(bench)) return NULL;
  if (bench->n_stmts == MAX_STMTS) {
    fail(bench, "too many statements");
    return NULL;
  }
  va_start(ap, format);
  sql = sqlite3_vmprintf(format, ap);
  va_end(ap);
  if (sql == NULL) {
    fail(bench, "out of memory");
    return NULL;
  }
  if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
      SQLITE_OK) {
    fail_sql(bench, db, sql);
  } else {
    bench->stmts[bench->n_stmts++] = stmt;
  }
  sqlite3_free(sql);
  return stmt;
}

/* sqlite3_exec() callback: an error unless the journal mode is WAL. */
static int require_wal(void *unused, int n, char **values, char **names) {
  (void)unused;
  (void)names;
  return n != 1 || values[0] == NULL || strcmp(values[0], "wal") != 0;
}

/* A connection to the file NAME in the folder, with the settings that all
** sides share; open until close_all(). */
sqlite3 *open_plain(Bench *bench, const char *name) {
  sqlite3 *db = NULL;
  char *path = NULL;
  if (stopped(bench)) return NULL;
  if (bench->n_open == MAX_OPEN) {
    fail(bench, "too many databases");
    return NULL;
  }
  path = sqlite3_mprintf("%s/%s", bench->folder, name);
  if (path == NULL) {
    fail(bench, "out of memory");
    return NULL;
  }
  if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                      NULL) != SQLITE_OK) {
    fail(bench, "%s: %s", path, db ? sqlite3_errmsg(db) : "out of memory");
  }
  if (db != NULL) bench->open[bench->n_open++] = db;
  if (!bench->failed && sqlite3_exec(db, "PRAGMA journal_mode = WAL",
                                     require_wal, NULL, NULL) != SQLITE_OK) {
    fail(bench, "%s: no WAL here", path);
  }
  run(bench, db,
      "PRAGMA synchronous = NORMAL;"
      "PRAGMA journal_size_limit = -1;"
      "PRAGMA wal_autocheckpoint = 1000");
  sqlite3_free(path);
  return bench->failed ? NULL : db;
}

void load_extension(Bench *bench, sqlite3 *db, const char *library) {
  char *error = NULL;
  int rc;
  if (bench->failed) return;
  rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
  if (rc == SQLITE_OK) {
    rc = sqlite3_load_extension(db, library, NULL, &error);
  }
  if (rc != SQLITE_OK) {
    fail(bench, "%s: %s", library, error ? error : sqlite3_errmsg(db));
    sqlite3_free(error);
  }
}

/* Registers a function to compare with, with the flags of those that it is
** compared with. */
void add_function(Bench *bench, sqlite3 *db, const char *name, int argc,
                  void (*func)(sqlite3_context *, int, sqlite3_value **)) {
  if (bench->failed) return;
  if (sqlite3_create_function_v2(db, name, argc, SQLITE_UTF8 | SQLITE_INNOCUOUS,
                                 NULL, func, NULL, NULL, NULL) != SQLITE_OK) {
    fail_sql(bench, db, name);
  }
}

/* The same, with the extension and noop(). */
sqlite3 *open_database(Bench *bench, const char *name) {
  sqlite3 *db = open_plain(bench, name);
  load_extension(bench, db, bench->extension);
  add_function(bench, db, "noop", 1, noop_func);
  return bench->failed ? NULL : db;
}

/* A new database with the sequence s. */
sqlite3 *open_store(Bench *bench, const char *name) {
  sqlite3 *db = open_database(bench, name);
  run(bench, db, "INSERT INTO sequences(name, last_value) VALUES ('s', 0)");
  return db;
}

/* Finalizes and closes what was opened since the last call. */
void close_all(Bench *bench) {
  int i;
  for (i = 0; i < bench->n_stmts; i++) {
    sqlite3_finalize(bench->stmts[i]); /* its error was the last step's */
  }
  bench->n_stmts = 0;
  for (i = 0; i < bench->n_open; i++) {
    if (sqlite3_close(bench->open[i]) != SQLITE_OK) {
      fail_sql(bench, bench->open[i], "close");
    }
  }
  bench->n_open = 0;
}

/* Removes every file of the folder, except those whose name starts with
** KEEP (NULL: none). */
void remove_files(Bench *bench, const char *keep) {
  DIR *dir = opendir(bench->folder);
  struct dirent *entry;
  if (dir == NULL) {
    fail(bench, "%s: %s", bench->folder, strerror(errno));
    return;
  }
  while ((entry = readdir(dir)) != NULL) {
    char *path;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
      continue;
    }
    if (keep != NULL && strncmp(entry->d_name, keep, strlen(keep)) == 0) {
      continue;
    }
    path = sqlite3_mprintf("%s/%s", bench->folder, entry->d_name);
    if (path == NULL || unlink(path) != 0) {
      fail(bench, "cannot remove %s/%s", bench->folder, entry->d_name);
    }
    sqlite3_free(path);
  }
  closedir(dir);
}

/* Steps to the end, resets, and returns the first column of the last row
** (0 without one). */
sqlite3_int64 step_all(Bench *bench, sqlite3_stmt *stmt) {
  sqlite3_int64 value = 0;
  int rc;
  if (bench->failed) return 0;
  while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    value = sqlite3_column_int64(stmt, 0);
  }
  if (rc != SQLITE_DONE) {
    fail_sql(bench, sqlite3_db_handle(stmt), sqlite3_sql(stmt));
  }
  sqlite3_reset(stmt);
  return value;
}

/* ---- turns: what is timed ---------------------------------------------- */

/* One statement that makes all the calls, in a write transaction. */
void turn_statement(Bench *bench, Side *side) {
  run(bench, side->db, "BEGIN IMMEDIATE");
  step_all(bench, side->first);
  run(bench, side->db, "COMMIT");
}

/* One statement a call, which must answer with a positive number. */
void turn_autocommit(Bench *bench, Side *side) {
  sqlite3_int64 i;
  for (i = 0; i < side->calls && !bench->failed; i++) {
    if (step_all(bench, side->first) < 1) {
      fail(bench, "no value: %s", sqlite3_sql(side->first));
    }
  }
}

/* ---- races and their report -------------------------------------------- */

double now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Empties the WAL, and keeps its file. */
void checkpoint(Bench *bench, sqlite3 *db) {
  if (stopped(bench)) return;
  if (sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_RESTART, NULL,
                                NULL) != SQLITE_OK) {
    fail_sql(bench, db, "checkpoint");
  }
}

/* One round: sets ns[ROUND] of each side. */
static void race_round(Bench *bench, Side *sides, int n_sides, int round) {
  int turn, i;
  for (i = 0; i < n_sides; i++) {
    if (sides[i].before) sides[i].before(bench, &sides[i]);
    checkpoint(bench, sides[i].db);
    sides[i].ns[round] = 0;
  }
  for (turn = 0; turn < sides[0].turns && !stopped(bench); turn++) {
    for (i = 0; i < n_sides; i++) {
      double start = now_ns();
      sides[i].turn(bench, &sides[i]);
      sides[i].ns[round] += now_ns() - start;
    }
  }
  for (i = 0; i < n_sides; i++) {
    sides[i].ns[round] /= (double)sides[i].calls * sides[i].turns;
  }
}

/* Fills ns[] of the sides, whose numbers of turns are equal. */
void race(Bench *bench, Side *sides, int n_sides) {
  int round;
  race_round(bench, sides, n_sides, 0); /* warms up */
  for (round = 0; round < bench->rounds; round++) {
    race_round(bench, sides, n_sides, round);
  }
}

static int compare_doubles(const void *left, const void *right) {
  double a = *(const double *)left;
  double b = *(const double *)right;
  return (a > b) - (a < b);
}

/* The median; sorts the values. */
double median(double *values, int n) {
  qsort(values, (size_t)n, sizeof *values, compare_doubles);
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double median_ns(const Bench *bench, const Side *side) {
  double values[MAX_ROUNDS];
  memcpy(values, side->ns, (size_t)bench->rounds * sizeof *values);
  return median(values, bench->rounds);
}

/* The median of the ratios of A to B, by rounds. */
double median_ratio(const Bench *bench, const Side *a, const Side *b) {
  double values[MAX_ROUNDS];
  int i;
  for (i = 0; i < bench->rounds; i++)
    values[i] = a->ns[i] / b->ns[i];
  return median(values, bench->rounds);
}

/* The median of what a call of A takes longer than one of B, by rounds. */
double median_difference(const Bench *bench, const Side *a, const Side *b) {
  double values[MAX_ROUNDS];
  int i;
  for (i = 0; i < bench->rounds; i++)
    values[i] = a->ns[i] - b->ns[i];
  return median(values, bench->rounds);
}

/* A file of the data of the plots, NULL if none is wanted. */
FILE *data_open(Bench *bench, const char *name) {
  FILE *file = NULL;
  char *path;
  if (bench->data == NULL || stopped(bench)) return NULL;
  path = sqlite3_mprintf("%s/%s", bench->data, name);
  if (path == NULL) {
    fail(bench, "out of memory");
  } else if ((file = fopen(path, "w")) == NULL) {
    fail(bench, "%s: %s", path, strerror(errno));
  }
  sqlite3_free(path);
  return file;
}

void data_close(Bench *bench, FILE *file) {
  if (file != NULL && fclose(file) != 0) {
    fail(bench, "%s: %s", bench->data, strerror(errno));
  }
}

/* "ok" or "OVER", and counts it. */
const char *verdict(Bench *bench, int is_over) {
  bench->judged++;
  bench->over += is_over;
  return is_over ? "OVER" : "ok";
}

void heading(int line, const char *title) {
  printf("\n%d. %s\n", line, title);
  fflush(stdout);
}

/* One row: A against B, held to the bound (0: for information). */
void report(Bench *bench, const char *label, const Side *a, const Side *b,
            double bound) {
  double ratios[MAX_ROUNDS];
  double middle;
  int i;
  if (bench->failed) return;
  for (i = 0; i < bench->rounds; i++)
    ratios[i] = a->ns[i] / b->ns[i];
  middle = median(ratios, bench->rounds); /* and sorts */
  printf("   %-28s %8.1f %8.1f %6.2f %6.2f %6.2f", label, median_ns(bench, a),
         median_ns(bench, b), middle, ratios[0], ratios[bench->rounds - 1]);
  if (bound > 0) printf("  %5.2f %s", bound, verdict(bench, middle > bound));
  putchar('\n');
  fflush(stdout);
}

Side new_side(void (*turn)(Bench *, Side *), sqlite3 *db, sqlite3_stmt *stmt,
              sqlite3_int64 calls, int turns) {
  Side side;
  memset(&side, 0, sizeof side);
  side.turn = turn;
  side.db = db;
  side.first = stmt;
  side.calls = calls;
  side.turns = turns;
  return side;
}

/* A side whose SQL makes a call for each row of t, in a transaction. */
Side scanning(Bench *bench, sqlite3 *db, const char *sql) {
  return new_side(turn_statement, db, prepare(bench, db, "%s", sql),
                  bench->rows, SCAN_TURNS);
}

/* A side whose SQL makes one call, in autocommit. */
Side calling(Bench *bench, sqlite3 *db, const char *sql) {
  return new_side(turn_autocommit, db, prepare(bench, db, "%s", sql),
                  TURN_CALLS, bench->turns);
}

/* t(x), 1 to bench->rows, and a page cache that holds it. */
void fill_t(Bench *bench, sqlite3 *db) {
  run(bench, db, "PRAGMA cache_size = -65536");
  run(bench, db, "CREATE TABLE t(x INTEGER PRIMARY KEY)");
  run(bench, db, INSERT_ROWS, bench->rows);
}
