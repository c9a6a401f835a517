/* sbc/b2bua/offer_codecs.c, through offers and packets: two sides with other numbers for the same
 * codec, and with G.711's two laws. */
#include "sbc/b2bua/offer.h"

#include "tests/unit/sbc/b2bua/offer_rig.h"

#define EVENTS(type) "a=rtpmap:" type " telephone-event/8000\r\na=fmtp:" type " 0-15\r\n"

/* An audio line of u's. */
static const char *line_of(const struct udp *u, const char *formats, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text), "m=audio %u RTP/AVP %s\r\n%s", addr_port(&u->addr), formats,
	         more);
	return lines(text);
}

static void offers(const char *formats, const char *more)
{
	assert_int_equal(again(SIDE_CALLER, line_of(&t.caller, formats, more)), OK);
}

static void callee_says(const char *formats, const char *more)
{
	assert_int_equal(answers(SIDE_CALLEE, line_of(&t.callee, formats, more)), OK);
	offer_settle(t.offer);
}

static void begins(const struct offer_cfg *cfg)
{
	offer_close(&t.offer);
	assert_int_equal(offer_new(&t.offer, cfg), OK);
}

static struct offer_cfg plain(void)
{
	return (struct offer_cfg){ .id = "7f3a",
		                   .media = t.media,
		                   .sides = { side_in(SRTP_OFF), side_out(SRTP_OFF) } };
}

static void has(const struct buf *sdp, const char *text)
{
	if (!strstr(sdp->data, text))
		fail_msg("no \"%s\" in\n%s", text, sdp->data);
}

/* A packet of a payload type comes as one of another. octet: of its payload, and what is made of
 * it. */
static void becomes_at(enum media_side from, uint8_t type, uint8_t octet, uint8_t as,
                       uint8_t as_octet, uint16_t timestamp)
{
	static uint16_t seq = 100;
	const struct udp *u = from == SIDE_CALLER ? &t.caller : &t.callee,
	                 *to = from == SIDE_CALLER ? &t.callee : &t.caller;
	const struct anchor *a = offer_anchor(t.offer);
	struct addr door;
	uint8_t packet[ROOM], got[ROOM];
	size_t len = make_rtp(packet, SSRC, ++seq);

	assert_int_equal(addr_parse(&door, own_loopback()), OK);
	addr_set_port(&door, addr_port(anchor_local(a, 0, from)));
	packet[1] = type;
	packet[4] = packet[5] = 0;
	packet[6] = (uint8_t)(timestamp >> 8);
	packet[7] = (uint8_t)timestamp;
	memset(packet + RTP_HEADER_LEN, octet, len - RTP_HEADER_LEN);
	udp_send(u, &door, packet, len);
	do {
		len = udp_recv(to, got, sizeof(got), NULL);
	} while (len < TEST_RTP_LEN || seq_of(got) != seq);
	assert_int_equal(got[1], as);
	assert_int_equal(got[RTP_HEADER_LEN], as_octet);
	assert_int_equal(got[len - 1], as_octet);
}

static void becomes(enum media_side from, uint8_t type, uint8_t octet, uint8_t as, uint8_t as_octet)
{
	becomes_at(from, type, octet, as, as_octet, 0);
}

static void stays(enum media_side from, uint8_t type)
{
	becomes(from, type, 7, type, 7);
}

/* RFC 3264 6.1: an answer with another number says what its sender wants to receive. The offerer
 * sees its own, and whichever of the two the answerer sends with is understood. */
