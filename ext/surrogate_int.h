/*
** Internal declarations of Surrogate, a section for each source file.
**
** Dependencies run one way, from the bottom of this file to its top: the SQL
** functions and the virtual table use the engine (seq_session.c), the engine
** uses the store (seq_store.c), and all use the pure parts.
*/
#ifndef SURROGATE_INT_H
#define SURROGATE_INT_H

#include <sqlite3ext.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define UNUSED(x) ((void)(x))

/**** Numbers as bytes, most significant first ***************************/

/* A number of n bytes, 0 to 8. */
static inline uint64_t bytes_read(const unsigned char *z, int n) {
  uint64_t number = 0;
  for (int i = 0; i < n; i++) {
    number = number << 8 | z[i];
  }
  return number;
}

static inline void bytes_write(unsigned char *z, int n, uint64_t number) {
  for (int i = n; i-- > 0; number >>= 8) {
    z[i] = (unsigned char)number;
  }
}

/* The same of 8 bytes, so that compilers see that it is one instruction. */
static inline uint64_t bytes_read64(const unsigned char *z) {
  return (uint64_t)z[0] << 56 | (uint64_t)z[1] << 48 | (uint64_t)z[2] << 40 |
         (uint64_t)z[3] << 32 | (uint64_t)z[4] << 24 | (uint64_t)z[5] << 16 |
         (uint64_t)z[6] << 8 | z[7];
}

static inline void bytes_write64(unsigned char *z, uint64_t number) {
  z[0] = (unsigned char)(number >> 56);
  z[1] = (unsigned char)(number >> 48);
  z[2] = (unsigned char)(number >> 40);
  z[3] = (unsigned char)(number >> 32);
  z[4] = (unsigned char)(number >> 24);
  z[5] = (unsigned char)(number >> 16);
  z[6] = (unsigned char)(number >> 8);
  z[7] = (unsigned char)number;
}

/**** clock.c ************************************************************/

/* What clock_recent_ns() remembers, for one connection. */
typedef struct ClockReading {
  uint64_t cycles; /* of the processor, when the clock was read */
  uint64_t ns;
} ClockReading;

uint64_t clock_ns(void);
uint64_t clock_ms(void);
int clock_is_before(uint64_t ns);

/* The C library knows that there is no other thread: a locked step is saved. */
#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 32)
#include <sys/single_threaded.h>
#define IS_SINGLE_THREADED __libc_single_threaded
#endif
#endif
#ifndef IS_SINGLE_THREADED
#define IS_SINGLE_THREADED 0
#endif

/*
** The same as clock_ns(), or the last reading if that is less than this many
** cycles of the processor old, about a microsecond: reading the clock costs
** twice what counting cycles does.  A count that a thread takes to another
** processor may be off, which costs a reading, or lets one last a little longer.
*/
#if defined(__x86_64__) && defined(__GNUC__)
#define CLOCK_RECENT_CYCLES 2048
static inline uint64_t clock_recent_ns(ClockReading *last) {
  uint64_t cycles = __builtin_ia32_rdtsc();
  if (cycles - last->cycles >= CLOCK_RECENT_CYCLES) {
    last->ns = clock_ns();
    last->cycles = cycles;
  }
  return last->ns;
}
#else
static inline uint64_t clock_recent_ns(ClockReading *last) {
  return last->ns = clock_ns();
}
#endif

/*
** Take the next value of a counter that follows a clock: `fresh`, or the one
** behind the last if that is not greater.  It never comes twice, and never
** goes back, over all threads of the process.
*/
static inline uint64_t clock_advance(_Atomic uint64_t *last, uint64_t fresh) {
  uint64_t seen = atomic_load_explicit(last, memory_order_relaxed);
  uint64_t next;
  if (IS_SINGLE_THREADED) {
    next = fresh > seen ? fresh : seen + 1;
    atomic_store_explicit(last, next, memory_order_relaxed);
    return next;
  }
  do {
    next = fresh > seen ? fresh : seen + 1;
  } while (!atomic_compare_exchange_weak_explicit(
      last, &seen, next, memory_order_relaxed, memory_order_relaxed));
  return next;
}

/**** random.c ***********************************************************/

#define RANDOM_KEY_SIZE  32
#define RANDOM_POOL_SIZE (4096 - RANDOM_KEY_SIZE)

/* Random bytes of one connection, to be used up from the front. */
typedef struct RandomPool {
  unsigned forks; /* of the process when it was filled */
  int is_keyed;   /* it has the key of what will fill it next */
  size_t left;    /* unused bytes, at the end */
  unsigned char stream[RANDOM_KEY_SIZE + RANDOM_POOL_SIZE]; /* key, bytes */
} RandomPool;

extern _Atomic unsigned random_forks;

int random_init(void);
int random_system(void *out, size_t n);
int random_draw(RandomPool *, void *out, size_t n);
void random_wipe(void *bytes, size_t n);

/*
** Fill n bytes with randomness, n being a small constant.  The bytes are wiped
** from the pool.  SQLITE_ERROR if the system gives none.
*/
static inline int random_bytes(RandomPool *pool, void *out, size_t n) {
  unsigned char *from;
  if (pool->left < n ||
      pool->forks != atomic_load_explicit(&random_forks, memory_order_relaxed))
    return random_draw(pool, out, n);
  from = pool->stream + (sizeof pool->stream - pool->left);
  memcpy(out, from, n);
  memset(from, 0, n);
  pool->left -= n;
  return SQLITE_OK;
}

/**** hash.c *************************************************************/

enum { HASH_MD5, HASH_SHA1, HASH_SHA3_512 };

#define HASH_SIZE_MAX 64

int hash_digest(int algorithm, const void *a, size_t n_a, const void *b,
                size_t n_b, unsigned char *out);
const char *hash_missing(int algorithm);

/**** func.c *************************************************************/

/*
** How a long loop that knows no SQLite learns that nobody waits for it any
** more: it asks every so many steps.  NULL as is_stopped: it need not.
*/
typedef struct Waiting {
  int (*is_stopped)(void *data);
  void *data;
} Waiting;

#define WAITING_STEPS 4096

static inline int waiting_is_over(const Waiting *waiting, size_t step) {
  return (step + 1) % WAITING_STEPS == 0 && waiting->is_stopped &&
         waiting->is_stopped(waiting->data);
}

/* An SQL function, in the table of those that a file registers. */
typedef struct FuncEntry {
  const char *name;
  int argc;
  int flags; /* SQLITE_INNOCUOUS, ... */
  void (*func)(sqlite3_context *, int, sqlite3_value **);
} FuncEntry;

