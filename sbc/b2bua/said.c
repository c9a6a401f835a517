/* What was said of a session (RFC 3264). Signalling thread. */
#include "sbc/b2bua/said.h"

#include <string.h>
#include "base/mem.h"
#include "sbc/b2bua/body_parts.h"

static void replace(char **at, char *text)
{
	mem_wipe_text(at);
	*at = text;
}

const char *said_sdp(const struct message *m, size_t *len)
{
	return body_parts_sdp(m, len);
}

void said_keep_ours(struct said *s, const char *sdp, size_t len)
{
	if (sdp)
		replace(&s->ours, mem_strndup(sdp, len));
}

void said_keep_theirs(struct said *s, const struct message *m)
{
	size_t len;
	const char *sdp = said_sdp(m, &len);

	if (sdp)
		replace(&s->theirs, mem_strndup(sdp, len));
}

bool said_before(const struct said *s, const struct message *request)
{
	size_t len;
	const char *sdp = said_sdp(request, &len);

	return sdp && s->ours && s->theirs && strlen(s->theirs) == len &&
	       memcmp(s->theirs, sdp, len) == 0;
}

void said_free(struct said *s)
{
	mem_wipe_text(&s->ours);
	mem_wipe_text(&s->theirs);
}
