/*
** fault.c: what the tests need and Tcl's sqlite3 package does not offer.
** A Tcl extension; "make test" builds it, tester.tcl loads it.
**
** Out of memory. Loading it replaces SQLite's allocator:
**
**   memfault arm N PERSIST   let the Nth allocation from now fail, and if
**                            PERSIST is true every later one too
**   memfault disarm          stop that; returns how many have failed
**   memfault outstanding     allocations that were not freed yet
**   memfault used            sqlite3_memory_used()
**
** The allocator can only be replaced while SQLite is not initialised, so this
** must be loaded before the first database is opened. Every allocation is a
** malloc() of exactly its size, and lookaside memory is turned off: both would
** hide faults from the countdown, the address sanitizer and valgrind.
**
** Connections without Tcl's statement cache, so that result codes are seen:
**
**   raw_open FILE            opens FILE with the extension loaded; a handle
**   raw_exec HANDLE SQL      the values of all rows, NULL as NULL
**   raw_close HANDLE         sqlite3_close(): SQLITE_OK, SQLITE_BUSY, ...
**                            (the handle is gone if it was SQLITE_OK)
**   raw_threads N FILE SQL COUNT
**                            N threads run SQL COUNT times, each on its own
**                            connection to FILE, again if it fails with
**                            SQLITE_BUSY; all values of all first columns
**   raw_fork FILE SQL        forks, opens FILE in the child, runs SQL there;
**                            the values of all rows
**
** Another name for the system's VFS, such as one that means something:
**
**   vfs_alias NAME           registers it, once for the process
**
** The system (system.c, which has to be preloaded):
**
**   system_clock freeze NS   the real-time clock stands still at NS, Unix time
**   system_clock shift NS    it goes, NS ahead of the true time, or behind it
**   system_clock real        it is as it was
**   system_random fail       getrandom() fails
**   system_random give       it is as it was
**
** An error's message is SQLite's, its errorCode {SQLITE SQLITE_BUSY}, say.
** The extension is the file that the environment calls SURROGATE_LIB.
*/
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>
#include <tcl.h>

#ifndef TCL_SIZE_MAX
typedef int Tcl_Size; /* before Tcl 9 */
#endif

/* ---- Allocations that fail --------------------------------------------- */

static atomic_long countdown; /* allocations until one fails; 0: never */
static atomic_int persist;    /* once one has failed, all do */
static atomic_long failed;    /* since it was armed */
static atomic_long outstanding;

/* What stands before each allocation; its size keeps the alignment. */
union header {
  int size;
  max_align_t align;
};

static int must_fail(void) {
  long left = atomic_load(&countdown);
  while (left > 0) {
    long next = left > 1 ? left - 1 : atomic_load(&persist) ? 1 : 0;
    if (!atomic_compare_exchange_weak(&countdown, &left, next)) continue;
    if (left > 1) return 0;
    atomic_fetch_add(&failed, 1);
    return 1;
  }
  return 0;
}

static void *fault_malloc(int size) {
  union header *header;
  if (must_fail()) return 0;
  header = malloc(sizeof(*header) + (size_t)size);
  if (header == 0) return 0;
  header->size = size;
  atomic_fetch_add(&outstanding, 1);
  return header + 1;
}

static void fault_free(void *memory) {
  atomic_fetch_sub(&outstanding, 1);
  free((union header *)memory - 1);
}

static void *fault_realloc(void *memory, int size) {
  union header *header = (union header *)memory - 1;
  if (must_fail()) return 0;
  header = realloc(header, sizeof(*header) + (size_t)size);
  if (header == 0) return 0;
  header->size = size;
  return header + 1;
}

static int fault_size(void *memory) {
  return memory ? ((union header *)memory - 1)->size : 0;
}

/* Not rounded up, so that one byte too far is seen. */
static int fault_roundup(int size) {
  return size;
}

static int fault_init(void *data) {
  (void)data;
  return SQLITE_OK;
}

static void fault_shutdown(void *data) {
  (void)data;
}

static int install_allocator(void) {
  static const sqlite3_mem_methods methods = {
      .xMalloc = fault_malloc,
      .xFree = fault_free,
      .xRealloc = fault_realloc,
      .xSize = fault_size,
      .xRoundup = fault_roundup,
      .xInit = fault_init,
      .xShutdown = fault_shutdown,
  };
  int rc = sqlite3_shutdown();
  if (rc == SQLITE_OK) rc = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
  if (rc == SQLITE_OK) rc = sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  return rc;
}

