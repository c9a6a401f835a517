/* What is told of calls, those that go on and those that ended. Signalling thread. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "media/quality.h"
#include "sbc/admin/fields.h"
#include "sbc/admin/show.h"

static uint64_t seconds_between(uint64_t from_us, uint64_t to_us)
{
	/* The wall clock may have been set back. */
	return to_us > from_us ? (to_us - from_us) / 1000000 : 0;
}

/* All streams of the leg together; the worst jitter, round trip and MOS of them. */
static void put_media(struct fields *f, const struct call_leg_info *leg)
{
	struct stream_stats sum = { 0 };
	unsigned worst_mos = 0;

	for (unsigned i = 0; i < leg->nstreams; i++) {
		const struct stream_stats *s = &leg->streams[i];
		unsigned mos = quality_mos(s);

		sum.packets_in += s->packets_in;
		sum.packets_out += s->packets_out;
		sum.lost += s->lost;
		sum.bad_source += s->bad_source;
		sum.bad_auth += s->bad_auth;
		sum.reordered += s->reordered;
		sum.events += s->events;
		if (s->jitter_us > sum.jitter_us)
			sum.jitter_us = s->jitter_us;
		if (s->round_trip_us > sum.round_trip_us)
			sum.round_trip_us = s->round_trip_us;
		if (mos && (!worst_mos || mos < worst_mos))
			worst_mos = mos;
	}
	fields_count(f, "packets_in", sum.packets_in);
	fields_count(f, "packets_out", sum.packets_out);
	fields_count(f, "lost", sum.lost);
	fields_put(f, "jitter_ms", json_real(sum.jitter_us / 1000.0));
	fields_count(f, "reordered", sum.reordered);
	fields_count(f, "dtmf_events", sum.events);
	if (sum.round_trip_us)
		fields_put(f, "round_trip_ms", json_real(sum.round_trip_us / 1000.0));
	else
		fields_text(f, "round_trip_ms", NULL);
	if (worst_mos)
		fields_put(f, "mos", json_real(worst_mos / 100.0));
	else
		fields_text(f, "mos", NULL);
	fields_count(f, "bad_source", sum.bad_source);
	fields_count(f, "bad_auth", sum.bad_auth);
}

static json_t *leg_json(const struct call_leg_info *leg)
{
	char peer[ADDR_TEXT_MAX];
	struct fields f;

	fields_init(&f);
	fields_text(&f, "party", leg->party);
	fields_text(&f, "kind", leg->is_trunk ? "trunk" : "phone");
	fields_text(&f, "number", leg->number);
	fields_text(&f, "sip_call_id", leg->call_id);
	fields_text(&f, "peer",
	            addr_is_set(&leg->peer) ? addr_text(&leg->peer, peer, sizeof(peer)) : NULL);
	fields_text(&f, "tls", leg->tls);
	fields_text(&f, "verified", leg->verified);
	fields_text(&f, "srtp", leg->srtp);
	fields_text(&f, "silent_because", leg->silent_because);
	fields_text(&f, "missed", *leg->missed ? leg->missed : NULL);
	put_media(&f, leg);
	return fields_take(&f);
}

static void put_call(struct fields *f, const struct call_info *info)
{
	uint64_t end_us = info->ended_us ? info->ended_us : clock_wall_us();

	fields_text(f, "id", info->id);
	fields_text(f, "state", info->state);
	fields_count(f, "since_s", seconds_between(info->started_us, clock_wall_us()));
	if (info->answered_us)
		fields_count(f, "talk_s", seconds_between(info->answered_us, end_us));
	else
		fields_text(f, "talk_s", NULL);
	fields_put(f, "caller", leg_json(&info->caller));
	fields_put(f, "callee", leg_json(&info->callee));
}

json_t *show_call(const struct call_info *info)
{
	struct fields f;

	fields_init(&f);
	put_call(&f, info);
	return fields_take(&f);
}

