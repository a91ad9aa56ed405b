/*
** The sequence store on disk: the only place with SQL on its shadow table.
**
** FORMAT, version 1
**
** CREATE VIRTUAL TABLE X USING sequences makes one shadow table:
**
**   CREATE TABLE X_data(
**     name PRIMARY KEY,  -- TEXT: of the sequence; the header row has x''
**     data BLOB,         -- as below
**     owned_by TEXT      -- 'table.column', quoted where needed, or NULL
**   ) WITHOUT ROWID;
**
** `data` is that of seq_row.c.
**
** nextval() writes the row of its sequence, and nothing else: one page a
** commit, however many sequences there are.  What makes, changes or drops a
** sequence writes the header too.  They are blobs since a column costs more to
** read than its eight bytes do.
**
** A sequence whose owner is gone (seq_owner.c) is not there for whoever reads,
** though its row is still in the table.
**
** A row that is not of this form makes SQLITE_CORRUPT_VTAB, with a message.
**
** Statements are prepared when first needed and kept until
** seq_store_finalize().  This file knows nothing of sessions, transactions
** and caches.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <stdarg.h>
#include <string.h>

#include "sequence_old.h"

/* In the order of STMT_...; %w is the schema, then the store's table. */
static const char *const statements[STMT_COUNT] = {
    "SELECT h.data, r.data, r.name, r.owned_by FROM \"%w\".\"%w_data\" AS h"
    " LEFT JOIN \"%w\".\"%w_data\" AS r ON r.name = ?1 WHERE h.name = x''",

    "SELECT NULL, data, name, owned_by FROM \"%w\".\"%w_data\" WHERE name = ?1",

    "UPDATE \"%w\".\"%w_data\" SET data = ?2 WHERE name = ?1",

    "UPDATE \"%w\".\"%w_data\" SET data = ?2, owned_by = ?3 WHERE name = ?1",

    "INSERT INTO \"%w\".\"%w_data\"(name, data, owned_by)"
    " VALUES(?1, ?2, ?3)",

    "DELETE FROM \"%w\".\"%w_data\" WHERE name = ?1",

    "UPDATE \"%w\".\"%w_data\" SET name = ?2, data = ?3 WHERE name = ?1",

    "UPDATE \"%w\".\"%w_data\" SET data = ?1 WHERE name = x''",

    /* An ordinary table that has taken the store's place has not these. */
    "INSERT INTO \"%w\".\"%w\"(name, _seq_no, _primary_term)"
    " VALUES(NULL, NULL, NULL)",

    "PRAGMA \"%w\".schema_version"};

/*
** Note an error of our own, whose code is rc; the message is formatted as by
** sqlite3_mprintf().  Returns rc, or SQLITE_NOMEM.
*/
int seq_store_fail(SeqStoreSql *sql, int rc, const char *format, ...) {
  va_list args;
  sqlite3_free(sql->message);
  va_start(args, format);
  sql->message = sqlite3_vmprintf(format, args);
  va_end(args);
  return sql->message ? rc : SQLITE_NOMEM;
}

int seq_store_malformed(SeqStoreSql *sql, const char *why) {
  return seq_store_fail(sql, SQLITE_CORRUPT_VTAB,
                        "sequence store \"%s\" is malformed: %s", sql->table,
                        why);
}

/*
** Note an error that SQLite reported, before another call replaces its
** message.
*/
int seq_store_error(SeqStoreSql *sql, int rc) {
  if (rc == SQLITE_NOMEM) return rc;
  return seq_store_fail(sql, rc, "%s", sqlite3_errmsg(sql->db));
}

