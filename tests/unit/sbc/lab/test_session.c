/* The lab's session descriptions: what the provider takes of an offer, and the phone of an answer.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "sbc/lab/session.h"
#include "sbc/sip/message.h"
#include "sbc/sip/sdp.h"
#include "tests/unit/alloc.h"

#define UNUSED(x) ((void)(x))

#define HEAD      "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
#define KEY       "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd" /* octets 0 to 29 */
#define CRYPTO    "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n"
#define AUDIO     "m=audio 6000 RTP/SAVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"

static struct addr ours;
static struct session session;
static struct buf answer;

static int setup(void **state)
{
	UNUSED(state);
	message_library_open();
	memset(&session, 0, sizeof(session));
	buf_init(&answer, 65536);
	return addr_parse(&ours, "127.0.0.3:42000") ? -1 : 0;
}

static int teardown(void **state)
{
	UNUSED(state);
	session_wipe(&session);
	buf_free(&answer);
	return 0;
}

static enum err answer_to(const char *offer)
{
	return session_answer(&session, offer, strlen(offer), &ours, &answer);
}

static struct sdp *read_back(void)
{
	struct sdp *sdp;

	assert_int_equal(sdp_read(&sdp, answer.data, answer.len), OK);
	return sdp;
}

static void test_answer(void **state)
{
	const struct sdp_media *m;
	struct sdp *sdp;

	UNUSED(state);
	assert_int_equal(answer_to(HEAD AUDIO CRYPTO), OK);
	assert_int_equal(addr_port(&session.peer), 6000);
	assert_int_equal(session.suite, SRTP_AES_CM_128_HMAC_SHA1_80);
	for (uint8_t i = 0; i < 30; i++)
		assert_int_equal(session.in.bytes[i], i);
	assert_memory_not_equal(session.in.bytes, session.out.bytes, 30);
	assert_non_null(strstr(answer.data, "m=audio 42000 RTP/SAVP 8 101\r\n"));
	sdp = read_back();
	assert_int_equal(sdp_nmedia(sdp), 1);
	m = sdp_media_at(sdp, 0);
	assert_true(addr_equal(&m->rtp, &ours));
	assert_int_equal(m->ncrypto, 1);
	assert_int_equal(m->crypto[0].tag, 3); /* RFC 4568 5.1.2 */
	assert_memory_equal(m->crypto[0].key, session.out.bytes, 30);
	sdp_free(&sdp);
}

/* RFC 3264 6: one m-line back for each; the first audio stream is the one. */
static void test_other_streams_are_rejected(void **state)
{
	struct sdp *sdp;

	UNUSED(state);
	assert_int_equal(answer_to(HEAD "m=video 7000 RTP/SAVP 96\r\n" CRYPTO
	                                "m=audio 7002 RTP/AVP 8\r\n" AUDIO CRYPTO AUDIO CRYPTO),
	                 OK);
	sdp = read_back();
	assert_int_equal(sdp_nmedia(sdp), 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(sdp_media_at(sdp, i)->rejected, i != 2);
	sdp_free(&sdp);
}

static void test_no_srtp_no_answer(void **state)
{
	static const char *const offers[] = {
		HEAD "m=audio 6000 RTP/AVP 8\r\n", /* plain */
		HEAD AUDIO,                        /* no key */
		HEAD "m=audio 6000 RTP/AVP 8\r\n" CRYPTO,
		HEAD "m=audio 0 RTP/SAVP 8\r\n" CRYPTO,
		HEAD "m=video 6000 RTP/SAVP 96\r\n" CRYPTO,
		HEAD AUDIO "a=crypto:1 F8_128_HMAC_SHA1_80 inline:" KEY "\r\n",
		HEAD AUDIO "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAEC\r\n",
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
		if (answer_to(offers[i]) != ERR_UNSUPPORTED)
			fail_msg("answered: %s", offers[i]);
		assert_int_equal(answer.len, 0);
		assert_int_equal(session.suite, SRTP_NONE);
	}
	assert_int_equal(answer_to("hello"), ERR_SYNTAX);
}

static void test_offer(void **state)
{
	const struct sdp_media *m;
	struct sdp *sdp;

	UNUSED(state);
	assert_int_equal(session_offer(&ours, &answer), OK);
	sdp = read_back();
	assert_int_equal(sdp_nmedia(sdp), 1);
	m = sdp_media_at(sdp, 0);
	assert_int_equal(m->proto, SDP_RTP);
	assert_true(addr_equal(&m->rtp, &ours));
	sdp_free(&sdp);
	buf_free(&answer);
	assert_int_equal(addr_parse(&ours, "[2001:db8::3]:42000"), OK);
	assert_int_equal(session_offer(&ours, &answer), OK);
	sdp = read_back();
	assert_true(addr_equal(&sdp_media_at(sdp, 0)->rtp, &ours));
	sdp_free(&sdp);
}

static enum err read_answer(const char *text, struct addr *peer, enum g711 *law)
{
	return session_read_answer(text, strlen(text), peer, law);
}

static void test_read_answer(void **state)
{
	static const char *const bad[] = {
		HEAD,
		HEAD "m=audio 0 RTP/AVP 8\r\n",
		HEAD "m=audio 6000 RTP/AVP 18\r\n",
		HEAD "m=audio 6000 RTP/SAVP 8\r\n" CRYPTO,
		HEAD
		"m=audio 6000 RTP/AVP 8\r\nm=video 0 RTP/AVP 96\r\n", /* more than we offered */
		HEAD "m=video 6000 RTP/AVP 8\r\n",
	};
	struct addr peer;
	enum g711 law;

	UNUSED(state);
	assert_int_equal(read_answer(HEAD "m=audio 6000 RTP/AVP 0 8\r\n", &peer, &law), OK);
	assert_int_equal(law, G711_PCMU);
	assert_int_equal(addr_port(&peer), 6000);
	assert_int_equal(read_answer(HEAD "m=audio 6002 RTP/AVP 8\r\n", &peer, &law), OK);
	assert_int_equal(law, G711_PCMA);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (read_answer(bad[i], &peer, &law) == OK)
			fail_msg("taken: %s", bad[i]);
	}
	assert_int_equal(law, G711_PCMA);
	assert_int_equal(read_answer("hello", &peer, &law), ERR_SYNTAX);
}

static void exchange_once(void *arg)
{
	static const char text[] = HEAD "m=audio 6000 RTP/AVP 0 8\r\n";
	struct addr peer;
	enum g711 law;
	enum err err;

	UNUSED(arg);
	buf_free(&answer);
	err = answer_to(HEAD AUDIO CRYPTO);
	session_wipe(&session);
	if (!err)
		err = read_answer(text, &peer, &law);
	buf_free(&answer);
	if (!err)
		err = session_offer(&ours, &answer);
	buf_free(&answer);
	assert_int_equal(err != OK, mem_has_failed() != 0);
}

static void test_no_memory(void **state)
{
	UNUSED(state);
	assert_true(each_allocation_fails(exchange_once, NULL) > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_streams_are_rejected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_srtp_no_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_offer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
