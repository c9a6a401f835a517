/* One question over HTTP to a responder that says whatever a line of this table says. */
#include "certs/ocsp_http.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include "tests/unit/certs/lab.h"

static struct {
	int fd;
	unsigned port;
	const char *says; /* NULL: nothing, until the other side goes */
	size_t len;
	char heard[1024];
} responder;

static void *serve(void *arg)
{
	int fd = accept(responder.fd, NULL, NULL);
	char rest[256];

	UNUSED(arg);
	for (size_t have = 0; !strstr(responder.heard, "question");) {
		ssize_t n = recv(fd, responder.heard + have, sizeof(responder.heard) - 1 - have, 0);

		if (n <= 0)
			break;
		have += (size_t)n;
	}
	if (responder.says && send(fd, responder.says, responder.len, MSG_NOSIGNAL) < 0)
		responder.len = 0;
	if (responder.says)
		shutdown(fd, SHUT_WR);
	while (recv(fd, rest, sizeof(rest), 0) > 0)
		;
	close(fd);
	return NULL;
}

static int setup(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);

	UNUSED(state);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	responder.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(responder.fd, (struct sockaddr *)&address, len) || listen(responder.fd, 4) ||
	    getsockname(responder.fd, (struct sockaddr *)&address, &len))
		return -1;
	responder.port = ntohs(address.sin_port);
	return 0;
}

static int teardown(void **state)
{
	UNUSED(state);
	close(responder.fd);
	return 0;
}

static enum err post(const char *path, int stop_fd, unsigned char **out, size_t *len, char *why)
{
	char port[8];
	const struct ocsp_http ask = { .host = "127.0.0.1",
		                       .port = port,
		                       .path = path,
		                       .question = (const unsigned char *)"question",
		                       .question_len = 8,
		                       .stop_fd = stop_fd };

	snprintf(port, sizeof(port), "%u", responder.port);
	return ocsp_http_post(out, len, &ask, why, CERT_WHY_MAX);
}

static void assert_answer(const char *says, size_t said, const char *answer, const char *words)
{
	int stop_fd = eventfd(0, 0);
	unsigned char *out = NULL;
	char why[CERT_WHY_MAX] = "";
	pthread_t thread;
	size_t len = 0;
	enum err err;

	memset(responder.heard, 0, sizeof(responder.heard));
	responder.says = says;
	responder.len = said;
	assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
	err = post("ocsp/x", stop_fd, &out, &len, why);
	pthread_join(thread, NULL);
	close(stop_fd);
	if (answer) {
		assert_int_equal(err, OK);
		assert_int_equal(len, strlen(answer));
		assert_memory_equal(out, answer, len);
	} else {
		assert_int_not_equal(err, OK);
		assert_null(out);
		assert_has(why, words);
	}
	mem_free(out);
}

static void answers_are_taken(void **state)
{
	static char big[70000];

	UNUSED(state);
#define SAYS(text, answer, words) assert_answer(text, sizeof(text) - 1, answer, words)
	SAYS("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd", "abcd", "");
	assert_has(responder.heard, "POST /ocsp/x HTTP/1.0\r\nHost: 127.0.0.1:");
	assert_has(
	    responder.heard,
	    "\r\nContent-Type: application/ocsp-request\r\nContent-Length: 8\r\n\r\nquestion");
	SAYS("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nabcd", "ab", "");
	SAYS("HTTP/1.0 200 OK\r\n\r\nabcd", "abcd", "");
	SAYS("HTTP/1.0 404 No\r\n\r\nabcd", NULL, "it says 404");
	SAYS("HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nabcd", NULL, "its answer breaks off");
	SAYS("SMTP 220\r\n\r\n", NULL, "it does not speak HTTP");
	SAYS("HTTP/1.0 200 OK\r\n", NULL, "it does not speak HTTP");
	SAYS("", NULL, "it does not speak HTTP");
	memset(big, 'a', sizeof(big));
	assert_answer(big, sizeof(big), NULL, "nothing in time, or too much");
}

static void it_stops_when_told_to(void **state)
{
	int stop_fd = eventfd(1, 0);
	unsigned char *out = NULL;
	char why[CERT_WHY_MAX] = "";
	size_t len;

	UNUSED(state);
	assert_int_not_equal(post("/", stop_fd, &out, &len, why), OK);
	assert_null(out);
	close(stop_fd);
}

static void nobody_there(void **state)
{
	struct ocsp_http ask = { .host = "127.0.0.1", .port = "1", .path = "/" };
	unsigned char *out = NULL;
	char why[CERT_WHY_MAX] = "";
	size_t len;

	UNUSED(state);
	ask.stop_fd = eventfd(0, 0);
	assert_int_equal(ocsp_http_post(&out, &len, &ask, why, sizeof(why)), ERR_IO);
	assert_string_equal(why, "no connection: Connection refused");
	close(ask.stop_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(answers_are_taken),
		                            cmocka_unit_test(nobody_there),
		                            cmocka_unit_test(it_stops_when_told_to) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