/*
** True if a row of sqlite_schema is a virtual table of our module.  SQLite
** stores such a statement as "CREATE VIRTUAL TABLE " and the rest of it from
** the table's name on.
*/
static int is_store(const char *sql, size_t n) {
  static const char *const before[] = {"create", "virtual", "table"};
  const char *end = sql + n;
  Token token;
  for (int i = 0; i < 3; i++) {
    token_next(&sql, end, &token);
    if (!token_is(token.z, token.n, before[i])) return 0;
  }
  token_next(&sql, end, &token); /* the name */
  token_next(&sql, end, &token);
  if (!token_is(token.z, token.n, "using")) return 0;
  token_next(&sql, end, &token);
  if (token.type == TOKEN_QUOTED || token.type == TOKEN_STRING) {
    token.z++;
    token.n -= 2;
  }
  return token_is(token.z, token.n, seq_module_name);
}

/*
** Look for the store of a schema: *table is its name, to be freed, or NULL.
*/
int seq_store_discover(sqlite3 *db, const char *schema, char **table) {
  sqlite3_stmt *stmt = 0;
  char *sql = sqlite3_mprintf("SELECT name, sql FROM \"%w\".sqlite_schema"
                              " WHERE type = 'table' AND rootpage = 0",
                              schema);
  int rc = SQLITE_NOMEM;

  *table = 0;
  if (sql) rc = sqlite3_prepare_v2(db, sql, -1, &stmt, 0);
  sqlite3_free(sql);
  while (rc == SQLITE_OK && *table == 0 && sqlite3_step(stmt) == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(stmt, 1);
    if (text && is_store(text, (size_t)sqlite3_column_bytes(stmt, 1))) {
      *table = sqlite3_mprintf("%s", sqlite3_column_text(stmt, 0));
      if (*table == 0) rc = SQLITE_NOMEM;
    }
  }
  if (rc == SQLITE_OK) rc = sqlite3_reset(stmt);
  sqlite3_finalize(stmt);
  if (rc != SQLITE_OK) {
    sqlite3_free(*table);
    *table = 0;
  }
  return rc;
}

/*
** The store is called `table` now: statements that name it otherwise go.
*/
int seq_store_set_table(SeqStoreSql *sql, const char *table) {
  char *copy;
  sql->is_name_lost = 0;
  if (strcmp(sql->table, table) == 0) return SQLITE_OK;
  copy = sqlite3_mprintf("%s", table);
  if (copy == 0) return SQLITE_NOMEM;
  seq_store_finalize(sql);
  sqlite3_free(sql->table);
  sql->table = copy;
  return SQLITE_OK;
}

/*
** What named the store was rolled back: it is looked up when it is needed.
*/
void seq_store_lose_name(SeqStoreSql *sql) {
  seq_store_finalize(sql);
  sql->is_name_lost = 1;
}

static int find_name(SeqStoreSql *sql) {
  char *table;
  int rc = seq_store_discover(sql->db, sql->schema, &table);
  if (rc == SQLITE_OK && table) rc = seq_store_set_table(sql, table);
  sqlite3_free(table);
  return rc == SQLITE_OK ? rc : seq_store_error(sql, rc);
}

/* The file that a store is in: empty if it is in memory or temporary. */
const char *seq_store_file(SeqStoreSql *sql) {
  const char *file = sqlite3_db_filename(sql->db, sql->schema);
  return file ? file : "";
}

/* Run SQL that is formatted as by sqlite3_mprintf(). */
int seq_store_exec(SeqStoreSql *sql, const char *format, ...) {
  va_list args;
  char *text;
  int rc;
  va_start(args, format);
  text = sqlite3_vmprintf(format, args);
  va_end(args);
  if (text == 0) return SQLITE_NOMEM;
  rc = sqlite3_exec(sql->db, text, 0, 0, 0);
  sqlite3_free(text);
  return rc == SQLITE_OK ? rc : seq_store_error(sql, rc);
}

/**** The shadow table ***************************************************/

