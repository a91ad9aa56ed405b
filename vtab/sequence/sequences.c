/*
** The virtual table "sequences": the sequences of a database file as rows.
**
** It is eponymous: there in every connection, for every database.
**
**   SELECT * FROM sequences;           of main
**   SELECT * FROM sequences('aux');    of an attached database
**   INSERT INTO sequences(schema, name) VALUES('aux', 's');
**
** CREATE VIRTUAL TABLE aux.x USING sequences makes another name for the store of
** its schema, and locks only that when it is written.  It holds nothing.
**
**   name           TEXT     the key, matched exactly
**   last_value     BIGINT   the last value issued, or reserved for the cache of a
**                           connection; NULL before the first one
**   data_type      TEXT     smallint, integer or bigint
**   start_value    BIGINT   where it starts and RESTART begins again
**   min_value      BIGINT
**   max_value      BIGINT
**   increment_by   BIGINT   not 0; negative for a descending sequence
**   cycle          BOOLEAN  0 or 1
**   cache_size     BIGINT   values that a connection reserves at a time
**   mode           TEXT     standard, gapless or virtual
**   owned_by       TEXT     table.column, or NULL: see owner.c
**   schema         TEXT     hidden: the database that it is in
**   _seq_no        BIGINT   hidden: counts the writes of the sequence
**   _primary_term  BIGINT   hidden: see sequences_promote()
**   _key           BLOB     hidden: schema and name, for SQLite
**
** The terms are those of PostgreSQL's pg_sequences, and of CrateDB for the
** two system columns, which are read-only.
**
** INSERT makes a sequence; a column that is left out or NULL takes
** PostgreSQL's default.  UPDATE changes what is distinct from the present
** value, as ALTER SEQUENCE does; last_value = NULL is RESTART, and NULL for
** min_value or max_value is NO MINVALUE, NO MAXVALUE.  Whatever writes a sequence,
** each value of nextval() included, raises its _seq_no, and a name never has
** the same pair (_seq_no, _primary_term) twice, so that
**
**   UPDATE sequences SET last_value = 1
**    WHERE name = 's' AND _seq_no = 0 AND _primary_term = 1
**
** is a compare-and-swap: changes() is 1 for the winner and 0 for the others.
**
** SQLite has no UPDATE ... RETURNING on a virtual table.  The view "sequences"
** that sequences_create_view() makes has it; its triggers call
**
**   sequences_write(store, name, new values)
**   sequences_write(store, name)
**
** store being a number by which the database is found; name is NULL for INSERT.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence.h"

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
  COLUMN_SCHEMA, /* the first that is hidden: the argument of sequences() */
  COLUMN_SEQ_NO,
  COLUMN_PRIMARY_TERM,
  COLUMN_KEY
};

static const char *const sequences_columns[] = {
    "name",      "last_value",   "data_type", "start_value",  "min_value",
    "max_value", "increment_by", "cycle",     "cache_size",   "mode",
    "owned_by",  "schema",       "_seq_no",   "_primary_term"};

typedef struct SequencesVtab {
  sqlite3_vtab base;
  SeqSession *session;
  SeqStore *store; /* of its schema */
} SequencesVtab;

typedef struct SequencesCursor {
  sqlite3_vtab_cursor base;
  SeqStore *store;
  StoreScan scan; /* of a plan without a name */
  int is_eof;
  SeqRow row; /* what follows is the current row, as it is shown */
  int64_t term;
  char *key; /* the schema, a NUL, the name, a NUL */
  size_t n_key;
  char *name; /* in it */
  size_t n_name;
  char *owned_by;
  char short_key[64]; /* the memory of most keys */
} SequencesCursor;

/*
** How rows are found: idxNum.  The arguments come in this order.  A row version is
** compared here if there is a name, else by SQLite.
*/
enum {
  PLAN_SCHEMA = 1,
  PLAN_NAME = 2,
  PLAN_SEQ_NO = 4,
  PLAN_TERM = 8,
  PLAN_DESC = 16
};

static Error *sequences_error(SeqSession *session) {
  return &session->engine.host.error;
}

