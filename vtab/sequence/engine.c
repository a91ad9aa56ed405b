/*
** The engine: how a sequence is advanced.
**
** TWO RULES
**
** The file is never behind.  What the store says was issued is at or ahead of
** what was issued, at every moment: a value is written before it is returned.
** So whatever is kept in memory may be dropped at any moment, and no number comes
** twice.  A transaction reserves blocks of 1, 2, 4 ... 1024 values, and its
** COMMIT writes back what it did not use (transaction.c): should that fail, there
** is a gap.
**
** Nothing is finalized or freed while a statement of ours runs.  SQLite calls the
** hooks of transaction.c from inside sqlite3_step(): they only take note.  A call of
** ours from inside a statement of ours is refused.
**
** GUESSES.  What is remembered of a row (entry->row) is a guess: other connections,
** ROLLBACK and plain SQL change the file.  Every write is a compare-and-swap on
** the whole state of the row, including a random `setting` that changes with the
** definition (or on _seq_no alone, where nobody can have written the row since), so
** that a wrong guess writes nothing, and the row is read.  So nothing depends on
** hearing of a change, but for one: plain SQL that writes surrogate_values in a
** transaction that has a block (see below) is seen when the block is used up.
**
** nextval() does the first of these that is possible:
**   1. it issues a value of a block that is in memory;
**   2. it advances the remembered row, by store_swap(), if the open transaction has
**      locked the store: else others may roll back between a look at their marks
**      and the write;
**   3. it reads and advances the row in one statement, by store_next().
**
** WHAT WAS ROLLED BACK is known by high-water marks (mark.c).  A value that is
** issued while its transaction goes on is published there before it is returned.
**
** An entry is found once, by name or id, and handed on.  Entries live as long as
** the connection: they are the session's currval().
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "engine.h"
#include "id.h"

#define ENGINE_BLOCK_MAX 1024

/**** Stores *************************************************************/

void engine_init(Engine *engine, sqlite3 *db) {
  memset(engine, 0, sizeof *engine);
  engine->host.db = db;
}

/* Free a connection's state; its statements are finalized, or it is closed. */
void engine_free(Engine *engine) {
  HashNode *node;
  if (engine->state != TXN_COMMITTED) engine->state = TXN_ROLLED_BACK;
  transaction_settle(engine);
  hash_clear(&engine->by_name, 1);
  node = hash_clear(&engine->by_id, 1);
  while (node) {
    SeqEntry *entry = (SeqEntry *)node;
    node = node->next;
    sqlite3_free(entry->name);
    sqlite3_free(entry);
  }
  while (engine->stores) {
    SeqStore *store = engine->stores;
    engine->stores = store->next;
    if (store->marks) mark_file_close(store->marks);
    store_free(&store->sql);
    sqlite3_free(store);
  }
  error_clear(&engine->host.error);
  random_wipe(&engine->pool, sizeof engine->pool);
}

/* The store of a schema, whether there is one or not.  NULL without memory. */
SeqStore *engine_store(Engine *engine, const char *schema) {
  SeqStore *store;
  for (store = engine->stores; store; store = store->next) {
    if (sqlite3_stricmp(store->sql.schema, schema) == 0) return store;
  }
  store = sqlite3_malloc64(sizeof *store);
  if (store == 0) return 0;
  memset(store, 0, sizeof *store);
  store_init(&store->sql, &engine->host, schema);
  if (store->sql.schema == 0) {
    sqlite3_free(store);
    return 0;
  }
  store->engine = engine;
  store->next = engine->stores;
  engine->stores = store;
  return store;
}

/* The session knows nothing of a sequence any more. */
static void engine_forget(SeqEntry *entry) {
  Engine *engine = entry->store->engine;
  if (engine->last_used == entry) engine->last_used = 0;
  engine_drop_block(entry);
  entry->is_defined = 0;
  entry->is_likely = 0;
  entry->published = 0;
  entry->published_setting = 0;
}

/*
** Whether the database of a store is the one that it was.  SQLite may open the
** next file at the same address.
*/
static int engine_is_same_file(const SeqStore *store,
                               const sqlite3_file *file) {
  const char *name;
  if (store->marks == 0 || store->file != file) return 0;
  if (store->sql.is_main) return 1;
  name = sqlite3_db_filename(store->engine->host.db, store->sql.schema);
  return name == 0 || *name == 0 ||
         strcmp(name, mark_file_name(store->marks)) == 0;
}

