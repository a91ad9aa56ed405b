/*
** The "sequences" virtual table: the sequences of a database file as rows.
**
**   CREATE VIRTUAL TABLE sequences USING sequences;
**   CREATE VIRTUAL TABLE sequence_store USING sequences(view=sequences);
**
** One store a schema.  Its columns are:
**
**   name           TEXT     the key, matched exactly
**   last_value     BIGINT   the last value handed out, or reserved for the
**                           cache of a connection; NULL before the first one
**   data_type      TEXT     smallint, integer or bigint
**   start_value    BIGINT   where it starts and RESTART begins again
**   min_value      BIGINT
**   max_value      BIGINT
**   increment_by   BIGINT   not 0; negative for a descending sequence
**   cycle          BOOLEAN  0 or 1
**   cache_size     BIGINT   values that a connection reserves at a time
**   mode           TEXT     standard or gapless
**   owned_by       TEXT     table.column, or NULL
**   _seq_no        BIGINT   hidden: the number of the last write of the row
**   _primary_term  BIGINT   hidden: see sequences_promote()
**
** The terms are those of PostgreSQL's pg_sequences, and of CrateDB for the
** two system columns, which are read-only.
**
** INSERT makes a sequence; a column that is left out or NULL takes
** PostgreSQL's default.  UPDATE changes what is distinct from the present
** value, as ALTER SEQUENCE does; last_value = NULL is RESTART, and NULL for
** min_value or max_value is NO MINVALUE, NO MAXVALUE.  Each row that is
** written takes the next _seq_no of the store, which counts from 0, so that
**
**   UPDATE sequences SET last_value = 1
**    WHERE name = 's' AND _seq_no = 0 AND _primary_term = 1
**
** is a compare-and-swap: changes() is 1 for the winner and 0 for the others.
**
** SQLite has no UPDATE ... RETURNING on a virtual table.  With the option
** view=NAME there is also a view with all columns, and INSTEAD OF triggers
** through which INSERT, UPDATE and DELETE work, with RETURNING; changes() is 0
** for a view.  It goes with its store.
**
** THE SENTINEL.  "surrogate_session" is an eponymous virtual table without
** rows.  It is connected so that it can be disconnected: sqlite3_close()
** disconnects virtual tables before it looks for statements that are not
** finalized, and a store's own table stays connected while a statement on it
** is there (see seq_session.c).
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "surrogate_int.h"

const char seq_module_name[] = "sequences";

enum {
  COLUMN_NAME,
  COLUMN_LAST_VALUE,
  COLUMN_DATA_TYPE,
  COLUMN_START_VALUE,
  COLUMN_MIN_VALUE,
  COLUMN_MAX_VALUE,
  COLUMN_INCREMENT_BY,
  COLUMN_CYCLE,
  COLUMN_CACHE_SIZE,
  COLUMN_MODE,
  COLUMN_OWNED_BY,
  COLUMN_SEQ_NO,
  COLUMN_PRIMARY_TERM
};

static const char *const column_names[] = {
    "name",      "last_value",   "data_type",    "start_value", "min_value",
    "max_value", "increment_by", "cycle",        "cache_size",  "mode",
    "owned_by",  "_seq_no",      "_primary_term"};

#define WRITABLE_COLUMNS                                            \
  "name, last_value, data_type, start_value, min_value, max_value," \
  " increment_by, cycle, cache_size, mode, owned_by"

/* How a scan is made: idxNum. */
enum { PLAN_SCAN, PLAN_SCAN_DESC, PLAN_NAME };

typedef struct SequencesVtab {
  sqlite3_vtab base;
  SeqStore *store;
  char *view; /* NULL if there is none */
} SequencesVtab;

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

/* Hand a store's message to the virtual table. */
static int store_error(SequencesVtab *vtab, int rc) {
  SeqStoreSql *sql = &vtab->store->sql;
  if (rc != SQLITE_OK && sql->message) {
    sqlite3_free(vtab->base.zErrMsg);
    vtab->base.zErrMsg = sql->message;
    sql->message = 0;
  }
  return rc;
}

