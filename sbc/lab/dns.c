/* A name server for one domain (RFC 1035, 2308, 2782). Queries are read with distrust: one
 * question, no compression, lengths within the datagram. The loop's thread; its owner is the
 * provider. */
#include "sbc/lab/dns.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"

#define HEADER_LEN 12
#define BATCH      32 /* datagrams in one go */
#define TTL_S      5  /* a lab changes */

enum rcode { NO_ERROR = 0, FORM_ERROR = 1, NAME_ERROR = 3, NOT_IMPLEMENTED = 4, REFUSED = 5 };
enum rr_type { TYPE_A = 1, TYPE_SOA = 6, TYPE_AAAA = 28, TYPE_SRV = 33, TYPE_ANY = 255 };
enum rr_class { CLASS_IN = 1, CLASS_ANY = 255 };

/* Bits of the header's second word (RFC 1035 4.1.1). */
#define FLAG_RESPONSE  0x8000U
#define FLAG_OPCODE    0x7800U
#define FLAG_AUTHORITY 0x0400U
#define FLAG_RECURSION 0x0100U /* desired: copied into the answer */

struct question {
	struct dns_name name;
	unsigned type, class;
	size_t len; /* octets in the datagram */
};

/* What a name is in our zone. */
enum place { OUTSIDE, NOWHERE, APEX, EMPTY, SERVICE, HOST };

/* --- names --- */

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool is_host_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static enum err name_from_text(struct dns_name *out, const char *text)
{
	size_t at = 0, n;

	if (strlen(text) > DNS_DOMAIN_MAX)
		return ERR_SYNTAX;
	for (; *text; text += n + (text[n] == '.')) {
		for (n = 0; is_host_character(text[n]); n++)
			out->bytes[at + 1 + n] = lower((uint8_t)text[n]);
		if (n == 0 || n > 63 || (text[n] && text[n] != '.'))
			return ERR_SYNTAX;
		out->bytes[at] = (uint8_t)n;
		at += 1 + n;
	}
	out->bytes[at++] = 0;
	out->len = at;
	return at > 1 ? OK : ERR_SYNTAX;
}

/* A name as a question has it: whole, without pointers (RFC 1035 4.1.4 allows them to point only
 * backward, and there is nothing behind). Gives its length in the datagram, 0 for a bad one. */
static size_t name_read(struct dns_name *out, const uint8_t *p, size_t len)
{
	size_t at = 0;

	while (at < len && at < DNS_NAME_MAX) {
		size_t n = p[at];

		if (n > 63 || at + 1 + n > len || at + 1 + n > DNS_NAME_MAX)
			return 0;
		out->bytes[at] = (uint8_t)n;
		for (size_t i = 1; i <= n; i++)
			out->bytes[at + i] = lower(p[at + i]);
		at += 1 + n;
		if (n == 0) {
			out->len = at;
			return at;
		}
	}
	return 0;
}

/* Whether name is prefix (labels without the last, empty one) and then the domain. */
static bool is_prefixed(const struct dns_name *name, const struct dns_name *domain,
                        const char *prefix)
{
	size_t n = strlen(prefix);

	return name->len == n + domain->len && memcmp(name->bytes, prefix, n) == 0 &&
	       memcmp(name->bytes + n, domain->bytes, domain->len) == 0;
}

/* Label by label, so that "evilprovider.lab" is not below "provider.lab". */
static bool is_below(const struct dns_name *name, const struct dns_name *domain)
{
	size_t at = 0;

	while (at < name->len && name->len - at > domain->len)
		at += 1U + name->bytes[at];
	return name->len - at == domain->len &&
	       memcmp(name->bytes + at, domain->bytes, domain->len) == 0;
}

static enum place place_of(const struct dns_zone *zone, const struct dns_name *name)
{
	if (is_prefixed(name, &zone->domain, ""))
		return APEX;
	if (is_prefixed(name, &zone->domain, "\4_tcp"))
		return EMPTY; /* there is something below: no NXDOMAIN (RFC 8020) */
	if (is_prefixed(name, &zone->domain, "\5_sips\4_tcp"))
		return SERVICE;
	if (is_prefixed(name, &zone->domain, "\3sip"))
		return HOST;
	return is_below(name, &zone->domain) ? NOWHERE : OUTSIDE;
}

enum err dns_zone_init(struct dns_zone *out, const char *domain, const struct addr *sip)
{
	struct dns_zone zone = { .sip = *sip };
	enum err err = name_from_text(&zone.domain, domain);

