/* Dialogs (RFC 3261 12): the texts that its requests carry, and the table to find it by. The local
 * tag alone is the key: it is of chance and ours, so no two are alike. Signalling thread. */
#include "sbc/sip/dialog.h"

#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/random.h"

#define ROUTES_MAX  16
#define CALL_ID_LEN 24
#define URI_MAX     512

struct dialogs {
	struct table *by_tag;
};

struct dialog {
	struct dialogs *dialogs;
	void *owner;
	char local_tag[TAG_LEN + 1];
	char *remote_tag; /* NULL: not known yet */
	char *call_id;
	char *local, *remote; /* header values without tag */
	char *remote_target;
	char *contact; /* ours */
	char *routes[ROUTES_MAX];
	size_t nroutes;
	uint32_t local_cseq, invite_cseq, remote_cseq;
	struct flow flow;
	struct message *hop; /* holds the texts of next_hop */
};

enum err dialogs_new(struct dialogs **out, size_t limit)
{
	struct dialogs *d = mem_zalloc(sizeof(*d));
	enum err err;

	if (!d)
		return ERR_NOMEM;
	err = table_new(&d->by_tag, limit);
	if (err) {
		mem_free(d);
		return err;
	}
	*out = d;
	return OK;
}

void dialogs_free(struct dialogs **dp)
{
	if (!*dp)
		return;
	table_free(&(*dp)->by_tag);
	mem_free(*dp);
	*dp = NULL;
}

size_t dialogs_count(const struct dialogs *d)
{
	return table_count(d->by_tag);
}

static void clear_routes(struct dialog *dlg)
{
	for (size_t i = 0; i < dlg->nroutes; i++)
		mem_free(dlg->routes[i]);
	dlg->nroutes = 0;
}

void dialog_free(struct dialog **dp)
{
	struct dialog *dlg = *dp;

	if (!dlg)
		return;
	if (table_get(dlg->dialogs->by_tag, dlg->local_tag) == dlg)
		table_remove(dlg->dialogs->by_tag, dlg->local_tag);
	clear_routes(dlg);
	flow_clear(&dlg->flow);
	message_free(&dlg->hop);
	mem_free(dlg->remote_tag);
	mem_free(dlg->call_id);
	mem_free(dlg->local);
	mem_free(dlg->remote);
	mem_free(dlg->remote_target);
	mem_free(dlg->contact);
	mem_free(dlg);
	*dp = NULL;
}

static enum err dialog_new(struct dialog **out, struct dialogs *d, const char *contact, void *owner)
{
	struct dialog *dlg = mem_zalloc(sizeof(*dlg));
	enum err err = ERR_NOMEM;

	if (!dlg)
		return ERR_NOMEM;
	dlg->dialogs = d;
	dlg->owner = owner;
	random_token(dlg->local_tag, TAG_LEN);
	dlg->contact = mem_strdup(contact);
	if (dlg->contact)
		err = table_put(d->by_tag, dlg->local_tag, dlg);
	if (err) {
		dialog_free(&dlg);
		return err;
	}
	*out = dlg;
	return OK;
}

enum err dialog_new_uac(struct dialog **out, struct dialogs *d, const struct dialog_uac_cfg *cfg)
{
	char call_id[CALL_ID_LEN + 1];
	struct dialog *dlg;
	enum err err = dialog_new(&dlg, d, cfg->contact, cfg->owner);

	if (err)
		return err;
	random_token(call_id, CALL_ID_LEN);
	dlg->call_id = mem_strdup(call_id);
	dlg->local = mem_strdup(cfg->from);
	dlg->remote = mem_strdup(cfg->to);
	dlg->remote_target = mem_strdup(cfg->request_uri);
	/* 8.1.1.5: under 2^31; begun by chance, so that it tells nothing. */
	dlg->local_cseq = 1 + random_below(65535);
	if (!dlg->call_id || !dlg->local || !dlg->remote || !dlg->remote_target) {
		dialog_free(&dlg);
		return ERR_NOMEM;
	}
	*out = dlg;
	return OK;
}

/* A From or To value without its tag, which stands behind the '>' (20.20). */
static char *without_tag(const char *value)
{
	const char *end = strrchr(value, '>');

	if (end)
		return mem_strndup(value, (size_t)(end + 1 - value));
	/* Without brackets every parameter is the header's. */
	return mem_strndup(value, strcspn(value, ";"));
}

/* A header that lists several is one value a line to the reader already. */
static enum err take_routes(struct dialog *dlg, const struct message *m, bool reversed)
{
	const char *value;
	size_t n = 0;