/*
** The store is enlisted in a transaction, and the transaction ends.  Several
** objects may be, and are, told for one store.
*/
static void begin(SeqStore *store) {
  if (store->in_txn) return;
  seq_session_enter(store->session);
  seq_txn_begin(store);
}
static void end(SeqStore *store, int committed) {
  if (!store->in_txn) return;
  seq_txn_end(store, committed);
  seq_session_leave(store->session);
}

/**** CREATE, DROP, RENAME ***********************************************/

/* Parse the arguments of the module: *view is to be freed, or NULL. */
static int parse_arguments(int argc, const char *const *argv, char **view,
                           char **error) {
  *view = 0;
  for (int i = 3; i < argc; i++) {
    const char *z = argv[i];
    const char *end = z + strlen(z);
    Token option;
    Token equals;
    Token value;
    Token rest;
    token_next(&z, end, &option);
    if (option.type == TOKEN_END && argc == 4) break; /* sequences() */
    token_next(&z, end, &equals);
    token_next(&z, end, &value);
    token_next(&z, end, &rest);
    if (!token_is(option.z, option.n, "view") || *view ||
        !token_is(equals.z, equals.n, "=") ||
        (value.type != TOKEN_NAME && value.type != TOKEN_QUOTED &&
         value.type != TOKEN_STRING) ||
        rest.type != TOKEN_END) {
      *error = sqlite3_mprintf(
          "sequences: \"%s\" is not an option; the only one is view=NAME",
          argv[i]);
      sqlite3_free(*view);
      *view = 0;
      return *error ? SQLITE_ERROR : SQLITE_NOMEM;
    }
    *view = sqlite3_malloc64(value.n + 1);
    if (*view == 0) return SQLITE_NOMEM;
    token_text(&value, *view);
  }
  return SQLITE_OK;
}

static void free_vtab(SequencesVtab *vtab) {
  if (vtab->store) seq_store_detach(vtab->store);
  sqlite3_free(vtab->view);
  sqlite3_free(vtab);
}

/* What xCreate and xConnect share: the object, connected to its store. */
static int connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
                   sqlite3_vtab **out, char **error) {
  SequencesVtab *vtab = sqlite3_malloc64(sizeof *vtab);
  int rc;

  *out = 0;
  if (vtab == 0) return SQLITE_NOMEM;
  memset(vtab, 0, sizeof *vtab);
  rc = parse_arguments(argc, argv, &vtab->view, error);
  if (rc == SQLITE_OK) {
    rc = sqlite3_declare_vtab(
        db,
        "CREATE TABLE x(name TEXT PRIMARY KEY, last_value BIGINT,"
        " data_type TEXT, start_value BIGINT, min_value BIGINT,"
        " max_value BIGINT, increment_by BIGINT, cycle BOOLEAN,"
        " cache_size BIGINT, mode TEXT, owned_by TEXT,"
        " _seq_no BIGINT HIDDEN, _primary_term BIGINT HIDDEN) WITHOUT ROWID");
  }
  if (rc == SQLITE_OK) {
    rc = sqlite3_vtab_config(db, SQLITE_VTAB_CONSTRAINT_SUPPORT, 1);
  }
  if (rc == SQLITE_OK) rc = sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  if (rc == SQLITE_OK) {
    rc = seq_store_attach(aux, argv[1], argv[2], &vtab->store);
  }
  if (rc == SQLITE_OK) {
    *out = &vtab->base;
  } else {
    free_vtab(vtab);
  }
  return rc;
}

static int sequences_connect(sqlite3 *db, void *aux, int argc,
                             const char *const *argv, sqlite3_vtab **out,
                             char **error) {
  return connect(db, aux, argc, argv, out, error);
}

