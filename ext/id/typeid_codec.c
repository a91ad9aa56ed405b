/*
** TypeID 0.3: the text of a UUID with the name of a type before it.
**
**   prefix_suffix    01h455vb4pex5vsknk084sn02q, or user_01h455vb4pex5vsknk084sn02q
**
** The suffix is the UUID in base 32, 26 characters of base32_typeid_alphabet
** (base32.c), in lower case.  The prefix is 0 to 63 characters of a-z and _,
** and neither begins nor ends with an underscore; an empty one has no
** underscore behind it.  There is no other form.
**
** Source: https://github.com/jetify-com/typeid/tree/main/spec, version 0.3.0.
*/
#include "codec.h"

/* True if the text, which may be empty, can be a prefix. */
int typeid_codec_is_prefix(const char *z, size_t n) {
  if (n == 0) return 1;
  if (n > TYPEID_PREFIX_MAX || z[0] == '_' || z[n - 1] == '_') return 0;
  for (size_t i = 0; i < n; i++) {
    if (!(z[i] >= 'a' && z[i] <= 'z') && z[i] != '_') return 0;
  }
  return 1;
}

/*
** Write the TypeID of a prefix, which must be one, and the 16 bytes of a UUID.
** Returns its size, of at most TYPEID_SIZE_MAX.
*/
size_t typeid_codec_write(const char *prefix, size_t n,
                          const unsigned char *uuid, char *out) {
  memcpy(out, prefix, n);
  if (n > 0) out[n++] = '_';
  base32_encode(uuid, base32_typeid_alphabet, out + n);
  return n + BASE32_SIZE;
}

/*
** Read a TypeID: the size of its prefix, which is what it begins with, and the
** 16 bytes of its UUID.  False if it is none.
*/
int typeid_codec_parse(const char *z, size_t n, size_t *n_prefix,
                       unsigned char *uuid) {
  if (n < BASE32_SIZE || n > TYPEID_SIZE_MAX) return 0;
  *n_prefix = n - BASE32_SIZE;
  if (*n_prefix > 0) {
    --*n_prefix;
    if (*n_prefix == 0 || z[*n_prefix] != '_') return 0;
  }
  return typeid_codec_is_prefix(z, *n_prefix) &&
         base32_decode(z + n - BASE32_SIZE, base32_typeid_table, uuid);
}
