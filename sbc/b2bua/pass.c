/* INFO and MESSAGE within a call. Signalling thread. */
#include "sbc/b2bua/pass.h"

#include <stdio.h>
#include <string.h>
#include "sbc/b2bua/bodies.h"
#include "sbc/b2bua/call_internal.h"
#include "sbc/b2bua/names.h"
#include "sbc/b2bua/pass_refer.h"
#include "sbc/b2bua/transfer.h"

static struct party *party_of(struct lane *lane)
{
	struct call *call = lane->arg;

	return lane == &call->to_caller ? &call->caller : &call->callee;
}

static bool is(const struct message *request, const char *method)
{
	return strcmp(message_method_name(request), method) == 0;
}

/* What an answer to REFER must have (RFC 3515 2.2). */
static void dress(struct lane *lane, const struct passage *back)
{
	struct call *call = lane->arg;
	const struct leg *to = lane == &call->to_caller ? call->callee.leg : call->caller.leg;

	if (is(back->from, "REFER") && message_status(back->from) < 300)
		message_add(back->to, "Contact", "<%s>", leg_contact(to));
}

static enum err send_on(struct lane *lane, const struct message *request, struct lane_item *item,
                        void **out)
{
	struct call *call = lane->arg;
	struct leg *leg = party_of(lane)->leg;
	struct leg_request *rq;
	struct passage p;
	struct message *m;
	enum err err = leg_pass(leg, message_method_name(request), &m);

	if (err)
		return err;
	message_set_max_forwards(m, message_max_forwards(request) - 1);
	message_put(m, "User-Agent", "Trunkgate");
	passage_open(&p, request, m, &lane->ends);
	if (is(request, "REFER"))
		err = pass_refer_add(call, request, &p);
	else if (is(request, "NOTIFY"))
		headers_cross_refer(&p, call->refer_cseq);
	headers_cross(&p); /* behind what the trunk's rules are to see */
	bodies_cross(&p);
	if (!err)
		err = leg_pass_send(&rq, leg, m, lane_on_end, item);
	if (!err)
		*out = rq;
	message_free(&m);
	return err;
}

static void forget(void *out)
{
	struct leg_request *rq = out;

	leg_pass_forget(&rq);
}

static bool on_end(struct lane *lane, const struct message *answer, const char *why)
{
	unsigned status = answer ? message_status(answer) : 0;
	char text[CERT_WHY_MAX + 64];

	if (!answer && !why)
		return false; /* its leg is on its way out, and the call after it */
	if (answer && status != 408 && status != 481)
		return true;
	/* RFC 3261 12.2.1.2, RFC 5057 5.1: the dialog is gone. */
	if (answer)
		snprintf(text, sizeof(text), "a request in the call was answered %u", status);
	else
		snprintf(text, sizeof(text), "a request in the call was not answered: %s", why);
	leg_lose(party_of(lane)->leg, text);
	return false;
}

static const struct lane_ops ops = { send_on, forget, dress, on_end };

void pass_open(struct call *call)
{
	lane_open(&call->to_caller, &ops, call);
	lane_open(&call->to_callee, &ops, call);
}

static void refuse_method(struct server_txn *txn, const struct leg *leg)
{
	char allow[LEG_ALLOW_MAX];

	leg_allow(leg, allow);
	server_txn_reply_with(txn, 405, "Allow", allow);
}

static void take(struct call *call, struct lane *lane, struct server_txn *txn)
{
	const struct message *request = server_txn_request(txn);

	if (is(request, "REFER"))
		call->refer_cseq = message_cseq(request);
	lane_take(lane, txn);
}

bool pass_on_request(void *arg, struct leg *leg, struct server_txn *txn,
                     const struct message *request)
{
	struct call *call = arg;
	struct lane *lane = leg == call->caller.leg ? &call->to_callee : &call->to_caller;
	const struct party *to = party_of(lane);
	const char *method = message_method_name(request);

	if (leg != call->caller.leg && leg != call->callee.leg) { /* another has its place */
		server_txn_reply(txn, 481, NULL, NULL);
		return true;
	}
	if (is(request, "REFER") && !pass_refer_is_trunks(call, leg, request)) {
		transfer_on_refer(call, leg, txn, request);
		return true;
	}
	if (!is(request, "INFO") && !is(request, "MESSAGE") && !is(request, "REFER") &&
	    !(is(request, "NOTIFY") && pass_refer_notifies(call, request)))
		return false;
	lane->ends.from = to == &call->caller ? &call->callee.who : &call->caller.who;
	lane->ends.to = &to->who;
	if (call->code)
		server_txn_reply(txn, 481, NULL, NULL);
	else if (message_max_forwards(request) == 0)
		server_txn_reply(txn, 483, NULL, NULL);
	else if (!to->leg || !lane_has_room(lane))
		lane_ask_later(txn);
	else if (!leg_peer_takes(to->leg, method))
		refuse_method(txn, to->leg);
	else if (!bodies_may_cross(request, crossing_way(&lane->ends)))
		server_txn_reply_with(txn, 415, "Accept",
		                      bodies_accepted(crossing_way(&lane->ends)));
	else
		take(call, lane, txn);
	return true;
}

void pass_end(struct call *call)
{
	lane_end(&call->to_caller, 487);
	lane_end(&call->to_callee, 487);
}
