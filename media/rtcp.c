/* RTCP of our own (RFC 3550 6.4.2, 6.5; names: RFC 7022 4.2). Any thread. */
#include "media/rtcp.h"

#include <stdio.h>
#include <string.h>

#define RTCP_RR    201
#define RTCP_SDES  202
#define SDES_CNAME 1
#define CNAME_LEN  8

static uint8_t *put32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 24);
	p[1] = (uint8_t)(value >> 16);
	p[2] = (uint8_t)(value >> 8);
	p[3] = (uint8_t)value;
	return p + 4;
}

/* count: of reports or chunks; len: octets of the whole part. */
static void put_header(uint8_t *p, unsigned count, uint8_t type, size_t len)
{
	put32(p, 0x80000000U | count << 24 | (uint32_t)type << 16 | (uint32_t)(len / 4 - 1));
}

/* The SSRC is a number by chance, and serves as a name that says nothing of us. */
static uint8_t *put_name(uint8_t *p, uint32_t ssrc)
{
	uint8_t *at = put32(p + 4, ssrc);
	char name[CNAME_LEN + 1];

	snprintf(name, sizeof(name), "%08x", ssrc);
	*at++ = SDES_CNAME;
	*at++ = CNAME_LEN;
	memcpy(at, name, CNAME_LEN);
	at += CNAME_LEN;
	memset(at, 0, 2); /* the list's end, and up to 32 bits */
	at += 2;
	put_header(p, 1, RTCP_SDES, (size_t)(at - p));
	return at;
}

size_t rtcp_write(uint8_t *out, const struct rtcp_report *report)
{
	uint8_t *at = put32(out + 4, report->ssrc);

	put_header(out, 0, RTCP_RR, (size_t)(at - out));
	return (size_t)(put_name(at, report->ssrc) - out);
}
