/*
** bench.c - what sequences and ID functions cost, as ratios.
**
**   bench [--quick] [--strict] [--only N]... [--rounds N]
**         [--peer LIBRARY]... [--data FOLDER] EXTENSION
**
** Nanoseconds depend on the machine; what surrogate promises is a ratio
** to something that everybody has: a function that does nothing, or an
** ordinary table with the UPDATE written by hand.  So every line is a race
** of two sides, A and B, in one process.  A turn of a side is a thousand
** calls, or one statement over a whole table, between two looks at the
** clock; a round is a number of turns (A B A B ..., so that a machine that
** is busy with something else slows down both); it gives one ratio.  The
** table shows the median of the rounds with the least and the greatest,
** and the bound that the median is held to, if there is one.  The first
** round warms up and is not counted.
**
** Sides that write have a database file each, with the same settings (WAL,
** synchronous NORMAL, the default automatic checkpoint), and start a round
** with an empty WAL, so that both pay for the checkpoints of their own
** pages and for no others.
**
** Line 5 is not a race: it is what SQLite's allocator says, in bytes.
**
** Lines 7 to 9, of the ID functions, are in bench_ids.c.  Line 9 races them
** against the functions of other extensions, each LIBRARY that is named; it
** is not run if there is none.
**
** Line 10, of kinds of keys, is in bench_keys.c, and line 11, of processes, in
** bench_processes.c.
**
** Line 12 is of connections, as pools make them.  What loading the extension
** takes is held to a bound in microseconds.
**
** The databases live in a new folder in $TMPDIR (or /tmp), which is removed
** at the end.  Chance is seeded: every run asks for the same names.
**
** The exit status is 0; with --strict it is 1 if a median is over its
** bound; it is 2 if anything failed.
*/
#include "bench_common.h"

#include <errno.h>
#include <unistd.h>

#define NAME_BYTES   8    /* of a numbered name: s0000001 */
#define SMALL_STORE  10   /* sequences in the small store of lines 4 and 5 */
#define MEMORY_SLACK 1024 /* bytes that count as no growth */
#define CONNECTIONS  50   /* made in a turn of line 12 */
#define LOAD_US      150. /* to load the extension into a connection */

#define NUMBERED_NAMES                             \
  "WITH RECURSIVE n(i) AS (VALUES(1) "             \
  "UNION ALL SELECT i + 1 FROM n WHERE i < %lld) " \
  "SELECT printf('s%%07d', i), 0 FROM n"
#define RECIPE_SELECT                                  \
  "SELECT last_value, _seq_no, _primary_term FROM %s " \
  "WHERE name = ?1"
#define RECIPE_WHERE " WHERE name = ?2 AND _seq_no = ?3 AND _primary_term = ?4"

static void on_signal(int number) {
  (void)number;
  interrupted = 1;
}

/* ---- turns: what is timed ---------------------------------------------- */

/* The recipe: read, add one, swap.  Nobody competes, so each swap wins. */
static void turn_recipe(Bench *bench, Side *side) {
  sqlite3_stmt *read = side->first;
  sqlite3_stmt *swap = side->second;
  sqlite3_int64 i;
  for (i = 0; i < side->calls && !bench->failed; i++) {
    sqlite3_int64 value, seq_no, primary_term, swapped;
    if (sqlite3_step(read) != SQLITE_ROW) {
      fail_sql(bench, side->db, sqlite3_sql(read));
      break;
    }
    value = sqlite3_column_int64(read, 0) + 1;
    seq_no = sqlite3_column_int64(read, 1);
    primary_term = sqlite3_column_int64(read, 2);
    if (sqlite3_step(read) != SQLITE_DONE) {
      fail_sql(bench, side->db, sqlite3_sql(read));
    }
    sqlite3_reset(read);
    if (sqlite3_bind_int64(swap, 1, value) != SQLITE_OK ||
        sqlite3_bind_int64(swap, 3, seq_no) != SQLITE_OK ||
        sqlite3_bind_int64(swap, 4, primary_term) != SQLITE_OK) {
      fail_sql(bench, side->db, "bind");
    }
    swapped = step_all(bench, swap);
    if (side->returning ? swapped != value : sqlite3_changes(side->db) != 1) {
      fail(bench, "a swap was lost: %s", sqlite3_sql(swap));
    }
  }
}

