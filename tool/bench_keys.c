/*
** bench_keys.c - what each kind of key costs: line 10 of bench.c.
**
** Each side is a table t(id, x TEXT) in a file of its own, into which a million
** rows are inserted in one transaction, with SQLite's default cache.  The file
** is empty but for the schema before it; behind it, it tells the size of a row.
** The rows come as programs insert them, by a million INSERT statements; for
** the first three also by one INSERT ... SELECT, which costs little more than
** the B-tree, and so shows what there is of a difference.
**
** The first three race, since they have bounds.  The others take longer, up to
** half a minute a round, so that few rounds must do; each has the first as its
** other side, so that it is a ratio that is shown.
**
** With --data FOLDER the results are written to keys.tsv there, a line for each
** key, for keys.gp.
*/
#include "bench_common.h"

typedef struct Key {
  const char *name;
  const char *file;
  const char *sql; /* makes the table */
  double bound;
} Key;

#define GENERATED(type, f) \
  "CREATE TABLE t(id " type " NOT NULL DEFAULT (" f ") PRIMARY KEY, x TEXT)"

/* The first is what the others are compared with. */
static const Key keys[] = {
    {"AUTOINCREMENT", "autoincrement",
     "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT)", 0},
    {"BIGSERIAL", "bigserial",
     "SELECT create_table('CREATE TABLE t (id BIGSERIAL PRIMARY KEY, x TEXT)')",
     1.25},
    {"unique_rowid()", "unique_rowid",
     "SELECT serial_normalization('rowid');"
     "SELECT create_table('CREATE TABLE t (id BIGSERIAL PRIMARY KEY, x TEXT)')",
     1.4},
    {"UUID v7, blob", "v7_blob",
     GENERATED("BLOB", "uuidv7_blob()") " WITHOUT ROWID", 0},
    {"UUID v7, text", "v7_text", GENERATED("TEXT", "uuidv7()") " WITHOUT ROWID",
     0},
    {"UUID v7, text, rowid", "v7_text_rowid", GENERATED("TEXT", "uuidv7()"), 0},
    {"UUID v4, blob", "v4_blob",
     GENERATED("BLOB", "uuidv4_blob()") " WITHOUT ROWID", 0},
    {"UUID v4, text", "v4_text", GENERATED("TEXT", "uuidv4()") " WITHOUT ROWID",
     0},
    {"UUID v4, text, rowid", "v4_text_rowid", GENERATED("TEXT", "uuidv4()"), 0},
};

#define N_KEYS   ((int)(sizeof keys / sizeof keys[0]))
#define N_RACING 3
#define FEW      3 /* rounds of the others */

static void empty_file(Bench *bench, Side *side) {
  run(bench, side->db, "DELETE FROM t; VACUUM");
}

/* An INSERT statement for each row, in a transaction. */
static void turn_inserts(Bench *bench, Side *side) {
  sqlite3_int64 i;
  run(bench, side->db, "BEGIN IMMEDIATE");
  for (i = 0; i < side->calls && !bench->failed; i++)
    step_all(bench, side->first);
  run(bench, side->db, "COMMIT");
}

static Side filling_key(Bench *bench, const Key *key) {
  sqlite3 *db = open_database(bench, key->file);
  sqlite3_stmt *stmt;
  Side side;
  run(bench, db, "%s", key->sql);
  stmt = prepare(bench, db, "INSERT INTO t(x) VALUES (?1)");
  if (!bench->failed && sqlite3_bind_text(stmt, 1, "the text of a row", -1,
                                          SQLITE_STATIC) != SQLITE_OK) {
    fail_sql(bench, db, "bind");
  }
  side = new_side(turn_inserts, db, stmt, bench->rows, 1);
  side.before = empty_file;
  return side;
}

/* The same side, by one statement. */
static Side by_one_statement(Bench *bench, Side side) {
  run(bench, side.db,
      "ATTACH ':memory:' AS source;"
      "CREATE TABLE source.n(x INTEGER PRIMARY KEY);"
      "INSERT INTO source.n WITH RECURSIVE n(i) AS (VALUES(1) "
      "UNION ALL SELECT i + 1 FROM n WHERE i < %lld) SELECT i FROM n",
      bench->rows);
  side.first = prepare(bench, side.db,
                       "INSERT INTO t(x) SELECT 'the text of a row' FROM n");
  side.turn = turn_statement;
  return side;
}

/* Bytes of the file for each row. */
static double row_bytes(Bench *bench, Side *side) {
  sqlite3_stmt *stmt = prepare(bench, side->db,
                               "SELECT page_count * page_size FROM"
                               " pragma_page_count, pragma_page_size");
  return (double)step_all(bench, stmt) / (double)side->calls;
}

/* One row of the table, and of the data. */
static void report_key(Bench *bench, FILE *data, const Key *key, Side *side,
                       const Side *base) {
  double bytes = row_bytes(bench, side);
  if (data) {
    fprintf(data, "\"%s\"\t%.2f\t%.1f\n", key->name,
            median_ratio(bench, side, base), bytes);
  }
  report(bench, key->name, side, base, key->bound);
  if (!bench->failed) printf("   %28s %8.1f bytes a row\n", "", bytes);
}

void line_10(Bench *bench) {
  FILE *data;
  Side sides[N_RACING];
  int rounds = bench->rounds;
  int i;

  heading(10, "INSERT of t(id, x TEXT), ns a row / AUTOINCREMENT");
  data = data_open(bench, "keys.tsv");
  for (i = 0; i < N_RACING; i++)
    sides[i] = filling_key(bench, &keys[i]);
  race(bench, sides, N_RACING);
  for (i = 0; i < N_RACING; i++)
    report_key(bench, data, &keys[i], &sides[i], &sides[0]);
  if (bench->rounds > FEW) bench->rounds = FEW;
  for (; i < N_KEYS && !stopped(bench); i++) {
    Side pair[2];
    pair[0] = filling_key(bench, &keys[i]);
    pair[1] = sides[0];
    race(bench, pair, 2);
    report_key(bench, data, &keys[i], &pair[0], &pair[1]);
  }
  bench->rounds = rounds;
  for (i = 0; i < N_RACING; i++)
    sides[i] = by_one_statement(bench, sides[i]);
  race(bench, sides, N_RACING);
  report(bench, "BIGSERIAL, INSERT ... SELECT", &sides[1], &sides[0], 0);
  report(bench, "unique_rowid(), the same", &sides[2], &sides[0], 0);
  data_close(bench, data);
}
