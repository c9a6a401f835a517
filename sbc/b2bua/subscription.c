/* A subscription's dialogs and what goes on in them: SUBSCRIBE to the notifier, NOTIFY to the
 * subscriber (RFC 6665 4). What the notifier grants is what counts; when nobody refreshes it, it
 * ends here some time after it ends there. Signalling thread. */
#include "sbc/b2bua/subscription.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "sbc/b2bua/bodies.h"
#include "sbc/b2bua/extensions.h"
#include "sbc/b2bua/names.h"
#include "sbc/b2bua/outside.h"

#define GUARD_S      32 /* behind the end that was granted: 64 x T1, timer N (4.1.2.4) */
#define UNANSWERED_S 64 /* until something came of the first SUBSCRIBE */

struct sub_fork {
	TAILQ_ENTRY(sub_fork) link;
	struct subscription *sub;
	struct dialog *near, *far; /* with the subscriber, with the notifier */
	struct lane to_near, to_far;
	struct timer guard;
	bool over; /* the notifier said so */
};

struct subscription {
	TAILQ_ENTRY(subscription) link;
	struct border *border;
	struct party near, far;
	struct target near_target, far_target;
	struct flow first;
	TAILQ_HEAD(, sub_fork) forks;
	size_t nforks;
	bool begun; /* the first SUBSCRIBE was accepted, or something notified of */
};

static void sub_free(struct subscription *sub);

static void fork_free(struct sub_fork *f)
{
	timer_stop(&f->guard);
	lane_end(&f->to_near, 481);
	lane_end(&f->to_far, 481);
	dialog_free(&f->near);
	dialog_free(&f->far);
	TAILQ_REMOVE(&f->sub->forks, f, link);
	f->sub->nforks--;
	mem_free(f);
}

/* A fork is over, and with the last one the subscription. */
static void fork_end(struct sub_fork *f)
{
	struct subscription *sub = f->sub;

	fork_free(f);
	if (sub->nforks == 0)
		sub_free(sub);
}

static void sub_free(struct subscription *sub)
{
	struct border *b = sub->border;
	struct sub_fork *f;

	while ((f = TAILQ_FIRST(&sub->forks)))
		fork_free(f);
	TAILQ_REMOVE(&b->subscriptions, sub, link);
	b->nsubscriptions--;
	flow_clear(&sub->first);
	mem_free(sub);
}

void subscriptions_end(struct border *b)
{
	struct subscription *sub;

	while ((sub = TAILQ_FIRST(&b->subscriptions)))
		sub_free(sub);
}

static void on_guard(void *arg)
{
	fork_end(arg);
}

static void guard(struct sub_fork *f, uint64_t s)
{
	timer_start_lazy(stack_timers(f->sub->border->cfg.stack), &f->guard, s * 1000, on_guard, f);
}

/* The notifier's last word may come before its answer to who unsubscribed. */
static bool is_done(const struct sub_fork *f)
{
	return f->over && lane_is_empty(&f->to_near) && lane_is_empty(&f->to_far);
}

/* --- SUBSCRIBE, on its way to the notifier --- */

static void on_subscribe_answer(void *arg, const struct message *m, const struct flow *flow)
{
	struct sub_fork *f = arg;
	unsigned status = message_status(m);
	enum err err = OK;

	if (status >= 300)
		return;
	f->sub->begun = true;
	guard(f, headers_expires_s(m) + GUARD_S);
	if (!dialog_has_peer(f->far)) /* else a NOTIFY was quicker */
		err = dialog_on_answer(f->far, m, flow);
	else if (dialog_of(f->far, m) == f->far)
		err = dialog_take_target(f->far, m);
	f->over = f->over || err; /* without memory: it ends with what comes next */
}

static enum err send_subscribe(struct lane *lane, const struct message *request,
                               struct lane_item *item, void **out)
{
	struct sub_fork *f = lane->arg;
	struct subscription *sub = f->sub;
	const struct outside_way way = { .stack = sub->border->cfg.stack,
		                         .dialog = f->far,
		                         .target = &sub->far_target,
		                         .first = &sub->first,
		                         .on_answer = on_subscribe_answer,
		                         .arg = f };

	return outside_send(&way, lane, request, item, out);
}

static void dress_subscribe(struct lane *lane, const struct passage *back)
{
	const struct sub_fork *f = lane->arg;

	headers_cross_event(back);
	if (message_status(back->from) < 300)
		message_add(back->to, "Contact", "<%s>", dialog_contact(f->near));
}

/* A refresh that fails leaves the subscription until its end, but for 481 (4.1.2.2). */
static bool on_subscribe_end(struct lane *lane, const struct message *answer, const char *why)
{
	struct sub_fork *f = lane->arg;
	unsigned status = answer ? message_status(answer) : 0;

	(void)why;
	if (status == 481 || (!f->sub->begun && (status < 200 || status >= 300)) || is_done(f)) {
		fork_end(f);
		return false;
	}
	return true;
}

