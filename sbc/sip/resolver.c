/* From a name to addresses (RFC 3263 4.2, RFC 2782). sresolv asks, caches and parses; our loop
 * gives it its sockets and its clock. A look-up walks: SRV, then for each target A, then AAAA where
 * there is no A. Signalling thread. */
#include "sbc/sip/resolver.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct lookup;
struct resolver;
#define SRES_CONTEXT_T struct lookup
#define SRES_ASYNC_T   struct resolver
#include <sofia-resolv/sres.h>
#include <sofia-resolv/sres_async.h>
#include <sofia-resolv/sres_cache.h>
#include <sofia-resolv/sres_record.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"

#define SOCKETS_MAX  8
#define TARGETS_MAX  8
#define TICK_MS      200 /* how finely sresolv sees time */
#define NAME_LEN_MAX 255

struct resolver {
	struct loop *loop;
	sres_resolver_t *sres;
	int conf_fd; /* what sresolv reads as its resolv.conf; -1: the system's */
	struct {
		int fd;
		struct io *io;
	} sockets[SOCKETS_MAX];
	struct timer tick;
	unsigned pending;
};

/* One SRV target, or the host itself. */
struct target_name {
	char name[NAME_LEN_MAX + 1];
	uint16_t port, priority, weight;
};

enum lookup_step { STEP_SRV, STEP_A, STEP_AAAA };

struct lookup {
	struct resolver *r;
	sres_query_t *query; /* under way; NULL: none */
	enum lookup_step step;
	struct target_name targets[TARGETS_MAX];
	size_t ntargets, at;
	char host[NAME_LEN_MAX + 1];
	char asked[NAME_LEN_MAX + 32];
	uint16_t default_port;
	struct lookup_result result;
	void (*fn)(void *, const struct lookup_result *);
	void *arg;
};

static void on_answers(struct lookup *l, sres_query_t *query, sres_record_t **answers);

static void on_tick(void *arg)
{
	struct resolver *r = arg;

	sres_resolver_timer(r->sres, 0);
	if (r->pending > 0)
		timer_start(loop_timers(r->loop), &r->tick, TICK_MS, on_tick, r);
}

/* One datagram or one error a socket and turn: sresolv calls every outcome a success, so a loop
 * until it fails would not end. Both may change the list of sockets. */
static void on_socket(void *arg, int events)
{
	struct resolver *r = arg;

	(void)events;
	for (size_t i = 0; i < SOCKETS_MAX; i++) {
		struct pollfd p = { .fd = r->sockets[i].fd, .events = POLLIN };

		if (!r->sockets[i].io || poll(&p, 1, 0) <= 0)
			continue;
		if (p.revents & POLLERR)
			sres_resolver_error(r->sres, p.fd);
		else
			sres_resolver_receive(r->sres, p.fd);
	}
}

static int on_sockets_change(struct resolver *r, sres_socket_t added, sres_socket_t removed)
{
	for (size_t i = 0; i < SOCKETS_MAX; i++) {
		if (removed != -1 && r->sockets[i].io && r->sockets[i].fd == removed)
			io_free(&r->sockets[i].io);
	}
	for (size_t i = 0; added != -1 && i < SOCKETS_MAX; i++) {
		if (r->sockets[i].io)
			continue;
		r->sockets[i].fd = added;
		return io_new(&r->sockets[i].io, r->loop, added, IO_READ, on_socket, r) == OK ? 0
		                                                                              : -1;
	}
	return added == -1 ? 0 : -1;
}

/* A resolv.conf for these servers, as a file that lives in memory. */
static int make_conf(const struct addr *servers, size_t nservers)
{
	int fd = memfd_create("resolv.conf", MFD_CLOEXEC);
	char host[ADDR_TEXT_MAX];
	unsigned port = addr_port(&servers[0]);

	if (fd < 0)
		return -1;
	if (port && dprintf(fd, "port %u\n", port) < 0)
		goto fail;
	for (size_t i = 0; i < nservers; i++) {
		if (dprintf(fd, "nameserver %s\n", addr_host(&servers[i], host, sizeof(host))) < 0)
			goto fail;
	}
	return fd;
fail:
	close(fd);
	return -1;
}

enum err resolver_new(struct resolver **out, struct loop *loop, const struct addr *servers,
                      size_t nservers)
{
	struct resolver *r = mem_zalloc(sizeof(*r));
	char path[64] = "/etc/resolv.conf";

	if (!r)
		return ERR_NOMEM;
	r->loop = loop;
	r->conf_fd = -1;
	if (nservers > 0) {
		r->conf_fd = make_conf(servers, nservers);
		if (r->conf_fd < 0)
			goto fail;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", r->conf_fd);
	}
	r->sres = sres_resolver_new(path);
	if (!r->sres || !sres_resolver_set_async(r->sres, on_sockets_change, r, 1))
		goto fail;
	*out = r;
	return OK;
fail:
	resolver_free(&r);
	return ERR_NOMEM;
}

