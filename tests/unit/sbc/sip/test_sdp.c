/* sbc/sip/sdp.c */
#include "sbc/sip/sdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <malloc.h>
#include <sofia-sip/sdp.h>
#include "base/mem.h"
#include "sbc/sip/message.h"
#include "tests/unit/alloc.h"

#define HEAD "v=0\r\no=desk 1 1 IN IP4 10.0.0.9\r\ns=talk\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n"
#define KEY  "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0"

static unsigned freed, freed_with_key;

/* In Sofia-SIP's place: the parser's text lies in the parser's own memory. */
void sdp_parser_free(sdp_parser_t *parser)
{
	void (*its)(sdp_parser_t *);

	*(void **)&its = dlsym(RTLD_NEXT, "sdp_parser_free");
	freed++;
	if (memmem(parser, malloc_usable_size(parser), KEY, strlen(KEY)))
		freed_with_key++;
	its(parser);
}

static struct sdp *read_text(const char *text)
{
	struct sdp *sdp;

	assert_int_equal(sdp_read(&sdp, text, strlen(text)), OK);
	return sdp;
}

static void test_read(void **state)
{
	struct sdp *sdp = read_text(HEAD "m=audio 4000 RTP/AVP 0\r\na=rtcp:4009 IN IP4 10.0.0.8\r\n"
	                                 "m=video 4002 RTP/SAVPF 96\r\nc=IN IP4 10.0.0.7\r\n"
	                                 "a=rtcp:4010 IN IP6 2001:db8::1\r\n"
	                                 "m=image 0 udptl t38\r\n");
	const struct sdp_media *m = sdp_media_at(sdp, 0);
	char text[ADDR_TEXT_MAX];

	(void)state;
	assert_int_equal(sdp_nmedia(sdp), 3);
	assert_string_equal(m->kind, "audio");
	assert_int_equal(m->proto, SDP_RTP);
	assert_false(m->rejected || m->feedback);
	assert_string_equal(addr_text(&m->rtp, text, sizeof(text)), "10.0.0.9:4000");
	assert_string_equal(addr_text(&m->rtcp, text, sizeof(text)), "10.0.0.8:4009");
	m = sdp_media_at(sdp, 1);
	assert_int_equal(m->proto, SDP_SRTP);
	assert_true(m->feedback);
	assert_string_equal(addr_text(&m->rtp, text, sizeof(text)), "10.0.0.7:4002");
	assert_string_equal(addr_text(&m->rtcp, text, sizeof(text)), "10.0.0.7:4010");
	assert_true(sdp_media_at(sdp, 2)->rejected);
	assert_int_equal(sdp_media_at(sdp, 2)->proto, SDP_DATAGRAM);
	sdp_free(&sdp);
}

/* What the primers of a line are made from, with and without the parser's knowledge of its formats.
 */
static void test_unused_types(void **state)
{
	struct sdp *sdp = read_text(HEAD "m=audio 4000 RTP/AVP 0 13 127 101\r\na=recvonly\r\n"
	                                 "m=video 4002 RTP/SAVPF 126 127\r\na=sendonly\r\n"
	                                 "m=audio 4004 RTP/AVP 8\r\na=inactive\r\n"
	                                 "m=audio 4006 RTP/AVP 8\r\n");
	static const struct {
		unsigned unused;
		bool noise, sends;
	} want[] = { { 126, true, false },
		     { 125, false, true },
		     { 127, false, false },
		     { 127, false, true } };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(sdp_media_at(sdp, i)->unused_type, want[i].unused);
		assert_int_equal(sdp_media_at(sdp, i)->comfort_noise, want[i].noise);
		assert_int_equal(sdp_media_at(sdp, i)->sends, want[i].sends);
	}
	sdp_free(&sdp);
}

