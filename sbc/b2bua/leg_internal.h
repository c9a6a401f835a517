/* A leg as its rooms see it: leg.c (its life, its end, the peer's requests), leg_uac.c (our
 * INVITE), leg_uas.c (the peer's INVITE), leg_change.c (re-INVITE and UPDATE of the peer),
 * leg_ask.c (ours), leg_refresh.c (when to ask, and when the session is lost), leg_pass.c (its
 * owner's requests), leg_request.c (all that we send in its dialogs). */
#ifndef SBC_B2BUA_LEG_INTERNAL_H
#define SBC_B2BUA_LEG_INTERNAL_H

#include <sys/queue.h>
#include "base/log.h"
#include "base/timer.h"
#include "sbc/b2bua/leg.h"
#include "sbc/b2bua/said.h"
#include "sbc/sip/reliable.h"

/* Answers of one INVITE that come from so many places are followed. */
#define LEG_FORKS_MAX 8

/* Of ours, under way: who leaves them unanswered must not have the transactions of others. */
#define LEG_PRACKS_MAX 8

enum leg_state {
	LEG_NEW,        /* ours: nothing sent yet */
	LEG_CALLING,    /* ours: INVITE is out */
	LEG_WAITING,    /* theirs: INVITE waits for an answer */
	LEG_UNACKED,    /* theirs: 2xx is out */
	LEG_LEAVING,    /* the same, and BYE goes out once it is confirmed */
	LEG_STANDING,   /* the dialog is confirmed */
	LEG_HANGING_UP, /* BYE is out */
	LEG_OVER,
};

/* Our re-INVITE or UPDATE that has no final answer yet, and what for. */
enum leg_asking {
	ASKING_NOTHING,
	REFRESHING_INVITE, /* with what we said last */
	REFRESHING_UPDATE, /* without an offer */
	CHANGING_INVITE,
	CHANGING_UPDATE,
	FETCHING_INVITE, /* without an offer: the peer is to make it */
};

/* The peer's re-INVITE, UPDATE or PRACK that is not over. */
enum leg_asked {
	ASKED_NOTHING,
	ASKED_WAITS,   /* for leg_accept or leg_refuse */
	ASKED_UNACKED, /* re-INVITE: its 2xx is out */
};

struct leg_request;

/* One of the dialogs that answers to our INVITE began; of theirs there is one. */
struct leg_fork {
	struct dialog *dialog;
	struct said said; /* what was said in it */
	uint32_t rseq;    /* of the last reliable provisional answer; 0: none yet */
	bool hung_up;     /* it lost, and has its BYE */
	bool acks_answer; /* the ACK to its last 2xx carries our answer */
};

/* An answer to our INVITE with an offer, which leg_confirm answers. */
struct leg_held {
	struct leg_fork *fork; /* NULL: there is none */
	uint32_t cseq;         /* of the INVITE */
	uint32_t rseq;         /* of a provisional answer; 0: a 2xx */
};

struct leg {
	enum leg_state state;
	const struct leg_env *env;
	struct leg_handler handler;
	struct leg_fork forks[LEG_FORKS_MAX];
	size_t nforks;
	struct log_limit unfollowed; /* forks beyond them */
	struct leg_fork *fork;       /* the one that answered; before that the one that spoke of the
	                                session last, or the first */
	struct server_txn *invited;  /* theirs: until it ends */
	struct reliable reliable;    /* our provisional answers to it */
	enum {
		RELY_NEVER,
		RELY_WITH_SDP,
		RELY_ALWAYS
	} rely;                     /* which of them the peer is to acknowledge */
	bool answer_held;           /* 2xx waits for a PRACK */
	char *leaving_because;      /* the Reason of the BYE that waits, or NULL */
	bool no_prack;              /* ours: provisional answers are not acknowledged */
	struct leg_request *invite; /* ours: while an answer may come */
	struct leg_held held;
	enum leg_asking asking; /* in the dialog of asking_fork */
	struct leg_fork *asking_fork;
	struct leg_request *ours; /* what we ask for, or asked for last: while an answer may come */
	struct leg_request *earlier; /* the one before: the same */
	struct timer patience;       /* while asking, by INVITE */
	char *offered;               /* in it, where that is new */
	enum leg_asked asked;        /* in the dialog of asked_fork */
	struct leg_fork *asked_fork;
	struct server_txn *theirs; /* what is asked for */
	bool peer_updates;         /* it takes UPDATE, as its Allow said last */
	unsigned peer_takes_no;    /* of the methods that are passed, a bit each: the same */
	struct session_timer session;
	LIST_HEAD(, leg_request) requests;
	struct target target;             /* when the flow of the dialog is gone */
	const struct config_phone *phone; /* see leg_uac_cfg */
	struct flow first_flow;
	struct timer late; /* tells of a BYE that could not be sent, outside of leg_bye */
};

/* leg.c */
MUST_USE enum err leg_new(struct leg **out, const struct leg_env *env,
                          const struct leg_handler *handler, const struct target *target);
