/* A leg: one side of a call, the dialog that an INVITE began (or those of its forks until one
 * answers). It does what RFC 3261 asks of a user agent (13, 14, 15) and tells its owner what
 * happened; it knows nothing of the other leg. Signalling thread. Owner: who made it. */
#ifndef SBC_B2BUA_LEG_H
#define SBC_B2BUA_LEG_H

#include <stdbool.h>
#include "base/err.h"
#include "sbc/b2bua/session_timer.h"
#include "sbc/sip/dialog.h"
#include "sbc/sip/message.h"
#include "sbc/sip/request.h"
#include "sbc/sip/txn.h"

struct leg;
struct leg_request;

#define LEG_ALLOW_MAX 128

/* What all legs of a program share. */
struct leg_env {
	struct stack *stack;
	struct dialogs *dialogs;
	const struct locations *locations;
};

enum leg_event {
	LEG_PROGRESS, /* a provisional answer above 100 to our INVITE; message */
	LEG_ANSWER,   /* the first 2xx to our INVITE, whose ACK is sent; message */
	LEG_FAIL, /* no call came of our INVITE: message is the final answer, or NULL, then why says
	             it */
	LEG_CANCEL, /* the peer took its INVITE back, which is not answered yet; message is its
	             * CANCEL */
	LEG_ACK,    /* the peer confirmed our 2xx; message */
	LEG_NO_ACK, /* it did not, for 64 x T1 */
	LEG_LOST,   /* the leg ended its dialog for the reason in why; LEG_GONE may follow */
	LEG_OFFER,  /* the peer offers another session (re-INVITE, UPDATE, PRACK), which waits for
	               leg_accept or leg_refuse; message */
	LEG_FETCH,  /* the same of a re-INVITE that asks for our offer */
	LEG_WITHDRAWN, /* the peer took that back; it waits for its answer all the same. Or nobody
	                  waits any more, and the answer goes nowhere */
	LEG_CHANGED,   /* 2xx to leg_change; message: with the answer to the offer, or with the
	                  offer that was asked for, and then leg_confirm is due */
	LEG_REFUSED,   /* the session stays as it is: message is the answer, or NULL, then why
	                  says it */
	LEG_ANSWERED,  /* PRACK or ACK (message) to an answer of ours that had an offer */
	LEG_MOVED,     /* the peer answered a refresh of ours with another session; message */
	LEG_FREE,      /* leg_is_busy is over, but for LEG_ACK, which says the same */
	LEG_BYE,       /* the peer hung up, which was answered; message. The leg is gone */
	LEG_GONE,      /* our BYE was answered, or will never be. The leg is gone */
};

struct leg_handler {
	/* message and why are borrowed; NULL where the event has none. The leg may be freed in
	 * here, but not for LEG_OFFER, LEG_ANSWERED, LEG_MOVED, LEG_ACK and LEG_FREE. */
	void (*on_event)(void *arg, struct leg *leg, enum leg_event event, const struct message *m,
	                 const char *why);
	/* A request in the dialog that is none of the leg's own, such as INFO. False: nor the
	 * owner's, and it was not answered. NULL: never the owner's. */
	bool (*on_request)(void *arg, struct leg *leg, struct server_txn *txn,
	                   const struct message *request);
	/* A request or an answer of the leg before it goes; the owner may add headers. Not what the
	 * next hop alone reads (ACK, CANCEL, 100), nor on_request's. NULL: it adds none. */
	void (*on_send)(void *arg, struct leg *leg, struct message *m);
	void *arg;
};

struct leg_uas_cfg {
	const char *contact;         /* our URI */
	const struct target *target; /* the peer, for when its flow is gone; copied, its strings
	                                live as long as the leg */
	const struct config_phone *phone; /* as in leg_uac_cfg */
	struct session_timer_cfg session;
};
/* The callee's side, for an INVITE that waits for an answer. Takes over the transaction. */
MUST_USE enum err leg_new_uas(struct leg **out, const struct leg_env *env, struct server_txn *txn,
                              const struct leg_uas_cfg *cfg, const struct leg_handler *handler);