static int memfault_cmd(ClientData data, Tcl_Interp *interp, int objc,
                        Tcl_Obj *const objv[]) {
  static const char *const names[] = {"arm", "disarm", "outstanding", "used",
                                      0};
  enum { ARM, DISARM, OUTSTANDING, USED };
  int verb;
  int all_later;
  long nth;
  Tcl_WideInt result = 0;
  (void)data;
  if (objc < 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "arm|disarm|outstanding|used ...");
    return TCL_ERROR;
  }
  if (Tcl_GetIndexFromObj(interp, objv[1], names, "verb", 0, &verb)) {
    return TCL_ERROR;
  }
  switch (verb) {
    case ARM:
      if (objc != 4) {
        Tcl_WrongNumArgs(interp, 2, objv, "N PERSIST");
        return TCL_ERROR;
      }
      if (Tcl_GetLongFromObj(interp, objv[2], &nth)) return TCL_ERROR;
      if (Tcl_GetBooleanFromObj(interp, objv[3], &all_later)) return TCL_ERROR;
      atomic_store(&failed, 0);
      atomic_store(&persist, all_later);
      atomic_store(&countdown, nth);
      break;
    case DISARM:
      atomic_store(&countdown, 0);
      result = atomic_load(&failed);
      break;
    case OUTSTANDING: result = atomic_load(&outstanding); break;
    case USED: result = sqlite3_memory_used(); break;
  }
  Tcl_SetObjResult(interp, Tcl_NewWideIntObj(result));
  return TCL_OK;
}

/* ---- Connections ------------------------------------------------------- */

static const char *code_name(int rc) {
  static const char *const names[] = {
      "OK",       "ERROR",      "INTERNAL", "PERM",      "ABORT",  "BUSY",
      "LOCKED",   "NOMEM",      "READONLY", "INTERRUPT", "IOERR",  "CORRUPT",
      "NOTFOUND", "FULL",       "CANTOPEN", "PROTOCOL",  "EMPTY",  "SCHEMA",
      "TOOBIG",   "CONSTRAINT", "MISMATCH", "MISUSE",    "NOLFS",  "AUTH",
      "FORMAT",   "RANGE",      "NOTADB",   "NOTICE",    "WARNING"};
  static char name[32];
  int primary = rc & 0xff;
  int known = primary < (int)(sizeof(names) / sizeof(names[0]));
  snprintf(name, sizeof(name), "SQLITE_%s", known ? names[primary] : "?");
  return name;
}

/* Takes ownership of message (from sqlite3_malloc()), which may be null. */
static int set_error(Tcl_Interp *interp, int rc, char *message) {
  const char *text = message ? message : sqlite3_errstr(rc);
  Tcl_SetObjResult(interp, Tcl_NewStringObj(text, -1));
  Tcl_SetErrorCode(interp, "SQLITE", code_name(rc), (char *)0);
  sqlite3_free(message);
  return TCL_ERROR;
}

/* Opens path and loads the extension. On failure *db is null and *message
** what to sqlite3_free(). */
static int open_connection(const char *path, sqlite3 **db, char **message) {
  const char *lib = getenv("SURROGATE_LIB");
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;
  int rc = sqlite3_open_v2(path, db, flags, 0);
  *message = 0;
  if (rc == SQLITE_OK) {
    sqlite3_busy_timeout(*db, 10000);
    sqlite3_db_config(*db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, 0);
    if (lib) rc = sqlite3_load_extension(*db, lib, 0, message);
  }
  if (rc != SQLITE_OK) {
    if (*message == 0) *message = sqlite3_mprintf("%s", sqlite3_errmsg(*db));
    sqlite3_close(*db);
    *db = 0;
  }
  return rc;
}

static int append_row(void *list, int columns, char **values, char **names) {
  (void)names;
  for (int i = 0; i < columns; i++) {
    const char *text = values[i] ? values[i] : "NULL";
    Tcl_ListObjAppendElement(0, list, Tcl_NewStringObj(text, -1));
  }
  return 0;
}

/* The connections of raw_open, so that a handle cannot be a stale pointer. */
static sqlite3 *handles[64];

