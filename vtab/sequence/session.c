/*
** What a connection does with sequences: the store that a name leads to, and
** the state that PostgreSQL calls the session's.
**
** A name is "schema.name" if what stands before the first dot names an attached
** database; else the whole is the name, looked up in main, temp and the attached
** databases, in this order.  A new sequence without a schema goes to main.
**
** A session belongs to one connection, and lives as long.  Functions of SQL call
** it between session_enter() and session_leave(), by the functions here.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "session.h"

/**** The session ********************************************************/

/* A new session with one reference, or NULL. */
SeqSession *session_new(sqlite3 *db) {
  SeqSession *session = sqlite3_malloc64(sizeof *session);
  if (session) { /* no memory */
    memset(session, 0, sizeof *session);
    engine_init(&session->engine, db);
    session->refs = 1;
    session->is_on_dqlite = replicated_has_vfs(db, "main");
  }
  return session;
}

/* A reference for a function or module that SQLite is to keep. */
void *session_ref(void *pointer) {
  SeqSession *session = pointer;
  session->refs++;
  return session;
}

/*
** Let go of a reference: the destructor of functions and modules.  The last
** one goes when the connection is closed.
*/
void session_unref(void *pointer) {
  SeqSession *session = pointer;
  if (--session->refs > 0) return;
  session->engine.depth = 0;
  transaction_finalize(&session->engine);
  engine_free(&session->engine);
  sqlite3_free(session->name);
  sqlite3_free(session);
}

/*
** To be called before the engine is used, and session_leave() after it, also if
** this fails: it is called from inside a statement of the engine.
*/
int session_enter(SeqSession *session) {
  Engine *engine = &session->engine;
  engine->depth++;
  if (engine->host.is_stepping) {
    return error_set(&engine->host.error, SQLITE_ERROR,
                     "the sequence store calls its own functions");
  }
  if (engine->depth > 1) return SQLITE_OK;
  error_clear(&engine->host.error);
  if (!engine->is_connected) transaction_connect(engine);
  transaction_settle(engine);
  engine_assert(engine);
  return transaction_put_back(engine);
}

void session_leave(SeqSession *session) {
  Engine *engine = &session->engine;
  engine->depth--;
  if (engine->depth > 0 || engine->host.is_stepping) return;
  engine_assert(engine);
  if (!engine->is_connected || engine->must_finalize) {
    transaction_finalize(engine);
  }
}

/* Report an error of the session. */
void session_result_error(sqlite3_context *context, SeqSession *session,
                          int rc) {
  Error *error = &session->engine.host.error;
  if (error->rc == SQLITE_OK) {
    error_set(error, rc, "%s", sqlite3_errstr(rc));
  }
  error_result(context, error);
}

/**** Names **************************************************************/

/* True if a database of that name is attached; temp comes when needed. */
int session_is_schema(SeqSession *session, const char *name) {
  return sqlite3_stricmp(name, "temp") == 0 ||
         sqlite3_db_readonly(session->engine.host.db, name) >= 0;
}

/* If the name begins with that of a schema, a copy of it, to be freed. */
int session_split_schema(SeqSession *session, const char *name, size_t n,
                         char **schema) {
  const char *dot = memchr(name, '.', n);
  *schema = 0;
  if (dot == 0) return SQLITE_OK;
  *schema = sqlite3_mprintf("%.*s", (int)(dot - name), name);
  if (*schema == 0) return SQLITE_NOMEM;
  if (!session_is_schema(session, *schema)) {
    sqlite3_free(*schema);
    *schema = 0;
  }
  return SQLITE_OK;
}

/*
** The names of all schemas, from PRAGMA database_list: one allocation, to be freed
** unless this fails, ended by an empty one.
*/
static int session_query_schemas(SeqSession *session, char **names) {
  sqlite3_str *out = sqlite3_str_new(0);
  sqlite3_stmt *stmt = 0;
  int failed;
  int rc = sqlite3_prepare_v2(session->engine.host.db, "PRAGMA database_list",
                              -1, &stmt, 0);
  /* never: since SQLite 3.39 */
  while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(stmt, 1);
    /* never: since SQLite 3.39 */
    if (name) sqlite3_str_append(out, name, (int)strlen(name) + 1);
  }
  failed = sqlite3_finalize(stmt);
  if (rc == SQLITE_OK) rc = failed; /* never: since SQLite 3.39 */
  if (rc == SQLITE_AUTH) {          /* never: the same; no PRAGMA is allowed */
    sqlite3_str_append(out, "main", 5);
    rc = SQLITE_OK;
  }
  sqlite3_str_append(out, "", 1);
  if (rc == SQLITE_OK) rc = sqlite3_str_errcode(out);
  *names = sqlite3_str_finish(out);
  if (rc != SQLITE_OK) {
    sqlite3_free(*names);
    *names = 0;
  }
  return rc;
}

