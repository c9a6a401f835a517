/* base/err.c */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_explain(void **state)
{
	char why[16] = "as it was";

	(void)state;
	assert_int_equal(err_explain(OK, "SIP", why, sizeof(why)), OK);
	assert_string_equal(why, "as it was");
	assert_int_equal(err_explain(ERR_REFUSED, "SIP", why, sizeof(why)), ERR_REFUSED);
	assert_string_equal(why, "SIP: refused");
	assert_int_equal(err_explain(ERR_IO, "SIP", why, sizeof(why)), ERR_IO);
	assert_string_equal(why, "SIP: input/outp");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_explain) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
