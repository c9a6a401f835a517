/* sbc/b2bua/offer_slots.c: which m-lines are one line, and which of them counts. */
#include "sbc/b2bua/offer_slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "sbc/sip/message.h"

#define HEAD    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
#define PLAIN   "m=audio 4000 RTP/AVP 0\r\n"
#define SECURE  "m=audio 4002 RTP/SAVP 0\r\n" CRYPTO
#define KEYLESS "m=audio 4002 RTP/SAVP 0\r\n"
#define GONE    "m=audio 0 RTP/AVP 0\r\n"
#define MOVIE   "m=video 4004 RTP/SAVP 31\r\n" CRYPTO
#define FAX     "m=image 4006 udptl t38\r\n"
#define CRYPTO \
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0\r\n"

static struct offer_side side = { .srtp = SRTP_OFFERED };

/* Each slot's line, and the slot that each line uses, as digits: "0 0 1", "1 2". */
static void folds(const char *text, const char *lines, const char *used)
{
	struct slots s = { 0 };
	struct sdp *sdp;

	assert_int_equal(sdp_read(&sdp, text, strlen(text)), OK);
	slots_take(&s, sdp);
	slots_fold(&s, &side, sdp);
	assert_int_equal(s.n, strlen(lines));
	assert_int_equal(s.nlines, strlen(used));
	assert_int_equal(sdp_nmedia(sdp), s.nlines);
	for (size_t i = 0; i < s.n; i++)
		assert_int_equal(s.all[i].line, lines[i] - '0');
	for (size_t i = 0; i < s.nlines; i++) {
		assert_int_equal(s.used[i], used[i] - '0');
		assert_int_equal(sdp_media_at(sdp, i)->proto, s.all[s.used[i]].proto);
	}
	sdp_free(&sdp);
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	assert_int_equal(addr_parse(&side.shown, "192.0.2.9"), OK);
	side.srtp = SRTP_OFFERED;
	return 0;
}

static void test_fold(void **state)
{
	(void)state;
	folds(HEAD, "", "");
	folds(HEAD PLAIN, "0", "0");
	folds(HEAD PLAIN PLAIN, "01", "01");
	folds(HEAD PLAIN SECURE, "00", "1");
	folds(HEAD SECURE PLAIN, "00", "0");
	folds(HEAD KEYLESS PLAIN, "00", "1");
	folds(HEAD KEYLESS, "0", "0");
	/* Of one kind alone, both with a port, two at most. */
	folds(HEAD PLAIN MOVIE, "01", "01");
	folds(HEAD SECURE FAX, "01", "01");
	folds(HEAD SECURE GONE, "01", "01");
	folds(HEAD PLAIN SECURE PLAIN, "001", "12");
	folds(HEAD PLAIN PLAIN SECURE SECURE, "0101", "23");
	folds(HEAD MOVIE PLAIN FAX SECURE, "0121", "032");
	side.srtp = SRTP_OFF;
	folds(HEAD PLAIN SECURE, "00", "0");
	side.srtp = SRTP_REQUIRED;
	folds(HEAD PLAIN SECURE, "00", "1");
	folds(HEAD PLAIN KEYLESS, "00", "1");
}

/* What is one line stays that, whatever is rejected later. */
static void test_again(void **state)
{
	struct slots s = { 0 };
	static const char *const texts[] = { HEAD PLAIN SECURE, HEAD GONE SECURE,
		                             HEAD PLAIN "m=audio 0 RTP/SAVP 0\r\n",
		                             HEAD PLAIN SECURE MOVIE };
	static const uint8_t used[] = { 1, 1, 0, 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct sdp *sdp;

		assert_int_equal(sdp_read(&sdp, texts[i], strlen(texts[i])), OK);
		slots_take(&s, sdp);
		slots_fold(&s, &side, sdp);
		assert_int_equal(s.used[0], used[i]);
		assert_int_equal(s.nlines, i == 3 ? 2 : 1);
		sdp_free(&sdp);
	}
}

/* Two for one line while those behind it have room. */
static void test_open(void **state)
{
	static const struct {
		size_t lines;
		uint8_t slots;
	} cases[] = { { 1, 2 }, { 4, 8 }, { 6, 8 }, { 8, 8 }, { 9, 8 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slots s = { 0 };

		for (size_t k = 0; k < cases[i].lines; k++)
			slots_open(&s, true, cases[i].lines - k - 1);
		assert_int_equal(s.n, cases[i].slots);
		assert_int_equal(s.nlines, cases[i].lines < 8 ? cases[i].lines : 8);
	}
}

/* The other one of two is offered beside it, or rejected under the protocol that it had. */
static void test_write(void **state)
{
	const struct sdp_crypto key = { .tag = 1 };
	const struct sdp_out_media line = {
		.port = 9, .proto = SDP_SRTP, .crypto = &key, .ncrypto = 1
	};
	struct sdp_out_media media[SDP_MEDIA_MAX];
	uint8_t of[SDP_MEDIA_MAX];
	struct slots s = { 0 };
	bool beside = true;

	(void)state;
	slots_open(&s, true, 0);
	slots_write(&s, &line, &beside, true, media, of);
	assert_true(of[0] == 0 && of[1] == 0);
	assert_int_equal(media[0].proto, SDP_SRTP);
	assert_int_equal(media[1].proto, SDP_RTP);
	assert_int_equal(media[1].port, 9);
	assert_int_equal(media[1].ncrypto, 0);
	assert_null(media[1].crypto);
	assert_true(!media[0].rejected && !media[1].rejected);
	assert_true(s.all[0].open && s.all[1].open);
	beside = false;
	slots_write(&s, &line, &beside, true, media, of);
	assert_true(!media[0].rejected && media[1].rejected);
	assert_int_equal(media[1].proto, SDP_RTP);
	assert_true(s.all[0].open && !s.all[1].open);
}

#define TEST(name) cmocka_unit_test_setup(test_##name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(fold), TEST(again), TEST(open), TEST(write) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
