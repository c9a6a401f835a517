/* Digest authentication (RFC 7616 3.4, RFC 8760). Signalling thread. */
#include "sbc/sip/digest.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "sbc/sip/nonce.h"

struct digest {
	char realm[128];
	struct nonces *nonces;
};

enum err digest_new(struct digest **out, const char *realm)
{
	struct digest *d = mem_zalloc(sizeof(*d));

	if (!d)
		return ERR_NOMEM;
	snprintf(d->realm, sizeof(d->realm), "%s", realm);
	if (nonces_new(&d->nonces)) {
		mem_free(d);
		return ERR_NOMEM;
	}
	*out = d;
	return OK;
}

void digest_free(struct digest **dp)
{
	if (!*dp)
		return;
	nonces_free(&(*dp)->nonces);
	mem_free(*dp);
	*dp = NULL;
}

void digest_challenge(const struct digest *d, enum digest_algorithm a, int stale, char *buf,
                      size_t size)
{
	char nonce[NONCE_LEN + 1];

	nonce_make(d->nonces, nonce);
	snprintf(buf, size, "Digest realm=\"%s\", nonce=\"%s\", algorithm=%s, qop=\"auth\"%s",
	         d->realm, nonce, digest_algorithm_name(a), stale ? ", stale=true" : "");
}

enum err digest_user(const struct digest *d, const char *credentials, char user[DIGEST_USER_MAX])
{
	char value[DIGEST_VALUE_MAX];

	if (digest_param(credentials, "realm", value) || strcmp(value, d->realm) != 0)
		return ERR_NOT_FOUND;
	if (digest_param(credentials, "username", value) || strlen(value) >= DIGEST_USER_MAX)
		return ERR_NOT_FOUND;
	memcpy(user, value, strlen(value) + 1);
	return OK;
}

enum err digest_uri(const char *credentials, char *uri, size_t size)
{
	char value[DIGEST_VALUE_MAX];

	if (digest_param(credentials, "uri", value))
		return ERR_NOT_FOUND;
	return (size_t)snprintf(uri, size, "%s", value) < size ? OK : ERR_LIMIT;
}

enum digest_result digest_verify(struct digest *d, const char *credentials, const char *method,
                                 const char *password)
{
	char user[DIGEST_VALUE_MAX], uri[DIGEST_VALUE_MAX], nonce[DIGEST_VALUE_MAX];
	char response[DIGEST_VALUE_MAX], qop[DIGEST_VALUE_MAX], nc[DIGEST_VALUE_MAX];
	char cnonce[DIGEST_VALUE_MAX], right[DIGEST_HEX_MAX];
	struct digest_inputs in = { .user = user,
		                    .realm = d->realm,
		                    .password = password ? password : "",
		                    .method = method,
		                    .uri = uri,
		                    .nonce = nonce,
		                    .nc = nc,
		                    .cnonce = cnonce };

	if (digest_param(credentials, "username", user) || digest_param(credentials, "uri", uri) ||
	    digest_param(credentials, "nonce", nonce) ||
	    digest_param(credentials, "response", response) ||
	    digest_read_algorithm(credentials, &in.algorithm, &in.sess) || in.sess ||
	    digest_param(credentials, "qop", qop) || strcasecmp(qop, "auth") != 0 ||
	    digest_param(credentials, "nc", nc) || digest_param(credentials, "cnonce", cnonce))
		return DIGEST_WRONG;
	digest_response(&in, right);
	if (!right[0] || strlen(response) != strlen(right) ||
	    CRYPTO_memcmp(response, right, strlen(right)) != 0 || !password)
		return DIGEST_WRONG;
	return nonce_use(d->nonces, nonce, nc) ? DIGEST_STALE : DIGEST_RIGHT;
}
