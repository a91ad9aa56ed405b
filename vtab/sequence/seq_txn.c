/*
** Sequences within a write transaction: write-behind, rollback, floors.
**
** SQLite tells a virtual table of a transaction from the first statement on
** that opens it for writing: it is then "enlisted", and the write lock of the
** file is held until xCommit or xRollback.  Between the two nobody else
** changes the store, so that the row of a sequence is read once, advanced in
** memory (a SeqEntry) and written once:
**
**   seq_txn_begin    xBegin
**   seq_txn_flush    xSavepoint, and before anything reads the shadow table
**   seq_txn_rewind   xRollbackTo: forget the rows, they are older now
**   seq_txn_sync     xSync: the last flush, which may still fail
**   seq_txn_end      xCommit, xRollback: free everything
**
** What a `standard` sequence handed out is consumed though it be rolled back.
** A SeqHanded remembers it, by the id of the sequence, since a ROLLBACK TO may
** bring back what was dropped or renamed.  It lives until the transaction
** ends; behind it, and for other connections of the process, there is the
** floor (seq_floor.c).  What ROLLBACK TO took back is made good by the flush of
** seq_txn_sync(), so that a COMMIT stores the numbers as consumed.
**
** Every function here wants the store enlisted.  Messages of errors are left
** in store->sql.message.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <assert.h>
#include <string.h>

#include "id.h"
#include "sequence_old.h"

#define NO_SETTING (-1)

/* What this transaction handed out of a sequence. */
struct SeqHanded {
  HashNode node; /* in store->handed */
  int64_t id;
  int is_new;          /* the sequence was not there before */
  int64_t base_set_no; /* of the row before the transaction */
  int64_t base_seq_no;
  int is_ascending; /* the direction in which `high` is the furthest */

  int64_t mark_set_no; /* a setting, and */
  int has_mark;        /* whether values were handed out under it: */
  int64_t mark;        /* the last of them */
  int is_used;         /* this transaction handed out values */
  int has_high;        /* whether values were handed out at all: */
  int64_t high;        /* the furthest of them */

  SeqFloor *floor; /* or NULL */
  unsigned floor_version;
  int has_floor; /* its value is this transaction's */
  int is_stored; /* this transaction wrote the row, as far as we know */
  size_t n_name;
  char *name; /* under which it was last seen, or NULL */
};

/**** Entries ************************************************************/

static SeqEntry *find_entry(SeqStore *store, const char *name, size_t n) {
  HashNode *node = hash_find(&store->entries, hash_bytes(0, name, n));
  for (; node; node = hash_next(node)) {
    SeqEntry *entry = (SeqEntry *)node;
    if (entry->n_name == n && memcmp(entry->name, name, n) == 0) return entry;
  }
  return 0;
}

static SeqEntry *new_entry(SeqStore *store, const char *name, size_t n) {
  SeqEntry *entry = sqlite3_malloc64(sizeof *entry + n);
  if (entry == 0) return 0;
  memset(entry, 0, sizeof *entry);
  entry->store = store;
  entry->node.hash = hash_bytes(0, name, n);
  entry->n_name = n;
  entry->name = (char *)&entry[1];
  memcpy(entry->name, name, n);
  if (hash_add(&store->entries, &entry->node) != SQLITE_OK) {
    sqlite3_free(entry);
    return 0;
  }
  return entry;
}

/* Let the row of an entry catch up with what was handed out of its room. */
static void catch_up(SeqEntry *entry) {
  SeqValue *value = entry->value;
  if (entry->is_live) {
    entry->row.state.last_value =
        (int64_t)((uint64_t)value->next - (uint64_t)value->step);
  }
}

/* No value may be handed out without looking at the row again. */
static void stop_handing_out(SeqEntry *entry) {
  SeqValue *value = entry->value;
  SeqSession *session = entry->store->session;
  catch_up(entry);
  entry->is_live = 0;
  if (value == 0) return;
  if (!value->is_block) value->left = 0;
  value->floor = 0;
  if (session->hot == value) session->hot = 0;
}

/**** What was handed out ************************************************/

