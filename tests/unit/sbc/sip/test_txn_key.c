/* sbc/sip/txn_key.c: what is the same request, and what only looks so. */
#include "sbc/sip/txn_key.h"

#include "tests/unit/sbc/sip/message_rig.h"

static struct message *get(const char *branch, const char *call_id)
{
	char text[2048];

	snprintf(text, sizeof(text),
	         "ACK sip:b SIP/2.0\r\nVia: SIP/2.0/UDP a:5070%s%s\r\nFrom: <sip:a>;tag=f\r\n"
	         "To: <sip:b>\r\nCall-ID: %s\r\nCSeq: 7 ACK\r\n\r\n",
	         *branch ? ";branch=" : "", branch, call_id);
	return parse(text);
}

static void key_of(const char *branch, const char *call_id, const char *method,
                   char out[TXN_KEY_MAX])
{
	struct message *m = get(branch, call_id);

	txn_key_of(out, m, method);
	message_free(&m);
}

static void test_branch_decides(void **state)
{
	char a[TXN_KEY_MAX], b[TXN_KEY_MAX];

	(void)state;
	txn_key(a, "z9hG4bKx", "a:5070", "INVITE");
	key_of("z9hG4bKx", "c", "INVITE", b);
	assert_string_equal(a, b);
	key_of("z9hG4bKx", "another", "INVITE", b);
	assert_string_equal(a, b);
	key_of("z9hG4bKx", "c", "ACK", b);
	assert_string_not_equal(a, b);
	txn_key(b, "z9hG4bKx", "a:5071", "INVITE");
	assert_string_not_equal(a, b);
	txn_key(b, "z9hG4bKX", "a:5070", "INVITE");
	assert_string_not_equal(a, b);
}

/* Texts that are longer than a key may be, and differ behind that: by a branch, by what a request
 * of RFC 2543 has instead, and by what copies share. */
static void test_long_texts_differ(void **state)
{
	char text[400], a[TXN_KEY_MAX], b[TXN_KEY_MAX];
	struct message *one, *other;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	one = get("1", text);
	key_of("1", text, "INVITE", a);
	text[sizeof(text) - 2] = 'y';
	other = get("1", text);
	key_of("1", text, "INVITE", b);
	assert_string_not_equal(a, b);
	txn_key_of_copies(a, one);
	txn_key_of_copies(b, other);
	assert_string_not_equal(a, b);
	message_free(&one);
	message_free(&other);
	key_of(text, "c", "INVITE", a);
	text[sizeof(text) - 2] = 'x';
	key_of(text, "c", "INVITE", b);
	assert_string_not_equal(a, b);
	memcpy(text, "z9hG4bK", 7);
	key_of(text, "c", "INVITE", a);
	text[sizeof(text) - 2] = 'y';
	key_of(text, "c", "INVITE", b);
	assert_string_not_equal(a, b);
}

/* The same octets, parted elsewhere. */
static void test_where_parts_end(void **state)
{
	char x[200], y[200], a[TXN_KEY_MAX], b[TXN_KEY_MAX];

	(void)state;
	memset(x, 'x', sizeof(x));
	memset(y, 'x', sizeof(y));
	x[150] = y[160] = '\0';
	txn_key(a, x, y, "INVITE");
	txn_key(b, y, x, "INVITE");
	assert_string_not_equal(a, b);
}

/* RFC 2543 */
static void test_without_cookie(void **state)
{
	char a[TXN_KEY_MAX], b[TXN_KEY_MAX];

	(void)state;
	key_of("1", "c", "INVITE", a);
	key_of("1", "c", "INVITE", b);
	assert_string_equal(a, b);
	key_of("1", "d", "INVITE", b);
	assert_string_not_equal(a, b);
	key_of("2", "c", "INVITE", b);
	assert_string_not_equal(a, b);
	key_of("", "c", "INVITE", b);
	assert_string_not_equal(a, b);
}

static void test_copies(void **state)
{
	struct message *one = get("z9hG4bKx", "c"), *other_way = get("z9hG4bKy", "c"),
	               *another = get("z9hG4bKx", "d");
	char a[TXN_KEY_MAX], b[TXN_KEY_MAX];

	(void)state;
	txn_key_of_copies(a, one);
	txn_key_of_copies(b, other_way);
	assert_string_equal(a, b);
	txn_key_of_copies(b, another);
	assert_string_not_equal(a, b);
	message_free(&one);
	message_free(&other_way);
	message_free(&another);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_branch_decides),  cmocka_unit_test(test_long_texts_differ),
		cmocka_unit_test(test_where_parts_end), cmocka_unit_test(test_without_cookie),
		cmocka_unit_test(test_copies),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
