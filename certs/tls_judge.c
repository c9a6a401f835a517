/* The check of the peer, as OpenSSL calls it in a handshake, and what came of it. What is found
 * stays with the SSL, which owns it. */
#include <pthread.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/cert_text.h"
#include "certs/tls_session.h"

static pthread_once_t session_once = PTHREAD_ONCE_INIT;
static int session_index = -1; /* of struct tls_session in an SSL */

static void session_free(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl,
                         void *argp)
{
	struct tls_session *s = ptr;

	(void)parent;
	(void)data;
	(void)index;
	(void)argl;
	(void)argp;
	if (!s)
		return;
	ocsp_forget(&s->waiter);
	X509_free(s->issuer);
	mem_free(s);
}

static void session_init(void)
{
	session_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, session_free);
}

struct tls_session *tls_session_of(const SSL *ssl)
{
	return session_index < 0 ? NULL : SSL_get_ex_data(ssl, session_index);
}

void tls_session_reset(struct tls_session *s)
{
	s->standing = TLS_NOBODY;
	s->policy = NULL;
	X509_free(s->issuer);
	s->issuer = NULL;
	s->verdict = (struct peer_verdict){ .fault = PEER_NO_CERTIFICATE };
	cert_why(s->verdict.why, "the peer has sent no certificate");
}

enum err tls_session_attach(SSL *ssl, enum cert_role peer_role)
{
	struct tls_session *s = mem_zalloc(sizeof(*s));

	if (!s)
		return ERR_NOMEM;
	pthread_once(&session_once, session_init);
	s->peer_role = peer_role;
	s->ssl_ctx = SSL_get_SSL_CTX(ssl);
	s->rules = tls_rules_of(s->ssl_ctx);
	tls_session_reset(s);
	if (SSL_set_ex_data(ssl, session_index, s) != 1) {
		mem_free(s);
		return ERR_NOMEM;
	}
	return OK;
}

/* With many policies the verdict that got furthest says most: a peer of a known root with a wrong
 * name was meant for us, one of an unknown root may be anybody. From the least to the most. */
static int usefulness(enum peer_fault fault)
{
	static const enum peer_fault order[] = { PEER_NO_CERTIFICATE,
		                                 PEER_WRONG_KEY,
		                                 PEER_UNKNOWN_ROOT,
		                                 PEER_BAD_CHAIN,
		                                 PEER_WEAK,
		                                 PEER_WRONG_USAGE,
		                                 PEER_NOT_YET_VALID,
		                                 PEER_EXPIRED,
		                                 PEER_NO_STATUS,
		                                 PEER_REVOKED,
		                                 PEER_WRONG_NAME,
		                                 PEER_OLD_VERSION,
		                                 PEER_OK };
	int i = 0;

	while (order[i] != fault && order[i] != PEER_OK)
		i++;
	return i;
}

/* What makes OpenSSL send the alert that fits (RFC 8446 6.2). */
static int x509_error_of(enum peer_fault fault)
{
	switch (fault) {
	case PEER_OK:
		return X509_V_OK;
	case PEER_NO_CERTIFICATE:
	case PEER_BAD_CHAIN:
	case PEER_WRONG_KEY:
	case PEER_OLD_VERSION:
	case PEER_NO_STATUS:
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
	case PEER_REVOKED:
		return X509_V_ERR_CERT_REVOKED; /* certificate_revoked */
	}
	return X509_V_ERR_CERT_REJECTED;
}

/* A listener speaks what the least demanding of its trunks speaks: each is held to its own. */
static bool is_recent_enough(const struct peer_policy *policy, const SSL *ssl,
                             struct peer_verdict *verdict)
{
	int least = tls_version_number(policy->min_version);

	if (SSL_version(ssl) >= least)
		return true;
	verdict->fault = PEER_OLD_VERSION;
	cert_why(verdict->why, "the peer speaks %s, but trunk %s wants %s at least",
	         SSL_get_version(ssl), policy->trunk, tls_version_name(policy->min_version));
	return false;
}

