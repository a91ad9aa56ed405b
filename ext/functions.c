/*
** The list of what the extension has, for whoever sits before a shell.
**
**   SELECT signature, summary FROM surrogate_functions() WHERE topic = 'UUID';
**
**   name           of the function or module
**   signature      with its arguments; what is in [] may be left out, and
**                  "..." stands for more of the last one
**   kind           'scalar', or 'table-valued': called in FROM
**   topic          the section of the documentation
**   summary        one line
**   deterministic  1: the same arguments give the same result
**   innocuous      1: also in the schema of a file that is not trusted
**   directonly     1: in a statement only, not in a trigger, view or DEFAULT
**
** An eponymous virtual table, read-only, that needs no database.  Its lines are
** those of the tables that each file registers its functions by.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "functions.h"
#include "table.h"

/* Whose data the functions of a table have. */
enum { FN_OF_NOBODY, FN_OF_SESSION, FN_OF_IDS };

/* The tables of all files, in the order of the list. */
static const struct {
  const FuncEntry *entries;
  int owner;
} fn_tables[] = {
    {sequence_functions, FN_OF_SESSION},
    {check_functions, FN_OF_SESSION},
    {create_table_functions, FN_OF_SESSION},
    {sequence_column_functions, FN_OF_SESSION},
    {serial_attach_functions, FN_OF_NOBODY},
    {dict_functions, FN_OF_NOBODY},
    {uuid_functions, FN_OF_IDS},
    {ulid_functions, FN_OF_IDS},
    {typeid_functions, FN_OF_IDS},
    {prefixed_functions, FN_OF_IDS},
    {nanoid_functions, FN_OF_IDS},
    {short_code_functions, FN_OF_IDS},
    {sqids_functions, FN_OF_IDS},
    {hashids_functions, FN_OF_IDS},
    {rowid_functions, FN_OF_IDS},
    {instance_functions, FN_OF_IDS},
    {snowflake_functions, FN_OF_IDS},
    {ksuid_functions, FN_OF_IDS},
    {objectid_functions, FN_OF_IDS},
    {cuid2_functions, FN_OF_IDS},
    {time_functions, FN_OF_IDS},
    {inspect_functions, FN_OF_NOBODY},
    {surrogate_functions, FN_OF_NOBODY},
};

#define FN_TABLES (sizeof fn_tables / sizeof *fn_tables)

/* In the order of COLUMN_... */
static const char fn_declaration[] =
    "CREATE TABLE x(name, signature, kind, topic, summary, deterministic,"
    " innocuous, directonly)";

enum {
  FN_COLUMN_NAME,
  FN_COLUMN_SIGNATURE,
  FN_COLUMN_KIND,
  FN_COLUMN_TOPIC,
  FN_COLUMN_SUMMARY,
  FN_COLUMN_DETERMINISTIC,
  FN_COLUMN_INNOCUOUS,
  FN_COLUMN_DIRECTONLY
};

typedef struct FnCursor {
  sqlite3_vtab_cursor base;
  size_t table;
  const FuncEntry *entry; /* with a signature, unless at the end */
  sqlite3_int64 rowid;
} FnCursor;

static int functions_connect(sqlite3 *db, void *aux, int argc,
                             const char *const *argv, sqlite3_vtab **out,
                             char **error) {
  int rc = sqlite3_declare_vtab(db, fn_declaration);
  UNUSED(aux);
  UNUSED(argc);
  UNUSED(argv);
  UNUSED(error);
  if (rc == SQLITE_OK) rc = sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  if (rc != SQLITE_OK) return rc;
  *out = sqlite3_malloc64(sizeof **out);
  if (*out == 0) return SQLITE_NOMEM;
  memset(*out, 0, sizeof **out);
  return SQLITE_OK;
}

static int functions_disconnect(sqlite3_vtab *base) {
  sqlite3_free(base);
  return SQLITE_OK;
}

/* There is one plan: all rows. */
static int functions_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
  UNUSED(base);
  info->estimatedCost = 100;
  info->estimatedRows = 100;
  return SQLITE_OK;
}

static int functions_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
  FnCursor *cursor = sqlite3_malloc64(sizeof *cursor);
  UNUSED(base);
  if (cursor == 0) return SQLITE_NOMEM;
  memset(cursor, 0, sizeof *cursor);
  *out = &cursor->base;
  return SQLITE_OK;
}

