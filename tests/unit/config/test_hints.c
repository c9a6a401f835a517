/* config/hints.c */
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static char file[] = "t.yaml";

static void check(const struct config_route *route, const char *wanted)
{
	struct config_route routes[] = { *route };
	const struct config cfg = { .file = file, .routes = routes, .nroutes = 1 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	config_print_hints(&cfg, out);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

static void test_caller(void **state)
{
	static struct config_pattern pattern;
	static struct config_party phone = { .kind = PARTY_PHONE }, trunk = { .kind = PARTY_TRUNK };
	struct config_route route = { .line = 7, .to = &trunk, .nto = 1 };

	(void)state;
	check(&route, "");
	route.caller = &pattern;
	route.ncaller = 1;
	check(&route,
	      "t.yaml:7: hint: route 1 sorts calls by a number that whoever calls can write as "
	      "he likes; its from: alone says who may make them\n");
	route.to = &phone;
	check(&route, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_caller) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
