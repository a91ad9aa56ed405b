/*
** OWNED BY: the column that a sequence belongs to.
**
** It is noted as text, table.column, each name in double quotes where it could
** not be written without.  SQLite tells nobody of DROP TABLE and ALTER TABLE,
** so that what was noted is compared with the schema when it is needed.
**
** A sequence is *linked* if the default of its column was a nextval() of it
** when the owner was noted: such a default moves along with ALTER TABLE RENAME,
** and is gone with the table or column.  The owner is
** - the noted column, if its default calls the sequence, or if it exists and
**   the sequence is not linked;
** - else the first column of the schema whose default calls the sequence;
** - else gone, and the sequence with it: a table of the same name that is made
**   later, and does not call the sequence, is another one.
**
** A default calls a sequence s by nextval('s') or nextval('schema.s') with
** any schema, since a file is attached under one name or another.
**
** CACHE.  The calls of all defaults of a schema are found by one pass over the
** text of its tables, and kept while PRAGMA schema_version is what it was.  It
** goes back when a transaction is rolled back: what is found in a write
** transaction is kept if the store is enlisted, and so is told of that.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "store.h"

/* A default that calls nextval(). */
typedef struct Call {
  HashNode node; /* in Owners.calls */
  int order;     /* in the schema */
  size_t n_name;
  char *name;  /* of the sequence, in the same allocation */
  char *owner; /* table.column, as it is noted; in the same allocation */
} Call;

/**** Owners as text *****************************************************/

/* Parse table.column.  False if the text is something else. */
static int owner_parse(const char *text, size_t n, Token *table,
                       Token *column) {
  Reader r;
  if (memchr(text, 0, n)) return 0;
  reader_begin(&r, text, n);
  return reader_accept_name(&r, table) && reader_accept_other(&r, '.') &&
         reader_accept_name(&r, column) && r.token.type == TOKEN_END;
}

int owner_is_valid(const char *text, size_t n) {
  Token table;
  Token column;
  return owner_parse(text, n, &table, &column);
}

/* Split an owner into its names, each to be freed. */
int owner_split(const char *text, char **table, char **column) {
  Token tokens[2];
  *table = *column = 0;
  if (!owner_parse(text, strlen(text), &tokens[0], &tokens[1]))
    return SQLITE_CORRUPT_VTAB;
  *table = token_copy(&tokens[0]);
  *column = token_copy(&tokens[1]);
  if (*table && *column) return SQLITE_OK;
  sqlite3_free(*table);
  sqlite3_free(*column);
  *table = *column = 0;
  return SQLITE_NOMEM;
}

/*
** Whether an owner is a column of that table, and that column unless it is NULL.
*/
static int owner_is(const char *text, const char *table, const char *column,
                    int *is_it) {
  char *its_table;
  char *its_column;
  int rc = owner_split(text, &its_table, &its_column);
  *is_it = 0;
  if (rc != SQLITE_OK) return rc;
  *is_it = sqlite3_stricmp(its_table, table) == 0 &&
           (column == 0 || sqlite3_stricmp(its_column, column) == 0);
  sqlite3_free(its_table);
  sqlite3_free(its_column);
  return SQLITE_OK;
}

/* The text of an owner, to be freed; NULL without memory. */
static char *owner_join(const char *table, const char *column) {
  sqlite3_str *out = sqlite3_str_new(0);
  token_quote(out, table);
  sqlite3_str_appendchar(out, 1, '.');
  token_quote(out, column);
  return sqlite3_str_finish(out);
}

/* True if the noted column exists. */
static int owner_column_exists(Store *store, const char *owner, int *exists) {
  char *table;
  char *column;
  int rc = owner_split(owner, &table, &column);
  *exists = 0;
  if (rc != SQLITE_OK) return rc;
  rc = sqlite3_table_column_metadata(store->host->db, store->schema, table,
                                     column, 0, 0, 0, 0, 0);
  *exists = rc == SQLITE_OK;
  sqlite3_free(table);
  sqlite3_free(column);
  return rc == SQLITE_ERROR ? SQLITE_OK : rc;
}

/**** Calls **************************************************************/