static void turn_recipe_in_transaction(Bench *bench, Side *side) {
  run(bench, side->db, "BEGIN IMMEDIATE");
  turn_recipe(bench, side);
  run(bench, side->db, "COMMIT");
}

static void turn_in_transaction(Bench *bench, Side *side) {
  run(bench, side->db, "BEGIN IMMEDIATE");
  turn_autocommit(bench, side);
  run(bench, side->db, "COMMIT");
}

/* xorshift64*: good enough to choose names, and the same everywhere. */
static uint64_t next_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(2685821657736338717);
}

/* Writes printf("s%07d", NUMBER), faster. */
static void number_name(char name[NAME_BYTES], sqlite3_int64 number) {
  int i;
  name[0] = 's';
  for (i = NAME_BYTES - 1; i > 0; i--) {
    name[i] = (char)('0' + number % 10);
    number /= 10;
  }
}

static void call_by_name(Bench *bench, sqlite3_stmt *stmt,
                         sqlite3_int64 number) {
  char name[NAME_BYTES];
  number_name(name, number);
  if (sqlite3_bind_text(stmt, 1, name, NAME_BYTES, SQLITE_STATIC) !=
      SQLITE_OK) {
    fail_sql(bench, sqlite3_db_handle(stmt), "bind");
  }
  if (step_all(bench, stmt) < 1) {
    fail(bench, "no value for %.*s", NAME_BYTES, name);
  }
}

/* One statement a call, with a name by chance. */
static void turn_random(Bench *bench, Side *side) {
  sqlite3_int64 i;
  for (i = 0; i < side->calls && !bench->failed; i++) {
    uint64_t pick = (next_random(&side->random) >> 11) % (uint64_t)side->names;
    call_by_name(bench, side->first, (sqlite3_int64)pick + 1);
  }
  if (!bench->failed) sqlite3_clear_bindings(side->first);
}

/* Before a round that fills the table d: empties it. */
static void empty_table(Bench *bench, Side *side) {
  run(bench, side->db, "DELETE FROM d");
}

/* ---- the lines --------------------------------------------------------- */

/* One row of line 5; bound < 0: for information. */
static void report_bytes(Bench *bench, const char *label, sqlite3_int64 bytes,
                         sqlite3_int64 bound) {
  if (bench->failed) return;
  printf("   %-53s %11lld", label, (long long)bytes);
  if (bound >= 0) {
    printf("  %5lld %s", (long long)bound, verdict(bench, bytes > bound));
  }
  putchar('\n');
  fflush(stdout);
}

static void line_1(Bench *bench) {
  sqlite3 *db = open_store(bench, "scan");
  Side sides[2];
  heading(1, "In a write transaction: SELECT count(f('s')) FROM t");
  fill_t(bench, db);
  sides[0] = scanning(bench, db, "SELECT count(nextval('s')) FROM t");
  sides[1] = scanning(bench, db, "SELECT count(noop('s')) FROM t");
  race(bench, sides, 2);
  report(bench, "nextval / noop", &sides[0], &sides[1], 1.25);
}

/* Reports the first of three sides against the others, which do the same by
** hand, and holds it to the bound of the faster one. */
static void report_by_hand(Bench *bench, const char *label, const Side *sides,
                           double bound) {
  int rowid_is_faster;
  char text[40];
  if (bench->failed) return;
  rowid_is_faster = median_ns(bench, &sides[2]) < median_ns(bench, &sides[1]);
  snprintf(text, sizeof text, "%s / WITHOUT ROWID", label);
  report(bench, text, &sides[0], &sides[1], rowid_is_faster ? 0 : bound);
  snprintf(text, sizeof text, "%s / rowid table", label);
  report(bench, text, &sides[0], &sides[2], rowid_is_faster ? bound : 0);
}

/* A side that keeps its number by hand; TAIL is '' or 'WITHOUT ROWID'. */
static Side by_hand(Bench *bench, const char *file, const char *tail) {
  sqlite3 *db = open_database(bench, file);
  run(bench, db, "CREATE TABLE t(name TEXT PRIMARY KEY, v INTEGER) %s", tail);
  run(bench, db, "INSERT INTO t VALUES ('s', 0)");
  return calling(bench, db,
                 "UPDATE t SET v = v + 1 WHERE name = 's' RETURNING v");
}

