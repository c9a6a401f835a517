/* Dialogs (RFC 3261 12). Signalling thread. Owner: the leg that it belongs to. */
#ifndef SBC_SIP_DIALOG_H
#define SBC_SIP_DIALOG_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/table.h"
#include "sbc/sip/txn.h"

struct dialogs; /* the table of all */
struct dialog;

#define TAG_LEN 16

MUST_USE enum err dialogs_new(struct dialogs **out, size_t limit);
void dialogs_free(struct dialogs **dp); /* all dialogs must be gone */
size_t dialogs_count(const struct dialogs *d);

/* The caller's side: what will stand in From, To and the Request-URI. own Call-ID and tag. from and
 * to are header values without tags; contact is our URI. owner comes back from dialog_find. */
struct dialog_uac_cfg {
	const char *from, *to, *request_uri, *contact;
	void *owner;
};
MUST_USE enum err dialog_new_uac(struct dialog **out, struct dialogs *d,
                                 const struct dialog_uac_cfg *cfg);
/* The callee's side, from the INVITE (12.1.1). contact: ours. */
MUST_USE enum err dialog_new_uas(struct dialog **out, struct dialogs *d,
                                 const struct message *invite, const struct flow *flow,
                                 const char *contact, void *owner);
void dialog_free(struct dialog **dp);

/* The owner of the dialog that an in-dialog request belongs to; NULL: none. */
void *dialog_find(const struct dialogs *d, const struct message *request);

/* The owner of the dialogs that share our tag and the Call-ID with a request, whoever sent it: a
 * NOTIFY begins a dialog as an answer does (RFC 6665 4.4.1). NULL: none. */
void *dialog_find_owner(const struct dialogs *d, const struct message *request);

/* Which of the dialogs of one INVITE (dlg is any) a message of the peer is of, by the peer's tag;
 * NULL: none. */
struct dialog *dialog_of(const struct dialog *dlg, const struct message *m);

/* Takes peer's tag, target and routes from an answer to our INVITE (12.1.2) or SUBSCRIBE, and the
 * flow that it came over. */
MUST_USE enum err dialog_on_answer(struct dialog *dlg, const struct message *response,
                                   const struct flow *flow);
/* The same from a NOTIFY (RFC 6665 4.4.1), whose order is not checked in here. */
MUST_USE enum err dialog_on_notify(struct dialog *dlg, const struct message *notify,
                                   const struct flow *flow);
/* An answer came again, over flow: that is the dialog's where the one it had is gone. */
void dialog_on_copy(struct dialog *dlg, const struct flow *flow);
/* Another dialog of the same request of ours, from an answer or NOTIFY of another fork. */
MUST_USE enum err dialog_new_fork(struct dialog **out, const struct dialog *dlg,
                                  const struct message *m, const struct flow *flow);
/* As if the request of theirs that began dlg had forked: all is the same but our tag. */
MUST_USE enum err dialog_new_sibling(struct dialog **out, const struct dialog *dlg, void *owner);
/* The dialog of a 2xx alone, to end it: its INVITE's is gone. In no table. */
MUST_USE enum err dialog_new_answered(struct dialog **out, const struct message *answer,
                                      const struct flow *flow);

/* Whether a message has one Contact, by which its sender can be reached in a dialog (8.1.1.8). */
bool dialog_contact_is_good(const struct message *m);
/* Whether our Contact in the dialog that an INVITE begins must be a sips URI (12.1.1). */
bool dialog_wants_sips(const struct message *invite);
/* Target refresh (12.2): later requests go to the Contact of m, where it has a good one. */
MUST_USE enum err dialog_take_target(struct dialog *dlg, const struct message *m);

/* Checks the order of the peer's requests (12.2.2). ERR_REFUSED: older than the last; it gets 500.
 * ERR_AUTH: it came through another realm or from another trunk; it gets 481. */
MUST_USE enum err dialog_on_request(struct dialog *dlg, const struct message *request,
                                    const struct flow *flow);

/* Answers what dialog_on_request refused. A retry has a number of its own, so who was only
 * overtaken may come again: 500 has Retry-After. */
void dialog_refuse(struct server_txn *txn, enum err err);

/* A request within the dialog, without Via: Request-URI, Route, From, To, Call-ID, CSeq (one more),
 * Max-Forwards; Contact where it may move the dialog. */
MUST_USE enum err dialog_request(struct dialog *dlg, const char *method, struct message **out);
/* The ACK for a 2xx to an INVITE of ours with that CSeq (13.2.2.4). */
MUST_USE enum err dialog_ack(struct dialog *dlg, uint32_t cseq, struct message **out);
/* A request that was sent, once more: with the next CSeq and without our Via. */
MUST_USE enum err dialog_again(struct dialog *dlg, struct message *sent, struct message **out);

const char *dialog_call_id(const struct dialog *dlg);
const char *dialog_local_tag(const struct dialog *dlg);
const char *dialog_remote_tag(const struct dialog *dlg); /* "" while it is not known */
const char *dialog_contact(const struct dialog *dlg);    /* ours */
/* Whether it is the dialog with that Call-ID, tag of ours and tag of the peer's. */
bool dialog_is(const struct dialog *dlg, const char *call_id, const char *local_tag,
               const char *remote_tag);
bool dialog_has_peer(const struct dialog *dlg); /* its tag is known */
bool dialog_is_ours(const struct dialog *dlg);  /* our INVITE began it: Call-ID is ours */
const struct flow *dialog_flow(const struct dialog *dlg);
/* In place of one that is gone. */
void dialog_set_flow(struct dialog *dlg, const struct flow *flow);
/* Where the next request goes if the flow is gone: the first route, else the peer's Contact. held
 * (NULL before) has the texts of out; the caller frees it, also after false. */
bool dialog_next_hop(const struct dialog *dlg, struct message **held, struct uri *out);

#endif
