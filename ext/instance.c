/*
** The instance id: 15 bits that tell this process from others.
**
**   instance_id()     the instance id, 0 to 32767
**   instance_id(n)    set it for this process; returns n
**
** It is the environment variable SURROGATE_INSTANCE_ID if that is set, else
** random.  unique_rowid() puts it into every id, snowflake() its low bits,
** unless snowflake_config() chose a worker.  NULL gives NULL, and sets nothing.
**
** Two processes that make ids at the same time need different instance ids.
** A forked child therefore has another one than its parent, whatever the parent
** had set, and than the other children: they take numbers in turn from a place
** that was drawn at random, by a counter that all of the family share.
**
** Process-wide state: `instance`, and `family` with `forks` for the children,
** all set before the first connection can use them.  After a fork the child
** changes its `instance` before anything else runs in it.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <stdlib.h>

#include "surrogate_int.h"

#ifndef _WIN32
#include <pthread.h>
#include <sys/mman.h>
#endif

#define ENVIRONMENT "SURROGATE_INSTANCE_ID"

/* Instead of an instance id. */
#define NO_RANDOMNESS (-1) /* the system gave none */
#define BAD_SETTING   (-2) /* the environment variable is no instance id */

static _Atomic int instance = NO_RANDOMNESS;
static int family = NO_RANDOMNESS; /* what the first process drew */
static _Atomic unsigned *forks;    /* in shared memory: the children so far */

#ifndef _WIN32
/* In a forked child: take the next number of the family. */
static void leave_parent(void) {
  int parent = atomic_load(&instance);
  int next = family;
  while (family >= 0) {
    next = (int)(((unsigned)family + atomic_fetch_add(forks, 1) + 1) &
                 INSTANCE_MAX);
    if (next != parent) break;
  }
  atomic_store(&instance, next);
}
#endif

/* Read the environment variable.  False if it is not set. */
static int read_environment(int *id) {
  const char *text = getenv(ENVIRONMENT);
  char *end;
  long value;
  if (text == 0) return 0;
  value = strtol(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || value > INSTANCE_MAX) {
    value = BAD_SETTING;
  }
  *id = (int)value;
  return 1;
}

/* To be called once, before the functions. */
int instance_init(void) {
  uint16_t drawn;
  int id;
  if (random_system(&drawn, sizeof drawn) == SQLITE_OK) {
    family = drawn & INSTANCE_MAX;
  }
  atomic_store(&instance, read_environment(&id) ? id : family);
#ifndef _WIN32
  forks = mmap(0, sizeof *forks, PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (forks == MAP_FAILED) return SQLITE_NOMEM;
  if (pthread_atfork(0, 0, leave_parent) != 0) return SQLITE_NOMEM;
#endif
  return SQLITE_OK;
}

/* Report why there is no instance id. */
static void report(sqlite3_context *context, int id) {
  const char *text = getenv(ENVIRONMENT);
  if (id == BAD_SETTING) {
    func_error(context, ENVIRONMENT " is \"%s\": an instance id is 0 to %d",
               text ? text : "", INSTANCE_MAX);
  } else {
    func_error(context, "instance_id: the system gives no randomness");
  }
}

/* Get the instance id.  False, with the error reported, if there is none. */
int instance_get(sqlite3_context *context, int *id) {
  *id = atomic_load_explicit(&instance, memory_order_relaxed);
  if (*id >= 0) return 1;
  report(context, *id);
  return 0;
}

static void instance_id_func(sqlite3_context *context, int argc,
                             sqlite3_value **argv) {
  int64_t value;
  int id;

  if (argc == 0) {
    if (instance_get(context, &id)) sqlite3_result_int(context, id);
    return;
  }
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
  if (!func_integer(context, argv[0], "instance_id", "instance id", 0,
                    INSTANCE_MAX, &value)) {
    return;
  }
  atomic_store(&instance, (int)value);
  sqlite3_result_int64(context, value);
}

int instance_register(IdState *state) {
  static const IdFunction functions[] = {
      {"instance_id", 0, SQLITE_INNOCUOUS, instance_id_func},
      {"instance_id", 1, SQLITE_DIRECTONLY, instance_id_func},
  };
  return id_register_functions(state, functions,
                               sizeof functions / sizeof *functions);
}
