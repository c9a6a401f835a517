/* a=crypto lines (RFC 4568): what they say, and how ours are written. */
#include "sbc/sip/sdp_crypto.h"

#include <stdio.h>
#include <string.h>
#include <sofia-sip/base64.h>
#include "base/mem.h"

/* "2^31|1:4": a lifetime, which the library's own limit stands for, and an MKI with its length; or
 * one of them (RFC 4568 6.1). */
static bool read_key_rest(const char *rest, struct sdp_crypto *out)
{
	const char *mki = strrchr(rest, '|');
	unsigned long long value;
	unsigned len;
	char end;

	mki = mki ? mki + 1 : rest;
	if (!strchr(mki, ':'))
		return mki == rest; /* a lifetime comes first */
	if (sscanf(mki, "%20llu:%3u%c", &value, &len, &end) != 2 || len == 0 || len > SDP_MKI_MAX ||
	    (len < 8 && value >> (8 * len)))
		return false;
	out->mki_len = len;
	for (unsigned i = 0; i < len; i++)
		out->mki[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
	return true;
}

/* Of the session parameters (RFC 4568 6.3) the window's size is a hint, any other one changes what
 * packets look like. */
static bool are_hints(const char *params)
{
	while (*params) {
		size_t len = strcspn(params, " ");

		if (strncmp(params, "WSH=", 4) != 0)
			return false;
		params += len;
		params += strspn(params, " ");
	}
	return true;
}

/* "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^31|1:4 WSH=64": a line that we cannot honour whole is
 * none (RFC 4568 7.1.1). */
bool sdp_crypto_read(const char *value, struct sdp_crypto *out)
{
	char key[128], *bar;
	int at = 0;
	isize_t n;

	memset(out, 0, sizeof(*out));
	if (sscanf(value, "%9u %39s inline:%127s %n", &out->tag, out->suite, key, &at) != 3)
		return false;
	if (strchr(key, ';')) /* several keys */
		goto unusable;
	bar = strchr(key, '|');
	if (bar) {
		*bar = '\0';
		if (!read_key_rest(bar + 1, out))
			goto unusable;
	}
	if (!are_hints(value + at))
		goto unusable;
	n = base64_d((char *)out->key, sizeof(out->key), key);
	if (n <= 0 || (size_t)n > sizeof(out->key))
		goto unusable;
	out->key_len = (size_t)n;
	mem_wipe(key, sizeof(key));
	return true;
unusable:
	mem_wipe(key, sizeof(key));
	return false;
}

void sdp_crypto_write(const struct sdp_crypto *crypto, struct buf *out)
{
	struct sdp_crypto copy = *crypto; /* the encoder takes no const */
	char key[SDP_KEY_MAX * 2];

	base64_e(key, sizeof(key), copy.key, (isize_t)copy.key_len);
	mem_wipe(&copy, sizeof(copy));
	buf_puts(out, "a=crypto:");
	buf_put_number(out, crypto->tag);
	buf_puts(out, " ");
	buf_puts(out, crypto->suite);
	buf_puts(out, " inline:");
	buf_puts(out, key);
	buf_puts(out, "\r\n");
	mem_wipe(key, sizeof(key));
}
