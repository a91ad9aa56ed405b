/*
** Sqids: numbers as short ids without bad words (sqids.org).
**
**   sqids_encode(n, ...)  an id of the numbers, 0 to 2^63-1; '' if there are none
**   sqids_decode(X)       the numbers of an id, as a JSON array
**   sqids_decode_one(X)   the number of an id, if the id has exactly one and is
**                         what sqids_encode() gives for it; else NULL
**   sqids_config([json])  set the options for this connection; returns them
**
** Text that is no id has no numbers: '[]'.  So has one with a number above
** 2^63-1.  As in the reference, sqids_decode() also takes ids that
** sqids_encode() does not give, as those with a word of the blocklist in them.
** NULL gives NULL.
**
** The options are a JSON object.  One that is not in it, or null, has its
** default, whatever was set before:
**
**   "alphabet"   3 or more different characters of ASCII; a-zA-Z0-9
**   "minLength"  an id has as many characters or more, 0 to 255; 0
**   "blocklist"  an array of the words that must not be in an id, in upper or
**                lower case; those of the reference (sqids_blocklist.c)
**
** sqids_config() returns them in the same form, so that they can be set again.
** "blocklist" is in it if it is not the default, less the words that can be in
** no id.  Options hold from the next statement on.
**
** The functions are flagged SQLITE_DETERMINISTIC although the options change
** their results: without it they could not be in a generated column or in an
** index.  It is as with a collation: who writes to such a table has to set the
** same options, and who changes them has to REINDEX.
**
** Source: github.com/sqids/sqids-spec.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

#define DEFAULT_ALPHABET \
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/**** The configuration **************************************************/

void sqids_free(struct SqidsConfig *config) {
  sqlite3_free(config);
}

static SqidsConfig *sqids_new_config(sqlite3_context *context, size_t n_word,
                                     size_t n_text) {
  SqidsConfig *config =
      sqlite3_malloc64(sqids_codec_config_size(n_word, n_text));
  if (config == 0) sqlite3_result_error_nomem(context);
  return config;
}

static void sqids_set_waiting(sqlite3_context *context, SqidsConfig *config) {
  config->waiting.is_stopped = func_is_interrupted;
  config->waiting.data = sqlite3_context_db_handle(context);
}

/* The configuration of the connection.  NULL, reported, without memory. */
static const SqidsConfig *sqids_get_config(sqlite3_context *context) {
  IdState *state = sqlite3_user_data(context);
  if (state->sqids == 0) {
    state->sqids = sqids_new_config(context, SQIDS_BLOCKLIST, 0);
    if (state->sqids) {
      sqids_codec_prepare(state->sqids, DEFAULT_ALPHABET,
                          sizeof DEFAULT_ALPHABET - 1, 0, SQIDS_BLOCKLIST);
      sqids_set_waiting(context, state->sqids);
    }
  }
  return state->sqids;
}

static void sqids_config_result(sqlite3_context *context,
                                const SqidsConfig *config) {
  sqlite3_str *json = codec_sql_options_write(
      sqlite3_context_db_handle(context), (const char *)config->given,
      config->n, config->min_length);
  if (!config->is_default) {
    sqlite3_str_appendall(json, ",\"blocklist\":[");
    for (uint32_t i = 0; i < config->n_word; i++) {
      if (i > 0) sqlite3_str_appendchar(json, 1, ',');
      codec_sql_json_text(json, config->words[i].z, config->words[i].n);
    }
    sqlite3_str_appendchar(json, 1, ']');
  }
  sqlite3_str_appendchar(json, 1, '}');
  codec_sql_json_result(context, json);
}

/* Make a configuration.  NULL, with the error reported, if that fails. */
static SqidsConfig *sqids_make_config(sqlite3_context *context,
                                      CodecOptions *options) {
  SqidsConfig *config;
  const char *alphabet = options->alphabet;
  size_t n_alphabet = options->n_alphabet;
  const char *word = "";
  const char *wrong;
  size_t n_word = SQIDS_BLOCKLIST;
  size_t n_text = 0;
  size_t n;

  if (options->blocklist) {
    for (n_word = 0;; n_word++) {
      if (!codec_sql_options_word(context, "sqids_config", options, &word,
                                  &n)) {
        return 0;
      }
      if (word == 0) break;
      n_text += n;
    }
  }
  config = sqids_new_config(context, n_word, n_text);
  if (config == 0) return 0;
  if (alphabet == 0) {
    alphabet = DEFAULT_ALPHABET;
    n_alphabet = sizeof DEFAULT_ALPHABET - 1;
  }
  wrong = sqids_codec_prepare(config, alphabet, n_alphabet,
                              (unsigned)options->min_length, n_word);
  if (wrong) func_error(context, "sqids_config: %s", wrong);
  sqids_set_waiting(context, config);
  while (!wrong && options->blocklist && n_word-- > 0) {
    if (!codec_sql_options_word(context, "sqids_config", options, &word, &n)) {
      wrong = "reported";
    } else {
      sqids_codec_block(config, word, n);
    }
  }
  if (wrong) {
    sqids_free(config);
    return 0;
  }
  return config;
}