/* Make the view, and the triggers that make it writable. */
static int create_view(SeqStoreSql *sql, const char *view) {
  const char *schema = sql->schema;
  const char *table = sql->table;
  int rc = seq_store_exec(sql,
                          "CREATE VIEW \"%w\".\"%w\" AS SELECT"
                          " " WRITABLE_COLUMNS ", _seq_no, _primary_term"
                          " FROM \"%w\"",
                          schema, view, table);
  if (rc == SQLITE_OK) {
    rc = seq_store_exec(
        sql,
        "CREATE TRIGGER \"%w\".\"%w_insert\" INSTEAD OF INSERT ON \"%w\""
        " BEGIN INSERT INTO \"%w\"(" WRITABLE_COLUMNS
        ", _seq_no, _primary_term) VALUES(NEW.name, NEW.last_value,"
        " NEW.data_type, NEW.start_value, NEW.min_value, NEW.max_value,"
        " NEW.increment_by, NEW.cycle, NEW.cache_size, NEW.mode,"
        " NEW.owned_by, NEW._seq_no, NEW._primary_term); END",
        schema, view, view, table);
  }
  if (rc == SQLITE_OK) {
    rc = seq_store_exec(
        sql,
        "CREATE TRIGGER \"%w\".\"%w_update\" INSTEAD OF UPDATE ON \"%w\""
        " BEGIN UPDATE \"%w\" SET name = NEW.name,"
        " last_value = NEW.last_value, data_type = NEW.data_type,"
        " start_value = NEW.start_value, min_value = NEW.min_value,"
        " max_value = NEW.max_value, increment_by = NEW.increment_by,"
        " cycle = NEW.cycle, cache_size = NEW.cache_size, mode = NEW.mode,"
        " owned_by = NEW.owned_by, _seq_no = NEW._seq_no,"
        " _primary_term = NEW._primary_term WHERE name = OLD.name; END",
        schema, view, view, table);
  }
  if (rc == SQLITE_OK) {
    rc = seq_store_exec(
        sql,
        "CREATE TRIGGER \"%w\".\"%w_delete\" INSTEAD OF DELETE ON \"%w\""
        " BEGIN DELETE FROM \"%w\" WHERE name = OLD.name; END",
        schema, view, view, table);
  }
  return rc;
}

static int sequences_create(sqlite3 *db, void *aux, int argc,
                            const char *const *argv, sqlite3_vtab **out,
                            char **error) {
  SequencesVtab *vtab;
  SeqStoreSql *sql;
  char *first;
  int rc = seq_store_discover(db, argv[1], &first);

  *out = 0;
  if (rc != SQLITE_OK) return rc;
  if (first && sqlite3_stricmp(first, argv[2]) != 0) {
    *error = sqlite3_mprintf(
        "schema \"%s\" has a sequence store already: \"%s\"", argv[1], first);
    sqlite3_free(first);
    return *error ? SQLITE_ERROR : SQLITE_NOMEM;
  }
  sqlite3_free(first);
  rc = connect(db, aux, argc, argv, out, error);
  if (rc != SQLITE_OK) return rc;
  vtab = (SequencesVtab *)*out;
  sql = &vtab->store->sql;
  seq_session_enter(vtab->store->session);
  rc = seq_store_create(sql);
  if (rc == SQLITE_OK && vtab->view) rc = create_view(sql, vtab->view);
  seq_session_leave(vtab->store->session);
  if (rc == SQLITE_OK) begin(vtab->store); /* SQLite does not call xBegin */
  if (rc != SQLITE_OK) {
    *error = sql->message;
    sql->message = 0;
    free_vtab(vtab);
    *out = 0;
  }
  return rc;
}

static int sequences_disconnect(sqlite3_vtab *base) {
  free_vtab((SequencesVtab *)base);
  return SQLITE_OK;
}

/* Drop the view of a store, if it is still there. */
static int drop_view(SeqStoreSql *sql, const char *view) {
  sqlite3_stmt *stmt = 0;
  int is_there = 0;
  char *text = sqlite3_mprintf("SELECT 1 FROM \"%w\".sqlite_schema"
                               " WHERE type = 'view' AND name = %Q"
                               " COLLATE nocase",
                               sql->schema, view);
  int rc = SQLITE_NOMEM;
  if (text) rc = sqlite3_prepare_v2(sql->db, text, -1, &stmt, 0);
  sqlite3_free(text);
  if (rc == SQLITE_OK) {
    is_there = sqlite3_step(stmt) == SQLITE_ROW;
    rc = sqlite3_reset(stmt);
  }
  sqlite3_finalize(stmt);
  if (!is_there) return rc;
  return seq_store_exec(sql, "DROP VIEW \"%w\".\"%w\"", sql->schema, view);
}

