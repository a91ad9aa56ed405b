/*
** two_sqlites.c: a program with several SQLites in it, for two_sqlites.test.
**
**   two_sqlites COMMAND ARGUMENT ... COMMAND ARGUMENT ...
**
** Libraries and connections have names of the caller's choice.  Each command
** prints a line, an error as what it says:
**
**   library NAME FILE          load an SQLite; its release and its path
**   unload NAME                unload it; "unloaded"
**   open NAME LIBRARY FILE     a connection; "opened"
**   load NAME EXTENSION        load an extension into a connection; "loaded"
**   enter NAME EXTENSION       the same, by its entry point: the result code,
**                              the message, and the bytes of the library's that
**                              are not free again without the connection
**   sql NAME SQL               the values of all rows
**   close NAME                 "closed"
**   race EXTENSION THREADS     so many threads of each library load at once,
**                              and then make ids and a sequence; a line for
**                              each different thing that befell one: how many,
**                              the library, and "loaded" or the error
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <sqlite3ext.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES       8
#define THREADS_MAX 64

/* sqlite3ext.h makes sqlite3_x() of all calls sqlite3_api->x(). */
typedef struct Library {
  const char *name;
  void *handle;
  const sqlite3_api_routines *api;
} Library;

typedef struct Connection {
  const char *name;
  Library *library;
  sqlite3 *db;
} Connection;

static Library libraries[NAMES];
static Connection connections[NAMES];

static void fail(const char *what, const char *why) {
  fflush(stdout);
  fprintf(stderr, "two_sqlites: %s: %s\n", what, why);
  exit(2);
}

/* The one of this name, or for NULL one that is free. */
static Library *find_library(const char *name) {
  for (int i = 0; i < NAMES; i++) {
    const char *has = libraries[i].name;
    if (name ? has && strcmp(has, name) == 0 : !has) return &libraries[i];
  }
  fail(name ? name : "library", "none");
  return 0;
}

static Connection *find_connection(const char *name) {
  for (int i = 0; i < NAMES; i++) {
    const char *has = connections[i].name;
    if (name ? has && strcmp(has, name) == 0 : !has) return &connections[i];
  }
  fail(name ? name : "connection", "none");
  return 0;
}

/* ---- Commands -------------------------------------------------------------*/

static const sqlite3_api_routines *caught;

/* An automatic extension, which gets what a loaded one would get. */
static int catch_api(sqlite3 *db, char **error,
                     const sqlite3_api_routines *api) {
  (void)db;
  (void)error;
  caught = api;
  return SQLITE_OK;
}

static void load_library(const char *name, const char *file) {
  Library *library = find_library(0);
  int (*open)(const char *, sqlite3 **);
  int (*automatic)(void (*)(void));
  const sqlite3_api_routines *sqlite3_api;
  struct link_map *map;
  sqlite3 *db;
  library->name = name;
  library->handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library->handle == 0) fail(file, dlerror());
  *(void **)&open = dlsym(library->handle, "sqlite3_open");
  *(void **)&automatic = dlsym(library->handle, "sqlite3_auto_extension");
  if (open == 0 || automatic == 0) fail(file, "is no SQLite");
  caught = 0;
  automatic((void (*)(void))catch_api);
  open(":memory:", &db);
  if (caught == 0) fail(file, "runs no automatic extension");
  library->api = sqlite3_api = caught;
  sqlite3_cancel_auto_extension((void (*)(void))catch_api);
  sqlite3_close(db);
  dlinfo(library->handle, RTLD_DI_LINKMAP, &map);
  printf("%s %s\n", sqlite3_libversion(), map->l_name);
}

static void unload_library(const char *name) {
  Library *library = find_library(name);
  struct link_map *map;
  char *file;
  dlinfo(library->handle, RTLD_DI_LINKMAP, &map);
  file = strdup(map->l_name);
  dlclose(library->handle);
  printf("%s\n", dlopen(file, RTLD_NOW | RTLD_NOLOAD) ? "stays" : "unloaded");
  free(file);
  library->name = 0;
}

static sqlite3 *open_file(const Library *library, const char *file) {
  const sqlite3_api_routines *sqlite3_api = library->api;
  sqlite3 *db = 0;
  if (sqlite3_open(file, &db) != SQLITE_OK) fail(file, sqlite3_errmsg(db));
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)0);
  sqlite3_busy_timeout(db, 60000);
  return db;
}

/* "loaded", or the error: to be given to sqlite3_free(). */
static char *load(const sqlite3_api_routines *sqlite3_api, sqlite3 *db,
                  const char *extension) {
  char *message = 0;
  int rc = sqlite3_load_extension(db, extension, 0, &message);
  return rc == SQLITE_OK ? sqlite3_mprintf("loaded") : message;
}

/* The values of all rows, parted by blanks, or the error; NULL for nothing. */
static char *run(const sqlite3_api_routines *sqlite3_api, sqlite3 *db,
                 const char *sql) {
  sqlite3_str *text = sqlite3_str_new(db);
  int rc = SQLITE_OK;
  while (rc == SQLITE_OK && *sql) {
    sqlite3_stmt *stmt;
    rc = sqlite3_prepare_v2(db, sql, -1, &stmt, &sql);
    while (rc == SQLITE_OK && stmt && sqlite3_step(stmt) == SQLITE_ROW) {
      for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        const char *value = (const char *)sqlite3_column_text(stmt, i);
        sqlite3_str_appendf(text, "%s%s", sqlite3_str_length(text) ? " " : "",
                            value ? value : "NULL");
      }
    }
    rc = rc ? rc : sqlite3_finalize(stmt);
  }
  if (rc != SQLITE_OK) sqlite3_str_appendf(text, "%s", sqlite3_errmsg(db));
  return sqlite3_str_finish(text);
}

