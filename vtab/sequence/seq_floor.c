/*
** Rollback floors: values that were handed out and then rolled back.
**
** A ROLLBACK takes the stored last value of a sequence back.  A `standard`
** sequence must go on behind what it handed out all the same, at least in
** this process, as PostgreSQL's does.  The floor of a sequence is the last
** value that an unfinished or rolled back transaction handed out.
**
** A floor counts only for the setting of the sequence that it was made
** under.  Each setval(), swap, ALTER and re-creation gives the row a new
** set_no (see seq_store.c), and the floors of other settings are ignored: so
** such a write lifts the floor, in whatever process it happens.
**
** The value is published while it is handed out, not when the transaction
** rolls back: SQLite gives the file's lock back before it calls xRollback,
** and another thread may take the next value in between.
**
** Process-wide state: the table `floors`, guarded by `floors_lock`.  The
** value of a floor is also written without the lock, by the one connection
** that holds the file's write lock, hence atomic.
**
** Fork: the lock is held across fork(), so that a child can use it.  A child
** inherits its parent's floors; at worst it skips some values.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence_old.h"

struct SeqFloor {
  HashNode node;    /* in `floors` */
  int64_t store_id; /* these three are the key */
  int64_t id;
  char *file;
  SeqFloorValue value; /* but for value.last */
  _Atomic int64_t last;
  int has_value;
  unsigned version; /* rises with each value, and when one is rolled back */
  int refs;         /* transactions that hold it */
  int keep;         /* outlives them: something was rolled back */
};

static Mutex floors_lock = MUTEX_INIT;
static Hash floors;

static void enter(void) {
  mutex_enter(&floors_lock);
}
static void leave(void) {
  mutex_leave(&floors_lock);
}

/* To be called once, before the first floor. */
int seq_floor_init(void) {
  return mutex_survive_fork(enter, leave) == 0 ? SQLITE_OK : SQLITE_NOMEM;
}

static uint64_t hash_key(const char *file, int64_t store_id, int64_t id) {
  uint64_t hash = hash_bytes(0, file, strlen(file));
  hash = hash_bytes(hash, &store_id, sizeof store_id);
  return hash_bytes(hash, &id, sizeof id);
}

static SeqFloor *find(uint64_t hash, const char *file, int64_t store_id,
                      int64_t id) {
  HashNode *node;
  for (node = hash_find(&floors, hash); node; node = hash_next(node)) {
    SeqFloor *floor = (SeqFloor *)node;
    if (floor->store_id == store_id && floor->id == id &&
        strcmp(floor->file, file) == 0) {
      return floor;
    }
  }
  return 0;
}

/*
** Copy the floor of a sequence to *value.  False if it has none.
*/
int seq_floor_read(const char *file, int64_t store_id, int64_t id,
                   SeqFloorValue *value) {
  SeqFloor *floor = 0;
  enter();
  if (floors.n_node > 0) {
    floor = find(hash_key(file, store_id, id), file, store_id, id);
    if (floor && !floor->has_value) floor = 0;
  }
  if (floor) {
    *value = floor->value;
    value->last = floor->last;
  }
  leave();
  return floor != 0;
}

/*
** Hold the floor of a sequence for a transaction, making it if there is none.
** NULL if there is no memory.  *version is for seq_floor_close(), which lets go
** of it.
*/
SeqFloor *seq_floor_open(const char *file, int64_t store_id, int64_t id,
                         unsigned *version) {
  uint64_t hash = hash_key(file, store_id, id);
  size_t n = strlen(file) + 1;
  SeqFloor *floor;

  enter();
  floor = find(hash, file, store_id, id);
  if (floor == 0) {
    floor = sqlite3_malloc64(sizeof *floor + n);
    if (floor) {
      memset(floor, 0, sizeof *floor);
      floor->node.hash = hash;
      floor->store_id = store_id;
      floor->id = id;
      floor->file = memcpy(&floor[1], file, n);
      if (hash_add(&floors, &floor->node) != SQLITE_OK) {
        sqlite3_free(floor);
        floor = 0;
      }
    }
  }
  if (floor) {
    floor->refs++;
    *version = floor->version;
  }
  leave();
  return floor;
}

/* Set the floor.  Returns its version, for seq_floor_close(). */
unsigned seq_floor_set(SeqFloor *floor, const SeqFloorValue *value) {
  unsigned version;
  enter();
  floor->value = *value;
  floor->last = value->last;
  floor->has_value = 1;
  version = ++floor->version;
  leave();
  return version;
}

/*
** The value itself, for the transaction that set the floor and hands out the
** next values of the same setting: it may be stored without the lock.
*/
_Atomic int64_t *seq_floor_last(SeqFloor *floor) {
  return &floor->last;
}

/*
** Let go of a floor at the end of a transaction.
**
** SEQ_FLOOR_ROLLED_BACK: what it handed out must stay remembered.
** SEQ_FLOOR_STORED: the store says it now, so that the floor may go.
** SEQ_FLOOR_UNUSED: neither.
**
** Another transaction may have come in between, since SQLite tells us of a
** COMMIT after it gave the lock back: then the version is not the one that the
** caller knows, and the floor is that one's matter.
*/
void seq_floor_close(SeqFloor *floor, unsigned version, int outcome) {
  enter();
  if (outcome == SEQ_FLOOR_ROLLED_BACK) {
    floor->keep = 1;
    floor->version++;
  } else if (outcome == SEQ_FLOOR_STORED && floor->version == version) {
    floor->keep = 0;
  }
  if (--floor->refs == 0 && !floor->keep) {
    hash_remove(&floors, &floor->node);
    if (floors.n_node == 0) hash_clear(&floors, 0);
    sqlite3_free(floor);
  }
  leave();
}
