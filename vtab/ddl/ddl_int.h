/*
** The translation of CREATE TABLE: what its files share.
*/
#ifndef SURROGATE_DDL_INT_H
#define SURROGATE_DDL_INT_H

#include "ddl.h"
#include "definition.h"

/* A type of a column: see ddl_types.c. */
typedef struct DdlType {
  const char *name;    /* in lower case, words separated by a space */
  const char *instead; /* what to write for it; NULL: it is kept */
  const char *strict;  /* the type in a STRICT table */
  int flags;           /* DDL_SERIAL, ..., and bytes: DDL_SIZE */
} DdlType;

enum {
  DDL_SIZE = 0x0f,        /* bytes of an integer, where they matter */
  DDL_SERIAL = 0x10,      /* SERIAL and its kind */
  DDL_IDENTITY = 0x20,    /* PostgreSQL allows an identity of this type */
  DDL_NOCASE = 0x40,      /* it compares without letter case */
  DDL_CAST_TEXT = 0x100,  /* 'x'::type is 'x' */
  DDL_CAST_NUMBER = 0x200 /* 1::type is 1 */
};

#define DDL_TYPE_SIZE 64 /* of a name, with its NUL */

const DdlType *ddl_types_find(const char *name);
int ddl_types_is_kept(const char *name);

/*
** The parts of a statement.  A token is given by its number; 0, which is
** CREATE, stands for none.  Ends are the number of the token behind.
*/
typedef struct DdlColumn {
  int name;
  int end;
  int type, type_end; /* words, arguments, words */
  int args, args_end; /* of the type: a group */
  int is_array;       /* the token that says so */
  int not_null, not_null_end;
  int is_loud; /* NOT NULL has a conflict clause */
  int null;
  int value, value_end; /* what follows DEFAULT */
  int identity, identity_end;
  int is_always;
  int options, options_end; /* of the identity: a group */
  int auto_increment;
  int is_generated; /* AS (expression) */
  int key, key_end; /* PRIMARY KEY */
  int is_key;       /* it is in the primary key */
  int has_collation;
} DdlColumn;

/* INDEX, KEY and the like, in the place of a column. */
typedef struct DdlIndex {
  int start, end;
  int name;                 /* 0: none */
  int columns, columns_end; /* a group */
  int number;               /* behind a name that was made; 0: none */
} DdlIndex;

/* A piece of the statement that is written otherwise. */
typedef struct DdlEdit {
  size_t start, end; /* bytes of the statement */
  char *text;
} DdlEdit;

typedef struct Ddl {
  const char *sql;
  const char *end;
  const DdlContext *context;
  DdlResult *result;
  int rc; /* the first error; what follows it does nothing */

  Token *tokens;
  int n_token; /* without the TOKEN_END behind them */
  int at;      /* of the parser */

  int is_temp;
  int if_not_exists;
  int schema;
  int table;
  int open, close; /* the parentheses */
  int is_strict;
  int without_rowid;
  int is_clustered; /* CrateDB's CLUSTERED */
  int n_constraint; /* of the table */
  int has_key;      /* a PRIMARY KEY, anywhere */
  int next_value;   /* of MySQL's AUTO_INCREMENT = n */
  int key, key_end; /* the columns of the table's PRIMARY KEY: a group */
  DdlColumn *columns;
  int n_column;
  DdlIndex *indexes;
  int n_index;

  DdlEdit *edits;
  int n_edit;
  sqlite3_str *dropped;  /* comments */
  sqlite3_str *before;   /* statements before the table */
  sqlite3_str *triggers; /* and behind it */
  sqlite3_str *owners;
} Ddl;

/* ddl_text.c */
int ddl_text_fail(Ddl *, int token, const char *format, ...);
int ddl_text_syntax_error(Ddl *, int token);
int ddl_text_column_error(Ddl *, const DdlColumn *, int token,
                          const char *what);
int ddl_text_key_is_new(Ddl *, int token);
int ddl_text_is(const Ddl *, int token, const char *word);
int ddl_text_is_other(const Ddl *, int token, char c);
int ddl_text_is_name(const Ddl *, int token);
char *ddl_text_copy(Ddl *, int token);
char *ddl_text_quoted(Ddl *, int token);
void *ddl_text_grow(Ddl *, void *array, int n, size_t size);
void ddl_text_edit(Ddl *, int from, int to, const char *format, ...);
void ddl_text_insert(Ddl *, int behind, const char *format, ...);
void ddl_text_delete(Ddl *, int from, int to);
void ddl_text_note_dropped(Ddl *, int from, int to);
void ddl_text_drop(Ddl *, int from, int to);
void ddl_text_render(const Ddl *, sqlite3_str *, const char *start,
                     const char *end);

/* ddl_clause.c */
int ddl_clause_group_end(const Ddl *, int open);
int ddl_clause_match(const Ddl *, int from, const char *pattern);
int ddl_clause_match_any(const Ddl *, int from, const char *const *patterns);
int ddl_clause_column(Ddl *);
int ddl_clause_key(Ddl *);
int ddl_clause_trailing(Ddl *);

/* ddl_parse.c, ddl_parse_column.c */
int ddl_parse_accept(Ddl *, const char *word);
int ddl_parse_expect(Ddl *, const char *pattern);
int ddl_parse_expect_group(Ddl *);
int ddl_parse_expect_name(Ddl *);
int ddl_parse_accept_conflict(Ddl *);
int ddl_parse_at_end(const Ddl *);
int ddl_parse_column_references(Ddl *);
int ddl_parse_column_nulls(Ddl *);
int ddl_parse_column(Ddl *);
int ddl_parse(Ddl *);

/* ddl_value.c */
int ddl_value_cast_end(const Ddl *, int colon);
int ddl_value_expressions(Ddl *);
int ddl_value_is_computed(const Ddl *, const DdlColumn *);
int ddl_value_default(Ddl *, DdlColumn *);

/* ddl_column.c, ddl_sequence.c */
char *ddl_sequence_schema(Ddl *);
char *ddl_sequence_qualifier(Ddl *, const char *schema);
int ddl_sequence_generated(Ddl *, DdlColumn *, int size, int is_serial);
int ddl_column_edit_all(Ddl *);

/* ddl_index.c */
int ddl_index_write(Ddl *);

#endif /* SURROGATE_DDL_INT_H */
