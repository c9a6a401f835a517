/* One SSL_CTX for a trunk or a listener. The check of the peer is wired in as OpenSSL's verify
 * callback; what it found stays with the SSL, which owns it. The context must outlive the
 * handshakes of its SSLs. */
#include "certs/tls_context.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/cert_text.h"
#include "certs/tls_session.h"

#define SECURITY_LEVEL 2  /* OpenSSL's: RSA 2048, no SHA-1 */
#define CA_NAMES_MAX   16 /* more would bloat every handshake: the system's store has 140 */
#define SNI_MAX        255

/* TLS 1.2, all with forward secrecy; 1.3 has OpenSSL's own list. */
static const char ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                              "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                              "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

struct tls_context {
	SSL_CTX *ssl_ctx;
	enum cert_role peer_role;
	struct peer_policy *policies;
	size_t npolicies;
};

static pthread_once_t session_once = PTHREAD_ONCE_INIT;
static int session_index = -1; /* of struct tls_session in an SSL */
static FILE *keylog;

static void session_free(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl,
                         void *argp)
{
	(void)parent;
	(void)data;
	(void)index;
	(void)argl;
	(void)argp;
	mem_free(ptr);
}

static void session_init(void)
{
	session_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, session_free);
}

const struct tls_session *tls_session_of(const SSL *ssl)
{
	return session_index < 0 ? NULL : SSL_get_ex_data(ssl, session_index);
}

/* With many policies the verdict that got furthest says most: a peer of a known root with a wrong
 * name was meant for us, one of an unknown root may be anybody. */
static int usefulness(enum peer_fault fault)
{
	switch (fault) {
	case PEER_OK:
		return 8;
	case PEER_WRONG_NAME:
		return 7;
	case PEER_EXPIRED:
		return 6;
	case PEER_NOT_YET_VALID:
		return 5;
	case PEER_WRONG_USAGE:
		return 4;
	case PEER_WEAK:
		return 3;
	case PEER_BAD_CHAIN:
		return 2;
	case PEER_UNKNOWN_ROOT:
		return 1;
	case PEER_NO_CERTIFICATE:
		return 0;
	}
	return 0;
}

/* What makes OpenSSL send the alert that fits (RFC 8446 6.2). */
static int x509_error_of(enum peer_fault fault)
{
	switch (fault) {
	case PEER_OK:
		return X509_V_OK;
	case PEER_NO_CERTIFICATE:
	case PEER_BAD_CHAIN:
		return X509_V_ERR_CERT_REJECTED; /* bad_certificate */
	case PEER_UNKNOWN_ROOT:
		return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY; /* unknown_ca */
	case PEER_EXPIRED:
		return X509_V_ERR_CERT_HAS_EXPIRED; /* certificate_expired */
	case PEER_NOT_YET_VALID:
		return X509_V_ERR_CERT_NOT_YET_VALID; /* bad_certificate */
	case PEER_WRONG_NAME:
		return X509_V_ERR_HOSTNAME_MISMATCH; /* bad_certificate */
	case PEER_WRONG_USAGE:
		return X509_V_ERR_INVALID_PURPOSE; /* unsupported_certificate */
	case PEER_WEAK:
		return X509_V_ERR_EE_KEY_TOO_SMALL; /* bad_certificate */
	}
	return X509_V_ERR_CERT_REJECTED;
}

static void judge(const struct tls_context *ctx, X509_STORE_CTX *sent, struct tls_session *s)
{
	int64_t now_s = clock_wall_s();
	struct peer_verdict verdict;

	s->is_checked = true;
	for (size_t i = 0; i < ctx->npolicies; i++) {
		bool met = peer_check(&ctx->policies[i], X509_STORE_CTX_get0_cert(sent),
		                      X509_STORE_CTX_get0_untrusted(sent), ctx->peer_role, now_s,
		                      &verdict);

		if (i == 0 || usefulness(verdict.fault) > usefulness(s->verdict.fault))
			s->verdict = verdict;
		if (!met)
			continue;
		s->policy_met = (int)i;
		s->trunk = ctx->policies[i].trunk;
		return;
	}
}

