/*
** What the functions on sequences do: nextval() and the others, for a session.
**
** A change is a request, which write_store() runs in a write transaction of the
** store.  If the store is enlisted already, that is a call.  Else an INSERT on the
** virtual table is run, whose xUpdate runs the request: this enlists the
** store in the transaction that is open, or is a transaction of its own.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "sequence_old.h"

/* True for an error that a schema other than the one we know may explain. */
static int may_be_stale(int rc) {
  return rc == SQLITE_ERROR || rc == SQLITE_SCHEMA || rc == SQLITE_CORRUPT_VTAB;
}

/**** Reading and writing ************************************************/

/*
** Read the row of a sequence, which must exist.  With owned_by, as for
** seq_store_read().
*/
static int read_row(SeqSession *session, const char *name, size_t n,
                    SeqTarget *target, SeqHeader *header, SeqRow *row,
                    char **owned_by) {
  for (int attempt = 0;; attempt++) {
    int found = 0;
    int rc = seq_resolve(session, name, n, 0, target);
    if (rc == SQLITE_OK) {
      SeqStore *store = target->store;
      rc = seq_store_read(&store->sql, target->name, target->n, header, row,
                          owned_by, &found);
      if (rc == SQLITE_OK) seq_values_check(store, header->store_id);
      rc = seq_store_failed(store, rc);
    }
    if (rc == SQLITE_OK && found) return rc;
    if (attempt > 0 || !(rc == SQLITE_OK || may_be_stale(rc))) {
      if (rc != SQLITE_OK) return rc;
      return seq_session_fail(session, SQLITE_ERROR,
                              "relation \"%.*s\" does not exist", (int)n, name);
    }
    seq_refresh(session);
  }
}

static int is_readonly(int rc) {
  return (rc & 0xff) == SQLITE_READONLY && rc != SQLITE_READONLY_DBMOVED;
}

/* Run a request in a write transaction of the store. */
static int write_store(SeqStore *store, SeqRequest *request) {
  SeqSession *session = store->session;
  sqlite3_stmt *stmt;
  int rc;

  sqlite3_free(store->sql.message);
  store->sql.message = 0;
  request->was_run = 0;
  request->is_missing = 0;
  request->value = 0;
  request->entry = 0;
  if (store->in_txn) {
    request->was_run = 1;
    rc = request->run(store, request);
  } else if (session->is_on_dqlite &&
             replicated_refuses(session->db, store->sql.schema)) {
    return seq_session_fail(session, SQLITE_READONLY, "%s: %s",
                            request->function, replicated_message);
  } else {
    rc = seq_store_statement(&store->sql, STMT_ENLIST, &stmt);
    if (rc != SQLITE_OK) return seq_store_failed(store, rc);
    store->request = request;
    sqlite3_step(stmt);
    rc = sqlite3_reset(stmt);
    store->request = 0;
    if (rc == SQLITE_OK && !request->was_run) rc = SQLITE_SCHEMA;
    if (is_readonly(rc)) {
      return seq_session_fail(session, rc,
                              "cannot execute %s() on a read-only database",
                              request->function);
    }
  }
  if (rc == SQLITE_OK && request->entry && store->in_txn) {
    rc = seq_hand_out(request->entry);
  }
  return seq_store_failed(store, rc);
}

static int run_drop(SeqStore *, SeqRequest *);

/* Run a request on the sequence of that name. */
static int write_named(SeqSession *session, const char *name, size_t n,
                       int is_new, SeqRequest *request, SeqTarget *target) {
  int64_t number = request->number;
  for (int attempt = 0;; attempt++) {
    int rc;
    request->is_missing = 0;
    rc = seq_resolve(session, name, n, is_new, target);
    if (rc == SQLITE_OK) {
      request->name = target->name;
      request->n_name = target->n;
      request->number = number;
      rc = write_store(target->store, request);
    }
    if (rc == SQLITE_OK) return rc;
    if (attempt > 0 && request->is_missing) {
      if (request->run == run_drop) {
        return seq_session_fail(session, SQLITE_ERROR,
                                "sequence \"%.*s\" does not exist",
                                (int)target->n, target->name);
      }
      return seq_session_fail(session, SQLITE_ERROR,
                              "relation \"%.*s\" does not exist", (int)n, name);
    }
    if (attempt > 0) return rc;
    if (!request->is_missing && (request->was_run || !may_be_stale(rc))) {
      return rc;
    }
    seq_refresh(session);
  }
}

