/*
** Transactions: how the engine hears of them, and what it does at their end.
**
** Two eponymous virtual tables without rows, made by one module:
**
**   surrogate_session  is written by DELETE ... WHERE 0 when a sequence of main is
**                      advanced in a transaction that goes on.  From then on
**                      SQLite calls its methods: xBegin, xSavepoint, xRelease,
**                      xRollbackTo, xSync, xCommit, xRollback.  It belongs to
**                      main, whose write lock is held already.  For sequences of
**                      other databases there is, once one is advanced in a
**                      transaction, another of its name in temp, so that main
**                      need not be locked.
**   surrogate_close    is connected, so that it can be disconnected:
**                      sqlite3_close() disconnects virtual tables before it looks
**                      for statements that are not finalized.  No statement on it
**                      is kept, as that would keep it connected.
**
** The methods only take note, as they may be called from inside a statement of
** ours; but for xSync, which writes and so is left out there.  What they noted is
** done by the next call of the session: transaction_settle().
**
**   xSavepoint   an owner may be dropped by what follows
**   xRollbackTo  what is remembered may be wrong (host.undone); what gapless
**                sequences issued since is to be put back
**   xSync        the rest of each block is given back, so that the file is exact,
**                and what ROLLBACK TO took back is stored as consumed.  If that
**                fails there is a gap, or a mark stays.  It fails the COMMIT only if
**                SQLite has rolled the transaction back (disk full, interrupted)
**   xCommit      the marks go
**   xRollback    the marks stay
**
** Nothing is heard where a user's table has the name of these, or where none can be
** made in temp, as a statement that writes, or may still open a table, is running.
** Then there are no blocks in that transaction, and its marks stay until the
** database is closed.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <assert.h>
#include <string.h>

#include "engine.h"

/**** What is done later *************************************************/

/* Whether a write transaction of the store's schema is open. */
int transaction_is_open(SeqStore *store) {
  return sqlite3_txn_state(store->engine->host.db, store->sql.schema) ==
         SQLITE_TXN_WRITE;
}

/* Whether a transaction that is not heard of may still be open. */
static int transaction_is_unheard(const Engine *engine) {
  for (SeqEntry *entry = engine->touched; entry; entry = entry->next_touched) {
    if (transaction_is_open(entry->store)) return 1;
  }
  return 0;
}

/* The transaction is over: to be called before anything else is done. */
void transaction_settle(Engine *engine) {
  int is_committed = engine->state == TXN_COMMITTED;
  if (engine->state == TXN_OPEN) return;
  if (engine->state == TXN_NONE) {
    if (engine->touched == 0 || transaction_is_unheard(engine)) return;
  }
  while (engine->touched) {
    SeqEntry *entry = engine->touched;
    engine->touched = entry->next_touched;
    entry->is_touched = 0;
    entry->published = 0;
    entry->published_setting = 0;
    entry->block_published = 0;
    if (entry->block == BLOCK_TXN) {
      engine_drop_block(entry);
    } else if (entry->block_txn == engine->txn) {
      if (!is_committed || entry->undone != engine->undone_at_end) {
        engine_drop_block(entry);
      }
      entry->block_txn = 0;
    }
    entry->txn = 0;
    if (!is_committed) entry->is_likely = 0;
  }
  while (engine->holds) {
    EngineHold *hold = engine->holds;
    engine->holds = hold->next;
    mark_release(hold->file, hold->mark, hold->version,
                 !is_committed || engine->is_rewound);
    sqlite3_free(hold);
  }
  while (engine->gapless) {
    EngineGapless *gapless = engine->gapless;
    engine->gapless = gapless->next;
    sqlite3_free(gapless);
  }
  engine->has_undone = 0;
  engine->is_rewound = 0;
  engine->state = TXN_NONE;
}