struct leg_uac_cfg {
	const char *from, *to, *request_uri, *contact; /* see dialog_uac_cfg */
	const struct target *target;      /* copied; its strings live as long as the leg */
	const struct flow *flow;          /* taken while it lives; NULL: the target */
	const struct config_phone *phone; /* where it registers leads to it when its own flow is
	                                     gone (RFC 5626 5.3); NULL: it is none */
	struct session_timer_cfg session;
	bool no_prack; /* we acknowledge no provisional answers */
};
/* The caller's side. leg_invite makes the INVITE, to which the owner may add headers; leg_send
 * sends it. */
MUST_USE enum err leg_new_uac(struct leg **out, const struct leg_env *env,
                              const struct leg_uac_cfg *cfg, const struct leg_handler *handler);
MUST_USE enum err leg_invite(struct leg *leg, struct message **out);
MUST_USE enum err leg_send(struct leg *leg, struct message *invite);
/* Takes our INVITE back. LEG_FAIL follows, or LEG_ANSWER if that was quicker. */
void leg_cancel(struct leg *leg);
/* The same with a Reason (RFC 3326); NULL: none. */
void leg_cancel_because(struct leg *leg, const char *reason);

/* What the peer said of the session last; NULL: nothing. Of several forks the one that said
 * something last counts, until one answers. */
const char *leg_peer_sdp(const struct leg *leg);

/* The callee's side. sdp, NULL for none, answers the offer of the INVITE, or is the offer where
 * that had none. A caller that can acknowledge provisional answers gets those with sdp reliably;
 * its first sdp stays then, others are left out, and leg_answer waits for the PRACK. An offer goes
 * to no other in a provisional answer. leg_reject ends the leg; why, for people, becomes its
 * Warning (NULL: none). */
MUST_USE enum err leg_progress(struct leg *leg, unsigned status, const char *sdp);
MUST_USE enum err leg_answer(struct leg *leg, const char *sdp);
/* Whether the sdp of leg_answer would reach the caller: none has gone reliably. */
bool leg_may_say(const struct leg *leg);
void leg_reject(struct leg *leg, unsigned status, const char *why);
/* The same with headers that add puts into the answer. */
void leg_reject_with(struct leg *leg, unsigned status, const char *why,
                     void (*add)(void *arg, struct message *m), void *arg);

/* A session that changes (RFC 3261 14, RFC 3311). leg_change offers sdp to the peer, or asks it for
 * an offer (NULL): by the method like where the peer takes that, else by the other. LEG_CHANGED,
 * LEG_REFUSED or LEG_LOST follows. ERR_NOT_NOW: another offer is under way in the dialog, or there
 * is no dialog in which it can be made. ERR_UNSUPPORTED: before the call is answered, and the peer
 * takes no UPDATE.
 * leg_cancel_change takes it back where that can be done; the same events follow.
 * leg_accept answers what LEG_OFFER or LEG_FETCH told of (NULL: with what we said last); leg_refuse
 * leaves the session as it was (retry_after_s 0: nothing of when). leg_confirm sends the ACK or
 * PRACK that a LEG_CHANGED, LEG_ANSWER or LEG_PROGRESS with an offer waits for (leg_holds_offer);
 * sdp is the answer; NULL: what we said last. */
MUST_USE enum err leg_change(struct leg *leg, enum method like, const char *sdp);
void leg_cancel_change(struct leg *leg);
MUST_USE enum err leg_accept(struct leg *leg, const char *sdp);
void leg_refuse(struct leg *leg, unsigned status, unsigned retry_after_s);
bool leg_holds_offer(const struct leg *leg);
MUST_USE enum err leg_confirm(struct leg *leg, const char *sdp);
/* Whether this is what we said of the session last; and whether no offer is under way. */
bool leg_said(const struct leg *leg, const char *sdp);
bool leg_agreed(const struct leg *leg);
/* Whether leg_change is ERR_NOT_NOW for something that ends by itself soon: an ACK or the answer to
 * a refresh is still to come. LEG_FREE, LEG_ACK or the leg's end follows. */
