/* Dialogs (RFC 3261 12): what is known of the peer, and the table to find them by. The local
 * tag alone is the key: it is of chance and ours, so no two INVITEs are alike; the forks of one
 * differ in the peer's tag. Signalling thread. */
#include "sbc/sip/dialog.h"

#include <string.h>
#include "base/mem.h"
#include "base/random.h"
#include "sbc/sip/dialog_internal.h"

#define CALL_ID_LEN 24

struct dialogs {
	struct table *by_tag;
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

static void family_free(struct family *f)
{
	if (f->dialogs && table_get(f->dialogs->by_tag, f->local_tag) == f)
		table_remove(f->dialogs->by_tag, f->local_tag);
	mem_free(f->call_id);
	mem_free(f->local);
	mem_free(f->remote);
	mem_free(f->contact);
	mem_free(f->request_uri);
	mem_free(f);
}

void dialog_free(struct dialog **dp)
{
	struct dialog *dlg = *dp;

	if (!dlg)
		return;
	LIST_REMOVE(dlg, link);
	if (LIST_EMPTY(&dlg->family->members))
		family_free(dlg->family);
	clear_routes(dlg);
	flow_clear(&dlg->flow);
	mem_free(dlg->remote_tag);
	mem_free(dlg->remote_target);
	mem_free(dlg);
	*dp = NULL;
}

static struct dialog *join(struct family *f)
{
	struct dialog *dlg = mem_zalloc(sizeof(*dlg));

	if (!dlg)
		return NULL;
	dlg->family = f;
	LIST_INSERT_HEAD(&f->members, dlg, link);
	return dlg;
}

/* A dialog in a family of its own. */
static enum err dialog_new(struct dialog **out, struct dialogs *d, const char *contact, void *owner)
{
	struct family *f = mem_zalloc(sizeof(*f));
	struct dialog *dlg;
	enum err err = ERR_NOMEM;

	if (!f)
		return ERR_NOMEM;
	f->dialogs = d;
	f->owner = owner;
	LIST_INIT(&f->members);
	random_token(f->local_tag, TAG_LEN);
	dlg = join(f);
	if (!dlg) {
		family_free(f);
		return ERR_NOMEM;
	}
	f->contact = mem_strdup(contact);
	if (f->contact)
		err = table_put(d->by_tag, f->local_tag, f);
	if (err)
		dialog_free(&dlg);
	else
		*out = dlg;
	return err;
}

enum err dialog_new_uac(struct dialog **out, struct dialogs *d, const struct dialog_uac_cfg *cfg)
{
	char call_id[CALL_ID_LEN + 1];
	struct dialog *dlg;
	struct family *f;
	enum err err = dialog_new(&dlg, d, cfg->contact, cfg->owner);

