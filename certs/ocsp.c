/* Trust here is the issuer alone: it answers itself, or names who does (RFC 6960 4.2.2.2). */
#include "certs/ocsp.h"

#include <stdio.h>
#include <string.h>
#include <openssl/ocsp.h>
#include "certs/cert_text.h"

#define SKEW_S         300 /* clocks that do not agree */
#define UNKNOWN_S      60
#define NO_NEXT_S      300 /* an answer without an end: newer ones are there at any time */
#define KEEP_MAX_S     86400
#define STATUS_REQUEST 5 /* the feature's number; RFC 6066 8 */

void ocsp_unknown(struct ocsp_result *out, X509 *leaf, int64_t now_s, const char *why)
{
	char name[CERT_TEXT_MAX];

	out->status = CERT_STATUS_UNKNOWN;
	out->until_s = now_s + UNKNOWN_S;
	cert_why(out->why, "whether the certificate of %s is revoked cannot be told: %s",
	         cert_name_text(X509_get_subject_name(leaf), name, sizeof(name)), why);
}

static void revoked(struct ocsp_result *out, X509 *leaf, const ASN1_GENERALIZEDTIME *when)
{
	char name[CERT_TEXT_MAX], issuer[CERT_TEXT_MAX], day[CERT_DAY_MAX] = "?";
	int64_t when_s;

	if (!cert_time_s(&when_s, when))
		cert_day_text(when_s, day);
	out->status = CERT_STATUS_REVOKED;
	cert_why(out->why, "the certificate of %s was revoked on %s, says the OCSP responder of %s",
	         cert_name_text(X509_get_subject_name(leaf), name, sizeof(name)), day,
	         cert_name_text(X509_get_issuer_name(leaf), issuer, sizeof(issuer)));
}

/* The issuer is where the chain of the answer's signer ends, at the given time. */
static bool is_signed_for(OCSP_BASICRESP *basic, X509 *issuer, int64_t now_s)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *known = sk_X509_new_null();
	bool good = false;

	if (store && known && X509_STORE_add_cert(store, issuer) == 1 &&
	    sk_X509_push(known, issuer) > 0) {
		X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
		X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), now_s);
		good = OCSP_basic_verify(basic, known, store, 0) == 1;
	}
	sk_X509_free(known);
	X509_STORE_free(store);
	return good;
}

/* What is wrong with the answer's dates; NULL: nothing. *until_s: when it ends. */
static const char *wrong_dates(const ASN1_GENERALIZEDTIME *from, const ASN1_GENERALIZEDTIME *next,
                               int64_t now_s, int64_t *until_s)
{
	int64_t from_s, next_s;

	if (cert_time_s(&from_s, from) || from_s > now_s + SKEW_S)
		return "the OCSP answer is from the future";
	*until_s = now_s + NO_NEXT_S;
	if (!next)
		return from_s + KEEP_MAX_S < now_s ? "the OCSP answer is old" : NULL;
	if (cert_time_s(&next_s, next) || next_s < now_s - SKEW_S)
		return "the OCSP answer is out of date";
	*until_s = next_s < now_s + KEEP_MAX_S ? next_s : now_s + KEEP_MAX_S;
	return NULL;
}

/* What is wrong; NULL: *out is filled. */
static const char *read_status(struct ocsp_result *out, OCSP_BASICRESP *basic, X509 *leaf,
                               X509 *issuer, int64_t now_s)
{
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, leaf, issuer);
	ASN1_GENERALIZEDTIME *when, *from, *next;
	int status, reason;
	bool found =
	    id && OCSP_resp_find_status(basic, id, &status, &reason, &when, &from, &next) == 1;
	const char *wrong;

	OCSP_CERTID_free(id);
	if (!found)
		return "the OCSP answer is about another one";
	wrong = wrong_dates(from, next, now_s, &out->until_s);
	if (wrong)
		return wrong;
	if (status == V_OCSP_CERTSTATUS_REVOKED) {
		revoked(out, leaf, when);
		return NULL;
	}
	if (status != V_OCSP_CERTSTATUS_GOOD)
		return "its OCSP responder does not know it";
	out->status = CERT_STATUS_GOOD;
	return NULL;
}

void ocsp_read(struct ocsp_result *out, X509 *leaf, X509 *issuer, const unsigned char *der,
               size_t len, int64_t now_s)
{
	OCSP_RESPONSE *response = NULL;
	OCSP_BASICRESP *basic = NULL;
	const char *wrong;

	memset(out, 0, sizeof(*out));
	ERR_set_mark();
	response = d2i_OCSP_RESPONSE(NULL, &der, (long)len);
	if (!response)
		wrong = "what the OCSP responder sent is no answer";
	else if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		wrong = OCSP_response_status_str(OCSP_response_status(response));
	else if (!(basic = OCSP_response_get1_basic(response)))
		wrong = "what the OCSP responder sent is no answer";
	else if (!is_signed_for(basic, issuer, now_s))
		wrong = "nobody who may has signed the OCSP answer";
	else
		wrong = read_status(out, basic, leaf, issuer, now_s);
	if (wrong)
		ocsp_unknown(out, leaf, now_s, wrong);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	ERR_pop_to_mark();
}

enum err ocsp_question(unsigned char **out, size_t *len, X509 *leaf, X509 *issuer)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, leaf, issuer);
	int n = -1;

	*out = NULL;
	if (request && id && OCSP_request_add0_id(request, id)) {
		id = NULL; /* the request's */
		n = i2d_OCSP_REQUEST(request, out);
	}
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(request);
	if (n <= 0)
		return ERR_NOMEM;
	*len = (size_t)n;
	return OK;
}

bool ocsp_must_staple(X509 *leaf)
{
	TLS_FEATURE *features = X509_get_ext_d2i(leaf, NID_tlsfeature, NULL, NULL);
	bool must = false;

	for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
		must |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == STATUS_REQUEST;
	TLS_FEATURE_free(features);
	return must;
}
