/*
** bench_processes.c - nextval() in several processes at once: line 11 of
** bench.c.
**
** Each of N processes has a connection of its own to one file, and calls
** nextval() of one sequence for a while, in one of three ways.  They begin
** together; what counts is how many calls all of them made, a second.  A round
** runs every way with every number of processes, so that a machine that is
** busy with something else slows down all; the table shows the median of the
** rounds.
**
** Numbers are not given twice: after each run the sequence must be as far as
** the calls that were made, and with a cache no less far.
**
** With --data FOLDER the results are written to processes.tsv there, a line for
** each number of processes, for processes.gp.
*/
#include "bench_common.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUSY_MS        60000
#define IN_TRANSACTION 100 /* calls between BEGIN and COMMIT */
#define MOST_ROUNDS    7   /* each takes N_WAYS * N_COUNTS runs */

typedef struct Way {
  const char *name;
  const char *options; /* of the sequence */
  int calls;           /* in a transaction; 0: autocommit */
} Way;

static const Way ways[] = {
    {"autocommit", "CACHE 1", 0},
    {"transactions of 100", "CACHE 1", IN_TRANSACTION},
    {"CACHE 100", "CACHE 100", 0},
};
static const int counts[] = {1, 2, 4, 8};

#define N_WAYS   ((int)(sizeof ways / sizeof ways[0]))
#define N_COUNTS ((int)(sizeof counts / sizeof counts[0]))
#define MAX_N    8

/* Calls nextval() until the time is over; how many times. */
static sqlite3_int64 call_until(Bench *bench, sqlite3 *db, const Way *way,
                                double seconds) {
  sqlite3_stmt *begin = prepare(bench, db, "BEGIN IMMEDIATE");
  sqlite3_stmt *commit = prepare(bench, db, "COMMIT");
  sqlite3_stmt *stmt = prepare(bench, db, "SELECT nextval('s')");
  double end = now_ns() + seconds * 1e9;
  sqlite3_int64 calls = 0;
  do {
    int i;
    if (way->calls) step_all(bench, begin);
    for (i = 0; i < (way->calls ? way->calls : 1) && !bench->failed; i++) {
      if (step_all(bench, stmt) < 1) fail(bench, "no value");
      calls++;
    }
    if (way->calls) step_all(bench, commit);
  } while (!stopped(bench) && now_ns() < end);
  return calls;
}

/* A process: says that it is ready, waits for the gate to be closed, works. */
static void work(Bench *bench, const Way *way, double seconds, int gate,
                 int result) {
  sqlite3_int64 calls = -1;
  char byte = 0;
  sqlite3 *db = open_database(bench, "processes");
  if (!bench->failed) sqlite3_busy_timeout(db, BUSY_MS);
  run(bench, db, "SELECT * FROM sequences");
  if (write(result, &byte, 1) != 1) fail(bench, "write: %s", strerror(errno));
  while (read(gate, &byte, 1) < 0 && errno == EINTR) {
  }
  if (!bench->failed) calls = call_until(bench, db, way, seconds);
  if (bench->failed) calls = -1;
  close_all(bench);
  if (write(result, &calls, sizeof calls) != sizeof calls) _exit(2);
  _exit(bench->failed ? 2 : 0);
}

/* Reads n bytes; false if they do not come. */
static int read_all(int file, void *out, size_t n) {
  char *z = out;
  while (n > 0) {
    ssize_t got = read(file, z, n);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    z += got;
    n -= (size_t)got;
  }
  return 1;
}

/* The last value of the sequence. */
static sqlite3_int64 last_value(Bench *bench) {
  sqlite3 *db = open_database(bench, "processes");
  sqlite3_int64 value =
      step_all(bench, prepare(bench, db, "SELECT last_value FROM sequences"));
  close_all(bench);
  return value;
}

/* One run: calls a second, over all of n processes. */
static double throughput(Bench *bench, const Way *way, int n, double seconds) {
  int gate[2];
  int results[MAX_N][2];
  pid_t pids[MAX_N];
  sqlite3_int64 calls = 0;
  sqlite3_int64 before, handed;
  int n_started = 0;
  int i;
  sqlite3 *db = open_database(bench, "processes");
  run(bench, db, "SELECT alter_sequence('s', '%s')", way->options);
  if (!bench->failed) checkpoint(bench, db);
  close_all(bench);
  before = last_value(bench);
  if (!bench->failed && pipe(gate) != 0) fail(bench, "%s", strerror(errno));
  if (bench->failed) return 0;
  fflush(NULL);
  for (i = 0; i < n && !bench->failed; i++) {
    if (pipe(results[i]) != 0 || (pids[i] = fork()) < 0) {
      fail(bench, "%s", strerror(errno));
    } else if (pids[i] == 0) {
      close(gate[1]);
      work(bench, way, seconds, gate[0], results[i][1]);
    } else {
      close(results[i][1]);
      n_started++;
    }
  }
  for (i = 0; i < n_started; i++) {
    char byte;
    if (!read_all(results[i][0], &byte, 1)) fail(bench, "a process has failed");
  }
  close(gate[0]);
  close(gate[1]); /* now they begin */
  for (i = 0; i < n_started; i++) {
    sqlite3_int64 one;
    if (!read_all(results[i][0], &one, sizeof one) || one < 0) {
      fail(bench, "a process has failed");
    } else {
      calls += one;
    }
    close(results[i][0]);
    while (waitpid(pids[i], NULL, 0) < 0 && errno == EINTR) {
    }
  }
  handed = last_value(bench) - before;
  if (handed < calls ||
      (handed > calls && strcmp(way->options, "CACHE 1") == 0))
    fail(bench, "%lld numbers for %lld calls", (long long)handed,
         (long long)calls);
  return (double)calls / seconds;
}

void line_11(Bench *bench) {
  double all[N_WAYS][N_COUNTS][MOST_ROUNDS];
  double medians[N_WAYS][N_COUNTS];
  double seconds = bench->quick ? 0.1 : 0.5;
  int rounds = bench->rounds < MOST_ROUNDS ? bench->rounds : MOST_ROUNDS;
  int round, way, i;
  FILE *data = data_open(bench, "processes.tsv");

  heading(11, "nextval() in processes at once, calls a second of all / of one");
  open_store(bench, "processes");
  close_all(bench);
  for (round = 0; round < rounds; round++) {
    for (way = 0; way < N_WAYS; way++) {
      for (i = 0; i < N_COUNTS && !stopped(bench); i++)
        all[way][i][round] = throughput(bench, &ways[way], counts[i], seconds);
    }
  }
  if (bench->failed) return;
  for (way = 0; way < N_WAYS; way++) {
    for (i = 0; i < N_COUNTS; i++) {
      char label[40];
      medians[way][i] = median(all[way][i], rounds);
      snprintf(label, sizeof label, "%s, %d", ways[way].name, counts[i]);
      printf("   %-28s %8.0f %8.0f %6.2f\n", label, medians[way][i],
             medians[way][0], medians[way][i] / medians[way][0]);
    }
  }
  for (i = 0; data && i < N_COUNTS; i++) {
    fprintf(data, "%d", counts[i]);
    for (way = 0; way < N_WAYS; way++)
      fprintf(data, "\t%.0f", medians[way][i]);
    fputc('\n', data);
  }
  data_close(bench, data);
}