static int functions_close(sqlite3_vtab_cursor *base) {
  sqlite3_free(base);
  return SQLITE_OK;
}

/* From where the cursor is, to the next line that has a signature. */
static int functions_seek(FnCursor *cursor) {
  while (cursor->entry->signature == 0 && cursor->table < FN_TABLES) {
    if (cursor->entry->name) {
      cursor->entry++;
    } else if (++cursor->table < FN_TABLES) {
      cursor->entry = fn_tables[cursor->table].entries;
    }
  }
  cursor->rowid++;
  return SQLITE_OK;
}

static int functions_filter(sqlite3_vtab_cursor *base, int plan,
                            const char *unused, int argc,
                            sqlite3_value **argv) {
  FnCursor *cursor = (FnCursor *)base;
  UNUSED(plan);
  UNUSED(unused);
  UNUSED(argc);
  UNUSED(argv);
  cursor->table = 0;
  cursor->entry = fn_tables[0].entries;
  cursor->rowid = 0;
  return functions_seek(cursor);
}

static int functions_next(sqlite3_vtab_cursor *base) {
  FnCursor *cursor = (FnCursor *)base;
  cursor->entry++;
  return functions_seek(cursor);
}

static int functions_eof(sqlite3_vtab_cursor *base) {
  return ((const FnCursor *)base)->table >= FN_TABLES;
}

static int functions_column(sqlite3_vtab_cursor *base, sqlite3_context *context,
                            int column) {
  const FuncEntry *entry = ((const FnCursor *)base)->entry;
  const char *text = 0;
  int flag = 0;
  switch (column) {
    case FN_COLUMN_NAME: text = entry->name; break;
    case FN_COLUMN_SIGNATURE: text = entry->signature; break;
    case FN_COLUMN_KIND: text = entry->func ? "scalar" : "table-valued"; break;
    case FN_COLUMN_TOPIC: text = entry->topic; break;
    case FN_COLUMN_SUMMARY: text = entry->summary; break;
    case FN_COLUMN_DETERMINISTIC: flag = SQLITE_DETERMINISTIC; break;
    case FN_COLUMN_INNOCUOUS: flag = SQLITE_INNOCUOUS; break;
    case FN_COLUMN_DIRECTONLY: flag = SQLITE_DIRECTONLY; break;
  }
  if (text) {
    sqlite3_result_text(context, text, -1, SQLITE_STATIC);
  } else {
    sqlite3_result_int(context, (entry->flags & flag) != 0);
  }
  return SQLITE_OK;
}

static int functions_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
  *rowid = ((const FnCursor *)base)->rowid;
  return SQLITE_OK;
}

static const sqlite3_module fn_module = {.iVersion = 0,
                                         .xCreate = 0, /* eponymous only */
                                         .xConnect = functions_connect,
                                         .xBestIndex = functions_best_index,
                                         .xDisconnect = functions_disconnect,
                                         .xDestroy = 0,
                                         .xOpen = functions_open,
                                         .xClose = functions_close,
                                         .xFilter = functions_filter,
                                         .xNext = functions_next,
                                         .xEof = functions_eof,
                                         .xColumn = functions_column,
                                         .xRowid = functions_rowid,
                                         .xUpdate = 0, /* read-only */
                                         .xBegin = 0,
                                         .xSync = 0,
                                         .xCommit = 0,
                                         .xRollback = 0,
                                         .xFindFunction = 0,
                                         .xRename = 0};

/* Register all functions, and the list of them. */
int functions_register(sqlite3 *db, SeqSession *session, IdState *ids) {
  int rc =
      sqlite3_create_module_v2(db, "surrogate_functions", &fn_module, 0, 0);
  for (size_t i = 0; rc == SQLITE_OK && i < FN_TABLES; i++) {
    const FuncEntry *entries = fn_tables[i].entries;
    switch (fn_tables[i].owner) {
      case FN_OF_SESSION:
        rc = func_register(db, entries, session, session_ref, session_unref);
        break;
      case FN_OF_IDS:
        rc = func_register(db, entries, ids, id_state_ref, id_state_unref);
        break;
      default: rc = func_register(db, entries, 0, 0, 0);
    }
  }
  return rc;
}