/* nextval() against the same by hand, in autocommit or in a transaction. */
static void race_by_hand(Bench *bench, sqlite3 *db, const char *label,
                         void (*turn)(Bench *, Side *)) {
  Side sides[3];
  int i;
  sides[0] = calling(bench, db, "SELECT nextval('s')");
  sides[1] = by_hand(bench, "by_hand", "WITHOUT ROWID");
  sides[2] = by_hand(bench, "by_hand_rowid", "");
  for (i = 0; i < 3; i++)
    sides[i].turn = turn;
  race(bench, sides, 3);
  report_by_hand(bench, label, sides, 1.0);
  close_all(bench);
  if (!bench->failed) remove_files(bench, "keep-");
}

static void line_2(Bench *bench) {
  sqlite3 *db;
  heading(2, "SELECT nextval('s') / UPDATE t ... RETURNING v");
  race_by_hand(bench, open_store(bench, "nextval"), "autocommit",
               turn_autocommit);
  db = open_store(bench, "view");
  run(bench, db, "SELECT sequences_create_view()");
  race_by_hand(bench, db, "transaction, view", turn_in_transaction);
}

/* The recipe on TABLE, whose UPDATE sets also what EXTRA says. */
static Side recipe(Bench *bench, sqlite3 *db, const char *table,
                   const char *extra, int returning) {
  Side side;
  run(bench, db, "INSERT INTO %s(name, last_value) VALUES ('mysequence', 0)",
      table);
  side = new_side(turn_recipe, db, prepare(bench, db, RECIPE_SELECT, table),
                  TURN_CALLS, bench->turns);
  side.second =
      prepare(bench, db, "UPDATE %s SET last_value = ?1%s%s%s", table, extra,
              RECIPE_WHERE, returning ? " RETURNING last_value" : "");
  side.returning = returning;
  if (bench->failed) return side;
  if (sqlite3_bind_text(side.first, 1, "mysequence", -1, SQLITE_STATIC) !=
          SQLITE_OK ||
      sqlite3_bind_text(side.second, 2, "mysequence", -1, SQLITE_STATIC) !=
          SQLITE_OK) {
    fail_sql(bench, db, "bind");
  }
  return side;
}

/* The recipe on sequences, with the view or without, against an ordinary
** table; the bounds are of autocommit and of a transaction. */
static void race_recipe(Bench *bench, const char *label, int has_view,
                        double bound, double bound_in_transaction) {
  Side sides[2];
  sqlite3 *db = open_database(bench, label);
  sqlite3 *plain = NULL;
  char *by_hand_name = sqlite3_mprintf("%s by hand", label);
  char *in_transaction = sqlite3_mprintf("%s, transaction", label);
  if (by_hand_name == NULL || in_transaction == NULL) {
    fail(bench, "out of memory");
    goto done;
  }
  plain = open_database(bench, by_hand_name);
  if (has_view) run(bench, db, "SELECT sequences_create_view()");
  run(bench, plain,
      "CREATE TABLE plain(name TEXT PRIMARY KEY, last_value BIGINT,"
      " _seq_no INTEGER DEFAULT 0, _primary_term INTEGER DEFAULT 1)");
  sides[0] = recipe(bench, db, "sequences", "", has_view);
  sides[1] = recipe(bench, plain, "plain", ", _seq_no = _seq_no + 1", has_view);
  race(bench, sides, 2);
  report(bench, label, &sides[0], &sides[1], bound);
  sides[0].turn = sides[1].turn = turn_recipe_in_transaction;
  race(bench, sides, 2);
  report(bench, in_transaction, &sides[0], &sides[1], bound_in_transaction);
done:
  sqlite3_free(by_hand_name);
  sqlite3_free(in_transaction);
}

static void line_3(Bench *bench) {
  heading(3, "The recipe's SELECT and UPDATE / the same on a table by hand");
  race_recipe(bench, "rowcount", 0, 1.3, 1.5);
  race_recipe(bench, "RETURNING", 1, 1.6, 2.2);
}