static void test_answer_differs(void **state)
{
	const struct offer_cfg cfg = plain();
	struct stream_stats stats;

	(void)state;
	begins(&cfg);
	offers("0 101", EVENTS("101"));
	has(&t.to_callee, "RTP/AVP 0 101\r\n");
	callee_says("0 96", EVENTS("96"));
	has(&t.to_caller, "RTP/AVP 0 101\r\n");
	has(&t.to_caller, "a=rtpmap:101 telephone-event/8000\r\n");
	has(&t.to_caller, "a=fmtp:101 0-15\r\n");
	becomes(SIDE_CALLER, 101, 3, 96, 3);
	stays(SIDE_CALLER, 0);
	stays(SIDE_CALLEE, 101);
	becomes(SIDE_CALLEE, 96, 3, 101, 3);
	stays(SIDE_CALLEE, 0);
	/* Its digits are counted: it sends with the offer's number. */
	anchor_stats(offer_anchor(t.offer), 0, SIDE_CALLEE, &stats);
	assert_int_equal(stats.events, 1);
	anchor_stats(offer_anchor(t.offer), 0, SIDE_CALLER, &stats);
	assert_int_equal(stats.events, 1);
	/* Later it offers: nobody's numbers change for that (8.3.2). */
	assert_int_equal(again(SIDE_CALLEE, line_of(&t.callee, "0 96", EVENTS("96"))), OK);
	has(&t.to_caller, "RTP/AVP 0 101\r\n");
	assert_int_equal(answers(SIDE_CALLER, line_of(&t.caller, "0 101", EVENTS("101"))), OK);
	has(&t.to_callee, "RTP/AVP 0 96\r\n");
	offer_settle(t.offer);
	becomes(SIDE_CALLER, 101, 3, 96, 3);
	becomes(SIDE_CALLEE, 96, 3, 101, 3);
	/* And agrees with it in the end: packets are left alone. */
	offers("0 101", EVENTS("101"));
	callee_says("0 101", EVENTS("101"));
	stays(SIDE_CALLER, 101);
	stays(SIDE_CALLEE, 101);
}

/* A change that fails takes its numbers with it. */
static void test_dropped(void **state)
{
	const struct offer_cfg cfg = plain();

	(void)state;
	begins(&cfg);
	offers("0 101", EVENTS("101"));
	callee_says("0 96", EVENTS("96"));
	offers("0 101", EVENTS("101"));
	assert_int_equal(answers(SIDE_CALLEE, line_of(&t.callee, "0 101", EVENTS("101"))), OK);
	stays(SIDE_CALLER, 101);
	offer_drop(t.offer);
	becomes(SIDE_CALLER, 101, 3, 96, 3);
}

/* Two parties who negotiated apart: one number stands for two codecs. */
static void test_collision(void **state)
{
	const struct offer_side side = side_out(SRTP_OFF);
	const struct offer_cfg cfg = plain();

	(void)state;
	begins(&cfg);
	offers("0 101", EVENTS("101"));
	callee_says("0 101", EVENTS("101"));
	assert_int_equal(offer_replace(t.offer, SIDE_CALLEE, &side), OK);
	assert_int_equal(
	    again(SIDE_CALLEE,
	          line_of(
	              &t.callee, "101 0 127",
	              "a=rtpmap:101 opus/48000/2\r\na=fmtp:101 useinbandfec=1\r\n" EVENTS("127"))),
	    OK);
	has(&t.to_caller, "RTP/AVP 126 0 101\r\n");
	has(&t.to_caller, "a=rtpmap:126 opus/48000/2\r\n");
	has(&t.to_caller, "a=fmtp:126 useinbandfec=1\r\n");
	assert_int_equal(
	    answers(SIDE_CALLER,
	            line_of(&t.caller, "126 101", "a=rtpmap:126 opus/48000/2\r\n" EVENTS("101"))),
	    OK);
	has(&t.to_callee, "RTP/AVP 101 127\r\n");
	has(&t.to_callee, "a=rtpmap:101 opus/48000/2\r\n");
	offer_settle(t.offer);
	becomes(SIDE_CALLER, 126, 5, 101, 5);
	becomes(SIDE_CALLER, 101, 5, 127, 5);
	becomes(SIDE_CALLEE, 101, 5, 126, 5);
	becomes(SIDE_CALLEE, 127, 5, 101, 5);
}

/* What the parser leaves among the attributes, what names another format (RFC 4588), and two of one
 * codec. */
