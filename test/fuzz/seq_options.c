/*
** Fuzzes the options of CREATE and ALTER SEQUENCE: vtab/sequence/options.c
** with the arithmetic behind it, definition.c.
**
** The first byte says whether the sequence is new.
**
** Claims: what cannot be parsed or defined has a message that ends; names are
** within the text; a sequence that could be defined passes definition_check(),
** and its values, one by one or many at once, stay within its bounds.
*/
#include "fuzz.h"
#include "definition.h"

static void check_message(int rc, const char *message) {
  HOLDS(rc == SEQ_OK || rc == SEQ_INVALID);
  if (rc == SEQ_INVALID)
    HOLDS(memchr(message, 0, SEQ_MESSAGE_SIZE) && *message);
}

static void check_values(const SeqDef *def, SeqState state) {
  for (int i = 0; i < 8; i++) {
    int64_t first = 0;
    uint64_t taken = 0;
    uint64_t count = UINT64_C(1) << (i * 9 & 63);
    int rc = definition_take(def, &state, count, i & 1, &first, &taken);
    if (rc == SEQ_EXHAUSTED) return;
    HOLDS(rc == SEQ_OK && taken >= 1 && taken <= count);
    if (i & 1) HOLDS(taken == count);
    HOLDS(first >= def->min_value && first <= def->max_value);
    HOLDS(definition_add(def, first, taken - 1) == state.last_value);
    HOLDS(state.last_value >= def->min_value);
    HOLDS(state.last_value <= def->max_value);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char message[SEQ_MESSAGE_SIZE];
  char *text;
  SeqOptions options;
  SeqDef def = {8, 0, SEQ_STANDARD, 1, 1, INT64_MAX, 1, 1};
  SeqState state = {1, 0};
  int is_new;
  int rc;

  if (size == 0) return 0;
  is_new = data[0] & 1;
  text = fuzz_copy(data + 1, --size);

  memset(message, 'x', sizeof message);
  rc = options_parse(text, size, is_new, &options, message);
  check_message(rc, message);
  if (rc == SEQ_OK) {
    for (int i = 0; i < options.owned_by_names; i++) {
      const Token *name = &options.owned_by[i];
      HOLDS(name->z >= text && name->z + name->n <= text + size);
    }
    rc = definition_define(&def, &state, &options, is_new, message);
    check_message(rc, message);
  }
  if (rc == SEQ_OK) {
    HOLDS(definition_check(&def, &state, message) == SEQ_OK);
    check_values(&def, state);
  }

  memset(&options, 0, sizeof options);
  rc = options_parse_owner(text, size, &options, message);
  check_message(rc, message);
  free(text);
  return 0;
}