static int sequences_destroy(sqlite3_vtab *base) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  SeqStore *store = vtab->store;
  int rc = SQLITE_OK;

  seq_session_enter(store->session);
  if (vtab->view) rc = drop_view(&store->sql, vtab->view);
  if (rc == SQLITE_OK) rc = seq_store_drop(&store->sql);
  seq_session_leave(store->session);
  if (rc != SQLITE_OK) return store_error(vtab, rc);
  end(store, 0); /* SQLite does not call xCommit or xRollback */
  free_vtab(vtab);
  return SQLITE_OK;
}

static int sequences_rename(sqlite3_vtab *base, const char *new_name) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  SeqStore *store = vtab->store;
  int rc;

  seq_session_enter(store->session);
  rc = seq_txn_flush(store);
  if (rc == SQLITE_OK) rc = seq_store_rename(&store->sql, new_name);
  if (rc == SQLITE_OK) rc = seq_store_set_table(&store->sql, new_name);
  if (store->in_txn) store->is_renamed = 1;
  seq_session_leave(store->session);
  return store_error(vtab, rc);
}

/**** Reading ************************************************************/

static int sequences_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
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

static int sequences_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
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

static int sequences_close(sqlite3_vtab_cursor *base) {
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

static int sequences_next(sqlite3_vtab_cursor *base) {
  SequencesCursor *cursor = (SequencesCursor *)base;
  SequencesVtab *vtab = (SequencesVtab *)base->pVtab;
  SeqStoreSql *sql = &vtab->store->sql;
  sqlite3_stmt *scan = cursor->scan;
  int found;
  int rc;

  cursor->is_eof = 1;
  if (scan == 0) return SQLITE_OK;
  rc = seq_store_next_row(sql, scan, cursor->name, cursor->n_name,
                          &cursor->writes);
  clear_row(cursor);
  if (rc == SQLITE_DONE) return SQLITE_OK;
  if (rc == SQLITE_ROW) rc = seq_store_decode(sql, scan, &cursor->row, &found);
  if (rc == SQLITE_OK) {
    cursor->is_eof = 0;
    cursor->has_owned_by = 1;
    cursor->n_name = (size_t)sqlite3_column_bytes(scan, READ_NAME);
    rc = copy_text(sqlite3_column_text(scan, READ_NAME), cursor->n_name,
                   &cursor->name);
  }
  if (rc == SQLITE_OK && cursor->row.is_owned) {
    size_t n = (size_t)sqlite3_column_bytes(scan, READ_OWNED_BY);
    rc = copy_text(sqlite3_column_text(scan, READ_OWNED_BY), n,
                   &cursor->owned_by);
  }
  return store_error(vtab, rc);
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

static int sequences_filter(sqlite3_vtab_cursor *base, int plan,
                            const char *unused, int argc,
                            sqlite3_value **argv) {
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
    SeqRow unused_row;
    int found;
    rc = seq_store_read(sql, "", 0, &cursor->header, &unused_row, 0, &found);
    if (rc == SQLITE_OK) {
      rc = seq_store_open_scan(sql, plan == PLAN_SCAN_DESC, &cursor->scan);
    }
    if (rc == SQLITE_OK) return sequences_next(base);
  }
  return store_error(vtab, rc);
}

static int sequences_eof(sqlite3_vtab_cursor *base) {
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

static int sequences_column(sqlite3_vtab_cursor *base, sqlite3_context *context,
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
      sqlite3_result_text(context, seq_type_name(def->data_type), -1,
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
      sqlite3_result_text(context, seq_mode_name(def->mode), -1, SQLITE_STATIC);
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
  return store_error(vtab, rc);
}

/* Not called, as the table is WITHOUT ROWID; but the slot is not optional. */
static int sequences_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
  UNUSED(base);
  *rowid = 0;
  return SQLITE_OK;
}

/**** Writing ************************************************************/

/* An error about the value of a column. */
static int column_error(SequencesVtab *vtab, const char *format, int column) {
  return store_error(vtab, seq_store_fail(&vtab->store->sql, SQLITE_ERROR,
                                          format, column_names[column]));
}

static int unique_error(SequencesVtab *vtab) {
  return store_error(vtab,
                     seq_store_fail(&vtab->store->sql, SQLITE_CONSTRAINT_UNIQUE,
                                    "UNIQUE constraint failed: %s.name",
                                    vtab->store->sql.table));
}

/*
** Read a whole number: an INTEGER, or a REAL or a text that is one exactly, as
** from a driver whose language has but one kind of number.  False if it is
** none.
*/
int seq_value_integer(sqlite3_value *value, int64_t *number) {
  double real;
  switch (sqlite3_value_numeric_type(value)) {
    case SQLITE_INTEGER: *number = sqlite3_value_int64(value); return 1;
    case SQLITE_FLOAT:
      real = sqlite3_value_double(value);
      if (!(real >= -9223372036854775808.0 && real < 9223372036854775808.0)) {
        return 0;
      }
      *number = (int64_t)real;
      return (double)*number == real;
  }
  return 0;
}

/* Read a column that must be a whole number. */
static int read_integer(SequencesVtab *vtab, int column, sqlite3_value *value,
                        int64_t *out) {
  if (seq_value_integer(value, out)) return SQLITE_OK;
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
    options->def.data_type = seq_type_from_name(text, n);
    if (options->def.data_type == 0) {
      return column_error(
          vtab, "sequence type must be smallint, integer, or bigint", column);
    }
  } else if (column == COLUMN_MODE) {
    options->given |= SEQ_HAS_MODE;
    options->def.mode = seq_mode_from_name(text, n);
    if (options->def.mode < 0) {
      return column_error(vtab, "sequence mode must be standard or gapless",
                          column);
    }
  } else if (seq_parse_owner(text, n, options, message) != SEQ_OK) {
    return store_error(
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
    case COLUMN_DATA_TYPE: text = seq_type_name(def->data_type); break;
    case COLUMN_START_VALUE: number = def->start_value; break;
    case COLUMN_MIN_VALUE: number = def->min_value; break;
    case COLUMN_MAX_VALUE: number = def->max_value; break;
    case COLUMN_INCREMENT_BY: number = def->increment_by; break;
    case COLUMN_CYCLE: number = def->cycle; break;
    case COLUMN_CACHE_SIZE: number = def->cache_size; break;
    case COLUMN_MODE: text = seq_mode_name(def->mode); break;
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
  return seq_value_integer(value, &given_number) && given_number == number;
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
    return store_error(
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
  return store_error(vtab, seq_delete(vtab->store, name, n));
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
    rc = store_error(vtab, seq_find(store, name, n, &row, &found));
  }
  if (rc == SQLITE_OK && found) rc = resolve_conflict(vtab, name, n);
  if (rc == SQLITE_OK) {
    rc = store_error(vtab, seq_insert(store, name, n, &options));
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
  rc = store_error(vtab, rc);
  if (rc == SQLITE_OK) rc = check_system_columns(vtab, columns, &row);
  if (rc == SQLITE_OK) {
    rc = read_changes(vtab, columns, &row, owned_by, &options);
  }
  if (rc == SQLITE_OK && is_renamed) {
    rc = store_error(vtab, seq_find(store, name, n, &row, &found));
    if (rc == SQLITE_OK && found) rc = resolve_conflict(vtab, name, n);
    if (rc == SQLITE_OK) {
      rc = store_error(vtab, seq_rename(store, old_name, n_old, name, n));
    }
  }
  if (rc == SQLITE_OK && (options.given || !is_renamed)) {
    rc = store_error(vtab, seq_change(store, name, n, &options, &found));
  }
  sqlite3_free(owned_by);
  return rc;
}

static int sequences_update(sqlite3_vtab *base, int argc, sqlite3_value **argv,
                            sqlite3_int64 *rowid) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  SeqStore *store = vtab->store;
  SeqRequest *request = store->request;
  int rc;

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
    return store_error(vtab, rc);
  }
  if (sqlite3_value_type(argv[0]) != SQLITE_NULL) {
    return update_row(vtab, argv[0], argv + 2);
  }
  *rowid = sqlite3_last_insert_rowid(store->sql.db);
  return insert_row(vtab, argv + 2);
}

/**** Transactions *******************************************************/

static int sequences_begin(sqlite3_vtab *base) {
  begin(((SequencesVtab *)base)->store);
  return SQLITE_OK;
}

static int sequences_sync(sqlite3_vtab *base) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  return store_error(vtab, seq_txn_sync(vtab->store));
}

static int sequences_commit(sqlite3_vtab *base) {
  end(((SequencesVtab *)base)->store, 1);
  return SQLITE_OK;
}

/*
** sqlite3_close() calls this in an open transaction before it knows whether it
** will close.  If it refuses, the transaction goes on without us and may be
** committed: so what it handed out is written.
*/
static int sequences_rollback(sqlite3_vtab *base) {
  SeqStore *store = ((SequencesVtab *)base)->store;
  if (store->in_txn &&
      sqlite3_txn_state(store->sql.db, store->sql.schema) == SQLITE_TXN_WRITE) {
    seq_txn_sync(store);
  }
  end(store, 0);
  return SQLITE_OK;
}

static int sequences_savepoint(sqlite3_vtab *base, int savepoint) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  UNUSED(savepoint);
  return store_error(vtab, seq_txn_flush(vtab->store));
}

