/* A 2xx that comes too late. Signalling thread. */
#include "sbc/sip/late_answer.h"

#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/dialog.h"

/* A BYE on its way, and the dialog that it ends. Its transaction's. */
struct goodbye {
	struct stack *stack;
	struct dialog *dlg;
	struct credentials *credentials;
	struct message *bye;
	unsigned challenged; /* times */
};

static void on_answer(void *arg, const struct message *answer);

static void free_goodbye(struct goodbye *g)
{
	dialog_free(&g->dlg);
	message_free(&g->bye);
	mem_free(g);
}

static void on_end(void *arg)
{
	free_goodbye(arg);
}

/* Takes dlg, in any case; shares bye. */
static enum err send_bye(const struct goodbye *like, struct dialog *dlg, struct message *bye)
{
	struct goodbye *g = mem_zalloc(sizeof(*g));
	struct client_txn_handler handler = { .on_response = on_answer,
		                              .on_end = on_end,
		                              .arg = g };
	struct client_txn *txn;
	enum err err;

	if (!g) {
		dialog_free(&dlg);
		return ERR_NOMEM;
	}
	*g = *like;
	g->dlg = dlg;
	g->bye = message_ref(bye);
	err = client_txn_start(&txn, g->stack, bye, dialog_flow(dlg), &handler);
	if (err)
		free_goodbye(g);
	return err;
}

/* RFC 3261 22.2: who asks for a password gets it, or the call would stand for ever over there. */
static void on_answer(void *arg, const struct message *answer)
{
	struct goodbye *g = arg;
	unsigned status = message_status(answer);
	struct dialog *dlg = g->dlg;
	struct message *next;
	enum err err;

	if ((status != 401 && status != 407) || !g->credentials || !dlg ||
	    credentials_challenged(g->credentials, g->bye, answer, g->challenged++))
		return;
	err = dialog_again(dlg, g->bye, &next);
	if (!err) {
		credentials_add(g->credentials, next, true);
		g->dlg = NULL;
		err = send_bye(g, dlg, next);
		message_free(&next);
	}
	if (err)
		LOG(LOG_WARN, KV("call-id", message_call_id(answer)), KV("event", "late-answer"),
		    KVN("code", status), KV("result", err_text(err)));
}

static enum err confirm(struct stack *stack, const struct message *invite,
                        const struct message *answer, struct dialog *dlg)
{
	struct message *ack;
	enum err err = dialog_ack(dlg, message_cseq(answer), &ack);

	if (err)
		return err;
	credentials_copy(invite, ack);
	err = stack_send(stack, ack, dialog_flow(dlg));
	message_free(&ack);
	return err;
}

/* Takes dlg. */
static enum err hang_up(struct stack *stack, struct dialog *dlg, struct credentials *c)
{
	const struct goodbye first = { .stack = stack, .credentials = c };
	struct message *bye;
	enum err err = dialog_request(dlg, "BYE", &bye);

	if (err) {
		dialog_free(&dlg);
		return err;
	}
	credentials_add(c, bye, false);
	err = send_bye(&first, dlg, bye);
	message_free(&bye);
	return err;
}

void late_answer_end(struct stack *stack, const struct message *invite,
                     const struct message *answer, const struct flow *flow, struct credentials *c,
                     bool copy)
{
	struct dialog *dlg;
	enum err err = dialog_new_answered(&dlg, answer, flow);

	if (!err) {
		err = confirm(stack, invite, answer, dlg);
		if (!err && !copy)
			err = hang_up(stack, dlg, c);
		else
			dialog_free(&dlg);
	}
	if (err || !copy)
		LOG(LOG_WARN, KV("call-id", message_call_id(answer)), KV("event", "late-answer"),
		    KVN("code", message_status(answer)),
		    KV("result", err ? err_text(err) : "hung up"));
}