/* --- NOTIFY, on its way to the subscriber --- */

static enum err send_notify(struct lane *lane, const struct message *request,
                            struct lane_item *item, void **out)
{
	struct sub_fork *f = lane->arg;
	const struct outside_way way = { .stack = f->sub->border->cfg.stack,
		                         .dialog = f->near,
		                         .target = &f->sub->near_target };

	return outside_send(&way, lane, request, item, out);
}

/* A subscriber that does not know of it, or does not answer, has none any more (4.2.2). */
static bool on_notify_end(struct lane *lane, const struct message *answer, const char *why)
{
	struct sub_fork *f = lane->arg;

	(void)why;
	if (!answer || message_status(answer) == 481 || is_done(f)) {
		fork_end(f);
		return false;
	}
	return true;
}

static const struct lane_ops subscribe_ops = { send_subscribe, outside_forget, dress_subscribe,
	                                       on_subscribe_end };
static const struct lane_ops notify_ops = { send_notify, outside_forget, NULL, on_notify_end };

/* --- what comes --- */

static struct sub_fork *new_fork(struct subscription *sub)
{
	struct sub_fork *f = mem_zalloc(sizeof(*f));

	if (!f)
		return NULL;
	f->sub = sub;
	lane_open(&f->to_near, &notify_ops, f);
	lane_open(&f->to_far, &subscribe_ops, f);
	f->to_near.ends = (struct crossing_ends){ .from = &sub->far.who, .to = &sub->near.who };
	f->to_far.ends = (struct crossing_ends){ .from = &sub->near.who, .to = &sub->far.who };
	TAILQ_INSERT_TAIL(&sub->forks, f, link);
	sub->nforks++;
	guard(f, UNANSWERED_S);
	return f;
}

static enum err open_far(struct sub_fork *f)
{
	struct subscription *sub = f->sub;
	struct names names;
	struct dialog_uac_cfg cfg = { .from = names.from,
		                      .to = names.to,
		                      .request_uri = names.request_uri,
		                      .contact = names.contact,
		                      .owner = sub };
	enum err err = names_make(sub->border, &names, &sub->near, &sub->far);

	if (err)
		return err;
	sub->far_target = names.target;
	if (names.flow)
		flow_copy(&sub->first, names.flow);
	return dialog_new_uac(&f->far, sub->border->outside_dialogs, &cfg);
}

static enum err open_near(struct sub_fork *f, struct server_txn *txn)
{
	struct subscription *sub = f->sub;
	const struct flow *flow = server_txn_flow(txn);
	char contact[URI_MAX_LEN];
	enum err err;

	party_contact(&sub->near, txn, contact, sizeof(contact));
	call_target(sub->border, &sub->near, &sub->near_target);
	err = dialog_new_uas(&f->near, sub->border->outside_dialogs, server_txn_request(txn), flow,
	                     contact, sub);
	if (!err)
		f->to_far.tag = dialog_local_tag(f->near);
	return err;
}

/* Nobody has more than is left: the fewer there are, the smaller are the shares, and who has none
 * yet finds room. */
static bool has_room(const struct border *b, const struct party *from)
{
	const struct subscription *sub;
	size_t n = 0;

	TAILQ_FOREACH (sub, &b->subscriptions, link)
		n += party_same(&sub->near.who, &from->who);
	return n < SUBSCRIPTIONS_OF_ONE && n < SUBSCRIPTIONS_MOST - b->nsubscriptions;
}

static struct subscription *sub_new(struct border *b, const struct party *from,
                                    const struct party *to)
{
	struct subscription *sub = mem_zalloc(sizeof(*sub));

	if (!sub)
		return NULL;
	sub->border = b;
	sub->near = *from;
	sub->far = *to;
	TAILQ_INIT(&sub->forks);
	TAILQ_INSERT_TAIL(&b->subscriptions, sub, link);
	b->nsubscriptions++;
	return sub;
}

void subscription_start(struct border *b, struct server_txn *txn, const struct party *from,
                        const struct party *to)
{
	const struct message *request = server_txn_request(txn);
	struct subscription *sub;
	struct sub_fork *f;

	if (!message_header(request, "Event", 0)) { /* 4.2.1.1, 8.2.1 */
		server_txn_reply(txn, 489, "Bad Event", NULL);
		return;
	}
	if (!dialog_contact_is_good(request)) {
		server_txn_reply(txn, 400, "Missing Or Unusable Contact", NULL);
		return;
	}
	if (!has_room(b, from)) {
		lane_ask_later(txn);
		return;
	}
	sub = sub_new(b, from, to);
	f = sub ? new_fork(sub) : NULL;
	if (!f || open_near(f, txn) || open_far(f))
		server_txn_reply(txn, 500, NULL, NULL);
	else
		lane_take(&f->to_far, txn);
	if (sub && (!f || lane_is_empty(&f->to_far)))
		sub_free(sub);
}

