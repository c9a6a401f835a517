/* A 2xx that comes too late. Signalling thread. */
#include "sbc/sip/late_answer.h"

#include "base/log.h"
#include "sbc/sip/dialog.h"

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

static enum err hang_up(struct stack *stack, struct dialog *dlg, struct credentials *c)
{
	static const struct client_txn_handler nobody;
	struct client_txn *txn;
	struct message *bye;
	enum err err = dialog_request(dlg, "BYE", &bye);

	if (err)
		return err;
	credentials_add(c, bye, false);
	err = client_txn_start(&txn, stack, bye, dialog_flow(dlg), &nobody);
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
		dialog_free(&dlg);
	}
	if (err || !copy)
		LOG(LOG_WARN, KV("call-id", message_call_id(answer)), KV("event", "late-answer"),
		    KVN("code", message_status(answer)),
		    KV("result", err ? err_text(err) : "hung up"));
}