/* Hand the session's message to the virtual table. */
static int sequences_failed(SequencesVtab *vtab, int rc) {
  Error *error = sequences_error(vtab->session);
  if (rc != SQLITE_OK && error->rc != SQLITE_OK) {
    sqlite3_free(vtab->base.zErrMsg);
    vtab->base.zErrMsg = error_take(error);
  }
  return rc;
}

/**** The table **********************************************************/

static int sequences_xconnect(sqlite3 *db, void *aux, int argc,
                              const char *const *argv, sqlite3_vtab **out,
                              char **error) {
  SequencesVtab *vtab;
  int rc;

  *out = 0;
  if (argc > 3) {
    *error = sqlite3_mprintf("sequences takes no arguments, but has \"%s\"",
                             argv[3]);
    return *error ? SQLITE_ERROR : SQLITE_NOMEM;
  }
  rc = sqlite3_declare_vtab(
      db, "CREATE TABLE x(name TEXT, last_value BIGINT,"
          " data_type TEXT, start_value BIGINT, min_value BIGINT,"
          " max_value BIGINT, increment_by BIGINT, cycle BOOLEAN,"
          " cache_size BIGINT, mode TEXT, owned_by TEXT,"
          " schema TEXT HIDDEN, _seq_no BIGINT HIDDEN,"
          " _primary_term BIGINT HIDDEN,"
          " _key BLOB HIDDEN PRIMARY KEY) WITHOUT ROWID");
  if (rc == SQLITE_OK) {
    rc = sqlite3_vtab_config(db, SQLITE_VTAB_CONSTRAINT_SUPPORT, 1);
  }
  if (rc == SQLITE_OK) rc = sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  if (rc != SQLITE_OK) return rc;
  vtab = sqlite3_malloc64(sizeof *vtab);
  if (vtab == 0) return SQLITE_NOMEM;
  memset(vtab, 0, sizeof *vtab);
  vtab->session = aux;
  vtab->store = engine_store(&vtab->session->engine, argv[1]);
  if (vtab->store == 0) {
    sqlite3_free(vtab);
    return SQLITE_NOMEM;
  }
  *out = &vtab->base;
  return SQLITE_OK;
}

static int sequences_xdisconnect(sqlite3_vtab *base) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  sqlite3_free(vtab->base.zErrMsg);
  sqlite3_free(vtab);
  return SQLITE_OK;
}

/**** Reading ************************************************************/

/* The plan bit of a constraint, or 0. */
static int sequences_plan(sqlite3_index_info *info, int i) {
  if (info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) return 0;
  switch (info->aConstraint[i].iColumn) {
    case COLUMN_SCHEMA: return PLAN_SCHEMA;
    case COLUMN_NAME:
      return sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY")
                 ? 0
                 : PLAN_NAME;
    case COLUMN_SEQ_NO: return PLAN_SEQ_NO;
    case COLUMN_PRIMARY_TERM: return PLAN_TERM;
  }
  return 0;
}

static int sequences_xbestindex(sqlite3_vtab *base, sqlite3_index_info *info) {
  int n = 0;
  UNUSED(base);
  info->idxNum = 0;
  for (int bit = PLAN_SCHEMA; bit <= PLAN_TERM; bit *= 2) {
    if (bit > PLAN_NAME && !(info->idxNum & PLAN_NAME)) break;
    for (int i = 0; i < info->nConstraint; i++) {
      if (sequences_plan(info, i) != bit) continue;
      if (!info->aConstraint[i].usable) {
        if (bit == PLAN_SCHEMA) return SQLITE_CONSTRAINT;
        continue;
      }
      if (info->idxNum & bit) continue;
      info->idxNum |= bit;
      info->aConstraintUsage[i].argvIndex = ++n;
      info->aConstraintUsage[i].omit = bit != PLAN_SCHEMA;
    }
  }
  if (info->idxNum & PLAN_NAME) {
    info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    info->estimatedCost = 2;
    info->estimatedRows = 1;
    info->orderByConsumed = 1;
    return SQLITE_OK;
  }
  info->estimatedCost = 100000;
  info->estimatedRows = 50000;
  if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn == COLUMN_NAME) {
    if (info->aOrderBy[0].desc) info->idxNum |= PLAN_DESC;
    info->orderByConsumed = 1;
  }
  return SQLITE_OK;
}

