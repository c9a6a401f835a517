/* sbc/b2bua/offer.c: sessions that change. Exchanges from either side, taken or dropped; lines that
 * come, go and come again; another party in the middle of it. */
#include "sbc/b2bua/offer.h"

#include "tests/unit/sbc/b2bua/offer_rig.h"

#include <sched.h>
#include "base/clock.h"

/* Port pairs in use, as soon as the worker has let go of what was closed. */
static void ports_are(const struct media_realm *realm, size_t n)
{
	uint64_t until_ms = clock_mono_ms() + UDP_WAIT_MS;

	while (media_realm_used(realm) != n && clock_mono_ms() < until_ms) {
		media_sweep(t.media);
		sched_yield();
	}
	assert_int_equal(media_realm_used(realm), n);
}

static uint64_t version_of(const struct buf *sdp)
{
	const char *o = strstr(sdp->data, "\no=- ");
	unsigned long long id, version;

	assert_non_null(o);
	assert_int_equal(sscanf(o + 5, "%llu %llu", &id, &version), 2);
	assert_true(version >= id);
	return version;
}

static uint64_t session_of(const struct buf *sdp)
{
	return strtoull(strstr(sdp->data, "\no=- ") + 5, NULL, 10);
}

static unsigned port_of(const struct buf *sdp, unsigned n)
{
	return (unsigned)strtoul(strchr(line_at(sdp, n), ' '), NULL, 10);
}

/* RFC 3264 8: the same is the same, octet by octet; the version rises with what changed only. */
static void test_versions(void **state)
{
	char to_callee[2048], to_caller[2048];
	uint64_t session, version;

	(void)state;
	stand(SRTP_REQUIRED, lines(AUDIO), lines(AUDIO_CRYPT));
	snprintf(to_callee, sizeof(to_callee), "%s", t.to_callee.data);
	snprintf(to_caller, sizeof(to_caller), "%s", t.to_caller.data);
	session = session_of(&t.to_callee);
	version = version_of(&t.to_callee);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(again(SIDE_CALLER, lines(AUDIO)), OK);
		assert_string_equal(t.to_callee.data, to_callee);
		assert_int_equal(answers(SIDE_CALLEE, lines(AUDIO_CRYPT)), OK);
		assert_string_equal(t.to_caller.data, to_caller);
		offer_settle(t.offer);
	}
	/* The other way round it says the same to each: only who began has changed. */
	assert_int_equal(again(SIDE_CALLEE, lines(AUDIO_CRYPT)), OK);
	assert_string_equal(t.to_caller.data, to_caller);
	assert_int_equal(answers(SIDE_CALLER, lines(AUDIO)), OK);
	assert_string_equal(t.to_callee.data, to_callee);
	offer_settle(t.offer);
	/* Hold. */
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO "a=sendonly\r\n")), OK);
	assert_non_null(strstr(t.to_callee.data, "a=sendonly\r\n"));
	assert_int_equal(version_of(&t.to_callee), version + 1);
	assert_int_equal(session_of(&t.to_callee), session);
	/* It is refused, and comes again in another form: no version serves two texts. */
	offer_drop(t.offer);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO "a=inactive\r\n")), OK);
	assert_int_equal(version_of(&t.to_callee), version + 2);
	offer_drop(t.offer);
	/* It could not be sent: who has not heard of it misses no version. */
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO "a=recvonly\r\n")), OK);
	offer_take_back(t.offer);
	assert_false(offer_is_open(t.offer));
	offer_take_back(t.offer);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO "a=inactive\r\n")), OK);
	assert_int_equal(version_of(&t.to_callee), version + 2);
	offer_take_back(t.offer);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO "a=sendrecv\r\n")), OK);
	assert_int_equal(version_of(&t.to_callee), version + 3);
	offer_drop(t.offer);
}

/* Nothing that nobody hears has a version: not the answer that is offered the other way next, and
 * not a first offer that could not be sent. */
