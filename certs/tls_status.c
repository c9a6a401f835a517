/* Whether the peer's certificate was revoked, as far as OCSP knows: what is stapled decides in the
 * handshake, what we ask decides after it, before the first octet of SIP. */
#include <stdio.h>
#include "base/clock.h"
#include "certs/cert_text.h"
#include "certs/tls_session.h"

/* False: the peer is refused. */
static bool apply(struct tls_session *s, const struct ocsp_result *result)
{
	switch (result->status) {
	case CERT_STATUS_GOOD:
		break;
	case CERT_STATUS_REVOKED:
		tls_session_refuse(s, PEER_REVOKED, result->why);
		return false;
	case CERT_STATUS_UNKNOWN:
		if (tls_session_tolerates(s, PEER_NO_STATUS, result->why))
			break;
		tls_session_refuse(s, PEER_NO_STATUS, result->why);
		return false;
	}
	s->knows_status = true;
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
	struct tls_session *s = (struct tls_session *)(uintptr_t)tls_session_of(ssl);
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

	if (!apply(s, result))
		s->knows_status = true; /* that it is refused */
	s->on_status(s->on_status_arg);
}

static bool wants_to_ask(const struct tls_session *s)
{
	return s->policy && s->policy->ocsp == OCSP_ASK && !s->knows_status && s->issuer;
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
	if (!apply(s, &result))
		s->knows_status = true;
	return true;
}

enum tls_ready tls_finish(SSL *ssl, void (*fn)(void *arg), void *arg, char *why)
{
	struct tls_session *s = (struct tls_session *)(uintptr_t)tls_session_of(ssl);

	if (!s)
		return TLS_READY;
	tls_ticket_finish(ssl);
	s->on_status = fn;
	s->on_status_arg = arg;
	if (wants_to_ask(s) && !ask(s, ssl))
		return TLS_WAITS;
	if (s->policy && s->policy_met < 0) {
		cert_why(why, "we refused the peer's certificate: %.400s", s->verdict.why);
		return TLS_REFUSED;
	}
	/* What a trunk alone may do, nobody does without its certificate. */
	if (!s->policy && SSL_version(ssl) < TLS1_2_VERSION) {
		cert_why(why, "the peer speaks %s without a certificate: TLS 1.2 is the least",
		         SSL_get_version(ssl));
		return TLS_REFUSED;
	}
	return TLS_READY;
}
