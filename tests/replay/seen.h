/* The scenario's STUN servers. */
#ifndef TESTS_REPLAY_SEEN_H
#define TESTS_REPLAY_SEEN_H

#include <stddef.h>

void seen_begin(void); /* nobody answers; all requests come here */
void seen_end(void);
/* stun SERVER ADDRESS|silent|refuses: README.md */
void seen_command(char **w, size_t n);

#endif