static void test_unheard(void **state)
{
	uint64_t version;

	(void)state;
	assert_int_equal(try_offer(SRTP_OFF, SRTP_OFF, lines(AUDIO)), OK);
	version = version_of(&t.to_callee);
	offer_take_back(t.offer);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO VIDEO)), OK);
	assert_int_equal(version_of(&t.to_callee), version);
	assert_int_equal(answers(SIDE_CALLEE, lines(AUDIO VIDEO)), OK);
	offer_settle(t.offer);
	version = version_of(&t.to_caller);
	assert_int_equal(offer_invent(t.offer, SIDE_CALLEE, text_for(SIDE_CALLEE), &t.problem), OK);
	offer_drop(t.offer);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO VIDEO "a=sendonly\r\n")), OK);
	assert_int_equal(offer_answer(t.offer, lines(AUDIO "m=video 0 RTP/AVP 96\r\n"),
	                              strlen(lines(AUDIO "m=video 0 RTP/AVP 96\r\n")), NULL,
	                              &t.problem),
	                 OK);
	offer_settle(t.offer);
	assert_int_equal(again(SIDE_CALLEE, lines(AUDIO "m=video 0 RTP/AVP 96\r\n")), OK);
	assert_int_equal(version_of(&t.to_caller), version + 1);
	offer_drop(t.offer);
}

/* A line is left, its slot stays and serves again; new lines come at the end; ports of lines that
 * are gone come back. */
static void test_lines_come_and_go(void **state)
{
	unsigned first;

	(void)state;
	stand(SRTP_OFF, lines(AUDIO VIDEO), lines(AUDIO VIDEO));
	ports_are(t.in, 2);
	first = port_of(&t.to_callee, 0);
	assert_int_equal(again(SIDE_CALLEE, lines(AUDIO "m=video 0 RTP/AVP 96\r\n")), OK);
	line_is(&t.to_caller, 1, "m=video 0 ");
	media_sweep(t.media);
	assert_int_equal(media_realm_used(t.in), 2); /* not before it is agreed */
	assert_int_equal(answers(SIDE_CALLER, lines(AUDIO "m=video 0 RTP/AVP 96\r\n")), OK);
	line_is(&t.to_callee, 1, "m=video 0 ");
	offer_settle(t.offer);
	assert_int_equal(port_of(&t.to_callee, 0), first);
	ports_are(t.in, 1);
	ports_are(t.out, 1);
	/* Fewer lines than there were is no offer at all. */
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO)), ERR_REFUSED);
	assert_int_equal(t.problem.status, 488);
	assert_false(offer_is_open(t.offer));
	/* The slot again, and one more behind it, which the answer does not take. */
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO VIDEO VIDEO)), OK);
	ports_are(t.in, 3);
	assert_int_equal(port_of(&t.to_callee, 0), first);
	line_is(&t.to_callee, 2, "m=video 29");
	assert_int_equal(answers(SIDE_CALLEE, lines(AUDIO VIDEO "m=video 0 RTP/AVP 96\r\n")), OK);
	line_is(&t.to_caller, 1, "m=video 28");
	line_is(&t.to_caller, 2, "m=video 0 ");
	offer_settle(t.offer);
	ports_are(t.in, 2);
	assert_int_equal(anchor_nstreams(offer_anchor(t.offer)), 4);
	/* All of it away: agreed, too. */
	assert_int_equal(again(SIDE_CALLER, lines("m=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\n"
	                                          "m=video 0 RTP/AVP 96\r\n")),
	                 OK);
	assert_int_equal(answers(SIDE_CALLEE, lines("m=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP 96"
	                                            "\r\nm=video 0 RTP/AVP 96\r\n")),
	                 OK);
	offer_settle(t.offer);
	ports_are(t.in, 0);
	ports_are(t.out, 0);
}

