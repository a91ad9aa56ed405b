/*
** serial_attach(): a generated default for a column of a table that is filled.
**
**   serial_attach(table, column)            as the declared type of the column
**   serial_attach(table, column, request)   as a type, or options of a sequence,
**                                           say: see attach_text.c
**
** The column becomes what create_table() makes of a generated column (NOT NULL
** ON CONFLICT REPLACE DEFAULT (nextval('t_c_seq')), with the check of its
** range), its NULLs get values, and a sequence that it owns goes on behind the
** greatest value that there is.  The result is the sequence's name.
**
** An INTEGER PRIMARY KEY is the rowid, and cannot have a default: such a table
** becomes WITHOUT ROWID.  Other tables keep their rowids.
**
** HOW.  By the 12 steps of https://www.sqlite.org/lang_altertable.html: a new
** table is made, filled and renamed to the old one's name, then indexes and
** triggers are made again, all in a savepoint.  The other way that is described
** there, to change the text in sqlite_schema, would be faster, but is refused in
** defensive mode, and a mistake in it destroys the file.
**
** - DROP TABLE deletes what refers to the table where foreign keys are enforced,
**   and PRAGMA foreign_keys cannot be set in a transaction.  It can be by
**   sqlite3_db_config(), which is done while nobody else's statement runs: all
**   keys are there again before anyone looks.  Then the table's own foreign keys
**   are checked.
** - ALTER TABLE RENAME complains of views on a table that is not there, unless
**   it is told by SQLITE_DBCONFIG_LEGACY_ALTER_TABLE to leave them alone.
** - DROP TABLE takes the counter of an AUTOINCREMENT along: it is written again.
** - Whether all views and triggers can still be used is found out at the end, by
**   ALTER TABLE on a table made for it.
**
** A failure leaves everything as it was.  Only if memory runs out, SQLite may
** refuse to roll back until the caller's statement has ended: then a transaction
** is open, which the caller has to roll back.  NULL for an argument gives NULL.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "table.h"

/* A trigger in temp, which DROP TABLE may take along. */
typedef struct Trigger Trigger;
struct Trigger {
  Trigger *next;
  char *name;
  char *sql; /* that makes it again */
};

typedef struct Attach {
  Relation relation;
  AttachRequest request;
  char *column;
  char *type;         /* as declared */
  char *quoted;       /* the schema, as in SQL, with its dot */
  int key_columns;    /* of the primary key */
  int is_key;         /* the column is in it */
  int has_rowid;      /* the table */
  int is_rowid;       /* the column */
  int hidden;         /* names of the rowid that columns have: bits */
  const char *rowid;  /* to be copied by this name, or NULL */
  sqlite3_str *names; /* of the columns that are to be copied */
  sqlite3_str *values;
  int size;      /* bytes of the column's type */
  char *options; /* of the sequence */
  SeqDef def;
  SeqState state;
  int is_set; /* the sequence goes on from: */
  int64_t last;
  int has_counter; /* of AUTOINCREMENT, in sqlite_sequence: */
  int64_t counter;
  char *base;     /* the sequence's name, */
  char *sequence; /* as nextval() takes it */
  char *new_table;
  sqlite3_str *dependents; /* script that makes indexes and triggers */
  Trigger *triggers;
  int64_t violations; /* of foreign keys, before; -1: not to be checked */
} Attach;

/**** The table and its column *******************************************/

static const char *const rowids[] = {"rowid", "_rowid_", "oid"};