void func_error(sqlite3_context *, const char *format, ...);
void func_reason(sqlite3_context *, const char *function, char *reason);
int func_is_interrupted(void *db);

/* What is done as a whole or not at all. */
typedef struct FuncUndo {
  sqlite3 *db;
  const char *name; /* of the savepoint */
  int was_autocommit;
} FuncUndo;

int func_undo_begin(FuncUndo *, sqlite3 *, const char *name, char **error);
int func_undo_end(FuncUndo *, int rc, char **error);
int func_any_null(int argc, sqlite3_value **argv);
int func_whole(sqlite3_value *, int64_t *number);
int func_text(sqlite3_context *, sqlite3_value *, const char **z, size_t *n);
int func_integer(sqlite3_context *, sqlite3_value *, const char *function,
                 const char *what, int64_t low, int64_t high, int64_t *number);
int func_time(sqlite3_context *, sqlite3_value *, const char *function,
              uint64_t low, uint64_t high, uint64_t *ms);

#define FUNC_ID_MAX 20 /* bytes */

/* Read the text of an id.  True if it is one. */
typedef int FuncParse(const char *z, size_t n, unsigned char *id);

void func_not_id(sqlite3_context *, sqlite3_value *, const char *function,
                 const char *what, size_t size);
int func_id(sqlite3_context *, sqlite3_value *, const char *function,
            const char *what, size_t size, FuncParse *, unsigned char *id);
void func_id_valid(sqlite3_context *, sqlite3_value *, size_t size,
                   FuncParse *);

/**** id.c ***************************************************************/

/* What the ID functions of a connection share. */
typedef struct IdState {
  int refs; /* of functions */
  sqlite3 *db;
  RandomPool pool;
  ClockReading clock;
  struct SqidsConfig *sqids;     /* sqids.c; NULL: the defaults */
  struct HashidsConfig *hashids; /* hashids.c; NULL: the defaults */
} IdState;

int id_register(sqlite3 *);
int id_register_functions(IdState *, const FuncEntry *, size_t n);
IdState *id_state_ref(IdState *);
void id_state_unref(void *state);

void id_no_randomness(sqlite3_context *, const char *function);
int id_random(sqlite3_context *, const char *function, void *out, size_t n);

/**** instance.c *********************************************************/

#define INSTANCE_MAX        32767
#define INSTANCE_WORKER_MAX 1023 /* of the low bits: see instance_claim() */

extern _Atomic int instance_current;

int instance_init(void);
char *instance_error(void);
int instance_get(sqlite3_context *, const char *function, int *instance);
void instance_claim(int worker);
int instance_register(IdState *);

/* The instance id, or a negative number: instance_error() says why. */
static inline int instance_read(void) {
  return atomic_load_explicit(&instance_current, memory_order_relaxed);
}

/**** uuid_codec.c, uuid.c ***********************************************/

#define UUID_SIZE      16
#define UUID_TEXT_SIZE 36                        /* as it is written */
#define UUID_TIME_MAX  ((UINT64_C(1) << 48) - 1) /* ms in version 7 */

typedef struct Uuid {
  uint64_t high; /* of the first 8 bytes, most significant first */
  uint64_t low;
} Uuid;

/* With another version, and the RFC's variant. */
static inline Uuid uuid_with_version(Uuid uuid, int version) {
  uuid.high = (uuid.high & ~UINT64_C(0xF000)) | (uint64_t)version << 12;
  uuid.low = (uuid.low & UINT64_MAX >> 2) | UINT64_C(2) << 62;
  return uuid;
}

/* Of version 7 and that time, of 0 to UUID_TIME_MAX. */
static inline Uuid uuid_with_time(Uuid uuid, uint64_t ms) {
  uuid.high = ms << 16 | (uuid.high & 0xFFFF);
  return uuid_with_version(uuid, 7);
}

Uuid uuid_from_bytes(const unsigned char *bytes);
void uuid_to_bytes(Uuid, unsigned char *bytes);
void uuid_format(Uuid, char *text);
int uuid_parse(const char *text, size_t n, Uuid *);
int uuid_version(Uuid);
int uuid_time(Uuid, int64_t *ms);

/* The same as uuid_format() and uuid_parse(), on any processor. */
void uuid_format_scalar(Uuid, char *text);
int uuid_parse_scalar(const char *text, size_t n, Uuid *);

/* What makes UUIDs of version 7 in their order; all 0 to begin with. */
typedef struct UuidGenerator {
  _Atomic uint64_t reference; /* ms from which ticks count, and 1; 0: not yet */
  _Atomic uint64_t last;      /* ticks of 1/4096 ms, and the counter */
} UuidGenerator;

#define UUID_COUNTER_BITS 11
#define UUID_RANDOM_BITS  51

/*
** How long a generator lasts, 69 years: 2^53 ticks, the state having 64 bits,
** less a minute for a clock that stands still at its end.
*/
#define UUID_SPAN_MS ((UINT64_C(1) << (64 - UUID_COUNTER_BITS - 12)) - 60000)

uint64_t uuid_take_reference(UuidGenerator *, uint64_t ms);

/* Ticks, of 1/4096 ms or 15625/64 ns, rounded down. */
static inline uint64_t uuid_ticks(uint64_t ns) {
  if (ns < UINT64_C(1) << 58) return ns * 64 / 15625;
  return ns / 15625 * 64 + ns % 15625 * 64 / 15625;
}

/*
** Make the next UUID of a generator, at `ns` of Unix time, with 64 random bits.
** It is greater than all before it, over all threads.  A clock that stands
** before where it stood at the first call counts as that; if it stands
** UUID_SPAN_MS or more after it, the result is false.
*/
static inline int uuid_next(UuidGenerator *generator, uint64_t ns,
                            uint64_t random, Uuid *uuid) {
  uint64_t ms =
      atomic_load_explicit(&generator->reference, memory_order_relaxed);
  uint64_t ticks, last;
  if (ms == 0) ms = uuid_take_reference(generator, ns / 1000000);
  ms--;
  ns = ns > ms * 1000000 ? ns - ms * 1000000 : 0;
  if (ns >= UUID_SPAN_MS * 1000000) return 0;
  last = clock_advance(&generator->last,
                       uuid_ticks(ns) << UUID_COUNTER_BITS | random >> 54);
  ticks = (ms << 12) + (last >> UUID_COUNTER_BITS);
  uuid->high = ticks >> 12 << 16 | 0x7000 | (ticks & 0xFFF);
  uuid->low = UINT64_C(2) << 62 |
              (last & ((1 << UUID_COUNTER_BITS) - 1)) << UUID_RANDOM_BITS |
              (random & ((UINT64_C(1) << UUID_RANDOM_BITS) - 1));
  return 1;
}