/* RFC 4568 6.1, 7.1.1: what we cannot honour whole is left out. */
static void test_crypto(void **state)
{
	static const struct {
		const char *line;
		size_t n, mki_len;
	} cases[] = {
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY, 1, 0 },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^31", 1, 0 },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^31|1:4", 1, 4 },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|1:4", 1, 4 },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|1:1 WSH=64", 1, 1 },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|256:1", 0, 0 },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|1:9", 0, 0 },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|1:4;inline:" KEY, 0, 0 },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|1:4;inline:" KEY "|2:4", 0, 0 },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|1:4|2^31", 0, 0 },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY " WSH=64 KDR=1", 0, 0 },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY " UNENCRYPTED_SRTP", 0, 0 },
		{ "1 AES_CM_128_HMAC_SHA1_80 other:" KEY, 0, 0 },
		{ "x AES_CM_128_HMAC_SHA1_80 inline:" KEY, 0, 0 },
		{ "1 AES_CM_128_HMAC_SHA1_80", 0, 0 },
		{ "1 AES_CM_128_HMAC_SHA1_80 inline:", 0, 0 },
		{ "1 A_SUITE_WITH_A_NAME_THAT_IS_LONGER_THAN_ANY inline:" KEY, 0, 0 },
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sdp *sdp;

		snprintf(text, sizeof(text), HEAD "m=audio 4000 RTP/SAVP 0\r\na=crypto:%s\r\n",
		         cases[i].line);
		sdp = read_text(text);
		if (sdp_media_at(sdp, 0)->ncrypto != cases[i].n)
			fail_msg("%s: %zu", cases[i].line, sdp_media_at(sdp, 0)->ncrypto);
		if (cases[i].n) {
			assert_int_equal(sdp_media_at(sdp, 0)->crypto[0].key_len, 30);
			assert_int_equal(sdp_media_at(sdp, 0)->crypto[0].mki_len, cases[i].mki_len);
			if (cases[i].mki_len)
				assert_int_equal(
				    sdp_media_at(sdp, 0)->crypto[0].mki[cases[i].mki_len - 1], 1);
			assert_memory_equal(sdp_media_at(sdp, 0)->crypto[0].key,
			                    "0123456789abcdefghijklmnopqrst", 30);
		}
		sdp_free(&sdp);
	}
}

static void test_wrong(void **state)
{
	static const char *const wrong[] = { "",
		                             "hello",
		                             HEAD "m=audio\r\n",
		                             HEAD "m=audio 70000 RTP/AVP 0\r\n",
		                             HEAD "m=audio 1/2/3 RTP/AVP 0\r\n",
		                             HEAD "m=audio 4000 RTP/AVP ^\r\n",
		                             HEAD "m=audio 4000 /AVP 0\r\n",
		                             HEAD "m=audio 4000 RTP/AVPF 4v\r\n",
		                             HEAD "m=audio 0 RTP/SAVPF 0 128\r\n",
		                             HEAD " m=audio 2^ :\r\n" };
	struct sdp *sdp = NULL;
	char text[1024] = HEAD;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		if (sdp_read(&sdp, wrong[i], strlen(wrong[i])) != ERR_SYNTAX)
			fail_msg("%s", wrong[i]);
	}
	for (int i = 0; i <= SDP_MEDIA_MAX; i++)
		strcat(text, "m=audio 4000 RTP/AVP 0\r\n");
	assert_int_equal(sdp_read(&sdp, text, strlen(text)), ERR_LIMIT);
}

static enum err write_text(const char *text, struct buf *out)
{
	static const struct sdp_crypto key = { .tag = 3,
		                               .suite = "AES_CM_128_HMAC_SHA1_80",
		                               .key_len = 30 };
	struct sdp_out_media media[2] = {
		{ .port = 36000, .proto = SDP_SRTP, .crypto = &key, .ncrypto = 1 },
		{ .rejected = true, .proto = SDP_OTHER }
	};
	struct sdp_out with = { .session_id = 7, .version = 9, .media = media, .nmedia = 2 };
	struct sdp *sdp;
	enum err err = sdp_read(&sdp, text, strlen(text));

	if (err)
		return err;
	assert_int_equal(addr_parse(&with.addr, "203.0.113.5"), OK);
	buf_init(out, MESSAGE_MAX);
	err = sdp_write(sdp, &with, out);
	sdp_free(&sdp);
	return err;
}

