/* The caller's name and number from one side to the other. Signalling thread. */
#include "sbc/b2bua/caller_id.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

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

/* A Remote-Party-ID that speaks of who is called is none of the caller's. */
static bool is_callers(enum caller_id_header which, const struct name_addr *who)
{
	char party[16];

	return which != CALLER_ID_RPID ||
	       !name_addr_param(who->params, "party", party, sizeof(party)) ||
	       strcasecmp(party, "calling") == 0;
}

static bool remote_party_hides(const struct message *m)
{
	char value[HEADER_LINE_MAX], privacy[64];
	struct name_addr who;
	unsigned n = 0;

	while (header_next(m, "Remote-Party-ID", NULL, &n, value, sizeof(value))) {
		if (name_addr_read(&who, value) && is_callers(CALLER_ID_RPID, &who) &&
		    name_addr_param(who.params, "privacy", privacy, sizeof(privacy)) &&
		    (has_word(privacy, "full") || has_word(privacy, "uri")))
			return true;
	}
	return false;
}

bool caller_id_hides(const struct message *m)
{
	char value[HEADER_LINE_MAX];
	unsigned n = 0;

	while (header_next(m, "Privacy", NULL, &n, value, sizeof(value))) {
		if (has_word(value, "id") || has_word(value, "user"))
			return true;
	}
	return remote_party_hides(m);
}

static bool is_anonymous(const struct uri *uri)
{
	return strcasecmp(uri->user, "anonymous") == 0 ||
	       strcasecmp(uri->host, "anonymous.invalid") == 0;
}

/* The first value of a header that has a number. */
static bool read_one(struct caller_id *out, char number[NUMBER_MAX], const struct message *m,
                     enum caller_id_header which, const struct config_party *from)
{
	char value[HEADER_LINE_MAX], read[NUMBER_MAX];
	struct name_addr who;
	struct uri uri;
	unsigned n = 0;

	while (header_next(m, headers[which], NULL, &n, value, sizeof(value))) {
		if (!name_addr_read(&who, value) || !is_callers(which, &who) ||
		    !message_parse_uri(m, who.uri, &uri) || is_anonymous(&uri) ||
		    number_read(uri.user, read, sizeof(read)))
			continue;
		if (from->kind != PARTY_TRUNK)
			memcpy(number, read, NUMBER_MAX);
		else if (number_cross(from->trunk, TRUNK_IN, NUMBER_CALLING, read, number))
			continue;
		memcpy(out->display, who.display, DISPLAY_MAX);
		return true;
	}
	return false;
}

/* A name that says where its owner sits. */
static bool tells(const struct caller_id *id, const struct message *m,
                  const struct config_party *from)
{
	struct inside_words words;

	if (!*id->display)
		return false;
	inside_words_of(&words, m, from, NULL);
	return inside_words_in(&words, id->display) != NULL;
}

static bool is_withheld(const struct message *m)
{
	struct uri uri;

	return caller_id_hides(m) || !message_from_uri(m, &uri) || is_anonymous(&uri);
}

bool caller_id_may_go(const struct message *m, const struct config_party *to)
{
	return (to->kind == PARTY_TRUNK && to->trunk->trusted == YES) || !is_withheld(m);
}

bool caller_id_refers(const struct message *refer)
{
	char value[HEADER_LINE_MAX];
	struct name_addr who;
	struct uri uri;
	unsigned n = 0;

	return header_next(refer, "Referred-By", NULL, &n, value, sizeof(value)) &&
	       name_addr_read(&who, value) && message_parse_uri(refer, who.uri, &uri) &&
	       !is_anonymous(&uri) && !is_withheld(refer);
}

bool caller_id_is_own(const struct config_phone *phone, const char *number)
{
	if (phone->trusted == YES || (phone->caller_id && strcmp(phone->caller_id, number) == 0))
		return true;
	for (size_t i = 0; i < phone->nnumbers; i++) {
		if (strcmp(phone->numbers[i], number) == 0)
			return true;
	}
	return false;
}

/* Whether we may vouch for the number: it was given to the phone here, or by one who is believed
 * (RFC 3325 5). */
static bool is_screened(const struct config_party *from, const char *number)
{
	return from->kind != PARTY_PHONE || from->phone->caller_id ||
	       caller_id_is_own(from->phone, number);
}

void caller_id_read(struct caller_id *out, char number[NUMBER_MAX], const struct message *request,
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
		found = read_one(out, number, request, order[i], from);
	if (!found) {
		*out->display = '\0';
		strcpy(number, "unknown");
	}
	out->tells = tells(out, request, from);
	out->shown[0] = '\0';
	out->withheld = is_withheld(request);
	out->screened = is_screened(from, number);
}

const char *caller_id_number(const struct config_party *from, const char *number,
                             const struct config_trunk *to, char out[NUMBER_MAX])
{
	if (from->kind == PARTY_PHONE && from->phone->caller_id)
		number = from->phone->caller_id;
	return number_cross(to, TRUNK_OUT, NUMBER_CALLING, number, out) == OK ? out : "unknown";
}

