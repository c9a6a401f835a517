/* One SSL_CTX from what a trunk or listener wants: versions, ciphers, our certificates, the
 * policies that a peer must meet. */
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "certs/cert_text.h"
#include "certs/peer_name.h"
#include "certs/tls_session.h"

#define SECURITY_LEVEL 2  /* OpenSSL's: RSA 2048, no SHA-1 */
#define CA_NAMES_MAX   16 /* more would bloat every handshake: the system's store has 140 */

/* TLS 1.2, all with forward secrecy; 1.3 has OpenSSL's own list. */
#define CIPHERS                                                      \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
/* What TLS 1.1 has with forward secrecy. */
#define OLD_CIPHERS                                    \
	"ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:" \
	"ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"
#define SIGNATURES                                                                      \
	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:" \
	"RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"

static pthread_once_t rules_once = PTHREAD_ONCE_INIT;
static int rules_index = -1; /* of struct tls_rules in an SSL_CTX */

static void rules_free(struct tls_rules *rules)
{
	for (size_t i = 0; i < rules->npolicies; i++)
		trust_free(&rules->policies[i].trust);
	for (size_t i = 0; i < rules->nnamed; i++)
		SSL_CTX_free(rules->named[i]);
	SSL_SESSION_free(rules->kept);
	mem_wipe(&rules->keys, sizeof(rules->keys));
	mem_free(rules->policies);
	mem_free(rules->named);
	mem_free(rules);
}

static void on_free(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	(void)parent;
	(void)data;
	(void)index;
	(void)argl;
	(void)argp;
	if (ptr)
		rules_free(ptr);
}

static void rules_init(void)
{
	rules_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_free);
}

struct tls_rules *tls_rules_of(const SSL_CTX *c)
{
	return SSL_CTX_get_ex_data(c, rules_index);
}

/* Copies the policies; the SSL_CTX owns the rules from then on. */
static enum err attach_rules(SSL_CTX *c, const struct tls_context_cfg *cfg)
{
	struct tls_rules *rules = mem_zalloc(sizeof(*rules));

	if (!rules)
		return ERR_NOMEM;
	rules->peer_role = cfg->peer_role;
	rules->policies = mem_array(NULL, cfg->npolicies, sizeof(*rules->policies));
	if (!rules->policies || SSL_CTX_set_ex_data(c, rules_index, rules) != 1) {
		rules_free(rules);
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < cfg->npolicies; i++) {
		rules->policies[i] = cfg->policies[i];
		rules->policies[i].trust = trust_ref(cfg->policies[i].trust);
	}
	rules->npolicies = cfg->npolicies;
	return OK;
}

int tls_version_number(enum tls_version version)
{
	switch (version) {
	case TLS_1_2:
		return TLS1_2_VERSION;
	case TLS_1_3:
		return TLS1_3_VERSION;
	case TLS_1_1:
		return TLS1_1_VERSION;
	}
	return TLS1_2_VERSION;
}

const char *tls_version_name(enum tls_version version)
{
	switch (version) {
	case TLS_1_2:
		return "TLS 1.2";
	case TLS_1_3:
		return "TLS 1.3";
	case TLS_1_1:
		return "TLS 1.1";
	}
	return "?";
}

/* OpenSSL has TLS 1.1 at level 0 alone; what else comes in there is shut out by name. The check of
 * certificates has its own level. */
static bool allow_tls11(SSL_CTX *c)
{
	SSL_CTX_set_security_level(c, 0);
	return SSL_CTX_set1_sigalgs_list(c, SIGNATURES) == 1;
}

static bool is_safe_list(SSL_CTX *c)
{
	STACK_OF(SSL_CIPHER) *list = SSL_CTX_get_ciphers(c);

	for (int i = 0; i < sk_SSL_CIPHER_num(list); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(list, i);

		if (SSL_CIPHER_get_bits(cipher, NULL) < 128 ||
		    SSL_CIPHER_get_auth_nid(cipher) == NID_auth_null)
			return false;
	}
	return true;
}

/* Who connects has the trunk's list in place of ours; a listener has peers of other trunks too. */
static enum err set_ciphers(SSL_CTX *c, const struct tls_context_cfg *cfg, char *why)
{
	const char *standard = cfg->min_version == TLS_1_1 ? CIPHERS ":" OLD_CIPHERS : CIPHERS;
	const char *own = cfg->ciphers ? cfg->ciphers : standard;
	bool beside = cfg->ciphers && cfg->peer_role == CERT_ROLE_CLIENT;
	char *list = mem_printf("%s%s%s", beside ? standard : "", beside ? ":" : "", own);
	enum err err = OK;