/* Whether the open transaction has written a store, so that nobody else can. */
static int engine_is_locked(const SeqStore *store) {
  const Engine *engine = store->engine;
  return engine->state == TXN_OPEN && store->txn == engine->txn;
}

/*
** To be called before a store is used: if its schema is another database now, by
** DETACH and ATTACH, what was known of the old one is forgotten, and its marks
** may go.  A database that the open transaction has written cannot be detached.
*/
int engine_use_store(SeqStore *store) {
  Engine *engine = store->engine;
  sqlite3 *db = engine->host.db;
  sqlite3_file *file = 0;
  const char *name;
  char *key;

  if (store->marks && engine_is_locked(store)) return SQLITE_OK;
  sqlite3_file_control(db, store->sql.schema, SQLITE_FCNTL_FILE_POINTER, &file);
  if (engine_is_same_file(store, file)) return SQLITE_OK;
  if (store->marks) {
    for (size_t i = 0; i < engine->by_id.n_bucket; i++) {
      HashNode *node = engine->by_id.buckets[i];
      for (; node; node = node->next) {
        if (((SeqEntry *)node)->store == store) {
          engine_forget((SeqEntry *)node);
        }
      }
    }
    mark_file_close(store->marks);
    store->marks = 0;
    owner_forget(&store->sql);
  }
  name = sqlite3_db_filename(db, store->sql.schema);
  if (name && *name) {
    store->marks = mark_file_open(name);
  } else {
    key = sqlite3_mprintf(":%p", file ? (void *)file : (void *)store);
    if (key) store->marks = mark_file_open(key);
    sqlite3_free(key);
  }
  if (store->marks == 0) return error_set(&engine->host.error, SQLITE_NOMEM, 0);
  store->file = file;
  return SQLITE_OK;
}

/*
** A random number of 53 bits, from 1: of the system, as a forked child must get
** others.
*/
int engine_random(Engine *engine, int64_t *number) {
  uint64_t random;
  do {
    if (random_bytes(&engine->pool, &random, sizeof random) != SQLITE_OK) {
      return error_set(&engine->host.error, SQLITE_ERROR,
                       "the system gives no randomness");
    }
    *number = (int64_t)(random >> 11);
  } while (*number == 0); /* never: but once in 2^53 calls */
  return SQLITE_OK;
}

/**** Entries ************************************************************/

#define ENGINE_BY_NAME(node) \
  ((SeqEntry *)((char *)(node)-offsetof(SeqEntry, by_name)))

static uint64_t engine_hash(const SeqStore *store, const void *key, size_t n) {
  return hash_bytes((uint64_t)(uintptr_t)store, key, n);
}

/* What the connection knows of the sequence of that id, or NULL. */
SeqEntry *engine_find_id(SeqStore *store, int64_t id) {
  HashNode *node =
      hash_find(&store->engine->by_id, engine_hash(store, &id, sizeof id));
  for (; node; node = hash_next(node)) {
    SeqEntry *entry = (SeqEntry *)node;
    /* never: two keys of one hash */
    if (entry->store == store && entry->row.id == id) return entry;
  }
  return 0;
}

/* What it knows of the one that it last saw under that name, or NULL. */
SeqEntry *engine_find_name(SeqStore *store, const char *name, size_t n) {
  HashNode *node =
      hash_find(&store->engine->by_name, engine_hash(store, name, n));
  for (; node; node = hash_next(node)) {
    SeqEntry *entry = ENGINE_BY_NAME(node);
    /* never: two keys of one hash */
    if (entry->store == store && entry->n_name == n && /* never: the same */
        memcmp(entry->name, name, n) == 0) {
      return entry;
    }
  }
  return 0;
}

