/*
** Writing the "sequences" virtual table: INSERT, UPDATE, DELETE.
**
** What a column may be given is in the head comment of sequences.c.  A column
** counts as changed by an UPDATE if its value is distinct from the present one:
** an UPDATE through the view assigns all columns.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence_old.h"

static const char *const column_names[] = {
    "name",      "last_value",   "data_type",    "start_value", "min_value",
    "max_value", "increment_by", "cycle",        "cache_size",  "mode",
    "owned_by",  "_seq_no",      "_primary_term"};

/* An error about the value of a column. */
static int column_error(SequencesVtab *vtab, const char *format, int column) {
  return sequences_error(vtab, seq_store_fail(&vtab->store->sql, SQLITE_ERROR,
                                              format, column_names[column]));
}

static int unique_error(SequencesVtab *vtab) {
  return sequences_error(
      vtab, seq_store_fail(&vtab->store->sql, SQLITE_CONSTRAINT_UNIQUE,
                           "UNIQUE constraint failed: %s.name",
                           vtab->store->sql.table));
}

/* Read a column that must be a whole number. */
static int read_integer(SequencesVtab *vtab, int column, sqlite3_value *value,
                        int64_t *out) {
  if (func_whole(value, out)) return SQLITE_OK;
  return column_error(vtab, "%s must be an integer", column);
}

/* Read data_type, mode or owned_by. */
static int read_text_column(SequencesVtab *vtab, int column,
                            sqlite3_value *value, SeqOptions *options) {
  char message[SEQ_MESSAGE_SIZE];
  const char *text = (const char *)sqlite3_value_text(value);
  size_t n;

  if (text == 0) return SQLITE_NOMEM;
  n = (size_t)sqlite3_value_bytes(value);
  if (column == COLUMN_DATA_TYPE) {
    options->given |= SEQ_HAS_TYPE;
    options->def.data_type = definition_type_from_name(text, n);
    if (options->def.data_type == 0) {
      return column_error(
          vtab, "sequence type must be smallint, integer, or bigint", column);
    }
  } else if (column == COLUMN_MODE) {
    options->given |= SEQ_HAS_MODE;
    options->def.mode = definition_mode_from_name(text, n);
    if (options->def.mode < 0) {
      return column_error(
          vtab, "sequence mode must be standard, gapless, or virtual", column);
    }
  } else if (options_parse_owner(text, n, options, message) != SEQ_OK) {
    return sequences_error(
        vtab, seq_store_fail(&vtab->store->sql, SQLITE_ERROR, "%s", message));
  }
  return SQLITE_OK;
}

/* Read a column that is an integer option of a sequence. */
static int read_integer_column(SequencesVtab *vtab, int column,
                               sqlite3_value *value, SeqOptions *options) {
  SeqDef *def = &options->def;
  int64_t number = 0;
  int rc = read_integer(vtab, column, value, &number);
  if (rc != SQLITE_OK) return rc;
  switch (column) {
    case COLUMN_LAST_VALUE:
      options->given |= SEQ_HAS_LAST_VALUE;
      options->last_value = number;
      break;
    case COLUMN_START_VALUE:
      options->given |= SEQ_HAS_START;
      def->start_value = number;
      break;
    case COLUMN_MIN_VALUE:
      options->given |= SEQ_HAS_MINVALUE;
      def->min_value = number;
      break;
    case COLUMN_MAX_VALUE:
      options->given |= SEQ_HAS_MAXVALUE;
      def->max_value = number;
      break;
    case COLUMN_INCREMENT_BY:
      options->given |= SEQ_HAS_INCREMENT;
      def->increment_by = number;
      break;
    case COLUMN_CYCLE:
      if (number != 0 && number != 1) {
        return column_error(vtab, "%s must be 0 or 1", column);
      }
      options->given |= SEQ_HAS_CYCLE;
      def->cycle = (int)number;
      break;
    case COLUMN_CACHE_SIZE:
      options->given |= SEQ_HAS_CACHE;
      def->cache_size = number;
      break;
  }
  return SQLITE_OK;
}

static int read_column(SequencesVtab *vtab, int column, sqlite3_value *value,
                       SeqOptions *options) {
  if (column == COLUMN_DATA_TYPE || column == COLUMN_MODE ||
      column == COLUMN_OWNED_BY) {
    return read_text_column(vtab, column, value, options);
  }
  return read_integer_column(vtab, column, value, options);
}

