/* The provider's calls. Signalling thread. What happens is said on stdout, for people. */
#include "sbc/lab/echo.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include "base/mem.h"
#include "sbc/b2bua/numbers.h"
#include "sbc/lab/rtp_end.h"
#include "sbc/lab/session.h"

#define RING_MS     200
#define QUIET_MS    60000 /* without a packet: nobody is there any more */

#define SHOWN_MAX   40 /* of a number that is printed */
#define CONTACT_MAX 320

struct echo {
	TAILQ_ENTRY(echo) link;
	struct echoes *all;
	struct leg *leg;
	struct rtp_end *media;
	struct buf answer;        /* our SDP, until it is sent; holds a key */
	char host[ADDR_TEXT_MAX]; /* of the leg's target */
	char from[SHOWN_MAX], to[SHOWN_MAX], peer[256];
	enum srtp_suite suite;
	char tls_version[16];
	struct timer ring, quiet;
	uint64_t received_before; /* when quiet was last looked at */
};

struct echoes {
	struct echoes_cfg cfg;
	TAILQ_HEAD(, echo) list;
	size_t n;
	bool stopping;
	void (*on_empty)(void *arg);
	void *arg;
};

static void echo_free(struct echo **ep)
{
	struct echo *e = *ep;

	timer_stop(&e->ring);
	timer_stop(&e->quiet);
	leg_free(&e->leg);
	rtp_end_free(&e->media);
	buf_wipe(&e->answer);
	mem_free(e);
	*ep = NULL;
}

static void say_over(const struct echo *e, const char *how)
{
	struct rtp_end_stats s;

	rtp_end_stats(e->media, &s);
	printf("call from %s to %s is over (%s): %llu packets heard, %llu sent back, %llu lost, "
	       "jitter %u.%u ms\n",
	       e->from, e->to, how, (unsigned long long)s.received, (unsigned long long)s.sent,
	       (unsigned long long)s.lost, s.jitter_us / 1000, s.jitter_us / 100 % 10);
}

/* The end of a call that is in the list. */
static void echo_end(struct echo *e, const char *how)
{
	struct echoes *all = e->all;

	say_over(e, how);
	TAILQ_REMOVE(&all->list, e, link);
	all->n--;
	echo_free(&e);
	if (all->stopping && all->n == 0)
		all->on_empty(all->arg);
}

static void on_rtp(void *arg, const struct rtp_header *header, const uint8_t *payload)
{
	struct echo *e = arg;

	rtp_end_send(e->media, header, payload, header->payload_len);
}

static void on_quiet(void *arg)
{
	struct echo *e = arg;
	struct rtp_end_stats s;

	rtp_end_stats(e->media, &s);
	if (s.received == e->received_before) {
		leg_bye(e->leg);
		return;
	}
	e->received_before = s.received;
	timer_start(loop_timers(e->all->cfg.kit->loop), &e->quiet, QUIET_MS, on_quiet, e);
}

static void on_ring_over(void *arg)
{
	struct echo *e = arg;

	if (leg_answer(e->leg, e->answer.data)) {
		leg_reject(e->leg, 500, NULL);
		echo_end(e, "it could not be answered");
		return;
	}
	buf_wipe(&e->answer);
	printf("call from %s to %s answered, SRTP %s, %s, peer %s verified\n", e->from, e->to,
	       srtp_suite_name(e->suite), e->tls_version, e->peer);
	timer_start(loop_timers(e->all->cfg.kit->loop), &e->quiet, QUIET_MS, on_quiet, e);
}

static void on_event(void *arg, struct leg *leg, enum leg_event event, const struct message *m,
                     const char *why)
{
	struct echo *e = arg;

	(void)m;
	switch (event) {
	case LEG_CANCEL:
		leg_reject(leg, 487, NULL);
		echo_end(e, "the caller gave up");
		return;
	case LEG_BYE:
		echo_end(e, "the caller hung up");
		return;
	case LEG_LOST:
	case LEG_GONE:
		echo_end(e, why ? why : "we hung up");
		return;
	case LEG_NO_ACK:
		leg_bye(leg);
		return;
	case LEG_OFFER: /* the session stays as it is */
	case LEG_FETCH:
		leg_refuse(leg, 488, 0);
		return;
	case LEG_WITHDRAWN:
	case LEG_CHANGED:
	case LEG_REFUSED:
	case LEG_ANSWERED:
	case LEG_MOVED:
	case LEG_FREE:
	case LEG_ACK:
	case LEG_PROGRESS:
	case LEG_ANSWER:
	case LEG_FAIL:
		return;
	}
}

