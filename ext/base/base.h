/*
** What all of Surrogate stands on, a section for each source file of this
** folder.  It knows nothing of ids, sequences or tables.
*/
#ifndef SURROGATE_BASE_H
#define SURROGATE_BASE_H

#include <sqlite3ext.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef _WIN32
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>
#else
#include <pthread.h>
#include <sched.h>
#endif

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

/**** Mutexes ************************************************************/

/*
** A process-wide lock that needs no initialisation call.
**
** SQLite's mutexes are made at run time or belong to the application, so
** state of the process that exists before any connection does is guarded by
** the system's own: a pthread mutex, an SRW lock on Windows.
**
**   static Mutex lock = MUTEX_INIT;
**   mutex_enter(&lock); ... mutex_leave(&lock);
**
** A lock that another thread holds during fork() would stay locked in the
** child forever.  mutex_survive_fork(before, after) has the first function
** called in the parent before each fork, and the second in the parent and in
** the child after it.
*/
#ifdef _WIN32
typedef SRWLOCK Mutex;
#define MUTEX_INIT SRWLOCK_INIT
static inline void mutex_enter(Mutex *mutex) {
  AcquireSRWLockExclusive(mutex);
}
static inline void mutex_leave(Mutex *mutex) {
  ReleaseSRWLockExclusive(mutex);
}
static inline int mutex_survive_fork(void (*before)(void),
                                     void (*after)(void)) {
  (void)before; /* Windows has no fork() */
  (void)after;
  return 0;
}
#else
typedef pthread_mutex_t Mutex;
#define MUTEX_INIT PTHREAD_MUTEX_INITIALIZER
static inline void mutex_enter(Mutex *mutex) {
  pthread_mutex_lock(mutex);
}
static inline void mutex_leave(Mutex *mutex) {
  pthread_mutex_unlock(mutex);
}
static inline int mutex_survive_fork(void (*before)(void),
                                     void (*after)(void)) {
  return pthread_atfork(before, after, after);
}
#endif

/**** Spin locks *********************************************************/

/*
** A process-wide lock for a few instructions, such as those that step a number
** of more than 64 bits.  It costs one atomic exchange where nobody waits.
**
**   static SpinLock lock;
**   spin_enter(&lock, forks); ... spin_leave(&lock);
**
** It survives fork(): `forks` is random_forks as the caller sees it, and a lock
** that was taken before the last fork belongs to a thread that the child does
** not have.  The child takes it over, and must not trust what it guards to be
** whole: see what its users do when they find themselves in a new process.
*/
#ifdef _WIN32
#define SPIN_YIELD() SwitchToThread()
#else
#define SPIN_YIELD() sched_yield()
#endif

#define SPIN_TRIES 100 /* before the processor is given to another thread */

typedef _Atomic unsigned SpinLock; /* 0, or its owner's forks + 1 */

static inline int spin_try(SpinLock *lock, unsigned from, unsigned owner) {
  return atomic_compare_exchange_strong_explicit(
      lock, &from, owner, memory_order_acquire, memory_order_relaxed);
}

static inline void spin_enter(SpinLock *lock, unsigned forks) {
  unsigned owner = forks + 1;
  unsigned tries = 0;
  while (!spin_try(lock, 0, owner)) {
    unsigned seen = atomic_load_explicit(lock, memory_order_relaxed);
    if (seen != 0 && seen != owner && spin_try(lock, seen, owner)) break;
    if (++tries % SPIN_TRIES == 0) SPIN_YIELD();
  }
}

static inline void spin_leave(SpinLock *lock) {
  atomic_store_explicit(lock, 0, memory_order_release);
}

/**** error.c ************************************************************/

/* What went wrong: an SQLite result code and a message.  All 0: nothing. */
typedef struct Error {
  int rc;
  char *message;
} Error;

int error_set(Error *, int rc, const char *format, ...);
int error_from_db(Error *, sqlite3 *, int rc);
void error_clear(Error *);
void error_result(sqlite3_context *, Error *);
char *error_take(Error *);

/**** clock.c ************************************************************/

/* What clock_recent_ns() remembers, for one connection. */
typedef struct ClockReading {
  uint64_t cycles; /* of the processor, when the clock was read */
  uint64_t ns;
} ClockReading;

uint64_t clock_ns(void);
uint64_t clock_ms(void);
int clock_is_before(uint64_t ns);

