/* Arbitrary datagrams at the lab's name server. What it sends back is held to its promises: it fits
 * a datagram, answers the id that was asked, and is itself never answered. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "sbc/lab/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct dns_zone *zone, const uint8_t *data, size_t size)
{
	uint8_t answer[DNS_MAX], again[DNS_MAX];
	size_t len = dns_answer(zone, data, size, answer);

	assert(len <= DNS_MAX);
	if (len == 0)
		return;
	assert(len >= 12 && size >= 12);
	assert(memcmp(answer, data, 2) == 0);
	assert(answer[2] & 0x80);
	assert(dns_answer(zone, answer, len, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_zone zone;
	struct addr sip;

	if (addr_parse(&sip, "127.0.0.3:5061") || dns_zone_init(&zone, "provider.lab", &sip))
		abort();
	check(&zone, data, size);
	if (addr_parse(&sip, "[2001:db8::3]:5061") || dns_zone_init(&zone, "a", &sip))
		abort();
	check(&zone, data, size);
	return 0;
}