/*
** An entry has that name now, and no other has.  Without memory it has none, and
** is found by its id.
*/
void engine_rename_entry(SeqEntry *entry, const char *name, size_t n) {
  Engine *engine = entry->store->engine;
  SeqEntry *other = engine_find_name(entry->store, name, n);
  char *copy;

  if (other == entry) return;
  if (other) engine_rename_entry(other, 0, 0);
  if (entry->name) hash_remove(&engine->by_name, &entry->by_name);
  sqlite3_free(entry->name);
  entry->name = 0;
  entry->n_name = 0;
  if (engine->hot == entry) engine->hot = 0;
  copy = name ? sqlite3_malloc64(n + 1) : 0;
  if (copy == 0) return;
  memcpy(copy, name, n);
  entry->by_name.hash = engine_hash(entry->store, name, n);
  if (hash_add(&engine->by_name, &entry->by_name) != SQLITE_OK) {
    sqlite3_free(copy);
    return;
  }
  entry->name = copy;
  entry->n_name = n;
}

/*
** The entry of a sequence whose row and name were just read.  NULL without
** memory.
*/
SeqEntry *engine_entry(SeqStore *store, const SeqRow *row, const char *name,
                       size_t n) {
  Engine *engine = store->engine;
  SeqEntry *entry = engine_find_id(store, row->id);
  if (entry == 0) {
    entry = sqlite3_malloc64(sizeof *entry);
    if (entry == 0) return 0;
    memset(entry, 0, sizeof *entry);
    entry->hot = &engine->hot;
    entry->store = store;
    entry->row = *row;
    entry->by_id.hash = engine_hash(store, &row->id, sizeof row->id);
    if (hash_add(&engine->by_id, &entry->by_id) != SQLITE_OK) {
      sqlite3_free(entry);
      return 0;
    }
  }
  engine_rename_entry(entry, name, n);
  return entry;
}

/* The values that were reserved are not to be issued. */
void engine_drop_block(SeqEntry *entry) {
  Engine *engine = entry->store->engine;
  if (engine->hot == entry) engine->hot = 0;
  entry->block = BLOCK_NONE;
  entry->block_published = 0;
  entry->left = 0;
}

/*
** Whether the open transaction has reserved a BLOCK_TXN; ROLLBACK TO may have
** undone that since: a compare-and-swap tells.
*/
int engine_may_have_block(const SeqEntry *entry) {
  const Engine *engine = entry->store->engine;
  return entry->block == BLOCK_TXN && engine->state == TXN_OPEN &&
         entry->txn == engine->txn;
}

/* Whether the rest of a BLOCK_TXN is still reserved: nothing was undone. */
int engine_has_block(const SeqEntry *entry) {
  return engine_may_have_block(entry) &&
         entry->undone == entry->store->engine->host.undone;
}

/*
** The row of an entry as it would be if nothing had been reserved: with the last
** value that was issued.  Each nextval() counts as a write.
*/
SeqRow engine_exact(const SeqEntry *entry) {
  SeqRow row = entry->row;
  if (entry->block == BLOCK_TXN) {
    row.state.last_value =
        (int64_t)((uint64_t)entry->next - (uint64_t)entry->step);
    row.seq_no -= (int64_t)entry->left;
  }
  return row;
}

static int engine_is_same(const SeqRow *a, const SeqRow *b) {
  return a->setting == b->setting && a->seq_no == b->seq_no &&
         a->state.last_value == b->state.last_value &&
         a->state.is_called == b->state.is_called;
}

/* A row was read, to be shown: it becomes what it would be without blocks. */
void engine_show(SeqStore *store, SeqRow *row) {
  SeqEntry *entry;
  if (store->engine->touched == 0) return;
  entry = engine_find_id(store, row->id);
  if (entry && engine_may_have_block(entry) &&
      engine_is_same(&entry->row, row)) {
    row->state = engine_exact(entry).state;
    row->seq_no -= (int64_t)entry->left;
  }
}

/*
** Read a sequence: read->row as the store has it, *shown as it stands without
** blocks, and its owner: NULL if it has none, else valid until the next read.
** SQLITE_NOTFOUND if there is no such sequence, or its owner is gone.
*/
int engine_read(SeqStore *store, const char *name, size_t n, StoreRead *read,
                SeqRow *shown, const char **owner) {
  int rc = engine_use_store(store);
  *owner = 0;
  if (rc == SQLITE_OK) rc = store_read(&store->sql, name, n, read);
  if (rc != SQLITE_OK) return rc;
  *shown = read->row;
  engine_show(store, shown);
  if (!read->row.is_owned) return SQLITE_OK;
  rc = owner_exists(&store->sql, name, n, &read->row, owner);
  return rc == SQLITE_OK && *owner == 0 ? SQLITE_NOTFOUND : rc;
}