/*
** A value was obtained: it is currval() and lastval() now, and if more may be
** handed out the next call need not come here.
*/
static void set_current(SeqSession *session, SeqValue *value, int64_t last,
                        const char *name, size_t n, const SeqTarget *target) {
  value->last = last;
  value->is_defined = 1;
  value->is_wanted = 0;
  value->has_claimed = 0;
  session->last_used = value;
  if (session->hot != value) session->hot = 0;
  if (value->is_block) session->has_unwritten = 1;
  if (session->name == 0 || session->n_name != n ||
      memcmp(session->name, name, n) != 0) {
    if (session->name == 0 || session->n_name < n) {
      sqlite3_free(session->name);
      session->name = sqlite3_malloc64(n ? n : 1);
    }
    if (session->name) memcpy(session->name, name, n);
    session->n_name = n;
  }
  session->n_schema = n - target->n;
  if (session->name == 0) session->hot = 0; /* it can be done without */
}

/*
** Outside a write transaction, take a value that needs no write: the next of a
** virtual sequence, or one of the block that this session reserved, if the
** sequence was not set, altered or dropped since.  *taken says whether there
** was one.
*/
static int take_unwritten(SeqSession *session, const char *name, size_t n,
                          int64_t *result, int *taken) {
  SeqTarget target;
  SeqHeader header;
  SeqRow row;
  SeqValue *value;
  int rc = seq_resolve(session, name, n, 0, &target);

  *taken = 0;
  if (rc != SQLITE_OK || target.store->in_txn ||
      sqlite3_txn_state(session->db, target.store->sql.schema) ==
          SQLITE_TXN_WRITE) {
    return SQLITE_OK; /* errors will come again */
  }
  rc = read_row(session, name, n, &target, &header, &row, 0);
  if (rc != SQLITE_OK) return rc;
  if (row.def.mode == SEQ_VIRTUAL) {
    value = seq_value_get(target.store, row.id);
    if (value == 0) return SQLITE_NOMEM;
    rc = seq_virtual_next(&target.store->sql, result);
    if (rc != SQLITE_OK) return seq_store_failed(target.store, rc);
    *taken = 1;
    set_current(session, value, *result, name, n, &target);
    return SQLITE_OK;
  }
  value = seq_value_find(target.store, row.id);
  if (value && value->left > 0 && seq_value_has_block(value, &header, &row)) {
    *result = seq_value_step(value);
    *taken = 1;
    set_current(session, value, *result, name, n, &target);
  }
  return SQLITE_OK;
}

/*
** A write was refused with rc, as the file is read-only or locked: a virtual
** sequence can do without.  Returns rc, with its message, if it is not one.
*/
static int take_if_virtual(SeqSession *session, const char *name, size_t n,
                           int rc, int64_t *result) {
  char *message = session->message;
  int taken = 0;
  session->message = 0;
  take_unwritten(session, name, n, result, &taken);
  sqlite3_free(taken ? message : session->message);
  session->message = taken ? 0 : message;
  session->has_unwritten |= taken;
  return taken ? SQLITE_OK : rc;
}

/* nextval(name, count): reserve count values and get the first of them. */
int seq_nextval(SeqSession *session, const char *name, size_t n, int64_t count,
                int64_t *result) {
  SeqRequest request;
  SeqTarget target;
  int taken = 0;
  int rc = SQLITE_OK;

  if (count < 1) {
    return seq_session_fail(session, SQLITE_ERROR,
                            "nextval: count must be at least 1, and is %lld",
                            (sqlite3_int64)count);
  }
  seq_session_enter(session);
  if (count == 1 && session->has_unwritten) {
    rc = take_unwritten(session, name, n, result, &taken);
  }
  if (rc == SQLITE_OK && !taken) {
    memset(&request, 0, sizeof request);
    request.run = seq_run_nextval;
    request.function = "nextval";
    request.number = count;
    rc = write_named(session, name, n, 0, &request, &target);
    if (rc == SQLITE_OK) {
      *result = request.number;
      set_current(session, request.value, request.number, name, n, &target);
    } else if (count == 1 && (is_readonly(rc) || (rc & 0xff) == SQLITE_BUSY)) {
      rc = take_if_virtual(session, name, n, rc, result);
    }
  }
  seq_session_leave(session);
  return rc;
}

int seq_currval(SeqSession *session, const char *name, size_t n,
                int64_t *result) {
  SeqTarget target;
  SeqHeader header;
  SeqRow row;
  SeqValue *value;
  int rc;

  seq_session_enter(session);
  rc = read_row(session, name, n, &target, &header, &row, 0);
  if (rc == SQLITE_OK) {
    value = seq_value_find(target.store, row.id);
    if (value && value->is_defined) {
      *result = value->last;
    } else {
      rc = seq_session_fail(
          session, SQLITE_ERROR,
          "currval of sequence \"%.*s\" is not yet defined in this"
          " session",
          (int)target.n, target.name);
    }
  }
  seq_session_leave(session);
  return rc;
}

