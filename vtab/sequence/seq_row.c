/*
** The bytes of a sequence store: the blobs of its shadow table (seq_store.c).
**
** A blob is a row of numbers.  A natural number is written in base 128, seven
** bits a byte, the least significant first, with the top bit set in all bytes
** but the last (LEB128).  An integer n is written as the natural number 2n,
** or -2n - 1 if it is negative (zigzag).
**
** The header row, which sorts behind all names:
**
**   1 byte    the format version, 1
**   8 bytes   a random number that tells stores apart, big-endian
**   natural   the _seq_no of the next write that makes, changes or drops a
**             sequence, or more if the row has more
**   natural   the primary term, from 1
**
** The row of a sequence:
**
**   1 byte    flags: 0x03 data_type (0 bigint, 1 integer, 2 smallint),
**             0x04 cycle, 0x08 is_called, 0x30 mode (0x00 standard, 0x10
**             gapless, 0x20 virtual), 0x40 has a definition, 0x80 is_linked:
**             see seq_owner.c
**   natural   id: _seq_no of the write that made the sequence
**   natural   set_no: _seq_no of the last write that set the last value, less id
**   natural   change_no: _seq_no of the last write that was no nextval(), less
**             set_no
**   natural   seq_no: _seq_no of the last write, less change_no
**   integer   last_value: the last value handed out or reserved if is_called,
**             else the next one to hand out
**
** and if it has a definition, that is, one other than START 1 MINVALUE 1
** MAXVALUE (that of the type) INCREMENT 1 CACHE 1:
**
**   integer   start_value, min_value, max_value, increment_by, cache_size
**
** Pure: nothing here calls SQLite.  What is read may be anything: it is
** checked to be of this form, and by seq_store_decode() to make sense.
*/
#include "sequence_old.h"

enum {
  FLAG_DATA_TYPE = 0x03,
  FLAG_CYCLE = 0x04,
  FLAG_IS_CALLED = 0x08,
  FLAG_MODE = 0x30,
  MODE_SHIFT = 4,
  FLAG_HAS_DEFINITION = 0x40,
  FLAG_IS_LINKED = 0x80
};

/* Write a number at z.  Returns the end of it. */
static unsigned char *put_natural(unsigned char *z, uint64_t value) {
  while (value > 0x7f) {
    *z++ = (unsigned char)(value | 0x80);
    value >>= 7;
  }
  *z++ = (unsigned char)value;
  return z;
}

static unsigned char *put_integer(unsigned char *z, int64_t value) {
  uint64_t sign = value < 0 ? UINT64_MAX : 0;
  return put_natural(z, (uint64_t)value << 1 ^ sign);
}

/* What is still to be read of a blob; z is NULL once it was too short. */
typedef struct Reader {
  const unsigned char *z;
  const unsigned char *end;
} Reader;

