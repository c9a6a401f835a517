/* libFuzzer: a stream is cut into the same frames however it arrives, and never beyond its end.
 * Corpus: tests/fuzz/corpus/frame. */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include "sbc/sip/frame.h"

static const struct frame_limits limits = { 16384, 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct frame next(const char *data, size_t len)
{
	struct frame_part part = { 0 };

	return frame_next(data, len, limits, &part);
}

/* Less than the whole of a frame is either "more" or as bad as the whole. */
static void check_prefix(const char *data, size_t len, struct frame whole)
{
	struct frame part = next(data, len);

	if (part.kind == FRAME_BAD)
		assert(whole.kind == FRAME_BAD && part.why);
	/* Half a ping looks like a pong; three quarters do not. */
	if (part.kind == FRAME_SKIP)
		assert(part.len == 2 && whole.kind != FRAME_BAD && whole.kind != FRAME_MESSAGE);
	if (part.kind == FRAME_MESSAGE)
		assert(whole.kind == FRAME_MESSAGE && whole.len == part.len);
	if (part.kind == FRAME_PING)
		assert(whole.kind == FRAME_PING);
}

/* What is remembered of a part changes nothing. */
static void check_pieces(const char *data, size_t len)
{
	struct frame_part part = { 0 };
	struct frame f = { .kind = FRAME_MORE }, afresh;

	for (size_t n = 1; n <= len && f.kind == FRAME_MORE; n += 1 + n / 4) {
		f = frame_next(data, n, limits, &part);
		afresh = next(data, n);
		assert(f.kind == afresh.kind && f.len == afresh.len && f.status == afresh.status &&
		       f.head == afresh.head);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data;

	while (size > 0) {
		struct frame f = next(at, size);

		for (size_t len = 1; len < size; len += 1 + len / 4)
			check_prefix(at, len, f);
		check_pieces(at, size);
		if (f.kind == FRAME_MORE || f.kind == FRAME_BAD)
			return 0;
		assert(f.len > 0 && f.len <= size && f.len <= limits.head + limits.body);
		at += f.len;
		size -= f.len;
	}
	return 0;
}
