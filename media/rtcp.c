/* SR, RR and SDES (RFC 3550 6.4, 6.5; names: RFC 7022 4.2). Any thread. */
#include "media/rtcp.h"

#include <stdio.h>
#include <string.h>
#include "media/octets.h"
#include "media/rtp.h"

#define RTCP_SR    200
#define RTCP_RR    201
#define RTCP_SDES  202
#define RTCP_BYE   203
#define SDES_CNAME 1
#define SDES_NOTE  7
#define CNAME_LEN  8
#define HEADER_LEN 4

/* count: of reports or chunks; len: octets of the whole part. */
static void put_header(uint8_t *p, unsigned count, uint8_t type, size_t len)
{
	put32(p, 0x80000000U | count << 24 | (uint32_t)type << 16 | (uint32_t)(len / 4 - 1));
}

/* The SSRC is a number by chance, and serves as a name that says nothing of us. */
static struct rtcp_name make_name(uint32_t ssrc)
{
	struct rtcp_name name = { .ssrc = ssrc, .len = CNAME_LEN };
	char text[CNAME_LEN + 1];

	snprintf(text, sizeof(text), "%08x", ssrc);
	memcpy(name.text, text, CNAME_LEN);
	return name;
}

static uint8_t *put_name(uint8_t *p, const struct rtcp_name *name)
{
	uint8_t *at = put32(p + 4, name->ssrc);

	*at++ = SDES_CNAME;
	*at++ = name->len;
	for (unsigned i = 0; i < name->len; i++)
		*at++ = name->text[i % RTCP_NAME_TURN];
	do /* the list's end, and up to 32 bits */
		*at++ = 0;
	while ((at - p) % 4);
	put_header(p, 1, RTCP_SDES, (size_t)(at - p));
	return at;
}

static uint8_t *put_sender(uint8_t *at, const struct rtcp_sender *sender)
{
	at = put32(at, (uint32_t)(sender->ntp >> 32));
	at = put32(at, (uint32_t)sender->ntp);
	at = put32(at, sender->timestamp);
	at = put32(at, sender->packets);
	return put32(at, sender->octets);
}

static uint8_t *put_block(uint8_t *at, const struct rtcp_report *report)
{
	const struct quality_report *q = report->block;

	at = put32(at, q->ssrc);
	at = put32(at, (uint32_t)q->fraction << 24 | ((uint32_t)q->lost & 0xffffff));
	at = put32(at, q->highest_seq);
	at = put32(at, q->jitter);
	at = put32(at, report->lsr);
	return put32(at, report->dlsr);
}

size_t rtcp_write(uint8_t *out, const struct rtcp_report *report)
{
	const struct rtcp_name made = make_name(report->ssrc), *name = report->name;
	uint8_t *at = put32(out + 4, report->ssrc);

	if (report->sender)
		at = put_sender(at, report->sender);
	if (report->block)
		at = put_block(at, report);
	put_header(out, report->block != NULL, report->sender ? RTCP_SR : RTCP_RR,
	           (size_t)(at - out));
	if (!name || !name->len || name->ssrc != report->ssrc)
		name = &made;
	return (size_t)(put_name(at, name) - out);
}

/* Of a part of a compound packet. */
static size_t part_len(const uint8_t *part)
{
	return (get16(part + 2) + (size_t)1) * 4;
}

static bool adds_up(const uint8_t *packet, size_t len)
{
	size_t at = 0;

	if (len < 2 * HEADER_LEN || len > RTP_PACKET_MAX)
		return false;
	while (at < len) {
		if (len - at < HEADER_LEN || !rtp_is_rtcp(packet + at, len - at))
			return false;
		at += part_len(packet + at);
	}
	return at == len;
}

enum err rtcp_read(struct rtcp_said *out, const uint8_t *packet, size_t len)
{
	bool is_sender = len > 1 && packet[1] == RTCP_SR;
	const uint8_t *block = packet + 8;
	size_t part;