/* The row of an entry is right now: this transaction wrote or read it. */
static void engine_note_changes(SeqEntry *entry) {
  Engine *engine = entry->store->engine;
  entry->changes = (unsigned)sqlite3_total_changes(engine->host.db);
  entry->rows = engine->rows;
}

/*
** Whether the row of an entry is what the store has: the open transaction has
** locked the store and knows the row, and SQLite has counted no other change of a
** row since, but for those of the table "sequences".
*/
int engine_is_sure(const SeqEntry *entry) {
  const SeqStore *store = entry->store;
  const Engine *engine = store->engine;
  return engine_is_locked(store) && entry->txn == engine->txn &&
         entry->is_likely && entry->undone == engine->host.undone &&
         (unsigned)sqlite3_total_changes(engine->host.db) - entry->changes ==
             engine->rows - entry->rows;
}

/* Whether the primary term of a store is known: see there. */
static int engine_has_term(const SeqStore *store) {
  const Engine *engine = store->engine;
  return engine_is_locked(store) && store->term_txn == engine->txn &&
         store->term_undone == engine->host.undone;
}

/* Whether it need not be read to be shown. */
static int engine_is_current(const SeqEntry *entry) {
  return engine_has_term(entry->store) && !entry->row.is_owned &&
         engine_is_sure(entry);
}

/*
** Remember a row that was just read, unless there is a block: that stands on the
** row as it was when it was reserved.
*/
static void engine_remember(SeqEntry *entry, const StoreRead *read,
                            const char *owner) {
  if (engine_has_block(entry)) return;
  entry->is_likely =
      entry->block == BLOCK_NONE && entry->row.id == read->row.id;
  if (!entry->is_likely) return;
  entry->row = read->row;
  if (owner) entry->owner_version = entry->store->sql.owners.version;
  if (engine_is_locked(entry->store)) engine_touch(entry);
}

/*
** Look a sequence up, as it stands without blocks, with the primary term and its
** owner: in memory, if the open transaction has it there, else in the store, as
** engine_read().
*/
int engine_look_up(SeqStore *store, const char *name, size_t n, SeqRow *shown,
                   int64_t *term, const char **owner) {
  SeqEntry *entry = engine_find_name(store, name, n);
  StoreRead read;
  int rc;
  if (entry && engine_is_current(entry)) {
    *shown = engine_exact(entry);
    *term = store->term;
    *owner = 0;
    return SQLITE_OK;
  }
  rc = engine_read(store, name, n, &read, shown, owner);
  if (rc != SQLITE_OK) return rc;
  *term = read.term;
  if (engine_is_locked(store)) {
    store->term = read.term;
    store->term_txn = store->engine->txn;
    store->term_undone = store->engine->host.undone;
  }
  if (entry) engine_remember(entry, &read, *owner);
  return rc;
}

/*
** Whether the owner of a sequence, if it has one, is known to be there: *exists
** is 0 if its row has to be read.
*/
int engine_check_owner(SeqEntry *entry, int *exists) {
  Store *sql = &entry->store->sql;
  int rc = SQLITE_OK;
  *exists = 1;
  if (!entry->row.is_owned) return rc;
  rc = owner_refresh(sql);
  *exists = entry->owner_version == sql->owners.version;
  return rc;
}

/**** High-water marks ***************************************************/

/*
** Let a row that was just read go on behind what was issued under its setting
** and rolled back.  Returns whether it had to.
**
** A cycle has no furthest value: there the mark is a place, which counts if the
** row stands where it did before, or is ahead of it by this transaction.
*/
int engine_skip_marked(SeqStore *store, SeqRow *row) {
  SeqState *state = &row->state;
  MarkValue mark;
  if (row->def.mode != SEQ_STANDARD ||
      !mark_read(store->marks, row->setting, &mark)) {
    return 0;
  }
  if (row->def.cycle) {
    if (mark.seq_no != row->seq_no) {
      SeqEntry *entry = engine_find_id(store, row->id);
      if (entry == 0 || entry->published == 0 ||
          entry->published_setting != row->setting ||
          store->engine->state != TXN_OPEN) {
        return 0;
      }
    }
  } else if (mark.last == state->last_value
                 ? state->is_called
                 : !definition_is_after(&row->def, mark.last,
                                        state->last_value)) {
    return 0;
  }
  state->last_value = mark.last;
  state->is_called = 1;
  return 1;
}

