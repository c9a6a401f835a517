/* OpenSSL builds and judges the chain; the name is ours. What comes out is one fault and one
 * sentence for a person who has never heard of this provider. */
#include "certs/peer_check.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "certs/cert_text.h"
#include "certs/peer_name.h"

#define AUTH_LEVEL 2 /* OpenSSL's: 112 bits; RSA 2048, no SHA-1 */
#define DEPTH_MAX  10

/* What the words about a refusal are made of. */
struct refusal {
	const struct peer_policy *policy;
	X509_STORE_CTX *ctx;
	X509 *cert; /* the one in the chain that is at fault */
	enum cert_role role;
	int64_t now_s;
	char name[CERT_TEXT_MAX]; /* cert's */
	struct peer_verdict *verdict;
	X509 **issuer; /* struct peer_shown's */
};

static enum peer_fault fault_of(int x509_error)
{
	switch (x509_error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return PEER_UNKNOWN_ROOT;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return PEER_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return PEER_NOT_YET_VALID;
	case X509_V_ERR_INVALID_PURPOSE:
	case X509_V_ERR_CERT_REJECTED:
		return PEER_WRONG_USAGE;
	case X509_V_ERR_CERT_REVOKED:
		return PEER_REVOKED;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
	case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
		return PEER_NO_STATUS;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return PEER_WEAK;
	default: /* not an enum of ours: OpenSSL has about eighty of these */
		return PEER_BAD_CHAIN;
	}
}

/* A root that was made anew under its old name is the riddle of every lab. */
static bool has_namesake(const struct refusal *r, const X509_NAME *name)
{
	STACK_OF(X509) *same = X509_STORE_CTX_get1_certs(r->ctx, name);
	bool found = sk_X509_num(same) > 0;

	sk_X509_pop_free(same, X509_free);
	return found;
}

static void say_unknown_root(const struct refusal *r)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(r->ctx);
	X509 *end = sk_X509_value(chain, sk_X509_num(chain) - 1);
	const X509_NAME *issuer;
	char name[CERT_TEXT_MAX];
	bool is_sent;

	if (!end)
		end = r->cert;
	issuer = X509_get_issuer_name(end);
	is_sent = X509_NAME_cmp(X509_get_subject_name(end), issuer) == 0;
	cert_name_text(issuer, name, sizeof(name));
	if (has_namesake(r, issuer))
		cert_why(
		    r->verdict->why,
		    "chain ends at \"%s\"; trunk %s trusts a root of that name, but it is another one, "
		    "with another key",
		    name, r->policy->trunk);
	else if (is_sent)
		cert_why(r->verdict->why,
		         "chain ends at \"%s\", which is not among the roots that trunk %s trusts",
		         name, r->policy->trunk);
	else
		cert_why(
		    r->verdict->why,
		    "chain ends at a certificate that \"%s\" signed, which the peer did not send and "
		    "which is not among the roots that trunk %s trusts",
		    name, r->policy->trunk);
}

static void say_date(const struct refusal *r, bool expired)
{
	char day[CERT_DAY_MAX] = "?", today[CERT_DAY_MAX];
	int64_t when_s;

	if (!cert_time_s(&when_s,
	                 expired ? X509_get0_notAfter(r->cert) : X509_get0_notBefore(r->cert)))
		cert_day_text(when_s, day);
	cert_day_text(r->now_s, today);
	if (expired)
		cert_why(r->verdict->why, "the certificate of %s expired on %s (today is %s)",
		         r->name, day, today);
	else
		cert_why(
		    r->verdict->why,
		    "the certificate of %s is valid only from %s on (today is %s, if this machine's "
		    "clock is right)",
		    r->name, day, today);
}

static void say_usage(const struct refusal *r)
{
	bool server = r->role == CERT_ROLE_SERVER;
	uint32_t bit = server ? XKU_SSL_SERVER : XKU_SSL_CLIENT;
	bool is_listed = (X509_get_extension_flags(r->cert) & EXFLAG_XKUSAGE) == 0 ||
	                 (X509_get_extended_key_usage(r->cert) & bit) != 0;

	cert_why(r->verdict->why, "the certificate of %s may not be used %s: %s", r->name,
	         server ? "as a server, which the peer is here"
	                : "as a client, which the peer is here",
	         is_listed ? "its key usage forbids it"
	         : server  ? "its extended key usage lacks serverAuth"
	                   : "its extended key usage lacks clientAuth");
}

