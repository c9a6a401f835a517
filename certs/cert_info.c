/* A certificate, read for people. */
#include "certs/cert_info.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "certs/peer_name.h"

void cert_info_read(struct cert_info *out, X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);

	memset(out, 0, sizeof(*out));
	ERR_set_mark();
	cert_name_text(X509_get_subject_name(cert), out->subject, sizeof(out->subject));
	cert_name_text(X509_get_issuer_name(cert), out->issuer, sizeof(out->issuer));
	peer_name_list(cert, out->names, sizeof(out->names));
	snprintf(out->key, sizeof(out->key), "%s %d", key ? EVP_PKEY_get0_type_name(key) : "?",
	         key ? EVP_PKEY_get_bits(key) : 0);
	if (cert_time_s(&out->not_before_s, X509_get0_notBefore(cert)))
		out->not_before_s = 0;
	if (cert_time_s(&out->not_after_s, X509_get0_notAfter(cert)))
		out->not_after_s = 0;
	out->as_server = X509_check_purpose(cert, X509_PURPOSE_SSL_SERVER, 0) == 1;
	out->as_client = X509_check_purpose(cert, X509_PURPOSE_SSL_CLIENT, 0) == 1;
	ERR_pop_to_mark();
}

int64_t cert_days_left(const struct cert_info *info, int64_t now_s)
{
	int64_t left_s = info->not_after_s - now_s;

	return left_s >= 0 ? left_s / DAY_S : -((-left_s + DAY_S - 1) / DAY_S);
}
