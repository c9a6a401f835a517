/* Digest authentication: parameters and hashes (RFC 7616 3.4). Any thread. */
#include "sbc/sip/digest_parts.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"

static const char *const algorithm_names[DIGEST_NALGORITHMS] = { "MD5", "SHA-256" };

const char *digest_algorithm_name(enum digest_algorithm a)
{
	return algorithm_names[a];
}

/* One name=value or name="value", in place. */
struct param {
	const char *name, *value;
	size_t name_len, value_len; /* as written, without the quotes */
};

/* Gives where the next begins, NULL at the end or on nonsense. */
static const char *read_param(const char *at, struct param *p)
{
	at += strspn(at, " \t,");
	p->name = at;
	p->name_len = strcspn(at, "= \t,\"");
	at += p->name_len;
	at += strspn(at, " \t");
	if (p->name_len == 0 || *at++ != '=')
		return NULL;
	at += strspn(at, " \t");
	if (*at != '"') {
		p->value = at;
		p->value_len = strcspn(at, ", \t");
		return at + p->value_len;
	}
	p->value = ++at;
	while (*at && *at != '"')
		at += at[0] == '\\' && at[1] ? 2 : 1;
	p->value_len = (size_t)(at - p->value);
	return *at ? at + 1 : NULL;
}

static enum err unescape(const struct param *p, char value[DIGEST_VALUE_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < p->value_len; i++) {
		if (p->value[i] == '\\' && i + 1 < p->value_len)
			i++;
		if (n == DIGEST_VALUE_MAX - 1)
			return ERR_LIMIT;
		value[n++] = p->value[i];
	}
	value[n] = '\0';
	return OK;
}

enum err digest_param(const char *text, const char *name, char value[DIGEST_VALUE_MAX])
{
	const char *at = text + strspn(text, " \t");
	struct param p;

	if (strncasecmp(at, "Digest", 6) != 0 || (at[6] != ' ' && at[6] != '\t'))
		return ERR_NOT_FOUND;
	for (at += 6; (at = read_param(at, &p));) {
		if (p.name_len == strlen(name) && strncasecmp(p.name, name, p.name_len) == 0)
			return unescape(&p, value);
	}
	return ERR_NOT_FOUND;
}

enum err digest_read_algorithm(const char *text, enum digest_algorithm *out, bool *sess)
{
	char value[DIGEST_VALUE_MAX];
	enum err err = digest_param(text, "algorithm", value);

	*out = DIGEST_MD5;
	*sess = false;
	if (err)
		return err == ERR_NOT_FOUND ? OK : ERR_UNSUPPORTED;
	for (int a = 0; a < DIGEST_NALGORITHMS; a++) {
		size_t len = strlen(algorithm_names[a]);

		if (strncasecmp(value, algorithm_names[a], len) != 0)
			continue;
		*out = (enum digest_algorithm)a;
		*sess = strcasecmp(value + len, "-sess") == 0;
		if (*sess || !value[len])
			return OK;
	}
	return ERR_UNSUPPORTED;
}

/* Hashes the parts with colons between them, as hex. */
static void hash_parts(enum digest_algorithm a, const char *const *parts, size_t n,
                       char out[DIGEST_HEX_MAX])
{
	static const char digits[] = "0123456789abcdef";
	const EVP_MD *md = a == DIGEST_MD5 ? EVP_md5() : EVP_sha256();
	uint8_t sum[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool well = ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;

	for (size_t i = 0; i < n; i++)
		well = well && (i == 0 || EVP_DigestUpdate(ctx, ":", 1) == 1) &&
		       EVP_DigestUpdate(ctx, parts[i], strlen(parts[i])) == 1;
	if (!well || EVP_DigestFinal_ex(ctx, sum, &len) != 1)
		len = 0;
	for (unsigned i = 0; i < len; i++) {
		out[2 * i] = digits[sum[i] >> 4];
		out[2 * i + 1] = digits[sum[i] & 15];
	}
	out[2 * (size_t)len] = '\0';
	EVP_MD_CTX_free(ctx);
	mem_wipe(sum, sizeof(sum));
}

void digest_response(const struct digest_inputs *in, char out[DIGEST_HEX_MAX])
{
	char a1[DIGEST_HEX_MAX], a2[DIGEST_HEX_MAX], secret[DIGEST_HEX_MAX];

	hash_parts(in->algorithm, (const char *const[]){ in->user, in->realm, in->password }, 3,
	           a1);
	if (in->sess) {
		memcpy(secret, a1, sizeof(secret));
		hash_parts(in->algorithm, (const char *const[]){ secret, in->nonce, in->cnonce }, 3,
		           a1);
		mem_wipe(secret, sizeof(secret));
	}
	hash_parts(in->algorithm, (const char *const[]){ in->method, in->uri }, 2, a2);
	if (!a1[0] || !a2[0])
		*out = '\0';
	else if (in->nc)
		hash_parts(in->algorithm,
		           (const char *const[]){ a1, in->nonce, in->nc, in->cnonce, "auth", a2 },
		           6, out);
	else
		hash_parts(in->algorithm, (const char *const[]){ a1, in->nonce, a2 }, 3, out);
	mem_wipe(a1, sizeof(a1));
}
