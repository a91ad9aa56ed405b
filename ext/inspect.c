#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "surrogate_int.h"

int inspect_register(IdState *state) {
  UNUSED(state);
  return SQLITE_OK;
}
