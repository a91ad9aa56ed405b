/*
** What becomes of the columns of a CREATE TABLE statement: their types, their
** defaults, and which of them are generated.
**
** A column is generated if its type is SERIAL or the like, if it is an
** identity, or AUTO_INCREMENT: see ddl_sequence.c.  A primary key that has
** such a column, or one whose default is computed, must take its default for
** NULL, and must not be the rowid, which ignores a default: the table becomes
** WITHOUT ROWID.
**
** The words of errors are PostgreSQL's, and for AUTO_INCREMENT StarRocks'.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "ddl_int.h"

/**** Types **************************************************************/

/*
** The name of a column's type in lower case, its words separated by a space,
** to be freed.
*/
static char *ddl_column_type_name(Ddl *ddl, const DdlColumn *column) {
  sqlite3_str *out = sqlite3_str_new(0);
  char *name;
  for (int i = column->type; i < column->type_end; i++) {
    char *word;
    if (i == column->args) i = column->args_end;
    if (i == column->type_end) break;
    word = ddl_text_copy(ddl, i);
    if (sqlite3_str_length(out) > 0) sqlite3_str_appendchar(out, 1, ' ');
    for (const char *z = word; z && *z; z++) {
      char c = *z >= 'A' && *z <= 'Z' ? (char)(*z | 0x20) : *z;
      sqlite3_str_appendchar(out, 1, c);
    }
    sqlite3_free(word);
  }
  if (ddl->rc == SQLITE_OK) ddl->rc = sqlite3_str_errcode(out);
  name = sqlite3_str_finish(out);
  if (name == 0 && column->type < column->type_end && ddl->rc == SQLITE_OK) {
    ddl_text_fail(ddl, column->type, "type \"\" does not exist");
  }
  return name;
}

/* True for INTERVAL HOUR TO MINUTE, and the like. */
static int ddl_column_is_interval(const char *name) {
  static const char *const words[] = {"year", "month",  "day",   "hour",
                                      "to",   "minute", "second"};
  const char *z = strchr(name, ' ');
  if (z == 0 || strncmp(name, "interval ", 9) != 0) return 0;
  while (z) {
    const char *word = z + 1;
    size_t n = strcspn(word, " ");
    int is_known = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
      is_known |= token_is(word, n, words[i]);
    if (!is_known) return 0;
    z = strchr(word, ' ');
  }
  return 1;
}

/* Look a type up, whatever its sign or the fields of an interval. */
static const DdlType *ddl_column_find_type(char *name) {
  static const char *const signs[] = {" zerofill", " unsigned", " signed", 0};
  const DdlType *type =
      ddl_types_find(ddl_column_is_interval(name) ? "interval" : name);
  for (int i = 0; type == 0 && signs[i]; i++) {
    size_t n = strlen(name);
    size_t n_sign = strlen(signs[i]);
    if (n > n_sign && strcmp(name + n - n_sign, signs[i]) == 0) {
      name[n - n_sign] = 0;
      type = ddl_types_find(name);
    }
  }
  return type;
}

/* True for CrateDB's OBJECT(DYNAMIC), which says what keys it may have. */
static int ddl_column_has_policy(const Ddl *ddl, const DdlColumn *column,
                                 const DdlType *type) {
  return column->args && type && strcmp(type->name, "object") == 0 &&
         ddl_clause_match(ddl, column->args + 1, "dynamic|strict|ignored") ==
             column->args_end - 1;
}

/* Check the arguments of a type: one or two whole numbers. */
static int ddl_column_check_arguments(Ddl *ddl, const DdlColumn *column) {
  int at = column->args + 1;
  for (int i = 0; i < 2; i++) {
    if (ddl_text_is_other(ddl, at, '-') || ddl_text_is_other(ddl, at, '+'))
      at++;
    if (ddl->tokens[at].type != TOKEN_INTEGER) break;
    if (++at == column->args_end - 1) return SQLITE_OK;
    if (i == 1 || !ddl_text_is_other(ddl, at, ',')) break;
    at++;
  }
  return ddl_text_syntax_error(ddl, at);
}

