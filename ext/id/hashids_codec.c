/*
** Hashids: numbers as ids that a salt has shuffled.  No SQL; see hashids.c.
**
** After hashids.js (github.com/niieani/hashids.js, src/hashids.ts).  Characters
** are Unicode's code points.  The characters of the alphabet are of three
** roles: digits, separators between numbers, and guards around what is there
** only for the length.  The salt shuffles them.  An id begins with the lottery
** character, which the numbers choose; it and the salt shuffle the digits again
** before each number.
**
** It differs where text is no id: that has no numbers, while the reference has
** an error for a character that is not in the alphabet.  Numbers are 0 to
** 2^63-1; an id with a greater one has none.
*/
#include "codec.h"

/* Of a character. */
enum { DIGIT, SEPARATOR, GUARD };

/**** Characters *********************************************************/

/*
** Read a character of UTF-8 in z[*i] to z[n - 1], and step behind it.  False if
** there is none; overlong forms and surrogates are none.
*/
static int hashids_codec_next_char(const char *text, size_t n, size_t *i,
                                   uint32_t *out) {
  static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
  const unsigned char *z = (const unsigned char *)text + *i;
  uint32_t c = z[0];
  size_t more = 0;
  if (c >= 0x80) {
    if (c < 0xC2 || c > 0xF4) return 0;
    more = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    if (more >= n - *i) return 0;
    c &= 0x3Fu >> more;
    for (size_t j = 1; j <= more; j++) {
      if ((z[j] & 0xC0) != 0x80) return 0;
      c = c << 6 | (z[j] & 0x3F);
    }
    if (c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
      return 0;
    }
  }
  *i += more + 1;
  *out = c;
  return 1;
}

static size_t hashids_codec_char_size(uint32_t c) {
  return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

static void hashids_codec_put_char(unsigned char *z, uint32_t c) {
  size_t n = hashids_codec_char_size(c);
  static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = n - 1; i > 0; i--) {
    z[i] = (unsigned char)(0x80 | (c & 0x3F));
    c >>= 6;
  }
  z[0] = (unsigned char)(first[n] | c);
}

/* The slot that has a character, or that is free for it. */
static unsigned hashids_codec_find_slot(const Hashids *h, uint32_t c) {
  unsigned slot = c % HASHIDS_SLOTS;
  while (h->slots[slot] && h->chars[h->slots[slot] - 1] != c) {
    slot = (slot + 1) % HASHIDS_SLOTS;
  }
  return slot;
}

/* As hashids_codec_next_char(), a character of the alphabet: its number. */
static int hashids_codec_next_known(const Hashids *h, const char *z, size_t n,
                                    size_t *i, unsigned char *out) {
  uint32_t c;
  unsigned number;
  if (!hashids_codec_next_char(z, n, i, &c)) return 0;
  number = h->slots[hashids_codec_find_slot(h, c)];
  if (number == 0) return 0;
  *out = (unsigned char)(number - 1);
  return 1;
}

/**** Shuffling **********************************************************/

/* Shuffle characters, as n_salt code points say.  None change nothing. */
static void hashids_codec_shuffle(unsigned char *list, unsigned n,
                                  const uint32_t *salt, unsigned n_salt) {
  uint32_t sum = 0;
  unsigned v = 0;
  if (n_salt == 0 || n == 0) return;
  for (unsigned i = n - 1; i > 0; i--, v++) {
    unsigned char c = list[i];
    unsigned j;
    if (v == n_salt) v = 0;
    sum += salt[v];
    j = (salt[v] + v + sum) % i;
    list[i] = list[j];
    list[j] = c;
  }
}

/*
** Shuffle the digits before a number: by the lottery character, the salt and
** the digits themselves.
*/
static void hashids_codec_shuffle_digits(const Hashids *h,
                                         unsigned char *alphabet,
                                         unsigned char lottery) {
  uint32_t salt[HASHIDS_ALPHABET_MAX];
  unsigned n = h->n_alphabet;
  unsigned n_salt = h->n_salt < n ? h->n_salt : n - 1;
  salt[0] = h->chars[lottery];
  memcpy(salt + 1, h->salt, n_salt * sizeof *salt);
  for (unsigned i = 1 + n_salt; i < n; i++) {
    salt[i] = h->chars[alphabet[i - 1 - n_salt]];
  }
  hashids_codec_shuffle(alphabet, n, salt, n);
}