static SeqHanded *find_handed(SeqStore *store, int64_t id) {
  uint64_t hash = hash_bytes(0, &id, sizeof id);
  HashNode *node = hash_find(&store->handed, hash);
  for (; node; node = hash_next(node)) {
    SeqHanded *handed = (SeqHanded *)node;
    if (handed->id == id) return handed;
  }
  return 0;
}

static void free_handed(SeqHanded *handed, int outcome) {
  if (handed->floor)
    seq_floor_close(handed->floor, handed->floor_version, outcome);
  sqlite3_free(handed->name);
  sqlite3_free(handed);
}

/*
** Begin with what earlier transactions of this process handed out and rolled
** back, and hold the floor that says so: a COMMIT will do away with it.  For a cycle that is a place in it, if nobody went on since.
*/
static int read_floor(SeqStore *store, SeqHanded *handed, const SeqRow *row) {
  SeqFloorValue floor;
  if (!seq_floor_read(seq_store_file(&store->sql), store->header.store_id,
                      row->id, &floor) ||
      floor.set_no != row->set_no) {
    return SQLITE_OK;
  }
  handed->floor =
      seq_floor_open(seq_store_file(&store->sql), store->header.store_id,
                     row->id, &handed->floor_version);
  if (handed->floor == 0) return SQLITE_NOMEM;
  if (row->def.cycle && floor.seq_no == row->seq_no) {
    handed->mark_set_no = row->set_no;
    handed->has_mark = 1;
    handed->mark = floor.last;
  }
  handed->high = floor.last;
  handed->has_high = 1;
  return SQLITE_OK;
}

/*
** The record of a sequence whose row was read, made if it is the first time.
** All that changes a row reads it before, so a new record sees it as it was
** before the transaction, or new.
*/
static SeqHanded *get_handed(SeqStore *store, const SeqRow *row) {
  SeqHanded *handed = find_handed(store, row->id);
  if (handed) return handed;
  handed = sqlite3_malloc64(sizeof *handed);
  if (handed == 0) return 0;
  memset(handed, 0, sizeof *handed);
  handed->node.hash = hash_bytes(0, &row->id, sizeof row->id);
  handed->id = row->id;
  handed->is_new = row->id >= store->txn_first;
  handed->base_set_no = row->set_no;
  handed->base_seq_no = row->seq_no;
  handed->is_ascending = row->def.increment_by > 0;
  handed->mark_set_no = NO_SETTING;
  if ((!handed->is_new && read_floor(store, handed, row) != SQLITE_OK) ||
      hash_add(&store->handed, &handed->node) != SQLITE_OK) {
    free_handed(handed, SEQ_FLOOR_UNUSED);
    return 0;
  }
  return handed;
}

/*
** A sequence was made under an id that a rolled back one had before: nothing
** of that one is left.
*/
static void forget_handed(SeqStore *store, int64_t id) {
  SeqHanded *handed = find_handed(store, id);
  if (handed == 0) return;
  hash_remove(&store->handed, &handed->node);
  free_handed(handed, SEQ_FLOOR_UNUSED);
}

/* The one of two values that the other must not be handed out behind. */
static int64_t furthest(const SeqHanded *handed, int64_t a, int64_t b) {
  return (a > b) == (handed->is_ascending != 0) ? a : b;
}

/* Note what an entry handed out under its setting, before it changes. */
static void set_mark(SeqEntry *entry) {
  SeqHanded *handed = entry->handed;
  int64_t last = entry->row.state.last_value;
  if (!entry->is_loaded || !entry->has_handed) return;
  entry->has_handed = 0;
  handed->is_used = 1;
  handed->mark_set_no = entry->row.set_no;
  handed->has_mark = 1;
  handed->mark = last;
  handed->high = handed->has_high ? furthest(handed, last, handed->high) : last;
  handed->has_high = 1;
}

/* Let the sequence go on behind `last`, which was handed out. */
static void skip_to(SeqRow *row, int64_t last) {
  SeqState *state = &row->state;
  if (row->def.cycle ||
      definition_is_after(&row->def, last, state->last_value) ||
      (!state->is_called && last == state->last_value)) {
    state->last_value = last;
    state->is_called = 1;
  }
}