/* One row of PRAGMA table_xinfo: cid, name, type, notnull, dflt, pk, hidden. */
static int serial_attach_read_column(Attach *a, sqlite3_stmt *stmt,
                                     const char *wanted) {
  const char *name = relation_text(stmt, 1);
  int is_generated = sqlite3_column_int(stmt, 6) > 1;
  int is_it = sqlite3_stricmp(name, wanted) == 0;

  for (int i = 0; i < 3; i++) {
    if (sqlite3_stricmp(name, rowids[i]) == 0) a->hidden |= 1 << i;
  }
  if (sqlite3_column_int(stmt, 5) > 0) a->key_columns++;
  if (is_it) {
    a->column = sqlite3_mprintf("%s", name);
    a->type = sqlite3_mprintf("%s", relation_text(stmt, 2));
    a->is_key = sqlite3_column_int(stmt, 5) > 0;
    if (a->column == 0 || a->type == 0) return SQLITE_NOMEM;
    if (is_generated) {
      return error_set(&a->relation.error, SQLITE_ERROR,
                       "column \"%s\" of relation \"%s\" is a generated"
                       " column",
                       name, a->relation.table);
    }
    if (attach_text_calls_nextval(relation_text(stmt, 4))) {
      return error_set(&a->relation.error, SQLITE_ERROR,
                       "column \"%s\" of relation \"%s\" has a sequence"
                       " already: DEFAULT (%s)",
                       name, a->relation.table, relation_text(stmt, 4));
    }
  }
  if (!is_generated) {
    const char *comma = sqlite3_str_length(a->names) ? ", " : "";
    sqlite3_str_appendf(a->names, "%s\"%w\"", comma, name);
    sqlite3_str_appendf(a->values,
                        is_it ? "%scoalesce(\"%w\", nextval(" : "%s\"%w\"",
                        comma, name);
    if (is_it) sqlite3_str_appendall(a->values, "?1))");
  }
  return SQLITE_OK;
}

/* Whether the primary key is an index, or in a rowid table the rowid. */
static int serial_attach_has_key_index(Attach *a, int *has_it) {
  sqlite3_stmt *stmt;
  int rc = relation_prepare(&a->relation, &stmt, "PRAGMA %sindex_list(%Q)",
                            a->quoted, a->relation.table);
  *has_it = 0;
  while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
    *has_it |= strcmp(relation_text(stmt, 3), "pk") == 0;
  return relation_finish(&a->relation, stmt, rc);
}

static int serial_attach_read_columns(Attach *a, const char *wanted) {
  Relation *relation = &a->relation;
  sqlite3_stmt *stmt;
  int has_index = 0;
  int rc = relation_prepare(relation, &stmt, "PRAGMA %stable_xinfo(%Q)",
                            a->quoted, relation->table);
  while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
    rc = serial_attach_read_column(a, stmt, wanted);
  rc = relation_finish(relation, stmt, rc);
  if (rc == SQLITE_OK && a->column == 0) {
    rc = error_set(&relation->error, SQLITE_ERROR,
                   "column \"%s\" of relation \"%s\" does not exist", wanted,
                   relation->table);
  }
  if (rc == SQLITE_OK) rc = serial_attach_has_key_index(a, &has_index);
  if (rc != SQLITE_OK) return rc;
  a->has_rowid = !attach_text_is_without_rowid(relation->sql);
  a->is_rowid = a->has_rowid && a->is_key && !has_index;
  if (a->has_rowid && (a->key_columns == 0 || has_index)) {
    for (int i = 0; i < 3 && a->rowid == 0; i++) {
      if ((a->hidden & 1 << i) == 0) a->rowid = rowids[i];
    }
  }
  return SQLITE_OK;
}

/**** Its values *********************************************************/

/* All values must be integers of the type: complain of the first that is not. */
static int serial_attach_check_values(Attach *a) {
  Relation *relation = &a->relation;
  sqlite3_int64 max = definition_type_max(a->size);
  sqlite3_stmt *stmt;
  int rc = relation_prepare(
      relation, &stmt,
      "SELECT substr(quote(\"%w\"), 1, 60), typeof(\"%w\") FROM %s\"%w\""
      " WHERE \"%w\" IS NOT NULL AND (typeof(\"%w\") <> 'integer'"
      " OR \"%w\" NOT BETWEEN %lld AND %lld) LIMIT 1",
      a->column, a->column, a->quoted, relation->table, a->column, a->column,
      a->column, -max - 1, max);

  if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    if (strcmp(relation_text(stmt, 1), "integer") == 0) {
      rc = error_set(&relation->error, SQLITE_ERROR,
                     "value %s in column \"%s\" of relation \"%s\" is out"
                     " of range for type %s (%lld..%lld)",
                     relation_text(stmt, 0), a->column, relation->table,
                     definition_type_name(a->size), -max - 1, max);
    } else {
      rc = error_set(&relation->error, SQLITE_ERROR,
                     "value %s in column \"%s\" of relation \"%s\" is not"
                     " an integer",
                     relation_text(stmt, 0), a->column, relation->table);
    }
  }
  return relation_finish(relation, stmt, rc);
}

