/* sbc/sip/frame.c */
#include "sbc/sip/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "sbc/sip/message.h"

#define HEAD_MAX 16384

static const struct frame_limits limits = { HEAD_MAX, 65536 };

#define HEAD "OPTIONS sip:a SIP/2.0\r\n"

static struct frame next(const char *text, struct frame_limits most)
{
	struct frame_part part = { 0 };

	return frame_next(text, strlen(text), most, &part);
}

static void check(const char *text, enum frame_kind kind, size_t len)
{
	struct frame f = next(text, limits);

	if (f.kind != kind || f.len != len)
		fail_msg("%s: kind %d length %zu %s", text, (int)f.kind, f.len, f.why ? f.why : "");
	assert_true((f.kind == FRAME_BAD) == (f.why != NULL));
}

static void test_whole(void **state)
{
	const char *m = HEAD "Content-Length: 3\r\n\r\nabc";

	(void)state;
	check(m, FRAME_MESSAGE, strlen(m));
	check(HEAD "Content-Length: 3\r\n\r\nabcOPTIONS", FRAME_MESSAGE, strlen(m));
	check(HEAD "Content-Length: 3\r\n\r\nab", FRAME_MORE, 0);
	check(HEAD "Content-Length: 3\r\n", FRAME_MORE, 0);
	check("", FRAME_MORE, 0);
	check(HEAD "l: 0\r\n\r\n", FRAME_MESSAGE, strlen(HEAD "l: 0\r\n\r\n"));
	check(HEAD "L \t:\t 0 \r\n\r\n", FRAME_MESSAGE, strlen(HEAD "L \t:\t 0 \r\n\r\n"));
	check(HEAD "content-length: 00\r\n\r\n", FRAME_MESSAGE,
	      strlen(HEAD "content-length: 00\r\n\r\n"));
	check(HEAD "l: 0\r\nContent-Length: 0\r\n\r\n", FRAME_MESSAGE,
	      strlen(HEAD "l: 0\r\nContent-Length: 0\r\n\r\n"));
}

/* RFC 3261 18.3; a stream that lies cannot be read on. */
static void test_bad(void **state)
{
	static const char *const bad[] = { HEAD "\r\n",
		                           HEAD "Content-Length:\r\n\r\n",
		                           HEAD "Content-Length: -1\r\n\r\n",
		                           HEAD "Content-Length: 3x\r\n\r\n",
		                           HEAD "Content-Length: 3 4\r\n\r\n",
		                           HEAD "Content-Length: 99999999999999999999\r\n\r\n",
		                           HEAD "Content-Length: 65537\r\n\r\n",
		                           HEAD "Content-Length: 3\r\nl: 4\r\n\r\n",
		                           HEAD "X-Content-Length: 3\r\n\r\n",
		                           "\n\r\n",
		                           "\rx" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		check(bad[i], FRAME_BAD, 0);
}

static void test_between(void **state)
{
	(void)state;
	check("\r\n\r\n", FRAME_PING, 4);
	check("\r\n\r\nOPTIONS", FRAME_PING, 4);
	check("\r\n", FRAME_SKIP, 2);
	check("\r\nOPTIONS", FRAME_SKIP, 2);
	check("\r\n\r", FRAME_MORE, 0);
	check("\r", FRAME_MORE, 0);
}

static void test_limits(void **state)
{
	static char big[HEAD_MAX + 100];

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	check(big, FRAME_BAD, 0);
	big[HEAD_MAX] = '\0';
	check(big, FRAME_MORE, 0);
	memcpy(big + HEAD_MAX - 8, "\r\n\r\n", 5);
	check(big, FRAME_BAD, 0); /* no Content-Length */
}

/* The realm says how much; an answer is possible with the first lines. */
static void test_realm_limits(void **state)
{
	static const struct frame_limits small = { 60, 3 };
	static const char fits[] = HEAD "Content-Length: 3\r\n\r\nabc";
	static const char body[] = HEAD "Content-Length: 4\r\n\r\n";
	static const char head[] = HEAD "Subject: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n";
	struct frame f;

	(void)state;
	assert_int_equal(next(fits, small).kind, FRAME_MESSAGE);
	assert_int_equal(frame_of_datagram(fits, strlen(fits), small).kind, FRAME_MESSAGE);
	f = next(body, small);
	assert_int_equal(f.kind, FRAME_BAD);
	assert_int_equal(f.status, 413);
	assert_int_equal(f.head, strlen(body) - 2);
	f = next(head, small);
	assert_int_equal(f.status, 513);
	assert_int_equal(f.head, strlen(HEAD));
}

/* What has been looked at is not looked at again: it may say what it likes by then. */
static void test_nothing_twice(void **state)
{
	char text[] = HEAD "Subject: a\r\nContent-Length: 10\r\n\r\n0123456789OPTIONS";
	const size_t head = strlen(text) - 17, whole = head + 10;
	struct frame_part part = { 0 };
	struct frame f;

	(void)state;
	assert_int_equal(frame_next(text, 30, limits, &part).kind, FRAME_MORE);
	memcpy(text + 10, "\r\n\r\n", 4);
	for (size_t len = 31; len < whole; len++) {
		assert_int_equal(frame_next(text, len, limits, &part).kind, FRAME_MORE);
		if (len == head)
			memset(text, 'x', head);
	}
	f = frame_next(text, strlen(text), limits, &part);
	assert_int_equal(f.kind, FRAME_MESSAGE);
	assert_int_equal(f.len, whole);
	/* The one behind it begins anew. */
	assert_int_equal(frame_next("\r\n", 2, limits, &part).kind, FRAME_SKIP);
	assert_int_equal(
	    frame_next(HEAD "l: 0\r\n\r\n", strlen(HEAD "l: 0\r\n\r\n"), limits, &part).kind,
	    FRAME_MESSAGE);
}

/* A datagram ends by itself; without an empty line it is all head. */
static void test_datagrams(void **state)
{
	static const struct frame_limits small = { 60, 3 };
	static const char body[] = HEAD "l: 3\r\n\r\nabcd", short_one[] = HEAD "l: 9\r\n\r\nabc";
	static char head[200];
	struct frame f = frame_of_datagram(body, strlen(body), small);

	(void)state;
	assert_int_equal(f.status, 413);
	assert_int_equal(f.head, strlen(HEAD "l: 3\r\n"));
	assert_int_equal(frame_of_datagram(short_one, strlen(short_one), small).kind,
	                 FRAME_MESSAGE);
	memset(head, 'a', sizeof(head));
	f = frame_of_datagram(head, 60, small);
	assert_int_equal(f.kind, FRAME_MESSAGE);
	f = frame_of_datagram(head, 61, small);
	assert_int_equal(f.kind, FRAME_BAD);
	assert_int_equal(f.status, 0);
	memcpy(head, HEAD, strlen(HEAD));
	f = frame_of_datagram(head, sizeof(head), small);
	assert_int_equal(f.status, 513);
	assert_int_equal(f.head, strlen(HEAD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),        cmocka_unit_test(test_bad),
		cmocka_unit_test(test_between),      cmocka_unit_test(test_limits),
		cmocka_unit_test(test_realm_limits), cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_nothing_twice)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
