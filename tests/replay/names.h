/* The scenario's DNS: records, and a name server that answers with them or not. */
#ifndef TESTS_REPLAY_NAMES_H
#define TESTS_REPLAY_NAMES_H

#include <stddef.h>

void names_begin(void); /* no names; all questions come here */
void names_end(void);
/* name OWNER TYPE VALUE... and what else begins with name: README.md */
void names_command(char **w, size_t n);
/* /etc/hosts is text from now on; it lies in folder. */
void names_hosts(const char *folder, const char *text);

#endif