void leg_set_state(struct leg *leg, enum leg_state state);
/* We hang up, or have. */
bool leg_leaves(const struct leg *leg);
/* It waits no longer for an ACK: BYE. */
void leg_leave(struct leg *leg);
void leg_tell(struct leg *leg, enum leg_event event, const struct message *m, const char *why);
/* A response in the dialog with what each of ours has: Contact where it may move the dialog, Allow,
 * Supported. */
MUST_USE enum err leg_make_response(struct leg *leg, const struct server_txn *txn, unsigned status,
                                    struct message **out);
/* The owner's part of what goes out, last. */
void leg_dress(struct leg *leg, struct message *m);
/* Allow and Supported. */
void leg_add_abilities(const struct leg *leg, struct message *m);
void leg_note_allow(struct leg *leg, const struct message *m);
/* The dialog of ours that a message of the peer is of; NULL: none. */
struct leg_fork *leg_fork_of(struct leg *leg, const struct message *m);

/* leg_request.c: the one place where a leg's INVITE, BYE and the like leave. */
struct leg_request_handler {
	/* Each answer above 100; of an INVITE also each further 2xx. */
	void (*on_response)(struct leg *leg, const struct message *m, const struct flow *flow);
	/* Instead of a final answer. */
	void (*on_fail)(struct leg *leg, const char *why);
	/* Whether a 422 lets us ask once more, by next, which is what was sent with the CSeq that
	 * follows; changes next. NULL: never. */
	bool (*amend)(struct leg *leg, const struct message *answer, struct message *next);
};
/* Sends m over the flow of dialog, or to its next hop under the rules of the leg's target. Shares
 * m; handler is constant. The request ends by itself after a final answer (an INVITE that got a 2xx
 * when no other can come), or with leg_requests_free. out may be NULL. */
MUST_USE enum err leg_request_send(struct leg_request **out, struct leg *leg, struct dialog *dialog,
                                   struct message *m, const struct leg_request_handler *handler);
/* The same for the leg's owner, who hears the end of it; see leg_pass_send. */
MUST_USE enum err leg_request_pass(struct leg_request **out, struct leg *leg, struct dialog *dialog,
                                   struct message *m,
                                   void (*on_end)(void *, const struct message *, const char *),
                                   void *arg);
/* As it was sent last; NULL: forgotten. */
const struct message *leg_request_message(const struct leg_request *rq);
/* An INVITE has its 2xx: of what was sent only credentials are needed, for the ACK. NULL is fine.
 */
void leg_request_answered(struct leg_request *rq);
/* Forgets one that has its 2xx; NULL is fine. */
void leg_request_end(struct leg_request *rq);
void leg_request_cancel(struct leg_request *rq, const char *reason);
void leg_requests_free(struct leg *leg);
size_t leg_requests_count(const struct leg *leg); /* that are not over */

/* leg_uac.c */
/* Confirms a 2xx to an INVITE of that CSeq, whose credentials go with the ACK; NULL: forgotten. */
void leg_send_ack(struct leg *leg, const struct leg_fork *fork, uint32_t cseq,
                  const struct leg_request *invite);
/* An answer with an offer waits for leg_confirm. */
void leg_hold(struct leg *leg, struct leg_fork *fork, const struct message *answer);
/* The leg ends: who answered with an offer gets its ACK, without ours. */
void leg_drop_held(struct leg *leg);

/* leg_pass.c */
void leg_pass_note_allow(struct leg *leg, const struct message *m);

/* leg_refresh.c */
void leg_refresh_open(struct leg *leg, const struct session_timer_cfg *cfg);
/* A refresh of ours was refused: when the next one is due. */
void leg_refresh_refused(struct leg *leg, const struct message *m, enum leg_asking as);

/* leg_ask.c */
/* Sends a re-INVITE or UPDATE, with sdp as its offer (NULL: without one). ERR_NOT_NOW: one is under
 * way, in either direction. */
MUST_USE enum err leg_ask(struct leg *leg, enum leg_asking as, const char *sdp);
/* Whether the turn in the fork's dialog is that of the INVITE's own offer. */
bool leg_turn_is_first(const struct leg *leg, const struct leg_fork *fork);

/* leg_uas.c */
void leg_uas_on_bye(struct leg *leg);    /* the INVITE that still waits is answered */
void leg_uas_confirmed(struct leg *leg); /* the peer has our 2xx: no more copies */
void leg_on_prack(struct leg *leg, struct server_txn *txn, const struct message *prack);

/* leg_change.c */
void leg_on_reinvite(struct leg *leg, struct server_txn *txn, const struct message *request);
void leg_on_update(struct leg *leg, struct leg_fork *fork, struct server_txn *txn,
                   const struct message *request);
/* An UPDATE or PRACK that may have an offer. */
void leg_on_offer(struct leg *leg, struct leg_fork *fork, struct server_txn *txn);
/* An ACK came: true when it was for a re-INVITE. */
bool leg_reinvite_acked(struct leg *leg, const struct message *ack);
/* The leg ends: what waits for an answer gets 487 (15.1.2). */
void leg_drop_asked(struct leg *leg);

#endif
