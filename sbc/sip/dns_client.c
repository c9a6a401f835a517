/* Asks name servers. A query is one question under way, however many wait for it; it ends by
 * itself, also when nobody waits any more, and then the cache has its answer. Owner of queries: the
 * client. Signalling thread. */
#include "sbc/sip/dns_client.h"

#include <string.h>
#include <sys/queue.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "sbc/sip/dns_cache.h"
#include "sbc/sip/dns_conf.h"
#include "sbc/sip/dns_exchange.h"

#define ROUNDS 2

/* That a server is asked without EDNS once it knew none; RFC 6891 6.2.2. */
#define PLAIN_S 3600

struct dns_ask {
	TAILQ_ENTRY(dns_ask) link;
	struct dns_query *query;
	void (*fn)(void *arg, const struct dns_reply *reply);
	void *arg;
};

struct dns_query {
	TAILQ_ENTRY(dns_query) link;
	struct dns_client *client;
	struct dns_question question; /* what is wanted */
	struct dns_question asked;    /* that, or what it is an alias for */
	unsigned aliases;
	uint32_t ttl_s; /* of the aliases */
	struct addr servers[DNS_SERVERS_MAX];
	size_t nservers, first;
	unsigned tries;
	unsigned gone; /* a bit for each server that has failed us and is not asked again */
	bool tcp;
	struct dns_exchange *exchange;
	struct timer next;  /* the next try, when one could not begin */
	struct timer stale; /* then an old answer serves */
	struct dns_reply reply;
	TAILQ_HEAD(, dns_ask) waiting;
};

struct dns_client {
	struct loop *loop;
	struct addr servers[DNS_SERVERS_MAX];
	size_t nservers; /* 0: the system's */
	struct dns_conf conf;
	struct addr good;        /* that answered last */
	uint64_t doubt_until_ms; /* nobody answered in time: old answers serve at once */
	struct plain {
		struct addr server;
		uint64_t until_ms;
	} plain[DNS_SERVERS_MAX]; /* those that know no EDNS; the oldest is overwritten */
	size_t nplain;            /* ever */
	struct dns_cache *cache;
	TAILQ_HEAD(, dns_query) queries;
	size_t nqueries;
};

static void try_server(struct dns_query *q);

enum err dns_client_new(struct dns_client **out, struct loop *loop, const struct addr *servers,
                        size_t nservers)
{
	struct dns_client *c = mem_zalloc(sizeof(*c));

	if (!c)
		return ERR_NOMEM;
	TAILQ_INIT(&c->queries);
	c->loop = loop;
	c->conf.path = "/etc/resolv.conf";
	c->nservers = nservers < DNS_SERVERS_MAX ? nservers : DNS_SERVERS_MAX;
	for (size_t i = 0; i < c->nservers; i++) {
		c->servers[i] = servers[i];
		if (!addr_port(&servers[i]))
			addr_set_port(&c->servers[i], DNS_PORT);
	}
	if (dns_cache_new(&c->cache)) {
		mem_free(c);
		return ERR_NOMEM;
	}
	*out = c;
	return OK;
}

static void query_free(struct dns_query *q)
{
	TAILQ_REMOVE(&q->client->queries, q, link);
	q->client->nqueries--;
	timer_stop(&q->stale);
	timer_stop(&q->next);
	dns_exchange_free(&q->exchange);
	mem_free(q);
}

void dns_client_free(struct dns_client **cp)
{
	struct dns_client *c = *cp;

	if (!c)
		return;
	while (!TAILQ_EMPTY(&c->queries))
		query_free(TAILQ_FIRST(&c->queries));
	dns_cache_free(&c->cache);
	mem_free(c);
	*cp = NULL;
}

/* Whoever is told may ask anew, or cancel others that wait. */
static void tell(struct dns_query *q, const struct dns_reply *reply)
{
	struct dns_ask *a;

	while ((a = TAILQ_FIRST(&q->waiting))) {
		TAILQ_REMOVE(&q->waiting, a, link);
		a->fn(a->arg, reply);
		mem_free(a);
	}
}

