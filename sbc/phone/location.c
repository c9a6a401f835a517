/* Where phones are. One place a phone, so the table is as long as the configuration's. Signalling
 * thread. */
#include "sbc/phone/location.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/stack.h"

struct locations {
	const struct config *cfg;
	struct timers *timers;
	struct location *list; /* by place of the phone in cfg; phone NULL: not registered */
};

enum err locations_new(struct locations **out, const struct config *cfg, struct timers *timers)
{
	struct locations *ls = mem_zalloc(sizeof(*ls));

	if (!ls)
		return ERR_NOMEM;
	ls->cfg = cfg;
	ls->timers = timers;
	ls->list = mem_zalloc(cfg->nphones * sizeof(*ls->list));
	if (!ls->list) {
		mem_free(ls);
		return ERR_NOMEM;
	}
	*out = ls;
	return OK;
}

static void free_texts(struct location *l)
{
	mem_free(l->contact);
	mem_free(l->user_agent);
	mem_free(l->call_id);
	l->contact = l->user_agent = l->call_id = NULL;
}

static void forget(struct location *l)
{
	timer_stop(&l->timer);
	timer_stop(&l->ping);
	flow_clear(&l->flow);
	free_texts(l);
	l->phone = NULL;
}

void locations_free(struct locations **lp)
{
	struct locations *ls = *lp;

	if (!ls)
		return;
	for (size_t i = 0; i < ls->cfg->nphones; i++)
		forget(&ls->list[i]);
	mem_free(ls->list);
	mem_free(ls);
	*lp = NULL;
}

static struct location *slot(const struct locations *ls, const struct config_phone *phone)
{
	return &ls->list[phone - ls->cfg->phones];
}

static void on_expired(void *arg)
{
	struct location *l = arg;

	location_clear(l->all, l->phone, "expired");
}

static void on_ping(void *arg);

static void wait_for_ping(struct location *l)
{
	unsigned ms = l->phone->realm->udp_keepalive_ms;

	timer_stop(&l->ping);
	if (ms && l->flow.conn->transport == TRANSPORT_UDP)
		timer_start(l->all->timers, &l->ping, stack_ping_wait_ms(ms), on_ping, l);
}

/* RFC 5626 has STUN for this, which a phone must ask for and answer; a CRLFCRLF harms nobody: who
 * takes datagrams skips one that has no message in it. Nobody need answer it. */
static void on_ping(void *arg)
{
	struct location *l = arg;

	if (conn_send(l->flow.conn, &l->flow.peer, "\r\n\r\n", 4) != OK)
		LOG(LOG_DEBUG, KV("phone", l->phone->name), KV("event", "keepalive"),
		    KV("result", "not sent"));
	wait_for_ping(l);
}

enum err location_set(struct locations *ls, const struct config_phone *phone,
                      const struct location_cfg *cfg)
{
	struct location *l = slot(ls, phone);
	struct location texts = { .contact = mem_strdup(cfg->contact),
		                  .user_agent =
		                      cfg->user_agent ? mem_strdup(cfg->user_agent) : NULL,
		                  .call_id = mem_strdup(cfg->call_id) };
	char peer[ADDR_TEXT_MAX];

	if (!texts.contact || !texts.call_id || (cfg->user_agent && !texts.user_agent)) {
		free_texts(&texts);
		return ERR_NOMEM;
	}
	if (!l->phone || !addr_equal(&l->flow.peer, &cfg->flow->peer))
		LOG(LOG_INFO, KV("phone", phone->name), KV("event", "registered"),
		    KV("from", addr_text(&cfg->flow->peer, peer, sizeof(peer))),
		    KV("agent", cfg->user_agent), KVN("expires_s", cfg->expires_s));
	free_texts(l);
	l->contact = texts.contact;
	l->user_agent = texts.user_agent;
	l->call_id = texts.call_id;
	l->cseq = cfg->cseq;
	l->phone = phone;
	l->all = ls;
	l->since_ms = clock_mono_ms();
	l->expires_ms = l->since_ms + cfg->expires_s * 1000ULL;
	flow_copy(&l->flow, cfg->flow);
	timer_start(ls->timers, &l->timer, cfg->expires_s * 1000ULL, on_expired, l);
	wait_for_ping(l);
	return OK;
}

void location_clear(struct locations *ls, const struct config_phone *phone, const char *why)
{
	struct location *l = slot(ls, phone);

	if (!l->phone)
		return;
	LOG(LOG_INFO, KV("phone", phone->name), KV("event", "unregistered"), KV("why", why));
	forget(l);
}

const struct location *location_get(const struct locations *ls, const struct config_phone *phone)
{
	const struct location *l = slot(ls, phone);

	return l->phone ? l : NULL;
}