static int sequences_xopen(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
  SequencesCursor *cursor = sqlite3_malloc64(sizeof *cursor);
  UNUSED(base);
  if (cursor == 0) return SQLITE_NOMEM;
  memset(cursor, 0, sizeof *cursor);
  *out = &cursor->base;
  return SQLITE_OK;
}

static void sequences_clear(SequencesCursor *cursor) {
  if (cursor->key != cursor->short_key) sqlite3_free(cursor->key);
  sqlite3_free(cursor->owned_by);
  cursor->key = 0;
  cursor->owned_by = 0;
  cursor->is_eof = 1;
}

static int sequences_xclose(sqlite3_vtab_cursor *base) {
  SequencesCursor *cursor = (SequencesCursor *)base;
  store_scan_close(&cursor->scan);
  sequences_clear(cursor);
  sqlite3_free(cursor);
  return SQLITE_OK;
}

/* The cursor is on a row of that name and owner. */
static int sequences_set_row(SequencesCursor *cursor, const SeqRow *row,
                             int64_t term, const char *name, size_t n,
                             const char *owner) {
  const char *schema = cursor->store->sql.schema;
  size_t n_schema = strlen(schema) + 1;
  cursor->row = *row;
  cursor->term = term;
  cursor->n_name = n;
  cursor->n_key = n_schema + n;
  cursor->key = cursor->n_key < sizeof cursor->short_key
                    ? cursor->short_key
                    : sqlite3_malloc64(cursor->n_key + 1);
  if (cursor->key == 0) return SQLITE_NOMEM; /* no memory */
  memcpy(cursor->key, schema, n_schema);
  cursor->name = cursor->key + n_schema;
  if (n) memcpy(cursor->name, name, n);
  cursor->name[n] = 0;
  if (owner) {
    cursor->owned_by = sqlite3_mprintf("%s", owner);
    if (cursor->owned_by == 0) return SQLITE_NOMEM;
  }
  cursor->is_eof = 0;
  return SQLITE_OK;
}

/* Go to the next row of the scan whose owner, if it has one, is there. */
static int sequences_step(SequencesCursor *cursor) {
  SeqStore *store = cursor->store;
  StoreScan *scan = &cursor->scan;
  int rc;
  for (;;) {
    const char *owner = 0;
    SeqRow row;
    rc = store_scan_next(scan);
    sequences_clear(cursor);
    if (rc != SQLITE_ROW) return rc == SQLITE_DONE ? SQLITE_OK : rc;
    row = scan->read.row;
    if (row.is_owned) {
      rc = owner_exists(&store->sql, scan->name, scan->n, &row, &owner);
      if (rc == SQLITE_OK && owner == 0) continue;
      if (rc != SQLITE_OK) return rc;
    }
    engine_show(store, &row);
    return sequences_set_row(cursor, &row, scan->read.term, scan->name, scan->n,
                             owner);
  }
}

static int sequences_xnext(sqlite3_vtab_cursor *base) {
  SequencesCursor *cursor = (SequencesCursor *)base;
  SequencesVtab *vtab = (SequencesVtab *)base->pVtab;
  int rc = SQLITE_OK;
  if (cursor->scan.stmt == 0) {
    sequences_clear(cursor);
    return SQLITE_OK;
  }
  rc = session_enter(vtab->session);
  if (rc == SQLITE_OK) rc = sequences_step(cursor);
  session_leave(vtab->session);
  return sequences_failed(vtab, rc);
}

/* Whether a constraint on a number is met; NULL as the value: there is none. */
static int sequences_is(sqlite3_value *value, int64_t number) {
  int64_t wanted;
  return value == 0 || (sqlite3_value_type(value) != SQLITE_BLOB &&
                        func_whole(value, &wanted) && wanted == number);
}

/*
** Find a sequence by its name: in memory, if the open transaction has it there,
** else in the store.
*/
static int sequences_look_up(SequencesCursor *cursor, sqlite3_value *name,
                             sqlite3_value *seq_no, sqlite3_value *term) {
  SeqStore *store = cursor->store;
  int type = sqlite3_value_type(name);
  const char *text;
  const char *owner = 0;
  SeqRow row;
  int64_t its_term;
  size_t n;
  int rc = engine_use_store(store);

  if (rc != SQLITE_OK) return rc;
  if (type == SQLITE_NULL || type == SQLITE_BLOB) return SQLITE_OK;
  text = (const char *)sqlite3_value_text(name);
  if (text == 0) return SQLITE_NOMEM;
  n = (size_t)sqlite3_value_bytes(name);
  rc = engine_look_up(store, text, n, &row, &its_term, &owner);
  if (rc == SQLITE_NOTFOUND) return SQLITE_OK;
  if (rc != SQLITE_OK) return rc;
  if (!sequences_is(seq_no, row.seq_no) || !sequences_is(term, its_term)) {
    return SQLITE_OK;
  }
  return sequences_set_row(cursor, &row, its_term, text, n, owner);
}

