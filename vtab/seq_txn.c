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
**   seq_txn_end      xCommit, xRollback: free all entries
**
** The order of calls is SQLite's; several virtual table objects may stand for
** one store (a schema change makes a new one while the old one is enlisted),
** so each call may come more than once.
**
** What a `standard` sequence handed out is consumed though it be rolled back:
** - within the transaction, entry->mark is the last value that was handed
**   out under the present setting, entry->high the furthest under any;
** - behind it, and for other connections of the process, there is the floor
**   (seq_floor.c).
** What ROLLBACK TO took back is made good by the flush of seq_txn_sync(), so
** that a COMMIT stores the numbers as consumed.
**
** Every function here wants the store enlisted.  Messages of errors are left
** in store->sql.message.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <assert.h>
#include <string.h>

#include "surrogate_int.h"

/* A sequence that the open transaction uses. */
struct SeqEntry {
  SeqNode node; /* in store->entries */
  SeqStore *store;
  SeqEntry *next;  /* in store->dirty or store->retired */
  SeqRow row;      /* as it stands now: not yet written, if is_dirty */
  SeqState stored; /* as the file has it */
  SeqValue *value;
  int is_loaded; /* row and value are set */
  int is_dirty;  /* row.state is ahead of the file */
  int is_live;   /* value->next is ahead of row.state */
  int is_stored; /* this transaction wrote the row */

  int is_new;          /* the row was not there before the transaction */
  int64_t base_set_no; /* of the row before the transaction */
  int64_t base_seq_no;
  int is_ascending; /* the direction in which `high` is the furthest */

  int has_handed;      /* values were handed out under this setting */
  int64_t mark_set_no; /* the present setting */
  int has_mark;
  int64_t mark;
  int has_high;
  int64_t high;

  SeqFloor *floor; /* or NULL */
  int has_floor;   /* its value is this transaction's */

  size_t n_name;
  char *name; /* in the same allocation */
};

/* Where floors of this store are kept: a file, or a connection's memory. */
static const char *file_of(SeqStore *store) {
  const char *file = sqlite3_db_filename(store->sql.db, store->sql.schema);
  return file ? file : "";
}

