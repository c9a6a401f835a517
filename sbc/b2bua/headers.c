/* What crosses the border: one table. Signalling thread. */
#include "sbc/b2bua/headers_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "sbc/b2bua/caller_id.h"
#include "sbc/b2bua/header_rules.h"

/* Kinds of messages, by what goes out. */
enum {
	BEGINS = 1, /* requests without a dialog */
	WITHIN = 2, /* requests in one */
	PROVISIONAL = 4,
	SUCCESS = 8,
	FAILURE = 16,
	REQUESTS = BEGINS | WITHIN,
	ANSWERS = PROVISIONAL | SUCCESS | FAILURE,
};

static bool write_reason(const char *value, enum crossing way, char out[HEADER_LINE_MAX]);
static bool write_warning(const char *value, enum crossing way, char out[HEADER_LINE_MAX]);
static bool write_seconds(const char *value, enum crossing way, char out[HEADER_LINE_MAX]);
static bool write_privacy(const char *value, enum crossing way, char out[HEADER_LINE_MAX]);
static bool write_words(const char *value, enum crossing way, char out[HEADER_LINE_MAX]);
static bool write_priorities(const char *value, enum crossing way, char out[HEADER_LINE_MAX]);

/* A header that is not here stays behind; so do those that an end writes for itself (numbers and
 * names: identity.c) and those of a leg's own protocol. Among what is not here for a reason are
 * User-Agent, Server, Organization, Call-Info, Alert-Info (which makes phones answer by
 * themselves), Error-Info, Reply-To, In-Reply-To, Session-ID, Accept-Contact, Answer-Mode,
 * P-Access-Network-Info, P-Charging-*, P-Visited-Network-ID and all of X-*. */
static const struct policy policies[] = {
	{ .name = "Date", .out = REQUESTS, .in = REQUESTS, .signs = true }, /* RFC 8224 4.1 */
	{ .name = "Identity",
	  .compact = "y",
	  .out = REQUESTS,
	  .in = REQUESTS,
	  .signs = true }, /* RFC 8224 */
	{ .name = "Info-Package",
	  .out = WITHIN,
	  .in = WITHIN,
	  .write = write_words }, /* RFC 6086 */
	{ .name = "P-Early-Media",
	  .out = REQUESTS | ANSWERS,
	  .in = REQUESTS | ANSWERS,
	  .write = write_words }, /* RFC 5009 */
	{ .name = "Priority",
	  .out = BEGINS,
	  .in = BEGINS,
	  .write = write_words }, /* RFC 3261 20.26 */
	{ .name = "Privacy",
	  .out = REQUESTS | ANSWERS,
	  .in = REQUESTS | ANSWERS,
	  .write = write_privacy }, /* RFC 3323 */
	{ .name = "Reason",         /* RFC 3326, RFC 6432 */
	  .out = WITHIN | PROVISIONAL | FAILURE,
	  .in = WITHIN | PROVISIONAL | FAILURE,
	  .write = write_reason },
	{ .name = "Recv-Info",
	  .out = REQUESTS | ANSWERS,
	  .in = REQUESTS | ANSWERS,
	  .write = write_words }, /* RFC 6086 */
	{ .name = "Resource-Priority",
	  .out = REQUESTS,
	  .in = REQUESTS,
	  .write = write_priorities }, /* RFC 4412 */
	{ .name = "Retry-After", .out = FAILURE, .in = FAILURE, .write = write_seconds },
	{ .name = "Subject", .in = BEGINS }, /* of an inner call it may tell too much */
	{ .name = "Warning", .out = FAILURE, .in = FAILURE, .write = write_warning },
};

enum crossing crossing_way(const struct crossing_ends *ends)
{
	return ends->to->kind == PARTY_TRUNK ? CROSSING_OUT : CROSSING_IN;
}

static const struct config_trunk *trunk_of(const struct config_party *party)
{
	return party->kind == PARTY_TRUNK ? party->trunk : NULL;
}