/* Write a type that is none of a generated column. */
static int ddl_column_write_type(Ddl *ddl, const DdlColumn *column,
                                 const DdlType *type, const char *name) {
  int end = column->type_end;
  int has_tail = column->args && column->args_end < end;
  const char *args = "";
  int n = 0;

  if (ddl_column_has_policy(ddl, column, type)) {
    ddl_text_note_dropped(ddl, column->type, column->args_end);
  } else if (column->args &&
             ddl_column_check_arguments(ddl, column) != SQLITE_OK) {
    return ddl->rc;
  } else if (column->args && !ddl->is_strict) {
    args = ddl->tokens[column->args].z;
    n = (int)(ddl->tokens[column->args_end - 1].z + 1 - args);
  }
  if (ddl->is_strict) {
    if (end == column->type + 1 && sqlite3_stricmp(name, type->strict) == 0) {
      return ddl->rc;
    }
    ddl_text_edit(ddl, column->type, end, "%s", type->strict);
  } else if (type && type->instead) {
    ddl_text_edit(ddl, column->type, end, "%s%.*s", type->instead, n, args);
  } else if (has_tail) {
    const char *words = ddl->tokens[column->type].z;
    const char *tail = ddl->tokens[column->args_end].z;
    const Token *word = &ddl->tokens[column->args - 1];
    const Token *last = &ddl->tokens[end - 1];
    ddl_text_edit(ddl, column->type, end, "%.*s %.*s%.*s",
                  (int)(word->z + word->n - words), words,
                  (int)(last->z + last->n - tail), tail, n, args);
  }
  if (type && (type->flags & DDL_NOCASE) && !column->has_collation) {
    ddl_text_insert(ddl, end - 1, " COLLATE NOCASE");
  }
  return ddl->rc;
}

/**** Columns ************************************************************/

static int ddl_column_check_serial(Ddl *ddl, const DdlColumn *column) {
  static const char conflict[] = "conflicting NULL/NOT NULL declarations";
  if (column->value || column->auto_increment) {
    return ddl_text_column_error(
        ddl, column, column->value ? column->value : column->auto_increment,
        "multiple default values specified");
  }
  if (column->identity) {
    return ddl_text_column_error(ddl, column, column->identity,
                                 "both default and identity specified");
  }
  if (column->is_generated) {
    return ddl_text_column_error(
        ddl, column, column->is_generated,
        "both default and generation expression specified");
  }
  if (column->null)
    return ddl_text_column_error(ddl, column, column->null, conflict);
  if (column->args) return ddl_text_syntax_error(ddl, column->args);
  return SQLITE_OK;
}

static int ddl_column_check_identity(Ddl *ddl, const DdlColumn *column,
                                     const DdlType *type) {
  if (column->auto_increment) {
    return ddl_text_column_error(ddl, column, column->auto_increment,
                                 "multiple identity specifications");
  }
  if (type == 0 || (type->flags & DDL_IDENTITY) == 0) {
    return ddl_text_fail(ddl, column->type,
                         "identity column type must be smallint, integer, or"
                         " bigint");
  }
  return SQLITE_OK;
}

static int ddl_column_check_auto_increment(Ddl *ddl, const DdlColumn *column,
                                           const DdlType *type) {
  int others = 0;
  char *name;
  for (const DdlColumn *c = ddl->columns; c < column; c++) {
    others += c->auto_increment != 0;
  }
  if (others) {
    return ddl_text_fail(ddl, column->auto_increment,
                         "More than one AUTO_INCREMENT column defined in CREATE"
                         " TABLE Statement");
  }
  if (column->null || column->value || column->is_generated) {
    name = ddl_text_copy(ddl, column->name);
    if (name && column->null) {
      ddl_text_fail(ddl, column->null,
                    "AUTO_INCREMENT column %s must be NOT NULL", name);
    } else if (name) { /* MySQL's words */
      ddl_text_fail(ddl, column->value ? column->value : column->is_generated,
                    "Invalid default value for '%s'", name);
    }
    sqlite3_free(name);
    return ddl->rc;
  }
  if (type == 0 || type->flags != (DDL_IDENTITY | DDL_CAST_NUMBER | 8)) {
    return ddl_text_fail(ddl, column->type,
                         "The AUTO_INCREMENT column must be BIGINT");
  }
  return SQLITE_OK;
}