/* Make the shadow table and its header row. */
int seq_store_create(SeqStoreSql *sql) {
  SeqHeader header = {0, 0, 1};
  int rc = seq_store_exec(sql,
                          "CREATE TABLE \"%w\".\"%w_data\"(name PRIMARY KEY,"
                          " data BLOB, owned_by TEXT) WITHOUT ROWID;"
                          "INSERT INTO \"%w\".\"%w_data\"(name) VALUES(x'')",
                          sql->schema, sql->table, sql->schema, sql->table);
  sqlite3_randomness(sizeof header.store_id, &header.store_id);
  return rc == SQLITE_OK ? seq_store_write_header(sql, &header) : rc;
}

int seq_store_drop(SeqStoreSql *sql) {
  return seq_store_exec(sql, "DROP TABLE IF EXISTS \"%w\".\"%w_data\"",
                        sql->schema, sql->table);
}

int seq_store_rename(SeqStoreSql *sql, const char *new_table) {
  return seq_store_exec(sql,
                        "ALTER TABLE \"%w\".\"%w_data\" RENAME TO \"%w_data\"",
                        sql->schema, sql->table, new_table);
}

void seq_store_finalize(SeqStoreSql *sql) {
  for (int i = 0; i < STMT_COUNT; i++) {
    sqlite3_finalize(sql->stmts[i]);
    sql->stmts[i] = 0;
  }
}

/* Free what a store's place owns. */
void seq_store_free(SeqStoreSql *sql) {
  seq_store_finalize(sql);
  sqlite3_free(sql->message);
  seq_owner_forget(sql);
  hash_clear(&sql->owners.calls, 1);
  sqlite3_free(sql->kept.name);
  sqlite3_free(sql->schema);
  sqlite3_free(sql->table);
}

static int prepare(SeqStoreSql *sql, unsigned flags, const char *format,
                   sqlite3_stmt **stmt) {
  char *text;
  int rc = sql->is_name_lost ? find_name(sql) : SQLITE_OK;
  if (rc != SQLITE_OK) return rc;
  text =
      sqlite3_mprintf(format, sql->schema, sql->table, sql->schema, sql->table);
  if (text == 0) return SQLITE_NOMEM;
  rc = sqlite3_prepare_v3(sql->db, text, -1, flags, stmt, 0);
  sqlite3_free(text);
  return rc == SQLITE_OK ? rc : seq_store_error(sql, rc);
}

/* Get a statement, prepared and reset. */
int seq_store_statement(SeqStoreSql *sql, int which, sqlite3_stmt **stmt) {
  int rc = SQLITE_OK;
  if (sql->stmts[which] == 0) {
    rc = prepare(sql, SQLITE_PREPARE_PERSISTENT, statements[which],
                 &sql->stmts[which]);
  }
  *stmt = sql->stmts[which];
  return rc;
}

/*
** Step a statement that reads the shadow table.  In a damaged file that may be
** a view of the store itself, so this does not go deeper.
*/
static int step(SeqStoreSql *sql, sqlite3_stmt *stmt) {
  int rc;
  if (sql->is_stepping) return seq_store_malformed(sql, "it is made of itself");
  sql->is_stepping = 1;
  rc = sqlite3_step(stmt);
  sql->is_stepping = 0;
  return rc;
}

/*
** Step a statement that writes one row, and reset it.  What is bound are the
** caller's bytes, and is bound anew before the next step.
*/
static int run(SeqStoreSql *sql, sqlite3_stmt *stmt, int rc) {
  if (rc != SQLITE_OK) return rc;
  if (sql->is_writing)
    return seq_store_malformed(sql, "a trigger is on its data");
  sql->writes++;
  sql->is_writing = 1;
  sqlite3_step(stmt);
  rc = sqlite3_reset(stmt);
  sql->is_writing = 0;
  if (rc != SQLITE_OK) return seq_store_error(sql, rc);
  if (sqlite3_changes(sql->db) != 1) {
    return seq_store_malformed(sql, "a row was taken away");
  }
  sql->changes++;
  return SQLITE_OK;
}

