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
** Integers in `data` are big-endian and signed.  The header row, which sorts
** behind all names, has 25 bytes:
**
**    0  1  the format version, 1
**    1  8  a random number that tells stores apart
**    9  8  writes so far: the _seq_no of the next write
**   17  8  the primary term, from 1
**
** The row of a sequence has 33 bytes, or 73 if it is not of the default
** definition of its type (START 1 MINVALUE 1 MAXVALUE the type's, INCREMENT 1,
** CACHE 1):
**
**    0  1  flags: 0x03 data_type (0 bigint, 1 integer, 2 smallint), 0x04 cycle,
**          0x08 is_called, 0x30 mode (0x00 standard, 0x10 gapless)
**    1  8  seq_no: _seq_no of the last write of the row
**    9  8  set_no: _seq_no of the last write that was no nextval()
**   17  8  id: _seq_no of the write that made the sequence
**   25  8  last_value: the last value handed out or reserved if is_called, else
**          the next one to hand out
**   33  8  start_value
**   41  8  min_value
**   49  8  max_value
**   57  8  increment_by
**   65  8  cache_size
**
** A write changes a row and the header.  They are in one table since in a
** store of usual size they share a page: one page a commit.  They are blobs
** since a column costs more to read than its eight bytes do.
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

#include "surrogate_int.h"

#define STORE_FORMAT 1

#define HEADER_SIZE   25
#define ROW_SIZE      33 /* of a default definition */
#define ROW_SIZE_FULL 73 /* of any other */

enum {
  FLAG_DATA_TYPE = 0x03,
  FLAG_CYCLE = 0x04,
  FLAG_IS_CALLED = 0x08,
  FLAG_MODE = 0x30,
  MODE_SHIFT = 4
};

#define READ_COLUMNS "h.data, r.data, r.name, r.owned_by"

enum { READ_HEADER, READ_ROW }; /* and READ_NAME, READ_OWNED_BY */

/* In the order of STMT_...; %w is the schema, then the store's table. */
static const char *const statements[STMT_COUNT] = {
    "SELECT " READ_COLUMNS " FROM \"%w\".\"%w_data\" AS h"
    " LEFT JOIN \"%w\".\"%w_data\" AS r ON r.name = ?1 WHERE h.name = x''",

    "UPDATE \"%w\".\"%w_data\" SET data = ?2 WHERE name = ?1",

    "UPDATE \"%w\".\"%w_data\" SET data = ?2, owned_by = ?3 WHERE name = ?1",

    "INSERT INTO \"%w\".\"%w_data\"(name, data, owned_by)"
    " VALUES(?1, ?2, ?3)",

    "DELETE FROM \"%w\".\"%w_data\" WHERE name = ?1",

    "UPDATE \"%w\".\"%w_data\" SET name = ?2, data = ?3 WHERE name = ?1",

    "UPDATE \"%w\".\"%w_data\" SET data = ?1 WHERE name = x''",

    "INSERT INTO \"%w\".\"%w\"(name) VALUES(NULL)"};

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

static int malformed(SeqStoreSql *sql, const char *why) {
  return seq_store_fail(sql, SQLITE_CORRUPT_VTAB,
                        "sequence store \"%s\" is malformed: %s", sql->table,
                        why);
}

/*
** Note an error that SQLite reported, before another call replaces its
** message.
*/
static int database_error(SeqStoreSql *sql, int rc) {
  if (rc == SQLITE_NOMEM) return rc;
  return seq_store_fail(sql, rc, "%s", sqlite3_errmsg(sql->db));
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
  return rc == SQLITE_OK ? rc : database_error(sql, rc);
}

/**** The bytes **********************************************************/

static void put_integer(unsigned char *z, int64_t value) {
  for (int i = 7; i >= 0; i--) {
    z[i] = (unsigned char)value;
    value >>= 8;
  }
}

static int64_t get_integer(const unsigned char *z) {
  uint64_t value = 0;
  for (int i = 0; i < 8; i++)
    value = value << 8 | z[i];
  return (int64_t)value;
}

static void encode_header(const SeqHeader *header, unsigned char *z) {
  z[0] = STORE_FORMAT;
  put_integer(z + 1, header->store_id);
  put_integer(z + 9, header->next_seq_no);
  put_integer(z + 17, header->primary_term);
}

/* The definition that a row without one has. */
static void default_definition(SeqDef *def) {
  def->start_value = 1;
  def->min_value = 1;
  def->max_value = seq_type_max(def->data_type);
  def->increment_by = 1;
  def->cache_size = 1;
}

