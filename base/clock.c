/* The clocks of the system, or one that a test turns. Any thread. */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static atomic_bool fake;
static _Atomic uint64_t fake_mono_ms;
static _Atomic int64_t fake_wall_ms;

static uint64_t read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t clock_mono_us(void)
{
	return fake ? fake_mono_ms * 1000 : read_us(CLOCK_MONOTONIC);
}

uint64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

void clock_pause(unsigned us)
{
	const struct timespec ts = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL); /* a signal may cut it short */
}

uint64_t clock_wall_us(void)
{
	return fake ? (uint64_t)fake_wall_ms * 1000 : read_us(CLOCK_REALTIME);
}

int64_t clock_wall_s(void)
{
	return (int64_t)(clock_wall_us() / 1000000);
}

void clock_local(int64_t wall_s, struct clock_local *out)
{
	time_t t = (time_t)wall_s;
	struct tm tm = { 0 };

	localtime_r(&t, &tm);
	*out = (struct clock_local){ .weekday = (unsigned)tm.tm_wday,
		                     .minute = (unsigned)(tm.tm_hour * 60 + tm.tm_min) };
}

enum err clock_parse_local(const char *text, int64_t *wall_s)
{
	struct tm tm = { .tm_isdst = -1 }, read;
	int end = 0;
	time_t t;

	if (sscanf(text, "%4d-%2d-%2d %2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
	           &tm.tm_min, &end) != 5 ||
	    text[end])
		return ERR_SYNTAX;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	read = tm;
	t = mktime(&tm);
	/* mktime takes the 31st of February for the 3rd of March. */
	if (t == -1 || tm.tm_mday != read.tm_mday || tm.tm_mon != read.tm_mon ||
	    read.tm_hour > 23 || read.tm_min > 59)
		return ERR_SYNTAX;
	*wall_s = t;
	return OK;
}

void clock_set_zone(const char *name)
{
	if (name)
		setenv("TZ", name, 1);
	tzset();
}

void clock_fake(uint64_t mono_ms, int64_t wall_s)
{
	fake_mono_ms = mono_ms;
	fake_wall_ms = wall_s * 1000;
	fake = true;
}

void clock_fake_advance(uint64_t ms)
{
	fake_mono_ms += ms;
	fake_wall_ms += (int64_t)ms;
}

void clock_real(void)
{
	fake = false;
}

bool clock_is_fake(void)
{
	return fake;
}
