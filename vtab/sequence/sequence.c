/*
** SQL functions on sequences.
**
**   nextval(name)               advance and return the next value
**   nextval(name, n)            reserve n values, return the first of them
**   currval(name)               what nextval() last returned in this session
**   lastval()                   the same, of whatever sequence it was
**   setval(name, value)         set the last value; the next one follows it
**   setval(name, value, false)  set the next value
**   create_sequence(name [, options])    make a sequence
**   alter_sequence(name, options)        change it
**   drop_sequence(name)                  remove it
**   sequence_ddl(name)          the statement that makes it again
**   sequences_promote([schema]) raise the primary term, return the new one
**   sequences_create_view([schema])      make the view "sequences"
**   serial_sequence(table, column)   the sequence that the column owns, as
**                               nextval() takes its name, or NULL
**   identity_restart(table)     let the sequences that columns of the table own
**                               begin at their start again; returns its name
**   is_generated(sequence, value)    1 if nextval(sequence) returned the value
**                               to this session last, and this function was not
**                               told of it before, else 0
**
** A name is text, matched exactly, "schema.name" where schema is an attached
** database.  Options are those of PostgreSQL's CREATE SEQUENCE and ALTER
** SEQUENCE (see options.c).  create_sequence() makes the store of its schema if
** there is none.  create_sequence(), alter_sequence() and drop_sequence() return
** the name.  NULL for an argument gives NULL, and does nothing.
**
** A session is a connection.  Errors have PostgreSQL's words.  A call that
** fails changes nothing.  What a transaction did to a sequence by other than
** nextval() is undone by ROLLBACK, unlike in PostgreSQL.
**
** serial_sequence() is PostgreSQL's pg_get_serial_sequence(), whose errors it
** has.  identity_restart() is its TRUNCATE ... RESTART IDENTITY without the
** delete: it is undone by ROLLBACK.  is_generated() is for the triggers of
** GENERATED ALWAYS.  A table is written and looked up as relation.c has it.
**
** nextval() and what only reads may be used in the schema of a file that is
** not trusted (SQLITE_INNOCUOUS); what defines sequences may be used only in
** a statement of the user (SQLITE_DIRECTONLY).
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence.h"

#define SEQUENCE_HOT_CALLS 64

/* Report a value, or the error that came instead. */
static void sequence_result_value(sqlite3_context *context, SeqSession *session,
                                  int rc, int64_t value) {
  if (rc == SQLITE_OK) {
    sqlite3_result_int64(context, value);
  } else {
    session_result_error(context, session, rc);
  }
}

/*
** Read the first argument, a name.  False, with NULL or the error as the result,
** if one of the arguments is NULL.
*/
static int sequence_read_name(sqlite3_context *context, int argc,
                              sqlite3_value **argv, const char **name,
                              size_t *n) {
  return !func_any_null(argc, argv) && func_text(context, argv[0], name, n);
}

/* Read an integer argument, as PostgreSQL reads a bigint. */
static int sequence_read_integer(sqlite3_context *context, sqlite3_value *value,
                                 int64_t *number) {
  char *message;
  if (func_whole(value, number)) return 1;
  message = sqlite3_mprintf("invalid input syntax for type bigint: \"%s\"",
                            sqlite3_value_text(value));
  if (message) {
    sqlite3_result_error(context, message, -1);
  } else {
    sqlite3_result_error_nomem(context);
  }
  sqlite3_free(message);
  return 0;
}

/* Hand out a value that may be handed out without looking at the row. */
static void sequence_result_next(sqlite3_context *context, SeqEntry *entry) {
  entry->last = engine_issue(entry);
  sqlite3_result_int64(context, entry->last);
}

/* True if a name is that of session->engine.hot. */
static int sequence_is_hot(const SeqSession *session, sqlite3_value *value) {
  const char *name = (const char *)sqlite3_value_text(value);
  size_t n = (size_t)sqlite3_value_bytes(value);
  return name && n == session->n_name && memcmp(name, session->name, n) == 0;
}

