/*
** What a sequence is, and how it steps: PostgreSQL's rules as pure functions.
**
** A definition (SeqDef) has a type, bounds, an increment; a state (SeqState)
** has the last value and whether it was handed out.  The next value of a
** state is last_value itself while is_called is 0, else last_value plus
** increment_by.
**
** A last value may stand up to one step outside the bounds, on the side that
** the sequence comes from: CrateDB's recipe starts at 0 so that 1 comes next.
**
** No step overflows: distances to a bound are taken in unsigned arithmetic,
** where the difference of two int64_t in the right order is always exact.
**
** The checks, their order and their words are those of CREATE SEQUENCE and
** ALTER SEQUENCE in PostgreSQL (commands/sequence.c, init_params), so that
** the first of several mistakes is reported here as there.
**
** Nothing here calls SQLite, allocates, or knows where a sequence is stored.
*/
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "definition.h"

/*
** True if one of the options `bits`, or an earlier one, is no good: its
** message goes to *message.
*/
static int definition_is_bad(const SeqOptions *options, unsigned bits,
                             char *message) {
  if (options->bad == 0 || (options->bad & bits) == 0) return 0;
  memcpy(message, options->message, SEQ_MESSAGE_SIZE);
  return 1;
}

/* The number of whole increments in the distance between two values. */
static uint64_t definition_steps_between(int64_t low, int64_t high,
                                         int64_t increment_by) {
  uint64_t distance = (uint64_t)high - (uint64_t)low;
  uint64_t step = (uint64_t)increment_by;
  return distance / (increment_by > 0 ? step : 0 - step);
}

/* True if `a` comes after `b` in the order in which the values are made. */
int definition_is_after(const SeqDef *def, int64_t a, int64_t b) {
  return def->increment_by > 0 ? a > b : a < b;
}

/* `from` advanced by `steps` increments; the caller knows that it fits. */
int64_t definition_add(const SeqDef *def, int64_t from, uint64_t steps) {
  return (int64_t)((uint64_t)from + steps * (uint64_t)def->increment_by);
}

/*
** How often a sequence whose last value is `from` can still be advanced
** before it passes its bound.
*/
uint64_t definition_room(const SeqDef *def, int64_t from) {
  if (def->increment_by > 0) {
    if (from > def->max_value) return 0;
    return definition_steps_between(from, def->max_value, def->increment_by);
  }
  if (from < def->min_value) return 0;
  return definition_steps_between(def->min_value, from, def->increment_by);
}

/* The value at which a cycle begins again (not START: see PostgreSQL). */
static int64_t definition_cycle_value(const SeqDef *def) {
  return def->increment_by > 0 ? def->min_value : def->max_value;
}

/*
** Take `count` (at least 1) consecutive values.
**
** The first goes to *first, their number to *taken, and the state advances to
** the last of them.  Fewer than `count` are taken when the bound comes before
** and `whole` is 0.  With `whole` a cycling sequence goes on to its next
** cycle rather than split the block.
**
** Returns SEQ_OK, or SEQ_EXHAUSTED and leaves the state as it was.
*/
int definition_take(const SeqDef *def, SeqState *state, uint64_t count,
                    int whole, int64_t *first, uint64_t *taken) {
  int64_t from = state->last_value;
  uint64_t more; /* how many values follow `from` in this cycle */

  if (state->is_called) {
    if (definition_room(def, from) > 0) {
      from = definition_add(def, from, 1);
    } else if (def->cycle) {
      from = definition_cycle_value(def);
    } else {
      return SEQ_EXHAUSTED;
    }
  }
  more = definition_room(def, from);
  if (whole && more < count - 1) {
    if (!def->cycle) return SEQ_EXHAUSTED;
    from = definition_cycle_value(def);
    more = definition_room(def, from);
    if (more < count - 1) return SEQ_EXHAUSTED;
  }
  if (more > count - 1) more = count - 1;
  *first = from;
  *taken = more + 1;
  state->last_value = definition_add(def, from, more);
  state->is_called = 1;
  return SEQ_OK;
}

/* The bounds of a data type, given as its size in bytes. */
static int64_t definition_type_min(int data_type) {
  return data_type == 2 ? INT16_MIN : data_type == 4 ? INT32_MIN : INT64_MIN;
}
int64_t definition_type_max(int data_type) {
  return data_type == 2 ? INT16_MAX : data_type == 4 ? INT32_MAX : INT64_MAX;
}

const char *definition_type_name(int data_type) {
  return data_type == 2 ? "smallint" : data_type == 4 ? "integer" : "bigint";
}

/*
** The data type of that name, or 0.  Names are PostgreSQL's and those of the
** systems that share them.
*/
int definition_type_from_name(const char *z, size_t n) {
  static const struct {
    const char *name;
    int data_type;
  } names[] = {{"bigint", 8}, {"integer", 4}, {"int", 4}, {"smallint", 2},
               {"int8", 8},   {"int4", 4},    {"int2", 2}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (token_is(z, n, names[i].name)) return names[i].data_type;
  }
  return 0;
}

