/* A stream connection as conn_tcp.c runs it, and what conn_tls.c puts underneath. Signalling
 * thread. */
#ifndef SBC_SIP_CONN_STREAM_H
#define SBC_SIP_CONN_STREAM_H

#include <sys/types.h>
#include "base/buf.h"
#include "base/timer.h"
#include "sbc/sip/conn.h"
#include "sbc/sip/frame.h"

enum stream_result {
	STREAM_OK,
	STREAM_WANT_READ,
	STREAM_WANT_WRITE,
	STREAM_WAIT, /* for something else than the socket: conn_stream_go_on follows */
	STREAM_EOF,
	STREAM_FAILED
};

struct conn_stream;

/* The bytes below: the socket itself, or TLS on it. */
struct stream_ops {
	/* STREAM_FAILED: why (CERT_WHY_MAX bytes) says it. */
	enum stream_result (*handshake)(struct conn_stream *s, char *why);
	enum stream_result (*read)(struct conn_stream *s, char *data, size_t size, size_t *got);
	enum stream_result (*write)(struct conn_stream *s, const char *data, size_t len,
	                            size_t *put);
	/* After read has said STREAM_FAILED, in words (CERT_WHY_MAX bytes); NULL: it has none. */
	void (*explain)(struct conn_stream *s, char *why);
	void (*close)(struct conn_stream *s);
};

struct conn_stream {
	struct conn conn; /* first */
	const struct stream_ops *ops;
	struct loop *loop;
	struct io *io;
	struct timer opening; /* until CONN_OPEN */
	int fd;
	bool connected; /* TCP stands; TLS may still be shaking hands */
	bool read_wants_write;
	struct buf in, out;
	struct frame_part part; /* of the frame that in begins with */
	void *tls;              /* SSL of conn_tls.c */
};

extern const struct stream_ops stream_tls_ops;

/* After STREAM_WAIT of the handshake. arg is the stream; it may be gone afterwards. */
void conn_stream_go_on(void *arg);

/* Puts a handshake on a stream before its first byte. sni counts when we connect. */
MUST_USE enum err conn_tls_attach(struct conn_stream *s, struct tls_context *ctx, const char *sni);

#endif