	if (err)
		return err;
	f = dlg->family;
	random_token(call_id, CALL_ID_LEN);
	f->call_id = mem_strdup(call_id);
	f->local = mem_strdup(cfg->from);
	f->remote = mem_strdup(cfg->to);
	f->request_uri = mem_strdup(cfg->request_uri);
	/* 8.1.1.5: under 2^31; begun by chance, so that it tells nothing. */
	dlg->local_cseq = 1 + random_below(65535);
	if (!f->call_id || !f->local || !f->remote || !f->request_uri) {
		dialog_free(&dlg);
		return ERR_NOMEM;
	}
	*out = dlg;
	return OK;
}

/* A From or To value without its tag, which stands behind the '>' (20.20). NULL in, NULL out: there
 * was no memory for the header. */
static char *without_tag(const char *value)
{
	const char *end;

	if (!value)
		return NULL;
	end = strrchr(value, '>');
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
	while (n < DIALOG_ROUTES_MAX && (value = message_header(m, "Record-Route", (unsigned)n))) {
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

bool dialog_contact_is_good(const struct message *m)
{
	const char *second;
	int64_t expires_s;
	struct uri uri;

	return message_contact_uri(m, &uri) && !uri.tel && *uri.host &&
	       !message_contact_at(m, 1, &second, &expires_s);
}

enum err dialog_take_target(struct dialog *dlg, const struct message *m)
{
	const char *text = dialog_contact_is_good(m) ? message_contact_text(m) : NULL;

	return text ? replace(&dlg->remote_target, text) : OK;
}

enum err dialog_new_uas(struct dialog **out, struct dialogs *d, const struct message *invite,
                        const struct flow *flow, const char *contact, void *owner)
{
	struct dialog *dlg;
	struct family *f;
	enum err err = dialog_new(&dlg, d, contact, owner);

	if (err)
		return err;
	f = dlg->family;
	f->call_id = mem_strdup(message_call_id(invite));
	f->local = without_tag(message_header(invite, "To", 0));
	f->remote = without_tag(message_header(invite, "From", 0));
	dlg->remote_tag = mem_strdup(message_from_tag(invite));
	dlg->local_cseq = random_below(65535);
	dlg->remote_cseq = message_cseq(invite);
	flow_copy(&dlg->flow, flow);
	if (!f->call_id || !f->local || !f->remote || !dlg->remote_tag)
		err = ERR_NOMEM;
	if (!err)
		err = take_routes(dlg, invite, false);
	if (!err)
		err = dialog_take_target(dlg, invite);
	if (err)
		dialog_free(&dlg);
	else
		*out = dlg;
	return err;
}

static struct dialog *member(const struct family *f, const char *remote_tag)
{
	struct dialog *dlg;

	LIST_FOREACH(dlg, &f->members, link)
	{
		if (dlg->remote_tag && strcmp(dlg->remote_tag, remote_tag) == 0)
			return dlg;
	}
	return NULL;
}

void *dialog_find(const struct dialogs *d, const struct message *request)
{
	const struct family *f = table_get(d->by_tag, message_to_tag(request));

	if (!f || strcmp(f->call_id, message_call_id(request)) != 0 ||
	    !member(f, message_from_tag(request)))
		return NULL;
	return f->owner;
}

void *dialog_find_owner(const struct dialogs *d, const struct message *request)
{
	const struct family *f = table_get(d->by_tag, message_to_tag(request));

	return f && strcmp(f->call_id, message_call_id(request)) == 0 ? f->owner : NULL;
}

struct dialog *dialog_of(const struct dialog *dlg, const struct message *m)
{
	return member(dlg->family, message_is_request(m) ? message_from_tag(m) : message_to_tag(m));
}

static enum err learn_peer(struct dialog *dlg, const char *tag, const struct message *m,
                           const struct flow *flow)
{
	enum err err = OK;

	if (!*tag)
		return OK;
	err = replace(&dlg->remote_tag, tag);
	if (!err)
		err = dialog_take_target(dlg, m);
	if (!err)
		err = take_routes(dlg, m, !message_is_request(m));
	if (!err)
		flow_copy(&dlg->flow, flow);
	return err;
}

enum err dialog_on_answer(struct dialog *dlg, const struct message *response,
                          const struct flow *flow)
{
	return learn_peer(dlg, message_to_tag(response), response, flow);
}

enum err dialog_on_notify(struct dialog *dlg, const struct message *notify, const struct flow *flow)
{
	return learn_peer(dlg, message_from_tag(notify), notify, flow);
}

enum err dialog_new_fork(struct dialog **out, const struct dialog *dlg, const struct message *m,
                         const struct flow *flow)
{
	struct dialog *fork = join(dlg->family);
	enum err err;

	if (!fork)
		return ERR_NOMEM;
	fork->local_cseq = message_is_request(m) ? dlg->local_cseq : message_cseq(m);
	err = message_is_request(m) ? dialog_on_notify(fork, m, flow)
	                            : dialog_on_answer(fork, m, flow);
	if (err)
		dialog_free(&fork);
	else
		*out = fork;
	return err;
}

static enum err copy_peer(struct dialog *to, const struct dialog *from)
{
	struct family *f = to->family;

	f->call_id = mem_strdup(from->family->call_id);
	f->local = mem_strdup(from->family->local);
	f->remote = mem_strdup(from->family->remote);
	to->remote_tag = mem_strdup(from->remote_tag);
	to->remote_target = mem_strdup(from->remote_target);
	if (!f->call_id || !f->local || !f->remote || !to->remote_tag || !to->remote_target)
		return ERR_NOMEM;
	for (; to->nroutes < from->nroutes; to->nroutes++) {
		to->routes[to->nroutes] = mem_strdup(from->routes[to->nroutes]);
		if (!to->routes[to->nroutes])
			return ERR_NOMEM;
	}
	return OK;
}

enum err dialog_new_sibling(struct dialog **out, const struct dialog *dlg, void *owner)
{
	struct dialog *sibling;
	enum err err = dialog_new(&sibling, dlg->family->dialogs, dlg->family->contact, owner);

	if (err)
		return err;
	sibling->local_cseq = random_below(65535);
	sibling->remote_cseq = dlg->remote_cseq;
	flow_copy(&sibling->flow, &dlg->flow);
	err = copy_peer(sibling, dlg);
	if (err)
		dialog_free(&sibling);
	else
		*out = sibling;
	return err;
}

enum err dialog_new_answered(struct dialog **out, const struct message *answer,
                             const struct flow *flow)
{
	struct family *f = mem_zalloc(sizeof(*f));
	struct dialog *dlg = NULL;
	enum err err = ERR_NOMEM;

	if (!f)
		return ERR_NOMEM;
	LIST_INIT(&f->members);
	snprintf(f->local_tag, sizeof(f->local_tag), "%s", message_from_tag(answer));
	dlg = join(f);
	if (!dlg) {
		family_free(f);
		return ERR_NOMEM;
	}
	f->call_id = mem_strdup(message_call_id(answer));
	f->local = without_tag(message_header(answer, "From", 0));
	f->remote = without_tag(message_header(answer, "To", 0));
	dlg->local_cseq = message_cseq(answer);
	if (f->call_id && f->local && f->remote)
		err = dialog_on_answer(dlg, answer, flow);
	if (err)
		dialog_free(&dlg);
	else
		*out = dlg;
	return err;
}

enum err dialog_on_request(struct dialog *dlg, const struct message *request,
                           const struct flow *flow)
{
	/* Another door, or another's certificate, is another peer. */
	if (dlg->flow.conn && !conn_same_door(dlg->flow.conn, flow->conn))
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

void dialog_on_copy(struct dialog *dlg, const struct flow *flow)
{
	if (!flow_alive(&dlg->flow) && flow_alive(flow))
		flow_copy(&dlg->flow, flow);
}

void dialog_refuse(struct server_txn *txn, enum err err)
{
	if (err == ERR_REFUSED)
		server_txn_reply_later(txn, 500, 0, 10);
	else
		server_txn_reply(txn, 481, NULL, NULL);
}

const char *dialog_call_id(const struct dialog *dlg)
{
	return dlg->family->call_id;
}

const char *dialog_local_tag(const struct dialog *dlg)
{
	return dlg->family->local_tag;
}

const char *dialog_remote_tag(const struct dialog *dlg)
{
	return dlg->remote_tag ? dlg->remote_tag : "";
}

const char *dialog_contact(const struct dialog *dlg)
{
	return dlg->family->contact;
}

bool dialog_has_peer(const struct dialog *dlg)
{
	return dlg->remote_tag != NULL;
}

bool dialog_is_ours(const struct dialog *dlg)
{
	return dlg->family->request_uri != NULL;
}

const struct flow *dialog_flow(const struct dialog *dlg)
{
	return &dlg->flow;
}

void dialog_set_flow(struct dialog *dlg, const struct flow *flow)
{
	flow_copy(&dlg->flow, flow);
}

bool dialog_is(const struct dialog *dlg, const char *call_id, const char *local_tag,
               const char *remote_tag)
{
	return strcmp(dlg->family->call_id, call_id) == 0 &&
	       strcmp(dlg->family->local_tag, local_tag) == 0 && dlg->remote_tag &&
	       strcmp(dlg->remote_tag, remote_tag) == 0;
}
