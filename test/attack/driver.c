/*
** driver.c: runs a script on several connections, in a process in which what
** SQLite needs fails when the script says so.  For attack.tcl.
**
** It has the sources of the extension and of SQLite in it, both with the
** sanitizers: only so is a statement seen that is finalized while it runs.  The
** script comes from the standard input.  Each line is printed after "= ", and
** then what it gives.  C is a connection, A to Z.
**
**   C:SQL               run statements: "C> a|b" for a row; "C! message (code)"
**                       for an error, which ends them
**   open C FILE         FILE may be a URI
**   plain C FILE        the same, without the extension
**   close C
**   prepare C SQL       keep a statement: "C> a|b" from each step, or "C."
**   step C, reset C, finalize C
**   fail WHAT N [full] [always]
**                       WHAT fails after N times, once or always: read, write,
**                       sync, lock, truncate, open, shm of a file, or memory,
**                       an allocation.  full: a write gives SQLITE_FULL, in
**                       place of an error of the disk
**   heal                nothing fails any more; "failed N"
**   stop C N            the statement of step N is stopped, once
**   interrupt C N       by sqlite3_interrupt()
**   go C                none is
**   deny C ACTION NAME  the authorizer refuses update, insert, delete, read,
**                       select or function, of NAME
**   allow C
**   defensive C
**   serialize C FILE    the bytes of main to a file
**   deserialize C FILE  and back
**   backup C D          main of C to main of D
**   shared 0|1          the shared cache, of connections that are opened later
**
** What random() gives is the same in each run.
*/
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sqlite3_surrogate_init(sqlite3 *, char **,
                           const struct sqlite3_api_routines *);

#define LINE_SIZE   65536
#define CONNECTIONS 26

/**** What fails *********************************************************/

enum {
  FAIL_READ,
  FAIL_WRITE,
  FAIL_SYNC,
  FAIL_LOCK,
  FAIL_TRUNCATE,
  FAIL_OPEN,
  FAIL_SHM,
  FAIL_MEMORY,
  FAIL_KINDS
};

static const char *const driver_kinds[FAIL_KINDS] = {
    "read", "write", "sync", "lock", "truncate", "open", "shm", "memory"};

static int fail_after[FAIL_KINDS]; /* -1: never */
static int fail_always;
static int fail_full;
static int fail_count;

static void driver_heal(void) {
  for (int i = 0; i < FAIL_KINDS; i++)
    fail_after[i] = -1;
  fail_always = fail_full = 0;
}

static int driver_fails(int kind) {
  if (fail_after[kind] < 0) return 0;
  if (fail_after[kind] > 0) {
    fail_after[kind]--;
    return 0;
  }
  fail_count++;
  if (!fail_always) fail_after[kind] = -1;
  return 1;
}

/**** Files **************************************************************/

static sqlite3_vfs *driver_base;

typedef struct File {
  sqlite3_file base;
  sqlite3_file *real; /* behind it */
} File;

static sqlite3_file *driver_real(sqlite3_file *file) {
  return ((File *)file)->real;
}

#define REAL(file) driver_real(file)->pMethods

static int driver_xclose(sqlite3_file *file) {
  return REAL(file)->xClose(driver_real(file));
}

static int driver_xread(sqlite3_file *file, void *bytes, int n,
                        sqlite3_int64 offset) {
  if (driver_fails(FAIL_READ)) return SQLITE_IOERR_READ;
  return REAL(file)->xRead(driver_real(file), bytes, n, offset);
}

static int driver_xwrite(sqlite3_file *file, const void *bytes, int n,
                         sqlite3_int64 offset) {
  if (driver_fails(FAIL_WRITE)) {
    return fail_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  }
  return REAL(file)->xWrite(driver_real(file), bytes, n, offset);
}

static int driver_xtruncate(sqlite3_file *file, sqlite3_int64 size) {
  if (driver_fails(FAIL_TRUNCATE)) return SQLITE_IOERR_TRUNCATE;
  return REAL(file)->xTruncate(driver_real(file), size);
}

