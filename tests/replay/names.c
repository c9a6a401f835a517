/* The scenario's DNS and /etc/hosts. Every record lives for a minute, and every denial for 30 s. */
#include "tests/replay/names.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "sbc/sip/dns_exchange.h"
#include "sbc/sip/dns_hosts.h"
#include "tests/replay/vars.h"

#define NAMES_MAX 64
#define TTL_S     60
#define DENIED_S  30

struct name {
	char owner[128];
	char server[ADDR_TEXT_MAX]; /* that alone knows it; "": all do */
	unsigned type;
	uint8_t data[256];
	size_t len;
};

static struct name names[NAMES_MAX];
static size_t nnames;
static char server[ADDR_TEXT_MAX]; /* of the names that come */
static bool is_down, is_old;

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

/* "system": those servers that no record names. */
static bool is_known_to(const struct name *name, const char *asked)
{
	if (strcmp(name->server, "system") != 0)
		return !name->server[0] || strcmp(name->server, asked) == 0;
	for (size_t i = 0; i < nnames; i++) {
		if (strcmp(names[i].server, asked) == 0)
			return false;
	}
	return true;
}

/* The records that answer, behind what is there. known: those that the name has in all. */
static size_t put_answers(const struct dns_exchange_cfg *cfg, uint8_t *out, size_t len,
                          unsigned *found, unsigned *known)
{
	char asked[ADDR_TEXT_MAX];

	addr_host(&cfg->server, asked, sizeof(asked));
	for (size_t i = 0; i < nnames; i++) {
		const struct name *name = &names[i];

		if (strcasecmp(name->owner, cfg->question->name) != 0 || !is_known_to(name, asked))
			continue;
		(*known)++;
		if (name->type != (unsigned)cfg->question->type && name->type != DNS_TYPE_CNAME)
			continue;
		(*found)++;
		len += put_record(out + len, name);
	}
	return len;
}

static size_t put_denial(uint8_t *to)
{
	struct name denial = { .type = DNS_TYPE_SOA };

	denial.len = put_name(denial.data, "");
	denial.len += put_name(denial.data + denial.len, "") + 16;
	denial.len += put16(denial.data + denial.len, 0);
	denial.len += put16(denial.data + denial.len, DENIED_S);
	return put_record(to, &denial);
}

static size_t on_question(void *arg, const struct dns_exchange_cfg *cfg, const uint8_t *query,
                          size_t query_len, uint8_t out[DNS_FAKE_MAX])
{
	size_t question = 12 + strlen(cfg->question->name) + 2 + 4, len;
	unsigned found = 0, known = 0;

	(void)arg;
	(void)query_len;
	if (is_down)
		return 0;
	memcpy(out, query, question); /* all but EDNS */
	put16(out + 10, 0);
	out[2] |= 0x80;
	if (is_old && cfg->question->edns) {
		out[3] = 1;
		return question;
	}
	len = put_answers(cfg, out, question, &found, &known);
	if (!cfg->tcp && len > (cfg->question->edns ? DNS_UDP_SIZE : 512)) {
		out[2] |= 0x02;
		return question;
	}
	put16(out + 6, found);
	if (found)
		return len;
	out[3] = known ? 0 : 3;
	put16(out + 8, 1);
	return len + put_denial(out + len);
}

void names_begin(void)
{
	nnames = 0;
	server[0] = '\0';
	is_down = is_old = false;
	dns_exchange_fake(on_question, NULL);
	dns_hosts_fake("/dev/null");
}

void names_end(void)
{
	dns_exchange_fake(NULL, NULL);
	dns_hosts_fake(NULL);
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

static bool set_data(struct name *name, char **w, size_t n)
{
	if (strcmp(w[2], "A") == 0 && inet_pton(AF_INET, w[3], name->data) == 1) {
		name->type = DNS_TYPE_A;
		name->len = 4;
	} else if (strcmp(w[2], "AAAA") == 0 && inet_pton(AF_INET6, w[3], name->data) == 1) {
		name->type = DNS_TYPE_AAAA;
		name->len = 16;
	} else if (strcmp(w[2], "CNAME") == 0) {
		name->type = DNS_TYPE_CNAME;
		name->len = put_name(name->data, w[3]);
	} else if (strcmp(w[2], "SRV") == 0 && n == 7) {
		set_srv(name, w + 3);
	} else if (strcmp(w[2], "NAPTR") == 0 && n == 8) {
		set_naptr(name, w + 3);
	} else {
		return false;
	}
	return true;
}

static void forget(const char *owner)
{
	size_t left = 0;

	for (size_t i = 0; i < nnames; i++) {
		if (strcmp(names[i].owner, owner) != 0)
			names[left++] = names[i];
	}
	nnames = left;
}

/* What is no record. */
static bool is_other(char **w, size_t n)
{
	if (n == 2 && (strcmp(w[1], "down") == 0 || strcmp(w[1], "up") == 0))
		is_down = strcmp(w[1], "down") == 0;
	else if (n == 2 && strcmp(w[1], "old") == 0)
		is_old = true;
	else if (n == 3 && strcmp(w[1], "server") == 0)
		snprintf(server, sizeof(server), "%s", w[2]);
	else if (n == 3 && strcmp(w[2], "gone") == 0)
		forget(w[1]);
	else
		return false;
	return true;
}

void names_command(char **w, size_t n)
{
	struct name *name = &names[nnames];

	if (is_other(w, n))
		return;
	if (n < 4 || nnames == NAMES_MAX)
		fail("name OWNER TYPE VALUE..., name OWNER gone, name server ADDRESS, or name "
		     "down|up|old");
	memset(name, 0, sizeof(*name));
	snprintf(name->owner, sizeof(name->owner), "%s", w[1]);
	snprintf(name->server, sizeof(name->server), "%s", server);
	if (!set_data(name, w, n))
		fail("name OWNER A|AAAA|CNAME VALUE, SRV PRIORITY WEIGHT PORT TARGET, NAPTR ORDER "
		     "PREFERENCE FLAGS SERVICE REPLACEMENT");
	nnames++;
}

void names_hosts(const char *folder, const char *text)
{
	static char path[1024];
	FILE *out;

	snprintf(path, sizeof(path), "%s/hosts.%d", folder, (int)getpid());
	out = fopen(path, "w");
	if (!out || fputs(text, out) < 0)
		fail("cannot write %s", path);
	fclose(out);
	dns_hosts_fake(path);
}
