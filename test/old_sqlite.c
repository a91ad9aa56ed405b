/*
** old_sqlite.c: an extension that hands Surrogate an SQLite which says that it
** is 3.34.1, for amalgamation.test.
**
** The rest of what it hands over is the SQLite that loads it.
**
**   load_with_old(FILE)    loads Surrogate from FILE; "loaded", or the message
*/
#include <dlfcn.h>
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

static sqlite3_api_routines old;

static const char *old_version(void) {
  return "3.34.1";
}

static int old_version_number(void) {
  return 3034001;
}

typedef int Init(sqlite3 *, char **, const sqlite3_api_routines *);

static void load_with_old(sqlite3_context *context, int argc,
                          sqlite3_value **argv) {
  sqlite3 *db = sqlite3_context_db_handle(context);
  char *message = 0;
  void *library;
  Init *init;
  (void)argc;
  library = dlopen((const char *)sqlite3_value_text(argv[0]), RTLD_NOW);
  if (library == 0) {
    sqlite3_result_error(context, dlerror(), -1);
    return;
  }
  *(void **)&init = dlsym(library, "sqlite3_surrogate_init");
  if (init(db, &message, &old) == SQLITE_OK) {
    sqlite3_result_text(context, "loaded", -1, SQLITE_STATIC);
  } else {
    sqlite3_result_text(context, message, -1, SQLITE_TRANSIENT);
  }
  sqlite3_free(message);
}

int sqlite3_oldsqlite_init(sqlite3 *db, char **message,
                           const sqlite3_api_routines *api);

int sqlite3_oldsqlite_init(sqlite3 *db, char **message,
                           const sqlite3_api_routines *api) {
  SQLITE_EXTENSION_INIT2(api);
  (void)message;
  old = *api;
  old.libversion = old_version;
  old.libversion_number = old_version_number;
  return sqlite3_create_function(db, "load_with_old", 1, SQLITE_UTF8, 0,
                                 load_with_old, 0, 0);
}
