#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "surrogate_int.h"

int short_code_register(IdState *state) {
  UNUSED(state);
  return SQLITE_OK;
}
