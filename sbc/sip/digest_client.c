/* Digest authentication, the client's side (RFC 7616 3.3, 3.4). Any thread. */
#include "sbc/sip/digest_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Stands between quotes as it is: what a quote or a line break would end is not ours to write. */
static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f || *text == '"' || *text == '\\')
			return false;
	}
	return true;
}

/* auth among the offered, which commas separate (RFC 7616 3.3). */
static bool offers_auth(const char *qop)
{
	while (*qop) {
		size_t len;

		qop += strspn(qop, " \t,");
		len = strcspn(qop, " \t,");
		if (len == 4 && strncasecmp(qop, "auth", 4) == 0)
			return true;
		qop += len;
	}
	return false;
}

/* The texts that go back. */
static enum err read_texts(struct digest_challenge *c, const char *text)
{
	enum err err = digest_param(text, "realm", c->realm);

	if (!err)
		err = digest_param(text, "nonce", c->nonce);
	if (err)
		return err == ERR_NOT_FOUND ? ERR_SYNTAX : err;
	err = digest_param(text, "opaque", c->opaque);
	c->has_opaque = err == OK;
	if (err && err != ERR_NOT_FOUND)
		return err;
	return is_plain(c->realm) && is_plain(c->nonce) && is_plain(c->opaque) ? OK : ERR_SYNTAX;
}

enum err digest_challenge_read(struct digest_challenge *out, const char *text)
{
	struct digest_challenge c = { 0 };
	char value[DIGEST_VALUE_MAX];
	enum err err;

	text += strspn(text, " \t");
	if (strncasecmp(text, "Digest", 6) != 0 ||
	    digest_read_algorithm(text, &c.algorithm, &c.sess))
		return ERR_UNSUPPORTED;
	err = read_texts(&c, text);
	if (err)
		return err;
	err = digest_param(text, "qop", value);
	if (err == ERR_LIMIT || (!err && !offers_auth(value)))
		return ERR_UNSUPPORTED;
	c.qop = err == OK;
	c.stale = digest_param(text, "stale", value) == OK && strcasecmp(value, "true") == 0;
	*out = c;
	return OK;
}

enum err digest_credentials(const struct digest_challenge *challenge, const struct digest_use *use,
                            struct buf *out)
{
	char nc[9], response[DIGEST_HEX_MAX];
	struct digest_inputs in = { .algorithm = challenge->algorithm,
		                    .sess = challenge->sess,
		                    .user = use->username,
		                    .realm = challenge->realm,
		                    .password = use->password,
		                    .method = use->method,
		                    .uri = use->uri,
		                    .nonce = challenge->nonce,
		                    .nc = challenge->qop ? nc : NULL,
		                    .cnonce = use->cnonce };

	if (!is_plain(use->username) || !is_plain(use->uri))
		return ERR_SYNTAX;
	snprintf(nc, sizeof(nc), "%08" PRIx32, use->nc);
	digest_response(&in, response);
	if (!response[0])
		return ERR_NOMEM;
	buf_printf(out, "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\"",
	           use->username, challenge->realm, challenge->nonce, use->uri);
	buf_printf(out, ", response=\"%s\", algorithm=%s%s", response,
	           digest_algorithm_name(challenge->algorithm), challenge->sess ? "-sess" : "");
	if (challenge->qop || challenge->sess)
		buf_printf(out, ", cnonce=\"%s\"", use->cnonce);
	if (challenge->qop)
		buf_printf(out, ", qop=auth, nc=%s", nc);
	if (challenge->has_opaque)
		buf_printf(out, ", opaque=\"%s\"", challenge->opaque);
	return buf_err(out);
}