	if (!err)
		*out = zone;
	return err;
}

/* --- answers --- */

struct writer {
	uint8_t *out;
	size_t len;
	unsigned answers, authorities, additional;
};

static void put(struct writer *w, const void *data, size_t len)
{
	assert(len <= DNS_MAX - w->len); /* DNS_DOMAIN_MAX sees to it */
	memcpy(w->out + w->len, data, len);
	w->len += len;
}

static void put_u16(struct writer *w, unsigned value)
{
	uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	put(w, bytes, sizeof(bytes));
}

static void put_u32(struct writer *w, uint32_t value)
{
	put_u16(w, value >> 16);
	put_u16(w, value & 0xffff);
}

static void put_pointer(struct writer *w, size_t at)
{
	put_u16(w, 0xc000U | (unsigned)at);
}

static void put_record(struct writer *w, size_t name_at, enum rr_type type, size_t data_len)
{
	put_pointer(w, name_at);
	put_u16(w, type);
	put_u16(w, CLASS_IN);
	put_u32(w, TTL_S);
	put_u16(w, (unsigned)data_len);
}

static enum rr_type address_type(const struct dns_zone *zone)
{
	return zone->sip.sa.sa_family == AF_INET6 ? TYPE_AAAA : TYPE_A;
}

static void put_address(struct writer *w, const struct dns_zone *zone, size_t name_at)
{
	if (zone->sip.sa.sa_family == AF_INET6) {
		put_record(w, name_at, TYPE_AAAA, sizeof(zone->sip.v6.sin6_addr));
		put(w, &zone->sip.v6.sin6_addr, sizeof(zone->sip.v6.sin6_addr));
	} else {
		put_record(w, name_at, TYPE_A, sizeof(zone->sip.v4.sin_addr));
		put(w, &zone->sip.v4.sin_addr, sizeof(zone->sip.v4.sin_addr));
	}
}

/* The target is written out: RFC 2782 forbids to compress it. Its address comes with it. */
static void put_service(struct writer *w, const struct dns_zone *zone)
{
	static const uint8_t host[4] = { 3, 's', 'i', 'p' };
	size_t target_at;

	put_record(w, HEADER_LEN, TYPE_SRV, 6 + sizeof(host) + zone->domain.len);
	put_u16(w, 0); /* priority */
	put_u16(w, 0); /* weight */
	put_u16(w, addr_port(&zone->sip));
	target_at = w->len;
	put(w, host, sizeof(host));
	put(w, zone->domain.bytes, zone->domain.len);
	w->answers++;
	put_address(w, zone, target_at);
	w->additional++;
}

/* How long "no" holds (RFC 2308 3). The domain is the end of the question's name. */
static void put_soa(struct writer *w, const struct dns_zone *zone, const struct question *q)
{
	static const uint8_t host[4] = { 3, 's', 'i', 'p' };
	static const char hostmaster[] = "\12hostmaster";
	size_t domain_at = HEADER_LEN + q->name.len - zone->domain.len;

	put_record(w, domain_at, TYPE_SOA, sizeof(host) + 2 + sizeof(hostmaster) - 1 + 2 + 20);
	put(w, host, sizeof(host));
	put_pointer(w, domain_at);
	put(w, hostmaster, sizeof(hostmaster) - 1);
	put_pointer(w, domain_at);
	put_u32(w, 1);     /* serial */
	put_u32(w, 3600);  /* refresh, s */
	put_u32(w, 600);   /* retry, s */
	put_u32(w, 86400); /* expire, s */
	put_u32(w, TTL_S); /* of "no" */
}

static bool asks_for(const struct question *q, enum rr_type type)
{
	return q->type == type || q->type == TYPE_ANY;
}

static enum rcode put_answer(struct writer *w, const struct dns_zone *zone,
                             const struct question *q)
{
	enum place place = place_of(zone, &q->name);

	if (place == OUTSIDE || (q->class != CLASS_IN && q->class != CLASS_ANY))
		return REFUSED;
	if (place == SERVICE && asks_for(q, TYPE_SRV)) {
		put_service(w, zone);
	} else if (place == HOST && asks_for(q, address_type(zone))) {
		put_address(w, zone, HEADER_LEN);
		w->answers++;
	} else {
		put_soa(w, zone, q);
		if (place == APEX && asks_for(q, TYPE_SOA))
			w->answers++;
		else
			w->authorities++;
	}
	return place == NOWHERE ? NAME_ERROR : NO_ERROR;
}

