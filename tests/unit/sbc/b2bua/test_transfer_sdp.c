/* sbc/b2bua/transfer_sdp.c: nobody is on hold. */
#include "sbc/b2bua/transfer_sdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void check(const char *in, const char *out)
{
	struct buf b;

	buf_init(&b, 1000);
	transfer_sdp_live(in, &b);
	assert_int_equal(buf_err(&b), OK);
	assert_string_equal(b.data, out);
	buf_free(&b);
}

static void test_live(void **state)
{
	(void)state;
	check("v=0\r\na=sendonly\r\nm=audio\r\na=recvonly\r\nm=video\r\na=inactive",
	      "v=0\r\na=sendrecv\r\nm=audio\r\na=sendrecv\r\nm=video\r\na=sendrecv");
	check("a=sendonlyish\na=sendrecv\n", "a=sendonlyish\na=sendrecv\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_live) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