/*
** Hold the mark of a sequence whose transaction goes on, and publish what it
** issued there, from the row `before` on.
*/
static int engine_publish(SeqEntry *entry, const SeqRow *before, int64_t last) {
  SeqStore *store = entry->store;
  Engine *engine = store->engine;
  MarkValue value;
  EngineHold *hold;

  if (entry->published && entry->published_setting == entry->row.setting) {
    atomic_store_explicit(entry->published, last, memory_order_release);
    return SQLITE_OK;
  }
  hold = sqlite3_malloc64(sizeof *hold);
  if (hold == 0) return error_set(&engine->host.error, SQLITE_NOMEM, 0);
  value.seq_no = before->seq_no;
  value.last = last;
  hold->file = store->marks;
  hold->mark =
      mark_hold(store->marks, entry->row.setting, &value, &hold->version);
  if (hold->mark == 0) {
    sqlite3_free(hold);
    return error_set(&engine->host.error, SQLITE_NOMEM, 0);
  }
  hold->next = engine->holds;
  engine->holds = hold;
  entry->published = mark_last(hold->mark);
  entry->published_setting = entry->row.setting;
  return SQLITE_OK;
}

/**** nextval() **********************************************************/

/* Values that are taken of a row. */
typedef struct EngineTake {
  SeqStore *store;
  const SeqRequest *request;
  uint64_t want; /* 0: what CACHE says */
  SeqRow before; /* out: the row as it was */
  int64_t first; /* out */
  uint64_t taken;
  int is_marked; /* out: it went on behind a mark */
} EngineTake;

/* Advance a row, which is as the store has it. */
static int engine_take(void *data, SeqRow *row) {
  EngineTake *take = data;
  const SeqRequest *request = take->request;
  const SeqDef *def = &row->def;
  uint64_t want = take->want;
  int is_up = def->increment_by > 0;

  take->before = *row;
  if (request->number > 1) {
    want = (uint64_t)request->number;
  } else if (want == 0) {
    want = (uint64_t)def->cache_size;
  }
  take->is_marked = engine_skip_marked(take->store, row);
  if (definition_take(def, &row->state, want, request->number > 1, &take->first,
                      &take->taken) == SEQ_OK) {
    return SQLITE_OK;
  }
  return error_set(&take->store->engine->host.error, SQLITE_ERROR,
                   "nextval: reached %s value of sequence \"%.*s\" (%lld)",
                   is_up ? "maximum" : "minimum", (int)request->n,
                   request->name,
                   (sqlite3_int64)(is_up ? def->max_value : def->min_value));
}

/*
** The open transaction has written an entry, or read one of a store that it has
** written: what it leaves is to be settled.
*/
void engine_touch(SeqEntry *entry) {
  Engine *engine = entry->store->engine;
  uint64_t txn = engine->state == TXN_OPEN ? engine->txn : 0;
  if (entry->txn != txn) entry->size = 0;
  entry->txn = txn;
  entry->undone = engine->host.undone;
  engine_note_changes(entry);
  if (entry->is_touched) return;
  entry->is_touched = 1;
  entry->next_touched = engine->touched;
  engine->touched = entry;
}

/* The values behind the first are reserved. */
static void engine_set_block(SeqEntry *entry, const EngineTake *take) {
  const SeqDef *def = &entry->row.def;
  if (take->taken == 1) return;
  entry->block = def->cache_size > 1 ? BLOCK_CACHE : BLOCK_TXN;
  entry->block_published = entry->published;
  entry->block_txn = entry->txn;
  entry->block_seq_no = entry->row.seq_no;
  entry->next = definition_add(def, take->first, 1);
  entry->step = def->increment_by;
  entry->left = take->taken - 1;
  if (entry->block == BLOCK_CACHE) entry->store->engine->has_blocks = 1;
}

