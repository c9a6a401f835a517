/* sbc/b2bua/bodies.c: which bodies cross, which way. */
#include "sbc/b2bua/bodies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct message *make(const char *headers, const char *body)
{
	char text[4096];
	struct message *m;
	int len = snprintf(
	    text, sizeof(text),
	    "INFO sip:us@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
	    "From: <sip:a@192.0.2.1>;tag=a\r\nTo: <sip:us@192.0.2.9>;tag=b\r\nCall-ID: c\r\n"
	    "CSeq: 1 INFO\r\n%sContent-Length: %zu\r\n\r\n%s",
	    headers, strlen(body), body);

	assert_int_equal(message_parse(&m, text, (size_t)len), OK);
	return m;
}

static void test_types(void **state)
{
	char long_type[HEADER_LINE_MAX + 64];
	const struct {
		const char *headers, *body;
		bool out, in;
	} cases[] = {
		{ "", "", true, true },
		{ "Content-Type: application/sdp\r\n", "", true, true },
		{ "", "x", false, false }, /* nobody knows what it is */
		{ "Content-Type: application/dtmf-relay\r\n", "x", true, true },
		{ "c: Application/DTMF\r\n", "x", true, true },
		{ "Content-Type: text/plain;charset=utf-8\r\n", "x", true, true },
		{ "Content-Type: application/sdp\r\n", "x", false, false },
		{ "Content-Type: multipart/mixed;boundary=a\r\n", "x", false, false },
		{ "Content-Type: message/sipfrag\r\n", "x", false, true },
		{ "Content-Type: application/isup;version=x\r\n", "x", false, false },
		{ "Content-Type: application/dialog-info+xml\r\n", "x", false, true },
		{ "Content-Type: text/plain;\r\n charset=utf-8\r\n", "x", true, true },
		{ long_type, "x", false, false },
	};

	(void)state;
	snprintf(long_type, sizeof(long_type), "Content-Type: text/plain;a=%0*u\r\n",
	         HEADER_LINE_MAX, 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message *m = make(cases[i].headers, cases[i].body);

		if (bodies_may_cross(m, CROSSING_OUT) != cases[i].out ||
		    bodies_may_cross(m, CROSSING_IN) != cases[i].in)
			fail_msg("%s", cases[i].headers);
		message_free(&m);
	}
}

/* What is accepted is what may cross. */
static void test_accepted(void **state)
{
	char list[512], header[128], *rest = list, *type;
	unsigned n = 0;

	(void)state;
	snprintf(list, sizeof(list), "%s", bodies_accepted(CROSSING_OUT));
	while ((type = strsep(&rest, ","))) {
		struct message *m;

		snprintf(header, sizeof(header), "Content-Type: %s\r\n", type + (*type == ' '));
		m = strstr(type, "multipart/")
		        ? make("Content-Type: multipart/mixed;boundary=b\r\n",
		               "--b\r\n\r\nx\r\n--b--")
		        : make(header, "x");
		assert_true(bodies_may_cross(m, CROSSING_OUT));
		message_free(&m);
		n++;
	}
	assert_true(n > 4);
	assert_string_equal(bodies_accepted(CROSSING_IN), "*/*");
}

static const struct config_realm office;
static const struct config_phone phone = { .realm = &office };
static char domain[] = "provider.lab";
static const struct config_trunk trunk = { .domain = domain };
static const struct config_party the_phone = { .kind = PARTY_PHONE, .phone = &phone };
static const struct config_party the_trunk = { .kind = PARTY_TRUNK, .trunk = &trunk };
static const struct crossing_ends out = { &the_phone, &the_trunk }, in = { &the_trunk, &the_phone };

/* What a header is behind the border; NULL: not there. */
static void check_about(const struct crossing_ends *ends, const char *headers, const char *name,
                        const char *wanted)
{
	struct message *from = make(headers, "Hallo"), *to = make("", "");
	struct passage p;
	const char *is, *body;
	size_t len;

	passage_open(&p, from, to, ends);
	bodies_cross(&p);
	is = message_header(to, name, 0);
	if (wanted ? !is || strcmp(is, wanted) != 0 : is != NULL)
		fail_msg("%s: %s", headers, is ? is : "not there");
	body = message_body(to, &len);
	assert_int_equal(len, 5);
	assert_memory_equal(body, "Hallo", 5);
	message_free(&from);
	message_free(&to);
}

