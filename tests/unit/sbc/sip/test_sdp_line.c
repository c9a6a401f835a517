/* sbc/sip/sdp_line.c and sdp_formats.c: what is written, word by word, and read again. */
#include "sbc/sip/sdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/mem.h"
#include "sbc/sip/message.h"
#include "tests/unit/alloc.h"

#define HEAD "v=0\r\no=desk 1 1 IN IP4 10.0.0.9\r\ns=talk\r\nc=IN IP4 10.0.0.9\r\n"
#define OURS "v=0\r\no=- 7 9 IN IP4 203.0.113.5\r\ns=-\r\nc=IN IP4 203.0.113.5\r\n"

/* One line, written with with. */
static enum err write_line(const char *text, const char *host, const struct sdp_out_media *media,
                           struct buf *out)
{
	struct sdp_out with = { .session_id = 7, .version = 9, .media = media };
	struct sdp *sdp;
	enum err err = sdp_read(&sdp, text, strlen(text));

	if (err)
		return err;
	with.nmedia = sdp_nmedia(sdp);
	assert_int_equal(addr_parse(&with.addr, host), OK);
	err = sdp_write(sdp, &with, out);
	sdp_free(&sdp);
	return err;
}

static void check(const char *text, const struct sdp_out_media *media, const char *wanted)
{
	struct buf out;

	buf_init(&out, MESSAGE_MAX);
	assert_int_equal(write_line(text, "203.0.113.5", media, &out), OK);
	assert_string_equal(out.data, wanted);
	buf_free(&out);
}

static const char many[] = HEAD
    "b=AS:64\r\nb=CT:128\r\nb=TIAS:64000\r\nb=RR:0\r\nb=X-PBX7:1\r\nb=CTRY:1\r\nt=3 9\r\na=X-colour:blue\r\n"
    "m=audio 4000 RTP/AVP 96 0 101 77\r\nb=RS:1\r\nb=AS:40\r\na=rtpmap:96 opus/48000/2\r\n"
    "a=fmtp:96 useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:30\r\n"
    "a=inactive\r\na=maxptime:40\r\n";

/* Names of bandwidths that the parser loses are no AS. */
static void test_all(void **state)
{
	const struct sdp_crypto key = { .tag = 3, .suite = "NAME", .key = "0123", .key_len = 4 };
	const struct sdp_out_media media = { .port = 36000,
		                             .proto = SDP_SRTP,
		                             .feedback = true,
		                             .mux = true,
		                             .ptime_ms = 20,
		                             .crypto = &key,
		                             .ncrypto = 1 };

	(void)state;
	check(many, &media,
	      OURS "b=AS:64\r\nb=CT:128\r\nt=3 9\r\na=X-colour:blue\r\n"
	           "m=audio 36000 RTP/SAVPF 96 0 101 77\r\nb=AS:40\r\na=rtpmap:96 opus/48000/2\r\n"
	           "a=fmtp:96 useinbandfec=1\r\na=rtpmap:0 PCMU/8000\r\n"
	           "a=rtpmap:101 telephone-event/8000\r\na=inactive\r\n"
	           "a=crypto:3 NAME inline:MDEyMw==\r\na=rtcp-mux\r\na=ptime:20\r\n"
	           "a=maxptime:40\r\n");
}

/* Where the parser knows nothing of the formats: chosen, in another order, by other numbers. */
static void test_formats(void **state)
{
	static char *names[] = { "PCMA", "vp8", "RTX", "telephone-event" };
	struct sdp_formats written;
	struct sdp_types types = { .turns = false };
	struct sdp_out_media media = { .port = 36000,
		                       .proto = SDP_RTP,
		                       .feedback = true,
		                       .codecs = { { names, ARRAY_LEN(names) } },
		                       .types = &types,
		                       .written = &written };

	(void)state;
	for (unsigned i = 0; i < SDP_TYPES; i++)
		types.to[i] = (uint8_t)i;
	types.to[96] = 100;
	types.to[97] = 98;
	types.to[101] = SDP_DROPPED;
	check(HEAD "t=0 0\r\nm=audio 4000 RTP/AVPF 0 97 8 101 96\r\na=rtpmap:96 VP8/90000\r\n"
	           "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96;rtx-time=3\r\n"
	           "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtcp-fb:96 nack\r\n"
	           "a=rtcp-fb:0 nack\r\na=rtcp-fb:* ccm fir\r\na=imageattr:50 send *\r\n",
	      &media,
	      OURS "t=0 0\r\nm=audio 36000 RTP/AVPF 8 100 98\r\na=rtpmap:8 PCMA/8000\r\n"
	           "a=rtpmap:100 VP8/90000\r\na=rtpmap:98 rtx/90000\r\n"
	           "a=fmtp:98 apt=100;rtx-time=3\r\na=rtcp-fb:100 nack\r\na=rtcp-fb:* ccm fir\r\n");
	assert_int_equal(written.n, 3);
	assert_int_equal(written.list[0].kind, SDP_FORMAT_PCMA);
	assert_int_equal(written.list[1].type, 100);
	assert_int_equal(written.list[1].clock_khz, 90);
}

