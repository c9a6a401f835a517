/* Two rings. That of the messages is there as a whole from the start: nothing is allocated for a
 * message. Signalling thread. */
#include "sbc/admin/history.h"

#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* A call that ended, with the texts that info points to. */
struct ended {
	struct call_info info;
	char texts[];
};

struct history {
	struct ended *calls[HISTORY_CALLS];
	size_t ncalls; /* ever */
	struct history_message *messages;
	size_t nmessages; /* ever */
};

enum err history_new(struct history **out)
{
	struct history *h = mem_zalloc(sizeof(*h));

	if (!h)
		return ERR_NOMEM;
	h->messages = mem_array(NULL, HISTORY_MESSAGES, sizeof(*h->messages));
	if (!h->messages) {
		mem_free(h);
		return ERR_NOMEM;
	}
	/* Written to now: what the process needs is seen from the start, not after 4096 messages.
	 */
	memset(h->messages, 0, HISTORY_MESSAGES * sizeof(*h->messages));
	*out = h;
	return OK;
}

void history_free(struct history **hp)
{
	struct history *h = *hp;

	if (!h)
		return;
	for (size_t i = 0; i < HISTORY_CALLS; i++)
		mem_free(h->calls[i]);
	mem_free(h->messages);
	mem_free(h);
	*hp = NULL;
}

/* Puts as much of the texts there as there is room for. Every message passes here. */
static void put(char *at, size_t size, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strnlen(texts[i], size - 1);

		memcpy(at, texts[i], len);
		at += len;
		size -= len;
	}
	*at = '\0';
}

#define PUT(field, ...)                                                 \
	put(field, sizeof(field), (const char *const[]){ __VA_ARGS__ }, \
	    ARRAY_LEN(((const char *const[]){ __VA_ARGS__ })))

static void describe_request(const struct message *m, struct history_message *e)
{
	const char *method = message_method_name(m);
	struct uri uri;
	bool v6;

	if (!message_request_uri(m, &uri)) {
		PUT(e->line, method);
		return;
	}
	v6 = strchr(uri.host, ':');
	PUT(e->line, method,
	    uri.tel    ? " tel:"
	    : uri.sips ? " sips:"
	               : " sip:",
	    uri.user, *uri.user && !uri.tel ? "@" : "", v6 ? "[" : "", uri.host, v6 ? "]" : "");
}

static void describe_answer(const struct message *m, struct history_message *e)
{
	unsigned status = message_status(m);
	const char code[] = { (char)('0' + status / 100), (char)('0' + status / 10 % 10),
		              (char)('0' + status % 10), ' ', '\0' };

	PUT(e->line, code, message_phrase(m));
}

void history_on_message(void *history, bool sent, const struct flow *flow, const struct message *m)
{
	struct history *h = history;
	struct history_message *e = &h->messages[h->nmessages++ % HISTORY_MESSAGES];

	*e = (struct history_message){ .wall_us = clock_wall_us(),
		                       .peer = flow->peer,
		                       .transport = flow->conn->transport,
		                       .sent = sent,
		                       .request = message_is_request(m),
		                       .cseq = message_cseq(m) };
	PUT(e->method, message_method_name(m));
	PUT(e->call_id, message_call_id(m));
	if (e->request)
		describe_request(m, e);
	else
		describe_answer(m, e);
}

#define NTEXTS 15

/* Where info's texts are pointed to. */
static void find_texts(struct call_info *info, const char **out[NTEXTS])
{
	struct call_leg_info *legs[] = { &info->caller, &info->callee };
	size_t n = 0;

	out[n++] = &info->id;
	out[n++] = &info->state;
	out[n++] = &info->why;
	for (size_t i = 0; i < ARRAY_LEN(legs); i++) {
		out[n++] = &legs[i]->party;
		out[n++] = &legs[i]->number;
		out[n++] = &legs[i]->call_id;
		out[n++] = &legs[i]->tls;
		out[n++] = &legs[i]->verified;
		out[n++] = &legs[i]->srtp;
	}
}

static struct ended *copy_of(const struct call_info *info)
{
	struct call_info copy = *info;
	const char **texts[NTEXTS];
	struct ended *ended;
	size_t len = 0;
	char *to;

	find_texts(&copy, texts);
	for (size_t i = 0; i < NTEXTS; i++)
		len += *texts[i] ? strlen(*texts[i]) + 1 : 0;
	ended = mem_array(NULL, 1, sizeof(*ended) + len); /* all of it is written */
	if (!ended)
		return NULL;
	to = ended->texts;
	for (size_t i = 0; i < NTEXTS; i++) {
		size_t size = *texts[i] ? strlen(*texts[i]) + 1 : 0;

		if (!size)
			continue;
		memcpy(to, *texts[i], size);
		*texts[i] = to;
		to += size;
	}
	ended->info = copy;
	return ended;
}

void history_on_call_end(void *history, const struct call_info *info)
{
	struct history *h = history;
	struct ended *ended = copy_of(info), **slot;

	if (!ended) {
		LOG(LOG_WARN, KV("call", info->id), KV("event", "not-remembered"),
		    KV("why", err_text(ERR_NOMEM)));
		return;
	}
	slot = &h->calls[h->ncalls++ % HISTORY_CALLS];
	mem_free(*slot);
	*slot = ended;
}

const struct call_info *history_call(const struct history *h, size_t n)
{
	if (n >= h->ncalls || n >= HISTORY_CALLS)
		return NULL;
	return &h->calls[(h->ncalls - 1 - n) % HISTORY_CALLS]->info;
}

const struct history_message *history_message(const struct history *h, size_t n)
{
	size_t first = h->nmessages > HISTORY_MESSAGES ? h->nmessages - HISTORY_MESSAGES : 0;

	if (n >= h->nmessages - first)
		return NULL;
	return &h->messages[(first + n) % HISTORY_MESSAGES];
}

bool history_message_is_of(const struct history_message *m, const char *call_id)
{
	return call_id && strncmp(m->call_id, call_id, sizeof(m->call_id) - 1) == 0;
}

bool history_forgot(const struct history *h, uint64_t wall_us)
{
	const struct history_message *oldest = history_message(h, 0);

	return h->nmessages > HISTORY_MESSAGES && oldest && oldest->wall_us > wall_us;
}
