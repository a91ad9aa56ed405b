/*
** The list of what the extension has.
*/
#ifndef SURROGATE_FUNCTIONS_H
#define SURROGATE_FUNCTIONS_H

#include "base.h"

int functions_register(sqlite3 *);

#endif /* SURROGATE_FUNCTIONS_H */
