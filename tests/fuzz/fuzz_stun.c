/* STUN responses of strangers. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "sbc/sip/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t id[STUN_ID_LEN] = { 0 };
	char text[ADDR_TEXT_MAX];
	struct addr a;

	/* The answer to its own id, so that what follows is looked at. */
	if (size >= STUN_REQUEST_LEN)
		memcpy(id, data + 8, STUN_ID_LEN);
	if (stun_read_response(&a, id, data, size) == OK)
		addr_text(&a, text, sizeof(text));
	return 0;
}
