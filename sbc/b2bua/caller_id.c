/* The caller's name and number from one side to the other. Signalling thread. */
#include "sbc/b2bua/caller_id.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "sbc/b2bua/inside_words.h"

static const char *const headers[] = { [CALLER_ID_FROM] = "From",
	                               [CALLER_ID_PAI] = "P-Asserted-Identity",
	                               [CALLER_ID_PPI] = "P-Preferred-Identity",
	                               [CALLER_ID_RPID] = "Remote-Party-ID" };

/* Whether a list of words as in Privacy (RFC 3323 4.2) has one of them. */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		list += strspn(list, "; ,\t");
		if (strcspn(list, "; ,\t") == len && strncasecmp(list, word, len) == 0)
			return true;
		list += strcspn(list, "; ,\t");
	}
	return false;
}

static bool asks_for_privacy(const struct message *m)
{
	char value[HEADER_VALUE_MAX];

	for (unsigned n = 0; n < HEADER_EACH_MAX; n++) {
		if (!header_value(m, "Privacy", NULL, n, value, sizeof(value)))
			break;
		if (has_word(value, "id") || has_word(value, "user"))
			return true;
	}
	return header_value(m, "Remote-Party-ID", NULL, 0, value, sizeof(value)) &&
	       (strcasestr(value, "privacy=full") || strcasestr(value, "privacy=uri"));
}

static bool is_anonymous(const struct uri *uri)
{
	return strcasecmp(uri->user, "anonymous") == 0 ||
	       strcasecmp(uri->host, "anonymous.invalid") == 0;
}

/* A name-addr or addr-spec (RFC 3261 25.1): the name with its quotes, and the URI. False: it is
 * neither. */
static bool split(const char *value, char display[DISPLAY_MAX], char uri[HEADER_VALUE_MAX])
{
	const char *open = value, *close;
	size_t len;

	*display = '\0';
	if (*value == '"') {
		for (open = value + 1; *open && *open != '"'; open++)
			open += *open == '\\' && open[1];
		if (!*open++)
			return false;
		len = (size_t)(open - value);
		if (len < DISPLAY_MAX)
			snprintf(display, DISPLAY_MAX, "%.*s", (int)len, value);
	}
	open = strchr(open, '<');
	if (open && *value != '"') {
		len = (size_t)(open - value);
		while (len > 0 && value[len - 1] == ' ')
			len--;
		/* Words without quotes; they get some, since not all of them may stand bare. */
		if (len > 0 && len + 3 < DISPLAY_MAX && !memchr(value, '"', len) &&
		    !memchr(value, '\\', len))
			snprintf(display, DISPLAY_MAX, "\"%.*s\"", (int)len, value);
	}
	close = open ? strchr(open, '>') : NULL;
	if (open && !close)
		return false;
	len = open ? (size_t)(close - open - 1) : strcspn(value, "; ");
	if (len == 0 || len >= HEADER_VALUE_MAX)
		return false;
	snprintf(uri, HEADER_VALUE_MAX, "%.*s", (int)len, open ? open + 1 : value);
	return true;
}

/* The first value of a header that has a number. */
static bool read_one(struct caller_id *out, const struct message *m, enum caller_id_header which,
                     const struct config_party *from)
{
	char value[HEADER_VALUE_MAX], text[HEADER_VALUE_MAX], number[NUMBER_MAX];
	struct uri uri;

	for (unsigned n = 0; n < HEADER_EACH_MAX; n++) {
		if (!header_value(m, headers[which], NULL, n, value, sizeof(value)))
			return false;
		if (!split(value, out->display, text) || !message_parse_uri(m, text, &uri) ||
		    is_anonymous(&uri) || number_read(uri.user, number, sizeof(number)))
			continue;
		if (from->kind != PARTY_TRUNK)
			snprintf(out->number, sizeof(out->number), "%s", number);
		else if (number_cross(from->trunk, TRUNK_IN, NUMBER_CALLING, number, out->number))
			continue;
		return true;
	}
	return false;
}

static bool is_withheld(const struct message *m)
{
	struct uri uri;

	return asks_for_privacy(m) || !message_from_uri(m, &uri) || is_anonymous(&uri);
}

bool caller_id_may_go(const struct message *m, const struct config_party *to)
{
	return (to->kind == PARTY_TRUNK && to->trunk->trusted == YES) || !is_withheld(m);
}

void caller_id_read(struct caller_id *out, const struct message *invite,
                    const struct config_party *from)
{
	static enum caller_id_header believed[] = { CALLER_ID_PAI, CALLER_ID_PPI, CALLER_ID_RPID,
		                                    CALLER_ID_FROM };
	static enum caller_id_header plain[] = { CALLER_ID_FROM };
	const enum caller_id_header *order = plain;
	size_t n = ARRAY_LEN(plain);
	bool found = false;

	if (from->kind == PARTY_TRUNK && from->trunk->ncaller_id_in) {
		order = from->trunk->caller_id_in;
		n = from->trunk->ncaller_id_in;
	} else if (from->kind == PARTY_PHONE && from->phone->trusted == YES) {
		order = believed;
		n = ARRAY_LEN(believed);
	}
	for (size_t i = 0; i < n && !found; i++)
		found = read_one(out, invite, order[i], from);
	if (!found) {
		*out->display = '\0';
		strcpy(out->number, "unknown");
	}
	out->withheld = is_withheld(invite);
}

