/*
** Hashids: numbers as ids that a salt has shuffled (hashids.org).
**
**   hashids_encode(salt, n, ...)  an id of the numbers, 0 to 2^63-1; '' if there
**                                 are none
**   hashids_decode(salt, X)       the numbers of an id, as a JSON array
**   hashids_decode_one(salt, X)   the number of an id, if the id has exactly
**                                 one; else NULL
**   hashids_config([json])        set the options for this connection; returns
**                                 them
**
** This hides numbers from the eye; it protects nothing.  The salt can be found
** from a few ids, and is no key.
**
** What hashids_encode() does not give for any numbers has no numbers: '[]'; the
** reference has an error for some of it.  NULL gives NULL.
**
** The options are a JSON object.  One that is not in it, or null, has its
** default, whatever was set before:
**
**   "alphabet"   16 to 256 different characters of Unicode, what comes again is
**                left out; a-zA-Z1234567890
**   "minLength"  an id has as many characters or more, 0 to 10000; 0
**
** hashids_config() returns them in the same form, so that they can be set again.
** They hold from the next statement on, and are for generated columns and
** indexes what those of sqids_config() are: see sqids.c.
**
** Source: github.com/niieani/hashids.js.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "id.h"

#define DEFAULT_ALPHABET \
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890"

#define CACHE_SIZE 4

/* An alphabet that was shuffled for a salt. */
typedef struct Shuffled {
  char *salt; /* NULL: not used */
  size_t n;
  Hashids hashids;
} Shuffled;

/*
** The salt is mostly a constant, and shuffling takes longer than all else: what
** was shuffled for the last salts is kept.  Unlike auxiliary data of a function
** that outlives a statement, and it serves salts of a column too.
*/
typedef struct HashidsConfig {
  unsigned min_length;
  unsigned last; /* used */
  unsigned next; /* to be replaced */
  Shuffled cache[CACHE_SIZE];
  size_t n;
  char alphabet[]; /* as it was given */
} HashidsConfig;

/**** The configuration **************************************************/

void hashids_free(struct HashidsConfig *config) {
  if (config == 0) return;
  for (int i = 0; i < CACHE_SIZE; i++) {
    sqlite3_free(config->cache[i].salt);
  }
  sqlite3_free(config);
}

/* Make a configuration.  NULL, with the error reported, if that fails. */
static HashidsConfig *hashids_make_config(sqlite3_context *context,
                                          const char *alphabet, size_t n,
                                          unsigned min_length) {
  HashidsConfig *config = sqlite3_malloc64(sizeof *config + n);
  const char *wrong;
  if (config == 0) {
    sqlite3_result_error_nomem(context);
    return 0;
  }
  memset(config, 0, sizeof *config);
  config->min_length = min_length;
  config->n = n;
  memcpy(config->alphabet, alphabet, n);
  wrong = hashids_codec_prepare(&config->cache[0].hashids, alphabet, n,
                                min_length, "", 0);
  if (wrong) {
    func_error(context, "hashids_config: %s", wrong);
    hashids_free(config);
    return 0;
  }
  return config;
}

/* The configuration of the connection.  NULL, reported, without memory. */
static HashidsConfig *hashids_get_config(sqlite3_context *context) {
  IdState *state = sqlite3_user_data(context);
  if (state->hashids == 0) {
    state->hashids = hashids_make_config(context, DEFAULT_ALPHABET,
                                         sizeof DEFAULT_ALPHABET - 1, 0);
  }
  return state->hashids;
}

static void hashids_config_func(sqlite3_context *context, int argc,
                                sqlite3_value **argv) {
  IdState *state = sqlite3_user_data(context);
  HashidsConfig *config;
  sqlite3_str *json;
  if (argc == 1) {
    CodecOptions options;
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
    if (!codec_sql_options_read(context, argv[0], "hashids_config",
                                HASHIDS_MIN_LENGTH, 0, &options)) {
      return;
    }
    config =
        options.alphabet
            ? hashids_make_config(context, options.alphabet, options.n_alphabet,
                                  (unsigned)options.min_length)
            : hashids_make_config(context, DEFAULT_ALPHABET,
                                  sizeof DEFAULT_ALPHABET - 1,
                                  (unsigned)options.min_length);
    codec_sql_options_free(&options);
    if (config == 0) return;
    hashids_free(state->hashids);
    state->hashids = config;
  }
  config = hashids_get_config(context);
  if (config == 0) return;
  json =
      codec_sql_options_write(sqlite3_context_db_handle(context),
                              config->alphabet, config->n, config->min_length);
  sqlite3_str_appendchar(json, 1, '}');
  codec_sql_json_result(context, json);
}

/* The alphabet that the salt shuffles.  NULL, reported, if there is an error. */
static const Hashids *hashids_get(sqlite3_context *context,
                                  const char *function, sqlite3_value *salt) {
  HashidsConfig *config = hashids_get_config(context);
  Shuffled *shuffled;
  const char *z;
  const char *wrong;
  size_t n;

  if (config == 0 || !func_text(context, salt, &z, &n)) return 0;
  for (unsigned i = 0; i < CACHE_SIZE; i++) {
    unsigned at = (config->last + i) % CACHE_SIZE;
    shuffled = &config->cache[at];
    if (shuffled->salt && shuffled->n == n &&
        memcmp(shuffled->salt, z, n) == 0) {
      config->last = at;
      return &shuffled->hashids;
    }
  }
  shuffled = &config->cache[config->next];
  sqlite3_free(shuffled->salt);
  shuffled->salt = 0;
  wrong = hashids_codec_prepare(&shuffled->hashids, config->alphabet, config->n,
                                config->min_length, z, n);
  if (wrong) {
    func_error(context, "%s: %s", function, wrong);
    return 0;
  }
  shuffled->hashids.waiting.is_stopped = func_is_interrupted;
  shuffled->hashids.waiting.data = sqlite3_context_db_handle(context);
  shuffled->salt = sqlite3_malloc64(n + 1);
  if (shuffled->salt == 0) {
    sqlite3_result_error_nomem(context);
    return 0;
  }
  memcpy(shuffled->salt, z, n);
  shuffled->n = n;
  config->last = config->next;
  config->next = (config->next + 1) % CACHE_SIZE;
  return &shuffled->hashids;
}