/*
** True if the value that an UPDATE has for a column is what the row has, so
** that it is no change.
*/
static int is_same(int column, sqlite3_value *value, const SeqRow *row,
                   const char *owned_by, const SeqHeader *header) {
  const SeqDef *def = &row->def;
  const char *text = 0;
  int64_t number = 0;
  int64_t given_number;

  switch (column) {
    case COLUMN_LAST_VALUE:
      if (!row->state.is_called) {
        return sqlite3_value_type(value) == SQLITE_NULL;
      }
      number = row->state.last_value;
      break;
    case COLUMN_DATA_TYPE: text = definition_type_name(def->data_type); break;
    case COLUMN_START_VALUE: number = def->start_value; break;
    case COLUMN_MIN_VALUE: number = def->min_value; break;
    case COLUMN_MAX_VALUE: number = def->max_value; break;
    case COLUMN_INCREMENT_BY: number = def->increment_by; break;
    case COLUMN_CYCLE: number = def->cycle; break;
    case COLUMN_CACHE_SIZE: number = def->cache_size; break;
    case COLUMN_MODE: text = definition_mode_name(def->mode); break;
    case COLUMN_OWNED_BY:
      if (owned_by == 0) return sqlite3_value_type(value) == SQLITE_NULL;
      text = owned_by;
      break;
    case COLUMN_SEQ_NO: number = row->seq_no; break;
    case COLUMN_PRIMARY_TERM: number = header->primary_term; break;
  }
  if (sqlite3_value_type(value) == SQLITE_NULL) return 0;
  if (text) {
    const unsigned char *given = sqlite3_value_text(value);
    return given && strcmp((const char *)given, text) == 0;
  }
  return func_whole(value, &given_number) && given_number == number;
}

/* Read-only columns may be named in an UPDATE, but not changed. */
static int check_system_columns(SequencesVtab *vtab, sqlite3_value **columns,
                                const SeqRow *row) {
  const SeqHeader *header = &vtab->store->header;
  for (int i = COLUMN_SEQ_NO; i <= COLUMN_PRIMARY_TERM; i++) {
    int is_changed;
    if (row) {
      is_changed = !sqlite3_value_nochange(columns[i]) &&
                   !is_same(i, columns[i], row, 0, header);
    } else {
      is_changed = sqlite3_value_type(columns[i]) != SQLITE_NULL;
    }
    if (is_changed) {
      return column_error(vtab, "cannot assign to system column \"%s\"", i);
    }
  }
  return SQLITE_OK;
}

/* Read a name that a sequence is to have. */
static int read_name(SequencesVtab *vtab, sqlite3_value *value,
                     const char **name, size_t *n) {
  if (sqlite3_value_type(value) == SQLITE_NULL) {
    return sequences_error(
        vtab, seq_store_fail(&vtab->store->sql, SQLITE_CONSTRAINT_NOTNULL,
                             "NOT NULL constraint failed: %s.name",
                             vtab->store->sql.table));
  }
  *name = (const char *)sqlite3_value_text(value);
  if (*name == 0) return SQLITE_NOMEM;
  *n = (size_t)sqlite3_value_bytes(value);
  return SQLITE_OK;
}

/*
** A name that is wanted is taken.  Under OR REPLACE its sequence is dropped;
** else this is an error, and SQLite does what OR ... says.
*/
static int resolve_conflict(SequencesVtab *vtab, const char *name, size_t n) {
  if (sqlite3_vtab_on_conflict(vtab->store->sql.db) != SQLITE_REPLACE) {
    return unique_error(vtab);
  }
  return sequences_error(vtab, seq_delete(vtab->store, name, n));
}

static int insert_row(SequencesVtab *vtab, sqlite3_value **columns) {
  SeqStore *store = vtab->store;
  SeqOptions options;
  SeqRow row;
  const char *name;
  size_t n;
  int found = 0;
  int rc = read_name(vtab, columns[COLUMN_NAME], &name, &n);

  if (rc == SQLITE_OK) rc = check_system_columns(vtab, columns, 0);
  memset(&options, 0, sizeof options);
  for (int i = COLUMN_LAST_VALUE; rc == SQLITE_OK && i <= COLUMN_OWNED_BY;
       i++) {
    if (sqlite3_value_type(columns[i]) != SQLITE_NULL) {
      rc = read_column(vtab, i, columns[i], &options);
    }
  }
  if (rc == SQLITE_OK) {
    rc = sequences_error(vtab, seq_find(store, name, n, &row, &found));
  }
  if (rc == SQLITE_OK && found) rc = resolve_conflict(vtab, name, n);
  if (rc == SQLITE_OK) {
    rc = sequences_error(vtab, seq_insert(store, name, n, &options));
  }
  return rc;
}