/*
** nextval(name)
**
** While engine.hot is set, a transaction is open, and hot->left more values may be
** issued: then the call is a comparison of names and an addition.  A call that
** comes often in one statement keeps what it compared as auxiliary data, which
** takes longer to make than some comparisons (line 1 of the benchmark).
*/
static void sequence_nextval_func(sqlite3_context *context, int argc,
                                  sqlite3_value **argv) {
  SeqEntry *known = sqlite3_get_auxdata(context, 0);
  SeqSession *session;
  const char *name;
  size_t n;
  int64_t value = 0;
  int rc;

  if (known && known == *known->hot && known->left > 0) {
    sequence_result_next(context, known);
    return;
  }
  session = sqlite3_user_data(context);
  if (session->engine.hot && session->engine.hot->left > 0 &&
      sequence_is_hot(session, argv[0])) {
    if (session->hot_context != context) {
      session->hot_context = context;
      session->hot_calls = 0;
    } else if (++session->hot_calls == SEQUENCE_HOT_CALLS) {
      sqlite3_set_auxdata(context, 0, session->engine.hot, 0);
      session->hot_calls = 0;
    }
    sequence_result_next(context, session->engine.hot);
    return;
  }
  if (!sequence_read_name(context, argc, argv, &name, &n)) return;
  rc = session_nextval(session, name, n, 1, &value);
  sequence_result_value(context, session, rc, value);
}

/* nextval(name, n) */
static void sequence_nextval_n_func(sqlite3_context *context, int argc,
                                    sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;
  int64_t count;
  int64_t value = 0;
  int rc;

  if (!sequence_read_name(context, argc, argv, &name, &n)) return;
  if (!sequence_read_integer(context, argv[1], &count)) return;
  rc = session_nextval(session, name, n, count, &value);
  sequence_result_value(context, session, rc, value);
}

/*
** Read a truth value: a number, which is true unless it is 0, or one of
** PostgreSQL's words, which may be cut short where that is clear.
*/
static int sequence_read_boolean(sqlite3_context *context, sqlite3_value *value,
                                 int *flag) {
  static const struct {
    const char *word;
    size_t shortest;
    int flag;
  } words[] = {{"true", 1, 1},  {"yes", 1, 1}, {"on", 2, 1},
               {"false", 1, 0}, {"no", 1, 0},  {"off", 2, 0}};
  const char *text;
  char *message;
  int n;
  int type = sqlite3_value_numeric_type(value);

  if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
    *flag = sqlite3_value_double(value) != 0.0;
    return 1;
  }
  text = (const char *)sqlite3_value_text(value);
  n = sqlite3_value_bytes(value);
  for (size_t i = 0; text && i < sizeof words / sizeof *words; i++) {
    if ((size_t)n >= words[i].shortest && (size_t)n <= strlen(words[i].word) &&
        sqlite3_strnicmp(text, words[i].word, n) == 0) {
      *flag = words[i].flag;
      return 1;
    }
  }
  message = sqlite3_mprintf("invalid input syntax for type boolean: \"%s\"",
                            text ? text : "");
  if (message) {
    sqlite3_result_error(context, message, -1);
  } else {
    sqlite3_result_error_nomem(context);
  }
  sqlite3_free(message);
  return 0;
}

static void sequence_currval_func(sqlite3_context *context, int argc,
                                  sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;
  int64_t value = 0;
  int rc;

  if (!sequence_read_name(context, argc, argv, &name, &n)) return;
  rc = session_currval(session, name, n, &value);
  sequence_result_value(context, session, rc, value);
}

static void sequence_lastval_func(sqlite3_context *context, int argc,
                                  sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  int64_t value = 0;
  int rc = session_lastval(session, &value);
  UNUSED(argc);
  UNUSED(argv);
  sequence_result_value(context, session, rc, value);
}

static void sequence_setval_func(sqlite3_context *context, int argc,
                                 sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;
  int64_t value;
  int is_called = 1;
  int rc;

  if (!sequence_read_name(context, argc, argv, &name, &n)) return;
  if (!sequence_read_integer(context, argv[1], &value)) return;
  if (argc == 3 && !sequence_read_boolean(context, argv[2], &is_called)) return;
  rc = session_setval(session, name, n, value, is_called);
  sequence_result_value(context, session, rc, value);
}

/* What create_sequence() and alter_sequence() share. */
static void sequence_define(sqlite3_context *context, int argc,
                            sqlite3_value **argv, int is_new) {
  SeqSession *session = sqlite3_user_data(context);
  char message[SEQ_MESSAGE_SIZE];
  SeqOptions options;
  const char *name;
  const char *text = "";
  size_t n;
  size_t n_text = 0;
  int rc;

  if (!sequence_read_name(context, argc, argv, &name, &n)) return;
  if (argc == 2 && !func_text(context, argv[1], &text, &n_text)) return;
  if (options_parse(text, n_text, is_new, &options, message) != SEQ_OK) {
    sqlite3_result_error(context, message, -1);
    return;
  }
  rc = session_define(session, name, n, &options, is_new);
  if (rc == SQLITE_OK) {
    sqlite3_result_value(context, argv[0]);
  } else {
    session_result_error(context, session, rc);
  }
}

