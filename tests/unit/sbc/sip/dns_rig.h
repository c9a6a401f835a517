/* A DNS client whose name servers the test answers for, octet by octet, under a clock that it
 * turns. dns_message, dns_cache and dns_client are tested in it together, each in a file of its
 * own: what one of them does is seen through the others. */
#ifndef TESTS_UNIT_SBC_SIP_DNS_RIG_H
#define TESTS_UNIT_SBC_SIP_DNS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/dns_cache.h"
#include "sbc/sip/dns_client.h"
#include "sbc/sip/dns_exchange.h"

enum { SECTION_ANSWER, SECTION_AUTHORITY };

/* A reply in the making. */
struct wire {
	uint8_t data[DNS_FAKE_MAX];
	size_t len;
};

static struct {
	struct loop *loop;
	struct dns_client *client;
	struct dns_ask *ask;
	struct dns_reply reply;
	unsigned told;
	/* The server: what it says, and what it was asked. */
	void (*answer)(struct wire *w, const struct dns_exchange_cfg *cfg);
	unsigned asked, asked_tcp, asked_edns;
	uint16_t ids[64];
	struct addr server; /* that was asked last */
	uint32_t ttl_s;
	char log[4096];
} t;

static inline void put(struct wire *w, const void *data, size_t len)
{
	assert_true(w->len + len <= sizeof(w->data));
	memcpy(w->data + w->len, data, len);
	w->len += len;
}

static inline void put16(struct wire *w, unsigned v)
{
	put(w, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

static inline void put32(struct wire *w, uint32_t v)
{
	put16(w, v >> 16);
	put16(w, v & 0xffff);
}

static inline void put_name(struct wire *w, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");

		put(w, &(uint8_t){ (uint8_t)len }, 1);
		put(w, name, len);
		name += len + (name[len] == '.');
	}
	put(w, "", 1);
}

static inline void set16(struct wire *w, size_t at, unsigned v)
{
	w->data[at] = (uint8_t)(v >> 8);
	w->data[at + 1] = (uint8_t)v;
}

static inline void set_rcode(struct wire *w, unsigned rcode)
{
	w->data[3] = (uint8_t)((w->data[3] & 0xf0) | rcode);
}

/* Begins a record; its data follows, up to end_record. */
static inline size_t begin_record(struct wire *w, int section, const char *owner, unsigned type)
{
	unsigned at = section == SECTION_ANSWER ? 6 : 8;

	set16(w, at, (unsigned)(w->data[at] << 8 | w->data[at + 1]) + 1);
	put_name(w, owner);
	put16(w, type);
	put16(w, 1);
	put32(w, t.ttl_s);
	put16(w, 0);
	return w->len;
}

static inline void end_record(struct wire *w, size_t begin)
{
	set16(w, begin - 2, (unsigned)(w->len - begin));
}

static inline void add_a(struct wire *w, const char *owner, unsigned last)
{
	size_t begin = begin_record(w, SECTION_ANSWER, owner, DNS_TYPE_A);

	put32(w, 0xc0000200 + last); /* 192.0.2.last */
	end_record(w, begin);
}

static inline void add_alias(struct wire *w, const char *owner, const char *target)
{
	size_t begin = begin_record(w, SECTION_ANSWER, owner, DNS_TYPE_CNAME);

	put_name(w, target);
	end_record(w, begin);
}

static inline void add_soa(struct wire *w, uint32_t minimum_s)
{
	size_t begin = begin_record(w, SECTION_AUTHORITY, "test", DNS_TYPE_SOA);

	put_name(w, "ns.test");
	put_name(w, "root.test");
	for (int i = 0; i < 4; i++)
		put32(w, 1);
	put32(w, minimum_s);
	end_record(w, begin);
}

static inline size_t on_question(void *arg, const struct dns_exchange_cfg *cfg,
                                 const uint8_t *query, size_t len, uint8_t out[DNS_FAKE_MAX])
{
	struct wire w = { .len = 0 };

	(void)arg;
	if (t.asked < 64)
		t.ids[t.asked] = (uint16_t)(query[0] << 8 | query[1]);
	t.asked++;
	t.asked_tcp += cfg->tcp;
	t.server = cfg->server;
	put(&w, query, len);
	w.len = 12 + strlen(cfg->question->name) + 2 + 4;
	t.asked_edns += w.data[11];
	w.data[11] = 0;
	w.data[2] |= 0x80;
	t.answer(&w, cfg);
	memcpy(out, w.data, w.len);
	return w.len;
}

static inline void on_log(void *arg, enum log_level level, const char *line)
{
	size_t len = strlen(t.log);

	(void)arg;
	(void)level;
	snprintf(t.log + len, sizeof(t.log) - len, "%s\n", line);
}

static inline struct addr server(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), OK);
	return a;
}

static inline int begin(void **state)
{
	struct addr servers[2];

	(void)state;
	memset(&t, 0, sizeof(t));
	t.ttl_s = 60;
	clock_fake(1000000, 1800000000);
	log_capture(on_log, NULL);
	dns_exchange_fake(on_question, NULL);
	servers[0] = server("192.0.2.53");
	servers[1] = server("192.0.2.54:5353");
	if (loop_new(&t.loop))
		return -1;
	return dns_client_new(&t.client, t.loop, servers, 2) == OK ? 0 : -1;
}

static inline int end(void **state)
{
	(void)state;
	dns_client_free(&t.client);
	loop_free(&t.loop);
	dns_exchange_fake(NULL, NULL);
	log_capture(NULL, NULL);
	clock_real();
	return 0;
}

static inline void on_reply(void *arg, const struct dns_reply *reply)
{
	assert_ptr_equal(arg, &t);
	t.ask = NULL;
	t.reply = *reply;
	t.told++;
}

static inline void turn(uint64_t ms)
{
	struct timers *timers = loop_timers(t.loop);

	while (timers_next_ms(timers) <= ms) {
		uint64_t step = timers_next_ms(timers);

		clock_fake_advance(step);
		ms -= step;
		timers_run(timers);
	}
	clock_fake_advance(ms);
}

/* Asks and waits as long as it takes. */
static inline enum dns_status ask(enum dns_type type, const char *name)
{
	unsigned told = t.told;

	assert_int_equal(dns_client_ask(&t.ask, t.client, type, name, &t.reply, on_reply, &t), OK);
	for (int i = 0; t.ask && i < 1000; i++)
		turn(20);
	assert_null(t.ask);
	assert_true(t.told <= told + 1);
	return t.reply.status;
}

/* --- what a server says --- */

static inline void says_one(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	add_a(w, "a.test", 1);
}

static inline void says_nothing(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	w->len = 0;
}

static inline void says_no_name(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	set_rcode(w, 3);
	add_soa(w, 30);
}

static inline void says_no_record(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	add_soa(w, 100000);
}

static inline void says_no_soa(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	set_rcode(w, 3);
}

static inline void fails(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	set_rcode(w, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

#endif
