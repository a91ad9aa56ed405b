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
#include "surrogate_int.h"

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

static uint64_t load64(const unsigned char *z) {
  uint64_t n = 0;
  for (int i = 0; i < 8; i++)
    n = n << 8 | z[i];
  return n;
}

static void store64(unsigned char *z, uint64_t n) {
  for (int i = 8; i-- > 0; n >>= 8)
    z[i] = (unsigned char)n;
}

/* Write 128 bits as 26 characters of an alphabet of 32. */
void base32_encode(const unsigned char in[16], const char *alphabet,
                   char out[26]) {
  uint64_t high = load64(in);
  uint64_t low = load64(in + 8);
  uint64_t middle = (high & 1) << 4 | low >> 60; /* the 5 bits on both sides */
  for (int i = 0; i < 13; i++) {
    out[i] = alphabet[high >> (61 - 5 * i) & 31];
  }
  out[13] = alphabet[middle];
  for (int i = 0; i < 12; i++) {
    out[14 + i] = alphabet[low >> (55 - 5 * i) & 31];
  }
}

/*
** Read 26 characters.  `table` has the value of each, or 0xff if it is not in
** the alphabet.  False if one is not, or if the number has more than 128 bits;
** `out` is undefined then.
*/
int base32_decode(const char *z, const unsigned char *table,
                  unsigned char out[16]) {
  const unsigned char *in = (const unsigned char *)z;
  uint64_t high = 0;
  uint64_t low = 0;
  unsigned bad = 0;
  unsigned middle = table[in[13]];
  for (int i = 0; i < 13; i++) {
    unsigned digit = table[in[i]];
    bad |= digit;
    high = high << 5 | (digit & 31);
  }
  for (int i = 14; i < 26; i++) {
    unsigned digit = table[in[i]];
    bad |= digit;
    low = low << 5 | (digit & 31);
  }
  bad |= middle;
  if (bad > 31 || table[in[0]] > 7) return 0;
  store64(out, high << 1 | middle >> 4);
  store64(out + 8, (uint64_t)(middle & 15) << 60 | low);
  return 1;
}
