/* A phone of our own: one call, G.711 over plain RTP. Signalling thread. */
#include "sbc/lab/phone.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/text.h"
#include "sbc/b2bua/numbers.h"
#include "sbc/lab/args.h"
#include "sbc/lab/kit.h"
#include "sbc/lab/rtp_end.h"
#include "sbc/lab/session.h"
#include "sbc/lab/tone.h"

#define ANSWER_MS   30000
#define DRAIN_MS    300 /* for packets that are still on their way back */

#define URI_MAX_LEN 400
#define USER_MAX    128

struct phone {
	struct phone_cfg cfg;
	struct kit kit;
	bool has_kit;
	struct leg *leg;
	struct rtp_end *media;
	char host[ADDR_TEXT_MAX]; /* of the leg's target */
	struct timer patience, beat_timer;
	struct beat beat;
	struct tone tone;
	struct ear ear;
	enum g711 law;
	uint16_t seq;
	uint32_t timestamp; /* of the first packet */
	struct phone_result result;
	void (*fn)(void *arg);
	void *arg;
};

static void say(const struct phone *p, const char *what)
{
	if (p->cfg.talks)
		puts(what);
}

static void over(struct phone *p, const char *why)
{
	timer_stop(&p->patience);
	timer_stop(&p->beat_timer);
	if (why && !p->result.why[0])
		snprintf(p->result.why, sizeof(p->result.why), "%s", why);
	p->fn(p->arg);
}

/* --- audio --- */

static void on_rtp(void *arg, const struct rtp_header *header, const uint8_t *payload)
{
	struct phone *p = arg;

	if (header->payload_type == p->law)
		ear_hear(&p->ear, p->law, payload, header->payload_len);
}

static void on_drained(void *arg)
{
	struct phone *p = arg;

	leg_bye(p->leg);
}

static void send_frame(struct phone *p, uint64_t n)
{
	uint8_t payload[TONE_FRAME];
	struct rtp_header header = { .payload_type = (uint8_t)p->law,
		                     .marker = n == 0,
		                     .seq = p->seq++,
		                     .timestamp = p->timestamp + (uint32_t)n * TONE_FRAME };

	tone_write(&p->tone, p->law, payload, sizeof(payload));
	rtp_end_send(p->media, &header, payload, sizeof(payload));
}

static void on_beat(void *arg)
{
	struct phone *p = arg;
	struct timers *timers = loop_timers(p->kit.loop);
	uint64_t now = clock_mono_ms(), end = p->cfg.tone_ms / TONE_FRAME_MS, first;
	unsigned n = beat_due(&p->beat, now, &first);

	for (; n > 0 && first < end; n--)
		send_frame(p, first++);
	if (p->beat.n < end)
		timer_start(timers, &p->beat_timer, beat_next_ms(&p->beat, now), on_beat, p);
	else
		timer_start(timers, &p->beat_timer, DRAIN_MS, on_drained, p);
}

static enum err start_audio(struct phone *p)
{
	struct addr peer;
	const char *sdp = leg_peer_sdp(p->leg);
	enum err err =
	    sdp ? session_read_answer(sdp, strlen(sdp), &peer, &p->law) : ERR_UNSUPPORTED;

	if (err)
		return err;
	rtp_end_aim(p->media, &peer);
	p->result.codec = g711_name(p->law);
	random_bytes(&p->seq, sizeof(p->seq));
	random_bytes(&p->timestamp, sizeof(p->timestamp));
	p->beat.start_ms = clock_mono_ms();
	on_beat(p);
	return OK;
}

/* --- the call --- */

static void on_answer(struct phone *p, const struct message *m)
{
	timer_stop(&p->patience);
	p->result.status = message_status(m);
	if (start_audio(p) == OK) {
		say(p, "answered");
		return;
	}
	snprintf(p->result.why, sizeof(p->result.why), "the answer has no audio that we know");
	leg_bye(p->leg);
}

static void on_fail(struct phone *p, const struct message *m, const char *why)
{
	const char *warning;

	if (!m) {
		over(p, why);
		return;
	}
	p->result.status = message_status(m);
	warning = message_header(m, "Warning", 0);
	if (!p->result.why[0])
		snprintf(p->result.why, sizeof(p->result.why), "%u %s%s%s", message_status(m),
		         message_phrase(m), warning ? "; " : "", warning ? warning : "");
	text_make_safe(p->result.why);
	over(p, NULL);
}

static void on_event(void *arg, struct leg *leg, enum leg_event event, const struct message *m,
                     const char *why)
{
	struct phone *p = arg;

	switch (event) {
	case LEG_PROGRESS:
		say(p, message_status(m) == 180 ? "it rings" : "it makes progress");
		return;
	case LEG_ANSWER:
		on_answer(p, m);
		return;
	case LEG_FAIL:
		on_fail(p, m, why);
		return;
	case LEG_BYE:
		over(p, "the other side hung up before the tone was over");
		return;
	case LEG_LOST:
	case LEG_GONE:
		over(p, why);
		return;
	case LEG_OFFER: /* the session stays as it is */
	case LEG_FETCH:
		leg_refuse(leg, 488, 0);
		return;
	case LEG_WITHDRAWN:
	case LEG_CHANGED:
	case LEG_REFUSED:
	case LEG_ANSWERED:
	case LEG_MOVED:
	case LEG_FREE:
	case LEG_CANCEL:
	case LEG_ACK:
	case LEG_NO_ACK:
		return;
	}
}