	if (!list) {
		cert_why(why, "no memory to set up TLS");
		return ERR_NOMEM;
	}
	if (SSL_CTX_set_cipher_list(c, list) != 1) {
		cert_why(why, "ciphers \"%s\": none of them is known here and safe", own);
		err = ERR_REFUSED;
	} else if (!is_safe_list(c)) {
		cert_why(why,
		         "ciphers \"%s\": one of them has less than 128 bits or proves nobody's "
		         "identity",
		         own);
		err = ERR_REFUSED;
	}
	mem_free(list);
	return err;
}

static bool set_rules(SSL_CTX *c, const struct tls_context_cfg *cfg)
{
	static const unsigned char id_context[] = "trunkgate";

	SSL_CTX_set_security_level(c, SECURITY_LEVEL);
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	/* A connection's buffer may move between tries, and is kept only while there are bytes in
	 * it. */
	SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                        SSL_MODE_RELEASE_BUFFERS);
	tls_keylog_attach(c);
	return tls_ticket_setup(c, cfg->peer_role) &&
	       SSL_CTX_set_min_proto_version(c, tls_version_number(cfg->min_version)) == 1 &&
	       (cfg->min_version != TLS_1_1 || allow_tls11(c)) &&
	       SSL_CTX_set_session_id_context(c, id_context, sizeof(id_context) - 1) == 1;
}

static int verify_mode(const struct tls_context_cfg *cfg)
{
	if (cfg->peer_role == CERT_ROLE_SERVER)
		return SSL_VERIFY_PEER;
	if (cfg->npolicies == 0)
		return SSL_VERIFY_NONE;
	return SSL_VERIFY_PEER | (cfg->certificate_optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
}

static bool has_name(STACK_OF(X509_NAME) * names, const X509_NAME *name)
{
	for (int i = 0; i < sk_X509_NAME_num(names); i++) {
		if (X509_NAME_cmp(sk_X509_NAME_value(names, i), name) == 0)
			return true;
	}
	return false;
}

/* False where they cannot all be named: the system's, of which there are too many and which may
 * change while we run; a pinned key, which has none; no memory. */
static bool add_ca_names(STACK_OF(X509_NAME) * names, const struct trust *trust)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(trust_store(trust));

	if (trust_is_system(trust) || trust_has_pins(trust))
		return false;
	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509 *root = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
		X509_NAME *name;

		if (!root || has_name(names, X509_get_subject_name(root)))
			continue;
		if (sk_X509_NAME_num(names) >= CA_NAMES_MAX)
			return false;
		name = X509_NAME_dup(X509_get_subject_name(root));
		if (!name || sk_X509_NAME_push(names, name) <= 0) {
			X509_NAME_free(name);
			return false;
		}
	}
	return true;
}

/* A hint that lets a client with many certificates choose one: all names, or none at all. */
static void set_ca_names(SSL_CTX *c, const struct tls_context_cfg *cfg)
{
	STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
	bool is_whole = names != NULL;

	for (size_t i = 0; is_whole && i < cfg->npolicies; i++)
		is_whole = add_ca_names(names, cfg->policies[i].trust);
	if (is_whole && sk_X509_NAME_num(names) > 0)
		SSL_CTX_set_client_CA_list(c, names);
	else
		sk_X509_NAME_pop_free(names, X509_NAME_free);
}

static enum err check_identities(const struct tls_context_cfg *cfg, char *why)
{
	if (cfg->peer_role == CERT_ROLE_CLIENT && !cfg->identity) {
		cert_why(why, "a TLS listener needs an identity: a key with its certificate");
		return ERR_REFUSED;
	}
	if (cfg->also && identity_same_type(cfg->identity, cfg->also)) {
		cert_why(
		    why,
		    "identities %s and %s have keys of the same type: only one of them could be "
		    "shown",
		    identity_name(cfg->identity), identity_name(cfg->also));
		return ERR_REFUSED;
	}
	return OK;
}

/* Refuses what could only fail later, or let everybody in. */
static enum err check_cfg(const struct tls_context_cfg *cfg, char *why)
{
	bool may_be_nobody = cfg->peer_role == CERT_ROLE_CLIENT && cfg->certificate_optional;
	enum err err = check_identities(cfg, why);

