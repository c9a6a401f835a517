/* Bodies by their type. Outward go those alone that cannot hold a name of the inside unless
 * somebody wrote it there; a message in a message, a session description or a state of dialogs can.
 * Inward goes what says what it is, but for session descriptions: they are the offer's to write.
 * Signalling thread. */
#include "sbc/b2bua/bodies.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "sbc/b2bua/body_parts.h"
#include "sbc/b2bua/headers_internal.h"
#include "sbc/b2bua/name_addr.h"

/* RFC 5168, RFC 3994 among them. */
#define OUTWARD(each)                                                                    \
	each("application/dtmf-relay") each("application/dtmf")                          \
	    each("application/media_control+xml") each("application/im-iscomposing+xml") \
	        each("text/plain") each("text/html") each("multipart/mixed")
#define AS_ITEM(type)   type,
#define AS_ACCEPT(type) ", " type

static const char *const outward[] = { OUTWARD(AS_ITEM) };

/* Outward the type with the character set alone: a parameter can say anything. */
static bool write_type(const char *value, enum crossing way, char out[HEADER_LINE_MAX])
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                            "0123456789-_";
	char set[32];
	bool has_set = name_addr_param(value + strcspn(value, ";"), "charset", set, sizeof(set)) &&
	               *set && !set[strspn(set, token)];

	if (way == CROSSING_IN)
		snprintf(out, HEADER_LINE_MAX, "%s", value);
	else
		snprintf(out, HEADER_LINE_MAX, "%.*s%s%s", (int)strcspn(value, "; "), value,
		         has_set ? ";charset=" : "", has_set ? set : "");
	return true;
}

static const struct policy disposition = { .name = "Content-Disposition" };
static const struct policy about[] = {
	{ .name = "Content-Type", .write = write_type },
	{ .name = "Content-Encoding" },
	{ .name = "Content-Language" },
};

const char *bodies_accepted(enum crossing way)
{
	return way == CROSSING_OUT ? &OUTWARD(AS_ACCEPT)[2] : "*/*";
}

void bodies_say_accepted(const struct passage *p)
{
	static const struct policy theirs[] = {
		{ .name = "Accept" },
		{ .name = "Accept-Encoding" },
		{ .name = "Accept-Language" },
	};

	for (size_t i = 0; p->way == CROSSING_IN && i < ARRAY_LEN(theirs); i++)
		passage_cross(p, &theirs[i]);
	if (!message_header(p->to, "Accept", 0))
		message_put(p->to, "Accept", bodies_accepted(CROSSING_OUT));
}

/* What becomes of a part of a call's body, and of ISUP, QSIG and sessions anywhere. What is not
 * here is refused, unless its sender says that it may be left out: RFC 3261 20.11 has it needed
 * else. */
enum verdict { PART_SESSION, PART_LOCATION, PART_LEFT_OUT, PART_REFUSED, PART_PASSES };

static const struct {
	const char *type;
	enum verdict verdict;
} call_parts[] = {
	{ "application/sdp", PART_SESSION },
	{ "application/pidf+xml", PART_LOCATION }, /* RFC 6442 */
	{ "application/isup", PART_REFUSED },      /* RFC 3204: of networks, which we are none of */
	{ "application/qsig", PART_REFUSED },
	{ "application/pkcs7-signature", PART_LEFT_OUT }, /* of what is written anew */
	{ "application/x-pkcs7-signature", PART_LEFT_OUT },
	{ "text/", PART_LEFT_OUT },
	{ "image/", PART_LEFT_OUT },
};

static enum verdict verdict_on_type(const char *type, enum verdict unknown)
{
	for (size_t i = 0; i < ARRAY_LEN(call_parts); i++) {
		const char *known = call_parts[i].type;
		size_t len = strlen(known);

		if (strncasecmp(type, known, len) == 0 && (!type[len] || known[len - 1] == '/'))
			return call_parts[i].verdict;
	}
	return unknown;
}

static enum verdict verdict_on(const struct body_part *part)
{
	enum verdict verdict = verdict_on_type(part->type, PART_REFUSED);

	return verdict == PART_SESSION && !body_part_is_session(part) ? PART_REFUSED : verdict;
}

static bool goes_outward(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(outward); i++) {
		if (strcasecmp(type, outward[i]) == 0)
			return true;
	}
	return false;
}