/* Some lines in another order, one of them twice, and one that is not there. */
static void test_pick(void **state)
{
	static const char text[] = HEAD "m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 31\r\n"
	                                "m=image 4004 udptl t38\r\n";
	static const char *const there[] = { "m=image 9 ", "m=audio 9 RTP/AVP",
		                             "m=audio 0 RTP/SAVP", "m=audio 0 RTP/AVP" };
	static const uint8_t pick[] = { 2, 0 }, of[] = { 0, 1, 1, 2 };
	struct sdp_out_media media[] = { { .port = 9, .proto = SDP_DATAGRAM },
		                         { .port = 9, .proto = SDP_RTP },
		                         { .rejected = true, .proto = SDP_SRTP },
		                         { .rejected = true } };
	struct sdp_out with = { .media = media, .nmedia = 4, .of = of };
	struct sdp *sdp;
	struct buf out;
	const char *at;

	(void)state;
	assert_int_equal(addr_parse(&with.addr, "203.0.113.5"), OK);
	assert_int_equal(sdp_read(&sdp, text, strlen(text)), OK);
	sdp_pick(sdp, pick, 2);
	assert_int_equal(sdp_nmedia(sdp), 2);
	assert_string_equal(sdp_media_at(sdp, 0)->kind, "image");
	assert_string_equal(sdp_media_at(sdp, 1)->kind, "audio");
	buf_init(&out, MESSAGE_MAX);
	assert_int_equal(sdp_write(sdp, &with, &out), OK);
	at = out.data;
	for (size_t i = 0; i < ARRAY_LEN(there); i++) {
		at = strstr(at, "m=");
		assert_non_null(at);
		assert_memory_equal(at, there[i], strlen(there[i]));
		at++;
	}
	assert_null(strstr(at, "m="));
	buf_free(&out);
	sdp_free(&sdp);
}

/* Those of lines that were left out, and of a text that is refused for its many lines, as well. */
static void test_keys_are_wiped(void **state)
{
#define LINE "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n"
	static const uint8_t pick[] = { 2, 0 };
	struct sdp *sdp = read_text(HEAD LINE LINE LINE);
	enum err err;

	(void)state;
	freed = freed_with_key = 0;
	sdp_pick(sdp, pick, 2);
	sdp_free(&sdp);
	err = sdp_read(&sdp, HEAD LINE LINE LINE LINE LINE LINE LINE LINE LINE,
	               strlen(HEAD LINE) + 8 * strlen(LINE));
	assert_int_equal(err, ERR_LIMIT);
	assert_int_equal(freed, 2);
	assert_int_equal(freed_with_key, 0);
}

static const char inside[] = HEAD
    "a=tool:phone\r\nm=audio 4000 RTP/AVP 0 101\r\ni=inside\r\na=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-15\r\na=ptime:20\r\na=sendonly\r\na=candidate:1 1 UDP 1 10.0.0.9 4000 typ host\r\n"
    "a=rtcp:4009 IN IP4 10.0.0.8\r\na=ssrc:1 cname:desk@10.0.0.9\r\na=crypto:1 X inline:" KEY "\r\n"
    "m=image 4002 udptl t38\r\nc=IN IP4 10.0.0.7\r\n";

static void test_write(void **state)
{
	static const char *const there[] = { "o=- 7 9 IN IP4 203.0.113.5\r\n",
		                             "s=-\r\n",
		                             "c=IN IP4 203.0.113.5\r\n",
		                             "m=audio 36000 RTP/SAVP 0 101\r\n",
		                             "a=rtpmap:101 telephone-event/8000\r\n",
		                             "a=fmtp:101 0-15\r\n",
		                             "a=ptime:20\r\n",
		                             "a=sendonly\r\n",
		                             "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
		                             "m=image 0 udptl t38\r\n" };
	static const char *const gone[] = { "10.0.0",    "desk", "a=tool", "inside",
		                            "candidate", KEY,    "4009",   "ssrc" };
	struct buf out;

	(void)state;
	assert_int_equal(write_text(inside, &out), OK);
	for (size_t i = 0; i < ARRAY_LEN(there); i++) {
		if (!strstr(out.data, there[i]))
			fail_msg("%s is not in\n%s", there[i], out.data);
	}
	for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
		if (strstr(out.data, gone[i]))
			fail_msg("%s is in\n%s", gone[i], out.data);
	}
	buf_free(&out);
}

