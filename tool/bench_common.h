/*
** bench_common.h - what the lines of the benchmark share: see bench.c.
**
** Errors: the first failure is printed where it happens and kept in
** Bench.failed; from there on every helper does nothing, so that only
** loops and the end of the program need to ask.
*/
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#define _XOPEN_SOURCE    700
#define _DARWIN_C_SOURCE 1

#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROUNDS 99
#define MAX_OPEN   16
#define MAX_STMTS  64
#define MAX_PEERS  8
#define TURN_CALLS 1000 /* of a turn whose calls are statements */
#define SCAN_TURNS 4    /* in a round whose turns scan a table */

typedef struct Bench {
  const char *extension;
  const char *peers[MAX_PEERS]; /* other extensions, for line 9 */
  int n_peers;
  const char *data; /* a folder for the data of the plots, or NULL */
  char *folder;
  int quick;
  int strict;
  unsigned only; /* bit N: run line N; 0: all */
  int rounds;
  sqlite3_int64 rows;    /* of a table that is scanned or filled */
  int turns;             /* of TURN_CALLS calls in a round */
  sqlite3_int64 large;   /* sequences in the large store */
  sqlite3_int64 touched; /* sequences used in one transaction, line 5 */
  int judged;            /* medians that have a bound */
  int over;              /* of them over it */
  int failed;
  sqlite3 *open[MAX_OPEN];
  int n_open;
  sqlite3_stmt *stmts[MAX_STMTS];
  int n_stmts;
} Bench;

typedef struct Side Side;
struct Side {
  void (*turn)(Bench *, Side *);   /* what is timed: calls calls */
  void (*before)(Bench *, Side *); /* untimed, before each round; or NULL */
  sqlite3 *db;
  sqlite3_stmt *first;
  sqlite3_stmt *second; /* of the recipe: its UPDATE */
  int returning;        /* the UPDATE answers with a row */
  sqlite3_int64 calls;  /* of a turn */
  int turns;            /* of a round */
  sqlite3_int64 names;  /* turn_random: how many to choose from */
  uint64_t random;
  const char *file;      /* turn_connect: what is opened */
  int loads;             /* turn_connect: the extension */
  const char *sql;       /* turn_connect: what is done; or NULL */
  double ns[MAX_ROUNDS]; /* a call, by round */
};

/* Set by SIGINT and SIGTERM, so that the folder is removed then too. */
extern volatile sig_atomic_t interrupted;

void fail(Bench *, const char *format, ...);
int stopped(Bench *);
void fail_sql(Bench *, sqlite3 *db, const char *what);

void run(Bench *, sqlite3 *db, const char *format, ...);
sqlite3_stmt *prepare(Bench *, sqlite3 *db, const char *format, ...);
sqlite3 *open_plain(Bench *, const char *name);
void load_extension(Bench *, sqlite3 *db, const char *library);
void add_function(Bench *, sqlite3 *db, const char *name, int argc,
                  void (*func)(sqlite3_context *, int, sqlite3_value **));
sqlite3 *open_database(Bench *, const char *name);
sqlite3 *open_store(Bench *, const char *name);
void close_all(Bench *);
void remove_files(Bench *, const char *keep);
sqlite3_int64 step_all(Bench *, sqlite3_stmt *);

void turn_statement(Bench *, Side *);
void turn_autocommit(Bench *, Side *);
void checkpoint(Bench *, sqlite3 *db);
void race(Bench *, Side *sides, int n_sides);
double now_ns(void);
double median(double *values, int n);
double median_ns(const Bench *, const Side *);
double median_ratio(const Bench *, const Side *a, const Side *b);
double median_difference(const Bench *, const Side *a, const Side *b);
FILE *data_open(Bench *, const char *name);
void data_close(Bench *, FILE *);
const char *verdict(Bench *, int is_over);
void heading(int line, const char *title);
void report(Bench *, const char *label, const Side *a, const Side *b,
            double bound);
Side new_side(void (*turn)(Bench *, Side *), sqlite3 *db, sqlite3_stmt *,
              sqlite3_int64 calls, int turns);
Side scanning(Bench *, sqlite3 *db, const char *sql);
Side calling(Bench *, sqlite3 *db, const char *sql);
void fill_t(Bench *, sqlite3 *db);

/* bench_keys.c */
void line_10(Bench *);

/* bench_processes.c */
void line_11(Bench *);

/* bench_ids.c */
void line_7(Bench *);
void line_8(Bench *);
void line_9(Bench *);

#endif
