/*
** Sqids: numbers as short ids, and back.  No SQL here; see sqids.c.
**
** After sqids-spec (github.com/sqids/sqids-spec, src/index.ts): the alphabet is
** shuffled once.  The numbers choose a character of it; with that an id begins,
** and there the alphabet does too (the rest of it follows, then what was before
** it).  Reversed, its first character is the separator and the others are the
** digits.  After each number but the last stands the separator, and the
** alphabet is shuffled again.  An id that is too short goes on with a separator
** and characters of the alphabet.  If there is a word of the blocklist in it,
** everything begins anew with the next character of the alphabet, until all of
** them had their turn.
**
** The reference reverses the alphabet; here it is read from its end instead.
** Numbers are 0 to 2^63-1.
*/
#include "codec.h"

#define NONE 255 /* no position in the alphabet */

static unsigned char sqids_codec_to_lower(unsigned char c) {
  return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

static void sqids_codec_swap(unsigned char *a, unsigned char *b) {
  unsigned char c = *a;
  *a = *b;
  *b = c;
}

static void sqids_codec_shuffle(unsigned char *alphabet, unsigned n) {
  for (unsigned i = 0, j = n - 1; j > 0; i++, j--) {
    unsigned r = (i * j + alphabet[i] + alphabet[j]) % n;
    sqids_codec_swap(&alphabet[i], &alphabet[r]);
  }
}

/* The same to an alphabet that is read from its end. */
static void sqids_codec_shuffle_reversed(unsigned char *alphabet, unsigned n) {
  for (unsigned i = 0, j = n - 1; j > 0; i++, j--) {
    unsigned r = (i * j + alphabet[j] + alphabet[i]) % n;
    sqids_codec_swap(&alphabet[j], &alphabet[n - 1 - r]);
  }
}

/**** The configuration **************************************************/

/* The size of a SqidsConfig with as many words, of n_text bytes together. */
size_t sqids_codec_config_size(size_t n_word, size_t n_text) {
  if (n_word == SQIDS_BLOCKLIST) {
    n_word = SQIDS_BLOCKLIST_COUNT;
    n_text = sizeof sqids_blocklist;
  }
  return sizeof(SqidsConfig) + n_word * sizeof(SqidsWord) + n_text;
}

static unsigned sqids_codec_bucket_of(const unsigned char *z) {
  unsigned hash = sqids_codec_to_lower(z[0]);
  hash = hash * 31 + sqids_codec_to_lower(z[1]);
  hash = hash * 31 + sqids_codec_to_lower(z[2]);
  return hash % SQIDS_BUCKETS;
}

/*
** Put a word on the blocklist, unless it can be in no id: one of less than
** three letters, or with a character that is not in the alphabet in upper or
** lower case.
*/
void sqids_codec_block(SqidsConfig *config, const char *z, size_t n) {
  SqidsWord *word = &config->words[config->n_word];
  unsigned char *text = (unsigned char *)config->text;
  unsigned bucket;
  int has_digit = 0;
  if (n < 3 || n > UINT32_MAX) return;
  for (size_t i = 0; i < n; i++) {
    unsigned char c = sqids_codec_to_lower((unsigned char)z[i]);
    int is_letter = c >= 'a' && c <= 'z';
    if (config->position[c] == NONE &&
        !(is_letter && config->position[c - 0x20] != NONE)) {
      return;
    }
    if (c >= '0' && c <= '9') has_digit = 1;
    text[i] = c;
  }
  bucket = sqids_codec_bucket_of(text);
  word->z = config->text;
  word->n = (uint32_t)n;
  word->has_digit = has_digit;
  word->next = config->buckets[bucket];
  config->buckets[bucket] = ++config->n_word;
  config->text += n;
}

/*
** Prepare a configuration, in memory of sqids_codec_config_size() bytes, with
** room for n_word words that sqids_codec_block() adds, or with SQIDS_BLOCKLIST,
** the words of the reference.  NULL, or what is wrong.
*/
const char *sqids_codec_prepare(SqidsConfig *config, const char *alphabet,
                                size_t n, unsigned min_length, size_t n_word) {
  memset(config, 0, sizeof *config);
  memset(config->position, NONE, sizeof config->position);
  for (size_t i = 0; i < n; i++) {
    if (alphabet[i] & 0x80)
      return "alphabet cannot contain multibyte characters";
    if (alphabet[i] == 0) return "alphabet cannot contain a zero byte";
  }
  if (n < SQIDS_ALPHABET_MIN) return "alphabet length must be at least 3";
  for (size_t i = 0; i < n; i++) {
    unsigned char *position = &config->position[(unsigned char)alphabet[i]];
    if (*position != NONE) return "alphabet must contain unique characters";
    *position = 0;
  }
  memcpy(config->given, alphabet, n);
  memcpy(config->shuffled, alphabet, n);
  config->n = (unsigned)n;
  sqids_codec_shuffle(config->shuffled, config->n);
  memcpy(config->shuffled + n, config->shuffled, n);
  for (unsigned i = 0; i < config->n; i++) {
    config->position[config->shuffled[i]] = (unsigned char)i;
  }
  config->min_length = min_length;
  config->words = (SqidsWord *)(config + 1);
  config->is_default = n_word == SQIDS_BLOCKLIST;
  if (config->is_default) n_word = SQIDS_BLOCKLIST_COUNT;
  config->text = (char *)(config->words + n_word);
  for (size_t i = 0; config->is_default && i < n_word; i++) {
    sqids_codec_block(config, sqids_blocklist[i], strlen(sqids_blocklist[i]));
  }
  return 0;
}

/**** Encoding ***********************************************************/

static int sqids_codec_is_word_at(const SqidsWord *word,
                                  const unsigned char *z) {
  for (uint32_t i = 0; i < word->n; i++) {
    if (sqids_codec_to_lower(z[i]) != (unsigned char)word->z[i]) return 0;
  }
  return 1;
}

/*
** Is there a word of the blocklist in the id?  One of three letters has to be
** all of it, one with a digit its beginning or end.
*/
static int sqids_codec_is_blocked(const SqidsConfig *config,
                                  const unsigned char *id, size_t n) {
  for (size_t i = 0; i + 3 <= n; i++) {
    uint32_t next = config->buckets[sqids_codec_bucket_of(id + i)];
    while (next) {
      const SqidsWord *word = &config->words[next - 1];
      next = word->next;
      if (word->n > n - i || (word->n == 3 && n != 3)) continue;
      if (word->has_digit && i > 0 && i + word->n != n) continue;
      if (sqids_codec_is_word_at(word, id + i)) return 1;
    }
  }
  return 0;
}

/* Append a number in the digits before `end`; returns the new end of the id. */
static unsigned char *sqids_codec_put_number(unsigned char *out,
                                             uint64_t number,
                                             const unsigned char *end,
                                             unsigned base) {
  unsigned char digits[64];
  unsigned n = sizeof digits;
  do {
    digits[--n] = end[-1 - (int)(number % base)];
    number /= base;
  } while (number > 0);
  memcpy(out, digits + n, sizeof digits - n);
  return out + (sizeof digits - n);
}

static size_t sqids_codec_try_encode(const SqidsConfig *config,
                                     const uint64_t *numbers, size_t count,
                                     size_t offset, unsigned char *out) {
  unsigned char copy[SQIDS_ALPHABET_MAX];
  const unsigned char *alphabet = config->shuffled + offset;
  unsigned n = config->n;
  unsigned char *z = out;
  size_t i;
  *z++ = alphabet[0];
  z = sqids_codec_put_number(z, numbers[0], alphabet + n - 1, n - 1);
  if (count > 1 || config->min_length > (size_t)(z - out)) {
    memcpy(copy, alphabet, n);
  }
  for (i = 1; i < count; i++) {
    *z++ = copy[n - 1];
    sqids_codec_shuffle_reversed(copy, n);
    z = sqids_codec_put_number(z, numbers[i], copy + n - 1, n - 1);
  }
  i = (size_t)(z - out);
  if (i < config->min_length) out[i++] = copy[n - 1];
  while (i < config->min_length) {
    sqids_codec_shuffle_reversed(copy, n);
    for (unsigned j = n; j > 0 && i < config->min_length; j--) {
      out[i++] = copy[j - 1];
    }
  }
  return i;
}

/* No id of as many numbers is longer. */
size_t sqids_codec_encode_size(const SqidsConfig *config, size_t count) {
  size_t digits = config->n > 16 ? 16 : 63; /* of 2^63-1 */
  size_t n = 1 + count * (digits + 1);
  return n > config->min_length ? n : config->min_length;
}

/*
** Encode numbers of 0 to 2^63-1.  Returns the length of the id, in out[] of
** sqids_codec_encode_size() bytes; 0 if there are no numbers, or if a word of
** the blocklist is in each id that they may have, or if the waiting is over.
*/
size_t sqids_codec_encode(const SqidsConfig *config, const uint64_t *numbers,
                          size_t count, char *out) {
  uint64_t offset = count;
  if (count == 0) return 0;
  for (size_t i = 0; i < count; i++) {
    offset += config->shuffled[numbers[i] % config->n] + i;
  }
  for (unsigned i = 0; i <= config->n; i++) {
    size_t n = sqids_codec_try_encode(
        config, numbers, count, (offset + i) % config->n, (unsigned char *)out);
    if (!sqids_codec_is_blocked(config, (unsigned char *)out, n)) return n;
    if (i % 8 == 7 && waiting_is_over(&config->waiting, WAITING_STEPS - 1)) {
      return 0; /* a blocklist may be long */
    }
  }
  return 0;
}

/**** Decoding ***********************************************************/

/*
** Decode any text of n bytes.  Returns how many numbers it has, with at most
** `room` of them in numbers[]: if there are more, it is room + 1.  None if there
** is a character that is not in the alphabet, or a number above 2^63-1.
** SQIDS_COUNT(n) is room enough.  None, too, if the waiting is over.
**
** An id that sqids_codec_encode() would not make may have numbers too, as in
** the reference: see sqids_codec_decode_one().
*/
size_t sqids_codec_decode(const SqidsConfig *config, const char *z, size_t n,
                          uint64_t *numbers, size_t room) {
  unsigned char alphabet[SQIDS_ALPHABET_MAX];
  unsigned char position[256];
  unsigned base = config->n - 1;
  const unsigned char *id = (const unsigned char *)z;
  size_t count = 0;
  size_t i;
  for (i = 0; i < n; i++) {
    if (config->position[id[i]] == NONE) return 0;
  }
  if (n == 0) return 0;
  memcpy(alphabet, config->shuffled + config->position[id[0]], config->n);
  for (i = 1; i < n; i++) {
    uint64_t number = 0;
    size_t from = i;
    for (unsigned j = 0; j < config->n; j++) {
      position[alphabet[j]] = (unsigned char)j;
    }
    for (; i < n && id[i] != alphabet[base]; i++) {
      unsigned digit = base - 1 - position[id[i]];
      if (number > ((uint64_t)INT64_MAX - digit) / base) return 0;
      number = number * base + digit;
    }
    if (i == from) break; /* what follows is there for the length */
    if (count == room) return room + 1;
    if (waiting_is_over(&config->waiting, count)) return 0;
    numbers[count++] = number;
    if (i < n) sqids_codec_shuffle_reversed(alphabet, config->n);
  }
  return count;
}

/*
** Decode what sqids_codec_encode() makes of one number, and nothing else.
** False if it is not that.
*/
int sqids_codec_decode_one(const SqidsConfig *config, const char *z, size_t n,
                           uint64_t *number) {
  char id[SQIDS_ONE_SIZE];
  return n <= sizeof id && sqids_codec_decode(config, z, n, number, 1) == 1 &&
         sqids_codec_encode(config, number, 1, id) == n &&
         memcmp(id, z, n) == 0;
}