/*
** The name of the schema of that number, from 0: NULL behind the last one.
** *memory is NULL at first and to be freed after the last call: sqlite3_db_name(),
** which needs none, came with SQLite 3.39.
*/
int session_schema(SeqSession *session, int i, char **memory,
                   const char **name) {
  const char *z;
#if SQLITE_VERSION_NUMBER >= 3039000
  if (sqlite3_libversion_number() >= 3039000) {
    *name = sqlite3_db_name(session->engine.host.db, i);
    return SQLITE_OK;
  }
#endif
  *name = 0;
  if (*memory == 0) {
    int rc = session_query_schemas(session, memory);
    if (rc != SQLITE_OK) return rc;
  }
  for (z = *memory; *z && i > 0; i--)
    z += strlen(z) + 1;
  if (*z) *name = z;
  return SQLITE_OK;
}

/**** Running ************************************************************/

static int session_is_readonly(int rc) {
  return (rc & 0xff) == SQLITE_READONLY && rc != SQLITE_READONLY_DBMOVED;
}

/* Run it within a savepoint, where one can be begun. */
static int session_run_whole(SeqStore *store, SessionRun *run,
                             SeqRequest *request) {
  StoreHost *host = &store->engine->host;
  FuncUndo undo;
  int rc;
  if (store->sql.is_main && sqlite3_get_autocommit(host->db)) {
    int was_run;
    rc = transaction_run(store, run, request, &was_run);
    if (rc != SQLITE_OK || was_run) return rc;
  }
  rc = func_undo_begin(&undo, host->db, "surrogate", &host->error);
  if (rc == SQLITE_BUSY) { /* a statement writes */
    error_clear(&host->error);
    return run(store, request);
  }
  if (rc != SQLITE_OK) return rc;
  rc = store_lock(&store->sql);
  if (rc == SQLITE_OK) rc = run(store, request);
  return func_undo_end(&undo, rc, &host->error);
}

/* Run a request on a store, in that way. */
int session_write(SeqStore *store, int how, SessionRun *run,
                  SeqRequest *request) {
  SeqSession *session = (SeqSession *)store->engine;
  Error *error = &store->engine->host.error;
  int rc;
  if ((how & SESSION_WRITE) && session->is_on_dqlite &&
      replicated_refuses(store->engine->host.db, store->sql.schema)) {
    if (run == engine_nextval && request->number == 1) {
      int is_done;
      rc = engine_nextval_unwritten(store, request, &is_done);
      if (rc != SQLITE_OK || is_done) return rc;
    }
    return error_set(error, SQLITE_READONLY, "%s: %s", request->function,
                     replicated_message);
  }
  if ((how & SESSION_CHANGE) == SESSION_CHANGE) {
    rc = session_run_whole(store, run, request);
  } else {
    rc = run(store, request);
  }
  if ((how & SESSION_WRITE) && session_is_readonly(rc)) {
    return error_set(error, rc, "cannot execute %s() on a read-only database",
                     request->function);
  }
  return rc;
}

/* The same for the store of a schema. */
int session_run_in(SeqSession *session, const char *schema, int how,
                   SessionRun *run, SeqRequest *request) {
  SeqStore *store = engine_store(&session->engine, schema);
  if (store == 0) return SQLITE_NOMEM; /* no memory */
  return session_write(store, how, run, request);
}

/*
** A sequence of a name was not found.  A default that calls it tells that its
** store has gone.
*/
static int session_not_found(SeqSession *session, int how,
                             const SeqRequest *request) {
  Error *error = &session->engine.host.error;
  SeqStore *store = engine_store(&session->engine, "main");
  int exists = 0;
  int is_called = 0;
  if (store == 0) return SQLITE_NOMEM; /* no memory */
  if (how == SESSION_DROP) {
    return error_set(error, SQLITE_ERROR, "sequence \"%.*s\" does not exist",
                     (int)request->n, request->name);
  }
  if (store_exists(&store->sql, &exists) == SQLITE_OK && !exists &&
      owner_calls(&store->sql, request->name, request->n, 0, &is_called) ==
          SQLITE_OK &&
      is_called) {
    return error_set(
        error, SQLITE_ERROR,
        "relation \"%.*s\" does not exist: a column's default calls it, but the"
        " table surrogate_sequences is missing; restore it, or make the"
        " sequence again with create_sequence() and setval()",
        (int)request->n, request->name);
  }
  return error_set(error, SQLITE_ERROR, "relation \"%.*s\" does not exist",
                   (int)request->n, request->name);
}

