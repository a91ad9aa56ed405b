/*
** Bringing the store up to date with the schema.
**
** SQLite tells nobody of DROP TABLE and ALTER TABLE (see seq_owner.c), so that
** the rows of sequences whose owner is gone stay in the shadow table, where
** nobody sees them, and others note an owner that has another name now.  What
** makes, sets, changes or drops a sequence removes and corrects all of these
** before, once for each schema.  nextval() does not.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence_old.h"

/* A row that is not as it should be. */
typedef struct Stale {
  struct Stale *next;
  SeqRow row;
  char *owner; /* as it is called now, or NULL: it is gone */
  size_t n_name;
  char *name; /* in the same allocation */
} Stale;

static void free_stale(Stale *stale) {
  while (stale) {
    Stale *next = stale->next;
    sqlite3_free(stale->owner);
    sqlite3_free(stale);
    stale = next;
  }
}

/* Look at the current row of a scan: it is added to *list if it is stale. */
static int look_at(SeqStoreSql *sql, sqlite3_stmt *stmt, Stale **list) {
  const char *owner;
  const char *name;
  const char *noted;
  char *copy = 0;
  Stale *stale;
  SeqRow row;
  size_t n;
  int found;
  int is_linked = 0;
  int rc = seq_store_decode_owned(sql, stmt, &row, &owner, &found);

  if (rc != SQLITE_OK) return rc;
  name = (const char *)sqlite3_column_text(stmt, READ_NAME);
  n = (size_t)sqlite3_column_bytes(stmt, READ_NAME);
  noted = (const char *)sqlite3_column_text(stmt, READ_OWNED_BY);
  if (name == 0 || noted == 0) return SQLITE_NOMEM;
  if (owner) {
    copy = sqlite3_mprintf("%s", owner);
    if (copy == 0) return SQLITE_NOMEM;
    rc = seq_owner_calls(sql, name, n, copy, &is_linked);
    if (rc != SQLITE_OK ||
        (strcmp(copy, noted) == 0 && row.is_linked == is_linked)) {
      sqlite3_free(copy);
      return rc;
    }
  }
  stale = sqlite3_malloc64(sizeof *stale + n);
  if (stale == 0) {
    sqlite3_free(copy);
    return SQLITE_NOMEM;
  }
  stale->row = row;
  stale->row.is_linked = is_linked;
  stale->owner = copy;
  stale->n_name = n;
  stale->name = memcpy(&stale[1], name, n);
  stale->next = *list;
  *list = stale;
  return SQLITE_OK;
}

/*
** Find the rows that are stale, to be freed.  A row that is damaged is left to
** who reads it.
*/
static int find_stale(SeqStoreSql *sql, Stale **list) {
  sqlite3_stmt *stmt = 0;
  uint64_t writes = 0;
  int rc = seq_store_open_owned(sql, &stmt);
  while (rc == SQLITE_OK) {
    rc = seq_store_next_row(sql, stmt, 0, 0, &writes);
    if (rc != SQLITE_ROW) break;
    rc = look_at(sql, stmt, list);
    if (rc == SQLITE_CORRUPT_VTAB) rc = SQLITE_OK;
  }
  sqlite3_finalize(stmt);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/*
** Remove the sequences whose owner is gone and note the owners that have
** another name, if that was not done for this schema.  What is ahead of the
** file was flushed.
*/
int seq_settle(SeqStore *store) {
  SeqStoreSql *sql = &store->sql;
  Stale *list = 0;
  int rc = seq_owner_refresh(sql);

  if (rc != SQLITE_OK || sql->owners.is_settled) return rc;
  rc = find_stale(sql, &list);
  if (rc == SQLITE_OK && list) rc = seq_txn_load_header(store);
  for (Stale *stale = list; rc == SQLITE_OK && stale; stale = stale->next) {
    if (stale->owner) {
      rc = seq_txn_correct_owner(store, stale->name, stale->n_name, &stale->row,
                                 stale->owner);
    } else {
      rc = seq_txn_purge(store, stale->name, stale->n_name, &stale->row);
    }
  }
  free_stale(list);
  if (rc == SQLITE_OK) sql->owners.is_settled = 1;
  return rc;
}
