/* A call as call.c (life), call_setup.c (who and where) and call_fsm.c (what happens) see it. */
#ifndef SBC_B2BUA_CALL_INTERNAL_H
#define SBC_B2BUA_CALL_INTERNAL_H

#include <sys/queue.h>
#include "base/log.h"
#include "base/timer.h"
#include "media/watch.h"
#include "sbc/b2bua/call.h"
#include "sbc/b2bua/call_cross.h"
#include "sbc/b2bua/caller_id.h"
#include "sbc/b2bua/failure_map.h"
#include "sbc/b2bua/exchange.h"
#include "sbc/b2bua/offer.h"
#include "sbc/b2bua/pass.h"
#include "sbc/b2bua/targets.h"
#include "sbc/trunk/limit.h"

enum call_state {
	CALL_NEW,        /* before its INVITE is out */
	CALL_REFERRED,   /* of a transfer: the target's INVITE is out */
	CALL_JOINING,    /* of a transfer: one of the two is asked to join the other */
	CALL_CALLING,    /* INVITE is out, only 100 came */
	CALL_RINGING,    /* the callee said something */
	CALL_CANCELLING, /* the caller is done; the callee's final answer is waited for */
	CALL_ANSWERED,   /* 200 is out to the caller, its ACK is waited for */
	CALL_LEFT,       /* the callee hung up before that ACK */
	CALL_UP,
	CALL_ENDING, /* BYE is out on one leg or both */
	CALL_OVER,
	CALL_NSTATES,
};

enum call_event {
	EV_START,
	EV_CALLEE_PROGRESS,
	EV_CALLEE_ANSWER,
	EV_CALLEE_FAIL,
	EV_CALLEE_NEXT, /* it failed too, and there is another one to be called */
	EV_CALLEE_BYE,  /* or its leg is lost: then why says it */
	EV_CALLER_CANCEL,
	EV_CALLER_ACK,
	EV_CALLER_NO_ACK,
	EV_CALLER_BYE, /* as above */
	EV_NO_ANSWER,  /* the callee's answer-timeout is over */
	EV_DISAGREED,  /* one side has agreed to a session that the other cannot have; why */
	EV_GONE,       /* the last leg is gone */
	EV_NO_MEDIA,   /* of one side, for its realm's media-timeout */
	EV_SHUTDOWN,
	EV_REFER,       /* it is the call of a transfer: the target was called */
	EV_ASK,         /* the same: the target has a leg, in another call yet */
	EV_JOINED,      /* both have come */
	EV_UNREFERRED,  /* nothing comes of the transfer */
	EV_PICKED_UP,   /* somebody else answered in place of who rang */
	EV_TRANSFERRED, /* it was transferred: one of its legs has gone to another call */
	EV_NEVENTS,
};

/* One side of a call. */
struct party {
	struct config_party who;
	struct trunk *trunk; /* with a slot taken; NULL: a phone */
	struct limit *limit; /* a phone's, of which this is one; NULL: none */
	const struct config_realm *realm;
	struct call_target *target; /* of the call, that this is; NULL: none */
	struct leg *leg;
	char number[NUMBER_MAX];  /* the caller's, or the dialled one */
	struct caller_id id;      /* as its request said; of who was called what its answer did */
	char host[ADDR_TEXT_MAX]; /* of a phone that is known by address: what its target names */
	char *call_id;            /* kept beyond the leg */
	char verified[256];
	char tls[16];
	struct addr peer;
};

struct call {
	TAILQ_ENTRY(call) link;
	struct border *border;
	char id[CALL_ID_LEN + 1];
	enum call_state state;
	struct party caller, callee;
	const struct config_route *route; /* of its target, NULL before it has one */
	bool emergency; /* of one of its routes, or of a call that it was made of */
	struct call_targets targets;
	struct offer *offer;
	struct lane to_caller, to_callee; /* what is passed on in its dialogs */
	struct timer no_answer;
	struct watch watch;   /* of the media, while the call is up */
	struct timer burying; /* frees the call outside of its own events */
	enum exchange_state exchange;
	enum media_side asker; /* whose offer, or wish for one, is with the other side */
	char *heard;           /* what the callee answered to the first offer last, or offered */
	uint32_t refer_cseq;   /* of the REFER that was passed last; 0: none */
	char *left_because;    /* the Reason of the callee's BYE, for the caller's, which waits */
	char *said;            /* by the caller, of its session, to a transfer */
	struct transfer *transfer; /* that it has a part in; NULL: none */
	char *answer_sdp;          /* what the caller hears for it */
	bool owes[MEDIA_NSIDES];   /* what the side said last, the other has not been offered */
	struct timer again;        /* when that is tried */
	unsigned tries;            /* for which there was no time */
	uint64_t started_us, answered_us, ended_us;
	const struct call_news *news; /* while it is acted on; NULL: nothing is */
	unsigned code;
	char why[CERT_WHY_MAX];
};