static void test_cross(void **state)
{
	static const char type[] = "Content-Type";

	(void)state;
	check_about(&out, "Content-Type: text/plain;charset=utf-8\r\n", type,
	            "text/plain;charset=utf-8");
	check_about(&out, "c: text/plain;\r\n x=192.0.2.1; charset=\"utf-8\"\r\n", type,
	            "text/plain;charset=utf-8");
	check_about(&out, "Content-Type: text/plain;charset=192.0.2.1;name=desk\r\n", type,
	            "text/plain");
	check_about(&in, "Content-Type: text/plain;\r\n name=a.txt\r\n", type,
	            "text/plain;name=a.txt");
	check_about(&out, "Content-Type: text/plain\r\nContent-Language: de\r\n",
	            "Content-Language", "de");
	check_about(&out, "Content-Type: text/plain\r\nContent-Disposition: render\r\n",
	            "Content-Disposition", "render");
	check_about(&out, "Content-Type: text/plain\r\nContent-Disposition: icon;at=192.0.2.1\r\n",
	            "Content-Disposition", NULL);
	check_about(&out, "Content-Type: text/plain\r\nContent-ID: <desk@inside>\r\n", "Content-ID",
	            NULL);
}

/* Parts of a request that is no INVITE: NULL is 415. */
static void test_parts(void **state)
{
#define MIXED       "Content-Type: multipart/mixed;boundary=b\r\n"
#define TEXT        "--b\r\nContent-Type: text/plain;charset=utf-8;name=desk\r\n\r\nHallo\r\n"
#define OTHER(type) "--b\r\nContent-Type: " type "\r\n\r\nxx\r\n"
#define MAYBE(type)                  \
	"--b\r\nContent-Type: " type \
	"\r\nContent-Disposition: signal;handling=optional\r\n\r\nxx\r\n"
	static const char text_out[] = "Content-Type: text/plain;charset=utf-8\r\n\r\nHallo\r\n",
	                  text_in[] =
	                      "Content-Type: text/plain;charset=utf-8;name=desk\r\n\r\nHallo\r\n";
	static const struct {
		const char *body, *out, *in;
	} cases[] = {
		{ TEXT "--b--", text_out, text_in },
		{ TEXT OTHER("image/png"), text_out, "image/png\r\n\r\nxx\r\n" },
		{ OTHER("image/png"), NULL, "image/png\r\n\r\nxx\r\n" },
		{ TEXT OTHER("application/isup"), NULL, NULL },
		{ TEXT MAYBE("application/ISUP;base=x"), text_out, text_in },
		{ MAYBE("application/isup"), NULL, NULL },
		{ TEXT OTHER("application/sdp"), NULL, NULL },
		{ TEXT MAYBE("application/sdp"), text_out, text_in },
		{ TEXT OTHER("application/pidf+xml"), text_out, "pidf+xml\r\n\r\nxx\r\n" },
		{ TEXT OTHER("message/sipfrag"), NULL, "message/sipfrag\r\n\r\nxx\r\n" },
		{ TEXT MAYBE("text/html"),
		  "text/html\r\nContent-Disposition: signal;handling=optional\r\n",
		  "text/html\r\nContent-Disposition: signal;handling=optional\r\n" },
		{ "--b\r\nContent-Type: text/plain\r\nContent-ID: <a@desk>\r\n"
		  "Content-Disposition: 192.0.2.1\r\n\r\nHallo\r\n--b--",
		  "Content-Type: text/plain\r\n\r\nHallo",
		  "Disposition: 192.0.2.1\r\nContent-ID: <a@desk>\r\n\r\nHallo" },
		{ "--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		  "ZGVzaw==\r\n--b--",
		  NULL, "Content-Transfer-Encoding: base64\r\n\r\nZGVzaw==\r\n" },
		{ "x", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		const struct crossing_ends *ends = i % 2 ? &in : &out;
		const char *wanted = i % 2 ? cases[i / 2].in : cases[i / 2].out, *body;
		struct message *from = make(MIXED, cases[i / 2].body), *to = make("", "");
		struct passage p;
		size_t len;

		if (bodies_may_cross(from, crossing_way(ends)) != (wanted != NULL))
			fail_msg("case %zu: %s", i, cases[i / 2].body);
		if (wanted) {
			passage_open(&p, from, to, ends);
			bodies_cross(&p);
			body = message_body(to, &len);
			assert_string_equal(message_content_type(to), "multipart/mixed");
			if (!memmem(body, len, wanted, strlen(wanted)) ||
			    memmem(body, len, "isup", 4) || memmem(body, len, "--b\r\n", 5))
				fail_msg("case %zu: %.*s", i, (int)len, body);
		}
		message_free(&from);
		message_free(&to);
	}
}

static void test_of_a_call(void **state)
{
#define IN_TWO "Content-Type: multipart/mixed;boundary=b\r\n"
#define SDP    "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n"
	static const struct {
		const char *headers, *body;
		unsigned status;
	} cases[] = {
		{ "", "", 0 },
		{ "Content-Type: application/sdp\r\n", "v=0\r\n", 0 },
		{ "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n", "x", 415 },
		{ "Content-Type: application/sdp\r\nContent-Transfer-Encoding: base64\r\n", "x",
		  415 },
		{ "Content-Type: application/sdp\r\nContent-Transfer-Encoding: 8bit\r\n", "x", 0 },
		{ "Content-Type: application/sdp\r\nContent-Disposition: early-session\r\n", "x",
		  415 },
		{ "Content-Type: application/sdp\r\n"
		  "Content-Disposition: early-session;handling=optional\r\n",
		  "x", 0 },
		{ "Content-Type: text/plain\r\n", "x", 0 },
		{ "Content-Type: application/resource-lists+xml\r\n", "x", 415 },
		{ IN_TWO, SDP "--b--", 0 },
		{ IN_TWO, SDP "--b\r\nContent-Type: application/ISUP\r\n\r\nx\r\n--b--", 415 },
		{ IN_TWO,
		  SDP "--b\r\nContent-Type: application/QSIG;version=iso\r\n"
		      "Content-Disposition: signal; handling=Optional\r\n\r\nx\r\n--b--",
		  0 },
		{ IN_TWO, SDP "--b\r\nContent-Type: application/pidf+xml\r\n\r\nx\r\n--b--", 0 },
		{ IN_TWO, SDP "--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--", 0 },
		{ IN_TWO, SDP "--b\r\nContent-Type: application/sdpx\r\n\r\nx\r\n--b--", 415 },
		{ IN_TWO, "nothing", 400 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message *m = make(cases[i].headers, cases[i].body);

		if (bodies_call_problem(m) != cases[i].status)
			fail_msg("%s%s", cases[i].headers, cases[i].body);
		message_free(&m);
	}
}

/* An INVITE of the phone with its place in it, so many times the name of its host. */
static struct message *with_place(size_t names)
{
	static char text[BODY_MOST];
	static const char head[] = "--b\r\nContent-Type: application/pidf+xml\r\n\r\n";
	struct message *m;
	size_t n = sizeof(head) - 1;

	memcpy(text, head, n);
	for (size_t i = 0; i < names; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "192.0.2.1 ");
	snprintf(text + n, sizeof(text) - n, "\r\n--b--");
	m = make("", "");
	message_set_body(m, "multipart/mixed;boundary=b", text, strlen(text));
	return m;
}

/* What is longer in words of ours than a message may be: neither the place nor a word of it. */
static void test_too_long(void **state)
{
	static const struct {
		size_t names;
		bool goes;
	} cases[] = { { 1, true }, { 10000, true }, { 13000, false } };
	struct passage p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message *from = with_place(cases[i].names);
		struct message *to = make("Contact: <sip:us@192.0.2.9>\r\n", "");
		const char *type;

		passage_open(&p, from, to, &out);
		assert_true(bodies_cross_call(&p) == cases[i].goes);
		type = message_content_type(to);
		assert_int_equal(strcmp(type, "multipart/mixed") == 0, cases[i].goes);
		assert_int_equal(message_header(to, "Geolocation", 0) != NULL, cases[i].goes);
		message_free(&from);
		message_free(&to);
	}
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),    cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_parts),    cmocka_unit_test(test_of_a_call),
		cmocka_unit_test(test_too_long), cmocka_unit_test(test_cross)
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
