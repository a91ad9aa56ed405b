/*
** What went wrong, as it is handed from what has found it to what reports it:
** an SQLite result code and a message.
**
** An Error that is all 0 says that nothing did.  It owns its message.  Without
** memory for one there is SQLITE_NOMEM and no message.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <stdarg.h>

#include "base.h"

/*
** Say what went wrong, instead of what was there.  The format is that of
** sqlite3_mprintf().  Returns rc, or SQLITE_NOMEM without memory; an rc of
** SQLITE_NOMEM sets no message.
*/
int error_set(Error *error, int rc, const char *format, ...) {
  char *message = 0;
  if (rc != SQLITE_NOMEM) {
    va_list args;
    va_start(args, format);
    message = sqlite3_vmprintf(format, args); /* it may print the old one */
    va_end(args);
    if (message == 0) rc = SQLITE_NOMEM;
  }
  sqlite3_free(error->message);
  error->rc = rc;
  error->message = message;
  return rc;
}

/*
** Say what the database says of its last call, which returned rc.  SQLITE_OK
** changes nothing.  Returns as error_set().
*/
int error_from_db(Error *error, sqlite3 *db, int rc) {
  if (rc == SQLITE_OK) return SQLITE_OK;
  return error_set(error, rc, "%s", sqlite3_errmsg(db));
}

/* Nothing went wrong. */
void error_clear(Error *error) {
  sqlite3_free(error->message);
  error->rc = SQLITE_OK;
  error->message = 0;
}

/* Make it the result of a function, and clear it. */
void error_result(sqlite3_context *context, Error *error) {
  if (error->rc == SQLITE_NOMEM) {
    sqlite3_result_error_nomem(context);
  } else if (error->rc != SQLITE_OK) {
    if (error->message) sqlite3_result_error(context, error->message, -1);
    sqlite3_result_error_code(context, error->rc);
  }
  error_clear(error);
}

/*
** The message, to be freed by sqlite3_free(), or NULL if there is none; and
** clear the error.
*/
char *error_take(Error *error) {
  char *message = error->message;
  error->message = 0;
  error->rc = SQLITE_OK;
  return message;
}
