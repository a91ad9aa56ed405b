/*
** Base 62 of 160 bits, as KSUID writes it.
**
** 27 characters of 0-9, A-Z, a-z, most significant first, padded with zeros:
** the texts sort as the numbers do.  The largest number is
** aWgEPTl1tmebfsQzFP4bxwgy80V; a text beyond it is none.
**
** The number is five digits of 32 bits.  A division of it by 62^5, which fits
** into 32 bits, splits off five characters at once.
**
** Source: https://github.com/segmentio/ksuid.
*/
#include "codec.h"

#define LIMBS 5
#define PART  5          /* characters */
#define POWER 916132832U /* 62^PART */

const char base62_alphabet[] =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static unsigned base62_value_of(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10u;
  if (c >= 'a' && c <= 'z') return c - 'a' + 36u;
  return 62;
}

/* Write 20 bytes as 27 characters. */
void base62_encode(const unsigned char in[KSUID_SIZE], char out[BASE62_SIZE]) {
  uint32_t limbs[LIMBS];
  for (int i = 0; i < LIMBS; i++) {
    limbs[i] = (uint32_t)bytes_read(in + 4 * i, 4);
  }
  for (int at = BASE62_SIZE, first = 0; at > 0;) {
    uint64_t rest = 0;
    while (first < LIMBS && limbs[first] == 0)
      first++;
    for (int i = first; i < LIMBS; i++) {
      rest = rest << 32 | limbs[i];
      limbs[i] = (uint32_t)(rest / POWER);
      rest %= POWER;
    }
    for (int i = 0; i < PART && at > 0; i++) {
      out[--at] = base62_alphabet[rest % 62];
      rest /= 62;
    }
  }
}

/*
** Read 27 characters.  False if one is not in the alphabet, or if the number
** has more than 160 bits; `out` is undefined then.
*/
int base62_decode(const char *z, unsigned char out[KSUID_SIZE]) {
  uint32_t limbs[LIMBS] = {0};
  for (int at = 0; at < BASE62_SIZE;) {
    uint64_t carry = 0;
    uint64_t power = 1;
    for (int i = 0; i < PART && at < BASE62_SIZE; i++) {
      unsigned digit = base62_value_of((unsigned char)z[at++]);
      if (digit == 62) return 0;
      carry = carry * 62 + digit;
      power *= 62;
    }
    for (int i = LIMBS; i-- > 0;) {
      carry += limbs[i] * power;
      limbs[i] = (uint32_t)carry;
      carry >>= 32;
    }
    if (carry != 0) return 0;
  }
  for (int i = 0; i < LIMBS; i++) {
    bytes_write(out + 4 * i, 4, limbs[i]);
  }
  return 1;
}
