/* The judges of OPTIONS and of time, each with what makes it fail and what makes it pass. */
#include "rig.h"

#include "sbc/doctor/check_options.h"

static void wbx_13(void **state)
{
	struct options *o = &rig.patient.options;

	(void)state;
	rig.trunk.ask_options = NO;
	rig_judges(judge_options, VERDICT_SKIP, "as ask-options says");
	rig.trunk.ask_options = YES;
	rig_judges(judge_options, VERDICT_SKIP, "no connection stood");
	o->over = rig_probe(PROBE_CLIENT, "192.0.2.10:5061", OK, "");
	snprintf(o->why, sizeof(o->why), "no answer within 5 s");
	rig_judges(judge_options, VERDICT_WARN, "no answer within 5 s; ask the provider");
	o->status = 403;
	snprintf(o->phrase, sizeof(o->phrase), "Forbidden");
	rig_judges(judge_options, VERDICT_WARN,
	           "403 Forbidden after 0 ms; ask the provider whether it knows sbc.lab");
	o->status = 200;
	rig_judges(judge_options, VERDICT_OK, "answered 200");
	o->status = 405; /* it is there, and does not know OPTIONS */
	rig_judges(judge_options, VERDICT_OK, "answered 405");
}

static void ipw_06(void **state)
{
	(void)state;
	rig_judges(judge_round_trip, VERDICT_SKIP, "no connection stood");
	rig_probe(PROBE_REACH, "192.0.2.10:5061", OK, "")->took_ms = 350;
	rig_judges(judge_round_trip, VERDICT_WARN, "192.0.2.10:5061 and back takes 350 ms");
	rig_probe(PROBE_REACH, "192.0.2.11:5061", OK, "")->took_ms = 120;
	rig_judges(judge_round_trip, VERDICT_OK, "192.0.2.11:5061 and back takes 120 ms");
}

static void e8_11(void **state)
{
	struct probe *b;

	(void)state;
	rig_judges(judge_latency, VERDICT_SKIP, "no connection stood");
	b = rig_probe(PROBE_REACH, "192.0.2.10:5061", OK, "");
	b->took_ms = 120;
	rig_judges(judge_latency, VERDICT_WARN, "where less than 100 ms are demanded");
	b->took_ms = 20;
	rig_judges(judge_latency, VERDICT_OK, "takes 20 ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(wbx_13, rig_begin),
		cmocka_unit_test_setup(ipw_06, rig_begin),
		cmocka_unit_test_setup(e8_11, rig_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
