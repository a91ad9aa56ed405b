/*
** SQL functions on generated columns: columns that own a sequence.
**
**   serial_sequence(table, column)   the sequence that the column owns, as
**                                    nextval() takes its name, or NULL
**   identity_restart(table)          let the sequences that columns of the
**                                    table own begin at their start again;
**                                    returns the table's name
**   is_generated(sequence, value)    1 if nextval(sequence) returned the value
**                                    to this session last, and this function
**                                    was not told of it before, else 0
**
** serial_sequence() is PostgreSQL's pg_get_serial_sequence(), whose errors it
** has.  identity_restart() is its TRUNCATE ... RESTART IDENTITY without the
** delete: it is undone by ROLLBACK, and may be used only in a statement of the
** user.  is_generated() is for the triggers of GENERATED ALWAYS.
**
** A table is written and looked up as relation.c has it.  A column is its name
** as it is.
**
** NULL for an argument gives NULL, and does nothing.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence_old.h"

/*
** Find the table that an argument names, to be freed by relation_free().  An
** error is left in the session.
*/
static int find_table(SeqSession *session, const char *text, size_t n,
                      Relation *table) {
  int rc = relation_find(session->db, text, n, table);
  if (rc == SQLITE_OK || rc == SQLITE_NOMEM) return rc;
  return seq_session_fail(session, rc, "%s",
                          table->message ? table->message : sqlite3_errstr(rc));
}

static int find_column(SeqSession *session, const Relation *table,
                       const char *column, size_t n) {
  if (strlen(column) == n &&
      sqlite3_table_column_metadata(session->db, table->schema, table->table,
                                    column, 0, 0, 0, 0, 0) == SQLITE_OK) {
    return SQLITE_OK;
  }
  return seq_session_fail(session, SQLITE_ERROR,
                          "column \"%s\" of relation \"%s\" does not exist",
                          column, table->table);
}

static void serial_sequence_func(sqlite3_context *context, int argc,
                                 sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  Relation table;
  const char *name;
  const char *column;
  char *sequence = 0;
  size_t n;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (!func_text(context, argv[0], &name, &n)) return;
  rc = find_table(session, name, n, &table);
  if (rc == SQLITE_OK && !func_text(context, argv[1], &column, &n)) {
    relation_free(&table);
    return;
  }
  if (rc == SQLITE_OK && table.is_table) {
    rc = find_column(session, &table, column, n);
    if (rc == SQLITE_OK) {
      rc =
          seq_find_owned(session, table.schema, table.table, column, &sequence);
    }
  }
  relation_free(&table);
  if (rc == SQLITE_OK) {
    sqlite3_result_text(context, sequence, -1, sqlite3_free);
  } else {
    seq_result_error(context, session, rc);
  }
}

static void identity_restart_func(sqlite3_context *context, int argc,
                                  sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  Relation table;
  const char *name;
  size_t n;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (!func_text(context, argv[0], &name, &n)) return;
  rc = find_table(session, name, n, &table);
  if (rc == SQLITE_OK && !table.is_table) {
    rc = seq_session_fail(session, SQLITE_ERROR, "\"%s\" is not a table",
                          table.table);
  }
  if (rc == SQLITE_OK) {
    rc = seq_restart_owned(session, table.schema, table.table);
  }
  relation_free(&table);
  if (rc == SQLITE_OK) {
    sqlite3_result_value(context, argv[0]);
  } else {
    seq_result_error(context, session, rc);
  }
}

static void is_generated_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;
  int is_generated = 0;
  int rc = SQLITE_OK;

  if (func_any_null(argc, argv)) return;
  if (!func_text(context, argv[0], &name, &n)) return;
  if (sqlite3_value_type(argv[1]) == SQLITE_INTEGER) {
    rc = seq_claim(session, name, n, sqlite3_value_int64(argv[1]),
                   &is_generated);
  }
  if (rc == SQLITE_OK) {
    sqlite3_result_int(context, is_generated);
  } else {
    seq_result_error(context, session, rc);
  }
}

/* Register the functions. */
int serial_register(SeqSession *session) {
  static const FuncEntry functions[] = {
      {"serial_sequence", 2, SQLITE_INNOCUOUS, serial_sequence_func},
      {"identity_restart", 1, SQLITE_DIRECTONLY, identity_restart_func},
      {"is_generated", 2, SQLITE_INNOCUOUS, is_generated_func},
  };
  return seq_session_register(session, functions,
                              sizeof functions / sizeof *functions);
}