/* Read the counter of a table that has an AUTOINCREMENT. */
static int serial_attach_read_counter(Attach *a) {
  Relation *relation = &a->relation;
  sqlite3_stmt *stmt;
  int exists;
  int rc = relation_exists(relation->db, relation->schema, "sqlite_sequence",
                           &exists);
  if (rc != SQLITE_OK) return relation_failed(relation, rc);
  if (!exists) return SQLITE_OK;
  rc = relation_prepare(relation, &stmt,
                        "SELECT seq FROM %ssqlite_sequence WHERE name = %Q",
                        a->quoted, relation->table);
  if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    a->counter = sqlite3_column_int64(stmt, 0);
    a->has_counter = 1;
  }
  return relation_finish(relation, stmt, rc);
}

/* Write it for the new table, unless the sequence goes on with it. */
static int serial_attach_write_counter(Attach *a) {
  if (!a->has_counter || a->is_rowid) return SQLITE_OK;
  return relation_exec(&a->relation,
                       "DELETE FROM %ssqlite_sequence WHERE name = %Q;"
                       "INSERT INTO %ssqlite_sequence VALUES (%Q, %lld);",
                       a->quoted, a->relation.table, a->quoted,
                       a->relation.table, (sqlite3_int64)a->counter);
}

/* The last value of a column that is AUTOINCREMENT. */
static int serial_attach_read_autoincrement(Attach *a) {
  Relation *relation = &a->relation;
  int is_auto = 0;
  int rc = sqlite3_table_column_metadata(relation->db, relation->schema,
                                         relation->table, a->column, 0, 0, 0, 0,
                                         &is_auto);
  if (rc != SQLITE_OK) return relation_failed(relation, rc);
  if (is_auto && a->def.increment_by > 0 && a->has_counter && a->counter > 0 &&
      (!a->is_set || a->counter > a->last)) {
    a->last = a->counter;
    a->is_set = 1;
  }
  return SQLITE_OK;
}

/*
** Where the sequence goes on: behind the greatest value, or the least if it
** descends, unless it starts behind that anyway.
*/
static int serial_attach_find_last(Attach *a) {
  Relation *relation = &a->relation;
  const SeqDef *def = &a->def;
  int is_down = def->increment_by < 0;
  sqlite3_stmt *stmt;
  int rc = relation_prepare(relation, &stmt, "SELECT %s(\"%w\") FROM %s\"%w\"",
                            is_down ? "min" : "max", a->column, a->quoted,
                            relation->table);

  if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW &&
      sqlite3_column_type(stmt, 0) != SQLITE_NULL) {
    a->last = sqlite3_column_int64(stmt, 0);
    a->is_set = 1;
  }
  rc = relation_finish(relation, stmt, rc);
  if (rc == SQLITE_OK) rc = serial_attach_read_autoincrement(a);
  if (rc != SQLITE_OK || !a->is_set) return rc;
  if (def->mode == SEQ_VIRTUAL ||
      (is_down ? a->last > def->start_value : a->last < def->start_value)) {
    a->is_set = 0;
    return SQLITE_OK;
  }
  if (is_down ? a->last >= def->min_value : a->last <= def->max_value) {
    return SQLITE_OK;
  }
  return error_set(&relation->error, SQLITE_ERROR,
                   "value %lld in column \"%s\" of relation \"%s\" is"
                   " beyond the %s of its sequence (%lld)",
                   (sqlite3_int64)a->last, a->column, relation->table,
                   is_down ? "MINVALUE" : "MAXVALUE",
                   (sqlite3_int64)(is_down ? def->min_value : def->max_value));
}