static void say_weak(const struct refusal *r, int x509_error)
{
	EVP_PKEY *key = X509_get0_pubkey(r->cert);
	const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;

	if (x509_error == X509_V_ERR_CA_MD_TOO_WEAK)
		cert_why(r->verdict->why,
		         "the certificate of %s is signed with %s, which is too weak", r->name,
		         OBJ_nid2ln(X509_get_signature_nid(r->cert)));
	else
		cert_why(r->verdict->why,
		         "the key of %s is too weak: %s with %d bits (RSA needs 2048, EC 256)",
		         r->name, type ? type : "a key", key ? EVP_PKEY_get_bits(key) : 0);
}

static void say_revoked(const struct refusal *r)
{
	X509_CRL *crl = X509_STORE_CTX_get0_current_crl(r->ctx);
	char day[CERT_DAY_MAX] = "?", issuer[CERT_TEXT_MAX];
	X509_REVOKED *entry = NULL;
	int64_t when_s;

	if (crl && X509_CRL_get0_by_cert(crl, &entry, r->cert) > 0 &&
	    !cert_time_s(&when_s, X509_REVOKED_get0_revocationDate(entry)))
		cert_day_text(when_s, day);
	cert_name_text(X509_get_issuer_name(r->cert), issuer, sizeof(issuer));
	cert_why(r->verdict->why, "the certificate of %s was revoked on %s, says the CRL of %s",
	         r->name, day, issuer);
}

static void say_no_status(const struct refusal *r, int x509_error)
{
	X509_CRL *crl = X509_STORE_CTX_get0_current_crl(r->ctx);
	char day[CERT_DAY_MAX] = "?", issuer[CERT_TEXT_MAX];
	int64_t when_s;

	cert_name_text(X509_get_issuer_name(r->cert), issuer, sizeof(issuer));
	if (crl && x509_error == X509_V_ERR_CRL_HAS_EXPIRED &&
	    !cert_time_s(&when_s, X509_CRL_get0_nextUpdate(crl)))
		cert_why(
		    r->verdict->why,
		    "whether the certificate of %s is revoked cannot be told: the CRL of %s was "
		    "good until %s: get a new one",
		    r->name, issuer, cert_day_text(when_s, day));
	else if (x509_error == X509_V_ERR_UNABLE_TO_GET_CRL)
		cert_why(
		    r->verdict->why,
		    "whether the certificate of %s is revoked cannot be told: there is no CRL of "
		    "%s among those of trunk %s",
		    r->name, issuer, r->policy->trunk);
	else
		cert_why(
		    r->verdict->why,
		    "whether the certificate of %s is revoked cannot be told: the CRL of %s is "
		    "no good: %s",
		    r->name, issuer, X509_verify_cert_error_string(x509_error));
}

static void say(const struct refusal *r, int x509_error)
{
	switch (r->verdict->fault) {
	case PEER_UNKNOWN_ROOT:
		say_unknown_root(r);
		return;
	case PEER_EXPIRED:
	case PEER_NOT_YET_VALID:
		say_date(r, r->verdict->fault == PEER_EXPIRED);
		return;
	case PEER_WRONG_USAGE:
		say_usage(r);
		return;
	case PEER_WEAK:
		say_weak(r, x509_error);
		return;
	case PEER_REVOKED:
		say_revoked(r);
		return;
	case PEER_NO_STATUS:
		say_no_status(r, x509_error);
		return;
	case PEER_OK:
	case PEER_NO_CERTIFICATE:
	case PEER_WRONG_NAME:
	case PEER_WRONG_KEY:
	case PEER_OLD_VERSION:
	case PEER_BAD_CHAIN:
		break;
	}
	cert_why(r->verdict->why, "the chain of the peer's certificate does not hold at %s: %s",
	         r->name, X509_verify_cert_error_string(x509_error));
}

static void refuse(struct refusal *r, X509 *leaf)
{
	int x509_error = X509_STORE_CTX_get_error(r->ctx);

	r->cert = X509_STORE_CTX_get_current_cert(r->ctx);
	if (!r->cert)
		r->cert = leaf;
	cert_name_text(X509_get_subject_name(r->cert), r->name, sizeof(r->name));
	r->verdict->fault = fault_of(x509_error);
	say(r, x509_error);
}

