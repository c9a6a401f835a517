/* The judges of media, each with what makes it fail and what makes it pass. */
#include "rig.h"

#include <errno.h>
#include "sbc/doctor/check_media.h"

static int begin(void **state)
{
	rig_begin(state);
	rig.patient.media.ports = 100;
	rig.patient.media.free_port = 43000;
	rig.patient.media.is_ours = true;
	rig.patient.media.shown = rig_addr("127.0.0.1");
	return 0;
}

/* E8-03, CLO-02 and IPW-01 are the same. */
static void wbx_17(void **state)
{
	struct media_facts *m = &rig.patient.media;

	(void)state;
	rig_judges(judge_media, VERDICT_OK, "ports 43000-43099 of 127.0.0.1 can be bound");
	m->taken = 4;
	rig_judges(judge_media, VERDICT_WARN, "4 of the ports 43000-43099 of 127.0.0.1 are in use");
	rig.patient.own_state = OWN_RUNNING;
	rig_judges(judge_media, VERDICT_OK, "4 of them are in use, as they are by calls");
	m->taken = 100;
	rig_judges(judge_media, VERDICT_FAIL, "none of the ports");
	m->error = EADDRNOTAVAIL;
	rig_judges(judge_media, VERDICT_FAIL, "cannot be bound to 127.0.0.1");
	m->ports = 0;
	rig_judges(judge_media, VERDICT_SKIP, "no media ports");
}

static void wbx_17_what_peers_are_told(void **state)
{
	struct media_facts *m = &rig.patient.media;

	(void)state;
	rig_judges(judge_media, VERDICT_OK, "which is this machine's");
	m->shown = rig_addr("198.51.100.7");
	m->is_ours = false;
	rig_judges(judge_media, VERDICT_WARN, "198.51.100.7, which is not this machine's");
	m->stun.answered = true;
	m->mapped = rig_addr("198.51.100.7:43000");
	rig_judges(judge_media, VERDICT_OK, "seen as 198.51.100.7:43000, as peers are told");
	addr_set_port(&m->mapped, 1234);
	rig_judges(judge_media, VERDICT_WARN, "a NAT gives ports of its own");
	m->mapped = rig_addr("203.0.113.9:43000");
	rig_judges(judge_media, VERDICT_FAIL, "and outside we are seen as 203.0.113.9:43000");
}

/* E8-14: the address is a name, or what STUN says. */
static void wbx_17_what_is_looked_for(void **state)
{
	struct config_outer *outer = &rig.realm.outer;
	struct media_facts *m = &rig.patient.media;

	(void)state;
	memset(&m->shown, 0, sizeof(m->shown));
	snprintf(outer->host, sizeof(outer->host), "media.lab");
	snprintf(m->shown_why, sizeof(m->shown_why), "there is no such name");
	rig_judges(judge_media, VERDICT_FAIL,
	           "the address of media.lab, which has none: there is no such name");
	m->shown = rig_addr("198.51.100.7");
	rig_judges(judge_media, VERDICT_OK, "peers are told 198.51.100.7");
	outer->port = 3479;
	snprintf(m->stun.why, sizeof(m->stun.why), "no answer");
	rig_judges(judge_media, VERDICT_FAIL, "what a STUN server sees, and it says nothing: no");
	rig_judges(judge_stun, VERDICT_FAIL, "STUN at media.lab port 3479: no answer");
	m->stun.answered = true;
	m->mapped = rig_addr("203.0.113.9:43000");
	rig_judges(judge_media, VERDICT_OK, "seen as 203.0.113.9:43000, as peers are told");
	memset(outer, 0, sizeof(*outer));
}

/* ATT-05 and IPW-03 are the same. */
static void e8_04(void **state)
{
	static char server[] = "stun.lab";
	struct media_facts *m = &rig.patient.media;

	(void)state;
	rig_judges(judge_stun, VERDICT_SKIP, "names no STUN server");
	rig.trunk.stun = server;
	rig.trunk.stun_port = 3478;
	snprintf(m->stun.why, sizeof(m->stun.why), "no answer");
	rig_judges(judge_stun, VERDICT_FAIL, "STUN at stun.lab port 3478: no answer");
	m->stun.answered = true;
	m->mapped = rig_addr("198.51.100.7:43000");
	rig_judges(judge_stun, VERDICT_OK, "sees us as 198.51.100.7:43000");
}

/* CLO-05 is the same. */
static void e8_06(void **state)
{
	struct media_facts *m = &rig.patient.media;

	(void)state;
	rig_judges(judge_alg, VERDICT_SKIP, "as ask-options says");
	rig.trunk.ask_options = YES;
	rig_judges(judge_alg, VERDICT_SKIP, "nobody answered");
	m->alg.answered = true;
	rig_judges(judge_alg, VERDICT_OK, "came back as it was sent");
	m->alg_changed_via = m->alg_changed_call_id = true;
	rig_judges(judge_alg, VERDICT_FAIL, "another Via Call-ID; turn SIP ALG");
}

static void e8_10(void **state)
{
	(void)state;
	rig_judges(judge_mtu, VERDICT_SKIP, "no IPv4 address");
	rig.patient.found.addrs[0] = rig_addr("192.0.2.10:5061");
	rig.patient.media.mtu = 1500;
	rig_judges(judge_mtu, VERDICT_OK, "192.0.2.10");
	rig.patient.media.mtu = 1400;
	rig_judges(judge_mtu, VERDICT_WARN, "may have 1400 octets, not 1500");
}

/* Real sockets: our own loopback, and an address that is not ours. */
static void ports_are_tried(void **state)
{
	struct media_facts *m = &rig.patient.media;

	(void)state;
	memset(m, 0, sizeof(*m));
	media_examine_ports(&rig.patient);
	assert_int_equal(m->error, 0);
	assert_int_equal(m->ports, 100);
	assert_true(m->is_ours && m->free_port >= 43000);
	rig.realm.media_address = rig.realm.media_advertise = rig_addr("192.0.2.1");
	memset(m, 0, sizeof(*m));
	media_examine_ports(&rig.patient);
	assert_int_equal(m->error, EADDRNOTAVAIL);
	assert_false(m->is_ours);
	media_dismiss(&rig.patient);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(wbx_17, begin),
		cmocka_unit_test_setup(wbx_17_what_peers_are_told, begin),
		cmocka_unit_test_setup(wbx_17_what_is_looked_for, begin),
		cmocka_unit_test_setup(e8_04, begin),
		cmocka_unit_test_setup(e8_06, begin),
		cmocka_unit_test_setup(e8_10, begin),
		cmocka_unit_test_setup(ports_are_tried, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
