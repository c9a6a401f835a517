/* One SIP message (RFC 3261 7), read or built; with sdp.h the only door to Sofia-SIP's parser.
 * Signalling thread. Texts that a message gives out live as long as the message. */
#ifndef SBC_SIP_MESSAGE_H
#define SBC_SIP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"

struct message;

enum method {
	METHOD_INVITE,
	METHOD_ACK,
	METHOD_BYE,
	METHOD_CANCEL,
	METHOD_OPTIONS,
	METHOD_REGISTER,
	METHOD_PRACK,
	METHOD_UPDATE,
	METHOD_OTHER,
};

/* Octets of a message, whatever a realm's max-head and max-body say. */
#define HEAD_MOST   65536
#define BODY_MOST   131072
#define MESSAGE_MAX (HEAD_MOST + BODY_MOST)

struct uri {
	bool sips, tel;
	const char *user; /* as written, escapes and all; "" for none */
	const char *host; /* without brackets */
	unsigned port;    /* 0: none */
	bool has_transport;
	enum transport transport;
};

/* Once in the process, before the first message. */
void message_library_open(void);

/* Reads a whole message. ERR_SYNTAX: not SIP, or nothing could be answered. A request that can be
 * answered comes out even when it is wrong: message_problem says with what. */
MUST_USE enum err message_parse(struct message **out, const char *data, size_t len);
struct message *message_ref(struct message *m); /* one more owner */
void message_free(struct message **mp);         /* one owner less; NULL is fine */
/* The status that answers what is wrong with a request (400, 505, 416...) and its phrase; 0: all is
 * well. */
unsigned message_problem(const struct message *m, const char **phrase);

bool message_is_request(const struct message *m);
enum method message_method(const struct message *m); /* of a response: from CSeq */
const char *message_method_name(const struct message *m);
unsigned message_status(const struct message *m); /* 0 for a request */
const char *message_phrase(const struct message *m);
const char *message_call_id(const struct message *m);
const char *message_from_tag(const struct message *m); /* "" for none */
const char *message_to_tag(const struct message *m);
uint32_t message_cseq(const struct message *m);
unsigned message_max_forwards(const struct message *m); /* 70 where there is none */
const char *message_branch(const struct message *m);    /* of the top Via; "" for none */
const char *message_via_branch(const struct message *m, unsigned n); /* of the n-th Via (from 0);
                                                                      * NULL: no such Via */
const char *message_via_host(const struct message *m, unsigned n);   /* of the same, its sent-by */
/* The top Via says that answers and requests may come back by this connection (RFC 5923 5), for
 * that port; 0: it does not. */
unsigned message_alias_port(const struct message *m);
const char *message_sent_by(const struct message *m); /* host[:port] of the top Via */

/* False where the header or line is not there, or is no SIP, SIPS or tel URI. */
bool message_request_uri(const struct message *m, struct uri *out);
const char *message_request_uri_text(const struct message *m); /* NULL: no room */
bool message_from_uri(const struct message *m, struct uri *out);
bool message_contact_uri(const struct message *m, struct uri *out);
const char *message_contact_text(
    const struct message *m); /* the URI of the first Contact; NULL: none */
bool message_contact_is_star(const struct message *m);
/* The n-th (from 0) Contact: its URI as text, and its expires, else that of the Expires header,
 * else -1. False: there are not so many. */
bool message_contact_at(const struct message *m, unsigned n, const char **uri, int64_t *expires_s);
/* How much the n-th one is preferred (q), in thousandths; 1000 where it says nothing. */
unsigned message_contact_q(const struct message *m, unsigned n);
/* The same of the first. */
int64_t message_expires_s(const struct message *m);

/* The n-th (from 0) value of a header by its full name; NULL: there is none. */
const char *message_header(const struct message *m, const char *name, unsigned n);
/* The number that a header begins with, UINT32_MAX where it is larger; 0: there is none. */
uint32_t message_number(const struct message *m, const char *name);
/* Whether Allow, Require or Supported has a word, in any case. */
bool message_lists(const struct message *m, const char *name, const char *word);
const char *message_body(const struct message *m, size_t *len); /* NULL: none */
const char *message_content_type(const struct message *m);      /* "type/subtype", "" for none */

/* Where a response to a request that came from src goes by its Via (RFC 3261 18.2.2, RFC 3581 4).
 */
void message_reply_addr(const struct message *request, const struct addr *src, struct addr *out);
/* The same where the request came over a stream that is gone: the port is Via's, rport or not;
 * where it has none, standard_port. */
void message_reopen_addr(const struct message *request, const struct addr *src,
                         unsigned standard_port, struct addr *out);

/* Building. A header that cannot be added sticks as an error until message_encode. */
MUST_USE enum err message_new_request(struct message **out, const char *method, const char *uri);
/* Via, From, To, Call-ID and CSeq of the request, received and rport set for src (RFC
 * 3261 8.2.6, 18.2.1); Record-Route too when status may begin a dialog. to_tag: put into To where
 * it has none; NULL: leave it. */
MUST_USE enum err message_new_response(struct message **out, const struct message *request,
                                       const struct addr *src, unsigned status, const char *phrase,
                                       const char *to_tag);
/* What RFC 3261 17.1.1.3 and 9.1 say: ACK for a failed INVITE (to: the answer that it is for), or
 * CANCEL (to: NULL). */
MUST_USE enum err message_new_from_invite(struct message **out, const struct message *invite,
                                          const char *method, const struct message *to);
void message_put(struct message *m, const char *name, const char *value);
/* Its value is one text after the other, until NULL. */
void message_join(struct message *m, const char *name, ...) ENDS_WITH_NULL;
void message_add(struct message *m, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
void message_set_max_forwards(struct message *m, unsigned hops); /* in place of the one before */
void message_remove(struct message *m, const char *name);        /* all values of a header */
void message_remove_at(struct message *m, const char *name, unsigned n); /* the n-th, if any */
/* A copy of its wire form, to be changed on its own. */
MUST_USE enum err message_copy(struct message **out, struct message *m);
void message_push_via(struct message *m, enum transport t, const char *sent_by, const char *branch);
void message_pop_via(struct message *m);
/* Copies data, in place of what there is. content_type NULL: the caller adds it. */
void message_set_body(struct message *m, const char *content_type, const char *data, size_t len);
/* Appends the wire form to out. */
MUST_USE enum err message_encode(struct message *m, struct buf *out);

/* The standard phrase; "Unknown" for odd ones. */
const char *message_status_phrase(unsigned status);
/* Reads a URI out of text ("sip:user@host;transport=tls"); its strings live as long as m. */
bool message_parse_uri(const struct message *m, const char *text, struct uri *out);

#endif
