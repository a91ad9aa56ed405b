/*
** Reading the "sequences" virtual table: plans, cursors, columns.
**
** A name is looked up in one step (PLAN_NAME), by SQLite's own comparison of
** the column: text, binary.  Anything else is a scan in the order of the names,
** up or down.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence_old.h"

/* How a scan is made: idxNum. */
enum { PLAN_SCAN, PLAN_SCAN_DESC, PLAN_NAME };

typedef struct SequencesCursor {
  sqlite3_vtab_cursor base;
  sqlite3_stmt *scan; /* of a plan other than PLAN_NAME */
  uint64_t writes;    /* when it was last stepped */
  int is_eof;
  SeqHeader header; /* what follows is the current row */
  SeqRow row;
  char *name;
  size_t n_name;
  char *owned_by;
  int has_owned_by; /* it was read */
} SequencesCursor;

int sequences_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
  UNUSED(base);
  for (int i = 0; i < info->nConstraint; i++) {
    if (info->aConstraint[i].iColumn != COLUMN_NAME) continue;
    if (info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    if (!info->aConstraint[i].usable) continue;
    if (sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY")) continue;
    info->aConstraintUsage[i].argvIndex = 1;
    info->aConstraintUsage[i].omit = 1;
    info->idxNum = PLAN_NAME;
    info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    info->estimatedCost = 2;
    info->estimatedRows = 1;
    info->orderByConsumed = 1;
    return SQLITE_OK;
  }
  info->idxNum = PLAN_SCAN;
  info->estimatedCost = 100000;
  info->estimatedRows = 50000;
  if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn == COLUMN_NAME) {
    if (info->aOrderBy[0].desc) info->idxNum = PLAN_SCAN_DESC;
    info->orderByConsumed = 1;
  }
  return SQLITE_OK;
}

int sequences_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
  SequencesCursor *cursor = sqlite3_malloc64(sizeof *cursor);
  if (cursor == 0) return SQLITE_NOMEM;
  memset(cursor, 0, sizeof *cursor);
  seq_session_enter(((SequencesVtab *)base)->store->session);
  *out = &cursor->base;
  return SQLITE_OK;
}

static void clear_row(SequencesCursor *cursor) {
  sqlite3_free(cursor->name);
  sqlite3_free(cursor->owned_by);
  cursor->name = 0;
  cursor->owned_by = 0;
}

int sequences_close(sqlite3_vtab_cursor *base) {
  SequencesCursor *cursor = (SequencesCursor *)base;
  SequencesVtab *vtab = (SequencesVtab *)base->pVtab;
  sqlite3_finalize(cursor->scan);
  clear_row(cursor);
  sqlite3_free(cursor);
  seq_session_leave(vtab->store->session);
  return SQLITE_OK;
}

/* Copy n bytes of text: *out is to be freed. */
static int copy_text(const void *text, size_t n, char **out) {
  *out = sqlite3_malloc64(n + 1);
  if (*out == 0) return SQLITE_NOMEM;
  if (n) memcpy(*out, text, n);
  (*out)[n] = 0;
  return SQLITE_OK;
}

int sequences_next(sqlite3_vtab_cursor *base) {
  SequencesCursor *cursor = (SequencesCursor *)base;
  SequencesVtab *vtab = (SequencesVtab *)base->pVtab;
  SeqStoreSql *sql = &vtab->store->sql;
  sqlite3_stmt *scan = cursor->scan;
  const char *owner = 0;
  int found = 0;
  int rc = SQLITE_OK;

  cursor->is_eof = 1;
  if (scan == 0) return SQLITE_OK;
  while (rc == SQLITE_OK && !found) {
    rc = seq_store_next_row(sql, scan, cursor->name, cursor->n_name,
                            &cursor->writes);
    clear_row(cursor);
    if (rc == SQLITE_DONE) return SQLITE_OK;
    if (rc == SQLITE_ROW) {
      rc = seq_store_decode_owned(sql, scan, &cursor->row, &owner, &found);
    }
  }
  if (rc == SQLITE_OK) {
    cursor->is_eof = 0;
    cursor->has_owned_by = 1;
    cursor->n_name = (size_t)sqlite3_column_bytes(scan, READ_NAME);
    rc = copy_text(sqlite3_column_text(scan, READ_NAME), cursor->n_name,
                   &cursor->name);
  }
  if (rc == SQLITE_OK && owner) {
    rc = copy_text(owner, strlen(owner), &cursor->owned_by);
  }
  return sequences_error(vtab, rc);
}

