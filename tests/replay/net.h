/* The scripted network: what the stack takes for sockets and connections. What it sends is kept for
 * the script to look at; what the script sends comes out of the peer's connection. One scenario,
 * one process, one network. */
#ifndef TESTS_REPLAY_NET_H
#define TESTS_REPLAY_NET_H

#include <stdbool.h>
#include "sbc/sip/stack.h"

enum on_connect { CONNECT_OPENS, CONNECT_IS_REFUSED, CONNECT_HANGS, CONNECT_FAILS_TLS };

struct letter { /* one message that was sent to a peer */
	STAILQ_ENTRY(letter) link;
	char *text;
};

struct peer {
	char name[32];
	enum transport transport;
	struct addr addr, ours; /* ours: the listener that it speaks to */
	char trunk[64];         /* that its certificate proves; "": none */
	bool outside;           /* nothing of the inside may reach it */
	bool unmarked;          /* what it says is no secret of the inside */
	bool unreachable;       /* the system refuses to send datagrams there */
	enum on_connect on_connect;
	struct conn *conn; /* of streams; NULL: none stands */
	char named[256];   /* the name that our last connection to it was made for */
	STAILQ_HEAD(, letter) inbox;
	char *last_sent;
	char *rest; /* of a stream: what is not a whole message yet */
	size_t nrest;
};

/* What net finds wrong by itself goes here: a message to nobody, a broken frame, a leak. */
void net_init(struct loop *loop, void (*complain)(const char *what, const char *text));
const struct conn_opener *net_opener(void);
/* The peer of that name, made where there is none. */
struct peer *net_peer(const char *name, bool make);
struct peer *net_next_peer(struct peer *p); /* NULL: the first; NULL comes at the end */
/* Anything that was sent to an outside peer and has this in it is a leak. */
void net_add_marker(const char *text);

void net_connect(struct peer *p); /* the peer connects to us */
void net_close(struct peer *p);   /* and goes away */
void net_send(struct peer *p, const char *text);
void net_octets(struct peer *p, const char *data, size_t len); /* whatever they are */
/* From now on datagrams wait so long in the socket of ours before they come to hand. */
void net_queue(uint64_t ms);
/* Ends what connects are under way. True: there was one. */
bool net_turn(void);
/* The next message for p, to free; NULL: none. */
char *net_receive(struct peer *p);
/* Keepalives over UDP since the last time; they come to nobody's inbox. */
size_t net_pings(void);
/* What went over the wire so far, for people. */
void net_print_ladder(FILE *out);
void net_end(void);

#endif