/* One law becomes two; or the other one, and calls itself so. */
static void test_laws(void **state)
{
	static const char text[] = HEAD "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000/1\r\n";
	static char *names[] = { "PCMU", "PCMA" };
	struct sdp_types types = { .turns = true };
	struct sdp_out_media media = { .port = 9,
		                       .codecs = { { NULL, 0 }, { names, 2 } },
		                       .both_laws = true };

	(void)state;
	check(text, &media,
	      OURS "t=0 0\r\nm=audio 9 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\n"
	           "a=rtpmap:8 PCMA/8000/1\r\n");
	media = (struct sdp_out_media){ .port = 9, .types = &types };
	types.turned[8] = true;
	check(text, &media, OURS "t=0 0\r\nm=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000/1\r\n");
	types.to[8] = SDP_DROPPED;
	check(text, &media, OURS "t=0 0\r\nm=audio 9 RTP/AVP 19\r\n");
}

/* What is no RTP; a line that is rejected has its formats and nothing else. */
static void test_others(void **state)
{
	const struct sdp_out_media media[] = { { .port = 9, .proto = SDP_DATAGRAM },
		                               { .rejected = true },
		                               { .rejected = true, .proto = SDP_OTHER } };

	(void)state;
	check(HEAD "m=image 4000 UDP t38\r\na=rtpmap:1 x/1\r\na=T38FaxVersion:0\r\n"
	           "m=audio 4002 RTP/AVP 8 99\r\na=fmtp:8 x\r\na=sendonly\r\n"
	           "m=message 4004 TCP/MSRP *\r\na=path:msrp://desk\r\n",
	      media,
	      OURS "t=0 0\r\nm=image 9 udp t38\r\na=rtpmap:1 x/1\r\na=T38FaxVersion:0\r\n"
	           "m=audio 0 RTP/AVP 8 99\r\nm=message 0 TCP/MSRP *\r\n");
}

/* Sofia-SIP reads in it what it read before. */
static void test_read_again(void **state)
{
	const struct sdp_out_media media = { .port = 4000 };
	struct sdp *was, *is;
	const struct sdp_media *a, *b;
	struct buf out;

	(void)state;
	buf_init(&out, MESSAGE_MAX);
	assert_int_equal(write_line(many, "2001:db8::5", &media, &out), OK);
	assert_non_null(strstr(out.data, "c=IN IP6 2001:db8::5\r\n"));
	assert_int_equal(sdp_read(&was, many, strlen(many)), OK);
	assert_int_equal(sdp_read(&is, out.data, out.len), OK);
	a = sdp_media_at(was, 0);
	b = sdp_media_at(is, 0);
	assert_int_equal(a->sends, b->sends);
	assert_int_equal(a->event_type, b->event_type);
	assert_int_equal(a->formats.n, b->formats.n);
	for (size_t i = 0; i < a->formats.n; i++) {
		assert_int_equal(a->formats.list[i].type, b->formats.list[i].type);
		assert_int_equal(a->formats.list[i].codec, b->formats.list[i].codec);
	}
	sdp_free(&was);
	sdp_free(&is);
	buf_free(&out);
}

/* Whole or not at all. */
static void test_limit(void **state)
{
	const struct sdp_out_media media = { .port = 4000 };
	struct buf out;
	size_t whole;

	(void)state;
	buf_init(&out, MESSAGE_MAX);
	assert_int_equal(write_line(many, "203.0.113.5", &media, &out), OK);
	whole = out.len;
	buf_free(&out);
	for (size_t limit = 0; limit <= whole; limit++) {
		buf_init(&out, limit);
		assert_int_equal(write_line(many, "203.0.113.5", &media, &out),
		                 limit < whole ? ERR_LIMIT : OK);
		buf_free(&out);
	}
}

static void write_starved(void *arg)
{
	const struct sdp_out_media media = { .port = 4000 };
	struct buf out;
	enum err err;

	(void)arg;
	buf_init(&out, MESSAGE_MAX);
	err = write_line(many, "203.0.113.5", &media, &out);
	assert_true(err == (mem_has_failed() ? ERR_NOMEM : OK));
	buf_free(&out);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(write_starved, NULL) >= 3);
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
		cmocka_unit_test(test_all),        cmocka_unit_test(test_formats),
		cmocka_unit_test(test_laws),       cmocka_unit_test(test_others),
		cmocka_unit_test(test_read_again), cmocka_unit_test(test_limit),
		cmocka_unit_test(test_no_memory)
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