bool peer_tolerates(const struct peer_policy *policy, enum peer_fault fault)
{
	return (policy->tolerated & PEER_TOLERABLE & 1U << fault) != 0;
}

/* OpenSSL asks about each fault. An intermediate whose issuer gave us no CRL passes: the leaf's is
 * the one that is demanded. */
static int on_fault(int good, X509_STORE_CTX *ctx)
{
	struct refusal *r = X509_STORE_CTX_get_app_data(ctx);
	int x509_error = X509_STORE_CTX_get_error(ctx);

	if (good ||
	    (x509_error == X509_V_ERR_UNABLE_TO_GET_CRL && X509_STORE_CTX_get_error_depth(ctx) > 0))
		return 1;
	refuse(r, X509_STORE_CTX_get0_cert(ctx)); /* the CRL in question is known only here */
	if (!peer_tolerates(r->policy, r->verdict->fault))
		return 0;
	r->verdict->fault = PEER_OK;
	return 1;
}

static bool prepare(struct refusal *r, const struct trust *trust)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(r->ctx);

	if (X509_STORE_CTX_set_purpose(r->ctx, r->role == CERT_ROLE_SERVER
	                                           ? X509_PURPOSE_SSL_SERVER
	                                           : X509_PURPOSE_SSL_CLIENT) != 1)
		return false;
	X509_VERIFY_PARAM_set_time(param, r->now_s);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	X509_VERIFY_PARAM_set_depth(param, r->policy->depth ? (int)r->policy->depth : DEPTH_MAX);
	if (trust_has_crls(trust))
		X509_VERIFY_PARAM_set_flags(param,
		                            X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	X509_STORE_CTX_set_app_data(r->ctx, r);
	X509_STORE_CTX_set_verify_cb(r->ctx, on_fault);
	return true;
}

static bool no_memory(struct refusal *r)
{
	r->verdict->fault = PEER_BAD_CHAIN;
	cert_why(r->verdict->why, "no memory to check the peer's certificate");
	return false;
}

static X509 *take_issuer(X509_STORE_CTX *ctx)
{
	X509 *issuer = sk_X509_value(X509_STORE_CTX_get0_chain(ctx), 1);

	if (issuer)
		X509_up_ref(issuer);
	return issuer;
}

static int64_t first_end_of(STACK_OF(X509) * chain)
{
	int64_t first_s = INT64_MAX, end_s;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		if (!cert_time_s(&end_s, X509_get0_notAfter(sk_X509_value(chain, i))) &&
		    end_s < first_s)
			first_s = end_s;
	}
	return first_s;
}

/* store: where the chain may end. */
static bool check_chain_in(struct refusal *r, X509_STORE *store, X509 *leaf, STACK_OF(X509) * chain)
{
	bool good;

	r->ctx = X509_STORE_CTX_new();
	if (!r->ctx || X509_STORE_CTX_init(r->ctx, store, leaf, chain) != 1 ||
	    !prepare(r, r->policy->trust)) {
		good = no_memory(r);
	} else {
		good = X509_verify_cert(r->ctx) == 1;
		if (!good && r->verdict->fault == PEER_OK)
			refuse(r, leaf);
		if (good)
			r->verdict->until_s = first_end_of(X509_STORE_CTX_get0_chain(r->ctx));
		if (good && r->issuer)
			*r->issuer = take_issuer(r->ctx);
	}
	X509_STORE_CTX_free(r->ctx);
	r->ctx = NULL;
	return good;
}

/* A pinned key needs no root: the certificate itself is where the chain ends. All else that is
 * asked of a certificate is asked of it. */
static bool check_pinned(struct refusal *r, X509 *leaf)
{
	char pin[TRUST_PIN_MAX];
	X509_STORE *store;
	bool good;

	if (!trust_is_pinned(r->policy->trust, leaf)) {
		cert_name_text(X509_get_subject_name(leaf), r->name, sizeof(r->name));
		r->verdict->fault = PEER_WRONG_KEY;
		cert_why(
		    r->verdict->why,
		    "the key of %s is %s, which is not among those that are pinned for trunk %s",
		    r->name, trust_pin_text(leaf, pin), r->policy->trunk);
		return false;
	}
	store = X509_STORE_new();
	if (!store || X509_STORE_add_cert(store, leaf) != 1) {
		X509_STORE_free(store);
		return no_memory(r);
	}
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	good = check_chain_in(r, store, leaf, NULL);
	X509_STORE_free(store);
	return good;
}

