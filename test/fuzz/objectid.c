/*
** Fuzzes the texts of XIDs and ObjectIDs: ext/id/objectid_codec.c.
**
** Claims: what is read is written again as it was, an ObjectID in lower case;
** so are any 12 bytes.
*/
#include <ctype.h>

#include "fuzz.h"
#include "codec.h"

static void check_bytes(const unsigned char *bytes) {
  unsigned char again[OBJECTID_SIZE];
  char xid[XID_TEXT_SIZE];
  char objectid[OBJECTID_TEXT_SIZE];
  char *exact;

  objectid_codec_write_xid(bytes, xid);
  exact = fuzz_copy(xid, sizeof xid);
  HOLDS(objectid_codec_parse_xid(exact, sizeof xid, again));
  HOLDS(memcmp(bytes, again, sizeof again) == 0);
  HOLDS(!objectid_codec_parse_xid(exact, sizeof xid - 1, again));
  free(exact);

  objectid_codec_write(bytes, objectid);
  exact = fuzz_copy(objectid, sizeof objectid);
  HOLDS(objectid_codec_parse(exact, sizeof objectid, again));
  HOLDS(memcmp(bytes, again, sizeof again) == 0);
  HOLDS(!objectid_codec_parse(exact, sizeof objectid - 1, again));
  free(exact);
  HOLDS(objectid_codec_ms(bytes) <= UINT32_MAX * UINT64_C(1000));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned char bytes[OBJECTID_SIZE];
  char text[OBJECTID_TEXT_SIZE];
  if (objectid_codec_parse_xid((const char *)data, size, bytes)) {
    HOLDS(size == XID_TEXT_SIZE);
    objectid_codec_write_xid(bytes, text);
    HOLDS(memcmp(text, data, size) == 0);
    check_bytes(bytes);
  }
  if (objectid_codec_parse((const char *)data, size, bytes)) {
    HOLDS(size == OBJECTID_TEXT_SIZE);
    objectid_codec_write(bytes, text);
    for (size_t i = 0; i < size; i++)
      HOLDS(text[i] == tolower(data[i]));
    check_bytes(bytes);
  }
  if (size >= OBJECTID_SIZE) check_bytes(data);
  return 0;
}