/* A folded line becomes one (7.3.1); what cannot be shown is none of a header. */
static bool unfold(const char *value, char *out, size_t size)
{
	size_t n = 0;

	for (; *value; value++) {
		char c = *value == '\t' ? ' ' : *value;

		if (c == '\r' || c == '\n') {
			value += strspn(value, "\r\n\t ") - 1;
			c = ' ';
		}
		if ((unsigned char)c < ' ' || c == 0x7f || n + 1 >= size)
			return false;
		out[n++] = c;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return n > 0;
}

bool header_next(const struct message *m, const char *name, const char *compact, unsigned *n,
                 char *out, size_t size)
{
	const char *value;

	do {
		value = message_header(m, name, *n);
		if (!value && compact)
			value = message_header(m, compact, *n);
		(*n)++;
	} while (value && !unfold(value, out, size));
	return value != NULL;
}

/* Protocol and cause; a text is for people inside alone. */
static bool write_reason(const char *value, enum crossing way, char out[HEADER_LINE_MAX])
{
	static const char *const protocols[] = { "SIP", "Q.850", "Preemption", "STIR" };
	size_t len = strcspn(value, "; ");
	const char *cause = strcasestr(value, "cause=");
	char *end;
	long code;

	if (way == CROSSING_IN) {
		snprintf(out, HEADER_LINE_MAX, "%s", value);
		return true;
	}
	code = cause ? strtol(cause + 6, &end, 10) : -1;
	for (size_t i = 0; i < ARRAY_LEN(protocols) && code >= 0 && code < 1000; i++) {
		if (strlen(protocols[i]) == len && strncasecmp(value, protocols[i], len) == 0) {
			snprintf(out, HEADER_LINE_MAX, "%s;cause=%ld", protocols[i], code);
			return true;
		}
	}
	return false;
}

/* RFC 3261 20.43, 27.2 */
static const char *warning_text(long code)
{
	static const struct {
		long code;
		const char *text;
	} texts[] = {
		{ 300, "Incompatible network protocol" },
		{ 301, "Incompatible network address formats" },
		{ 302, "Incompatible transport protocol" },
		{ 303, "Incompatible bandwidth units" },
		{ 304, "Media type not available" },
		{ 305, "Incompatible media format" },
		{ 306, "Attribute not understood" },
		{ 307, "Session description parameter not understood" },
		{ 330, "Multicast not available" },
		{ 331, "Unicast not available" },
		{ 370, "Insufficient bandwidth" },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (texts[i].code == code)
			return texts[i].text;
	}
	return NULL;
}

/* Our name in place of the agent that warns. Outward a text of the RFC in place of its own, and 399
 * has none. */
static bool write_warning(const char *value, enum crossing way, char out[HEADER_LINE_MAX])
{
	char *end;
	long code = strtol(value, &end, 10);
	const char *text = strchr(end, '"');

	if (code < 300 || code > 399 || end != value + 3)
		return false;
	if (way == CROSSING_OUT) {
		text = warning_text(code);
		snprintf(out, HEADER_LINE_MAX, "%ld trunkgate \"%s\"", code, text ? text : "");
		return text != NULL;
	}
	if (!text || text[strlen(text) - 1] != '"' || strlen(text) < 2)
		return false;
	snprintf(out, HEADER_LINE_MAX, "%ld trunkgate %.1900s", code, text);
	return true;
}

static bool write_seconds(const char *value, enum crossing way, char out[HEADER_LINE_MAX])
{
	size_t digits = strspn(value, "0123456789");

	(void)way;
	snprintf(out, HEADER_LINE_MAX, "%.*s", (int)digits, value);
	return digits > 0 && digits < 10;
}

/* Outward nothing that looks like an address or the name of a host. */
static bool write_words(const char *value, enum crossing way, char out[HEADER_LINE_MAX])
{
	snprintf(out, HEADER_LINE_MAX, "%s", value);
	return way == CROSSING_IN || !strpbrk(value, ".:@/<\"");
}

/* Namespaces of IANA's registry (RFC 4412 12.6 and later); one of our own would be the inside's. */
static bool write_priorities(const char *value, enum crossing way, char out[HEADER_LINE_MAX])
{
	static const char *const known[] = { "dsn.", "drsn.",  "q735.",   "ets.",
		                             "wps.", "esnet.", "mcpttp.", "mcpttq." };
	size_t i = 0;

	snprintf(out, HEADER_LINE_MAX, "%s", value);
	while (i < ARRAY_LEN(known) && strncasecmp(value, known[i], strlen(known[i])) != 0)
		i++;
	return way == CROSSING_IN ||
	       (i < ARRAY_LEN(known) && !strpbrk(value + strlen(known[i]), ".:@/<\", ;"));
}

/* The words of RFC 3323 4.2, RFC 3325 9.3 and RFC 7044 10.1. */
static bool write_privacy(const char *value, enum crossing way, char out[HEADER_LINE_MAX])
{
	static const char *const known[] = { "none", "critical", "header", "history",
		                             "id",   "session",  "user" };
	size_t n = 0;

	(void)way;
	*out = '\0';
	while (*value) {
		size_t len = strcspn(value, "; ,");

		for (size_t i = 0; i < ARRAY_LEN(known); i++) {
			if (strlen(known[i]) == len && strncasecmp(value, known[i], len) == 0)
				n += (size_t)snprintf(out + n, HEADER_LINE_MAX - n, "%s%s",
				                      n ? ";" : "", known[i]);
		}
		value += len + strspn(value + len, "; ,");
		if (n + 16 >= HEADER_LINE_MAX)
			return false;
	}
	return n > 0;
}

static unsigned kind_of(const struct message *m)
{
	unsigned status = message_status(m);

	if (message_is_request(m))
		return *message_to_tag(m) ? WITHIN : BEGINS;
	return status < 200 ? PROVISIONAL : status < 300 ? SUCCESS : FAILURE;
}

void passage_open(struct passage *p, const struct message *from, struct message *to,
                  const struct crossing_ends *ends)
{
	p->from = from;
	p->to = to;
	p->ends = ends;
	p->way = crossing_way(ends);
	p->words.n = 0;
	if (from && p->way == CROSSING_OUT)
		inside_words_of(&p->words, from, ends->from, ends->to->trunk);
}

void passage_cross(const struct passage *p, const struct policy *policy)
{
	char value[HEADER_LINE_MAX], written[HEADER_LINE_MAX];
	unsigned n = 0;

	while (n < HEADER_EACH_MAX &&
	       header_next(p->from, policy->name, policy->compact, &n, value, sizeof(value))) {
		const char *result = value, *word;

		if (policy->write) {
			if (!policy->write(value, p->way, written))
				continue;
			result = written;
		}
		word = inside_words_in(&p->words, result);
		if (word)
			LOG(LOG_WARN, KV("event", "header-held-back"), KV("header", policy->name),
			    KV("call-id", message_call_id(p->from)), KV("names", word));
		else
			message_put(p->to, policy->name, result);
	}
}

static void cross_listed(const struct passage *p, const struct config_trunk *trunk)
{
	for (size_t i = 0; trunk && i < trunk->npass_headers; i++) {
		const struct policy listed = { .name = trunk->pass_headers[i] };

		passage_cross(p, &listed);
	}
}

bool headers_reason(const struct message *from, const struct crossing_ends *ends,
                    char out[HEADER_LINE_MAX])
{
	char value[HEADER_LINE_MAX];
	unsigned n = 0;

	while (header_next(from, "Reason", NULL, &n, value, sizeof(value))) {
		if (write_reason(value, crossing_way(ends), out))
			return true;
	}
	return false;
}

static bool is_signed(const struct message *m)
{
	return message_header(m, "Identity", 0) || message_header(m, "y", 0);
}

static void cross_all(const struct passage *p, const struct config_trunk *listed)
{
	unsigned kind = kind_of(p->to);
	bool signature = is_signed(p->from) && caller_id_may_go(p->from, p->ends->to);

	for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
		const struct policy *policy = &policies[i];

		if ((p->way == CROSSING_OUT ? policy->out : policy->in) & kind &&
		    (!policy->signs || signature))
			passage_cross(p, policy);
	}
	cross_listed(p, listed);
}

void headers_cross(const struct passage *p)
{
	const struct config_trunk *sender = trunk_of(p->ends->from),
	                          *receiver = trunk_of(p->ends->to);

	if (p->from)
		cross_all(p, receiver ? receiver : sender);
	if (sender)
		header_rules_apply(sender, TRUNK_IN, p);
	if (receiver)
		header_rules_apply(receiver, TRUNK_OUT, p);
}
