/* How addresses fare. An address is in the list from its first failure to its next success.
 * Signalling thread. */
#include "sbc/sip/target_health.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"

struct ailing {
	struct addr addr; /* unset: free */
	unsigned failures;
	uint64_t failed_ms, until_ms;
};

struct target_health {
	const char *name;
	struct ailing list[TARGET_HEALTH_ADDRS];
};

enum err target_health_new(struct target_health **out, const char *name)
{
	struct target_health *h = mem_zalloc(sizeof(*h));

	if (!h)
		return ERR_NOMEM;
	h->name = name;
	*out = h;
	return OK;
}

void target_health_free(struct target_health **hp)
{
	mem_free(*hp);
	*hp = NULL;
}

static const struct ailing *find(const struct target_health *h, const struct addr *a)
{
	for (size_t i = 0; h && i < TARGET_HEALTH_ADDRS; i++) {
		if (addr_is_set(&h->list[i].addr) && addr_equal(&h->list[i].addr, a))
			return &h->list[i];
	}
	return NULL;
}

/* Its place, or a free one, or that of the failure longest ago. */
static struct ailing *place_for(struct target_health *h, const struct addr *a)
{
	const struct ailing *known = find(h, a);
	struct ailing *oldest = &h->list[0];

	if (known)
		return &h->list[known - h->list];
	for (size_t i = 0; i < TARGET_HEALTH_ADDRS; i++) {
		if (h->list[i].failed_ms < oldest->failed_ms)
			oldest = &h->list[i];
	}
	*oldest = (struct ailing){ .addr = *a };
	return oldest;
}

static uint64_t rest_ms(unsigned failures)
{
	uint64_t ms = TARGET_REST_MS;

	for (; failures > 1 && ms < TARGET_REST_MAX_MS; failures--)
		ms *= 2;
	ms = ms < TARGET_REST_MAX_MS ? ms : TARGET_REST_MAX_MS;
	return ms * 3 / 4 + random_below((uint32_t)(ms / 2));
}

void target_health_failed(struct target_health *h, const struct addr *a, unsigned least_s,
                          const char *why)
{
	uint64_t now_ms = clock_mono_ms(), ms, least_ms = least_s * 1000ULL;
	char text[ADDR_TEXT_MAX];
	struct ailing *it;

	if (!h)
		return;
	it = place_for(h, a);
	/* Calls that were under way together are one failure. */
	if (it->failures == 0 || now_ms >= it->until_ms)
		it->failures++;
	ms = rest_ms(it->failures);
	if (least_ms > TARGET_REST_MAX_MS)
		least_ms = TARGET_REST_MAX_MS;
	ms = ms < least_ms ? least_ms : ms;
	it->failed_ms = now_ms;
	it->until_ms = now_ms + ms;
	LOG(LOG_WARN, KV("trunk", h->name), KV("event", "target-rests"),
	    KV("addr", addr_text(a, text, sizeof(text))), KVN("failures", it->failures),
	    KVN("rest-ms", ms), KV("why", why));
}

void target_health_well(struct target_health *h, const struct addr *a)
{
	const struct ailing *known = find(h, a);
	char text[ADDR_TEXT_MAX];

	if (!known)
		return;
	LOG(LOG_INFO, KV("trunk", h->name), KV("event", "target-well"),
	    KV("addr", addr_text(a, text, sizeof(text))), KVN("failures", known->failures));
	h->list[known - h->list] = (struct ailing){ 0 };
}

bool target_health_rests(const struct target_health *h, const struct addr *a)
{
	const struct ailing *known = find(h, a);

	return known && clock_mono_ms() < known->until_ms;
}

size_t target_health_pick(const struct target_health *h, const struct addr *addrs, size_t n,
                          uint32_t tried, bool rested_tried)
{
	size_t longest = n;

	for (size_t i = 0; i < n; i++) {
		if (tried & 1U << i)
			continue;
		if (!target_health_rests(h, &addrs[i]))
			return i;
		if (longest == n ||
		    find(h, &addrs[i])->failed_ms < find(h, &addrs[longest])->failed_ms)
			longest = i;
	}
	return rested_tried ? n : longest;
}