static int sequences_release(sqlite3_vtab *base, int savepoint) {
  UNUSED(base);
  UNUSED(savepoint);
  return SQLITE_OK;
}

static int sequences_rollback_to(sqlite3_vtab *base, int savepoint) {
  UNUSED(savepoint);
  seq_txn_rewind(((SequencesVtab *)base)->store);
  return SQLITE_OK;
}

/**** The modules ********************************************************/

static int sequences_shadow_name(const char *name) {
  return sqlite3_stricmp(name, "data") == 0;
}

/* PRAGMA integrity_check (SQLite 3.44 and later). */
static int sequences_integrity(sqlite3_vtab *base, const char *schema,
                               const char *table, int flags, char **error) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  int rc;
  UNUSED(schema);
  UNUSED(table);
  UNUSED(flags);
  seq_session_enter(vtab->store->session);
  rc = seq_txn_flush(vtab->store);
  if (rc == SQLITE_OK) rc = seq_store_verify(&vtab->store->sql, error);
  rc = store_error(vtab, rc);
  seq_session_leave(vtab->store->session);
  return rc;
}

/*
** xIntegrity came with SQLite 3.44.  An older header does not have the slot,
** and an older library does not look at it.
*/
typedef struct SequencesModule {
  sqlite3_module module;
#if SQLITE_VERSION_NUMBER < 3044000
  int (*integrity)(sqlite3_vtab *, const char *, const char *, int, char **);
#endif
} SequencesModule;

