/* What who asked for a transfer hears of it: NOTIFY with a status line, one at a time, the newest
 * (RFC 3515 2.4). Signalling thread. Part of its transfer. */
#ifndef SBC_B2BUA_TRANSFER_NOTIFY_H
#define SBC_B2BUA_TRANSFER_NOTIFY_H

#include "sbc/b2bua/leg.h"

struct transfer_notify {
	struct leg *leg;
	uint32_t id;     /* CSeq of the REFER (2.4.6) */
	bool silent;     /* nobody listens: RFC 4488, or no more */
	unsigned status; /* the newest */
	bool due, last;  /* it is to be said; nothing comes after it */
	struct leg_request *out;
	void (*on_told)(void *arg);
	void *arg;
};

/* Answers the REFER: 202, to who wants no subscription as RFC 4488 has it. */
MUST_USE enum err transfer_notify_open(struct transfer_notify *n, struct leg *leg,
                                       struct server_txn *txn);
/* on_told(arg) comes once, when the last one is answered or nobody listens; perhaps from within. */
void transfer_notify_say(struct transfer_notify *n, unsigned status, bool last);
void transfer_notify_close(struct transfer_notify *n);

#endif