/* Of a request that is no INVITE: there is no session in it, and no place that it is about. */
static enum verdict verdict_in_request(const struct body_part *part, enum crossing way)
{
	enum verdict verdict =
	    verdict_on_type(part->type, way == CROSSING_IN ? PART_PASSES : PART_REFUSED);

	if (way == CROSSING_OUT && goes_outward(part->type))
		verdict = part->encoded ? PART_REFUSED : PART_PASSES; /* who knows what is in it */
	else if (verdict == PART_SESSION)
		verdict = PART_REFUSED;
	else if (verdict != PART_REFUSED)
		verdict = way == CROSSING_IN ? PART_PASSES : PART_LEFT_OUT;
	return verdict == PART_REFUSED && part->optional ? PART_LEFT_OUT : verdict;
}

static bool parts_may_cross(const struct message *m, enum crossing way)
{
	struct body_parts parts;
	bool any = false;

	if (body_parts_read(&parts, m))
		return false;
	for (size_t i = 0; i < parts.n; i++) {
		enum verdict verdict = verdict_in_request(&parts.part[i], way);

		if (verdict == PART_REFUSED)
			return false;
		any = any || verdict == PART_PASSES;
	}
	return any;
}

static bool has_parts(const struct message *m)
{
	return strcasecmp(message_content_type(m), "multipart/mixed") == 0;
}

bool bodies_may_cross(const struct message *m, enum crossing way)
{
	const char *type = message_content_type(m);
	char value[HEADER_LINE_MAX];
	enum verdict verdict;
	unsigned n = 0;
	size_t len;

	if (!message_body(m, &len))
		return true;
	if (!*type || !header_next(m, "Content-Type", NULL, &n, value, sizeof(value)))
		return false;
	if (has_parts(m))
		return parts_may_cross(m, way);
	if (way == CROSSING_IN && strncasecmp(type, "multipart/", 10) == 0)
		return strcasecmp(type, "multipart/related") == 0; /* RFC 4662 */
	if (way == CROSSING_OUT)
		return goes_outward(type);
	verdict = verdict_on_type(type, PART_PASSES);
	return verdict != PART_SESSION && verdict != PART_REFUSED;
}

unsigned bodies_call_problem(const struct message *invite)
{
	struct body_parts parts;

	if (body_is_session(invite))
		return 0;
	if (body_parts_read(&parts, invite))
		return 400;
	for (size_t i = 0; i < parts.n; i++) {
		if (!parts.part[i].optional && verdict_on(&parts.part[i]) == PART_REFUSED)
			return 415;
	}
	return 0;
}

#define BOUNDARY_LEN    24
#define LOCATION_ID_MAX (BOUNDARY_LEN + sizeof("-00@") + 256)

/* A body in the making. */
struct mixed {
	const struct passage *p;
	struct buf text;
	char boundary[BOUNDARY_LEN + 1];
	const char *host; /* ours, in the identifiers of parts */
	unsigned nlocations;
};

static void mixed_open(struct mixed *x)
{
	random_token(x->boundary, BOUNDARY_LEN);
	buf_init(&x->text, MESSAGE_MAX);
}

static void mixed_close(struct mixed *x)
{
	if (x->text.data)
		mem_wipe(x->text.data, x->text.len);
	buf_free(&x->text);
}

static void write_id(const struct mixed *x, unsigned n, char id[LOCATION_ID_MAX])
{
	snprintf(id, LOCATION_ID_MAX, "%s-%u@%.200s", x->boundary, n, x->host);
}

/* The words of the inside in it, such as the host of its entity, become none. */
static void add_location(struct mixed *x, const struct body_part *part)
{
	char id[LOCATION_ID_MAX];

	write_id(x, x->nlocations++, id);
	buf_printf(&x->text,
	           "--%s\r\nContent-Type: application/pidf+xml\r\n"
	           "Content-Disposition: by-reference;handling=optional\r\n"
	           "Content-ID: <%s>\r\n\r\n",
	           x->boundary, id);
	inside_words_hide(&x->p->words, part->data, part->len, "anonymous.invalid", &x->text);
	buf_puts(&x->text, "\r\n");
}

