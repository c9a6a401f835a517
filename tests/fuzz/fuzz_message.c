/* libFuzzer: any octets are a SIP message or none. What is one is read through every door,
 * answered, acknowledged and cancelled; what we say to it can be read again and means the same.
 * Corpus: tests/fuzz/corpus/message. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "sbc/sip/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct addr source;

static void check_uri(bool there, const struct uri *uri)
{
	if (!there)
		return;
	assert(strlen(uri->user) < MESSAGE_MAX && strlen(uri->host) < MESSAGE_MAX);
	assert(uri->port < 65536);
}

static void read_all(const struct message *m)
{
	static const char *const names[] = { "Via",           "From",     "To",      "Contact",
		                             "Authorization", "Require",  "Privacy", "Record-Route",
		                             "Reason",        "X-Unheard" };
	struct uri uri;
	size_t len;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		for (unsigned n = 0; n < 4 && message_header(m, names[i], n); n++)
			assert(strlen(message_header(m, names[i], n)) < 2 * MESSAGE_MAX);
	}
	check_uri(message_request_uri(m, &uri), &uri);
	check_uri(message_from_uri(m, &uri), &uri);
	check_uri(message_contact_uri(m, &uri), &uri);
	if (message_contact_text(m))
		check_uri(message_parse_uri(m, message_contact_text(m), &uri), &uri);
	assert(message_call_id(m) && message_phrase(m) && message_method_name(m));
	assert(message_sent_by(m) && message_content_type(m));
	(void)message_contact_is_star(m);
	(void)message_expires_s(m);
	(void)message_max_forwards(m);
	if (message_body(m, &len))
		assert(len > 0 && len <= MESSAGE_MAX);
}

/* What we built must be what was meant. Takes built. */
static void check_built(struct message *built, const struct message *of, unsigned status)
{
	struct message *again = NULL;
	struct buf wire;

	buf_init(&wire, 4 * MESSAGE_MAX);
	/* A URI or display name that the parser lets pass may be none once it is written out. */
	if (message_encode(built, &wire) == OK &&
	    message_parse(&again, wire.data, wire.len) == OK) {
		assert(message_status(again) == status);
		assert(message_cseq(again) == message_cseq(of));
	}
	message_free(&again);
	message_free(&built);
	buf_free(&wire);
}

static void answer(const struct message *m)
{
	static const unsigned statuses[] = { 100, 180, 200, 401, 503 };
	struct message *built;
	struct addr back;

	message_reply_addr(m, &source, &back);
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		if (message_new_response(&built, m, &source, statuses[i], NULL, "tag") == OK)
			check_built(built, m, statuses[i]);
	}
	if (message_method(m) != METHOD_INVITE)
		return;
	if (message_new_from_invite(&built, m, "CANCEL", NULL) == OK)
		check_built(built, m, 0);
	if (message_new_from_invite(&built, m, "ACK", m) == OK)
		check_built(built, m, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_open;
	struct message *m;

	if (!is_open) {
		message_library_open();
		if (addr_parse(&source, "192.0.2.1:5062") != OK)
			abort();
		is_open = true;
	}
	if (message_parse(&m, (const char *)data, size) != OK)
		return 0;
	read_all(m);
	if (message_is_request(m) && message_problem(m, NULL) == 0)
		answer(m);
	message_free(&m);
	return 0;
}
