/*
** The integrity check of a sequence store.
**
**   sequences_check([schema])   'ok', or a line for each fault
**
** It reports
** - a store that cannot be read: a table that is no ordinary one, a row that
**   makes no sense, settings that are missing;
** - two sequences with one id, a value that belongs to no sequence;
** - a sequence that is behind the column that it owns and that calls it: its next
**   values are there already.
**
** Read-only.  NULL for the schema gives NULL.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence.h"

#define CHECK_MAX_FAULTS 100

static void check_begin_fault(sqlite3_str *report) {
  if (sqlite3_str_length(report)) sqlite3_str_appendchar(report, 1, '\n');
}

/*
** Append a line for each row of a query, with the text of its first column in the
** format.
*/
static int check_query(SeqStore *store, sqlite3_str *report, const char *format,
                       const char *query) {
  sqlite3_stmt *stmt;
  int rc = store_prepare(&store->sql, &stmt, query, store->sql.schema,
                         store->sql.schema, store->sql.schema);
  for (int n = 0; rc == SQLITE_OK && n < CHECK_MAX_FAULTS; n++) {
    rc = store_step(&store->sql, stmt);
    if (rc != SQLITE_ROW) break;
    check_begin_fault(report);
    sqlite3_str_appendf(report, format, sqlite3_column_text(stmt, 0));
    rc = SQLITE_OK;
  }
  sqlite3_finalize(stmt);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/*
** The value of a column that is the furthest in the direction of a sequence:
** *found is 0 if it has none that is an integer.
*/
static int check_furthest(SeqStore *store, const SeqRow *row, const char *table,
                          const char *column, int64_t *furthest, int *found) {
  char *query = sqlite3_mprintf(
      "SELECT %s(\"%w\") FROM \"%w\".\"%w\" WHERE typeof(\"%w\") = 'integer'"
      " AND \"%w\" BETWEEN %lld AND %lld",
      row->def.increment_by > 0 ? "max" : "min", column, store->sql.schema,
      table, column, column, (sqlite3_int64)row->def.min_value,
      (sqlite3_int64)row->def.max_value);
  sqlite3_stmt *stmt = 0;
  int rc = SQLITE_NOMEM;
  *found = 0;
  /* no memory */
  if (query) rc = store_prepare(&store->sql, &stmt, "%s", query);
  sqlite3_free(query);
  if (rc == SQLITE_OK) rc = store_step(&store->sql, stmt);
  if (rc == SQLITE_ROW) {
    *found = sqlite3_column_type(stmt, 0) == SQLITE_INTEGER;
    *furthest = sqlite3_column_int64(stmt, 0);
    rc = SQLITE_OK;
  }
  sqlite3_finalize(stmt);
  return rc;
}

/* A sequence with an owner must not be behind the column that calls it. */
static int check_owned(SeqStore *store, sqlite3_str *report, const char *name,
                       const SeqRow *row, const char *owner) {
  SeqRow next = *row;
  char *table;
  char *column;
  int64_t furthest = 0;
  int64_t first;
  uint64_t taken;
  int found;
  int rc = owner_split(owner, &table, &column);
  if (rc != SQLITE_OK) return rc;
  rc = check_furthest(store, row, table, column, &furthest, &found);
  if (rc == SQLITE_OK && found &&
      definition_take(&next.def, &next.state, 1, 0, &first, &taken) == SEQ_OK &&
      !definition_is_after(&row->def, first, furthest)) {
    check_begin_fault(report);
    sqlite3_str_appendf(report,
                        "sequence \"%s\" is behind column %s: its next value is"
                        " %lld, and the column has %lld",
                        name, owner, (sqlite3_int64)first,
                        (sqlite3_int64)furthest);
  }
  sqlite3_free(table);
  sqlite3_free(column);
  return rc;
}

/* Read all rows. */
static int check_rows(SeqStore *store, sqlite3_str *report) {
  StoreScan scan;
  int rc = store_scan_open(&store->sql, STORE_SCAN_UP, &scan);
  while (rc == SQLITE_OK && (rc = store_scan_next(&scan)) == SQLITE_ROW) {
    SeqRow row = scan.read.row;
    const char *owner = 0;
    rc = SQLITE_OK;
    engine_show(store, &row);
    if (row.is_owned) {
      rc = owner_exists(&store->sql, scan.name, scan.n, &row, &owner);
    }
    if (rc == SQLITE_OK && owner && row.is_linked && !row.def.cycle &&
        row.def.mode != SEQ_VIRTUAL) {
      char *copy = sqlite3_mprintf("%s", owner);
      char *name = sqlite3_mprintf("%.*s", (int)scan.n, scan.name);
      /* no memory */
      rc = copy && name ? check_owned(store, report, name, &row, copy)
                        : SQLITE_NOMEM; /* no memory */
      sqlite3_free(copy);
      sqlite3_free(name);
    }
  }
  store_scan_close(&scan);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/*
** Check a store, and append a line for each fault to the report.  An error is one
** that the store is not at fault for.
*/
static int check_store(SeqStore *store, sqlite3_str *report) {
  Error *error = &store->engine->host.error;
  int64_t value;
  int rc = engine_use_store(store);
  if (rc == SQLITE_OK) rc = store_refresh(&store->sql);
  if (rc == SQLITE_OK) rc = store_get(&store->sql, "next_seq_no", &value);
  if (rc == SQLITE_NOTFOUND) { /* there is none, or it has lost a table */
    return check_query(store, report,
                       "%s is there, but surrogate_sequences is no table",
                       "SELECT name FROM \"%w\".sqlite_schema"
                       " WHERE type IN ('table', 'view') AND lower(name) IN"
                       " ('surrogate_sequences', 'surrogate_values',"
                       " 'surrogate_settings')");
  }
  if (rc == SQLITE_OK) rc = store_get(&store->sql, "primary_term", &value);
  if (rc == SQLITE_OK) {
    rc = check_query(store, report, "id %s belongs to more than one sequence",
                     "SELECT id FROM \"%w\".surrogate_sequences"
                     " GROUP BY id HAVING count(*) > 1");
  }
  if (rc == SQLITE_OK) {
    rc = check_query(store, report, "value %s belongs to no sequence",
                     "SELECT id FROM \"%w\".surrogate_values WHERE id NOT IN"
                     " (SELECT id FROM \"%w\".surrogate_sequences)");
  }
  if (rc == SQLITE_OK) rc = check_rows(store, report);
  if (rc != SQLITE_CORRUPT_VTAB && rc != SQLITE_ERROR) return rc;
  check_begin_fault(report);
  sqlite3_str_appendf(report, "%s", error->message);
  error_clear(error);
  return SQLITE_OK;
}

static void check_func(sqlite3_context *context, int argc,
                       sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  sqlite3_str *report;
  const char *schema = "main";
  size_t n;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (argc == 1 && !func_text(context, argv[0], &schema, &n)) return;
  report = sqlite3_str_new(session->engine.host.db);
  rc = session_enter(session);
  if (rc == SQLITE_OK && !session_is_schema(session, schema)) {
    rc = error_set(&session->engine.host.error, SQLITE_ERROR,
                   "unknown database \"%s\"", schema);
  }
  if (rc == SQLITE_OK) {
    SeqStore *store = engine_store(&session->engine, schema);
    rc = store ? check_store(store, report) : SQLITE_NOMEM; /* no memory */
  }
  session_leave(session);
  if (rc == SQLITE_OK) rc = sqlite3_str_errcode(report);
  if (rc != SQLITE_OK) {
    session_result_error(context, session, rc);
  } else if (sqlite3_str_length(report) == 0) {
    sqlite3_result_text(context, "ok", -1, SQLITE_STATIC);
  } else {
    sqlite3_result_text(context, sqlite3_str_value(report),
                        sqlite3_str_length(report), SQLITE_TRANSIENT);
  }
  sqlite3_free(sqlite3_str_finish(report));
}

const FuncEntry check_functions[] = {
    {"sequences_check", 0, FUNC_SETS, check_func, "sequences_check([schema])",
     "Sequences", "what is wrong with a store, a line for each fault, or ok"},
    {"sequences_check", 1, FUNC_SETS, check_func, 0, 0, 0},
    {0}};