static void on_impatient(void *arg)
{
	struct phone *p = arg;

	snprintf(p->result.why, sizeof(p->result.why), "nobody answered for %d s",
	         ANSWER_MS / 1000);
	leg_cancel(p->leg);
}

static void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	struct phone *p = arg;
	struct leg *leg = message_to_tag(request)[0] ? dialog_find(p->kit.dialogs, request) : NULL;

	if (leg)
		leg_on_request(leg, txn, request);
	else if (message_method(request) == METHOD_INVITE)
		server_txn_reply(txn, 486, NULL, NULL); /* it calls, and is not called */
	else
		server_txn_reply(txn, 481, NULL, NULL);
}

static enum err send_invite(struct phone *p)
{
	struct message *invite;
	struct addr ours;
	struct buf offer;
	enum err err;

	rtp_end_address(p->media, &ours);
	buf_init(&offer, MESSAGE_MAX);
	err = session_offer(&ours, &offer);
	if (!err)
		err = leg_invite(p->leg, &invite);
	if (!err) {
		message_put(invite, "User-Agent", "Trunkgate lab phone");
		message_set_body(invite, "application/sdp", offer.data, offer.len);
		err = leg_send(p->leg, invite);
		message_free(&invite);
	}
	buf_free(&offer);
	return err;
}

static enum err open_leg(struct phone *p)
{
	char via[ADDR_TEXT_MAX], host[ADDR_TEXT_MAX];
	char uri[URI_MAX_LEN], to[URI_MAX_LEN], from[URI_MAX_LEN], contact[URI_MAX_LEN];
	struct leg_handler handler = { .on_event = on_event, .arg = p };
	struct target target;
	struct leg_uac_cfg cfg = {
		.from = from, .to = to, .request_uri = uri, .contact = contact, .target = &target
	};

	addr_text(&p->cfg.via, via, sizeof(via));
	addr_uri_host(&p->kit.listener.addr, host, sizeof(host));
	snprintf(uri, sizeof(uri), "sip:%.*s@%s", USER_MAX, p->cfg.number, via);
	snprintf(to, sizeof(to), "<sip:%.*s@%s>", USER_MAX, p->cfg.number, via);
	snprintf(from, sizeof(from), "<sip:%.*s@%s>", USER_MAX, p->cfg.from, host);
	kit_contact(&p->kit, URI_SIP_TLS, p->cfg.from, contact, sizeof(contact));
	kit_target(&p->kit, &p->cfg.via, p->host, &target);
	return leg_new_uac(&p->leg, &p->kit.legs, &cfg, &handler);
}

static enum err dial(struct phone *p, char *why)
{
	struct rtp_end_cfg media = { .loop = p->kit.loop,
		                     .ports = p->kit.ports,
		                     .address = p->kit.listener.addr,
		                     .on_rtp = on_rtp,
		                     .arg = p };
	struct stack_handler handler = { .on_request = on_request, .arg = p };
	enum err err = rtp_end_new(&p->media, &media);

	stack_set_handler(p->kit.stack, &handler);
	if (!err)
		err = open_leg(p);
	if (!err)
		err = send_invite(p);
	if (err)
		snprintf(why, CERT_WHY_MAX, "the call cannot be made: %s", err_text(err));
	else
		timer_start(loop_timers(p->kit.loop), &p->patience, ANSWER_MS, on_impatient, p);
	return err;
}

enum err phone_new(struct phone **out, struct loop *loop, const struct phone_cfg *cfg,
                   void (*fn)(void *), void *arg, char *why)
{
	struct kit_cfg kit = { .listener = { .transport = TRANSPORT_UDP, .addr = cfg->listen },
		               .media_low = cfg->media_low,
		               .media_high = cfg->media_high };
	struct phone *p = mem_zalloc(sizeof(*p));
	enum err err;

	snprintf(why, CERT_WHY_MAX, "%s", err_text(ERR_NOMEM));
	if (!p)
		return ERR_NOMEM;
	p->cfg = *cfg;
	p->fn = fn;
	p->arg = arg;
	err = kit_open(&p->kit, loop, &kit, why);
	p->has_kit = !err;
	if (!err)
		err = dial(p, why);
	if (err)
		phone_free(&p);
	else
		*out = p;
	return err;
}

void phone_hang_up(struct phone *p)
{
	if (!p->result.why[0])
		snprintf(p->result.why, sizeof(p->result.why), "stopped by the user");
	timer_stop(&p->beat_timer);
	leg_cancel(p->leg);
	leg_bye(p->leg);
}

