/* Directions of a session description (RFC 3264 5.1). Any thread. */
#include "sbc/b2bua/transfer_sdp.h"

#include <string.h>

static const char *const directions[] = { "a=sendonly", "a=recvonly", "a=inactive" };

static int is_direction(const char *line, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(directions); i++) {
		if (strlen(directions[i]) == len && strncmp(line, directions[i], len) == 0)
			return 1;
	}
	return 0;
}

void transfer_sdp_live(const char *sdp, struct buf *out)
{
	while (*sdp) {
		size_t len = strcspn(sdp, "\r\n"), eol = strspn(sdp + len, "\r\n");

		if (is_direction(sdp, len))
			buf_puts(out, "a=sendrecv");
		else
			buf_add(out, sdp, len);
		buf_add(out, sdp + len, eol);
		sdp += len + eol;
	}
}
