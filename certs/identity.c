/* The key, its certificate and what stands between that and a root, ready to be sent. The identity
 * owns all of it; an SSL_CTX takes references of its own. */
#include "certs/identity.h"

#include "base/mem.h"
#include "certs/cert_text.h"
#include "certs/peer_name.h"
#include "certs/pem_file.h"
#include "certs/trust.h"

#define SECURITY_BITS_MIN 112 /* RSA 2048, EC P-224 */
#define CHAIN_MAX         10

struct identity {
	char *name, *subject, *chain_end;
	EVP_PKEY *key;
	STACK_OF(X509) * chain; /* leaf first */
	X509 *root;             /* that it ends at, where the file has not got it; NULL: unknown */
	X509 *first;            /* to end, of the chain */
	int64_t not_after_s;    /* that end */
	bool has_root;
};

/* What identity_load works with, besides the identity that it fills. */
struct source {
	const char *certificate, *key, *passphrase;
	struct trust *const *stores;
	size_t nstores;
	STACK_OF(X509) * pool; /* read, not yet in the chain */
	char *why;
};

static bool is_self_signed(X509 *cert)
{
	return X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0;
}

static bool has_signed(X509 *issuer, X509 *cert)
{
	return X509_check_issued(issuer, cert) == X509_V_OK &&
	       X509_verify(cert, X509_get0_pubkey(issuer)) == 1;
}

static enum err no_memory(const struct source *src)
{
	cert_why(src->why, "%s: no memory to load it", src->certificate);
	return ERR_NOMEM;
}

static enum err move(STACK_OF(X509) * chain, const struct source *src, int at)
{
	X509 *cert = sk_X509_value(src->pool, at);

	if (sk_X509_push(chain, cert) <= 0)
		return no_memory(src);
	sk_X509_delete(src->pool, at);
	return OK;
}

static enum err take_leaf(STACK_OF(X509) * chain, EVP_PKEY *key, const struct source *src)
{
	if (sk_X509_num(src->pool) == 0) {
		cert_why(src->why,
		         "%s: there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)",
		         src->certificate);
		return ERR_NOT_FOUND;
	}
	for (int i = 0; i < sk_X509_num(src->pool); i++) {
		if (X509_check_private_key(sk_X509_value(src->pool, i), key) == 1)
			return move(chain, src, i);
	}
	cert_why(src->why, "%s: no certificate in it belongs to the private key in %s",
	         src->certificate, src->key);
	return ERR_REFUSED;
}

static void drop_copies(STACK_OF(X509) * pool, X509 *cert)
{
	for (int i = sk_X509_num(pool) - 1; i >= 0; i--) {
		if (X509_cmp(sk_X509_value(pool, i), cert) == 0)
			X509_free(sk_X509_delete(pool, i));
	}
}

/* Moves the first certificate that signed cert to the chain; *found says whether there was one. */
static enum err take_issuer(STACK_OF(X509) * chain, X509 *cert, const struct source *src,
                            bool *found)
{
	*found = false;
	for (int i = 0; i < sk_X509_num(src->pool); i++) {
		if (!has_signed(sk_X509_value(src->pool, i), cert))
			continue;
		*found = true;
		return move(chain, src, i);
	}
	return OK;
}

static X509 *last_of(STACK_OF(X509) * chain)
{
	return sk_X509_value(chain, sk_X509_num(chain) - 1);
}

static X509 *find_in_stores(const struct source *src, X509 *cert)
{
	X509 *issuer = NULL;

	for (size_t i = 0; !issuer && i < src->nstores; i++)
		issuer = trust_find_issuer(src->stores[i], cert);
	return issuer;
}

/* What the file has not comes from a store: an intermediate joins the chain, a root is kept apart.
 */
static enum err take_known(struct identity *id, const struct source *src, bool *found)
{
	X509 *issuer = find_in_stores(src, last_of(id->chain));

	*found = issuer && !is_self_signed(issuer);
	if (!*found) {
		id->root = issuer;
		return OK;
	}
	if (sk_X509_push(id->chain, issuer) > 0)
		return OK;
	X509_free(issuer);
	return no_memory(src);
}

/* Upwards from the leaf until a root, or until nobody has more. Deeper than CHAIN_MAX is a circle.
 */
static enum err climb(struct identity *id, const struct source *src)
{
	bool found = true;
	enum err err = OK;

	while (!err && found && !is_self_signed(last_of(id->chain)) &&
	       sk_X509_num(id->chain) < CHAIN_MAX) {
		err = take_issuer(id->chain, last_of(id->chain), src, &found);
		drop_copies(src->pool, last_of(id->chain));
		if (!err && !found)
			err = take_known(id, src, &found);
	}
	return err;
}

/* A CA with two certificates (cross-signed) may have both in the file: the second goes to the end.
 */
static enum err take_alternatives(STACK_OF(X509) * chain, const struct source *src)
{
	enum err err = OK;

