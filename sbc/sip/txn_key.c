/* Any thread. */
#include "sbc/sip/txn_key.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* FNV-1a: two texts that are cut to the same beginning stay two. Who makes them collide harms
 * himself alone. */
#define MIX_BEGIN 2166136261U
static uint32_t mix(uint32_t sum, const char *text)
{
	for (; *text; text++)
		sum = (sum ^ (uint8_t)*text) * 16777619U;
	return sum;
}

void txn_key(char *key, const char *branch, const char *sent_by, const char *method)
{
	snprintf(key, TXN_KEY_MAX, "%.120s|%.200s|%.12s|%08x", branch, sent_by, method,
	         mix(mix(MIX_BEGIN, branch), sent_by));
}

/* A request of RFC 2543 has no such branch: what it has instead makes the key. */
void txn_key_of(char *key, const struct message *m, const char *method)
{
	const char *branch = message_branch(m);

	if (strncmp(branch, "z9hG4bK", 7) == 0)
		txn_key(key, branch, message_sent_by(m), method);
	else
		snprintf(key, TXN_KEY_MAX, "2543|%.150s|%.60s|%u|%.60s|%.12s", message_call_id(m),
		         message_from_tag(m), message_cseq(m), branch, method);
}

void txn_key_of_copies(char *key, const struct message *m)
{
	snprintf(key, TXN_KEY_MAX, "%.200s|%.100s|%u|%.12s", message_call_id(m),
	         message_from_tag(m), message_cseq(m), message_method_name(m));
}