static void sqids_config_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  IdState *state = sqlite3_user_data(context);
  if (argc == 1) {
    CodecOptions options;
    SqidsConfig *config;
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
    if (!codec_sql_options_read(context, argv[0], "sqids_config",
                                SQIDS_MIN_LENGTH, 1, &options)) {
      return;
    }
    config = sqids_make_config(context, &options);
    codec_sql_options_free(&options);
    if (config == 0) return;
    sqids_free(state->sqids);
    state->sqids = config;
  }
  if (sqids_get_config(context)) sqids_config_result(context, state->sqids);
}

/**** Encoding and decoding **********************************************/

static void sqids_encode_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  const SqidsConfig *config;
  CodecBuffer number_buffer;
  CodecBuffer buffer;
  uint64_t *numbers;

  if (argc == 0) {
    sqlite3_result_text(context, "", 0, SQLITE_STATIC);
    return;
  }
  if (func_any_null(argc, argv)) return;
  config = sqids_get_config(context);
  if (config == 0) return;
  numbers =
      codec_sql_buffer(context, &number_buffer, (size_t)argc * sizeof *numbers);
  if (numbers &&
      codec_sql_numbers(context, argc, argv, "sqids_encode", numbers)) {
    size_t count = (size_t)argc;
    char *id = codec_sql_buffer(context, &buffer,
                                sqids_codec_encode_size(config, count));
    if (id) {
      size_t n = sqids_codec_encode(config, numbers, count, id);
      if (n > 0) {
        sqlite3_result_text(context, id, (int)n, SQLITE_TRANSIENT);
      } else if (func_is_interrupted(config->waiting.data)) {
        sqlite3_result_error_code(context, SQLITE_INTERRUPT);
      } else {
        func_error(context,
                   "sqids_encode: reached max attempts to re-generate the ID:"
                   " a word of the blocklist is in each of %u",
                   config->n);
      }
      sqlite3_free(buffer.heap);
    }
  }
  sqlite3_free(number_buffer.heap);
}

static void sqids_decode_func(sqlite3_context *context, int argc,
                              sqlite3_value **argv) {
  const SqidsConfig *config;
  CodecBuffer buffer;
  uint64_t *numbers;
  const char *z;
  size_t n;
  size_t count;

  UNUSED(argc);
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
  if (!func_text(context, argv[0], &z, &n)) return;
  config = sqids_get_config(context);
  if (config == 0) return;
  numbers =
      codec_sql_buffer(context, &buffer, SQIDS_COUNT(n) * sizeof *numbers);
  if (numbers == 0) return;
  count = sqids_codec_decode(config, z, n, numbers, SQIDS_COUNT(n));
  if (count == 0 && n >= WAITING_STEPS &&
      func_is_interrupted(config->waiting.data)) {
    sqlite3_result_error_code(context, SQLITE_INTERRUPT);
  } else {
    codec_sql_numbers_result(context, numbers, count);
  }
  sqlite3_free(buffer.heap);
}

static void sqids_decode_one_func(sqlite3_context *context, int argc,
                                  sqlite3_value **argv) {
  const SqidsConfig *config;
  uint64_t number;
  const char *z;
  size_t n;

  UNUSED(argc);
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
  if (!func_text(context, argv[0], &z, &n)) return;
  config = sqids_get_config(context);
  if (config && sqids_codec_decode_one(config, z, n, &number)) {
    sqlite3_result_int64(context, (sqlite3_int64)number);
  }
}

const FuncEntry sqids_functions[] = {
    {"sqids_encode", -1, FUNC_READS, sqids_encode_func, "sqids_encode(n, ...)",
     "Sqids", "a short text out of numbers"},
    {"sqids_decode", 1, FUNC_READS | SQLITE_RESULT_SUBTYPE, sqids_decode_func,
     "sqids_decode(X)", "Sqids", "the numbers of a Sqid, as a JSON array"},
    {"sqids_decode_one", 1, FUNC_READS, sqids_decode_one_func,
     "sqids_decode_one(X)", "Sqids",
     "the number of a Sqid that has exactly one, or NULL"},
    {"sqids_config", 0, FUNC_SETS | SQLITE_RESULT_SUBTYPE, sqids_config_func,
     "sqids_config([json])", "Sqids",
     "the options of Sqids in this connection; sets them"},
    {"sqids_config", 1, FUNC_SETS | SQLITE_RESULT_SUBTYPE, sqids_config_func, 0,
     0, 0},
    {0}};