bool leg_is_busy(const struct leg *leg);
/* What LEG_OFFER or LEG_FETCH told of and waits; NULL: nothing. */
const struct message *leg_asked(const struct leg *leg);
/* How many milliseconds to wait before the peer is asked once more for what it refused for now: 491
 * (RFC 3261 14.1), or 500 with Retry-After (14.2). 0: it is not. */
unsigned leg_again_ms(const struct leg *leg, const struct message *refusal);
/* Whether the caller can acknowledge provisional answers. */
bool leg_can_prack(const struct leg *leg);

/* Hangs up a leg that stands; LEG_GONE follows. */
void leg_bye(struct leg *leg);
/* The same with a Reason (RFC 3326); NULL: none. */
void leg_bye_because(struct leg *leg, const char *reason);
/* As leg_bye; but where the peer is yet to confirm our 2xx not before it has, or 64 x T1 have gone
 * by (RFC 3261 15), and then with that Reason, or NULL. */
void leg_bye_after_ack(struct leg *leg, const char *reason);

/* A request of the owner's in the dialog: leg_pass makes it, the owner adds headers and body,
 * leg_pass_send sends it. ERR_NOT_NOW: there is no peer to send it to, not yet or no more. */
MUST_USE enum err leg_pass(struct leg *leg, const char *method, struct message **out);
/* Calls on_end once: answer NULL is none, and why says the reason; why NULL as well: the leg ended
 * its dialog before. Never from within. */
MUST_USE enum err leg_pass_send(struct leg_request **out, struct leg *leg, struct message *m,
                                void (*on_end)(void *arg, const struct message *answer,
                                               const char *why),
                                void *arg);
void leg_pass_forget(struct leg_request **rqp); /* no more calls; NULL is fine */
/* Whether the peer takes a method that legs pass on: unless its Allow said that it does not. */
bool leg_peer_takes(const struct leg *leg, const char *method);
/* The value of Allow towards somebody whose requests of that kind go to the leg's peer. */
void leg_allow(const struct leg *leg, char out[LEG_ALLOW_MAX]);
/* Ends a leg whose peer does not know of the dialog any more (RFC 5057 5.1), or its INVITE if that
 * has no final answer yet: LEG_LOST follows. */
void leg_lose(struct leg *leg, const char *why);

/* What a dialog or the stack brings for a leg. */
void leg_on_request(struct leg *leg, struct server_txn *txn, const struct message *request);
void leg_on_ack(struct leg *leg, const struct message *ack, const struct flow *flow);

/* Another owner from now on; target as in leg_uas_cfg. */
void leg_hand_over(struct leg *leg, const struct leg_handler *handler, const struct target *target);
bool leg_is_dialog(const struct leg *leg, const char *call_id, const char *local_tag,
                   const char *remote_tag);
/* The leg's dialog as its peer would name it in Replaces. ERR_LIMIT. */
MUST_USE enum err leg_replaces(const struct leg *leg, char *out, size_t size);
const char *leg_contact(const struct leg *leg); /* our URI in its dialog */

void leg_free(struct leg **lp);          /* NULL is fine; says nothing to the peer */
bool leg_is_gone(const struct leg *leg); /* no dialog, and none to come */
const char *leg_call_id(const struct leg *leg);
const struct flow *leg_flow(const struct leg *leg);
/* The INVITE of leg_new_uas, while it is not answered; NULL else. */
const struct message *leg_received_invite(const struct leg *leg);

/* The methods that a leg takes part in, and with them those that its owner passes on, for Allow. */
#define LEG_ALLOW_OWN "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, REFER"
#define LEG_ALLOW     LEG_ALLOW_OWN ", INFO, MESSAGE"

#endif
