/*
** INDEX [name] (columns) [WHERE condition] in the place of a column, as
** CockroachDB, YDB, StarRocks and MySQL have it, becomes a CREATE INDEX behind the
** table.
**
** Its name is what it was, or CockroachDB's t_c_idx, t_c_idx1, ...
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "ddl_int.h"

/* t_a_b_idx: a name of an index on columns a, b of table t, to be freed. */
static char *ddl_index_default_name(Ddl *ddl, const DdlIndex *index) {
  sqlite3_str *out = sqlite3_str_new(0);
  char *text = ddl_text_copy(ddl, ddl->table);
  char *name;
  if (text) sqlite3_str_appendall(out, text);
  sqlite3_free(text);
  for (int i = index->columns + 1; i < index->columns_end; i++) {
    int is_name =
        ddl_text_is_name(ddl, i) &&
        (ddl_text_is_other(ddl, i + 1, ',') || i + 2 == index->columns_end ||
         ddl_clause_match(ddl, i + 1, "asc|desc"));
    if (i > index->columns + 1 && !ddl_text_is_other(ddl, i - 1, ',')) continue;
    text = is_name ? ddl_text_copy(ddl, i) : 0;
    sqlite3_str_appendf(out, "_%s", text ? text : "expr");
    sqlite3_free(text);
  }
  sqlite3_str_appendall(out, "_idx");
  name = sqlite3_str_finish(out);
  if (name == 0 && ddl->rc == SQLITE_OK) ddl->rc = SQLITE_NOMEM;
  return name;
}

/* The first number that no index before this one has behind that name. */
static int ddl_index_first_number(Ddl *ddl, const DdlIndex *index,
                                  const char *base) {
  int number = 0;
  for (const DdlIndex *i = ddl->indexes; i < index; i++) {
    char *other = i->name ? 0 : ddl_index_default_name(ddl, i);
    if (other && sqlite3_stricmp(other, base) == 0) number = i->number + 1;
    sqlite3_free(other);
  }
  return number;
}

/* The name of an index: *name, to be freed. */
static int ddl_index_choose_name(Ddl *ddl, DdlIndex *index, const char *schema,
                                 char **name) {
  char *base;
  int taken = DDL_IN_SCHEMA;

  *name = 0;
  if (index->name) {
    *name = ddl_text_copy(ddl, index->name);
    return ddl->rc;
  }
  base = ddl_index_default_name(ddl, index);
  for (int i = base ? ddl_index_first_number(ddl, index, base) : 0;
       base && ddl->rc == SQLITE_OK && taken != DDL_FREE; i++) {
    index->number = i;
    sqlite3_free(*name);
    *name = i ? sqlite3_mprintf("%s%d", base, i) : sqlite3_mprintf("%s", base);
    if (*name == 0) {
      ddl->rc = SQLITE_NOMEM;
    } else {
      ddl->rc =
          ddl->context->is_taken(ddl->context->data, schema, *name, &taken);
    }
  }
  sqlite3_free(base);
  return ddl->rc;
}

/* Write the statements that make the indexes. */
int ddl_index_write(Ddl *ddl) {
  char *schema = ddl_sequence_schema(ddl);
  char *qualifier = ddl_sequence_qualifier(ddl, schema ? schema : "main");
  char *table = ddl_text_quoted(ddl, ddl->table);
  for (int i = 0; ddl->rc == SQLITE_OK && i < ddl->n_index; i++) {
    DdlIndex *index = &ddl->indexes[i];
    const char *columns = ddl->tokens[index->columns].z;
    const Token *last = &ddl->tokens[index->end - 1];
    sqlite3_str *out = ddl->triggers;
    char *name;
    if (ddl_index_choose_name(ddl, index, schema, &name) == SQLITE_OK) {
      sqlite3_str_appendf(out, "CREATE INDEX %s%s",
                          ddl->if_not_exists ? "IF NOT EXISTS " : "",
                          qualifier);
      token_quote(out, name);
      sqlite3_str_appendf(out, " ON %s ", table);
      ddl_text_render(ddl, out, columns, last->z + last->n);
      sqlite3_str_appendall(out, ";\n");
    }
    sqlite3_free(name);
  }
  sqlite3_free(schema);
  sqlite3_free(qualifier);
  sqlite3_free(table);
  return ddl->rc;
}
