/* Re-INVITEs that change nothing (RFC 3261 14.2, RFC 4028 7.4). Signalling thread. */
#include "sbc/b2bua/refresh.h"

#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/mem.h"

static void replace(char **at, char *text)
{
	if (*at)
		mem_wipe(*at, strlen(*at));
	mem_free(*at);
	*at = text;
}

static const char *sdp_of(const struct message *m, size_t *len)
{
	const char *body = message_body(m, len);

	return body && strcasecmp(message_content_type(m), "application/sdp") == 0 ? body : NULL;
}

void refresh_keep_ours(struct refresh *r, const char *sdp, size_t len)
{
	if (sdp)
		replace(&r->ours, mem_strndup(sdp, len));
}

void refresh_keep_theirs(struct refresh *r, const struct message *m)
{
	size_t len;
	const char *sdp = sdp_of(m, &len);

	if (sdp)
		replace(&r->theirs, mem_strndup(sdp, len));
}

bool refresh_is_one(const struct refresh *r, const struct message *invite)
{
	size_t len;
	const char *sdp = sdp_of(invite, &len);

	return sdp && r->ours && r->theirs && !r->txn && strlen(r->theirs) == len &&
	       memcmp(r->theirs, sdp, len) == 0;
}

static void on_end(void *arg)
{
	struct refresh *r = arg;

	r->txn = NULL;
}

void refresh_answer(struct refresh *r, struct server_txn *txn, const char *tag, const char *contact)
{
	const struct server_txn_handler handler = { .on_end = on_end, .arg = r };
	struct message *m;
	enum err err = message_new_response(&m, server_txn_request(txn),
	                                    &server_txn_flow(txn)->peer, 200, NULL, tag);

	if (!err) {
		message_add(m, "Contact", "<%s>", contact);
		message_set_body(m, "application/sdp", r->ours, strlen(r->ours));
		err = server_txn_respond(txn, m);
		message_free(&m);
	}
	if (err) {
		server_txn_reply(txn, 500, NULL, NULL);
		return;
	}
	r->txn = txn;
	server_txn_set_handler(txn, &handler);
}

bool refresh_acked(struct refresh *r)
{
	if (!r->txn)
		return false;
	server_txn_acked(r->txn);
	server_txn_detach(&r->txn);
	return true;
}

void refresh_free(struct refresh *r)
{
	server_txn_detach(&r->txn);
	replace(&r->ours, NULL);
	replace(&r->theirs, NULL);
}