static sqlite3 **find_handle(Tcl_Interp *interp, Tcl_Obj *name) {
  unsigned i;
  if (sscanf(Tcl_GetString(name), "raw%u", &i) == 1 && i < 64 && handles[i]) {
    return &handles[i];
  }
  Tcl_AppendResult(interp, "no such handle: ", Tcl_GetString(name), (char *)0);
  return 0;
}

static int raw_open_cmd(ClientData data, Tcl_Interp *interp, int objc,
                        Tcl_Obj *const objv[]) {
  char *message;
  int i = 0;
  int rc;
  (void)data;
  if (objc != 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "FILE");
    return TCL_ERROR;
  }
  while (i < 63 && handles[i])
    i++;
  if (handles[i]) return set_error(interp, SQLITE_FULL, 0);
  rc = open_connection(Tcl_GetString(objv[1]), &handles[i], &message);
  if (rc != SQLITE_OK) return set_error(interp, rc, message);
  Tcl_SetObjResult(interp, Tcl_ObjPrintf("raw%d", i));
  return TCL_OK;
}

static int raw_exec_cmd(ClientData data, Tcl_Interp *interp, int objc,
                        Tcl_Obj *const objv[]) {
  Tcl_Obj *list;
  char *message = 0;
  sqlite3 **db;
  int rc;
  (void)data;
  if (objc != 3) {
    Tcl_WrongNumArgs(interp, 1, objv, "HANDLE SQL");
    return TCL_ERROR;
  }
  db = find_handle(interp, objv[1]);
  if (db == 0) return TCL_ERROR;
  list = Tcl_NewListObj(0, 0);
  Tcl_IncrRefCount(list);
  rc = sqlite3_exec(*db, Tcl_GetString(objv[2]), append_row, list, &message);
  if (rc == SQLITE_OK) Tcl_SetObjResult(interp, list);
  Tcl_DecrRefCount(list);
  return rc == SQLITE_OK ? TCL_OK : set_error(interp, rc, message);
}

static int raw_close_cmd(ClientData data, Tcl_Interp *interp, int objc,
                         Tcl_Obj *const objv[]) {
  sqlite3 **db;
  int rc;
  (void)data;
  if (objc != 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "HANDLE");
    return TCL_ERROR;
  }
  db = find_handle(interp, objv[1]);
  if (db == 0) return TCL_ERROR;
  rc = sqlite3_close(*db);
  if (rc == SQLITE_OK) *db = 0;
  Tcl_SetObjResult(interp, Tcl_NewStringObj(code_name(rc), -1));
  return TCL_OK;
}

/* ---- Threads ----------------------------------------------------------- */

struct worker {
  pthread_t thread;
  const char *path;
  const char *sql;
  long count;
  char *values; /* from realloc(); each is ended by a zero byte */
  size_t used;
  size_t allocated;
  int rc;
  char *message; /* from sqlite3_malloc() */
};

static int append_value(void *data, int columns, char **values, char **names) {
  struct worker *worker = data;
  size_t n;
  (void)names;
  if (columns < 1 || values[0] == 0) return 0;
  n = strlen(values[0]) + 1;
  if (worker->allocated - worker->used < n) {
    size_t size = 2 * worker->allocated + n;
    void *grown = realloc(worker->values, size);
    if (grown == 0) return 1;
    worker->values = grown;
    worker->allocated = size;
  }
  memcpy(worker->values + worker->used, values[0], n);
  worker->used += n;
  return 0;
}

static void *run_worker(void *data) {
  struct worker *worker = data;
  sqlite3 *db;
  int refusals = 0;
  worker->rc = open_connection(worker->path, &db, &worker->message);
  for (long i = 0; worker->rc == SQLITE_OK && i < worker->count; i++) {
    size_t before = worker->used;
    char *message = 0;
    int rc = sqlite3_exec(db, worker->sql, append_value, worker, &message);
    if (rc == SQLITE_OK) continue;
    /* Values of a run that was rolled back do not count. */
    if (!sqlite3_get_autocommit(db)) sqlite3_exec(db, "ROLLBACK", 0, 0, 0);
    worker->used = before;
    if ((rc & 0xff) == SQLITE_BUSY && ++refusals < 10000) {
      sqlite3_free(message);
      i--;
    } else {
      worker->rc = rc;
      worker->message = message;
    }
  }
  sqlite3_close(db);
  return 0;
}

