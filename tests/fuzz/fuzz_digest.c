/* libFuzzer: any text where credentials are expected, of which none is right; and any text as a
 * challenge, whose answer stays on its line and says what was asked. Corpus:
 * tests/fuzz/corpus/digest. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "sbc/sip/digest.h"
#include "sbc/sip/digest_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(const char *text)
{
	const struct digest_use use = { "us", "a password", "INVITE", "sips:a@b", "cnonce", 1 };
	struct digest_challenge challenge;
	char value[DIGEST_VALUE_MAX];
	struct buf out;

	if (digest_challenge_read(&challenge, text))
		return;
	buf_init(&out, 2000);
	assert(digest_credentials(&challenge, &use, &out) == OK);
	assert(!strpbrk(out.data, "\r\n"));
	assert(digest_param(out.data, "realm", value) == OK && !strcmp(value, challenge.realm));
	assert(digest_param(out.data, "nonce", value) == OK && !strcmp(value, challenge.nonce));
	assert(digest_param(out.data, "username", value) == OK && !strcmp(value, "us"));
	assert((digest_param(out.data, "nc", value) == OK) == challenge.qop);
	buf_free(&out);
}

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
	answer(text);
	free(text);
	return 0;
}