/*
** The same as clock_ns(), or the last reading if that is less than this many
** cycles of the processor old, about a microsecond.  A count that a thread takes
** to another processor may be off, which costs a reading, or lets one last a
** little longer.  Benchmark, line 7, uuidv7() and ulid(): 32 and 45 ns; 46 and
** 54, which is beyond their bounds, if each call reads the clock.
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

/**** digest.c ***********************************************************/

enum { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA3_512 };

#define DIGEST_SIZE_MAX 64

int digest_compute(int algorithm, const void *a, size_t n_a, const void *b,
                   size_t n_b, unsigned char *out);
const char *digest_missing(int algorithm);

/**** hash.c *************************************************************/

typedef struct HashNode HashNode;
struct HashNode {
  HashNode *next;
  uint64_t hash;
};

typedef struct Hash {
  HashNode **buckets;
  size_t n_bucket; /* 0 or a power of two */
  size_t n_node;
} Hash;

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n);
HashNode *hash_find(const Hash *, uint64_t hash);
HashNode *hash_next(const HashNode *);
int hash_add(Hash *, HashNode *);
void hash_remove(Hash *, HashNode *);
HashNode *hash_clear(Hash *, int is_final);

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

/*
** What SQL can call, in the table of a file: a line for each number of
** arguments, and one of 0 at the end.  ext/functions.c has the list of all.
*/
typedef struct FuncEntry {
  const char *name;
  int argc;
  int flags; /* SQLITE_INNOCUOUS, ... */
  void (*func)(sqlite3_context *, int, sqlite3_value **); /* 0: a table */
  const char *signature; /* 0: that of the line before, which has it all */
  const char *topic;
  const char *summary;
} FuncEntry;

/* The flags of most. */
enum {
  FUNC_READS = SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC,
  FUNC_MAKES = SQLITE_INNOCUOUS, /* or tells of the session, or the process */
  FUNC_SETS = SQLITE_DIRECTONLY
};

int func_register(sqlite3 *, const FuncEntry *, void *data,
                  void *(*ref)(void *), void (*unref)(void *));

void func_error(sqlite3_context *, const char *format, ...);
void func_fail(sqlite3_context *, const char *function, Error *, int rc);
int func_fail_db(sqlite3_context *, const char *function, int rc);
int func_is_interrupted(void *db);

/* What is done as a whole or not at all. */
typedef struct FuncUndo {
  sqlite3 *db;
  const char *name; /* of the savepoint */
  int was_autocommit;
} FuncUndo;

int func_undo_begin(FuncUndo *, sqlite3 *, const char *name, Error *);
int func_undo_end(FuncUndo *, int rc, Error *);
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

/**** token.c ************************************************************/

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
int token_is_space(char c);
int token_is(const char *z, size_t n, const char *word);
int token_is_word(const Token *, const char *word);
int token_is_one_of(const Token *, const char *const *words);
int token_is_other(const Token *, char c);
int token_is_name(const Token *);
int token_depth(const Token *);
char *token_copy(const Token *);
void token_quote(sqlite3_str *out, const char *name);
void token_position(const char *text, const char *z, int *line, int *column);

/**** reader.c ***********************************************************/

typedef struct Reader {
  const char *z;     /* what is still to be read */
  const char *end;   /* where the text ends */
  Token token;       /* the one that is looked at */
  const char *after; /* the end of the one before */
} Reader;

void reader_begin(Reader *, const char *z, size_t n);
void reader_next(Reader *);
int reader_at_end(const Reader *);
int reader_at_item_end(const Reader *);
int reader_accept(Reader *, const char *word);
int reader_accept_name(Reader *, Token *name);
int reader_accept_other(Reader *, char c);
int reader_find(Reader *, char c);
int reader_skip(Reader *);
int reader_is_call(const Reader *, const char *function, Reader *arguments);

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
  Error error;
} Relation;

int relation_exists(sqlite3 *, const char *schema, const char *name,
                    int *exists);
int relation_find(sqlite3 *, const char *name, size_t n, Relation *);
int relation_find_table(sqlite3 *, const char *name, size_t n, Relation *);
void relation_free(Relation *);
int relation_failed(Relation *, int rc);
int relation_prepare(Relation *, sqlite3_stmt **, const char *format, ...);
int relation_finish(Relation *, sqlite3_stmt *, int rc);
int relation_exec(Relation *, const char *format, ...);
const char *relation_text(sqlite3_stmt *, int column);

/**** replicated.c *******************************************************/

extern const char replicated_message[];
int replicated_has_vfs(sqlite3 *, const char *schema);
int replicated_refuses(sqlite3 *, const char *schema);

#endif /* SURROGATE_BASE_H */