/**** The sequence *******************************************************/

/* Read the request: the type, and the options with which it is made. */
static int serial_attach_read_request(Attach *a, const char *z, size_t n) {
  Relation *relation = &a->relation;
  char message[SEQ_MESSAGE_SIZE];
  SeqOptions options;

  if (!attach_text_request(z, n, &a->request)) {
    return error_set(&relation->error, SQLITE_ERROR,
                     "\"%.*s\" is neither a serial type, nor an identity,"
                     " nor options of a sequence",
                     (int)n, z);
  }
  a->size = a->request.size ? a->request.size : attach_text_type_size(a->type);
  for (int i = 0; i < 2; i++) {
    const char *type = i == 0 ? "" : definition_type_name(a->size);
    int rc;
    sqlite3_free(a->options);
    a->options =
        sqlite3_mprintf("%s%s%s%.*s", i ? "AS " : "", type, i ? " " : "",
                        (int)a->request.n_options, a->request.options);
    if (a->options == 0) return SQLITE_NOMEM;
    rc = options_parse(a->options, strlen(a->options), 1, &options, message);
    if (rc == SEQ_OK && i == 0 && a->size < 8 && !options.bad &&
        (options.given & SEQ_HAS_TYPE) == 0) {
      continue;
    }
    if (rc == SEQ_OK)
      rc = definition_define(&a->def, &a->state, &options, 1, message);
    if (rc != SEQ_OK) {
      return error_set(&relation->error, SQLITE_ERROR, "%s", message);
    }
    break;
  }
  if (options.given & (SEQ_HAS_OWNED_BY | SEQ_HAS_IF_EXISTS)) {
    return error_set(&relation->error, SQLITE_ERROR,
                     "the sequence is new, and owned by column \"%s\" of"
                     " relation \"%s\"",
                     a->column, relation->table);
  }
  a->size = a->def.data_type;
  return SQLITE_OK;
}

/*
** A name that nothing in the schema has, to be freed: the format's, with a
** number behind it if need be.
*/
static int serial_attach_free_name(Attach *a, int has_store, const char *format,
                                   char **name) {
  Relation *relation = &a->relation;
  *name = 0;
  for (int i = 0;; i++) {
    char number[16] = "";
    sqlite3_stmt *stmt;
    int is_taken = 0;
    int rc;
    if (i > 0) sqlite3_snprintf(sizeof number, number, "%d", i);
    *name = sqlite3_mprintf(format, relation->table, a->column, number);
    if (*name == 0) return SQLITE_NOMEM;
    rc = relation_prepare(
        relation, &stmt,
        has_store
            ? "SELECT 1 FROM %ssqlite_schema WHERE name = %Q COLLATE NOCASE"
              " UNION ALL SELECT 1 FROM %ssurrogate_sequences WHERE name = %Q"
            : "SELECT 1 FROM %ssqlite_schema WHERE name = %Q COLLATE NOCASE",
        a->quoted, *name, a->quoted, *name);
    if (rc == SQLITE_OK) is_taken = sqlite3_step(stmt) == SQLITE_ROW;
    rc = relation_finish(relation, stmt, rc);
    if (rc == SQLITE_OK && !is_taken) return SQLITE_OK;
    sqlite3_free(*name);
    *name = 0;
    if (rc != SQLITE_OK) return rc;
  }
}

