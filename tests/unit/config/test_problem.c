/* Edit distances, suggestions, and the order of problems. */
#include "world.h"

#include "../alloc.h"
#include "config/problem.h"

static void distances(void **state)
{
	(void)state;
	assert_int_equal(edit_distance("", ""), 0);
	assert_int_equal(edit_distance("", "abc"), 3);
	assert_int_equal(edit_distance("abc", ""), 3);
	assert_int_equal(edit_distance("listen", "lisen"), 1);
	assert_int_equal(edit_distance("listen", "Listen"), 0);
	assert_int_equal(edit_distance("form", "from"), 1);
	assert_int_equal(edit_distance("kitten", "sitting"), 3);
	assert_int_equal(edit_distance("ab", "ba"), 1);
}

static void long_words_are_bounded(void **state)
{
	char a[1000], b[1000];

	(void)state;
	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	a[999] = b[999] = '\0';
	assert_int_equal(edit_distance(a, b), 64);
}

static void the_nearest_is_suggested(void **state)
{
	char hint[SUGGESTION_HINT_MAX];
	struct suggestion s;

	(void)state;
	suggestion_init(&s, "tust");
	assert_string_equal(suggestion_hint(&s, "nothing", hint), "nothing");
	suggestion_offer(&s, "domain");
	assert_string_equal(suggestion_hint(&s, "", hint), "known here: domain");
	suggestion_offer(&s, "trust");
	suggestion_offer(&s, "tusk7");
	assert_string_equal(suggestion_hint(&s, "", hint), "did you mean 'trust'?");
	suggestion_init(&s, "x");
	for (unsigned i = 0; i < 100; i++)
		suggestion_offer(&s, "something");
	assert_true(strlen(s.known) < sizeof(s.known));
	assert_string_equal(s.known + strlen(s.known) - 5, ", ...");
}

static void problems_come_in_order_and_once(void **state)
{
	struct problems p = { .main_file = "m" };
	char *said;
	size_t size;
	FILE *out = open_memstream(&said, &size);

	(void)state;
	assert_int_equal(problems_err(&p), OK);
	problem_add(&p, "a", 1, "elsewhere");
	problem_add(&p, "m", 10, "ten");
	problem_add(&p, "m", 9, "nine %d", 9);
	problem_add(&p, "m", 9, "nine %d", 9);
	problem_add(&p, "m", 0, "a\nb\x1b");
	assert_int_equal(problems_err(&p), ERR_SYNTAX);
	problems_print(&p, out);
	fclose(out);
	assert_string_equal(said, "m: a?b?\nm:9: nine 9\nm:10: ten\na:1: elsewhere\n");
	problems_free(&p);
	free(said);
}

static void add_some(void *arg)
{
	struct problems p = { .main_file = "m" };

	(void)arg;
	problem_add(&p, "m", 1, "one");
	problem_add(&p, "m", 2, "two");
	assert_int_equal(problems_err(&p), mem_has_failed() ? ERR_NOMEM : ERR_SYNTAX);
	problems_free(&p);
}

static void each_allocation_can_fail(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(add_some, NULL) >= 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances),
		cmocka_unit_test(long_words_are_bounded),
		cmocka_unit_test(the_nearest_is_suggested),
		cmocka_unit_test(problems_come_in_order_and_once),
		cmocka_unit_test(each_allocation_can_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