/* What the cache says afterwards counts: after a failure that may be an old answer. */
static void finish(struct dns_query *q)
{
	if (q->aliases > 0 && q->ttl_s < q->reply.ttl_s)
		q->reply.ttl_s = q->ttl_s;
	dns_cache_put(q->client->cache, &q->question, &q->reply);
	if (q->reply.status != DNS_FOUND)
		dns_cache_get(q->client->cache, &q->question, &q->reply);
	timer_stop(&q->stale);
	/* No longer found: who asks now begins another. */
	q->question.name[0] = '\0';
	tell(q, &q->reply);
	query_free(q);
}

static void give_up(struct dns_query *q, enum dns_status status)
{
	memset(&q->reply, 0, offsetof(struct dns_reply, records));
	q->reply.status = status;
	finish(q);
}

static void on_try(void *arg)
{
	try_server(arg);
}

/* From a timer, so that a row of servers that cannot be reached is no recursion. */
static void try_later(struct dns_query *q)
{
	timer_start(loop_timers(q->client->loop), &q->next, 0, on_try, q);
}

static void follow_alias(struct dns_query *q)
{
	if (q->aliases == 0 || q->reply.ttl_s < q->ttl_s)
		q->ttl_s = q->reply.ttl_s;
	if (++q->aliases > DNS_ALIASES_MAX ||
	    dns_question_set(&q->asked, q->question.type, q->reply.alias)) {
		give_up(q, DNS_ALIAS);
		return;
	}
	q->tries = 0;
	q->gone = 0;
	try_later(q);
}

static size_t server_now(const struct dns_query *q)
{
	return (q->first + q->tries) % q->nservers;
}

static bool is_plain(const struct dns_client *c, const struct addr *server)
{
	for (size_t i = 0; i < DNS_SERVERS_MAX; i++) {
		if (addr_equal(&c->plain[i].server, server) &&
		    clock_mono_ms() < c->plain[i].until_ms)
			return true;
	}
	return false;
}

static void learn_plain(struct dns_client *c, const struct addr *server)
{
	if (is_plain(c, server))
		return;
	c->plain[c->nplain++ % DNS_SERVERS_MAX] =
	    (struct plain){ .server = *server, .until_ms = clock_mono_ms() + PLAIN_S * 1000ULL };
}

static void on_reply(void *arg, enum err err, const struct dns_reply *reply)
{
	struct dns_query *q = arg;
	bool failed = err || reply->status == DNS_FAILED || reply->status == DNS_REFUSED;

	if (!err)
		memcpy(&q->reply, reply, sizeof(q->reply));
	dns_exchange_free(&q->exchange);
	if (!err && q->reply.truncated && !q->tcp) {
		q->tcp = true;
		try_later(q);
		return;
	}
	if (!err && q->reply.not_understood && q->asked.edns) {
		learn_plain(q->client, &q->servers[server_now(q)]);
		try_later(q);
		return;
	}
	failed = failed || q->reply.truncated;
	if (failed) {
		if (err != ERR_TIMEOUT)
			q->gone |= 1U << server_now(q);
		if (err)
			q->reply.status = DNS_SILENT;
		q->tcp = false;
		q->tries++;
		try_later(q);
		return;
	}
	q->client->good = q->servers[server_now(q)];
	/* It was silent before, when asked with it. */
	if (!q->asked.edns)
		learn_plain(q->client, &q->client->good);
	q->client->doubt_until_ms = 0;
	q->tcp = false;
	if (q->reply.status == DNS_ALIAS)
		follow_alias(q);
	else
		finish(q);
}

static void try_server(struct dns_query *q)
{
	struct dns_exchange_cfg cfg = { .loop = q->client->loop,
		                        .tcp = q->tcp,
		                        .question = &q->asked,
		                        .fn = on_reply,
		                        .arg = q };

	for (; q->tries < ROUNDS * q->nservers; q->tries++, q->tcp = false) {
		if (q->gone & 1U << server_now(q))
			continue;
		random_bytes(&q->asked.id, sizeof(q->asked.id));
		cfg.server = q->servers[server_now(q)];
		/* Silence may be what an old server has for EDNS: the second round goes without. */
		q->asked.edns = q->tries < q->nservers && !is_plain(q->client, &cfg.server);
		cfg.tcp = q->tcp;
		cfg.timeout_ms = DNS_TRY_MS * (1 + q->tries / (unsigned)q->nservers);
		if (q->tcp)
			cfg.timeout_ms = DNS_TCP_MS;
		if (dns_exchange_start(&q->exchange, &cfg) == OK)
			return;
	}
	give_up(q, q->reply.status == DNS_FAILED || q->reply.status == DNS_REFUSED ? q->reply.status
	                                                                           : DNS_SILENT);
}

