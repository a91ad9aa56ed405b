/*
** A growing hash table of nodes that live inside the caller's structures.
**
** The table owns its buckets, never the nodes.  Looking up is the caller's
** loop, since only it can compare keys:
**
**   for(node = hash_find(hash, h); node; node = hash_next(node)){ }
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "base.h"

#define MIN_BUCKETS 16

/* FNV-1a over n bytes, going on from `hash` (0 to begin). */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n) {
  const unsigned char *z = bytes;
  hash ^= 0xcbf29ce484222325u;
  for (size_t i = 0; i < n; i++)
    hash = (hash ^ z[i]) * 0x100000001b3u;
  return hash;
}

static HashNode **hash_bucket_of(const Hash *table, uint64_t hash) {
  return &table->buckets[(hash ^ hash >> 32) & (table->n_bucket - 1)];
}

static HashNode *hash_same(HashNode *node, uint64_t hash) {
  while (node && node->hash != hash)
    node = node->next;
  return node;
}

/* The first node of that hash, and the next one of the same; or NULL. */
HashNode *hash_find(const Hash *table, uint64_t hash) {
  return table->n_bucket ? hash_same(*hash_bucket_of(table, hash), hash) : 0;
}
HashNode *hash_next(const HashNode *node) {
  return hash_same(node->next, node->hash);
}

/* Double the buckets.  False if there is no memory for it. */
static int hash_grow(Hash *table) {
  Hash larger;
  larger.n_bucket = table->n_bucket ? 2 * table->n_bucket : MIN_BUCKETS;
  larger.n_node = table->n_node;
  larger.buckets = sqlite3_malloc64(larger.n_bucket * sizeof(HashNode *));
  if (larger.buckets == 0) return 0;
  memset(larger.buckets, 0, larger.n_bucket * sizeof(HashNode *));
  for (size_t i = 0; i < table->n_bucket; i++) {
    HashNode *next;
    for (HashNode *node = table->buckets[i]; node; node = next) {
      HashNode **bucket = hash_bucket_of(&larger, node->hash);
      next = node->next;
      node->next = *bucket;
      *bucket = node;
    }
  }
  sqlite3_free(table->buckets);
  *table = larger;
  return 1;
}

/*
** Add a node, whose hash is set.  SQLITE_NOMEM if the table has no buckets
** yet and gets none; one that cannot grow goes on with longer chains.
*/
int hash_add(Hash *table, HashNode *node) {
  HashNode **bucket;
  if (table->n_node >= table->n_bucket && !hash_grow(table) &&
      table->n_bucket == 0) {
    return SQLITE_NOMEM;
  }
  bucket = hash_bucket_of(table, node->hash);
  node->next = *bucket;
  *bucket = node;
  table->n_node++;
  return SQLITE_OK;
}

/* Take a node out that is in the table. */
void hash_remove(Hash *table, HashNode *node) {
  HashNode **link = hash_bucket_of(table, node->hash);
  while (*link != node)
    link = &(*link)->next;
  *link = node->next;
  table->n_node--;
}

/*
** Empty the table and give its buckets back, but for the first few unless
** is_final.  Returns all nodes as one list, linked by `next`.
*/
HashNode *hash_clear(Hash *table, int is_final) {
  HashNode *all = 0;
  for (size_t i = 0; i < table->n_bucket; i++) {
    while (table->buckets[i]) {
      HashNode *node = table->buckets[i];
      table->buckets[i] = node->next;
      node->next = all;
      all = node;
    }
  }
  table->n_node = 0;
  if (is_final || table->n_bucket > MIN_BUCKETS) {
    sqlite3_free(table->buckets);
    table->buckets = 0;
    table->n_bucket = 0;
  }
  return all;
}