/* Note NULL as the new value of a column: its default, where it has one. */
static int read_null(SequencesVtab *vtab, int column, SeqOptions *options) {
  switch (column) {
    case COLUMN_LAST_VALUE: options->given |= SEQ_HAS_RESTART; return SQLITE_OK;
    case COLUMN_MIN_VALUE:
      options->given |= SEQ_HAS_NO_MINVALUE;
      return SQLITE_OK;
    case COLUMN_MAX_VALUE:
      options->given |= SEQ_HAS_NO_MAXVALUE;
      return SQLITE_OK;
    case COLUMN_OWNED_BY: options->given |= SEQ_HAS_OWNED_BY; return SQLITE_OK;
  }
  return column_error(vtab, "%s must not be NULL", column);
}

/* What an UPDATE changes of a row. */
static int read_changes(SequencesVtab *vtab, sqlite3_value **columns,
                        const SeqRow *row, const char *owned_by,
                        SeqOptions *options) {
  int rc = SQLITE_OK;
  for (int i = COLUMN_LAST_VALUE; rc == SQLITE_OK && i <= COLUMN_OWNED_BY;
       i++) {
    if (sqlite3_value_nochange(columns[i]) ||
        is_same(i, columns[i], row, owned_by, 0)) {
      continue;
    }
    if (sqlite3_value_type(columns[i]) == SQLITE_NULL) {
      rc = read_null(vtab, i, options);
    } else {
      rc = read_column(vtab, i, columns[i], options);
    }
  }
  return rc;
}

static int update_row(SequencesVtab *vtab, sqlite3_value *old,
                      sqlite3_value **columns) {
  SeqStore *store = vtab->store;
  const char *old_name = (const char *)sqlite3_value_text(old);
  size_t n_old = (size_t)sqlite3_value_bytes(old);
  const char *name;
  size_t n;
  SeqHeader header;
  SeqOptions options;
  SeqRow row;
  char *owned_by = 0;
  int found = 0;
  int is_renamed;
  int rc;

  if (old_name == 0) return SQLITE_NOMEM;
  if (sqlite3_value_nochange(columns[COLUMN_NAME])) columns[COLUMN_NAME] = old;
  rc = read_name(vtab, columns[COLUMN_NAME], &name, &n);
  if (rc != SQLITE_OK) return rc;
  is_renamed = n != n_old || memcmp(name, old_name, n) != 0;
  memset(&options, 0, sizeof options);
  rc = seq_find(store, old_name, n_old, &row, &found);
  if (rc == SQLITE_OK && row.is_owned &&
      !sqlite3_value_nochange(columns[COLUMN_OWNED_BY])) {
    rc = seq_store_read(&store->sql, old_name, n_old, &header, &row, &owned_by,
                        &found);
  }
  rc = sequences_error(vtab, rc);
  if (rc == SQLITE_OK) rc = check_system_columns(vtab, columns, &row);
  if (rc == SQLITE_OK) {
    rc = read_changes(vtab, columns, &row, owned_by, &options);
  }
  if (rc == SQLITE_OK && is_renamed) {
    rc = sequences_error(vtab, seq_find(store, name, n, &row, &found));
    if (rc == SQLITE_OK && found) rc = resolve_conflict(vtab, name, n);
    if (rc == SQLITE_OK) {
      rc = sequences_error(vtab, seq_rename(store, old_name, n_old, name, n));
    }
  }
  if (rc == SQLITE_OK && (options.given || !is_renamed)) {
    rc = sequences_error(vtab, seq_change(store, name, n, &options, &found));
  }
  sqlite3_free(owned_by);
  return rc;
}

int sequences_update(sqlite3_vtab *base, int argc, sqlite3_value **argv,
                     sqlite3_int64 *rowid) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  SeqStore *store = vtab->store;
  SeqRequest *request = store->request;
  int rc;

  store->sql.rows++;
  if (request) {
    /* The INSERT of seq_session.c, which has nothing to insert. */
    store->request = 0;
    request->was_run = 1;
    *rowid = sqlite3_last_insert_rowid(store->sql.db);
    return request->run(store, request);
  }
  if (argc == 1) {
    const char *name = (const char *)sqlite3_value_text(argv[0]);
    if (name == 0) return SQLITE_NOMEM;
    rc = seq_delete(store, name, (size_t)sqlite3_value_bytes(argv[0]));
    return sequences_error(vtab, rc);
  }
  if (sqlite3_value_type(argv[0]) != SQLITE_NULL) {
    return update_row(vtab, argv[0], argv + 2);
  }
  *rowid = sqlite3_last_insert_rowid(store->sql.db);
  return insert_row(vtab, argv + 2);
}
