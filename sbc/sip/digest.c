/* Digest authentication (RFC 7616 3.4, RFC 8760). Signalling thread. */
#include "sbc/sip/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "sbc/sip/nonce.h"

#define VALUE_MAX 256
#define HEX_MAX   65

struct digest {
	char realm[128];
	struct nonces *nonces;
};

static const char *const algorithm_names[DIGEST_NALGORITHMS] = { "MD5", "SHA-256" };

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

static void to_hex(const uint8_t *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

void digest_challenge(const struct digest *d, enum digest_algorithm a, int stale, char *buf,
                      size_t size)
{
	char nonce[NONCE_LEN + 1];

	nonce_make(d->nonces, nonce);
	snprintf(buf, size, "Digest realm=\"%s\", nonce=\"%s\", algorithm=%s, qop=\"auth\"%s",
	         d->realm, nonce, algorithm_names[a], stale ? ", stale=true" : "");
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t,");
}

/* Reads one name=value or name="value"; gives where the next begins, NULL at the end or on
 * nonsense. */
static const char *read_param(const char *at, char name[32], char value[VALUE_MAX])
{
	size_t n;

	at = skip_blanks(at);
	n = strcspn(at, "= \t,\"");
	if (n == 0 || n >= 32)
		return NULL;
	memcpy(name, at, n);
	name[n] = '\0';
	at += n + strspn(at + n, " \t");
	if (*at++ != '=')
		return NULL;
	at += strspn(at, " \t");
	if (*at != '"') {
		n = strcspn(at, ", \t");
		if (n >= VALUE_MAX)
			return NULL;
		memcpy(value, at, n);
		value[n] = '\0';
		return at + n;
	}
	at++;
	for (n = 0; *at && *at != '"' && n < VALUE_MAX - 1; at++) {
		if (*at == '\\' && at[1])
			at++;
		value[n++] = *at;
	}
	value[n] = '\0';
	return *at == '"' ? at + 1 : NULL;
}

/* The value of one parameter of credentials. */
static enum err find_param(const char *credentials, const char *wanted, char value[VALUE_MAX])
{
	char name[32];
	const char *at = credentials + strspn(credentials, " \t");

	if (strncasecmp(at, "Digest", 6) != 0 || (at[6] != ' ' && at[6] != '\t'))
		return ERR_NOT_FOUND;
	for (at += 6; (at = read_param(at, name, value));) {
		if (strcasecmp(name, wanted) == 0)
			return OK;
	}
	return ERR_NOT_FOUND;
}

enum err digest_user(const struct digest *d, const char *credentials, char user[DIGEST_USER_MAX])
{
	char value[VALUE_MAX];

	if (find_param(credentials, "realm", value) || strcmp(value, d->realm) != 0)
		return ERR_NOT_FOUND;
	if (find_param(credentials, "username", value) || strlen(value) >= DIGEST_USER_MAX)
		return ERR_NOT_FOUND;
	memcpy(user, value, strlen(value) + 1);
	return OK;
}

enum err digest_uri(const char *credentials, char *uri, size_t size)
{
	char value[VALUE_MAX];

	if (find_param(credentials, "uri", value))
		return ERR_NOT_FOUND;
	return (size_t)snprintf(uri, size, "%s", value) < size ? OK : ERR_LIMIT;
}

/* Hashes the parts with colons between them, as hex. */
static void hash_parts(enum digest_algorithm a, const char *const *parts, size_t n,
                       char out[HEX_MAX])
{
	const EVP_MD *md = a == DIGEST_MD5 ? EVP_md5() : EVP_sha256();
	uint8_t sum[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	out[0] = '\0';
	if (ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1) {
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				EVP_DigestUpdate(ctx, ":", 1);
			EVP_DigestUpdate(ctx, parts[i], strlen(parts[i]));
		}
		if (EVP_DigestFinal_ex(ctx, sum, &len) == 1 && len <= 32)
			to_hex(sum, len, out);
	}
	EVP_MD_CTX_free(ctx);
	mem_wipe(sum, sizeof(sum));
}

static enum err read_algorithm(const char *credentials, enum digest_algorithm *out)
{
	char value[VALUE_MAX];

	*out = DIGEST_MD5;
	if (find_param(credentials, "algorithm", value))
		return OK;
	for (int a = 0; a < DIGEST_NALGORITHMS; a++) {
		if (strcasecmp(value, algorithm_names[a]) == 0) {
			*out = (enum digest_algorithm)a;
			return OK;
		}
	}
	return ERR_UNSUPPORTED;
}

enum digest_result digest_verify(struct digest *d, const char *credentials, const char *method,
                                 const char *password)
{
	char user[VALUE_MAX], uri[VALUE_MAX], nonce[VALUE_MAX], response[VALUE_MAX];
	char qop[VALUE_MAX], nc[VALUE_MAX], cnonce[VALUE_MAX];
	char a1[HEX_MAX], a2[HEX_MAX], right[HEX_MAX];
	enum digest_algorithm a;

	if (find_param(credentials, "username", user) || find_param(credentials, "uri", uri) ||
	    find_param(credentials, "nonce", nonce) ||
	    find_param(credentials, "response", response) || read_algorithm(credentials, &a) ||
	    find_param(credentials, "qop", qop) || strcasecmp(qop, "auth") != 0 ||
	    find_param(credentials, "nc", nc) || find_param(credentials, "cnonce", cnonce))
		return DIGEST_WRONG;
	hash_parts(a, (const char *const[]){ user, d->realm, password }, 3, a1);
	hash_parts(a, (const char *const[]){ method, uri }, 2, a2);
	hash_parts(a, (const char *const[]){ a1, nonce, nc, cnonce, qop, a2 }, 6, right);
	mem_wipe(a1, sizeof(a1));
	if (!right[0] || strlen(response) != strlen(right) ||
	    CRYPTO_memcmp(response, right, strlen(right)) != 0)
		return DIGEST_WRONG;
	return nonce_use(d->nonces, nonce, nc) ? DIGEST_STALE : DIGEST_RIGHT;
}
