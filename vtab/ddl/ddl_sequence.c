/*
** Generated columns.
**
** A column c of table t becomes
**
**   c INT8 NOT NULL ON CONFLICT REPLACE DEFAULT (nextval('t_c_seq'))
**     CONSTRAINT "bigint out of range" CHECK (typeof(c) = 'integer')
**
** or INT2 or INT4 with a check of its range, whose name is what SQLite reports.
** The script makes its sequence before the table, and gives it to the column
** behind it.  Its name is PostgreSQL's t_c_seq, t_c_seq1, ...: the first that
** nothing has.  It is not cut at 63 bytes as in PostgreSQL.
**
** GENERATED ALWAYS is three triggers.  The one before an INSERT lets through what
** the default has given, which is_generated() knows, and a NULL.  That becomes
** the default behind it, and the one after the INSERT has is_generated() know
** that it was taken.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "ddl_int.h"

/*
** The schema of the table, to be freed: NULL if it has none, or with ddl->rc
** set.
*/
char *ddl_sequence_schema(Ddl *ddl) {
  char *schema = 0;
  if (ddl->schema) {
    schema = ddl_text_copy(ddl, ddl->schema);
  } else if (ddl->is_temp) {
    schema = sqlite3_mprintf("temp");
    if (schema == 0 && ddl->rc == SQLITE_OK) ddl->rc = SQLITE_NOMEM;
  }
  return schema;
}

/* A schema as it stands before a name in SQL, with its dot, to be freed. */
char *ddl_sequence_qualifier(Ddl *ddl, const char *schema) {
  sqlite3_str *out = sqlite3_str_new(0);
  char *text;
  if (sqlite3_stricmp(schema, "temp") == 0) { /* a keyword, but a name here */
    sqlite3_str_appendall(out, schema);
  } else {
    token_quote(out, schema);
  }
  sqlite3_str_appendchar(out, 1, '.');
  text = sqlite3_str_finish(out);
  if (text == 0 && ddl->rc == SQLITE_OK) ddl->rc = SQLITE_NOMEM;
  return text;
}

/* What a column is called, here and there; all but schema are to be freed. */
typedef struct Names {
  const char *schema; /* or NULL */
  char *table;
  char *column;
  char *quoted_table; /* as in SQL */
  char *quoted_column;
  char *sequence;  /* as nextval() takes it, or NULL */
  char *generator; /* what gives a value, in SQL */
} Names;

static void ddl_sequence_free_names(Names *names) {
  sqlite3_free(names->table);
  sqlite3_free(names->column);
  sqlite3_free(names->quoted_table);
  sqlite3_free(names->quoted_column);
  sqlite3_free(names->sequence);
  sqlite3_free(names->generator);
}

static int ddl_sequence_find_names(Ddl *ddl, const DdlColumn *column,
                                   Names *names) {
  names->table = ddl_text_copy(ddl, ddl->table);
  names->column = ddl_text_copy(ddl, column->name);
  names->quoted_table = ddl_text_quoted(ddl, ddl->table);
  names->quoted_column = ddl_text_quoted(ddl, column->name);
  return ddl->rc;
}

/*
** Choose the sequence.  A name with a dot in it could be taken for one with a
** schema, so it gets one.
*/
static int ddl_sequence_choose(Ddl *ddl, Names *names) {
  int taken = DDL_SEQUENCE;
  for (int i = 0; taken != DDL_FREE; i++) {
    const char *schema = names->schema;
    char *name =
        i == 0 ? sqlite3_mprintf("%s_%s_seq", names->table, names->column)
               : sqlite3_mprintf("%s_%s_seq%d", names->table, names->column, i);
    sqlite3_free(names->sequence);
    names->sequence = 0;
    if (name == 0) return ddl->rc = SQLITE_NOMEM;
    ddl->rc = ddl->context->is_taken(ddl->context->data, schema, name, &taken);
    if (schema == 0 && strchr(name, '.')) schema = "main";
    names->sequence = sqlite3_mprintf("%s%s%s", schema ? schema : "",
                                      schema ? "." : "", name);
    sqlite3_free(name);
    if (ddl->rc != SQLITE_OK) return ddl->rc;
    if (names->sequence == 0) return ddl->rc = SQLITE_NOMEM;
  }
  return SQLITE_OK;
}

/* Check the options of an identity, as create_sequence() will. */
static int ddl_sequence_check_options(Ddl *ddl, const DdlColumn *column,
                                      const char *text) {
  char message[SEQ_MESSAGE_SIZE];
  SeqOptions options;
  SeqDef def = {8, 0, SEQ_STANDARD, 1, 1, INT64_MAX, 1, 1};
  SeqState state = {1, 0};
  int rc = options_parse(text, strlen(text), 1, &options, message);
  if (rc == SEQ_OK) rc = definition_define(&def, &state, &options, 1, message);
  if (rc != SEQ_OK) return ddl_text_fail(ddl, column->options, "%s", message);
  if (options.given & SEQ_HAS_OWNED_BY) {
    return ddl_text_fail(ddl, column->options, "invalid OWNED BY option");
  }
  return SQLITE_OK;
}

