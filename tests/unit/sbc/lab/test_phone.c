/* The lab's phone against a callee of every temper. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "sbc/lab/kit.h"
#include "sbc/lab/phone.h"
#include "sbc/lab/rtp_end.h"
#include "sbc/lab/session.h"
#include "tests/unit/alloc.h"

#define UNUSED(x) ((void)(x))
#define TONE_MS   200

enum temper { ECHO, DEAF, BUSY, NO_AUDIO, IMPATIENT, SILENT };

/* Whom the phone calls. */
static struct {
	enum temper temper;
	const char *words; /* BUSY: said with it */
	struct loop *loop;
	struct kit kit;
	struct leg *leg;
	struct rtp_end *media;
	char host[ADDR_TEXT_MAX];
	uint64_t heard;
} callee;

static struct phone *phone;
static struct phone_result result;
static char why[CERT_WHY_MAX];

static void on_rtp(void *arg, const struct rtp_header *header, const uint8_t *payload)
{
	UNUSED(arg);
	callee.heard++;
	if (callee.temper == ECHO)
		rtp_end_send(callee.media, header, payload, header->payload_len);
	if (callee.temper == IMPATIENT)
		leg_bye(callee.leg);
}

static void on_leg(void *arg, struct leg *leg, enum leg_event event, const struct message *m,
                   const char *reason)
{
	UNUSED(arg);
	UNUSED(leg);
	UNUSED(m);
	UNUSED(reason);
	if (event == LEG_CANCEL)
		leg_reject(callee.leg, 487, NULL);
}

static void answer(const struct message *invite)
{
	struct rtp_end_cfg cfg = { .loop = callee.loop,
		                   .ports = callee.kit.ports,
		                   .address = callee.kit.listener.addr,
		                   .on_rtp = on_rtp };
	struct addr ours, peer;
	struct buf sdp;
	enum g711 law;
	size_t len;
	const char *offer = message_body(invite, &len);

	assert_non_null(offer);
	assert_int_equal(session_read_answer(offer, len, &peer, &law), OK);
	assert_int_equal(rtp_end_new(&callee.media, &cfg), OK);
	rtp_end_address(callee.media, &ours);
	rtp_end_aim(callee.media, &peer);
	buf_init(&sdp, MESSAGE_MAX);
	assert_int_equal(session_offer(&ours, &sdp), OK);
	assert_int_equal(leg_answer(callee.leg, callee.temper == NO_AUDIO ? NULL : sdp.data), OK);
	buf_free(&sdp);
}

static void on_invite(struct server_txn *txn, const struct message *invite)
{
	struct leg_handler handler = { .on_event = on_leg };
	struct target target;
	char contact[300];
	const struct leg_uas_cfg cfg = { .contact = contact, .target = &target };

	assert_null(callee.leg);
	kit_contact(&callee.kit, URI_SIP_TLS, "callee", contact, sizeof(contact));
	kit_target(&callee.kit, &server_txn_flow(txn)->peer, callee.host, &target);
	assert_int_equal(leg_new_uas(&callee.leg, &callee.kit.legs, txn, &cfg, &handler), OK);
	assert_int_equal(leg_progress(callee.leg, 180, NULL), OK);
	if (callee.temper == BUSY)
		leg_reject(callee.leg, 486, callee.words);
	else if (callee.temper == SILENT)
		phone_hang_up(phone);
	else
		answer(invite);
}

static void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	UNUSED(arg);
	if (message_to_tag(request)[0])
		leg_on_request(callee.leg, txn, request);
	else
		on_invite(txn, request);
}

static void on_ack(void *arg, const struct message *ack, const struct flow *flow)
{
	UNUSED(arg);
	if (callee.leg)
		leg_on_ack(callee.leg, ack, flow);
}

static int setup(void **state)
{
	struct stack_handler handler = { .on_request = on_request, .on_ack = on_ack };
	struct kit_cfg cfg = { .listener = { .transport = TRANSPORT_UDP },
		               .media_low = 45000,
		               .media_high = 45099 };

	UNUSED(state);
	memset(&callee, 0, sizeof(callee));
	if (addr_parse(&cfg.listener.addr, "127.0.0.1:0") || loop_new(&callee.loop) ||
	    kit_open(&callee.kit, callee.loop, &cfg, why))
		return -1;
	stack_set_handler(callee.kit.stack, &handler);
	return 0;
}