/* Find the store that a cursor is to read; NULL if there is none. */
static int sequences_use(SequencesCursor *cursor, SequencesVtab *vtab,
                         sqlite3_value *schema) {
  const char *name;
  cursor->store = vtab->store;
  if (schema == 0) return SQLITE_OK;
  cursor->store = 0;
  name = (const char *)sqlite3_value_text(schema);
  if (name == 0) return SQLITE_OK;
  if (!session_is_schema(vtab->session, name)) return SQLITE_OK;
  cursor->store = engine_store(&vtab->session->engine, name);
  return cursor->store ? SQLITE_OK : SQLITE_NOMEM;
}

static int sequences_xfilter(sqlite3_vtab_cursor *base, int plan,
                             const char *unused, int argc,
                             sqlite3_value **argv) {
  SequencesCursor *cursor = (SequencesCursor *)base;
  SequencesVtab *vtab = (SequencesVtab *)base->pVtab;
  sqlite3_value *given[4];
  int rc;

  UNUSED(unused);
  UNUSED(argc);
  for (int i = 0; i < 4; i++)
    given[i] = plan & 1 << i ? *argv++ : 0;
  store_scan_close(&cursor->scan);
  sequences_clear(cursor);
  rc = session_enter(vtab->session);
  if (rc == SQLITE_OK) rc = sequences_use(cursor, vtab, given[0]);
  if (rc == SQLITE_OK && cursor->store && given[1]) {
    rc = sequences_look_up(cursor, given[1], given[2], given[3]);
  } else if (rc == SQLITE_OK && cursor->store) {
    rc = engine_use_store(cursor->store);
    if (rc == SQLITE_OK) {
      rc = store_scan_open(&cursor->store->sql,
                           plan & PLAN_DESC ? STORE_SCAN_DOWN : STORE_SCAN_UP,
                           &cursor->scan);
    }
    if (rc == SQLITE_OK) rc = sequences_step(cursor);
    if (rc == SQLITE_NOTFOUND) rc = SQLITE_OK;
  }
  session_leave(vtab->session);
  return sequences_failed(vtab, rc);
}

static int sequences_xeof(sqlite3_vtab_cursor *base) {
  return ((SequencesCursor *)base)->is_eof;
}

static int sequences_xcolumn(sqlite3_vtab_cursor *base,
                             sqlite3_context *context, int column) {
  SequencesCursor *cursor = (SequencesCursor *)base;
  const SeqRow *row = &cursor->row;
  const SeqDef *def = &row->def;
  const char *text = 0;
  int64_t number = 0;

  if (sqlite3_vtab_nochange(context)) return SQLITE_OK;
  switch (column) {
    case COLUMN_NAME:
      sqlite3_result_text64(context, cursor->name, cursor->n_name,
                            SQLITE_TRANSIENT, SQLITE_UTF8);
      return SQLITE_OK;
    case COLUMN_LAST_VALUE:
      if (!row->state.is_called || def->mode == SEQ_VIRTUAL) return SQLITE_OK;
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
      sqlite3_result_text(context, cursor->owned_by, -1, SQLITE_TRANSIENT);
      return SQLITE_OK;
    case COLUMN_SEQ_NO: number = row->seq_no; break;
    case COLUMN_PRIMARY_TERM: number = cursor->term; break;
    case COLUMN_SCHEMA:
      sqlite3_result_text(context, cursor->store->sql.schema, -1,
                          SQLITE_TRANSIENT);
      return SQLITE_OK;
    default: /* COLUMN_KEY: a blob, which SQLite does not convert */
      sqlite3_result_blob64(context, cursor->key, cursor->n_key,
                            SQLITE_TRANSIENT);
      return SQLITE_OK;
  }
  if (text) {
    sqlite3_result_text(context, text, -1, SQLITE_STATIC);
  } else {
    sqlite3_result_int64(context, number);
  }
  return SQLITE_OK;
}

