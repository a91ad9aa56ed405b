/*
** Randomness: the operating system's, stretched in user space.
**
** A pool belongs to a connection, which SQLite lets one thread use at a time,
** so that it needs no lock.  It is filled from the system in one call.  With
** libsodium (configure finds it) the first call gives 32 bytes, the key of a
** ChaCha20 stream that fills the pool; the first 32 bytes of the stream are the
** next key, and the old key is gone (fast key erasure).  What is drawn from a pool is
** wiped there.
**
** Process-wide state: random_forks, which counts the forks that this process
** comes from.  A pool that was filled before the last of them is not used: its
** bytes are the parent's.
**
** Nothing is ever made up: if the system gives no randomness, that is an error.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "base.h"

#ifdef HAVE_SODIUM
#include <sodium.h>
#endif
#if defined(_WIN32)
#include <bcrypt.h>
#elif defined(__linux__)
#include <errno.h>
#include <sys/random.h>
#else
#include <unistd.h>
#ifdef __APPLE__
#include <sys/random.h> /* the BSDs have getentropy() in unistd.h */
#endif
#endif

_Atomic unsigned random_forks = 0;

#ifndef _WIN32
static void random_count_fork(void) {
  atomic_fetch_add(&random_forks, 1);
}
#endif

/* To be called once, before the first pool is used. */
int random_init(void) {
#ifdef HAVE_SODIUM
  if (sodium_init() < 0) return SQLITE_ERROR;
#endif
#ifndef _WIN32
  if (pthread_atfork(0, 0, random_count_fork) != 0) return SQLITE_NOMEM;
#endif
  return SQLITE_OK;
}

/* Fill n bytes from the system.  SQLITE_ERROR if it gives none. */
int random_system(void *out, size_t n) {
#if defined(_WIN32)
  return BCryptGenRandom(0, out, (ULONG)n, BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0
             ? SQLITE_OK
             : SQLITE_ERROR;
#elif defined(__linux__)
  unsigned char *z = out;
  while (n > 0) {
    ssize_t got = getrandom(z, n, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return SQLITE_ERROR;
    z += got;
    n -= (size_t)got;
  }
  return SQLITE_OK;
#else
  unsigned char *z = out;
  while (n > 0) {
    size_t part = n < 256 ? n : 256;
    if (getentropy(z, part) != 0) return SQLITE_ERROR;
    z += part;
    n -= part;
  }
  return SQLITE_OK;
#endif
}

/* Overwrite bytes, whatever the compiler thinks of it. */
void random_wipe(void *bytes, size_t n) {
  volatile unsigned char *z = bytes;
  while (n-- > 0)
    *z++ = 0;
}

static int random_fill(RandomPool *pool) {
  unsigned forks = atomic_load(&random_forks);
  int rc;
#ifdef HAVE_SODIUM
  static const unsigned char nonce[crypto_stream_chacha20_NONCEBYTES];
  unsigned char key[RANDOM_KEY_SIZE];
  if (pool->is_keyed && pool->forks == forks) {
    memcpy(key, pool->stream, sizeof key);
    rc = SQLITE_OK;
  } else {
    rc = random_system(key, sizeof key);
  }
  if (rc == SQLITE_OK) {
    crypto_stream_chacha20(pool->stream, sizeof pool->stream, nonce, key);
    pool->is_keyed = 1;
  }
  random_wipe(key, sizeof key);
#else
  rc = random_system(pool->stream + RANDOM_KEY_SIZE, RANDOM_POOL_SIZE);
#endif
  if (rc != SQLITE_OK) return rc;
  pool->forks = forks;
  pool->left = RANDOM_POOL_SIZE;
  return SQLITE_OK;
}

/* The same as random_bytes(), of any size and from any pool. */
int random_draw(RandomPool *pool, void *out, size_t n) {
  unsigned char *z = out;
  while (n > 0) {
    unsigned char *from;
    size_t part;
    if (pool->left == 0 || pool->forks != atomic_load(&random_forks)) {
      int rc = random_fill(pool);
      if (rc != SQLITE_OK) return rc;
    }
    part = n < pool->left ? n : pool->left;
    from = pool->stream + (sizeof pool->stream - pool->left);
    memcpy(z, from, part);
    memset(from, 0, part);
    pool->left -= part;
    z += part;
    n -= part;
  }
  return SQLITE_OK;
}
