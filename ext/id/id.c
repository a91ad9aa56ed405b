/*
** What the ID functions share: the state of a connection.
**
** A scheme has a file, with the table of its functions at the end.  Those of a
** connection have one IdState as their sqlite3_user_data(), which lives as long
** as the last of them.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

/**** The state of a connection ******************************************/

/* A new one, with one reference; NULL without memory. */
IdState *id_state_new(void) {
  IdState *state = sqlite3_malloc64(sizeof *state);
  if (state == 0) return 0;
  memset(state, 0, sizeof *state);
  state->refs = 1;
  return state;
}

void *id_state_ref(void *pointer) {
  IdState *state = pointer;
  state->refs++;
  return state;
}

void id_state_unref(void *pointer) {
  IdState *state = pointer;
  if (--state->refs > 0) return;
  sqids_free(state->sqids);
  hashids_free(state->hashids);
  random_wipe(&state->pool, sizeof state->pool);
  sqlite3_free(state);
}

/**** Randomness *********************************************************/

void id_no_randomness(sqlite3_context *context, const char *function) {
  func_error(context, "%s: the system gives no randomness", function);
}

/* Draw random bytes.  False, with the error reported, if there are none. */
int id_random(sqlite3_context *context, const char *function, void *out,
              size_t n) {
  IdState *state = sqlite3_user_data(context);
  if (random_draw(&state->pool, out, n) == SQLITE_OK) return 1;
  id_no_randomness(context, function);
  return 0;
}
