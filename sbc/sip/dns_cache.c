/* What DNS said. Owner of its entries. Signalling thread. */
#include "sbc/sip/dns_cache.h"

#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/table.h"

#define KEY_MAX (DNS_TEXT_MAX + 8)

struct entry {
	TAILQ_ENTRY(entry) link;
	char key[KEY_MAX];
	uint64_t until_ms; /* believed */
	uint64_t hold_ms;  /* past that: no question before */
	enum dns_status status;
	size_t nrecords;
	struct dns_rr records[];
};

struct dns_cache {
	struct table *entries;
	TAILQ_HEAD(entries, entry) by_use; /* the last used first */
	struct log_limit said;
};

enum err dns_cache_new(struct dns_cache **out)
{
	struct dns_cache *c = mem_zalloc(sizeof(*c));

	if (!c)
		return ERR_NOMEM;
	TAILQ_INIT(&c->by_use);
	if (table_new(&c->entries, DNS_CACHE_ENTRIES)) {
		mem_free(c);
		return ERR_NOMEM;
	}
	*out = c;
	return OK;
}

static void forget(struct dns_cache *c, struct entry *e)
{
	if (!e)
		return;
	table_remove(c->entries, e->key);
	TAILQ_REMOVE(&c->by_use, e, link);
	mem_free(e);
}

void dns_cache_free(struct dns_cache **cp)
{
	struct dns_cache *c = *cp;

	if (!c)
		return;
	while (!TAILQ_EMPTY(&c->by_use))
		forget(c, TAILQ_FIRST(&c->by_use));
	table_free(&c->entries);
	mem_free(c);
	*cp = NULL;
}

static struct entry *find(const struct dns_cache *c, const struct dns_question *q)
{
	char key[KEY_MAX];

	snprintf(key, sizeof(key), "%u/%s", (unsigned)q->type, q->name);
	return table_get(c->entries, key);
}

static bool is_failure(enum dns_status status)
{
	return status == DNS_FAILED || status == DNS_REFUSED || status == DNS_SILENT ||
	       status == DNS_ALIAS;
}

/* Denials too: that a domain has no SRV is as good to know as the one that it has. */
static bool may_be_stale(const struct entry *e, uint64_t now_ms)
{
	return !is_failure(e->status) && now_ms < e->until_ms + DNS_STALE_MAX_S * 1000ULL;
}

enum dns_cached dns_cache_get(struct dns_cache *c, const struct dns_question *q,
                              struct dns_reply *out)
{
	struct entry *e = find(c, q);
	uint64_t now_ms = clock_mono_ms();
	bool fresh = e && now_ms < e->until_ms;

	if (e && !fresh && !may_be_stale(e, now_ms)) {
		forget(c, e);
		e = NULL;
	}
	if (!e)
		return DNS_CACHE_NONE;
	TAILQ_REMOVE(&c->by_use, e, link);
	TAILQ_INSERT_HEAD(&c->by_use, e, link);
	memset(out, 0, offsetof(struct dns_reply, records));
	out->status = e->status;
	out->nrecords = e->nrecords;
	memcpy(out->records, e->records, e->nrecords * sizeof(*e->records));
	if (fresh)
		return DNS_CACHE_FRESH;
	return now_ms < e->hold_ms ? DNS_CACHE_STALE_HOLD : DNS_CACHE_STALE;
}

/* A failure is said once for the name and time that it lasts, not for each call. */
static void hold(struct dns_cache *c, struct entry *e, const struct dns_question *q,
                 enum dns_status status)
{
	uint64_t now_ms = clock_mono_ms();
	unsigned suppressed;

	e->hold_ms = now_ms + DNS_STALE_RECHECK_S * 1000ULL;
	if (log_limit_admits(&c->said, &suppressed))
		LOG(LOG_WARN, KV("event", "dns-stale"), KV("name", q->name),
		    KVN("age-s", (now_ms - e->until_ms) / 1000), KV("why", dns_status_text(status)),
		    KVN_LAST("suppressed", suppressed));
}

void dns_cache_put(struct dns_cache *c, const struct dns_question *q, const struct dns_reply *reply)
{
	struct entry *e = find(c, q);
	uint64_t now_ms = clock_mono_ms(), ttl_s = reply->ttl_s;

	if (is_failure(reply->status)) {
		if (e && now_ms >= e->until_ms && may_be_stale(e, now_ms)) {
			hold(c, e, q, reply->status);
			return;
		}
		ttl_s = DNS_FAILURE_S;
	}
	forget(c, e);
	if (ttl_s == 0)
		return;
	if (table_count(c->entries) == table_limit(c->entries))
		forget(c, TAILQ_LAST(&c->by_use, entries));
	e = mem_zalloc(sizeof(*e) + reply->nrecords * sizeof(*e->records));
	if (!e)
		return;
	snprintf(e->key, sizeof(e->key), "%u/%s", (unsigned)q->type, q->name);
	e->until_ms = now_ms + ttl_s * 1000;
	e->status = reply->status;
	e->nrecords = reply->nrecords;
	memcpy(e->records, reply->records, reply->nrecords * sizeof(*e->records));
	if (table_put(c->entries, e->key, e)) {
		mem_free(e);
		return;
	}
	TAILQ_INSERT_HEAD(&c->by_use, e, link);
}