/*
** Whether a statement is running that SQLite would let fail if a virtual table
** were made now: one that writes, or that may still open a table, such as that of
** a subquery.  Without FROM and IN there is none to open.
*/
static int transaction_is_open_ended(sqlite3 *db) {
  for (sqlite3_stmt *stmt = sqlite3_next_stmt(db, 0); stmt;
       stmt = sqlite3_next_stmt(db, stmt)) {
    const char *sql = sqlite3_sql(stmt);
    Reader r;
    if (!sqlite3_stmt_busy(stmt)) continue;
    if (sql == 0 || !sqlite3_stmt_readonly(stmt)) return 1;
    for (reader_begin(&r, sql, strlen(sql)); !reader_at_end(&r);) {
      if (reader_accept(&r, "from") || reader_accept(&r, "in")) return 1;
      reader_next(&r);
    }
  }
  return 0;
}

/*
** Which of the two tables is to be written: that of main costs nothing where main
** is locked; it is better to lock main than to leave a gap in a gapless sequence.
*/
static int transaction_is_by_main(const SeqStore *store, int is_gapless) {
  Engine *engine = store->engine;
  sqlite3 *db = engine->host.db;
  if (store->sql.is_main || sqlite3_txn_state(db, "main") == SQLITE_TXN_WRITE) {
    return 1;
  }
  return is_gapless && engine->enlist_temp == 0 &&
         transaction_is_open_ended(db);
}

/* Prepare the statement by which the transaction is heard of, if it can be. */
static int transaction_prepare(Engine *engine, int by_main) {
  sqlite3 *db = engine->host.db;
  sqlite3_stmt **stmt = by_main ? &engine->enlist : &engine->enlist_temp;
  if (*stmt) return SQLITE_OK;
  if (!by_main) {
    int rc;
    if (transaction_is_open_ended(db)) return SQLITE_OK;
    engine->is_creating = 1;
    rc = sqlite3_exec(db,
                      "CREATE VIRTUAL TABLE IF NOT EXISTS"
                      " temp.surrogate_session USING surrogate_session",
                      0, 0, 0);
    engine->is_creating = 0;
    if (rc != SQLITE_OK) return rc;
  }
  return sqlite3_prepare_v3(db,
                            by_main
                                ? "DELETE FROM main.surrogate_session WHERE 0"
                                : "DELETE FROM temp.surrogate_session WHERE 0",
                            -1, SQLITE_PREPARE_PERSISTENT, stmt, 0);
}

/*
** Hear of the transaction that is open.  It is no error if that is not possible,
** unless SQLite has rolled the transaction back.
*/
int transaction_enlist(SeqStore *store, int is_gapless) {
  Engine *engine = store->engine;
  StoreHost *host = &engine->host;
  int by_main;
  int rc = SQLITE_OK;

  if (host->is_hooked) return SQLITE_OK;
  by_main = transaction_is_by_main(store, is_gapless);
  host->is_stepping = 1;
  for (int i = 0; i < 2 && !host->is_hooked; i++) {
    sqlite3_stmt *stmt;
    rc = transaction_prepare(engine, by_main);
    stmt = by_main ? engine->enlist : engine->enlist_temp;
    if (rc != SQLITE_OK || stmt == 0) break;
    sqlite3_step(stmt);
    rc = sqlite3_reset(stmt);
    if (rc != SQLITE_ERROR || by_main) break;
    sqlite3_finalize(stmt); /* the table was rolled back: make it again */
    engine->enlist_temp = 0;
  }
  host->is_stepping = 0;
  if (rc == SQLITE_OK || transaction_is_open(store)) return SQLITE_OK;
  return error_from_db(&host->error, host->db, rc);
}

/* Write the row of an entry as it would be without its block. */
int transaction_give_back(SeqEntry *entry) {
  SeqRow exact = engine_exact(entry);
  int is_done;
  int rc = store_swap(&entry->store->sql, &entry->row, &exact, 0, &is_done);
  if (rc == SQLITE_OK && is_done) {
    entry->row = exact;
  } else {
    entry->is_likely = 0;
  }
  engine_drop_block(entry);
  return rc;
}

