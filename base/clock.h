/* Time. Nowhere else is a clock read. Any thread; the fake is set by tests before threads start. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

#define DAY_S INT64_C(86400)

uint64_t clock_mono_ms(void);
uint64_t clock_mono_us(void);
void clock_pause(unsigned us); /* the thread sleeps; real time, always */
int64_t clock_wall_s(void);    /* seconds since 1970-01-01 UTC */
uint64_t clock_wall_us(void);

/* A moment as the clock on the wall has it there. */
struct clock_local {
	unsigned weekday; /* 0: Sunday */
	unsigned minute;  /* of the day */
};
void clock_local(int64_t wall_s, struct clock_local *out);
/* "2027-01-15 08:30" as local time. ERR_SYNTAX. */
MUST_USE enum err clock_parse_local(const char *text, int64_t *wall_s);
/* Whose time is local: a zone by its name; NULL: the machine's. Before threads start. */
void clock_set_zone(const char *name);

/* Tests: time stands at the given moment and moves only by clock_fake_advance. */
void clock_fake(uint64_t mono_ms, int64_t wall_s);
void clock_fake_advance(uint64_t ms);
void clock_real(void);
bool clock_is_fake(void);

#endif
