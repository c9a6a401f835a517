/* RTCP of our own (RFC 3550 6). Any thread. */
#ifndef MEDIA_RTCP_H
#define MEDIA_RTCP_H

#include <stddef.h>
#include <stdint.h>

#define RTCP_REPORT_MAX 96 /* octets; of 4, and so well aligned for SRTCP */

struct rtcp_report {
	uint32_t ssrc; /* whose report it is */
};

/* Writes a compound packet of a report and the name of its source (RFC 3550 6.1); gives its length,
 * at most RTCP_REPORT_MAX. */
size_t rtcp_write(uint8_t *out, const struct rtcp_report *report);

#endif