/*
** Apply to a row that was just read what is known to be handed out.
**
** Under the setting of the mark that is the mark, which for a cycle is its
** place.  Under another setting that is still there the mark is lost, and the
** furthest value is a safe bound.  So it is under the setting of the base, which
** a floor and an ALTER INCREMENT may have left.
*/
static void apply_floors(SeqEntry *entry) {
  SeqRow *row = &entry->row;
  SeqHanded *handed = entry->handed;

  if (row->def.mode != SEQ_STANDARD) return;
  if (handed->mark_set_no == row->set_no) {
    if (handed->has_mark) skip_to(row, handed->mark);
    if (row->def.cycle && handed->has_mark) return;
    if (row->set_no != handed->base_set_no || handed->is_new) return;
  }
  if (handed->has_high &&
      (!row->state.is_called ||
       definition_is_after(&row->def, handed->high, row->state.last_value))) {
    skip_to(row, handed->high);
  }
}

/**** The end of entries *************************************************/

/*
** Remember under which name a sequence was last seen, for make_good(), which
** can do without.
*/
static void set_name(SeqHanded *handed, const char *name, size_t n) {
  sqlite3_free(handed->name);
  handed->name = sqlite3_malloc64(n ? n : 1);
  handed->n_name = n;
  if (handed->name && n) memcpy(handed->name, name, n);
}

/* Free all entries, with what they handed out noted. */
static void free_entries(SeqStore *store) {
  HashNode *node = hash_clear(&store->entries, 0);
  while (node) {
    SeqEntry *entry = (SeqEntry *)node;
    SeqValue *value = entry->value;
    node = node->next;
    if (value) {
      stop_handing_out(entry);
      set_mark(entry);
    }
    sqlite3_free(entry);
  }
  store->dirty = 0;
}

/*
** The blocks that this transaction reserved: they are in the file now, or with
** is_undone they no longer are.
*/
static void end_blocks(SeqStore *store, int is_undone) {
  for (size_t i = 0; i < store->handed.n_bucket; i++) {
    HashNode *node = store->handed.buckets[i];
    for (; node; node = node->next) {
      SeqValue *value = seq_value_find(store, ((SeqHanded *)node)->id);
      if (value == 0 || !value->block_in_txn) continue;
      value->block_in_txn = 0;
      if (is_undone) seq_value_drop_block(value);
    }
  }
}

/* Free what was handed out, which is committed or rolled back. */
static void free_all_handed(SeqStore *store, int committed) {
  HashNode *node = hash_clear(&store->handed, 0);
  while (node) {
    SeqHanded *handed = (SeqHanded *)node;
    int outcome = SEQ_FLOOR_UNUSED;
    node = node->next;
    if (!committed && handed->is_new) seq_value_forget(store, handed->id);
    seq_value_release(store, handed->id);
    if (!committed && handed->has_floor) outcome = SEQ_FLOOR_ROLLED_BACK;
    if (committed && handed->is_stored) outcome = SEQ_FLOOR_STORED;
    free_handed(handed, outcome);
  }
}

/* Forget all that is known of the store in this transaction. */
static void discard(SeqStore *store) {
  free_entries(store);
  end_blocks(store, 1);
  free_all_handed(store, 0);
  seq_store_forget(&store->sql);
  seq_owner_undo(&store->sql);
  store->has_header = 0;
  store->is_header_dirty = 0;
  store->is_rewound = 0;
  store->txn_first = -1;
}

/*
** The store was made in this transaction.  SQLite does not call xRollbackTo for
** a savepoint that is older than the virtual table, or calls it when the store
** is gone, so that check_created() has to see whether it is still there.
*/
void seq_txn_created(SeqStore *store) {
  discard(store);
  store->is_created = 1;
}

static int check_created(SeqStore *store) {
  SeqHeader header;
  int rc;

  if (!store->is_created || store->txn_first < 0) return SQLITE_OK;
  seq_store_forget(&store->sql);
  rc = seq_store_read_header(&store->sql, &header);
  if (rc == SQLITE_OK && header.store_id == store->header.store_id) return rc;
  if (rc != SQLITE_OK && rc != SQLITE_ERROR && rc != SQLITE_CORRUPT_VTAB) {
    return rc;
  }
  discard(store);
  return SQLITE_OK;
}

/**** Reading ************************************************************/

