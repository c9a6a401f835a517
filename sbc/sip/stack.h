/* The one door into SIP: listeners of the realms, connections, transactions. Signalling thread. */
#ifndef SBC_SIP_STACK_H
#define SBC_SIP_STACK_H

#include <stddef.h>
#include "base/err.h"
#include "base/loop.h"
#include "certs/tls_context.h"
#include "config/config.h"
#include "sbc/sip/conn.h"
#include "sbc/sip/message.h"
#include "sbc/sip/resolver.h"
#include "sbc/sip/txn.h"

struct stack;
struct sip_realm;

/* What goes up. */
struct stack_handler {
	/* A request that begins a transaction. Who does not answer it at once sets a handler on
	 * txn, else it gets 500. Borrows request, which txn owns. */
	void (*on_request)(void *arg, struct server_txn *txn, const struct message *request);
	/* An ACK for a 2xx. */
	void (*on_ack)(void *arg, const struct message *ack, const struct flow *flow);
	void *arg;
};

struct stack_limits {
	size_t transactions;           /* more are answered 503 */
	size_t connections;            /* more are closed at once */
	size_t connections_per_source; /* that came in; 0: as many */
};

struct stack_counts {
	size_t client_txns, server_txns, connections;
};

/* loop NULL: no sockets at all, timers serve what a test puts in. */
MUST_USE enum err stack_new(struct stack **out, struct loop *loop, struct timers *timers,
                            const struct stack_limits *limits);
void stack_set_handler(struct stack *stack, const struct stack_handler *handler);
/* Calls fn(arg, ...) for each message that is sent or received, not for copies that a transaction
 * sends again or absorbs. m is borrowed. NULL: no more. */
void stack_set_tracer(struct stack *stack,
                      void (*fn)(void *arg, bool sent, const struct flow *flow,
                                 const struct message *m),
                      void *arg);

/* What opens sockets: conn.h's own functions, or a test's in their place. Borrowed; set before the
 * first realm. */
struct conn_opener {
	enum err (*udp)(struct conn **out, struct loop *loop, const struct addr *local,
	                const struct conn_handler *handler, struct sip_realm *realm);
	enum err (*listen)(struct conn **out, struct loop *loop, const struct addr *local,
	                   struct tls_context *tls, const struct conn_handler *handler,
	                   struct sip_realm *realm);
	enum err (*connect)(struct conn **out, const struct conn_connect_cfg *cfg);
};
void stack_set_opener(struct stack *stack, const struct conn_opener *opener);
void stack_free(struct stack **stackp);

/* What a realm's TLS listeners show and demand: tls and mtls ones. */
struct realm_tls {
	struct tls_context *standard, *mutual;
};

/* Opens the realm's listeners. Borrows cfg and the contexts (tls NULL: it has no TLS listener) for
 * the stack's life. On failure why (CERT_WHY_MAX bytes) says which socket and why. */
MUST_USE enum err stack_add_realm(struct stack *stack, const struct config_realm *cfg,
                                  const struct realm_tls *tls, struct sip_realm **out, char *why);
/* Begins to look where those realms are seen whose configuration asks for it. Borrows resolver for
 * the stack's life. */
MUST_USE enum err stack_watch_addresses(struct stack *stack, struct resolver *resolver);
/* NULL: the realm's addresses are written. */
const struct outer *sip_realm_outer(const struct sip_realm *realm);
struct sip_realm *stack_realm(const struct stack *stack, const struct config_realm *cfg);
const struct config_realm *sip_realm_config(const struct sip_realm *realm);
/* The listener that peers reach us by when they answer to c: its own, or the one beside it; and the
 * first of a transport, of peer's family where there is one. peer NULL: not known yet. NULL: none.
 */
const struct config_listener *sip_realm_listener_of(const struct conn *c);
const struct config_listener *sip_realm_listener_for(const struct sip_realm *realm,
                                                     enum transport t, const struct addr *peer);
/* host:port for the Via of what leaves by c, which is open: what the realm advertises, or c's own
 * address, and that listener's port. c keeps it. */
