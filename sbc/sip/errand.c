/* Whatever we send within dialogs, and the answers that want it once more (RFC 3261 12.2.1, 22).
 * Signalling thread. */
#include "sbc/sip/errand.h"

#include "base/mem.h"

struct errand {
	struct errand_cfg cfg;
	struct message *message;
	struct request *request;
	bool cancelled;
	unsigned challenged; /* times */
};

static void on_response(void *arg, const struct message *m, const struct flow *flow);
static void on_fail(void *arg, enum err err, const char *why);
static void on_over(void *arg);

/* Where a request goes once the flow of the dialog is gone: to the peer's Contact, under the rules
 * of the trunk. What begins a dialog goes to the target itself. held: holds the texts of out. */
static void aim(const struct errand *e, struct target *out, struct message **held)
{
	const struct target *target = e->cfg.target;
	struct uri hop;

	*out = *target;
	if (!*message_to_tag(e->message) || !dialog_next_hop(e->cfg.dialog, held, &hop))
		return;
	out->host = hop.host;
	out->port = hop.port;
	out->srv = !hop.port && target->srv;
	if (out->transport != TRANSPORT_TLS)
		out->transport = hop.has_transport && hop.transport == TRANSPORT_TCP
		                     ? TRANSPORT_TCP
		                     : TRANSPORT_UDP;
}

static enum err start(struct errand *e, const struct flow *flow)
{
	const struct request_handler handler = {
		.on_response = on_response, .on_fail = on_fail, .on_over = on_over, .arg = e
	};
	struct message *held = NULL;
	struct target target;
	enum err err;

	aim(e, &target, &held);
	err = request_start(&e->request, e->cfg.stack, e->message, &target, flow, &handler);
	message_free(&held);
	return err;
}

/* RFC 3261 22.2, 22.3: it asks for a password that we have. */
static bool is_challenge(struct errand *e, const struct message *answer)
{
	struct credentials *c = e->cfg.target->credentials;
	unsigned status = message_status(answer);

	return c && (status == 401 || status == 407) &&
	       credentials_challenged(c, e->message, answer, e->challenged++) == OK;
}

/* An answer that asks for the same request with something more goes back to whom it came from. */
static bool ask_again(struct errand *e, const struct message *answer, const struct flow *flow)
{
	bool challenge = !e->cancelled && is_challenge(e, answer);
	bool amend = message_status(answer) == 422 && e->cfg.handler->amend;
	struct message *before = e->message, *next;
	struct request *was = e->request;

	if (e->cancelled || (!challenge && !amend) ||
	    dialog_again(e->cfg.dialog, e->message, &next))
		return false;
	if (challenge) {
		credentials_add(e->cfg.target->credentials, next, true);
	} else if (!e->cfg.handler->amend(e->cfg.arg, answer, next)) {
		message_free(&next);
		return false;
	}
	e->message = next;
	if (start(e, flow)) {
		e->message = before;
		message_free(&next);
		return false;
	}
	message_free(&before);
	request_free(&was);
	return true;
}

static void on_response(void *arg, const struct message *m, const struct flow *flow)
{
	struct errand *e = arg;
	unsigned status = message_status(m);

	if (status > 100 && (status < 300 || !ask_again(e, m, flow)))
		e->cfg.handler->on_response(e->cfg.arg, m, flow);
}

static void on_fail(void *arg, enum err err, const char *why)
{
	struct errand *e = arg;

	(void)err;
	e->cfg.handler->on_fail(e->cfg.arg, why);
}

static void on_over(void *arg)
{
	struct errand *e = arg;

	if (e->cfg.handler->on_over)
		e->cfg.handler->on_over(e->cfg.arg);
}

enum err errand_start(struct errand **out, const struct errand_cfg *cfg, struct message *m)
{
	struct errand *e = mem_zalloc(sizeof(*e));
	enum err err;

	if (!e)
		return ERR_NOMEM;
	e->cfg = *cfg;
	e->message = message_ref(m);
	credentials_add(cfg->target->credentials, m, false);
	err = start(e, *message_to_tag(m) ? dialog_flow(cfg->dialog) : cfg->first);
	if (err)
		errand_free(&e);
	else
		*out = e;
	return err;
}

const struct message *errand_message(const struct errand *e)
{
	return e->message;
}

void errand_forget_message(struct errand *e)
{
	request_forget_message(e->request);
	message_free(&e->message);
}

void errand_cancel(struct errand *e, const char *reason)
{
	e->cancelled = true;
	request_cancel(e->request, reason);
}

void errand_free(struct errand **ep)
{
	struct errand *e = *ep;

	if (!e)
		return;
	request_free(&e->request);
	message_free(&e->message);
	mem_free(e);
	*ep = NULL;
}