/* Make the sequence. */
static int serial_attach_make_sequence(Attach *a) {
  Relation *relation = &a->relation;
  const char *schema = relation->schema;
  int is_main = sqlite3_stricmp(schema, "main") == 0;
  int has_store = 0;
  int rc =
      relation_exists(relation->db, schema, "surrogate_sequences", &has_store);

  rc = relation_failed(relation, rc);
  if (rc == SQLITE_OK)
    rc = serial_attach_free_name(a, has_store, "%s_%s_seq%s", &a->base);
  if (rc == SQLITE_OK)
    rc = serial_attach_free_name(a, has_store, "%s_%s_attach%s", &a->new_table);
  if (rc != SQLITE_OK) return rc;
  /* A name with a dot could be taken for one with a schema. */
  is_main = is_main && !relation->is_qualified && strchr(a->base, '.') == 0;
  a->sequence = is_main ? sqlite3_mprintf("%s", a->base)
                        : sqlite3_mprintf("%s.%s", schema, a->base);
  if (a->sequence == 0) return SQLITE_NOMEM;
  rc = relation_exec(relation, "SELECT create_sequence(%Q, %Q)", a->sequence,
                     a->options);
  if (rc == SQLITE_OK && a->is_set) {
    rc = relation_exec(relation, "SELECT setval(%Q, %lld)", a->sequence,
                       (sqlite3_int64)a->last);
  }
  return rc;
}

/* Give the sequence to the column, and make the triggers of GENERATED ALWAYS. */
static int serial_attach_own_sequence(Attach *a) {
  Relation *relation = &a->relation;
  char *owner =
      sqlite3_mprintf("OWNED BY \"%w\".\"%w\"", relation->table, a->column);
  int rc = owner ? relation_exec(relation, "SELECT alter_sequence(%Q, %Q)",
                                 a->sequence, owner)
                 : SQLITE_NOMEM;
  sqlite3_free(owner);
  if (rc == SQLITE_OK && a->request.is_always) {
    sqlite3_str *out = sqlite3_str_new(relation->db);
    char *sql;
    rc = ddl_sequence_always_triggers(out, a->quoted, a->base, relation->table,
                                      a->column, a->sequence);
    sql = sqlite3_str_finish(out);
    if (rc == SQLITE_OK)
      rc = sql ? relation_exec(relation, "%s", sql) : SQLITE_NOMEM;
    sqlite3_free(sql);
  }
  return rc;
}

/**** The new table ******************************************************/

/* What the column is to be, behind its type. */
static char *serial_attach_make_definition(Attach *a) {
  sqlite3_int64 max = definition_type_max(a->size);
  sqlite3_str *out = sqlite3_str_new(a->relation.db);
  sqlite3_str_appendf(out,
                      "NOT NULL ON CONFLICT REPLACE DEFAULT (nextval(%Q))"
                      " CONSTRAINT \"%s out of range\" CHECK (typeof(",
                      a->sequence, definition_type_name(a->size));
  token_quote(out, a->column);
  sqlite3_str_appendall(out, ") = 'integer'");
  if (a->size < 8) {
    sqlite3_str_appendall(out, " AND ");
    token_quote(out, a->column);
    sqlite3_str_appendf(out, " BETWEEN %lld AND %lld", -max - 1, max);
  }
  sqlite3_str_appendall(out, ")");
  return sqlite3_str_finish(out);
}

/* Make the new table, empty. */
static int serial_attach_make_table(Attach *a) {
  static const char *const types[] = {[2] = "INT2", [4] = "INT4", [8] = "INT8"};
  char *definition = serial_attach_make_definition(a);
  char *table = sqlite3_mprintf("%s\"%w\"", a->quoted, a->new_table);
  int rc = SQLITE_NOMEM;

  if (definition && table) {
    AttachColumn column = {a->column, types[a->size], definition, table,
                           a->is_rowid};
    sqlite3_str *out = sqlite3_str_new(a->relation.db);
    const char *message = 0;
    char *sql;
    rc = attach_text_rewrite(a->relation.sql, strlen(a->relation.sql), &column,
                             out, &message);
    if (rc == SQLITE_ERROR) {
      rc = error_set(&a->relation.error, rc, "relation \"%s\": %s",
                     a->relation.table, message);
    }
    sql = sqlite3_str_finish(out);
    if (rc == SQLITE_OK)
      rc = sql ? relation_exec(&a->relation, "%s", sql) : SQLITE_NOMEM;
    sqlite3_free(sql);
  }
  sqlite3_free(definition);
  sqlite3_free(table);
  return rc;
}

