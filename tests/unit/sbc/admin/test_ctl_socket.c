/* sbc/admin/ctl_socket.c */
#include "sbc/admin/ctl_socket.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/addr.h"
#include "certs/identity.h"

static char dir[64], path[108], why[CERT_WHY_MAX];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/trunkgate-admin-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/control", dir);
	why[0] = '\0';
	return 0;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static int connect_to(const char *to)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int result;

	assert_int_equal(addr_unix(&address, to), OK);
	result = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
	close(fd);
	return result;
}

static void expect_why(const char *part)
{
	if (!strstr(why, part))
		fail_msg("\"%s\" is not in: %s", part, why);
	assert_non_null(strstr(why, path));
}

static void test_only_the_owner_may_connect(void **state)
{
	mode_t before = umask(0);
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(ctl_listen(&fd, path, why), OK);
	umask(before);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(connect_to(path), 0);
	close(fd);
}

static void test_a_dead_ones_socket_is_replaced(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(ctl_listen(&fd, path, why), OK);
	close(fd);
	assert_int_equal(connect_to(path), ECONNREFUSED);
	assert_int_equal(ctl_listen(&fd, path, why), OK);
	assert_int_equal(connect_to(path), 0);
	close(fd);
}

static void test_a_living_ones_socket_is_not(void **state)
{
	int first, second = -1;

	(void)state;
	assert_int_equal(ctl_listen(&first, path, why), OK);
	assert_int_equal(ctl_listen(&second, path, why), ERR_EXISTS);
	expect_why("another process listens there");
	assert_int_equal(second, -1);
	assert_int_equal(connect_to(path), 0);
	close(first);
}

/* One whose queue is full is alive all the same. */
static void test_a_busy_ones_socket_is_not(void **state)
{
	struct sockaddr_un address;
	int waiting[64], first, second;

	(void)state;
	assert_int_equal(ctl_listen(&first, path, why), OK);
	assert_int_equal(addr_unix(&address, path), OK);
	for (size_t i = 0; i < ARRAY_LEN(waiting); i++) {
		waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(waiting[i], (struct sockaddr *)&address, sizeof(address)) != 0)
			assert_int_equal(errno, EAGAIN);
	}
	assert_int_equal(ctl_listen(&second, path, why), ERR_EXISTS);
	for (size_t i = 0; i < ARRAY_LEN(waiting); i++)
		close(waiting[i]);
	close(first);
}

static void test_a_file_is_left_alone(void **state)
{
	FILE *f = fopen(path, "w");
	struct stat st;
	int fd;

	(void)state;
	fputs("precious\n", f);
	fclose(f);
	assert_int_equal(ctl_listen(&fd, path, why), ERR_EXISTS);
	expect_why("is no socket");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, strlen("precious\n"));
}

/* Nor what a link points to. */
static void test_a_link_is_left_alone(void **state)
{
	char target[80];
	int fd;

	(void)state;
	snprintf(target, sizeof(target), "%s/elsewhere", dir);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(ctl_listen(&fd, path, why), ERR_EXISTS);
	expect_why("is no socket");
	assert_int_not_equal(access(target, F_OK), 0);
}

static void test_the_directory_is_made(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/run/control", dir);
	assert_int_equal(ctl_listen(&fd, path, why), OK);
	assert_int_equal(connect_to(path), 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/run", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 022, 0); /* nobody else may put a socket there */
}

static void test_a_whole_path_is_not_made(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/not/there/control", dir);
	assert_int_equal(ctl_listen(&fd, path, why), ERR_IO);
	expect_why("there is no directory");
	expect_why("not/there, and it cannot be made: No such file or directory");
}

static void test_a_file_is_no_directory(void **state)
{
	FILE *f;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/file", dir);
	f = fopen(path, "w");
	fclose(f);
	snprintf(path, sizeof(path), "%s/file/control", dir);
	assert_int_equal(ctl_listen(&fd, path, why), ERR_IO);
	expect_why("Not a directory");
}

static void test_names_have_a_length(void **state)
{
	char name[200];
	int fd;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[108] = '\0';
	assert_int_equal(ctl_listen(&fd, name, why), ERR_LIMIT);
	assert_non_null(strstr(why, "1 to 107 octets"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_only_the_owner_may_connect),  TEST(test_a_dead_ones_socket_is_replaced),
		TEST(test_a_living_ones_socket_is_not), TEST(test_a_busy_ones_socket_is_not),
		TEST(test_a_file_is_left_alone),        TEST(test_a_link_is_left_alone),
		TEST(test_the_directory_is_made),       TEST(test_a_whole_path_is_not_made),
		TEST(test_a_file_is_no_directory),      TEST(test_names_have_a_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