/* The statement that makes the sequence. */
static int ddl_sequence_create(Ddl *ddl, const DdlColumn *column,
                               const Names *names, int size, int mode) {
  static const char *const modes[DDL_MODES] = {
      [DDL_VIRTUAL_SEQUENCE] = " MODE virtual",
      [DDL_SQL_SEQUENCE_CACHED] = " CACHE 256",
      [DDL_SQL_SEQUENCE_CACHED_NODE] = " CACHE 256"};
  sqlite3_str *out = sqlite3_str_new(0);
  char *text;

  if (size < 8) sqlite3_str_appendf(out, " AS %s", definition_type_name(size));
  if (modes[mode]) sqlite3_str_appendall(out, modes[mode]);
  if (column->auto_increment && ddl->next_value) {
    const Token *t = &ddl->tokens[ddl->next_value];
    sqlite3_str_appendf(out, " START WITH %.*s", (int)t->n, t->z);
  }
  if (column->options) {
    const char *z = ddl->tokens[column->options + 1].z;
    const char *end = ddl->tokens[column->options_end - 1].z;
    while (end > z && token_is_space(end[-1]))
      end--;
    if (end > z) sqlite3_str_appendf(out, " %.*s", (int)(end - z), z);
  }
  if (sqlite3_str_errcode(out) == SQLITE_OK) {
    const char *options = sqlite3_str_value(out) ? sqlite3_str_value(out) : "";
    ddl_sequence_check_options(ddl, column, options);
  }
  if (ddl->rc == SQLITE_OK) ddl->rc = sqlite3_str_errcode(out);
  text = sqlite3_str_finish(out);
  sqlite3_str_appendf(ddl->before, "SELECT create_sequence(%Q",
                      names->sequence);
  if (text || ddl->if_not_exists) {
    char *all = sqlite3_mprintf(
        "%s%s", ddl->if_not_exists ? " IF NOT EXISTS" : "", text ? text : "");
    if (all) {
      sqlite3_str_appendf(ddl->before, ", %Q", all + 1);
    } else {
      ddl->rc = SQLITE_NOMEM;
    }
    sqlite3_free(all);
  }
  sqlite3_str_appendall(ddl->before, ");\n");
  sqlite3_free(text);
  return ddl->rc;
}

/* CREATE TRIGGER with a name that begins as the sequence's. */
static int ddl_sequence_append_trigger(sqlite3_str *out, const char *head,
                                       const char *sequence,
                                       const char *suffix) {
  char *name = sqlite3_mprintf("%s_%s", sequence, suffix);
  if (name == 0) return SQLITE_NOMEM;
  sqlite3_str_appendf(out, "CREATE TRIGGER %s", head);
  token_quote(out, name);
  sqlite3_free(name);
  return SQLITE_OK;
}

/*
** Append the triggers of GENERATED ALWAYS.  `head` is what stands before their
** names: IF NOT EXISTS, and the schema with a dot.  `base` is the name of the
** sequence, and `sequence` that as nextval() takes it.
*/
int ddl_sequence_always_triggers(sqlite3_str *out, const char *head,
                                 const char *base, const char *table,
                                 const char *column, const char *sequence) {
  sqlite3_str *name = sqlite3_str_new(0); /* of the column, as in SQL */
  const char *c;
  int rc;

  token_quote(name, column);
  rc = sqlite3_str_errcode(name);
  c = sqlite3_str_value(name);
  if (rc == SQLITE_OK)
    rc = ddl_sequence_append_trigger(out, head, base, "insert");
  if (rc == SQLITE_OK) {
    sqlite3_str_appendall(out, " BEFORE INSERT ON ");
    token_quote(out, table);
    sqlite3_str_appendf(
        out,
        " WHEN NEW.%s IS NOT NULL AND NOT is_generated(%Q, NEW.%s)"
        " BEGIN SELECT RAISE(ABORT, 'cannot insert a non-DEFAULT value into"
        " column \"%q\"'); END;\n",
        c, sequence, c, column);
    rc = ddl_sequence_append_trigger(out, head, base, "inserted");
  }
  if (rc == SQLITE_OK) {
    sqlite3_str_appendall(out, " AFTER INSERT ON ");
    token_quote(out, table);
    sqlite3_str_appendf(out, " BEGIN SELECT is_generated(%Q, NEW.%s); END;\n",
                        sequence, c);
    rc = ddl_sequence_append_trigger(out, head, base, "update");
  }
  if (rc == SQLITE_OK) {
    sqlite3_str_appendf(out, " BEFORE UPDATE OF %s ON ", c);
    token_quote(out, table);
    sqlite3_str_appendf(out,
                        " BEGIN SELECT RAISE(ABORT, 'column \"%q\" can only be"
                        " updated to DEFAULT'); END;\n",
                        column);
  }
  sqlite3_free(sqlite3_str_finish(name));
  return rc;
}

