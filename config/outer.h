/* Where a realm is seen from outside when nobody wrote its address: by a name of ours that DNS
 * follows, or by what a STUN server sees. */
#ifndef CONFIG_OUTER_H
#define CONFIG_OUTER_H

#include <stdbool.h>

#define OUTER_STUN_PORT 3478 /* RFC 8489 18.6 */

struct config_outer {
	char host[256]; /* ours, or the STUN server's; "": the addresses are written */
	unsigned port;  /* of the STUN server; 0: host is ours */
	bool in_uris;   /* Via and Contact have the address */
	bool in_media;  /* SDP has it */
	bool clash;     /* advertise and media-advertise ask two */
};

/* Reads NAME or stun:HOST[:PORT]. False: it is neither. */
bool outer_read(struct config_outer *out, const char *text);
/* RFC 1123 2.1: labels of letters, digits and inner hyphens, the last one not all digits. */
bool outer_is_name(const char *text);

#endif