const char *definition_mode_name(int mode) {
  return mode == SEQ_GAPLESS   ? "gapless"
         : mode == SEQ_VIRTUAL ? "virtual"
                               : "standard";
}

/* The mode of that name, or -1. */
int definition_mode_from_name(const char *z, size_t n) {
  if (token_is(z, n, "standard")) return SEQ_STANDARD;
  if (token_is(z, n, "gapless")) return SEQ_GAPLESS;
  if (token_is(z, n, "virtual")) return SEQ_VIRTUAL;
  return -1;
}

/*
** The values that last_value may have: the bounds, and one step before them.
*/
void definition_last_value_range(const SeqDef *def, int64_t *low,
                                 int64_t *high) {
  int64_t step = def->increment_by;
  *low = def->min_value;
  *high = def->max_value;
  if (step > 0) {
    *low = *low < INT64_MIN + step ? INT64_MIN : *low - step;
  } else {
    *high = *high > INT64_MAX + step ? INT64_MAX : *high - step;
  }
}

/* Write a message of at most SEQ_MESSAGE_SIZE bytes and return SEQ_INVALID. */
static int definition_invalid(char *message, const char *format, int64_t a,
                              int64_t b) {
  snprintf(message, SEQ_MESSAGE_SIZE, format, a, b);
  return SEQ_INVALID;
}

static int definition_invalid_for_type(char *message, const char *bound,
                                       int64_t value, int data_type) {
  snprintf(message, SEQ_MESSAGE_SIZE,
           "%s (%" PRId64 ") is out of range for sequence data type %s", bound,
           value, definition_type_name(data_type));
  return SEQ_INVALID;
}

/*
** Check that the state lies within the bounds, or, if it may be `outside`, a
** step before them.  Returns SEQ_OK, or SEQ_INVALID with the message.
*/
static int definition_check_state(const SeqDef *def, const SeqState *state,
                                  int outside, char *message) {
  int64_t low = def->min_value;
  int64_t high = def->max_value;
  if (outside) definition_last_value_range(def, &low, &high);
  if (state->last_value < low) {
    return definition_invalid(message,
                              "RESTART value (%" PRId64
                              ") cannot be less than MINVALUE (%" PRId64 ")",
                              state->last_value, def->min_value);
  }
  if (state->last_value > high) {
    return definition_invalid(message,
                              "RESTART value (%" PRId64
                              ") cannot be greater than MAXVALUE (%" PRId64 ")",
                              state->last_value, def->max_value);
  }
  return SEQ_OK;
}

/*
** Set MAXVALUE and MINVALUE: to what was given, or else to the default where
** the sequence is new, the bound is given up (NO MAXVALUE), or it was the
** extreme of the type that ALTER ... AS replaces (was_max, was_min).
*/
static int definition_set_bounds(SeqDef *def, const SeqOptions *options,
                                 int is_new, int was_max, int was_min,
                                 char *message) {
  unsigned given = options->given;
  int64_t low = definition_type_min(def->data_type);
  int64_t high = definition_type_max(def->data_type);

  if (definition_is_bad(options, SEQ_HAS_MAXVALUE, message)) return SEQ_INVALID;
  if (given & SEQ_HAS_MAXVALUE) {
    def->max_value = options->def.max_value;
  } else if (is_new || was_max || (given & SEQ_HAS_NO_MAXVALUE)) {
    def->max_value = def->increment_by > 0 || was_max ? high : -1;
  }
  if (def->max_value < low || def->max_value > high) {
    return definition_invalid_for_type(message, "MAXVALUE", def->max_value,
                                       def->data_type);
  }
  if (definition_is_bad(options, SEQ_HAS_MINVALUE, message)) return SEQ_INVALID;
  if (given & SEQ_HAS_MINVALUE) {
    def->min_value = options->def.min_value;
  } else if (is_new || was_min || (given & SEQ_HAS_NO_MINVALUE)) {
    def->min_value = def->increment_by < 0 || was_min ? low : 1;
  }
  if (def->min_value < low || def->min_value > high) {
    return definition_invalid_for_type(message, "MINVALUE", def->min_value,
                                       def->data_type);
  }
  if (def->min_value >= def->max_value) {
    return definition_invalid(message,
                              "MINVALUE (%" PRId64
                              ") must be less than MAXVALUE (%" PRId64 ")",
                              def->min_value, def->max_value);
  }
  return SEQ_OK;
}

static int definition_set_start(SeqDef *def, const SeqOptions *options,
                                int is_new, char *message) {
  if (definition_is_bad(options, SEQ_HAS_START, message)) return SEQ_INVALID;
  if (options->given & SEQ_HAS_START) {
    def->start_value = options->def.start_value;
  } else if (is_new) {
    def->start_value = definition_cycle_value(def);
  }
  if (def->start_value < def->min_value) {
    return definition_invalid(message,
                              "START value (%" PRId64
                              ") cannot be less than MINVALUE (%" PRId64 ")",
                              def->start_value, def->min_value);
  }
  if (def->start_value > def->max_value) {
    return definition_invalid(message,
                              "START value (%" PRId64
                              ") cannot be greater than MAXVALUE (%" PRId64 ")",
                              def->start_value, def->max_value);
  }
  return SEQ_OK;
}

