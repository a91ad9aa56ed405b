/*
** Fuzzes the blobs of a sequence store: vtab/sequence/seq_row.c.
**
** Claims: decoding reads no byte that is not there; what was decoded fits into
** the size that is promised when encoded, and is the same when decoded again;
** so is a row or a header of any numbers.
*/
#include "fuzz.h"
#include "sequence_old.h"

static int is_same(const SeqRow *a, const SeqRow *b) {
  return a->id == b->id && a->seq_no == b->seq_no &&
         a->change_no == b->change_no && a->set_no == b->set_no &&
         a->state.last_value == b->state.last_value &&
         a->state.is_called == b->state.is_called &&
         a->def.data_type == b->def.data_type && a->def.cycle == b->def.cycle &&
         a->def.mode == b->def.mode &&
         a->def.start_value == b->def.start_value &&
         a->def.min_value == b->def.min_value &&
         a->def.max_value == b->def.max_value &&
         a->def.increment_by == b->def.increment_by &&
         a->def.cache_size == b->def.cache_size;
}

static void check_row(const SeqRow *row) {
  unsigned char z[SEQ_ROW_SIZE];
  unsigned char *exact;
  SeqRow again = {0};
  int n = seq_encode_row(row, z);
  HOLDS(n >= 1 && n <= SEQ_ROW_SIZE);
  exact = fuzz_copy(z, (size_t)n);
  HOLDS(seq_decode_row(exact, n, &again));
  HOLDS(is_same(row, &again));
  for (int i = 1; i < n; i++) {
    HOLDS(!seq_decode_row(exact, i, &again));
  }
  free(exact);
}

static void check_header(const SeqHeader *header) {
  unsigned char z[SEQ_HEADER_SIZE];
  SeqHeader again = {0, 0, 0};
  int n = seq_encode_header(header, z);
  HOLDS(n >= 11 && n <= SEQ_HEADER_SIZE);
  HOLDS(seq_decode_header(z, n, &again));
  HOLDS(header->store_id == again.store_id);
  HOLDS(header->next_seq_no == again.next_seq_no);
  HOLDS(header->primary_term == again.primary_term);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const int types[] = {2, 4, 8};
  int64_t numbers[10];
  unsigned char *text = fuzz_copy(data, size);
  SeqRow row = {0};
  SeqHeader header;

  if (seq_decode_header(text, (int)size, &header)) check_header(&header);
  if (size > 0 && seq_decode_row(text, (int)size, &row) &&
      row.def.data_type != 0) {
    check_row(&row);
  }
  if (size > sizeof numbers) {
    memcpy(numbers, text + 1, sizeof numbers);
    row.def.data_type = types[text[0] % 3];
    row.def.cycle = text[0] >> 3 & 1;
    row.def.mode = text[0] >> 4 & 3;
    row.def.start_value = numbers[0];
    row.def.min_value = numbers[1];
    row.def.max_value = numbers[2];
    row.def.increment_by = numbers[3];
    row.def.cache_size = numbers[4];
    row.state.last_value = numbers[5];
    row.state.is_called = text[0] >> 6 & 1;
    row.id = numbers[6];
    row.seq_no = numbers[7];
    row.change_no = numbers[8];
    row.set_no = numbers[9];
    check_row(&row);
    header.store_id = numbers[0];
    header.next_seq_no = numbers[1];
    header.primary_term = numbers[2];
    check_header(&header);
  }
  free(text);
  return 0;
}