/*
** Note the header of the store as it was just read.  If it is another store
** than the one this session knew, what the session knew is of no use.
*/
static void set_header(SeqStore *store, const SeqHeader *header) {
  if (store->has_header) return;
  store->header = *header;
  store->has_header = 1;
  if (store->txn_first < 0) store->txn_first = header->next_seq_no;
  seq_values_check(store, header->store_id);
}

/*
** An entry is loaded: *out, or NULL there if its owner went since.  SQLite
** makes a savepoint for what changes the schema, so that the owner is there if
** it was and there was none.
*/
static int find_owner(SeqEntry *entry, SeqEntry **out) {
  SeqStore *store = entry->store;
  int rc = SQLITE_OK;
  int found = 1;
  if (entry->row.is_owned && entry->owner_seen != store->savepoints) {
    SeqHeader header;
    SeqRow row;
    rc = seq_store_read(&store->sql, entry->name, entry->n_name, &header, &row,
                        0, &found);
  }
  if (rc != SQLITE_OK || !found) return rc;
  entry->owner_seen = store->savepoints;
  *out = entry;
  return SQLITE_OK;
}

/*
** Get the entry of a sequence with its row read: *out, or NULL there if the
** sequence does not exist.
*/
int seq_txn_load(SeqStore *store, const char *name, size_t n, SeqEntry **out) {
  SeqEntry *entry;
  SeqHeader header;
  SeqRow row;
  int found;
  int rc;

  assert(store->in_txn);
  *out = 0;
  rc = check_created(store);
  if (rc != SQLITE_OK) return rc;
  entry = find_entry(store, name, n);
  if (entry && entry->is_loaded) return find_owner(entry, out);
  rc = seq_store_read(&store->sql, name, n, &header, &row, 0, &found);
  if (rc != SQLITE_OK) return rc;
  set_header(store, &header);
  if (!found) return SQLITE_OK;
  if (entry == 0) entry = new_entry(store, name, n);
  if (entry == 0) return SQLITE_NOMEM;
  entry->handed = get_handed(store, &row);
  entry->value = seq_value_get(store, row.id);
  if (entry->handed == 0 || entry->value == 0) return SQLITE_NOMEM;
  entry->row = row;
  entry->stored = row.state;
  apply_floors(entry);
  if (!seq_value_has_block(entry->value, &store->header, &row) ||
      (row.def.cycle && store->is_rewound && entry->value->block_in_txn)) {
    seq_value_drop_block(entry->value);
  }
  entry->is_loaded = 1;
  entry->owner_seen = store->savepoints;
  *out = entry;
  return SQLITE_OK;
}

/* Read the header, if the transaction has not yet. */
int seq_txn_load_header(SeqStore *store) {
  SeqHeader header;
  int rc;
  if (store->has_header) return SQLITE_OK;
  rc = seq_store_read_header(&store->sql, &header);
  if (rc == SQLITE_OK) set_header(store, &header);
  return rc;
}

/*
** The _seq_no of a write that makes (row is NULL), changes or drops a sequence:
** it is behind all that any sequence of that name ever had.
*/
int64_t seq_txn_next_seq_no(const SeqStore *store, const SeqRow *row) {
  int64_t next = store->header.next_seq_no;
  return row && row->seq_no >= next ? row->seq_no + 1 : next;
}

/* A write of that number was made. */
static void count_write(SeqStore *store, int64_t seq_no) {
  store->is_header_dirty = 1;
  store->header.next_seq_no = seq_no + 1;
}

static void mark_dirty(SeqEntry *entry) {
  if (entry->is_dirty) return;
  entry->is_dirty = 1;
  entry->next = entry->store->dirty;
  entry->store->dirty = entry;
}

/**** The calls of the virtual table *************************************/

void seq_txn_begin(SeqStore *store) {
  store->in_txn = 1;
  store->txn_first = -1;
  seq_store_begin(&store->sql);
}

