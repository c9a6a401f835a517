/* Loss is that of the call so far; jitter and round trip are the worst that there were, for both
 * are of the moment. */
#include "sbc/b2bua/missed.h"

#include <stdio.h>
#include <string.h>

static void add(char out[MISSED_MAX], const char *what, double value, const char *unit)
{
	size_t len = strlen(out);

	snprintf(out + len, MISSED_MAX - len, "%s%s %.1f %s", len ? ", " : "", what, value, unit);
}

void missed_write(const struct config_trunk *trunk, const struct stream_stats *streams, size_t n,
                  const struct watch_worst *worst, char out[MISSED_MAX])
{
	double loss = 0;

	*out = '\0';
	for (size_t i = 0; i < n; i++) {
		uint64_t lost = streams[i].lost, sent = lost + streams[i].packets_in;

		if (sent && 100.0 * (double)lost / (double)sent > loss)
			loss = 100.0 * (double)lost / (double)sent;
	}
	if (loss * 10 > trunk->max_loss)
		add(out, "loss", loss, "%");
	if (trunk->max_jitter_ms && worst->jitter_us > trunk->max_jitter_ms * 1000)
		add(out, "jitter", worst->jitter_us / 1000.0, "ms");
	if (trunk->max_round_trip_ms && worst->round_trip_us > trunk->max_round_trip_ms * 1000)
		add(out, "round trip", worst->round_trip_us / 1000.0, "ms");
}