/* RFC 3261 14.1: what failed has not been. */
static void test_dropped_exchange(void **state)
{
	struct udp moved = udp_open_at(HOST);
	struct addr in, out;
	uint8_t ours[KEY_LEN];
	char offer[1024], answer[1024], more[2048];

	(void)state;
	snprintf(offer, sizeof(offer), "%s", audio(&t.caller, "RTP/AVP", ""));
	snprintf(answer, sizeof(answer), "%s", audio(&t.callee, "RTP/SAVP", CRYPTO KEY_B "\r\n"));
	stand(SRTP_REQUIRED, offer, answer);
	in = door_of(&t.to_caller, 0);
	out = door_of(&t.to_callee, 0);
	key_of(&t.to_callee, ours);
	crosses(&t.caller, &in, NULL, &t.callee, ours, 1);
	crosses(&t.callee, &out, key_b, &t.caller, NULL, 1);
	/* The caller moves and wants video: the callee will not have it. */
	snprintf(more, sizeof(more), "%sm=video 4002 RTP/AVP 96\r\n", audio(&moved, "RTP/AVP", ""));
	assert_int_equal(again(SIDE_CALLER, more), OK);
	ports_are(t.out, 2);
	assert_int_equal(again(SIDE_CALLEE, answer), ERR_NOT_NOW);
	assert_int_equal(t.problem.status, 491);
	crosses(&t.callee, &out, key_b, &t.caller, NULL, 2); /* not yet */
	offer_drop(t.offer);
	ports_are(t.out, 1);
	crosses(&t.caller, &in, NULL, &t.callee, ours, 3);
	crosses(&t.callee, &out, key_b, &t.caller, NULL, 3);
	/* It was answered already, in a provisional answer, when it failed (RFC 6141 3.4). */
	assert_int_equal(again(SIDE_CALLER, audio(&moved, "RTP/AVP", "")), OK);
	assert_int_equal(answers(SIDE_CALLEE, answer), OK);
	crosses(&moved, &in, NULL, &t.callee, ours, 4);
	crosses(&t.callee, &out, key_b, &moved, NULL, 4);
	offer_drop(t.offer);
	crosses(&t.caller, &in, NULL, &t.callee, ours, 5);
	crosses(&t.callee, &out, key_b, &t.caller, NULL, 5);
	/* It comes to nothing without an offer, and with a bad one. */
	assert_int_equal(answers(SIDE_CALLEE, answer), ERR_NOT_NOW);
	assert_int_equal(again(SIDE_CALLER, lines("m=audio 4000 RTP/SAVP 0\r\n")), ERR_REFUSED);
	assert_int_equal(again(SIDE_CALLER, "hello"), ERR_SYNTAX);
	assert_int_equal(t.problem.status, 400);
	offer_drop(t.offer);
	crosses(&t.callee, &out, key_b, &t.caller, NULL, 6);
	udp_close(&moved);
}

/* A change that both agree on: the caller moves, the callee has a new key. */
static void test_agreed_change(void **state)
{
	struct udp moved = udp_open_at(HOST);
	struct addr in, out;
	uint8_t ours[KEY_LEN], still[KEY_LEN];

	(void)state;
	stand(SRTP_REQUIRED, audio(&t.caller, "RTP/AVP", ""), lines(AUDIO_CRYPT));
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "a=inactive\r\n")), OK);
	assert_int_equal(
	    answers(SIDE_CALLEE, audio(&t.callee, "RTP/SAVP", CRYPTO KEY_B "\r\na=inactive\r\n")),
	    OK);
	assert_non_null(strstr(t.to_caller.data, "a=inactive\r\n"));
	offer_settle(t.offer);
	in = door_of(&t.to_caller, 0);
	out = door_of(&t.to_callee, 0);
	key_of(&t.to_callee, ours);
	crosses(&t.callee, &out, key_b, &t.caller, NULL, 1);
	assert_int_equal(again(SIDE_CALLEE, audio(&t.callee, "RTP/SAVP", CRYPTO KEY_A "\r\n")), OK);
	assert_int_equal(answers(SIDE_CALLER, audio(&moved, "RTP/AVP", "")), OK);
	key_of(&t.to_callee, still);
	assert_memory_equal(still, ours, KEY_LEN);
	offer_settle(t.offer);
	crosses(&t.callee, &out, key_a, &moved, NULL, 2);
	crosses(&moved, &in, NULL, &t.callee, ours, 3);
	udp_close(&moved);
}

/* Answers of several forks: the newest counts, and what one did not take another one may. */
static void test_forks(void **state)
{
	struct udp fork = udp_open_at(HOST);
	struct addr in, out;
	char two[1024];

	(void)state;
	assert_int_equal(try_offer(SRTP_OFF, SRTP_OFF,
	                           lines("m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\n")),
	                 OK);
	assert_int_equal(answers(SIDE_CALLEE, lines("m=audio 4000 RTP/AVP 0\r\nm=audio 0 RTP/AVP 0"
	                                            "\r\n")),
	                 OK);
	line_is(&t.to_caller, 1, "m=audio 0 ");
	snprintf(two, sizeof(two), "%sm=audio %u RTP/AVP 0\r\n", lines("m=audio 0 RTP/AVP 0\r\n"),
	         addr_port(&fork.addr));
	assert_int_equal(answers(SIDE_CALLEE, two), OK);
	line_is(&t.to_caller, 0, "m=audio 0 ");
	in = door_of(&t.to_caller, 1);
	out = door_of(&t.to_callee, 1);
	offer_settle(t.offer);
	ports_are(t.in, 1);
	crosses(&t.caller, &in, NULL, &fork, NULL, 1);
	crosses(&fork, &out, NULL, &t.caller, NULL, 2);
	udp_close(&fork);
}

/* The next target has nothing of the one before: no port, no key, no packet. The caller's door is
 * the same one. */