/* True if a text may have that word, which is in lower case. */
static int owner_may_have(const char *z, size_t n, const char *word) {
  size_t n_word = strlen(word);
  for (; n >= n_word; z++, n--) {
    if ((*z | 0x20) == *word && sqlite3_strnicmp(z, word, (int)n_word) == 0) {
      return 1;
    }
  }
  return 0;
}

/* True at a call of that function whose first argument is a string: *name. */
static int owner_is_call(const Reader *r, const char *function, Token *name) {
  Reader arguments;
  if (!reader_is_call(r, function, &arguments)) return 0;
  *name = arguments.token;
  if (name->type != TOKEN_STRING &&
      (name->type != TOKEN_QUOTED || *name->z != '"')) {
    return 0;
  }
  reader_next(&arguments);
  return token_is_other(&arguments.token, ')') ||
         token_is_other(&arguments.token, ',');
}

/* Add one call, under that name. */
static int owner_add_name(Owners *owners, const char *name, size_t n,
                          const char *owner) {
  size_t n_owner = strlen(owner) + 1;
  Call *call = sqlite3_malloc64(sizeof *call + n_owner + n);
  if (call == 0) return SQLITE_NOMEM;
  call->order = (int)owners->calls.n_node;
  call->owner = memcpy(&call[1], owner, n_owner);
  call->name = memcpy(call->owner + n_owner, name, n);
  call->n_name = n;
  call->node.hash = hash_bytes(0, name, n);
  if (hash_add(&owners->calls, &call->node) == SQLITE_OK) return SQLITE_OK;
  sqlite3_free(call);
  return SQLITE_NOMEM;
}

/* Add a call of a default: of the name as it is, and without its schema. */
static int owner_add_call(Owners *owners, const char *table,
                          const Token *column, const Token *name) {
  char *text = token_copy(name);
  char *column_text = token_copy(column);
  char *owner = column_text ? owner_join(table, column_text) : 0;
  int rc = SQLITE_NOMEM;
  if (text && owner) {
    size_t n = strlen(text);
    char *dot = strchr(text, '.');
    rc = owner_add_name(owners, text, n, owner);
    if (rc == SQLITE_OK && dot) {
      rc = owner_add_name(owners, dot + 1, n - (size_t)(dot + 1 - text), owner);
    }
  }
  sqlite3_free(text);
  sqlite3_free(column_text);
  sqlite3_free(owner);
  return rc;
}

/* Go past the parentheses of a default, and add the calls in them. */
static int owner_add_default(Owners *owners, const char *table,
                             const Token *column, Reader *r) {
  int rc = SQLITE_OK;
  Reader group = *r;
  reader_skip(r);
  group.end = r->after;
  for (; rc == SQLITE_OK && !reader_at_end(&group); reader_next(&group)) {
    Token name;
    if (owner_is_call(&group, "nextval", &name))
      rc = owner_add_call(owners, table, column, &name);
  }
  return rc;
}

/* Add the calls in the defaults of a table, given its CREATE TABLE. */
static int owner_add_table(Owners *owners, const char *table, const char *z,
                           size_t n) {
  int rc = SQLITE_OK;
  Reader r;

  reader_begin(&r, z, n);
  reader_find(&r, '(');
  do {
    Token column;
    reader_next(&r);
    column = r.token;
    while (rc == SQLITE_OK && !reader_at_item_end(&r)) {
      if (!reader_accept(&r, "default")) {
        reader_skip(&r);
      } else if (token_is_other(&r.token, '(')) {
        rc = owner_add_default(owners, table, &column, &r);
      }
    }
  } while (rc == SQLITE_OK && token_is_other(&r.token, ','));
  return rc;
}

static void owner_free_calls(Owners *owners) {
  HashNode *node = hash_clear(&owners->calls, 0);
  while (node) {
    HashNode *next = node->next;
    sqlite3_free(node);
    node = next;
  }
  owners->has_calls = 0;
}

