/*
** The session: the sequences of a connection by name, currval(), lastval().
*/
#ifndef SESSION_H
#define SESSION_H

#include "engine.h"

typedef struct SeqSession {
  Engine engine;    /* first: a module's data is both */
  int refs;         /* of functions and modules */
  int is_on_dqlite; /* its main database is */
  int serial_mode;  /* of create_table(): DDL_ROWID, ... */
  char *name;       /* of engine.last_used, as nextval() was called with it */
  size_t n_name;
  size_t n_schema;         /* bytes at the front of it that name the schema */
  const void *hot_context; /* of the last call that compared it... */
  int hot_calls;           /* ...and how many of it did */
} SeqSession;

/* What a call does with the store that a name leads to. */
typedef int SessionRun(SeqStore *, SeqRequest *);

enum {
  SESSION_READ = 0,
  SESSION_WRITE = 1,
  SESSION_CHANGE = 3, /* as a whole or not at all */
  SESSION_CREATE = 7, /* the name need not lead to a sequence */
  SESSION_DROP = 11
};

SeqSession *session_new(sqlite3 *);
void *session_ref(void *session);
void session_unref(void *session);
int session_enter(SeqSession *);
void session_leave(SeqSession *);
void session_result_error(sqlite3_context *, SeqSession *, int rc);

int session_is_schema(SeqSession *, const char *name);
int session_split_schema(SeqSession *, const char *name, size_t n,
                         char **schema);
int session_run(SeqSession *, int how, SessionRun *, SeqRequest *);
int session_run_in(SeqSession *, const char *schema, int how, SessionRun *,
                   SeqRequest *);
int session_write(SeqStore *, int how, SessionRun *, SeqRequest *);

int session_nextval(SeqSession *, const char *name, size_t n, int64_t count,
                    int64_t *result);
int session_currval(SeqSession *, const char *name, size_t n, int64_t *result);
int session_lastval(SeqSession *, int64_t *result);
int session_setval(SeqSession *, const char *name, size_t n, int64_t value,
                   int is_called);
int session_claim(SeqSession *, const char *name, size_t n, int64_t value,
                  int *is_generated);
int session_ddl(SeqSession *, const char *name, size_t n, char **result);
int session_find_owned(SeqSession *, const char *schema, const char *table,
                       const char *column, char **name);
int session_exists(SeqSession *, const char *schema, const char *name,
                   int *exists);
int session_define(SeqSession *, const char *name, size_t n, const SeqOptions *,
                   int is_new);
int session_drop(SeqSession *, const char *name, size_t n);
int session_restart(SeqSession *, const char *schema, const char *table);
int session_promote(SeqSession *, const char *schema, int64_t *term);
int session_create_view(SeqSession *, const char *schema);
int session_schema(SeqSession *, int i, char **memory, const char **name);

#endif /* SESSION_H */
