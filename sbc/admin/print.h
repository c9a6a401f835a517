/* Answers of the control socket, printed for people. What an answer lacks shows as "-": the server
 * may be another version than the one who asks. One thread. */
#ifndef SBC_ADMIN_PRINT_H
#define SBC_ADMIN_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include "base/err.h"

#define PRINT_RELOAD "reload" /* what `trunkgate reload` gets */

/* Whether that is something to ask for; takes_name: a name may follow. */
bool print_knows(const char *what, bool *takes_name);
/* what: as print_knows knows it. Borrows answer. ERR_NOMEM. */
MUST_USE enum err print_answer(FILE *out, const char *what, const json_t *answer);

/* print_ladder.c */
MUST_USE enum err print_ladder(FILE *out, const json_t *call);

/* Of an object; "" and 0 where it is not there or is null. */
const char *print_text_of(const json_t *object, const char *key);
json_int_t print_count_of(const json_t *object, const char *key);

#endif
