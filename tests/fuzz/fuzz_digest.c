/* libFuzzer: any text where credentials are expected; none of it is right.
 * Corpus: tests/fuzz/corpus/digest. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "sbc/sip/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct digest *digest; /* for as long as the process lives */
	char user[DIGEST_USER_MAX];
	char *text;

	if (!digest && digest_new(&digest, "trunkgate") != OK)
		abort();
	text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (digest_user(digest, text, user) == OK)
		assert(strlen(user) < sizeof(user));
	/* Nobody guesses our nonce's signature. */
	assert(digest_verify(digest, text, "REGISTER", "a password") != DIGEST_RIGHT);
	free(text);
	return 0;
}
