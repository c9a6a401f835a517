/* Reach, handshakes and our listener, judged. Nothing is connected here. */
#include "sbc/doctor/check_tls.h"

#include "base/clock.h"
#include "certs/cert_text.h"

#define WARN_DAYS 14 /* that the provider has left */

/* False: there is nobody to connect to, or nothing to connect with, which is the finding. */
static bool can_connect(const struct patient *p, struct finding *f)
{
	if (p->found.naddrs > 0)
		return true;
	finding_say(f, VERDICT_FAIL, "there is no address to connect to: %s",
	            p->found.why[0] ? p->found.why : "DNS did not say one in time");
	finding_advise(f, "see the lines of DNS");
	return false;
}

void judge_reach(const struct patient *p, struct finding *f)
{
	unsigned good = 0, bad = 0;
	char text[ADDR_TEXT_MAX];

	if (!can_connect(p, f))
		return;
	finding_say(f, VERDICT_OK, "%s", "");
	for (size_t i = 0; i < p->nprobes; i++) {
		const struct probe *b = p->probes[i];

		if (b->kind != PROBE_REACH)
			continue;
		addr_text(&b->peer, text, sizeof(text));
		good += !b->aside && b->open;
		bad += !b->aside && !b->open;
		if (b->open)
			finding_add(f, VERDICT_OK, "%s takes TCP connections (%u ms)", text,
			            b->took_ms);
		else
			finding_add(f, VERDICT_WARN, "%s%s", b->why,
			            b->aside ? ", where no calls go" : "");
	}
	if (good == 0)
		f->verdict = VERDICT_FAIL;
	if (f->verdict != VERDICT_OK)
		finding_advise(f,
		               "open the firewall for TCP to it; %u of %u addresses for calls can "
		               "be reached",
		               good, good + bad);
}

static bool is_version_fault(const struct probe *b)
{
	return b->fault == PEER_OLD_VERSION;
}

void judge_version(const struct patient *p, struct finding *f)
{
	const struct probe *stood = NULL, *fault = NULL;
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < p->nprobes; i++) {
		const struct probe *b = p->probes[i];

		if (b->kind == PROBE_CLIENT && b->open)
			stood = b;
		if (b->kind == PROBE_CLIENT && is_version_fault(b))
			fault = b;
	}
	if (fault) {
		finding_say(f, VERDICT_FAIL, "%s: %s", addr_text(&fault->peer, text, sizeof(text)),
		            fault->why);
		finding_advise(f, "ask the provider for TLS 1.2 or 1.3");
	} else if (stood) {
		finding_say(f, VERDICT_OK, "%s speaks %s with %s",
		            addr_text(&stood->peer, text, sizeof(text)), stood->version,
		            stood->cipher ? stood->cipher : "a cipher of its own");
	} else {
		finding_say(f, VERDICT_SKIP, "no handshake came to an end that would tell");
	}
}

static void judge_peer_expiry(const struct patient *p, const struct probe *b, struct finding *f)
{
	int64_t left_s = b->until_s - p->exam->when_s;
	char text[ADDR_TEXT_MAX], day[CERT_DAY_MAX];

	addr_text(&b->peer, text, sizeof(text));
	cert_day_text(b->until_s, day);
	if (b->until_s == 0 || left_s >= WARN_DAYS * DAY_S) {
		finding_add(f, VERDICT_OK, "%s proved to be %s, until %s", text, b->name, day);
		return;
	}
	finding_add(f, left_s < 0 ? VERDICT_FAIL : VERDICT_WARN,
	            "%s proved to be %s, but only until %s", text, b->name, day);
	finding_advise(f, "the provider has to renew its certificate: tell it");
}

static void judge_client_probe(const struct patient *p, const struct probe *b, struct finding *f)
{
	char text[ADDR_TEXT_MAX];

	if (b->open && !b->refused) {
		judge_peer_expiry(p, b, f);
		return;
	}
	addr_text(&b->peer, text, sizeof(text));
	if (b->refused) {
		finding_add(f, VERDICT_FAIL, "%s proved to be %s, and then closed: %s", text,
		            b->name, b->why);
		finding_advise(f, "it wants something of our certificate that is not there: see "
		                  "the lines about it, then ask the provider");
		return;
	}
	finding_add(f, VERDICT_FAIL, "%s: %s", text, b->why);
	if (b->err == ERR_TLS)
		finding_advise(f, "check verify-names and trust of the trunk, and what of ours the "
		                  "provider asks for");
	else
		finding_advise(f, "open the firewall for TCP to it");
}

