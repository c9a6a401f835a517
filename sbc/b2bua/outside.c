/* Single requests out of any call (RFC 3428, RFC 3903), and what they have in common with
 * subscriptions. Signalling thread. */
#include "sbc/b2bua/outside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/random.h"
#include "sbc/b2bua/bodies.h"
#include "sbc/b2bua/extensions.h"
#include "sbc/b2bua/names.h"
#include "sbc/b2bua/subscription.h"

/* A request of ours that waits for its answer. */
struct sent {
	struct errand *errand;
	struct lane_item *item;
	void (*on_answer)(void *arg, const struct message *m, const struct flow *flow);
	void *arg;
};

/* One request; its lane has no other. */
struct outside {
	TAILQ_ENTRY(outside) link;
	struct border *border;
	struct party from, to;
	struct target target;
	struct flow first;
	struct dialog *dialog; /* its Call-ID and tag; nothing more comes in it */
	struct lane lane;
	char tag[TAG_LEN + 1]; /* of its answer */
};

static void on_response(void *arg, const struct message *m, const struct flow *flow)
{
	struct sent *sent = arg;
	struct lane_item *item = sent->item;

	if (message_status(m) < 200)
		return;
	if (sent->on_answer)
		sent->on_answer(sent->arg, m, flow);
	outside_forget(sent);
	lane_on_end(item, m, NULL);
}

static void on_fail(void *arg, const char *why)
{
	struct sent *sent = arg;
	struct lane_item *item = sent->item;
	char kept[CERT_WHY_MAX];

	snprintf(kept, sizeof(kept), "%s", why);
	outside_forget(sent);
	lane_on_end(item, NULL, kept);
}

void outside_forget(void *out)
{
	struct sent *sent = out;

	errand_free(&sent->errand);
	mem_free(sent);
}

/* A list of resources instead of one (RFC 4662): both ends must know of it. */
static void cross_eventlist(const struct message *from, struct message *to)
{
	if (extension_in(from, "Supported", "eventlist"))
		message_put(to, "Supported", "eventlist");
	if (extension_in(from, "Require", "eventlist"))
		message_put(to, "Require", "eventlist");
}

/* A request received becomes one of ours in a dialog. */
static enum err make_along(struct dialog *dlg, const struct message *request,
                           const struct crossing_ends *ends, struct message **out)
{
	enum err err = dialog_request(dlg, message_method_name(request), out);
	struct passage p;

	if (err)
		return err;
	message_set_max_forwards(*out, message_max_forwards(request) - 1);
	message_put(*out, "User-Agent", "Trunkgate");
	passage_open(&p, request, *out, ends);
	headers_cross(&p);
	headers_cross_event(&p);
	cross_eventlist(request, *out);
	bodies_cross(&p);
	return OK;
}

static enum err send_along(const struct outside_way *way, struct message *m, struct lane_item *item,
                           void **out)
{
	static const struct errand_handler handler = { on_response, on_fail, NULL, NULL };
	struct sent *sent = mem_zalloc(sizeof(*sent));
	const struct errand_cfg cfg = { .stack = way->stack,
		                        .dialog = way->dialog,
		                        .target = way->target,
		                        .first = way->first,
		                        .handler = &handler,
		                        .arg = sent };
	enum err err;

	if (!sent)
		return ERR_NOMEM;
	sent->item = item;
	sent->on_answer = way->on_answer;
	sent->arg = way->arg;
	err = errand_start(&sent->errand, &cfg, m);
	if (err)
		mem_free(sent);
	else
		*out = sent;
	return err;
}

enum err outside_send(const struct outside_way *way, const struct lane *lane,
                      const struct message *request, struct lane_item *item, void **out)
{
	struct message *m;
	enum err err = make_along(way->dialog, request, &lane->ends, &m);

	if (err)
		return err;
	err = client_txn_loops(way->stack, request, m) ? ERR_EXISTS : send_along(way, m, item, out);
	message_free(&m);
	return err;
}

bool outside_knows(const char *method)
{
	static const char *const methods[] = { "MESSAGE", "PUBLISH", "NOTIFY", "SUBSCRIBE" };

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (strcmp(method, methods[i]) == 0)
			return true;
	}
	return false;
}

static void outside_free(struct outside *o)
{
	TAILQ_REMOVE(&o->border->outside, o, link);
	lane_end(&o->lane, 500);
	dialog_free(&o->dialog);
	flow_clear(&o->first);
	mem_free(o);
}

void outside_end(struct border *b)
{
	struct outside *o;

	while ((o = TAILQ_FIRST(&b->outside)))
		outside_free(o);
}

static enum err send_on(struct lane *lane, const struct message *request, struct lane_item *item,
                        void **out)
{
	struct outside *o = lane->arg;
	const struct outside_way way = { .stack = o->border->cfg.stack,
		                         .dialog = o->dialog,
		                         .target = &o->target,
		                         .first = &o->first };

	return outside_send(&way, lane, request, item, out);
}

static void dress(struct lane *lane, const struct passage *back)
{
	(void)lane;
	headers_cross_event(back);
}

static bool on_end(struct lane *lane, const struct message *answer, const char *why)
{
	(void)answer;
	(void)why;
	outside_free(lane->arg);
	return false;
}

static enum err open_outside(struct outside *o)
{
	struct names names;
	struct dialog_uac_cfg cfg = { .from = names.from,
		                      .to = names.to,
		                      .request_uri = names.request_uri,
		                      .contact = names.contact };
	enum err err = names_make(o->border, &names, &o->from, &o->to);

	if (err)
		return err;
	o->target = names.target;
	if (names.flow)
		flow_copy(&o->first, names.flow);
	return dialog_new_uac(&o->dialog, o->border->outside_dialogs, &cfg);
}

static void pass_single(struct border *b, struct server_txn *txn, const struct party *from,
                        const struct party *to)
{
	static const struct lane_ops ops = { send_on, outside_forget, dress, on_end };
	struct outside *o = mem_zalloc(sizeof(*o));

	if (!o) {
		server_txn_reply(txn, 500, NULL, NULL);
		return;
	}
	o->border = b;
	o->from = *from;
	o->to = *to;
	TAILQ_INSERT_TAIL(&b->outside, o, link);
	lane_open(&o->lane, &ops, o);
	random_token(o->tag, TAG_LEN);
	o->lane.tag = o->tag;
	o->lane.ends = (struct crossing_ends){ .from = &o->from.who, .to = &o->to.who };
	if (open_outside(o))
		server_txn_reply(txn, 500, NULL, NULL);
	else
		lane_take(&o->lane, txn);
	if (lane_is_empty(&o->lane))
		outside_free(o);
}

void outside_pass(struct border *b, struct server_txn *txn, const struct party *from,
                  const struct party *to)
{
	const struct message *request = server_txn_request(txn);
	struct call_refusal refusal;
	enum crossing way = crossing_to(to);

	if (to->who.kind == PARTY_PHONE && party_find(b, to, &refusal))
		server_txn_reply(txn, refusal.status, NULL, NULL);
	else if (!bodies_may_cross(request, way))
		server_txn_reply_with(txn, 415, "Accept", bodies_accepted(way));
	else if (strcmp(message_method_name(request), "SUBSCRIBE") == 0)
		subscription_start(b, txn, from, to);
	else
		pass_single(b, txn, from, to);
}