/* What was taken is written, as `now`: the first value is issued. */
static int engine_took(SeqEntry *entry, const EngineTake *take,
                       const SeqRow *now, SeqRequest *request) {
  SeqStore *store = entry->store;
  int is_block = request->number == 1;
  int64_t last = is_block ? take->first : now->state.last_value;
  int rc;

  /* A block by CACHE stays beside what a count reserves, which is ahead of it. */
  if (is_block || entry->block != BLOCK_CACHE) engine_drop_block(entry);
  entry->block_published = 0;
  entry->row = *now;
  entry->is_likely = 1;
  request->number = take->first;
  request->entry = entry;
  if (store->engine->state != TXN_OPEN && !transaction_is_open(store)) {
    /* It is committed. */
    entry->txn = 0;
    if (take->is_marked) mark_forget(store->marks, now->setting);
    if (is_block) engine_set_block(entry, take);
    return SQLITE_OK;
  }
  rc = transaction_enlist(store, now->def.mode == SEQ_GAPLESS);
  store->txn = store->engine->txn;
  engine_touch(entry);
  if (rc == SQLITE_OK && now->def.mode == SEQ_STANDARD) {
    rc = engine_publish(entry, &take->before, last);
  } else if (rc == SQLITE_OK) {
    rc = transaction_note_gapless(entry, &take->before);
  }
  /* Where nothing tells of a rollback there is no block. */
  if (entry->txn == 0) engine_drop_block(entry);
  if (rc != SQLITE_OK || !is_block || entry->txn == 0) return rc;
  entry->size = now->def.cache_size > 1 ? 1 : take->taken;
  engine_set_block(entry, take);
  return SQLITE_OK;
}

/* Make the next value of a virtual sequence, of which nothing is stored. */
static int engine_take_virtual(SeqStore *store, const SeqRow *row,
                               SeqRequest *request) {
  Error *error = &store->engine->host.error;
  SeqEntry *entry;
  int64_t value;
  int rc;

  if (request->number > 1) {
    return error_set(
        error, SQLITE_ERROR,
        "nextval: cannot reserve %lld values of virtual sequence \"%.*s\"",
        (sqlite3_int64)request->number, (int)request->n, request->name);
  }
  entry = engine_entry(store, row, request->name, request->n);
  if (entry == 0) return error_set(error, SQLITE_NOMEM, 0);
  engine_drop_block(entry);
  entry->row = *row;
  store->engine->has_blocks = 1;
  rc = rowid_next(&value, error);
  if (rc == SQLITE_OK) {
    request->number = value;
    request->entry = entry;
    return SQLITE_OK;
  }
  return error_set(error, rc, "nextval: %s", error->message);
}

/*
** Whether the rest of a block by CACHE is still reserved: nothing but nextval()
** wrote the row since, the file is the same copy, and it is not an older one, or
** one that ROLLBACK TO has undone, which does not know of the block.
*/
int engine_check_cache(const SeqEntry *entry, const StoreRead *read) {
  const SeqRow *row = &read->row;
  int64_t end = definition_add(&row->def, entry->next, entry->left - 1);

  if (row->id != entry->row.id || row->setting != entry->row.setting) return 0;
  if (entry->term != read->term) return 0;
  if (row->seq_no < entry->block_seq_no || !row->state.is_called) return 0;
  return row->def.cycle ||
         !definition_is_after(&row->def, end, row->state.last_value);
}

/*
** Take a value that needs no write, of a sequence that has a block by CACHE or is
** virtual.  *is_done: there was one.
*/
int engine_nextval_unwritten(SeqStore *store, SeqRequest *request,
                             int *is_done) {
  Engine *engine = store->engine;
  SeqEntry *entry;
  StoreRead read;
  SeqRow shown;
  const char *owner;
  int rc = engine_read(store, request->name, request->n, &read, &shown, &owner);

  *is_done = 0;
  if (rc != SQLITE_OK) return rc;
  if (read.row.def.mode == SEQ_VIRTUAL) {
    *is_done = 1;
    return engine_take_virtual(store, &read.row, request);
  }
  entry = engine_find_id(store, read.row.id);
  if (entry == 0 || entry->block != BLOCK_CACHE || entry->left == 0) return rc;
  if (!engine_check_cache(entry, &read)) {
    engine_drop_block(entry);
    entry->is_likely = 0;
    return rc;
  }
  engine_rename_entry(entry, request->name, request->n);
  if (read.row.is_owned) entry->owner_version = store->sql.owners.version;
  if (engine->state == TXN_OPEN) entry->undone = engine->host.undone;
  request->number = engine_issue(entry);
  request->entry = entry;
  *is_done = 1;
  return rc;
}

