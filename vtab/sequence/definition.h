/*
** The definition of a sequence: its arithmetic, and its options as they are
** written.  Nothing here knows of a database.
*/
#ifndef SURROGATE_DEFINITION_H
#define SURROGATE_DEFINITION_H

#include "base.h"

/**** definition.c *******************************************************/

enum { SEQ_OK, SEQ_EXHAUSTED, SEQ_INVALID };
enum { SEQ_STANDARD, SEQ_GAPLESS, SEQ_VIRTUAL }; /* values in the file */

#define SEQ_MESSAGE_SIZE 256

typedef struct SeqDef {
  int data_type; /* size in bytes: 2, 4 or 8 */
  int cycle;
  int mode; /* SEQ_STANDARD, SEQ_GAPLESS, SEQ_VIRTUAL */
  int64_t start_value;
  int64_t min_value;
  int64_t max_value;
  int64_t increment_by;
  int64_t cache_size;
} SeqDef;

typedef struct SeqState {
  int64_t last_value;
  int is_called; /* false: last_value is still to be handed out */
} SeqState;

/* Options, in the order in which PostgreSQL judges them. */
enum {
  SEQ_HAS_CONFLICT = 0x0001, /* an option twice */
  SEQ_HAS_TYPE = 0x0002,
  SEQ_HAS_INCREMENT = 0x0004,
  SEQ_HAS_CYCLE = 0x0008,
  SEQ_HAS_MAXVALUE = 0x0010,
  SEQ_HAS_NO_MAXVALUE = 0x0020,
  SEQ_HAS_MINVALUE = 0x0040,
  SEQ_HAS_NO_MINVALUE = 0x0080,
  SEQ_HAS_START = 0x0100,
  SEQ_HAS_RESTART = 0x0200,      /* with start_value */
  SEQ_HAS_RESTART_WITH = 0x0400, /* with last_value */
  SEQ_HAS_LAST_VALUE = 0x0800,   /* handed out: the next one follows */
  SEQ_HAS_CACHE = 0x1000,
  SEQ_HAS_MODE = 0x2000,
  SEQ_HAS_OWNED_BY = 0x4000,
  SEQ_HAS_IF_EXISTS = 0x8000 /* IF NOT EXISTS where it is made */
};

#define SEQ_OWNED_BY_NAMES 3 /* schema.table.column */

typedef struct SeqOptions {
  unsigned given; /* SEQ_HAS_... */
  SeqDef def;
  int64_t last_value;
  int owned_by_names;                 /* 0 for NONE */
  Token owned_by[SEQ_OWNED_BY_NAMES]; /* in the text that was parsed */
  unsigned bad;                       /* the first that is no good... */
  char message[SEQ_MESSAGE_SIZE];     /* ...and why */
} SeqOptions;

int definition_is_after(const SeqDef *, int64_t a, int64_t b);
int64_t definition_add(const SeqDef *, int64_t from, uint64_t steps);
uint64_t definition_room(const SeqDef *, int64_t from);
int definition_take(const SeqDef *, SeqState *, uint64_t count, int whole,
                    int64_t *first, uint64_t *taken);
void definition_last_value_range(const SeqDef *, int64_t *low, int64_t *high);
int definition_define(SeqDef *, SeqState *, const SeqOptions *, int is_new,
                      char *message);
int definition_check(const SeqDef *, const SeqState *, char *message);
int64_t definition_type_max(int data_type);
const char *definition_type_name(int data_type);
int definition_type_from_name(const char *z, size_t n);
const char *definition_mode_name(int mode);
int definition_mode_from_name(const char *z, size_t n);

/**** options.c **********************************************************/

int options_parse(const char *z, size_t n, int is_new, SeqOptions *,
                  char *message);
int options_parse_owner(const char *z, size_t n, SeqOptions *, char *message);

#endif /* SURROGATE_DEFINITION_H */
