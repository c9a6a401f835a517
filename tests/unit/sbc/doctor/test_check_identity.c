/* The judges of our identity, each with what makes it fail and what makes it pass. */
#include "rig.h"

#include "sbc/doctor/check_identity.h"

enum { OURS, CLIENT, BESIDE, NIDENTITIES };

static struct config_identity identities[NIDENTITIES];
static struct config_trunk trunks[2]; /* the patient's, and another one */
static struct config cfg = { .identities = identities,
	                     .nidentities = NIDENTITIES,
	                     .trunks = trunks };
static struct trunk_files files;
static char root_path[256], evil_path[256];

static struct config_identity identity(const char *file)
{
	static char name[] = "us", paths[4][256];
	static unsigned n;
	char *path = paths[n++ % 4];

	snprintf(path, sizeof(paths[0]), "%s", lab_path(file));
	return (struct config_identity){ .name = name, .certificate = path, .key = path };
}

static int begin(void **state)
{
	rig_begin(state);
	rig.exam.when_s = clock_wall_s();
	snprintf(root_path, sizeof(root_path), "%s", lab_path("root.pem"));
	snprintf(evil_path, sizeof(evil_path), "%s", lab_path("evil/root.pem"));
	for (size_t i = 0; i < NIDENTITIES; i++)
		identities[i] = identity("sbc.lab.pem");
	rig.realm.identity = &identities[OURS];
	rig.trunk.trust = root_path;
	rig.trunk.provider_roots = root_path;
	trunks[0] = trunks[1] = rig.trunk;
	trunks[1].trust = evil_path;
	cfg.ntrunks = 1;
	return 0;
}

static void dismiss(void)
{
	identity_dismiss(&rig.patient);
	trunk_files_free(&files);
}

static int end(void **state)
{
	(void)state;
	dismiss();
	return 0;
}

/* What was there is looked at anew. */
static void look(void)
{
	dismiss();
	assert_int_equal(trunk_files_try(&files, &cfg), OK);
	rig.patient.files = &files;
	identity_examine(&rig.patient);
}

static void take(const char *file)
{
	identities[OURS] = identity(file);
	look();
}

static void wbx_05(void **state)
{
	(void)state;
	take("sbc.lab.pem");
	rig_judges(judge_expiry, VERDICT_OK, "CN=sbc.lab is valid until");
	rig.exam.when_s += 350 * DAY_S;
	rig_judges(judge_expiry, VERDICT_WARN, "renew it now");
	rig.exam.when_s += 30 * DAY_S;
	rig_judges(judge_expiry, VERDICT_FAIL,
	           "it fails: the certificate of CN=sbc.lab is valid until");
	rig.exam.when_s -= 800 * DAY_S;
	rig_judges(judge_expiry, VERDICT_FAIL, "is valid only from");
	/* Long after the leaf's end the issuer's would come. */
	take("expired.pem");
	rig.exam.when_s = clock_wall_s();
	rig_judges(judge_expiry, VERDICT_FAIL, "CN=sbc.lab is valid until");
}

static void wbx_06(void **state)
{
	static char other[] = "other.lab", numeric[] = "192.0.2.1";

	(void)state;
	take("sbc.lab.pem");
	rig_judges(judge_name, VERDICT_OK, "is for sbc.lab, which we advertise");
	rig.realm.advertise = other;
	rig_judges(judge_name, VERDICT_FAIL, "DNS:other.lab");
	rig.realm.advertise = numeric;
	rig_judges(judge_name, VERDICT_FAIL, "advertises no name");
	rig.realm.advertise = NULL;
	rig_judges(judge_name, VERDICT_FAIL, "advertises no name");
}

static void wbx_07(void **state)
{
	(void)state;
	take("sbc.lab.pem");
	rig_judges(judge_chain, VERDICT_OK, "CN=Lab Root included");
	take("no-root.pem");
	rig_judges(judge_chain, VERDICT_FAIL, "without its root CN=Lab Root");
	rig.trunk.send_root = YES;
	rig_judges(judge_chain, VERDICT_OK, "as send-root says");
}

static void wbx_08(void **state)
{
	static char missing[] = "/nowhere";

	(void)state;
	take("sbc.lab.pem");
	rig_judges(judge_root, VERDICT_OK, "CN=Lab Root, which is among");
	take("evil/sbc.lab.pem");
	rig_judges(judge_root, VERDICT_WARN, "CN=Evil Root, which is not among");
	rig.trunk.provider_roots = missing;
	take("sbc.lab.pem");
	rig_judges(judge_root, VERDICT_SKIP, "/nowhere");
}