static int raw_threads_cmd(ClientData data, Tcl_Interp *interp, int objc,
                           Tcl_Obj *const objv[]) {
  struct worker *workers;
  int n;
  long count;
  int rc = SQLITE_OK;
  char *message = 0;
  Tcl_Obj *list;
  (void)data;
  if (objc != 5) {
    Tcl_WrongNumArgs(interp, 1, objv, "N FILE SQL COUNT");
    return TCL_ERROR;
  }
  if (Tcl_GetIntFromObj(interp, objv[1], &n)) return TCL_ERROR;
  if (Tcl_GetLongFromObj(interp, objv[4], &count)) return TCL_ERROR;
  if (n < 1 || (workers = calloc((size_t)n, sizeof(*workers))) == 0) {
    return set_error(interp, SQLITE_NOMEM, 0);
  }
  for (int i = 0; i < n; i++) {
    workers[i].path = Tcl_GetString(objv[2]);
    workers[i].sql = Tcl_GetString(objv[3]);
    workers[i].count = count;
  }
  for (int i = 0; i < n; i++) {
    if (pthread_create(&workers[i].thread, 0, run_worker, &workers[i])) {
      rc = SQLITE_NOMEM;
      n = i;
    }
  }
  list = Tcl_NewListObj(0, 0);
  Tcl_IncrRefCount(list);
  for (int i = 0; i < n; i++) {
    struct worker *worker = &workers[i];
    pthread_join(worker->thread, 0);
    for (size_t v = 0; v < worker->used;) {
      const char *value = worker->values + v;
      Tcl_ListObjAppendElement(0, list, Tcl_NewStringObj(value, -1));
      v += strlen(value) + 1;
    }
    free(worker->values);
    if (rc == SQLITE_OK && worker->rc != SQLITE_OK) {
      rc = worker->rc;
      message = worker->message;
    } else {
      sqlite3_free(worker->message);
    }
  }
  free(workers);
  if (rc == SQLITE_OK) Tcl_SetObjResult(interp, list);
  Tcl_DecrRefCount(list);
  return rc == SQLITE_OK ? TCL_OK : set_error(interp, rc, message);
}

/* ---- Fork -------------------------------------------------------------- */

static int write_row(void *out, int columns, char **values, char **names) {
  (void)names;
  for (int i = 0; i < columns; i++) {
    fprintf(out, "%s", values[i] ? values[i] : "NULL");
    fputc('\0', out);
  }
  return 0;
}

/* The child's whole life: values, each ended by a zero byte, into out. */
static void run_child(const char *path, const char *sql, FILE *out) {
  sqlite3 *db;
  char *message;
  int rc = open_connection(path, &db, &message);
  if (rc == SQLITE_OK) rc = sqlite3_exec(db, sql, write_row, out, &message);
  if (rc != SQLITE_OK) fprintf(out, "%s", message ? message : code_name(rc));
  fclose(out);
  sqlite3_close(db);
  _exit(rc == SQLITE_OK ? 0 : 1);
}

static int raw_fork_cmd(ClientData data, Tcl_Interp *interp, int objc,
                        Tcl_Obj *const objv[]) {
  int fds[2];
  int status = 0;
  pid_t pid;
  char buffer[4096];
  ssize_t got;
  Tcl_DString text;
  (void)data;
  if (objc != 3) {
    Tcl_WrongNumArgs(interp, 1, objv, "FILE SQL");
    return TCL_ERROR;
  }
  if (pipe(fds) || (pid = fork()) < 0) {
    Tcl_AppendResult(interp, "cannot fork: ", Tcl_PosixError(interp),
                     (char *)0);
    return TCL_ERROR;
  }
  if (pid == 0) {
    close(fds[0]);
    run_child(Tcl_GetString(objv[1]), Tcl_GetString(objv[2]),
              fdopen(fds[1], "w"));
  }
  close(fds[1]);
  Tcl_DStringInit(&text);
  while ((got = read(fds[0], buffer, sizeof(buffer))) > 0) {
    Tcl_DStringAppend(&text, buffer, (Tcl_Size)got);
  }
  close(fds[0]);
  waitpid(pid, &status, 0);
  if (status == 0) {
    const char *value = Tcl_DStringValue(&text);
    const char *end = value + Tcl_DStringLength(&text);
    Tcl_Obj *list = Tcl_NewListObj(0, 0);
    for (; value < end; value += strlen(value) + 1) {
      Tcl_ListObjAppendElement(0, list, Tcl_NewStringObj(value, -1));
    }
    Tcl_SetObjResult(interp, list);
  } else if (WIFSIGNALED(status)) {
    Tcl_SetObjResult(
        interp, Tcl_ObjPrintf("the child died of signal %d", WTERMSIG(status)));
  } else {
    Tcl_SetObjResult(interp, Tcl_NewStringObj(Tcl_DStringValue(&text), -1));
  }
  Tcl_DStringFree(&text);
  return status == 0 ? TCL_OK : TCL_ERROR;
}