	if (!adds_up(packet, len))
		return ERR_SYNTAX;
	*out = (struct rtcp_said){ 0 };
	part = part_len(packet);
	if (is_sender && part >= 28) {
		out->is_sender = true;
		out->middle = get32(packet + 10);
		block += 20;
	} else if (packet[1] != RTCP_RR) {
		return OK;
	}
	if ((packet[0] & 0x1f) && (size_t)(block - packet) + 24 <= part) {
		out->lsr = get32(block + 16);
		out->dlsr = get32(block + 20);
	}
	return OK;
}

/* Of the same length; by it sound and picture of one source find each other. */
static void veil(uint8_t *text, size_t len, uint64_t key)
{
	uint64_t sum = key;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ text[i]) * 1099511628211U; /* FNV-1a */
	sum ^= sum >> 32;
	for (size_t i = 0; i < len; i++)
		text[i] = (uint8_t) "0123456789abcdef"[sum >> (i % RTCP_NAME_TURN * 4) & 15];
}

static void keep_name(struct rtcp_name *name, const uint8_t *item)
{
	name->len = item[1];
	memcpy(name->text, item + 2, name->len < RTCP_NAME_TURN ? name->len : RTCP_NAME_TURN);
}

/* Gives where the items of a chunk end. What is none, though it should be, is nothing afterwards.
 * name: NULL: not to be kept. */
static size_t hide_items(uint8_t *part, size_t at, size_t len, uint64_t key, struct rtcp_name *name)
{
	while (at < len && part[at]) {
		uint8_t *item = part + at;

		if (len - at < 2 || len - at - 2 < item[1]) {
			memset(item, 0, len - at);
			return len;
		}
		if (item[0] == SDES_CNAME) {
			veil(item + 2, item[1], key);
			if (name)
				keep_name(name, item);
		} else {
			item[0] = SDES_NOTE;
			memset(item + 2, ' ', item[1]);
		}
		at += 2 + (size_t)item[1];
	}
	return at;
}

/* A null ends a chunk, and more of them up to 32 bits. Behind the last one stands nothing. */
static void hide_in_sdes(uint8_t *part, size_t len, uint64_t key, struct rtcp_name *name)
{
	size_t at = 4;

	for (unsigned n = part[0] & 0x1f; n > 0 && at + 4 <= len; n--) {
		bool is_its = get32(part + at) == name->ssrc;

		at = hide_items(part, at + 4, len, key, is_its ? name : NULL) / 4 * 4 + 4;
	}
	if (at < len)
		memset(part + at, 0, len - at);
}

static void hide_reason(uint8_t *bye, size_t len)
{
	size_t at = 4 + (size_t)(bye[0] & 0x1f) * 4, room;

	if (at >= len)
		return;
	room = len - at - 1;
	if (bye[at] > room)
		bye[at] = (uint8_t)room;
	memset(bye + at + 1, ' ', bye[at]);
	memset(bye + at + 1 + bye[at], 0, room - bye[at]);
}

/* Of a part, without the count of its padding. */
static size_t text_len(const uint8_t *part)
{
	return part_len(part) - ((part[0] & 0x20) != 0);
}

void rtcp_hide_names(uint8_t *packet, size_t len, uint64_t key, struct rtcp_name *name)
{
	uint32_t ssrc = get32(packet + 4);

	if (ssrc != name->ssrc)
		*name = (struct rtcp_name){ .ssrc = ssrc };
	for (uint8_t *part = packet; part < packet + len; part += part_len(part)) {
		if (part[1] == RTCP_SDES)
			hide_in_sdes(part, text_len(part), key, name);
		else if (part[1] == RTCP_BYE)
			hide_reason(part, text_len(part));
	}
}

uint64_t rtcp_ntp(uint64_t wall_us)
{
	const uint64_t since_1900_s = 2208988800U;

	return (wall_us / 1000000 + since_1900_s) << 32 | (wall_us % 1000000 << 32) / 1000000;
}