static void test_video(void **state)
{
	static const char numbers[] =
	    "a=rtpmap:%u VP8/90000\r\na=rtcp-fb:%u nack\r\na=rtpmap:%u rtx/90000\r\n"
	    "a=fmtp:%u apt=%u\r\na=rtpmap:%u VP8/90000\r\n";
	const struct offer_cfg cfg = plain();
	char text[512], mine[512], line[1024];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const char *proto = i ? "RTP/AVPF" : "RTP/AVP";

		begins(&cfg);
		snprintf(mine, sizeof(mine), numbers, 96, 96, 97, 97, 96, 98);
		snprintf(line, sizeof(line), "m=video 4000 %s 96 97 98\r\n%s", proto, mine);
		assert_int_equal(again(SIDE_CALLER, lines(line)), OK);
		snprintf(text, sizeof(text), numbers, 106, 106, 107, 107, 106, 108);
		snprintf(line, sizeof(line), "m=video 4000 %s 106 107 108\r\n%s", proto, text);
		assert_int_equal(answers(SIDE_CALLEE, lines(line)), OK);
		has(&t.to_caller, " 96 97 98\r\n");
		has(&t.to_caller, "a=rtpmap:96 VP8/90000\r\n");
		has(&t.to_caller, "a=rtcp-fb:96 nack\r\n");
		has(&t.to_caller, "a=rtpmap:97 rtx/90000\r\n");
		has(&t.to_caller, "a=fmtp:97 apt=96\r\n");
		has(&t.to_caller, "a=rtpmap:98 VP8/90000\r\n");
		assert_null(strstr(t.to_caller.data, ":10"));
	}
	/* Where numbers stand in packets, too (RFC 2198), they stay. */
	begins(&cfg);
	offers("96 97", "a=rtpmap:96 red/8000\r\na=fmtp:96 97/97\r\na=rtpmap:97 iLBC/8000\r\n");
	callee_says("106 107",
	            "a=rtpmap:106 red/8000\r\na=fmtp:106 107/107\r\na=rtpmap:107 iLBC/8000\r\n");
	has(&t.to_caller, "RTP/AVP 106 107\r\n");
	stays(SIDE_CALLER, 106);
}

static void list_types(char formats[200], char maps[2000], unsigned first, unsigned last, char name)
{
	for (unsigned type = first; type <= last; type++) {
		snprintf(formats + strlen(formats), 200 - strlen(formats), " %u", type);
		snprintf(maps + strlen(maps), 2000 - strlen(maps), "a=rtpmap:%u %c%u/8000\r\n",
		         type, name, type);
	}
}

/* All of a side's numbers are taken: what has none is left out. */
static void test_no_number_left(void **state)
{
	const struct offer_side side = side_out(SRTP_OFF);
	const struct offer_cfg cfg = plain();
	char formats[200] = "0", maps[2000] = "";

	(void)state;
	begins(&cfg);
	list_types(formats, maps, 96, 118, 'a');
	offers(formats, maps);
	callee_says(formats, maps);
	assert_int_equal(offer_replace(t.offer, SIDE_CALLEE, &side), OK);
	strcpy(formats, "0");
	*maps = '\0';
	list_types(formats, maps, 118, 127, 'b');
	assert_int_equal(again(SIDE_CALLEE, line_of(&t.callee, formats, maps)), OK);
	has(&t.to_caller, "RTP/AVP 0 119 120 121 122 123 124 125 126 127\r\n");
	assert_null(strstr(t.to_caller.data, "b118"));
}

/* More formats than are known apart: no number is given to two of them. */
static void test_too_many(void **state)
{
	const struct offer_side side = side_out(SRTP_OFF);
	const struct offer_cfg cfg = plain();
	char formats[200] = "101 0", maps[2000] = "a=rtpmap:101 opus/48000/2\r\n";

	(void)state;
	begins(&cfg);
	offers("0 101", EVENTS("101"));
	callee_says("0 101", EVENTS("101"));
	assert_int_equal(offer_replace(t.offer, SIDE_CALLEE, &side), OK);
	list_types(formats, maps, 96, 100, 'c');
	list_types(formats, maps, 102, 118, 'c');
	list_types(formats, maps, 127, 127, 'c');
	assert_int_equal(again(SIDE_CALLEE, line_of(&t.callee, formats, maps)), OK);
	has(&t.to_caller, "RTP/AVP 101 0 96 97 ");
	has(&t.to_caller, "a=rtpmap:101 opus/48000/2\r\n");
	has(&t.to_caller, "a=rtpmap:127 c127/8000\r\n");
}