/* Copy the rows.  OR ABORT, since a clause of the table might drop some. */
static int serial_attach_copy_rows(Attach *a) {
  Relation *relation = &a->relation;
  const char *names = sqlite3_str_value(a->names);
  const char *values = sqlite3_str_value(a->values);
  const char *rowid = a->rowid ? a->rowid : "";
  const char *comma = a->rowid ? ", " : "";
  sqlite3_stmt *stmt;
  int rc;

  if (sqlite3_str_errcode(a->names) || sqlite3_str_errcode(a->values) ||
      names == 0 || values == 0) {
    return SQLITE_NOMEM;
  }
  rc = relation_prepare(relation, &stmt,
                        "INSERT OR ABORT INTO %s\"%w\" (%s%s%s)"
                        " SELECT %s%s%s FROM %s\"%w\"",
                        a->quoted, a->new_table, rowid, comma, names, rowid,
                        comma, values, a->quoted, relation->table);
  if (rc == SQLITE_OK) {
    rc = relation_failed(
        relation, sqlite3_bind_text(stmt, 1, a->sequence, -1, SQLITE_STATIC));
  }
  if (rc == SQLITE_OK) sqlite3_step(stmt);
  return relation_finish(relation, stmt, rc);
}

/* Note the indexes and triggers, which go with the old table. */
static int serial_attach_read_dependents(Attach *a) {
  Relation *relation = &a->relation;
  Trigger **link = &a->triggers;
  sqlite3_stmt *stmt;
  int rc = relation_prepare(
      relation, &stmt,
      "SELECT sql, name, 0 FROM %ssqlite_schema WHERE type IN ('index',"
      " 'trigger') AND tbl_name = %Q COLLATE NOCASE AND sql IS NOT NULL"
      " UNION ALL SELECT sql, name, 1 FROM temp.sqlite_schema"
      " WHERE type = 'trigger' AND tbl_name = %Q COLLATE NOCASE AND %d",
      a->quoted, relation->table, relation->table,
      sqlite3_stricmp(relation->schema, "temp") != 0);

  while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    const char *sql = relation_text(stmt, 0);
    if (sqlite3_column_int(stmt, 2) == 0) {
      char *schema = sqlite3_mprintf("\"%w\"", relation->schema);
      if (schema == 0) rc = SQLITE_NOMEM;
      if (rc == SQLITE_OK) attach_text_qualify(sql, schema, a->dependents);
      sqlite3_str_appendall(a->dependents, ";\n");
      sqlite3_free(schema);
    } else {
      Trigger *trigger = sqlite3_malloc64(sizeof *trigger);
      sqlite3_str *out = sqlite3_str_new(relation->db);
      if (trigger) {
        trigger->next = 0;
        *link = trigger;
        link = &trigger->next;
        trigger->name = sqlite3_mprintf("%s", relation_text(stmt, 1));
        attach_text_qualify(sql, "temp", out);
        trigger->sql = sqlite3_str_finish(out);
        if (trigger->name == 0 || trigger->sql == 0) rc = SQLITE_NOMEM;
      } else {
        sqlite3_free(sqlite3_str_finish(out));
        rc = SQLITE_NOMEM;
      }
    }
  }
  return relation_finish(relation, stmt, rc);
}

/* Make them again. */
static int serial_attach_make_dependents(Attach *a) {
  Relation *relation = &a->relation;
  int rc = sqlite3_str_errcode(a->dependents);
  if (rc == SQLITE_OK && sqlite3_str_length(a->dependents)) {
    rc = relation_exec(relation, "%s", sqlite3_str_value(a->dependents));
  }
  for (Trigger *t = a->triggers; t && rc == SQLITE_OK; t = t->next) {
    sqlite3_stmt *stmt;
    int is_there = 0;
    rc = relation_prepare(relation, &stmt,
                          "SELECT 1 FROM temp.sqlite_schema"
                          " WHERE type = 'trigger' AND name = %Q",
                          t->name);
    if (rc == SQLITE_OK) is_there = sqlite3_step(stmt) == SQLITE_ROW;
    rc = relation_finish(relation, stmt, rc);
    if (rc == SQLITE_OK && !is_there)
      rc = relation_exec(relation, "%s", t->sql);
  }
  return rc;
}