static int definition_set_cache_and_mode(SeqDef *def, const SeqOptions *options,
                                         int is_new, char *message) {
  if (definition_is_bad(options, SEQ_HAS_CACHE, message)) return SEQ_INVALID;
  if (options->given & SEQ_HAS_CACHE) {
    def->cache_size = options->def.cache_size;
    if (def->cache_size <= 0) {
      return definition_invalid(message,
                                "CACHE (%" PRId64 ") must be greater than zero",
                                def->cache_size, 0);
    }
  } else if (is_new) {
    def->cache_size = 1;
  }
  if (definition_is_bad(options, SEQ_HAS_MODE, message)) return SEQ_INVALID;
  if (options->given & SEQ_HAS_MODE) {
    def->mode = options->def.mode;
  } else if (is_new) {
    def->mode = SEQ_STANDARD;
  }
  if (def->mode == SEQ_GAPLESS && def->cache_size > 1) {
    return definition_invalid(
        message,
        "CACHE (%" PRId64
        ") must be 1 for a gapless sequence: the rest of a block"
        " would be a gap",
        def->cache_size, 0);
  }
  if (def->mode == SEQ_VIRTUAL && def->data_type != 8) {
    return definition_invalid(
        message,
        "a virtual sequence must be of type bigint: its values are"
        " those of unique_rowid()",
        0, 0);
  }
  return SEQ_OK;
}

/*
** Apply the options of CREATE SEQUENCE (is_new) or ALTER SEQUENCE.
**
** *def and *state are the old sequence on entry (anything, if is_new) and the
** new one on return.  On SEQ_INVALID, message says why and *def and *state
** are not to be used.
*/
int definition_define(SeqDef *def, SeqState *state, const SeqOptions *options,
                      int is_new, char *message) {
  unsigned given = options->given;
  int was_max = 0;
  int was_min = 0;
  int outside = 0; /* last_value may stand before the bounds, as it did */
  int rc;

  if (!is_new && state->is_called) {
    outside = state->last_value < def->min_value ||
              state->last_value > def->max_value;
  }
  if (definition_is_bad(options, SEQ_HAS_CONFLICT | SEQ_HAS_TYPE, message)) {
    return SEQ_INVALID;
  }
  if (given & SEQ_HAS_TYPE) {
    if (!is_new) {
      was_max = def->max_value == definition_type_max(def->data_type);
      was_min = def->min_value == definition_type_min(def->data_type);
    }
    def->data_type = options->def.data_type;
  } else if (is_new) {
    def->data_type = 8;
  }
  if (definition_is_bad(options, SEQ_HAS_INCREMENT, message))
    return SEQ_INVALID;
  if (given & SEQ_HAS_INCREMENT) {
    def->increment_by = options->def.increment_by;
    if (def->increment_by == 0) {
      return definition_invalid(message, "INCREMENT must not be zero", 0, 0);
    }
  } else if (is_new) {
    def->increment_by = 1;
  }
  if (given & SEQ_HAS_CYCLE) {
    def->cycle = options->def.cycle;
  } else if (is_new) {
    def->cycle = 0;
  }
  rc = definition_set_bounds(def, options, is_new, was_max, was_min, message);
  if (rc == SEQ_OK) rc = definition_set_start(def, options, is_new, message);
  if (rc != SEQ_OK) return rc;

  if (definition_is_bad(options, SEQ_HAS_RESTART_WITH, message))
    return SEQ_INVALID;
  if (given & SEQ_HAS_LAST_VALUE) {
    state->last_value = options->last_value;
    state->is_called = 1;
  } else if (given & SEQ_HAS_RESTART_WITH) {
    state->last_value = options->last_value;
    state->is_called = 0;
  } else if (is_new || (given & SEQ_HAS_RESTART)) {
    state->last_value = def->start_value;
    state->is_called = 0;
  }
  if ((given & SEQ_HAS_LAST_VALUE) == 0) {
    rc = definition_check_state(def, state, outside && state->is_called,
                                message);
    if (rc != SEQ_OK) return rc;
  }
  return definition_set_cache_and_mode(def, options, is_new, message);
}

/*
** Check a sequence that was read from a file: SEQ_OK if it is one that
** definition_define() could have made, else SEQ_INVALID with the message.
*/
int definition_check(const SeqDef *def, const SeqState *state, char *message) {
  SeqDef copy = *def;
  SeqState unused = *state;
  SeqOptions options;

  memset(&options, 0, sizeof options);
  options.def = *def;
  options.given = SEQ_HAS_MAXVALUE | SEQ_HAS_MINVALUE | SEQ_HAS_START |
                  SEQ_HAS_CACHE | SEQ_HAS_MODE | SEQ_HAS_INCREMENT;
  if (def->data_type != 2 && def->data_type != 4 && def->data_type != 8) {
    return definition_invalid(message, "data_type (%" PRId64 ") is none",
                              def->data_type, 0);
  }
  if (def->mode < SEQ_STANDARD) {
    return definition_invalid(message, "mode (%" PRId64 ") is none", def->mode,
                              0);
  }
  return definition_define(&copy, &unused, &options, 0, message);
}
