/*
** The instance id: 15 bits that tell this process from others.
**
**   instance_id()     the instance id, 0 to 32767
**   instance_id(n)    set it for this process; returns n
**
** It is the environment variable SURROGATE_INSTANCE_ID if that is set, else
** random.  unique_rowid() puts it into every id, snowflake() its low ten bits,
** unless snowflake_config() chose a worker.  NULL gives NULL, and sets nothing.
**
** Two processes that make ids at the same time need different instance ids.
** A forked child therefore has another one than its parent, whatever the parent
** had set, and than the other children: they take numbers in turn from a place
** that was drawn at random, by a counter that all of the family share.  They
** pass over numbers whose low ten bits a member of the family was set to, as
** instance id or as snowflake's worker, or began with.  So low bits do not
** come twice in 1024 processes, nor instance ids in 32768, except by settings.
**
** Process-wide state: `instance_current`, and `family` with what it shares for
** the children, all set before the first connection can use them.  After a
** fork the child changes its instance id before anything else runs in it.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <stdlib.h>

#include "id.h"

#ifndef _WIN32
#include <sys/mman.h>
#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON /* its name on the BSDs and on older macOS */
#endif
#endif

#define ENVIRONMENT "SURROGATE_INSTANCE_ID"

/* Instead of an instance id. */
#define NO_RANDOMNESS (-1) /* the system gave none */
#define BAD_SETTING   (-2) /* the environment variable is no instance id */

#define WORKERS (INSTANCE_WORKER_MAX + 1)

/* In memory that the processes of a family share. */
typedef struct Shared {
  _Atomic unsigned forks;                 /* numbers that children took */
  _Atomic uint32_t claimed[WORKERS / 32]; /* bits: low bits that are taken */
} Shared;

_Atomic int instance_current = NO_RANDOMNESS;
static int instance_family = NO_RANDOMNESS; /* what the first process drew */
static Shared *instance_shared;             /* NULL where there is no fork */

/*
** Let no child that is forked from now on, by any process of the family, have
** an instance id with these low bits.
*/
void instance_claim(int worker) {
  unsigned bit = (unsigned)worker & INSTANCE_WORKER_MAX;
  if (instance_shared) {
    atomic_fetch_or(&instance_shared->claimed[bit / 32],
                    (uint32_t)1 << bit % 32);
  }
}

#ifndef _WIN32
static int instance_is_claimed(int id) {
  unsigned bit = (unsigned)id & INSTANCE_WORKER_MAX;
  return atomic_load(&instance_shared->claimed[bit / 32]) >> bit % 32 & 1;
}

/*
** In a forked child: take the next number of the family.  If all low bits are
** claimed, it is just another one than the parent's.
*/
static void instance_leave_parent(void) {
  int parent = instance_read();
  int next = instance_family;
  for (int tries = 0; instance_family >= 0; tries++) {
    next = (int)(((unsigned)instance_family +
                  atomic_fetch_add(&instance_shared->forks, 1) + 1) &
                 INSTANCE_MAX);
    if (next != parent && (!instance_is_claimed(next) || tries >= WORKERS))
      break;
  }
  atomic_store(&instance_current, next);
}
#endif

/* Read the environment variable.  False if it is not set. */
static int instance_read_environment(int *id) {
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
    instance_family = drawn & INSTANCE_MAX;
  }
  if (!instance_read_environment(&id)) id = instance_family;
  atomic_store(&instance_current, id);
#ifndef _WIN32
  if (instance_shared == 0) {
    void *memory = mmap(0, sizeof *instance_shared, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return SQLITE_NOMEM;
    instance_shared = memory;
  }
  if (pthread_atfork(0, 0, instance_leave_parent) != 0) return SQLITE_NOMEM;
#endif
  if (id >= 0) instance_claim(id);
  return SQLITE_OK;
}

/* Say why there is no instance id.  Returns SQLITE_ERROR, or SQLITE_NOMEM. */
int instance_error(Error *error) {
  const char *text = getenv(ENVIRONMENT);
  if (instance_read() == BAD_SETTING) {
    return error_set(error, SQLITE_ERROR,
                     ENVIRONMENT " is \"%s\": an instance id is 0 to %d",
                     text ? text : "", INSTANCE_MAX);
  }
  return error_set(error, SQLITE_ERROR,
                   "the system gives no randomness for an instance id");
}

/*
** Get the instance id for a function.  False, with the error reported, if there
** is none.
*/
int instance_get(sqlite3_context *context, const char *function, int *id) {
  Error error = {0, 0};
  *id = instance_read();
  if (*id >= 0) return 1;
  func_fail(context, function, &error, instance_error(&error));
  return 0;
}

static void instance_id_func(sqlite3_context *context, int argc,
                             sqlite3_value **argv) {
  int64_t value;
  int id;

  if (argc == 0) {
    if (instance_get(context, "instance_id", &id))
      sqlite3_result_int(context, id);
    return;
  }
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
  if (!func_integer(context, argv[0], "instance_id", "instance id", 0,
                    INSTANCE_MAX, &value)) {
    return;
  }
  instance_claim((int)value);
  atomic_store(&instance_current, (int)value);
  sqlite3_result_int64(context, value);
}

const FuncEntry instance_functions[] = {
    {"instance_id", 0, FUNC_MAKES, instance_id_func, "instance_id()",
     "Instance ids", "the instance id of this process"},
    {"instance_id", 1, FUNC_SETS, instance_id_func, "instance_id(n)",
     "Instance ids", "set the instance id of this process, 0 to 32767"},
    {0}};
