/* What message.c and message_uri.c (read), message_make.c (has read) and message_build.c (writes)
 * share. */
#ifndef SBC_SIP_MESSAGE_INTERNAL_H
#define SBC_SIP_MESSAGE_INTERNAL_H

#include <sofia-sip/msg_mclass.h>
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

static inline const char *or_empty(const char *s)
{
	return s ? s : "";
}

#define HEAD_VALUES_MAX 400 /* lines and commas of a head */

/* data, head octets of it the head, as Sofia-SIP reads it, owned by the caller; NULL: no SIP, or
 * out of memory. has_uri: false where the Request-URI could not be read and another stands in its
 * place. */
msg_t *message_make(const char *data, size_t len, size_t head, bool *has_uri);
MUST_USE enum err message_new_empty(struct message **out);
/* The class of a header and its place in sip_t; NULL: Sofia-SIP does not know it. */
const msg_href_t *message_known(const char *name);
/* Where the values of such a header begin; NULL as above. */
msg_header_t **message_first(const struct message *m, const char *name);

#endif
