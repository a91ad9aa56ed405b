/*
** ObjectID without SQL: the text, 24 hexadecimal digits.  See
** https://github.com/mongodb/specifications, source/bson-objectid.
*/
#include "codec.h"

static unsigned objectid_codec_value_of(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10u;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10u;
  return 16;
}

/* Write an ObjectID, in lower case. */
void objectid_codec_write(const unsigned char *id,
                          char out[OBJECTID_TEXT_SIZE]) {
  for (int i = 0; i < STAMP_SIZE; i++) {
    out[2 * i] = "0123456789abcdef"[id[i] >> 4];
    out[2 * i + 1] = "0123456789abcdef"[id[i] & 15];
  }
}

/* Read an ObjectID, of either case.  False if it is none. */
int objectid_codec_parse(const char *z, size_t n, unsigned char *out) {
  if (n != OBJECTID_TEXT_SIZE) return 0;
  for (int i = 0; i < STAMP_SIZE; i++) {
    unsigned high = objectid_codec_value_of((unsigned char)z[2 * i]);
    unsigned low = objectid_codec_value_of((unsigned char)z[2 * i + 1]);
    if (high == 16 || low == 16) return 0;
    out[i] = (unsigned char)(high << 4 | low);
  }
  return 1;
}
