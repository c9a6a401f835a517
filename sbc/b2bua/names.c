/* Where a party is and what it is called by the other one. Signalling thread. */
#include "sbc/b2bua/names.h"

#include <stdio.h>
#include <string.h>
#include "sbc/b2bua/caller_id.h"

/* A phone is reached over UDP where its realm speaks that, else over TCP. Where SDP may have keys
 * in it, over TLS alone: the connection that it opened. */
static enum transport phone_transport(const struct config_realm *realm)
{
	if (realm->srtp != SRTP_OFF)
		return TRANSPORT_TLS;
	for (size_t i = 0; i < realm->nlisteners; i++) {
		if (realm->listeners[i].transport == TRANSPORT_UDP)
			return TRANSPORT_UDP;
	}
	return TRANSPORT_TCP;
}

void call_target(struct border *b, struct party *p, struct target *out)
{
	const struct config_phone *phone = p->who.phone;

	if (p->who.kind == PARTY_TRUNK) {
		trunk_target(trunk_find(b->cfg.trunks, p->who.trunk->name), b->cfg.stack, out);
		if (p->target && p->target->host) {
			out->host = p->target->host;
			out->port = p->target->port;
		}
		return;
	}
	if (addr_is_set(&phone->address))
		addr_host(&phone->address, p->host, sizeof(p->host));
	*out = (struct target){ .realm = stack_realm(b->cfg.stack, phone->realm),
		                .transport = phone_transport(phone->realm),
		                .host = p->host,
		                .port = addr_port(&phone->address),
		                .resolver = trunks_system_resolver(b->cfg.trunks),
		                .connect_timeout_ms = 5000 };
}

void call_refuse(struct call_refusal *r, unsigned status, const char *why)
{
	r->status = status;
	snprintf(r->why, sizeof(r->why), "%s", why);
}

enum err party_find(struct border *b, const struct party *p, struct call_refusal *refusal)
{
	const struct config_phone *phone = p->who.phone;
	const struct location *where = location_get(b->cfg.locations, phone);
	char why[160];

	if ((addr_is_set(&phone->address) && p->realm->srtp == SRTP_OFF) ||
	    (where && flow_alive(&where->flow)))
		return OK;
	snprintf(why, sizeof(why),
	         where ? "the connection that phone %s registered over is gone"
	               : "phone %s is not registered",
	         phone->name);
	call_refuse(refusal, 480, why);
	return ERR_NOT_FOUND;
}

const char *party_shown(const struct party *p)
{
	return *p->id.shown ? p->id.shown : p->number;
}

static enum err name_trunk(struct names *n, const struct party *from, const struct party *to)
{
	const struct config_trunk *trunk = to->who.trunk;
	const struct target *target = &n->target;
	const char *scheme = trunk->uri_form == URI_SIPS ? "sips" : "sip";
	const char *tail = trunk->uri_form == URI_SIPS ? "" : ";transport=tls";
	const struct config_listener *ours =
	    sip_realm_listener_for(target->realm, target->transport, NULL);
	char host[256], port[16] = "", called[NUMBER_MAX], calling[NUMBER_MAX];
	bool elsewhere = to->target && to->target->host;
	const char *domain = elsewhere ? to->target->host : trunk->domain;
	unsigned at = elsewhere ? to->target->port : trunk->port;
	enum err err = OK;

	if (to->target && to->target->as_is)
		snprintf(called, sizeof(called), "%s", to->number);
	else
		err = number_cross(trunk, TRUNK_OUT, NUMBER_CALLED, to->number, called);
	if (err)
		return err;
	if (at)
		snprintf(port, sizeof(port), ":%u", at);
	snprintf(n->request_uri, sizeof(n->request_uri), "%s:%s@%.200s%s%s", scheme, called, domain,
	         port, tail);
	snprintf(n->to, sizeof(n->to), "<%s:%s@%.200s>", scheme, called, domain);
	sip_realm_uri(target->realm, ours, trunk->uri_form, "trunkgate", n->contact,
	              sizeof(n->contact));
	sip_realm_host(target->realm, ours, host, sizeof(host));
	return caller_id_from(&from->id, true,
	                      caller_id_number(&from->who, party_shown(from), trunk, calling), host,
	                      scheme, n->from);
}

static enum err name_phone(struct names *n, const struct party *from, const struct party *to,
                           const struct location *where)
{
	const struct config_phone *phone = to->who.phone;
	const struct target *target = &n->target;
	const struct config_listener *ours =
	    where ? sip_realm_listener_of(where->flow.conn)
	          : sip_realm_listener_for(target->realm, target->transport, &phone->address);
	struct addr addr = phone->address;
	char host[256], text[ADDR_TEXT_MAX];

	if (!addr_port(&addr))
		addr_set_port(&addr, 5060);
	if (where)
		snprintf(n->request_uri, sizeof(n->request_uri), "%s", where->contact);
	else
		snprintf(n->request_uri, sizeof(n->request_uri), "sip:%s@%s", to->number,
		         addr_text(&addr, text, sizeof(text)));
	sip_realm_host(target->realm, ours, host, sizeof(host));
	snprintf(n->to, sizeof(n->to), "<sip:%s@%.200s>", to->number, host);
	sip_realm_uri(target->realm, ours, URI_SIP_TLS, "trunkgate", n->contact,
	              sizeof(n->contact));
	return caller_id_from(&from->id, false, party_shown(from), host, "sip", n->from);
}

enum err names_make(struct border *b, struct names *n, const struct party *from, struct party *to)
{
	const struct location *where = NULL;

	call_target(b, to, &n->target);
	n->flow = NULL;
	if (to->who.kind == PARTY_TRUNK)
		return name_trunk(n, from, to);
	where = location_get(b->cfg.locations, to->who.phone);
	if (where)
		n->flow = &where->flow;
	return name_phone(n, from, to, where);
}

void party_contact(const struct party *p, const struct server_txn *txn, char *out, size_t size)
{
	const struct conn *c = server_txn_flow(txn)->conn;
	enum uri_form form = p->who.kind == PARTY_TRUNK ? p->who.trunk->uri_form : URI_SIP_TLS;

	if (dialog_wants_sips(server_txn_request(txn)))
		form = URI_SIPS;
	sip_realm_uri(c->realm, sip_realm_listener_of(c), form, "trunkgate", out, size);
}

bool party_sent(const struct party *p, const struct flow *flow)
{
	const char *trunk = flow->conn->trunk;

	if (sip_realm_config(flow->conn->realm) != p->realm)
		return false;
	return p->who.kind == PARTY_TRUNK ? trunk && strcmp(trunk, p->who.trunk->name) == 0
	                                  : !trunk;
}

enum crossing crossing_to(const struct party *p)
{
	return p->who.kind == PARTY_TRUNK ? CROSSING_OUT : CROSSING_IN;
}
