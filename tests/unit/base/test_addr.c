/* base/addr.c */
#include "base/addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <arpa/inet.h>
#include <net/if.h>

static struct addr parse(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), OK);
	return a;
}

static void check_text(const char *text, const char *back, const char *host, const char *uri)
{
	struct addr a = parse(text);
	char buf[ADDR_TEXT_MAX];

	assert_string_equal(addr_text(&a, buf, sizeof(buf)), back);
	assert_string_equal(addr_host(&a, buf, sizeof(buf)), host);
	assert_string_equal(addr_uri_host(&a, buf, sizeof(buf)), uri);
}

static void test_text(void **state)
{
	(void)state;
	check_text("192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1");
	check_text("192.0.2.1:5060", "192.0.2.1:5060", "192.0.2.1", "192.0.2.1");
	check_text("2001:DB8::1", "2001:db8::1", "2001:db8::1", "[2001:db8::1]");
	check_text("[2001:db8::1]", "2001:db8::1", "2001:db8::1", "[2001:db8::1]");
	check_text("[2001:db8::1]:65535", "[2001:db8::1]:65535", "2001:db8::1", "[2001:db8::1]");
	/* One host, one form. */
	check_text("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1");
}

static void test_wrong(void **state)
{
	static const char *const wrong[] = { "",
		                             "name",
		                             "192.0.2",
		                             "192.0.2.256",
		                             "192.0.2.1:",
		                             "192.0.2.1:65536",
		                             "192.0.2.1:x",
		                             "[2001:db8::1",
		                             "[2001:db8::1]x",
		                             "[::1]:-1",
		                             "192.0.2.1:+60",
		                             "1.2.3.4.5:1",
		                             "[192.0.2.1]:5:6" };
	struct addr a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(addr_parse(&a, wrong[i]), ERR_SYNTAX);
}

static void test_equal(void **state)
{
	struct addr a = parse("192.0.2.1:5060"), b = parse("192.0.2.1:5061"), none = { 0 };
	struct addr six = parse("2001:db8::1");

	(void)state;
	assert_true(addr_same_host(&a, &b));
	assert_false(addr_equal(&a, &b));
	addr_set_port(&b, 5060);
	assert_true(addr_equal(&a, &b));
	assert_false(addr_same_host(&a, &six));
	assert_false(addr_equal(&a, &none));
	assert_true(addr_equal(&none, &none));
	assert_false(addr_is_set(&none));
	assert_true(addr_is_set(&six));
	assert_int_equal(addr_port(&none), 0);
}

static void test_any(void **state)
{
	struct addr v4 = parse("0.0.0.0"), v6 = parse("::"), other = parse("192.0.2.1"),
	            none = { 0 };

	(void)state;
	assert_true(addr_is_any(&v4));
	assert_true(addr_is_any(&v6));
	assert_false(addr_is_any(&other));
	assert_false(addr_is_any(&none));
}

static bool in(const char *addr, const char *net)
{
	struct addr a = parse(addr);
	struct addr_net n;

	assert_int_equal(addr_net_parse(&n, net), OK);
	return addr_in_net(&a, &n);
}

static void test_net(void **state)
{
	struct addr_net n;

	(void)state;
	assert_true(in("10.1.2.3", "10.0.0.0/8"));
	assert_false(in("11.1.2.3", "10.0.0.0/8"));
	assert_true(in("10.0.0.127", "10.0.0.0/25"));
	assert_false(in("10.0.0.128", "10.0.0.0/25"));
	assert_true(in("255.255.255.255", "0.0.0.0/0"));
	assert_true(in("10.0.0.1", "10.0.0.1"));
	assert_false(in("10.0.0.2", "10.0.0.1"));
	assert_true(in("2001:db8:0:1::9", "2001:db8::/32"));
	assert_false(in("2001:db9::9", "2001:db8::/32"));
	assert_true(in("2001:db8::ff", "2001:db8::f0/124"));
	assert_false(in("2001:db8::ef", "2001:db8::f0/124"));
	assert_false(in("::1", "0.0.0.0/0"));
	assert_true(in("::ffff:10.0.0.1", "10.0.0.0/8"));
	assert_int_equal(addr_net_parse(&n, "10.0.0.0/33"), ERR_SYNTAX);
	assert_int_equal(addr_net_parse(&n, "::/129"), ERR_SYNTAX);
	assert_int_equal(addr_net_parse(&n, "10.0.0.0/"), ERR_SYNTAX);
	assert_int_equal(addr_net_parse(&n, "net/8"), ERR_SYNTAX);
}

static void test_sockaddr(void **state)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(5061) };
	struct sockaddr other = { .sa_family = AF_UNIX };
	struct addr a, same = parse("192.0.2.1:5061");

	(void)state;
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.1", &six.sin6_addr), 1);
	assert_int_equal(addr_from_sockaddr(&a, (struct sockaddr *)&six, sizeof(six)), OK);
	assert_true(addr_equal(&a, &same));
	assert_int_equal(addr_from_sockaddr(&a, (struct sockaddr *)&six, 8), ERR_UNSUPPORTED);
	assert_int_equal(addr_from_sockaddr(&a, &other, sizeof(other)), ERR_UNSUPPORTED);
	assert_int_equal(addr_len(&same), sizeof(struct sockaddr_in));
}

/* The interface is for us to know: no text shows it. */
static void test_scope(void **state)
{
	static const char *const wrong[] = {
		"fe80::1%",    "2001:db8::1%lo",          "192.0.2.1%lo", "%lo", "fe80::1%lo]:x",
		"[fe80::1%lo", "fe80::1%0123456789abcdef"
	};
	struct addr a, b = parse("fe80::1");
	char buf[ADDR_TEXT_MAX];

	(void)state;
	assert_int_equal(addr_parse_ours(&a, "[fe80::1%lo]:5060"), OK);
	assert_int_equal(a.v6.sin6_scope_id, if_nametoindex("lo"));
	assert_string_equal(addr_text(&a, buf, sizeof(buf)), "[fe80::1]:5060");
	assert_string_equal(addr_uri_host(&a, buf, sizeof(buf)), "[fe80::1]");
	assert_int_equal(addr_parse_ours(&a, "fe80::1%lo"), OK);
	assert_true(addr_equal(&a, &b)); /* a message does not say which interface it means */
	b.v6.sin6_scope_id = a.v6.sin6_scope_id + 1;
	assert_false(addr_equal(&a, &b));
	assert_int_equal(addr_parse_ours(&a, "192.0.2.1:5060"), OK);
	assert_int_equal(addr_parse_ours(&a, "fe80::1%none"), ERR_NOT_FOUND);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(addr_parse_ours(&a, wrong[i]), ERR_SYNTAX);
	/* Nobody else may name our interfaces. */
	assert_int_equal(addr_parse(&a, "fe80::1%lo"), ERR_SYNTAX);
}

static void test_unix(void **state)
{
	struct sockaddr_un address;
	char name[200];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[107] = '\0';
	assert_int_equal(addr_unix(&address, name), OK);
	assert_string_equal(address.sun_path, name);
	name[107] = 'x';
	name[108] = '\0';
	assert_int_equal(addr_unix(&address, name), ERR_LIMIT);
	assert_int_equal(addr_unix(&address, ""), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),  cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_equal), cmocka_unit_test(test_any),
		cmocka_unit_test(test_net),   cmocka_unit_test(test_sockaddr),
		cmocka_unit_test(test_scope), cmocka_unit_test(test_unix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