/* The computer does not crash: it takes time for nothing. */
static int driver_xsync(sqlite3_file *file, int flags) {
  (void)file;
  (void)flags;
  return driver_fails(FAIL_SYNC) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int driver_xsize(sqlite3_file *file, sqlite3_int64 *size) {
  return REAL(file)->xFileSize(driver_real(file), size);
}

static int driver_xlock(sqlite3_file *file, int level) {
  if (driver_fails(FAIL_LOCK)) return SQLITE_BUSY;
  return REAL(file)->xLock(driver_real(file), level);
}

static int driver_xunlock(sqlite3_file *file, int level) {
  return REAL(file)->xUnlock(driver_real(file), level);
}

static int driver_xreserved(sqlite3_file *file, int *result) {
  return REAL(file)->xCheckReservedLock(driver_real(file), result);
}

static int driver_xcontrol(sqlite3_file *file, int op, void *argument) {
  return REAL(file)->xFileControl(driver_real(file), op, argument);
}

static int driver_xsector(sqlite3_file *file) {
  return REAL(file)->xSectorSize(driver_real(file));
}

static int driver_xdevice(sqlite3_file *file) {
  return REAL(file)->xDeviceCharacteristics(driver_real(file));
}

static int driver_xshm_map(sqlite3_file *file, int page, int size, int extend,
                           void volatile **out) {
  return REAL(file)->xShmMap(driver_real(file), page, size, extend, out);
}

static int driver_xshm_lock(sqlite3_file *file, int offset, int n, int flags) {
  if ((flags & SQLITE_SHM_LOCK) && driver_fails(FAIL_SHM)) return SQLITE_BUSY;
  return REAL(file)->xShmLock(driver_real(file), offset, n, flags);
}

static void driver_xshm_barrier(sqlite3_file *file) {
  REAL(file)->xShmBarrier(driver_real(file));
}

static int driver_xshm_unmap(sqlite3_file *file, int is_delete) {
  return REAL(file)->xShmUnmap(driver_real(file), is_delete);
}

static const sqlite3_io_methods driver_methods = {
    .iVersion = 2, /* without mapped memory, whose reads cannot fail */
    .xClose = driver_xclose,
    .xRead = driver_xread,
    .xWrite = driver_xwrite,
    .xTruncate = driver_xtruncate,
    .xSync = driver_xsync,
    .xFileSize = driver_xsize,
    .xLock = driver_xlock,
    .xUnlock = driver_xunlock,
    .xCheckReservedLock = driver_xreserved,
    .xFileControl = driver_xcontrol,
    .xSectorSize = driver_xsector,
    .xDeviceCharacteristics = driver_xdevice,
    .xShmMap = driver_xshm_map,
    .xShmLock = driver_xshm_lock,
    .xShmBarrier = driver_xshm_barrier,
    .xShmUnmap = driver_xshm_unmap,
    .xFetch = 0,
    .xUnfetch = 0};

static int driver_xopen(sqlite3_vfs *vfs, const char *name, sqlite3_file *out,
                        int flags, int *out_flags) {
  File *file = (File *)out;
  int rc;
  (void)vfs;
  file->base.pMethods = 0;
  if (driver_fails(FAIL_OPEN)) return SQLITE_CANTOPEN;
  file->real = (sqlite3_file *)&file[1];
  rc = driver_base->xOpen(driver_base, name, file->real, flags, out_flags);
  if (file->real->pMethods) file->base.pMethods = &driver_methods;
  return rc;
}

/* The same numbers in each run. */
static int driver_xrandomness(sqlite3_vfs *vfs, int n, char *bytes) {
  static unsigned state = 1;
  (void)vfs;
  for (int i = 0; i < n; i++) {
    state = state * 1103515245u + 12345u;
    bytes[i] = (char)(state >> 16);
  }
  return n;
}

/* Nobody else is there to be waited for. */
static int driver_xsleep(sqlite3_vfs *vfs, int microseconds) {
  (void)vfs;
  return microseconds;
}

static void driver_register_vfs(void) {
  static sqlite3_vfs vfs;
  driver_base = sqlite3_vfs_find(0);
  vfs = *driver_base; /* its functions need their own object only here: */
  vfs.pNext = 0;
  vfs.zName = "driver";
  vfs.szOsFile += (int)sizeof(File);
  vfs.xOpen = driver_xopen;
  vfs.xRandomness = driver_xrandomness;
  vfs.xSleep = driver_xsleep;
  sqlite3_vfs_register(&vfs, 1);
}

/**** Memory *************************************************************/

static sqlite3_mem_methods driver_memory;

static void *driver_xmalloc(int n) {
  return driver_fails(FAIL_MEMORY) ? 0 : driver_memory.xMalloc(n);
}

static void *driver_xrealloc(void *memory, int n) {
  return driver_fails(FAIL_MEMORY) ? 0 : driver_memory.xRealloc(memory, n);
}

/* Lookaside memory would hide allocations, from the sanitizers too. */
static void driver_register_memory(void) {
  sqlite3_mem_methods methods;
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &driver_memory);
  methods = driver_memory;
  methods.xMalloc = driver_xmalloc;
  methods.xRealloc = driver_xrealloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
}