/* Find the calls of the schema, if they are not known. */
static int owner_load_calls(Store *store) {
  Owners *owners = &store->owners;
  sqlite3_stmt *stmt = 0;
  char *text;
  int rc = SQLITE_NOMEM;

  if (owners->has_calls) return SQLITE_OK;
  owner_free_calls(owners);
  text = sqlite3_mprintf("SELECT name, sql FROM \"%w\".sqlite_schema"
                         " WHERE type = 'table' AND rootpage > 0",
                         store->schema);
  if (text) rc = sqlite3_prepare_v2(store->host->db, text, -1, &stmt, 0);
  sqlite3_free(text);
  while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    const char *z = (const char *)sqlite3_column_text(stmt, 1);
    size_t n = (size_t)sqlite3_column_bytes(stmt, 1);
    rc = SQLITE_OK;
    if (z && owner_may_have(z, n, "nextval")) {
      const char *table = (const char *)sqlite3_column_text(stmt, 0);
      rc = table ? owner_add_table(owners, table, z, n) : SQLITE_NOMEM;
    }
  }
  if (rc == SQLITE_DONE) rc = SQLITE_OK;
  if (rc != SQLITE_OK)
    rc = error_from_db(&store->host->error, store->host->db, rc);
  sqlite3_finalize(stmt);
  if (rc == SQLITE_OK) {
    owners->has_calls = 1;
  } else {
    owner_free_calls(owners);
  }
  return rc;
}

/* The next call of a sequence behind `call`, the first behind NULL; or NULL. */
static Call *owner_next_call(const Owners *owners, const Call *call,
                             const char *name, size_t n) {
  HashNode *node = call ? hash_next(&call->node)
                        : hash_find(&owners->calls, hash_bytes(0, name, n));
  for (; node; node = hash_next(node)) {
    Call *found = (Call *)node;
    /* never: two keys of one hash */
    if (found->n_name == n && memcmp(found->name, name, n) == 0) return found;
  }
  return 0;
}

/**** What is known of a schema ******************************************/

/* Forget all of it. */
void owner_forget(Store *store) {
  owner_free_calls(&store->owners);
  store->owners.is_valid = 0;
  store->owners.is_settled = 0;
}

/*
** Read what tells one schema from another.  *is_known is 0 if an authorizer
** does not allow it.
*/
static int owner_read_cookie(Store *store, int64_t *cookie, int *is_known) {
  sqlite3_stmt *stmt;
  int rc = store_statement(store, STORE_COOKIE, &stmt);
  *is_known = 0;
  if (rc == SQLITE_AUTH) {
    error_clear(&store->host->error);
    return SQLITE_OK;
  }
  if (rc != SQLITE_OK) return rc;
  if (sqlite3_step(stmt) == SQLITE_ROW) {
    *cookie = sqlite3_column_int64(stmt, 0);
    *is_known = 1;
  }
  rc = sqlite3_reset(stmt);
  return rc == SQLITE_OK
             ? rc
             : error_from_db(&store->host->error, store->host->db, rc);
}

/*
** Look whether the schema is the one that is known, and forget what was known
** of another.  One that was read in a write transaction may be rolled back, and
** its cookie be used again.
*/
int owner_refresh(Store *store) {
  StoreHost *host = store->host;
  Owners *owners = &store->owners;
  int64_t cookie = 0;
  int is_known;
  int rc = owner_read_cookie(store, &cookie, &is_known);
  if (rc != SQLITE_OK) return rc;
  if (is_known && owners->is_valid && owners->cookie == cookie &&
      (!owners->in_txn || owners->undone == host->undone)) {
    return rc;
  }
  owner_forget(store);
  owners->version++;
  owners->cookie = cookie;
  owners->in_txn =
      sqlite3_txn_state(host->db, store->schema) == SQLITE_TXN_WRITE;
  owners->is_valid = is_known && (!owners->in_txn || host->is_hooked);
  owners->undone = host->undone;
  return SQLITE_OK;
}

/*
** Look up the owner of a sequence, given what was noted, behind a
** owner_refresh().  *owner is `noted`, or the text of another that is valid
** until the next refresh, or NULL if it is gone.
*/
static int owner_find(Store *store, const char *name, size_t n,
                      const char *noted, int is_linked, const char **owner) {
  const Call *first = 0;
  int exists = 0;
  int rc = owner_load_calls(store);

  *owner = 0;
  if (rc != SQLITE_OK) return rc;
  for (const Call *call = 0;
       (call = owner_next_call(&store->owners, call, name, n));) {
    if (sqlite3_stricmp(call->owner, noted) == 0) {
      *owner = noted;
      return SQLITE_OK;
    }
    if (first == 0 || call->order < first->order) first = call;
  }
  if (!is_linked) rc = owner_column_exists(store, noted, &exists);
  if (exists) {
    *owner = noted;
  } else if (first) {
    *owner = first->owner;
  }
  return rc;
}