/* A number off the wire is printed only when it cannot be anything else. */
static void copy_number(char out[SHOWN_MAX], bool there, const struct uri *uri)
{
	bool clean = there && number_is_clean(uri->user);

	snprintf(out, SHOWN_MAX, "%s", clean ? uri->user : "?");
}

static void name_call(struct echo *e, const struct message *invite, const struct flow *flow)
{
	struct uri from, to;

	copy_number(e->from, message_from_uri(invite, &from), &from);
	copy_number(e->to, message_request_uri(invite, &to), &to);
	snprintf(e->peer, sizeof(e->peer), "%s", flow->conn->verified_name);
	snprintf(e->tls_version, sizeof(e->tls_version), "%s", flow->conn->tls_version);
}

static enum err open_media(struct echo *e, const struct message *invite)
{
	const struct kit *kit = e->all->cfg.kit;
	struct rtp_end_cfg cfg = { .loop = kit->loop,
		                   .ports = kit->ports,
		                   .address = kit->listener.addr,
		                   .on_rtp = on_rtp,
		                   .arg = e };
	struct session session;
	struct addr ours;
	size_t len;
	const char *offer = message_body(invite, &len);
	enum err err;

	if (!offer || strcasecmp(message_content_type(invite), "application/sdp") != 0)
		return ERR_UNSUPPORTED;
	err = rtp_end_new(&e->media, &cfg);
	if (err)
		return err;
	rtp_end_address(e->media, &ours);
	err = session_answer(&session, offer, len, &ours, &e->answer);
	if (err)
		return err;
	rtp_end_aim(e->media, &session.peer);
	e->suite = session.suite;
	err = rtp_end_protect(e->media, session.suite, &session.in, &session.out);
	session_wipe(&session);
	return err;
}

/* Our Contact is as secure as the URI that was called (RFC 3261 12.1.1). */
static enum err open_leg(struct echo *e, struct server_txn *txn, const struct message *invite)
{
	const struct echoes_cfg *cfg = &e->all->cfg;
	struct leg_handler handler = { .on_event = on_event, .arg = e };
	char contact[CONTACT_MAX];
	struct target target;
	struct leg_uas_cfg leg = { .contact = contact, .target = &target };
	struct uri uri;
	bool sips = message_request_uri(invite, &uri) && uri.sips;

	kit_contact(cfg->kit, sips ? URI_SIPS : URI_SIP_TLS, "echo", contact, sizeof(contact));
	kit_target(cfg->kit, &server_txn_flow(txn)->peer, e->host, &target);
	target.tls = cfg->tls;
	target.sni = cfg->sni;
	return leg_new_uas(&e->leg, &cfg->kit->legs, txn, &leg, &handler);
}

static unsigned status_of(enum err err)
{
	if (err == ERR_LIMIT)
		return 486;
	if (err == ERR_SYNTAX)
		return 400;
	return err == ERR_UNSUPPORTED ? 488 : 500;
}

static enum err echo_new(struct echo **out, struct echoes *all, struct server_txn *txn,
                         const struct message *invite)
{
	struct echo *e = mem_zalloc(sizeof(*e));
	enum err err;

	if (!e)
		return ERR_NOMEM;
	e->all = all;
	buf_init(&e->answer, MESSAGE_MAX);
	name_call(e, invite, server_txn_flow(txn));
	err = open_media(e, invite);
	if (!err)
		err = open_leg(e, txn, invite);
	if (err) {
		printf("call from %s to %s refused: %s\n", e->from, e->to,
		       err == ERR_UNSUPPORTED ? "it offers no audio over SRTP" : err_text(err));
		echo_free(&e);
	} else {
		*out = e;
	}
	return err;
}

