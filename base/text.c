/* Texts and numbers without printf, and what came from a peer, before a person or a parser gets it.
 */
#include "base/text.h"

#include <stdint.h>
#include <string.h>

size_t text_number(char out[TEXT_NUMBER_MAX], uint64_t n)
{
	size_t len = 1;

	for (uint64_t rest = n; rest >= 10; rest /= 10)
		len++;
	out[len] = '\0';
	for (size_t at = len; at > 0; n /= 10)
		out[--at] = (char)('0' + n % 10);
	return len;
}

void text_copy(char *out, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(out, text, len);
	out[len] = '\0';
}

/* Reads one character of UTF-8 (RFC 3629); gives its octets, 0 when it is none. */
static size_t utf8_next(const unsigned char *s, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0;

	if (n == 0 || s[0] > 0xf4)
		return 0;
	*out = n == 1 ? s[0] : s[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*out = *out << 6 | (s[i] & 0x3f);
	}
	if (*out < least[n] || *out > 0x10ffff || (*out >= 0xd800 && *out < 0xe000))
		return 0;
	return n;
}

/* No control character, and none that turns the direction of writing. */
static int is_shown(uint32_t c)
{
	return c >= 0x20 && (c < 0x7f || c > 0x9f) && c != 0x200e && c != 0x200f &&
	       (c < 0x2028 || c > 0x202e) && (c < 0x2066 || c > 0x2069);
}

size_t text_make_safe(char *text)
{
	char *to = text;
	size_t width = 0;

	for (const char *from = text; *from; width++) {
		uint32_t c;
		size_t n = utf8_next((const unsigned char *)from, &c);

		if (n == 0 || !is_shown(c)) {
			*to++ = '?';
			from += n ? n : 1;
			continue;
		}
		memmove(to, from, n);
		to += n;
		from += n;
	}
	*to = '\0';
	return width;
}
