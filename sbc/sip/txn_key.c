/* Any thread. */
#include "sbc/sip/txn_key.h"

#include <stdint.h>
#include <string.h>

#define PART_MAX 90 /* octets of each; four of them, a number and the sum have room */

/* FNV-1a. Who makes two rests collide harms himself alone. */
static uint32_t mix(uint32_t sum, const char *text)
{
	for (; *text; text++)
		sum = (sum ^ (uint8_t)*text) * 16777619U;
	return sum;
}

/* The parts one behind the other, each as far as there is room, and a sum of what there was none
 * for: two that are cut to the same beginning stay two. */
static void join(char *key, const char *const *parts, size_t n, uint32_t number)
{
	uint32_t rest = 2166136261U;

	for (size_t i = 0; i < n; i++) {
		size_t len = strnlen(parts[i], PART_MAX);

		memcpy(key, parts[i], len);
		key += len;
		*key++ = '|';
		rest = mix(rest, parts[i] + len) * 16777619U; /* where a rest ends counts */
	}
	for (unsigned i = 0; i < 16; i++)
		*key++ = "0123456789abcdef"[(i < 8 ? number : rest) >> (i % 8 * 4) & 15];
	*key = '\0';
}

void txn_key(char *key, const char *branch, const char *sent_by, const char *method)
{
	join(key, (const char *const[]){ branch, sent_by, method }, 3, 0);
}

/* A request of RFC 2543 has no such branch: what it has instead makes the key. */
void txn_key_of(char *key, const struct message *m, const char *method)
{
	const char *branch = message_branch(m);

	if (strncmp(branch, "z9hG4bK", 7) == 0)
		txn_key(key, branch, message_sent_by(m), method);
	else
		join(key,
		     (const char *const[]){ message_call_id(m), message_from_tag(m), branch,
		                            method },
		     4, message_cseq(m));
}

void txn_key_of_copies(char *key, const struct message *m)
{
	join(key,
	     (const char *const[]){ message_call_id(m), message_from_tag(m),
	                            message_method_name(m) },
	     3, message_cseq(m));
}