/* Opens the database "keep-KIND-COUNT", of COUNT sequences s0000001 and so
** on, or, if TAIL is not NULL, of as many rows of an ordinary table; makes it
** the first time. */
static sqlite3 *open_numbered(Bench *bench, const char *kind, const char *tail,
                              sqlite3_int64 count) {
  char *name = sqlite3_mprintf("keep-%s-%lld", kind, count);
  char *path = sqlite3_mprintf("%s/%s", bench->folder, name);
  sqlite3 *db = NULL;
  if (name == NULL || path == NULL) {
    fail(bench, "out of memory");
  } else if (access(path, F_OK) == 0) {
    db = open_database(bench, name);
  } else {
    db = open_database(bench, name);
    if (tail != NULL) {
      run(bench, db,
          "CREATE TABLE sequences(name TEXT PRIMARY KEY, last_value INTEGER)"
          " %s",
          tail);
    }
    run(bench, db, "INSERT INTO sequences(name, last_value) " NUMBERED_NAMES,
        count);
    checkpoint(bench, db);
  }
  sqlite3_free(name);
  sqlite3_free(path);
  return db;
}

/* A side that takes the next number of one of COUNT by chance. */
static Side numbered_side(Bench *bench, const char *kind, const char *tail,
                          sqlite3_int64 count) {
  sqlite3 *db = open_numbered(bench, kind, tail, count);
  const char *sql = tail == NULL
                        ? "SELECT nextval(?1)"
                        : "UPDATE sequences SET last_value = last_value + 1"
                          " WHERE name = ?1 RETURNING last_value";
  Side side = new_side(turn_random, db, prepare(bench, db, "%s", sql),
                       TURN_CALLS, bench->turns);
  side.names = count;
  side.random = UINT64_C(0x5eed0000) + (uint64_t)count;
  return side;
}

/* A large store against a small one, by hand too; and again without
** checkpoints, which write a page once for all the calls of a small store, but
** once a call for random names of a large one, whatever the statement is. */
static void line_4(Bench *bench) {
  char title[80];
  Side sides[5]; /* large ones: nextval(), by hand; small ones */
  int is_last, i;
  snprintf(title, sizeof title, "Autocommit, a random name of %lld / of %d",
           (long long)bench->large, SMALL_STORE);
  heading(4, title);
  sides[0] = numbered_side(bench, "store", NULL, bench->large);
  sides[1] = numbered_side(bench, "table", "WITHOUT ROWID", bench->large);
  sides[2] = numbered_side(bench, "rowid", "", bench->large);
  sides[3] = numbered_side(bench, "store", NULL, SMALL_STORE);
  sides[4] = numbered_side(bench, "table", "WITHOUT ROWID", SMALL_STORE);
  for (is_last = 0; is_last < 2; is_last++) {
    race(bench, sides, 5);
    report(bench, is_last ? "nextval, no checkpoints" : "nextval", &sides[0],
           &sides[3], is_last ? 0 : 2.0);
    report(bench, is_last ? "by hand, no checkpoints" : "by hand", &sides[1],
           &sides[4], 0);
    report_by_hand(bench, is_last ? "no checkpoints" : "of many", sides,
                   is_last ? 0 : 1.0);
    for (i = 0; i < 5; i++)
      run(bench, sides[i].db, "PRAGMA wal_autocheckpoint = 0");
  }
}

/* Bytes that SQLite has allocated, without the pages of DB's cache. */
static sqlite3_int64 bytes_without_cache(Bench *bench, sqlite3 *db) {
  int cache = 0;
  int high = 0;
  if (bench->failed) return 0;
  if (sqlite3_db_status(db, SQLITE_DBSTATUS_CACHE_USED, &cache, &high, 0) !=
      SQLITE_OK) {
    fail_sql(bench, db, "sqlite3_db_status");
  }
  return sqlite3_memory_used() - cache;
}

/* The same, after what can be given back was. */
static sqlite3_int64 bytes_at_rest(Bench *bench, sqlite3 *db) {
  if (bench->failed) return 0;
  if (sqlite3_db_release_memory(db) != SQLITE_OK) {
    fail_sql(bench, db, "sqlite3_db_release_memory");
  }
  return bytes_without_cache(bench, db);
}

/* What a new connection holds after nextval() of one of COUNT sequences.
** The second connection is measured: the first one also pays for what the
** process keeps. */
static sqlite3_int64 connection_bytes(Bench *bench, sqlite3_int64 count) {
  sqlite3_int64 bytes = 0;
  int i;
  open_numbered(bench, "store", NULL, count); /* makes it */
  close_all(bench);
  for (i = 0; i < 2; i++) {
    sqlite3_int64 before = sqlite3_memory_used();
    sqlite3 *db = open_numbered(bench, "store", NULL, count);
    run(bench, db, "SELECT nextval('s0000001')");
    bytes = bytes_at_rest(bench, db) - before;
    close_all(bench);
  }
  return bytes;
}