/*
** Look whether a BLOCK_TXN that was reserved before a ROLLBACK TO is still
** reserved: writing its row as it is tells.
*/
int transaction_check_block(SeqEntry *entry) {
  SeqRow row = entry->row;
  int is_done;
  int rc = store_swap(&entry->store->sql, &entry->row, &row, 0, &is_done);
  if (rc == SQLITE_OK && is_done) {
    entry->undone = entry->store->engine->host.undone;
  } else {
    entry->is_likely = 0;
    engine_drop_block(entry);
  }
  return rc;
}

/* The same for a BLOCK_CACHE, whose row may have been written since. */
static int transaction_check_cache(SeqEntry *entry) {
  StoreRead read;
  int rc = SQLITE_NOTFOUND;
  if (entry->name) {
    rc = store_read(&entry->store->sql, entry->name, entry->n_name, &read);
  }
  if (rc == SQLITE_OK && engine_check_cache(entry, &read)) {
    entry->undone = entry->store->engine->host.undone;
  } else {
    engine_drop_block(entry);
  }
  return rc == SQLITE_NOTFOUND ? SQLITE_OK : rc;
}

/*
** Give back what is reserved, so that the file is exact.  An error that SQLite
** did not answer by a rollback leaves a gap, and is none.
*/
int transaction_flush(Engine *engine) {
  StoreHost *host = &engine->host;
  int rc = SQLITE_OK;
  if (host->is_stepping || engine->state != TXN_OPEN) return SQLITE_OK;
  for (SeqEntry *entry = engine->touched; rc == SQLITE_OK && entry;
       entry = entry->next_touched) {
    if (entry->left == 0) continue;
    if (engine_may_have_block(entry)) {
      rc = transaction_give_back(entry);
    } else if (entry->block_txn == engine->txn &&
               entry->undone != host->undone) {
      rc = transaction_check_cache(entry);
    }
    if (rc != SQLITE_OK && transaction_is_open(entry->store)) {
      error_clear(&host->error);
      rc = SQLITE_OK;
    }
  }
  return rc;
}

/*
** Store as consumed what ROLLBACK TO took back of a sequence, wherever it is now.
*/
static int transaction_make_good(SeqEntry *entry) {
  SeqStore *store = entry->store;
  StoreRead read;
  SeqRow row;
  char *name = 0;
  size_t n = 0;
  int is_done = 1;
  int rc = SQLITE_NOTFOUND;

  if (entry->name) {
    rc = store_read(&store->sql, entry->name, entry->n_name, &read);
  }
  if (rc == SQLITE_NOTFOUND ||
      (rc == SQLITE_OK && read.row.id != entry->row.id)) {
    rc = store_find_id(&store->sql, entry->row.id, &name, &n);
    if (rc == SQLITE_OK && name == 0) return rc; /* it was dropped */
    if (rc == SQLITE_OK) rc = store_read(&store->sql, name, n, &read);
    sqlite3_free(name);
  }
  if (rc != SQLITE_OK) return rc;
  row = read.row;
  if (!engine_skip_marked(store, &row)) return SQLITE_OK;
  row.seq_no++;
  rc = store_swap(&store->sql, &read.row, &row, 0, &is_done);
  if (rc == SQLITE_OK && !is_done) rc = SQLITE_BUSY;
  if (rc == SQLITE_OK) entry->row = row;
  return rc;
}

/* The same of all that the open transaction used.  Marks stay if it fails. */
static int transaction_make_all_good(Engine *engine) {
  StoreHost *host = &engine->host;
  int is_good = 1;
  if (!engine->is_rewound || engine->state != TXN_OPEN) return SQLITE_OK;
  for (SeqEntry *entry = engine->touched; entry; entry = entry->next_touched) {
    int rc;
    if (entry->row.def.mode != SEQ_STANDARD || !entry->published) continue;
    if (entry->left > 0 && entry->block_published) {
      continue; /* its block is stored, and ahead */
    }
    rc = transaction_make_good(entry);
    if (rc == SQLITE_OK) continue;
    is_good = 0;
    if (!transaction_is_open(entry->store)) return rc;
    error_clear(&host->error);
  }
  if (is_good) engine->is_rewound = 0;
  return SQLITE_OK;
}

