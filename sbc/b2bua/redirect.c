/* Redirections. What a peer writes into Contact chooses among what the configuration allows, and
 * nothing else. Signalling thread. */
#include "sbc/b2bua/redirect.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "sbc/b2bua/call_internal.h"
#include "sbc/trunk/route.h"

#define REDIRECTS_MAX 5 /* of one call */
#define CONTACTS_MAX  8 /* of one answer */

struct place {
	const char *text; /* of the answer */
	unsigned q;       /* thousandths */
};

/* The best first; of those that are as good, in the order that they stand in. */
static size_t read_places(const struct message *m, struct place places[CONTACTS_MAX])
{
	size_t n = 0;
	int64_t expires_s;
	struct place p;

	for (unsigned i = 0; i < CONTACTS_MAX; i++) {
		size_t k = n;

		if (!message_contact_at(m, i, &p.text, &expires_s))
			break;
		p.q = message_contact_q(m, i);
		if (!*p.text)
			continue;
		while (k > 0 && places[k - 1].q < p.q) {
			places[k] = places[k - 1];
			k--;
		}
		places[k] = p;
		n++;
	}
	return n;
}

/* 300, 301, 302 name places for the call, 305 a way to the same one. 380 means another service, and
 * what else there may be nobody knows. */
static bool names_places(unsigned status)
{
	return status == 300 || status == 301 || status == 302;
}

static bool is_allowed(const struct config_trunk *trunk, const char *host)
{
	if (strcasecmp(host, trunk->domain) == 0)
		return true;
	for (size_t i = 0; i < trunk->nredirect_domains; i++) {
		if (strcasecmp(host, trunk->redirect_domains[i]) == 0)
			return true;
	}
	return false;
}

static void not_followed(const struct call *call, const char *place, const char *why)
{
	LOG(LOG_WARN, KV("call", call->id), KV("event", "redirect"), KV("to", place),
	    KV("result", "not followed"), KV("why", why));
}

/* The trunk's own way to another number or host of it; still over its TLS, and its names. */
static enum err add_of_trunk(struct call *call, const struct message *m, const struct place *p,
                             struct call_target_list *found)
{
	const struct config_trunk *trunk = call->callee.who.trunk;
	bool other_way = message_status(m) == 305;
	struct call_target t = { .who = call->callee.who,
		                 .route = call->route,
		                 .alternative = true };
	struct uri uri;

	if (!message_parse_uri(m, p->text, &uri) || (uri.tel && other_way)) {
		not_followed(call, p->text, "it cannot be called");
		return OK;
	}
	if (!uri.tel && !is_allowed(trunk, uri.host)) {
		not_followed(call, uri.host,
		             "it is neither the trunk's domain nor one of its redirect-domains");
		return OK;
	}
	if (other_way)
		snprintf(t.number, sizeof(t.number), "%s", call->callee.number);
	else if (number_read(uri.user, t.number, sizeof(t.number)) || !*t.number) {
		not_followed(call, p->text, "it has no usable number");
		return OK;
	}
	t.as_is = !other_way;
	if (!uri.tel &&
	    (strcasecmp(uri.host, trunk->domain) != 0 || (uri.port && uri.port != trunk->port))) {
		t.host = (char *)(uintptr_t)uri.host; /* copied */
		t.port = uri.port;
	}
	return targets_add(call, &t, found);
}

/* As if the phone called that number: it may not reach more by this. */
static enum err add_of_phone(struct call *call, const struct message *m, const struct place *p,
                             struct call_target_list *found)
{
	struct call_target *before = TAILQ_LAST(found, call_target_list), *first;
	const struct config_route *route;
	char number[NUMBER_MAX];
	struct route_query q = { .from = &call->callee.who,
		                 .called = number,
		                 .caller = call->caller.number,
		                 .at_s = clock_wall_s(),
		                 .handed_on = true };
	struct uri uri;
	enum err err;

	if (message_status(m) == 305 || !message_parse_uri(m, p->text, &uri) ||
	    number_read(uri.user, number, sizeof(number)) || !*number) {
		not_followed(call, p->text, "it has no usable number");
		return OK;
	}
	route = route_pick(call->border->cfg.cfg, &q);
	if (!route) {
		not_followed(call, number, "no route takes a call of the phone to it");
		return OK;
	}
	err = targets_add_route(call, route, number, found);
	if (err == ERR_SYNTAX || err == ERR_LIMIT) {
		not_followed(call, number, "its route's number-rules make it unusable");
		return OK;
	}
	first = before ? TAILQ_NEXT(before, link) : TAILQ_FIRST(found);
	if (first)
		first->alternative = true;
	return err;
}

