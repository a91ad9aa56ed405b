/*
** High-water marks: what was issued by transactions that were not committed.
**
** A ROLLBACK takes the stored last value of a sequence back.  A `standard`
** sequence must go on behind what it issued all the same, at least in this
** process, as PostgreSQL's does.  The mark of a sequence is the last value that an
** unfinished or rolled back transaction issued.
**
** A mark counts for one setting of the sequence, a random number that is in its
** row: whatever is no nextval() gives the row another one (see store.c).  So the
** marks of a setval() or ALTER that is rolled back mean nothing any more, and
** neither do those of a setting that another process has replaced.
**
** The value is published while it is issued, not when the transaction rolls
** back: SQLite gives the file's lock back before it calls xRollback, and another
** thread may take the next value in between.
**
** Marks belong to a database, known by its file's name (or, in memory, by its
** address), and live as long as some connection of the process uses its store.
**
** Process-wide state: the table `mark_files`, guarded by `mark_lock`.  The value of
** a mark is also written without the lock, by the one connection that holds the
** file's write lock, hence atomic.
**
** Fork: the lock is held across fork(), so that a child can use it.  A child
** inherits its parent's marks; at worst it skips some values.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "engine.h"

struct Mark {
  HashNode node; /* in file->marks */
  int64_t setting;
  int64_t seq_no; /* of the row that its values followed */
  _Atomic int64_t last;
  int has_value;
  unsigned version; /* rises with each value, and when one is rolled back */
  int refs;         /* transactions that hold it */
  int is_kept;      /* outlives them: something was rolled back */
};

struct MarkFile {
  HashNode node; /* in mark_files */
  int refs;      /* stores of connections */
  Hash marks;
  char *name; /* in the same allocation */
};

static Mutex mark_lock = MUTEX_INIT;
static Hash mark_files;

static void mark_enter(void) {
  mutex_enter(&mark_lock);
}
static void mark_leave(void) {
  mutex_leave(&mark_lock);
}

/* To be called once, before the first mark. */
int mark_init(void) {
  return mutex_survive_fork(mark_enter, mark_leave) == 0 ? SQLITE_OK
                                                         /* no memory */
                                                         : SQLITE_NOMEM;
}

/**** Databases **********************************************************/

/*
** The marks of a database, for one store of one connection, which gives them
** back by mark_file_close().  NULL without memory.
*/
MarkFile *mark_file_open(const char *name) {
  size_t n = strlen(name) + 1;
  uint64_t hash = hash_bytes(0, name, n);
  MarkFile *file;
  HashNode *node;

  mark_enter();
  for (node = hash_find(&mark_files, hash); node; node = hash_next(node)) {
    /* never: two keys of one hash */
    if (strcmp(((MarkFile *)node)->name, name) == 0) break;
  }
  file = (MarkFile *)node;
  if (file == 0) {
    file = sqlite3_malloc64(sizeof *file + n);
    if (file) {
      memset(file, 0, sizeof *file);
      file->node.hash = hash;
      file->name = memcpy(&file[1], name, n);
      if (hash_add(&mark_files, &file->node) != SQLITE_OK) {
        sqlite3_free(file);
        file = 0;
      }
    }
  }
  if (file) file->refs++;
  mark_leave();
  return file;
}

void mark_file_close(MarkFile *file) {
  HashNode *node = 0;
  mark_enter();
  if (--file->refs == 0) {
    node = hash_clear(&file->marks, 1);
    hash_remove(&mark_files, &file->node);
    if (mark_files.n_node == 0) hash_clear(&mark_files, 1);
    sqlite3_free(file);
  }
  mark_leave();
  while (node) {
    HashNode *next = node->next;
    sqlite3_free(node);
    node = next;
  }
}

/* The name of the file, or, in memory, the address of the database. */
const char *mark_file_name(const MarkFile *file) {
  return file->name;
}

/**** Marks **************************************************************/

static uint64_t mark_hash(int64_t setting) {
  return hash_bytes(0, &setting, sizeof setting);
}

static Mark *mark_find(const MarkFile *file, int64_t setting) {
  HashNode *node = hash_find(&file->marks, mark_hash(setting));
  for (; node; node = hash_next(node)) {
    /* never: two keys of one hash */
    if (((Mark *)node)->setting == setting) break;
  }
  return (Mark *)node;
}

/* Free a mark that nobody needs. */
static void mark_drop(MarkFile *file, Mark *mark) {
  if (mark->refs > 0 || mark->is_kept) return;
  hash_remove(&file->marks, &mark->node);
  if (file->marks.n_node == 0) hash_clear(&file->marks, 0);
  sqlite3_free(mark);
}

/* Copy the mark of a setting to *value.  False if it has none. */
int mark_read(MarkFile *file, int64_t setting, MarkValue *value) {
  Mark *mark = 0;
  mark_enter();
  if (file->marks.n_node > 0) mark = mark_find(file, setting);
  if (mark && !mark->has_value) mark = 0;
  if (mark) {
    value->seq_no = mark->seq_no;
    value->last = mark->last;
  }
  mark_leave();
  return mark != 0;
}

/* What a mark says is in the file now, committed. */
void mark_forget(MarkFile *file, int64_t setting) {
  Mark *mark;
  mark_enter();
  mark = mark_find(file, setting);
  if (mark && mark->refs == 0) {
    mark->is_kept = 0;
    mark_drop(file, mark);
  }
  mark_leave();
}

/*
** Hold the mark of a setting for a transaction, which gives it that value.  NULL
** without memory.  *version is for mark_release(), which lets go of it.
*/
Mark *mark_hold(MarkFile *file, int64_t setting, const MarkValue *value,
                unsigned *version) {
  Mark *mark;
  mark_enter();
  mark = mark_find(file, setting);
  if (mark == 0) {
    mark = sqlite3_malloc64(sizeof *mark);
    if (mark) {
      memset(mark, 0, sizeof *mark);
      mark->node.hash = mark_hash(setting);
      mark->setting = setting;
      if (hash_add(&file->marks, &mark->node) != SQLITE_OK) {
        sqlite3_free(mark);
        mark = 0;
      }
    }
  }
  if (mark) {
    mark->refs++;
    file->refs++;
    mark->seq_no = value->seq_no;
    mark->last = value->last;
    mark->has_value = 1;
    *version = ++mark->version;
  }
  mark_leave();
  return mark;
}

/*
** The value itself, for the transaction that holds the mark and issues the next
** values of its setting: it may be stored without the lock.
*/
_Atomic int64_t *mark_last(Mark *mark) {
  return &mark->last;
}

/*
** Let go of a mark at the end of a transaction.  is_kept: what was issued, or a
** part of it, was rolled back and must stay known.  Else the store has it, and
** the mark goes, unless another transaction has come in between: SQLite tells of
** a COMMIT after it gave the lock back.  Then the version is not the one that the
** caller knows, and the mark is that one's matter.
*/
void mark_release(MarkFile *file, Mark *mark, unsigned version, int is_kept) {
  mark_enter();
  if (is_kept) {
    mark->is_kept = 1;
    mark->version++;
  } else if (mark->version == version) {
    mark->is_kept = 0;
  }
  mark->refs--;
  mark_drop(file, mark);
  mark_leave();
  mark_file_close(file);
}