int uuid_read(sqlite3_context *, sqlite3_value *, const char *function, Uuid *);
int uuid_make_v7(sqlite3_context *, const char *function, Uuid *);
int uuid_register(IdState *);

/**** base32.c, ulid_codec.c, ulid.c *************************************/

#define BASE32_SIZE 26 /* of 128 bits */

extern const char base32_ulid_alphabet[];
extern const char base32_typeid_alphabet[];
extern const unsigned char base32_ulid_table[256];   /* both cases */
extern const unsigned char base32_typeid_table[256]; /* lower case only */

void base32_encode(const unsigned char in[16], const char *alphabet,
                   char out[26]);
int base32_decode(const char *z, const unsigned char *table,
                  unsigned char out[16]);

#define ULID_RANDOM_SIZE 10
#define ULID_TIME_SIZE   25 /* of a year with five digits and its sign */

/* The 128 bits as they count up. */
typedef struct UlidNumber {
  uint64_t high; /* 48 bits of ms, 16 of the random part */
  uint64_t low;
} UlidNumber;

int ulid_parse(const char *z, size_t n, unsigned char *out);
int ulid_parse_prefixed(const char *z, size_t n, unsigned char *out);
uint64_t ulid_ms(const unsigned char *id);
void ulid_make(UlidNumber *, uint64_t ms, const unsigned char *random);
int ulid_next(UlidNumber *, uint64_t ms, const unsigned char *random);
int ulid_write_time(uint64_t ms, char out[ULID_TIME_SIZE]);

int ulid_register(IdState *);

/**** typeid_codec.c, typeid.c *******************************************/

#define TYPEID_PREFIX_MAX 63
#define TYPEID_SIZE_MAX   (TYPEID_PREFIX_MAX + 1 + BASE32_SIZE)

int typeid_is_prefix(const char *z, size_t n);
size_t typeid_write(const char *prefix, size_t n, const unsigned char *uuid,
                    char *out);
int typeid_parse(const char *z, size_t n, size_t *n_prefix,
                 unsigned char *uuid);
int typeid_register(IdState *);

/**** prefixed.c *********************************************************/

#define PREFIXED_RANDOM_SIZE 24 /* characters behind the underscore */

int prefixed_is_prefix(const char *z, size_t n);
int prefixed_is_id(const char *z, size_t n, const char *prefix,
                   size_t n_prefix);
int prefixed_register(IdState *);

/**** nanoid.c ***********************************************************/

#define NANOID_SIZE 21 /* characters, unless another size is asked for */

int nanoid_draw(RandomPool *, const char *alphabet, unsigned count, char *out,
                size_t n);
int nanoid_register(IdState *);

/**** short_code.c *******************************************************/

int short_code_register(IdState *);

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

int codec_options_read(sqlite3_context *, sqlite3_value *json,
                       const char *function, int64_t max_length,
                       int has_blocklist, CodecOptions *);
void codec_options_free(CodecOptions *);
int codec_options_word(sqlite3_context *, const char *function, CodecOptions *,
                       const char **word, size_t *n);
sqlite3_str *codec_options_write(sqlite3 *, const char *alphabet, size_t n,
                                 unsigned min_length);
void codec_json_text(sqlite3_str *, const char *z, size_t n);
void codec_json_result(sqlite3_context *, sqlite3_str *);
int codec_numbers(sqlite3_context *, int argc, sqlite3_value **argv,
                  const char *function, uint64_t *numbers);
void codec_numbers_result(sqlite3_context *, const uint64_t *numbers,
                          size_t count);
void *codec_buffer(sqlite3_context *, CodecBuffer *, size_t n);

/**** sqids_codec.c, sqids_blocklist.c, sqids.c **************************/

#define SQIDS_ALPHABET_MIN    3
#define SQIDS_ALPHABET_MAX    128 /* a byte each */
#define SQIDS_MIN_LENGTH      255 /* at most */
#define SQIDS_BUCKETS         2048
#define SQIDS_BLOCKLIST       ((size_t)-1) /* instead of a count of words */
#define SQIDS_BLOCKLIST_COUNT 560
#define SQIDS_BLOCKLIST_WIDTH 14
#define SQIDS_COUNT(n)        ((n) / 2) /* numbers in an id of n bytes */
#define SQIDS_ONE_SIZE        (SQIDS_MIN_LENGTH + 1)

typedef struct SqidsWord {
  const char *z; /* in lower case */
  uint32_t n;
  uint32_t next; /* in the bucket: 1 for the first word; 0: none */
  int has_digit;
} SqidsWord;

/* A prepared configuration.  In its memory the words follow, then their text. */
typedef struct SqidsConfig {
  unsigned n;          /* characters in the alphabet */
  unsigned min_length; /* of an id */
  int is_default;      /* the blocklist */
  unsigned char given[SQIDS_ALPHABET_MAX];
  unsigned char shuffled[2 * SQIDS_ALPHABET_MAX]; /* and once again */
  unsigned char position[256];                    /* in it, or 255 */
  uint32_t buckets[SQIDS_BUCKETS]; /* words by their first three letters */
  uint32_t n_word;
  SqidsWord *words;
  char *text; /* the free end of it */
  Waiting waiting;
} SqidsConfig;

extern const char sqids_blocklist[SQIDS_BLOCKLIST_COUNT][SQIDS_BLOCKLIST_WIDTH];

size_t sqids_config_size(size_t n_word, size_t n_text);
const char *sqids_prepare(SqidsConfig *, const char *alphabet, size_t n,
                          unsigned min_length, size_t n_word);
void sqids_block(SqidsConfig *, const char *word, size_t n);
size_t sqids_encode_size(const SqidsConfig *, size_t count);
size_t sqids_encode(const SqidsConfig *, const uint64_t *numbers, size_t count,
                    char *out);
size_t sqids_decode(const SqidsConfig *, const char *z, size_t n,
                    uint64_t *numbers, size_t room);
int sqids_decode_one(const SqidsConfig *, const char *z, size_t n,
                     uint64_t *number);

int sqids_register(IdState *);
void sqids_free(struct SqidsConfig *);

/**** hashids_codec.c, hashids.c *****************************************/

#define HASHIDS_ALPHABET_MIN 16
#define HASHIDS_ALPHABET_MAX 256
#define HASHIDS_MIN_LENGTH   10000 /* at most */
#define HASHIDS_SLOTS        512
#define HASHIDS_COUNT(n)     ((n) / 2) /* numbers in an id of n bytes */

