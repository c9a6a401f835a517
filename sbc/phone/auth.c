/* Who is calling from inside. A phone with an address is believed by it; all others prove their
 * password, every time (RFC 3261 22.2). Signalling thread. */
#include "sbc/phone/auth.h"

#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "sbc/sip/digest.h"
#include "sbc/sip/message.h"
#include "sbc/sip/stack.h"

#define DIGEST_REALM "trunkgate"

struct phone_auth {
	const struct config *cfg;
	struct digest *digest;
	struct log_limit refused;
};

enum err phone_auth_new(struct phone_auth **out, const struct config *cfg)
{
	struct phone_auth *a = mem_zalloc(sizeof(*a));

	if (!a)
		return ERR_NOMEM;
	a->cfg = cfg;
	if (digest_new(&a->digest, DIGEST_REALM)) {
		mem_free(a);
		return ERR_NOMEM;
	}
	*out = a;
	return OK;
}

void phone_auth_free(struct phone_auth **ap)
{
	if (!*ap)
		return;
	digest_free(&(*ap)->digest);
	mem_free(*ap);
	*ap = NULL;
}

static const struct config_phone *find_by_address(const struct config *cfg,
                                                  const struct config_realm *realm,
                                                  const struct addr *peer)
{
	for (size_t i = 0; i < cfg->nphones; i++) {
		const struct config_phone *p = &cfg->phones[i];

		if (p->realm == realm && !p->password && addr_is_set(&p->address) &&
		    addr_same_host(&p->address, peer) &&
		    (!addr_port(&p->address) || addr_port(&p->address) == addr_port(peer)))
			return p;
	}
	return NULL;
}

static const struct config_phone *find_by_name(const struct config *cfg,
                                               const struct config_realm *realm, const char *name)
{
	for (size_t i = 0; i < cfg->nphones; i++) {
		const struct config_phone *p = &cfg->phones[i];

		if (p->realm == realm && p->password && strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

static bool realm_has_passwords(const struct config *cfg, const struct config_realm *realm)
{
	for (size_t i = 0; i < cfg->nphones; i++) {
		if (cfg->phones[i].realm == realm && cfg->phones[i].password)
			return true;
	}
	return false;
}

/* The strongest first, as RFC 8760 2.4 has it; a phone takes the first that it knows. */
static void challenge(struct phone_auth *a, struct server_txn *txn, bool stale)
{
	const struct message *request = server_txn_request(txn);
	char value[DIGEST_CHALLENGE_MAX], tag[17];
	struct message *response;
	enum err err;

	random_token(tag, sizeof(tag) - 1);
	err = message_new_response(&response, request, &server_txn_flow(txn)->peer, 401, NULL, tag);
	if (err) {
		server_txn_reply(txn, 500, NULL, NULL);
		return;
	}
	if (sip_realm_config(server_txn_flow(txn)->conn->realm)->digest == DIGEST_OFFER_ALL) {
		digest_challenge(a->digest, DIGEST_SHA256, stale, value, sizeof(value));
		message_put(response, "WWW-Authenticate", value);
	}
	digest_challenge(a->digest, DIGEST_MD5, stale, value, sizeof(value));
	message_put(response, "WWW-Authenticate", value);
	err = server_txn_respond(txn, response);
	message_free(&response);
	if (err)
		LOG(LOG_WARN, KV("event", "challenge"), KV("result", err_text(err)));
}

static void log_wrong(struct phone_auth *a, struct server_txn *txn, const char *user,
                      const char *why)
{
	char peer[ADDR_TEXT_MAX];
	unsigned suppressed;

	if (!log_limit_admits(&a->refused, &suppressed))
		return;
	LOG(LOG_WARN, KV("event", "auth"), KV("result", "refused"), KV("user", user),
	    KV("from", addr_text(&server_txn_flow(txn)->peer, peer, sizeof(peer))), KV("why", why),
	    KVN_LAST("suppressed", suppressed));
}

/* RFC 7616 3.4.6: made for this request, not for another number. Parameters may differ: some phones
 * leave them out. */
static bool is_for_this(const struct message *request, const char *credentials)
{
	char text[DIGEST_URI_MAX];
	struct uri asked, made_for;

	return digest_uri(credentials, text, sizeof(text)) == OK &&
	       message_request_uri(request, &asked) &&
	       message_parse_uri(request, text, &made_for) &&
	       strcmp(asked.user, made_for.user) == 0 && strcasecmp(asked.host, made_for.host) == 0;
}

static const struct config_phone *check_password(struct phone_auth *a, struct server_txn *txn,
                                                 const struct config_realm *realm)
{
	const struct message *request = server_txn_request(txn);
	const struct config_phone *phone;
	const char *credentials = NULL;
	char user[DIGEST_USER_MAX];

	for (unsigned n = 0; n < 8; n++) {
		credentials = message_header(request, "Authorization", n);
		if (!credentials || digest_user(a->digest, credentials, user) == OK)
			break;
		credentials = NULL;
	}
	if (!credentials) {
		challenge(a, txn, false);
		return NULL;
	}
	if (!is_for_this(request, credentials)) {
		log_wrong(a, txn, user, "credentials for another URI");
		challenge(a, txn, false);
		return NULL;
	}
	phone = find_by_name(a->cfg, realm, user);
	switch (digest_verify(a->digest, credentials, message_method_name(request),
	                      phone ? phone->password : NULL)) {
	case DIGEST_RIGHT:
		return phone;
	case DIGEST_STALE:
		challenge(a, txn, true);
		return NULL;
	case DIGEST_WRONG:
		break;
	}
	log_wrong(a, txn, user, phone ? "wrong password" : "no such phone in this realm");
	challenge(a, txn, false);
	return NULL;
}

const struct config_phone *phone_auth_check(struct phone_auth *a, struct server_txn *txn,
                                            const struct config_realm *realm)
{
	const struct config_phone *phone =
	    find_by_address(a->cfg, realm, &server_txn_flow(txn)->peer);

	if (phone)
		return phone;
	if (realm_has_passwords(a->cfg, realm))
		return check_password(a, txn, realm);
	log_wrong(a, txn, "-", "no phone has this address");
	server_txn_reply(txn, 403, NULL, NULL);
	return NULL;
}
