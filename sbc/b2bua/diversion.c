/* Diversion and History-Info. Signalling thread. */
#include "sbc/b2bua/diversion.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "sbc/b2bua/caller_id.h"
#include "sbc/b2bua/name_addr.h"

/* RFC 7544 5.1 and 6.1; of several with one cause the first is what it means. */
static const struct {
	const char *reason;
	unsigned cause;
} reasons[] = {
	{ "unknown", 404 },     { "unconditional", 302 },  { "user-busy", 486 },
	{ "no-answer", 408 },   { "deflection", 480 },     { "deflection", 487 },
	{ "unavailable", 503 }, { "time-of-day", 404 },    { "do-not-disturb", 404 },
	{ "follow-me", 404 },   { "out-of-service", 404 }, { "away", 404 },
};

static void set_reason(struct diversion *d, const char *reason)
{
	size_t i = ARRAY_LEN(reasons);

	while (--i > 0 && strcasecmp(reasons[i].reason, reason) != 0)
		;
	d->reason = reasons[i].reason;
	d->cause = strcmp(reasons[i].reason, "deflection") == 0 ? 480 : reasons[i].cause;
}

static void set_cause(struct diversion *d, unsigned cause)
{
	size_t i = 0;

	while (i < ARRAY_LEN(reasons) && reasons[i].cause != cause)
		i++;
	d->reason = reasons[i < ARRAY_LEN(reasons) ? i : 0].reason;
	d->cause = i < ARRAY_LEN(reasons) ? cause : 404;
}

/* Ends a value at its comma; what stands behind that, NULL: nothing. */
static char *cut(char *value)
{
	bool quoted = false, bracketed = false;

	for (; *value; value++) {
		if (*value == '\\' && quoted && value[1])
			value++;
		else if (*value == '"' && !bracketed)
			quoted = !quoted;
		else if ((*value == '<' || *value == '>') && !quoted)
			bracketed = *value == '<';
		else if (*value == ',' && !quoted && !bracketed) {
			*value = '\0';
			return value + 1 + strspn(value + 1, " ");
		}
	}
	return NULL;
}

/* Calls fn for each value of a header, those that share a line too. */
static void each_value(const struct message *m, const char *name,
                       void (*fn)(void *arg, const char *), void *arg)
{
	char line[HEADER_LINE_MAX], *value, *next;
	unsigned n = 0;

	while (n < HEADER_EACH_MAX && header_next(m, name, NULL, &n, line, sizeof(line))) {
		for (value = line; value; value = next) {
			next = cut(value);
			fn(arg, value);
		}
	}
}

struct reading {
	struct diversions *out;
	const struct message *m;
	const struct config_party *from;
	/* Of History-Info, the entry before: who was called, and what became of that. */
	struct diversion before;
	bool has_before, before_failed;
};

/* The number of a URI as the inside writes it. False: it has none, or none that is believed. */
static bool read_number(const struct reading *r, const char *text, char number[NUMBER_MAX])
{
	char read[NUMBER_MAX];
	struct uri uri;

	if (!message_parse_uri(r->m, text, &uri) || number_read(uri.user, read, sizeof(read)))
		return false;
	if (r->from->kind == PARTY_TRUNK)
		return number_cross(r->from->trunk, TRUNK_IN, NUMBER_CALLING, read, number) == OK;
	memcpy(number, read, NUMBER_MAX);
	return caller_id_is_own(r->from->phone, number);
}

/* The oldest may have to be forgotten. */
static void put_first(struct diversions *out, const struct diversion *d)
{
	if (out->n < DIVERSIONS_MAX)
		out->n++;
	memmove(&out->of[1], &out->of[0], (out->n - 1) * sizeof(*d));
	out->of[0] = *d;
}

static void keep(struct diversions *out, const struct diversion *d)
{
	if (out->n < DIVERSIONS_MAX)
		out->of[out->n++] = *d;
}

static void read_diversion(void *arg, const char *value)
{
	struct reading *r = arg;
	struct diversion d = { .counter = 1 };
	unsigned long counter = 1;
	struct name_addr who;
	char text[32];

	if (!name_addr_read(&who, value) || !read_number(r, who.uri, d.number))
		return;
	set_reason(&d, name_addr_param(who.params, "reason", text, sizeof(text)) ? text : "");
	if (name_addr_param(who.params, "counter", text, sizeof(text)) &&
	    isdigit((unsigned char)*text))
		counter = strtoul(text, NULL, 10);
	d.counter = counter < 1 ? 1 : counter > 99 ? 99 : (unsigned)counter;
	d.hidden = name_addr_param(who.params, "privacy", text, sizeof(text)) &&
	           strcasecmp(text, "off") != 0;
	keep(r->out, &d);
}

/* "cause=302" behind a mark: of the URI (RFC 4458), or of its escaped Reason (RFC 7044 5.2); 0: it
 * has none. */
static unsigned cause_in(const char *text, const char *mark)
{
	const char *at = text ? strcasestr(text, mark) : NULL;
	unsigned long cause = at ? strtoul(at + strlen(mark), NULL, 10) : 0;

	return cause >= 300 && cause < 700 ? (unsigned)cause : 0;
}

/* Each entry says who was called; that the next one has a cause says why it went on. The last one
 * is the call itself. */