	for (int i = 0; !err && i < sk_X509_num(chain); i++) {
		bool found = true;

		while (!err && found) {
			err = take_issuer(chain, sk_X509_value(chain, i), src, &found);
			drop_copies(src->pool, last_of(chain));
		}
	}
	return err;
}

static enum err refuse_leftover(X509 *leaf, X509 *end, X509 *left, const struct source *src)
{
	char left_name[CERT_TEXT_MAX], end_name[CERT_TEXT_MAX], issuer[CERT_TEXT_MAX];

	cert_name_text(X509_get_subject_name(left), left_name, sizeof(left_name));
	cert_name_text(X509_get_subject_name(end), end_name, sizeof(end_name));
	cert_name_text(X509_get_issuer_name(end), issuer, sizeof(issuer));
	if (!is_self_signed(end) && X509_check_ca(left)) {
		cert_why(
		    src->why,
		    "%s: the chain has a hole: the certificate of %s, which signed %s, is missing, "
		    "and %s alone does not help: put the missing one in",
		    src->certificate, issuer, end_name, left_name);
		return ERR_REFUSED;
	}
	cert_name_text(X509_get_subject_name(leaf), end_name, sizeof(end_name));
	cert_why(
	    src->why,
	    "%s: the certificate of %s is not part of the chain of %s: take it out of the file",
	    src->certificate, left_name, end_name);
	return ERR_REFUSED;
}

static enum err refuse_open_end(X509 *end, const struct source *src)
{
	char name[CERT_TEXT_MAX], issuer[CERT_TEXT_MAX];

	cert_name_text(X509_get_subject_name(end), name, sizeof(name));
	cert_name_text(X509_get_issuer_name(end), issuer, sizeof(issuer));
	cert_why(
	    src->why,
	    "%s: the chain has an open end: the certificate of %s, which signed %s, is neither "
	    "in the file nor among those that are trusted here: put it in",
	    src->certificate, issuer, name);
	return ERR_REFUSED;
}

/* Fills id->chain from the pool and the stores. */
static enum err order(struct identity *id, const struct source *src)
{
	X509 *end;
	enum err err;

	id->chain = sk_X509_new_null();
	if (!id->chain)
		return no_memory(src);
	err = take_leaf(id->chain, id->key, src);
	if (err)
		return err;
	drop_copies(src->pool, last_of(id->chain));
	err = climb(id, src);
	if (err)
		return err;
	end = last_of(id->chain);
	err = take_alternatives(id->chain, src);
	if (err)
		return err;
	if (sk_X509_num(src->pool) > 0)
		return refuse_leftover(sk_X509_value(id->chain, 0), end,
		                       sk_X509_value(src->pool, 0), src);
	id->has_root = is_self_signed(end);
	if (src->nstores > 0 && !id->has_root && !id->root)
		return refuse_open_end(end, src);
	return OK;
}

static enum err check_strength(const struct identity *id, const struct source *src)
{
	if (EVP_PKEY_get_security_bits(id->key) >= SECURITY_BITS_MIN)
		return OK;
	cert_why(src->why,
	         "%s: the key is too weak (%s with %d bits): make one with EC P-256 or RSA 2048",
	         src->key, EVP_PKEY_get0_type_name(id->key), EVP_PKEY_get_bits(id->key));
	return ERR_REFUSED;
}

/* A chain is good for as long as all of it is. */
static enum err find_first_end(struct identity *id, const struct source *src)
{
	for (int i = 0; i < sk_X509_num(id->chain); i++) {
		X509 *cert = sk_X509_value(id->chain, i);
		int64_t end_s;

		if (cert_time_s(&end_s, X509_get0_notAfter(cert))) {
			cert_why(src->why, "%s: a certificate's end of validity is not a date",
			         src->certificate);
			return ERR_SYNTAX;
		}
		if (!id->first || end_s < id->not_after_s) {
			id->first = cert;
			id->not_after_s = end_s;
		}
	}
	return OK;
}

/* The texts that callers ask for later. */
static enum err describe(struct identity *id, const char *name, const struct source *src)
{
	X509 *leaf = sk_X509_value(id->chain, 0), *end = leaf;
	char text[CERT_WHY_MAX];

	for (int i = 1; i < sk_X509_num(id->chain); i++) {
		if (has_signed(sk_X509_value(id->chain, i), end))
			end = sk_X509_value(id->chain, i);
	}
	id->name = mem_strdup(name);
	id->subject = mem_strdup(cert_name_line(X509_get_subject_name(leaf), text, sizeof(text)));
	id->chain_end = mem_strdup(cert_name_line(X509_get_issuer_name(end), text, sizeof(text)));
	return id->name && id->subject && id->chain_end ? OK : no_memory(src);
}

static enum err fill(struct identity *id, const char *name, struct source *src)
{
	enum err err = pem_read_key(&id->key, src->key, src->passphrase, src->why);

	if (err)
		return err;
	err = check_strength(id, src);
	if (err)
		return err;
	err = pem_read_certificates(&src->pool, src->certificate, src->why);
	if (err)
		return err;
	err = order(id, src);
	if (!err)
		err = find_first_end(id, src);
	if (err)
		return err;
	return describe(id, name, src);
}