static int bind_name(sqlite3_stmt *stmt, int i, const char *name, size_t n) {
  return sqlite3_bind_text64(stmt, i, name, n, SQLITE_STATIC, SQLITE_UTF8);
}

/* Get the bytes of a column: NULL if it is not a blob. */
static const unsigned char *column_bytes(sqlite3_stmt *stmt, int column,
                                         int *size) {
  sqlite3_value *value = sqlite3_column_value(stmt, column);
  *size =
      sqlite3_value_type(value) == SQLITE_BLOB ? sqlite3_value_bytes(value) : 0;
  return *size ? sqlite3_value_blob(value) : 0;
}

static int decode_header(SeqStoreSql *sql, sqlite3_stmt *stmt,
                         SeqHeader *header) {
  int size;
  const unsigned char *z = column_bytes(stmt, READ_HEADER, &size);

  if (size > 0 && z[0] != SEQ_STORE_FORMAT) {
    return seq_store_fail(
        sql, SQLITE_ERROR,
        "sequence store \"%s\" has format %d: this version knows %d",
        sql->table, z[0], SEQ_STORE_FORMAT);
  }
  if (!seq_decode_header(z, size, header)) {
    return seq_store_malformed(sql, "the header row has not its size");
  }
  if (header->next_seq_no < 0 || header->next_seq_no == INT64_MAX ||
      header->primary_term < 1) {
    return seq_store_malformed(sql,
                               "a counter in the header row is out of bounds");
  }
  return SQLITE_OK;
}

/*
** Decode the current row of STMT_READ or of a scan.  *found is 0 if STMT_READ
** gave the header alone, since there is no such sequence.
*/
int seq_store_decode(SeqStoreSql *sql, sqlite3_stmt *stmt, SeqRow *row,
                     int *found) {
  char message[SEQ_MESSAGE_SIZE];
  int size;
  const unsigned char *z = column_bytes(stmt, READ_ROW, &size);

  *found = 0;
  if (size == 0 && sqlite3_column_type(stmt, READ_NAME) == SQLITE_NULL) {
    return SQLITE_OK;
  }
  if (size == 0 || !seq_decode_row(z, size, row)) {
    return seq_store_malformed(sql, "a row has not its size");
  }
  if (definition_check(&row->def, &row->state, message) != SEQ_OK) {
    return seq_store_malformed(sql, message);
  }
  if (row->id < 0 || row->set_no < row->id || row->change_no < row->set_no ||
      row->seq_no < row->change_no || row->seq_no >= INT64_MAX - 1) {
    return seq_store_malformed(sql, "the writes of a row are not in order");
  }
  row->is_owned = sqlite3_value_type(
                      sqlite3_column_value(stmt, READ_OWNED_BY)) != SQLITE_NULL;
  row->is_linked &= row->is_owned;
  *found = 1;
  return SQLITE_OK;
}

/*
** The same, with the owner looked up: *owner is its text as it is called now,
** valid until the statement is stepped or the next owner is looked up, or
** NULL.  *found is 0 if the sequence had one and that is gone.
*/
int seq_store_decode_owned(SeqStoreSql *sql, sqlite3_stmt *stmt, SeqRow *row,
                           const char **owner, int *found) {
  const char *noted;
  size_t n;
  int rc = seq_store_decode(sql, stmt, row, found);

  *owner = 0;
  if (rc != SQLITE_OK || !*found || !row->is_owned) return rc;
  if (sqlite3_column_type(stmt, READ_OWNED_BY) != SQLITE_TEXT) {
    return seq_store_malformed(sql, "an owner is not a column");
  }
  noted = (const char *)sqlite3_column_text(stmt, READ_OWNED_BY);
  n = (size_t)sqlite3_column_bytes(stmt, READ_OWNED_BY);
  if (noted == 0) return SQLITE_NOMEM;
  if (!seq_owner_is_valid(noted, n)) {
    return seq_store_malformed(sql, "an owner is not a column");
  }
  rc = seq_owner_refresh(sql);
  if (rc == SQLITE_OK) {
    const char *name = (const char *)sqlite3_column_text(stmt, READ_NAME);
    n = (size_t)sqlite3_column_bytes(stmt, READ_NAME);
    rc = name == 0 ? SQLITE_NOMEM
                   : seq_owner_find(sql, name, n, noted, row->is_linked, owner);
  }
  if (rc != SQLITE_OK) return rc;
  *found = *owner != 0;
  if (*owner == 0 || strcmp(*owner, noted) != 0) sql->owners.is_settled = 0;
  return SQLITE_OK;
}