/* Shuffle the digits by themselves. */
static void hashids_codec_shuffle_again(const Hashids *h,
                                        unsigned char *alphabet) {
  uint32_t salt[HASHIDS_ALPHABET_MAX];
  for (unsigned i = 0; i < h->n_alphabet; i++) {
    salt[i] = h->chars[alphabet[i]];
  }
  hashids_codec_shuffle(alphabet, h->n_alphabet, salt, h->n_alphabet);
}

/**** Preparation ********************************************************/

/* Read the alphabet: each character once, as the reference does. */
static const char *hashids_codec_read_alphabet(Hashids *h, const char *z,
                                               size_t n) {
  for (size_t i = 0; i < n;) {
    uint32_t c;
    unsigned slot;
    if (!hashids_codec_next_char(z, n, &i, &c))
      return "alphabet is not UTF-8 text";
    if (c == 0) return "alphabet cannot contain a zero byte";
    slot = hashids_codec_find_slot(h, c);
    if (h->slots[slot]) continue;
    if (h->n_char == HASHIDS_ALPHABET_MAX) {
      return "alphabet must contain at most 256 unique characters";
    }
    if (hashids_codec_char_size(c) > h->width)
      h->width = hashids_codec_char_size(c);
    h->chars[h->n_char++] = c;
    h->slots[slot] = (uint16_t)h->n_char;
  }
  if (h->n_char < HASHIDS_ALPHABET_MIN) {
    return "alphabet must contain at least 16 unique characters";
  }
  return 0;
}

static const char *hashids_codec_read_salt(Hashids *h, const char *z,
                                           size_t n) {
  for (size_t i = 0; i < n;) {
    uint32_t c;
    if (!hashids_codec_next_char(z, n, &i, &c)) return "salt is not UTF-8 text";
    if (h->n_salt < HASHIDS_ALPHABET_MAX) h->salt[h->n_salt++] = c;
  }
  return 0;
}

/* Move the first characters of a list to the end of another. */
static void hashids_codec_move_chars(unsigned char *from, unsigned *n_from,
                                     unsigned char *to, unsigned *n_to,
                                     unsigned count) {
  memcpy(to + *n_to, from, count);
  *n_to += count;
  *n_from -= count;
  memmove(from, from + count, *n_from);
}

/* Choose what is a digit, a separator or a guard. */
static void hashids_codec_choose_roles(Hashids *h) {
  unsigned guards;
  for (const char *z = "cfhistuCFHISTU"; *z; z++) {
    unsigned number = h->slots[hashids_codec_find_slot(h, (uint32_t)*z)];
    if (number == 0) continue;
    h->seps[h->n_sep++] = (unsigned char)(number - 1);
    h->roles[number - 1] = SEPARATOR;
  }
  for (unsigned i = 0; i < h->n_char; i++) {
    if (h->roles[i] == DIGIT) h->alphabet[h->n_alphabet++] = (unsigned char)i;
  }
  hashids_codec_shuffle(h->seps, h->n_sep, h->salt, h->n_salt);

  /* At least a separator for 3.5 digits, and a guard for 12. */
  if (2 * h->n_alphabet > 7 * h->n_sep) {
    unsigned wanted = (2 * h->n_alphabet + 6) / 7;
    hashids_codec_move_chars(h->alphabet, &h->n_alphabet, h->seps, &h->n_sep,
                             wanted - h->n_sep);
  }
  hashids_codec_shuffle(h->alphabet, h->n_alphabet, h->salt, h->n_salt);
  guards = (h->n_alphabet + 11) / 12;
  if (h->n_alphabet < 3) {
    hashids_codec_move_chars(h->seps, &h->n_sep, h->guards, &h->n_guard,
                             guards);
  } else {
    hashids_codec_move_chars(h->alphabet, &h->n_alphabet, h->guards,
                             &h->n_guard, guards);
  }
  for (unsigned i = 0; i < h->n_sep; i++) {
    h->roles[h->seps[i]] = SEPARATOR;
  }
  for (unsigned i = 0; i < h->n_guard; i++) {
    h->roles[h->guards[i]] = GUARD;
  }
}

