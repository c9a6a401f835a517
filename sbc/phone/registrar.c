/* REGISTER from phones (RFC 3261 10.3): one place a phone, for as long as it asks within limits.
 * Signalling thread. */
#include "sbc/phone/registrar.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "sbc/sip/message.h"

#define EXPIRES_DEFAULT_S 300
#define EXPIRES_MIN_S     60
#define EXPIRES_MAX_S     3600
#define LATE_MS           32000 /* 64 x T1: nobody sends it again after that */
#define CONTACT_MAX       300   /* octets; it becomes the Request-URI of calls */

static void answer(struct server_txn *txn, const struct location *l)
{
	uint64_t now_ms = clock_mono_ms();
	struct message *response;
	char tag[17];
	enum err err;

	random_token(tag, sizeof(tag) - 1);
	err = message_new_response(&response, server_txn_request(txn), &server_txn_flow(txn)->peer,
	                           200, NULL, tag);
	if (!err) {
		if (l) /* whose timer may be late */
			message_add(response, "Contact", "<%s>;expires=%" PRIu64, l->contact,
			            l->expires_ms > now_ms ? (l->expires_ms - now_ms) / 1000 : 0);
		err = server_txn_respond(txn, response);
		message_free(&response);
	}
	if (err)
		LOG(LOG_WARN, KV("event", "register"), KV("result", err_text(err)));
}

/* 10.3 step 7: too short for us is 423 with what we take. */
static void answer_too_brief(struct server_txn *txn)
{
	struct message *response;
	char tag[17];

	random_token(tag, sizeof(tag) - 1);
	if (message_new_response(&response, server_txn_request(txn), &server_txn_flow(txn)->peer,
	                         423, NULL, tag))
		return;
	message_add(response, "Min-Expires", "%d", EXPIRES_MIN_S);
	if (server_txn_respond(txn, response))
		LOG(LOG_WARN, KV("event", "register"), KV("result", "423 could not be sent"));
	message_free(&response);
}

/* Whether calls can go to it. */
static bool is_usable(const struct message *request, const char *contact)
{
	struct uri uri;

	return *contact && strlen(contact) <= CONTACT_MAX &&
	       message_parse_uri(request, contact, &uri) && !uri.tel;
}

/* Binds the phone to contact for as long as it asks, within our limits. */
static void bind_to(struct locations *ls, struct server_txn *txn, const struct config_phone *phone,
                    const char *contact, int64_t expires_s)
{
	const struct message *request = server_txn_request(txn);
	struct location_cfg cfg = { .contact = contact,
		                    .flow = server_txn_flow(txn),
		                    .user_agent = message_header(request, "User-Agent", 0),
		                    .call_id = message_call_id(request),
		                    .cseq = message_cseq(request) };

	if (!is_usable(request, contact)) {
		server_txn_reply(txn, 400, "Unusable Contact", NULL);
		return;
	}
	if (expires_s < 0)
		expires_s = EXPIRES_DEFAULT_S;
	if (expires_s < EXPIRES_MIN_S) {
		answer_too_brief(txn);
		return;
	}
	if (expires_s > EXPIRES_MAX_S)
		expires_s = EXPIRES_MAX_S;
	cfg.expires_s = (unsigned)expires_s;
	if (location_set(ls, phone, &cfg)) {
		server_txn_reply(txn, 500, NULL, NULL);
		return;
	}
	answer(txn, location_get(ls, phone));
}

/* 10.3 step 7: each Contact by itself. One that goes takes back itself and no other. */
static void take_contacts(struct locations *ls, struct server_txn *txn,
                          const struct config_phone *phone)
{
	const struct message *request = server_txn_request(txn);
	const struct location *l;
	const char *contact;
	int64_t expires_s;

	for (unsigned n = 0; message_contact_at(request, n, &contact, &expires_s); n++) {
		if (expires_s != 0) {
			bind_to(ls, txn, phone, contact, expires_s);
			return;
		}
		l = location_get(ls, phone);
		if (l && strcasecmp(l->contact, contact) == 0)
			location_clear(ls, phone, "the phone says goodbye");
	}
	answer(txn, location_get(ls, phone));
}

/* 10.3 steps 6 and 7: the network turned round what the phone sent, and the newer is here. What has
 * no Contact asks alone. Not for as long as the binding lasts: a phone that starts anew may count
 * from the beginning under the Call-ID that it had. */
static bool is_overtaken(const struct location *l, const struct message *request)
{
	return l && clock_mono_ms() - l->since_ms < LATE_MS &&
	       message_header(request, "Contact", 0) &&
	       strcmp(l->call_id, message_call_id(request)) == 0 &&
	       message_cseq(request) <= l->cseq;
}

void registrar_on_register(struct locations *ls, struct server_txn *txn,
                           const struct config_phone *phone)
{
	const struct message *request = server_txn_request(txn);

	if (is_overtaken(location_get(ls, phone), request)) {
		server_txn_reply(txn, 500, "Overtaken By A Newer Request", NULL);
		return;
	}
	if (!message_contact_is_star(request)) {
		take_contacts(ls, txn, phone);
		return;
	}
	/* 10.2.2: "*" takes everything back, and nothing else is meant by it. */
	if (message_expires_s(request) != 0) {
		server_txn_reply(txn, 400, "Contact Without Expires Of 0", NULL);
		return;
	}
	location_clear(ls, phone, "the phone says goodbye");
	answer(txn, NULL);
}
