/*
** XID without SQL: the text.
**
** 12 bytes as 20 characters of 5 bits, most significant first; the last one has
** one bit, and four that are 0.  The alphabet is that of "base32hex" (RFC 4648,
** section 7) in lower case, without padding.  See https://github.com/rs/xid.
*/
#include "codec.h"

static unsigned xid_codec_value_of(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'v') return c - 'a' + 10u;
  return 32;
}

void xid_codec_write(const unsigned char *id, char out[XID_TEXT_SIZE]) {
  unsigned bits = 0;
  unsigned n_bits = 0;
  for (int i = 0, at = 0; at < XID_TEXT_SIZE; at++) {
    if (n_bits < 5) {
      bits = bits << 8 | (i < STAMP_SIZE ? id[i++] : 0);
      n_bits += 8;
    }
    n_bits -= 5;
    out[at] = "0123456789abcdefghijklmnopqrstuv"[bits >> n_bits & 31];
  }
}

/* Read an XID.  False if it is none; `out` is undefined then. */
int xid_codec_parse(const char *z, size_t n, unsigned char *out) {
  unsigned bits = 0;
  unsigned n_bits = 0;
  if (n != XID_TEXT_SIZE) return 0;
  for (int i = 0; i < XID_TEXT_SIZE; i++) {
    unsigned digit = xid_codec_value_of((unsigned char)z[i]);
    if (digit == 32) return 0;
    bits = bits << 5 | digit;
    n_bits += 5;
    if (n_bits >= 8) {
      n_bits -= 8;
      *out++ = (unsigned char)(bits >> n_bits);
    }
  }
  return (bits & ((1u << n_bits) - 1)) == 0;
}
