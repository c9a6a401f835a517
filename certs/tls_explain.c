/* A failed handshake in words. Whatever happened, the sentence says which side gave up and what to
 * look at. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "certs/cert_info.h"
#include "certs/tls_context.h"
#include "certs/tls_session.h"

/* RFC 8446 6, RFC 5246 7.2: the alerts that a person can do something about. */
static const struct {
	int alert;
	const char *name;
	const char *words;
} alerts[] = {
	{ SSL_AD_HANDSHAKE_FAILURE, "handshake_failure",
	  "the peer found nothing in common with us, or wanted a certificate that we did not send" },
	{ 41, "no_certificate", "the peer demands a certificate and we sent none" }, /* SSL 3.0 */
	{ SSL_AD_BAD_CERTIFICATE, "bad_certificate",
	  "the peer refused our certificate: perhaps for the name in it, its dates or a gap in its chain" },
	{ SSL_AD_UNSUPPORTED_CERTIFICATE, "unsupported_certificate",
	  "the peer refused our certificate: its key's type or its extended key usage does not suit it" },
	{ SSL_AD_CERTIFICATE_REVOKED, "certificate_revoked",
	  "the peer refused our certificate: its issuer has revoked it" },
	{ SSL_AD_CERTIFICATE_EXPIRED, "certificate_expired",
	  "the peer refused our certificate: it has expired or is not yet valid" },
	{ SSL_AD_CERTIFICATE_UNKNOWN, "certificate_unknown",
	  "the peer refused our certificate and does not say why" },
	{ SSL_AD_UNKNOWN_CA, "unknown_ca",
	  "the peer refused our certificate: it does not know the root that signed it" },
	{ SSL_AD_ACCESS_DENIED, "access_denied",
	  "the peer knows our certificate, but does not let its owner in" },
	{ SSL_AD_DECRYPT_ERROR, "decrypt_error",
	  "the peer could not verify a signature of ours: do key and certificate belong together?" },
	{ SSL_AD_PROTOCOL_VERSION, "protocol_version",
	  "no TLS version in common: the peer speaks none that we do" },
	{ SSL_AD_INSUFFICIENT_SECURITY, "insufficient_security",
	  "the peer demands stronger ciphers than we have in common" },
	{ SSL_AD_INTERNAL_ERROR, "internal_error", "the peer had a problem of its own" },
	{ SSL_AD_USER_CANCELLED, "user_canceled", "the peer called the handshake off" },
	{ SSL_AD_UNRECOGNIZED_NAME, "unrecognized_name",
	  "the peer does not serve the name that we asked for (SNI)" },
	{ SSL_AD_CERTIFICATE_REQUIRED, "certificate_required",
	  "the peer demands a certificate and we sent none" },
	{ SSL_AD_NO_APPLICATION_PROTOCOL, "no_application_protocol",
	  "the peer wants another application protocol (ALPN)" },
};

static const char *versions_of(const SSL *ssl)
{
	switch (SSL_get_min_proto_version((SSL *)(uintptr_t)ssl)) {
	case TLS1_3_VERSION:
		return "TLS 1.3 alone";
	case TLS1_1_VERSION:
		return "1.1, 1.2 and 1.3";
	default: /* of OpenSSL's numbers */
		return "1.2 and 1.3";
	}
}

/* What the peer saw of us, for alerts that are about it: "; we showed CN=sbc.lab, ...". */
static void say_ours(const SSL *ssl, int alert, char *buf, size_t size)
{
	X509 *ours = SSL_get_certificate(ssl);
	bool is_about_it =
	    alert == SSL_AD_HANDSHAKE_FAILURE ||
	    (alert >= SSL_AD_BAD_CERTIFICATE && alert <= SSL_AD_CERTIFICATE_UNKNOWN) ||
	    alert == SSL_AD_UNKNOWN_CA || alert == SSL_AD_ACCESS_DENIED ||
	    alert == SSL_AD_DECRYPT_ERROR;
	char day[CERT_DAY_MAX];
	struct cert_info info;

	*buf = '\0';
	if (alert == SSL_AD_PROTOCOL_VERSION)
		snprintf(buf, size, "; we speak %s", versions_of(ssl));
	if (!is_about_it)
		return;
	if (!ours) {
		snprintf(buf, size, "; we have none to show");
		return;
	}
	cert_info_read(&info, ours);
	snprintf(buf, size, "; ours is %.60s for %.80s, issued by %.60s, good until %s, as %s",
	         info.subject, info.names, info.issuer, cert_day_text(info.not_after_s, day),
	         info.as_server && info.as_client ? "server and client"
	         : info.as_server                 ? "server alone"
	                                          : "client alone");
}

static enum peer_fault explain_alert(const SSL *ssl, int alert, char *why)
{
	char ours[CERT_WHY_MAX / 2 + CERT_TEXT_MAX];