/**** The row that was last read or written ******************************/

/*
** The row of the last name is kept, so that reading it again costs nothing
** while the file is as it was.  The pager's data version tells: it changes
** with each commit, of this connection (seq_store_committed() takes note of
** the store's own) or of another, once a transaction is open that would see
** what was committed.
*/

/*
** A transaction that is rolled back, and a store that is another one, make
** what was kept wrong.
*/
void seq_store_forget(SeqStoreSql *sql) {
  sql->kept.is_valid = 0;
}

static uint32_t data_version(SeqStoreSql *sql) {
  uint32_t version = 0;
  sqlite3_file_control(sql->db, sql->schema, SQLITE_FCNTL_DATA_VERSION,
                       &version);
  return version;
}

/* A transaction begins. */
void seq_store_begin(SeqStoreSql *sql) {
  sql->changes_before = (unsigned)sqlite3_total_changes(sql->db);
  sql->changes = 0;
  sql->rows = 0;
  sql->is_enlisted = 1;
}

/*
** A transaction was committed.  If it changed nothing but by us, what is kept
** is what the file has now.  SQLite counts our changes, and the rows of the
** virtual table when their statement ends, before this or after it.
*/
void seq_store_committed(SeqStoreSql *sql) {
  unsigned changes =
      (unsigned)sqlite3_total_changes(sql->db) - sql->changes_before;
  if (changes != sql->changes && changes != sql->changes + sql->rows) {
    seq_store_forget(sql);
  }
  if (sql->kept.is_valid) sql->kept.data_version = data_version(sql);
}

static int is_kept(const SeqKept *kept, const char *name, size_t n) {
  return kept->is_valid && kept->n_name == n &&
         memcmp(kept->name, name, n) == 0;
}

static void keep(SeqStoreSql *sql, const char *name, size_t n,
                 const SeqHeader *header, const SeqRow *row) {
  SeqKept *kept = &sql->kept;
  kept->is_valid = 0;
  if (n > kept->n_alloc) {
    sqlite3_free(kept->name);
    kept->name = sqlite3_malloc64(n);
    kept->n_alloc = kept->name ? n : 0;
    if (kept->name == 0) return; /* it can be done without */
  }
  if (n) memcpy(kept->name, name, n);
  kept->n_name = n;
  kept->header = *header;
  kept->row = *row;
  kept->data_version = data_version(sql);
  kept->generation = sql->owners.generation;
  kept->is_valid = 1;
}

/* Whether the kept row is still the one in the file. */
static int is_current(SeqStoreSql *sql) {
  return sqlite3_txn_state(sql->db, sql->schema) != SQLITE_TXN_NONE &&
         data_version(sql) == sql->kept.data_version;
}

/* Whether the owner of the kept row, if it has one, is known to be there. */
static int is_owner_kept(SeqStoreSql *sql, int *rc) {
  if (!sql->kept.row.is_owned) return 1;
  *rc = seq_owner_refresh(sql);
  return *rc == SQLITE_OK && sql->kept.is_valid &&
         sql->kept.generation == sql->owners.generation;
}

/**** Reading ************************************************************/

