/* The judges of reach and handshakes, each with what makes it fail and what makes it pass. */
#include "rig.h"

#include "sbc/doctor/check_dns.h"
#include "sbc/doctor/check_tls.h"

static int begin(void **state)
{
	rig_begin(state);
	rig.exam.when_s = 1800000000;
	rig.patient.found.naddrs = 1;
	rig.patient.connections = (const struct trunk *)&rig; /* not looked into */
	return 0;
}

static void nobody_to_connect_to(void **state)
{
	(void)state;
	rig.patient.found.naddrs = 0;
	rig_judges(judge_reach, VERDICT_FAIL, "DNS did not say one in time");
	snprintf(rig.patient.found.why, sizeof(rig.patient.found.why), "DNS: no");
	rig_judges(judge_handshake, VERDICT_FAIL, "no address to connect to: DNS: no");
}

/* ATT-01 and CLO-01 are the same. */
static void wbx_16(void **state)
{
	(void)state;
	rig_probe(PROBE_REACH, "192.0.2.10:5061", OK, "");
	rig_judges(judge_reach, VERDICT_OK, "192.0.2.10:5061 takes TCP connections");
	rig_probe(PROBE_REACH, "192.0.2.11:5061", ERR_IO, "192.0.2.11:5061 does not accept");
	rig_judges(judge_reach, VERDICT_WARN, "1 of 2 addresses");
	rig.probes[0].open = false;
	rig_judges(judge_reach, VERDICT_FAIL, "0 of 2 addresses");
	rig.patient.nprobes = 0;
	rig_probe(PROBE_REACH, "192.0.2.10:5061", OK, "");
	rig_probe(PROBE_REACH, "192.0.2.10:5062", ERR_TIMEOUT, "5062: no")->aside = true;
	rig_judges(judge_reach, VERDICT_WARN, "5062: no, where no calls go");
}

/* E8-01 is the same. */
static void wbx_11(void **state)
{
	(void)state;
	rig_judges(judge_version, VERDICT_SKIP, "no handshake");
	rig_probe(PROBE_CLIENT, "192.0.2.10:5061", OK, "")->cipher = "AES";
	rig_judges(judge_version, VERDICT_OK, "192.0.2.10:5061 speaks TLSv1.3 with AES");
	rig_probe(PROBE_CLIENT, "192.0.2.11:5061", ERR_TLS, "expired");
	rig_judges(judge_version, VERDICT_OK, "TLSv1.3");
	rig_probe(PROBE_CLIENT, "192.0.2.12:5061", ERR_TLS, "no TLS version in common: old")
	    ->fault = PEER_OLD_VERSION;
	rig_judges(judge_version, VERDICT_FAIL, "192.0.2.12:5061: no TLS version in common");
}

/* E8-13 and IPW-05 are the same. */
static void wbx_15(void **state)
{
	struct probe *b;

	(void)state;
	b = rig_probe(PROBE_CLIENT, "192.0.2.10:5061", OK, "");
	b->until_s = rig.exam.when_s + 100 * DAY_S;
	rig_judges(judge_handshake, VERDICT_OK, "proved to be provider.lab, until 2027-04-25");
	b->until_s = rig.exam.when_s + DAY_S;
	rig_judges(judge_handshake, VERDICT_WARN, "but only until 2027-01-16");
	b->until_s = rig.exam.when_s - DAY_S;
	rig_judges(judge_handshake, VERDICT_FAIL, "but only until 2027-01-14");
	b->refused = true;
	snprintf(b->why, sizeof(b->why), "unknown_ca");
	rig_judges(judge_handshake, VERDICT_FAIL, "and then closed: unknown_ca");
	rig.patient.nprobes = 0;
	rig_probe(PROBE_CLIENT, "192.0.2.10:5061", ERR_TLS, "another name");
	rig_judges(judge_handshake, VERDICT_FAIL, "another name; check verify-names");
	rig.probes[0].err = ERR_TIMEOUT;
	rig_judges(judge_handshake, VERDICT_FAIL, "open the firewall");
	rig.patient.connections = NULL;
	rig.patient.unfit = "us.pem: no key";
	rig_judges(judge_handshake, VERDICT_FAIL, "us.pem: no key; mend it");
}