/**** Gapless sequences **************************************************/

/*
** A gapless sequence was advanced, from the row `before`, in the transaction that
** is open.  SQLite gives that back, but for a statement that fails and writes only
** another database: it has no journal in ours.  So the row before and behind each
** savepoint is noted.
*/
int transaction_note_gapless(SeqEntry *entry, const SeqRow *before) {
  Engine *engine = entry->store->engine;
  EngineGapless *gapless;
  if (engine->state != TXN_OPEN) return SQLITE_OK;
  for (gapless = engine->gapless; gapless; gapless = gapless->next) {
    if (gapless->level < engine->level) break;
    if (gapless->entry == entry && gapless->level == engine->level &&
        !gapless->is_undone && !gapless->is_put_back) {
      gapless->after = entry->row;
      return SQLITE_OK;
    }
  }
  gapless = sqlite3_malloc64(sizeof *gapless);
  if (gapless == 0) return error_set(&engine->host.error, SQLITE_NOMEM, 0);
  memset(gapless, 0, sizeof *gapless);
  gapless->entry = entry;
  gapless->before = *before;
  gapless->after = entry->row;
  gapless->level = engine->level;
  gapless->next = engine->gapless;
  engine->gapless = gapless;
  return SQLITE_OK;
}

/* The row before all that is undone of the sequence of a note, or behind it. */
static const SeqRow *transaction_target(const EngineGapless *note) {
  const SeqEntry *entry = note->entry;
  const SeqRow *target = &note->before;
  for (; note; note = note->next) {
    if (note->entry == entry && note->is_undone) target = &note->before;
  }
  return target;
}

/*
** Put the sequence of a note back, if SQLite has not.  The note stays: if the
** statement that this is done for fails, it is to be done again.
*/
static int transaction_put_one_back(Engine *engine, EngineGapless *note) {
  SeqEntry *entry = note->entry;
  SeqRow now = *transaction_target(note);
  SeqRow after = note->after;
  int is_done = 0;
  int rc = SQLITE_OK;

  entry->is_likely = 0;
  for (EngineGapless *older = note; rc == SQLITE_OK && !is_done && older;
       older = older->next) {
    if (older->entry != entry || !older->is_undone) continue;
    now.seq_no = older->after.seq_no + 1;
    rc = store_swap(&entry->store->sql, &older->after, &now, 0, &is_done);
  }
  if (rc != SQLITE_OK) return rc;
  if (is_done) {
    entry->row = now;
    entry->is_likely = 1;
  }
  for (EngineGapless **link = &note->next; *link;) {
    EngineGapless *older = *link;
    if (older->entry == entry && older->is_undone) {
      *link = older->next;
      sqlite3_free(older);
    } else {
      link = &older->next;
    }
  }
  note->before = now;
  note->after = after;
  note->level = engine->level;
  note->is_undone = 0;
  note->is_put_back = 1;
  return SQLITE_OK;
}

/* Put back what ROLLBACK TO should have given back, unless it has. */
int transaction_put_back(Engine *engine) {
  if (!engine->has_undone || engine->state != TXN_OPEN) return SQLITE_OK;
  engine->has_undone = 0;
  for (EngineGapless *note = engine->gapless; note; note = note->next) {
    int rc;
    if (!note->is_undone) continue;
    rc = transaction_put_one_back(engine, note);
    if (rc == SQLITE_OK) continue;
    engine->has_undone = 1; /* the call fails, and the next one tries again */
    return rc;
  }
  return SQLITE_OK;
}

/**** One transaction for several writes *********************************/