/*
** Read the header and the row of a sequence, as they are at one moment.  With
** owned_by, *owned_by is its owner, to be freed, or NULL.  The header of the
** kept row, if that is current, is not read again.
*/
int seq_store_read(SeqStoreSql *sql, const char *name, size_t n,
                   SeqHeader *header, SeqRow *row, char **owned_by,
                   int *found) {
  sqlite3_stmt *stmt;
  const char *owner;
  int which = STMT_READ;
  int rc = SQLITE_OK;

  *found = 0;
  if (owned_by) *owned_by = 0;
  if (sql->kept.is_valid && !is_current(sql)) seq_store_forget(sql);
  if (is_kept(&sql->kept, name, n) && !(owned_by && sql->kept.row.is_owned) &&
      is_owner_kept(sql, &rc)) {
    *header = sql->kept.header;
    *row = sql->kept.row;
    *found = 1;
    return SQLITE_OK;
  }
  if (rc != SQLITE_OK) return rc;
  if (sql->kept.is_valid) {
    *header = sql->kept.header;
    if (n == 0) return SQLITE_OK;
    which = STMT_READ_ROW;
  }
  rc = seq_store_statement(sql, which, &stmt);
  if (rc == SQLITE_OK) rc = bind_name(stmt, 1, name, n);
  if (rc != SQLITE_OK) return rc;
  rc = step(sql, stmt);
  if (rc == SQLITE_ROW) {
    rc = SQLITE_OK;
    if (which == STMT_READ) rc = decode_header(sql, stmt, header);
    if (rc == SQLITE_OK) {
      rc = seq_store_decode_owned(sql, stmt, row, &owner, found);
    }
    if (rc == SQLITE_OK && owned_by && owner) {
      *owned_by = sqlite3_mprintf("%s", owner);
      if (*owned_by == 0) rc = SQLITE_NOMEM;
    }
    if (rc == SQLITE_OK && *found) keep(sql, name, n, header, row);
  } else if (rc == SQLITE_DONE && which == STMT_READ_ROW) {
    rc = SQLITE_OK;
  } else if (rc == SQLITE_DONE) {
    rc = seq_store_malformed(sql, "there is no header row");
  } else if (rc != SQLITE_CORRUPT_VTAB) {
    rc = seq_store_error(sql, rc);
  }
  sqlite3_reset(stmt);
  return rc;
}

/* Read the header alone. */
int seq_store_read_header(SeqStoreSql *sql, SeqHeader *header) {
  SeqRow row;
  int found;
  return seq_store_read(sql, "", 0, header, &row, 0, &found);
}

/*
** A statement over all sequences in the order of their names, to be stepped by
** seq_store_next_row() and finalized.
*/
int seq_store_open_scan(SeqStoreSql *sql, int descending, sqlite3_stmt **stmt) {
  int rc = prepare(sql, 0,
                   descending ? "SELECT NULL, data, name, owned_by"
                                " FROM \"%w\".\"%w_data\" WHERE name < ?1"
                                " ORDER BY name DESC"
                              : "SELECT NULL, data, name, owned_by"
                                " FROM \"%w\".\"%w_data\" WHERE name > ?1"
                                " AND name < x'' ORDER BY name",
                   stmt);
  if (rc == SQLITE_OK && descending) {
    rc = sqlite3_bind_zeroblob(*stmt, 1, 0);
  } else if (rc == SQLITE_OK) {
    rc = sqlite3_bind_int64(*stmt, 1, INT64_MIN); /* before all text */
  }
  return rc;
}

/* The same over those that have an owner, in any order. */
int seq_store_open_owned(SeqStoreSql *sql, sqlite3_stmt **stmt) {
  return prepare(sql, 0,
                 "SELECT NULL, data, name, owned_by FROM \"%w\".\"%w_data\""
                 " WHERE owned_by IS NOT NULL AND name <> x''",
                 stmt);
}

