/*
** Base 32 of 128 bits, as ULID and TypeID write it.
**
** 26 characters, most significant first.  Each has 5 bits, the first one 3 of
** them: a first character above '7' would be a number beyond 128 bits.  The
** alphabets are Douglas Crockford's, which leaves out I, L, O and U, in ASCII
** order: the texts sort as the numbers do.
**
** Decoding is strict: Crockford's proposal reads I and L as 1 and O as 0, but
** neither ULID's specification nor TypeID's does.  ULID takes both cases,
** TypeID lower case only.
**
** Sources: https://www.crockford.com/base32.html, https://github.com/ulid/spec,
** https://github.com/jetify-com/typeid/tree/main/spec.
*/
#include "codec.h"

const char base32_ulid_alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const char base32_typeid_alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

#define NONE_8  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
#define NONE_16 NONE_8, NONE_8
#define NONE_64 NONE_16, NONE_16, NONE_16, NONE_16

#define DIGITS  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
#define LETTERS /* '@' or '`', A to Z, and 5 others */                        \
  0xff, 10, 11, 12, 13, 14, 15, 16, 17, 0xff, 18, 19, 0xff, 20, 21, 0xff, 22, \
      23, 24, 25, 26, 0xff, 27, 28, 29, 30, 31, 0xff, 0xff, 0xff, 0xff, 0xff

const unsigned char base32_ulid_table[256] = {
    NONE_16, NONE_16, NONE_16, DIGITS, LETTERS, LETTERS, NONE_64, NONE_64,
};

const unsigned char base32_typeid_table[256] = {
    NONE_16, NONE_16, NONE_16, DIGITS,  NONE_16,
    NONE_16, LETTERS, NONE_64, NONE_64,
};

/* Write the low 20 bits as 4 characters. */
static inline void base32_encode4(uint64_t bits, const char *alphabet,
                                  char *out) {
  out[0] = alphabet[bits >> 15 & 31];
  out[1] = alphabet[bits >> 10 & 31];
  out[2] = alphabet[bits >> 5 & 31];
  out[3] = alphabet[bits & 31];
}

/* Write 128 bits as 26 characters of an alphabet of 32. */
void base32_encode(const unsigned char in[16], const char *alphabet,
                   char out[26]) {
  uint64_t high = bytes_read64(in);
  uint64_t low = bytes_read64(in + 8);
  out[0] = alphabet[high >> 61];
  base32_encode4(high >> 41, alphabet, out + 1);
  base32_encode4(high >> 21, alphabet, out + 5);
  base32_encode4(high >> 1, alphabet, out + 9);
  out[13] = alphabet[(high & 1) << 4 | low >> 60];
  base32_encode4(low >> 40, alphabet, out + 14);
  base32_encode4(low >> 20, alphabet, out + 18);
  base32_encode4(low, alphabet, out + 22);
}

/* Read 4 characters into 20 bits.  *bad gets bits above 31 if one is none. */
static inline uint64_t base32_decode4(const unsigned char *z,
                                      const unsigned char *table,
                                      unsigned *bad) {
  unsigned a = table[z[0]];
  unsigned b = table[z[1]];
  unsigned c = table[z[2]];
  unsigned d = table[z[3]];
  *bad |= a | b | c | d;
  return (uint64_t)(a << 15 | b << 10 | c << 5 | d);
}

/*
** Read 26 characters.  `table` has the value of each, or 0xff if it is not in
** the alphabet.  False if one is not, or if the number has more than 128 bits;
** `out` is undefined then.
*/
int base32_decode(const char *z, const unsigned char *table,
                  unsigned char out[16]) {
  const unsigned char *in = (const unsigned char *)z;
  uint64_t first = table[in[0]];
  unsigned middle = table[in[13]];
  unsigned bad = middle;
  uint64_t high = first << 61 | base32_decode4(in + 1, table, &bad) << 41 |
                  base32_decode4(in + 5, table, &bad) << 21 |
                  base32_decode4(in + 9, table, &bad) << 1 | middle >> 4;
  uint64_t low = (uint64_t)middle << 60 |
                 base32_decode4(in + 14, table, &bad) << 40 |
                 base32_decode4(in + 18, table, &bad) << 20 |
                 base32_decode4(in + 22, table, &bad);
  if (bad > 31 || first > 7) return 0;
  bytes_write64(out, high);
  bytes_write64(out + 8, low);
  return 1;
}