static void wbx_14(void **state)
{
	(void)state;
	take("sbc.lab.pem");
	rig_judges(judge_usage, VERDICT_OK, "serves as client and server");
	take("server.pem");
	rig_judges(judge_usage, VERDICT_FAIL, "may not be used as a client");
	take("client.pem");
	rig_judges(judge_usage, VERDICT_FAIL, "may not be used as a server");
}

/* --without-client-auth */
static void wbx_14_later(void **state)
{
	(void)state;
	rig.exam.without_client_auth = true;
	take("sbc.lab.pem");
	rig_judges(judge_usage, VERDICT_FAIL, "lacks the clientAuth usage");
	identities[CLIENT] = identity("client.pem");
	rig.trunk.identity = &identities[CLIENT];
	take("server.pem");
	rig_judges(judge_usage, VERDICT_OK, "for clients alone");
	rig.exam.without_client_auth = false;
	rig_judges(judge_usage, VERDICT_OK, "serves as client; CN=server.lab serves as server");
}

static void each_identity_is_judged(void **state)
{
	(void)state;
	identities[CLIENT] = identity("expired.pem");
	rig.trunk.identity = &identities[CLIENT];
	take("sbc.lab.pem");
	rig_judges(judge_expiry, VERDICT_FAIL, "as server: CN=sbc.lab is valid");
	assert_has(rig.finding.what, "as client: on ");
}

/* A peer may choose the one with the other type of key. */
static void the_one_beside_it_is_judged_too(void **state)
{
	(void)state;
	identities[BESIDE] = identity("rsa-expired.pem");
	identities[OURS].also = &identities[BESIDE];
	look();
	rig_judges(judge_expiry, VERDICT_FAIL, "CN=sbc.lab is valid until");
	assert_has(rig.finding.what, "as client and server: on ");
	rig_judges(judge_usage, VERDICT_OK, "CN=sbc.lab serves as client and server");
	identities[BESIDE] = identity("missing.pem");
	look();
	rig_judges(judge_expiry, VERDICT_FAIL, "missing.pem");
}

/* As the daemon would load it: the issuer that its file lacks is known to another trunk. */
static void an_issuer_that_another_trunk_knows(void **state)
{
	(void)state;
	take("evil/leaf.pem");
	rig_judges(judge_expiry, VERDICT_FAIL, "the chain has an open end");
	dismiss();
	cfg.ntrunks = 2;
	look();
	rig_judges(judge_expiry, VERDICT_OK, "CN=leaf is valid until");
}

static void what_cannot_be_loaded(void **state)
{
	(void)state;
	rig.realm.identity = NULL;
	look();
	rig_judges(judge_expiry, VERDICT_FAIL, "there is none");
	rig.realm.identity = &identities[OURS];
	identities[CLIENT] = identity("missing.pem");
	rig.trunk.identity = &identities[CLIENT];
	take("sbc.lab.pem");
	rig_judges(judge_usage, VERDICT_FAIL, "missing.pem");
	rig_judges(judge_name, VERDICT_FAIL, "missing.pem");
	rig_judges(judge_chain, VERDICT_FAIL, "missing.pem");
	rig_judges(judge_root, VERDICT_FAIL, "missing.pem");
}

static int open_lab(void **state)
{
	(void)state;
	return lab_open() ||
	       lab_shell("$LAB . sbc.lab && $LAB . expired --cn sbc.lab --expired &&"
	                 "$LAB . no-root --cn sbc.lab --no-root && $LAB evil sbc.lab &&"
	                 "$LAB . rsa-expired --rsa --cn sbc.lab --expired &&"
	                 "$LAB evil leaf --no-root && "
	                 "$LAB . server --cn server.lab --usage server &&"
	                 "$LAB . client --cn client.lab --usage client");
}

static int close_lab(void **state)
{
	(void)state;
	lab_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wbx_05, begin, end),
		cmocka_unit_test_setup_teardown(wbx_06, begin, end),
		cmocka_unit_test_setup_teardown(wbx_07, begin, end),
		cmocka_unit_test_setup_teardown(wbx_08, begin, end),
		cmocka_unit_test_setup_teardown(wbx_14, begin, end),
		cmocka_unit_test_setup_teardown(wbx_14_later, begin, end),
		cmocka_unit_test_setup_teardown(each_identity_is_judged, begin, end),
		cmocka_unit_test_setup_teardown(the_one_beside_it_is_judged_too, begin, end),
		cmocka_unit_test_setup_teardown(an_issuer_that_another_trunk_knows, begin, end),
		cmocka_unit_test_setup_teardown(what_cannot_be_loaded, begin, end),
	};

	return cmocka_run_group_tests(tests, open_lab, close_lab);
}