static void sequence_create_func(sqlite3_context *context, int argc,
                                 sqlite3_value **argv) {
  sequence_define(context, argc, argv, 1);
}

static void sequence_alter_func(sqlite3_context *context, int argc,
                                sqlite3_value **argv) {
  sequence_define(context, argc, argv, 0);
}

static void sequence_drop_func(sqlite3_context *context, int argc,
                               sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;
  int rc;

  if (!sequence_read_name(context, argc, argv, &name, &n)) return;
  rc = session_drop(session, name, n);
  if (rc == SQLITE_OK) {
    sqlite3_result_value(context, argv[0]);
  } else {
    session_result_error(context, session, rc);
  }
}

static void sequence_ddl_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;
  char *ddl;
  int rc;

  if (!sequence_read_name(context, argc, argv, &name, &n)) return;
  rc = session_ddl(session, name, n, &ddl);
  if (rc == SQLITE_OK) {
    sqlite3_result_text(context, ddl, -1, sqlite3_free);
  } else {
    session_result_error(context, session, rc);
  }
}

static void sequence_promote_func(sqlite3_context *context, int argc,
                                  sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *schema = 0;
  size_t n;
  int64_t term = 0;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (argc == 1 && !func_text(context, argv[0], &schema, &n)) return;
  rc = session_promote(session, argc == 1 ? schema : "main", &term);
  sequence_result_value(context, session, rc, term);
}

/*
** sequences_create_view([schema])
**
** Make the view "sequences" of a schema, with triggers by which it is written,
** unless it is there.  The result is its name.
*/
static void sequence_create_view_func(sqlite3_context *context, int argc,
                                      sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *schema = "main";
  size_t n;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (argc == 1 && !func_text(context, argv[0], &schema, &n)) return;
  rc = session_create_view(session, schema);
  if (rc == SQLITE_OK) {
    sqlite3_result_text(context, "sequences", -1, SQLITE_STATIC);
  } else {
    session_result_error(context, session, rc);
  }
}

/*
** Find the table that an argument names, to be freed by relation_free().  An
** error is left in the session.
*/
static int sequence_find_table(SeqSession *session, const char *text, size_t n,
                               Relation *table) {
  int rc = relation_find(session->engine.host.db, text, n, table);
  if (rc == SQLITE_OK || rc == SQLITE_NOMEM) return rc;
  return error_set(&session->engine.host.error, rc, "%s", table->error.message);
}

static int sequence_find_column(SeqSession *session, const Relation *table,
                                const char *column, size_t n) {
  if (strlen(column) == n &&
      sqlite3_table_column_metadata(session->engine.host.db, table->schema,
                                    table->table, column, 0, 0, 0, 0,
                                    0) == SQLITE_OK) {
    return SQLITE_OK;
  }
  return error_set(&session->engine.host.error, SQLITE_ERROR,
                   "column \"%s\" of relation \"%s\" does not exist", column,
                   table->table);
}

static void sequence_serial_func(sqlite3_context *context, int argc,
                                 sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  Relation table;
  const char *name;
  const char *column;
  char *sequence = 0;
  size_t n;
  int rc;

  if (!sequence_read_name(context, argc, argv, &name, &n)) return;
  rc = sequence_find_table(session, name, n, &table);
  if (rc == SQLITE_OK && !func_text(context, argv[1], &column, &n)) {
    relation_free(&table);
    return;
  }
  if (rc == SQLITE_OK && table.is_table) {
    rc = sequence_find_column(session, &table, column, n);
    if (rc == SQLITE_OK) {
      rc = session_find_owned(session, table.schema, table.table, column,
                              &sequence);
    }
  }
  relation_free(&table);
  if (rc == SQLITE_OK) {
    sqlite3_result_text(context, sequence, -1, sqlite3_free);
  } else {
    session_result_error(context, session, rc);
  }
}