/* An alphabet that a salt has shuffled.  Characters are numbered from 0. */
typedef struct Hashids {
  unsigned min_length; /* of an id, in characters */
  unsigned n_char;     /* characters: their code points */
  size_t width;        /* of the widest, in UTF-8 */
  uint32_t chars[HASHIDS_ALPHABET_MAX];
  uint16_t slots[HASHIDS_SLOTS]; /* hash table: number + 1, or 0 */
  unsigned char roles[HASHIDS_ALPHABET_MAX];
  unsigned n_alphabet;
  unsigned n_sep;
  unsigned n_guard;
  unsigned char alphabet[HASHIDS_ALPHABET_MAX];
  unsigned char seps[HASHIDS_ALPHABET_MAX];
  unsigned char guards[HASHIDS_ALPHABET_MAX];
  unsigned n_salt;
  uint32_t salt[HASHIDS_ALPHABET_MAX]; /* code points: more have no effect */
  Waiting waiting;
} Hashids;

const char *hashids_prepare(Hashids *, const char *alphabet, size_t n,
                            unsigned min_length, const char *salt,
                            size_t n_salt);
size_t hashids_encode_size(const Hashids *, size_t count);
size_t hashids_encode(const Hashids *, const uint64_t *numbers, size_t count,
                      char *out, size_t size);
size_t hashids_decode(const Hashids *, const char *z, size_t n,
                      uint64_t *numbers, size_t room, char *scratch);

int hashids_register(IdState *);
void hashids_free(struct HashidsConfig *);

/**** rowid.c ************************************************************/

#define ROWID_EPOCH_MS 1420070400000 /* 2015-01-01 */
#define ROWID_TICK_MAX ((UINT64_C(1) << 48) - 1)

int64_t rowid_encode(uint64_t tick, int instance);
uint64_t rowid_tick(int64_t id);
int rowid_instance(int64_t id);
int64_t rowid_timestamp(int64_t id);
int64_t rowid_reverse(int64_t id);
int rowid_next(int64_t *id);
char *rowid_error(int rc);
int rowid_register(IdState *);

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
int snowflake_register(IdState *);

/**** base62.c, ksuid_codec.c, ksuid.c ***********************************/

#define BASE62_SIZE    27 /* of 160 bits */
#define KSUID_SIZE     20
#define KSUID_EPOCH_MS UINT64_C(1400000000000) /* 2014-05-13T16:53:20Z */

/* The 160 bits as they count up. */
typedef struct KsuidNumber {
  uint64_t seconds; /* since the epoch; 32 bits */
  uint64_t high;    /* of the payload */
  uint64_t low;
} KsuidNumber;

extern const char base62_alphabet[];

void base62_encode(const unsigned char in[KSUID_SIZE], char out[BASE62_SIZE]);
int base62_decode(const char *z, unsigned char out[KSUID_SIZE]);

int ksuid_parse(const char *z, size_t n, unsigned char *out);
uint64_t ksuid_ms(const unsigned char *id);
void ksuid_make(KsuidNumber *, uint64_t seconds, const unsigned char *random);
int ksuid_next(KsuidNumber *, uint64_t seconds, const unsigned char *random,
               int is_new_process);
void ksuid_bytes(const KsuidNumber *, unsigned char id[KSUID_SIZE]);

int ksuid_register(IdState *);

/**** objectid_codec.c, stamp.c ******************************************/

#define STAMP_SIZE         12 /* bytes: 4 of seconds, 5 of process, 3 of counter */
#define STAMP_COUNTER_BITS 24
#define STAMP_COUNTER_MASK ((UINT64_C(1) << STAMP_COUNTER_BITS) - 1)
#define OBJECTID_TEXT_SIZE 24

/* What makes the ids of a scheme; all 0 to begin with. */
typedef struct StampGenerator {
  _Atomic uint64_t process; /* 5 bytes, and 24 bits of random_forks + 1 */
  _Atomic uint64_t last;    /* seconds and counter; 0: none */
} StampGenerator;

void objectid_write(const unsigned char *id, char out[OBJECTID_TEXT_SIZE]);
int objectid_parse(const char *z, size_t n, unsigned char *out);
int stamp_next(_Atomic uint64_t *last, uint64_t seconds, uint32_t start,
               uint64_t *next);
uint64_t stamp_ms(const unsigned char *id);
int stamp_make(sqlite3_context *, const char *function, StampGenerator *,
               int has_pid, unsigned char id[STAMP_SIZE]);

/**** xid_codec.c, xid.c *************************************************/

#define XID_TEXT_SIZE 20

void xid_write(const unsigned char *id, char out[XID_TEXT_SIZE]);
int xid_parse(const char *z, size_t n, unsigned char *out);

int xid_register(IdState *);

/**** objectid.c *********************************************************/

int objectid_register(IdState *);

/**** cuid2.c ************************************************************/

void cuid2_body(const unsigned char *digest, char *out, size_t n);
int cuid2_is_id(const char *z, size_t n);
int cuid2_register(IdState *);

/**** time.c *************************************************************/

int time_register(IdState *);

/**** inspect.c **********************************************************/

int inspect_register(IdState *);

/**** seq_hash.c *********************************************************/

typedef struct SeqNode SeqNode;
struct SeqNode {
  SeqNode *next;
  uint64_t hash;
};

typedef struct SeqHash {
  SeqNode **buckets;
  size_t n_bucket; /* 0 or a power of two */
  size_t n_node;
} SeqHash;

uint64_t seq_hash_bytes(uint64_t hash, const void *bytes, size_t n);
SeqNode *seq_hash_find(const SeqHash *, uint64_t hash);
SeqNode *seq_hash_next(const SeqNode *);
int seq_hash_add(SeqHash *, SeqNode *);
void seq_hash_remove(SeqHash *, SeqNode *);
SeqNode *seq_hash_clear(SeqHash *, int is_final);

/**** seq_token.c ********************************************************/

enum {
  TOKEN_END,
  TOKEN_NAME,
  TOKEN_QUOTED,
  TOKEN_STRING,
  TOKEN_ESCAPED, /* PostgreSQL's E'...' */
  TOKEN_DOLLAR,  /* PostgreSQL's $$...$$ */
  TOKEN_BLOB,
  TOKEN_INTEGER,
  TOKEN_NUMBER,
  TOKEN_OTHER,  /* one character */
  TOKEN_ILLEGAL /* an opened quote that is not closed */
};

