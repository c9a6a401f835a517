/* What message.c (reads) and message_build.c (writes) share. */
#ifndef SBC_SIP_MESSAGE_INTERNAL_H
#define SBC_SIP_MESSAGE_INTERNAL_H

#include <sofia-sip/su_alloc.h>
#include <sofia-sip/sip.h>
#include "sbc/sip/message.h"

struct message {
	msg_t *msg; /* owned */
	sip_t *sip; /* part of msg */
	unsigned refs;
	enum err err; /* of building */
	unsigned problem;
	const char *problem_phrase;
};

MUST_USE enum err message_new_empty(struct message **out);
/* Where the values of a header begin that Sofia-SIP knows; NULL: it does not know it. */
msg_header_t **message_first(const struct message *m, const char *name);

#endif
