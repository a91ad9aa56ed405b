/*
** Making, changing and dropping sequences in a write transaction.
**
** Each function here writes one row at most, or fails and changes nothing; but
** for rows whose owner is gone, which go when something else is written.
** The store is enlisted; messages of errors are left in store->sql.message.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence_old.h"

/*
** Write a changed row: definition, state, or both.  With SEQ_HAS_OWNED_BY among
** the options, its owner too.  With is_set its last value was set, rather than
** carried on: that lifts the floors.
*/
static int set_row(SeqStore *store, SeqEntry *entry, SeqRow *row, int is_set,
                   const SeqOptions *options) {
  SeqStoreSql *sql = &store->sql;
  char *owned_by = 0;
  int rc = seq_txn_flush(store); /* the entry may be ahead of its row */

  if (rc == SQLITE_OK) rc = seq_settle(store);
  if (rc != SQLITE_OK) return rc;
  row->seq_no = row->change_no = seq_txn_next_seq_no(store, &entry->row);
  if (is_set) row->set_no = row->seq_no;
  if (options && (options->given & SEQ_HAS_OWNED_BY)) {
    rc = seq_owner(sql, entry->name, entry->n_name, options, &owned_by,
                   &row->is_linked);
    row->is_owned = owned_by != 0;
    if (rc == SQLITE_OK) {
      rc = seq_store_update_owned(sql, entry->name, entry->n_name, row,
                                  owned_by);
    }
    sqlite3_free(owned_by);
  } else {
    rc = seq_store_update(sql, entry->name, entry->n_name, row);
  }
  if (rc == SQLITE_OK) seq_txn_row_written(entry, row);
  return rc;
}

/* A virtual sequence has no value that could be set. */
static int check_virtual(SeqStore *store, const char *name, size_t n,
                         const SeqRow *row, int is_set) {
  if (row->def.mode != SEQ_VIRTUAL || !is_set) return SQLITE_OK;
  return seq_store_fail(&store->sql, SQLITE_ERROR,
                        "cannot set the value of virtual sequence \"%.*s\"",
                        (int)n, name);
}

/* Request of setval(): number is the value, flag is is_called. */
int seq_run_setval(SeqStore *store, SeqRequest *request) {
  SeqEntry *entry;
  SeqRow row;
  int rc = seq_txn_load(store, request->name, request->n_name, &entry);

  if (rc != SQLITE_OK) return rc;
  if (entry == 0) {
    request->is_missing = 1;
    return SQLITE_ERROR;
  }
  row = entry->row;
  rc = check_virtual(store, request->name, request->n_name, &row, 1);
  if (rc != SQLITE_OK) return rc;
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
  entry->value->is_wanted = 1;
  return set_row(store, entry, &row, 1, 0);
}

/* Check a last value that was given, for which SQL has no words. */
static int check_last_value(SeqStore *store, const char *name, size_t n,
                            const SeqOptions *options, const SeqRow *row) {
  int64_t low;
  int64_t high;
  if ((options->given & SEQ_HAS_LAST_VALUE) == 0) return SQLITE_OK;
  definition_last_value_range(&row->def, &low, &high);
  if (options->last_value >= low && options->last_value <= high) {
    return SQLITE_OK;
  }
  return seq_store_fail(
      &store->sql, SQLITE_ERROR,
      "last_value %lld is out of bounds for sequence \"%.*s\" (%lld..%lld)",
      (sqlite3_int64)options->last_value, (int)n, name, (sqlite3_int64)low,
      (sqlite3_int64)high);
}

static int empty_name(SeqStore *store) {
  return seq_store_fail(&store->sql, SQLITE_ERROR,
                        "the name of a sequence must not be empty");
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
  int rc = seq_txn_load(store, name, n, &entry);

  if (rc != SQLITE_OK) return rc;
  if (n == 0) return empty_name(store);
  memset(&row, 0, sizeof row);
  if (definition_define(&row.def, &row.state, options, 1, message) != SEQ_OK) {
    return seq_store_fail(&store->sql, SQLITE_ERROR, "%s", message);
  }
  rc = check_last_value(store, name, n, options, &row);
  if (rc == SQLITE_OK) {
    rc = check_virtual(store, name, n, &row,
                       (options->given & SEQ_HAS_LAST_VALUE) != 0);
  }
  if (rc == SQLITE_OK && entry) rc = SQLITE_CONSTRAINT_UNIQUE;
  if (rc == SQLITE_OK) {
    rc = seq_owner(&store->sql, name, n, options, &owned_by, &row.is_linked);
  }
  if (rc == SQLITE_OK) rc = seq_settle(store);
  if (rc != SQLITE_OK) {
    sqlite3_free(owned_by);
    return rc;
  }
  row.is_owned = owned_by != 0;
  row.id = seq_txn_next_seq_no(store, 0);
  row.seq_no = row.change_no = row.set_no = row.id;
  rc = seq_store_insert(&store->sql, name, n, &row, owned_by);
  sqlite3_free(owned_by);
  if (rc == SQLITE_OK) seq_txn_row_inserted(store, &row);
  return rc;
}

