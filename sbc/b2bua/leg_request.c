/* Whatever a leg sends within its dialog, and the answers (RFC 3261 12.2.1). Signalling thread.
 * Owner: the leg. */
#include <stdio.h>
#include "base/mem.h"
#include "sbc/b2bua/leg_internal.h"

struct leg_request {
	LIST_ENTRY(leg_request) link;
	struct leg *leg;
	struct dialog *dialog;
	struct message *message;
	struct request *request;
	const struct leg_request_handler *handler; /* NULL: it is the owner's, who has on_end */
	void (*on_end)(void *arg, const struct message *answer, const char *why);
	void *arg;
	bool cancelled;
	unsigned challenged; /* times */
};

static void on_response(void *arg, const struct message *m, const struct flow *flow);
static void on_fail(void *arg, enum err err, const char *why);

/* An owner hears once how its request ended. */
static void tell_end(const struct leg_request *rq, const struct message *answer, const char *why)
{
	if (rq->on_end)
		rq->on_end(rq->arg, answer, why);
}

static void free_one(struct leg_request *rq)
{
	LIST_REMOVE(rq, link);
	if (rq == rq->leg->invite)
		rq->leg->invite = NULL;
	if (rq == rq->leg->refresh)
		rq->leg->refresh = NULL;
	request_free(&rq->request);
	message_free(&rq->message);
	mem_free(rq);
}

void leg_requests_free(struct leg *leg)
{
	struct leg_request *rq;

	while ((rq = LIST_FIRST(&leg->requests))) {
		const struct leg_request was = *rq;

		free_one(rq);
		tell_end(&was, NULL, NULL);
	}
}

size_t leg_requests_count(const struct leg *leg)
{
	const struct leg_request *rq;
	size_t n = 0;

	LIST_FOREACH(rq, &leg->requests, link)
	n++;
	return n;
}

/* Where a request goes once the flow of the dialog is gone: to the peer's Contact, under the rules
 * of the trunk. What begins a dialog goes to the target itself. */
static void aim(const struct leg_request *rq, struct target *out)
{
	const struct target *target = &rq->leg->target;
	struct uri hop;

	*out = *target;
	if (!*message_to_tag(rq->message) || !dialog_next_hop(rq->dialog, &hop))
		return;
	out->host = hop.host;
	out->port = hop.port;
	out->srv = !hop.port && target->srv;
	if (!out->tls)
		out->transport = hop.has_transport && hop.transport == TRANSPORT_TCP
		                     ? TRANSPORT_TCP
		                     : TRANSPORT_UDP;
}

static enum err start(struct leg_request *rq, const struct flow *flow)
{
	const struct request_handler handler = { .on_response = on_response,
		                                 .on_fail = on_fail,
		                                 .arg = rq };
	struct target target;

	aim(rq, &target);
	return request_start(&rq->request, rq->leg->env->stack, rq->message, &target, flow,
	                     &handler);
}

/* RFC 3261 22.2, 22.3: it asks for a password that we have. */
static bool is_challenge(struct leg_request *rq, const struct message *answer)
{
	struct credentials *c = rq->leg->target.credentials;
	unsigned status = message_status(answer);

	return c && (status == 401 || status == 407) &&
	       credentials_challenged(c, rq->message, answer, rq->challenged++) == OK;
}

/* An answer that asks for the same request with something more goes back to whom it came from. */
static bool ask_again(struct leg_request *rq, const struct message *answer, const struct flow *flow)
{
	bool challenge = !rq->cancelled && is_challenge(rq, answer);
	bool amend = message_status(answer) == 422 && rq->handler && rq->handler->amend;
	struct request *was = rq->request;
	struct message *next;

	if (rq->cancelled || (!challenge && !amend) || dialog_again(rq->dialog, rq->message, &next))
		return false;
	if (challenge) {
		credentials_add(rq->leg->target.credentials, next, true);
	} else if (!rq->handler->amend(rq->leg, answer, next)) {
		message_free(&next);
		return false;
	}
	message_free(&rq->message);
	rq->message = next;
	if (start(rq, flow))
		return false;
	request_free(&was);
	return true;
}

static void on_response(void *arg, const struct message *m, const struct flow *flow)
{
	struct leg_request *rq = arg;
	const struct leg_request was = *rq;
	unsigned status = message_status(m);

	if (status >= 300 && ask_again(rq, m, flow))
		return;
	/* Of an INVITE further 2xx may come (RFC 3261 13.2.2.4). */
	if (status >= 300 || (status >= 200 && message_method(rq->message) != METHOD_INVITE))
		free_one(rq);
	if (status > 100 && was.handler)
		was.handler->on_response(was.leg, m, flow);
	else if (status >= 200)
		tell_end(&was, m, NULL);
}

static void on_fail(void *arg, enum err err, const char *why)
{
	struct leg_request *rq = arg;
	const struct leg_request was = *rq;
	char kept[CERT_WHY_MAX];

	(void)err;
	snprintf(kept, sizeof(kept), "%s", why);
	free_one(rq);
	if (was.handler)
		was.handler->on_fail(was.leg, kept);
	else
		tell_end(&was, NULL, kept);
}

static enum err send_one(struct leg_request **out, const struct leg_request *cfg, struct message *m)
{
	struct leg_request *rq = mem_zalloc(sizeof(*rq));
	struct leg *leg = cfg->leg;
	enum err err;

	if (!rq)
		return ERR_NOMEM;
	*rq = *cfg;
	rq->message = message_ref(m);
	LIST_INSERT_HEAD(&leg->requests, rq, link);
	credentials_add(leg->target.credentials, m, false);
	err = start(rq, *message_to_tag(m) ? dialog_flow(rq->dialog) : &leg->first_flow);
	if (err)
		free_one(rq);
	else if (out)
		*out = rq;
	return err;
}

enum err leg_request_send(struct leg_request **out, struct leg *leg, struct dialog *dialog,
                          struct message *m, const struct leg_request_handler *handler)
{
	const struct leg_request cfg = { .leg = leg, .dialog = dialog, .handler = handler };

	return send_one(out, &cfg, m);
}

enum err leg_request_pass(struct leg_request **out, struct leg *leg, struct dialog *dialog,
                          struct message *m,
                          void (*on_end)(void *, const struct message *, const char *), void *arg)
{
	const struct leg_request cfg = {
		.leg = leg, .dialog = dialog, .on_end = on_end, .arg = arg
	};

	return send_one(out, &cfg, m);
}

const struct message *leg_request_message(const struct leg_request *rq)
{
	return rq->message;
}

void leg_request_end(struct leg_request *rq)
{
	if (rq)
		free_one(rq);
}

void leg_request_cancel(struct leg_request *rq)
{
	rq->cancelled = true;
	request_cancel(rq->request);
}
