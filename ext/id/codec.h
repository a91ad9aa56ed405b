/*
** The ids without SQL: what their bytes and their texts are, a section for each
** scheme.  Nothing here calls SQLite.
*/
#ifndef SURROGATE_CODEC_H
#define SURROGATE_CODEC_H

#include "base.h"

/**** uuid_codec.c *******************************************************/

#define UUID_SIZE      16
#define UUID_TEXT_SIZE 36                        /* as it is written */
#define UUID_TIME_MAX  ((UINT64_C(1) << 48) - 1) /* ms in version 7 */

typedef struct Uuid {
  uint64_t high; /* of the first 8 bytes, most significant first */
  uint64_t low;
} Uuid;

/* With another version, and the RFC's variant. */
static inline Uuid uuid_codec_with_version(Uuid uuid, int version) {
  uuid.high = (uuid.high & ~UINT64_C(0xF000)) | (uint64_t)version << 12;
  uuid.low = (uuid.low & UINT64_MAX >> 2) | UINT64_C(2) << 62;
  return uuid;
}

/* Of version 7 and that time, of 0 to UUID_TIME_MAX. */
static inline Uuid uuid_codec_with_time(Uuid uuid, uint64_t ms) {
  uuid.high = ms << 16 | (uuid.high & 0xFFFF);
  return uuid_codec_with_version(uuid, 7);
}

Uuid uuid_codec_from_bytes(const unsigned char *bytes);
void uuid_codec_to_bytes(Uuid, unsigned char *bytes);
void uuid_codec_format(Uuid, char *text);
int uuid_codec_parse(const char *text, size_t n, Uuid *);
int uuid_codec_version(Uuid);
int uuid_codec_time(Uuid, int64_t *ms);

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

uint64_t uuid_codec_take_reference(UuidGenerator *, uint64_t ms);

/* Ticks, of 1/4096 ms or 15625/64 ns, rounded down. */
static inline uint64_t uuid_codec_ticks(uint64_t ns) {
  if (ns < UINT64_C(1) << 58) return ns * 64 / 15625;
  return ns / 15625 * 64 + ns % 15625 * 64 / 15625;
}

/*
** Make the next UUID of a generator, at `ns` of Unix time, with 64 random bits.
** It is greater than all before it, over all threads.  A clock that stands
** before where it stood at the first call counts as that; if it stands
** UUID_SPAN_MS or more after it, the result is false.
*/
static inline int uuid_codec_next(UuidGenerator *generator, uint64_t ns,
                                  uint64_t random, Uuid *uuid) {
  uint64_t ms =
      atomic_load_explicit(&generator->reference, memory_order_relaxed);
  uint64_t ticks, last;
  if (ms == 0) ms = uuid_codec_take_reference(generator, ns / 1000000);
  ms--;
  ns = ns > ms * 1000000 ? ns - ms * 1000000 : 0;
  if (ns >= UUID_SPAN_MS * 1000000) return 0;
  last =
      clock_advance(&generator->last,
                    uuid_codec_ticks(ns) << UUID_COUNTER_BITS | random >> 54);
  ticks = (ms << 12) + (last >> UUID_COUNTER_BITS);
  uuid->high = ticks >> 12 << 16 | 0x7000 | (ticks & 0xFFF);
  uuid->low = UINT64_C(2) << 62 |
              (last & ((1 << UUID_COUNTER_BITS) - 1)) << UUID_RANDOM_BITS |
              (random & ((UINT64_C(1) << UUID_RANDOM_BITS) - 1));
  return 1;
}

/**** base32.c, ulid_codec.c *********************************************/

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

int ulid_codec_parse(const char *z, size_t n, unsigned char *out);
int ulid_codec_parse_prefixed(const char *z, size_t n, unsigned char *out);
uint64_t ulid_codec_ms(const unsigned char *id);
void ulid_codec_make(UlidNumber *, uint64_t ms, const unsigned char *random);
int ulid_codec_next(UlidNumber *, uint64_t ms, const unsigned char *random);
int ulid_codec_write_time(uint64_t ms, char out[ULID_TIME_SIZE]);

/**** typeid_codec.c *****************************************************/

#define TYPEID_PREFIX_MAX 63
#define TYPEID_SIZE_MAX   (TYPEID_PREFIX_MAX + 1 + BASE32_SIZE)

int typeid_codec_is_prefix(const char *z, size_t n);
size_t typeid_codec_write(const char *prefix, size_t n,
                          const unsigned char *uuid, char *out);
int typeid_codec_parse(const char *z, size_t n, size_t *n_prefix,
                       unsigned char *uuid);

/**** sqids_codec.c, sqids_blocklist.c ***********************************/

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

size_t sqids_codec_config_size(size_t n_word, size_t n_text);
const char *sqids_codec_prepare(SqidsConfig *, const char *alphabet, size_t n,
                                unsigned min_length, size_t n_word);
void sqids_codec_block(SqidsConfig *, const char *word, size_t n);
size_t sqids_codec_encode_size(const SqidsConfig *, size_t count);
size_t sqids_codec_encode(const SqidsConfig *, const uint64_t *numbers,
                          size_t count, char *out);
size_t sqids_codec_decode(const SqidsConfig *, const char *z, size_t n,
                          uint64_t *numbers, size_t room);
int sqids_codec_decode_one(const SqidsConfig *, const char *z, size_t n,
                           uint64_t *number);

/**** hashids_codec.c ****************************************************/

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

const char *hashids_codec_prepare(Hashids *, const char *alphabet, size_t n,
                                  unsigned min_length, const char *salt,
                                  size_t n_salt);
size_t hashids_codec_encode_size(const Hashids *, size_t count);
size_t hashids_codec_encode(const Hashids *, const uint64_t *numbers,
                            size_t count, char *out, size_t size);
size_t hashids_codec_decode(const Hashids *, const char *z, size_t n,
                            uint64_t *numbers, size_t room, char *scratch);

/**** base62.c, ksuid_codec.c ********************************************/

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

int ksuid_codec_parse(const char *z, size_t n, unsigned char *out);
uint64_t ksuid_codec_ms(const unsigned char *id);
void ksuid_codec_make(KsuidNumber *, uint64_t seconds,
                      const unsigned char *random);
int ksuid_codec_next(KsuidNumber *, uint64_t seconds,
                     const unsigned char *random, int is_new_process);
void ksuid_codec_bytes(const KsuidNumber *, unsigned char id[KSUID_SIZE]);

/**** objectid_codec.c ***************************************************/

#define OBJECTID_SIZE         12 /* 4 of seconds, 5 of process, 3 of counter */
#define OBJECTID_COUNTER_BITS 24
#define OBJECTID_COUNTER_MASK ((UINT64_C(1) << OBJECTID_COUNTER_BITS) - 1)
#define OBJECTID_TEXT_SIZE    24
#define XID_TEXT_SIZE         20

int objectid_codec_next(_Atomic uint64_t *last, uint64_t seconds,
                        uint32_t start, uint64_t *next);
uint64_t objectid_codec_ms(const unsigned char *id);
void objectid_codec_write(const unsigned char *id, char *out);
void objectid_codec_write_xid(const unsigned char *id, char *out);
int objectid_codec_parse(const char *z, size_t n, unsigned char *out);
int objectid_codec_parse_xid(const char *z, size_t n, unsigned char *out);

#endif /* SURROGATE_CODEC_H */
