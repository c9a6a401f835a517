/* NOTIFY of a transfer (RFC 3515 2.4.4, 2.4.5). Signalling thread. */
#include "sbc/b2bua/transfer_notify.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "sbc/b2bua/extensions.h"

#define EXPIRES_S 180 /* timer C; RFC 3261 16.6 */

enum err transfer_notify_open(struct transfer_notify *n, struct leg *leg, struct server_txn *txn)
{
	const struct message *refer = server_txn_request(txn);
	const char *sub = message_header(refer, "Refer-Sub", 0);
	struct message *m;
	enum err err =
	    message_new_response(&m, refer, &server_txn_flow(txn)->peer, 202, NULL, NULL);

	if (err)
		return err;
	n->leg = leg;
	n->id = message_cseq(refer);
	n->silent = sub && strncasecmp(sub, "false", 5) == 0;
	message_add(m, "Contact", "<%s>", leg_contact(leg));
	if (n->silent)
		message_put(m, "Refer-Sub", "false");
	err = server_txn_respond(txn, m);
	message_free(&m);
	return err;
}

static void on_end(void *arg, const struct message *answer, const char *why);

static enum err send_notify(struct transfer_notify *n)
{
	struct message *m;
	char body[128];
	int len = snprintf(body, sizeof(body), "SIP/2.0 %u %s\r\n", n->status,
	                   message_status_phrase(n->status));
	enum err err = leg_pass(n->leg, "NOTIFY", &m);

	if (err)
		return err;
	message_put(m, "User-Agent", "Trunkgate");
	message_add(m, "Event", "refer;id=%u", n->id);
	if (n->last)
		message_put(m, "Subscription-State", "terminated;reason=noresource");
	else
		message_add(m, "Subscription-State", "active;expires=%u", EXPIRES_S);
	message_set_body(m, "message/sipfrag;version=2.0", body, (size_t)len);
	err = leg_pass_send(&n->out, n->leg, m, on_end, n);
	message_free(&m);
	return err;
}

static void say(struct transfer_notify *n)
{
	if (n->out || !n->due)
		return;
	n->due = false;
	n->silent = n->silent || send_notify(n);
	if (n->silent && n->last)
		n->on_told(n->arg);
}

static void on_end(void *arg, const struct message *answer, const char *why)
{
	struct transfer_notify *n = arg;

	(void)why;
	n->out = NULL;
	n->silent = n->silent || !answer || message_status(answer) >= 300;
	if (n->due)
		say(n);
	else if (n->last)
		n->on_told(n->arg);
}

void transfer_notify_say(struct transfer_notify *n, unsigned status, bool last)
{
	n->status = status;
	n->last = last;
	n->due = true;
	say(n);
}

void transfer_notify_close(struct transfer_notify *n)
{
	if (n->out)
		leg_pass_forget(&n->out);
}