/* Write what is ahead of the file. */
int seq_txn_flush(SeqStore *store) {
  int rc = check_created(store);
  while (rc == SQLITE_OK && store->dirty) {
    SeqEntry *entry = store->dirty;
    SeqRow row;
    stop_handing_out(entry);
    row = entry->row;
    row.seq_no++;
    rc = seq_store_update(&store->sql, entry->name, entry->n_name, &row);
    if (rc == SQLITE_OK) { /* else SQLite may have rolled back, and freed it */
      entry->row.seq_no = row.seq_no;
      entry->is_dirty = 0;
      entry->handed->is_stored = 1;
      entry->stored = entry->row.state;
      store->dirty = entry->next;
    }
  }
  if (rc == SQLITE_OK && store->is_header_dirty) {
    rc = seq_store_write_header(&store->sql, &store->header);
    if (rc == SQLITE_OK) store->is_header_dirty = 0;
  }
  return rc;
}

/*
** A savepoint begins, or a statement that may have to be undone: the owner of a
** sequence may be dropped by it.
*/
int seq_txn_savepoint(SeqStore *store) {
  SeqSession *session = store->session;
  store->savepoints++;
  if (session->hot && session->hot->is_owned) session->hot = 0;
  return seq_txn_flush(store);
}

/* Have what was handed out of a sequence stored, wherever it is now. */
static int make_good(SeqStore *store, SeqHanded *handed) {
  SeqEntry *entry = 0;
  int rc = SQLITE_OK;
  if (handed->name) {
    rc = seq_txn_load(store, handed->name, handed->n_name, &entry);
  }
  if (rc == SQLITE_OK && (entry == 0 || entry->handed != handed)) {
    char *name;
    size_t n;
    rc = seq_store_find_id(&store->sql, handed->id, &name, &n);
    if (rc != SQLITE_OK || name == 0) return rc; /* it was dropped */
    rc = seq_txn_load(store, name, n, &entry);
    sqlite3_free(name);
  }
  if (rc == SQLITE_OK && entry && entry->row.def.mode == SEQ_STANDARD &&
      (entry->row.state.last_value != entry->stored.last_value ||
       entry->row.state.is_called != entry->stored.is_called)) {
    mark_dirty(entry);
  }
  return rc;
}

/* Flush, with what a ROLLBACK TO took back stored as consumed. */
int seq_txn_sync(SeqStore *store) {
  int rc = check_created(store);
  if (store->is_rewound) {
    for (size_t i = 0; i < store->handed.n_bucket; i++) {
      HashNode *node = store->handed.buckets[i];
      for (; rc == SQLITE_OK && node; node = node->next) {
        SeqHanded *handed = (SeqHanded *)node;
        if (handed->is_used) rc = make_good(store, handed);
      }
    }
    if (rc == SQLITE_OK) store->is_rewound = 0;
  }
  return rc == SQLITE_OK ? seq_txn_flush(store) : rc;
}

/*
** The file went back to a savepoint.  A block that was reserved behind it is
** dropped when the row is read: the row does not know of it.
*/
void seq_txn_rewind(SeqStore *store) {
  for (size_t i = 0; i < store->entries.n_bucket; i++) {
    HashNode *node = store->entries.buckets[i];
    for (; node; node = node->next) {
      SeqEntry *entry = (SeqEntry *)node;
      if (entry->is_loaded) set_name(entry->handed, entry->name, entry->n_name);
    }
  }
  if (store->is_renamed) seq_store_lose_name(&store->sql);
  free_entries(store);
  for (size_t i = 0; i < store->handed.n_bucket; i++) {
    HashNode *node = store->handed.buckets[i];
    for (; node; node = node->next)
      ((SeqHanded *)node)->is_stored = 0;
  }
  seq_store_forget(&store->sql);
  seq_owner_undo(&store->sql);
  store->has_header = 0;
  store->is_header_dirty = 0;
  store->is_rewound = 1;
}

/* The transaction is over. */
void seq_txn_end(SeqStore *store, int committed) {
  if (store->is_renamed && !committed) seq_store_lose_name(&store->sql);
  store->is_renamed = 0;
  store->is_created = 0;
  if (committed && store->has_header) {
    seq_store_committed(&store->sql);
  } else {
    seq_store_forget(&store->sql);
  }
  if (!committed) seq_owner_undo(&store->sql);
  store->sql.owners.in_txn = 0;
  store->sql.is_enlisted = 0;
  free_entries(store);
  end_blocks(store, !committed);
  free_all_handed(store, committed);
  store->in_txn = 0;
  store->has_header = 0;
  store->is_header_dirty = 0;
  store->is_rewound = 0;
}