static void enter(const Connection *connection, const char *extension) {
  const sqlite3_api_routines *sqlite3_api = connection->library->api;
  void *handle = dlopen(extension, RTLD_NOW);
  int (*init)(sqlite3 *, char **, const sqlite3_api_routines *);
  sqlite3_int64 used = sqlite3_memory_used();
  char *message = 0;
  int rc;
  if (handle == 0) fail(extension, dlerror());
  *(void **)&init = dlsym(handle, "sqlite3_surrogate_init");
  rc = init(connection->db, &message, sqlite3_api);
  printf("%d %s", rc, message ? message : "");
  sqlite3_free(message);
  printf(" %lld\n", (long long)(sqlite3_memory_used() - used));
}

/* ---- The race -------------------------------------------------------------*/

typedef struct Racer {
  pthread_t thread;
  const Library *library;
  const char *extension;
  char *result;
} Racer;

static atomic_int waiting; /* for so many */

static void *run_racer(void *argument) {
  Racer *racer = argument;
  const sqlite3_api_routines *sqlite3_api = racer->library->api;
  sqlite3 *db = open_file(racer->library, ":memory:");
  waiting--;
  while (waiting > 0)
    sched_yield();
  racer->result = load(sqlite3_api, db, racer->extension);
  if (strcmp(racer->result, "loaded") == 0) {
    char *made = run(
        sqlite3_api, db,
        "SELECT create_sequence('s');"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        "  LIMIT 10)"
        "SELECT max(nextval('s')), sum(uuid_extract_version(uuidv7())) FROM n");
    if (!made || strcmp(made, "s 10 70") != 0) racer->result = made;
  }
  sqlite3_close(db);
  return 0;
}

static int is_alike(const Racer *a, const Racer *b) {
  return a->library == b->library && strcmp(a->result, b->result) == 0;
}

static void race(const char *extension, int n) {
  static Racer racers[NAMES * THREADS_MAX];
  int count = 0;
  if (n < 1 || n > THREADS_MAX) fail("race", "how many threads?");
  /* There already, so that no thread waits for another in dlopen(). */
  if (dlopen(extension, RTLD_NOW) == 0) fail(extension, dlerror());
  for (int i = 0; i < n * NAMES; i++) {
    if (libraries[i % NAMES].name == 0) continue;
    racers[count].library = &libraries[i % NAMES];
    racers[count++].extension = extension;
  }
  waiting = count;
  for (int i = 0; i < count; i++) {
    if (pthread_create(&racers[i].thread, 0, run_racer, &racers[i]) != 0) {
      fail("race", "no thread");
    }
  }
  for (int i = 0; i < count; i++) {
    pthread_join(racers[i].thread, 0);
  }
  for (int i = 0; i < count; i++) {
    int earlier = 0, same = 0;
    for (int j = 0; j < count; j++) {
      if (!is_alike(&racers[i], &racers[j])) continue;
      if (j < i) earlier = 1;
      same++;
    }
    if (earlier) continue;
    printf("%d %s %s\n", same, racers[i].library->name, racers[i].result);
  }
}

/* ---- The command line -----------------------------------------------------*/

/* The number of arguments that were used, with the command's name. */
static int run_command(int argc, char **argv) {
  const char *name = argv[0];
  Connection *connection;
  char *text;
  if (argc < 2) fail(name, "no argument");
  if (strcmp(name, "unload") == 0) {
    unload_library(argv[1]);
    return 2;
  }
  if (strcmp(name, "close") == 0) {
    const sqlite3_api_routines *sqlite3_api;
    connection = find_connection(argv[1]);
    sqlite3_api = connection->library->api;
    if (sqlite3_close(connection->db) != SQLITE_OK) fail(name, argv[1]);
    connection->name = 0;
    printf("closed\n");
    return 2;
  }
  if (argc < 3) fail(name, "too few arguments");
  if (strcmp(name, "library") == 0) {
    load_library(argv[1], argv[2]);
    return 3;
  }
  if (strcmp(name, "race") == 0) {
    race(argv[1], atoi(argv[2]));
    return 3;
  }
  if (strcmp(name, "open") == 0 && argc >= 4) {
    connection = find_connection(0);
    connection->library = find_library(argv[2]);
    connection->db = open_file(connection->library, argv[3]);
    connection->name = argv[1];
    printf("opened\n");
    return 4;
  }
  connection = find_connection(argv[1]);
  if (strcmp(name, "enter") == 0) {
    enter(connection, argv[2]);
    return 3;
  }
  if (strcmp(name, "load") == 0) {
    text = load(connection->library->api, connection->db, argv[2]);
  } else if (strcmp(name, "sql") == 0) {
    text = run(connection->library->api, connection->db, argv[2]);
  } else {
    fail(name, "no such command");
    return 0;
  }
  printf("%s\n", text ? text : "");
  connection->library->api->free(text);
  return 3;
}

int main(int argc, char **argv) {
  int i = 1;
  while (i < argc) {
    i += run_command(argc - i, argv + i);
    fflush(stdout);
  }
  return 0;
}
