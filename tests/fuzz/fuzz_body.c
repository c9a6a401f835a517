/* libFuzzer: a whole message whose body may be several. Whatever it is, its parts lie within the
 * body, one behind the other. Corpus: tests/fuzz/corpus/body. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "sbc/b2bua/bodies.h"
#include "sbc/b2bua/body_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_parts(const struct message *m)
{
	struct body_parts parts;
	size_t len;
	const char *body = message_body(m, &len), *at = body;

	if (body_parts_read(&parts, m))
		return;
	assert(parts.n <= BODY_PARTS_MAX && (body || parts.n == 0));
	for (size_t i = 0; i < parts.n; i++) {
		const struct body_part *part = &parts.part[i];

		assert(part->data >= at && part->data + part->len <= body + len);
		assert(memchr(part->type, '\0', sizeof(part->type)));
		assert(!strpbrk(part->id, "\r\n") && !strpbrk(part->type, "\r\n"));
		at = part->data + part->len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_open;
	struct message *m;
	size_t len;

	if (!is_open)
		message_library_open();
	is_open = true;
	if (message_parse(&m, (const char *)data, size))
		return 0;
	check_parts(m);
	(void)body_parts_sdp(m, &len);
	(void)bodies_call_problem(m);
	message_free(&m);
	return 0;
}
