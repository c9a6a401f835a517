/* Addresses and networks, IPv4 and IPv6. Any thread. An IPv4-mapped IPv6 address becomes IPv4, so
 * that one host has one form. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A decimal of at most max in all of text. */
static enum err parse_number(const char *text, unsigned max, unsigned *out)
{
	unsigned value = 0;

	if (!*text)
		return ERR_SYNTAX;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return ERR_SYNTAX;
		value = value * 10 + (unsigned)(*text - '0');
		if (value > max)
			return ERR_SYNTAX;
	}
	*out = value;
	return OK;
}

static void set_v4(struct addr *a, const void *ip)
{
	memset(a, 0, sizeof(*a));
	a->v4.sin_family = AF_INET;
	memcpy(&a->v4.sin_addr, ip, sizeof(a->v4.sin_addr));
}

static enum err parse_host(struct addr *out, const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1) {
		set_v4(out, &v4);
		return OK;
	}
	if (inet_pton(AF_INET6, host, &v6) != 1)
		return ERR_SYNTAX;
	if (IN6_IS_ADDR_V4MAPPED(&v6)) {
		set_v4(out, &v6.s6_addr[12]);
		return OK;
	}
	memset(out, 0, sizeof(*out));
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_addr = v6;
	return OK;
}

/* Splits "host:port" and "[host]:port"; a bare IPv6 address has colons and no port. */
static enum err split(const char *text, char *host, size_t size, unsigned *port)
{
	const char *begin = text, *end, *colon;

	*port = 0;
	if (*text == '[') {
		begin = text + 1;
		end = strchr(begin, ']');
		if (!end || (end[1] && end[1] != ':'))
			return ERR_SYNTAX;
		colon = end[1] ? end + 1 : NULL;
	} else {
		colon = strchr(text, ':');
		if (colon && strchr(colon + 1, ':'))
			colon = NULL;
		end = colon ? colon : text + strlen(text);
	}
	if ((size_t)(end - begin) >= size)
		return ERR_SYNTAX;
	memcpy(host, begin, (size_t)(end - begin));
	host[end - begin] = '\0';
	return colon ? parse_number(colon + 1, 65535, port) : OK;
}

enum err addr_parse(struct addr *out, const char *text)
{
	char host[INET6_ADDRSTRLEN];
	unsigned port;
	enum err err;

	err = split(text, host, sizeof(host), &port);
	if (err)
		return err;
	err = parse_host(out, host);
	if (err)
		return err;
	addr_set_port(out, (uint16_t)port);
	return OK;
}

enum err addr_parse_ours(struct addr *out, const char *text)
{
	const char *percent = strchr(text, '%');
	size_t before = percent ? (size_t)(percent - text) : 0;
	size_t len = percent ? strcspn(percent + 1, "]") : 0;
	char name[IF_NAMESIZE], rest[ADDR_TEXT_MAX];
	enum err err;

	if (!percent)
		return addr_parse(out, text);
	if (!len || len >= sizeof(name) || strlen(text) >= sizeof(rest))
		return ERR_SYNTAX;
	memcpy(name, percent + 1, len);
	name[len] = '\0';
	memcpy(rest, text, before);
	strcpy(rest + before, percent + 1 + len);
	err = addr_parse(out, rest);
	if (err)
		return err;
	if (out->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_LINKLOCAL(&out->v6.sin6_addr))
		return ERR_SYNTAX;
	out->v6.sin6_scope_id = if_nametoindex(name);
	return out->v6.sin6_scope_id ? OK : ERR_NOT_FOUND;
}

enum err addr_from_sockaddr(struct addr *out, const struct sockaddr *sa, socklen_t len)
{
	if (sa->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
		memset(out, 0, sizeof(*out));
		memcpy(&out->v4, sa, sizeof(out->v4));
		return OK;
	}
	if (sa->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
		memset(out, 0, sizeof(*out));
		memcpy(&out->v6, sa, sizeof(out->v6));
		if (IN6_IS_ADDR_V4MAPPED(&out->v6.sin6_addr)) {
			struct sockaddr_in6 v6 = out->v6;

			set_v4(out, &v6.sin6_addr.s6_addr[12]);
			out->v4.sin_port = v6.sin6_port;
		}
		return OK;
	}
	return ERR_UNSUPPORTED;
}

enum err addr_net_parse(struct addr_net *out, const char *text)
{
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	unsigned max;
	enum err err;