/* Prepare an alphabet and a salt.  NULL, or what is wrong. */
const char *hashids_codec_prepare(Hashids *h, const char *alphabet, size_t n,
                                  unsigned min_length, const char *salt,
                                  size_t n_salt) {
  const char *wrong;
  memset(h, 0, sizeof *h);
  h->min_length = min_length;
  wrong = hashids_codec_read_alphabet(h, alphabet, n);
  if (wrong == 0) wrong = hashids_codec_read_salt(h, salt, n_salt);
  if (wrong == 0) hashids_codec_choose_roles(h);
  return wrong;
}

/**** Encoding ***********************************************************/

/* No id of as many numbers is longer. */
size_t hashids_codec_encode_size(const Hashids *h, size_t count) {
  size_t digits = h->n_alphabet < 16 ? 63 : 16; /* of 2^63-1 */
  size_t n = 1 + count * (digits + 1);
  return (n > h->min_length ? n : h->min_length) * h->width;
}

/* Make n characters of the id `length` long, by digits around them. */
static void hashids_codec_pad(const Hashids *h, unsigned char *alphabet,
                              unsigned char *z, size_t n, size_t length) {
  unsigned half = h->n_alphabet / 2;
  size_t rounds = (length - n + h->n_alphabet - 1) / h->n_alphabet;
  size_t excess = n + rounds * h->n_alphabet - length;
  size_t left = rounds * (h->n_alphabet - half) - excess / 2;
  size_t right = left + n;
  memmove(z + left, z, n);
  while (left > 0 || right < length) {
    hashids_codec_shuffle_again(h, alphabet);
    for (unsigned i = h->n_alphabet; i > half && left > 0; i--) {
      z[--left] = alphabet[i - 1];
    }
    for (unsigned i = 0; i < half && right < length; i++) {
      z[right++] = alphabet[i];
    }
  }
}

/*
** Turn the numbers of `length` characters at the start of z[] into UTF-8, in
** place.  Returns its size, or 0 if it is above `size`.
*/
static size_t hashids_codec_write_chars(const Hashids *h, unsigned char *z,
                                        size_t length, size_t size) {
  size_t from = size - length;
  size_t n = 0;
  memmove(z + from, z, length);
  for (; from < size; from++) {
    uint32_t c = h->chars[z[from]];
    if (n + hashids_codec_char_size(c) > from + 1) return 0;
    hashids_codec_put_char(z + n, c);
    n += hashids_codec_char_size(c);
  }
  return n;
}

/*
** Encode numbers of 0 to 2^63-1.  Returns the length of the id in out[], which
** hashids_codec_encode_size() bytes are enough for; 0 if it is above `size`, or
** if there are no numbers.
*/
size_t hashids_codec_encode(const Hashids *h, const uint64_t *numbers,
                            size_t count, char *out, size_t size) {
  unsigned char alphabet[HASHIDS_ALPHABET_MAX];
  unsigned char *z = (unsigned char *)out;
  uint64_t sum = 0;
  unsigned char lottery;
  size_t n = 0;
  if (count == 0 || size == 0) return 0;
  for (size_t i = 0; i < count; i++) {
    sum += numbers[i] % (i + 100);
  }
  memcpy(alphabet, h->alphabet, h->n_alphabet);
  lottery = alphabet[sum % h->n_alphabet];
  z[n++] = lottery;
  for (size_t i = 0; i < count; i++) {
    unsigned char digits[64];
    unsigned first = sizeof digits;
    uint64_t left = numbers[i];
    if (waiting_is_over(&h->waiting, i)) return 0;
    hashids_codec_shuffle_digits(h, alphabet, lottery);
    do {
      digits[--first] = alphabet[left % h->n_alphabet];
      left /= h->n_alphabet;
    } while (left > 0);
    if (sizeof digits - first >= size - n + (i + 1 == count)) return 0;
    memcpy(z + n, digits + first, sizeof digits - first);
    n += sizeof digits - first;
    if (i + 1 < count) {
      uint64_t extra = numbers[i] % (h->chars[digits[first]] + i);
      z[n++] = h->seps[extra % h->n_sep];
    }
  }
  if (n < h->min_length) {
    if (h->min_length > size) return 0;
    memmove(z + 1, z, n);
    z[0] = h->guards[(sum + h->chars[lottery]) % h->n_guard];
    if (++n < h->min_length) {
      z[n++] = h->guards[(sum + h->chars[z[2]]) % h->n_guard];
    }
    if (n < h->min_length) {
      hashids_codec_pad(h, alphabet, z, n, h->min_length);
      n = h->min_length;
    }
  }
  return hashids_codec_write_chars(h, z, n, size);
}