static uint64_t get_natural(Reader *reader) {
  uint64_t value = 0;
  for (int shift = 0; reader->z && shift < 64; shift += 7) {
    unsigned char byte;
    if (reader->z == reader->end) break;
    byte = *reader->z++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  reader->z = 0;
  return 0;
}

/* Read a natural number and add it; the sum may turn out to be negative. */
static int64_t get_sum(Reader *reader, int64_t to) {
  return (int64_t)((uint64_t)to + get_natural(reader));
}

static int64_t get_integer(Reader *reader) {
  uint64_t value = get_natural(reader);
  return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

/* Write a header to z, which has room for SEQ_HEADER_SIZE.  Returns its size. */
int seq_encode_header(const SeqHeader *header, unsigned char *z) {
  unsigned char *end = z + 9;
  uint64_t store_id = (uint64_t)header->store_id;
  z[0] = SEQ_STORE_FORMAT;
  for (int i = 8; i > 0; i--) {
    z[i] = (unsigned char)store_id;
    store_id >>= 8;
  }
  end = put_natural(end, (uint64_t)header->next_seq_no);
  end = put_natural(end, (uint64_t)header->primary_term);
  return (int)(end - z);
}

/* Read a header of `size` bytes.  False if they are none. */
int seq_decode_header(const unsigned char *z, int size, SeqHeader *header) {
  Reader reader;
  uint64_t store_id = 0;
  if (size < 9) return 0;
  for (int i = 1; i < 9; i++)
    store_id = store_id << 8 | z[i];
  reader.z = z + 9;
  reader.end = z + size;
  header->store_id = (int64_t)store_id;
  header->next_seq_no = (int64_t)get_natural(&reader);
  header->primary_term = (int64_t)get_natural(&reader);
  return reader.z == reader.end;
}

/* The definition that a row without one has. */
static void default_definition(SeqDef *def) {
  def->start_value = 1;
  def->min_value = 1;
  def->max_value = definition_type_max(def->data_type);
  def->increment_by = 1;
  def->cache_size = 1;
}

static int is_default_definition(const SeqDef *def) {
  return def->start_value == 1 && def->min_value == 1 &&
         def->max_value == definition_type_max(def->data_type) &&
         def->increment_by == 1 && def->cache_size == 1;
}

/* Write a row to z, which has room for SEQ_ROW_SIZE.  Returns its size. */
int seq_encode_row(const SeqRow *row, unsigned char *z) {
  const SeqDef *def = &row->def;
  unsigned char *end = z + 1;
  int flags = def->data_type == 8 ? 0 : def->data_type == 4 ? 1 : 2;

  if (def->cycle) flags |= FLAG_CYCLE;
  if (row->state.is_called) flags |= FLAG_IS_CALLED;
  flags |= def->mode << MODE_SHIFT;
  if (row->is_linked) flags |= FLAG_IS_LINKED;
  end = put_natural(end, (uint64_t)row->id);
  end = put_natural(end, (uint64_t)row->set_no - (uint64_t)row->id);
  end = put_natural(end, (uint64_t)row->change_no - (uint64_t)row->set_no);
  end = put_natural(end, (uint64_t)row->seq_no - (uint64_t)row->change_no);
  end = put_integer(end, row->state.last_value);
  if (!is_default_definition(def)) {
    flags |= FLAG_HAS_DEFINITION;
    end = put_integer(end, def->start_value);
    end = put_integer(end, def->min_value);
    end = put_integer(end, def->max_value);
    end = put_integer(end, def->increment_by);
    end = put_integer(end, def->cache_size);
  }
  z[0] = (unsigned char)flags;
  return (int)(end - z);
}

/* Read a row of `size` bytes, at least 1.  False if they are none. */
int seq_decode_row(const unsigned char *z, int size, SeqRow *row) {
  static const int types[] = {8, 4, 2, 0};
  Reader reader = {z + 1, z + size};
  SeqDef *def = &row->def;

  def->data_type = types[z[0] & FLAG_DATA_TYPE];
  def->cycle = (z[0] & FLAG_CYCLE) != 0;
  def->mode = (z[0] & FLAG_MODE) >> MODE_SHIFT;
  row->state.is_called = (z[0] & FLAG_IS_CALLED) != 0;
  row->is_linked = (z[0] & FLAG_IS_LINKED) != 0;
  row->id = get_sum(&reader, 0);
  row->set_no = get_sum(&reader, row->id);
  row->change_no = get_sum(&reader, row->set_no);
  row->seq_no = get_sum(&reader, row->change_no);
  row->state.last_value = get_integer(&reader);
  if (z[0] & FLAG_HAS_DEFINITION) {
    def->start_value = get_integer(&reader);
    def->min_value = get_integer(&reader);
    def->max_value = get_integer(&reader);
    def->increment_by = get_integer(&reader);
    def->cache_size = get_integer(&reader);
  } else {
    default_definition(def);
  }
  return reader.z == reader.end;
}