/**** Connections ********************************************************/

typedef struct Connection {
  char name;
  sqlite3 *db;
  sqlite3_stmt *kept;
  int steps; /* to go until it stops; below 0: it does not */
  int is_interrupt;
  int action; /* for the authorizer */
  char object[100];
} Connection;

static Connection connections[CONNECTIONS];

static void driver_error(const Connection *c) {
  printf("%c! %s (%d)\n", c->name, sqlite3_errmsg(c->db),
         sqlite3_extended_errcode(c->db));
}

static void driver_row(const Connection *c, sqlite3_stmt *stmt) {
  printf("%c> ", c->name);
  for (int i = 0; i < sqlite3_column_count(stmt); i++) {
    const char *none =
        sqlite3_column_type(stmt, i) == SQLITE_NULL ? "NULL" : "NOMEM";
    const char *text = (const char *)sqlite3_column_text(stmt, i);
    printf("%s%s", i ? "|" : "", text ? text : none);
  }
  printf("\n");
}

static void driver_run(const Connection *c, const char *sql) {
  while (*sql) {
    sqlite3_stmt *stmt = 0;
    int rc = sqlite3_prepare_v2(c->db, sql, -1, &stmt, &sql);
    while (rc == SQLITE_OK && stmt && sqlite3_step(stmt) == SQLITE_ROW) {
      driver_row(c, stmt);
    }
    if (rc == SQLITE_OK) rc = sqlite3_reset(stmt);
    if (rc != SQLITE_OK) driver_error(c);
    sqlite3_finalize(stmt);
    if (rc != SQLITE_OK) return;
  }
}

static int driver_progress(void *data) {
  Connection *c = data;
  if (c->steps < 0 || c->steps-- > 0) return 0;
  if (!c->is_interrupt) return 1;
  sqlite3_interrupt(c->db);
  return 0;
}

static const struct {
  const char *name;
  int code;
} driver_actions[] = {{"update", SQLITE_UPDATE}, {"insert", SQLITE_INSERT},
                      {"delete", SQLITE_DELETE}, {"read", SQLITE_READ},
                      {"select", SQLITE_SELECT}, {"function", SQLITE_FUNCTION}};

static int driver_authorize(void *data, int action, const char *first,
                            const char *second, const char *schema,
                            const char *trigger) {
  const Connection *c = data;
  const char *object = action == SQLITE_FUNCTION ? second : first;
  (void)schema;
  (void)trigger;
  if (action != c->action) return SQLITE_OK;
  if (object && sqlite3_stricmp(object, c->object) != 0) return SQLITE_OK;
  return SQLITE_DENY;
}