	clear_routes(dlg);
	while (n < ROUTES_MAX && (value = message_header(m, "Record-Route", (unsigned)n))) {
		dlg->routes[n] = mem_strdup(value);
		if (!dlg->routes[n])
			return ERR_NOMEM;
		dlg->nroutes = ++n;
	}
	for (size_t i = 0; reversed && i < n / 2; i++) {
		char *swap = dlg->routes[i];

		dlg->routes[i] = dlg->routes[n - 1 - i];
		dlg->routes[n - 1 - i] = swap;
	}
	return OK;
}

static enum err replace(char **at, const char *text)
{
	char *copy = mem_strdup(text);

	if (!copy)
		return ERR_NOMEM;
	mem_free(*at);
	*at = copy;
	return OK;
}

/* No blank and no control character: it goes into the first line of what we send, where a folded
 * header's line break would begin another. */
static bool is_one_word(const char *uri)
{
	for (; *uri; uri++) {
		if ((unsigned char)*uri <= ' ' || *uri == 0x7f)
			return false;
	}
	return true;
}

/* A Contact that cannot be used leaves the target as it was. */
static enum err take_target(struct dialog *dlg, const struct message *m)
{
	const char *contact = message_contact_text(m);

	return contact && is_one_word(contact) ? replace(&dlg->remote_target, contact) : OK;
}

enum err dialog_new_uas(struct dialog **out, struct dialogs *d, const struct message *invite,
                        const struct flow *flow, const char *contact, void *owner)
{
	struct dialog *dlg;
	enum err err = dialog_new(&dlg, d, contact, owner);

	if (err)
		return err;
	dlg->call_id = mem_strdup(message_call_id(invite));
	dlg->remote_tag = mem_strdup(message_from_tag(invite));
	dlg->local = without_tag(message_header(invite, "To", 0));
	dlg->remote = without_tag(message_header(invite, "From", 0));
	dlg->local_cseq = random_below(65535);
	dlg->remote_cseq = message_cseq(invite);
	flow_copy(&dlg->flow, flow);
	if (!dlg->call_id || !dlg->remote_tag || !dlg->local || !dlg->remote)
		err = ERR_NOMEM;
	if (!err)
		err = take_routes(dlg, invite, false);
	if (!err)
		err = take_target(dlg, invite);
	if (err)
		dialog_free(&dlg);
	else
		*out = dlg;
	return err;
}

void *dialog_find(const struct dialogs *d, const struct message *request)
{
	const struct dialog *dlg = table_get(d->by_tag, message_to_tag(request));

	if (!dlg || !dlg->remote_tag || strcmp(dlg->call_id, message_call_id(request)) != 0 ||
	    strcmp(dlg->remote_tag, message_from_tag(request)) != 0)
		return NULL;
	return dlg->owner;
}

enum err dialog_on_answer(struct dialog *dlg, const struct message *response,
                          const struct flow *flow)
{
	enum err err = OK;

	if (!message_to_tag(response)[0])
		return OK;
	err = replace(&dlg->remote_tag, message_to_tag(response));
	if (!err)
		err = take_target(dlg, response);
	if (!err)
		err = take_routes(dlg, response, true);
	if (!err)
		flow_copy(&dlg->flow, flow);
	return err;
}

enum err dialog_new_fork(struct dialog **out, const struct dialog *dlg,
                         const struct message *response, const struct flow *flow)
{
	struct dialog *fork = mem_zalloc(sizeof(*fork));
	enum err err = ERR_NOMEM;

	if (!fork)
		return ERR_NOMEM;
	fork->dialogs = dlg->dialogs;
	memcpy(fork->local_tag, dlg->local_tag, sizeof(fork->local_tag));
	fork->local_cseq = dlg->local_cseq;
	fork->invite_cseq = dlg->invite_cseq;
	fork->call_id = mem_strdup(dlg->call_id);
	fork->local = mem_strdup(dlg->local);
	fork->remote = mem_strdup(dlg->remote);
	fork->remote_target = mem_strdup(dlg->remote_target);
	fork->contact = mem_strdup(dlg->contact);
	if (fork->call_id && fork->local && fork->remote && fork->remote_target && fork->contact)
		err = dialog_on_answer(fork, response, flow);
	if (err)
		dialog_free(&fork);
	else
		*out = fork;
	return err;
}

bool dialog_is_of(const struct dialog *dlg, const struct message *response)
{
	return dlg->remote_tag && strcmp(dlg->remote_tag, message_to_tag(response)) == 0;
}