static int on_certificate(X509_STORE_CTX *sent, void *arg)
{
	const struct tls_context *ctx = arg;
	SSL *ssl = X509_STORE_CTX_get_ex_data(sent, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_session *s = ssl ? SSL_get_ex_data(ssl, session_index) : NULL;

	if (!s) {
		X509_STORE_CTX_set_error(sent, X509_V_ERR_UNSPECIFIED);
		return 0;
	}
	judge(ctx, sent, s);
	X509_STORE_CTX_set_error(sent, x509_error_of(s->verdict.fault));
	return s->policy_met >= 0;
}

static void on_keylog(const SSL *ssl, const char *line)
{
	(void)ssl;
	if (!keylog)
		return;
	fprintf(keylog, "%s\n", line);
	fflush(keylog);
}

static bool set_rules(SSL_CTX *c)
{
	static const unsigned char id_context[] = "trunkgate";

	SSL_CTX_set_security_level(c, SECURITY_LEVEL);
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(c, 0);
	/* A connection's buffer may move between tries, and is kept only while there are bytes in
	 * it. */
	SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                        SSL_MODE_RELEASE_BUFFERS);
	if (keylog)
		SSL_CTX_set_keylog_callback(c, on_keylog);
	return SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(c, ciphers) == 1 &&
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

/* False when there are too many, or no memory. */
static bool add_ca_names(STACK_OF(X509_NAME) * names, const struct trust *trust)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(trust_store(trust));

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
	/* The system's store fills itself when asked: nothing that we could list. */
	return sk_X509_OBJECT_num(objects) > 0;
}

/* A hint that lets a client with many certificates choose one: all names, or none at all. */
static void set_ca_names(const struct tls_context *ctx)
{
	STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
	bool is_whole = names != NULL;

	for (size_t i = 0; is_whole && i < ctx->npolicies; i++)
		is_whole = add_ca_names(names, ctx->policies[i].trust);
	if (is_whole && sk_X509_NAME_num(names) > 0)
		SSL_CTX_set_client_CA_list(ctx->ssl_ctx, names);
	else
		sk_X509_NAME_pop_free(names, X509_NAME_free);
}

/* Refuses what could only fail later, or let everybody in. */
static enum err check_cfg(const struct tls_context_cfg *cfg, char *why)
{
	bool accepts = cfg->peer_role == CERT_ROLE_CLIENT;

