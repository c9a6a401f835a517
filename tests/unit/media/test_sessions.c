/* media/sessions.c: keys that follow each other, and come back. */
#include "media/sessions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/alloc.h"
#include "tests/unit/media/udp.h"

#define ROOM  (RTP_PACKET_MAX + SRTP_TRAILER_MAX)
#define SSRC  0x1234abcd
#define SHA1  SRTP_AES_CM_128_HMAC_SHA1_80
#define START 1000 /* ms */

/* Both halves of one direction, and a peer's session for each key. */
static struct {
	struct session_keys keys;
	struct sessions s;
	bool outbound;
} t;

static int begin(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	session_keys_init(&t.keys);
	return 0;
}

static int end(void **state)
{
	(void)state;
	sessions_free(t.s.all);
	return 0;
}

static enum err use(enum srtp_suite suite, const struct srtp_key *key, uint64_t now_ms)
{
	struct sessions_change c = { 0 };
	enum err err = session_keys_use(&t.keys, suite, key, t.outbound, &c);

	if (!err)
		sessions_apply(&t.s, &c, now_ms);
	sessions_free(c.all);
	return err;
}

static struct srtp_key key_of(uint8_t octet)
{
	struct srtp_key key = { 0 };

	memset(key.bytes, octet, sizeof(key.bytes));
	return key;
}

static struct srtp_session *session_of(enum srtp_suite suite, const struct srtp_key *key, bool out)
{
	struct srtp_session *s = NULL;

	assert_int_equal(srtp_session_new(&s, suite, key, out), OK);
	return s;
}

static enum err takes(struct srtp_session *from, uint16_t seq, uint64_t now_ms)
{
	uint8_t packet[ROOM], plain[ROOM];
	size_t len = make_rtp(plain, SSRC, seq);
	enum err err;

	memcpy(packet, plain, len);
	assert_int_equal(srtp_session_protect(from, packet, &len, sizeof(packet), false), OK);
	err = sessions_unprotect(&t.s, packet, &len, false, now_ms);
	if (!err) {
		assert_int_equal(len, TEST_RTP_LEN);
		assert_memory_equal(packet, plain, len);
	}
	return err;
}

/* From each suite to each other one: in disorder around the change nothing is lost, and the old key
 * is good for as long as it may be late, not for ever. */
static void test_no_packet_is_lost(void **state)
{
	static const enum srtp_suite suites[] = { SHA1, SRTP_AES_CM_128_HMAC_SHA1_32, SRTP_GCM_128,
		                                  SRTP_GCM_256 };
	const struct srtp_key a = key_of('a'), b = key_of('b');

	for (unsigned i = 0; i < ARRAY_LEN(suites); i++) {
		for (unsigned j = 0; j < ARRAY_LEN(suites); j++) {
			struct srtp_session *old = session_of(suites[i], &a, true),
			                    *new = session_of(suites[j], &b, true);
			uint64_t now = START;

			begin(state);
			assert_int_equal(use(suites[i], &a, now), OK);
			assert_int_equal(takes(old, 1, now), OK);
			assert_int_equal(takes(new, 9, now) != OK, true);
			assert_int_equal(use(suites[j], &b, now), OK);
			assert_int_equal(takes(old, 3, now + SESSION_WAIT_MS - 1), OK);
			now += SESSION_WAIT_MS - 1;
			assert_int_equal(takes(new, 5, now - 20), OK);
			assert_int_equal(takes(old, 2, now), OK);
			assert_int_equal(takes(new, 4, now), OK);
			assert_int_equal(takes(old, 6, now), OK);
			end(state);
			srtp_session_free(&old);
			srtp_session_free(&new);
		}
	}
}

/* RFC 3711 3.3.1: a counter that goes on under the new key, while the old one's late packets come.
 */
static void test_counter_goes_on(void **state)
{
	const struct srtp_key first = key_of(1), second = key_of(2);
	struct srtp_session *a = session_of(SHA1, &first, true),
	                    *b = session_of(SHA1, &second, true);
	uint8_t packet[ROOM];

	(void)state;
	assert_int_equal(use(SHA1, &first, START), OK);
	for (unsigned i = 0; i < 6; i++) {
		size_t len = make_rtp(packet, SSRC, (uint16_t)(i * 30000));

		assert_int_equal(takes(a, (uint16_t)(i * 30000), START), OK);
		assert_int_equal(srtp_session_protect(b, packet, &len, sizeof(packet), false), OK);
	}
	assert_int_equal(use(SHA1, &second, START), OK);
	assert_int_equal(takes(b, 20000, START), ERR_AUTH);
	assert_int_equal(takes(a, 19999, START), OK);
	assert_int_equal(takes(b, 20001, START), OK);
	assert_int_equal(takes(a, 19998, START), OK);
	assert_int_equal(takes(b, 20003, START), OK);
	srtp_session_free(&a);
	srtp_session_free(&b);
}

