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
**
** A name is text, matched exactly, "schema.name" where schema is an attached
** database.  Options are those of PostgreSQL's CREATE SEQUENCE and ALTER
** SEQUENCE (see options.c).  create_sequence(), alter_sequence() and
** drop_sequence() return the name.  NULL for an argument gives NULL, and does
** nothing.
**
** A session is a connection.  Errors have PostgreSQL's words.  A call that
** fails changes nothing.  What a transaction did to a sequence by other than
** nextval() is undone by ROLLBACK, unlike in PostgreSQL.
**
** nextval() and what only reads may be used in the schema of a file that is
** not trusted (SQLITE_INNOCUOUS); what defines sequences may be used only in
** a statement of the user (SQLITE_DIRECTONLY).
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence_old.h"

/* Report an error of the session. */
void seq_result_error(sqlite3_context *context, SeqSession *session, int rc) {
  if (rc == SQLITE_NOMEM) {
    sqlite3_result_error_nomem(context);
  } else {
    const char *message = session->message;
    sqlite3_result_error(context, message ? message : sqlite3_errstr(rc), -1);
    if (rc != SQLITE_ERROR) sqlite3_result_error_code(context, rc);
  }
  sqlite3_free(session->message);
  session->message = 0;
}

/* Report a value, or the error that came instead. */
static void result_value(sqlite3_context *context, SeqSession *session, int rc,
                         int64_t value) {
  if (rc == SQLITE_OK) {
    sqlite3_result_int64(context, value);
  } else {
    seq_result_error(context, session, rc);
  }
}