static int teardown(void **state)
{
	UNUSED(state);
	phone_free(&phone);
	leg_free(&callee.leg);
	rtp_end_free(&callee.media);
	kit_close(&callee.kit);
	loop_free(&callee.loop);
	return 0;
}

static void on_over(void *arg)
{
	loop_stop(arg);
}

static enum err call(void)
{
	struct phone_cfg cfg = { .number = "100",
		                 .from = "lab",
		                 .via = callee.kit.listener.addr,
		                 .tone_ms = TONE_MS,
		                 .media_low = 45100,
		                 .media_high = 45199 };

	assert_int_equal(addr_parse(&cfg.listen, "127.0.0.1"), OK);
	return phone_new(&phone, callee.loop, &cfg, on_over, callee.loop, why);
}

static void call_one(enum temper temper)
{
	callee.temper = temper;
	assert_int_equal(call(), OK);
	loop_run(callee.loop);
	phone_result(phone, &result);
}

static void test_tone_comes_back(void **state)
{
	UNUSED(state);
	call_one(ECHO);
	assert_int_equal(result.status, 200);
	assert_string_equal(result.why, "");
	assert_string_equal(result.codec, "PCMA");
	/* All, unless this machine slept longer than the phone makes up for. */
	assert_in_range(result.sent, 5, TONE_MS / 20);
	assert_int_equal(callee.heard, result.sent);
	assert_int_equal(result.received, result.sent);
	assert_int_equal(result.lost, 0);
	assert_true(result.heard_tone);
	assert_true(leg_is_gone(callee.leg));
}

static void test_nothing_comes_back(void **state)
{
	UNUSED(state);
	call_one(DEAF);
	assert_int_equal(result.sent, TONE_MS / 20);
	assert_int_equal(result.received, 0);
	assert_int_equal(result.lost, result.sent);
	assert_false(result.heard_tone);
	assert_true(leg_is_gone(callee.leg));
}

static void test_busy(void **state)
{
	UNUSED(state);
	callee.words = "not today";
	call_one(BUSY);
	assert_int_equal(result.status, 486);
	assert_non_null(strstr(result.why, "486 Busy Here"));
	assert_non_null(strstr(result.why, "not today"));
	assert_null(result.codec);
	assert_int_equal(result.sent, 0);
	assert_false(result.heard_tone);
}

/* A command for the terminal (CSI in UTF-8), and a letter of Latin-1. */
static void test_words_are_harmless(void **state)
{
	UNUSED(state);
	callee.words = "\302\2332J besch\344ftigt";
	call_one(BUSY);
	assert_non_null(strstr(result.why, "?2J besch?ftigt"));
}

static void test_answer_without_audio(void **state)
{
	UNUSED(state);
	call_one(NO_AUDIO);
	assert_non_null(strstr(result.why, "no audio"));
	assert_null(result.codec);
	assert_true(leg_is_gone(callee.leg)); /* it was hung up */
}

static void test_callee_hangs_up(void **state)
{
	UNUSED(state);
	call_one(IMPATIENT);
	assert_non_null(strstr(result.why, "hung up"));
	assert_true(result.sent < TONE_MS / 20);
	assert_false(result.heard_tone);
}

static void test_user_gives_up(void **state)
{
	UNUSED(state);
	call_one(SILENT);
	assert_string_equal(result.why, "stopped by the user");
	assert_int_equal(result.status, 487);
	assert_true(leg_is_gone(callee.leg));
}

static void call_once(void *arg)
{
	enum err err = call();

	UNUSED(arg);
	/* What fails once the INVITE is on its way is told later, by its answer. */
	if (err) {
		assert_true(mem_has_failed());
		assert_null(phone);
	}
	phone_free(&phone);
}

static void test_no_memory(void **state)
{
	UNUSED(state);
	assert_true(each_allocation_fails(call_once, NULL) > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tone_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_words_are_harmless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answer_without_audio, setup, teardown),
		cmocka_unit_test_setup_teardown(test_callee_hangs_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_user_gives_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