typedef struct Token {
  int type;
  const char *z; /* in the text, not terminated */
  size_t n;
} Token;

void token_next(const char **pz, const char *end, Token *);
int token_is(const char *z, size_t n, const char *word);
int token_is_name(const Token *);
char *token_copy(const Token *);
void token_position(const char *text, const char *z, int *line, int *column);

/**** seq_math.c *********************************************************/

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

int seq_is_after(const SeqDef *, int64_t a, int64_t b);
int64_t seq_add(const SeqDef *, int64_t from, uint64_t steps);
uint64_t seq_room(const SeqDef *, int64_t from);
int seq_take(const SeqDef *, SeqState *, uint64_t count, int whole,
             int64_t *first, uint64_t *taken);
void seq_last_value_range(const SeqDef *, int64_t *low, int64_t *high);
int seq_define(SeqDef *, SeqState *, const SeqOptions *, int is_new,
               char *message);
int seq_check(const SeqDef *, const SeqState *, char *message);
int64_t seq_type_max(int data_type);
const char *seq_type_name(int data_type);
int seq_type_from_name(const char *z, size_t n);
const char *seq_mode_name(int mode);
int seq_mode_from_name(const char *z, size_t n);

/**** seq_options.c ******************************************************/

int seq_parse_options(const char *z, size_t n, int is_new, SeqOptions *,
                      char *message);
int seq_parse_owner(const char *z, size_t n, SeqOptions *, char *message);

/**** ddl_translate.c and the other ddl_*.c ******************************/

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
  /* SQLITE_OK; *table: the schema's sequence store, to be freed by
  ** sqlite3_free(), or NULL if it has none */
  int (*find_store)(void *data, const char *schema, char **table);
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
void ddl_result_free(DdlResult *);

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

const DdlType *ddl_type(const char *name);
int ddl_type_is_kept(const char *name);

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
int ddl_fail(Ddl *, int token, const char *format, ...);
int ddl_syntax_error(Ddl *, int token);
int ddl_column_error(Ddl *, const DdlColumn *, int token, const char *what);
int ddl_key_is_new(Ddl *, int token);
int ddl_is(const Ddl *, int token, const char *word);
int ddl_is_other(const Ddl *, int token, char c);
int ddl_is_name(const Ddl *, int token);
char *ddl_text(Ddl *, int token);
void ddl_append_name(sqlite3_str *, const char *name);
void *ddl_grow(Ddl *, void *array, int n, size_t size);
void ddl_edit(Ddl *, int from, int to, const char *format, ...);
void ddl_insert(Ddl *, int behind, const char *format, ...);
void ddl_delete(Ddl *, int from, int to);
void ddl_note_dropped(Ddl *, int from, int to);
void ddl_drop(Ddl *, int from, int to);
void ddl_render(const Ddl *, sqlite3_str *, const char *start, const char *end);

/* ddl_clause.c */
int ddl_group_end(const Ddl *, int open);
int ddl_match(const Ddl *, int from, const char *pattern);
int ddl_match_any(const Ddl *, int from, const char *const *patterns);
int ddl_column_clause(Ddl *);
int ddl_key_clause(Ddl *);
int ddl_trailing(Ddl *);

/* ddl_parse.c, ddl_parse_column.c */
int ddl_accept(Ddl *, const char *word);
int ddl_expect(Ddl *, const char *pattern);
int ddl_expect_group(Ddl *);
int ddl_expect_name(Ddl *);
int ddl_accept_conflict(Ddl *);
int ddl_at_end(const Ddl *);
int ddl_parse_references(Ddl *);
int ddl_parse_nulls(Ddl *);
int ddl_parse_column(Ddl *);
int ddl_parse(Ddl *);

/* ddl_value.c */
int ddl_cast_end(const Ddl *, int colon);
int ddl_expressions(Ddl *);
int ddl_is_computed(const Ddl *, const DdlColumn *);
int ddl_default(Ddl *, DdlColumn *);

/* ddl_column.c, ddl_sequence.c */
char *ddl_schema(Ddl *);
char *ddl_qualifier(Ddl *, const char *schema);
int ddl_always_triggers(sqlite3_str *, const char *head, const char *base,
                        const char *table, const char *column,
                        const char *sequence);
int ddl_generated(Ddl *, DdlColumn *, int size, int is_serial);
int ddl_columns(Ddl *);

/* ddl_index.c */
int ddl_indexes(Ddl *);

/**** relation.c *********************************************************/

/* What has a name in a schema. */
typedef struct Relation {
  sqlite3 *db;
  char *schema;     /* the schema that it is in */
  char *table;      /* its name there */
  char *sql;        /* its CREATE TABLE, or the like */
  int is_table;     /* it is no view and no index */
  int is_virtual;   /* a table: it has no rows of its own */
  int is_qualified; /* it was named with its schema */
  char *message;    /* of an error, or NULL */
} Relation;

int relation_exists(sqlite3 *, const char *schema, const char *name,
                    int *exists);
int relation_find(sqlite3 *, const char *name, size_t n, Relation *);
int relation_find_table(sqlite3 *, const char *name, size_t n, Relation *);
void relation_free(Relation *);
int relation_fail(Relation *, int rc, const char *format, ...);
int relation_failed(Relation *, int rc);
void relation_error(sqlite3_context *, const char *function, const Relation *,
                    int rc);
int relation_prepare(Relation *, sqlite3_stmt **, const char *format, ...);
int relation_finish(Relation *, sqlite3_stmt *, int rc);
int relation_exec(Relation *, const char *format, ...);

/**** seq_floor.c ********************************************************/

typedef struct SeqFloor SeqFloor;

typedef struct SeqFloorValue {
  int64_t set_no; /* the setting that it counts for */
  int64_t seq_no; /* of the row that it went on from */
  int64_t last;   /* the last value handed out */
} SeqFloorValue;

enum { SEQ_FLOOR_UNUSED, SEQ_FLOOR_STORED, SEQ_FLOOR_ROLLED_BACK };

int seq_floor_init(void);
int seq_floor_read(const char *file, int64_t store_id, int64_t id,
                   SeqFloorValue *);
SeqFloor *seq_floor_open(const char *file, int64_t store_id, int64_t id,
                         unsigned *version);
unsigned seq_floor_set(SeqFloor *, const SeqFloorValue *);
_Atomic int64_t *seq_floor_last(SeqFloor *);
void seq_floor_close(SeqFloor *, unsigned version, int outcome);

/**** seq_row.c **********************************************************/

