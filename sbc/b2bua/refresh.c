/* Offers that change nothing (RFC 3261 14.2, RFC 3311 5.2, RFC 4028 7.4). Signalling thread. */
#include "sbc/b2bua/refresh.h"

#include <string.h>
#include <strings.h>
#include "base/mem.h"

static void replace(char **at, char *text)
{
	if (*at)
		mem_wipe(*at, strlen(*at));
	mem_free(*at);
	*at = text;
}

const char *refresh_sdp(const struct message *m, size_t *len)
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
	const char *sdp = refresh_sdp(m, &len);

	if (sdp)
		replace(&r->theirs, mem_strndup(sdp, len));
}

bool refresh_is_one(const struct refresh *r, const struct message *request)
{
	size_t len;
	const char *sdp = refresh_sdp(request, &len);

	return sdp && r->ours && r->theirs && strlen(r->theirs) == len &&
	       memcmp(r->theirs, sdp, len) == 0;
}

static void on_end(void *arg)
{
	struct refresh *r = arg;

	r->txn = NULL;
}

enum err refresh_answer(struct refresh *r, struct server_txn *txn, struct message *answer)
{
	const struct server_txn_handler handler = { .on_end = on_end, .arg = r };
	enum err err = server_txn_respond(txn, answer);

	if (err)
		return err;
	r->txn = txn;
	server_txn_set_handler(txn, &handler);
	return OK;
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
