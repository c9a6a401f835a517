/* sbc/b2bua/body_parts.c; hostile ones: tests/fuzz/fuzz_body.c. */
#include "sbc/b2bua/body_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct message *make(const char *type, const char *body)
{
	char text[16384];
	struct message *m;
	int len =
	    snprintf(text, sizeof(text),
	             "INVITE sip:1@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
	             "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\n"
	             "CSeq: 1 INVITE\r\n%s%s%sContent-Length: %zu\r\n\r\n%s",
	             *type ? "Content-Type: " : "", type, *type ? "\r\n" : "", strlen(body), body);

	assert_int_equal(message_parse(&m, text, (size_t)len), OK);
	return m;
}

/* The parts as "TYPE[DISPOSITION]<ID>=CONTENT|", with ? where it is optional and ! where encoded;
 * or the error. */
static const char *parts(const char *type, const char *body)
{
	static char text[4096];
	struct message *m = make(type, body);
	struct body_parts found;
	enum err err = body_parts_read(&found, m);
	size_t n = 0;

	snprintf(text, sizeof(text), "%s",
	         err == ERR_SYNTAX  ? "syntax"
	         : err == ERR_LIMIT ? "limit"
	                            : "");
	for (size_t i = 0; !err && i < found.n; i++) {
		const struct body_part *p = &found.part[i];

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s%s%s%s=%.*s|", p->type,
		                      *p->disposition ? "," : "", p->disposition, *p->id ? "#" : "",
		                      p->id,
		                      p->encoded    ? "!"
		                      : p->optional ? "?"
		                                    : "",
		                      (int)p->len, p->data);
	}
	message_free(&m);
	return text;
}

#define MIXED "multipart/mixed;boundary=b"

static void test_parts(void **state)
{
	(void)state;
	assert_string_equal(parts("", ""), "");
	assert_string_equal(parts("application/sdp", "v=0\r\n"), "application/sdp=v=0\r\n|");
	assert_string_equal(parts(MIXED, "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n"
	                                 "--b\r\ncontent-type:text/plain ; a=b\r\n"
	                                 "Content-Disposition: alert;handling=optional\r\n"
	                                 "Content-ID: <i@d>\r\n\r\nx\r\n--b--\r\n"),
	                    "application/sdp=v=0\r\n|text/plain,alert#i@d?=x|");
	/* Before the first and behind the last delimiter stands nothing that counts. */
	assert_string_equal(parts(MIXED, "hi\r\n--b \r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny\r\n"),
	                    "text/plain=x|");
	/* Lines that end otherwise, folded headers, a boundary in quotes, no end. */
	assert_string_equal(parts("multipart/mixed; boundary=\"a b;c\"",
	                          "--a b;c\nContent-Type:\n application/isup;\n\tversion=x\n\ny\n"),
	                    "application/isup=y\n|");
	/* What only begins like a delimiter is none. */
	assert_string_equal(parts(MIXED, "--b\r\n\r\n--bb\r\n--b-\r\n-b\r\n--b--"),
	                    "text/plain=--bb\r\n--b-\r\n-b|");
	assert_string_equal(parts(MIXED, "--b\r\n\r\n--b\r\n\r\n\r\n--b--"), "");
	assert_string_equal(
	    parts(MIXED, "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b--"),
	    "text/plain!=x|");
}

static void test_nested(void **state)
{
	static const char inner[] = "--b\r\nContent-Type: multipart/alternative;boundary=c\r\n\r\n"
	                            "--c\r\n\r\nx\r\n--c\r\nContent-Type: application/sdp\r\n\r\n"
	                            "v=0\r\n--c--\r\n--b\r\n\r\ny\r\n--b--";
	static const char deep[] =
	    "--b\r\nContent-Type: multipart/mixed;boundary=c\r\n\r\n--c\r\n"
	    "Content-Type: multipart/mixed;boundary=d\r\n\r\n--d\r\n"
	    "Content-Type: multipart/mixed;boundary=e\r\n\r\n--e\r\n\r\nx\r\n";

	(void)state;
	assert_string_equal(parts(MIXED, inner),
	                    "text/plain?=x|application/sdp?=v=0|text/plain=y|");
	assert_string_equal(parts(MIXED, deep), "limit");
}

static void test_refused(void **state)
{
	char many[1024] = "", long_boundary[200];

	(void)state;
	for (unsigned i = 0; i < BODY_PARTS_MAX + 1; i++)
		strcat(many, "--b\r\n\r\nx\r\n");
	assert_string_equal(parts(MIXED, many), "limit");
	assert_string_equal(parts("multipart/mixed", "--b\r\n\r\nx\r\n--b--"), "syntax");
	assert_string_equal(parts("multipart/mixed;boundary=\"\"", "--\r\n\r\nx\r\n"), "syntax");
	assert_string_equal(parts(MIXED, "no delimiter"), "syntax");
	assert_string_equal(parts(MIXED, "--b--\r\n"), "");
	snprintf(long_boundary, sizeof(long_boundary), "multipart/mixed;boundary=%071u", 0);
	assert_string_equal(parts(long_boundary, "--0"), "syntax");
}

static void check_sdp(const char *type, const char *body, const char *sdp)
{
	struct message *m = make(type, body);
	size_t len;
	const char *is = body_parts_sdp(m, &len);

	if (sdp ? !is || len != strlen(sdp) || memcmp(is, sdp, len) != 0 : is != NULL)
		fail_msg("%s: %.*s", body, (int)len, is ? is : "");
	message_free(&m);
}

static void test_sdp(void **state)
{
	(void)state;
	check_sdp("Application/SDP", "v=0\r\n", "v=0\r\n");
	check_sdp("application/sdp\r\nContent-Disposition: session", "v=0\r\n", "v=0\r\n");
	check_sdp("application/sdp\r\nContent-Disposition: early-session", "v=0\r\n", NULL);
	check_sdp("application/sdp\r\nContent-Transfer-Encoding: binary", "v=0\r\n", "v=0\r\n");
	check_sdp("application/sdp\r\nContent-Transfer-Encoding: base64", "v=0\r\n", NULL);
	check_sdp("application/sdp\r\nContent-Encoding: gzip", "v=0\r\n", NULL);
	check_sdp("text/plain", "v=0\r\n", NULL);
	check_sdp("application/sdp", "", NULL);
	check_sdp(MIXED,
	          "--b\r\nContent-Type: application/sdp\r\nContent-Disposition: early-session\r\n"
	          "\r\nv=1\r\n--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--b--",
	          "v=0\r\n");
	check_sdp(MIXED, "--b\r\n\r\nv=0\r\n--b--", NULL);
	check_sdp("multipart/mixed", "v=0", NULL);
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_parts),
		                            cmocka_unit_test(test_nested),
		                            cmocka_unit_test(test_refused),
		                            cmocka_unit_test(test_sdp) };

	return cmocka_run_group_tests(tests, begin, NULL);
}