/*
** Look up the owner of a sequence that was just read, and has one: *owner is its
** text as it is called now, valid until the next read or refresh, or NULL if it is
** gone, and the sequence with it.
*/
int owner_exists(Store *store, const char *name, size_t n, const SeqRow *row,
                 const char **owner) {
  int rc = owner_refresh(store);
  *owner = 0;
  if (rc != SQLITE_OK) return rc;
  rc = owner_find(store, name, n, store->owned_by, row->is_linked, owner);
  if (rc != SQLITE_OK) return rc;
  if (*owner == 0 || strcmp(*owner, store->owned_by) != 0) {
    store->owners.is_settled = 0;
  }
  return SQLITE_OK;
}

/*
** Whether the default of that column, or of any if it is NULL, calls a
** sequence.
*/
int owner_calls(Store *store, const char *name, size_t n, const char *owner,
                int *is_called) {
  int rc = owner_refresh(store);
  *is_called = 0;
  if (rc == SQLITE_OK) rc = owner_load_calls(store);
  if (rc != SQLITE_OK) return rc;
  for (const Call *call = 0;
       (call = owner_next_call(&store->owners, call, name, n));) {
    if (owner == 0 || sqlite3_stricmp(call->owner, owner) == 0) *is_called = 1;
  }
  return SQLITE_OK;
}

/**** Dropping ***********************************************************/

/*
** Whether a trigger of a table asks is_generated() of a sequence: then it is
** that of an identity column, GENERATED ALWAYS.
*/
static int owner_is_identity(Store *store, const char *table, const char *name,
                             size_t n, int *is_it) {
  sqlite3_stmt *stmt = 0;
  char *text = sqlite3_mprintf("SELECT sql FROM \"%w\".sqlite_schema WHERE"
                               " type = 'trigger' AND tbl_name = %Q"
                               " COLLATE nocase",
                               store->schema, table);
  int rc = SQLITE_NOMEM;

  *is_it = 0;
  if (text) rc = sqlite3_prepare_v2(store->host->db, text, -1, &stmt, 0);
  sqlite3_free(text);
  while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    const char *z = (const char *)sqlite3_column_text(stmt, 0);
    size_t n_sql = (size_t)sqlite3_column_bytes(stmt, 0);
    Reader r;
    rc = SQLITE_OK;
    if (z == 0 || !owner_may_have(z, n_sql, "is_generated")) continue;
    for (reader_begin(&r, z, n_sql); rc == SQLITE_OK && !reader_at_end(&r);
         reader_next(&r)) {
      Token argument;
      char *called;
      if (!owner_is_call(&r, "is_generated", &argument)) continue;
      called = token_copy(&argument);
      if (called == 0) rc = SQLITE_NOMEM; /* no memory */
      if (called) {                       /* no memory */
        const char *dot = strchr(called, '.');
        size_t n_called = strlen(called);
        if (n_called == n && memcmp(called, name, n) == 0) *is_it = 1;
        if (dot && strlen(dot + 1) == n && memcmp(dot + 1, name, n) == 0) {
          *is_it = 1;
        }
      }
      sqlite3_free(called);
    }
  }
  sqlite3_finalize(stmt);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/*
** The first column of the schema whose default calls a sequence, and its table,
** to be freed; NULL if there is none.  *identity: 1 if it is GENERATED ALWAYS.
*/
static int owner_first_caller(Store *store, const char *name, size_t n,
                              char **table, char **column, int *identity) {
  const Call *first = 0;
  const Call *call = 0;
  int rc = owner_refresh(store);

  *table = 0;
  *column = 0;
  *identity = 0;
  if (rc == SQLITE_OK) rc = owner_load_calls(store);
  while (rc == SQLITE_OK &&
         (call = owner_next_call(&store->owners, call, name, n))) {
    if (first == 0 || call->order < first->order) first = call;
  }
  if (rc == SQLITE_OK && first) rc = owner_split(first->owner, table, column);
  if (rc == SQLITE_OK && first) {
    rc = owner_is_identity(store, *table, name, n, identity);
  }
  return rc;
}