static void sequence_identity_restart_func(sqlite3_context *context, int argc,
                                           sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  Relation table;
  const char *name;
  size_t n;
  int rc;

  if (!sequence_read_name(context, argc, argv, &name, &n)) return;
  rc = sequence_find_table(session, name, n, &table);
  if (rc == SQLITE_OK && !table.is_table) {
    rc = error_set(&session->engine.host.error, SQLITE_ERROR,
                   "\"%s\" is not a table", table.table);
  }
  if (rc == SQLITE_OK) {
    rc = session_restart(session, table.schema, table.table);
  }
  relation_free(&table);
  if (rc == SQLITE_OK) {
    sqlite3_result_value(context, argv[0]);
  } else {
    session_result_error(context, session, rc);
  }
}

static void sequence_is_generated_func(sqlite3_context *context, int argc,
                                       sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;
  int is_generated = 0;
  int rc = SQLITE_OK;

  if (!sequence_read_name(context, argc, argv, &name, &n)) return;
  if (sqlite3_value_type(argv[1]) == SQLITE_INTEGER) {
    rc = session_claim(session, name, n, sqlite3_value_int64(argv[1]),
                       &is_generated);
  }
  if (rc == SQLITE_OK) {
    sqlite3_result_int(context, is_generated);
  } else {
    session_result_error(context, session, rc);
  }
}

const FuncEntry sequence_functions[] = {
    {"nextval", 1, FUNC_MAKES, sequence_nextval_func, "nextval(name [, n])",
     "Sequences", "advance a sequence; its next value, or the first of n"},
    {"nextval", 2, FUNC_MAKES, sequence_nextval_n_func, 0, 0, 0},
    {"currval", 1, FUNC_MAKES, sequence_currval_func, "currval(name)",
     "Sequences", "the last value of nextval() of a sequence in this session"},
    {"lastval", 0, FUNC_MAKES, sequence_lastval_func, "lastval()", "Sequences",
     "the last value of nextval() in this session"},
    {"setval", 2, 0, sequence_setval_func, "setval(name, value [, is_called])",
     "Sequences", "set a sequence: value was the last one, or is the next one"},
    {"setval", 3, 0, sequence_setval_func, 0, 0, 0},
    {"create_sequence", 1, FUNC_SETS, sequence_create_func,
     "create_sequence(name [, options])", "Sequences",
     "make a sequence, with the options of CREATE SEQUENCE"},
    {"create_sequence", 2, FUNC_SETS, sequence_create_func, 0, 0, 0},
    {"alter_sequence", 2, FUNC_SETS, sequence_alter_func,
     "alter_sequence(name, options)", "Sequences",
     "change a sequence, with the options of ALTER SEQUENCE"},
    {"drop_sequence", 1, FUNC_SETS, sequence_drop_func, "drop_sequence(name)",
     "Sequences", "remove a sequence"},
    {"sequence_ddl", 1, FUNC_MAKES, sequence_ddl_func, "sequence_ddl(name)",
     "Sequences", "the call of create_sequence() that makes a sequence again"},
    {"sequences_promote", 0, FUNC_SETS, sequence_promote_func,
     "sequences_promote([schema])", "Sequences",
     "raise the primary term of a store: older row versions match no more"},
    {"sequences_promote", 1, FUNC_SETS, sequence_promote_func, 0, 0, 0},
    {"sequences_create_view", 0, FUNC_SETS, sequence_create_view_func,
     "sequences_create_view([schema])", "Sequences",
     "make the view \"sequences\" of a schema, which can be written"},
    {"sequences_create_view", 1, FUNC_SETS, sequence_create_view_func, 0, 0, 0},
    {"sequences", -1, FUNC_MAKES, 0, "sequences([schema])", "Sequences",
     "the sequences of a schema: SELECT, INSERT, UPDATE, DELETE"},
    {0}};

const FuncEntry sequence_column_functions[] = {
    {"serial_sequence", 2, FUNC_MAKES, sequence_serial_func,
     "serial_sequence(table, column)", "Tables",
     "the sequence of a column, or NULL"},
    {"identity_restart", 1, FUNC_SETS, sequence_identity_restart_func,
     "identity_restart(table)", "Tables",
     "restart all sequences of a table, as TRUNCATE ... RESTART IDENTITY"},
    {"is_generated", 2, FUNC_MAKES, sequence_is_generated_func,
     "is_generated(sequence, value)", "Tables",
     "1 if nextval() has just made the value: for triggers"},
    {0}};