static const SequencesModule sequences_module = {
    .module = {.iVersion = 4,
               .xCreate = sequences_create,
               .xConnect = sequences_connect,
               .xBestIndex = sequences_best_index,
               .xDisconnect = sequences_disconnect,
               .xDestroy = sequences_destroy,
               .xOpen = sequences_open,
               .xClose = sequences_close,
               .xFilter = sequences_filter,
               .xNext = sequences_next,
               .xEof = sequences_eof,
               .xColumn = sequences_column,
               .xRowid = sequences_rowid,
               .xUpdate = sequences_update,
               .xBegin = sequences_begin,
               .xSync = sequences_sync,
               .xCommit = sequences_commit,
               .xRollback = sequences_rollback,
               .xFindFunction = 0,
               .xRename = sequences_rename,
               .xSavepoint = sequences_savepoint,
               .xRelease = sequences_release,
               .xRollbackTo = sequences_rollback_to,
               .xShadowName = sequences_shadow_name,
#if SQLITE_VERSION_NUMBER >= 3044000
               .xIntegrity = sequences_integrity}
#else
    },
    .integrity = sequences_integrity
#endif
};

typedef struct Sentinel {
  sqlite3_vtab base;
  SeqSession *session;
} Sentinel;

static int sentinel_connect(sqlite3 *db, void *aux, int argc,
                            const char *const *argv, sqlite3_vtab **out,
                            char **error) {
  Sentinel *sentinel = 0;
  int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(unused)");
  UNUSED(argc);
  UNUSED(argv);
  UNUSED(error);
  if (rc == SQLITE_OK) {
    sentinel = sqlite3_malloc64(sizeof *sentinel);
    if (sentinel == 0) rc = SQLITE_NOMEM;
  }
  if (sentinel) {
    memset(sentinel, 0, sizeof *sentinel);
    sentinel->session = aux;
    sentinel->session->sentinel = sentinel;
  }
  *out = (sqlite3_vtab *)sentinel;
  return rc;
}