	if (err)
		return err;
	if (cfg->npolicies == 0 && !may_be_nobody) {
		cert_why(why, "nothing says which certificate the peer must have");
		return ERR_REFUSED;
	}
	for (size_t i = 0; i < cfg->npolicies; i++) {
		const struct peer_policy *p = &cfg->policies[i];

		assert(p->trunk); /* ours to name; better here than in a handshake */
		if (p->trust && p->nnames > 0)
			continue;
		cert_why(why, "trunk %s has no %s: any certificate would do", p->trunk,
		         p->trust ? "name to verify" : "roots that it trusts");
		return ERR_REFUSED;
	}
	return OK;
}

/* OpenSSL's last word, after a prefix. */
static void say_openssl(char *why, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	cert_why(why, "%s: OpenSSL says: %s", what, reason ? reason : "nothing");
}

/* Identities NULL are fine. */
static enum err show(SSL_CTX *c, const struct identity *id, bool with_root, char *why)
{
	enum err err = id ? identity_apply(id, c, with_root) : OK;
	char what[CERT_TEXT_MAX];

	if (err == ERR_REFUSED) {
		cert_why(why,
		         "identity %s: its root is to be sent, but it is neither in the file nor "
		         "among those that are trusted here",
		         identity_name(id));
	} else if (err) {
		snprintf(what, sizeof(what), "identity %s cannot be used", identity_name(id));
		say_openssl(why, what);
	}
	return err;
}

/* RFC 6066 3. A name that is nobody's gets the listener's own certificate: phones ask for all kinds
 * of names. */
static int on_name(SSL *ssl, int *alert, void *arg)
{
	const struct tls_rules *rules = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	for (size_t i = 0; name && i < rules->nnamed; i++) {
		X509 *leaf = SSL_CTX_get0_certificate(rules->named[i]);

		if (!peer_name_is(leaf, name) && !peer_name_is_by_wildcard(leaf, name))
			continue;
		SSL_set_SSL_CTX(ssl, rules->named[i]);
		SSL_set_verify(ssl, SSL_CTX_get_verify_mode(rules->named[i]), NULL);
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

static enum err fill(SSL_CTX *c, const struct tls_context_cfg *cfg, char *why)
{
	enum err err;

	if (!set_rules(c, cfg)) {
		say_openssl(why, "cannot set up TLS");
		return ERR_TLS;
	}
	if (attach_rules(c, cfg)) {
		cert_why(why, "no memory to set up TLS");
		return ERR_NOMEM;
	}
	err = set_ciphers(c, cfg, why);
	if (!err)
		err = show(c, cfg->identity, cfg->with_root, why);
	if (!err)
		err = show(c, cfg->also, cfg->with_root, why);
	if (err)
		return err;
	SSL_CTX_set_verify(c, verify_mode(cfg), NULL);
	SSL_CTX_set_cert_verify_callback(c, tls_judge, tls_rules_of(c));
	if (cfg->peer_role == CERT_ROLE_SERVER) {
		SSL_CTX_set_tlsext_status_type(c, TLSEXT_STATUSTYPE_ocsp);
		SSL_CTX_set_tlsext_status_cb(c, tls_on_staple);
	}
	if (cfg->peer_role == CERT_ROLE_CLIENT)
		set_ca_names(c, cfg);
	return OK;
}

enum err tls_rules_build(SSL_CTX **out, const struct tls_context_cfg *cfg, char *why)
{
	bool accepts = cfg->peer_role == CERT_ROLE_CLIENT;
	enum err err = check_cfg(cfg, why);
	SSL_CTX *c;

	if (err)
		return err;
	pthread_once(&rules_once, rules_init);
	ERR_set_mark();
	c = SSL_CTX_new(accepts ? TLS_server_method() : TLS_client_method());
	if (c) {
		err = fill(c, cfg, why);
	} else {
		say_openssl(why, "cannot set up TLS");
		err = ERR_TLS;
	}
	ERR_pop_to_mark();
	if (err)
		SSL_CTX_free(c);
	else
		*out = c;
	return err;
}

enum err tls_rules_add_named(SSL_CTX *c, const struct tls_context_cfg *cfg, char *why)
{
	struct tls_rules *rules = tls_rules_of(c);
	SSL_CTX **named = mem_array(rules->named, rules->nnamed + 1, sizeof(SSL_CTX *));
	enum err err;

	if (!named) {
		cert_why(why, "no memory to set up TLS");
		return ERR_NOMEM;
	}
	rules->named = named;
	err = tls_rules_build(&named[rules->nnamed], cfg, why);
	if (err)
		return err;
	rules->nnamed++;
	SSL_CTX_set_tlsext_servername_callback(c, on_name);
	SSL_CTX_set_tlsext_servername_arg(c, rules);
	return OK;
}