static SeqEntry *find_entry(SeqStore *store, const char *name, size_t n) {
  SeqNode *node = seq_hash_find(&store->entries, seq_hash_bytes(0, name, n));
  for (; node; node = seq_hash_next(node)) {
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
  entry->node.hash = seq_hash_bytes(0, name, n);
  entry->n_name = n;
  entry->name = (char *)&entry[1];
  memcpy(entry->name, name, n);
  if (seq_hash_add(&store->entries, &entry->node) != SQLITE_OK) {
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
  if (value && !value->is_block) value->left = 0;
  if (value) value->floor = 0;
  if (session->hot == value) session->hot = 0;
}

/* The reserved block of a sequence is no longer to be used. */
static void drop_block(SeqValue *value) {
  if (value->is_block) value->left = 0;
  value->is_block = 0;
  value->block_in_txn = 0;
}

/* Let the sequence go on behind `last`, which was handed out. */
static void skip_to(SeqRow *row, int64_t last) {
  SeqState *state = &row->state;
  if (row->def.cycle || seq_is_after(&row->def, last, state->last_value) ||
      (!state->is_called && last == state->last_value)) {
    state->last_value = last;
    state->is_called = 1;
  }
}

/* The one of two values that an entry's floor must not stand behind. */
static int64_t furthest(const SeqEntry *entry, int64_t a, int64_t b) {
  return (a > b) == (entry->is_ascending != 0) ? a : b;
}

/* Apply to a row that was just read what is known to be handed out. */
static void apply_floors(SeqEntry *entry) {
  SeqStore *store = entry->store;
  SeqRow *row = &entry->row;
  SeqFloorValue floor;

  if (row->def.mode == SEQ_GAPLESS) return;
  if (entry->mark_set_no == row->set_no) {
    if (entry->has_mark) skip_to(row, entry->mark);
  } else if (entry->has_high) {
    /* The setting of the mark was rolled back.  The furthest value is a safe
    ** bound, but for a cycle, where none is. */
    if (!row->def.cycle) skip_to(row, entry->high);
  } else if (row->set_no < store->txn_first &&
             seq_floor_read(file_of(store), store->header.store_id, row->id,
                            &floor)) {
    if (floor.set_no != SEQ_ANY_SETTING && floor.set_no != row->set_no) return;
    if (row->def.cycle && floor.seq_no != row->seq_no) return;
    skip_to(row, floor.last);
    entry->has_mark = 1;
    entry->mark = floor.last;
  }
}

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
** Get the entry of a sequence with its row read: *out, or NULL there if the
** sequence does not exist.
*/
static int load(SeqStore *store, const char *name, size_t n, SeqEntry **out) {
  SeqEntry *entry = find_entry(store, name, n);
  SeqHeader header;
  SeqRow row;
  int found;
  int rc;

  assert(store->in_txn);
  *out = 0;
  if (entry && entry->is_loaded) {
    *out = entry;
    return SQLITE_OK;
  }
  rc = seq_store_read(&store->sql, name, n, &header, &row, 0, &found);
  if (rc != SQLITE_OK) return rc;
  set_header(store, &header);
  if (!found) return SQLITE_OK;
  if (entry == 0) {
    entry = new_entry(store, name, n);
    if (entry == 0) return SQLITE_NOMEM;
    entry->is_new = row.id >= store->txn_first;
    entry->is_ascending = row.def.increment_by > 0;
    entry->mark_set_no = SEQ_ANY_SETTING;
    entry->base_seq_no = row.seq_no;
    entry->base_set_no =
        row.set_no < store->txn_first ? row.set_no : SEQ_ANY_SETTING;
  }
  entry->row = row;
  entry->stored = row.state;
  entry->value = seq_value_get(store, row.id);
  if (entry->value == 0) return SQLITE_NOMEM;
  apply_floors(entry);
  if (entry->mark_set_no == SEQ_ANY_SETTING) entry->mark_set_no = row.set_no;
  if (entry->value->is_block && entry->value->block_set_no != row.set_no) {
    drop_block(entry->value);
  }
  entry->is_loaded = 1;
  *out = entry;
  return SQLITE_OK;
}

/* Read the header, if the transaction has not yet. */
static int load_header(SeqStore *store) {
  SeqHeader header;
  SeqRow row;
  int found;
  int rc;
  if (store->has_header) return SQLITE_OK;
  rc = seq_store_read(&store->sql, "", 0, &header, &row, 0, &found);
  if (rc == SQLITE_OK) set_header(store, &header);
  return rc;
}

/* The _seq_no for a write that is now made. */
static int64_t next_seq_no(SeqStore *store) {
  store->is_header_dirty = 1;
  return store->header.next_seq_no++;
}

static void mark_dirty(SeqEntry *entry) {
  if (entry->is_dirty) return;
  entry->is_dirty = 1;
  entry->next = entry->store->dirty;
  entry->store->dirty = entry;
}

/* Note what an entry handed out under its setting, before it changes. */
static void set_mark(SeqEntry *entry) {
  if (entry->is_loaded && entry->has_handed) {
    int64_t last = entry->row.state.last_value;
    entry->has_mark = 1;
    entry->mark_set_no = entry->row.set_no;
    entry->mark = last;
    entry->high = entry->has_high ? furthest(entry, last, entry->high) : last;
    entry->has_high = 1;
  }
}

/*
** An entry's row was set by a write that is no nextval(): begin a setting.
*/
static void begin_setting(SeqEntry *entry, const SeqRow *row) {
  stop_handing_out(entry);
  set_mark(entry);
  entry->row = *row;
  entry->stored = row->state;
  entry->is_stored = 1;
  entry->has_handed = 0;
  entry->has_mark = 0;
  entry->mark_set_no = row->set_no;
  drop_block(entry->value);
}

/**** The calls of the virtual table *************************************/

void seq_txn_begin(SeqStore *store) {
  if (store->in_txn) return;
  store->in_txn = 1;
  store->txn_first = -1;
}

/* Write what is ahead of the file. */
int seq_txn_flush(SeqStore *store) {
  int rc = SQLITE_OK;
  while (rc == SQLITE_OK && store->dirty) {
    SeqEntry *entry = store->dirty;
    int64_t seq_no = store->header.next_seq_no;
    stop_handing_out(entry);
    entry->row.seq_no = seq_no;
    rc = seq_store_update(&store->sql, entry->name, entry->n_name, &entry->row);
    if (rc == SQLITE_OK) {
      next_seq_no(store);
      entry->is_dirty = 0;
      entry->is_stored = 1;
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

/* True if values were handed out that the file does not know of. */
static int is_ahead(const SeqEntry *entry) {
  return entry->row.def.mode == SEQ_STANDARD &&
         (entry->row.state.last_value != entry->stored.last_value ||
          entry->row.state.is_called != entry->stored.is_called);
}

/* Flush, with what a ROLLBACK TO took back stored as consumed. */
int seq_txn_sync(SeqStore *store) {
  int rc = SQLITE_OK;
  if (store->is_rewound) {
    for (size_t i = 0; i < store->entries.n_bucket; i++) {
      SeqNode *node = store->entries.buckets[i];
      for (; rc == SQLITE_OK && node; node = node->next) {
        SeqEntry *entry = (SeqEntry *)node;
        if (!entry->has_high) continue;
        rc = load(store, entry->name, entry->n_name, &entry);
        if (rc == SQLITE_OK && entry && is_ahead(entry)) mark_dirty(entry);
      }
    }
    if (rc == SQLITE_OK) store->is_rewound = 0;
  }
  return rc == SQLITE_OK ? seq_txn_flush(store) : rc;
}

/* The file went back to a savepoint. */
void seq_txn_rewind(SeqStore *store) {
  seq_store_forget(&store->sql);
  for (size_t i = 0; i < store->entries.n_bucket; i++) {
    SeqNode *node = store->entries.buckets[i];
    for (; node; node = node->next) {
      SeqEntry *entry = (SeqEntry *)node;
      if (!entry->is_loaded) continue;
      stop_handing_out(entry);
      set_mark(entry);
      if (entry->value->block_in_txn) drop_block(entry->value);
      entry->is_loaded = 0;
      entry->is_dirty = 0;
    }
  }
  store->dirty = 0;
  store->has_header = 0;
  store->is_header_dirty = 0;
  store->is_rewound = 1;
}

static void end_entry(SeqEntry *entry, int committed) {
  SeqValue *value = entry->value;
  if (value) {
    stop_handing_out(entry);
    if (value->block_in_txn && !committed) drop_block(value);
    value->block_in_txn = 0;
    if (entry->is_new && !committed) value->is_defined = 0;
  }
  if (entry->floor) {
    int outcome = SEQ_FLOOR_UNUSED;
    if (!committed && entry->has_floor) outcome = SEQ_FLOOR_ROLLED_BACK;
    if (committed && entry->is_stored) outcome = SEQ_FLOOR_STORED;
    seq_floor_close(entry->floor, entry, outcome);
  }
  sqlite3_free(entry);
}

/* The transaction is over. */
void seq_txn_end(SeqStore *store, int committed) {
  SeqNode *node;
  if (!store->in_txn) return;
  if (committed) {
    seq_store_committed(&store->sql);
  } else {
    seq_store_forget(&store->sql);
  }
  node = seq_hash_clear(&store->entries, 0);
  while (node) {
    SeqNode *next = node->next;
    end_entry((SeqEntry *)node, committed);
    node = next;
  }
  while (store->retired) {
    SeqEntry *entry = store->retired;
    store->retired = entry->next;
    end_entry(entry, committed);
  }
  store->dirty = 0;
  store->in_txn = 0;
  store->has_header = 0;
  store->is_header_dirty = 0;
  store->is_rewound = 0;
}

/**** Handing out values *************************************************/

/* Take values from the row, which advances in memory. */
static int take_from_row(SeqEntry *entry, uint64_t count, int64_t *first) {
  SeqStore *store = entry->store;
  SeqValue *value = entry->value;
  SeqDef *def = &entry->row.def;
  uint64_t want = count == 1 ? (uint64_t)def->cache_size : count;
  uint64_t taken;

  stop_handing_out(entry);
  if (seq_take(def, &entry->row.state, want, count > 1, first, &taken) !=
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
    drop_block(value);
    value->next = seq_add(def, *first, 1);
    value->step = def->increment_by;
    if (def->cache_size > 1) {
      value->left = taken - 1;
      value->is_block = 1;
      value->block_set_no = entry->row.set_no;
      value->block_in_txn = 1;
    } else {
      value->left = seq_room(def, *first);
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
  int rc = load(store, request->name, request->n_name, &entry);

  if (rc != SQLITE_OK) return rc;
  if (entry == 0) {
    request->is_missing = 1;
    return SQLITE_ERROR;
  }
  value = entry->value;
  if (request->number == 1 && value->left > 0 &&
      (value->is_block || entry->is_live)) {
    request->number = seq_value_step(value);
  } else {
    rc = take_from_row(entry, (uint64_t)request->number, &request->number);
  }
  request->entry = entry;
  request->value = value;
  return rc;
}

/*
** Values up to the present state of an entry are handed out while its
** transaction goes on: publish the floor, and go on from value->next if that
** may be done.
*/
int seq_hand_out(SeqEntry *entry) {
  SeqStore *store = entry->store;
  SeqValue *value = entry->value;
  SeqFloorValue floor;

  catch_up(entry);
  if (value->floor) {
    seq_publish(value->floor, entry->row.state.last_value);
  } else if (entry->has_handed && !entry->is_new) {
    if (entry->floor == 0) {
      entry->floor =
          seq_floor_open(file_of(store), store->header.store_id, entry->row.id);
      if (entry->floor == 0) return SQLITE_NOMEM;
    }
    floor.set_no = entry->base_set_no;
    floor.seq_no = entry->base_seq_no;
    floor.last = entry->row.state.last_value;
    if (entry->has_high && !entry->row.def.cycle) {
      floor.last = furthest(entry, floor.last, entry->high);
    }
    seq_floor_set(entry->floor, entry, &floor);
    entry->has_floor = 1;
    if (entry->is_live) {
      /* A later setting may hand out what is behind an earlier one's. */
      if (floor.last != entry->row.state.last_value ||
          entry->is_ascending != (value->step > 0)) {
        value->left = 0;
      } else {
        value->floor = seq_floor_last(entry->floor);
      }
    }
  }
  store->session->hot = value->left > 0 && !value->is_renamed ? value : 0;
  return SQLITE_OK;
}

/**** Setting and defining ***********************************************/

/*
** Write a new setting of a sequence: definition, state, or both.  With
** SEQ_HAS_OWNED_BY among the options, its owner too.
*/
static int set_row(SeqStore *store, SeqEntry *entry, SeqRow *row,
                   const SeqOptions *options) {
  SeqStoreSql *sql = &store->sql;
  char *owned_by = 0;
  int rc = seq_txn_flush(store); /* the entry may be in the list */

  row->seq_no = row->set_no = store->header.next_seq_no;
  if (rc == SQLITE_OK && options && (options->given & SEQ_HAS_OWNED_BY)) {
    rc = seq_owner(sql, options, &owned_by);
    row->is_owned = owned_by != 0;
    if (rc == SQLITE_OK) {
      rc = seq_store_update_owned(sql, entry->name, entry->n_name, row,
                                  owned_by);
    }
    sqlite3_free(owned_by);
  } else if (rc == SQLITE_OK) {
    rc = seq_store_update(sql, entry->name, entry->n_name, row);
  }
  if (rc != SQLITE_OK) return rc;
  next_seq_no(store);
  begin_setting(entry, row);
  return SQLITE_OK;
}

/* Check a last value that was given, for which SQL has no words. */
static int check_last_value(SeqStore *store, const char *name, size_t n,
                            const SeqOptions *options, const SeqRow *row) {
  int64_t low;
  int64_t high;
  if ((options->given & SEQ_HAS_LAST_VALUE) == 0) return SQLITE_OK;
  seq_last_value_range(&row->def, &low, &high);
  if (options->last_value >= low && options->last_value <= high) {
    return SQLITE_OK;
  }
  return seq_store_fail(
      &store->sql, SQLITE_ERROR,
      "last_value %lld is out of bounds for sequence \"%.*s\" (%lld..%lld)",
      (sqlite3_int64)options->last_value, (int)n, name, (sqlite3_int64)low,
      (sqlite3_int64)high);
}

/* Request of setval(): number is the value, flag is is_called. */
int seq_run_setval(SeqStore *store, SeqRequest *request) {
  SeqEntry *entry;
  SeqRow row;
  int rc = load(store, request->name, request->n_name, &entry);

  if (rc != SQLITE_OK) return rc;
  if (entry == 0) {
    request->is_missing = 1;
    return SQLITE_ERROR;
  }
  row = entry->row;
  if (request->number < row.def.min_value ||
      request->number > row.def.max_value) {
    return seq_store_fail(
        &store->sql, SQLITE_ERROR,
        "setval: value %lld is out of bounds for sequence \"%.*s\""
        " (%lld..%lld)",
        (sqlite3_int64)request->number, (int)request->n_name, request->name,
        (sqlite3_int64)row.def.min_value, (sqlite3_int64)row.def.max_value);
  }
  row.state.last_value = request->number;
  row.state.is_called = request->flag;
  request->value = entry->value;
  return set_row(store, entry, &row, 0);
}

/*
** Define a new sequence.  SQLITE_CONSTRAINT_UNIQUE if there is one of that
** name.
*/
int seq_insert(SeqStore *store, const char *name, size_t n,
               const SeqOptions *options) {
  char message[SEQ_MESSAGE_SIZE];
  char *owned_by = 0;
  SeqEntry *entry;
  SeqRow row;
  int rc = load(store, name, n, &entry);

  if (rc != SQLITE_OK) return rc;
  if (n == 0) {
    return seq_store_fail(&store->sql, SQLITE_ERROR,
                          "the name of a sequence must not be empty");
  }
  memset(&row, 0, sizeof row);
  if (seq_define(&row.def, &row.state, options, 1, message) != SEQ_OK) {
    return seq_store_fail(&store->sql, SQLITE_ERROR, "%s", message);
  }
  rc = check_last_value(store, name, n, options, &row);
  if (rc == SQLITE_OK && entry) rc = SQLITE_CONSTRAINT_UNIQUE;
  if (rc == SQLITE_OK) rc = seq_owner(&store->sql, options, &owned_by);
  if (rc != SQLITE_OK) return rc;
  row.id = row.seq_no = row.set_no = store->header.next_seq_no;
  rc = seq_store_insert(&store->sql, name, n, &row, owned_by);
  sqlite3_free(owned_by);
  if (rc == SQLITE_OK) {
    next_seq_no(store);
    seq_value_forget(store, row.id); /* of a write that was rolled back */
    store->session->hot = 0;         /* the name may mean this one now */
  }
  return rc;
}

/*
** Change a sequence, as ALTER SEQUENCE does.  *found is 0 if there is no such
** sequence.
*/
int seq_change(SeqStore *store, const char *name, size_t n,
               const SeqOptions *options, int *found) {
  char message[SEQ_MESSAGE_SIZE];
  SeqEntry *entry;
  SeqRow row;
  int rc = load(store, name, n, &entry);

  *found = entry != 0;
  if (rc != SQLITE_OK || entry == 0) return rc;
  stop_handing_out(entry);
  row = entry->row;
  if (seq_define(&row.def, &row.state, options, 0, message) != SEQ_OK) {
    return seq_store_fail(&store->sql, SQLITE_ERROR, "%s", message);
  }
  rc = check_last_value(store, name, n, options, &row);
  return rc == SQLITE_OK ? set_row(store, entry, &row, options) : rc;
}

/*
** The entry is of a sequence that is no longer there under its name.  It
** stays until the end of the transaction, for the sake of its floor.
*/
static void retire(SeqStore *store, SeqEntry *entry) {
  stop_handing_out(entry);
  seq_hash_remove(&store->entries, &entry->node);
  entry->next = store->retired;
  store->retired = entry;
}

/* Drop a sequence, which exists. */
int seq_delete(SeqStore *store, const char *name, size_t n) {
  SeqEntry *entry;
  int rc = load(store, name, n, &entry);
  if (rc == SQLITE_OK) rc = seq_txn_flush(store);
  if (rc == SQLITE_OK) rc = seq_store_delete(&store->sql, name, n);
  if (rc == SQLITE_OK && entry) {
    next_seq_no(store);
    entry->is_stored = 1;
    drop_block(entry->value);
    retire(store, entry);
  }
  return rc;
}

/*
** Give a sequence another name, which is free.  It stays the same sequence,
** for currval() and for a reserved block.
*/
int seq_rename(SeqStore *store, const char *name, size_t n,
               const char *new_name, size_t n_new) {
  SeqEntry *entry;
  int rc = load(store, name, n, &entry);
  if (rc != SQLITE_OK || entry == 0) return rc;
  rc = seq_txn_flush(store);
  if (rc != SQLITE_OK) return rc;
  entry->row.seq_no = store->header.next_seq_no;
  rc = seq_store_rename_row(&store->sql, name, n, new_name, n_new, &entry->row);
  if (rc == SQLITE_OK) {
    next_seq_no(store);
    entry->is_stored = 1;
    entry->value->is_renamed = 1;
    retire(store, entry);
  }
  return rc;
}

/*
** Look a sequence up: *found, and its row as the file has it.
*/
int seq_find(SeqStore *store, const char *name, size_t n, SeqRow *row,
             int *found) {
  SeqEntry *entry;
  int rc = load(store, name, n, &entry);
  *found = entry != 0;
  if (entry) {
    *row = entry->row;
    row->state = entry->stored;
  }
  return rc;
}

/* Request of sequences_promote(): number becomes the new primary term. */
int seq_run_promote(SeqStore *store, SeqRequest *request) {
  int rc = load_header(store);
  if (rc != SQLITE_OK) return rc;
  if (store->header.primary_term == INT64_MAX) {
    return seq_store_fail(&store->sql, SQLITE_ERROR,
                          "the primary term has reached its maximum (%lld)",
                          (sqlite3_int64)INT64_MAX);
  }
  request->number = ++store->header.primary_term;
  store->is_header_dirty = 1;
  return seq_txn_flush(store);
}
