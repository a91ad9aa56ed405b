/*
** The list of what the extension has.
*/
#ifndef SURROGATE_FUNCTIONS_H
#define SURROGATE_FUNCTIONS_H

#include "id.h"
#include "sequence.h"

int functions_register(sqlite3 *, SeqSession *, IdState *);

/**** surrogate.c ********************************************************/

extern const FuncEntry surrogate_functions[];

#endif /* SURROGATE_FUNCTIONS_H */
