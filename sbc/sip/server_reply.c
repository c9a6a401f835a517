/* Answers that need no more than a status, a phrase and at most one header (RFC 3261 8.2.6).
 * Signalling thread. */
#include <stdio.h>
#include "base/log.h"
#include "base/random.h"
#include "sbc/sip/stack_internal.h"

/* name NULL: no header besides. */
static enum err try_reply(struct server_txn *t, unsigned status, const char *phrase,
                          const char *to_tag, const char *name, const char *value)
{
	struct message *response;
	char tag[17];
	enum err err;

	if (status == 100) {
		to_tag = NULL;
	} else if (!to_tag) {
		random_token(tag, sizeof(tag) - 1);
		to_tag = tag;
	}
	err = message_new_response(&response, server_txn_request(t), &server_txn_flow(t)->peer,
	                           status, phrase, to_tag);
	if (err)
		return err;
	if (name)
		message_put(response, name, value);
	err = server_txn_respond(t, response);
	message_free(&response);
	return err;
}

void server_txn_reply_with(struct server_txn *t, unsigned status, const char *name,
                           const char *value)
{
	if (server_txn_waits(t) && try_reply(t, status, NULL, NULL, name, value))
		server_txn_reply(t, status, NULL, NULL);
}

void server_txn_reply_later(struct server_txn *t, unsigned status, unsigned least_s,
                            unsigned most_s)
{
	char seconds[12];

	snprintf(seconds, sizeof(seconds), "%u", least_s + random_below(most_s - least_s + 1));
	server_txn_reply_with(t, status, "Retry-After", seconds);
}

void server_txn_reply(struct server_txn *t, unsigned status, const char *phrase, const char *to_tag)
{
	enum err err;

	if (!server_txn_waits(t))
		return; /* it has its final answer */
	err = try_reply(t, status, phrase, to_tag, NULL, NULL);
	if (!err)
		return;
	LOG(LOG_WARN, KV("call-id", message_call_id(server_txn_request(t))), KV("event", "answer"),
	    KVN("code", status), KV("result", err_text(err)));
	/* What cannot be said is over all the same: silence goes to the copies, too. */
	if (status >= 200)
		server_txn_give_up(t, status);
}
