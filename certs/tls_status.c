/* Whether the peer's certificate was revoked, as far as OCSP knows: what is stapled decides in the
 * handshake, what we ask decides after it, before the first octet of SIP. */
#include <stdio.h>
#include "base/clock.h"
#include "base/log.h"
#include "certs/cert_text.h"
#include "certs/tls_session.h"

static void refuse(struct tls_session *s, enum peer_fault fault, const char *why)
{
	s->standing = TLS_STRANGER;
	s->policy = NULL;
	s->verdict.fault = fault;
	cert_why(s->verdict.why, "%s", why);
}

/* False: the peer is refused. */
static bool apply(struct tls_session *s, const struct ocsp_result *result)
{
	if (result->status == CERT_STATUS_REVOKED) {
		refuse(s, PEER_REVOKED, result->why);
		return false;
	}
	if (result->status == CERT_STATUS_UNKNOWN) {
		if (!peer_tolerates(s->policy, PEER_NO_STATUS)) {
			refuse(s, PEER_NO_STATUS, result->why);
			return false;
		}
		LOG(LOG_WARN, KV("trunk", s->policy->trunk), KV("event", "tolerated"),
		    KV("why", result->why));
	}
	s->standing = TLS_CLEARED;
	return true;
}

/* Nothing is stapled: fine, unless the certificate promises it. */
static bool apply_none(struct tls_session *s, X509 *leaf)
{
	struct ocsp_result result;

	if (!ocsp_must_staple(leaf))
		return true;
	ocsp_unknown(&result, leaf, clock_wall_s(),
	             "it says that an OCSP answer is stapled to it, but none was (must-staple)");
	return apply(s, &result);
}

int tls_on_staple(SSL *ssl, void *arg)
{
	struct tls_session *s = tls_session_of(ssl);
	X509 *leaf = SSL_get0_peer_certificate(ssl);
	const unsigned char *der = NULL;
	struct ocsp_result result;
	long len;

	(void)arg;
	if (!s || !s->policy || !leaf || s->policy->ocsp == OCSP_OFF)
		return 1;
	len = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
	if (!der || len <= 0)
		return apply_none(s, leaf);
	if (!s->issuer) /* a pinned key: there is nobody whose word would count */
		return 1;
	ocsp_read(&result, leaf, s->issuer, der, (size_t)len, clock_wall_s());
	return apply(s, &result);
}

static void on_answer(void *arg, const struct ocsp_result *result)
{
	struct tls_session *s = arg;

	apply(s, result); /* tls_finish is asked again */
	s->on_status(s->on_status_arg);
}

static bool wants_to_ask(const struct tls_session *s)
{
	return s->standing == TLS_PROVED && s->policy->ocsp == OCSP_ASK && s->issuer;
}

/* True: the answer is there. */
static bool ask(struct tls_session *s, const SSL *ssl)
{
	X509 *leaf = SSL_get0_peer_certificate(ssl);
	struct ocsp_result result;

	if (s->waiter.job)
		return false;
	s->waiter.fn = on_answer;
	s->waiter.arg = s;
	if (!s->policy->asks)
		ocsp_unknown(&result, leaf, clock_wall_s(),
		             "nobody here can ask its OCSP responder");
	else if (!ocsp_ask(s->policy->asks, leaf, s->issuer, &result, &s->waiter))
		return false;
	apply(s, &result); /* tls_finish looks at it next */
	return true;
}

enum tls_ready tls_finish(SSL *ssl, void (*fn)(void *arg), void *arg, char *why)
{
	struct tls_session *s = tls_session_of(ssl);

	if (!s)
		return TLS_READY;
	tls_ticket_finish(ssl);
	s->on_status = fn;
	s->on_status_arg = arg;
	if (wants_to_ask(s) && !ask(s, ssl))
		return TLS_WAITS;
	if (s->standing == TLS_STRANGER) {
		cert_why(why, "we refused the peer's certificate: %.400s", s->verdict.why);
		return TLS_REFUSED;
	}
	/* What a trunk alone may do, nobody does without its certificate. */
	if (s->standing == TLS_NOBODY && SSL_version(ssl) < TLS1_2_VERSION) {
		cert_why(why, "the peer speaks %s without a certificate: TLS 1.2 is the least",
		         SSL_get_version(ssl));
		return TLS_REFUSED;
	}
	return TLS_READY;
}
