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
	        each("text/plain") each("text/html")
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

static const struct policy about[] = {
	{ .name = "Content-Type", .write = write_type },
	{ .name = "Content-Disposition" },
	{ .name = "Content-Encoding" },
	{ .name = "Content-Language" },
};

bool bodies_may_cross(const struct message *m, enum crossing way)
{
	const char *type = message_content_type(m);
	char value[HEADER_LINE_MAX];
	unsigned n = 0;
	size_t len;

	if (!message_body(m, &len))
		return true;
	if (!*type || !header_next(m, "Content-Type", NULL, &n, value, sizeof(value)))
		return false;
	if (way == CROSSING_IN)
		return strcasecmp(type, "application/sdp") != 0 &&
		       (strncasecmp(type, "multipart/", 10) != 0 ||
		        strcasecmp(type, "multipart/related") == 0 /* RFC 4662 */);
	for (size_t i = 0; i < ARRAY_LEN(outward); i++) {
		if (strcasecmp(type, outward[i]) == 0)
			return true;
	}
	return false;
}

const char *bodies_accepted(enum crossing way)
{
	return way == CROSSING_OUT ? &OUTWARD(AS_ACCEPT)[2] : "*/*";
}

void bodies_cross(const struct passage *p)
{
	size_t len;
	const char *body = message_body(p->from, &len);

	if (!body)
		return;
	message_set_body(p->to, NULL, body, len);
	for (size_t i = 0; i < ARRAY_LEN(about); i++)
		passage_cross(p, &about[i]);
}

/* RFC 6442 4.2 */
static bool write_yes_no(const char *value, enum crossing way, char out[HEADER_LINE_MAX])
{
	(void)way;
	snprintf(out, HEADER_LINE_MAX, "%s", value);
	return strcasecmp(value, "yes") == 0 || strcasecmp(value, "no") == 0;
}

/* What becomes of a part of a call's body. What is not here is refused, unless its sender says that
 * it may be left out: RFC 3261 20.11 has it needed else. */
enum verdict { PART_SESSION, PART_LOCATION, PART_LEFT_OUT, PART_REFUSED };

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

static enum verdict verdict_on(const struct body_part *part)
{
	for (size_t i = 0; i < ARRAY_LEN(call_parts); i++) {
		const char *type = call_parts[i].type;
		size_t len = strlen(type);

		if (strncasecmp(part->type, type, len) != 0 ||
		    (part->type[len] && type[len - 1] != '/'))
			continue;
		return call_parts[i].verdict == PART_SESSION && !body_part_is_session(part)
		           ? PART_REFUSED
		           : call_parts[i].verdict;
	}
	return PART_REFUSED;
}

unsigned bodies_call_problem(const struct message *invite)
{
	struct body_parts parts;

	if (body_parts_read(&parts, invite))
		return 400;
	for (size_t i = 0; i < parts.n; i++) {
		if (!parts.part[i].optional && verdict_on(&parts.part[i]) == PART_REFUSED)
			return 415;
	}
	return 0;
}

/* Where a caller is goes to whom the trunk's location lets it go. */
static bool may_locate(const struct crossing_ends *ends, bool emergency)
{
	const struct config_party *trunk = ends->to->kind == PARTY_TRUNK ? ends->to : ends->from;

	if (trunk->kind != PARTY_TRUNK)
		return true;
	return trunk->trunk->location == LOCATION_ALWAYS ||
	       (trunk->trunk->location == LOCATION_EMERGENCY && emergency);
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

/* The parts with the headers that speak of them; false: they are more than a message holds, and the
 * session goes alone. */
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

bool bodies_cross_call(const struct passage *p, bool emergency)
{
	static const struct policy routing = { .name = "Geolocation-Routing",
		                               .write = write_yes_no };
	struct mixed x = { .p = p };
	struct body_parts parts;
	struct uri ours;
	bool added;

	if (!may_locate(p->ends, emergency) || body_parts_read(&parts, p->from) ||
	    !message_contact_uri(p->to, &ours))
		return false;
	x.host = ours.host;
	random_token(x.boundary, BOUNDARY_LEN);
	buf_init(&x.text, MESSAGE_MAX);
	add_session(&x);
	for (size_t i = 0; i < parts.n; i++) {
		if (verdict_on(&parts.part[i]) == PART_LOCATION && !parts.part[i].encoded)
			add_location(&x, &parts.part[i]);
	}
	added = x.nlocations && set_mixed(&x);
	if (added)
		passage_cross(p, &routing);
	if (x.text.data)
		mem_wipe(x.text.data, x.text.len);
	buf_free(&x.text);
	return added;
}