/* Take values of a row as it is remembered.  *is_done: it was right. */
static int engine_take_known(SeqEntry *entry, SeqRequest *request,
                             int *is_done) {
  SeqStore *store = entry->store;
  Engine *engine = store->engine;
  SeqRow now = engine_exact(entry);
  EngineTake take = {store, request, 1, {0}, 0, 0, 0};
  int rc;

  if (request->number == 1 && entry->left > 0 && engine_may_have_block(entry)) {
    rc = transaction_check_block(entry);
    if (rc != SQLITE_OK || entry->left == 0) return rc;
    request->number = engine_issue(entry);
    request->entry = entry;
    *is_done = 1;
    return SQLITE_OK;
  }
  if (now.def.cache_size > 1) {
    take.want = 0;
  } else if (engine->host.is_hooked && engine->state == TXN_OPEN &&
             entry->txn == engine->txn &&
             entry->undone == engine->host.undone && !store->sql.has_view &&
             now.def.mode == SEQ_STANDARD) {
    take.want = entry->size ? 2 * entry->size : 1;
    if (take.want > ENGINE_BLOCK_MAX) take.want = ENGINE_BLOCK_MAX;
  }
  rc = engine_take(&take, &now);
  if (rc != SQLITE_OK) return rc;
  now.seq_no +=
      now.def.cache_size > 1 || request->number > 1 ? 1 : (int64_t)take.taken;
  rc = store_swap(&store->sql, &entry->row, &now, engine_is_sure(entry),
                  is_done);
  if (rc == SQLITE_NOTFOUND) {
    *is_done = 0;
    rc = SQLITE_OK;
  }
  if (rc == SQLITE_OK && *is_done) {
    rc = engine_took(entry, &take, &now, request);
  } else {
    entry->is_likely = 0;
    if (entry->block == BLOCK_TXN) engine_drop_block(entry);
  }
  return rc;
}

/* Take values of the row as it is in the store. */
static int engine_take_read(SeqStore *store, SeqRequest *request) {
  Error *error = &store->engine->host.error;
  EngineTake take = {store, request, 0, {0}, 0, 0, 0};
  StoreRead read;
  SeqEntry *entry;
  int rc;

  read.step = engine_take;
  read.data = &take;
  rc = store_next(&store->sql, request->name, request->n, &read);
  if (rc == SQLITE_NOTFOUND && !read.is_read) return rc;
  if ((rc == SQLITE_OK || rc == SQLITE_NOTFOUND) && read.row.is_owned) {
    const char *owner;
    int failed =
        owner_exists(&store->sql, request->name, request->n, &read.row, &owner);
    if (failed != SQLITE_OK) return failed;
    if (owner == 0) return SQLITE_NOTFOUND;
  }
  if (rc == SQLITE_NOTFOUND) {
    return engine_take_virtual(store, &read.row, request);
  }
  if (rc != SQLITE_OK) return rc;
  entry = engine_entry(store, &read.row, request->name, request->n);
  if (entry == 0) return error_set(error, SQLITE_NOMEM, 0);
  if (read.row.is_owned) entry->owner_version = store->sql.owners.version;
  if (read.row.def.cache_size > 1) {
    StoreRead before = {.row = take.before};
    rc = store_get(&store->sql, "primary_term", &before.term);
    if (rc != SQLITE_OK) return rc;
    if (entry->block == BLOCK_CACHE && !engine_check_cache(entry, &before)) {
      engine_drop_block(entry);
    }
    entry->term = before.term;
  }
  return engine_took(entry, &take, &read.row, request);
}

/* True of an error because of which a virtual sequence need not fail. */
static int engine_cannot_write(int rc) {
  int primary = rc & 0xff;
  return primary == SQLITE_BUSY || primary == SQLITE_LOCKED ||
         (primary == SQLITE_READONLY && rc != SQLITE_READONLY_DBMOVED);
}