/**** Handing out values *************************************************/

/* Make the next value of a virtual sequence, of which nothing is stored. */
int seq_virtual_next(SeqStoreSql *sql, int64_t *value) {
  int rc = rowid_next(value);
  char *why;
  if (rc == SQLITE_OK) return rc;
  why = rowid_error(rc);
  rc = why ? seq_store_fail(sql, SQLITE_ERROR, "nextval: %s", why)
           : SQLITE_NOMEM;
  sqlite3_free(why);
  return rc;
}

static int take_virtual(SeqEntry *entry, SeqRequest *request) {
  stop_handing_out(entry);
  entry->store->session->has_unwritten = 1;
  if (request->number > 1) {
    return seq_store_fail(
        &entry->store->sql, SQLITE_ERROR,
        "nextval: cannot reserve %lld values of virtual sequence \"%.*s\"",
        (sqlite3_int64)request->number, (int)entry->n_name, entry->name);
  }
  return seq_virtual_next(&entry->store->sql, &request->number);
}

/* Take values from the row, which advances in memory. */
static int take_from_row(SeqEntry *entry, uint64_t count, int64_t *first) {
  SeqStore *store = entry->store;
  SeqValue *value = entry->value;
  SeqDef *def = &entry->row.def;
  uint64_t want = count == 1 ? (uint64_t)def->cache_size : count;
  uint64_t taken;

  stop_handing_out(entry);
  if (definition_take(def, &entry->row.state, want, count > 1, first, &taken) !=
      SEQ_OK) {
    int is_up = def->increment_by > 0;
    return seq_store_fail(
        &store->sql, SQLITE_ERROR,
        "nextval: reached %s value of sequence \"%.*s\" (%lld)",
        is_up ? "maximum" : "minimum", (int)entry->n_name, entry->name,
        (sqlite3_int64)(is_up ? def->max_value : def->min_value));
  }
  mark_dirty(entry);
  if (def->mode == SEQ_STANDARD) entry->has_handed = 1;
  if (count == 1) {
    seq_value_drop_block(value);
    value->next = definition_add(def, *first, 1);
    value->step = def->increment_by;
    if (def->cache_size > 1) {
      value->left = taken - 1;
      value->is_block = 1;
      value->block_change_no = entry->row.change_no;
      value->block_term = store->header.primary_term;
      value->block_in_txn = 1;
    } else {
      value->left = definition_room(def, *first);
      entry->is_live = value->left > 0;
    }
  }
  return SQLITE_OK;
}

/*
** Request of nextval(): number is the count, and becomes the first value.
*/
int seq_run_nextval(SeqStore *store, SeqRequest *request) {
  SeqEntry *entry;
  SeqValue *value;
  int rc = seq_txn_load(store, request->name, request->n_name, &entry);

  if (rc != SQLITE_OK) return rc;
  if (entry == 0) {
    request->is_missing = 1;
    return SQLITE_ERROR;
  }
  value = entry->value;
  if (entry->row.def.mode == SEQ_VIRTUAL) {
    rc = take_virtual(entry, request);
  } else if (request->number == 1 && value->left > 0 &&
             (value->is_block || entry->is_live)) {
    request->number = seq_value_step(value);
  } else {
    rc = take_from_row(entry, (uint64_t)request->number, &request->number);
  }
  request->entry = entry;
  request->value = value;
  value->is_wanted = 1;
  return rc;
}

