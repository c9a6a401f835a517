/* Whatever a leg sends within its dialog, and the answers (RFC 3261 12.2.1). Signalling thread.
 * Owner: the leg. */
#include <stdio.h>
#include "base/mem.h"
#include "sbc/b2bua/leg_internal.h"
#include "sbc/phone/location.h"
#include "sbc/sip/errand.h"

struct leg_request {
	LIST_ENTRY(leg_request) link;
	struct leg *leg;
	struct errand *errand;
	const struct leg_request_handler *handler; /* NULL: it is the owner's, who has on_end */
	void (*on_end)(void *arg, const struct message *answer, const char *why);
	void *arg;
};

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
	if (rq == rq->leg->ours)
		rq->leg->ours = NULL;
	if (rq == rq->leg->earlier)
		rq->leg->earlier = NULL;
	errand_free(&rq->errand);
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

static void on_response(void *arg, const struct message *m, const struct flow *flow)
{
	struct leg_request *rq = arg;
	const struct leg_request was = *rq;
	unsigned status = message_status(m);

	/* Of an INVITE further 2xx may come (RFC 3261 13.2.2.4). */
	if (status >= 300 || (status >= 200 && message_method(m) != METHOD_INVITE))
		free_one(rq);
	if (was.handler)
		was.handler->on_response(was.leg, m, flow);
	else if (status >= 200)
		tell_end(&was, m, NULL);
}

static void on_fail(void *arg, const char *why)
{
	struct leg_request *rq = arg;
	const struct leg_request was = *rq;
	char kept[CERT_WHY_MAX];

	snprintf(kept, sizeof(kept), "%s", why);
	free_one(rq);
	if (was.handler)
		was.handler->on_fail(was.leg, kept);
	else
		tell_end(&was, NULL, kept);
}

static bool amend(void *arg, const struct message *answer, struct message *next)
{
	const struct leg_request *rq = arg;

	return rq->handler && rq->handler->amend && rq->handler->amend(rq->leg, answer, next);
}

static void on_over(void *arg)
{
	free_one(arg);
}

/* Whose connection broke may have registered anew over another one. */
static void follow_phone(const struct leg *leg, struct dialog *dialog)
{
	const struct location *where;

	if (!leg->phone || flow_alive(dialog_flow(dialog)))
		return;
	where = location_get(leg->env->locations, leg->phone);
	if (where && flow_alive(&where->flow))
		dialog_set_flow(dialog, &where->flow);
}

static enum err send_one(struct leg_request **out, const struct leg_request *as,
                         struct dialog *dialog, struct message *m)
{
	static const struct errand_handler handler = { on_response, on_fail, amend, on_over };
	struct leg_request *rq = mem_zalloc(sizeof(*rq));
	struct leg *leg = as->leg;
	const struct errand_cfg cfg = { .stack = leg->env->stack,
		                        .dialog = dialog,
		                        .target = &leg->target,
		                        .first = &leg->first_flow,
		                        .handler = &handler,
		                        .arg = rq };
	enum err err;

	if (!rq)
		return ERR_NOMEM;
	*rq = *as;
	LIST_INSERT_HEAD(&leg->requests, rq, link);
	if (*message_to_tag(m))
		follow_phone(leg, dialog);
	err = errand_start(&rq->errand, &cfg, m);
	if (err)
		free_one(rq);
	else if (out)
		*out = rq;
	return err;
}

enum err leg_request_send(struct leg_request **out, struct leg *leg, struct dialog *dialog,
                          struct message *m, const struct leg_request_handler *handler)
{
	const struct leg_request as = { .leg = leg, .handler = handler };

	leg_dress(leg, m);
	return send_one(out, &as, dialog, m);
}

enum err leg_request_pass(struct leg_request **out, struct leg *leg, struct dialog *dialog,
                          struct message *m,
                          void (*on_end)(void *, const struct message *, const char *), void *arg)
{
	const struct leg_request as = { .leg = leg, .on_end = on_end, .arg = arg };

	return send_one(out, &as, dialog, m);
}

const struct message *leg_request_message(const struct leg_request *rq)
{
	return errand_message(rq->errand);
}

void leg_request_answered(struct leg_request *rq)
{
	if (rq && !credentials_are_in(errand_message(rq->errand)))
		errand_forget_message(rq->errand);
}

void leg_request_end(struct leg_request *rq)
{
	if (rq)
		free_one(rq);
}

void leg_request_cancel(struct leg_request *rq, const char *reason)
{
	errand_cancel(rq->errand, reason);
}