	if (len >= sizeof(host))
		return ERR_SYNTAX;
	memcpy(host, text, len);
	host[len] = '\0';
	err = parse_host(&out->base, host);
	if (err)
		return err;
	max = out->base.sa.sa_family == AF_INET ? 32 : 128;
	out->bits = max;
	return slash ? parse_number(slash + 1, max, &out->bits) : OK;
}

/* inet_ntop prints with sprintf, and this is in every message. */
static void write_v4(const uint8_t ip[4], char *at)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i)
			*at++ = '.';
		if (ip[i] >= 100)
			*at++ = (char)('0' + ip[i] / 100);
		if (ip[i] >= 10)
			*at++ = (char)('0' + ip[i] / 10 % 10);
		*at++ = (char)('0' + ip[i] % 10);
	}
	*at = '\0';
}

const char *addr_host(const struct addr *a, char *buf, size_t size)
{
	if (a->sa.sa_family == AF_INET && size >= INET_ADDRSTRLEN)
		write_v4((const uint8_t *)&a->v4.sin_addr, buf);
	else if (a->sa.sa_family != AF_INET6 ||
	         !inet_ntop(AF_INET6, &a->v6.sin6_addr, buf, (socklen_t)size))
		snprintf(buf, size, "-");
	return buf;
}

const char *addr_uri_host(const struct addr *a, char *buf, size_t size)
{
	char host[ADDR_TEXT_MAX];

	if (a->sa.sa_family != AF_INET6)
		return addr_host(a, buf, size);
	snprintf(buf, size, "[%s]", addr_host(a, host, sizeof(host)));
	return buf;
}

const char *addr_text(const struct addr *a, char *buf, size_t size)
{
	char host[ADDR_TEXT_MAX];

	if (!addr_port(a))
		return addr_host(a, buf, size);
	snprintf(buf, size, "%s:%u", addr_uri_host(a, host, sizeof(host)), addr_port(a));
	return buf;
}

bool addr_is_set(const struct addr *a)
{
	return a->sa.sa_family != AF_UNSPEC;
}

bool addr_is_any(const struct addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == htonl(INADDR_ANY);
	return a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
}

static const uint8_t *ip_bytes(const struct addr *a, size_t *len)
{
	bool v6 = a->sa.sa_family == AF_INET6;

	*len = v6 ? 16 : 4;
	return v6 ? a->v6.sin6_addr.s6_addr : (const uint8_t *)&a->v4.sin_addr;
}

/* The interface that a link-local address is on; 0: what a message says of it does not tell. */
static uint32_t scope_of(const struct addr *a)
{
	return a->sa.sa_family == AF_INET6 ? a->v6.sin6_scope_id : 0;
}

bool addr_same_host(const struct addr *a, const struct addr *b)
{
	size_t len, ignored;
	const uint8_t *x, *y;

	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (!addr_is_set(a))
		return true;
	x = ip_bytes(a, &len);
	y = ip_bytes(b, &ignored);
	return memcmp(x, y, len) == 0 &&
	       (!scope_of(a) || !scope_of(b) || scope_of(a) == scope_of(b));
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_same_host(a, b) && addr_port(a) == addr_port(b);
}

bool addr_in_net(const struct addr *a, const struct addr_net *net)
{
	size_t len, ignored, whole = net->bits / 8;
	const uint8_t *x, *y;
	uint8_t mask = (uint8_t)(0xff00 >> (net->bits % 8));

	if (!addr_is_set(a) || a->sa.sa_family != net->base.sa.sa_family)
		return false;
	x = ip_bytes(a, &len);
	y = ip_bytes(&net->base, &ignored);
	if (memcmp(x, y, whole) != 0)
		return false;
	return whole == len || ((x[whole] ^ y[whole]) & mask) == 0;
}

uint16_t addr_port(const struct addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return ntohs(a->v4.sin_port);
	return a->sa.sa_family == AF_INET6 ? ntohs(a->v6.sin6_port) : 0;
}

void addr_set_port(struct addr *a, uint16_t port)
{
	if (a->sa.sa_family == AF_INET)
		a->v4.sin_port = htons(port);
	else if (a->sa.sa_family == AF_INET6)
		a->v6.sin6_port = htons(port);
}

socklen_t addr_len(const struct addr *a)
{
	return a->sa.sa_family == AF_INET6 ? sizeof(a->v6) : sizeof(a->v4);
}

enum err addr_unix(struct sockaddr_un *out, const char *path)
{
	size_t len = strlen(path);

	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	if (len == 0 || len >= sizeof(out->sun_path))
		return ERR_LIMIT;
	memcpy(out->sun_path, path, len);
	return OK;
}