static const char quiet_mu = '\xfe', quiet_a = '\xd5';

/* E8-09: a trunk that wants both laws is offered both; who has one each hears the other. */
static void test_laws(void **state)
{
	char pcma[] = "PCMA", pcmu[] = "pcmu", dtmf[] = "telephone-event",
	     *names[] = { pcma, pcmu, dtmf };
	struct offer_cfg cfg = plain();

	(void)state;
	cfg.sides[SIDE_CALLEE].codecs = (struct sdp_codecs){ names, ARRAY_LEN(names) };
	begins(&cfg);
	offers("0 101", EVENTS("101"));
	has(&t.to_callee, "RTP/AVP 8 0 101\r\n");
	has(&t.to_callee, "a=rtpmap:8 PCMA/8000\r\n");
	callee_says("8 101", EVENTS("101"));
	has(&t.to_caller, "RTP/AVP 0 101\r\n");
	has(&t.to_caller, "a=rtpmap:0 PCMU/8000\r\n");
	assert_null(strstr(t.to_caller.data, "PCMA"));
	becomes(SIDE_CALLER, 0, (uint8_t)quiet_mu, 8, (uint8_t)quiet_a);
	becomes(SIDE_CALLEE, 8, (uint8_t)quiet_a, 0, (uint8_t)quiet_mu);
	stays(SIDE_CALLER, 101);
	/* Its own offers have what each of the two has. */
	assert_int_equal(again(SIDE_CALLEE, line_of(&t.callee, "8 101", EVENTS("101"))), OK);
	has(&t.to_caller, "RTP/AVP 0 101\r\n");
	assert_int_equal(answers(SIDE_CALLER, line_of(&t.caller, "0 101", EVENTS("101"))), OK);
	has(&t.to_callee, "RTP/AVP 8 101\r\n");
	offer_settle(t.offer);
	becomes(SIDE_CALLER, 0, (uint8_t)quiet_mu, 8, (uint8_t)quiet_a);
	/* One law on both sides: nothing is made of it. */
	offers("0 101", EVENTS("101"));
	callee_says("0 101", EVENTS("101"));
	stays(SIDE_CALLER, 0);
	stays(SIDE_CALLEE, 0);
	/* Both in the answer: the caller keeps the one that it has. */
	begins(&cfg);
	offers("8", "");
	callee_says("8 0", "");
	has(&t.to_caller, "RTP/AVP 8\r\n");
	stays(SIDE_CALLER, 8);
	becomes(SIDE_CALLEE, 0, (uint8_t)quiet_mu, 8, (uint8_t)quiet_a);
	/* Who has both needs no more, and keeps its order where nobody asks for another. */
	begins(&cfg);
	offers("0 8", "");
	has(&t.to_callee, "RTP/AVP 8 0\r\n");
	callee_says("0", "");
	has(&t.to_caller, "RTP/AVP 0\r\n");
	stays(SIDE_CALLER, 0);
}