static void test_next_target(void **state)
{
	const struct offer_side side = { .media = t.out,
		                         .shown = t.out_shown,
		                         .srtp = SRTP_REQUIRED };
	const struct offer_side inside = { .media = t.in, .shown = t.in_shown, .srtp = SRTP_OFF };
	struct udp next = udp_open_at(HOST);
	struct addr in, out, before;
	uint8_t first[KEY_LEN], second[KEY_LEN];
	char offer[1024];

	(void)state;
	snprintf(offer, sizeof(offer), "%s", audio(&t.caller, "RTP/AVP", ""));
	assert_int_equal(try_offer(SRTP_OFF, SRTP_REQUIRED, offer), OK);
	key_of(&t.to_callee, first);
	before = door_of(&t.to_callee, 0);
	assert_int_equal(answers(SIDE_CALLEE, audio(&t.callee, "RTP/SAVP", CRYPTO KEY_B "\r\n")),
	                 OK);
	in = door_of(&t.to_caller, 0);
	crosses(&t.callee, &before, key_b, &t.caller, NULL, 1);
	assert_int_equal(offer_replace(t.offer, SIDE_CALLEE, &side), OK);
	assert_int_equal(again(SIDE_CALLER, offer), OK);
	key_of(&t.to_callee, second);
	assert_memory_not_equal(first, second, KEY_LEN);
	assert_int_not_equal(addr_port(&before), port_of(&t.to_callee, 0));
	/* And one in another realm, without SRTP. */
	assert_int_equal(offer_replace(t.offer, SIDE_CALLEE, &inside), OK);
	assert_int_equal(again(SIDE_CALLER, offer), OK);
	assert_non_null(strstr(line_at(&t.to_callee, 0), " RTP/AVP 0\r\n"));
	out = door_of(&t.to_callee, 0);
	assert_in_range(addr_port(&out), 28000, 28999);
	assert_int_equal(answers(SIDE_CALLEE, audio(&next, "RTP/AVP", "")), OK);
	assert_int_equal(port_of(&t.to_caller, 0), addr_port(&in));
	offer_settle(t.offer);
	crosses(&next, &out, NULL, &t.caller, NULL, 2);
	crosses(&t.caller, &in, NULL, &next, NULL, 3);
	ports_are(t.out, 0);
	udp_close(&next);
}

/* A transfer: the callee becomes another one, who is offered what the caller has, and whose answer
 * is offered to the caller. The new one knows nothing of lines that were left before it came. */
static void test_transfer(void **state)
{
	const struct offer_side side = { .media = t.out,
		                         .shown = t.out_shown,
		                         .srtp = SRTP_REQUIRED };
	struct udp next = udp_open_at(HOST);
	struct addr in, out;
	uint8_t ours[KEY_LEN];
	char offer[2048], answer[2048];

	(void)state;
	snprintf(offer, sizeof(offer), "%sm=video 0 RTP/AVP 96\r\n",
	         audio(&t.caller, "RTP/AVP", ""));
	stand(SRTP_OFF, offer, lines(AUDIO "m=video 0 RTP/AVP 96\r\n"));
	assert_int_equal(offer_replace(t.offer, SIDE_CALLEE, &side), OK);
	assert_int_equal(offer_invent(t.offer, SIDE_CALLEE, text_for(SIDE_CALLEE), &t.problem), OK);
	line_is(&t.to_callee, 0, "m=audio 29");
	line_is(&t.to_callee, 1, "m=video 0 ");
	out = door_of(&t.to_callee, 0);
	key_of(&t.to_callee, ours);
	snprintf(answer, sizeof(answer), "%sm=video 0 RTP/SAVP 96\r\n",
	         audio(&next, "RTP/SAVP", CRYPTO KEY_B "\r\n"));
	assert_int_equal(again(SIDE_CALLER, offer), ERR_NOT_NOW);
	assert_int_equal(answers(SIDE_CALLEE, answer), OK);
	assert_int_equal(t.to_caller.len, 0);
	offer_settle(t.offer);
	assert_int_equal(again(SIDE_CALLEE, answer), OK);
	line_is(&t.to_caller, 0, "m=audio 28");
	in = door_of(&t.to_caller, 0);
	assert_int_equal(answers(SIDE_CALLER, offer), OK);
	offer_settle(t.offer);
	crosses(&t.caller, &in, NULL, &next, ours, 1);
	crosses(&next, &out, key_b, &t.caller, NULL, 2);
	udp_close(&next);
}