/* Write a row to z, which has room for ROW_SIZE_FULL.  Returns its size. */
static int encode_row(const SeqRow *row, unsigned char *z) {
  const SeqDef *def = &row->def;
  SeqDef plain = *def;

  default_definition(&plain);
  z[0] = (unsigned char)(def->data_type == 8 ? 0 : def->data_type == 4 ? 1 : 2);
  if (def->cycle) z[0] |= FLAG_CYCLE;
  if (row->state.is_called) z[0] |= FLAG_IS_CALLED;
  z[0] |= (unsigned char)(def->mode << MODE_SHIFT);
  put_integer(z + 1, row->seq_no);
  put_integer(z + 9, row->set_no);
  put_integer(z + 17, row->id);
  put_integer(z + 25, row->state.last_value);
  if (def->start_value == plain.start_value &&
      def->min_value == plain.min_value && def->max_value == plain.max_value &&
      def->increment_by == plain.increment_by &&
      def->cache_size == plain.cache_size) {
    return ROW_SIZE;
  }
  put_integer(z + 33, def->start_value);
  put_integer(z + 41, def->min_value);
  put_integer(z + 49, def->max_value);
  put_integer(z + 57, def->increment_by);
  put_integer(z + 65, def->cache_size);
  return ROW_SIZE_FULL;
}

static void decode_row(const unsigned char *z, int size, SeqRow *row) {
  static const int types[] = {8, 4, 2, 0};
  SeqDef *def = &row->def;

  def->data_type = types[z[0] & FLAG_DATA_TYPE];
  def->cycle = (z[0] & FLAG_CYCLE) != 0;
  def->mode = (z[0] & FLAG_MODE) >> MODE_SHIFT;
  row->state.is_called = (z[0] & FLAG_IS_CALLED) != 0;
  row->seq_no = get_integer(z + 1);
  row->set_no = get_integer(z + 9);
  row->id = get_integer(z + 17);
  row->state.last_value = get_integer(z + 25);
  if (size == ROW_SIZE) {
    default_definition(def);
  } else {
    def->start_value = get_integer(z + 33);
    def->min_value = get_integer(z + 41);
    def->max_value = get_integer(z + 49);
    def->increment_by = get_integer(z + 57);
    def->cache_size = get_integer(z + 65);
  }
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
  sqlite3_free(sql->kept.name);
  sqlite3_free(sql->schema);
  sqlite3_free(sql->table);
}