/*
** Whether the sequence that was last used still exists: usually under the
** name that it had, else found by its id.
*/
static int last_used_exists(SeqSession *session, int *exists) {
  SeqValue *value = session->last_used;
  SeqStore *store = value->store;
  SeqHeader header;
  SeqRow row;
  char *name;
  size_t n;
  int rc;

  *exists = 0;
  if (store->n_vtab == 0) return SQLITE_OK;
  if (session->name) {
    rc = seq_store_read(&store->sql, session->name + session->n_schema,
                        session->n_name - session->n_schema, &header, &row, 0,
                        exists);
    if (rc != SQLITE_OK) return rc;
    seq_values_check(store, header.store_id);
    if (*exists && row.id == value->id) return SQLITE_OK;
    if (!value->is_defined) return SQLITE_OK; /* another store's */
  }
  rc = seq_store_find_id(&store->sql, value->id, &name, &n);
  *exists = name != 0;
  sqlite3_free(name);
  return rc;
}

int seq_lastval(SeqSession *session, int64_t *result) {
  SeqValue *value = session->last_used;
  int exists = 0;
  int rc = SQLITE_OK;

  seq_session_enter(session);
  if (value && value == session->hot) {
    exists = 1;
  } else if (value) {
    SeqStore *store = value->store;
    rc = seq_store_failed(store, last_used_exists(session, &exists));
    if (may_be_stale(rc)) rc = SQLITE_OK; /* the store is gone */
  }
  if (rc == SQLITE_OK) {
    if (exists && session->last_used == value) {
      *result = value->last;
    } else {
      rc = seq_session_fail(session, SQLITE_ERROR,
                            "lastval is not yet defined in this session");
    }
  }
  seq_session_leave(session);
  return rc;
}

int seq_setval(SeqSession *session, const char *name, size_t n, int64_t value,
               int is_called) {
  SeqRequest request;
  SeqTarget target;
  int rc;

  seq_session_enter(session);
  memset(&request, 0, sizeof request);
  request.run = seq_run_setval;
  request.function = "setval";
  request.number = value;
  request.flag = is_called;
  rc = write_named(session, name, n, 0, &request, &target);
  if (rc == SQLITE_OK) request.value->is_wanted = 0;
  if (rc == SQLITE_OK && is_called) {
    request.value->last = value;
    request.value->is_defined = 1;
    request.value->claimed = value; /* it was not generated */
    request.value->has_claimed = 1;
  }
  seq_session_leave(session);
  return rc;
}

/*
** is_generated(): whether a value is what nextval() of that sequence last
** returned in this session, and was not claimed since.  It is claimed now.
**
** That a value was claimed holds until nextval() returns another one: within a
** transaction, where this is not told, it does so.
*/
int seq_claim(SeqSession *session, const char *name, size_t n, int64_t value,
              int *is_generated) {
  SeqValue *last = session->last_used;
  SeqTarget target;
  SeqHeader header;
  SeqRow row;
  int rc = SQLITE_OK;

  *is_generated = 0;
  if (last == 0) return rc;
  if (session->name == 0 || session->n_name != n ||
      memcmp(session->name, name, n) != 0) {
    seq_session_enter(session);
    rc = read_row(session, name, n, &target, &header, &row, 0);
    last = rc == SQLITE_OK ? seq_value_find(target.store, row.id) : 0;
    seq_session_leave(session);
  }
  if (last && last->is_defined && last->last == value &&
      !(last->has_claimed && last->claimed == value)) {
    last->claimed = value;
    last->has_claimed = 1;
    *is_generated = 1;
  }
  return rc;
}

/**** Owners *************************************************************/

/* A sequence that has an owner. */
typedef struct Owned {
  struct Owned *next;
  SeqRow row;
  size_t n_name;
  char *name; /* in the same allocation */
} Owned;

static void free_owned(Owned *list) {
  while (list) {
    Owned *next = list->next;
    sqlite3_free(list);
    list = next;
  }
}

