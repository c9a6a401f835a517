/* The scenario's DNS. Every record lives for a minute, and every denial for 30 s. */
#include "tests/replay/names.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "sbc/sip/dns_exchange.h"
#include "tests/replay/vars.h"

#define NAMES_MAX 64
#define TTL_S     60
#define DENIED_S  30

struct name {
	char owner[128];
	unsigned type;
	uint8_t data[256];
	size_t len;
};

static struct name names[NAMES_MAX];
static size_t nnames;
static bool is_down;

static size_t put16(uint8_t *to, unsigned long value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
	return 2;
}

static size_t put_text(uint8_t *to, const char *text, size_t len)
{
	to[0] = (uint8_t)len;
	memcpy(to + 1, text, len);
	return 1 + len;
}

static size_t put_name(uint8_t *to, const char *name)
{
	size_t n = 0;

	while (*name) {
		size_t len = strcspn(name, ".");

		n += put_text(to + n, name, len);
		name += len + (name[len] == '.');
	}
	to[n] = 0;
	return n + 1;
}

static size_t put_record(uint8_t *to, const struct name *name)
{
	size_t n = put_name(to, name->owner);

	n += put16(to + n, name->type);
	n += put16(to + n, 1);
	n += put16(to + n, 0);
	n += put16(to + n, name->type == DNS_TYPE_SOA ? DENIED_S : TTL_S);
	n += put16(to + n, name->len);
	memcpy(to + n, name->data, name->len);
	return n + name->len;
}

static size_t on_question(void *arg, const struct dns_exchange_cfg *cfg, const uint8_t *query,
                          size_t query_len, uint8_t out[DNS_FAKE_MAX])
{
	struct name denial = { .type = DNS_TYPE_SOA };
	size_t len = 12 + strlen(cfg->question->name) + 2 + 4; /* without OPT */
	unsigned found = 0, known = 0;

	(void)arg;
	(void)query_len;
	if (is_down)
		return 0;
	memcpy(out, query, len);
	memset(out + 10, 0, 2);
	out[2] |= 0x80;
	for (size_t i = 0; i < nnames; i++) {
		if (strcasecmp(names[i].owner, cfg->question->name) != 0)
			continue;
		known++;
		if (names[i].type != (unsigned)cfg->question->type)
			continue;
		found++;
		len += put_record(out + len, &names[i]);
	}
	put16(out + 6, found);
	if (found)
		return len;
	out[3] = known ? 0 : 3;
	put16(out + 8, 1);
	denial.len = put_name(denial.data, "");
	denial.len += put_name(denial.data + denial.len, "") + 16;
	denial.len += put16(denial.data + denial.len, 0);
	denial.len += put16(denial.data + denial.len, DENIED_S);
	return len + put_record(out + len, &denial);
}

void names_begin(void)
{
	nnames = 0;
	is_down = false;
	dns_exchange_fake(on_question, NULL);
}

void names_end(void)
{
	dns_exchange_fake(NULL, NULL);
}

static void set_srv(struct name *name, char **w)
{
	name->type = DNS_TYPE_SRV;
	for (int i = 0; i < 3; i++)
		name->len += put16(name->data + name->len, strtoul(w[i], NULL, 10));
	name->len += put_name(name->data + name->len, w[3]);
}

static void set_naptr(struct name *name, char **w)
{
	name->type = DNS_TYPE_NAPTR;
	for (int i = 0; i < 2; i++)
		name->len += put16(name->data + name->len, strtoul(w[i], NULL, 10));
	for (int i = 2; i < 4; i++)
		name->len += put_text(name->data + name->len, w[i], strlen(w[i]));
	name->len += put_text(name->data + name->len, "", 0);
	name->len += put_name(name->data + name->len, w[4]);
}

void names_command(char **w, size_t n)
{
	struct name *name = &names[nnames];

	if (n == 2 && (strcmp(w[1], "down") == 0 || strcmp(w[1], "up") == 0)) {
		is_down = strcmp(w[1], "down") == 0;
		return;
	}
	if (n < 4 || nnames == NAMES_MAX)
		fail("name OWNER TYPE VALUE..., or name down|up");
	memset(name, 0, sizeof(*name));
	snprintf(name->owner, sizeof(name->owner), "%s", w[1]);
	if (strcmp(w[2], "A") == 0 && inet_pton(AF_INET, w[3], name->data) == 1) {
		name->type = DNS_TYPE_A;
		name->len = 4;
	} else if (strcmp(w[2], "AAAA") == 0 && inet_pton(AF_INET6, w[3], name->data) == 1) {
		name->type = DNS_TYPE_AAAA;
		name->len = 16;
	} else if (strcmp(w[2], "SRV") == 0 && n == 7) {
		set_srv(name, w + 3);
	} else if (strcmp(w[2], "NAPTR") == 0 && n == 8) {
		set_naptr(name, w + 3);
	} else {
		fail(
		    "name OWNER A|AAAA ADDRESS, SRV PRIORITY WEIGHT PORT TARGET, NAPTR ORDER PREFERENCE "
		    "FLAGS SERVICE REPLACEMENT");
	}
	nnames++;
}