/* The one who comes in for another offers himself, with fewer lines than the other side knows. */
static void test_newcomer_offers(void **state)
{
	const struct offer_side side = { .media = t.out, .shown = t.out_shown, .srtp = SRTP_OFF };

	(void)state;
	stand(SRTP_OFF, lines(AUDIO VIDEO), lines(AUDIO VIDEO));
	assert_int_equal(offer_replace(t.offer, SIDE_CALLEE, &side), OK);
	assert_int_equal(again(SIDE_CALLEE, lines(AUDIO)), OK);
	line_is(&t.to_caller, 0, "m=audio 28");
	line_is(&t.to_caller, 1, "m=audio 0 RTP/AVP 0\r\n");
	assert_int_equal(answers(SIDE_CALLER, lines(AUDIO "m=audio 0 RTP/AVP 0\r\n")), OK);
	line_is(&t.to_callee, 0, "m=audio 29");
	assert_null(strstr(strstr(t.to_callee.data, "m=") + 1, "m="));
	offer_settle(t.offer);
	ports_are(t.in, 1);
	/* From the other side it has all lines again, and then they are known there, too. */
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO VIDEO)), OK);
	line_is(&t.to_callee, 1, "m=video 29");
	assert_int_equal(answers(SIDE_CALLEE, lines(AUDIO "m=video 0 RTP/AVP 96\r\n")), OK);
	offer_settle(t.offer);
	assert_int_equal(again(SIDE_CALLEE, lines(AUDIO)), ERR_REFUSED);
	/* An offer of his that is under way goes with him. */
	assert_int_equal(again(SIDE_CALLEE, lines(AUDIO VIDEO)), OK);
	assert_int_equal(offer_replace(t.offer, SIDE_CALLEE, &side), OK);
	assert_false(offer_is_open(t.offer));
}

/* A call without an offer to a side that wants one: ours asks for audio; what comes back is the
 * offer to who called, whose answer is in its ACK. */