static int prepare(SeqStoreSql *sql, unsigned flags, const char *format,
                   sqlite3_stmt **stmt) {
  char *text =
      sqlite3_mprintf(format, sql->schema, sql->table, sql->schema, sql->table);
  int rc;
  if (text == 0) return SQLITE_NOMEM;
  rc = sqlite3_prepare_v3(sql->db, text, -1, flags, stmt, 0);
  sqlite3_free(text);
  return rc == SQLITE_OK ? rc : database_error(sql, rc);
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
** Step a statement that gives no rows, and reset it.  What is bound are the
** caller's bytes, and is bound anew before the next step.
*/
static int run(SeqStoreSql *sql, sqlite3_stmt *stmt, int rc) {
  if (rc == SQLITE_OK) {
    sqlite3_step(stmt);
    rc = sqlite3_reset(stmt);
    if (rc != SQLITE_OK) rc = database_error(sql, rc);
  }
  return rc;
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

  if (size > 0 && z[0] != STORE_FORMAT) {
    return seq_store_fail(
        sql, SQLITE_ERROR,
        "sequence store \"%s\" has format %d: this version knows %d",
        sql->table, z[0], STORE_FORMAT);
  }
  if (size != HEADER_SIZE) {
    return malformed(sql, "the header row has not its size");
  }
  header->store_id = get_integer(z + 1);
  header->next_seq_no = get_integer(z + 9);
  header->primary_term = get_integer(z + 17);
  if (header->next_seq_no < 0 || header->primary_term < 1) {
    return malformed(sql, "a counter in the header row is negative");
  }
  return SQLITE_OK;
}

/*
** Decode the current row of STMT_READ or of a scan.  *found is 0 if STMT_READ
** gave the header alone, since there is no such sequence.
*/
int seq_store_decode(SeqStoreSql *sql, sqlite3_stmt *stmt, SeqHeader *header,
                     SeqRow *row, int *found) {
  char message[SEQ_MESSAGE_SIZE];
  const unsigned char *z;
  int size;
  int rc = decode_header(sql, stmt, header);

  *found = 0;
  if (rc != SQLITE_OK) return rc;
  z = column_bytes(stmt, READ_ROW, &size);
  if (size != ROW_SIZE && size != ROW_SIZE_FULL) {
    if (sqlite3_column_type(stmt, READ_NAME) == SQLITE_NULL) return SQLITE_OK;
    return malformed(sql, "a row has not its size");
  }
  decode_row(z, size, row);
  if (seq_check(&row->def, &row->state, message) != SEQ_OK) {
    return malformed(sql, message);
  }
  if (row->id < 0 || row->set_no < row->id || row->seq_no < row->set_no) {
    return malformed(sql, "the writes of a row are not in order");
  }
  row->is_owned = sqlite3_value_type(
                      sqlite3_column_value(stmt, READ_OWNED_BY)) != SQLITE_NULL;
  *found = 1;
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

/* A transaction was committed, in which nothing but ours changed the row. */
void seq_store_committed(SeqStoreSql *sql) {
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
  kept->is_valid = 1;
}

/* Whether the kept row is still the one in the file. */
static int is_current(SeqStoreSql *sql) {
  return sqlite3_txn_state(sql->db, sql->schema) != SQLITE_TXN_NONE &&
         data_version(sql) == sql->kept.data_version;
}

/**** Reading ************************************************************/

/*
** Read the header and the row of a sequence, as they are at one moment.  With
** owned_by, *owned_by is that column, to be freed, or NULL.
*/
int seq_store_read(SeqStoreSql *sql, const char *name, size_t n,
                   SeqHeader *header, SeqRow *row, char **owned_by,
                   int *found) {
  sqlite3_stmt *stmt;
  int rc;
  int rc_reset;

  *found = 0;
  if (owned_by) *owned_by = 0;
  if (is_kept(&sql->kept, name, n) && !(owned_by && sql->kept.row.is_owned) &&
      is_current(sql)) {
    *header = sql->kept.header;
    *row = sql->kept.row;
    *found = 1;
    return SQLITE_OK;
  }
  rc = seq_store_statement(sql, STMT_READ, &stmt);
  if (rc == SQLITE_OK) rc = bind_name(stmt, 1, name, n);
  if (rc != SQLITE_OK) return rc;
  rc = sqlite3_step(stmt);
  if (rc == SQLITE_ROW) {
    rc = seq_store_decode(sql, stmt, header, row, found);
    if (rc == SQLITE_OK && *found && owned_by && row->is_owned) {
      *owned_by =
          sqlite3_mprintf("%s", sqlite3_column_text(stmt, READ_OWNED_BY));
      if (*owned_by == 0) rc = SQLITE_NOMEM;
    }
    if (rc == SQLITE_OK && *found) keep(sql, name, n, header, row);
    rc_reset = sqlite3_reset(stmt);
  } else {
    rc_reset = sqlite3_reset(stmt);
    rc = rc == SQLITE_DONE ? malformed(sql, "there is no header row")
                           : database_error(sql, rc_reset);
  }
  return rc;
}

/* A statement over all sequences, ordered by name, to be finalized. */
int seq_store_open_scan(SeqStoreSql *sql, int descending, sqlite3_stmt **stmt) {
  return prepare(sql, 0,
                 descending ? "SELECT " READ_COLUMNS
                              " FROM \"%w\".\"%w_data\" AS h CROSS JOIN"
                              " \"%w\".\"%w_data\" AS r WHERE h.name = x''"
                              " AND r.name < x'' ORDER BY r.name DESC"
                            : "SELECT " READ_COLUMNS
                              " FROM \"%w\".\"%w_data\" AS h CROSS JOIN"
                              " \"%w\".\"%w_data\" AS r WHERE h.name = x''"
                              " AND r.name < x'' ORDER BY r.name",
                 stmt);
}

/* Whether a sequence of that id is there, by a scan of the store. */
int seq_store_find_id(SeqStoreSql *sql, int64_t id, int *found) {
  sqlite3_stmt *stmt = 0;
  SeqHeader header;
  SeqRow row;
  int rc = seq_store_open_scan(sql, 0, &stmt);

  *found = 0;
  while (rc == SQLITE_OK && !*found && sqlite3_step(stmt) == SQLITE_ROW) {
    rc = seq_store_decode(sql, stmt, &header, &row, found);
    if (row.id != id) *found = 0;
  }
  if (rc == SQLITE_OK) {
    rc = sqlite3_reset(stmt);
    if (rc != SQLITE_OK) rc = database_error(sql, rc);
  }
  sqlite3_finalize(stmt);
  return rc;
}

/* Run a statement on a name, a row and, if it has it, owned_by. */
static int write_row(SeqStoreSql *sql, int which, const char *name, size_t n,
                     const SeqRow *row, const char *owned_by) {
  unsigned char data[ROW_SIZE_FULL];
  int size = encode_row(row, data);
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
  unsigned char data[ROW_SIZE_FULL];
  int size = encode_row(row, data);
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
  unsigned char data[HEADER_SIZE];
  sqlite3_stmt *stmt;
  int rc = seq_store_statement(sql, STMT_HEADER, &stmt);
  encode_header(header, data);
  if (rc == SQLITE_OK) {
    rc = sqlite3_bind_blob(stmt, 1, data, HEADER_SIZE, SQLITE_STATIC);
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
  int found;
  int rc = seq_store_read(sql, "", 0, &header, &row, 0, &found);

  *report = 0;
  if (rc == SQLITE_OK) rc = seq_store_open_scan(sql, 0, &stmt);
  while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    rc = seq_store_decode(sql, stmt, &header, &row, &found);
    if (rc == SQLITE_OK &&
        sqlite3_column_type(stmt, READ_NAME) != SQLITE_TEXT) {
      rc = malformed(sql, "a name is not text");
    }
    if (rc == SQLITE_OK && row.seq_no >= header.next_seq_no) {
      rc = malformed(sql, "a row was written after the last write");
    }
  }
  if (rc == SQLITE_OK) rc = sqlite3_reset(stmt);
  sqlite3_finalize(stmt);
  if (rc != SQLITE_CORRUPT_VTAB && rc != SQLITE_ERROR) return rc;
  *report = sql->message;
  sql->message = 0;
  return *report ? SQLITE_OK : SQLITE_NOMEM;
}
