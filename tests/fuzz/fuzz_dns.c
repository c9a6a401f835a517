/* Arbitrary octets as the answer to each of our questions. The first octet chooses the question; id
 * and question are put right in one run of two, so that what lies behind them is reached. What
 * comes out is held to its promises. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "sbc/sip/dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum dns_type types[] = { DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_SRV, DNS_TYPE_NAPTR };

static void check_name(const char *name)
{
	assert(strnlen(name, DNS_TEXT_MAX) < DNS_TEXT_MAX);
}

static void check_record(enum dns_type type, const struct dns_rr *r)
{
	if (type == DNS_TYPE_SRV) {
		check_name(r->srv.target);
	} else if (type == DNS_TYPE_NAPTR) {
		check_name(r->naptr.replacement);
		assert(strnlen(r->naptr.flags, 8) < 8 && strnlen(r->naptr.service, 32) < 32);
	} else {
		assert(addr_is_set(&r->addr) && addr_port(&r->addr) == 0);
	}
}

static void check(const struct dns_question *q, const uint8_t *data, size_t size)
{
	static struct dns_reply reply;

	if (dns_reply_read(&reply, q, data, size) || reply.truncated)
		return;
	assert(reply.nrecords <= DNS_RECORDS_MAX);
	assert(reply.ttl_s <= DNS_TTL_MAX_S);
	assert((reply.nrecords > 0) == (reply.status == DNS_FOUND));
	check_name(reply.alias);
	assert(reply.status != DNS_ALIAS || reply.alias[0]);
	for (size_t i = 0; i < reply.nrecords; i++)
		check_record(q->type, &reply.records[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t query[DNS_QUERY_MAX], *answer;
	struct dns_question q;
	size_t len;

	if (size == 0 || dns_question_set(&q, types[data[0] % 4], "a.test"))
		return 0;
	q.id = 0;
	check(&q, data + 1, size - 1);
	/* A right head, then all of data but its first octet from the flags on. */
	len = dns_question_write(&q, query);
	answer = malloc(len + size);
	if (!answer)
		abort();
	memcpy(answer, query, len);
	answer[2] = 0x81;
	for (size_t i = 3; i < 12 && i < size; i++)
		answer[i] = i == 4 || i == 5 ? answer[i] : data[i];
	memcpy(answer + len, data + (size < 12 ? size : 12), size < 12 ? 0 : size - 12);
	check(&q, answer, len + (size < 12 ? 0 : size - 12));
	free(answer);
	return 0;
}
