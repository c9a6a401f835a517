/* A loopback address for this process alone: tests that run beside each other share no ports. */
#ifndef TESTS_UNIT_LOOPBACK_H
#define TESTS_UNIT_LOOPBACK_H

#include <stdio.h>
#include <unistd.h>

/* 127.64.0.0/10 by process id, of which there are at most 2^22. */
static inline const char *own_loopback(void)
{
	static char text[16];
	unsigned pid = (unsigned)getpid();

	snprintf(text, sizeof(text), "127.%u.%u.%u", 64 + (pid >> 16 & 63), pid >> 8 & 255,
	         pid & 255);
	return text;
}

#endif