static bool is_wanted(const struct call_info *info, const char *id, uint64_t *newest_us)
{
	uint64_t at_us = info->ended_us ? info->ended_us : info->started_us;

	if (id)
		return strcmp(info->id, id) == 0;
	if (at_us < *newest_us)
		return false;
	*newest_us = at_us;
	return true;
}

/* By its id, or the one that began or ended last. */
static bool find_call(const struct show_env *env, const char *id, struct call_info *out)
{
	const struct call *call = NULL;
	const struct call_info *ended;
	struct call_info info;
	uint64_t newest_us = 0;
	bool found = false;

	for (size_t n = 0; (ended = history_call(env->history, n)); n++) {
		if (is_wanted(ended, id, &newest_us)) {
			*out = *ended;
			found = true;
		}
	}
	while ((call = call_next(env->from.border, call))) {
		call_get_info(call, &info);
		if (is_wanted(&info, id, &newest_us)) {
			*out = info;
			found = true;
		}
	}
	return found;
}

/* A 2xx that came again makes its ACK go out again, as a message of its own each time (RFC
 * 3261 13.2.2.4). In a ladder one is enough. */
static bool is_second_ack(const struct history *h, size_t n)
{
	const struct history_message *m = history_message(h, n);

	if (!m->request || strcmp(m->method, "ACK") != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct history_message *before = history_message(h, i);

		if (before->request && before->cseq == m->cseq && before->sent == m->sent &&
		    strcmp(before->method, "ACK") == 0 && strcmp(before->call_id, m->call_id) == 0)
			return true;
	}
	return false;
}

static json_t *message_json(const struct history_message *m, const char *party, const char *leg,
                            uint64_t start_us)
{
	char peer[ADDR_TEXT_MAX];
	struct fields f;

	fields_init(&f);
	fields_put(&f, "at_ms",
	           json_real(m->wall_us > start_us ? (double)(m->wall_us - start_us) / 1000 : 0));
	fields_text(&f, "leg", leg);
	fields_text(&f, "from", m->sent ? "trunkgate" : party);
	fields_text(&f, "to", m->sent ? party : "trunkgate");
	fields_text(&f, "line", m->line);
	fields_text(&f, "method", m->method);
	fields_text(&f, "transport", transport_name(m->transport));
	fields_text(&f, "peer", addr_text(&m->peer, peer, sizeof(peer)));
	return fields_take(&f);
}

static json_t *messages_of(const struct history *h, const struct call_info *info)
{
	json_t *array = json_array();
	const struct history_message *m;
	uint64_t start_us = 0;
	bool ok = array != NULL;

	for (size_t n = 0; ok && (m = history_message(h, n)); n++) {
		bool callers = history_message_is_of(m, info->caller.call_id);
		const struct call_leg_info *leg = callers ? &info->caller : &info->callee;

		if ((!callers && !history_message_is_of(m, leg->call_id)) || is_second_ack(h, n))
			continue;
		if (!start_us)
			start_us = m->wall_us;
		ok = fields_append(
		    array, message_json(m, leg->party, callers ? "caller" : "callee", start_us));
	}
	if (ok)
		return array;
	json_decref(array);
	return NULL;
}

json_t *show_ladder(const struct show_env *env, const char *id)
{
	struct call_info info;
	struct fields f;

	if (!find_call(env, id, &info)) {
		if (id)
			return show_error("there is no call %s, neither now nor among the last %d",
			                  id, HISTORY_CALLS);
		return show_error("there was no call yet");
	}
	fields_init(&f);
	put_call(&f, &info);
	fields_put(&f, "ended", json_boolean(info.ended_us != 0));
	fields_count(&f, "code", info.code);
	fields_text(&f, "why", info.why);
	fields_put(&f, "complete", json_boolean(!history_forgot(env->history, info.started_us)));
	fields_put(&f, "messages", messages_of(env->history, &info));
	return fields_take(&f);
}