/* Not called, as the table is WITHOUT ROWID; but the slot is not optional. */
static int sequences_xrowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
  UNUSED(base);
  *rowid = 0;
  return SQLITE_OK;
}

/**** Values that are written ********************************************/

/* A row that is written, by the table or by the view. */
typedef struct SequencesWrite {
  SeqSession *session;
  SeqStore *store;
  sqlite3_value **columns; /* in the order of COLUMN_NAME... */
  int or_replace;
  int has_nochange; /* sqlite3_value_nochange() may be asked */
} SequencesWrite;

/* An error about the value of a column. */
static int sequences_column_error(const SequencesWrite *write,
                                  const char *format, int column) {
  return error_set(sequences_error(write->session), SQLITE_ERROR, format,
                   sequences_columns[column]);
}

/* Read data_type, mode or owned_by. */
static int sequences_read_text(const SequencesWrite *write, int column,
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
      return sequences_column_error(
          write, "sequence type must be smallint, integer, or bigint", column);
    }
  } else if (column == COLUMN_MODE) {
    options->given |= SEQ_HAS_MODE;
    options->def.mode = definition_mode_from_name(text, n);
    if (options->def.mode < 0) {
      return sequences_column_error(
          write, "sequence mode must be standard, gapless, or virtual", column);
    }
  } else if (options_parse_owner(text, n, options, message) != SEQ_OK) {
    return error_set(sequences_error(write->session), SQLITE_ERROR, "%s",
                     message);
  }
  return SQLITE_OK;
}

/* Read a column that is an integer option of a sequence. */
static int sequences_read_integer(const SequencesWrite *write, int column,
                                  sqlite3_value *value, SeqOptions *options) {
  SeqDef *def = &options->def;
  int64_t number = 0;
  if (!func_whole(value, &number)) {
    return sequences_column_error(write, "%s must be an integer", column);
  }
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
        return sequences_column_error(write, "%s must be 0 or 1", column);
      }
      options->given |= SEQ_HAS_CYCLE;
      def->cycle = (int)number;
      break;
    default: /* COLUMN_CACHE_SIZE */
      options->given |= SEQ_HAS_CACHE;
      def->cache_size = number;
      break;
  }
  return SQLITE_OK;
}

static int sequences_read(const SequencesWrite *write, int column,
                          SeqOptions *options) {
  sqlite3_value *value = write->columns[column];
  if (column == COLUMN_DATA_TYPE || column == COLUMN_MODE ||
      column == COLUMN_OWNED_BY) {
    return sequences_read_text(write, column, value, options);
  }
  return sequences_read_integer(write, column, value, options);
}

/* Note NULL as the new value of a column: its default, where it has one. */
static int sequences_read_null(const SequencesWrite *write, int column,
                               SeqOptions *options) {
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
  return sequences_column_error(write, "%s must not be NULL", column);
}