static struct sub_fork *fork_of_near(struct subscription *sub, const struct message *request)
{
	struct sub_fork *f;

	TAILQ_FOREACH (f, &sub->forks, link) {
		if (strcmp(dialog_local_tag(f->near), message_to_tag(request)) == 0 &&
		    dialog_of(f->near, request) == f->near)
			return f;
	}
	return NULL;
}

/* The fork that notifies, which its first NOTIFY may begin (4.4.1). NULL: it is not followed. */
static struct sub_fork *fork_of_far(struct subscription *sub, const struct message *notify,
                                    const struct flow *flow)
{
	struct sub_fork *first = TAILQ_FIRST(&sub->forks), *f;
	const struct dialog *dlg;
	enum err err;

	if (!first)
		return NULL;
	dlg = dialog_of(first->far, notify);
	TAILQ_FOREACH (f, &sub->forks, link) {
		if (f->far == dlg)
			return f;
	}
	if (strcmp(dialog_local_tag(first->far), message_to_tag(notify)) != 0 ||
	    !party_sent(&sub->far, flow))
		return NULL;
	if (!dialog_has_peer(first->far))
		return dialog_on_notify(first->far, notify, flow) ? NULL : first;
	f = sub->nforks < SUBSCRIPTION_FORKS ? new_fork(sub) : NULL;
	if (!f)
		return NULL;
	err = dialog_new_sibling(&f->near, first->near, sub);
	if (!err)
		err = dialog_new_fork(&f->far, first->far, notify, flow);
	if (err) {
		fork_end(f);
		return NULL;
	}
	f->to_far.tag = dialog_local_tag(f->near);
	return f;
}

static bool is_terminated(const struct message *notify)
{
	const char *state = message_header(notify, "Subscription-State", 0);

	return state && strncasecmp(state, "terminated", 10) == 0;
}

/* What the notifier says of the time that is left; 0: nothing. */
static uint64_t time_left_s(const struct message *notify)
{
	const char *state = message_header(notify, "Subscription-State", 0);
	const char *at = state ? strcasestr(state, "expires=") : NULL;
	unsigned long s = at ? strtoul(at + 8, NULL, 10) : 0;

	return s < EXPIRES_MOST_S ? s : EXPIRES_MOST_S;
}

static void on_notify(struct sub_fork *f, struct server_txn *txn, const struct message *notify)
{
	enum crossing way = crossing_way(&f->to_near.ends);
	uint64_t left_s = time_left_s(notify);

	f->sub->begun = true;
	if (is_terminated(notify))
		f->over = true;
	else if (left_s)
		guard(f, left_s + GUARD_S);
	if (bodies_may_cross(notify, way)) {
		lane_take(&f->to_near, txn);
	} else {
		server_txn_reply_with(txn, 415, "Accept", bodies_accepted(way));
	}
	if (is_done(f))
		fork_end(f);
}

static void refuse_method(struct server_txn *txn, const char *has)
{
	server_txn_reply_with(txn, 405, "Allow", has);
}

static void take_request(struct sub_fork *f, bool from_far, struct server_txn *txn,
                         const struct message *request)
{
	const char *has = from_far ? "NOTIFY" : "SUBSCRIBE";
	struct lane *lane = from_far ? &f->to_near : &f->to_far;
	struct dialog *dlg = from_far ? f->far : f->near;
	enum err err = dialog_on_request(dlg, request, server_txn_flow(txn));

	if (err)
		dialog_refuse(txn, err);
	else if (extensions_refuse(txn, request))
		return;
	else if (strcmp(message_method_name(request), has) != 0)
		refuse_method(txn, has);
	else if (message_max_forwards(request) == 0)
		server_txn_reply(txn, 483, NULL, NULL);
	else if (!lane_has_room(lane) || dialog_take_target(dlg, request))
		lane_ask_later(txn);
	else if (from_far)
		on_notify(f, txn, request);
	else if (!bodies_may_cross(request, crossing_way(&lane->ends)))
		server_txn_reply_with(txn, 415, "Accept",
		                      bodies_accepted(crossing_way(&lane->ends)));
	else
		lane_take(lane, txn);
}

bool subscription_on_request(struct border *b, struct server_txn *txn,
                             const struct message *request)
{
	struct subscription *sub = dialog_find_owner(b->outside_dialogs, request);
	struct sub_fork *f;

	if (!sub)
		return false;
	server_txn_doubt(txn, false);
	f = fork_of_near(sub, request);
	if (f) {
		take_request(f, false, txn, request);
		return true;
	}
	f = strcmp(message_method_name(request), "NOTIFY") == 0
	        ? fork_of_far(sub, request, server_txn_flow(txn))
	        : NULL;
	if (f)
		take_request(f, true, txn, request);
	return f != NULL;
}