/**** Checks *************************************************************/

/* How many rows of the table violate its foreign keys. */
static int serial_attach_count_violations(Attach *a, int64_t *count) {
  sqlite3_stmt *stmt;
  int rc =
      relation_prepare(&a->relation, &stmt, "PRAGMA %sforeign_key_check(%Q)",
                       a->quoted, a->relation.table);
  *count = 0;
  while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
    ++*count;
  return relation_finish(&a->relation, stmt, rc);
}

static int serial_attach_check_foreign_keys(Attach *a) {
  int64_t count;
  int rc;
  if (a->violations < 0) return SQLITE_OK;
  rc = serial_attach_count_violations(a, &count);
  if (rc != SQLITE_OK || count <= a->violations) return rc;
  return error_set(&a->relation.error, SQLITE_ERROR,
                   "the new values of column \"%s\" of relation \"%s\""
                   " violate a foreign key",
                   a->column, a->relation.table);
}

/* ALTER TABLE looks at all views and triggers, and complains of the first that
** cannot be used. */
static int serial_attach_check_schema(Attach *a) {
  return relation_exec(&a->relation,
                       "CREATE TABLE %s\"%w\" (x);"
                       "ALTER TABLE %s\"%w\" RENAME TO \"%w2\";"
                       "DROP TABLE %s\"%w2\";",
                       a->quoted, a->new_table, a->quoted, a->new_table,
                       a->new_table, a->quoted, a->new_table);
}

/* Set an option of the connection, and return what it was. */
static int serial_attach_set_option(sqlite3 *db, int option, int value) {
  int before = 0;
  sqlite3_db_config(db, option, -1, &before);
  if (value != before) sqlite3_db_config(db, option, value, 0);
  return before;
}

/* Make the new table, fill it, and put it in the place of the old one. */
static int serial_attach_replace_table(Attach *a) {
  Relation *relation = &a->relation;
  int keys =
      serial_attach_set_option(relation->db, SQLITE_DBCONFIG_ENABLE_FKEY, 0);
  int legacy = serial_attach_set_option(relation->db,
                                        SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 1);
  int rc = serial_attach_make_table(a);

  if (rc == SQLITE_OK) rc = serial_attach_copy_rows(a);
  if (rc == SQLITE_OK) rc = serial_attach_read_dependents(a);
  if (rc == SQLITE_OK) {
    rc = relation_exec(relation,
                       "DROP TABLE %s\"%w\";"
                       "ALTER TABLE %s\"%w\" RENAME TO \"%w\";",
                       a->quoted, relation->table, a->quoted, a->new_table,
                       relation->table);
  }
  if (rc == SQLITE_OK) rc = serial_attach_write_counter(a);
  serial_attach_set_option(relation->db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE,
                           legacy);
  serial_attach_set_option(relation->db, SQLITE_DBCONFIG_ENABLE_FKEY, keys);
  if (rc == SQLITE_LOCKED) {
    rc = error_set(&relation->error, rc,
                   "relation \"%s\" is in use: a statement of this"
                   " connection is running",
                   relation->table);
  }
  return rc;
}

/**** All of it **********************************************************/

static int serial_attach_change_table(Attach *a) {
  sqlite3 *db = a->relation.db;
  int is_sound = 0;
  int legacy = 0;
  int keys = 0;
  int rc = serial_attach_make_sequence(a);

  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &keys);
  a->violations = -1;
  if (rc == SQLITE_OK && keys) {
    int counted = serial_attach_count_violations(a, &a->violations);
    if (counted != SQLITE_OK) a->violations = -1;
    if (counted == SQLITE_INTERRUPT) rc = counted;
  }
  if (rc == SQLITE_OK)
    rc = relation_exec(&a->relation, "SAVEPOINT serial_attach_check");
  legacy = serial_attach_set_option(db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 0);
  if (rc == SQLITE_OK) {
    rc = serial_attach_check_schema(a);
    is_sound = rc == SQLITE_OK;
    if (rc != SQLITE_INTERRUPT) { /* which may have rolled all of it back */
      rc = relation_exec(
          &a->relation,
          "ROLLBACK TO serial_attach_check; RELEASE serial_attach_check");
    }
  }
  if (rc == SQLITE_OK) rc = serial_attach_replace_table(a);
  if (rc == SQLITE_OK) rc = serial_attach_make_dependents(a);
  if (rc == SQLITE_OK) rc = serial_attach_own_sequence(a);
  if (rc == SQLITE_OK) rc = serial_attach_check_foreign_keys(a);
  if (rc == SQLITE_OK && is_sound) rc = serial_attach_check_schema(a);
  serial_attach_set_option(db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, legacy);
  return rc;
}

