/*
** Sequences in SQL: the functions, and the virtual table "sequences".
*/
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include "session.h"

/**** sequence.c *********************************************************/

extern const FuncEntry sequence_functions[];
extern const FuncEntry sequence_column_functions[];

/**** sequences.c ********************************************************/

int sequences_register(SeqSession *);

/**** check.c ************************************************************/

extern const FuncEntry check_functions[];

#endif /* SEQUENCE_H */