static int sentinel_disconnect(sqlite3_vtab *base) {
  Sentinel *sentinel = (Sentinel *)base;
  sentinel->session->sentinel = 0;
  seq_session_release(sentinel->session);
  sqlite3_free(sentinel);
  return SQLITE_OK;
}

static int sentinel_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
  UNUSED(base);
  info->estimatedCost = 1;
  return SQLITE_OK;
}

static int sentinel_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
  UNUSED(base);
  *out = sqlite3_malloc64(sizeof **out);
  if (*out == 0) return SQLITE_NOMEM;
  memset(*out, 0, sizeof **out);
  return SQLITE_OK;
}

static int sentinel_close(sqlite3_vtab_cursor *base) {
  sqlite3_free(base);
  return SQLITE_OK;
}

static int sentinel_filter(sqlite3_vtab_cursor *base, int plan,
                           const char *unused, int argc, sqlite3_value **argv) {
  UNUSED(base);
  UNUSED(plan);
  UNUSED(unused);
  UNUSED(argc);
  UNUSED(argv);
  return SQLITE_OK;
}

static int sentinel_next(sqlite3_vtab_cursor *base) {
  UNUSED(base);
  return SQLITE_OK;
}

static int sentinel_eof(sqlite3_vtab_cursor *base) {
  UNUSED(base);
  return 1;
}

static int sentinel_column(sqlite3_vtab_cursor *base, sqlite3_context *context,
                           int column) {
  UNUSED(base);
  UNUSED(context);
  UNUSED(column);
  return SQLITE_OK;
}

static const sqlite3_module sentinel_module = {
    .iVersion = 0,
    .xCreate = 0, /* eponymous only */
    .xConnect = sentinel_connect,
    .xBestIndex = sentinel_best_index,
    .xDisconnect = sentinel_disconnect,
    .xOpen = sentinel_open,
    .xClose = sentinel_close,
    .xFilter = sentinel_filter,
    .xNext = sentinel_next,
    .xEof = sentinel_eof,
    .xColumn = sentinel_column,
    .xRowid = sequences_rowid};

/*
** Connect the session's sentinel, if it can be: another table may have taken
** its name.
*/
void seq_connect_sentinel(SeqSession *session) {
  sqlite3_stmt *stmt = 0;
  sqlite3_prepare_v2(session->db, "SELECT 1 FROM surrogate_session", -1, &stmt,
                     0);
  sqlite3_finalize(stmt);
}

/* Register the virtual tables. */
int sequences_register(sqlite3 *db, SeqSession *session) {
  int rc =
      sqlite3_create_module_v2(db, seq_module_name, &sequences_module.module,
                               seq_session_ref(session), seq_session_unref);
  if (rc == SQLITE_OK) {
    rc = sqlite3_create_module_v2(db, "surrogate_session", &sentinel_module,
                                  seq_session_ref(session), seq_session_unref);
  }
  return rc;
}
