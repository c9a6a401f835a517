/* OPTIONS: asked of the first address that shook hands with us, where the profile allows it. It is
 * a question of its own and begins no call (WBX-13). */
#include "sbc/doctor/check_options.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/random.h"

#define OPTIONS_MS 5000
#define TOKEN_LEN  16

static void end(struct options *o)
{
	timer_stop(&o->patience);
	request_free(&o->request);
	message_free(&o->message);
}

static void over(struct options *o)
{
	struct probe *b = o->over;

	end(o);
	o->fn(b);
}

static void on_over(void *arg)
{
	over(arg);
}

/* Nothing is freed from within the request's own call. */
static void be_over(struct options *o)
{
	timer_start(loop_timers(o->over->patient->loop), &o->patience, 1, on_over, o);
}

static void on_response(void *arg, const struct message *response, const struct flow *flow)
{
	struct options *o = arg;

	(void)flow;
	if (message_status(response) < 200 || o->status)
		return;
	o->status = message_status(response);
	o->took_ms = (unsigned)(clock_mono_ms() - o->begun_ms);
	snprintf(o->phrase, sizeof(o->phrase), "%.60s", message_phrase(response));
	be_over(o);
}

static void on_fail(void *arg, enum err err, const char *why)
{
	struct options *o = arg;

	(void)err;
	snprintf(o->why, sizeof(o->why), "%s", why);
	be_over(o);
}

static void on_impatient(void *arg)
{
	struct options *o = arg;

	snprintf(o->why, sizeof(o->why), "no answer within %d s", OPTIONS_MS / 1000);
	over(o);
}

static enum err write_message(const struct probe *b, struct message **out)
{
	const struct patient *p = b->patient;
	const struct config_listener *l = sip_realm_listener_for(p->realm, TRANSPORT_TLS, &b->peer);
	bool sips = p->trunk->uri_form == URI_SIPS;
	char uri[300], contact[300], host[256], tag[TOKEN_LEN + 1], call_id[TOKEN_LEN + 1];
	enum err err;

	snprintf(uri, sizeof(uri), "%s:%s%s", sips ? "sips" : "sip", p->trunk->domain,
	         sips ? "" : ";transport=tls");
	if (l)
		patient_host(p, host, sizeof(host));
	else
		snprintf(host, sizeof(host), "anonymous.invalid"); /* RFC 3323 4.1.1.3 */
	random_token(tag, TOKEN_LEN);
	random_token(call_id, TOKEN_LEN);
	err = message_new_request(out, "OPTIONS", uri);
	if (err)
		return err;
	message_add(*out, "From", "<%s:trunkgate@%s>;tag=%s", sips ? "sips" : "sip", host, tag);
	message_add(*out, "To", "<%s>", uri);
	message_put(*out, "Call-ID", call_id);
	message_put(*out, "CSeq", "1 OPTIONS");
	if (l) {
		sip_realm_uri(p->realm, l, p->trunk->uri_form, "", contact, sizeof(contact));
		message_add(*out, "Contact", "<%s>", contact);
	}
	message_put(*out, "Accept", "application/sdp");
	message_put(*out, "User-Agent", "Trunkgate doctor");
	return OK;
}

bool options_examine(struct probe *b, void (*fn)(struct probe *b))
{
	struct patient *p = b->patient;
	struct options *o = &p->options;
	const struct request_handler handler = { .on_response = on_response,
		                                 .on_fail = on_fail,
		                                 .arg = o };
	const struct target nowhere = { .realm = p->realm, .transport = TRANSPORT_TLS };
	struct flow flow = { 0 };
	enum err err;

	if (o->over || !p->realm || p->trunk->ask_options == NO)
		return false;
	*o = (struct options){ .over = b, .fn = fn, .begun_ms = clock_mono_ms() };
	err = write_message(b, &o->message);
	flow_set(&flow, b->conn, &b->peer);
	if (!err)
		err = request_start(&o->request, p->stack, o->message, &nowhere, &flow, &handler);
	flow_clear(&flow);
	if (err) {
		snprintf(o->why, sizeof(o->why), "it could not be sent: %s", err_text(err));
		p->starved = p->starved || err == ERR_NOMEM;
		end(o);
		return false;
	}
	timer_start(loop_timers(p->loop), &o->patience, OPTIONS_MS, on_impatient, o);
	return true;
}

void options_dismiss(struct patient *p)
{
	end(&p->options);
}

static bool is_alive(unsigned status)
{
	return (status >= 200 && status < 300) || status == 405 || status == 501 || status == 404 ||
	       status == 480 || status == 484;
}

void judge_options(const struct patient *p, struct finding *f)
{
	const struct options *o = &p->options;

	if (p->trunk->ask_options == NO) {
		finding_say(f, VERDICT_SKIP, "OPTIONS is not asked, as ask-options says");
	} else if (!o->over) {
		finding_say(f, VERDICT_SKIP,
		            "no connection stood that OPTIONS could have been asked over");
	} else if (is_alive(o->status)) {
		finding_say(f, VERDICT_OK,
		            "OPTIONS outside of a call was answered %u %s after %u ms", o->status,
		            o->phrase, o->took_ms);
	} else if (o->status) {
		finding_say(f, VERDICT_WARN,
		            "OPTIONS outside of a call was answered %u %s after %u ms", o->status,
		            o->phrase, o->took_ms);
		finding_advise(f, "ask the provider whether it knows %s, and what it wants of us",
		               p->trunk->realm->advertise ? p->trunk->realm->advertise : "us");
	} else {
		finding_say(f, VERDICT_WARN, "OPTIONS outside of a call: %s", o->why);
		finding_advise(f, "ask the provider whether it answers OPTIONS; if not, write "
		                  "ask-options: no");
	}
}

/* There and back on the network alone: TCP's handshake with the nearest of its addresses. */
static const struct probe *nearest(const struct patient *p)
{
	const struct probe *best = NULL;

	for (size_t i = 0; i < p->nprobes; i++) {
		const struct probe *b = p->probes[i];

		if (b->kind == PROBE_REACH && b->open && !b->aside &&
		    (!best || b->took_ms < best->took_ms))
			best = b;
	}
	return best;
}

static void judge_time(const struct patient *p, struct finding *f, unsigned limit_ms)
{
	const struct probe *b = nearest(p);
	char text[ADDR_TEXT_MAX];

	if (!b) {
		finding_say(f, VERDICT_SKIP, "no connection stood whose time could be taken");
		return;
	}
	finding_say(f, b->took_ms < limit_ms ? VERDICT_OK : VERDICT_WARN,
	            "to %s and back takes %u ms, where less than %u ms are demanded; jitter and "
	            "loss are measured in each call",
	            addr_text(&b->peer, text, sizeof(text)), b->took_ms, limit_ms);
	if (f->verdict == VERDICT_WARN)
		finding_advise(f, "look for a way that is shorter, or a line that is less full");
}

void judge_round_trip(const struct patient *p, struct finding *f)
{
	judge_time(p, f, 300);
}

void judge_latency(const struct patient *p, struct finding *f)
{
	judge_time(p, f, 100);
}