/* Uses COUNT sequences in a transaction, and leaves it open. */
static void use_in_transaction(Bench *bench, sqlite3 *db, sqlite3_stmt *stmt,
                               sqlite3_int64 count) {
  sqlite3_int64 i;
  run(bench, db, "BEGIN IMMEDIATE");
  for (i = 1; i <= count && !bench->failed; i++)
    call_by_name(bench, stmt, i);
  if (!bench->failed) sqlite3_clear_bindings(stmt);
}

static void line_5(Bench *bench) {
  char label[80];
  sqlite3_int64 small, large, rest;
  sqlite3 *db;
  sqlite3_stmt *stmt;
  heading(5, "Memory in bytes, without the page cache");
  small = connection_bytes(bench, SMALL_STORE);
  large = connection_bytes(bench, bench->large);
  snprintf(label, sizeof label, "a connection, one sequence used, store of %d",
           SMALL_STORE);
  report_bytes(bench, label, small, -1);
  snprintf(label, sizeof label, "... store of %lld", (long long)bench->large);
  report_bytes(bench, label, large, -1);
  report_bytes(bench, "... the difference", large - small, MEMORY_SLACK);

  db = open_numbered(bench, "store", NULL, bench->large);
  /* A cache that is full from the start, so that its hash table, which
  ** CACHE_USED does not count, does not grow meanwhile. */
  run(bench, db, "PRAGMA cache_size = 100; SELECT count(*) FROM sequences");
  stmt = prepare(bench, db, "SELECT nextval(?1)");
  use_in_transaction(bench, db, stmt, 1);
  run(bench, db, "COMMIT");
  rest = bytes_at_rest(bench, db);
  use_in_transaction(bench, db, stmt, bench->touched);
  snprintf(label, sizeof label, "%lld used in a transaction, before COMMIT",
           (long long)bench->touched);
  report_bytes(bench, label, bytes_without_cache(bench, db) - rest, -1);
  run(bench, db, "COMMIT");
  /* Session values stay, for currval(): see doc/sequences.md. */
  report_bytes(bench, "... after COMMIT (for currval())",
               bytes_at_rest(bench, db) - rest, -1);
  use_in_transaction(bench, db, stmt, bench->touched);
  run(bench, db, "ROLLBACK");
  report_bytes(bench, "... after ROLLBACK instead (the process's marks)",
               bytes_at_rest(bench, db) - rest, -1);
}

/* A side that fills the table d, made by DDL, from t by SQL. */
static Side filling(Bench *bench, const char *file, const char *ddl,
                    const char *sql) {
  sqlite3 *db = open_store(bench, file);
  Side side;
  fill_t(bench, db);
  run(bench, db, "%s", ddl);
  side = scanning(bench, db, sql);
  side.turns = 1; /* the table is emptied before a round */
  side.before = empty_table;
  return side;
}

static void line_6(Bench *bench) {
  sqlite3 *db;
  Side sides[3];
  heading(6, "For information");

  db = open_store(bench, "cached");
  run(bench, db, "SELECT create_sequence('c', 'CACHE 100')");
  sides[0] = calling(bench, db, "SELECT nextval('c')");
  sides[1] = by_hand(bench, "by_hand", "WITHOUT ROWID");
  race(bench, sides, 2);
  report(bench, "CACHE 100 / UPDATE by hand", &sides[0], &sides[1], 0);
  close_all(bench);

  db = open_store(bench, "alternating");
  fill_t(bench, db);
  run(bench, db, "INSERT INTO sequences(name, last_value) VALUES ('r', 0)");
  sides[0] =
      scanning(bench, db, "SELECT count(nextval(iif(x & 1, 'r', 's'))) FROM t");
  sides[1] =
      scanning(bench, db, "SELECT count(noop(iif(x & 1, 'r', 's'))) FROM t");
  race(bench, sides, 2);
  report(bench, "two sequences by turns/noop", &sides[0], &sides[1], 0);
  close_all(bench);

  sides[0] = filling(bench, "default",
                     "CREATE TABLE d(id INT8 NOT NULL ON CONFLICT REPLACE"
                     " DEFAULT (nextval('s')) PRIMARY KEY, x) WITHOUT ROWID",
                     "INSERT INTO d(x) SELECT x FROM t");
  sides[1] =
      filling(bench, "value", "CREATE TABLE d(id INTEGER PRIMARY KEY, x)",
              "INSERT INTO d SELECT nextval('s'), x FROM t");
  sides[2] = filling(bench, "autoincrement",
                     "CREATE TABLE d(id INTEGER PRIMARY KEY AUTOINCREMENT, x)",
                     "INSERT INTO d(x) SELECT x FROM t");
  race(bench, sides, 3);
  report(bench, "DEFAULT / AUTOINCREMENT", &sides[0], &sides[2], 0);
  report(bench, "VALUES(nextval) / AUTOINCR.", &sides[1], &sides[2], 0);
}

