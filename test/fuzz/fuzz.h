/*
** What the fuzz targets share.
**
** A target is a program of its own, test/fuzz/NAME.c, that libFuzzer feeds with
** bytes, each time in an allocation of exactly their size.  It has the sources
** of the extension linked in, with the sanitizers, and ends by abort() if a
** property that it claims does not hold.  NAME.seeds holds what to begin with,
** an input a line; ids.dict has the words of all.
*/
#ifndef FUZZ_H
#define FUZZ_H

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Claim that a property holds. */
#define HOLDS(property)                                                 \
  do {                                                                  \
    if (!(property)) {                                                  \
      fprintf(stderr, "%s:%d: %s: does not hold\n", __FILE__, __LINE__, \
              #property);                                               \
      abort();                                                          \
    }                                                                   \
  } while (0)

/*
** Copy n bytes to an allocation of exactly their size, so that one byte too
** far is seen, even of none.  The caller frees it.
*/
static inline void *fuzz_copy(const void *bytes, size_t n) {
  char *copy = malloc(n);
  if (copy == 0 && n > 0) abort();
  if (n > 0) memcpy(copy, bytes, n);
  return copy;
}

#endif
