/* config/outer.c */
#include "config/outer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"

static void what_is_one(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned port;
	} cases[] = {
		{ "media.example.com", "media.example.com", 0 },
		{ "stun:stun.example.com", "stun.example.com", 3478 },
		{ "stun:stun.example.com:19302", "stun.example.com", 19302 },
		{ "stun:192.0.2.1", "192.0.2.1", 3478 },
		{ "stun:192.0.2.1:1", "192.0.2.1", 1 },
		{ "stun:[2001:db8::1]", "[2001:db8::1]", 3478 },
		{ "stun:[2001:db8::1]:65535", "[2001:db8::1]", 65535 },
	};
	struct config_outer o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(outer_read(&o, cases[i].text));
		assert_string_equal(o.host, cases[i].host);
		assert_int_equal(o.port, cases[i].port);
	}
}

static void what_is_none(void **state)
{
	static const char *const cases[] = {
		"",          "192.0.2.1",        "stun:",          "stun:a.b:",
		"stun:a:0",  "stun:a:65536",     "stun:a:1x",      "stun:a: 1",
		"stun:a:-1", "stun:2001:db8::1", "stun:[2001:db8", "stun:[2001:db8::1]3478",
		"stun:-a",   "stun:0.0.0.0",     "stun:stun:a",    "stuns:a.example",
	};
	struct config_outer o = { .port = 7 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_false(outer_read(&o, cases[i]));
	assert_int_equal(o.port, 7); /* written on success only */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_one),
		cmocka_unit_test(what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