void resolver_free(struct resolver **rp)
{
	struct resolver *r = *rp;

	if (!r)
		return;
	timer_stop(&r->tick);
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		io_free(&r->sockets[i].io);
	if (r->sres)
		sres_resolver_unref(r->sres);
	if (r->conf_fd >= 0)
		close(r->conf_fd);
	mem_free(r);
	*rp = NULL;
}

/* Tells the asker, at last. The look-up is gone afterwards. */
static void finish(struct lookup *l)
{
	struct lookup_result result;

	if (l->result.naddrs == 0)
		l->result.err = ERR_DNS;
	result = l->result;
	if (result.naddrs == 0 && !result.why[0])
		snprintf(result.why, sizeof(result.why), "no address found for %.120s", l->host);
	if (l->query)
		sres_query_bind(l->query, NULL, NULL);
	l->r->pending--;
	l->fn(l->arg, &result);
	mem_free(l);
}

static void add_addr(struct lookup *l, struct addr a)
{
	if (l->result.naddrs == LOOKUP_ADDRS_MAX)
		return;
	addr_set_port(&a, l->targets[l->at].port);
	l->result.addrs[l->result.naddrs++] = a;
}

static void ask(struct lookup *l, enum lookup_step step, uint16_t type, const char *name)
{
	sres_record_t **cached;

	l->step = step;
	snprintf(l->asked, sizeof(l->asked), "%s", name);
	cached = sres_cached_answers(l->r->sres, type, name);
	if (cached) {
		on_answers(l, NULL, cached);
		return;
	}
	l->query = sres_query(l->r->sres, on_answers, l, type, name);
	if (!l->query) {
		snprintf(l->result.why, sizeof(l->result.why),
		         "no DNS server can be reached to ask for %.120s", name);
		finish(l);
		return;
	}
	if (!timer_running(&l->r->tick))
		timer_start(loop_timers(l->r->loop), &l->r->tick, TICK_MS, on_tick, l->r);
}

static void next_target(struct lookup *l)
{
	struct addr numeric;

	for (; l->at < l->ntargets; l->at++) {
		if (addr_parse(&numeric, l->targets[l->at].name) == OK) {
			add_addr(l, numeric);
			continue;
		}
		ask(l, STEP_A, sres_type_a, l->targets[l->at].name);
		return;
	}
	finish(l);
}

/* RFC 2782: lowest priority first; within one, by chance with the weights. Moves the chosen to
 * `from`. */
static void choose_target(struct target_name *t, size_t n, size_t from)
{
	uint16_t lowest = UINT16_MAX;
	uint32_t sum = 0, draw;
	size_t chosen = from;
	struct target_name swap;

	for (size_t i = from; i < n; i++)
		lowest = t[i].priority < lowest ? t[i].priority : lowest;
	for (size_t i = from; i < n; i++)
		sum += t[i].priority == lowest ? t[i].weight : 0;
	draw = random_below(sum + 1);
	for (size_t i = from; i < n; i++) {
		if (t[i].priority != lowest)
			continue;
		chosen = i;
		if (draw <= t[i].weight && (sum == 0 || t[i].weight > 0))
			break;
		draw -= t[i].weight;
	}
	swap = t[from];
	t[from] = t[chosen];
	t[chosen] = swap;
}

static void take_srv(struct lookup *l, sres_record_t **answers)
{
	bool refused = false;

	for (size_t i = 0; answers && answers[i] && l->ntargets < TARGETS_MAX; i++) {
		const sres_srv_record_t *srv = answers[i]->sr_srv;
		struct target_name *t = &l->targets[l->ntargets];

		if (srv->srv_record->r_status || srv->srv_record->r_type != sres_type_srv)
			continue;
		if (!srv->srv_target[0] || strcmp(srv->srv_target, ".") == 0) {
			refused = true;
			continue;
		}
		snprintf(t->name, sizeof(t->name), "%s", srv->srv_target);
		t->port = srv->srv_port;
		t->priority = srv->srv_priority;
		t->weight = srv->srv_weight;
		l->ntargets++;
	}
	for (size_t i = 0; i < l->ntargets; i++)
		choose_target(l->targets, l->ntargets, i);
	if (refused && l->ntargets == 0) {
		snprintf(l->result.why, sizeof(l->result.why),
		         "%.120s says that there is no such service", l->asked);
		return;
	}
	if (l->ntargets == 0) { /* RFC 3263 4.2: no SRV, then the host itself */
		snprintf(l->targets[0].name, sizeof(l->targets[0].name), "%s", l->host);
		l->targets[0].port = l->default_port;
		l->ntargets = 1;
	}
}