/**** Decoding ***********************************************************/

/* Find what the guards are around.  False if it can be no id. */
static int hashids_codec_strip_guards(const Hashids *h, const char *z, size_t n,
                                      size_t *from, size_t *to) {
  int guards = 0;
  *from = 0;
  *to = n;
  for (size_t i = 0; i < n;) {
    size_t at = i;
    unsigned char c;
    if (!hashids_codec_next_known(h, z, n, &i, &c)) return 0;
    if (h->roles[c] != GUARD) continue;
    if (++guards > 2) return 0;
    if (guards == 1) {
      *from = i;
    } else {
      *to = at;
    }
  }
  return 1;
}

/*
** Decode a number at z[*i], of the digits in alphabet[].  Returns whether there
** is one, with *i behind it and behind the separator; *more is whether there is
** a separator.
*/
static int hashids_codec_decode_number(const Hashids *h,
                                       const unsigned char *alphabet,
                                       const char *z, size_t n, size_t *i,
                                       uint64_t *out, int *more) {
  unsigned char position[HASHIDS_ALPHABET_MAX];
  uint64_t number = 0;
  int is_empty = 1;
  *more = 0;
  for (unsigned j = 0; j < h->n_alphabet; j++) {
    position[alphabet[j]] = (unsigned char)j;
  }
  while (*i < n) {
    unsigned char c;
    if (!hashids_codec_next_known(h, z, n, i, &c)) return 0;
    if (h->roles[c] == SEPARATOR) {
      *more = 1;
      break;
    }
    if (number > ((uint64_t)INT64_MAX - position[c]) / h->n_alphabet) return 0;
    number = number * h->n_alphabet + position[c];
    is_empty = 0;
  }
  *out = number;
  return !is_empty;
}

/*
** Decode any text of n bytes.  Returns how many numbers it has, in numbers[]: 0
** if hashids_codec_encode() does not make just this of them.  If there are more
** than `room`, it is room + 1, and nothing is known of the text;
** HASHIDS_COUNT(n) is room enough.  scratch[] has n bytes.  0, too, if the
** waiting is over.
*/
size_t hashids_codec_decode(const Hashids *h, const char *z, size_t n,
                            uint64_t *numbers, size_t room, char *scratch) {
  unsigned char alphabet[HASHIDS_ALPHABET_MAX];
  unsigned char lottery;
  size_t count = 0;
  size_t i;
  size_t to;
  int more = 1;
  if (!hashids_codec_strip_guards(h, z, n, &i, &to)) return 0;
  if (i >= to || !hashids_codec_next_known(h, z, to, &i, &lottery)) return 0;
  memcpy(alphabet, h->alphabet, h->n_alphabet);
  while (more) {
    uint64_t number;
    hashids_codec_shuffle_digits(h, alphabet, lottery);
    if (!hashids_codec_decode_number(h, alphabet, z, to, &i, &number, &more))
      return 0;
    if (count == room) return room + 1;
    if (waiting_is_over(&h->waiting, count)) return 0;
    numbers[count++] = number;
  }
  if (hashids_codec_encode(h, numbers, count, scratch, n) != n ||
      memcmp(scratch, z, n) != 0) {
    return 0;
  }
  return count;
}