void judge_handshake(const struct patient *p, struct finding *f)
{
	if (!p->connections) {
		finding_say(f, VERDICT_FAIL, "%s", p->unfit ? p->unfit : "nothing was loaded");
		finding_advise(f, "mend it: Trunkgate would not start");
		return;
	}
	if (!can_connect(p, f))
		return;
	finding_say(f, VERDICT_OK, "%s", "");
	for (size_t i = 0; i < p->nprobes; i++) {
		if (p->probes[i]->kind == PROBE_CLIENT)
			judge_client_probe(p, p->probes[i], f);
	}
}

/* --- whether the provider's certificate was revoked --- */

static bool is_status_fault(const struct probe *b)
{
	return b->fault == PEER_REVOKED || b->fault == PEER_NO_STATUS;
}

/* The handshake went by the trunk's own rules: what it found is the finding. */
static void judge_status(const struct patient *p, struct finding *f, const char *how)
{
	const struct probe *stood = NULL;
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < p->nprobes; i++) {
		const struct probe *b = p->probes[i];

		if (b->kind != PROBE_CLIENT)
			continue;
		if (is_status_fault(b)) {
			finding_say(f, VERDICT_FAIL, "%s: %s",
			            addr_text(&b->peer, text, sizeof(text)), b->why);
			finding_advise(f,
			               "let HTTP out to the issuer's responder; tell the provider "
			               "where its certificate was revoked");
			return;
		}
		if (b->open)
			stood = b;
	}
	if (stood)
		finding_say(f, VERDICT_OK, "the certificate of %s: %s",
		            addr_text(&stood->peer, text, sizeof(text)), how);
	else
		finding_say(f, VERDICT_SKIP, "no handshake came to an end that would tell");
}

static bool is_off(const struct patient *p, struct finding *f)
{
	if (p->trunk->ocsp != OCSP_MODE_OFF || p->trunk->ncrls > 0)
		return false;
	finding_say(f, VERDICT_WARN,
	            "nobody looks whether the provider's certificate was revoked (ocsp: off, no "
	            "crls)");
	finding_advise(f, "write ocsp: ask or crls: at the trunk");
	return true;
}

static bool is_tolerated(const struct config_trunk *t)
{
	for (size_t i = 0; i < t->ntolerate; i++) {
		if (t->tolerate[i] == TOLERATE_NO_STATUS)
			return true;
	}
	return false;
}

void judge_issuers(const struct patient *p, struct finding *f)
{
	if (is_off(p, f))
		return;
	if (p->trunk->ncrls > 0)
		judge_status(p, f, "it is on none of the revocation lists (crls)");
	else if (p->trunk->ocsp == OCSP_MODE_STAPLED)
		finding_say(
		    f, VERDICT_SKIP,
		    "the issuer is not asked whether the provider's certificate was revoked "
		    "(ocsp: stapled); with ocsp: ask it is");
	else if (is_tolerated(p->trunk))
		finding_say(f, VERDICT_SKIP,
		            "an issuer that does not answer is tolerated (tolerate: no-status), so "
		            "that it would not show");
	else
		judge_status(p, f, "its issuer said that it was not revoked");
}

void judge_stapling(const struct patient *p, struct finding *f)
{
	if (!is_off(p, f))
		judge_status(p, f,
		             "nothing that is stapled to it, or listed, says that it was revoked");
}

/* --- our listener --- */

static void judge_own_probe(const struct probe *b, struct finding *f)
{
	char text[ADDR_TEXT_MAX];

	addr_text(&b->peer, text, sizeof(text));
	if (b->open) {
		finding_add(f, VERDICT_OK, "%s shows a whole chain for %s (%s)", text, b->name,
		            b->version);
	} else if (b->aside && b->err != ERR_TLS) {
		finding_add(f, VERDICT_OK,
		            "%s cannot be reached from here, as is usual behind a NAT", text);
	} else {
		finding_add(f, VERDICT_FAIL, "a peer that connects to %s hears: %s", text, b->why);
		finding_advise(f, "mend it, and restart Trunkgate where it runs with something "
		                  "older");
	}
}

void judge_listener(const struct patient *p, struct finding *f)
{
	switch (p->own_state) {
	case OWN_NONE:
		return;
	case OWN_FAILED:
		finding_add(f, VERDICT_FAIL, "%s", p->own_why);
		finding_advise(f, "end the other program that has the port, or correct listen");
		return;
	case OWN_OPENED:
		finding_add(f, VERDICT_OK, "Trunkgate does not run, so the doctor listened");
		break;
	case OWN_RUNNING:
		finding_add(f, VERDICT_OK, "Trunkgate runs and listens");
		break;
	}
	if (p->seen_why[0])
		finding_add(f, VERDICT_WARN, "what a peer sees was not looked at: %s", p->seen_why);
	if (p->seen_why[0] && !f->todo[0])
		finding_advise(f, "see the lines about our certificate");
	for (size_t i = 0; i < p->nprobes; i++) {
		if (p->probes[i]->kind == PROBE_OWN)
			judge_own_probe(p->probes[i], f);
	}
}
