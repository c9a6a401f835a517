/* Our own side. Owner of the stack and of the listeners that the doctor opens. */
#include "sbc/doctor/own_side.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mem.h"

#define TRANSACTIONS_MAX 256
#define CONNECTIONS_MAX  256

/* A realm with its TLS listeners alone. */
struct own_realm {
	struct config_realm cfg;
	struct config_realm mute_cfg;
	struct sip_realm *mute; /* has their names and none of their sockets */
	enum own_state state;
	char why[CERT_WHY_MAX];
};

struct own_side {
	const struct config *cfg;
	struct stack *stack;
	struct trunks *trunks; /* NULL: why says it */
	struct own_realm *realms;
	struct trunk_files files; /* as much as can be loaded */
	char why[CERT_WHY_MAX];
};

/* Its control socket answers, or is somebody else's, which is as good a sign. */
static bool daemon_runs(const struct config *cfg)
{
	struct sockaddr_un address;
	int fd;
	bool runs;

	if (!cfg->control_socket || addr_unix(&address, cfg->control_socket))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	runs = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ||
	       errno == EACCES || errno == EAGAIN;
	close(fd);
	return runs;
}

/* Peers that come in the meantime come again (RFC 3261 21.5.4). */
static void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	(void)arg;
	(void)request;
	server_txn_reply(txn, 503, NULL, NULL);
}

static void on_ack(void *arg, const struct message *ack, const struct flow *flow)
{
	(void)arg;
	(void)ack;
	(void)flow;
}

static enum err copy_tls_listeners(struct own_realm *r, const struct config_realm *from)
{
	r->cfg = *from;
	r->cfg.nlisteners = 0;
	r->cfg.listeners = mem_array(NULL, from->nlisteners, sizeof(*r->cfg.listeners));
	if (!r->cfg.listeners)
		return ERR_NOMEM;
	for (size_t i = 0; i < from->nlisteners; i++) {
		if (from->listeners[i].transport == TRANSPORT_TLS)
			r->cfg.listeners[r->cfg.nlisteners++] = from->listeners[i];
	}
	return OK;
}

/* What we send has the realm's names on it, whoever has its sockets. */
static enum err add_mute(struct own_side *o, struct own_realm *r)
{
	const struct realm_tls none = { 0 };
	enum err err;

	r->mute_cfg = r->cfg;
	r->mute_cfg.nlisteners = 0;
	err = stack_add_realm(o->stack, &r->mute_cfg, &none, &r->mute, r->why);
	r->mute_cfg.nlisteners = r->cfg.nlisteners;
	return err;
}

static enum err open_realm(struct own_side *o, size_t i, bool runs)
{
	const struct config_realm *from = &o->cfg->realms[i];
	struct own_realm *r = &o->realms[i];
	struct sip_realm *realm;
	struct realm_tls tls;
	enum err err = copy_tls_listeners(r, from);

	if (!err)
		err = add_mute(o, r);
	if (err || r->cfg.nlisteners == 0)
		return err;
	r->state = OWN_RUNNING;
	if (runs)
		return OK;
	r->state = OWN_FAILED;
	if (!o->trunks) {
		memcpy(r->why, o->why, sizeof(r->why));
		return OK;
	}
	tls = trunks_realm_tls(o->trunks, from);
	err = stack_add_realm(o->stack, &r->cfg, &tls, &realm, r->why);
	if (!err)
		r->state = OWN_OPENED;
	return err == ERR_NOMEM ? err : OK;
}

enum err own_side_open(struct own_side **out, const struct config *cfg, struct loop *loop)
{
	const struct stack_limits limits = { .transactions = TRANSACTIONS_MAX,
		                             .connections = CONNECTIONS_MAX };
	const struct stack_handler handler = { .on_request = on_request, .on_ack = on_ack };
	struct own_side *o = mem_zalloc(sizeof(*o));
	bool runs = daemon_runs(cfg);
	enum err err = o ? OK : ERR_NOMEM;

	if (!err) {
		o->cfg = cfg;
		o->realms = mem_zalloc(cfg->nrealms * sizeof(*o->realms));
		err =
		    o->realms ? stack_new(&o->stack, loop, loop_timers(loop), &limits) : ERR_NOMEM;
	}
	if (!err)
		err = trunk_files_try(&o->files, cfg);
	if (!err) {
		stack_set_handler(o->stack, &handler);
		if (trunks_new(&o->trunks, cfg, loop, o->why) == ERR_NOMEM)
			err = ERR_NOMEM;
	}
	for (size_t i = 0; !err && i < cfg->nrealms; i++)
		err = open_realm(o, i, runs);
	if (err)
		own_side_close(&o);
	else
		*out = o;
	return err;
}

void own_side_close(struct own_side **op)
{
	struct own_side *o = *op;

	*op = NULL;
	if (!o)
		return;
	stack_free(&o->stack);
	trunks_free(&o->trunks);
	for (size_t i = 0; o->realms && i < o->cfg->nrealms; i++)
		mem_free(o->realms[i].cfg.listeners);
	mem_free(o->realms);
	trunk_files_free(&o->files);
	mem_free(o);
}

void own_side_tell(struct own_side *o, struct patient *p)
{
	const struct own_realm *r = &o->realms[p->trunk->realm - o->cfg->realms];

	p->files = &o->files;
	p->stack = o->stack;
	p->connections = o->trunks ? trunk_find(o->trunks, p->trunk->name) : NULL;
	p->unfit = o->why;
	p->realm = r->mute;
	p->own_state = r->state;
	p->own_why = r->why;
}