void redirect_follow(struct call *call, const struct message *answer)
{
	struct call_targets *ts = &call->targets;
	unsigned status = message_status(answer);
	struct call_target_list found = TAILQ_HEAD_INITIALIZER(found);
	struct place places[CONTACTS_MAX];
	size_t n;
	enum err err = OK;

	if (message_is_request(answer) || call->route->redirects != REDIRECTS_FOLLOW ||
	    (!names_places(status) && status != 305))
		return;
	if (ts->redirects++ >= REDIRECTS_MAX) {
		not_followed(call, "", "the call was redirected five times already");
		return;
	}
	n = read_places(answer, places);
	for (size_t i = 0; !err && i < n; i++)
		err = call->callee.who.kind == PARTY_TRUNK
		          ? add_of_trunk(call, answer, &places[i], &found)
		          : add_of_phone(call, answer, &places[i], &found);
	if (call->callee.who.kind == PARTY_PHONE && !TAILQ_EMPTY(&found))
		snprintf(ts->diverted, sizeof(ts->diverted), "%s", call->callee.number);
	TAILQ_CONCAT(&found, &ts->next, link);
	TAILQ_CONCAT(&ts->next, &found, link);
}

/* The host at which the caller would call: its provider's, or ours. */
static const char *host_for(const struct call *call, char *buf, size_t size)
{
	const struct conn *conn = leg_flow(call->caller.leg)->conn;

	if (call->caller.who.kind == PARTY_TRUNK)
		return call->caller.who.trunk->domain;
	if (!conn)
		return NULL;
	sip_realm_host(conn->realm, sip_realm_listener_of(conn), buf, size);
	return buf;
}

/* A number as the caller writes it. */
static enum err cross(const struct call *call, const char *number, char out[NUMBER_MAX])
{
	const struct config_party *from = &call->callee.who, *to = &call->caller.who;
	char ours[NUMBER_MAX];
	enum err err = OK;

	if (from->kind == PARTY_TRUNK)
		err = number_cross(from->trunk, TRUNK_IN, NUMBER_CALLED, number, ours);
	else
		snprintf(ours, sizeof(ours), "%s", number);
	if (!err && to->kind == PARTY_TRUNK)
		return number_cross(to->trunk, TRUNK_OUT, NUMBER_CALLED, ours, out);
	snprintf(out, NUMBER_MAX, "%s", ours);
	return err;
}

struct telling {
	const struct call *call;
	const struct message *answer;
};

static void add_contacts(void *arg, struct message *m)
{
	const struct telling *t = arg;
	const struct config_party *to = &t->call->caller.who;
	bool sips = to->kind == PARTY_TRUNK && to->trunk->uri_form == URI_SIPS;
	struct place places[CONTACTS_MAX];
	size_t n = read_places(t->answer, places);
	char buf[256], read[NUMBER_MAX], number[NUMBER_MAX];
	const char *host = host_for(t->call, buf, sizeof(buf));
	struct uri uri;

	for (size_t i = 0; host && i < n; i++) {
		if (message_parse_uri(t->answer, places[i].text, &uri) &&
		    number_read(uri.user, read, sizeof(read)) == OK && *read &&
		    cross(t->call, read, number) == OK)
			message_add(m, "Contact", "<%s:%s@%.200s>;q=%u.%03u", sips ? "sips" : "sip",
			            number, host, places[i].q / 1000, places[i].q % 1000);
	}
}

bool redirect_pass(struct call *call, const struct message *answer)
{
	unsigned status = message_status(answer);
	struct telling telling = { .call = call, .answer = answer };
	char why[80];

	if (message_is_request(answer) || call->route->redirects != REDIRECTS_PASS ||
	    !names_places(status))
		return false;
	snprintf(why, sizeof(why), "%s sent the caller elsewhere", party_name(&call->callee.who));
	call_end(call, status, why);
	leg_reject_with(call->caller.leg, status, NULL, add_contacts, &telling);
	return true;
}