/*
** Run a request on the store of main as a transaction of its own: as the INSERT of
** a row into surrogate_session, which SQLite undoes when it fails, also without
** memory.  *was_run is 0 if that is not possible.
*/
int transaction_run(SeqStore *store, TransactionRun *run, SeqRequest *request,
                    int *was_run) {
  Engine *engine = store->engine;
  StoreHost *host = &engine->host;
  TransactionJob job = {store, run, request, 0, SQLITE_OK};
  int rc = SQLITE_OK;

  *was_run = 0;
  if (engine->insert == 0) {
    rc = sqlite3_prepare_v3(host->db,
                            "INSERT INTO main.surrogate_session VALUES(NULL)",
                            -1, SQLITE_PREPARE_PERSISTENT, &engine->insert, 0);
    if (rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT) {
      *was_run = 1;
      return error_from_db(&host->error, host->db, rc);
    }
    if (rc != SQLITE_OK) return SQLITE_OK;
  }
  engine->job = &job;
  host->is_stepping = 1;
  sqlite3_step(engine->insert);
  rc = sqlite3_reset(engine->insert);
  host->is_stepping = 0;
  engine->job = 0;
  *was_run = job.was_run || (rc & 0xff) == SQLITE_BUSY ||
             (rc & 0xff) == SQLITE_READONLY || rc == SQLITE_NOMEM;
  if (job.rc != SQLITE_OK) return job.rc;
  return *was_run ? error_from_db(&host->error, host->db, rc) : SQLITE_OK;
}

/**** The hook ***********************************************************/

typedef struct TransactionVtab {
  sqlite3_vtab base;
  Engine *engine;
  int is_closer; /* it is surrogate_close */
} TransactionVtab;

static Engine *transaction_engine(sqlite3_vtab *base) {
  return ((TransactionVtab *)base)->engine;
}

static void transaction_begin(Engine *engine) {
  StoreHost *host = &engine->host;
  if (engine->state == TXN_OPEN || !host->is_stepping) return;
  transaction_settle(engine); /* our statement writes nothing */
  /* What was not heard of may have been rolled back: its marks are to stay. */
  if (engine->holds) engine->is_rewound = 1;
  engine->state = TXN_OPEN;
  engine->txn++;
  engine->level = 0;
  host->is_hooked = 1;
}

static int transaction_xconnect(sqlite3 *db, void *aux, int argc,
                                const char *const *argv, sqlite3_vtab **out,
                                char **error) {
  Engine *engine = aux;
  TransactionVtab *vtab = 0;
  int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(unused)");
  UNUSED(argc);
  UNUSED(error);
  *out = 0;
  if (rc == SQLITE_OK) rc = sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  if (rc != SQLITE_OK) return rc;
  vtab = sqlite3_malloc64(sizeof *vtab);
  if (vtab == 0) return SQLITE_NOMEM;
  memset(vtab, 0, sizeof *vtab);
  vtab->engine = engine;
  vtab->is_closer = strcmp(argv[0], "surrogate_close") == 0;
  if (vtab->is_closer) engine->is_connected = 1;
  *out = &vtab->base;
  /* SQLite takes a table that it makes into the transaction without xBegin. */
  if (engine->is_creating) transaction_begin(engine);
  return SQLITE_OK;
}

/*
** Several objects may be, and are, told of one transaction: each of these may be
** called again.
*/
static int transaction_xbegin(sqlite3_vtab *base) {
  transaction_begin(transaction_engine(base));
  return SQLITE_OK;
}

/* Finalize all statements that are kept, unless one of them runs. */
void transaction_finalize(Engine *engine) {
  if (engine->depth > 0 || engine->host.is_stepping) {
    engine->must_finalize = 1;
    return;
  }
  engine->must_finalize = 0;
  sqlite3_finalize(engine->enlist);
  sqlite3_finalize(engine->enlist_temp);
  sqlite3_finalize(engine->insert);
  engine->insert = 0;
  engine->enlist = 0;
  engine->enlist_temp = 0;
  for (SeqStore *store = engine->stores; store; store = store->next) {
    store_finalize(&store->sql);
  }
}