/*
** Run a request on all stores until one has the sequence.  A name that begins
** with a schema that is not there may be one that a default calls: its file was
** attached by that name when the table was made, and the rest is the name of a
** sequence of the default's schema.
*/
static int session_run_search(SeqSession *session, int how, SessionRun *run,
                              SeqRequest *request) {
  const char *dot = memchr(request->name, '.', request->n);
  const char *whole = request->name;
  size_t n = request->n;
  int64_t number = request->number;
  char *memory = 0;
  int rc = SQLITE_NOTFOUND;

  for (int pass = 0; pass < (dot ? 2 : 1); pass++) {
    for (int i = 0; rc == SQLITE_NOTFOUND; i++) {
      SeqStore *store;
      const char *schema;
      int is_called = pass == 0;
      int failed = session_schema(session, i, &memory, &schema);
      if (failed == SQLITE_OK && schema == 0) break;
      store = failed == SQLITE_OK ? engine_store(&session->engine, schema) : 0;
      if (store == 0) {
        rc = failed == SQLITE_OK ? SQLITE_NOMEM : failed;
        break;
      }
      if (pass == 0) {
        store_refresh(&store->sql);
      } else {
        failed = owner_calls(&store->sql, whole, n, 0, &is_called);
        if (failed != SQLITE_OK) rc = failed;
      }
      if (failed != SQLITE_OK || !is_called) continue;
      if (pass == 1) {
        request->name = dot + 1;
        request->n = n - (size_t)(dot + 1 - whole);
      }
      request->number = number;
      rc = session_write(store, how, run, request);
    }
  }
  sqlite3_free(memory);
  return rc;
}

/*
** Run a request on the store that its name leads to; the name becomes that in the
** store.
*/
int session_run(SeqSession *session, int how, SessionRun *run,
                SeqRequest *request) {
  SeqRequest asked = *request;
  char *schema;
  int rc = session_split_schema(session, request->name, request->n, &schema);

  if (rc != SQLITE_OK) return rc;
  if (schema) {
    size_t n = strlen(schema) + 1;
    request->name += n;
    request->n -= n;
    rc = session_run_in(session, schema, how, run, request);
    if (rc == SQLITE_NOTFOUND && how != SESSION_CREATE) {
      SeqStore *store = engine_store(&session->engine, schema);
      request->number = asked.number;
      store_refresh(&store->sql);
      rc = session_write(store, how, run, request);
    }
    sqlite3_free(schema);
  } else {
    rc = session_run_in(session, "main", how, run, request);
    if (rc == SQLITE_NOTFOUND) {
      request->number = asked.number;
      rc = session_run_search(session, how, run, request);
    }
  }
  if (rc != SQLITE_NOTFOUND) return rc;
  request->is_missing = 1;
  return session_not_found(session, how,
                           how == SESSION_DROP ? request : &asked);
}

/**** Values *************************************************************/

/*
** A value was issued: it is currval() and lastval() now, and if more may be
** issued the next call need not come here.
*/
static void session_set_current(SeqSession *session, const char *name, size_t n,
                                const SeqRequest *request, int64_t last) {
  Engine *engine = &session->engine;
  SeqEntry *entry = request->entry;

  entry->last = last;
  entry->is_defined = 1;
  entry->has_claimed = 0;
  engine->last_used = entry;
  engine->hot = 0;
  if (session->name == 0 || session->n_name != n ||
      memcmp(session->name, name, n) != 0) {
    if (session->name == 0 || session->n_name < n) {
      sqlite3_free(session->name);
      session->name = sqlite3_malloc64(n + 1);
    }
    if (session->name) memcpy(session->name, name, n);
    session->n_name = n;
  }
  session->n_schema = n - request->n;
  if (entry->left > 0 && session->name && engine_has_block(entry)) {
    engine->hot = entry;
  }
}