/* The row of a sequence in the store. */
typedef struct SeqRow {
  int64_t id;        /* _seq_no of the write that made the sequence */
  int64_t seq_no;    /* _seq_no: of the last write */
  int64_t change_no; /* of the last write that was no nextval() */
  int64_t set_no;    /* of the last write that set the last value */
  SeqDef def;
  SeqState state;
  int is_owned;  /* owned_by is not NULL */
  int is_linked; /* that column's default was seen to call nextval() of it */
} SeqRow;

/* The header row. */
typedef struct SeqHeader {
  int64_t store_id;
  int64_t next_seq_no;
  int64_t primary_term;
} SeqHeader;

#define SEQ_STORE_FORMAT 1
#define SEQ_NUMBER_SIZE  10 /* of the longest number */
#define SEQ_HEADER_SIZE  (9 + 2 * SEQ_NUMBER_SIZE)
#define SEQ_ROW_SIZE     (1 + 10 * SEQ_NUMBER_SIZE)

int seq_encode_header(const SeqHeader *, unsigned char *z);
int seq_decode_header(const unsigned char *z, int size, SeqHeader *);
int seq_encode_row(const SeqRow *, unsigned char *z);
int seq_decode_row(const unsigned char *z, int size, SeqRow *);

/**** seq_store.c ********************************************************/

typedef struct SeqStore SeqStore;

enum {
  STMT_READ,
  STMT_READ_ROW,
  STMT_UPDATE,
  STMT_UPDATE_OWNED,
  STMT_INSERT,
  STMT_DELETE,
  STMT_RENAME,
  STMT_HEADER,
  STMT_ENLIST,
  STMT_COOKIE,
  STMT_COUNT
};

/* Columns of the result of STMT_READ, STMT_READ_ROW and of a scan. */
enum { READ_HEADER, READ_ROW, READ_NAME, READ_OWNED_BY };

/* A row as the file was last seen to have it: see seq_store_read(). */
typedef struct SeqKept {
  int is_valid;
  uint32_t data_version;
  SeqHeader header;
  SeqRow row;
  uint64_t generation; /* of SeqOwners, when the owner of the row was there */
  char *name;
  size_t n_name;
  size_t n_alloc;
} SeqKept;

/* What is known of the owners of a schema's sequences: see seq_owner.c. */
typedef struct SeqOwners {
  int is_valid;        /* for a schema of that cookie: */
  int64_t cookie;      /* PRAGMA schema_version */
  uint64_t generation; /* never the same for two schemas */
  int in_txn;          /* the open transaction made it so */
  int is_settled;      /* the store has no rows of owners that are gone */
  int has_calls;       /* whether these are known: */
  SeqHash calls;       /* of nextval() by defaults, by the sequence's name */
} SeqOwners;

/* The place of a store, its statements, and its last row. */
typedef struct SeqStoreSql {
  sqlite3 *db;
  char *schema;
  char *table;
  int is_name_lost; /* table may be wrong */
  char *message;    /* of the last error, or NULL for that of the database */
  sqlite3_stmt *stmts[STMT_COUNT];
  SeqKept kept;
  SeqOwners owners;
  int is_enlisted;         /* told of what is rolled back */
  uint64_t writes;         /* of this connection */
  int is_stepping;         /* a statement that reads the shadow table */
  int is_writing;          /* one that writes it */
  unsigned changes_before; /* of the connection, before the transaction */
  unsigned changes;        /* of ours since */
  unsigned rows;           /* of the virtual table, since */
} SeqStoreSql;

int seq_store_discover(sqlite3 *, const char *schema, char **table);
int seq_store_set_table(SeqStoreSql *, const char *table);
void seq_store_lose_name(SeqStoreSql *);
const char *seq_store_file(SeqStoreSql *);
int seq_store_create(SeqStoreSql *);
int seq_store_drop(SeqStoreSql *);
int seq_store_rename(SeqStoreSql *, const char *new_table);
void seq_store_finalize(SeqStoreSql *);
void seq_store_forget(SeqStoreSql *);
void seq_store_begin(SeqStoreSql *);
void seq_store_committed(SeqStoreSql *);
void seq_store_free(SeqStoreSql *);
int seq_store_fail(SeqStoreSql *, int rc, const char *format, ...);
int seq_store_exec(SeqStoreSql *, const char *format, ...);
int seq_store_statement(SeqStoreSql *, int which, sqlite3_stmt **);
int seq_store_open_scan(SeqStoreSql *, int descending, sqlite3_stmt **);
int seq_store_next_row(SeqStoreSql *, sqlite3_stmt *, const char *name,
                       size_t n, uint64_t *writes);
int seq_store_decode(SeqStoreSql *, sqlite3_stmt *, SeqRow *, int *found);
int seq_store_decode_owned(SeqStoreSql *, sqlite3_stmt *, SeqRow *,
                           const char **owner, int *found);
int seq_store_open_owned(SeqStoreSql *, sqlite3_stmt **);
int seq_store_read(SeqStoreSql *, const char *name, size_t n, SeqHeader *,
                   SeqRow *, char **owned_by, int *found);
int seq_store_read_header(SeqStoreSql *, SeqHeader *);
int seq_store_find_id(SeqStoreSql *, int64_t id, char **name, size_t *n);
int seq_store_insert(SeqStoreSql *, const char *name, size_t n, const SeqRow *,
                     const char *owned_by);
int seq_store_update(SeqStoreSql *, const char *name, size_t n, const SeqRow *);
int seq_store_delete(SeqStoreSql *, const char *name, size_t n);
int seq_store_rename_row(SeqStoreSql *, const char *name, size_t n,
                         const char *new_name, size_t n_new, const SeqRow *);
int seq_store_update_owned(SeqStoreSql *, const char *name, size_t n,
                           const SeqRow *, const char *owned_by);
int seq_store_write_header(SeqStoreSql *, const SeqHeader *);
int seq_store_verify(SeqStoreSql *, char **report);
int seq_store_malformed(SeqStoreSql *, const char *why);
int seq_store_error(SeqStoreSql *, int rc);

/**** replicated.c *******************************************************/

extern const char replicated_message[];
int replicated_has_vfs(sqlite3 *, const char *schema);
int replicated_refuses(sqlite3 *, const char *schema);

/**** seq_owner.c ********************************************************/

int seq_owner(SeqStoreSql *, const char *name, size_t n, const SeqOptions *,
              char **owned_by, int *is_linked);
int seq_owner_refresh(SeqStoreSql *);
void seq_owner_undo(SeqStoreSql *);
void seq_owner_forget(SeqStoreSql *);
int seq_owner_find(SeqStoreSql *, const char *name, size_t n, const char *noted,
                   int is_linked, const char **owner);
