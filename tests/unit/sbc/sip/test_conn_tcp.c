/* sbc/sip/conn_tcp.c: what cannot be cut into messages is answered where that is possible, and then
 * the connection closes. Real sockets on the loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>
#include "sbc/sip/frame.h"
#include "sbc/sip/stack_internal.h"

#define FIRST                                            \
	"OPTIONS sip:us@127.0.0.1 SIP/2.0\r\n"           \
	"Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1\r\n" \
	"From: <sip:them@127.0.0.1>;tag=a\r\n"           \
	"To: <sip:us@127.0.0.1>\r\n"                     \
	"Call-ID: one\r\n"                               \
	"CSeq: 1 OPTIONS\r\n"                            \
	"Max-Forwards: 70\r\n"

static struct config_realm realm_cfg = { .name = "test" };

/* A stack that listens, and a peer that has sent it something. */
struct peered {
	struct loop *loop;
	struct stack *stack;
	struct conn *listener;
	int fd;
};

static void on_late(void *arg)
{
	loop_stop(arg);
}

static void open_peered(struct peered *p, const char *text, size_t len)
{
	const struct stack_limits limits = { .transactions = 10, .connections = 5 };
	struct timer late = { 0 };
	struct sip_realm *realm;
	struct addr addr;
	char why[CERT_WHY_MAX];

	assert_int_equal(loop_new(&p->loop), OK);
	assert_int_equal(stack_new(&p->stack, p->loop, loop_timers(p->loop), &limits), OK);
	assert_int_equal(stack_add_realm(p->stack, &realm_cfg, NULL, &realm, why), OK);
	assert_int_equal(addr_parse(&addr, "127.0.0.1"), OK);
	assert_int_equal(
	    conn_listen(&p->listener, p->loop, &addr, NULL, stack_conn_handler(p->stack), realm),
	    OK);
	p->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(p->fd, &p->listener->local.sa, addr_len(&p->listener->local)), 0);
	assert_int_equal(send(p->fd, text, len, 0), (ssize_t)len);
	timer_start(loop_timers(p->loop), &late, 200, on_late, p->loop);
	loop_run(p->loop);
	timer_stop(&late);
}

static void close_peered(struct peered *p)
{
	close(p->fd);
	stack_free(&p->stack);
	conn_unref(&p->listener);
	loop_free(&p->loop);
}

/* All that comes back for text until we close, or for 2 s. */
static void answer_to(const char *text, size_t len, char *got, size_t size)
{
	struct timeval patience = { .tv_sec = 2 };
	struct peered p;
	size_t n = 0;
	ssize_t more;

	open_peered(&p, text, len);
	setsockopt(p.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	while (n + 1 < size && (more = recv(p.fd, got + n, size - n - 1, 0)) > 0)
		n += (size_t)more;
	got[n] = '\0';
	close_peered(&p);
}

static void says(const char *text, const char *status)
{
	char got[4096];

	answer_to(text, strlen(text), got, sizeof(got));
	if (strncmp(got, status, strlen(status)) != 0 || (!*status && *got))
		fail_msg("%.200s\ngot: %s", text, got);
}

/* RFC 3261 18.3, 20.14. */
static void without_a_length_is_400(void **state)
{
	(void)state;
	says(FIRST "\r\n", "SIP/2.0 400 no Content-Length\r\n");
	says(FIRST "Content-Length: x\r\n\r\n", "SIP/2.0 400 ");
	says(FIRST "Content-Length: 1\r\nl: 2\r\n\r\n", "SIP/2.0 400 ");
}

/* RFC 3261 21.4.10, 21.5.7. */
static void too_long_is_said(void **state)
{
	static char big[16384 + 4096];
	size_t n = strlen(FIRST);

	(void)state;
	says(FIRST "Content-Length: 65537\r\n\r\n", "SIP/2.0 413 ");
	says(FIRST "Content-Length: 99999999999999999999\r\n\r\n", "SIP/2.0 413 ");
	memcpy(big, FIRST, n);
	memset(big + n, 'a', sizeof(big) - n - 1);
	memcpy(big + n, "Subject: ", 9);
	says(big, "SIP/2.0 513 ");
}

/* No request, an answer, an ACK, nothing that can be read: nothing is said. */
static void what_cannot_be_answered_is_not(void **state)
{
	static char big[16384 + 100];

	(void)state;
	says("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "");
	says("ACK"
	     "\r\n\r\n",
	     "");
	says("SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1\r\n\r\n", "");
	memset(big, 'a', sizeof(big) - 1);
	says(big, "");
}

/* As with a ping: nobody but the stack has it, which lets go of it when it breaks. */
static void may_break_while_it_sends(void **state)
{
	const struct linger reset = { .l_onoff = 1 };
	struct peered p;
	struct conn *c;

	(void)state;
	open_peered(&p, "\r\n", 2);
	c = TAILQ_FIRST(&p.stack->conns);
	assert_non_null(c);
	assert_int_equal(c->refs, 1);
	setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(p.fd);
	p.fd = -1;
	assert_int_equal(conn_send(c, &c->peer, "\r\n\r\n", 4), ERR_CLOSED);
	assert_int_equal(p.stack->nconns, 0);
	close_peered(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_length_is_400),
		cmocka_unit_test(too_long_is_said),
		cmocka_unit_test(what_cannot_be_answered_is_not),
		cmocka_unit_test(may_break_while_it_sends),
	};

	message_library_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
