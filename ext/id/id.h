/*
** The ID functions: what others may use of them, and what the schemes use of
** each other, a section for each source file.
*/
#ifndef SURROGATE_ID_H
#define SURROGATE_ID_H

#include "codec.h"

/**** id.c ***************************************************************/

/* What the ID functions of a connection share. */
typedef struct IdState {
  int refs; /* of functions */
  RandomPool pool;
  ClockReading clock;
  struct SqidsConfig *sqids;     /* sqids.c; NULL: the defaults */
  struct HashidsConfig *hashids; /* hashids.c; NULL: the defaults */
} IdState;

IdState *id_state_new(void);
void *id_state_ref(void *state);
void id_state_unref(void *state);

void id_no_randomness(sqlite3_context *, const char *function);
int id_random(sqlite3_context *, const char *function, void *out, size_t n);

/**** instance.c *********************************************************/

#define INSTANCE_MAX        32767
#define INSTANCE_WORKER_MAX 1023 /* of the low bits: see instance_claim() */

extern _Atomic int instance_current;

int instance_init(void);
int instance_error(Error *);
int instance_get(sqlite3_context *, const char *function, int *instance);
void instance_claim(int worker);
extern const FuncEntry instance_functions[];

/* The instance id, or a negative number: instance_error() says why. */
static inline int instance_read(void) {
  return atomic_load_explicit(&instance_current, memory_order_relaxed);
}

/**** uuid.c *************************************************************/

int uuid_read(sqlite3_context *, sqlite3_value *, const char *function, Uuid *);
int uuid_make_v7(sqlite3_context *, const char *function, Uuid *);
extern const FuncEntry uuid_functions[];

/**** ulid.c *************************************************************/

extern const FuncEntry ulid_functions[];

/**** typeid.c ***********************************************************/

extern const FuncEntry typeid_functions[];

/**** prefixed.c *********************************************************/

#define PREFIXED_RANDOM_SIZE 24 /* characters behind the underscore */

int prefixed_is_prefix(const char *z, size_t n);
int prefixed_is_id(const char *z, size_t n, const char *prefix,
                   size_t n_prefix);
extern const FuncEntry prefixed_functions[];

/**** nanoid.c ***********************************************************/

#define NANOID_SIZE 21 /* characters, unless another size is asked for */

int nanoid_draw(RandomPool *, const char *alphabet, unsigned count, char *out,
                size_t n);
extern const FuncEntry nanoid_functions[];

/**** short_code.c *******************************************************/

extern const FuncEntry short_code_functions[];

/**** codec_sql.c ********************************************************/

/* The flag of functions whose result may be JSON, which SQLite 3.45 added. */
#ifndef SQLITE_RESULT_SUBTYPE
#define SQLITE_RESULT_SUBTYPE 0x001000000
#endif

/* What sqids_config() and hashids_config() were given. */
typedef struct CodecOptions {
  char *alphabet; /* NULL: not given */
  size_t n_alphabet;
  int64_t min_length;
  sqlite3_stmt *blocklist; /* gives its words; NULL: not given */
} CodecOptions;

typedef struct CodecBuffer {
  void *heap; /* memory, if the stack is too small */
  uint64_t stack[128];
} CodecBuffer;

int codec_sql_options_read(sqlite3_context *, sqlite3_value *json,
                           const char *function, int64_t max_length,
                           int has_blocklist, CodecOptions *);
void codec_sql_options_free(CodecOptions *);
int codec_sql_options_word(sqlite3_context *, const char *function,
                           CodecOptions *, const char **word, size_t *n);
sqlite3_str *codec_sql_options_write(sqlite3 *, const char *alphabet, size_t n,
                                     unsigned min_length);
void codec_sql_json_text(sqlite3_str *, const char *z, size_t n);
void codec_sql_json_result(sqlite3_context *, sqlite3_str *);
int codec_sql_numbers(sqlite3_context *, int argc, sqlite3_value **argv,
                      const char *function, uint64_t *numbers);
void codec_sql_numbers_result(sqlite3_context *, const uint64_t *numbers,
                              size_t count);
void *codec_sql_buffer(sqlite3_context *, CodecBuffer *, size_t n);

/**** sqids.c ************************************************************/

extern const FuncEntry sqids_functions[];
void sqids_free(struct SqidsConfig *);

/**** hashids.c **********************************************************/

extern const FuncEntry hashids_functions[];
void hashids_free(struct HashidsConfig *);

/**** rowid.c ************************************************************/

#define ROWID_EPOCH_MS 1420070400000 /* 2015-01-01 */
#define ROWID_TICK_MAX ((UINT64_C(1) << 48) - 1)

int64_t rowid_encode(uint64_t tick, int instance);
uint64_t rowid_tick(int64_t id);
int rowid_instance(int64_t id);
int64_t rowid_timestamp(int64_t id);
int64_t rowid_reverse(int64_t id);
int rowid_next(int64_t *id, Error *);
extern const FuncEntry rowid_functions[];

/**** snowflake.c ********************************************************/

#define SNOWFLAKE_X       1288834974657 /* epochs, in Unix milliseconds */
#define SNOWFLAKE_DISCORD 1420070400000
#define SNOWFLAKE_MS_MAX  ((INT64_C(1) << 41) - 1)

int64_t snowflake_encode(int64_t ms, int worker, int sequence);
int64_t snowflake_ms(int64_t id);
int snowflake_worker(int64_t id);
int snowflake_sequence(int64_t id);
int64_t snowflake_epoch(void);
int snowflake_init(void);
extern const FuncEntry snowflake_functions[];

/**** ksuid.c ************************************************************/

extern const FuncEntry ksuid_functions[];

/**** objectid.c *********************************************************/

extern const FuncEntry objectid_functions[];

/**** cuid2.c ************************************************************/

void cuid2_body(const unsigned char *digest, char *out, size_t n);
int cuid2_is_id(const char *z, size_t n);
extern const FuncEntry cuid2_functions[];

/**** time.c *************************************************************/

extern const FuncEntry time_functions[];

/**** inspect.c **********************************************************/

int inspect_register(sqlite3 *);
extern const FuncEntry inspect_functions[];

#endif /* SURROGATE_ID_H */