int seq_owner_calls(SeqStoreSql *, const char *name, size_t n,
                    const char *owner, int *is_called);
int seq_owner_check_drop(SeqStoreSql *, const char *name, size_t n);
int seq_owner_is_valid(const char *text, size_t n);
int seq_owner_is(const char *text, const char *table, const char *column,
                 int *is_it);

/**** seq_view.c *********************************************************/

char *seq_view_sql(const char *schema, const char *view, const char *table);

/**** seq_txn.c **********************************************************/

typedef struct SeqSession SeqSession;
typedef struct SeqValue SeqValue;
typedef struct SeqEntry SeqEntry;
typedef struct SeqHanded SeqHanded;
typedef struct SeqRequest SeqRequest;

/* What a connection knows of a sequence that it has used. */
struct SeqValue {
  SeqNode node;   /* in session->values */
  SeqValue **hot; /* the session's `hot` */
  SeqStore *store;
  int64_t id;
  int64_t last;      /* currval() */
  int is_renamed;    /* a name may mean another sequence: it is never hot */
  int is_defined;    /* nextval() or setval() was called */
  int is_wanted;     /* a request that is under way reports to it */
  int is_remembered; /* running statements may point to it */

  /* Values that may be handed out without looking at the row: the rest of a
  ** reserved block, or what the row of an open transaction has room for. */
  int64_t next;
  int64_t step;
  uint64_t left;
  _Atomic int64_t *floor; /* where to publish them, or NULL */

  int is_block;            /* `left` is a reserved block... */
  int64_t block_change_no; /* ...of a row that is as it was... */
  int64_t block_term;      /* ...in this copy of the file... */
  int block_in_txn;        /* ...by the open transaction */

  int is_owned;    /* as the open transaction has it */
  int has_claimed; /* is_generated() was told of that value */
  int64_t claimed;
};

/* A sequence store as one connection sees it. */
struct SeqStore {
  SeqStoreSql sql;
  SeqSession *session;
  SeqStore *next;
  int n_vtab;          /* virtual table objects that are connected to it */
  uint64_t identity;   /* of the store that session values belong to */
  SeqRequest *request; /* to be run by xUpdate */
  uint64_t savepoints; /* calls of xSavepoint */

  /* The open write transaction, while the virtual table is enlisted. */
  int in_txn;
  int has_header;
  int is_header_dirty;
  SeqHeader header;
  int64_t txn_first; /* header.next_seq_no when it began; -1 if not known */
  SeqHash entries;   /* the sequences used in it, by name */
  SeqHash handed;    /* what was handed out in it, by id */
  SeqEntry *dirty;   /* those that are ahead of their rows */
  int is_renamed;    /* the store was */
  int is_created;    /* in it: SQLite tells of no older savepoint */
  int is_rewound;    /* there was a ROLLBACK TO */
};

/* The row of a sequence that the open transaction uses. */
struct SeqEntry {
  SeqNode node; /* in store->entries */
  SeqStore *store;
  SeqEntry *next;  /* in store->dirty */
  SeqRow row;      /* as it stands now: not yet written, if is_dirty */
  SeqState stored; /* as the file has it */
  SeqValue *value;
  SeqHanded *handed;
  int is_loaded;       /* all of these are set */
  uint64_t owner_seen; /* store->savepoints, when its owner was there */
  int is_dirty;        /* row.state is ahead of the file */
  int is_live;         /* value->next is ahead of row.state */
  int has_handed;      /* values were handed out under its setting */
  size_t n_name;
  char *name; /* in the same allocation */
};

/* A change that is to be made in a write transaction of the store. */
struct SeqRequest {
  int (*run)(SeqStore *, SeqRequest *);
  const char *function; /* the SQL function that asks, for messages */
  const char *name;
  size_t n_name;
  int64_t number; /* in: count or value; out: the result */
  int flag;
  const SeqOptions *options; /* of CREATE and ALTER */
  SeqEntry *entry;           /* out: valid while the transaction is open */
  SeqValue *value;           /* out */
  int was_run;
  int is_missing; /* out: there is no such sequence */
};

struct SeqSession {
  int refs; /* of functions and modules */
  sqlite3 *db;
  int is_on_dqlite; /* its main database is */
  SeqStore *stores;
  SeqHash values;
  SeqValue *hot;       /* last_used, if nextval() may hand out its `left` */
  SeqValue *last_used; /* lastval() */
  char *name;          /* its name, as nextval() was called with it, or NULL */
  size_t n_name;
  size_t n_schema;   /* bytes at the front of it that name the schema */
  void *sentinel;    /* see seq_sentinel.c */
  int depth;         /* calls of seq_session_enter() to be paired */
  SeqStore **layout; /* the stores in the order of look-up */
  int n_layout;      /* -1 if not known */
  int has_unwritten; /* of some sequence nextval() may need no write: it has, or
                     ** had, a reserved block, or is virtual */
  int serial_mode;   /* of create_table(): DDL_ROWID, ... */
  char *message;     /* of the last error, or NULL */
};

void seq_txn_begin(SeqStore *);
void seq_txn_created(SeqStore *);
int seq_txn_flush(SeqStore *);
int seq_txn_savepoint(SeqStore *);
int seq_txn_sync(SeqStore *);
void seq_txn_rewind(SeqStore *);
void seq_txn_end(SeqStore *, int committed);

int seq_txn_load(SeqStore *, const char *name, size_t n, SeqEntry **);
int seq_txn_load_header(SeqStore *);
void seq_txn_catch_up(SeqEntry *);
int64_t seq_txn_next_seq_no(const SeqStore *, const SeqRow *);
void seq_txn_row_written(SeqEntry *, const SeqRow *);
void seq_txn_row_inserted(SeqStore *, const SeqRow *);
void seq_txn_row_gone(SeqEntry *, int64_t seq_no);
int seq_txn_purge(SeqStore *, const char *name, size_t n, const SeqRow *);
int seq_txn_correct_owner(SeqStore *, const char *name, size_t n,
                          const SeqRow *, const char *owned_by);

int seq_virtual_next(SeqStoreSql *, int64_t *value);
int seq_run_nextval(SeqStore *, SeqRequest *);
int seq_hand_out(SeqEntry *);

/**** seq_settle.c *******************************************************/

int seq_settle(SeqStore *);

/**** seq_define.c *******************************************************/