static void add_session(struct mixed *x)
{
	size_t len;
	const char *sdp = message_body(x->p->to, &len);

	if (!sdp)
		return;
	buf_printf(&x->text, "--%s\r\nContent-Type: application/sdp\r\n\r\n", x->boundary);
	buf_add(&x->text, sdp, len);
	buf_puts(&x->text, "\r\n");
}

/* The parts with the headers that speak of them; false: they are more than a message holds, and
 * what goes has what it had. */
static bool set_mixed(struct mixed *x)
{
	char type[sizeof("multipart/mixed;boundary=") + BOUNDARY_LEN], id[LOCATION_ID_MAX];

	buf_printf(&x->text, "--%s--\r\n", x->boundary);
	snprintf(type, sizeof(type), "multipart/mixed;boundary=%s", x->boundary);
	if (buf_err(&x->text)) {
		LOG(LOG_WARN, KV("event", "parts-left-out"),
		    KV("call-id", message_call_id(x->p->from)), KV("why", "they are too long"));
		return false;
	}
	message_set_body(x->p->to, type, x->text.data, x->text.len);
	for (unsigned i = 0; i < x->nlocations; i++) {
		write_id(x, i, id);
		message_add(x->p->to, "Geolocation", "<cid:%s>", id);
	}
	return true;
}

bool bodies_cross_call(const struct passage *p)
{
	struct mixed x = { .p = p };
	struct body_parts parts;
	struct uri ours;
	bool added;

	if (body_is_session(p->from) || body_parts_read(&parts, p->from) ||
	    !message_contact_uri(p->to, &ours))
		return false;
	x.host = ours.host;
	for (size_t i = 0; i < parts.n; i++) {
		if (verdict_on(&parts.part[i]) != PART_LOCATION || parts.part[i].encoded)
			continue;
		if (x.nlocations == 0) {
			mixed_open(&x);
			add_session(&x);
		}
		add_location(&x, &parts.part[i]);
	}
	added = x.nlocations && set_mixed(&x);
	mixed_close(&x);
	return added;
}

/* Its octets as they came; of what is said of them no more than needed. */
static void add_part(struct mixed *x, const struct body_part *part)
{
	const struct passage *p = x->p;
	char value[sizeof(part->type) + sizeof(part->params)], type[HEADER_LINE_MAX];
	bool named = *part->disposition && !inside_words_in(&p->words, part->disposition);

	snprintf(value, sizeof(value), "%s%s", part->type, part->params);
	write_type(value, p->way, type);
	buf_printf(&x->text, "--%s\r\nContent-Type: %s\r\n", x->boundary, type);
	if (named || part->optional)
		buf_printf(&x->text, "Content-Disposition: %s%s\r\n",
		           named ? part->disposition : "render",
		           part->optional ? ";handling=optional" : "");
	if (p->way == CROSSING_IN && *part->coding)
		buf_printf(&x->text, "Content-Encoding: %s\r\n", part->coding);
	if (p->way == CROSSING_IN && *part->transfer)
		buf_printf(&x->text, "Content-Transfer-Encoding: %s\r\n", part->transfer);
	if (p->way == CROSSING_IN && *part->id)
		buf_printf(&x->text, "Content-ID: <%s>\r\n", part->id);
	buf_puts(&x->text, "\r\n");
	buf_add(&x->text, part->data, part->len);
	buf_puts(&x->text, "\r\n");
}

static void cross_parts(const struct passage *p)
{
	struct mixed x = { .p = p };
	struct body_parts parts;

	if (body_parts_read(&parts, p->from))
		return;
	mixed_open(&x);
	for (size_t i = 0; i < parts.n; i++) {
		if (verdict_in_request(&parts.part[i], p->way) == PART_PASSES)
			add_part(&x, &parts.part[i]);
	}
	if (set_mixed(&x))
		passage_cross(p, &disposition);
	mixed_close(&x);
}

void bodies_cross(const struct passage *p)
{
	size_t len;
	const char *body = message_body(p->from, &len);

	if (body && has_parts(p->from)) {
		cross_parts(p);
		return;
	}
	if (!body)
		return;
	message_set_body(p->to, NULL, body, len);
	for (size_t i = 0; i < ARRAY_LEN(about); i++)
		passage_cross(p, &about[i]);
	passage_cross(p, &disposition);
}