/* nextval(name, count): reserve count values and get the first of them. */
int session_nextval(SeqSession *session, const char *name, size_t n,
                    int64_t count, int64_t *result) {
  SeqRequest request = {
      .function = "nextval", .name = name, .n = n, .number = count};
  int rc;

  if (count < 1) {
    return error_set(&session->engine.host.error, SQLITE_ERROR,
                     "nextval: count must be at least 1, but is %lld",
                     (sqlite3_int64)count);
  }
  rc = session_enter(session);
  if (rc == SQLITE_OK) {
    rc = session_run(session, SESSION_WRITE, engine_nextval, &request);
  }
  if (rc == SQLITE_OK) {
    *result = request.number;
    session_set_current(session, name, n, &request, request.number);
  }
  session_leave(session);
  return rc;
}

/* Find the entry of a sequence, which exists: NULL if it was not used. */
static int session_find(SeqStore *store, SeqRequest *request) {
  StoreRead read;
  SeqRow shown;
  const char *owner;
  int rc = engine_read(store, request->name, request->n, &read, &shown, &owner);
  request->entry = rc == SQLITE_OK ? engine_find_id(store, shown.id) : 0;
  return rc;
}

int session_currval(SeqSession *session, const char *name, size_t n,
                    int64_t *result) {
  SeqRequest request = {.function = "currval", .name = name, .n = n};
  int rc = session_enter(session);
  if (rc == SQLITE_OK) {
    rc = session_run(session, SESSION_READ, session_find, &request);
  }
  if (rc == SQLITE_OK && request.entry && request.entry->is_defined) {
    *result = request.entry->last;
  } else if (rc == SQLITE_OK) {
    rc = error_set(&session->engine.host.error, SQLITE_ERROR,
                   "currval of sequence \"%.*s\" is not yet defined in this"
                   " session",
                   (int)request.n, request.name);
  }
  session_leave(session);
  return rc;
}

/*
** Whether the sequence that was last used still exists: usually under the
** name that it had, else found by its id.
*/
static int session_last_exists(SeqSession *session, int *exists) {
  SeqEntry *entry = session->engine.last_used;
  SeqStore *store = entry->store;
  SeqRequest request = {
      .function = "lastval", .name = entry->name, .n = entry->n_name};
  char *name = 0;
  size_t n;
  int rc = engine_use_store(store);

  *exists = 0;
  if (rc != SQLITE_OK || session->engine.last_used != entry) return rc;
  if (entry->name) {
    rc = session_find(store, &request);
    if (rc == SQLITE_OK && request.entry == entry) *exists = 1;
    if (*exists || (rc != SQLITE_OK && rc != SQLITE_NOTFOUND)) return rc;
  }
  rc = store_find_id(&store->sql, entry->row.id, &name, &n);
  if (rc == SQLITE_OK && name) {
    request.name = name;
    request.n = n;
    rc = session_find(store, &request);
    *exists = rc == SQLITE_OK;
  }
  sqlite3_free(name);
  return rc == SQLITE_NOTFOUND ? SQLITE_OK : rc;
}

int session_lastval(SeqSession *session, int64_t *result) {
  Engine *engine = &session->engine;
  int exists = 0;
  int rc = session_enter(session);

  if (rc == SQLITE_OK && engine->last_used) {
    exists = engine->last_used == engine->hot;
    if (!exists) rc = session_last_exists(session, &exists);
  }
  if (rc == SQLITE_OK && exists) {
    *result = engine->last_used->last;
  } else if (rc == SQLITE_OK) {
    rc = error_set(&engine->host.error, SQLITE_ERROR,
                   "lastval is not yet defined in this session");
  }
  session_leave(session);
  return rc;
}

int session_setval(SeqSession *session, const char *name, size_t n,
                   int64_t value, int is_called) {
  SeqRequest request = {.function = "setval",
                        .name = name,
                        .n = n,
                        .number = value,
                        .flag = is_called};
  int rc = session_enter(session);
  if (rc == SQLITE_OK) {
    /* In autocommit what a bad store does with the write is undone, too. */
    int how = sqlite3_get_autocommit(session->engine.host.db) ? SESSION_CHANGE
                                                              : SESSION_WRITE;
    rc = session_run(session, how, define_setval, &request);
  }
  if (rc == SQLITE_OK && is_called) {
    SeqEntry *entry = request.entry;
    entry->last = value;
    entry->is_defined = 1;
    entry->claimed = value; /* it was not generated */
    entry->has_claimed = 1;
  }
  session_leave(session);
  return rc;
}