static const char *shown_name(const struct caller_id *id, bool to_trunk)
{
	return to_trunk && id->tells ? "" : id->display;
}

enum err caller_id_from(const struct caller_id *id, bool to_trunk, const char *number,
                        const char *host, const char *scheme, char out[HEADER_VALUE_MAX])
{
	const char *name = shown_name(id, to_trunk);
	int n;

	if (id->withheld)
		n = snprintf(out, HEADER_VALUE_MAX,
		             "\"Anonymous\" <%s:anonymous@anonymous.invalid>", scheme);
	else
		n = snprintf(out, HEADER_VALUE_MAX, "%s%s<%s:%s@%s>", name, *name ? " " : "",
		             scheme, number, host);
	return n < 0 || n >= HEADER_VALUE_MAX ? ERR_LIMIT : OK;
}

void caller_id_uri(const struct uri *ours, const char *number, char out[HEADER_VALUE_MAX])
{
	snprintf(out, HEADER_VALUE_MAX, strchr(ours->host, ':') ? "%s:%s@[%.200s]" : "%s:%s@%.200s",
	         ours->sips ? "sips" : "sip", number, ours->host);
}

/* The same at the host of our Contact in m. False: it has none. */
static bool write_uri(const struct message *m, const char *number, char out[HEADER_VALUE_MAX])
{
	struct uri ours;

	if (!message_contact_uri(m, &ours))
		return false;
	caller_id_uri(&ours, number, out);
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

static void add_identity(struct message *m, const struct config_trunk *to,
                         const struct caller_id *id, const char *uri)
{
	const char *name = shown_name(id, true), *space = *name ? " " : "";

	if (wants(to, CALLER_ID_PAI) && id->screened)
		message_add(m, "P-Asserted-Identity", "%s%s<%s>", name, space, uri);
	if (wants(to, CALLER_ID_PPI))
		message_add(m, "P-Preferred-Identity", "%s%s<%s>", name, space, uri);
	if (wants(to, CALLER_ID_RPID))
		message_add(m, "Remote-Party-ID", "%s%s<%s>;party=calling;screen=%s;privacy=%s",
		            name, space, uri, id->screened ? "yes" : "no",
		            id->withheld ? "full" : "off");
}

void caller_id_add(const struct passage *p, const struct caller_id *id, const char *number)
{
	const struct config_party *from = p->ends->from, *to = p->ends->to;
	char uri[HEADER_VALUE_MAX], theirs[NUMBER_MAX];

	if (id->withheld && !message_header(p->to, "Privacy", 0))
		message_put(p->to, "Privacy", "id");
	if (to->kind != PARTY_TRUNK || (id->withheld && to->trunk->trusted != YES))
		return;
	if (write_uri(p->to, caller_id_number(from, number, to->trunk, theirs), uri))
		add_identity(p->to, to->trunk, id, uri);
}

void caller_id_add_referrer(const struct passage *p, const struct config_party *who,
                            const struct caller_id *id, const char *number)
{
	const struct config_trunk *trunk =
	    p->ends->to->kind == PARTY_TRUNK ? p->ends->to->trunk : NULL;
	char uri[HEADER_VALUE_MAX], theirs[NUMBER_MAX];

	if (id->withheld && (!trunk || trunk->trusted != YES))
		return;
	if (trunk)
		number = caller_id_number(who, number, trunk, theirs);
	if (write_uri(p->to, number, uri))
		message_add(p->to, "Referred-By", "<%s>", uri);
}

/* Whether the one that answers is believed, and the other side is to hear of it. */
static bool may_connect(const struct crossing_ends *ends)
{
	if (ends->from->kind == PARTY_PHONE && ends->from->phone->trusted != YES)
		return false;
	return ends->to->kind != PARTY_TRUNK || wants(ends->to->trunk, CALLER_ID_PAI);
}

void caller_id_add_connected(const struct passage *p)
{
	const struct config_party *from = p->ends->from, *to = p->ends->to;
	bool outward = p->way == CROSSING_OUT;
	char uri[HEADER_VALUE_MAX], number[NUMBER_MAX], theirs[NUMBER_MAX];
	struct caller_id id;
	const char *name;

	if (!may_connect(p->ends) || !read_one(&id, number, p->from, CALLER_ID_PAI, from) ||
	    (caller_id_hides(p->from) && (!outward || to->trunk->trusted != YES)))
		return;
	id.tells = inside_words_in(&p->words, id.display) != NULL;
	name = shown_name(&id, outward);
	if (write_uri(p->to, outward ? caller_id_number(from, number, to->trunk, theirs) : number,
	              uri))
		message_add(p->to, "P-Asserted-Identity", "%s%s<%s>", name, *name ? " " : "", uri);
}
