/*
** ObjectID and XID without SQL: the order, the time and the texts.
**
** An ObjectID is 24 hexadecimal digits, written in lower case and read in
** either.  An XID is 20 characters of 5 bits, most significant first; the last
** one has one bit, and four that are 0.  Its alphabet is that of "base32hex"
** (RFC 4648, section 7) in lower case, without padding.
**
** Sources: see objectid.c.
*/
#include "codec.h"

/*
** Step to the next number: the seconds and the counter.  `start`, which is not
** 0, is the counter of the very first.  False if the seconds would be above
** 2^32 - 1; *next has them all the same.
*/
int objectid_codec_next(_Atomic uint64_t *last, uint64_t seconds,
                        uint32_t start, uint64_t *next) {
  uint64_t seen = atomic_load_explicit(last, memory_order_relaxed);
  do {
    uint64_t counter = seen == 0 ? start : (seen + 1) & OBJECTID_COUNTER_MASK;
    *next = seen == 0 || seconds > seen >> OBJECTID_COUNTER_BITS
                ? seconds << OBJECTID_COUNTER_BITS | counter
                : seen + 1;
    if (*next >> OBJECTID_COUNTER_BITS > UINT32_MAX) return 0;
  } while (!atomic_compare_exchange_weak_explicit(
      last, &seen, *next, memory_order_relaxed, memory_order_relaxed));
  return 1;
}

/* The Unix milliseconds of an id. */
uint64_t objectid_codec_ms(const unsigned char *id) {
  return bytes_read(id, 4) * 1000;
}

/**** Texts **************************************************************/

/*
** Both alphabets are the front of this one, for digits of n_bits: 4 or 5.  n is
** the length of the text.
*/
static const char objectid_digits[] = "0123456789abcdefghijklmnopqrstuv";

static void objectid_codec_write_digits(const unsigned char *id,
                                        unsigned n_bits, int n, char *out) {
  unsigned bits = 0;
  unsigned n_held = 0;
  for (int i = 0, at = 0; at < n; at++) {
    if (n_held < n_bits) {
      bits = bits << 8 | (i < OBJECTID_SIZE ? id[i++] : 0);
      n_held += 8;
    }
    n_held -= n_bits;
    out[at] = objectid_digits[bits >> n_held & ((1u << n_bits) - 1)];
  }
}

static int objectid_codec_parse_digits(const char *z, unsigned n_bits, int n,
                                       unsigned char *out) {
  unsigned bits = 0;
  unsigned n_held = 0;
  for (int i = 0; i < n; i++) {
    char c = z[i];
    const char *digit;
    if (n_bits == 4 && c >= 'A' && c <= 'F') c = (char)(c - 'A' + 'a');
    digit = memchr(objectid_digits, c, (size_t)1 << n_bits);
    if (digit == 0) return 0;
    bits = bits << n_bits | (unsigned)(digit - objectid_digits);
    n_held += n_bits;
    if (n_held >= 8) {
      n_held -= 8;
      *out++ = (unsigned char)(bits >> n_held);
    }
  }
  return (bits & ((1u << n_held) - 1)) == 0;
}

void objectid_codec_write(const unsigned char *id, char *out) {
  objectid_codec_write_digits(id, 4, OBJECTID_TEXT_SIZE, out);
}

void objectid_codec_write_xid(const unsigned char *id, char *out) {
  objectid_codec_write_digits(id, 5, XID_TEXT_SIZE, out);
}

/* Read an ObjectID.  False if it is none; `out` is undefined then. */
int objectid_codec_parse(const char *z, size_t n, unsigned char *out) {
  return n == OBJECTID_TEXT_SIZE &&
         objectid_codec_parse_digits(z, 4, OBJECTID_TEXT_SIZE, out);
}

/* The same of an XID. */
int objectid_codec_parse_xid(const char *z, size_t n, unsigned char *out) {
  return n == XID_TEXT_SIZE &&
         objectid_codec_parse_digits(z, 5, XID_TEXT_SIZE, out);
}
