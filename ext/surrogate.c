/*
** Surrogate keys for SQLite: the entry point.
**
** Load it with ".load ./surrogate", SELECT load_extension('./surrogate'), or
** sqlite3_load_extension(); or link it in and hand sqlite3_surrogate_init to
** sqlite3_auto_extension().  Nothing is written to any database by that.
**
**   surrogate_version()    the version, as text
**
** The library stays loaded until the process ends, since state of the process
** (high-water marks, the hooks for fork) must outlive the connection that
** loaded it.  Linked with -z nodelete, or into the application, it stays anyway.
** Else the first load says so to SQLite: that is SQLITE_OK_LOAD_PERMANENTLY,
** which sqlite3_auto_extension() would take for an error.  Loading it again
** into the same connection does nothing.
**
** A loaded file belongs to one SQLite.  Another copy of SQLite in the process
** that loads the same file is refused, since there is one sqlite3_api for both.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

#include "functions.h"
#include "table.h"

#ifndef SURROGATE_VERSION
#define SURROGATE_VERSION "unknown"
#endif

#if defined(SQLITE_CORE)
#define SURROGATE_EXPORT
#elif defined(_WIN32)
#define SURROGATE_EXPORT __declspec(dllexport)
#else
#define SURROGATE_EXPORT __attribute__((visibility("default")))
#endif

/* RETURNING, and sqlite3_txn_state() the release before it. */
#define OLDEST_SQLITE 3035000

/* What the SQLite that loads calls so: sqlite3_api may be another one's. */
#ifdef SQLITE_CORE
#define CALLERS(name) sqlite3_##name
#else
#define CALLERS(name) api->name
#endif

static void surrogate_version_func(sqlite3_context *context, int argc,
                                   sqlite3_value **argv) {
  UNUSED(argc);
  UNUSED(argv);
  sqlite3_result_text(context, SURROGATE_VERSION, -1, SQLITE_STATIC);
}

const FuncEntry surrogate_functions[] = {
    {"surrogate_version", 0, FUNC_READS, surrogate_version_func,
     "surrogate_version()", "Extension", "the version of the extension"},
    {"surrogate_functions", 0, FUNC_MAKES, 0, "surrogate_functions()",
     "Extension", "this list"},
    {0}};

/*
** Set up what the process has in common, once.  *is_first says whether this is
** the first call.  What has failed is tried again by the next load.  When all
** is done no lock is taken: one that is held during fork() would stay so in
** the child.
*/
static int surrogate_init_process(int *is_first) {
  static int (*const steps[])(void) = {mark_init, random_init, instance_init,
                                       snowflake_init};
  static const size_t n = sizeof steps / sizeof *steps;
  static Mutex lock = MUTEX_INIT;
  static _Atomic size_t done = 0;
  int rc = SQLITE_OK;
  *is_first = 0;
  if (done == n) return SQLITE_OK;
  mutex_enter(&lock);
  *is_first = done == 0;
  while (rc == SQLITE_OK && done < n) {
    rc = steps[done]();
    if (rc == SQLITE_OK) done++;
  }
  mutex_leave(&lock);
  return rc;
}

/*
** SQLITE_OK if this connection has the extension already, SQLITE_ERROR if not.
*/
static int surrogate_check_loaded(sqlite3 *db) {
  sqlite3_stmt *stmt = 0;
  int rc = sqlite3_prepare_v2(db, "SELECT surrogate_version()", -1, &stmt, 0);
  sqlite3_finalize(stmt);
  if (rc == SQLITE_ERROR) {
    sqlite3_exec(db, "", 0, 0, 0); /* sqlite3_open() looks at the last error */
  }
  return rc;
}

/*
** Take SQLite's functions from `api` if no SQLite has come before.  NULL then,
** and whenever the same one comes again; else the version of the first, in a
** copy, since that SQLite may have been unloaded.
**
** sqlite3_api is written once, as all threads read it without a lock.  Once it
** is, no lock is taken here either, for the reason that init_process() has.
*/
static const char *surrogate_claim(const sqlite3_api_routines *api) {
#ifdef SQLITE_CORE
  SQLITE_EXTENSION_INIT2(api);
  return 0;
#else
  static Mutex lock = MUTEX_INIT;
  static _Atomic(const sqlite3_api_routines *) first;
  static char version[32];
  if (first == 0) {
    mutex_enter(&lock);
    if (first == 0) {
      SQLITE_EXTENSION_INIT2(api);
      sqlite3_snprintf(sizeof version, version, "%s", sqlite3_libversion());
      first = api;
    }
    mutex_leave(&lock);
  }
  return first == api ? 0 : version;
#endif
}

/*
** Both entry points.  They do not call each other: the loader might take the
** one that another copy of the file exports.
*/
static int surrogate_load(sqlite3 *db, char **error,
                          const sqlite3_api_routines *api) {
  SeqSession *session;
  IdState *ids;
  const char *other;
  int is_first;
  int rc;

  if (CALLERS(libversion_number)() < OLDEST_SQLITE) {
    *error =
        CALLERS(mprintf)("surrogate needs SQLite 3.35.0 or later, this is %s",
                         CALLERS(libversion)());
    return SQLITE_ERROR;
  }
  other = surrogate_claim(api);
  if (other) {
    *error = CALLERS(mprintf)(
        "surrogate is in use by another SQLite in this process (%s, this is "
        "%s): load a copy of the extension's file, such as surrogate2.so",
        other, CALLERS(libversion)());
    return SQLITE_ERROR;
  }
  rc = surrogate_check_loaded(db);
  if (rc == SQLITE_OK || rc == SQLITE_NOMEM) return rc;
  rc = surrogate_init_process(&is_first);
  if (rc != SQLITE_OK) return rc;
  session = session_new(db);
  if (session == 0) return SQLITE_NOMEM;
  session->serial_mode = DDL_SQL_SEQUENCE;
  ids = id_state_new();
  rc = ids ? sequences_register(session) : SQLITE_NOMEM;
  if (rc == SQLITE_OK) rc = inspect_register(db);
  if (rc == SQLITE_OK) rc = functions_register(db, session, ids);
  if (ids) id_state_unref(ids);
  session_unref(session); /* what was registered has its own */
  if (rc == SQLITE_NOMEM) *error = sqlite3_mprintf("%s", sqlite3_errstr(rc));
#if !defined(SQLITE_CORE) && !defined(SURROGATE_NODELETE)
  if (rc == SQLITE_OK && is_first) rc = SQLITE_OK_LOAD_PERMANENTLY;
#endif
  return rc;
}

SURROGATE_EXPORT int sqlite3_surrogate_init(sqlite3 *db, char **error,
                                            const sqlite3_api_routines *api);

int sqlite3_surrogate_init(sqlite3 *db, char **error,
                           const sqlite3_api_routines *api) {
  return surrogate_load(db, error, api);
}

#ifndef SQLITE_CORE
SURROGATE_EXPORT int sqlite3_modsurrogate_init(sqlite3 *db, char **error,
                                               const sqlite3_api_routines *api);

/* What SQLite looks for in a file that is called mod_surrogate. */
int sqlite3_modsurrogate_init(sqlite3 *db, char **error,
                              const sqlite3_api_routines *api) {
  return surrogate_load(db, error, api);
}
#endif
