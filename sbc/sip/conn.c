/* What all kinds of connections share: counting, state, flows. Signalling thread. */
#include "sbc/sip/conn.h"

#include <assert.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"

struct conn *conn_ref(struct conn *c)
{
	c->refs++;
	return c;
}

void conn_unref(struct conn **cp)
{
	struct conn *c = *cp;

	*cp = NULL;
	if (!c)
		return;
	assert(c->refs > 0);
	if (--c->refs > 0)
		return;
	if (c->state != CONN_CLOSED) {
		c->state = CONN_CLOSED;
		c->ops->close(c);
	}
	c->ops->free(c);
}

enum err conn_send(struct conn *c, const struct addr *peer, const char *data, size_t len)
{
	enum err err;

	if (c->state != CONN_OPEN)
		return ERR_CLOSED;
	c->used_ms = clock_mono_ms();
	conn_ref(c); /* it may break, and its owner let go of it */
	err = c->ops->send(c, peer, data, len);
	conn_unref(&c);
	return err;
}

bool conn_same_door(const struct conn *a, const struct conn *b)
{
	return a->realm == b->realm &&
	       (a->trunk && b->trunk ? strcmp(a->trunk, b->trunk) == 0 : a->trunk == b->trunk);
}

void conn_waited(struct conn *c, uint64_t ms)
{
	enum overload_change change = overload_note(&c->overload, ms);
	char text[ADDR_TEXT_MAX];

	if (change == OVERLOAD_SAME)
		return;
	LOG(LOG_WARN, KV("event", "overload"),
	    KV("state", change == OVERLOAD_BEGINS ? "begins" : "ends"),
	    KV("socket", addr_text(&c->local, text, sizeof(text))), KVN("waited_ms", ms),
	    KVN("refused", c->overload.shed));
}

void conn_close(struct conn *c, enum err err, const char *why)
{
	if (c->state == CONN_CLOSED)
		return;
	conn_ref(c);
	c->state = CONN_CLOSED;
	c->ops->close(c);
	if (c->handler->on_closed)
		c->handler->on_closed(c->handler->arg, c, err, why);
	conn_unref(&c);
}

void flow_set(struct flow *f, struct conn *c, const struct addr *peer)
{
	struct addr to = *peer; /* may be f's own */

	conn_ref(c);
	c->flows++;
	flow_clear(f);
	f->conn = c;
	f->peer = to;
}

void flow_copy(struct flow *to, const struct flow *from)
{
	if (from->conn)
		flow_set(to, from->conn, &from->peer);
	else
		flow_clear(to);
}

void flow_clear(struct flow *f)
{
	if (f->conn)
		f->conn->flows--;
	conn_unref(&f->conn);
	memset(f, 0, sizeof(*f));
}

bool flow_alive(const struct flow *f)
{
	return f->conn && f->conn->state == CONN_OPEN;
}
