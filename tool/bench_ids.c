/*
** bench_ids.c - the lines of the ID functions: see bench.c.
**
** A side is SELECT count(f()) FROM a table of a million rows.  What is common
** to all functions (the scan, the call, the copy of the result) is in B too: it
** returns a constant of the same type and size, after it has read its argument
** if it has one.
**
** A function that the extension does not have is named, and is no failure.
**
** With --data FOLDER, what the generators of line 7 cost over their constant is
** written to ids.tsv there, for ids.gp.
*/
#include "bench_common.h"

static void integer_func(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  sqlite3_result_int64(ctx, 1);
}

static void text36_func(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  sqlite3_result_text(ctx, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", 36,
                      SQLITE_TRANSIENT);
}

static void blob16_func(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  sqlite3_result_blob(ctx, "0123456789abcdef", 16, SQLITE_TRANSIENT);
}

/* Reads an argument of any type, from its first byte to its last. */
static void read_argument(sqlite3_value *value) {
  static volatile unsigned char last;
  int is_blob = sqlite3_value_type(value) == SQLITE_BLOB;
  const unsigned char *z =
      is_blob ? sqlite3_value_blob(value) : sqlite3_value_text(value);
  int n = sqlite3_value_bytes(value);
  if (n > 0) last = (unsigned char)(z[0] ^ z[n - 1]);
  (void)last;
}

static void reads_integer_func(sqlite3_context *ctx, int argc,
                               sqlite3_value **argv) {
  read_argument(argv[0]);
  integer_func(ctx, argc, argv);
}

static void reads_text36_func(sqlite3_context *ctx, int argc,
                              sqlite3_value **argv) {
  read_argument(argv[0]);
  text36_func(ctx, argc, argv);
}

static void reads_blob16_func(sqlite3_context *ctx, int argc,
                              sqlite3_value **argv) {
  read_argument(argv[0]);
  blob16_func(ctx, argc, argv);
}

/* A connection with the extension and what it is compared with. */
static sqlite3 *open_ids(Bench *bench, const char *name) {
  sqlite3 *db = open_database(bench, name);
  add_function(bench, db, "integer", 0, integer_func);
  add_function(bench, db, "text36", 0, text36_func);
  add_function(bench, db, "blob16", 0, blob16_func);
  add_function(bench, db, "reads_integer", 1, reads_integer_func);
  add_function(bench, db, "reads_text36", 1, reads_text36_func);
  add_function(bench, db, "reads_blob16", 1, reads_blob16_func);
  fill_t(bench, db);
  return db;
}

/* Whether an expression can be evaluated, on a table. */
static int has(sqlite3 *db, const char *expression, const char *table) {
  sqlite3_stmt *stmt = NULL;
  char *sql = sqlite3_mprintf("SELECT %s FROM %s LIMIT 1", expression, table);
  int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) : SQLITE_NOMEM;
  if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
  return rc == SQLITE_ROW;
}

/* The tables of ids, one a type, of those whose generator is there. */
static void fill_ids(Bench *bench, sqlite3 *db) {
  static const struct {
    const char *table;
    const char *generator;
  } tables[] = {{"uuid_texts", "uuidv7() AS text"},
                {"uuid_blobs", "uuidv7_blob() AS blob"},
                {"ulid_texts", "ulid() AS ulid"}};
  size_t i;
  run(bench, db, "PRAGMA cache_size = -262144");
  for (i = 0; i < sizeof tables / sizeof *tables; i++) {
    if (bench->failed || !has(db, tables[i].generator, "t")) continue;
    run(bench, db, "CREATE TABLE %s AS SELECT %s FROM t", tables[i].table,
        tables[i].generator);
  }
}

/* A side that evaluates an expression for each row of a table. */
static Side evaluating(Bench *bench, sqlite3 *db, const char *expression,
                       const char *table) {
  Side side;
  char *sql = sqlite3_mprintf("SELECT count(%s) FROM %s", expression, table);
  if (sql == NULL) fail(bench, "out of memory");
  side = scanning(bench, db, sql ? sql : "");
  sqlite3_free(sql);
  return side;
}

typedef struct Comparison {
  const char *a;
  const char *b;
  const char *table;
  double bound; /* 0: for information */
} Comparison;

static void compare(Bench *bench, sqlite3 *db_a, sqlite3 *db_b,
                    const Comparison *comparison, FILE *data) {
  Side sides[2];
  sides[0] = evaluating(bench, db_a, comparison->a, comparison->table);
  sides[1] = evaluating(bench, db_b, comparison->b, comparison->table);
  race(bench, sides, 2);
  report(bench, db_a == db_b ? comparison->a : comparison->b, &sides[0],
         &sides[1], comparison->bound);
  if (data && !bench->failed) {
    fprintf(data, "\"%s\"\t%.1f\n", comparison->a,
            median_difference(bench, &sides[0], &sides[1]));
  }
}

static void compare_all(Bench *bench, sqlite3 *db,
                        const Comparison *comparisons, size_t n, FILE *data) {
  size_t i;
  for (i = 0; i < n && !stopped(bench); i++) {
    if (!has(db, comparisons[i].a, comparisons[i].table)) {
      printf("   %s: not in this extension\n", comparisons[i].a);
      continue;
    }
    compare(bench, db, db, &comparisons[i], data);
  }
}