static void e8_12(void **state)
{
	enum tolerance tolerate[] = { TOLERATE_NO_STATUS };

	(void)state;
	rig.trunk.ocsp = OCSP_MODE_OFF;
	rig_judges(judge_issuers, VERDICT_WARN, "ocsp: off, no crls");
	rig.trunk.ocsp = OCSP_MODE_STAPLED;
	rig_judges(judge_issuers, VERDICT_SKIP, "ocsp: stapled");
	rig.trunk.ocsp = OCSP_MODE_ASK;
	rig_judges(judge_issuers, VERDICT_SKIP, "no handshake");
	rig_probe(PROBE_CLIENT, "192.0.2.10:5061", OK, "");
	rig_judges(judge_issuers, VERDICT_OK, "its issuer said");
	rig_probe(PROBE_CLIENT, "192.0.2.11:5061", ERR_TLS, "the OCSP responder is silent")->fault =
	    PEER_NO_STATUS;
	rig_judges(judge_issuers, VERDICT_FAIL, "192.0.2.11:5061: the OCSP responder is silent");
	rig.trunk.tolerate = tolerate;
	rig.trunk.ntolerate = 1;
	rig_judges(judge_issuers, VERDICT_SKIP, "tolerate: no-status");
	rig.trunk.ocsp = OCSP_MODE_OFF;
	rig.trunk.ncrls = 1;
	rig.patient.nprobes = 1;
	rig_judges(judge_issuers, VERDICT_OK, "none of the revocation lists");
}

static void clo_07(void **state)
{
	struct probe *b;

	(void)state;
	rig.trunk.ocsp = OCSP_MODE_OFF;
	rig_judges(judge_stapling, VERDICT_WARN, "ocsp: off, no crls");
	rig.trunk.ocsp = OCSP_MODE_STAPLED;
	rig_probe(PROBE_CLIENT, "192.0.2.10:5061", OK, "");
	rig_judges(judge_stapling, VERDICT_OK, "nothing that is stapled");
	b = rig_probe(PROBE_CLIENT, "192.0.2.11:5061", ERR_TLS, "the certificate was revoked on");
	b->fault = PEER_EXPIRED; /* words alone say nothing */
	rig_judges(judge_stapling, VERDICT_OK, "nothing that is stapled");
	b->fault = PEER_REVOKED;
	rig_judges(judge_stapling, VERDICT_FAIL, "192.0.2.11:5061: the certificate was revoked");
}

static void wbx_03_our_listener(void **state)
{
	struct patient *p = &rig.patient;

	(void)state;
	rig_srv(true, "_sips._tcp.sbc.lab", "sbc.lab", 5061);
	p->own_state = OWN_NONE;
	rig_judges(judge_way_in, VERDICT_OK, "realm outside listens");
	p->own_state = OWN_FAILED;
	p->own_why = "cannot listen";
	rig_judges(judge_way_in, VERDICT_FAIL, "cannot listen; end the other program");
	p->own_state = OWN_OPENED;
	rig_probe(PROBE_OWN, "192.0.2.1:5061", OK, "");
	rig_judges(judge_way_in, VERDICT_OK, "so the doctor listened; 192.0.2.1:5061 shows");
	p->own_state = OWN_RUNNING;
	rig_judges(judge_way_in, VERDICT_OK, "Trunkgate runs and listens");
	rig_probe(PROBE_OWN, "198.51.100.1:5061", ERR_TIMEOUT, "late")->aside = true;
	rig_judges(judge_way_in, VERDICT_OK, "usual behind a NAT");
	rig_probe(PROBE_OWN, "192.0.2.1:5062", ERR_TLS, "another name");
	rig_judges(judge_way_in, VERDICT_FAIL, "192.0.2.1:5062 hears: another name");
	p->nprobes = 0;
	snprintf(p->seen_why, sizeof(p->seen_why), "no name");
	rig_judges(judge_way_in, VERDICT_WARN, "was not looked at: no name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nobody_to_connect_to, begin),
		cmocka_unit_test_setup(wbx_16, begin),
		cmocka_unit_test_setup(wbx_11, begin),
		cmocka_unit_test_setup(wbx_15, begin),
		cmocka_unit_test_setup(e8_12, begin),
		cmocka_unit_test_setup(clo_07, begin),
		cmocka_unit_test_setup(wbx_03_our_listener, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