/* A computed default in the primary key: NULL has to take it. */
static int ddl_column_replace_null(Ddl *ddl, const DdlColumn *column) {
  if (column->null) {
    return ddl_text_column_error(ddl, column, column->null,
                                 "conflicting NULL/NOT NULL declarations");
  }
  if (!column->not_null) {
    ddl_text_insert(ddl, column->value_end - 1,
                    " NOT NULL ON CONFLICT REPLACE");
  } else if (!column->is_loud) {
    ddl_text_insert(ddl, column->not_null_end - 1, " ON CONFLICT REPLACE");
  }
  return ddl->rc;
}

/* Delete what a generated column does not need any more. */
static int ddl_column_delete_rest(Ddl *ddl, const DdlColumn *column) {
  if (column->not_null) {
    if (column->is_loud) {
      return ddl_text_syntax_error(ddl, column->not_null_end - 3);
    }
    ddl_text_delete(ddl, column->not_null, column->not_null_end);
  }
  if (column->identity) {
    ddl_text_delete(ddl, column->identity, column->identity_end);
  }
  if (column->auto_increment) {
    ddl_text_delete(ddl, column->auto_increment, column->auto_increment + 1);
  }
  return ddl->rc;
}

/* True for ARRAY(INT) and INT ARRAY. */
static int ddl_column_is_array(const char *name) {
  const char *last = strrchr(name, ' ');
  return strcmp(last ? last + 1 : name, "array") == 0;
}

/* Translate a column that has a type, or none. */
static int ddl_column_translate(Ddl *ddl, DdlColumn *column,
                                const DdlType *type, const char *name,
                                int *is_rowid) {
  int flags = type ? type->flags : 0;
  int is_generated =
      (flags & DDL_SERIAL) || column->identity || column->auto_increment;

  if (column->is_array || (name && ddl_column_is_array(name))) {
    return ddl_text_fail(ddl,
                         column->is_array ? column->is_array : column->type,
                         "arrays are not supported");
  }
  if (type && column->is_generated && strcmp(type->name, "object") == 0) {
    return ddl_text_fail(ddl, column->is_generated,
                         "columns of an OBJECT are not supported");
  }
  if (flags & DDL_SERIAL) {
    ddl_column_check_serial(ddl, column);
  } else if (column->identity) {
    ddl_column_check_identity(ddl, column, type);
  } else if (column->auto_increment) {
    ddl_column_check_auto_increment(ddl, column, type);
  } else if (name && type == 0 &&
             (ddl->is_strict || !ddl_types_is_kept(name))) {
    return ddl_text_fail(ddl, column->type, "type \"%s\" does not exist", name);
  }
  if (ddl->rc == SQLITE_OK && is_generated) {
    if (column->is_key) *is_rowid = 0;
    ddl_column_delete_rest(ddl, column);
    return ddl_sequence_generated(ddl, column, flags & DDL_SIZE,
                                  (flags & DDL_SERIAL) != 0);
  }
  if (ddl->rc == SQLITE_OK && name)
    ddl_column_write_type(ddl, column, type, name);
  if (ddl->rc == SQLITE_OK) ddl_value_default(ddl, column);
  if (ddl->rc == SQLITE_OK && column->is_key &&
      ddl_value_is_computed(ddl, column)) {
    *is_rowid = 0;
    ddl_column_replace_null(ddl, column);
  }
  return ddl->rc;
}

/* Edit all columns, and the table as they want it. */
int ddl_column_edit_all(Ddl *ddl) {
  int is_rowid = 1;
  int has_auto_increment = 0;
  for (int i = 0; ddl->rc == SQLITE_OK && i < ddl->n_column; i++) {
    DdlColumn *column = &ddl->columns[i];
    char *name = ddl_column_type_name(ddl, column);
    has_auto_increment |= column->auto_increment;
    if (ddl->rc == SQLITE_OK) {
      ddl_column_translate(ddl, column, name ? ddl_column_find_type(name) : 0,
                           name, &is_rowid);
    }
    sqlite3_free(name);
  }
  if (ddl->rc == SQLITE_OK && ddl->next_value && !has_auto_increment) {
    return ddl_text_syntax_error(ddl, ddl->next_value);
  }
  if (!is_rowid && !ddl->without_rowid) {
    ddl_text_insert(ddl, ddl->close, " WITHOUT ROWID%s",
                    ddl->is_strict ? "," : "");
  }
  return ddl->rc;
}