/*
** Find the sequences that a column, or any column if it is NULL, of a table
** owns: *list, to be freed, in the order of their names.
*/
static int find_owned(SeqStoreSql *sql, const char *table, const char *column,
                      Owned **list) {
  sqlite3_stmt *stmt = 0;
  uint64_t writes = 0;
  Owned **link = list;
  int rc = seq_store_open_scan(sql, 0, &stmt);

  *list = 0;
  while (rc == SQLITE_OK) {
    const char *owner;
    Owned *owned;
    SeqRow row;
    size_t n;
    int found;
    rc = seq_store_next_row(sql, stmt, 0, 0, &writes);
    if (rc != SQLITE_ROW) break;
    rc = seq_store_decode_owned(sql, stmt, &row, &owner, &found);
    if (rc != SQLITE_OK || owner == 0) continue;
    rc = seq_owner_is(owner, table, column, &found);
    if (rc != SQLITE_OK || !found) continue;
    n = (size_t)sqlite3_column_bytes(stmt, READ_NAME);
    owned = sqlite3_malloc64(sizeof *owned + n);
    if (owned == 0) {
      rc = SQLITE_NOMEM;
    } else {
      owned->next = 0;
      owned->row = row;
      owned->n_name = n;
      owned->name = memcpy(&owned[1], sqlite3_column_text(stmt, READ_NAME), n);
      *link = owned;
      link = &owned->next;
    }
  }
  sqlite3_finalize(stmt);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/*
** The name of a sequence that a column of a schema owns, as nextval() takes
** it: *name, to be freed, or NULL.  If there are several, it is one that the
** column's default calls, and of these the first by name.
*/
int seq_find_owned(SeqSession *session, const char *schema, const char *table,
                   const char *column, char **name) {
  SeqStore *store;
  Owned *list = 0;
  char *prefix = 0;
  int rc;

  *name = 0;
  seq_session_enter(session);
  rc = seq_find_store(session, schema, &store);
  if (rc == SQLITE_OK && store) {
    rc = seq_store_failed(store, find_owned(&store->sql, table, column, &list));
  }
  if (rc == SQLITE_OK && list) {
    Owned *found = list;
    int is_main;
    while (found && !found->row.is_linked)
      found = found->next;
    if (found == 0) found = list;
    rc = seq_split_schema(session, found->name, found->n_name, &prefix);
    is_main = sqlite3_stricmp(schema, "main") == 0 && prefix == 0;
    if (rc == SQLITE_OK) {
      *name =
          sqlite3_mprintf("%s%s%.*s", is_main ? "" : store->sql.schema,
                          is_main ? "" : ".", (int)found->n_name, found->name);
      if (*name == 0) rc = SQLITE_NOMEM;
    }
    sqlite3_free(prefix);
  }
  free_owned(list);
  seq_session_leave(session);
  return rc;
}

/* Request of identity_restart(): name is that of the table, ended by NUL. */
static int run_restart(SeqStore *store, SeqRequest *request) {
  SeqOptions options;
  Owned *list;
  int rc = find_owned(&store->sql, request->name, 0, &list);

  memset(&options, 0, sizeof options);
  options.given = SEQ_HAS_RESTART;
  for (Owned *owned = list; rc == SQLITE_OK && owned; owned = owned->next) {
    int found;
    if (owned->row.def.mode == SEQ_VIRTUAL) continue; /* it has no value */
    rc = seq_change(store, owned->name, owned->n_name, &options, &found);
  }
  free_owned(list);
  return rc;
}

/* Restart all sequences that columns of a table own. */
int seq_restart_owned(SeqSession *session, const char *schema,
                      const char *table) {
  SeqRequest request;
  SeqStore *store;
  int rc;

  seq_session_enter(session);
  rc = seq_find_store(session, schema, &store);
  if (rc == SQLITE_OK && store) {
    memset(&request, 0, sizeof request);
    request.run = run_restart;
    request.function = "identity_restart";
    request.name = table;
    request.n_name = strlen(table);
    rc = write_store(store, &request);
  }
  seq_session_leave(session);
  return rc;
}

/**** Defining ***********************************************************/

static int run_create(SeqStore *store, SeqRequest *request) {
  SeqRow row;
  int found = 0;
  int rc = SQLITE_OK;

  if (request->options->given & SEQ_HAS_IF_EXISTS) {
    rc = seq_find(store, request->name, request->n_name, &row, &found);
    if (rc != SQLITE_OK || found) return rc;
  }
  rc = seq_insert(store, request->name, request->n_name, request->options);
  if (rc != SQLITE_CONSTRAINT_UNIQUE) return rc;
  return seq_store_fail(&store->sql, SQLITE_ERROR,
                        "relation \"%.*s\" already exists",
                        (int)request->n_name, request->name);
}

static int run_alter(SeqStore *store, SeqRequest *request) {
  int found;
  int rc = seq_change(store, request->name, request->n_name, request->options,
                      &found);
  if (rc != SQLITE_OK || found) return rc;
  if (request->options->given & SEQ_HAS_IF_EXISTS) return SQLITE_OK;
  request->is_missing = 1;
  return SQLITE_ERROR;
}

static int run_drop(SeqStore *store, SeqRequest *request) {
  SeqRow row;
  int found;
  int rc = seq_find(store, request->name, request->n_name, &row, &found);
  if (rc != SQLITE_OK) return rc;
  if (found) return seq_delete(store, request->name, request->n_name);
  request->is_missing = 1;
  return SQLITE_ERROR;
}

static int define(SeqSession *session, const char *name, size_t n, int is_new,
                  const char *function, int (*run)(SeqStore *, SeqRequest *),
                  const SeqOptions *options) {
  SeqRequest request;
  SeqTarget target;
  int rc;

  seq_session_enter(session);
  memset(&request, 0, sizeof request);
  request.run = run;
  request.function = function;
  request.options = options;
  rc = write_named(session, name, n, is_new, &request, &target);
  seq_session_leave(session);
  return rc;
}

int seq_create(SeqSession *session, const char *name, size_t n,
               const SeqOptions *options) {
  return define(session, name, n, 1, "create_sequence", run_create, options);
}

int seq_alter(SeqSession *session, const char *name, size_t n,
              const SeqOptions *options) {
  return define(session, name, n, 0, "alter_sequence", run_alter, options);
}

int seq_drop(SeqSession *session, const char *name, size_t n) {
  return define(session, name, n, 0, "drop_sequence", run_drop, 0);
}

/* The statement that makes a sequence again: *result, to be freed. */
int seq_ddl(SeqSession *session, const char *name, size_t n, char **result) {
  SeqTarget target;
  SeqHeader header;
  SeqRow row;
  char *owned_by = 0;
  char *options = 0;
  int rc;

  *result = 0;
  seq_session_enter(session);
  rc = read_row(session, name, n, &target, &header, &row, &owned_by);
  if (rc == SQLITE_OK) {
    const SeqDef *def = &row.def;
    options = sqlite3_mprintf(
        "AS %s INCREMENT BY %lld MINVALUE %lld MAXVALUE %lld START WITH %lld"
        " CACHE %lld %s%s%s%s%s",
        definition_type_name(def->data_type), (sqlite3_int64)def->increment_by,
        (sqlite3_int64)def->min_value, (sqlite3_int64)def->max_value,
        (sqlite3_int64)def->start_value, (sqlite3_int64)def->cache_size,
        def->cycle ? "CYCLE" : "NO CYCLE",
        def->mode == SEQ_STANDARD ? "" : " MODE ",
        def->mode == SEQ_STANDARD ? "" : definition_mode_name(def->mode),
        owned_by ? " OWNED BY " : "", owned_by ? owned_by : "");
    if (options) {
      char *schema;
      rc = seq_split_schema(session, target.name, target.n, &schema);
      if (rc == SQLITE_OK) {
        *result = sqlite3_mprintf("SELECT create_sequence('%q%s%.*q', %Q)",
                                  schema ? target.store->sql.schema : "",
                                  schema ? "." : "", (int)target.n, target.name,
                                  options);
      }
      sqlite3_free(schema);
    }
    if (rc == SQLITE_OK && *result == 0) rc = SQLITE_NOMEM;
  }
  sqlite3_free(options);
  sqlite3_free(owned_by);
  seq_session_leave(session);
  return rc;
}

/* Raise the primary term of the store of a schema, NULL for the first. */
int seq_promote(SeqSession *session, const char *schema, int64_t *term) {
  SeqRequest request;
  SeqStore *store = 0;
  SeqTarget target;
  int rc;

  seq_session_enter(session);
  if (schema && !seq_is_schema(session, schema)) {
    rc = seq_session_fail(session, SQLITE_ERROR, "unknown database \"%s\"",
                          schema);
  } else if (schema) {
    rc = seq_find_store(session, schema, &store);
    if (rc == SQLITE_OK && store == 0) rc = seq_no_store(session, schema);
  } else {
    rc = seq_resolve(session, "", 0, 1, &target);
    if (rc == SQLITE_OK) store = target.store;
  }
  if (rc == SQLITE_OK) {
    memset(&request, 0, sizeof request);
    request.run = seq_run_promote;
    request.function = "sequences_promote";
    rc = write_store(store, &request);
    *term = request.number;
  }
  seq_session_leave(session);
  return rc;
}