static void test_invented_offer(void **state)
{
	const struct offer_cfg cfg = { .id = "7f3a",
		                       .media = t.media,
		                       .sides = { side_in(SRTP_OFF), side_out(SRTP_REQUIRED) } };
	struct addr in, out;
	uint8_t ours[KEY_LEN];
	char answer[1024];

	(void)state;
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
	assert_int_equal(offer_invent(t.offer, SIDE_CALLEE, text_for(SIDE_CALLEE), &t.problem), OK);
	assert_non_null(strstr(line_at(&t.to_callee, 0), " RTP/SAVP 8 0 101\r\n"));
	assert_null(strstr(t.to_callee.data, "0.0.0.0"));
	out = door_of(&t.to_callee, 0);
	key_of(&t.to_callee, ours);
	snprintf(answer, sizeof(answer), "%s", audio(&t.callee, "RTP/SAVP", CRYPTO KEY_B "\r\n"));
	assert_int_equal(answers(SIDE_CALLEE, answer), OK);
	assert_int_equal(t.to_caller.len, 0);
	offer_settle(t.offer);
	assert_int_equal(again(SIDE_CALLEE, answer), OK);
	in = door_of(&t.to_caller, 0);
	assert_int_equal(answers(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	offer_settle(t.offer);
	crosses(&t.caller, &in, NULL, &t.callee, ours, 1);
	crosses(&t.callee, &out, key_b, &t.caller, NULL, 2);
}

/* Behind the primers, which are of other lengths. */
static void gets_report(const struct udp *u, uint8_t *packet, struct addr *from)
{
	while (udp_recv(u, packet, ROOM, from) != TEST_RTCP_LEN)
		;
}

/* RFC 5761: each side for itself, and only what was offered. RFC 3605 tells the odd port. */
static void test_rtcp_mux(void **state)
{
	struct udp rtcp = udp_open_at(HOST);
	struct addr in, out, below;
	uint8_t packet[ROOM];
	char text[32];

	(void)state;
	assert_int_equal(
	    try_offer(SRTP_OFF, SRTP_OFF, audio(&t.caller, "RTP/AVP", "a=rtcp-mux\r\n")), OK);
	assert_non_null(strstr(t.to_callee.data, "a=rtcp-mux\r\n"));
	snprintf(text, sizeof(text), "a=rtcp:%u\r\n", addr_port(&rtcp.addr));
	assert_int_equal(answers(SIDE_CALLEE, audio(&t.callee, "RTP/AVP", text)), OK);
	assert_non_null(strstr(t.to_caller.data, "a=rtcp-mux\r\n"));
	assert_null(strstr(t.to_caller.data, "a=rtcp:"));
	offer_settle(t.offer);
	in = door_of(&t.to_caller, 0);
	out = door_of(&t.to_callee, 0);
	udp_send(&t.caller, &in, packet, make_rtcp(packet, SSRC));
	gets_report(&rtcp, packet, &below);
	assert_int_equal(addr_port(&below), addr_port(&out) + 1);
	udp_send(&rtcp, &below, packet, make_rtcp(packet, SSRC));
	gets_report(&t.caller, packet, &below);
	assert_int_equal(addr_port(&below), addr_port(&in));
	/* The callee takes what it was not offered: no. */
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	assert_null(strstr(t.to_callee.data, "a=rtcp-mux"));
	snprintf(text, sizeof(text), "a=rtcp:%u\r\na=rtcp-mux\r\n", addr_port(&rtcp.addr));
	assert_int_equal(answers(SIDE_CALLEE, audio(&t.callee, "RTP/AVP", text)), OK);
	assert_null(strstr(t.to_caller.data, "a=rtcp-mux"));
	udp_send(&t.caller, &in, packet, make_rtcp(packet, SSRC));
	gets_report(&rtcp, packet, NULL);
	offer_drop(t.offer);
	udp_close(&rtcp);
}

/* RFC 3264 6: the answer has the offer's profile, whatever the other side said. */
static void test_profiles(void **state)
{
	(void)state;
	assert_int_equal(try_offer(SRTP_OFF, SRTP_REQUIRED,
	                           lines("m=audio 4000 RTP/AVPF 0\r\nm=video 0 RTP/AVP 96\r\n")),
	                 OK);
	line_is(&t.to_callee, 1, "m=video 0 ");
	assert_non_null(strstr(line_at(&t.to_callee, 0), " RTP/SAVPF 0\r\n"));
	assert_int_equal(answers(SIDE_CALLEE, lines(AUDIO_CRYPT "m=video 0 RTP/SAVP 96\r\n")), OK);
	assert_non_null(strstr(line_at(&t.to_caller, 0), " RTP/AVPF 0\r\n"));
	line_is(&t.to_caller, 1, "m=video 0 RTP/AVP 96\r\n");
}

static void pass(const struct udp *from, const struct addr *door, const struct udp *to,
                 const char *what)
{
	char got[ROOM];
	size_t len;

	udp_send(from, door, what, strlen(what));
	do { /* a primer, which is empty; or a report of another stream to the port below ours */
		len = udp_recv(to, got, sizeof(got), NULL);
	} while (len == 0 || rtp_is_rtcp((uint8_t *)got, len));
	assert_int_equal(len, strlen(what));
	assert_memory_equal(got, what, strlen(what));
}

/* WBX-17: screens and what controls them go through, though the trunk wants SRTP; and they are no
 * RTP. */
static void test_datagrams(void **state)
{
	struct udp stranger = udp_open_at(HOST);
	struct addr in, out;
	char offer[1024], answer[1024];

	(void)state;
	snprintf(offer, sizeof(offer),
	         HEAD AUDIO "m=application %u UDP/BFCP *\r\na=floorctrl:c-only\r\n"
	                    "m=application 4008 UDP/UDT/IX *\r\na=ixmap:0 ping\r\n"
	                    "m=image 4010 udptl t38\r\nm=application 4012 TCP/BFCP *\r\n",
	         addr_port(&t.caller.addr));
	snprintf(answer, sizeof(answer),
	         HEAD AUDIO_CRYPT
	         "m=application %u UDP/BFCP *\r\nm=application 4008 UDP/UDT/IX *\r\n"
	         "m=image 0 udptl t38\r\nm=application 0 TCP/BFCP *\r\n",
	         addr_port(&t.callee.addr));
	stand(SRTP_REQUIRED, offer, answer);
	line_is(&t.to_callee, 1, "m=application 29");
	assert_non_null(strstr(line_at(&t.to_callee, 1), " UDP/BFCP *\r\na=floorctrl:c-only\r\n"));
	line_is(&t.to_callee, 2, "m=application 29");
	assert_non_null(strstr(line_at(&t.to_callee, 2), " UDP/UDT/IX *\r\na=ixmap:0 ping\r\n"));
	line_is(&t.to_callee, 3, "m=image 0 udptl t38\r\n");
	line_is(&t.to_callee, 4, "m=application 0 TCP/BFCP *\r\n");
	in = door_of(&t.to_caller, 1);
	out = door_of(&t.to_callee, 1);
	pass(&t.caller, &in, &t.callee, "\x20 a floor request");
	pass(&t.callee, &out, &t.caller, "\x80");
	/* The first one is the one. */
	udp_send(&stranger, &in, "not he", 6);
	pass(&t.caller, &in, &t.callee, "he");
	udp_close(&stranger);
}

/* What a trunk's rule says goes before ours. */
static void test_plain_media(void **state)
{
	char name[] = "UDPTL", *fax[] = { name };
	struct offer_cfg cfg = { .id = "7f3a",
		                 .media = t.media,
		                 .sides = { side_in(SRTP_OFF), side_out(SRTP_REQUIRED) } };

	(void)state;
	cfg.sides[SIDE_CALLEE].plain_media = fax;
	cfg.sides[SIDE_CALLEE].nplain_media = 1;
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
	assert_int_equal(again(SIDE_CALLER, lines("m=image 4010 udptl t38\r\n"
	                                          "m=application 4012 UDP/BFCP *\r\n")),
	                 OK);
	line_is(&t.to_callee, 0, "m=image 29");
	line_is(&t.to_callee, 1, "m=application 0 UDP/BFCP *\r\n");
}

/* T.38 (D.2.3): the line turns from speech to fax and back. Until it is agreed the speech goes on.
 */
static void test_fax(void **state)
{
	struct udp near = udp_open_at(HOST), far = udp_open_at(HOST);
	struct addr in, out;
	char offer[1024], answer[1024], fax[1024];

	(void)state;
	snprintf(offer, sizeof(offer), "%s", audio(&t.caller, "RTP/AVP", ""));
	snprintf(answer, sizeof(answer), "%s", audio(&t.callee, "RTP/AVP", ""));
	stand(SRTP_OFF, offer, answer);
	in = door_of(&t.to_caller, 0);
	out = door_of(&t.to_callee, 0);
	snprintf(fax, sizeof(fax),
	         HEAD
	         "m=image %u udptl t38\r\na=T38FaxVersion:0\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n",
	         addr_port(&far.addr));
	assert_int_equal(again(SIDE_CALLEE, fax), OK);
	line_is(&t.to_caller, 0, "m=image 28");
	assert_non_null(strstr(t.to_caller.data, "a=T38FaxVersion:0\r\n"));
	assert_non_null(strstr(t.to_caller.data, "a=T38FaxUdpEC:t38UDPRedundancy\r\n"));
	crosses(&t.caller, &in, NULL, &t.callee, NULL, 1);
	/* No fax there. */
	offer_drop(t.offer);
	crosses(&t.caller, &in, NULL, &t.callee, NULL, 2);
	ports_are(t.in, 1);
	/* Speech is no answer to it. */
	assert_int_equal(again(SIDE_CALLEE, fax), OK);
	assert_int_equal(answers(SIDE_CALLER, offer), ERR_REFUSED);
	snprintf(offer, sizeof(offer), HEAD "m=image %u udptl t38\r\n", addr_port(&near.addr));
	assert_int_equal(answers(SIDE_CALLER, offer), OK);
	offer_settle(t.offer);
	ports_are(t.in, 1);
	in = door_of(&t.to_caller, 0);
	out = door_of(&t.to_callee, 0);
	pass(&near, &in, &far, "CNG");
	pass(&far, &out, &near, "CED");
	snprintf(offer, sizeof(offer), "%s", audio(&t.caller, "RTP/AVP", ""));
	assert_int_equal(again(SIDE_CALLER, offer), OK);
	assert_int_equal(answers(SIDE_CALLEE, answer), OK);
	offer_settle(t.offer);
	in = door_of(&t.to_caller, 0);
	crosses(&t.caller, &in, NULL, &t.callee, NULL, 3);
	ports_are(t.out, 1);
	udp_close(&near);
	udp_close(&far);
}

/* What a trunk may use, in its order, both ways; digits and silence alone are no call. */
static void test_codecs(void **state)
{
	char pcma[] = "pcma", g722[] = "G722", dtmf[] = "telephone-event", cn[] = "CN",
	     *out[] = { pcma, g722, dtmf, cn }, *in[] = { g722, dtmf, pcma };
	struct offer_cfg cfg = { .id = "7f3a",
		                 .media = t.media,
		                 .sides = { side_in(SRTP_OFF), side_out(SRTP_OFF) } };
	static const char formats[] = "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
	                              "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
	                              "a=rtcp-fb:96 nack\r\na=rtcp-fb:* ccm\r\na=ptime:30\r\n";
	char text[1024];

	(void)state;
	cfg.sides[SIDE_CALLEE].codecs = (struct sdp_codecs){ out, ARRAY_LEN(out) };
	cfg.sides[SIDE_CALLEE].ptime_ms = 20;
	for (unsigned i = 0; i < 2; i++) {
		const char *proto = i ? "RTP/AVPF" : "RTP/AVP";

		offer_close(&t.offer);
		assert_int_equal(offer_new(&t.offer, &cfg), OK);
		snprintf(text, sizeof(text),
		         HEAD "m=audio 4000 %s 96 0 101 9 8\r\n%sm=video 4002 RTP/AVP 97\r\n"
		              "a=rtpmap:97 VP8/90000\r\n",
		         proto, formats);
		assert_int_equal(again(SIDE_CALLER, text), OK);
		snprintf(text, sizeof(text), " %s 8 9 101\r\n", proto);
		assert_non_null(strstr(line_at(&t.to_callee, 0), text));
		assert_non_null(strstr(t.to_callee.data, "a=rtpmap:101 telephone-event/8000\r\n"));
		assert_non_null(strstr(t.to_callee.data, "a=fmtp:101 0-15\r\n"));
		assert_non_null(strstr(t.to_callee.data, "a=rtcp-fb:* ccm\r\n"));
		assert_non_null(strstr(t.to_callee.data, "a=ptime:20\r\n"));
		assert_non_null(strstr(t.to_callee.data, "a=rtpmap:97 VP8/90000\r\n"));
		assert_null(strstr(t.to_callee.data, ":96 "));
		assert_null(strstr(t.to_callee.data, "ptime:30"));
	}
	/* One list on each side. */
	cfg.sides[SIDE_CALLER].codecs = (struct sdp_codecs){ in, ARRAY_LEN(in) };
	offer_close(&t.offer);
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
	assert_int_equal(again(SIDE_CALLEE, lines("m=audio 4000 RTP/AVP 8 0 9 13\r\n")), OK);
	assert_non_null(strstr(line_at(&t.to_caller, 0), " RTP/AVP 9 8\r\n"));
	offer_drop(t.offer);
	assert_int_equal(again(SIDE_CALLEE, lines("m=audio 4000 RTP/AVP 0 13 101\r\n"
	                                          "a=rtpmap:101 telephone-event/8000\r\n")),
	                 ERR_REFUSED);
	assert_non_null(strstr(t.problem.why, "codecs"));
	/* Each side has one, but not the same. */
	cfg.sides[SIDE_CALLER].codecs = (struct sdp_codecs){ in, 2 };
	cfg.sides[SIDE_CALLEE].codecs = (struct sdp_codecs){ &in[1], 2 };
	offer_close(&t.offer);
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
	assert_int_equal(again(SIDE_CALLEE, lines("m=audio 4000 RTP/AVP 8 9 101\r\n"
	                                          "a=rtpmap:101 telephone-event/8000\r\n")),
	                 ERR_REFUSED);
	assert_int_equal(again(SIDE_CALLEE, lines("m=video 4002 RTP/AVP 97\r\n"
	                                          "a=rtpmap:97 VP8/90000\r\n")),
	                 OK);
}

static void live_starved(void *arg)
{
	const struct offer_side side = { .media = t.out,
		                         .shown = t.out_shown,
		                         .srtp = SRTP_REQUIRED };
	enum err err = try_offer(SRTP_OFF, SRTP_REQUIRED, lines(AUDIO VIDEO));

	(void)arg;
	if (!err)
		err = answers(SIDE_CALLEE, lines(AUDIO_CRYPT "m=video 0 RTP/SAVP 96\r\n"));
	if (!err) {
		offer_settle(t.offer);
		err =
		    again(SIDE_CALLEE, lines(AUDIO_CRYPT "m=video 0 RTP/SAVP 96\r\n" AUDIO_CRYPT));
	}
	if (!err)
		err = answers(SIDE_CALLER, lines(AUDIO VIDEO AUDIO));
	if (!err) {
		offer_drop(t.offer);
		err = offer_replace(t.offer, SIDE_CALLEE, &side);
	}
	if (!err)
		err = offer_invent(t.offer, SIDE_CALLEE, text_for(SIDE_CALLEE), &t.problem);
	if (err)
		assert_true(mem_has_failed());
	offer_close(&t.offer);
	text_for(SIDE_CALLER);
	text_for(SIDE_CALLEE);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(live_starved, NULL) >= 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(versions),         TEST(unheard),       TEST(lines_come_and_go),
		TEST(dropped_exchange), TEST(agreed_change), TEST(forks),
		TEST(next_target),      TEST(transfer),      TEST(newcomer_offers),
		TEST(invented_offer),   TEST(rtcp_mux),      TEST(profiles),
		TEST(datagrams),        TEST(plain_media),   TEST(fax),
		TEST(codecs),           TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