	if (accepts && !cfg->identity) {
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
	if (cfg->npolicies == 0 && !(accepts && cfg->certificate_optional)) {
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

static enum err copy_policies(struct tls_context *ctx, const struct tls_context_cfg *cfg)
{
	ctx->peer_role = cfg->peer_role;
	ctx->policies = mem_array(NULL, cfg->npolicies, sizeof(*ctx->policies));
	if (!ctx->policies)
		return ERR_NOMEM;
	if (cfg->npolicies > 0)
		memcpy(ctx->policies, cfg->policies, cfg->npolicies * sizeof(*ctx->policies));
	ctx->npolicies = cfg->npolicies;
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

static enum err build(struct tls_context *ctx, const struct tls_context_cfg *cfg, char *why)
{
	bool accepts = cfg->peer_role == CERT_ROLE_CLIENT;
	SSL_CTX *c = SSL_CTX_new(accepts ? TLS_server_method() : TLS_client_method());

	ctx->ssl_ctx = c;
	if (!c || !set_rules(c)) {
		say_openssl(why, "cannot set up TLS");
		return ERR_TLS;
	}
	if (show(c, cfg->identity, cfg->with_root, why) || show(c, cfg->also, cfg->with_root, why))
		return ERR_TLS;
	SSL_CTX_set_verify(c, verify_mode(cfg), NULL);
	SSL_CTX_set_cert_verify_callback(c, on_certificate, ctx);
	if (accepts)
		set_ca_names(ctx);
	return OK;
}

enum err tls_context_new(struct tls_context **out, const struct tls_context_cfg *cfg, char *why)
{
	struct tls_context *ctx;
	enum err err = check_cfg(cfg, why);

	if (err)
		return err;
	ctx = mem_zalloc(sizeof(*ctx));
	if (!ctx || copy_policies(ctx, cfg)) {
		cert_why(why, "no memory to set up TLS");
		tls_context_free(&ctx);
		return ERR_NOMEM;
	}
	pthread_once(&session_once, session_init);
	ERR_set_mark();
	err = build(ctx, cfg, why);
	ERR_pop_to_mark();
	if (err) {
		tls_context_free(&ctx);
		return err;
	}
	*out = ctx;
	return OK;
}

const char *tls_context_trunk(const struct tls_context *ctx)
{
	return ctx->npolicies == 1 ? ctx->policies[0].trunk : NULL;
}

void tls_context_free(struct tls_context **ctxp)
{
	struct tls_context *ctx = *ctxp;

	*ctxp = NULL;
	if (!ctx)
		return;
	SSL_CTX_free(ctx->ssl_ctx);
	mem_free(ctx->policies);
	mem_free(ctx);
}

/* RFC 6066 3: a host name, no address, no trailing dot. */
static enum err set_sni(SSL *ssl, const char *sni)
{
	size_t len = strlen(sni);
	char name[SNI_MAX + 1];
	struct addr address;

	if (addr_parse(&address, sni) == OK)
		return OK;
	if (len > 0 && sni[len - 1] == '.')
		len--;
	if (len == 0 || len > SNI_MAX)
		return ERR_SYNTAX;
	memcpy(name, sni, len);
	name[len] = '\0';
	return SSL_set_tlsext_host_name(ssl, name) == 1 ? OK : ERR_NOMEM;
}

static enum err attach_session(SSL *ssl, enum cert_role peer_role)
{
	struct tls_session *s = mem_zalloc(sizeof(*s));

	if (!s)
		return ERR_NOMEM;
	s->peer_role = peer_role;
	s->policy_met = -1;
	s->verdict.fault = PEER_NO_CERTIFICATE;
	cert_why(s->verdict.why, "the peer has sent no certificate");
	if (SSL_set_ex_data(ssl, session_index, s) != 1) {
		mem_free(s);
		return ERR_NOMEM;
	}
	return OK;
}

enum err tls_context_ssl(struct tls_context *ctx, const char *sni, SSL **out)
{
	SSL *ssl = SSL_new(ctx->ssl_ctx);
	enum err err;

	if (!ssl)
		return ERR_NOMEM;
	err = attach_session(ssl, ctx->peer_role);
	if (!err && sni && ctx->peer_role == CERT_ROLE_SERVER)
		err = set_sni(ssl, sni);
	if (err) {
		SSL_free(ssl);
		return err;
	}
	if (ctx->peer_role == CERT_ROLE_SERVER)
		SSL_set_connect_state(ssl);
	else
		SSL_set_accept_state(ssl);
	*out = ssl;
	return OK;
}

int tls_policy_met(const SSL *ssl)
{
	const struct tls_session *s = tls_session_of(ssl);

	return s ? s->policy_met : -1;
}

const char *tls_trunk(const SSL *ssl)
{
	const struct tls_session *s = tls_session_of(ssl);

	return s ? s->trunk : NULL;
}

const struct peer_verdict *tls_verdict(const SSL *ssl)
{
	static const struct peer_verdict none = { .fault = PEER_NO_CERTIFICATE,
		                                  .why = "the peer has sent no certificate" };
	const struct tls_session *s = tls_session_of(ssl);

	return s ? &s->verdict : &none;
}

enum err tls_keylog_open(const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "a");

	if (!f) {
		LOG(LOG_ERROR, KV("event", "tls-keylog"), KV("file", file),
		    KV("result", strerror(errno)));
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	tls_keylog_close();
	keylog = f;
	LOG(LOG_WARN, KV("event", "tls-keylog"), KV("file", file),
	    KV("help", "the secrets of all TLS connections go to this file: never in production"));
	return OK;
}

void tls_keylog_close(void)
{
	if (keylog)
		fclose(keylog);
	keylog = NULL;
}
