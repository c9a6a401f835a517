/* What just happened: the last calls that ended, and a line for each of the last SIP messages. No
 * body and no header but Call-ID is kept. Bounded. Signalling thread. */
#ifndef SBC_ADMIN_HISTORY_H
#define SBC_ADMIN_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/err.h"
#include "sbc/b2bua/call.h"
#include "sbc/sip/message.h"
#include "sbc/sip/stack.h"

#define HISTORY_CALLS    100
#define HISTORY_MESSAGES 4096

struct history;

struct history_message {
	uint64_t wall_us;
	struct addr peer;
	enum transport transport;
	bool sent;
	bool request;
	uint32_t cseq;
	char method[16]; /* of an answer: what it answers */
	/* Longer ones are cut. */
	char call_id[128];
	char line[128]; /* "INVITE sip:4711@provider.example", "180 Ringing" */
};

MUST_USE enum err history_new(struct history **out);
void history_free(struct history **hp); /* NULL is fine */

/* For the stack's tracer and the border: they take the history as their arg. */
void history_on_message(void *history, bool sent, const struct flow *flow, const struct message *m);
void history_on_call_end(void *history, const struct call_info *info);

/* 0: the one that ended last; NULL: there are not so many. Lives until the next call ends. */
const struct call_info *history_call(const struct history *h, size_t n);
/* 0: the oldest; NULL: there are not so many. Lives until the next message. */
const struct history_message *history_message(const struct history *h, size_t n);
/* Whether it is of the SIP dialog with that Call-ID. */
bool history_message_is_of(const struct history_message *m, const char *call_id);
/* Whether messages of that moment may be missing already. */
bool history_forgot(const struct history *h, uint64_t wall_us);

#endif
