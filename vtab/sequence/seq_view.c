/*
** The view through which a sequence store is written with RETURNING: all its
** columns, and three INSTEAD OF triggers.
**
** Pure: it makes a text.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "sequence_old.h"

#define WRITABLE_COLUMNS                                            \
  "name, last_value, data_type, start_value, min_value, max_value," \
  " increment_by, cycle, cache_size, mode, owned_by"

/* The statements that make the view of a store, to be freed; or NULL. */
char *seq_view_sql(const char *schema, const char *view, const char *table) {
  sqlite3_str *out = sqlite3_str_new(0);
  sqlite3_str_appendf(out,
                      "CREATE VIEW \"%w\".\"%w\" AS SELECT " WRITABLE_COLUMNS
                      ", _seq_no, _primary_term FROM \"%w\";\n",
                      schema, view, table);
  sqlite3_str_appendf(
      out,
      "CREATE TRIGGER \"%w\".\"%w_insert\" INSTEAD OF INSERT ON \"%w\""
      " BEGIN INSERT INTO \"%w\"(" WRITABLE_COLUMNS
      ", _seq_no, _primary_term) VALUES(NEW.name, NEW.last_value,"
      " NEW.data_type, NEW.start_value, NEW.min_value, NEW.max_value,"
      " NEW.increment_by, NEW.cycle, NEW.cache_size, NEW.mode,"
      " NEW.owned_by, NEW._seq_no, NEW._primary_term); END;\n",
      schema, view, view, table);
  sqlite3_str_appendf(
      out,
      "CREATE TRIGGER \"%w\".\"%w_update\" INSTEAD OF UPDATE ON \"%w\""
      " BEGIN UPDATE \"%w\" SET name = NEW.name,"
      " last_value = NEW.last_value, data_type = NEW.data_type,"
      " start_value = NEW.start_value, min_value = NEW.min_value,"
      " max_value = NEW.max_value, increment_by = NEW.increment_by,"
      " cycle = NEW.cycle, cache_size = NEW.cache_size, mode = NEW.mode,"
      " owned_by = NEW.owned_by, _seq_no = NEW._seq_no,"
      " _primary_term = NEW._primary_term WHERE name = OLD.name; END;\n",
      schema, view, view, table);
  sqlite3_str_appendf(
      out,
      "CREATE TRIGGER \"%w\".\"%w_delete\" INSTEAD OF DELETE ON \"%w\""
      " BEGIN DELETE FROM \"%w\" WHERE name = OLD.name; END;\n",
      schema, view, view, table);
  return sqlite3_str_finish(out);
}