static void on_stale(void *arg)
{
	struct dns_query *q = arg;
	struct dns_reply old;

	q->client->doubt_until_ms = clock_mono_ms() + DNS_STALE_RECHECK_S * 1000ULL;
	if (dns_cache_get(q->client->cache, &q->question, &old) != DNS_CACHE_NONE)
		tell(q, &old);
}

static struct dns_query *find_query(const struct dns_client *c, const struct dns_question *question)
{
	struct dns_query *q;

	TAILQ_FOREACH (q, &c->queries, link) {
		if (q->question.type == question->type &&
		    strcmp(q->question.name, question->name) == 0)
			return q;
	}
	return NULL;
}

static void take_servers(struct dns_query *q)
{
	struct dns_client *c = q->client;
	bool own = c->nservers > 0;

	if (!own)
		dns_conf_update(&c->conf);
	q->nservers = own ? c->nservers : c->conf.nservers;
	memcpy(q->servers, own ? c->servers : c->conf.servers, sizeof(q->servers));
	for (size_t i = 0; i < q->nservers; i++) {
		if (addr_equal(&q->servers[i], &c->good))
			q->first = i;
	}
}

static struct dns_query *query_new(struct dns_client *c, const struct dns_question *question)
{
	struct dns_query *q = mem_zalloc(sizeof(*q));

	if (!q)
		return NULL;
	q->client = c;
	q->question = q->asked = *question;
	q->reply.status = DNS_SILENT;
	TAILQ_INIT(&q->waiting);
	take_servers(q);
	TAILQ_INSERT_TAIL(&c->queries, q, link);
	c->nqueries++;
	return q;
}

/* The query for it that is under way, or a new one. */
static enum err begin_query(struct dns_query **out, struct dns_client *c,
                            const struct dns_question *question, bool have_stale)
{
	struct dns_query *q = find_query(c, question);

	*out = q;
	if (q)
		return OK;
	if (c->nqueries == DNS_QUERIES_MAX)
		return ERR_LIMIT;
	q = query_new(c, question);
	if (!q)
		return ERR_NOMEM;
	if (have_stale)
		timer_start(loop_timers(c->loop), &q->stale, DNS_STALE_WAIT_MS, on_stale, q);
	try_later(q);
	*out = q;
	return OK;
}

enum err dns_client_ask(struct dns_ask **out, struct dns_client *c, enum dns_type type,
                        const char *name, struct dns_reply *known,
                        void (*fn)(void *, const struct dns_reply *), void *arg)
{
	struct dns_question question;
	struct dns_query *q;
	struct dns_ask *a;
	enum dns_cached cached;
	enum err err = dns_question_set(&question, type, name);

	*out = NULL;
	if (err)
		return err;
	cached = dns_cache_get(c->cache, &question, known);
	if (cached == DNS_CACHE_FRESH || cached == DNS_CACHE_STALE_HOLD)
		return OK;
	err = begin_query(&q, c, &question, cached == DNS_CACHE_STALE);
	/* Others have waited long enough, for this name or another. */
	if (cached == DNS_CACHE_STALE && (err || clock_mono_ms() < c->doubt_until_ms))
		return OK;
	if (err)
		return err;
	a = mem_zalloc(sizeof(*a));
	if (!a)
		return ERR_NOMEM;
	*a = (struct dns_ask){ .query = q, .fn = fn, .arg = arg };
	TAILQ_INSERT_TAIL(&q->waiting, a, link);
	*out = a;
	return OK;
}

void dns_ask_cancel(struct dns_ask **ap)
{
	struct dns_ask *a = *ap;

	*ap = NULL;
	if (!a)
		return;
	TAILQ_REMOVE(&a->query->waiting, a, link);
	mem_free(a);
}