static void test_old_key_ends(void **state)
{
	const struct srtp_key a = key_of('a'), b = key_of('b');
	struct srtp_session *old = session_of(SHA1, &a, true), *new = session_of(SHA1, &b, true);

	assert_int_equal(use(SHA1, &a, START), OK);
	assert_int_equal(use(SHA1, &b, START), OK);
	assert_int_equal(takes(new, 1, START + 500), OK);
	assert_int_equal(takes(new, 2, START + 1500), OK);
	assert_int_equal(takes(old, 3, START + 499 + SESSION_LATE_MS), OK);
	assert_int_equal(takes(old, 4, START + 500 + SESSION_LATE_MS), ERR_AUTH);
	assert_int_equal(takes(new, 5, START + 501 + SESSION_LATE_MS), OK);
	/* Nothing ever came under the new one. */
	end(state);
	begin(state);
	assert_int_equal(use(SHA1, &a, START), OK);
	assert_int_equal(use(SHA1, &b, START), OK);
	assert_int_equal(takes(old, 6, START + SESSION_WAIT_MS), ERR_AUTH);
	/* What is wrong under both is wrong, and says it as under the new one. */
	assert_int_equal(use(SHA1, &a, START), OK);
	srtp_session_free(&old);
	old = session_of(SHA1, &(struct srtp_key){ 0 }, true);
	assert_int_equal(takes(old, 7, START), ERR_AUTH);
	srtp_session_free(&old);
	srtp_session_free(&new);
}

/* RFC 3711 9.1: a key that serves again goes on where it was, so that no key stream comes twice. */
static void test_serves_again(void **state)
{
	const struct srtp_key a = key_of('a'), b = key_of('b');
	uint8_t first[ROOM], again[ROOM];
	size_t len = make_rtcp(first, SSRC), again_len = make_rtcp(again, SSRC);

	(void)state;
	t.outbound = true;
	assert_int_equal(use(SHA1, &a, START), OK);
	assert_int_equal(srtp_session_protect(t.s.now, first, &len, ROOM, true), OK);
	session_keys_settle(&t.keys);
	assert_int_equal(use(SHA1, &b, START), OK);
	assert_int_equal(use(SHA1, &a, START), OK);
	assert_int_equal(srtp_session_protect(t.s.now, again, &again_len, ROOM, true), OK);
	assert_int_equal(len, again_len);
	/* the SRTCP index, before the tag of 10 octets */
	assert_int_equal(first[len - 11] + 1, again[len - 11]);
	/* Plain in between: it is still there. */
	assert_int_equal(use(SRTP_NONE, &a, START), OK);
	assert_null(t.s.now);
	assert_int_equal(use(SHA1, &a, START), OK);
	again_len = make_rtcp(again, SSRC);
	assert_int_equal(srtp_session_protect(t.s.now, again, &again_len, ROOM, true), OK);
	assert_int_equal(first[len - 11] + 2, again[len - 11]);
}

/* Ours is never forgotten while it may come again; the peer's is, rather than the call fails. */
static void test_too_many(void **state)
{
	struct srtp_key keys[8];

	for (unsigned i = 0; i < ARRAY_LEN(keys); i++)
		keys[i] = key_of((uint8_t)('a' + i));
	for (unsigned out = 0; out < 2; out++) {
		begin(state);
		t.outbound = out;
		assert_int_equal(use(SHA1, &keys[0], START), OK);
		session_keys_settle(&t.keys);
		for (unsigned i = 1; i < SESSIONS_MAX; i++)
			assert_int_equal(use(SHA1, &keys[i], START), OK);
		assert_int_equal(use(SHA1, &keys[6], START), out ? ERR_LIMIT : OK);
		assert_int_equal(use(SHA1, &keys[7], START), out ? ERR_LIMIT : OK);
		/* What was agreed on is there in any case. */
		assert_int_equal(use(SHA1, &keys[0], START), OK);
		session_keys_settle(&t.keys);
		for (unsigned i = 1; i < SESSIONS_MAX; i++)
			assert_int_equal(use(SHA1, &keys[i + 3], START), OK);
		end(state);
	}
	begin(state);
}

static void test_renew(void **state)
{
	const struct srtp_key a = key_of('a'), b = key_of('b');
	struct sessions_change c = { 0 };

	(void)state;
	assert_int_equal(use(SHA1, &a, START), OK);
	assert_int_equal(use(SHA1, &b, START), OK);
	sessions_renew(&t.s, &c);
	assert_null(t.s.now);
	assert_null(t.s.before);
	for (unsigned i = 0; i < SESSIONS_MAX; i++)
		assert_null(t.s.all[i]);
	assert_non_null(c.all[0]);
	assert_non_null(c.all[1]);
	sessions_free(c.all);
}

static void starved(void *arg)
{
	const struct srtp_key a = key_of('a'), b = key_of('b');
	enum err err = use(SHA1, &a, START);

	(void)arg;
	if (!err)
		err = use(SHA1, &b, START);
	if (err) {
		assert_true(mem_has_failed());
		assert_true(t.keys.slots[1].suite == SRTP_NONE);
	}
	end(NULL);
	begin(NULL);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(starved, NULL) >= 2);
}

static int begin_all(void **state)
{
	(void)state;
	return srtp_library_open() == OK ? 0 : -1;
}

static int end_all(void **state)
{
	(void)state;
	srtp_library_close();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_packet_is_lost), TEST(counter_goes_on), TEST(old_key_ends),
		TEST(serves_again),      TEST(too_many),        TEST(renew),
		TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