static void read_history(void *arg, const char *value)
{
	struct reading *r = arg;
	struct name_addr who;
	char *headers;
	unsigned cause, own;

	if (!name_addr_read(&who, value))
		return;
	headers = strchr(who.uri, '?');
	own = cause_in(headers, "cause%3D");
	if (headers)
		*headers++ = '\0';
	cause = cause_in(who.uri, ";cause=");
	if (r->has_before && cause)
		set_cause(&r->before, cause);
	if (r->has_before && (cause || r->before_failed))
		put_first(r->out, &r->before); /* the newest comes last here */
	r->before = (struct diversion){ .counter = 1,
		                        .hidden = headers && strcasestr(headers, "Privacy=") &&
		                                  !strcasestr(headers, "Privacy=none") };
	set_cause(&r->before, own);
	r->before_failed = own != 0;
	r->has_before = read_number(r, who.uri, r->before.number);
}

static bool hides_all(const struct message *m)
{
	char value[HEADER_LINE_MAX];
	unsigned n = 0;

	while (header_next(m, "Privacy", NULL, &n, value, sizeof(value))) {
		if (strcasestr(value, "history") || strcasestr(value, "session") ||
		    strcasestr(value, "header"))
			return true;
	}
	return false;
}

void diversions_read(struct diversions *out, const struct message *request,
                     const struct config_party *from)
{
	struct reading r = { .out = out, .m = request, .from = from };

	out->n = 0;
	each_value(request, "History-Info", read_history, &r);
	if (out->n == 0)
		each_value(request, "Diversion", read_diversion, &r);
	if (out->n == 0 || !hides_all(request))
		return;
	for (size_t i = 0; i < out->n; i++)
		out->of[i].hidden = true;
}

void diversions_add(struct diversions *d, const char *number)
{
	struct diversion one = { .counter = 1 };

	snprintf(one.number, NUMBER_MAX, "%s", number);
	set_cause(&one, 302);
	put_first(d, &one);
}

/* The number as the one who gets it may see it, and where it is said to be: at our own name. */
static void write_uri(const struct passage *p, const struct diversion *d, const struct uri *ours,
                      char out[HEADER_VALUE_MAX])
{
	const struct config_trunk *trunk =
	    p->ends->to->kind == PARTY_TRUNK ? p->ends->to->trunk : NULL;
	const char *number = d->number;
	char theirs[NUMBER_MAX];

	if (trunk)
		number = number_cross(trunk, TRUNK_OUT, NUMBER_CALLING, d->number, theirs) == OK
		             ? theirs
		             : "unknown";
	if (d->hidden && (!trunk || trunk->trusted != YES))
		snprintf(out, HEADER_VALUE_MAX, "%s:anonymous@anonymous.invalid",
		         ours->sips ? "sips" : "sip");
	else
		caller_id_uri(ours, number, out);
}

static void write_diversion(const struct diversions *d, const struct passage *p,
                            const struct uri *ours)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct diversion *one = &d->of[i];
		char uri[HEADER_VALUE_MAX];

		write_uri(p, one, ours, uri);
		message_add(p->to, "Diversion", "<%s>;reason=%s;counter=%u;privacy=%s", uri,
		            one->reason, one->counter, one->hidden ? "full" : "off");
	}
}

/* The oldest first, each with the cause that it was called for, and the call itself (RFC 7544 6):
 * index 1, 1.1, 1.1.1. One that nobody sent on begins its history with itself (RFC 7044 5.1). */
static void write_history(const struct diversions *d, const struct passage *p,
                          const struct uri *ours)
{
	char uri[HEADER_VALUE_MAX], index[2 * DIVERSIONS_MAX + 4] = "1", cause[16] = "";
	size_t len = 1;
	struct uri to;

	for (size_t i = d->n; i-- > 0;) {
		write_uri(p, &d->of[i], ours, uri);
		message_add(p->to, "History-Info", "<%s%s%s>;index=%s%s%.*s", uri, cause,
		            d->of[i].hidden ? "?Privacy=history" : "", index, len > 1 ? ";mp=" : "",
		            len > 1 ? (int)len - 2 : 0, index);
		snprintf(cause, sizeof(cause), ";cause=%u", d->of[i].cause);
		memcpy(index + len, ".1", 3);
		len += 2;
	}
	if (!message_request_uri(p->to, &to))
		return;
	message_add(p->to, "History-Info",
	            strchr(to.host, ':') ? "<%s:%s%s[%.200s]%s>;index=%s%s%.*s"
	                                 : "<%s:%s%s%.200s%s>;index=%s%s%.*s",
	            to.sips ? "sips" : "sip", to.user, *to.user ? "@" : "", to.host, cause, index,
	            len > 1 ? ";mp=" : "", len > 1 ? (int)len - 2 : 0, index);
}

static enum diversion_use use_towards(const struct crossing_ends *ends)
{
	const struct config_party *with = ends->to->kind == PARTY_TRUNK ? ends->to : ends->from;

	return with->kind == PARTY_TRUNK ? with->trunk->diversion : DIVERSION_DIVERSION;
}

bool diversions_wanted(const struct crossing_ends *ends)
{
	return use_towards(ends) != DIVERSION_NONE;
}

void diversions_write(const struct diversions *d, const struct passage *p)
{
	enum diversion_use use = use_towards(p->ends);
	struct uri ours;

	if (!message_contact_uri(p->to, &ours))
		return;
	if (use == DIVERSION_DIVERSION || use == DIVERSION_BOTH)
		write_diversion(d, p, &ours);
	if (use == DIVERSION_HISTORY_INFO || use == DIVERSION_BOTH)
		write_history(d, p, &ours);
}