static int serial_attach_run(Attach *a, const char *column, const char *z,
                             size_t n) {
  Relation *relation = &a->relation;
  FuncUndo undo;
  int rc;

  a->quoted = sqlite3_mprintf("\"%w\".", relation->schema);
  a->names = sqlite3_str_new(relation->db);
  a->values = sqlite3_str_new(relation->db);
  a->dependents = sqlite3_str_new(relation->db);
  if (a->quoted == 0) return SQLITE_NOMEM;
  rc = serial_attach_read_columns(a, column);
  if (rc == SQLITE_OK) rc = serial_attach_read_request(a, z, n);
  if (rc == SQLITE_OK && replicated_refuses(relation->db, relation->schema))
    rc = error_set(&relation->error, SQLITE_READONLY, "%s", replicated_message);
  if (rc != SQLITE_OK) return rc;
  rc = func_undo_begin(&undo, relation->db, "serial_attach", &relation->error);
  if (rc == SQLITE_OK) {
    rc = serial_attach_check_values(a);
    if (rc == SQLITE_OK) rc = serial_attach_read_counter(a);
    if (rc == SQLITE_OK) rc = serial_attach_find_last(a);
    if (rc == SQLITE_OK) rc = serial_attach_change_table(a);
    rc = func_undo_end(&undo, rc, &relation->error);
  }
  return rc;
}

static void serial_attach_free(Attach *a) {
  relation_free(&a->relation);
  sqlite3_free(a->column);
  sqlite3_free(a->type);
  sqlite3_free(a->quoted);
  sqlite3_free(sqlite3_str_finish(a->names));
  sqlite3_free(sqlite3_str_finish(a->values));
  sqlite3_free(sqlite3_str_finish(a->dependents));
  sqlite3_free(a->options);
  sqlite3_free(a->base);
  sqlite3_free(a->sequence);
  sqlite3_free(a->new_table);
  while (a->triggers) {
    Trigger *next = a->triggers->next;
    sqlite3_free(a->triggers->name);
    sqlite3_free(a->triggers->sql);
    sqlite3_free(a->triggers);
    a->triggers = next;
  }
}

static void serial_attach_func(sqlite3_context *context, int argc,
                               sqlite3_value **argv) {
  const char *text[3] = {"", "", ""};
  size_t n[3] = {0, 0, 0};
  Attach a;
  int rc;

  if (func_any_null(argc, argv)) return;
  for (int i = 0; i < argc; i++) {
    if (!func_text(context, argv[i], &text[i], &n[i])) return;
  }
  memset(&a, 0, sizeof a);
  rc = relation_find_table(sqlite3_context_db_handle(context), text[0], n[0],
                           &a.relation);
  if (rc == SQLITE_OK) rc = serial_attach_run(&a, text[1], text[2], n[2]);
  if (rc == SQLITE_OK) {
    sqlite3_result_text(context, a.sequence, -1, SQLITE_TRANSIENT);
  } else {
    func_fail(context, "serial_attach", &a.relation.error, rc);
  }
  serial_attach_free(&a);
}

const FuncEntry serial_attach_functions[] = {
    {"serial_attach", 2, FUNC_SETS, serial_attach_func,
     "serial_attach(table, column [, request])", "Tables",
     "make a column of a table that is there generated"},
    {"serial_attach", 3, FUNC_SETS, serial_attach_func, 0, 0, 0},
    {0}};