void line_7(Bench *bench) {
  static const Comparison comparisons[] = {
      {"uuidv4()", "text36()", "t", 1.6},
      {"uuidv7()", "text36()", "t", 2.3},
      {"ulid()", "text36()", "t", 2.4},
      {"nanoid()", "text36()", "t", 1.9},
      {"uuidv4_blob()", "blob16()", "t", 1.5},
      {"uuidv7_blob()", "blob16()", "t", 1.9},
      {"ulid_blob()", "blob16()", "t", 2.0},
      {"unique_rowid()", "integer()", "t", 2.0},
      {"snowflake()", "integer()", "t", 2.0},
      {"unordered_unique_rowid()", "integer()", "t", 0},
      {"unique_now()", "integer()", "t", 0},
      {"ksuid()", "text36()", "t", 0},
      {"xid()", "text36()", "t", 0},
      {"objectid()", "text36()", "t", 0},
      {"prefixed_id('cus')", "text36()", "t", 0},
      {"typeid('user')", "text36()", "t", 0},
      {"short_code('c', 'code')", "text36()", "t", 0},
      {"sqids_encode(x)", "reads_text36(x)", "t", 0},
      {"hashids_encode('salt', x)", "reads_text36(x)", "t", 0},
      {"cuid2()", "text36()", "t", 0},
  };
  sqlite3 *db = open_ids(bench, "generators");
  FILE *data = data_open(bench, "ids.tsv");
  run(bench, db, "CREATE TABLE c(code TEXT PRIMARY KEY)");
  heading(7, "SELECT count(f()) FROM t / a constant of its size");
  compare_all(bench, db, comparisons, sizeof comparisons / sizeof *comparisons,
              data);
  data_close(bench, data);
}

void line_8(Bench *bench) {
  static const Comparison comparisons[] = {
      {"uuid_str(blob)", "reads_text36(blob)", "uuid_blobs", 1.5},
      {"uuid_blob(text)", "reads_blob16(text)", "uuid_texts", 1.5},
      {"uuid_extract_timestamp(text)", "reads_integer(text)", "uuid_texts",
       1.5},
      {"uuid_extract_timestamp(blob)", "reads_integer(blob)", "uuid_blobs",
       1.5},
      {"uuid_str(text)", "reads_text36(text)", "uuid_texts", 0},
      {"uuid_blob(blob)", "reads_blob16(blob)", "uuid_blobs", 0},
      {"uuid_valid(text)", "reads_integer(text)", "uuid_texts", 0},
      {"ulid_extract_timestamp(ulid)", "reads_integer(ulid)", "ulid_texts", 0},
      {"ulid_to_uuid(ulid)", "reads_text36(ulid)", "ulid_texts", 0},
  };
  sqlite3 *db = open_ids(bench, "readers");
  heading(8, "SELECT count(f(id)) FROM ids / reads it, gives a constant");
  fill_ids(bench, db);
  compare_all(bench, db, comparisons, sizeof comparisons / sizeof *comparisons,
              NULL);
}

/* What functions of other extensions are compared with, if they are there. */
static const Comparison peers[] = {
    {"uuidv4()", "uuid()", "t", 1.0},
    {"uuidv4()", "uuid4()", "t", 1.0},
    {"uuidv7()", "uuid7()", "t", 1.0},
    {"uuidv7_blob()", "uuid_blob(uuid7())", "t", 1.0},
    {"uuid_str(blob)", "uuid_str(blob)", "uuid_blobs", 1.0},
    {"uuid_blob(text)", "uuid_blob(text)", "uuid_texts", 1.0},
    {"uuid_extract_timestamp(text)", "uuid7_timestamp_ms(text)", "uuid_texts",
     1.0},
    {"ulid()", "ulid()", "t", 1.0},
    {"ulid_blob()", "ulid_bytes()", "t", 1.0},
    {"ulid_with_prefix('p')", "ulid_with_prefix('p')", "t", 1.0},
    {"ulid_datetime(ulid)", "ulid_datetime(ulid)", "ulid_texts", 1.0},
};

void line_9(Bench *bench) {
  sqlite3 *db;
  size_t i;
  int peer;
  if (bench->n_peers == 0) return;
  heading(9, "Ours / a peer's of this name, on the same table");
  db = open_ids(bench, "peers");
  fill_ids(bench, db);
  for (peer = 0; peer < bench->n_peers && !stopped(bench); peer++) {
    sqlite3 *db_peer = open_plain(bench, "peers");
    load_extension(bench, db_peer, bench->peers[peer]);
    run(bench, db_peer, "PRAGMA cache_size = -262144");
    printf("   %s\n", bench->peers[peer]);
    for (i = 0; i < sizeof peers / sizeof *peers && !stopped(bench); i++) {
      if (!has(db_peer, peers[i].b, peers[i].table)) continue;
      if (!has(db, peers[i].a, peers[i].table)) {
        printf("   %s: not in this extension\n", peers[i].a);
        continue;
      }
      compare(bench, db, db_peer, &peers[i], NULL);
    }
  }
}