/* With one law in a trunk's list, and the list on the offerer's side; with feedback. */
static void test_one_law(void **state)
{
	char pcma[] = "PCMA", *names[] = { pcma };
	struct offer_cfg cfg = plain();

	(void)state;
	cfg.sides[SIDE_CALLEE].codecs = (struct sdp_codecs){ names, 1 };
	begins(&cfg);
	assert_int_equal(again(SIDE_CALLER, lines("m=audio 4000 RTP/AVPF 0\r\n")), OK);
	has(&t.to_callee, "RTP/AVPF 8\r\n");
	assert_int_equal(answers(SIDE_CALLEE, lines("m=audio 4000 RTP/AVPF 8\r\n"
	                                            "a=rtpmap:8 PCMA/8000\r\n")),
	                 OK);
	has(&t.to_caller, "RTP/AVPF 0\r\n");
	has(&t.to_caller, "a=rtpmap:0 PCMU/8000\r\n");
	/* No law at all is still refused. */
	begins(&cfg);
	assert_int_equal(again(SIDE_CALLER, lines("m=audio 4000 RTP/AVP 9\r\n")), ERR_REFUSED);
	assert_int_equal(t.problem.status, 488);
	/* The trunk calls. */
	begins(&cfg);
	assert_int_equal(again(SIDE_CALLEE, line_of(&t.callee, "8", "")), OK);
	has(&t.to_caller, "RTP/AVP 8 0\r\n");
	assert_int_equal(answers(SIDE_CALLER, line_of(&t.caller, "0", "")), OK);
	has(&t.to_callee, "RTP/AVP 8\r\n");
	offer_settle(t.offer);
	becomes(SIDE_CALLER, 0, (uint8_t)quiet_mu, 8, (uint8_t)quiet_a);
	becomes(SIDE_CALLEE, 8, (uint8_t)quiet_a, 0, (uint8_t)quiet_mu);
	/* Without a list on either side a change of codec is the peers' own matter. */
	cfg = plain();
	begins(&cfg);
	offers("0 8", "");
	callee_says("0", "");
	assert_int_equal(again(SIDE_CALLEE, line_of(&t.callee, "8", "")), OK);
	has(&t.to_caller, "RTP/AVP 8\r\n");
	offer_drop(t.offer);
}

/* Two packets at once whose timestamps are a second apart, by 48000 Hz: a sixteenth of that is
 * jitter (RFC 3550 A.8). By 8000 Hz they would be of two timelines. */
static void test_clocks(void **state)
{
	const struct offer_cfg cfg = plain();
	struct stream_stats stats;

	(void)state;
	for (unsigned own = 0; own < 2; own++) { /* the callee sends with the offer's number */
		begins(&cfg);
		offers("111", "a=rtpmap:111 opus/48000/2\r\n");
		callee_says("96", "a=rtpmap:96 opus/48000/2\r\n");
		for (unsigned i = 0; i < 2; i++) {
			becomes_at(SIDE_CALLER, 111, 7, 96, 7, (uint16_t)(i * 48000));
			becomes_at(SIDE_CALLEE, own ? 96 : 111, 7, 111, 7, (uint16_t)(i * 48000));
		}
		for (unsigned side = 0; side < MEDIA_NSIDES; side++) {
			anchor_stats(offer_anchor(t.offer), 0, (enum media_side)side, &stats);
			assert_in_range(stats.jitter_us, 40000, 62600);
		}
	}
}

static void starved(void *arg)
{
	char pcma[] = "PCMA", pcmu[] = "PCMU", dtmf[] = "telephone-event",
	     *names[] = { pcma, pcmu, dtmf };
	struct offer_cfg cfg = plain();
	enum err err;

	(void)arg;
	cfg.sides[SIDE_CALLEE].codecs = (struct sdp_codecs){ names, ARRAY_LEN(names) };
	err = offer_new(&t.offer, &cfg);
	if (!err)
		err = again(SIDE_CALLER,
		            lines("m=audio 4000 RTP/AVP 0 101\r\n" EVENTS(
		                "101") "m=video 4002 RTP/AVPF 96\r\na=rtpmap:96 VP8/90000\r\n"));
	if (!err)
		err = answers(SIDE_CALLEE,
		              lines("m=audio 4000 RTP/AVP 8 96\r\n" EVENTS(
		                  "96") "m=video 4002 RTP/AVPF 97\r\na=rtpmap:97 VP8/90000\r\n"));
	if (err)
		assert_true(mem_has_failed());
	else
		offer_settle(t.offer);
	offer_close(&t.offer);
	text_for(SIDE_CALLER);
	text_for(SIDE_CALLEE);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(starved, NULL) >= 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answer_differs), TEST(dropped),   TEST(collision), TEST(video),
		TEST(no_number_left), TEST(too_many),  TEST(laws),      TEST(one_law),
		TEST(clocks),         TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