static void on_invite(struct echoes *all, struct server_txn *txn, const struct message *invite)
{
	struct echo *e;
	enum err err =
	    all->stopping || all->n >= KIT_CALLS_MAX ? ERR_LIMIT : echo_new(&e, all, txn, invite);

	if (err) {
		server_txn_reply(txn, status_of(err), NULL, NULL);
		return;
	}
	TAILQ_INSERT_TAIL(&all->list, e, link);
	all->n++;
	printf("call from %s to %s rings\n", e->from, e->to);
	/* A 180 that is lost does no harm. */
	(void)!leg_progress(e->leg, 180, NULL);
	timer_start(loop_timers(all->cfg.kit->loop), &e->ring, RING_MS, on_ring_over, e);
}

static void reply_with_allow(struct server_txn *txn, const struct message *request, unsigned status)
{
	struct message *m;

	if (message_new_response(&m, request, &server_txn_flow(txn)->peer, status, NULL,
	                         "provider")) {
		server_txn_reply(txn, 500, NULL, NULL);
		return;
	}
	message_put(m, "Allow", LEG_ALLOW);
	if (server_txn_respond(txn, m))
		server_txn_reply(txn, 500, NULL, NULL);
	message_free(&m);
}

static void on_new(struct echoes *all, struct server_txn *txn, const struct message *request)
{
	switch (message_method(request)) {
	case METHOD_INVITE:
		on_invite(all, txn, request);
		return;
	case METHOD_OPTIONS:
		reply_with_allow(txn, request, 200);
		return;
	case METHOD_BYE:
	case METHOD_PRACK:
	case METHOD_UPDATE:
		server_txn_reply(txn, 481, NULL, NULL);
		return;
	case METHOD_ACK:
	case METHOD_CANCEL:
	case METHOD_REGISTER:
	case METHOD_OTHER:
		reply_with_allow(txn, request, 405);
		return;
	}
}

static void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	struct echoes *all = arg;
	struct leg *leg;

	if (!message_to_tag(request)[0]) {
		on_new(all, txn, request);
		return;
	}
	leg = dialog_find(all->cfg.kit->dialogs, request);
	if (leg)
		leg_on_request(leg, txn, request);
	else
		server_txn_reply(txn, 481, NULL, NULL);
}

static void on_ack(void *arg, const struct message *ack, const struct flow *flow)
{
	struct echoes *all = arg;
	struct leg *leg = dialog_find(all->cfg.kit->dialogs, ack);

	if (leg)
		leg_on_ack(leg, ack, flow);
}

enum err echoes_new(struct echoes **out, const struct echoes_cfg *cfg)
{
	struct stack_handler handler = { .on_request = on_request, .on_ack = on_ack };
	struct echoes *all = mem_zalloc(sizeof(*all));

	if (!all)
		return ERR_NOMEM;
	all->cfg = *cfg;
	TAILQ_INIT(&all->list);
	handler.arg = all;
	stack_set_handler(cfg->kit->stack, &handler);
	*out = all;
	return OK;
}

void echoes_free(struct echoes **ep)
{
	static const struct stack_handler none;
	struct echoes *all = *ep;
	struct echo *e;

	if (!all)
		return;
	stack_set_handler(all->cfg.kit->stack, &none);
	while ((e = TAILQ_FIRST(&all->list))) {
		TAILQ_REMOVE(&all->list, e, link);
		echo_free(&e);
	}
	mem_free(all);
	*ep = NULL;
}

void echoes_stop(struct echoes *all, void (*fn)(void *), void *arg)
{
	struct echo *e, *next;

	all->stopping = true;
	all->on_empty = fn;
	all->arg = arg;
	if (all->n == 0) {
		fn(arg);
		return;
	}
	for (e = TAILQ_FIRST(&all->list); e; e = next) {
		next = TAILQ_NEXT(e, link);
		if (leg_received_invite(e->leg)) {
			leg_reject(e->leg, 480, NULL);
			echo_end(e, "we stop");
		} else {
			leg_bye(e->leg);
		}
	}
}
