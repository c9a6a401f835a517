/* libFuzzer: any octets are a call that can be refused from its lines, or not. What the parser
 * reads as well means the same to both, and the answer can be read. Corpus: tests/fuzz/corpus/shed.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "sbc/sip/message.h"
#include "sbc/sip/shed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 3261 17.2.3: by these the copy of a call that was taken is known. */
static void check_same(const struct shed_invite *invite, const struct message *m)
{
	assert(message_method(m) == METHOD_INVITE && !*message_to_tag(m));
	assert(strcmp(invite->branch, message_branch(m)) == 0);
	assert(strcmp(invite->sent_by, message_sent_by(m)) == 0);
}

static void check_answer(const struct shed_invite *invite, const struct message *request)
{
	struct message *m = NULL;
	struct addr peer, to;
	struct buf out;

	if (addr_parse(&peer, "192.0.2.1:5060"))
		return;
	buf_init(&out, 2 * MESSAGE_MAX);
	shed_answer(invite, &peer, 5, &out, &to);
	assert(buf_err(&out) == OK && addr_same_host(&to, &peer));
	if (request && message_parse(&m, out.data, out.len) == OK) {
		assert(message_status(m) == 503);
		assert(strcmp(message_call_id(m), message_call_id(request)) == 0);
		assert(strcmp(message_branch(m), message_branch(request)) == 0);
		message_free(&m);
	}
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct message *m = NULL;
	struct shed_invite invite;

	message_library_open();
	(void)shed_is_ack(text, size);
	if (size > MESSAGE_MAX || !shed_read(&invite, text, size))
		return 0;
	if (message_parse(&m, text, size) == OK && message_problem(m, NULL) == 0)
		check_same(&invite, m);
	check_answer(&invite, m);
	message_free(&m);
	return 0;
}