static void driver_close(Connection *c) {
  int rc;
  sqlite3_finalize(c->kept);
  c->kept = 0;
  rc = sqlite3_close(c->db);
  if (rc == SQLITE_OK) {
    c->db = 0;
  } else {
    printf("%c! close: %s (%d)\n", c->name, sqlite3_errmsg(c->db), rc);
  }
}

static void driver_open(Connection *c, const char *file, int is_plain) {
  void (*entry)(void) = (void (*)(void))sqlite3_surrogate_init;
  int rc;
  if (is_plain) {
    sqlite3_cancel_auto_extension(entry);
  } else {
    sqlite3_auto_extension(entry);
  }
  rc = sqlite3_open_v2(
      file, &c->db,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, 0);
  if (rc != SQLITE_OK) driver_error(c);
}

/**** Commands ***********************************************************/

static void driver_serialize(const Connection *c, const char *name) {
  sqlite3_int64 n = 0;
  unsigned char *bytes = sqlite3_serialize(c->db, "main", &n, 0);
  FILE *file = bytes ? fopen(name, "wb") : 0;
  if (file) {
    fwrite(bytes, 1, (size_t)n, file);
    fclose(file);
  }
  sqlite3_free(bytes);
  printf("%c. %lld bytes\n", c->name, (long long)n);
}

static void driver_deserialize(const Connection *c, const char *name) {
  FILE *file = fopen(name, "rb");
  unsigned char *bytes;
  long n;
  if (file == 0) return;
  fseek(file, 0, SEEK_END);
  n = ftell(file);
  rewind(file);
  bytes = sqlite3_malloc64((sqlite3_uint64)n);
  if (bytes && fread(bytes, 1, (size_t)n, file) == (size_t)n) {
    int rc = sqlite3_deserialize(c->db, "main", bytes, n, n,
                                 SQLITE_DESERIALIZE_FREEONCLOSE |
                                     SQLITE_DESERIALIZE_RESIZEABLE);
    if (rc != SQLITE_OK) driver_error(c);
  } else {
    sqlite3_free(bytes);
  }
  fclose(file);
}

static void driver_backup(const Connection *from, const Connection *to) {
  sqlite3_backup *backup =
      to->db ? sqlite3_backup_init(to->db, "main", from->db, "main") : 0;
  int rc = backup ? sqlite3_backup_step(backup, -1) : SQLITE_ERROR;
  sqlite3_backup_finish(backup);
  if (rc == SQLITE_DONE) {
    printf("%c. backup\n", to->name);
  } else if (to->db) {
    driver_error(to);
  }
}

static void driver_step(const Connection *c) {
  int rc = sqlite3_step(c->kept);
  if (rc == SQLITE_ROW) {
    driver_row(c, c->kept);
  } else if (rc == SQLITE_DONE) {
    printf("%c.\n", c->name);
  } else {
    driver_error(c);
  }
}

/* "fail WHAT N ...".  False if there is no such thing. */
static int driver_fail(const char *arguments) {
  char what[20];
  int n;
  if (sscanf(arguments, "%19s %d", what, &n) != 2) return 0;
  for (int i = 0; i < FAIL_KINDS; i++) {
    if (strcmp(what, driver_kinds[i]) != 0) continue;
    fail_after[i] = n;
    fail_full = strstr(arguments, " full") != 0;
    fail_always = strstr(arguments, " always") != 0;
    return 1;
  }
  return 0;
}

/* "deny C ACTION NAME".  False if there is no such action. */
static int driver_deny(Connection *c, const char *arguments) {
  char action[20];
  if (sscanf(arguments, "%19s %99s", action, c->object) != 2) return 0;
  for (size_t i = 0; i < sizeof driver_actions / sizeof driver_actions[0];
       i++) {
    if (strcmp(action, driver_actions[i].name) != 0) continue;
    c->action = driver_actions[i].code;
    sqlite3_set_authorizer(c->db, driver_authorize, c);
    return 1;
  }
  return 0;
}