/* ---- connections ------------------------------------------------------- */

/* Opens the file of a side, runs its SQL, and closes it.  The extension is
** loaded if the side wants it. */
static void turn_connect(Bench *bench, Side *side) {
  sqlite3_int64 i;
  for (i = 0; i < side->calls && !bench->failed; i++) {
    sqlite3 *db = NULL;
    if (sqlite3_open(side->file, &db) != SQLITE_OK) {
      fail(bench, "%s: %s", side->file, sqlite3_errmsg(db));
    }
    run(bench, db, "PRAGMA synchronous = OFF");
    if (side->loads) load_extension(bench, db, bench->extension);
    if (side->sql) run(bench, db, "%s", side->sql);
    if (sqlite3_close(db) != SQLITE_OK) fail(bench, "close");
  }
}

/* The files are in WAL mode, and nobody else has them open; the time of the
** disk would hide what is measured.  Each side that writes has its own. */
static void line_12(Bench *bench) {
  static const struct {
    int loads;
    const char *sql;
  } turns[] = {{1, "SELECT nextval('s')"},
               {0, "UPDATE t SET v = v + 1 WHERE name = 's' RETURNING v"},
               {1, NULL},
               {0, NULL}};
  Side sides[4];
  char *files[2];
  double us;
  int i;
  heading(12, "Opening a connection, its first statement, closing it");
  for (i = 0; i < 2; i++) {
    const char *name = i == 0 ? "sequence" : "hand";
    sqlite3 *db = i == 0 ? open_store(bench, name) : open_plain(bench, name);
    files[i] = sqlite3_mprintf("%s/%s", bench->folder, name);
    if (files[i] == NULL) fail(bench, "out of memory");
    if (i == 0) continue;
    run(bench, db,
        "CREATE TABLE t(name TEXT PRIMARY KEY, v INTEGER) WITHOUT ROWID;"
        "INSERT INTO t VALUES ('s', 0)");
  }
  close_all(bench);
  for (i = 0; i < 4; i++) {
    sides[i] =
        new_side(turn_connect, i == 0 ? open_plain(bench, "idle") : sides[0].db,
                 NULL, CONNECTIONS, bench->turns);
    sides[i].file = files[i % 2];
    sides[i].loads = turns[i].loads;
    sides[i].sql = turns[i].sql;
  }
  race(bench, sides, 4);
  report(bench, "load, nextval / UPDATE", &sides[0], &sides[1], 1.5);
  if (!bench->failed) {
    us = median_difference(bench, &sides[2], &sides[3]) / 1000;
    printf("   %-28s %8.1f us %29.0f %s\n", "load, unload", us, LOAD_US,
           verdict(bench, us > LOAD_US));
  }
  for (i = 0; i < 2; i++)
    sqlite3_free(files[i]);
}

/* ---- main -------------------------------------------------------------- */

static void (*const lines[])(Bench *) = {line_1, line_2,  line_3,  line_4,
                                         line_5, line_6,  line_7,  line_8,
                                         line_9, line_10, line_11, line_12};
#define N_LINES ((int)(sizeof lines / sizeof lines[0]))

static int usage(void) {
  fprintf(stderr,
          "usage: bench [--quick] [--strict] [--only N]... [--rounds N] "
          "[--peer LIBRARY]... [--data FOLDER] EXTENSION\n"
          "  --quick         fewer rounds, rows and sequences\n"
          "  --strict        exit 1 if a median is over its bound\n"
          "  --only N        only line N, 1 to %d\n"
          "  --rounds N      rounds of a race, 1 to %d\n"
          "  --peer LIBRARY  race the ID functions against this extension\n"
          "  --data FOLDER   write there what make plots draws\n",
          N_LINES, MAX_ROUNDS);
  return 2;
}