/*
** is_generated(): whether a value is what nextval() of that sequence last
** returned in this session, and was not claimed since.  It is claimed now.
**
** That a value was claimed holds until nextval() returns another one: within a
** transaction, where this is not told, it does so.
*/
int session_claim(SeqSession *session, const char *name, size_t n,
                  int64_t value, int *is_generated) {
  SeqEntry *entry = session->engine.last_used;
  int rc = SQLITE_OK;

  *is_generated = 0;
  if (entry == 0) return rc;
  if (session->name == 0 || session->n_name != n ||
      memcmp(session->name, name, n) != 0) {
    SeqRequest request = {.function = "is_generated", .name = name, .n = n};
    rc = session_enter(session);
    if (rc == SQLITE_OK) {
      rc = session_run(session, SESSION_READ, session_find, &request);
    }
    entry = rc == SQLITE_OK ? request.entry : 0;
    session_leave(session);
  }
  if (entry && entry->is_defined && entry->last == value &&
      !(entry->has_claimed && entry->claimed == value)) {
    entry->claimed = value;
    entry->has_claimed = 1;
    *is_generated = 1;
  }
  return rc;
}

/**** Definitions ********************************************************/

int session_define(SeqSession *session, const char *name, size_t n,
                   const SeqOptions *options, int is_new) {
  SeqRequest request = {.function =
                            is_new ? "create_sequence" : "alter_sequence",
                        .name = name,
                        .n = n,
                        .options = options};
  int how = is_new ? SESSION_CREATE : SESSION_CHANGE;
  int rc = session_enter(session);
  if (rc == SQLITE_OK) {
    rc = session_run(session, how, is_new ? define_create : define_alter,
                     &request);
  }
  if (options->given & SEQ_HAS_IF_EXISTS) {
    Error *error = &session->engine.host.error;
    if (is_new && rc == SQLITE_CONSTRAINT_UNIQUE) rc = SQLITE_OK;
    if (!is_new && request.is_missing) {
      error_clear(error);
      rc = SQLITE_OK;
    }
  } else if (rc == SQLITE_CONSTRAINT_UNIQUE) {
    rc = error_set(&session->engine.host.error, SQLITE_ERROR,
                   "relation \"%.*s\" already exists", (int)request.n,
                   request.name);
  }
  session_leave(session);
  return rc;
}

int session_drop(SeqSession *session, const char *name, size_t n) {
  SeqRequest request = {.function = "drop_sequence", .name = name, .n = n};
  int rc = session_enter(session);
  if (rc == SQLITE_OK) {
    rc = session_run(session, SESSION_DROP, define_drop, &request);
  }
  session_leave(session);
  return rc;
}

/* Run a request on the store of a schema, which must be there. */
static int session_run_on(SeqSession *session, const char *schema,
                          SessionRun *run, SeqRequest *request) {
  int rc = session_enter(session);
  if (rc == SQLITE_OK && !session_is_schema(session, schema)) {
    rc = error_set(&session->engine.host.error, SQLITE_ERROR,
                   "unknown database \"%s\"", schema);
  }
  if (rc == SQLITE_OK) {
    rc = session_run_in(session, schema, SESSION_CHANGE, run, request);
  }
  session_leave(session);
  return rc;
}

/* Restart all sequences that columns of a table own. */
int session_restart(SeqSession *session, const char *schema,
                    const char *table) {
  SeqRequest request = {
      .function = "identity_restart", .name = table, .n = strlen(table)};
  return session_run_on(session, schema, define_restart, &request);
}

/* Raise the primary term of the store of a schema. */
int session_promote(SeqSession *session, const char *schema, int64_t *term) {
  SeqRequest request = {.function = "sequences_promote"};
  int rc = session_run_on(session, schema, define_promote, &request);
  *term = request.number;
  if (rc != SQLITE_NOTFOUND) return rc;
  return error_set(&session->engine.host.error, SQLITE_ERROR,
                   "schema \"%s\" has no sequences", schema);
}

/* Make the view "sequences" of a schema, and its store if there is none. */
int session_create_view(SeqSession *session, const char *schema) {
  SeqRequest request = {.function = "sequences_create_view"};
  return session_run_on(session, schema, define_view, &request);
}

