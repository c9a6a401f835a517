/* The scenario's DNS: records, and a name server that answers with them or not. */
#ifndef TESTS_REPLAY_NAMES_H
#define TESTS_REPLAY_NAMES_H

#include <stddef.h>

void names_begin(void); /* no names; all questions come here */
void names_end(void);
/* name OWNER A|AAAA|SRV|NAPTR VALUE...; name down: it is silent; name up */
void names_command(char **w, size_t n);

#endif