struct border {
	struct border_cfg cfg;
	struct media_realm **media_realms;
	struct leg_env env;
	TAILQ_HEAD(call_list, call) calls;
	TAILQ_HEAD(, call_cursor) cursors; /* walks over them */
	size_t ncalls;
	struct dialogs *outside_dialogs; /* of subscriptions, and of requests out of calls */
	TAILQ_HEAD(, outside) outside;
	TAILQ_HEAD(, subscription) subscriptions;
	size_t nsubscriptions;
	bool shut;
	void (*on_empty)(void *);
	void *on_empty_arg;
	void (*on_end)(void *, const struct call_info *);
	void *on_end_arg;
	struct limit *phones; /* as cfg->phones */
	struct rate rate;     /* of all calls */
	struct rate requests; /* of all requests out of calls */
	struct log_limit refused, unrouted;
};

/* What happened, with what it brought (NULL where it brought nothing). */
struct call_news {
	const struct leg *leg; /* whose it is */
	const struct message *message;
	const char *why;
};

extern const struct state_table call_states;
void call_event(struct call *call, enum call_event event, const struct call_news *news);

/* call.c */
MUST_USE enum err call_new(struct call **out, struct border *b);
void call_free(struct call **cp);
void call_end(struct call *call, unsigned code, const char *why); /* the first one stays */
void call_bury(struct call *call);       /* over: tells, and frees it soon */
void call_watch(struct call *call);      /* the media, from now on */
void call_note_leg(struct party *p);     /* keeps what a leg knows, for the record */
void call_check_gone(struct call *call); /* EV_GONE once neither leg has a dialog left to end */

/* call_legs.c */
/* Of a leg that is a party of the call from now on. */
struct leg_handler call_leg_handler(struct call *call);
/* The leg of a party whose INVITE waits for its answer. Takes over the transaction. */
MUST_USE enum err call_take_leg(struct call *call, struct party *p, struct server_txn *txn);
/* A leg, and the place that it has among the calls, from another call or from none; from keeps its
 * Call-ID. */
void party_move(struct call *call, struct party *to, struct party *from);
void party_clear(struct party *p); /* says nothing to the peer */
/* The session timers of a realm's side. */
struct session_timer_cfg call_session(const struct config_realm *realm);

/* call_setup.c: builds the callee's leg and sends its INVITE. status and why say what the caller
 * hears when it fails. */
struct call_refusal {
	unsigned status;
	unsigned retry_after_s; /* with 503; 0: none */
	char why[CERT_WHY_MAX];
};
/* The offer's sides as the parties are now; a transfer's call has one before call_set_up. */
MUST_USE enum err call_new_offer(struct call *call);
/* One beside the call's, with another callee; the caller closes it. */
MUST_USE enum err call_try_offer(const struct call *call, const struct party *callee,
                                 struct offer **out);
/* border.c: the targets of a call to a number, as a URI of from has it. ERR_NOT_FOUND: no route. */
MUST_USE enum err border_route(const struct party *from, const char *user, struct call *call);
void call_refuse(struct call_refusal *r, unsigned status, const char *why);
/* Calls the next target that can be called; ERR_NOT_FOUND, and no refusal: there is none left. */
MUST_USE enum err call_set_up(struct call *call, struct call_refusal *refusal);
/* Where a party is reached when no flow stands. */
void call_target(struct border *b, struct party *p, struct target *out);
const char *call_state_name(enum call_state state);
/* Whose leg it is, and who is at the other end. */
struct party *call_party(struct call *call, const struct leg *leg);
struct party *call_other(struct call *call, const struct party *p);
bool party_same(const struct config_party *a, const struct config_party *b);
const char *party_name(const struct config_party *who);
const struct config_phone *party_phone(const struct config_party *who); /* NULL: it is none */
enum srtp_mode party_srtp(const struct config_party *who);
void party_set(struct party *p, const struct config_party *who, const char *number);
/* The realm's part in media. */
struct media_realm *border_media_realm(const struct border *b, const struct config_realm *realm);

#endif