static bool check_chain(struct refusal *r, X509 *leaf, STACK_OF(X509) * chain)
{
	if (trust_has_pins(r->policy->trust))
		return check_pinned(r, leaf);
	return check_chain_in(r, trust_store(r->policy->trust), leaf, chain);
}

/* "a.lab", or "a.lab" or one of 2 others. */
static void say_wanted(const struct peer_policy *policy, char *buf, size_t size)
{
	char first[CERT_TEXT_MAX];

	if (policy->nnames == 0) {
		snprintf(buf, size, "no name at all");
		return;
	}
	cert_printable(first, sizeof(first), policy->names[0], strlen(policy->names[0]));
	if (policy->nnames == 1)
		snprintf(buf, size, "\"%s\"", first);
	else
		snprintf(buf, size, "\"%s\" (or one of %zu others)", first, policy->nnames - 1);
}

static void say_wrong_name(const struct refusal *r, X509 *leaf)
{
	char names[CERT_TEXT_MAX * 2], wanted[CERT_TEXT_MAX * 2], subject[CERT_TEXT_MAX / 2];
	char issuer[CERT_TEXT_MAX / 2];
	const char *shown = cert_name_text(X509_get_issuer_name(leaf), issuer, sizeof(issuer));
	bool by_wildcard = false;

	for (size_t i = 0; i < r->policy->nnames; i++)
		by_wildcard |= peer_name_is_by_wildcard(leaf, r->policy->names[i]);
	if (strncmp(shown, "CN=", 3) == 0)
		shown += 3;
	say_wanted(r->policy, wanted, sizeof(wanted));
	cert_why(r->verdict->why,
	         "the certificate is for %s (%s, issued by %s) but trunk %s expects %s%s",
	         peer_name_list(leaf, names, sizeof(names)),
	         cert_name_text(X509_get_subject_name(leaf), subject, sizeof(subject)), shown,
	         r->policy->trunk, wanted,
	         by_wildcard ? "; SIP does not let a wildcard stand for a name (RFC 5922 7.2), "
	                       "unless the trunk has wildcards: yes"
	                     : "");
}

bool peer_has_name(const struct peer_policy *policy, X509 *leaf, const char **out)
{
	for (size_t i = 0; leaf && i < policy->nnames; i++) {
		const char *name = policy->names[i];

		if (!peer_name_is(leaf, name) &&
		    !(policy->wildcards && peer_name_is_by_wildcard(leaf, name)))
			continue;
		if (out)
			*out = name;
		return true;
	}
	return false;
}

static bool check_name(const struct refusal *r, X509 *leaf)
{
	const char *name;

	if (peer_has_name(r->policy, leaf, &name)) {
		cert_printable(r->verdict->name, sizeof(r->verdict->name), name, strlen(name));
		return true;
	}
	r->verdict->fault = PEER_WRONG_NAME;
	say_wrong_name(r, leaf);
	return false;
}

bool peer_check(const struct peer_policy *policy, const struct peer_shown *shown,
                struct peer_verdict *verdict)
{
	struct refusal r = { .policy = policy,
		             .role = shown->role,
		             .now_s = shown->now_s,
		             .verdict = verdict,
		             .issuer = shown->issuer };
	bool good;

	assert(policy->trust && policy->trunk);
	if (shown->issuer)
		*shown->issuer = NULL;
	memset(verdict, 0, sizeof(*verdict));
	if (!shown->leaf) {
		verdict->fault = PEER_NO_CERTIFICATE;
		cert_why(verdict->why, "trunk %s demands a certificate, but the peer has sent none",
		         policy->trunk);
		return false;
	}
	ERR_set_mark(); /* the queue is the handshake's */
	good = check_chain(&r, shown->leaf, shown->chain) && check_name(&r, shown->leaf);
	ERR_pop_to_mark();
	return good;
}
