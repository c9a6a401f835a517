/* Chance from the kernel, fetched in small stocks since a call costs more than the bytes. Any
 * thread. */
#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

static _Thread_local struct {
	uint8_t bytes[1024];
	size_t left;
} stock;

static void fill(void *out, size_t len)
{
	uint8_t *p = out;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		/* Only a signal interrupts it; anything else leaves us without keys. */
		assert(n >= 0 || errno == EINTR);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

void random_bytes(void *out, size_t len)
{
	uint8_t *from;

	if (len > sizeof(stock.bytes)) {
		fill(out, len);
		return;
	}
	if (stock.left < len) {
		fill(stock.bytes, sizeof(stock.bytes));
		stock.left = sizeof(stock.bytes);
	}
	stock.left -= len;
	from = stock.bytes + stock.left;
	memcpy(out, from, len);
	explicit_bzero(from, len);
}

uint32_t random_below(uint32_t below)
{
	uint32_t value, limit = UINT32_MAX - UINT32_MAX % below;

	assert(below > 0);
	do {
		random_bytes(&value, sizeof(value));
	} while (value >= limit);
	return value % below;
}

void random_token(char *out, size_t len)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t bytes[64];

	for (size_t i = 0; i < len; i++) {
		if (i % sizeof(bytes) == 0)
			random_bytes(bytes, len - i < sizeof(bytes) ? len - i : sizeof(bytes));
		out[i] = alphabet[bytes[i % sizeof(bytes)] & 31];
	}
	out[len] = '\0';
}
