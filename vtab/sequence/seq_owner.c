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

#include "sequence_old.h"

/* A default that calls nextval(). */
typedef struct Call {
  HashNode node; /* in SeqOwners.calls */
  int order;     /* in the schema */
  size_t n_name;
  char *name;  /* of the sequence, in the same allocation */
  char *owner; /* table.column, as it is noted; in the same allocation */
} Call;

/* True if a name can stand in SQL without quotes. */
static int is_plain_name(const char *name) {
  const char *z = name;
  Token token;
  size_t n = strlen(name);
  token_next(&z, name + n, &token);
  return token.type == TOKEN_NAME && token.n == n;
}

static char *quote_name(const char *name) {
  return sqlite3_mprintf(is_plain_name(name) ? "%s" : "\"%w\"", name);
}

/**** Owners as text *****************************************************/

/* Parse table.column.  False if the text is something else. */
static int parse_owner(const char *text, size_t n, Token *table,
                       Token *column) {
  const char *end = text + n;
  Token dot;
  Token rest;
  if (memchr(text, 0, n)) return 0;
  token_next(&text, end, table);
  token_next(&text, end, &dot);
  token_next(&text, end, column);
  token_next(&text, end, &rest);
  return token_is_name(table) && token_is_name(column) && dot.n == 1 &&
         *dot.z == '.' && rest.type == TOKEN_END;
}

int seq_owner_is_valid(const char *text, size_t n) {
  Token table;
  Token column;
  return parse_owner(text, n, &table, &column);
}