/*
** nextval(): request->number is the count, and becomes the first value.
** SQLITE_NOTFOUND if the store has no such sequence.
*/
int engine_nextval(SeqStore *store, SeqRequest *request) {
  Engine *engine = store->engine;
  SeqEntry *entry;
  int is_done = 0;
  int exists = 0;
  int rc = engine_use_store(store);

  if (rc != SQLITE_OK) return rc;
  entry = engine_find_name(store, request->name, request->n);
  if (entry && entry->is_likely) rc = engine_check_owner(entry, &exists);
  if (rc != SQLITE_OK) return rc;
  if (exists && request->number == 1 && entry->left > 0 &&
      (engine_has_block(entry) ||
       (entry->block == BLOCK_CACHE && entry->txn &&
        entry->txn == engine->txn && engine->state == TXN_OPEN &&
        entry->undone == engine->host.undone))) {
    request->number = engine_issue(entry);
    request->entry = entry;
    return SQLITE_OK;
  }
  if (request->number == 1 && engine->has_blocks) {
    rc = engine_nextval_unwritten(store, request, &is_done);
    if (rc != SQLITE_OK || is_done) return rc;
  }
  if (exists && entry->is_likely && engine_is_locked(store) &&
      entry->row.def.mode != SEQ_VIRTUAL &&
      (entry->row.def.cache_size == 1 ||
       (entry->term > 0 && entry->undone == engine->host.undone))) {
    rc = engine_take_known(entry, request, &is_done);
  } else if (entry && engine_may_have_block(entry)) {
    rc = transaction_give_back(entry);
  }
  if (rc != SQLITE_OK || is_done) return rc;
  rc = engine_take_read(store, request);
  if (engine_cannot_write(rc) && request->number == 1) {
    Error error = engine->host.error;
    memset(&engine->host.error, 0, sizeof error);
    if (engine_nextval_unwritten(store, request, &is_done) == SQLITE_OK &&
        is_done) {
      error_clear(&error);
      return SQLITE_OK;
    }
    error_clear(&engine->host.error);
    engine->host.error = error;
  }
  return rc;
}

/**** Invariants *********************************************************/

#ifdef SURROGATE_DEBUG
static void engine_assert_entry(const SeqEntry *entry) {
  const Engine *engine = entry->store->engine;
  const SeqDef *def = &entry->row.def;
  assert(entry->left == 0 || entry->block != BLOCK_NONE);
  assert(!entry->published || entry->is_touched);
  if (entry->block == BLOCK_TXN) { /* stored at or ahead of issued */
    assert(def->mode == SEQ_STANDARD && def->cache_size == 1);
    assert(entry->step == def->increment_by && entry->is_touched);
    assert(definition_add(def, entry->next, entry->left) ==
           definition_add(def, entry->row.state.last_value, 1));
    assert(entry->row.seq_no >= (int64_t)entry->left);
    assert(entry->txn != 0 && entry->txn <= engine->txn);
  }
  assert(entry->row.def.mode != SEQ_GAPLESS || entry->left == 0);
}

/* What holds between any two calls. */
void engine_assert(const Engine *engine) {
  int level = INT32_MAX;
  size_t n = 0;
  assert(engine->depth >= 0);
  assert(engine->host.is_hooked == (engine->state == TXN_OPEN));
  assert(engine->hot == 0 || engine->hot == engine->last_used);
  if (engine->hot) {
    assert(engine->hot->block == BLOCK_TXN && engine_has_block(engine->hot));
  }
  for (size_t i = 0; i < engine->by_id.n_bucket; i++) {
    HashNode *node = engine->by_id.buckets[i];
    for (; node; node = node->next)
      engine_assert_entry((SeqEntry *)node);
  }
  for (const SeqEntry *entry = engine->touched; entry;
       entry = entry->next_touched) {
    assert(entry->is_touched);
    n++;
  }
  assert(n <= engine->by_id.n_node);
  for (const EngineGapless *gapless = engine->gapless; gapless;
       gapless = gapless->next) {
    assert(gapless->level <= level);
    level = gapless->level;
  }
}
#endif
