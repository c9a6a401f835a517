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

#define HEAD "OPTIONS sip:a SIP/2.0\r\n"

static void check(const char *text, enum frame_kind kind, size_t len)
{
	struct frame f = frame_next(text, strlen(text));

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
		                           HEAD "Content-Length: 65536\r\n\r\n",
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
	static char big[FRAME_HEAD_MAX + 100];

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	check(big, FRAME_BAD, 0);
	big[FRAME_HEAD_MAX] = '\0';
	check(big, FRAME_MORE, 0);
	memcpy(big + FRAME_HEAD_MAX - 8, "\r\n\r\n", 5);
	check(big, FRAME_BAD, 0); /* no Content-Length */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_whole),
		                            cmocka_unit_test(test_bad),
		                            cmocka_unit_test(test_between),
		                            cmocka_unit_test(test_limits) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