enum err identity_load(struct identity **out, const struct identity_cfg *cfg, char *why)
{
	struct source src = { .certificate = cfg->certificate,
		              .key = cfg->key ? cfg->key : cfg->certificate,
		              .passphrase = cfg->passphrase,
		              .stores = cfg->stores,
		              .nstores = cfg->nstores,
		              .why = why };
	struct identity *id = mem_zalloc(sizeof(*id));
	enum err err;

	if (!id)
		return no_memory(&src);
	ERR_set_mark();
	err = fill(id, cfg->name, &src);
	ERR_pop_to_mark();
	pem_free_certificates(src.pool);
	if (err) {
		identity_free(&id);
		return err;
	}
	*out = id;
	return OK;
}

void identity_free(struct identity **idp)
{
	struct identity *id = *idp;

	*idp = NULL;
	if (!id)
		return;
	EVP_PKEY_free(id->key); /* wipes what it holds */
	pem_free_certificates(id->chain);
	X509_free(id->root);
	mem_free(id->name);
	mem_free(id->subject);
	mem_free(id->chain_end);
	mem_free(id);
}

const char *identity_name(const struct identity *id)
{
	return id->name;
}

X509 *identity_leaf(const struct identity *id)
{
	return sk_X509_value(id->chain, 0);
}

X509 *identity_first_to_end(const struct identity *id)
{
	return id->first;
}

const char *identity_subject(const struct identity *id)
{
	return id->subject;
}

int64_t identity_not_after_s(const struct identity *id)
{
	return id->not_after_s;
}

bool identity_has_root(const struct identity *id)
{
	return id->has_root;
}

const char *identity_chain_end(const struct identity *id)
{
	return id->chain_end;
}

static bool serves(const struct identity *id, int purpose)
{
	return X509_check_purpose(sk_X509_value(id->chain, 0), purpose, 0) == 1;
}

bool identity_serves_as_server(const struct identity *id)
{
	return serves(id, X509_PURPOSE_SSL_SERVER);
}

bool identity_serves_as_client(const struct identity *id)
{
	return serves(id, X509_PURPOSE_SSL_CLIENT);
}

bool identity_is_for(const struct identity *id, const char *name)
{
	return peer_name_is(sk_X509_value(id->chain, 0), name);
}

bool identity_is_valid_at(const struct identity *id, int64_t when_s, char *why)
{
	for (int i = 0; i < sk_X509_num(id->chain); i++) {
		X509 *cert = sk_X509_value(id->chain, i);
		char text[CERT_TEXT_MAX], day[CERT_DAY_MAX];
		int64_t from_s, to_s;

		cert_name_text(X509_get_subject_name(cert), text, sizeof(text));
		if (cert_time_s(&from_s, X509_get0_notBefore(cert)) ||
		    cert_time_s(&to_s, X509_get0_notAfter(cert)))
			cert_why(why, "the certificate of %s has a date that is none", text);
		else if (to_s < when_s)
			cert_why(why, "the certificate of %s is valid until %s", text,
			         cert_day_text(to_s, day));
		else if (from_s > when_s)
			cert_why(why, "the certificate of %s is valid only from %s on", text,
			         cert_day_text(from_s, day));
		else
			continue;
		return false;
	}
	return true;
}

bool identity_ends_at(const struct identity *id, const struct trust *trust)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool ends;

	ERR_set_mark();
	ends = ctx && X509_STORE_CTX_init(ctx, trust_store(trust), sk_X509_value(id->chain, 0),
	                                  id->chain) == 1;
	if (ends)
		X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx),
		                            X509_V_FLAG_NO_CHECK_TIME);
	ends = ends && X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	ERR_pop_to_mark();
	return ends;
}

bool identity_same_type(const struct identity *a, const struct identity *b)
{
	return EVP_PKEY_get_base_id(a->key) == EVP_PKEY_get_base_id(b->key);
}

static bool add_chain(const struct identity *id, SSL_CTX *ctx, bool with_root)
{
	if (SSL_CTX_clear_chain_certs(ctx) != 1)
		return false;
	for (int i = 1; i < sk_X509_num(id->chain); i++) {
		if (SSL_CTX_add1_chain_cert(ctx, sk_X509_value(id->chain, i)) != 1)
			return false;
	}
	return !with_root || id->has_root || SSL_CTX_add1_chain_cert(ctx, id->root) == 1;
}

enum err identity_apply(const struct identity *id, SSL_CTX *ctx, bool with_root)
{
	if (with_root && !id->has_root && !id->root)
		return ERR_REFUSED;
	/* OpenSSL adds nothing: the chain was completed when it was loaded (WBX-07). */
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
	if (SSL_CTX_use_certificate(ctx, sk_X509_value(id->chain, 0)) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, id->key) != 1 || !add_chain(id, ctx, with_root))
		return ERR_TLS;
	return OK;
}