/* What sequence_ddl() reads. */
typedef struct SessionDdl {
  SeqRequest request; /* first */
  char *options;      /* out, to be freed */
  const char *schema;
} SessionDdl;

static int session_read_ddl(SeqStore *store, SeqRequest *request) {
  SessionDdl *ddl = (SessionDdl *)request;
  StoreRead read;
  SeqRow row;
  const char *owner;
  const SeqDef *def = &row.def;
  int rc = engine_read(store, request->name, request->n, &read, &row, &owner);

  if (rc != SQLITE_OK) return rc;
  ddl->schema = store->sql.schema;
  ddl->options = sqlite3_mprintf(
      "AS %s INCREMENT BY %lld MINVALUE %lld MAXVALUE %lld START WITH %lld"
      " CACHE %lld %s%s%s%s%s",
      definition_type_name(def->data_type), (sqlite3_int64)def->increment_by,
      (sqlite3_int64)def->min_value, (sqlite3_int64)def->max_value,
      (sqlite3_int64)def->start_value, (sqlite3_int64)def->cache_size,
      def->cycle ? "CYCLE" : "NO CYCLE",
      def->mode == SEQ_STANDARD ? "" : " MODE ",
      def->mode == SEQ_STANDARD ? "" : definition_mode_name(def->mode),
      owner ? " OWNED BY " : "", owner ? owner : "");
  return ddl->options ? SQLITE_OK : SQLITE_NOMEM;
}

/* The statement that makes a sequence again: *result, to be freed. */
int session_ddl(SeqSession *session, const char *name, size_t n,
                char **result) {
  SessionDdl ddl = {
      .request = {.function = "sequence_ddl", .name = name, .n = n}};
  const SeqRequest *request = &ddl.request;
  char *schema = 0;
  int rc = session_enter(session);

  *result = 0;
  if (rc == SQLITE_OK) {
    rc = session_run(session, SESSION_READ, session_read_ddl, &ddl.request);
  }
  if (rc == SQLITE_OK) {
    rc = session_split_schema(session, request->name, request->n, &schema);
  }
  if (rc == SQLITE_OK) {
    *result = sqlite3_mprintf("SELECT create_sequence('%q%s%.*q', %Q)",
                              schema ? ddl.schema : "", schema ? "." : "",
                              (int)request->n, request->name, ddl.options);
    if (*result == 0) rc = SQLITE_NOMEM;
  }
  sqlite3_free(schema);
  sqlite3_free(ddl.options);
  session_leave(session);
  return rc;
}

/*
** The name of a sequence that a column of a schema owns, as nextval() takes
** it: *name, to be freed, or NULL.  If there are several, it is one that the
** column's default calls, and of these the first by name.
*/
int session_find_owned(SeqSession *session, const char *schema,
                       const char *table, const char *column, char **name) {
  SeqStore *store = engine_store(&session->engine, schema);
  Owned *list = 0;
  char *prefix = 0;
  int rc = store ? session_enter(session) : SQLITE_NOMEM; /* no memory */

  *name = 0;
  if (store == 0) return rc; /* no memory */
  if (rc == SQLITE_OK) rc = engine_use_store(store);
  if (rc == SQLITE_OK) rc = owner_list(&store->sql, table, column, &list);
  if (rc == SQLITE_OK && list) {
    Owned *found = list;
    int is_main;
    while (found && !found->row.is_linked)
      found = found->next;
    if (found == 0) found = list;
    rc = session_split_schema(session, found->name, found->n_name, &prefix);
    is_main = store->sql.is_main && prefix == 0;
    if (rc == SQLITE_OK) {
      *name =
          sqlite3_mprintf("%s%s%.*s", is_main ? "" : store->sql.schema,
                          is_main ? "" : ".", (int)found->n_name, found->name);
      if (*name == 0) rc = SQLITE_NOMEM; /* no memory */
    }
    sqlite3_free(prefix);
  }
  owner_list_free(list);
  session_leave(session);
  return rc;
}

/* Whether a schema has a sequence of that name. */
int session_exists(SeqSession *session, const char *schema, const char *name,
                   int *exists) {
  SeqRequest request = {.function = "", .name = name, .n = strlen(name)};
  int rc = session_enter(session);
  if (rc == SQLITE_OK) {
    rc = session_run_in(session, schema, SESSION_READ, session_find, &request);
  }
  *exists = rc == SQLITE_OK;
  session_leave(session);
  return rc == SQLITE_NOTFOUND ? SQLITE_OK : rc;
}