/* SQLITE_OK if no default calls a sequence, which has an owner. */
int owner_check_drop(Store *store, const char *name, size_t n) {
  char *table;
  char *column;
  int identity;
  int rc = owner_first_caller(store, name, n, &table, &column, &identity);

  if (rc == SQLITE_OK && identity) {
    rc = error_set(&store->host->error, SQLITE_ERROR,
                   "cannot drop sequence %.*s because column %s of table"
                   " %s requires it",
                   (int)n, name, column, table);
  } else if (rc == SQLITE_OK && table) {
    rc = error_set(
        &store->host->error, SQLITE_ERROR,
        "cannot drop sequence %.*s because other objects depend on it: default"
        " value for column %s of table %s depends on sequence %.*s",
        (int)n, name, column, table, (int)n, name);
  }
  sqlite3_free(table);
  sqlite3_free(column);
  return rc;
}

/*
** SQLITE_OK if a sequence may get an owner whose default does not call it, or
** none: that of an identity column may not.
*/
static int owner_check_disown(Store *store, const char *name, size_t n) {
  char *table;
  char *column;
  int identity;
  int rc = owner_first_caller(store, name, n, &table, &column, &identity);

  if (rc == SQLITE_OK && identity) {
    rc = error_set(&store->host->error, SQLITE_ERROR,
                   "cannot change ownership of identity sequence");
  }
  sqlite3_free(table);
  sqlite3_free(column);
  return rc;
}

/**** OWNED BY ***********************************************************/

/*
** Check that a column exists in the store's schema, and make the text of
** owned_by for it, to be freed.
*/
static int owner_of_column(Store *store, const char *table, const char *column,
                           char **owned_by) {
  const char *schema = store->schema;
  int exists = 0;

  if (sqlite3_table_column_metadata(store->host->db, schema, table, 0, 0, 0, 0,
                                    0, 0) != SQLITE_OK) {
    int rc = relation_exists(store->host->db, schema, table, &exists);
    if (rc != SQLITE_OK)
      return error_from_db(&store->host->error, store->host->db, rc);
    return error_set(&store->host->error, SQLITE_ERROR,
                     exists ? "sequence cannot be owned by relation \"%s\""
                            : "relation \"%s\" does not exist",
                     table);
  }
  if (sqlite3_table_column_metadata(store->host->db, schema, table, column, 0,
                                    0, 0, 0, 0) != SQLITE_OK) {
    return error_set(&store->host->error, SQLITE_ERROR,
                     "column \"%s\" of relation \"%s\" does not exist", column,
                     table);
  }
  *owned_by = owner_join(table, column);
  return *owned_by ? SQLITE_OK : SQLITE_NOMEM;
}

/*
** The owner that options name for a sequence: *owned_by, to be freed, or NULL
** for none; and whether it is linked.
*/
int owner_read(Store *store, const char *sequence, size_t n_sequence,
               const SeqOptions *options, char **owned_by, int *is_linked) {
  const Token *name = options->owned_by;
  int n = options->owned_by_names;
  char *schema = 0;
  char *table;
  char *column;
  int rc = SQLITE_NOMEM;

  *owned_by = 0;
  *is_linked = 0;
  if (options->bad & SEQ_HAS_OWNED_BY) {
    return error_set(&store->host->error, SQLITE_ERROR, "%s", options->message);
  }
  if ((options->given & SEQ_HAS_OWNED_BY) == 0) return SQLITE_OK;
  if (n == 0) return owner_check_disown(store, sequence, n_sequence);
  if (n == 3) schema = token_copy(&name[0]);
  table = token_copy(&name[n - 2]);
  column = token_copy(&name[n - 1]);
  if (table && column && (n == 2 || schema)) { /* no memory */
    if (schema && sqlite3_stricmp(schema, store->schema) != 0) {
      rc =
          error_set(&store->host->error, SQLITE_ERROR,
                    "sequence must be in same schema as table it is linked to");
    } else {
      rc = owner_refresh(store);
      if (rc == SQLITE_OK)
        rc = owner_load_calls(store); /* the schema is known now */
      if (rc == SQLITE_OK) rc = owner_of_column(store, table, column, owned_by);
      if (rc == SQLITE_OK) {
        rc = owner_calls(store, sequence, n_sequence, *owned_by, is_linked);
      }
      if (rc == SQLITE_OK && !*is_linked) {
        rc = owner_check_disown(store, sequence, n_sequence);
      }
    }
  }
  if (rc != SQLITE_OK) {
    sqlite3_free(*owned_by);
    *owned_by = 0;
  }
  sqlite3_free(schema);
  sqlite3_free(table);
  sqlite3_free(column);
  return rc;
}

