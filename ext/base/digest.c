/*
** Message digests, by OpenSSL's libcrypto.
**
** MD5 and SHA-1 for UUID versions 3 and 5, SHA3-512 for CUID2: libcrypto is the
** library that has all three, is on every system, and is cared for.  configure
** looks for it; without it the functions that need a digest say so, and all
** others work.  On Windows, which has none, the system's own CNG takes its
** place; that has SHA3-512 from Windows 11 24H2 on.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "base.h"

#ifdef HAVE_CRYPTO
#include <openssl/evp.h>
#elif defined(_WIN32)
#include <bcrypt.h>
#endif

/*
** Digest a, and b behind it, to out, which has room for DIGEST_SIZE_MAX bytes.
** Returns the size of the digest; 0 if this build has no such algorithm, or -1
** if there is no memory.
*/
int digest_compute(int algorithm, const void *a, size_t n_a, const void *b,
                   size_t n_b, unsigned char *out) {
#ifdef HAVE_CRYPTO
  const EVP_MD *md = algorithm == DIGEST_MD5    ? EVP_md5()
                     : algorithm == DIGEST_SHA1 ? EVP_sha1()
                                                : EVP_sha3_512();
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  unsigned size = 0;
  int is_done;
  if (digest == 0) return -1;
  /* It fails for an algorithm that the system's policy forbids. */
  is_done = EVP_DigestInit_ex(digest, md, 0) == 1;
  is_done = is_done && EVP_DigestUpdate(digest, a, n_a) == 1 &&
            EVP_DigestUpdate(digest, b, n_b) == 1 &&
            EVP_DigestFinal_ex(digest, out, &size) == 1;
  EVP_MD_CTX_free(digest);
  return is_done ? (int)size : 0;
#elif defined(_WIN32)
  static const wchar_t *const names[] = {[DIGEST_MD5] = L"MD5",
                                         [DIGEST_SHA1] = L"SHA1",
                                         [DIGEST_SHA3_512] = L"SHA3-512"};
  BCRYPT_ALG_HANDLE provider = 0;
  BCRYPT_HASH_HANDLE hash = 0;
  ULONG size = 0;
  ULONG n;
  int is_done;
  if (BCryptOpenAlgorithmProvider(&provider, names[algorithm], 0, 0) != 0) {
    return 0;
  }
  is_done = BCryptGetProperty(provider, BCRYPT_HASH_LENGTH, (PUCHAR)&size,
                              sizeof size, &n, 0) == 0 &&
            size <= DIGEST_SIZE_MAX &&
            BCryptCreateHash(provider, &hash, 0, 0, 0, 0, 0) == 0 &&
            BCryptHashData(hash, (PUCHAR)a, (ULONG)n_a, 0) == 0 &&
            BCryptHashData(hash, (PUCHAR)b, (ULONG)n_b, 0) == 0 &&
            BCryptFinishHash(hash, out, size, 0) == 0;
  if (hash) BCryptDestroyHash(hash);
  BCryptCloseAlgorithmProvider(provider, 0);
  return is_done ? (int)size : -1;
#else
  UNUSED(algorithm);
  UNUSED(a);
  UNUSED(n_a);
  UNUSED(b);
  UNUSED(n_b);
  UNUSED(out);
  return 0;
#endif
}

/* Why there is no digest by this algorithm, behind the name of a function. */
const char *digest_missing(int algorithm) {
#ifdef HAVE_CRYPTO
#define MISSING(name) "libcrypto, as this system sets it up, has no " name
#elif defined(_WIN32)
#define MISSING(name) "this version of Windows has no " name
#else
#define MISSING(name) \
  "this build has no " name " (configure found no libcrypto)"
#endif
  switch (algorithm) {
    case DIGEST_MD5: return MISSING("MD5");
    case DIGEST_SHA1: return MISSING("SHA-1");
    default: return MISSING("SHA3-512");
  }
}
