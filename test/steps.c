/*
** steps.c: what the generators of ULID, KSUID, XID and ObjectID do at limits
** that no test reaches by calling them: the tests compile this with the sources
** that it needs, and run it.  Numbers are hexadecimal.
**
**   steps ulid HIGH LOW MS RANDOM     the number behind HIGH LOW (64 bits each)
**   steps ksuid SECONDS HIGH LOW NOW RANDOM IS_NEW_PROCESS
**   steps objectid LAST NOW START
**                                     likewise; "none" if there is none
**   steps sql HIGH LOW SQL ...        the result or the error of each SQL where
**                                     the last ULID was HIGH LOW
**   steps fork HIGH LOW SQL ...       likewise in a child, forked while another
**                                     thread makes a ULID; killed if it hangs
*/
#include "ulid.c" /* for what is static there */

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int id_random(sqlite3_context *context, const char *function, void *out,
              size_t n) {
  (void)context;
  (void)function;
  return random_system(out, n) == SQLITE_OK;
}

static uint64_t number(const char *z) {
  return strtoull(z, 0, 16);
}

static void bytes(const char *z, unsigned char *out, size_t n) {
  for (size_t i = 0; i < n; i++) {
    unsigned byte = 0;
    sscanf(z + 2 * i, "%2x", &byte);
    out[i] = (unsigned char)byte;
  }
}

static void run_sql(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt = 0;
  sqlite3_prepare_v2(db, sql, -1, &stmt, 0);
  if (sqlite3_step(stmt) == SQLITE_ROW) {
    puts((const char *)sqlite3_column_text(stmt, 0));
  } else {
    puts(sqlite3_errmsg(db));
  }
  sqlite3_finalize(stmt);
}

int main(int argc, char **argv) {
  unsigned char random[16];
  int is_ok = 1;
  if (argc == 6 && strcmp(argv[1], "ulid") == 0) {
    UlidNumber id = {number(argv[2]), number(argv[3])};
    bytes(argv[5], random, ULID_RANDOM_SIZE);
    is_ok = ulid_codec_next(&id, number(argv[4]), random);
    if (is_ok) {
      printf("%016llx %016llx\n", (unsigned long long)id.high,
             (unsigned long long)id.low);
    }
  } else if (argc == 8 && strcmp(argv[1], "ksuid") == 0) {
    KsuidNumber id = {number(argv[2]), number(argv[3]), number(argv[4])};
    bytes(argv[6], random, sizeof random);
    is_ok = ksuid_codec_next(&id, number(argv[5]), random, atoi(argv[7]));
    if (is_ok) {
      printf("%08llx %016llx %016llx\n", (unsigned long long)id.seconds,
             (unsigned long long)id.high, (unsigned long long)id.low);
    }
  } else if (argc == 5 && strcmp(argv[1], "objectid") == 0) {
    _Atomic uint64_t id = number(argv[2]);
    uint64_t next;
    is_ok = objectid_codec_next(&id, number(argv[3]), (uint32_t)number(argv[4]),
                                &next);
    if (is_ok) printf("%014llx\n", (unsigned long long)next);
  } else if (argc > 4 &&
             (strcmp(argv[1], "sql") == 0 || strcmp(argv[1], "fork") == 0)) {
    int must_fork = strcmp(argv[1], "fork") == 0;
    IdState state;
    sqlite3 *db;
    memset(&state, 0, sizeof state);
    if (sqlite3_open(":memory:", &db) ||
        func_register(db, ulid_functions, &state, 0, 0)) {
      return 1;
    }
    ulid_last.high = number(argv[2]);
    ulid_last.low = number(argv[3]);
    ulid_last.process = random_forks + 1;
    if (must_fork) {
      int status;
      if (random_init()) return 1;
      spin_enter(&ulid_last.lock, random_forks);
      if (fork() != 0) return wait(&status) < 0 || status != 0;
      alarm(30);
    }
    for (int i = 4; i < argc; i++) {
      run_sql(db, argv[i]);
    }
    sqlite3_close(db);
  } else {
    return 1;
  }
  if (!is_ok) puts("none");
  return 0;
}