const char *sip_realm_sent_by(struct conn *c);
/* Our URI at a listener, for Contact: sip:user@host:port;transport=tls, or sips: where form says so
 * and the transport is TLS. user "": none. */
void sip_realm_uri(const struct sip_realm *realm, const struct config_listener *l,
                   enum uri_form form, const char *user, char *buf, size_t size);
/* The host of that URI alone. */
void sip_realm_host(const struct sip_realm *realm, const struct config_listener *l, char *buf,
                    size_t size);

/* The UDP socket of the realm for that family; NULL: none. */
struct conn *sip_realm_udp(const struct sip_realm *realm, const struct addr *peer);
/* The families that the realm can send from by that transport, its first listener's first. */
enum lookup_families sip_realm_families(const struct sip_realm *realm, enum transport t);
/* All borrowed. */
struct stack_way {
	struct sip_realm *realm;
	const struct addr *peer;
	const struct addr *from; /* of ours, without its port; NULL: as the realm has it */
	struct tls_context *tls; /* NULL: TCP */
	const char *sni;
	unsigned timeout_ms;
};
/* An open or opening connection of ours to the peer under the same tls, or a new one; the caller
 * gets a reference. from, sni and timeout_ms count for a new one. */
MUST_USE enum err stack_connect(struct stack *stack, const struct stack_way *way,
                                struct conn **out);
/* RFC 3261 18.2.2: another way for answers to what came over a stream that is gone; the caller gets
 * a reference. Over TCP a new connection to to. Over TLS one that stands already, from or to the
 * same host, with the same trunk proven: to an address alone nothing is opened. */
MUST_USE enum err stack_reopen(struct stack *stack, const struct conn *gone, const struct addr *to,
                               struct conn **out);
/* RFC 3261 18.1.1: a peer that takes no TCP connection; what is too long for a datagram goes to it
 * in one all the same, for some minutes. */
void stack_note_no_tcp(struct stack *stack, const struct addr *peer);
bool stack_has_no_tcp(const struct stack *stack, const struct addr *peer);
/* A request over c had no answer for silent_ms: where nothing else came either, new requests take
 * another connection until it is heard, and after 32 s it closes. */
void stack_doubt(struct stack *stack, struct conn *c, unsigned silent_ms);
/* All connections between trunks and the realm are pinged, and new requests take others until they
 * are heard, or have stood for 32 s. */
void stack_doubt_all(struct stack *stack, const struct sip_realm *realm);
/* The connections that the trunk's certificates were proved on until now: after_ms from now nothing
 * new begins over them, and each closes once no transaction and no dialog needs it. */
void stack_drain(struct stack *stack, const char *trunk, unsigned after_ms);
/* fn(arg, c) once when c opens or closes; the watcher is embedded in its owner, who calls
 * conn_unwatch. */
struct conn_watcher {
	TAILQ_ENTRY(conn_watcher) link;
	struct stack *stack;
	struct conn *conn;
	void (*fn)(void *arg, struct conn *c, enum err err, const char *why);
	void *arg;
};
void stack_watch(struct stack *stack, struct conn_watcher *w, struct conn *c,
                 void (*fn)(void *, struct conn *, enum err, const char *), void *arg);
void conn_unwatch(struct conn_watcher *w);

/* Sends a request that has no transaction: the ACK for a 2xx. Puts a Via on top. What is too long
 * for flow's datagrams goes by TCP, once that connection opens. */
MUST_USE enum err stack_send(struct stack *stack, struct message *request, const struct flow *flow);

struct timers *stack_timers(const struct stack *stack);
void stack_counts(const struct stack *stack, struct stack_counts *out);

/* What connections call; tests put messages in here. */
const struct conn_handler *stack_conn_handler(struct stack *stack);

/* Until the next ping: 80 to 100 in a hundred of the time, so that not all come at once (RFC 5626
 * 4.4.1). */
unsigned stack_ping_wait_ms(unsigned keepalive_ms);

#endif