/*
** Change a sequence, as ALTER SEQUENCE does.  *found is 0 if there is no such
** sequence.
*/
int seq_change(SeqStore *store, const char *name, size_t n,
               const SeqOptions *options, int *found) {
  char message[SEQ_MESSAGE_SIZE];
  int is_set = (options->given & (SEQ_HAS_RESTART | SEQ_HAS_RESTART_WITH |
                                  SEQ_HAS_LAST_VALUE)) != 0;
  SeqEntry *entry;
  SeqRow row;
  int rc = seq_txn_load(store, name, n, &entry);

  *found = entry != 0;
  if (rc != SQLITE_OK || entry == 0) return rc;
  seq_txn_catch_up(entry);
  row = entry->row;
  if (definition_define(&row.def, &row.state, options, 0, message) != SEQ_OK) {
    return seq_store_fail(&store->sql, SQLITE_ERROR, "%s", message);
  }
  rc = check_last_value(store, name, n, options, &row);
  if (rc == SQLITE_OK) rc = check_virtual(store, name, n, &row, is_set);
  if (rc != SQLITE_OK) return rc;
  return set_row(store, entry, &row, is_set, options);
}

/* Drop a sequence, which exists, unless its owner uses it. */
int seq_delete(SeqStore *store, const char *name, size_t n) {
  SeqEntry *entry;
  int rc = seq_txn_load(store, name, n, &entry);
  if (rc != SQLITE_OK || entry == 0) return rc;
  if (entry->row.is_owned) rc = seq_owner_check_drop(&store->sql, name, n);
  if (rc == SQLITE_OK) rc = seq_txn_flush(store);
  if (rc == SQLITE_OK) rc = seq_settle(store);
  if (rc == SQLITE_OK) rc = seq_store_delete(&store->sql, name, n);
  if (rc != SQLITE_OK) return rc;
  seq_value_drop_block(entry->value);
  seq_txn_row_gone(entry, seq_txn_next_seq_no(store, &entry->row));
  return SQLITE_OK;
}

/*
** A sequence is to have another name: its owner may not call it by that.
*/
static int rename_link(SeqStore *store, SeqEntry *entry, const char *new_name,
                       size_t n_new) {
  SeqStoreSql *sql = &store->sql;
  SeqHeader header;
  SeqRow row;
  char *owned_by = 0;
  int found;
  int rc = SQLITE_OK;
  if (!entry->row.is_owned) return rc;
  rc = seq_store_read(sql, entry->name, entry->n_name, &header, &row, &owned_by,
                      &found);
  if (rc == SQLITE_OK && owned_by) {
    rc = seq_owner_calls(sql, new_name, n_new, owned_by, &entry->row.is_linked);
  }
  sqlite3_free(owned_by);
  return rc;
}

/*
** Give a sequence another name, which is free.  It stays the same sequence,
** for currval() and for a reserved block.
*/
int seq_rename(SeqStore *store, const char *name, size_t n,
               const char *new_name, size_t n_new) {
  SeqEntry *entry;
  int rc = n_new ? seq_txn_load(store, name, n, &entry) : empty_name(store);
  if (rc != SQLITE_OK || entry == 0) return rc;
  rc = seq_txn_flush(store);
  if (rc == SQLITE_OK) rc = seq_settle(store);
  if (rc == SQLITE_OK) rc = rename_link(store, entry, new_name, n_new);
  if (rc != SQLITE_OK) return rc;
  entry->row.seq_no = seq_txn_next_seq_no(store, &entry->row);
  rc = seq_store_rename_row(&store->sql, name, n, new_name, n_new, &entry->row);
  if (rc != SQLITE_OK) return rc;
  entry->value->is_renamed = 1;
  seq_txn_row_gone(entry, entry->row.seq_no);
  return SQLITE_OK;
}

/*
** Look a sequence up: *found, and its row as the file has it.
*/
int seq_find(SeqStore *store, const char *name, size_t n, SeqRow *row,
             int *found) {
  SeqEntry *entry;
  int rc = seq_txn_load(store, name, n, &entry);
  *found = entry != 0;
  if (entry) {
    *row = entry->row;
    row->state = entry->stored;
  }
  return rc;
}

/* Request of sequences_promote(): number becomes the new primary term. */
int seq_run_promote(SeqStore *store, SeqRequest *request) {
  int rc = seq_txn_load_header(store);
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