/*
** Step a scan.  If rows were written since the last step it begins again
** behind the last name: SQLite may lose its place in a WITHOUT ROWID table when
** the row there is written.  The last name is NULL at first.
*/
int seq_store_next_row(SeqStoreSql *sql, sqlite3_stmt *stmt, const char *name,
                       size_t n, uint64_t *writes) {
  int rc;
  if (name && *writes != sql->writes) {
    sqlite3_reset(stmt);
    rc = sqlite3_bind_text64(stmt, 1, name, n, SQLITE_TRANSIENT, SQLITE_UTF8);
    if (rc != SQLITE_OK) return rc;
  }
  *writes = sql->writes;
  rc = step(sql, stmt);
  if (rc == SQLITE_ROW || rc == SQLITE_DONE || rc == SQLITE_CORRUPT_VTAB) {
    return rc;
  }
  return seq_store_error(sql, rc);
}

/*
** Find the name of the sequence of that id, by a scan of the store: *name, to
** be freed, or NULL if there is none.
*/
int seq_store_find_id(SeqStoreSql *sql, int64_t id, char **name, size_t *n) {
  sqlite3_stmt *stmt = 0;
  uint64_t writes = 0;
  SeqRow row;
  const char *owner;
  int found;
  int rc = seq_store_open_scan(sql, 0, &stmt);

  *name = 0;
  while (rc == SQLITE_OK && *name == 0) {
    rc = seq_store_next_row(sql, stmt, 0, 0, &writes);
    if (rc == SQLITE_DONE) break;
    if (rc == SQLITE_ROW) rc = seq_store_decode(sql, stmt, &row, &found);
    if (rc != SQLITE_OK || row.id != id) continue;
    rc = seq_store_decode_owned(sql, stmt, &row, &owner, &found);
    if (rc == SQLITE_OK && !found) break;
    if (rc == SQLITE_OK) {
      *n = (size_t)sqlite3_column_bytes(stmt, READ_NAME);
      *name = sqlite3_malloc64(*n + 1);
      if (*name == 0) {
        rc = SQLITE_NOMEM;
      } else if (*n > 0) {
        memcpy(*name, sqlite3_column_text(stmt, READ_NAME), *n);
      }
    }
  }
  sqlite3_finalize(stmt);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Run a statement on a name, a row and, if it has it, owned_by. */
static int write_row(SeqStoreSql *sql, int which, const char *name, size_t n,
                     const SeqRow *row, const char *owned_by) {
  unsigned char data[SEQ_ROW_SIZE];
  int size = seq_encode_row(row, data);
  sqlite3_stmt *stmt;
  int rc = seq_store_statement(sql, which, &stmt);
  if (rc == SQLITE_OK) rc = bind_name(stmt, 1, name, n);
  if (rc == SQLITE_OK) {
    rc = sqlite3_bind_blob(stmt, 2, data, size, SQLITE_STATIC);
  }
  if (rc == SQLITE_OK && which != STMT_UPDATE) {
    rc = sqlite3_bind_text(stmt, 3, owned_by, -1, SQLITE_STATIC);
  }
  rc = run(sql, stmt, rc);
  if (is_kept(&sql->kept, name, n)) {
    sql->kept.row = *row;
    if (rc != SQLITE_OK) sql->kept.is_valid = 0;
  }
  return rc;
}

/* Store a row that is there already; its owned_by stays. */
int seq_store_update(SeqStoreSql *sql, const char *name, size_t n,
                     const SeqRow *row) {
  return write_row(sql, STMT_UPDATE, name, n, row, 0);
}

/* The same, with owned_by, which is NULL for none. */
int seq_store_update_owned(SeqStoreSql *sql, const char *name, size_t n,
                           const SeqRow *row, const char *owned_by) {
  return write_row(sql, STMT_UPDATE_OWNED, name, n, row, owned_by);
}

int seq_store_insert(SeqStoreSql *sql, const char *name, size_t n,
                     const SeqRow *row, const char *owned_by) {
  return write_row(sql, STMT_INSERT, name, n, row, owned_by);
}

int seq_store_delete(SeqStoreSql *sql, const char *name, size_t n) {
  sqlite3_stmt *stmt;
  int rc = seq_store_statement(sql, STMT_DELETE, &stmt);
  if (rc == SQLITE_OK) rc = bind_name(stmt, 1, name, n);
  seq_store_forget(sql);
  return run(sql, stmt, rc);
}

/* Give a sequence another name, and store its row. */
int seq_store_rename_row(SeqStoreSql *sql, const char *name, size_t n,
                         const char *new_name, size_t n_new,
                         const SeqRow *row) {
  unsigned char data[SEQ_ROW_SIZE];
  int size = seq_encode_row(row, data);
  sqlite3_stmt *stmt;
  int rc = seq_store_statement(sql, STMT_RENAME, &stmt);
  if (rc == SQLITE_OK) rc = bind_name(stmt, 1, name, n);
  if (rc == SQLITE_OK) rc = bind_name(stmt, 2, new_name, n_new);
  if (rc == SQLITE_OK) {
    rc = sqlite3_bind_blob(stmt, 3, data, size, SQLITE_STATIC);
  }
  seq_store_forget(sql);
  return run(sql, stmt, rc);
}

int seq_store_write_header(SeqStoreSql *sql, const SeqHeader *header) {
  unsigned char data[SEQ_HEADER_SIZE];
  sqlite3_stmt *stmt;
  int rc = seq_store_statement(sql, STMT_HEADER, &stmt);
  if (rc == SQLITE_OK) {
    rc = sqlite3_bind_blob(stmt, 1, data, seq_encode_header(header, data),
                           SQLITE_STATIC);
  }
  rc = run(sql, stmt, rc);
  sql->kept.header = *header;
  if (rc != SQLITE_OK) sql->kept.is_valid = 0;
  return rc;
}

/*
** Read every row, for PRAGMA integrity_check.  *report is NULL if the store
** is sound, else says what is wrong, to be freed.  The result is an error
** only if the store could not be read for another reason.
*/
int seq_store_verify(SeqStoreSql *sql, char **report) {
  sqlite3_stmt *stmt = 0;
  SeqHeader header;
  SeqRow row;
  uint64_t writes = 0;
  int found;
  int rc = seq_store_read_header(sql, &header);

  *report = 0;
  if (rc == SQLITE_OK) {
    rc = prepare(sql, 0,
                 "SELECT NULL, data, name, owned_by FROM \"%w\".\"%w_data\""
                 " WHERE name <> x''",
                 &stmt);
  }
  while (rc == SQLITE_OK) {
    rc = seq_store_next_row(sql, stmt, 0, 0, &writes);
    if (rc == SQLITE_ROW) rc = seq_store_decode(sql, stmt, &row, &found);
    if (rc == SQLITE_OK &&
        sqlite3_column_type(stmt, READ_NAME) != SQLITE_TEXT) {
      rc = seq_store_malformed(sql, "a name is not text");
    }
    if (rc == SQLITE_OK && row.is_owned &&
        (sqlite3_column_type(stmt, READ_OWNED_BY) != SQLITE_TEXT ||
         !seq_owner_is_valid(
             (const char *)sqlite3_column_text(stmt, READ_OWNED_BY),
             (size_t)sqlite3_column_bytes(stmt, READ_OWNED_BY)))) {
      rc = seq_store_malformed(sql, "an owner is not a column");
    }
    if (rc == SQLITE_OK && row.change_no >= header.next_seq_no) {
      rc = seq_store_malformed(sql, "a row was written after the last write");
    }
  }
  if (rc == SQLITE_DONE) rc = SQLITE_OK;
  sqlite3_finalize(stmt);
  if (rc != SQLITE_CORRUPT_VTAB && rc != SQLITE_ERROR) return rc;
  *report = sql->message;
  sql->message = 0;
  return *report ? SQLITE_OK : SQLITE_NOMEM;
}