/**** Lists **************************************************************/

void owner_list_free(Owned *list) {
  while (list) {
    Owned *next = list->next;
    sqlite3_free(list->owner);
    sqlite3_free(list);
    list = next;
  }
}

/* Add the current row of a scan to a list, with that owner, to be copied. */
static int owner_list_add(const StoreScan *scan, const char *owner,
                          Owned ***link) {
  Owned *owned = sqlite3_malloc64(sizeof *owned + scan->n + 1);
  if (owned == 0) return SQLITE_NOMEM;
  memset(owned, 0, sizeof *owned);
  owned->row = scan->read.row;
  owned->n_name = scan->n;
  owned->name = memcpy(&owned[1], scan->name, scan->n);
  owned->name[scan->n] = 0;
  **link = owned;
  *link = &owned->next;
  if (owner == 0) return SQLITE_OK;
  owned->owner = sqlite3_mprintf("%s", owner);
  return owned->owner ? SQLITE_OK : SQLITE_NOMEM;
}

/*
** The sequences that a column, or any column if it is NULL, of a table owns, in
** the order of their names, to be freed in any case.
*/
int owner_list(Store *store, const char *table, const char *column,
               Owned **list) {
  StoreScan scan;
  Owned **link = list;
  int rc = store_scan_open(store, STORE_SCAN_OWNED, &scan);

  *list = 0;
  while (rc == SQLITE_OK && (rc = store_scan_next(&scan)) == SQLITE_ROW) {
    const char *owner;
    int is_it = 0;
    rc = owner_exists(store, scan.name, scan.n, &scan.read.row, &owner);
    if (rc == SQLITE_OK && owner) rc = owner_is(owner, table, column, &is_it);
    if (rc == SQLITE_OK && is_it) rc = owner_list_add(&scan, owner, &link);
  }
  store_scan_close(&scan);
  return rc == SQLITE_DONE || rc == SQLITE_NOTFOUND ? SQLITE_OK : rc;
}

/* Add the current row of a scan if what it notes of its owner is not so. */
static int owner_add_stale(Store *store, const StoreScan *scan, Owned ***link) {
  const SeqRow *row = &scan->read.row;
  const char *found;
  char *owner = 0;
  int is_linked = 0;
  int rc = owner_exists(store, scan->name, scan->n, row, &found);
  if (rc == SQLITE_OK && found) {
    owner = sqlite3_mprintf("%s", found);
    rc = owner ? owner_calls(store, scan->name, scan->n, owner, &is_linked)
               : SQLITE_NOMEM;
  }
  if (rc == SQLITE_OK && (owner == 0 || strcmp(owner, store->owned_by) != 0 ||
                          row->is_linked != is_linked)) {
    Owned **added = *link;
    rc = owner_list_add(scan, owner, link);
    if (rc == SQLITE_OK) (*added)->row.is_linked = is_linked;
  }
  sqlite3_free(owner);
  return rc;
}

/*
** The sequences whose owner is gone or has another name, or calls them where it
** did not, to be freed in any case; none if that was settled for this schema.
*/
int owner_list_stale(Store *store, Owned **list) {
  StoreScan scan;
  Owned **link = list;
  int rc = owner_refresh(store);

  *list = 0;
  if (rc != SQLITE_OK || store->owners.is_settled) return rc;
  rc = store_scan_open(store, STORE_SCAN_OWNED, &scan);
  while (rc == SQLITE_OK && (rc = store_scan_next(&scan)) == SQLITE_ROW) {
    rc = owner_add_stale(store, &scan, &link);
  }
  store_scan_close(&scan);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}