int seq_run_setval(SeqStore *, SeqRequest *);
int seq_run_promote(SeqStore *, SeqRequest *);
int seq_find(SeqStore *, const char *name, size_t n, SeqRow *, int *found);
int seq_insert(SeqStore *, const char *name, size_t n, const SeqOptions *);
int seq_change(SeqStore *, const char *name, size_t n, const SeqOptions *,
               int *found);
int seq_delete(SeqStore *, const char *name, size_t n);
int seq_rename(SeqStore *, const char *name, size_t n, const char *new_name,
               size_t n_new);

/**** seq_session.c ******************************************************/

SeqSession *seq_session_new(sqlite3 *);
SeqSession *seq_session_ref(SeqSession *);
void seq_session_unref(void *session);
int seq_session_register(SeqSession *, const FuncEntry *, size_t n);
void seq_session_enter(SeqSession *);
void seq_session_leave(SeqSession *);
void seq_session_release(SeqSession *);

SeqValue *seq_value_find(SeqStore *, int64_t id);
SeqValue *seq_value_get(SeqStore *, int64_t id);
void seq_value_drop_block(SeqValue *);
int seq_value_has_block(const SeqValue *, const SeqHeader *, const SeqRow *);
void seq_value_forget(SeqStore *, int64_t id);
void seq_value_release(SeqStore *, int64_t id);
void seq_values_check(SeqStore *, int64_t store_id);

int seq_store_attach(SeqSession *, const char *schema, const char *table,
                     SeqStore **);
void seq_store_detach(SeqStore *);

/* Hand out the next of value->left values that may be handed out unseen. */
static inline int64_t seq_value_step(SeqValue *value) {
  int64_t next = value->next;
  value->next = (int64_t)((uint64_t)next + (uint64_t)value->step);
  value->left--;
  return next;
}

int seq_session_fail(SeqSession *, int rc, const char *format, ...);
int seq_store_failed(SeqStore *, int rc);
void seq_forget_layout(SeqSession *);

/**** seq_lookup.c *******************************************************/

/* Where a name leads. */
typedef struct SeqTarget {
  SeqStore *store;
  const char *name; /* without the schema */
  size_t n;
} SeqTarget;

int seq_find_store(SeqSession *, const char *schema, SeqStore **);
int seq_no_store(SeqSession *, const char *schema);
int seq_is_schema(SeqSession *, const char *name);
int seq_split_schema(SeqSession *, const char *name, size_t n, char **schema);
int seq_resolve(SeqSession *, const char *name, size_t n, int is_new,
                SeqTarget *);
void seq_refresh(SeqSession *);

/**** seq_call.c *********************************************************/

int seq_nextval(SeqSession *, const char *name, size_t n, int64_t count,
                int64_t *result);
int seq_currval(SeqSession *, const char *name, size_t n, int64_t *result);
int seq_lastval(SeqSession *, int64_t *result);
int seq_setval(SeqSession *, const char *name, size_t n, int64_t value,
               int is_called);
int seq_create(SeqSession *, const char *name, size_t n, const SeqOptions *);
int seq_alter(SeqSession *, const char *name, size_t n, const SeqOptions *);
int seq_drop(SeqSession *, const char *name, size_t n);
int seq_find_owned(SeqSession *, const char *schema, const char *table,
                   const char *column, char **name);
int seq_restart_owned(SeqSession *, const char *schema, const char *table);
int seq_claim(SeqSession *, const char *name, size_t n, int64_t value,
              int *is_generated);
int seq_ddl(SeqSession *, const char *name, size_t n, char **result);
int seq_promote(SeqSession *, const char *schema, int64_t *term);

/*
** Publish a value that is handed out, for whoever takes the file's lock next.
*/
static inline void seq_publish(_Atomic int64_t *floor, int64_t last) {
  atomic_store_explicit(floor, last, memory_order_release);
}

/**** sequences.c, seq_cursor.c, seq_update.c ****************************/

typedef struct SequencesVtab {
  sqlite3_vtab base;
  SeqStore *store;
  char *view; /* NULL if there is none */
} SequencesVtab;

enum {
  COLUMN_NAME,
  COLUMN_LAST_VALUE,
  COLUMN_DATA_TYPE,
  COLUMN_START_VALUE,
  COLUMN_MIN_VALUE,
  COLUMN_MAX_VALUE,
  COLUMN_INCREMENT_BY,
  COLUMN_CYCLE,
  COLUMN_CACHE_SIZE,
  COLUMN_MODE,
  COLUMN_OWNED_BY,
  COLUMN_SEQ_NO,
  COLUMN_PRIMARY_TERM
};

extern const char seq_module_name[];
int sequences_register(sqlite3 *, SeqSession *);
int sequences_error(SequencesVtab *, int rc);

int sequences_best_index(sqlite3_vtab *, sqlite3_index_info *);
int sequences_open(sqlite3_vtab *, sqlite3_vtab_cursor **);
int sequences_close(sqlite3_vtab_cursor *);
int sequences_filter(sqlite3_vtab_cursor *, int plan, const char *, int argc,
                     sqlite3_value **argv);
int sequences_next(sqlite3_vtab_cursor *);
int sequences_eof(sqlite3_vtab_cursor *);
int sequences_column(sqlite3_vtab_cursor *, sqlite3_context *, int column);
int sequences_rowid(sqlite3_vtab_cursor *, sqlite3_int64 *rowid);

int sequences_update(sqlite3_vtab *, int argc, sqlite3_value **argv,
                     sqlite3_int64 *rowid);

/**** seq_sentinel.c *****************************************************/

extern const sqlite3_module seq_sentinel_module;
void seq_connect_sentinel(SeqSession *);

/**** seq_func.c *********************************************************/

int seq_func_register(SeqSession *);
void seq_result_error(sqlite3_context *, SeqSession *, int rc);

/**** serial.c ***********************************************************/

int serial_register(SeqSession *);

/**** ddl_script.c *******************************************************/

int ddl_script(const char *sql, size_t n, int serial_mode, const Waiting *,
               sqlite3_str *out, char **message);

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

int attach_request(const char *z, size_t n, AttachRequest *);
int attach_type_size(const char *type);
int attach_rewrite(const char *sql, size_t n, const AttachColumn *,
                   sqlite3_str *out, const char **message);
int attach_calls_nextval(const char *text);
int attach_is_without_rowid(const char *sql);
void attach_qualify(const char *sql, const char *schema, sqlite3_str *out);
int attach_register(sqlite3 *);

/**** dict.c *************************************************************/

int dict_register(sqlite3 *);

/**** create_table.c *****************************************************/

int create_table_register(SeqSession *);

/**** functions.c ********************************************************/

int functions_register(sqlite3 *);

#endif /* SURROGATE_INT_H */