/* Read an integer argument, as PostgreSQL reads a bigint. */
static int read_integer(sqlite3_context *context, sqlite3_value *value,
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
static void result_next(sqlite3_context *context, SeqValue *value) {
  value->last = seq_value_step(value);
  if (value->floor) seq_publish(value->floor, value->last);
  sqlite3_result_int64(context, value->last);
}

/* True if a name is that of session->hot. */
static int is_hot_name(const SeqSession *session, sqlite3_value *value) {
  const char *name = (const char *)sqlite3_value_text(value);
  size_t n = (size_t)sqlite3_value_bytes(value);
  return name && n == session->n_name && memcmp(name, session->name, n) == 0;
}

/*
** nextval(name)
**
** While session->hot is set, a transaction is open, the row of its sequence
** is in memory, and hot->left more values may be handed out: then the call is
** a comparison of names and an addition.  If the name is a constant of the
** statement it is compared once, and its value is remembered as auxiliary
** data.
*/
static void nextval_func(sqlite3_context *context, int argc,
                         sqlite3_value **argv) {
  SeqValue *known = sqlite3_get_auxdata(context, 0);
  SeqSession *session;
  const char *name;
  size_t n;
  int64_t value = 0;
  int rc;

  UNUSED(argc);
  if (known && known == *known->hot && known->left > 0) {
    result_next(context, known);
    return;
  }
  session = sqlite3_user_data(context);
  if (session->hot && session->hot->left > 0 && is_hot_name(session, argv[0])) {
    session->hot->is_remembered = 1;
    sqlite3_set_auxdata(context, 0, session->hot, 0);
    result_next(context, session->hot);
    return;
  }
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
  if (!func_text(context, argv[0], &name, &n)) return;
  rc = seq_nextval(session, name, n, 1, &value);
  result_value(context, session, rc, value);
}

/* nextval(name, n) */
static void nextval_n_func(sqlite3_context *context, int argc,
                           sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;
  int64_t count;
  int64_t value = 0;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (!func_text(context, argv[0], &name, &n)) return;
  if (!read_integer(context, argv[1], &count)) return;
  rc = seq_nextval(session, name, n, count, &value);
  result_value(context, session, rc, value);
}

/*
** Read a truth value: a number, which is true unless it is 0, or one of
** PostgreSQL's words, which may be cut short where that is clear.
*/
static int read_boolean(sqlite3_context *context, sqlite3_value *value,
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

static void currval_func(sqlite3_context *context, int argc,
                         sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;
  int64_t value = 0;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (!func_text(context, argv[0], &name, &n)) return;
  rc = seq_currval(session, name, n, &value);
  result_value(context, session, rc, value);
}

static void lastval_func(sqlite3_context *context, int argc,
                         sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  int64_t value = 0;
  int rc = seq_lastval(session, &value);
  UNUSED(argc);
  UNUSED(argv);
  result_value(context, session, rc, value);
}

static void setval_func(sqlite3_context *context, int argc,
                        sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;
  int64_t value;
  int is_called = 1;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (!func_text(context, argv[0], &name, &n)) return;
  if (!read_integer(context, argv[1], &value)) return;
  if (argc == 3 && !read_boolean(context, argv[2], &is_called)) return;
  rc = seq_setval(session, name, n, value, is_called);
  result_value(context, session, rc, value);
}

/* What create_sequence() and alter_sequence() share. */
static void define(sqlite3_context *context, int argc, sqlite3_value **argv,
                   int is_new) {
  SeqSession *session = sqlite3_user_data(context);
  char message[SEQ_MESSAGE_SIZE];
  SeqOptions options;
  const char *name;
  const char *text = "";
  size_t n;
  size_t n_text = 0;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (!func_text(context, argv[0], &name, &n)) return;
  if (argc == 2 && !func_text(context, argv[1], &text, &n_text)) return;
  if (options_parse(text, n_text, is_new, &options, message) != SEQ_OK) {
    sqlite3_result_error(context, message, -1);
    return;
  }
  if (is_new) {
    rc = seq_create(session, name, n, &options);
  } else {
    rc = seq_alter(session, name, n, &options);
  }
  if (rc == SQLITE_OK) {
    sqlite3_result_value(context, argv[0]);
  } else {
    seq_result_error(context, session, rc);
  }
}

static void create_sequence_func(sqlite3_context *context, int argc,
                                 sqlite3_value **argv) {
  define(context, argc, argv, 1);
}

static void alter_sequence_func(sqlite3_context *context, int argc,
                                sqlite3_value **argv) {
  define(context, argc, argv, 0);
}

static void drop_sequence_func(sqlite3_context *context, int argc,
                               sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (!func_text(context, argv[0], &name, &n)) return;
  rc = seq_drop(session, name, n);
  if (rc == SQLITE_OK) {
    sqlite3_result_value(context, argv[0]);
  } else {
    seq_result_error(context, session, rc);
  }
}

static void sequence_ddl_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *name;
  size_t n;
  char *ddl;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (!func_text(context, argv[0], &name, &n)) return;
  rc = seq_ddl(session, name, n, &ddl);
  if (rc == SQLITE_OK) {
    sqlite3_result_text(context, ddl, -1, sqlite3_free);
  } else {
    seq_result_error(context, session, rc);
  }
}

static void sequences_promote_func(sqlite3_context *context, int argc,
                                   sqlite3_value **argv) {
  SeqSession *session = sqlite3_user_data(context);
  const char *schema = 0;
  size_t n;
  int64_t term = 0;
  int rc;

  if (func_any_null(argc, argv)) return;
  if (argc == 1 && !func_text(context, argv[0], &schema, &n)) return;
  rc = seq_promote(session, schema, &term);
  result_value(context, session, rc, term);
}

/* Register the functions. */
int seq_func_register(SeqSession *session) {
  static const FuncEntry functions[] = {
      {"nextval", 1, SQLITE_INNOCUOUS, nextval_func},
      {"nextval", 2, SQLITE_INNOCUOUS, nextval_n_func},
      {"currval", 1, SQLITE_INNOCUOUS, currval_func},
      {"lastval", 0, SQLITE_INNOCUOUS, lastval_func},
      {"setval", 2, 0, setval_func},
      {"setval", 3, 0, setval_func},
      {"create_sequence", 1, SQLITE_DIRECTONLY, create_sequence_func},
      {"create_sequence", 2, SQLITE_DIRECTONLY, create_sequence_func},
      {"alter_sequence", 2, SQLITE_DIRECTONLY, alter_sequence_func},
      {"drop_sequence", 1, SQLITE_DIRECTONLY, drop_sequence_func},
      {"sequence_ddl", 1, SQLITE_INNOCUOUS, sequence_ddl_func},
      {"sequences_promote", 0, SQLITE_DIRECTONLY, sequences_promote_func},
      {"sequences_promote", 1, SQLITE_DIRECTONLY, sequences_promote_func},
  };
  return seq_session_register(session, functions,
                              sizeof functions / sizeof *functions);
}