static int transaction_xdisconnect(sqlite3_vtab *base) {
  TransactionVtab *vtab = (TransactionVtab *)base;
  if (vtab->is_closer) {
    vtab->engine->is_connected = 0;
    transaction_finalize(vtab->engine);
  }
  sqlite3_free(vtab->base.zErrMsg);
  sqlite3_free(vtab);
  return SQLITE_OK;
}

static int transaction_xbestindex(sqlite3_vtab *base,
                                  sqlite3_index_info *info) {
  UNUSED(base);
  info->estimatedCost = 1;
  return SQLITE_OK;
}

static int transaction_xopen(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
  UNUSED(base);
  *out = sqlite3_malloc64(sizeof **out);
  if (*out == 0) return SQLITE_NOMEM; /* no memory */
  memset(*out, 0, sizeof **out);
  return SQLITE_OK;
}

static int transaction_xclose(sqlite3_vtab_cursor *cursor) {
  sqlite3_free(cursor);
  return SQLITE_OK;
}

static int transaction_xfilter(sqlite3_vtab_cursor *cursor, int plan,
                               const char *unused, int argc,
                               sqlite3_value **argv) {
  UNUSED(cursor);
  UNUSED(plan);
  UNUSED(unused);
  UNUSED(argc);
  UNUSED(argv);
  return SQLITE_OK;
}

static int transaction_xnext(sqlite3_vtab_cursor *cursor) {
  UNUSED(cursor);
  return SQLITE_OK;
}

static int transaction_xeof(sqlite3_vtab_cursor *cursor) {
  UNUSED(cursor);
  return 1;
}

static int transaction_xcolumn(sqlite3_vtab_cursor *cursor,
                               sqlite3_context *context, int column) {
  UNUSED(cursor);
  UNUSED(context);
  UNUSED(column);
  return SQLITE_OK;
}

static int transaction_xrowid(sqlite3_vtab_cursor *cursor,
                              sqlite3_int64 *rowid) {
  UNUSED(cursor);
  *rowid = 0;
  return SQLITE_OK;
}

/* The INSERT of transaction_run(): nobody else writes the table. */
static int transaction_xupdate(sqlite3_vtab *base, int argc,
                               sqlite3_value **argv, sqlite3_int64 *rowid) {
  Engine *engine = transaction_engine(base);
  TransactionJob *job = engine->job;
  UNUSED(argc);
  UNUSED(argv);
  if (job == 0) {
    sqlite3_free(base->zErrMsg);
    base->zErrMsg = sqlite3_mprintf("surrogate_session cannot be written");
    return SQLITE_READONLY;
  }
  *rowid = sqlite3_last_insert_rowid(engine->host.db);
  engine->job = 0;
  engine->host.is_stepping = 0;
  job->was_run = 1;
  job->rc = job->run(job->store, job->request);
  engine->host.is_stepping = 1;
  return job->rc == SQLITE_NOTFOUND ? SQLITE_ERROR : job->rc;
}

/* What is remembered may be wrong. */
static void transaction_undo(Engine *engine) {
  engine->hot = 0;
  engine->host.undone++;
}

/* Whether the transaction that is about to be committed is still there. */
static int transaction_is_writable(const Engine *engine) {
  return sqlite3_txn_state(engine->host.db, 0) == SQLITE_TXN_WRITE;
}

static int transaction_xsync(sqlite3_vtab *base) {
  Engine *engine = transaction_engine(base);
  int rc = SQLITE_OK;
  if (engine->host.is_stepping) return SQLITE_OK;
  engine->depth++;
  rc = transaction_put_back(engine);
  if (rc != SQLITE_OK && transaction_is_writable(engine)) {
    error_clear(&engine->host.error); /* there is a gap */
    rc = SQLITE_OK;
  }
  if (rc == SQLITE_OK) rc = transaction_flush(engine);
  if (rc == SQLITE_OK) rc = transaction_make_all_good(engine);
  engine->depth--;
  if (rc != SQLITE_OK) {
    sqlite3_free(base->zErrMsg);
    base->zErrMsg = error_take(&engine->host.error);
  }
  return rc;
}

