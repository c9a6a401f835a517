/* RTCP: reports of our own, and what others' reports say (RFC 3550 6). Any thread. */
#ifndef MEDIA_RTCP_H
#define MEDIA_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "media/quality.h"

#define RTCP_REPORT_MAX 324 /* octets, with the longest name; of 4, and so aligned for SRTCP */
#define RTCP_NAME_TURN  16  /* a name of ours repeats itself after so many */

/* What an SR says of its sender. */
struct rtcp_sender {
	uint64_t ntp; /* seconds since 1900 << 32 | fraction */
	uint32_t timestamp, packets, octets;
};

/* What a source is called where names are hidden. */
struct rtcp_name {
	uint32_t ssrc;
	uint8_t len; /* 0: not known */
	uint8_t text[RTCP_NAME_TURN];
};

struct rtcp_report {
	uint32_t ssrc;                      /* whose report it is */
	const struct rtcp_sender *sender;   /* NULL: an RR */
	const struct quality_report *block; /* NULL: none */
	const struct rtcp_name *name;       /* NULL, or of another source: one made of ssrc */
	uint32_t lsr, dlsr; /* of block: the middle of the last SR's ntp; 1/65536 s since */
};

/* Writes a compound packet of a report and the name of its source (RFC 3550 6.1); gives its length,
 * at most RTCP_REPORT_MAX. */
size_t rtcp_write(uint8_t *out, const struct rtcp_report *report);

/* What a packet's first report says. */
struct rtcp_said {
	bool is_sender;     /* it is an SR */
	uint32_t middle;    /* of its ntp */
	uint32_t lsr, dlsr; /* of its first block; 0: none */
};
/* Reads a compound packet (RFC 3550 A.2), or a reduced-size one (RFC 5506); without a report it
 * says nothing. ERR_SYNTAX: the lengths of its parts do not add up. */
MUST_USE enum err rtcp_read(struct rtcp_said *out, const uint8_t *packet, size_t len);
/* Takes the names out of a packet that rtcp_read took: what a source calls itself often has its
 * host's address in it (RFC 3550 6.5.1). Equal CNAMEs stay equal under one key; the rest is blank.
 * name: what the packet's sender is called then, where it says so. */
void rtcp_hide_names(uint8_t *packet, size_t len, uint64_t key, struct rtcp_name *name);
/* wall_us: clock_wall_us(). */
uint64_t rtcp_ntp(uint64_t wall_us);

#endif