const char *caller_id_number(const struct config_party *from, const char *number,
                             const struct config_trunk *to, char out[NUMBER_MAX])
{
	if (from->kind == PARTY_PHONE && from->phone->caller_id)
		number = from->phone->caller_id;
	return number_cross(to, TRUNK_OUT, NUMBER_CALLING, number, out) == OK ? out : "unknown";
}

/* A name that tells where its owner sits stays inside. */
static void screen_display(struct caller_id *id, const struct message *m,
                           const struct config_party *from, const struct config_trunk *to)
{
	struct inside_words words;

	if (!to || !*id->display)
		return;
	inside_words_of(&words, m, from, to);
	if (inside_words_in(&words, id->display))
		*id->display = '\0';
}

enum err caller_id_from(const struct message *invite, const struct config_party *from,
                        const struct config_trunk *to, const char *number, const char *host,
                        const char *scheme, char out[HEADER_VALUE_MAX])
{
	struct caller_id id;
	int n;

	caller_id_read(&id, invite, from);
	screen_display(&id, invite, from, to);
	if (id.withheld)
		n = snprintf(out, HEADER_VALUE_MAX,
		             "\"Anonymous\" <%s:anonymous@anonymous.invalid>", scheme);
	else
		n = snprintf(out, HEADER_VALUE_MAX, "%s%s<%s:%s@%s>", id.display,
		             *id.display ? " " : "", scheme, number, host);
	return n < 0 || n >= HEADER_VALUE_MAX ? ERR_LIMIT : OK;
}

/* Whether we may vouch for the number: it was given to the phone here, or by one who is believed
 * (RFC 3325 5). */
static bool is_screened(const struct config_party *from, const char *number)
{
	if (from->kind != PARTY_PHONE || from->phone->trusted == YES || from->phone->caller_id)
		return true;
	for (size_t i = 0; i < from->phone->nnumbers; i++) {
		if (strcmp(from->phone->numbers[i], number) == 0)
			return true;
	}
	return false;
}

/* Our URI of a number, at the host of our Contact in m. False: it has none. */
static bool write_uri(const struct message *m, const char *number, char out[HEADER_VALUE_MAX])
{
	struct uri ours;

	if (!message_contact_uri(m, &ours))
		return false;
	snprintf(out, HEADER_VALUE_MAX,
	         strchr(ours.host, ':') ? "<%s:%s@[%.200s]>" : "<%s:%s@%.200s>",
	         ours.sips ? "sips" : "sip", number, ours.host);
	return true;
}

static bool wants(const struct config_trunk *trunk, enum caller_id_header which)
{
	for (size_t i = 0; i < trunk->ncaller_id_out; i++) {
		if (trunk->caller_id_out[i] == which)
			return true;
	}
	return false;
}

static void add_identity(struct message *m, const struct config_trunk *to, bool screened,
                         const struct caller_id *id, const char *uri)
{
	const char *space = *id->display ? " " : "";

	if (wants(to, CALLER_ID_PAI) && screened)
		message_add(m, "P-Asserted-Identity", "%s%s%s", id->display, space, uri);
	if (wants(to, CALLER_ID_PPI))
		message_add(m, "P-Preferred-Identity", "%s%s%s", id->display, space, uri);
	if (wants(to, CALLER_ID_RPID))
		message_add(m, "Remote-Party-ID", "%s%s%s;party=calling;screen=%s;privacy=%s",
		            id->display, space, uri, screened ? "yes" : "no",
		            id->withheld ? "full" : "off");
}

void caller_id_add(const struct message *received, struct message *invite,
                   const struct crossing_ends *ends)
{
	const struct config_trunk *to = ends->to->kind == PARTY_TRUNK ? ends->to->trunk : NULL;
	char uri[HEADER_VALUE_MAX], number[NUMBER_MAX];
	struct caller_id id;

	caller_id_read(&id, received, ends->from);
	if (id.withheld && !message_header(invite, "Privacy", 0))
		message_add(invite, "Privacy", "id");
	if (!to || (id.withheld && to->trusted != YES))
		return;
	screen_display(&id, received, ends->from, to);
	if (write_uri(invite, caller_id_number(ends->from, id.number, to, number), uri))
		add_identity(invite, to, is_screened(ends->from, id.number), &id, uri);
}

/* Whether the one that answers is believed, and the other side is to hear of it. */
static bool may_connect(const struct crossing_ends *ends)
{
	if (ends->from->kind == PARTY_PHONE && ends->from->phone->trusted != YES)
		return false;
	return ends->to->kind != PARTY_TRUNK || wants(ends->to->trunk, CALLER_ID_PAI);
}

void caller_id_add_connected(const struct message *received, struct message *answer,
                             const struct crossing_ends *ends)
{
	const struct config_trunk *to = ends->to->kind == PARTY_TRUNK ? ends->to->trunk : NULL;
	char uri[HEADER_VALUE_MAX], number[NUMBER_MAX];
	struct caller_id id;

	if (!may_connect(ends) || !read_one(&id, received, CALLER_ID_PAI, ends->from) ||
	    (asks_for_privacy(received) && (!to || to->trusted != YES)))
		return;
	screen_display(&id, received, ends->from, to);
	if (write_uri(answer, to ? caller_id_number(ends->from, id.number, to, number) : id.number,
	              uri))
		message_add(answer, "P-Asserted-Identity", "%s%s%s", id.display,
		            *id.display ? " " : "", uri);
}
