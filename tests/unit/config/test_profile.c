/* config/profile.c: what a profile may say, what goes before it, and the ones that we ship. */
#include "world.h"

static void own_options_go_before_the_profile(void **state)
{
	struct config *cfg;
	char *said;

	(void)state;
	world_file("providers/p.yaml",
	           "uri-form: sip-tls\nport: 5071\nconnect-timeout: 7s\ntrust: ../roots.pem\n"
	           "verify-names: [ a.example, b.example ]\n",
	           0644);
	said =
	    world_parse(&cfg, TRUNK "port: 5061, profile: p, verify-names: [ c.example ] } }\n", 0);
	assert_string_equal(said, "");
	assert_int_equal(cfg->trunks[1].port, 5061);
	assert_int_equal(cfg->trunks[1].connect_timeout_ms, 7000);
	assert_int_equal(cfg->trunks[1].uri_form, URI_SIP_TLS);
	assert_int_equal(cfg->trunks[1].nverify_names, 1);
	assert_string_equal(cfg->trunks[1].verify_names[0], "c.example");
	assert_non_null(strstr(cfg->trunks[1].trust, "/providers/../roots.pem"));
	assert_string_equal(cfg->trunks[1].profile, "p");
	config_free(&cfg);
	free(said);
}

static const struct {
	const char *profile, *expected;
} profile_cases[] = {
	{ "prot: 5061\n", "providers/p.yaml:1: trunk 'acme': no option is called 'prot'; did you "
	                  "mean 'port'?\n" },
	{ "port: 0\n", "providers/p.yaml:1: trunk 'acme': port '0' is out of range; write 1 to "
	               "65535\n" },
	{ "# x\nrealm: out\n", "providers/p.yaml:2: trunk 'acme': realm stands in the "
	                       "configuration, not in a profile\n" },
	{ "srtp: off\n",
	  "providers/p.yaml:1: trunk 'acme': a profile cannot turn srtp off, or only "
	  "offer it; write it at the trunk\n" },
	{ "srtp: offered\n",
	  "providers/p.yaml:1: trunk 'acme': a profile cannot turn srtp off, or only "
	  "offer it; write it at the trunk\n" },
	{ "port: 5061\ncodecs: [ PCMA, PCMU, pcma ]\n",
	  "providers/p.yaml:2: trunk 'acme': codecs name pcma twice; write each once\n" },
	{ "- a\n", "providers/p.yaml:1: a profile: write KEY: VALUE lines\n" },
	{ "", "providers/p.yaml:1: nothing is written here\n" },
	{ "a: [\n", "providers/p.yaml:2: not YAML: did not find expected node content\n" },
};

static void a_profile_has_lines_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(profile_cases); i++) {
		world_file("providers/p.yaml", profile_cases[i].profile, 0644);
		world_says(TRUNK "profile: p } }\n", profile_cases[i].expected);
	}
}

static void each_shipped_profile_fits(void **state)
{
	static const char *const names[] = { "webex", "8x8", "att", "cloudoe", "ipw" };
	char text[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(text, sizeof(text), TRUNK "profile: %s } }\n", names[i]);
		world_says(text, "");
	}
}

static void a_profile_that_cannot_be_read_is_said(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/providers/folder.yaml", world);
	assert_int_equal(mkdir(path, 0700), 0);
	world_says(TRUNK "profile: folder } }\n",
	           "t.yaml:6: profile 'folder': providers/folder.yaml cannot be read: it is a "
	           "folder\n");
	world_file("providers/p.yaml", "port: 5061\n", 0666);
	world_says(
	    TRUNK "profile: p } }\n",
	    "t.yaml:6: profile 'p': everybody can write to it; chmod o-w providers/p.yaml\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_options_go_before_the_profile),
		cmocka_unit_test(a_profile_has_lines_of_its_own),
		cmocka_unit_test(each_shipped_profile_fits),
		cmocka_unit_test(a_profile_that_cannot_be_read_is_said),
	};

	return cmocka_run_group_tests(tests, world_begin, world_end);
}