/* ---- The system -------------------------------------------------------- */

/* Find a function of system.c. */
static int find_system(Tcl_Interp *interp, const char *name, void *function) {
  void *found = dlsym(RTLD_DEFAULT, name);
  if (found == 0) {
    Tcl_SetObjResult(interp, Tcl_NewStringObj("system.c is not loaded", -1));
    return TCL_ERROR;
  }
  memcpy(function, &found, sizeof(found));
  return TCL_OK;
}

static int system_clock_cmd(ClientData data, Tcl_Interp *interp, int objc,
                            Tcl_Obj *const objv[]) {
  static const char *const modes[] = {"real", "freeze", "shift", 0};
  void (*set_clock)(int, int64_t);
  int mode;
  Tcl_WideInt ns = 0;
  (void)data;
  if (objc < 2 || Tcl_GetIndexFromObj(interp, objv[1], modes, "mode", 0, &mode))
    return TCL_ERROR;
  if (objc != (mode == 0 ? 2 : 3)) {
    Tcl_WrongNumArgs(interp, 2, objv, mode == 0 ? 0 : "NS");
    return TCL_ERROR;
  }
  if (mode && Tcl_GetWideIntFromObj(interp, objv[2], &ns)) return TCL_ERROR;
  if (find_system(interp, "system_set_clock", &set_clock)) return TCL_ERROR;
  set_clock(mode, ns);
  return TCL_OK;
}

static int system_random_cmd(ClientData data, Tcl_Interp *interp, int objc,
                             Tcl_Obj *const objv[]) {
  static const char *const modes[] = {"fail", "give", 0};
  void (*set_random)(int);
  int mode;
  (void)data;
  if (objc != 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "fail|give");
    return TCL_ERROR;
  }
  if (Tcl_GetIndexFromObj(interp, objv[1], modes, "mode", 0, &mode) ||
      find_system(interp, "system_set_random", &set_random)) {
    return TCL_ERROR;
  }
  set_random(mode);
  return TCL_OK;
}

/* ---- VFS --------------------------------------------------------------- */

static int vfs_alias_cmd(ClientData data, Tcl_Interp *interp, int objc,
                         Tcl_Obj *const objv[]) {
  static sqlite3_vfs alias;
  static char name[32];
  int rc;
  (void)data;
  if (objc != 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "NAME");
    return TCL_ERROR;
  }
  if (alias.zName) {
    Tcl_AppendResult(interp, "there is an alias: ", alias.zName, (char *)0);
    return TCL_ERROR;
  }
  snprintf(name, sizeof(name), "%s", Tcl_GetString(objv[1]));
  alias = *sqlite3_vfs_find(0);
  alias.zName = name;
  alias.pNext = 0;
  rc = sqlite3_vfs_register(&alias, 0);
  return rc == SQLITE_OK ? TCL_OK : set_error(interp, rc, 0);
}

/* ---- Registration ------------------------------------------------------ */

DLLEXPORT int Fault_Init(Tcl_Interp *interp);

DLLEXPORT int Fault_Init(Tcl_Interp *interp) {
  static const struct {
    const char *name;
    Tcl_ObjCmdProc *proc;
  } commands[] = {
      {"memfault", memfault_cmd},         {"raw_open", raw_open_cmd},
      {"raw_exec", raw_exec_cmd},         {"raw_close", raw_close_cmd},
      {"raw_threads", raw_threads_cmd},   {"raw_fork", raw_fork_cmd},
      {"system_clock", system_clock_cmd}, {"system_random", system_random_cmd},
      {"vfs_alias", vfs_alias_cmd},
  };
  int rc;
  if (Tcl_InitStubs(interp, "8.6-", 0) == 0) return TCL_ERROR;
  rc = install_allocator();
  if (rc != SQLITE_OK) return set_error(interp, rc, 0);
  for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
    Tcl_CreateObjCommand(interp, commands[i].name, commands[i].proc, 0, 0);
  }
  return TCL_OK;
}