/* Split an owner into its names, each to be freed. */
static int split_owner(const char *text, char **table, char **column) {
  Token tokens[2];
  *table = *column = 0;
  parse_owner(text, strlen(text), &tokens[0], &tokens[1]);
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
int seq_owner_is(const char *text, const char *table, const char *column,
                 int *is_it) {
  char *its_table;
  char *its_column;
  int rc = split_owner(text, &its_table, &its_column);
  *is_it = 0;
  if (rc != SQLITE_OK) return rc;
  *is_it = sqlite3_stricmp(its_table, table) == 0 &&
           (column == 0 || sqlite3_stricmp(its_column, column) == 0);
  sqlite3_free(its_table);
  sqlite3_free(its_column);
  return SQLITE_OK;
}

/* The text of an owner, to be freed. */
static char *join_owner(const char *table, const char *column) {
  char *quoted_table = quote_name(table);
  char *quoted_column = quote_name(column);
  char *text = quoted_table && quoted_column
                   ? sqlite3_mprintf("%s.%s", quoted_table, quoted_column)
                   : 0;
  sqlite3_free(quoted_table);
  sqlite3_free(quoted_column);
  return text;
}

/* True if the noted column exists. */
static int column_exists(SeqStoreSql *sql, const char *owner, int *exists) {
  char *table;
  char *column;
  int rc = split_owner(owner, &table, &column);
  *exists = 0;
  if (rc != SQLITE_OK) return rc;
  rc = sqlite3_table_column_metadata(sql->db, sql->schema, table, column, 0, 0,
                                     0, 0, 0);
  *exists = rc == SQLITE_OK;
  sqlite3_free(table);
  sqlite3_free(column);
  return rc == SQLITE_ERROR ? SQLITE_OK : rc;
}

/**** Calls **************************************************************/

/* True if a text may have that word, which is in lower case. */
static int may_have(const char *z, size_t n, const char *word) {
  size_t n_word = strlen(word);
  for (; n >= n_word; z++, n--) {
    if ((*z | 0x20) == *word && sqlite3_strnicmp(z, word, (int)n_word) == 0) {
      return 1;
    }
  }
  return 0;
}

/* True if a token is the name of that function. */
static int is_function(const Token *token, const char *function) {
  if (token->type == TOKEN_QUOTED) {
    return token_is(token->z + 1, token->n - 2, function);
  }
  return token->type == TOKEN_NAME && token_is(token->z, token->n, function);
}

static int is_other(const Token *token, char c) {
  return token->type == TOKEN_OTHER && *token->z == c;
}

/*
** Read what follows the name of a function, if it is a call of which the first
** argument is a string: *name.  *pz is set behind that.
*/
static int read_call(const char **pz, const char *end, Token *name) {
  const char *z = *pz;
  Token token;
  token_next(&z, end, &token);
  if (!is_other(&token, '(')) return 0;
  token_next(&z, end, name);
  if (name->type != TOKEN_STRING &&
      (name->type != TOKEN_QUOTED || *name->z != '"')) {
    return 0;
  }
  *pz = z;
  token_next(&z, end, &token);
  return is_other(&token, ')') || is_other(&token, ',');
}

/* Add one call, under that name. */
static int add_name(SeqOwners *owners, const char *name, size_t n,
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
static int add_call(SeqOwners *owners, const char *table, const Token *column,
                    const Token *name) {
  char *text = token_copy(name);
  char *column_text = token_copy(column);
  char *owner = column_text ? join_owner(table, column_text) : 0;
  int rc = SQLITE_NOMEM;
  if (text && owner) {
    size_t n = strlen(text);
    char *dot = strchr(text, '.');
    rc = add_name(owners, text, n, owner);
    if (rc == SQLITE_OK && dot) {
      rc = add_name(owners, dot + 1, n - (size_t)(dot + 1 - text), owner);
    }
  }
  sqlite3_free(text);
  sqlite3_free(column_text);
  sqlite3_free(owner);
  return rc;
}

/*
** Add the calls in the defaults of a table, given its CREATE TABLE.  In there a
** column begins behind the first parenthesis and each comma that is in no other
** one, and DEFAULT (...) is within a column.
*/
static int add_table(SeqOwners *owners, const char *table, const char *z,
                     size_t n) {
  const char *end = z + n;
  int rc = SQLITE_OK;
  int depth = 0;
  int default_depth = 0; /* of what is in the parentheses of a default */
  int is_name_next = 0;
  int is_default_next = 0;
  Token column;
  Token token;

  memset(&column, 0, sizeof column);
  for (;;) {
    int was_default = is_default_next;
    is_default_next = 0;
    token_next(&z, end, &token);
    if (rc != SQLITE_OK || token.type == TOKEN_END) return rc;
    if (is_other(&token, '(')) {
      depth++;
      if (depth == 1) is_name_next = 1;
      if (depth == 2 && was_default) default_depth = depth;
    } else if (is_other(&token, ')')) {
      depth--;
      if (depth < default_depth) default_depth = 0;
      if (depth == 0) return rc;
    } else if (is_other(&token, ',') && depth == 1) {
      is_name_next = 1;
    } else if (is_name_next) {
      column = token;
      is_name_next = 0;
    } else if (depth == 1) {
      is_default_next =
          token.type == TOKEN_NAME && token_is(token.z, token.n, "default");
    } else if (default_depth > 0 && is_function(&token, "nextval")) {
      Token name;
      const char *after = z;
      if (read_call(&after, end, &name)) {
        rc = add_call(owners, table, &column, &name);
      }
    }
  }
}

static void free_calls(SeqOwners *owners) {
  HashNode *node = hash_clear(&owners->calls, 0);
  while (node) {
    HashNode *next = node->next;
    sqlite3_free(node);
    node = next;
  }
  owners->has_calls = 0;
}

/* Find the calls of the schema, if they are not known. */
static int load_calls(SeqStoreSql *sql) {
  SeqOwners *owners = &sql->owners;
  sqlite3_stmt *stmt = 0;
  char *text;
  int rc = SQLITE_NOMEM;

  if (owners->has_calls) return SQLITE_OK;
  free_calls(owners);
  text = sqlite3_mprintf("SELECT name, sql FROM \"%w\".sqlite_schema"
                         " WHERE type = 'table' AND rootpage > 0",
                         sql->schema);
  if (text) rc = sqlite3_prepare_v2(sql->db, text, -1, &stmt, 0);
  sqlite3_free(text);
  while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    const char *z = (const char *)sqlite3_column_text(stmt, 1);
    size_t n = (size_t)sqlite3_column_bytes(stmt, 1);
    rc = SQLITE_OK;
    if (z && may_have(z, n, "nextval")) {
      const char *table = (const char *)sqlite3_column_text(stmt, 0);
      rc = table ? add_table(owners, table, z, n) : SQLITE_NOMEM;
    }
  }
  if (rc == SQLITE_DONE) rc = SQLITE_OK;
  if (rc != SQLITE_OK) rc = seq_store_error(sql, rc);
  sqlite3_finalize(stmt);
  if (rc == SQLITE_OK) {
    owners->has_calls = 1;
  } else {
    free_calls(owners);
  }
  return rc;
}

/* The next call of a sequence behind `call`, the first behind NULL; or NULL. */
static Call *next_call(const SeqOwners *owners, const Call *call,
                       const char *name, size_t n) {
  HashNode *node = call ? hash_next(&call->node)
                        : hash_find(&owners->calls, hash_bytes(0, name, n));
  for (; node; node = hash_next(node)) {
    Call *found = (Call *)node;
    if (found->n_name == n && memcmp(found->name, name, n) == 0) return found;
  }
  return 0;
}

/**** What is known of a schema ******************************************/

/* Forget all of it. */
void seq_owner_forget(SeqStoreSql *sql) {
  free_calls(&sql->owners);
  sql->owners.is_valid = 0;
  sql->owners.is_settled = 0;
}

/* A transaction, or a part of it, was rolled back. */
void seq_owner_undo(SeqStoreSql *sql) {
  if (sql->owners.in_txn) seq_owner_forget(sql);
  sql->owners.in_txn = 0;
  sql->owners.is_settled = 0;
}

/*
** Read what tells one schema from another.  *is_known is 0 if an authorizer
** does not allow it.
*/
static int read_cookie(SeqStoreSql *sql, int64_t *cookie, int *is_known) {
  sqlite3_stmt *stmt;
  int rc = seq_store_statement(sql, STMT_COOKIE, &stmt);
  *is_known = 0;
  if (rc == SQLITE_AUTH) {
    sqlite3_free(sql->message);
    sql->message = 0;
    return SQLITE_OK;
  }
  if (rc != SQLITE_OK) return rc;
  if (sqlite3_step(stmt) == SQLITE_ROW) {
    *cookie = sqlite3_column_int64(stmt, 0);
    *is_known = 1;
  }
  rc = sqlite3_reset(stmt);
  return rc == SQLITE_OK ? rc : seq_store_error(sql, rc);
}

/*
** Look whether the schema is the one that is known, and forget what was known
** of another.
*/
int seq_owner_refresh(SeqStoreSql *sql) {
  SeqOwners *owners = &sql->owners;
  int64_t cookie = 0;
  int is_known;
  int rc = read_cookie(sql, &cookie, &is_known);
  if (rc != SQLITE_OK) return rc;
  if (is_known && owners->is_valid && owners->cookie == cookie) return rc;
  seq_owner_forget(sql);
  owners->generation++;
  owners->cookie = cookie;
  owners->in_txn = sqlite3_txn_state(sql->db, sql->schema) == SQLITE_TXN_WRITE;
  owners->is_valid = is_known && (!owners->in_txn || sql->is_enlisted);
  return SQLITE_OK;
}

/*
** Look up the owner of a sequence, given what was noted, behind a
** seq_owner_refresh().  *owner is `noted`, or the text of another that is valid
** until the next refresh, or NULL if it is gone.
*/
int seq_owner_find(SeqStoreSql *sql, const char *name, size_t n,
                   const char *noted, int is_linked, const char **owner) {
  const Call *first = 0;
  int exists = 0;
  int rc = load_calls(sql);

  *owner = 0;
  if (rc != SQLITE_OK) return rc;
  for (const Call *call = 0; (call = next_call(&sql->owners, call, name, n));) {
    if (sqlite3_stricmp(call->owner, noted) == 0) {
      *owner = noted;
      return SQLITE_OK;
    }
    if (first == 0 || call->order < first->order) first = call;
  }
  if (!is_linked) rc = column_exists(sql, noted, &exists);
  if (exists) {
    *owner = noted;
  } else if (first) {
    *owner = first->owner;
  }
  return rc;
}

/*
** Whether the default of that column, or of any if it is NULL, calls a
** sequence.
*/
int seq_owner_calls(SeqStoreSql *sql, const char *name, size_t n,
                    const char *owner, int *is_called) {
  int rc = seq_owner_refresh(sql);
  *is_called = 0;
  if (rc == SQLITE_OK) rc = load_calls(sql);
  if (rc != SQLITE_OK) return rc;
  for (const Call *call = 0; (call = next_call(&sql->owners, call, name, n));) {
    if (owner == 0 || sqlite3_stricmp(call->owner, owner) == 0) *is_called = 1;
  }
  return SQLITE_OK;
}

/**** Dropping ***********************************************************/

/*
** Whether a trigger of a table asks is_generated() of a sequence: then it is
** that of an identity column, GENERATED ALWAYS.
*/
static int is_identity(SeqStoreSql *sql, const char *table, const char *name,
                       size_t n, int *is_it) {
  sqlite3_stmt *stmt = 0;
  char *text = sqlite3_mprintf("SELECT sql FROM \"%w\".sqlite_schema WHERE"
                               " type = 'trigger' AND tbl_name = %Q"
                               " COLLATE nocase",
                               sql->schema, table);
  int rc = SQLITE_NOMEM;

  *is_it = 0;
  if (text) rc = sqlite3_prepare_v2(sql->db, text, -1, &stmt, 0);
  sqlite3_free(text);
  while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    const char *z = (const char *)sqlite3_column_text(stmt, 0);
    const char *end = z ? z + sqlite3_column_bytes(stmt, 0) : 0;
    Token token;
    rc = SQLITE_OK;
    if (z == 0 || !may_have(z, (size_t)(end - z), "is_generated")) continue;
    for (token_next(&z, end, &token);
         rc == SQLITE_OK && token.type != TOKEN_END;
         token_next(&z, end, &token)) {
      Token argument;
      char *called;
      if (!is_function(&token, "is_generated") ||
          !read_call(&z, end, &argument)) {
        continue;
      }
      called = token_copy(&argument);
      if (called == 0) rc = SQLITE_NOMEM;
      if (called) {
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
static int first_caller(SeqStoreSql *sql, const char *name, size_t n,
                        char **table, char **column, int *identity) {
  const Call *first = 0;
  const Call *call = 0;
  int rc = seq_owner_refresh(sql);

  *table = 0;
  *column = 0;
  *identity = 0;
  if (rc == SQLITE_OK) rc = load_calls(sql);
  while (rc == SQLITE_OK && (call = next_call(&sql->owners, call, name, n))) {
    if (first == 0 || call->order < first->order) first = call;
  }
  if (rc == SQLITE_OK && first) rc = split_owner(first->owner, table, column);
  if (rc == SQLITE_OK && first) {
    rc = is_identity(sql, *table, name, n, identity);
  }
  return rc;
}

/* SQLITE_OK if no default calls a sequence, which has an owner. */
int seq_owner_check_drop(SeqStoreSql *sql, const char *name, size_t n) {
  char *table;
  char *column;
  int identity;
  int rc = first_caller(sql, name, n, &table, &column, &identity);

  if (rc == SQLITE_OK && identity) {
    rc = seq_store_fail(sql, SQLITE_ERROR,
                        "cannot drop sequence %.*s because column %s of table"
                        " %s requires it",
                        (int)n, name, column, table);
  } else if (rc == SQLITE_OK && table) {
    rc = seq_store_fail(
        sql, SQLITE_ERROR,
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
static int check_disown(SeqStoreSql *sql, const char *name, size_t n) {
  char *table;
  char *column;
  int identity;
  int rc = first_caller(sql, name, n, &table, &column, &identity);

  if (rc == SQLITE_OK && identity) {
    rc = seq_store_fail(sql, SQLITE_ERROR,
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
static int column_owner(SeqStoreSql *sql, const char *table, const char *column,
                        char **owned_by) {
  const char *schema = sql->schema;
  int exists = 0;

  if (sqlite3_table_column_metadata(sql->db, schema, table, 0, 0, 0, 0, 0, 0) !=
      SQLITE_OK) {
    int rc = relation_exists(sql->db, schema, table, &exists);
    if (rc != SQLITE_OK) return seq_store_error(sql, rc);
    return seq_store_fail(sql, SQLITE_ERROR,
                          exists ? "sequence cannot be owned by relation \"%s\""
                                 : "relation \"%s\" does not exist",
                          table);
  }
  if (sqlite3_table_column_metadata(sql->db, schema, table, column, 0, 0, 0, 0,
                                    0) != SQLITE_OK) {
    return seq_store_fail(sql, SQLITE_ERROR,
                          "column \"%s\" of relation \"%s\" does not exist",
                          column, table);
  }
  *owned_by = join_owner(table, column);
  return *owned_by ? SQLITE_OK : SQLITE_NOMEM;
}

/*
** The owner that options name for a sequence: *owned_by, to be freed, or NULL
** for none; and whether it is linked.
*/
int seq_owner(SeqStoreSql *sql, const char *sequence, size_t n_sequence,
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
    return seq_store_fail(sql, SQLITE_ERROR, "%s", options->message);
  }
  if ((options->given & SEQ_HAS_OWNED_BY) == 0) return SQLITE_OK;
  if (n == 0) return check_disown(sql, sequence, n_sequence);
  if (n == 3) schema = token_copy(&name[0]);
  table = token_copy(&name[n - 2]);
  column = token_copy(&name[n - 1]);
  if (table && column && (n == 2 || schema)) {
    if (schema && sqlite3_stricmp(schema, sql->schema) != 0) {
      rc = seq_store_fail(
          sql, SQLITE_ERROR,
          "sequence must be in same schema as table it is linked to");
    } else {
      rc = seq_owner_refresh(sql);
      if (rc == SQLITE_OK) rc = load_calls(sql); /* the schema is known now */
      if (rc == SQLITE_OK) rc = column_owner(sql, table, column, owned_by);
      if (rc == SQLITE_OK) {
        rc = seq_owner_calls(sql, sequence, n_sequence, *owned_by, is_linked);
      }
      if (rc == SQLITE_OK && !*is_linked) {
        rc = check_disown(sql, sequence, n_sequence);
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