/*
** Position the cursor on the sequence of that name, if there is one.  Within
** a write transaction its row is or will be in memory.
*/
static int look_up(SequencesCursor *cursor, SeqStore *store,
                   sqlite3_value *name) {
  int type = sqlite3_value_type(name);
  const char *text;
  int found;
  int rc;

  if (type == SQLITE_NULL || type == SQLITE_BLOB) return SQLITE_OK;
  text = (const char *)sqlite3_value_text(name);
  if (text == 0) return SQLITE_NOMEM;
  cursor->n_name = (size_t)sqlite3_value_bytes(name);
  cursor->has_owned_by = 0;
  if (store->in_txn) {
    rc = seq_find(store, text, cursor->n_name, &cursor->row, &found);
    cursor->header = store->header;
  } else {
    rc = seq_store_read(&store->sql, text, cursor->n_name, &cursor->header,
                        &cursor->row, 0, &found);
  }
  if (rc == SQLITE_OK && found) {
    cursor->is_eof = 0;
    rc = copy_text(text, cursor->n_name, &cursor->name);
  }
  return rc;
}

int sequences_filter(sqlite3_vtab_cursor *base, int plan, const char *unused,
                     int argc, sqlite3_value **argv) {
  SequencesCursor *cursor = (SequencesCursor *)base;
  SequencesVtab *vtab = (SequencesVtab *)base->pVtab;
  SeqStoreSql *sql = &vtab->store->sql;
  int rc = seq_txn_flush(vtab->store);

  UNUSED(unused);
  UNUSED(argc);
  clear_row(cursor);
  sqlite3_finalize(cursor->scan);
  cursor->scan = 0;
  cursor->is_eof = 1;
  if (rc == SQLITE_OK && plan == PLAN_NAME) {
    rc = look_up(cursor, vtab->store, argv[0]);
  } else if (rc == SQLITE_OK) {
    rc = seq_store_read_header(sql, &cursor->header);
    if (rc == SQLITE_OK) {
      rc = seq_store_open_scan(sql, plan == PLAN_SCAN_DESC, &cursor->scan);
    }
    if (rc == SQLITE_OK) return sequences_next(base);
  }
  return sequences_error(vtab, rc);
}

int sequences_eof(sqlite3_vtab_cursor *base) {
  return ((SequencesCursor *)base)->is_eof;
}

/* Read the owner of a sequence that was looked up by its name. */
static int read_owned_by(SequencesCursor *cursor, SeqStore *store) {
  SeqHeader header;
  SeqRow row;
  int found;
  if (cursor->has_owned_by || !cursor->row.is_owned) return SQLITE_OK;
  cursor->has_owned_by = 1;
  return seq_store_read(&store->sql, cursor->name, cursor->n_name, &header,
                        &row, &cursor->owned_by, &found);
}

int sequences_column(sqlite3_vtab_cursor *base, sqlite3_context *context,
                     int column) {
  SequencesCursor *cursor = (SequencesCursor *)base;
  const SeqRow *row = &cursor->row;
  const SeqDef *def = &row->def;
  SequencesVtab *vtab = (SequencesVtab *)base->pVtab;
  int rc = SQLITE_OK;

  if (sqlite3_vtab_nochange(context)) return SQLITE_OK;
  switch (column) {
    case COLUMN_NAME:
      sqlite3_result_text64(context, cursor->name, cursor->n_name,
                            SQLITE_TRANSIENT, SQLITE_UTF8);
      break;
    case COLUMN_LAST_VALUE:
      if (row->state.is_called) {
        sqlite3_result_int64(context, row->state.last_value);
      }
      break;
    case COLUMN_DATA_TYPE:
      sqlite3_result_text(context, definition_type_name(def->data_type), -1,
                          SQLITE_STATIC);
      break;
    case COLUMN_START_VALUE:
      sqlite3_result_int64(context, def->start_value);
      break;
    case COLUMN_MIN_VALUE: sqlite3_result_int64(context, def->min_value); break;
    case COLUMN_MAX_VALUE: sqlite3_result_int64(context, def->max_value); break;
    case COLUMN_INCREMENT_BY:
      sqlite3_result_int64(context, def->increment_by);
      break;
    case COLUMN_CYCLE: sqlite3_result_int(context, def->cycle); break;
    case COLUMN_CACHE_SIZE:
      sqlite3_result_int64(context, def->cache_size);
      break;
    case COLUMN_MODE:
      sqlite3_result_text(context, definition_mode_name(def->mode), -1,
                          SQLITE_STATIC);
      break;
    case COLUMN_OWNED_BY:
      rc = read_owned_by(cursor, vtab->store);
      sqlite3_result_text(context, cursor->owned_by, -1, SQLITE_TRANSIENT);
      break;
    case COLUMN_SEQ_NO: sqlite3_result_int64(context, row->seq_no); break;
    case COLUMN_PRIMARY_TERM:
      sqlite3_result_int64(context, cursor->header.primary_term);
      break;
  }
  return sequences_error(vtab, rc);
}

/* Not called, as the table is WITHOUT ROWID; but the slot is not optional. */
int sequences_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
  UNUSED(base);
  *rowid = 0;
  return SQLITE_OK;
}
