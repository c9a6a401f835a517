/* sbc/trunk/reload.c and expiry.c: new files are taken, bad ones refused, and the end of a
 * certificate is said in time. */
#include "sbc/trunk/reload.h"

#include <signal.h>
#include "certs/file_watch.h"
#include "sbc/trunk/expiry.h"
#include "tests/unit/sbc/trunk/rig.h"

static struct {
	struct loop *loop;
	struct trunks *trunks;
	struct reload *reload;
	struct expiry *expiry;
	char why[CERT_WHY_MAX];
} all;

static void stop(void *arg)
{
	loop_stop(arg);
}

static void turn(uint64_t ms)
{
	struct timer timer = { 0 };

	timer_start(loop_timers(all.loop), &timer, ms, stop, all.loop);
	clock_fake_advance(ms);
	loop_run(all.loop);
	timer_stop(&timer);
}

static void open_reload(void)
{
	const struct reload_cfg cfg = {
		.cfg = &rig.cfg, .loop = all.loop, .trunks = all.trunks, .expiry = all.expiry
	};

	assert_int_equal(reload_open(&all.reload, &cfg), OK);
}

static int begin(void **state)
{
	rig_begin(state);
	assert_int_equal(
	    lab_shell("cp sbc.pem live.pem && mkdir -p own && cp live.pem own/live.pem"), 0);
	rig_path(0, "own/live.pem");
	clock_fake(1000, clock_wall_s());
	assert_int_equal(loop_new(&all.loop), OK);
	if (trunks_new(&all.trunks, &rig.cfg, all.loop, rig.why))
		fail_msg("%s", rig.why);
	open_reload();
	lab_log_clear();
	return 0;
}

static int end(void **state)
{
	UNUSED(state);
	expiry_close(&all.expiry);
	reload_close(&all.reload);
	trunks_free(&all.trunks);
	loop_free(&all.loop);
	clock_real();
	return 0;
}

static void ours_is(const char *subject)
{
	assert_string_equal(identity_subject(trunk_tls_identity(trunks_tls(all.trunks), OURS)),
	                    subject);
}

static void test_by_command(void **state)
{
	UNUSED(state);
	assert_int_equal(lab_shell("cp special.pem own/live.pem"), 0);
	assert_int_equal(reload_now(all.reload, "command", all.why), OK);
	ours_is("CN=special.lab");
	assert_string_equal(lab.log, "info event=reload by=command result=done\n");
	lab_log_clear();
	assert_int_equal(lab_shell("cp root.pem own/live.pem && chmod 600 own/live.pem"), 0);
	assert_int_equal(reload_now(all.reload, "command", all.why), ERR_NOT_FOUND);
	ours_is("CN=special.lab");
	assert_has(all.why, "own/live.pem: there is no private key in it");
	assert_has(lab.log, "error event=reload by=command result=refused why=");
	assert_has(lab.log, "own/live.pem: there is no private key in it");
	assert_has(lab.log, "the certificates that were there stay in use");
}

static void test_by_files(void **state)
{
	UNUSED(state);
	assert_int_equal(lab_shell("cp special.pem own/.new && mv own/.new own/live.pem"), 0);
	turn(1);
	ours_is("CN=sbc.lab");
	turn(FILE_WATCH_SETTLE_MS);
	ours_is("CN=special.lab");
	assert_has(lab.log, "info event=reload by=files result=done");
	lab_log_clear();
	assert_int_equal(lab_shell("rm own/live.pem"), 0);
	turn(1);
	turn(FILE_WATCH_SETTLE_MS);
	assert_has(lab.log, "error event=reload by=files result=refused");
	ours_is("CN=special.lab");
}

/* The system's bundle is a link to where update-ca-certificates lays a new one. */
static void test_by_the_systems_roots(void **state)
{
	static char system[] = "system";

	UNUSED(state);
	assert_int_equal(lab_shell("mkdir -p etc usr && cp root.pem etc/roots.crt && "
	                           "ln -sf ../etc/roots.crt usr/cert.pem"),
	                 0);
	setenv("SSL_CERT_FILE", lab_path("usr/cert.pem"), 1);
	rig.trunks[UMBRELLA].trust = system;
	reload_close(&all.reload);
	open_reload();
	assert_int_equal(
	    lab_shell("cat root.pem evil/root.pem >etc/new && mv etc/new etc/roots.crt"), 0);
	turn(1);
	turn(FILE_WATCH_SETTLE_MS);
	setenv("SSL_CERT_FILE", lab_path("root.pem"), 1);
	assert_has(lab.log, "info event=reload by=files result=done");
}

static void test_folders_that_are_missing(void **state)
{
	UNUSED(state);
	reload_close(&all.reload);
	rig_path(0, "nowhere/live.pem");
	open_reload();
	assert_has(lab.log, "warn event=reload result=\"not watched\" file=");
	assert_has(lab.log, "nowhere/live.pem");
	assert_has(lab.log, "it is tried again every 10 s");
}