static unsigned get_u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static bool read_question(struct question *q, const uint8_t *query, size_t len)
{
	/* One question, no records but additional ones (EDNS), which are not looked at. */
	if (get_u16(query + 4) != 1 || get_u16(query + 6) != 0 || get_u16(query + 8) != 0)
		return false;
	q->len = name_read(&q->name, query + HEADER_LEN, len - HEADER_LEN);
	if (q->len == 0 || len - HEADER_LEN - q->len < 4)
		return false;
	q->type = get_u16(query + HEADER_LEN + q->len);
	q->class = get_u16(query + HEADER_LEN + q->len + 2);
	q->len += 4;
	return true;
}

static void put_header(struct writer *w, const uint8_t *query, unsigned flags, unsigned questions)
{
	w->len = 0;
	put(w, query, 2); /* the id */
	put_u16(w, flags);
	put_u16(w, questions);
	put_u16(w, w->answers);
	put_u16(w, w->authorities);
	put_u16(w, w->additional);
}

size_t dns_answer(const struct dns_zone *zone, const uint8_t *query, size_t len,
                  uint8_t out[DNS_MAX])
{
	struct writer w = { .out = out, .len = HEADER_LEN };
	struct question q;
	enum rcode rcode;
	unsigned flags, questions = 0;
	size_t total;

	/* An answer is never answered: two servers would go on for ever. */
	if (len < HEADER_LEN || len > DNS_MAX || (get_u16(query + 2) & FLAG_RESPONSE))
		return 0;
	flags = FLAG_RESPONSE | (get_u16(query + 2) & (FLAG_OPCODE | FLAG_RECURSION));
	if (flags & FLAG_OPCODE) {
		rcode = NOT_IMPLEMENTED;
	} else if (!read_question(&q, query, len)) {
		rcode = FORM_ERROR;
	} else {
		put(&w, query + HEADER_LEN, q.len); /* as it was written (0x20) */
		questions = 1;
		rcode = put_answer(&w, zone, &q);
		flags |= rcode == REFUSED ? 0 : FLAG_AUTHORITY;
	}
	total = w.len;
	put_header(&w, query, flags | rcode, questions);
	return total;
}

/* --- the socket --- */

struct dns {
	struct dns_zone zone;
	struct io *io;
	int fd;
};

static void on_readable(void *arg, int events)
{
	struct dns *dns = arg;
	uint8_t query[DNS_MAX + 1], answer[DNS_MAX];

	(void)events;
	for (int i = 0; i < BATCH; i++) {
		struct addr peer;
		socklen_t peer_len = sizeof(peer);
		ssize_t n =
		    recvfrom(dns->fd, query, sizeof(query), MSG_DONTWAIT, &peer.sa, &peer_len);
		size_t len;

		if (n < 0)
			return;
		len = dns_answer(&dns->zone, query, (size_t)n, answer);
		/* What is lost is asked again. */
		if (len > 0)
			(void)!sendto(dns->fd, answer, len, MSG_DONTWAIT, &peer.sa, peer_len);
	}
}

enum err dns_open(struct dns **out, struct loop *loop, const struct addr *local,
                  const struct dns_zone *zone)
{
	struct dns *dns = mem_zalloc(sizeof(*dns));
	enum err err = ERR_IO;

	if (!dns)
		return ERR_NOMEM;
	dns->zone = *zone;
	dns->fd =
	    socket(local->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	if (dns->fd < 0 || bind(dns->fd, &local->sa, addr_len(local)) < 0)
		goto fail;
	err = io_new(&dns->io, loop, dns->fd, IO_READ, on_readable, dns);
	if (err)
		goto fail;
	*out = dns;
	return OK;
fail:
	dns_close(&dns);
	return err;
}

void dns_close(struct dns **dnsp)
{
	struct dns *dns = *dnsp;
	int error = errno;

	if (!dns)
		return;
	io_free(&dns->io);
	if (dns->fd >= 0)
		close(dns->fd);
	mem_free(dns);
	*dnsp = NULL;
	errno = error; /* of the failure that led here */
}

void dns_address(const struct dns *dns, struct addr *out)
{
	socklen_t len = sizeof(*out);

	memset(out, 0, sizeof(*out));
	if (getsockname(dns->fd, &out->sa, &len) < 0)
		memset(out, 0, sizeof(*out));
}