/* The triggers of GENERATED ALWAYS. */
static int ddl_sequence_create_triggers(Ddl *ddl, const Names *names) {
  const char *schema = names->schema ? names->schema : "main";
  char *qualifier = ddl_sequence_qualifier(ddl, schema);
  const char *dot = strchr(names->sequence, '.');
  const char *base = names->schema ? names->sequence + strlen(schema) + 1
                     : dot         ? names->sequence + strlen("main.")
                                   : names->sequence;
  char *head =
      qualifier
          ? sqlite3_mprintf("%s%s", ddl->if_not_exists ? "IF NOT EXISTS " : "",
                            qualifier)
          : 0;
  int rc = SQLITE_NOMEM;

  if (head) {
    rc = ddl_sequence_always_triggers(ddl->triggers, head, base, names->table,
                                      names->column, names->sequence);
  }
  if (ddl->rc == SQLITE_OK) ddl->rc = rc;
  sqlite3_free(qualifier);
  sqlite3_free(head);
  return ddl->rc;
}

/* Make the sequence and what belongs to it; names->generator calls it. */
static int ddl_sequence_use(Ddl *ddl, const DdlColumn *column, Names *names,
                            int size, int mode) {
  char *owner;
  if (ddl_sequence_choose(ddl, names) != SQLITE_OK) return ddl->rc;
  names->generator = sqlite3_mprintf("nextval(%Q)", names->sequence);
  owner = sqlite3_mprintf("OWNED BY %s.%s", names->quoted_table,
                          names->quoted_column);
  if (owner) {
    sqlite3_str_appendf(ddl->owners, "SELECT alter_sequence(%Q, %Q);\n",
                        names->sequence, owner);
  } else {
    ddl->rc = SQLITE_NOMEM;
  }
  sqlite3_free(owner);
  if (ddl->rc == SQLITE_OK) ddl_sequence_create(ddl, column, names, size, mode);
  if (ddl->rc == SQLITE_OK && column->is_always)
    ddl_sequence_create_triggers(ddl, names);
  return ddl->rc;
}

/* The type, the default and the check, where the type was. */
static int ddl_sequence_write_column(Ddl *ddl, const DdlColumn *column,
                                     const Names *names, int size) {
  static const char bounds[] = " AND %s BETWEEN %lld AND %lld";
  sqlite3_int64 max = definition_type_max(size);
  char *range =
      size == 8 ? sqlite3_mprintf("")
                : sqlite3_mprintf(bounds, names->quoted_column, -max - 1, max);
  char *type = ddl->is_strict ? sqlite3_mprintf("INTEGER")
                              : sqlite3_mprintf("INT%d", size);
  if (range && type && names->generator) {
    ddl_text_edit(
        ddl, column->type, column->type_end,
        "%s NOT NULL ON CONFLICT REPLACE DEFAULT (%s)"
        " CONSTRAINT \"%s out of range\" CHECK (typeof(%s) = 'integer'%s)",
        type, names->generator, definition_type_name(size),
        names->quoted_column, range);
  } else if (ddl->rc == SQLITE_OK) {
    ddl->rc = SQLITE_NOMEM;
  }
  sqlite3_free(range);
  sqlite3_free(type);
  return ddl->rc;
}

/* Translate a generated column of an integer type of `size` bytes. */
int ddl_sequence_generated(Ddl *ddl, DdlColumn *column, int size,
                           int is_serial) {
  int mode = is_serial ? ddl->context->serial_mode : DDL_SQL_SEQUENCE;
  char *schema = ddl_sequence_schema(ddl);
  Names names;

  memset(&names, 0, sizeof names);
  names.schema = schema;
  if (mode == DDL_ROWID || mode == DDL_UNORDERED_ROWID ||
      mode == DDL_VIRTUAL_SEQUENCE) {
    size = 8; /* as in CockroachDB */
  }
  if (ddl->rc == SQLITE_OK) ddl_sequence_find_names(ddl, column, &names);
  if (ddl->rc == SQLITE_OK) {
    if (mode == DDL_ROWID) {
      names.generator = sqlite3_mprintf("unique_rowid()");
    } else if (mode == DDL_UNORDERED_ROWID) {
      names.generator = sqlite3_mprintf("unordered_unique_rowid()");
    } else {
      ddl_sequence_use(ddl, column, &names, size, mode);
    }
  }
  if (ddl->rc == SQLITE_OK)
    ddl_sequence_write_column(ddl, column, &names, size);
  ddl_sequence_free_names(&names);
  sqlite3_free(schema);
  return ddl->rc;
}