/**** Encoding and decoding **********************************************/

static void hashids_encode_func(sqlite3_context *context, int argc,
                                sqlite3_value **argv) {
  const Hashids *hashids;
  CodecBuffer number_buffer;
  CodecBuffer buffer;
  uint64_t *numbers;
  size_t count;

  if (argc == 0) {
    func_error(context, "hashids_encode: the salt is missing");
    return;
  }
  if (func_any_null(argc, argv)) return;
  hashids = hashids_get(context, "hashids_encode", argv[0]);
  if (hashids == 0) return;
  count = (size_t)argc - 1;
  numbers = codec_sql_buffer(context, &number_buffer, count * sizeof *numbers);
  if (numbers && codec_sql_numbers(context, argc - 1, argv + 1,
                                   "hashids_encode", numbers)) {
    size_t size = hashids_codec_encode_size(hashids, count);
    char *id = codec_sql_buffer(context, &buffer, size);
    if (id) {
      size_t n = hashids_codec_encode(hashids, numbers, count, id, size);
      sqlite3_result_text(context, id, (int)n, SQLITE_TRANSIENT);
      sqlite3_free(buffer.heap);
    }
  }
  sqlite3_free(number_buffer.heap);
}

/*
** Decode argv[1] by the salt in argv[0] to at most `room` numbers, in the
** buffer.  False, with the error reported, if that fails.
*/
static int hashids_decode(sqlite3_context *context, const char *function,
                          sqlite3_value **argv, size_t room,
                          CodecBuffer *buffer, uint64_t **numbers,
                          size_t *count) {
  const Hashids *hashids = hashids_get(context, function, argv[0]);
  CodecBuffer scratch_buffer;
  char *scratch;
  const char *z;
  size_t n;
  if (hashids == 0 || !func_text(context, argv[1], &z, &n)) return 0;
  if (room > HASHIDS_COUNT(n)) room = HASHIDS_COUNT(n);
  *numbers = codec_sql_buffer(context, buffer, room * sizeof **numbers);
  if (*numbers == 0) return 0;
  scratch = codec_sql_buffer(context, &scratch_buffer, n);
  if (scratch == 0) {
    sqlite3_free(buffer->heap);
    return 0;
  }
  *count = hashids_codec_decode(hashids, z, n, *numbers, room, scratch);
  sqlite3_free(scratch_buffer.heap);
  if (*count == 0 && n >= WAITING_STEPS &&
      func_is_interrupted(hashids->waiting.data)) {
    sqlite3_free(buffer->heap);
    sqlite3_result_error_code(context, SQLITE_INTERRUPT);
    return 0;
  }
  return 1;
}

static void hashids_decode_func(sqlite3_context *context, int argc,
                                sqlite3_value **argv) {
  CodecBuffer buffer;
  uint64_t *numbers;
  size_t count;
  if (func_any_null(argc, argv)) return;
  if (!hashids_decode(context, "hashids_decode", argv, SIZE_MAX, &buffer,
                      &numbers, &count)) {
    return;
  }
  codec_sql_numbers_result(context, numbers, count);
  sqlite3_free(buffer.heap);
}

static void hashids_decode_one_func(sqlite3_context *context, int argc,
                                    sqlite3_value **argv) {
  CodecBuffer buffer;
  uint64_t *numbers;
  size_t count;
  if (func_any_null(argc, argv)) return;
  if (!hashids_decode(context, "hashids_decode_one", argv, 1, &buffer, &numbers,
                      &count)) {
    return;
  }
  if (count == 1) sqlite3_result_int64(context, (sqlite3_int64)numbers[0]);
  sqlite3_free(buffer.heap);
}

const FuncEntry hashids_functions[] = {
    {"hashids_encode", -1, FUNC_READS, hashids_encode_func,
     "hashids_encode(salt, n, ...)", "Hashids",
     "a short text out of numbers, shuffled by a salt"},
    {"hashids_decode", 2, FUNC_READS | SQLITE_RESULT_SUBTYPE,
     hashids_decode_func, "hashids_decode(salt, X)", "Hashids",
     "the numbers of a Hashid, as a JSON array"},
    {"hashids_decode_one", 2, FUNC_READS, hashids_decode_one_func,
     "hashids_decode_one(salt, X)", "Hashids",
     "the number of a Hashid that has exactly one, or NULL"},
    {"hashids_config", 0, FUNC_SETS | SQLITE_RESULT_SUBTYPE,
     hashids_config_func, "hashids_config([json])", "Hashids",
     "the options of Hashids in this connection; sets them"},
    {"hashids_config", 1, FUNC_SETS | SQLITE_RESULT_SUBTYPE,
     hashids_config_func, 0, 0, 0},
    {0}};
