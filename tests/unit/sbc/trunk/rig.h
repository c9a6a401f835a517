/* Two trunks with certificates of a laboratory, for the tests of sbc/trunk. */
#ifndef TESTS_UNIT_SBC_TRUNK_RIG_H
#define TESTS_UNIT_SBC_TRUNK_RIG_H

#include "config/config.h"
#include "tests/unit/certs/lab.h"

enum { OUTSIDE, INSIDE, ELSEWHERE, NREALMS }; /* TLS, UDP, TLS without trunks */
enum { OURS, SPECIAL, NIDENTITIES };
enum { ACME, UMBRELLA, NTRUNKS };

static struct {
	struct config cfg;
	struct config_identity identities[NIDENTITIES];
	struct config_listener tls, udp;
	struct config_realm realms[NREALMS];
	struct config_trunk trunks[NTRUNKS];
	char paths[8][128];
	char why[CERT_WHY_MAX];
} rig;

static inline char *rig_path(size_t i, const char *name)
{
	snprintf(rig.paths[i], sizeof(rig.paths[i]), "%s/%s", lab.dir, name);
	return rig.paths[i];
}

/* Everything as it should be; a test spoils what it is about. */
static inline int rig_begin(void **state)
{
	static char acme[] = "acme", umbrella[] = "umbrella", outside[] = "outside",
	            inside[] = "inside", elsewhere[] = "elsewhere", ours[] = "ours",
	            special[] = "special", acme_lab[] = "acme.lab", umbrella_lab[] = "umbrella.lab";
	static char *acme_names[] = { acme_lab }, *umbrella_names[] = { umbrella_lab };

	UNUSED(state);
	memset(&rig, 0, sizeof(rig));
	rig.identities[OURS] =
	    (struct config_identity){ .name = ours, .certificate = rig_path(0, "sbc.pem") };
	rig.identities[SPECIAL] =
	    (struct config_identity){ .name = special, .certificate = rig_path(1, "special.pem") };
	rig.identities[OURS].key = rig.paths[0];
	rig.identities[SPECIAL].key = rig.paths[1];
	rig.tls.transport = TRANSPORT_TLS;
	rig.realms[OUTSIDE] = (struct config_realm){ .name = outside,
		                                     .listeners = &rig.tls,
		                                     .nlisteners = 1,
		                                     .identity = &rig.identities[OURS] };
	rig.realms[ELSEWHERE] = rig.realms[OUTSIDE];
	rig.realms[ELSEWHERE].name = elsewhere;
	rig.realms[ELSEWHERE].client_certificate = CLIENT_CERT_OPTIONAL;
	rig.realms[INSIDE] =
	    (struct config_realm){ .name = inside, .listeners = &rig.udp, .nlisteners = 1 };
	rig.trunks[ACME] = (struct config_trunk){ .name = acme,
		                                  .realm = &rig.realms[OUTSIDE],
		                                  .domain = acme_lab,
		                                  .trust = rig_path(2, "root.pem"),
		                                  .verify_names = acme_names,
		                                  .nverify_names = 1,
		                                  .max_calls = 2,
		                                  .connect_timeout_ms = 1234 };
	rig.trunks[UMBRELLA] = rig.trunks[ACME];
	rig.trunks[UMBRELLA].name = umbrella;
	rig.trunks[UMBRELLA].domain = umbrella_lab;
	rig.trunks[UMBRELLA].verify_names = umbrella_names;
	rig.trunks[UMBRELLA].identity = &rig.identities[SPECIAL];
	rig.cfg = (struct config){ .identities = rig.identities,
		                   .nidentities = NIDENTITIES,
		                   .realms = rig.realms,
		                   .nrealms = NREALMS,
		                   .trunks = rig.trunks,
		                   .ntrunks = NTRUNKS };
	return 0;
}

static inline int rig_open(void **state)
{
	UNUSED(state);
	if (lab_open())
		return -1;
	/* The machine's own roots take longer to read than all else. */
	setenv("SSL_CERT_FILE", rig_path(2, "root.pem"), 1);
	return lab_shell("$LAB . sbc --cn sbc.lab && $LAB . special --cn special.lab &&"
	                 "$LAB . rsa --rsa --no-root --cn rsa.lab && $LAB . leaf --leaf-only &&"
	                 "$LAB . acme --cn acme.lab && $LAB . umbrella --cn umbrella.lab &&"
	                 "$LAB evil acme --cn acme.lab");
}

static inline int rig_close(void **state)
{
	UNUSED(state);
	lab_close();
	return 0;
}

#endif
