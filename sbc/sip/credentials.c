/* The credentials of a trunk and the nonces that it was given. Signalling thread. */
#include "sbc/sip/credentials.h"

#include <stdint.h>
#include <string.h>
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "sbc/sip/digest_client.h"

#define CHALLENGES_MAX 16 /* of one response that are looked at, of a kind */
#define CNONCE_LEN     26 /* 130 bits */
#define VALUE_MAX      2000

/* A proxy asks for its own header, whatever its realm is called. */
enum asker { ASKER_UAS, ASKER_PROXY, NASKERS };

static const char *const challenge_names[NASKERS] = { "WWW-Authenticate", "Proxy-Authenticate" };
static const char *const answer_names[NASKERS] = { "Authorization", "Proxy-Authorization" };

struct asked {
	uint64_t round; /* of the response that asked last; 0: free */
	enum asker asker;
	struct digest_challenge challenge;
	/* One a nonce: with -sess some take the first for all uses, others the last. */
	char cnonce[CNONCE_LEN + 1];
	uint32_t nc;
};

struct credentials {
	struct credentials_cfg cfg;
	uint64_t rounds;
	struct asked asked[CREDENTIALS_REALMS];
};

enum err credentials_new(struct credentials **out, const struct credentials_cfg *cfg)
{
	struct credentials *c = mem_zalloc(sizeof(*c));

	if (!c)
		return ERR_NOMEM;
	c->cfg = *cfg;
	*out = c;
	return OK;
}

void credentials_free(struct credentials **cp)
{
	mem_free(*cp);
	*cp = NULL;
}

static void answer(struct credentials *c, struct asked *a, struct message *request)
{
	struct buf value;
	struct digest_use use = { .username = c->cfg.username,
		                  .password = c->cfg.password,
		                  .method = message_method_name(request),
		                  .uri = message_request_uri_text(request),
		                  .cnonce = a->cnonce,
		                  .nc = a->nc + 1 };
	enum err err = ERR_NOMEM;

	buf_init(&value, VALUE_MAX);
	if (use.uri)
		err = digest_credentials(&a->challenge, &use, &value);
	if (!err) {
		a->nc++;
		message_put(request, answer_names[a->asker], value.data);
	} else {
		LOG(LOG_WARN, KV("trunk", c->cfg.trunk), KV("event", "credentials"),
		    KV("realm", a->challenge.realm), KV("result", err_text(err)));
	}
	buf_free(&value);
}

void credentials_add(struct credentials *c, struct message *request, bool again)
{
	if (!c)
		return;
	for (enum asker k = 0; k < NASKERS; k++)
		message_remove(request, answer_names[k]);
	for (size_t i = 0; i < CREDENTIALS_REALMS; i++) {
		struct asked *a = &c->asked[i];

		if (a->round && (again || a->challenge.qop))
			answer(c, a, request);
	}
}

static struct asked *find(struct credentials *c, enum asker asker, const char *realm)
{
	for (size_t i = 0; i < CREDENTIALS_REALMS; i++) {
		struct asked *a = &c->asked[i];

		if (a->round && a->asker == asker && strcmp(a->challenge.realm, realm) == 0)
			return a;
	}
	return NULL;
}

static struct asked *longest_ago(struct credentials *c)
{
	struct asked *oldest = &c->asked[0];

	for (size_t i = 1; i < CREDENTIALS_REALMS; i++) {
		if (c->asked[i].round < oldest->round)
			oldest = &c->asked[i];
	}
	return oldest;
}

/* Whether request had credentials for that realm made from a nonce that was fresh: then it is the
 * password that was refused. One that was used before may have become too old, which some servers
 * do not say (stale). */
static bool were_fresh(const struct message *request, enum asker asker, const char *realm)
{
	char value[DIGEST_VALUE_MAX];
	const char *text;

	for (unsigned n = 0; (text = message_header(request, answer_names[asker], n)); n++) {
		if (digest_param(text, "realm", value) == OK && strcmp(value, realm) == 0)
			return digest_param(text, "nc", value) != OK ||
			       strcmp(value, "00000001") == 0;
	}
	return false;
}

/* What one response asks for. */
struct round {
	unsigned taken, refused, passed_over;
	char realm[DIGEST_VALUE_MAX]; /* that refused, or was passed over last */
};

static void take(struct credentials *c, const struct message *request, enum asker asker,
                 const struct digest_challenge *ch, struct round *r)
{
	struct asked *a = find(c, asker, ch->realm);

	if (!ch->stale && were_fresh(request, asker, ch->realm)) {
		if (a)
			a->round = 0;
		r->refused++;
		memcpy(r->realm, ch->realm, sizeof(r->realm));
		return;
	}
	/* Of several for one realm the strongest (RFC 8760 2.4 leaves it to our policy). */
	if (a && a->round == c->rounds && a->challenge.algorithm >= ch->algorithm)
		return;
	if (!a)
		a = longest_ago(c);
	*a = (struct asked){ .round = c->rounds, .asker = asker, .challenge = *ch };
	random_token(a->cnonce, CNONCE_LEN);
	r->taken++;
}

static void take_all(struct credentials *c, const struct message *request,
                     const struct message *response, enum asker asker, struct round *r)
{
	struct digest_challenge challenge;
	const char *text;

	for (unsigned n = 0; n < CHALLENGES_MAX; n++) {
		text = message_header(response, challenge_names[asker], n);
		if (!text)
			return;
		if (digest_challenge_read(&challenge, text) ||
		    (c->cfg.realm && strcmp(c->cfg.realm, challenge.realm) != 0)) {
			r->passed_over++;
			if (!r->refused && digest_param(text, "realm", r->realm))
				r->realm[0] = '\0';
		} else {
			take(c, request, asker, &challenge, r);
		}
	}
}

/* What came of a round; why: in words. */
static enum err judge(const struct round *r, const char **why)
{
	if (r->refused) {
		*why = "it refused our username or password";
		return ERR_AUTH;
	}
	*why = r->passed_over ? "none of its challenges is one that we answer: Digest with MD5 or "
	                        "SHA-256, qop auth, for auth-realm"
	                      : "it refused without a challenge";
	return r->taken ? OK : ERR_UNSUPPORTED;
}

enum err credentials_challenged(struct credentials *c, const struct message *request,
                                const struct message *response, unsigned before)
{
	struct round r = { 0 };
	const char *why = "it asks for a password; write username and password-file";
	enum err err = ERR_AUTH;

	if (before >= CREDENTIALS_TRIES) {
		why = "it asks for credentials again and again";
		err = ERR_LIMIT;
	} else if (c->cfg.username && c->cfg.password) {
		c->rounds++;
		for (enum asker k = 0; k < NASKERS; k++)
			take_all(c, request, response, k, &r);
		err = judge(&r, &why);
	}
	if (err)
		LOG(LOG_ERROR, KV("trunk", c->cfg.trunk), KV("event", "credentials"),
		    KV("call-id", message_call_id(response)),
		    KV("method", message_method_name(response)),
		    KVN("code", message_status(response)), KV("realm", r.realm), KV("why", why));
	return err;
}

bool credentials_are_in(const struct message *request)
{
	for (enum asker k = 0; k < NASKERS; k++) {
		if (message_header(request, answer_names[k], 0))
			return true;
	}
	return false;
}

void credentials_copy(const struct message *invite, struct message *ack)
{
	const char *text;

	for (enum asker k = 0; k < NASKERS; k++) {
		for (unsigned n = 0; (text = message_header(invite, answer_names[k], n)); n++)
			message_put(ack, answer_names[k], text);
	}
}