/*
** True if the value that an UPDATE has for a column is what the row has, so
** that it is no change.
*/
static int sequences_is_same(int column, sqlite3_value *value,
                             const SeqRow *row, int64_t term,
                             const char *owned_by) {
  const SeqDef *def = &row->def;
  const char *text = 0;
  int64_t number = 0;

  switch (column) {
    case COLUMN_LAST_VALUE:
      if (!row->state.is_called || def->mode == SEQ_VIRTUAL) {
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
    default: number = term; /* COLUMN_PRIMARY_TERM */
  }
  if (sqlite3_value_type(value) == SQLITE_NULL) return 0;
  if (text) {
    const unsigned char *given = sqlite3_value_text(value);
    return given && strcmp((const char *)given, text) == 0;
  }
  return sequences_is(value, number);
}

/* Whether an UPDATE leaves a column as it was. */
static int sequences_is_nochange(const SequencesWrite *write, int column) {
  return write->has_nochange && sqlite3_value_nochange(write->columns[column]);
}

/* Read a name that a sequence is to have. */
static int sequences_read_name(const SequencesWrite *write, const char **name,
                               size_t *n) {
  sqlite3_value *value = write->columns[COLUMN_NAME];
  if (sqlite3_value_type(value) == SQLITE_NULL) {
    return error_set(sequences_error(write->session), SQLITE_CONSTRAINT_NOTNULL,
                     "NOT NULL constraint failed: sequences.name");
  }
  *name = (const char *)sqlite3_value_text(value);
  if (*name == 0) return SQLITE_NOMEM; /* no memory */
  *n = (size_t)sqlite3_value_bytes(value);
  return SQLITE_OK;
}

static int sequences_write_store(const SequencesWrite *write, SessionRun *run,
                                 SeqRequest *request) {
  int rc = session_write(write->store, SESSION_WRITE, run, request);
  if (rc == SQLITE_CONSTRAINT_UNIQUE) {
    return error_set(sequences_error(write->session), rc,
                     "UNIQUE constraint failed: sequences.name");
  }
  if (rc == SQLITE_NOTFOUND) {
    return error_set(sequences_error(write->session), SQLITE_BUSY,
                     "sequence \"%.*s\" was dropped meanwhile", (int)request->n,
                     request->name);
  }
  return rc;
}

/**** INSERT, UPDATE, DELETE *********************************************/

static int sequences_insert(const SequencesWrite *write) {
  SeqOptions options;
  SeqRequest request = {.function = "INSERT",
                        .options = &options,
                        .or_replace = write->or_replace};
  int rc = sequences_read_name(write, &request.name, &request.n);

  memset(&options, 0, sizeof options);
  for (int i = COLUMN_SEQ_NO; rc == SQLITE_OK && i <= COLUMN_PRIMARY_TERM;
       i++) {
    if (sqlite3_value_type(write->columns[i]) != SQLITE_NULL) {
      rc = sequences_column_error(write,
                                  "cannot assign to system column \"%s\"", i);
    }
  }
  for (int i = COLUMN_LAST_VALUE; rc == SQLITE_OK && i <= COLUMN_OWNED_BY;
       i++) {
    if (sqlite3_value_type(write->columns[i]) != SQLITE_NULL) {
      rc = sequences_read(write, i, &options);
    }
  }
  if (rc != SQLITE_OK) return rc;
  return sequences_write_store(write, define_create, &request);
}

/* Whether an UPDATE gives values that must be compared with the row. */
static int sequences_must_compare(const SequencesWrite *write) {
  for (int i = COLUMN_DATA_TYPE; i <= COLUMN_PRIMARY_TERM; i++) {
    if (i != COLUMN_SCHEMA && !sequences_is_nochange(write, i)) return 1;
  }
  return sqlite3_value_type(write->columns[COLUMN_LAST_VALUE]) == SQLITE_NULL;
}

/* What an UPDATE changes of a row. */
static int sequences_read_changes(const SequencesWrite *write,
                                  const SeqRow *row, int64_t term,
                                  const char *owned_by, SeqOptions *options) {
  int rc = SQLITE_OK;
  for (int i = COLUMN_LAST_VALUE; rc == SQLITE_OK && i <= COLUMN_PRIMARY_TERM;
       i++) {
    if (i == COLUMN_SCHEMA || sequences_is_nochange(write, i) ||
        sequences_is_same(i, write->columns[i], row, term, owned_by)) {
      continue;
    }
    if (i >= COLUMN_SEQ_NO) {
      rc = sequences_column_error(write,
                                  "cannot assign to system column \"%s\"", i);
    } else if (sqlite3_value_type(write->columns[i]) == SQLITE_NULL) {
      rc = sequences_read_null(write, i, options);
    } else {
      rc = sequences_read(write, i, options);
    }
  }
  return rc;
}

/* Change the sequence of that name. */
static int sequences_update(const SequencesWrite *write, const char *old,
                            size_t n_old) {
  SeqStore *store = write->store;
  SeqOptions options;
  SeqRequest request = {.function = "UPDATE",
                        .name = old,
                        .n = n_old,
                        .options = &options,
                        .or_replace = write->or_replace,
                        .may_guess = 1};
  int rc = SQLITE_OK;

  memset(&options, 0, sizeof options);
  if (!sequences_is_nochange(write, COLUMN_NAME)) {
    rc = sequences_read_name(write, &request.new_name, &request.n_new);
    if (rc != SQLITE_OK) return rc;
    if (request.n_new == n_old && memcmp(request.new_name, old, n_old) == 0) {
      request.new_name = 0;
    }
  }
  if (sequences_must_compare(write)) {
    SeqRow row;
    int64_t term;
    const char *owner;
    rc = engine_look_up(store, old, n_old, &row, &term, &owner);
    if (rc == SQLITE_OK) {
      rc = sequences_read_changes(write, &row, term, owner, &options);
    } else if (rc == SQLITE_NOTFOUND) {
      rc = SQLITE_OK; /* define_alter() says so */
    }
  } else if (!sequences_is_nochange(write, COLUMN_LAST_VALUE)) {
    rc = sequences_read(write, COLUMN_LAST_VALUE, &options);
  }
  if (rc != SQLITE_OK) return rc;
  return sequences_write_store(write, define_alter, &request);
}

static int sequences_delete(const SequencesWrite *write, const char *name,
                            size_t n) {
  SeqRequest request = {.function = "DELETE", .name = name, .n = n};
  return sequences_write_store(write, define_drop, &request);
}

/* The database that a column names is the one that is written. */
static int sequences_use_schema(SequencesWrite *write, int is_new) {
  Error *error = sequences_error(write->session);
  const char *schema =
      (const char *)sqlite3_value_text(write->columns[COLUMN_SCHEMA]);
  SeqStore *store = write->store;
  if (schema == 0) return SQLITE_NOMEM;
  if (!session_is_schema(write->session, schema)) {
    return error_set(error, SQLITE_ERROR, "unknown database \"%s\"", schema);
  }
  write->store = engine_store(&write->session->engine, schema);
  if (write->store == 0) return SQLITE_NOMEM; /* no memory */
  if (is_new || write->store == store) return SQLITE_OK;
  return error_set(error, SQLITE_ERROR,
                   "cannot move a sequence from database \"%s\" to \"%s\"",
                   store->sql.schema, schema);
}

static int sequences_update_table(SequencesVtab *vtab, SequencesWrite *write,
                                  int argc, sqlite3_value **argv) {
  const char *key = sqlite3_value_blob(argv[0]);
  const char *name = 0;
  size_t n = 0;
  int rc = SQLITE_OK;

  write->store = vtab->store;
  if (sqlite3_value_type(argv[0]) != SQLITE_NULL) {
    if (key == 0) return SQLITE_NOMEM; /* no memory */
    if (strcmp(key, vtab->store->sql.schema) != 0) {
      write->store = engine_store(&vtab->session->engine, key);
    }
    name = key + strlen(key) + 1;
    n = (size_t)(sqlite3_value_bytes(argv[0]) - (name - key));
  }
  if (argc == 1) return sequences_delete(write, name, n);
  if (!sequences_is_nochange(write, COLUMN_SCHEMA) &&
      sqlite3_value_type(write->columns[COLUMN_SCHEMA]) != SQLITE_NULL) {
    rc = sequences_use_schema(write, name == 0);
  }
  if (rc != SQLITE_OK) return rc;
  return name ? sequences_update(write, name, n) : sequences_insert(write);
}

static int sequences_xupdate(sqlite3_vtab *base, int argc, sqlite3_value **argv,
                             sqlite3_int64 *rowid) {
  SequencesVtab *vtab = (SequencesVtab *)base;
  sqlite3 *db = vtab->session->engine.host.db;
  SequencesWrite write = {
      .session = vtab->session,
      .columns = argv + 2,
      .has_nochange = argc > 1 && sqlite3_value_type(argv[0]) != SQLITE_NULL};
  int rc = session_enter(vtab->session);
  write.or_replace = sqlite3_vtab_on_conflict(db) == SQLITE_REPLACE;
  *rowid = sqlite3_last_insert_rowid(db);
  if (rc == SQLITE_OK) rc = sequences_update_table(vtab, &write, argc, argv);
  rc = sequences_failed(vtab, rc);
  if (rc == SQLITE_OK) vtab->session->engine.rows++; /* as SQLite counts it */
  session_leave(vtab->session);
  return rc;
}

static const sqlite3_module sequences_module = {
    .iVersion = 0,
    .xCreate = sequences_xconnect, /* it holds nothing */
    .xConnect = sequences_xconnect,
    .xBestIndex = sequences_xbestindex,
    .xDisconnect = sequences_xdisconnect,
    .xDestroy = sequences_xdisconnect,
    .xOpen = sequences_xopen,
    .xClose = sequences_xclose,
    .xFilter = sequences_xfilter,
    .xNext = sequences_xnext,
    .xEof = sequences_xeof,
    .xColumn = sequences_xcolumn,
    .xRowid = sequences_xrowid,
    .xUpdate = sequences_xupdate,
    .xBegin = 0,
    .xSync = 0,
    .xCommit = 0,
    .xRollback = 0,
    .xFindFunction = 0,
    .xRename = 0};

/**** The view ***********************************************************/

/*
** Find the store of that number, whose view is being written: the schema is in
** a write transaction.  Copies of a file have the same number.
*/
static int sequences_find_view(SequencesWrite *write, int64_t id) {
  SeqSession *session = write->session;
  sqlite3 *db = session->engine.host.db;
  Error *error = sequences_error(session);
  SeqStore *found = 0;
  char *schemas = 0;
  const char *z;
  int rc = SQLITE_OK;

  for (int i = 0; rc == SQLITE_OK; i++) {
    SeqStore *store;
    int64_t its_id;
    rc = session_schema(session, i, &schemas, &z);
    if (rc != SQLITE_OK || z == 0) break;
    if (sqlite3_txn_state(db, z) != SQLITE_TXN_WRITE) continue;
    store = engine_store(&session->engine, z);
    if (store == 0) rc = SQLITE_NOMEM; /* no memory */
    if (rc == SQLITE_OK) rc = store_number(&store->sql, &its_id);
    if (rc == SQLITE_NOTFOUND) {
      rc = SQLITE_OK;
    } else if (rc == SQLITE_OK && its_id == id) {
      if (found) {
        rc = error_set(
            error, SQLITE_ERROR,
            "databases \"%s\" and \"%s\" are copies of one file and"
            " are both written: use the table temp.sequences('%s'), not"
            " the view",
            found->sql.schema, z, z);
      }
      found = store;
    }
  }
  sqlite3_free(schemas);
  write->store = found;
  if (rc != SQLITE_OK || found) return rc;
  return error_set(error, SQLITE_ERROR,
                   "sequences_write() is called by the triggers of the view"
                   " \"sequences\" only");
}

/* sequences_write(store, name [, new values]) */
static void sequences_write_func(sqlite3_context *context, int argc,
                                 sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  SequencesWrite write = {.session = session, .columns = argv + 2};
  const char *name = 0;
  size_t n = 0;
  int rc = session_enter(session);

  if (rc == SQLITE_OK) {
    rc = sequences_find_view(&write, sqlite3_value_int64(argv[0]));
  }
  if (rc == SQLITE_OK && sqlite3_value_type(argv[1]) != SQLITE_NULL) {
    name = (const char *)sqlite3_value_text(argv[1]);
    n = (size_t)sqlite3_value_bytes(argv[1]);
    if (name == 0) rc = SQLITE_NOMEM;
  }
  if (rc == SQLITE_OK) {
    if (name == 0 && argc > 2) {
      rc = sequences_insert(&write);
    } else if (argc > 2) {
      rc = sequences_update(&write, name, n);
    } else if (name) {
      rc = sequences_delete(&write, name, n);
    }
  }
  if (rc != SQLITE_OK) session_result_error(context, session, rc);
  session_leave(session);
}

/**** Registration *******************************************************/

int sequences_register(SeqSession *session) {
  static const FuncEntry functions[] = {
      {"sequences_write", 2, FUNC_MAKES, sequences_write_func, 0, 0, 0},
      {"sequences_write", 16, FUNC_MAKES, sequences_write_func, 0, 0, 0},
      {0}};
  sqlite3 *db = session->engine.host.db;
  int rc = sqlite3_create_module_v2(db, "sequences", &sequences_module,
                                    session_ref(session), session_unref);
  if (rc == SQLITE_OK) {
    rc = transaction_register(&session->engine, session_ref, session_unref);
  }
  if (rc == SQLITE_OK) rc = store_register(db);
  if (rc != SQLITE_OK) return rc;
  return func_register(db, functions, session, session_ref, session_unref);
}