/* Until so many days before the end of our certificate, and what was said on the way there. */
static const char *until(int64_t days)
{
	int64_t end_s = identity_not_after_s(trunk_tls_identity(trunks_tls(all.trunks), OURS));

	lab_log_clear();
	while (clock_wall_s() < end_s - days * DAY_S - 2 * 3600) {
		clock_fake_advance(3600 * 1000);
		timers_run(loop_timers(all.loop));
	}
	return lab.log;
}

static unsigned lines(const char *text, const char *part)
{
	unsigned n = 0;

	while ((text = strstr(text, part)) != NULL) {
		n++;
		text++;
	}
	return n;
}

static void test_expiry_of_ours(void **state)
{
	static const int marks[] = { 30, 14, 7, 3, 1 };

	UNUSED(state);
	assert_int_equal(
	    expiry_open(&all.expiry, &rig.cfg, loop_timers(all.loop), trunks_tls(all.trunks)), OK);
	assert_int_equal(lines(until(32), "identity=ours"), 0);
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		const char *said = until(marks[i] - 1);
		char days[32];

		assert_int_equal(lines(said, "identity=ours"), 1);
		snprintf(days, sizeof(days), "days_left=%d\n", marks[i]);
		assert_has(said, days);
		assert_has(said, "event=certificate-expires subject=\"CN=sbc.lab\"");
		assert_int_equal(
		    lines(said, marks[i] <= 7 ? "error identity=ours" : "warn identity=ours"), 1);
	}
	assert_int_equal(lines(until(-2), "identity=ours event=certificate-expired"), 1);
	assert_int_equal(lines(until(-9), "identity=ours"), 0);
}

/* What is laid there while we run is looked at when it is read. */
static void test_expiry_of_what_is_new(void **state)
{
	static const struct {
		const char *options, *said;
	} files[] = {
		{ "--days 400", NULL },
		{ "--days 5",
		  "error identity=ours event=certificate-expires subject=\"CN=sbc.lab\"" },
		{ "--expired",
		  "error identity=ours event=certificate-expired subject=\"CN=sbc.lab\"" },
		{ "--not-yet",
		  "error identity=ours event=certificate-not-yet-valid subject=\"CN=sbc.lab\"" },
	};
	char command[128];

	UNUSED(state);
	assert_int_equal(
	    expiry_open(&all.expiry, &rig.cfg, loop_timers(all.loop), trunks_tls(all.trunks)), OK);
	reload_close(&all.reload);
	open_reload();
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(command, sizeof(command),
		         "$LAB . new --cn sbc.lab %s && cp new.pem own/live.pem", files[i].options);
		assert_int_equal(lab_shell(command), 0);
		lab_log_clear();
		assert_int_equal(reload_now(all.reload, "command", all.why), OK);
		assert_int_equal(lines(lab.log, "identity=ours"), files[i].said != NULL);
		if (files[i].said)
			assert_has(lab.log, files[i].said);
	}
}

static void test_expiry_of_a_peer(void **state)
{
	struct peer_seen *seen;

	UNUSED(state);
	/* As a handshake leaves it. */
	seen = (struct peer_seen *)(uintptr_t)trunk_tls_peer(trunks_tls(all.trunks), ACME);
	seen->seen_s = clock_wall_s();
	seen->info.not_after_s = clock_wall_s() + 10 * DAY_S;
	snprintf(seen->info.subject, sizeof(seen->info.subject), "CN=acme.lab");
	assert_int_equal(
	    expiry_open(&all.expiry, &rig.cfg, loop_timers(all.loop), trunks_tls(all.trunks)), OK);
	assert_has(lab.log, "warn trunk=acme event=certificate-expires subject=\"CN=acme.lab\"");
	assert_has(lab.log, "days_left=10");
	assert_has_not(lab.log, "umbrella");
	lab_log_clear();
	for (unsigned i = 0; i < 24 * 4; i++) {
		clock_fake_advance(3600 * 1000);
		timers_run(loop_timers(all.loop));
	}
	assert_int_equal(lines(lab.log, "trunk=acme"), 1);
	assert_has(lab.log, "error trunk=acme event=certificate-expires");
	/* A new one is news. */
	lab_log_clear();
	seen->info.not_after_s = clock_wall_s() + 100 * DAY_S;
	clock_fake_advance(3600 * 1000);
	timers_run(loop_timers(all.loop));
	assert_string_equal(lab.log, "");
}

static void starved(void *arg)
{
	struct reload *r = NULL;
	struct expiry *e = NULL;
	const struct reload_cfg cfg = { .cfg = &rig.cfg, .loop = all.loop, .trunks = all.trunks };

	UNUSED(arg);
	if (reload_open(&r, &cfg))
		assert_null(r);
	reload_close(&r);
	if (expiry_open(&e, &rig.cfg, loop_timers(all.loop), trunks_tls(all.trunks)))
		assert_null(e);
	expiry_close(&e);
}

static void test_no_memory(void **state)
{
	UNUSED(state);
	assert_true(each_allocation_fails(starved, NULL) > 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(by_command),           TEST(by_files),       TEST(folders_that_are_missing),
		TEST(by_the_systems_roots), TEST(expiry_of_ours), TEST(expiry_of_what_is_new),
		TEST(expiry_of_a_peer),     TEST(no_memory)
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, rig_open, rig_close);
}
