/* A client of the control socket that a test drives octet by octet. */
#ifndef TESTS_UNIT_SBC_ADMIN_CLIENT_H
#define TESTS_UNIT_SBC_ADMIN_CLIENT_H

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/addr.h"
#include "sbc/admin/ctl_socket.h"
#include "tests/unit/sbc/admin/rig.h"

static inline int client_open(const struct rig *r)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(addr_unix(&address, r->socket), OK);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline void client_say(int fd, const char *text)
{
	ssize_t n = send(fd, text, strlen(text), MSG_NOSIGNAL);

	assert_true(n == (ssize_t)strlen(text) || errno == EPIPE);
}

/* Adds what has come to text; true once the server has closed. */
static inline bool client_take(int fd, char *text, size_t size)
{
	size_t len = strlen(text);
	ssize_t n = recv(fd, text + len, size - len - 1, 0);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0)
		return true;
	text[len + (size_t)n] = '\0';
	return false;
}

/* Turns the loop until the server has closed; then closes too. */
static inline void client_finish(struct rig *r, int fd, char *text, size_t size)
{
	text[0] = '\0';
	for (int i = 0; i < 1000; i++) {
		if (client_take(fd, text, size)) {
			close(fd);
			return;
		}
		rig_turn(r);
	}
	fail_msg("the server does not close; until now it said: %s", text);
}

#endif