/*
** Publish in the floor what an entry handed out while its transaction goes
** on.  If the room of the row is all of the base's setting, the values that
** follow may be published as they are handed out.
*/
static int publish(SeqEntry *entry) {
  SeqStore *store = entry->store;
  SeqHanded *handed = entry->handed;
  SeqValue *value = entry->value;
  SeqFloorValue floor;

  if (value->floor) {
    seq_publish(value->floor, entry->row.state.last_value);
    return SQLITE_OK;
  }
  if (!entry->has_handed || handed->is_new) return SQLITE_OK;
  if (handed->floor == 0) {
    handed->floor =
        seq_floor_open(seq_store_file(&store->sql), store->header.store_id,
                       handed->id, &handed->floor_version);
    if (handed->floor == 0) return SQLITE_NOMEM;
  }
  floor.set_no = handed->base_set_no;
  floor.seq_no = handed->base_seq_no;
  floor.last = entry->row.state.last_value;
  if (handed->has_high && !entry->row.def.cycle) {
    floor.last = furthest(handed, floor.last, handed->high);
  }
  handed->floor_version = seq_floor_set(handed->floor, &floor);
  handed->has_floor = 1;
  if (entry->is_live) {
    /* A later setting may hand out what is behind an earlier one's. */
    if (floor.last != entry->row.state.last_value ||
        handed->is_ascending != (value->step > 0)) {
      entry->is_live = 0;
      value->left = 0;
    } else {
      value->floor = seq_floor_last(handed->floor);
    }
  }
  return SQLITE_OK;
}

/*
** A value of an entry is handed out while its transaction goes on.  More may
** follow unseen, if value->left says so.
*/
int seq_hand_out(SeqEntry *entry) {
  SeqValue *value = entry->value;
  SeqSession *session = entry->store->session;
  int rc;

  catch_up(entry);
  value->is_owned = entry->row.is_owned;
  rc = publish(entry);
  if (rc != SQLITE_OK || value->left == 0 || value->is_renamed ||
      entry->store->is_created) {
    session->hot = 0;
  } else {
    session->hot = value;
  }
  return rc;
}

/**** Changing rows ******************************************************/

/*
** The row of an entry was written, other than by a flush.  If its last value
** was set by that, a setting begins, of which nothing was handed out.
*/
void seq_txn_row_written(SeqEntry *entry, const SeqRow *row) {
  SeqHanded *handed = entry->handed;
  int is_set = row->set_no != entry->row.set_no;

  count_write(entry->store, row->seq_no);
  stop_handing_out(entry);
  set_mark(entry);
  entry->row = *row;
  entry->stored = row->state;
  handed->is_stored = 1;
  if (is_set) {
    handed->mark_set_no = row->set_no;
    handed->has_mark = 0;
  }
  seq_value_drop_block(entry->value);
}

/* The sequence was made: nothing is known of it. */
void seq_txn_row_inserted(SeqStore *store, const SeqRow *row) {
  count_write(store, row->seq_no);
  forget_handed(store, row->id);
  seq_value_forget(store, row->id);
  store->session->hot = 0; /* the name may mean this one now */
}

/*
** By a write of that number the sequence is no longer there under its name, or
** at all.  What it handed out stays known.
*/
void seq_txn_row_gone(SeqEntry *entry, int64_t seq_no) {
  count_write(entry->store, seq_no);
  entry->handed->is_stored = 1;
  set_name(entry->handed, entry->name, entry->n_name);
  stop_handing_out(entry);
  set_mark(entry);
  hash_remove(&entry->store->entries, &entry->node);
  sqlite3_free(entry);
}

/*
** Remove a row that is not there for others, as its owner is gone.  What is
** ahead of the file was flushed.
*/
int seq_txn_purge(SeqStore *store, const char *name, size_t n,
                  const SeqRow *row) {
  SeqEntry *entry = find_entry(store, name, n);
  int64_t seq_no = seq_txn_next_seq_no(store, row);
  SeqValue *value = seq_value_find(store, row->id);
  int rc = seq_store_delete(&store->sql, name, n);
  if (rc != SQLITE_OK) return rc;
  if (value) seq_value_drop_block(value);
  if (entry && entry->is_loaded) {
    seq_txn_row_gone(entry, seq_no);
  } else {
    count_write(store, seq_no);
  }
  return SQLITE_OK;
}

/*
** Note the owner of a sequence as it is called now.  This is not a write of
** the sequence: _seq_no stays.
*/
int seq_txn_correct_owner(SeqStore *store, const char *name, size_t n,
                          const SeqRow *row, const char *owned_by) {
  SeqEntry *entry = find_entry(store, name, n);
  if (entry && entry->is_loaded) entry->row.is_linked = row->is_linked;
  return seq_store_update_owned(&store->sql, name, n, row, owned_by);
}

/* The row of an entry as it stands, with what was handed out. */
void seq_txn_catch_up(SeqEntry *entry) {
  stop_handing_out(entry);
}
