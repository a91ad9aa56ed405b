/*
** The translation of other systems' CREATE TABLE: what others may use of it.
*/
#ifndef SURROGATE_DDL_H
#define SURROGATE_DDL_H

#include "base.h"

/**** ddl_translate.c ****************************************************/

/* The modes of serial_normalization(). */
enum {
  DDL_ROWID,
  DDL_UNORDERED_ROWID,
  DDL_VIRTUAL_SEQUENCE,
  DDL_SQL_SEQUENCE,
  DDL_SQL_SEQUENCE_CACHED,
  DDL_SQL_SEQUENCE_CACHED_NODE,
  DDL_MODES
};

enum { DDL_FREE, DDL_IN_SCHEMA, DDL_SEQUENCE }; /* what has a name */

/*
** What the translation must know of the connection.  A schema of NULL is the
** one where a new table goes.
*/
typedef struct DdlContext {
  int serial_mode; /* DDL_ROWID, ... */
  /* SQLITE_OK; *taken: DDL_IN_SCHEMA if a table, view or index has the name,
  ** DDL_SEQUENCE if a sequence has it, else DDL_FREE */
  int (*is_taken)(void *data, const char *schema, const char *name, int *taken);
  void *data;
} DdlContext;

typedef struct DdlResult {
  char *script;    /* the translation, to be freed by sqlite3_free() */
  char *schema;    /* of the table, unquoted, or NULL */
  char *table;     /* its name, unquoted */
  int is_store;    /* it is CrateDB's table of sequences */
  char *message;   /* of an error, with "line L column C: ..." */
  size_t consumed; /* bytes of sql up to and with the statement's end */
} DdlResult;

int ddl_translate(const char *sql, size_t n, const DdlContext *, DdlResult *);
void ddl_translate_free(DdlResult *);

/**** ddl_script.c *******************************************************/

int ddl_script(const char *sql, size_t n, int serial_mode, const Waiting *,
               sqlite3_str *out, char **message);

/**** ddl_sequence.c *****************************************************/

int ddl_sequence_always_triggers(sqlite3_str *, const char *head,
                                 const char *base, const char *table,
                                 const char *column, const char *sequence);

#endif /* SURROGATE_DDL_H */
