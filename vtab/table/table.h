/*
** Tables: what makes and changes them, a section for each source file.
*/
#ifndef SURROGATE_TABLE_H
#define SURROGATE_TABLE_H

#include "ddl.h"
#include "sequence.h"

/**** create_table.c *****************************************************/

extern const FuncEntry create_table_functions[];

/**** attach_text.c, serial_attach.c *************************************/

/* What serial_attach() is asked for. */
typedef struct AttachRequest {
  int size;            /* bytes of the type; 0: of the column's */
  int is_always;       /* GENERATED ALWAYS */
  const char *options; /* of the sequence */
  size_t n_options;
} AttachRequest;

/* What a column is to become. */
typedef struct AttachColumn {
  const char *name;
  const char *type;       /* unless the table is STRICT */
  const char *definition; /* what follows the type */
  const char *table;      /* that it is in, as in SQL */
  int without_rowid;      /* the table becomes that */
} AttachColumn;

int attach_text_request(const char *z, size_t n, AttachRequest *);
int attach_text_type_size(const char *type);
int attach_text_rewrite(const char *sql, size_t n, const AttachColumn *,
                        sqlite3_str *out, const char **message);
int attach_text_calls_nextval(const char *text);
int attach_text_is_without_rowid(const char *sql);
void attach_text_qualify(const char *sql, const char *schema, sqlite3_str *out);
extern const FuncEntry serial_attach_functions[];

/**** dict.c *************************************************************/

extern const FuncEntry dict_functions[];

#endif /* SURROGATE_TABLE_H */
