/*
** What the ID functions share: registration and the state of a connection.
**
** A scheme has a file, with the table of its functions at the end and one
** function that registers them.  The functions of a connection share an
** IdState, which is their sqlite3_user_data() and lives as long as the last of
** them.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

/**** The state of a connection ******************************************/

IdState *id_state_ref(IdState *state) {
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

int id_register_functions(IdState *state, const FuncEntry *functions,
                          size_t n) {
  int rc = SQLITE_OK;
  for (size_t i = 0; rc == SQLITE_OK && i < n; i++) {
    rc = sqlite3_create_function_v2(
        state->db, functions[i].name, functions[i].argc,
        SQLITE_UTF8 | functions[i].flags, id_state_ref(state),
        functions[i].func, 0, 0, id_state_unref);
  }
  return rc;
}

/* Register the functions of all schemes. */
int id_register(sqlite3 *db) {
  static int (*const schemes[])(IdState *) = {
      instance_register,   uuid_register,      ulid_register,
      typeid_register,     prefixed_register,  nanoid_register,
      short_code_register, sqids_register,     hashids_register,
      rowid_register,      snowflake_register, ksuid_register,
      xid_register,        objectid_register,  cuid2_register,
      time_register,       inspect_register,
  };
  IdState *state = sqlite3_malloc64(sizeof *state);
  int rc = SQLITE_OK;
  if (state == 0) return SQLITE_NOMEM;
  memset(state, 0, sizeof *state);
  state->refs = 1;
  state->db = db;
  for (size_t i = 0; rc == SQLITE_OK && i < sizeof schemes / sizeof *schemes;
       i++) {
    rc = schemes[i](state);
  }
  id_state_unref(state);
  return rc;
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
