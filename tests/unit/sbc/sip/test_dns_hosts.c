/* sbc/sip/dns_hosts.c */
#include "sbc/sip/dns_hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/log.h"

static char path[] = "/tmp/test_dns_hosts_XXXXXX";
static struct dns_hosts *hosts;
static struct addr found[8];
static char said[256];

static void on_log(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	snprintf(said, sizeof(said), "%s", line);
}

static int begin(void **state)
{
	int fd;

	(void)state;
	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	dns_hosts_fake(path);
	log_capture(on_log, NULL);
	return dns_hosts_new(&hosts) == OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	dns_hosts_free(&hosts);
	dns_hosts_fake(NULL);
	log_capture(NULL, NULL);
	unlink(path);
	return 0;
}

static void write_text(const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void check(const char *name, int family, size_t n, const char *first)
{
	char text[ADDR_TEXT_MAX];

	assert_int_equal(dns_hosts_find(hosts, name, family, found, 8), n);
	if (n > 0)
		assert_string_equal(addr_host(&found[0], text, sizeof(text)), first);
}

/* hosts(5): an address and its names, comments, and whatever else people write. */
static void test_lines(void **state)
{
	(void)state;
	write_text("# names\n\n127.0.0.1\tlocalhost\n"
	           "  192.0.2.1   Acme.example acme # 192.0.2.2 other\n"
	           "2001:db8::1 acme.example\n192.0.2.3 acme.example\n"
	           "192.0.2.4\nnonsense acme\n192.0.2.5:5060 acme\n192.0.2.6 last");
	check("acme.example", AF_INET, 2, "192.0.2.1");
	check("ACME", AF_INET, 1, "192.0.2.1");
	check("acme.example", AF_INET6, 1, "2001:db8::1");
	check("acme", AF_INET6, 0, NULL);
	check("other", AF_INET, 0, NULL);
	check("last", AF_INET, 1, "192.0.2.6");
	assert_int_equal(dns_hosts_find(hosts, "acme.example", AF_INET, found, 1), 1);
}

/* Read again once it is another; gone, it knows nothing. */
static void test_changed(void **state)
{
	(void)state;
	write_text("192.0.2.1 a.test\n");
	check("a.test", AF_INET, 1, "192.0.2.1");
	write_text("192.0.2.99 a.test\n");
	check("a.test", AF_INET, 1, "192.0.2.99");
	unlink(path);
	check("a.test", AF_INET, 0, NULL);
	write_text("192.0.2.3 a.test\n");
	check("a.test", AF_INET, 1, "192.0.2.3");
}

static void test_bounded(void **state)
{
	FILE *out = fopen(path, "w");
	char name[32];

	(void)state;
	assert_non_null(out);
	for (int i = 0; i <= DNS_HOSTS_MAX; i++)
		fprintf(out, "192.0.2.1 n%d.test\n", i);
	fclose(out);
	snprintf(name, sizeof(name), "n%d.test", DNS_HOSTS_MAX - 1);
	check(name, AF_INET, 1, "192.0.2.1");
	snprintf(name, sizeof(name), "n%d.test", DNS_HOSTS_MAX);
	check(name, AF_INET, 0, NULL);
	assert_non_null(strstr(said, "event=hosts-too-many"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(lines), TEST(changed), TEST(bounded) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