/* Reads a number from 1 to MOST; 0 if it is none. */
static int parse_count(const char *text, int most) {
  char *end;
  long number = text ? strtol(text, &end, 10) : 0;
  if (text == NULL || *text == 0 || *end != 0) return 0;
  return number < 1 || number > most ? 0 : (int)number;
}

/* Fills BENCH from the command line; false if it makes no sense. */
static int parse_arguments(Bench *bench, int argc, char **argv) {
  int rounds = 0;
  int i;
  for (i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--quick") == 0) {
      bench->quick = 1;
    } else if (strcmp(argv[i], "--strict") == 0) {
      bench->strict = 1;
    } else if (strcmp(argv[i], "--only") == 0) {
      int line = parse_count(argv[i + 1], N_LINES);
      if (line == 0) return 0;
      bench->only |= 1u << line;
      i++;
    } else if (strcmp(argv[i], "--rounds") == 0) {
      rounds = parse_count(argv[i + 1], MAX_ROUNDS);
      if (rounds == 0) return 0;
      i++;
    } else if (strcmp(argv[i], "--peer") == 0) {
      if (argv[i + 1] == NULL || bench->n_peers == MAX_PEERS) return 0;
      bench->peers[bench->n_peers++] = argv[++i];
    } else if (strcmp(argv[i], "--data") == 0) {
      if (argv[i + 1] == NULL) return 0;
      bench->data = argv[++i];
    } else if (argv[i][0] == '-' || bench->extension != NULL) {
      return 0;
    } else {
      bench->extension = argv[i];
    }
  }
  bench->rounds = rounds ? rounds : bench->quick ? 5 : 15;
  bench->rows = bench->quick ? 100000 : 1000000;
  bench->turns = bench->quick ? 5 : 20;
  bench->large = bench->quick ? 100000 : 1000000;
  bench->touched = bench->quick ? 10000 : 100000;
  return bench->extension != NULL;
}

/* Makes the folder of the databases. */
static void make_folder(Bench *bench) {
  const char *parent = getenv("TMPDIR");
  if (parent == NULL || *parent == 0) parent = "/tmp";
  bench->folder = sqlite3_mprintf("%s/surrogate-bench-XXXXXX", parent);
  if (bench->folder == NULL) {
    fail(bench, "out of memory");
  } else if (mkdtemp(bench->folder) == NULL) {
    fail(bench, "%s: %s", bench->folder, strerror(errno));
    sqlite3_free(bench->folder);
    bench->folder = NULL;
  }
}

static void remove_folder(Bench *bench) {
  if (bench->folder == NULL) return;
  remove_files(bench, NULL);
  if (rmdir(bench->folder) != 0) {
    fail(bench, "%s: %s", bench->folder, strerror(errno));
  }
  sqlite3_free(bench->folder);
  bench->folder = NULL;
}

int main(int argc, char **argv) {
  Bench bench;
  int i;
  memset(&bench, 0, sizeof bench);
  if (!parse_arguments(&bench, argc, argv)) return usage();
  signal(SIGINT, on_signal);
  signal(SIGTERM, on_signal);
  make_folder(&bench);
  if (!bench.failed) {
    printf("SQLite %s, %d rounds of %d statements or %lld rows\n\n",
           sqlite3_libversion(), bench.rounds, bench.turns * TURN_CALLS,
           (long long)bench.rows);
    printf("   %-28s %8s %8s %6s %6s %6s  %5s\n", "A / B", "A, ns", "B, ns",
           "A / B", "min", "max", "bound");
  }
  for (i = 0; i < N_LINES && !stopped(&bench); i++) {
    if (bench.only != 0 && (bench.only & (1u << (i + 1))) == 0) continue;
    lines[i](&bench);
    close_all(&bench);
    if (!bench.failed) remove_files(&bench, "keep-");
  }
  close_all(&bench);
  remove_folder(&bench);
  if (bench.failed) return 2;
  printf("\n%d of %d within their bounds\n", bench.judged - bench.over,
         bench.judged);
  return bench.strict && bench.over > 0 ? 1 : 0;
}
