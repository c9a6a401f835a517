/* What goes out in a dialog (RFC 3261 12.2.1.1): where to, by what routes, under what number.
 * Signalling thread. */
#include <string.h>
#include <strings.h>
#include "base/text.h"
#include "sbc/sip/dialog_internal.h"

#define URI_MAX 512

static const char *target_of(const struct dialog *dlg)
{
	return dlg->remote_target ? dlg->remote_target : dlg->family->request_uri;
}

/* The bracket before the URI of a route value; one in a quoted name before it is none. NULL: none.
 */
static const char *bracket(const char *route)
{
	bool quoted = false;

	for (; *route && (quoted || *route != '<'); route++) {
		if (quoted && *route == '\\' && route[1])
			route++;
		else if (*route == '"')
			quoted = !quoted;
	}
	return *route ? route : NULL;
}

/* The URI of a route value, without what stands around it. False: there is none, or it is too long.
 */
static bool route_uri(const char *route, char uri[URI_MAX])
{
	const char *open = bracket(route);
	size_t len = open ? strcspn(open + 1, ">") : 0;

	if (len == 0 || len >= URI_MAX)
		return false;
	memcpy(uri, open + 1, len);
	uri[len] = '\0';
	return true;
}

bool dialog_wants_sips(const struct message *invite)
{
	const char *route = message_header(invite, "Record-Route", 0);
	char text[URI_MAX];
	struct uri uri;

	if (message_request_uri(invite, &uri) && uri.sips)
		return true;
	if (route)
		return route_uri(route, text) && strncasecmp(text, "sips:", 5) == 0;
	return message_contact_uri(invite, &uri) && uri.sips;
}

/* Whether the URI of a route value has the parameter lr: then it is a loose router. */
static bool is_loose(const char *route)
{
	const char *open = bracket(route), *close = open ? strchr(open, '>') : NULL;

	for (const char *at = open; close && (at = strcasestr(at, ";lr")) && at < close; at += 3) {
		if (at[3] == ';' || at[3] == '>' || at[3] == '=')
			return true;
	}
	return false;
}

/* 12.2.1.1: a strict router stands in the Request-URI itself, and the target at the end of the
 * routes. */
static enum err new_routed(struct dialog *dlg, const char *method, struct message **out)
{
	bool strict = dlg->nroutes > 0 && !is_loose(dlg->routes[0]);
	struct message *m;
	char uri[URI_MAX];
	enum err err;

	if (strict && !route_uri(dlg->routes[0], uri))
		return ERR_SYNTAX;
	err = message_new_request(&m, method, strict ? uri : target_of(dlg));
	if (err)
		return err;
	for (size_t i = strict; i < dlg->nroutes; i++)
		message_put(m, "Route", dlg->routes[i]);
	if (strict)
		message_join(m, "Route", "<", target_of(dlg), ">", NULL);
	*out = m;
	return OK;
}

static void add_cseq(struct message *m, uint32_t cseq, const char *method)
{
	char number[TEXT_NUMBER_MAX];

	text_number(number, cseq);
	message_join(m, "CSeq", number, " ", method, NULL);
}

static enum err make(struct dialog *dlg, const char *method, uint32_t cseq, struct message **out)
{
	const struct family *f = dlg->family;
	struct message *m;
	enum err err;

	if (!target_of(dlg))
		return ERR_NOT_NOW;
	err = new_routed(dlg, method, &m);
	if (err)
		return err;
	message_put(m, "Max-Forwards", "70");
	message_join(m, "From", f->local, ";tag=", f->local_tag, NULL);
	if (dlg->remote_tag && *dlg->remote_tag)
		message_join(m, "To", f->remote, ";tag=", dlg->remote_tag, NULL);
	else
		message_put(m, "To", f->remote);
	message_put(m, "Call-ID", f->call_id);
	add_cseq(m, cseq, method);
	*out = m;
	return OK;
}

/* Only what makes or moves a dialog has one (20.10, table 2; RFC 3311 5.1, RFC 6665 8.2, RFC 3515
 * 2.2). */
static bool has_contact(const char *method)
{
	static const char *const methods[] = { "INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER" };

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (strcmp(method, methods[i]) == 0)
			return true;
	}
	return false;
}

enum err dialog_request(struct dialog *dlg, const char *method, struct message **out)
{
	enum err err = make(dlg, method, dlg->local_cseq + 1, out);

	if (err)
		return err;
	dlg->local_cseq++;
	if (has_contact(method))
		message_join(*out, "Contact", "<", dlg->family->contact, ">", NULL);
	return OK;
}

enum err dialog_ack(struct dialog *dlg, uint32_t cseq, struct message **out)
{
	return make(dlg, "ACK", cseq, out);
}

enum err dialog_again(struct dialog *dlg, struct message *sent, struct message **out)
{
	struct message *m;
	enum err err = message_copy(&m, sent);

	if (err)
		return err;
	message_pop_via(m);
	message_remove(m, "CSeq");
	add_cseq(m, ++dlg->local_cseq, message_method_name(sent));
	*out = m;
	return OK;
}

bool dialog_next_hop(const struct dialog *dlg, struct message **held, struct uri *out)
{
	char uri[URI_MAX];

	if (dlg->nroutes > 0 ? !route_uri(dlg->routes[0], uri) : !target_of(dlg))
		return false;
	return message_new_request(held, "OPTIONS", dlg->nroutes ? uri : target_of(dlg)) == OK &&
	       message_request_uri(*held, out) && !out->tel;
}