/* True when there was one. */
static bool take_addrs(struct lookup *l, sres_record_t **answers)
{
	size_t before = l->result.naddrs;

	for (size_t i = 0; answers && answers[i]; i++) {
		const sres_common_t *r = answers[i]->sr_record;
		struct addr a;

		memset(&a, 0, sizeof(a));
		if (r->r_status)
			continue;
		if (r->r_type == sres_type_a) {
			a.v4.sin_family = AF_INET;
			a.v4.sin_addr = answers[i]->sr_a->a_addr;
			add_addr(l, a);
		} else if (r->r_type == sres_type_aaaa) {
			a.v6.sin6_family = AF_INET6;
			memcpy(&a.v6.sin6_addr, &answers[i]->sr_aaaa->aaaa_addr, 16);
			add_addr(l, a);
		}
	}
	return l->result.naddrs > before;
}

/* RCODEs and sresolv's own states, for people. */
static const char *status_words(sres_record_t **answers)
{
	if (!answers || !answers[0])
		return "the DNS server does not answer";
	switch (answers[0]->sr_record->r_status) {
	case 0:
		return "the name has no such record";
	case SRES_NAME_ERR:
		return "the name does not exist";
	case SRES_SERVER_ERR:
		return "the DNS server failed";
	case SRES_AUTH_ERR:
		return "the DNS server refuses to answer us";
	case SRES_TIMEOUT_ERR:
		return "the DNS server does not answer";
	case SRES_NETWORK_ERR:
		return "the DNS server cannot be reached";
	case SRES_RECORD_ERR:
		return "the name has no such record";
	default:
		return "the look-up failed";
	}
}

static void on_answers(struct lookup *l, sres_query_t *query, sres_record_t **answers)
{
	sres_resolver_t *sres = l->r->sres;

	(void)query;
	l->query = NULL;
	if (l->step == STEP_SRV) {
		take_srv(l, answers);
		sres_free_answers(sres, answers);
		if (l->ntargets == 0)
			finish(l);
		else
			next_target(l);
		return;
	}
	if (!take_addrs(l, answers)) {
		snprintf(l->result.why, sizeof(l->result.why), "DNS: %.120s: %s",
		         l->targets[l->at].name, status_words(answers));
		sres_free_answers(sres, answers);
		if (l->step == STEP_A) {
			ask(l, STEP_AAAA, sres_type_aaaa, l->targets[l->at].name);
			return;
		}
	} else {
		sres_free_answers(sres, answers);
	}
	l->at++;
	next_target(l);
}

static uint16_t default_port(const struct lookup_query *q)
{
	return q->transport == TRANSPORT_TLS ? 5061 : 5060;
}

enum err lookup_start(struct lookup **out, struct resolver *r, const struct lookup_query *q,
                      void (*fn)(void *, const struct lookup_result *), void *arg)
{
	struct lookup *l;
	struct addr numeric;
	char name[NAME_LEN_MAX + 32];
	bool srv = q->srv && q->port == 0 && addr_parse(&numeric, q->host) != OK;

	*out = NULL;
	if (strlen(q->host) > NAME_LEN_MAX)
		return ERR_SYNTAX;
	l = mem_zalloc(sizeof(*l));
	if (!l)
		return ERR_NOMEM;
	l->r = r;
	l->fn = fn;
	l->arg = arg;
	l->default_port = q->port ? (uint16_t)q->port : default_port(q);
	snprintf(l->host, sizeof(l->host), "%s", q->host);
	r->pending++;
	/* Before anything calls back: a caller that is told at once finds NULL. */
	if (srv) {
		snprintf(name, sizeof(name), "_%s._%s.%s", q->sips ? "sips" : "sip",
		         q->transport == TRANSPORT_UDP ? "udp" : "tcp", q->host);
		*out = l;
		ask(l, STEP_SRV, sres_type_srv, name);
		return OK;
	}
	l->targets[0].port = l->default_port;
	snprintf(l->targets[0].name, sizeof(l->targets[0].name), "%s", q->host);
	l->ntargets = 1;
	*out = l;
	next_target(l);
	return OK;
}

void lookup_cancel(struct lookup **lp)
{
	struct lookup *l = *lp;

	*lp = NULL;
	if (!l)
		return;
	if (l->query)
		sres_query_bind(l->query, NULL, NULL);
	l->r->pending--;
	mem_free(l);
}
