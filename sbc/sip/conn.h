/* Connections: a UDP socket, a TCP or TLS connection, or what a test puts in their place; and
 * flows, the ways that messages take. Signalling thread. Counted: whoever keeps one holds a
 * reference. */
#ifndef SBC_SIP_CONN_H
#define SBC_SIP_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include "base/addr.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/timer.h"
#include "certs/tls_context.h"
#include "config/config.h"
#include "sbc/sip/overload.h"

struct conn;
struct sip_realm; /* stack.h */

enum conn_state { CONN_CONNECTING, CONN_OPEN, CONN_CLOSED };

struct conn_handler {
	/* A whole message (or a datagram) came from peer. data is borrowed. */
	void (*on_message)(void *arg, struct conn *c, const struct addr *peer, const char *data,
	                   size_t len);
	/* Once: the state became CONN_OPEN. */
	void (*on_open)(void *arg, struct conn *c);
	/* Once: the state became CONN_CLOSED; why is a sentence for people. */
	void (*on_closed)(void *arg, struct conn *c, enum err err, const char *why);
	/* A listener has a new connection, which is still CONN_CONNECTING; the handler owns the
	 * reference. */
	void (*on_accepted)(void *arg, struct conn *c);
	/* What came cannot be cut into messages: status says why to the request whose head this is,
	 * without its empty line. A stream closes after it. */
	void (*on_unreadable)(void *arg, struct conn *c, const struct addr *peer, const char *head,
	                      size_t len, unsigned status, const char *why);
	/* An empty line came between two messages: the answer to a ping of ours, if one is out. */
	void (*on_pong)(void *arg, struct conn *c);
	void *arg;
};

/* What a kind of connection does. */
struct conn_ops {
	enum err (*send)(struct conn *c, const struct addr *peer, const char *data, size_t len);
	void (*close)(struct conn *c); /* lets go of sockets; no handler is called */
	void (*free)(struct conn *c);  /* the memory, after close */
};

/* The part that all kinds share, first in each. Read by the stack, written by the kind. */
struct conn {
	TAILQ_ENTRY(conn) link; /* the stack's */
	const struct conn_ops *ops;
	const struct conn_handler *handler;
	struct sip_realm *realm;
	unsigned refs;
	enum transport transport;
	enum conn_state state;
	bool accepted; /* the peer connected to us */
	struct addr local, peer;
	char sent_by[264];             /* sip_realm_sent_by's; "": not made yet */
	const struct tls_context *tls; /* that it was made with; NULL: none */
	const char *trunk; /* the trunk whose name the peer's certificate proved; NULL: none */
	char verified_name[256];
	char tls_version[16];
	const char *tls_cipher;   /* NULL: none */
	int64_t verified_until_s; /* the first end in the chain that proved it; 0: none did */
	enum peer_fault fault;    /* of the peer's, for which TLS failed; PEER_OK: none */
	uint64_t used_ms;         /* when something whole last went over it */
	struct overload overload;
	/* The stack's: */
	struct timer care;  /* the next ping, its answer, or the end of an idle one */
	uint64_t pinged_ms; /* 0: no ping is out */
	uint64_t heard_ms;  /* when a message or pong last came over it */
	bool brought;       /* a message, at least one */
	unsigned pongs;     /* answers in a row to pings of ours, up to 2 */
	unsigned flows;     /* that lead over it: transactions, dialogs, registrations */
	bool retired;       /* made under files of before: for what goes on over it alone */
	struct timer drain; /* until it is, and until it closes */
	bool doubted; /* a request over it went unanswered: nobody takes it until it is heard */
	unsigned alias_port; /* RFC 5923: it leads to this port of the peer; 0: to none */
};

struct conn *conn_ref(struct conn *c);
void conn_unref(struct conn **cp); /* NULL is fine */
/* peer counts on UDP only. ERR_CLOSED, ERR_LIMIT (the peer does not read: the connection is
 * closed), ERR_IO. A connection that broke is freed if only the stack had it. */
MUST_USE enum err conn_send(struct conn *c, const struct addr *peer, const char *data, size_t len);
/* Whether both belong to the same realm, and to the same trunk or to none: then a peer may go on
 * over one what it began over the other. */
bool conn_same_door(const struct conn *a, const struct conn *b);
/* UDP: the message that comes to hand waited so long for us. */
void conn_waited(struct conn *c, uint64_t ms);
/* Closes and says so to the handler; a closed one is fine. */
void conn_close(struct conn *c, enum err err, const char *why);

/* The way of one message, of a transaction, of a dialog (RFC 5626). Zeroed: none. */
struct flow {
	struct conn *conn; /* counted */
	struct addr peer;
};

void flow_set(struct flow *f, struct conn *c, const struct addr *peer);
void flow_copy(struct flow *to, const struct flow *from);
void flow_clear(struct flow *f);
bool flow_alive(const struct flow *f);

/* The kinds. handler and realm are borrowed for the connection's life. */
MUST_USE enum err conn_udp_open(struct conn **out, struct loop *loop, const struct addr *local,
                                const struct conn_handler *handler, struct sip_realm *realm);
/* A listening socket; tls NULL: TCP. */
MUST_USE enum err conn_listen(struct conn **out, struct loop *loop, const struct addr *local,
                              struct tls_context *tls, const struct conn_handler *handler,
                              struct sip_realm *realm);

struct conn_connect_cfg {
	struct loop *loop;
	struct addr local; /* bound without its port; unset: any */
	struct addr peer;
	struct tls_context *tls; /* NULL: TCP */
	const char *sni;
	unsigned timeout_ms; /* until open */
	const struct conn_handler *handler;
	struct sip_realm *realm;
};
MUST_USE enum err conn_connect(struct conn **out, const struct conn_connect_cfg *cfg);

#endif