/* What is known of a peer that is let in. */
static void note_met(struct tls_session *s, const struct peer_policy *p,
                     const struct peer_shown *shown)
{
	s->standing = TLS_PROVED;
	s->policy = p;
	s->proved_s = shown->now_s;
	if (p->seen) {
		cert_info_read(&p->seen->info, shown->leaf);
		p->seen->info.not_after_s = s->verdict.until_s;
		p->seen->seen_s = shown->now_s;
	}
	if (s->verdict.why[0])
		LOG(LOG_WARN, KV("trunk", p->trunk), KV("event", "tolerated"),
		    KV("why", s->verdict.why));
}

/* True: met. The most useful of the verdicts stays. */
static bool try_policy(struct tls_session *s, const struct peer_policy *p,
                       const struct peer_shown *shown, const SSL *ssl)
{
	struct peer_verdict verdict;
	bool met;

	X509_free(s->issuer);
	met = peer_check(p, shown, &verdict) && is_recent_enough(p, ssl, &verdict);
	if (usefulness(verdict.fault) > usefulness(s->verdict.fault))
		s->verdict = verdict;
	if (met)
		note_met(s, p, shown);
	return met;
}

/* Whether one before it trusts the same, so that nothing else could be said of the chain. */
static bool is_same_trust(const struct tls_rules *rules, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (rules->policies[k].trust == rules->policies[i].trust)
			return true;
	}
	return false;
}

/* A name is compared in no time, a chain is verified in a millisecond or so, and everybody may come
 * with one: so a listener of many trunks verifies for those whose name it is. Where it is nobody's,
 * the chain matters for the words alone. */
static void judge(const struct tls_rules *rules, const struct peer_shown *shown, const SSL *ssl,
                  struct tls_session *s)
{
	bool named = false;

	tls_session_reset(s); /* what a ticket said that was not taken */
	s->standing = TLS_STRANGER;
	for (size_t i = 0; i < rules->npolicies; i++) {
		if (!peer_has_name(&rules->policies[i], shown->leaf, NULL))
			continue;
		named = true;
		if (try_policy(s, &rules->policies[i], shown, ssl))
			return;
	}
	for (size_t i = 0; !named && i < rules->npolicies; i++) {
		if (!is_same_trust(rules, i) && try_policy(s, &rules->policies[i], shown, ssl))
			return;
	}
}

int tls_judge(X509_STORE_CTX *sent, void *arg)
{
	const struct tls_rules *rules = arg;
	SSL *ssl = X509_STORE_CTX_get_ex_data(sent, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_session *s = ssl ? tls_session_of(ssl) : NULL;
	const struct peer_shown shown = { .leaf = X509_STORE_CTX_get0_cert(sent),
		                          .chain = X509_STORE_CTX_get0_untrusted(sent),
		                          .role = rules->peer_role,
		                          .now_s = clock_wall_s(),
		                          .issuer = s ? &s->issuer : NULL };

	if (!s) {
		X509_STORE_CTX_set_error(sent, X509_V_ERR_UNSPECIFIED);
		return 0;
	}
	judge(rules, &shown, ssl, s);
	X509_STORE_CTX_set_error(sent, x509_error_of(s->verdict.fault));
	return s->policy != NULL;
}

const char *tls_trunk(const SSL *ssl)
{
	const struct tls_session *s = tls_session_of(ssl);

	return s && s->policy ? s->policy->trunk : NULL;
}

const struct peer_verdict *tls_verdict(const SSL *ssl)
{
	static const struct peer_verdict none = { .fault = PEER_NO_CERTIFICATE,
		                                  .why = "the peer has sent no certificate" };
	const struct tls_session *s = tls_session_of(ssl);

	return s ? &s->verdict : &none;
}