	say_ours(ssl, alert, ours, sizeof(ours));
	for (size_t i = 0; i < ARRAY_LEN(alerts); i++) {
		if (alerts[i].alert != alert)
			continue;
		cert_why(why, "%s (alert %s from the peer)%s", alerts[i].words, alerts[i].name,
		         ours);
		return alert == SSL_AD_PROTOCOL_VERSION ? PEER_OLD_VERSION : PEER_OK;
	}
	cert_why(why, "the peer broke the handshake off (alert %d: %s)", alert,
	         SSL_alert_desc_string_long(alert));
	return PEER_OK;
}

static enum peer_fault explain_verdict(const struct tls_session *s, char *why)
{
	if (!s || s->standing == TLS_NOBODY || s->verdict.fault == PEER_OK) {
		cert_why(why, "we refused the peer's certificate");
		return PEER_OK;
	}
	cert_why(why, "we refused the peer's certificate: %s", s->verdict.why);
	return s->verdict.fault;
}

/* OpenSSL gives a received alert as a reason: SSL_AD_REASON_OFFSET plus the alert. */
static bool is_alert(int reason)
{
	return reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256;
}

/* A connection that is up may break as well. After an error OpenSSL itself thinks that it never
 * was. */
static bool was_up(const SSL *ssl)
{
	return SSL_get_peer_finished(ssl, NULL, 0) > 0;
}

static const char *when(const SSL *ssl)
{
	return was_up(ssl) ? "" : " during the handshake";
}

static enum peer_fault explain_reason(const SSL *ssl, unsigned long error, char *why)
{
	const struct tls_session *s = tls_session_of(ssl);
	int reason = ERR_GET_REASON(error);
	const char *words;

	switch (reason) {
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
	case SSL_R_INVALID_STATUS_RESPONSE:
		return explain_verdict(s, why);
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		cert_why(why, "we demand a certificate and the peer sent none");
		return PEER_NO_CERTIFICATE;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_WRONG_SSL_VERSION:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_UNKNOWN_PROTOCOL:
	case SSL_R_NO_PROTOCOLS_AVAILABLE:
		cert_why(why, "no TLS version in common: we speak %s, the peer only others",
		         versions_of(ssl));
		return PEER_OLD_VERSION;
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST:
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
		cert_why(why, "the peer does not speak TLS on this port (it sent something else, "
		              "perhaps plain SIP)");
		return PEER_OK;
	case SSL_R_NO_SHARED_CIPHER:
		cert_why(why, "no cipher in common: without `ciphers` at the trunk we take "
		              "AES-GCM and CHACHA20 with ECDHE alone");
		return PEER_OK;
	case SSL_R_NO_SHARED_GROUPS:
	case SSL_R_NO_SUITABLE_GROUPS:
	case SSL_R_NO_SUITABLE_KEY_SHARE:
		cert_why(why, "no group for the key exchange in common");
		return PEER_OK;
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		cert_why(why, "the peer closed the connection%s, without a reason", when(ssl));
		return PEER_OK;
	default: /* hundreds more, of OpenSSL */
		break;
	}
	words = ERR_reason_error_string(error);
	cert_why(why, "the %s broke off on our side: %s", was_up(ssl) ? "connection" : "handshake",
	         words ? words : "for no reason known");
	return PEER_OK;
}

/* The first error of the SSL library is the cause, what follows is its echo. 0: none. Empties the
 * queue. */
static unsigned long take_cause(void)
{
	unsigned long cause = 0, error;

	while ((error = ERR_get_error()) != 0) {
		if (!cause ||
		    (ERR_GET_LIB(cause) != ERR_LIB_SSL && ERR_GET_LIB(error) == ERR_LIB_SSL))
			cause = error;
	}
	return cause;
}

static void explain_system(const SSL *ssl, int error, char *why)
{
	if (error == 0)
		cert_why(why, "the peer closed the connection%s, without a reason", when(ssl));
	else if (error == ECONNRESET || error == EPIPE)
		cert_why(why, "the peer cut the connection%s (%s)", when(ssl), strerror(error));
	else
		cert_why(why, "the connection broke%s: %s", when(ssl), strerror(error));
}

enum peer_fault tls_explain(const SSL *ssl, int ssl_result, char *why)
{
	int error = errno; /* before anything else touches it */
	int kind = SSL_get_error(ssl, ssl_result);
	unsigned long cause = take_cause();

	if (kind == SSL_ERROR_NONE)
		cert_why(why, "the handshake succeeded");
	else if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
		cert_why(why, "the peer did not answer in the handshake");
	else if (kind == SSL_ERROR_ZERO_RETURN)
		cert_why(why, "the peer closed the TLS connection");
	else if (cause && ERR_GET_LIB(cause) == ERR_LIB_SSL && is_alert(ERR_GET_REASON(cause)))
		return explain_alert(ssl, ERR_GET_REASON(cause) - SSL_AD_REASON_OFFSET, why);
	else if (cause && ERR_GET_LIB(cause) == ERR_LIB_SSL)
		return explain_reason(ssl, cause, why);
	else if (cause)
		cert_why(why, "the handshake broke off on our side: %s",
		         ERR_reason_error_string(cause) ? ERR_reason_error_string(cause) : "?");
	else
		explain_system(ssl, error, why);
	return PEER_OK;
}