/*
** A command on a connection, with the rest of the line.  False if it is not
** known.
*/
static int driver_command(const char *command, Connection *c,
                          const char *rest) {
  if (strcmp(command, "open") == 0 || strcmp(command, "plain") == 0) {
    if (c->db) return 0;
    driver_open(c, rest, *command == 'p');
    return 1;
  }
  if (c->db == 0) {
    printf("%c! is not open\n", c->name);
  } else if (strcmp(command, "close") == 0) {
    driver_close(c);
  } else if (strcmp(command, "prepare") == 0) {
    sqlite3_finalize(c->kept);
    c->kept = 0;
    if (sqlite3_prepare_v2(c->db, rest, -1, &c->kept, 0) != SQLITE_OK) {
      driver_error(c);
    }
  } else if (strcmp(command, "step") == 0) {
    if (c->kept) driver_step(c);
  } else if (strcmp(command, "reset") == 0) {
    sqlite3_reset(c->kept);
  } else if (strcmp(command, "finalize") == 0) {
    sqlite3_finalize(c->kept);
    c->kept = 0;
  } else if (strcmp(command, "stop") == 0 ||
             strcmp(command, "interrupt") == 0) {
    c->steps = atoi(rest);
    c->is_interrupt = *command == 'i';
    sqlite3_progress_handler(c->db, 1, driver_progress, c);
  } else if (strcmp(command, "go") == 0) {
    sqlite3_progress_handler(c->db, 0, 0, 0);
  } else if (strcmp(command, "deny") == 0) {
    return driver_deny(c, rest);
  } else if (strcmp(command, "allow") == 0) {
    sqlite3_set_authorizer(c->db, 0, 0);
  } else if (strcmp(command, "defensive") == 0) {
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
  } else if (strcmp(command, "serialize") == 0) {
    driver_serialize(c, rest);
  } else if (strcmp(command, "deserialize") == 0) {
    driver_deserialize(c, rest);
  } else if (strcmp(command, "backup") == 0) {
    if (*rest < 'A' || *rest > 'Z') return 0;
    driver_backup(c, &connections[*rest - 'A']);
  } else {
    return 0;
  }
  return 1;
}

/* Run a line.  False if it is not understood. */
static int driver_line(const char *line) {
  char command[20];
  int n = 0;
  if (line[0] >= 'A' && line[0] <= 'Z' && line[1] == ':') {
    Connection *c = &connections[line[0] - 'A'];
    if (c->db) {
      driver_run(c, line + 2);
    } else {
      printf("%c! is not open\n", c->name);
    }
    return 1;
  }
  if (sscanf(line, "%19s %n", command, &n) != 1) return 0;
  line += n;
  if (strcmp(command, "fail") == 0) return driver_fail(line);
  if (strcmp(command, "heal") == 0) {
    printf("failed %d\n", fail_count);
    fail_count = 0;
    driver_heal();
    return 1;
  }
  if (strcmp(command, "shared") == 0) {
    sqlite3_enable_shared_cache(atoi(line));
    return 1;
  }
  if (line[0] < 'A' || line[0] > 'Z') return 0;
  return driver_command(command, &connections[line[0] - 'A'],
                        line[1] ? line + 2 : line + 1);
}

int main(void) {
  static char line[LINE_SIZE];
  setvbuf(stdout, 0, _IOLBF, 0);
  driver_heal();
  driver_register_memory();
  if (sqlite3_initialize() != SQLITE_OK) return 2;
  driver_register_vfs();
  for (int i = 0; i < CONNECTIONS; i++) {
    connections[i].name = (char)('A' + i);
    connections[i].steps = -1;
  }
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (*line == 0 || *line == '#') continue;
    printf("= %s\n", line);
    if (!driver_line(line)) {
      fprintf(stderr, "driver: %s?\n", line);
      return 2;
    }
  }
  driver_heal();
  for (int i = 0; i < CONNECTIONS; i++) {
    if (connections[i].db) driver_close(&connections[i]);
  }
  sqlite3_shutdown();
  return 0;
}