/* Formats cross with what says what they are, whatever the profile. */
static void test_formats(void **state)
{
	static const char *const protos[] = { "RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF" };
	static const char *const there[] = { " 96 0\r\n", "\r\na=rtpmap:96 VP8/90000\r\n",
		                             "\r\na=fmtp:96 max-fr=30\r\n",
		                             "\r\na=rtcp-fb:96 nack pli\r\n" };
	struct buf out;
	char text[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(protos); i++) {
		snprintf(text, sizeof(text),
		         HEAD
		         "m=video 4000 %s 96 0\r\na=rtpmap:96 VP8/90000\r\n"
		         "a=fmtp:96 max-fr=30\r\na=rtcp-fb:96 nack pli\r\nm=audio 0 RTP/AVP 0\r\n",
		         protos[i]);
		assert_int_equal(write_text(text, &out), OK);
		for (size_t k = 0; k < ARRAY_LEN(there); k++) {
			const char *at = strstr(out.data, there[k]);

			if (!at || strstr(at + 1, there[k]))
				fail_msg("%s: %s is not once in\n%s", protos[i], there[k],
				         out.data);
		}
		buf_free(&out);
	}
}

/* What holds for the session holds for its lines; a hold of the old kind becomes one of the new
 * (RFC 3264 5.1, 8.4); what bundles lines goes, and what is said of the session and leaks nothing
 * stays. */
static void test_session_level(void **state)
{
	static const char *const there[] = { "a=X-colour:blue\r\n", "\r\nb=AS:64\r\n",
		                             "a=inactive\r\n", "m=audio 36000 " };
	static const char *const gone[] = { "BUNDLE", "mid", "0.0.0.0", "ice", "u=",
		                            "e=",     "p=",  "i=",      "k=",  "phone" };
	struct sdp *sdp;
	struct buf out;

	(void)state;
	assert_int_equal(
	    write_text("v=0\r\no=phone 1 1 IN IP4 10.0.0.9\r\ns=phone\r\ni=phone\r\n"
	               "u=http://phone\r\ne=phone\r\np=+1 phone\r\nc=IN IP4 0.0.0.0\r\n"
	               "b=AS:64\r\nt=0 0\r\nk=clear:phone\r\na=group:BUNDLE 0 1\r\n"
	               "a=ice-lite\r\na=X-colour:blue\r\na=X-host:phone.local\r\na=inactive\r\n"
	               "m=audio 4000 RTP/AVP 0\r\na=mid:0\r\n"
	               "m=video 0 RTP/AVP 96\r\na=mid:1\r\na=bundle-only\r\n",
	               &out),
	    OK);
	for (size_t i = 0; i < ARRAY_LEN(there); i++) {
		if (!strstr(out.data, there[i]))
			fail_msg("%s is not in\n%s", there[i], out.data);
	}
	for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
		if (strstr(out.data, gone[i]))
			fail_msg("%s is in\n%s", gone[i], out.data);
	}
	buf_free(&out);
	assert_int_equal(write_text("v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\n"
	                            "c=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
	                            "m=video 0 RTP/AVP 96\r\n",
	                            &out),
	                 OK);
	assert_non_null(strstr(out.data, "a=sendonly\r\n"));
	buf_free(&out);
	sdp = read_text(HEAD "m=audio 4000 RTP/AVP 0\r\na=rtcp-mux\r\nm=audio 4000 RTP/AVP 0\r\n");
	assert_true(sdp_media_at(sdp, 0)->mux);
	assert_false(sdp_media_at(sdp, 1)->mux);
	sdp_free(&sdp);
}

static void write_starved(void *arg)
{
	struct buf out;

	(void)arg;
	buf_init(&out, 10);
	if (write_text(inside, &out))
		assert_true(mem_has_failed());
	buf_free(&out);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(write_starved, NULL) >= 2);
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pick),      cmocka_unit_test(test_read),
		cmocka_unit_test(test_crypto),    cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_write),     cmocka_unit_test(test_unused_types),
		cmocka_unit_test(test_formats),   cmocka_unit_test(test_session_level),
		cmocka_unit_test(test_no_memory), cmocka_unit_test(test_keys_are_wiped)
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