void phone_free(struct phone **pp)
{
	struct phone *p = *pp;

	if (!p)
		return;
	timer_stop(&p->patience);
	timer_stop(&p->beat_timer);
	leg_free(&p->leg);
	rtp_end_free(&p->media);
	if (p->has_kit)
		kit_close(&p->kit);
	mem_free(p);
	*pp = NULL;
}

void phone_result(const struct phone *p, struct phone_result *out)
{
	struct rtp_end_stats s;

	rtp_end_stats(p->media, &s);
	*out = p->result;
	out->sent = s.sent;
	out->received = s.received;
	out->lost = s.sent > s.received ? s.sent - s.received : 0;
	out->jitter_us = s.jitter_us;
	/* A scrap that came back is not a conversation. */
	out->heard_tone = ear_has_tone(&p->ear) && 2 * s.received >= s.sent && s.received > 0;
}

/* --- the command --- */

struct running {
	struct loop *loop;
	struct phone *phone;
	bool was_told;
};

static void on_over(void *arg)
{
	struct running *r = arg;

	loop_stop(r->loop);
}

static void on_signal(void *arg)
{
	struct running *r = arg;

	/* Who says it twice does not want to wait for the other side. */
	if (r->was_told)
		loop_stop(r->loop);
	r->was_told = true;
	phone_hang_up(r->phone);
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static int print_json(const char *number, const struct phone_result *r, bool good)
{
	json_t *json =
	    json_pack("{s:s, s:b, s:i, s:s, s:s?, s:I, s:I, s:I, s:f, s:f, s:b}", "number", number,
	              "ok", good, "status", (int)r->status, "why", r->why, "codec", r->codec,
	              "sent", (json_int_t)r->sent, "received", (json_int_t)r->received, "lost",
	              (json_int_t)r->lost, "loss_percent", percent(r->lost, r->sent), "jitter_ms",
	              r->jitter_us / 1000.0, "heard_tone", r->heard_tone);
	int bad = !json || json_dumpf(json, stdout, JSON_REAL_PRECISION(4)) != 0;

	json_decref(json);
	putchar('\n');
	return bad;
}

static void print_words(const char *number, const struct phone_result *r)
{
	if (!r->codec) {
		printf("no call to %s: %s\n", number, r->why);
		return;
	}
	if (r->why[0])
		printf("the call to %s ended early: %s\n", number, r->why);
	printf("packets sent %llu, received %llu, lost %llu (%.1f %%), jitter %.2f ms, codec %s\n",
	       (unsigned long long)r->sent, (unsigned long long)r->received,
	       (unsigned long long)r->lost, percent(r->lost, r->sent), r->jitter_us / 1000.0,
	       r->codec);
	puts(r->heard_tone ? "heard: our tone of 440 Hz came back"
	                   : "heard: our tone did not come back");
}

static int report(const struct running *r, const char *number, bool json)
{
	struct phone_result result;
	bool good;

	phone_result(r->phone, &result);
	good = result.heard_tone && !result.why[0];
	if (json && print_json(number, &result, good))
		return 1;
	if (!json)
		print_words(number, &result);
	return good ? 0 : 1;
}

static int run(const struct phone_cfg *cfg)
{
	struct running r = { 0 };
	char why[CERT_WHY_MAX] = "out of memory";
	int status = 1;
	enum err err = loop_new(&r.loop);

	if (!err)
		err = phone_new(&r.phone, r.loop, cfg, on_over, &r, why);
	if (!err)
		err = kit_on_stop(r.loop, on_signal, &r);
	if (!err) {
		loop_run(r.loop);
		status = report(&r, cfg->number, !cfg->talks);
	} else {
		fprintf(stderr, "trunkgate lab call: %s\n", why);
	}
	phone_free(&r.phone);
	loop_free(&r.loop);
	return status;
}

int phone_main(int argc, char **argv)
{
	struct phone_cfg cfg = { .from = "lab" };
	struct arg_range ports = { 43000, 43999 };
	unsigned seconds = 3;
	bool json = false;
	const struct arg table[] = {
		{ "--via", ARG_ADDR, &cfg.via },        { "--listen", ARG_ADDR, &cfg.listen },
		{ "--from", ARG_TEXT, &cfg.from },      { "--seconds", ARG_COUNT, &seconds },
		{ "--media-ports", ARG_RANGE, &ports }, { "--json", ARG_FLAG, &json }
	};

	if (addr_parse(&cfg.via, "127.0.0.1:5060") || addr_parse(&cfg.listen, "127.0.0.1") ||
	    args_read(argc, argv, 3, table, ARRAY_LEN(table), &cfg.number))
		return 2;
	if (!cfg.number || !number_is_clean(cfg.number) || !number_is_clean(cfg.from)) {
		fputs(
		    "trunkgate lab call: it needs a number to call, and takes numbers and names as "
		    "they stand in a SIP URI\n",
		    stderr);
		return 2;
	}
	cfg.tone_ms = seconds * 1000;
	cfg.media_low = ports.low;
	cfg.media_high = ports.high;
	cfg.talks = !json;
	return run(&cfg);
}