static const char *or_none(const char *s)
{
	return s ? s : "";
}

enum err dialog_on_request(struct dialog *dlg, const struct message *request,
                           const struct flow *flow)
{
	const struct conn *was = dlg->flow.conn;

	/* Another door, or another's certificate, is another peer. */
	if (was && (was->realm != flow->conn->realm ||
	            strcmp(or_none(was->trunk), or_none(flow->conn->trunk)) != 0))
		return ERR_AUTH;
	if (message_method(request) != METHOD_ACK) {
		if (message_cseq(request) <= dlg->remote_cseq && dlg->remote_cseq != 0)
			return ERR_REFUSED;
		dlg->remote_cseq = message_cseq(request);
	}
	/* The peer is where it speaks from now. */
	flow_copy(&dlg->flow, flow);
	return OK;
}

/* The URI of a route value, without what stands around it. False: there is none, or it is too long.
 */
static bool route_uri(const char *route, char uri[URI_MAX])
{
	const char *open = strchr(route, '<');
	size_t len = open ? strcspn(open + 1, ">") : 0;

	if (len == 0 || len >= URI_MAX)
		return false;
	memcpy(uri, open + 1, len);
	uri[len] = '\0';
	return true;
}

/* Whether the URI of a route value has the parameter lr: then it is a loose router. */
static bool is_loose(const char *route)
{
	const char *open = strchr(route, '<'), *close = open ? strchr(open, '>') : NULL;

	for (const char *at = open; close && (at = strstr(at, ";lr")) && at < close; at += 3) {
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
	err = message_new_request(&m, method, strict ? uri : dlg->remote_target);
	if (err)
		return err;
	for (size_t i = strict; i < dlg->nroutes; i++)
		message_add(m, "Route", "%s", dlg->routes[i]);
	if (strict)
		message_add(m, "Route", "<%s>", dlg->remote_target);
	*out = m;
	return OK;
}

enum err dialog_request(struct dialog *dlg, const char *method, struct message **out)
{
	bool ack = strcmp(method, "ACK") == 0;
	struct message *m;
	enum err err;

	if (!dlg->remote_target)
		return ERR_NOT_NOW;
	err = new_routed(dlg, method, &m);
	if (err)
		return err;
	if (!ack)
		dlg->local_cseq++;
	if (strcmp(method, "INVITE") == 0)
		dlg->invite_cseq = dlg->local_cseq;
	message_add(m, "Max-Forwards", "70");
	message_add(m, "From", "%s;tag=%s", dlg->local, dlg->local_tag);
	if (dlg->remote_tag && *dlg->remote_tag)
		message_add(m, "To", "%s;tag=%s", dlg->remote, dlg->remote_tag);
	else
		message_add(m, "To", "%s", dlg->remote);
	message_add(m, "Call-ID", "%s", dlg->call_id);
	message_add(m, "CSeq", "%u %s", ack ? dlg->invite_cseq : dlg->local_cseq, method);
	/* Only what makes or moves a dialog has one (20.10, table 2). */
	if (strcmp(method, "INVITE") == 0)
		message_add(m, "Contact", "<%s>", dlg->contact);
	*out = m;
	return OK;
}

enum err dialog_again(struct dialog *dlg, struct message *sent, struct message **out)
{
	struct message *m;
	enum err err = message_copy(&m, sent);

	if (err)
		return err;
	dlg->local_cseq++;
	if (message_method(m) == METHOD_INVITE)
		dlg->invite_cseq = dlg->local_cseq;
	message_pop_via(m);
	message_remove(m, "CSeq");
	message_add(m, "CSeq", "%u %s", dlg->local_cseq, message_method_name(sent));
	*out = m;
	return OK;
}

const char *dialog_call_id(const struct dialog *dlg)
{
	return dlg->call_id;
}

const char *dialog_local_tag(const struct dialog *dlg)
{
	return dlg->local_tag;
}

const char *dialog_contact(const struct dialog *dlg)
{
	return dlg->contact;
}

const struct flow *dialog_flow(const struct dialog *dlg)
{
	return &dlg->flow;
}

bool dialog_next_hop(struct dialog *dlg, struct uri *out)
{
	char uri[URI_MAX];

	if (dlg->nroutes > 0 ? !route_uri(dlg->routes[0], uri) : !dlg->remote_target)
		return false;
	message_free(&dlg->hop);
	return message_new_request(&dlg->hop, "OPTIONS", dlg->nroutes ? uri : dlg->remote_target) ==
	           OK &&
	       message_request_uri(dlg->hop, out) && !out->tel;
}