static void transaction_end(Engine *engine, int state) {
  if (engine->state != TXN_OPEN) return;
  engine->undone_at_end = engine->host.undone;
  engine->state = state;
  engine->host.is_hooked = 0;
  transaction_undo(engine);
}

static int transaction_xcommit(sqlite3_vtab *base) {
  transaction_end(transaction_engine(base), TXN_COMMITTED);
  return SQLITE_OK;
}

/*
** sqlite3_close() calls this in an open transaction before it knows whether it
** will close.  If it refuses, the transaction goes on, and the next value is taken
** of the file.
*/
static int transaction_xrollback(sqlite3_vtab *base) {
  transaction_end(transaction_engine(base), TXN_ROLLED_BACK);
  return SQLITE_OK;
}

static int transaction_xsavepoint(sqlite3_vtab *base, int savepoint) {
  Engine *engine = transaction_engine(base);
  engine->level = savepoint + 1;
  if (engine->hot && engine->hot->row.is_owned) engine->hot = 0;
  return SQLITE_OK;
}

static int transaction_xrelease(sqlite3_vtab *base, int savepoint) {
  Engine *engine = transaction_engine(base);
  engine->level = savepoint;
  for (EngineGapless *gapless = engine->gapless; gapless;
       gapless = gapless->next) {
    if (gapless->level > savepoint) gapless->level = savepoint;
  }
  return SQLITE_OK;
}

static int transaction_xrollback_to(sqlite3_vtab *base, int savepoint) {
  Engine *engine = transaction_engine(base);
  engine->level = savepoint + 1;
  engine->is_rewound = 1;
  for (EngineGapless *gapless = engine->gapless; gapless;
       gapless = gapless->next) {
    if (gapless->level <= savepoint) continue;
    gapless->is_undone = 1;
    engine->has_undone = 1;
  }
  transaction_undo(engine);
  return SQLITE_OK;
}

static const sqlite3_module transaction_module = {
    .iVersion = 2,
    .xCreate = transaction_xconnect,
    .xConnect = transaction_xconnect,
    .xBestIndex = transaction_xbestindex,
    .xDisconnect = transaction_xdisconnect,
    .xDestroy = transaction_xdisconnect,
    .xOpen = transaction_xopen,
    .xClose = transaction_xclose,
    .xFilter = transaction_xfilter,
    .xNext = transaction_xnext,
    .xEof = transaction_xeof,
    .xColumn = transaction_xcolumn,
    .xRowid = transaction_xrowid,
    .xUpdate = transaction_xupdate,
    .xBegin = transaction_xbegin,
    .xSync = transaction_xsync,
    .xCommit = transaction_xcommit,
    .xRollback = transaction_xrollback,
    .xFindFunction = 0,
    .xRename = 0,
    .xSavepoint = transaction_xsavepoint,
    .xRelease = transaction_xrelease,
    .xRollbackTo = transaction_xrollback_to};

/*
** Register the tables; aux is the engine, or begins with it, and is given back
** to unref by each of them.
*/
int transaction_register(Engine *engine, void *(*ref)(void *),
                         void (*unref)(void *)) {
  sqlite3 *db = engine->host.db;
  int rc = sqlite3_create_module_v2(db, "surrogate_session",
                                    &transaction_module, ref(engine), unref);
  if (rc != SQLITE_OK) return rc;
  return sqlite3_create_module_v2(db, "surrogate_close", &transaction_module,
                                  ref(engine), unref);
}

/* Connect surrogate_close, if it can be: a table may have taken its name. */
void transaction_connect(Engine *engine) {
  sqlite3_stmt *stmt = 0;
  sqlite3_prepare_v2(engine->host.db, "SELECT 1 FROM main.surrogate_close", -1,
                     &stmt, 0);
  sqlite3_finalize(stmt);
}
