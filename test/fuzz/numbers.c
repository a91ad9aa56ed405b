/*
** Fuzzes the ids that are integers: ext/id/rowid.c, ext/id/snowflake.c.
**
** An input is a 64-bit integer.
**
** Claims: the fields of an id of 0 or more make it again, and are in bounds; an
** unordered id is 0 or more, has the same instance id, and turns back into the
** ordered one.
*/
#include "fuzz.h"
#include "id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int64_t id = 0;
  int64_t other;
  memcpy(&id, data, size < sizeof id ? size : sizeof id);
  id &= INT64_MAX;

  HOLDS(rowid_tick(id) <= ROWID_TICK_MAX);
  HOLDS(rowid_instance(id) >= 0 && rowid_instance(id) <= INSTANCE_MAX);
  HOLDS(rowid_encode(rowid_tick(id), rowid_instance(id)) == id);
  HOLDS(rowid_timestamp(id) >= ROWID_EPOCH_MS);
  other = rowid_reverse(id);
  HOLDS(other >= 0 && rowid_instance(other) == rowid_instance(id));
  HOLDS(rowid_reverse(other) == id);
  for (int i = 0; i < 48; i++) {
    HOLDS((rowid_tick(id) >> i & 1) == (rowid_tick(other) >> (47 - i) & 1));
  }

  HOLDS(snowflake_ms(id) >= 0 && snowflake_ms(id) <= SNOWFLAKE_MS_MAX);
  HOLDS(snowflake_worker(id) >= 0);
  HOLDS(snowflake_worker(id) <= INSTANCE_WORKER_MAX);
  HOLDS(snowflake_sequence(id) >= 0 && snowflake_sequence(id) <= 4095);
  HOLDS(snowflake_encode(snowflake_ms(id), snowflake_worker(id),
                         snowflake_sequence(id)) == id);
  return 0;
}
