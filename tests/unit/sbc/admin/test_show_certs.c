/* sbc/admin/show_certs.c, and what `trunkgate reload` is answered. */
#include <jansson.h>
#include "sbc/admin/print.h"
#include "sbc/admin/show.h"
#include "sbc/trunk/trunk_tls.h"
#include "tests/unit/sbc/trunk/rig.h"

static struct {
	struct loop *loop;
	struct trunks *trunks;
	struct reload *reload;
	struct show_env env;
} all;

static int begin(void **state)
{
	rig_begin(state);
	assert_int_equal(lab_shell("mkdir -p own && cp sbc.pem own/live.pem"), 0);
	rig_path(0, "own/live.pem");
	rig.trunks[UMBRELLA].server_identity = &rig.identities[SPECIAL];
	assert_int_equal(loop_new(&all.loop), OK);
	if (trunks_new(&all.trunks, &rig.cfg, all.loop, rig.why))
		fail_msg("%s", rig.why);
	assert_int_equal(reload_open(&all.reload, &(struct reload_cfg){ .cfg = &rig.cfg,
	                                                                .loop = all.loop,
	                                                                .trunks = all.trunks }),
	                 OK);
	all.env = (struct show_env){
		.from = { .cfg = &rig.cfg, .trunks = all.trunks, .reload = all.reload }
	};
	clock_fake(1000, identity_not_after_s(trunk_tls_identity(trunks_tls(all.trunks), OURS)) -
	                     100 * 86400);
	return 0;
}

static int end(void **state)
{
	UNUSED(state);
	clock_real();
	reload_close(&all.reload);
	trunks_free(&all.trunks);
	loop_free(&all.loop);
	return 0;
}

static json_t *ask(const char *question)
{
	struct show_rest rest;
	char text[64];
	struct buf out;
	json_t *answer;

	snprintf(text, sizeof(text), "%s", question);
	buf_init(&out, 100000);
	show_answer(&all.env, text, &rest, &out);
	assert_int_equal(buf_err(&out), OK);
	answer = json_loadb(out.data, out.len, 0, NULL);
	assert_non_null(answer);
	buf_free(&out);
	return answer;
}

static void has(const json_t *object, const char *key, const char *text)
{
	assert_string_equal(print_text_of(object, key), text);
}

static void test_ours(void **state)
{
	json_t *certs = ask("show certs"), *ours, *special;

	UNUSED(state);
	assert_int_equal(json_array_size(certs), NIDENTITIES);
	ours = json_array_get(certs, OURS);
	special = json_array_get(certs, SPECIAL);
	has(ours, "name", "ours");
	has(ours, "whose", "ours");
	has(ours, "subject", "CN=sbc.lab");
	has(ours, "names", "\"sbc.lab\"");
	has(ours, "issuer", "CN=Lab Issuing CA");
	has(ours, "key", "EC 256");
	has(ours, "usage", "server, client");
	has(ours, "chain_ends_at", "CN=Lab Root");
	has(ours, "trunks", "acme, umbrella (server)");
	assert_int_equal(print_count_of(ours, "days_left"), 100);
	has(special, "trunks", "umbrella");
	json_decref(certs);
	clock_fake_advance(UINT64_C(101) * 86400 * 1000);
	certs = ask("show certs");
	assert_int_equal(print_count_of(json_array_get(certs, OURS), "days_left"), -1);
	json_decref(certs);
}

static void test_peers(void **state)
{
	struct peer_seen *seen =
	    (struct peer_seen *)(uintptr_t)trunk_tls_peer(trunks_tls(all.trunks), ACME);
	json_t *certs, *peer;

	UNUSED(state);
	cert_info_read(&seen->info,
	               identity_leaf(trunk_tls_identity(trunks_tls(all.trunks), SPECIAL)));
	seen->info.as_server = false;
	seen->seen_s = clock_wall_s() - 90;
	certs = ask("show certs");
	assert_int_equal(json_array_size(certs), NIDENTITIES + 1);
	peer = json_array_get(certs, NIDENTITIES);
	has(peer, "name", "acme");
	has(peer, "whose", "the peer's");
	has(peer, "subject", "CN=special.lab");
	has(peer, "usage", "client");
	assert_int_equal(print_count_of(peer, "seen_s"), 90);
	json_decref(certs);
}

static void test_how_many_end_soon(void **state)
{
	struct peer_seen *seen =
	    (struct peer_seen *)(uintptr_t)trunk_tls_peer(trunks_tls(all.trunks), ACME);

	UNUSED(state);
	assert_int_equal(show_certs_ending(&all.env), 0);
	seen->seen_s = clock_wall_s();
	seen->info.not_after_s = clock_wall_s() + 29 * DAY_S;
	assert_int_equal(show_certs_ending(&all.env), 1);
	seen->info.not_after_s = clock_wall_s() + 31 * DAY_S;
	assert_int_equal(show_certs_ending(&all.env), 0);
	clock_fake_advance((uint64_t)(71 * DAY_S) * 1000);
	assert_int_equal(show_certs_ending(&all.env), NIDENTITIES + 1);
}

static void test_printed(void **state)
{
	json_t *certs = ask("show certs");
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	UNUSED(state);
	assert_int_equal(print_answer(out, "certs", certs), OK);
	fclose(out);
	assert_has(text, "DAYS LEFT");
	assert_has(text, "CN=sbc.lab");
	assert_has(text, "100");
	free(text);
	json_decref(certs);
}

static void test_reload(void **state)
{
	json_t *answer = ask("reload");

	UNUSED(state);
	has(answer, "reloaded", "certificates, keys, trust and CRLs");
	json_decref(answer);
	assert_int_equal(lab_shell("echo >own/live.pem"), 0);
	answer = ask("reload");
	assert_has(print_text_of(answer, "error"), "refused, and what was there stays in use: ");
	assert_has(print_text_of(answer, "error"), "own/live.pem: there is no private key in it");
	json_decref(answer);
	all.env.from.reload = NULL;
	answer = ask("reload");
	assert_has(print_text_of(answer, "error"), "nothing to read anew");
	json_decref(answer);
	answer = ask("reload now");
	assert_has(print_text_of(answer, "error"), "this is not a question");
	json_decref(answer);
}

static void starved(void *arg)
{
	UNUSED(arg);
	json_decref(show_certs(&all.env));
}

static void test_no_memory(void **state)
{
	UNUSED(state);
	each_allocation_fails(starved, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(ours),    TEST(peers),  TEST(how_many_end_soon),
		                            TEST(printed), TEST(reload), TEST(no_memory) };

	return cmocka_run_group_tests(tests, rig_open, rig_close);
}
