/* Connections that stand and carry nothing (RFC 5626 3.5.1, 4.4.1, RFC 6223). Signalling thread.
 *
 * Connections to and from trunks are pinged with CRLFCRLF, which RFC 3261 7.5 has everybody skip,
 * so it needs nobody's consent; that keeps NATs and firewalls awake. To close one for want of an
 * answer does need to know that the peer answers at all. Nobody negotiates that here (RFC 6223), so
 * only a peer that has answered twice in a row on the connection is held to it. A lone CRLF may as
 * well be a keepalive of its own, which comes when it comes: so the first answer is followed by a
 * second ping at once, and what comes with no ping out shows that none of them proves anything.
 * Those of phones are theirs to keep alive: what carries nothing for the realm's idle-timeout is
 * closed, also one that we made for a request too long for UDP; one that never brought a message
 * after 32 s.
 *
 * One over which nothing came since a request went is doubted: late answers still find it, new
 * requests do not, and unless it is heard it closes. So are all to and from trunks when the address
 * changes by which a realm is seen: behind a firewall whose line failed over they may be dead on
 * both sides, and nobody would say so. Those are pinged, which TCP does not deliver to who is gone
 * (conn_socket.c): what still stands when that would have shown is taken again, for calls may ring
 * over it whose peer answers no ping.
 *
 * One that is drained closes in a moment when nothing goes on: not within a second of what came
 * last, since a peer may be about to say more. An INVITE that crosses the close finds a closed
 * connection, and its sender makes another (RFC 3261 18.1.1, 18.4).
 */
#include <string.h>
#include "base/clock.h"
#include "base/random.h"
#include "sbc/sip/sip_realm.h"

#define PONG_MS  10000 /* RFC 5626 4.4.1 */
#define PONGS    2     /* in a row: it is held to them */
#define QUIET_MS 1000
#define DOUBT_MS 32000 /* timers B and F: what comes later is nobody's */
#define FIRST_MS 32000 /* the same: whoever connects has something to say */

static void on_ping(void *arg);

static bool is_a_trunks(const struct conn *c)
{
	return c->trunk || (c->tls && !c->accepted);
}

unsigned stack_ping_wait_ms(unsigned keepalive_ms)
{
	return keepalive_ms - random_below(keepalive_ms / 5 + 1);
}

static void wait_for_ping(struct conn *c)
{
	const struct stack *stack = c->handler->arg;
	unsigned ms = sip_realm_config(c->realm)->keepalive_ms;

	if (ms)
		timer_start(stack->timers, &c->care, stack_ping_wait_ms(ms), on_ping, c);
}

static void on_no_pong(void *arg)
{
	struct conn *c = arg;

	conn_close(c, ERR_TIMEOUT, "no answer to a ping within 10 s");
}

static void on_ping(void *arg)
{
	struct conn *c = arg;
	const struct stack *stack = c->handler->arg;

	if (conn_send(c, &c->peer, "\r\n\r\n", 4) != OK)
		return; /* it is closed */
	/* The one before went unanswered. */
	if (c->pinged_ms)
		c->pongs = 0;
	c->pinged_ms = clock_mono_ms();
	if (c->pongs == PONGS)
		timer_start(stack->timers, &c->care, PONG_MS, on_no_pong, c);
	else
		wait_for_ping(c);
}

static void on_doubt_over(void *arg)
{
	struct conn *c = arg;

	conn_close(c, ERR_TIMEOUT, "nothing came over it for 32 s since it was doubted");
}

static void believe(struct conn *c)
{
	c->doubted = false;
	timer_stop(&c->care);
	stack_care_begin(c->handler->arg, c);
}

static void doubt(struct conn *c, uint64_t silent_ms, const char *why)
{
	char peer[ADDR_TEXT_MAX];

	c->doubted = true;
	LOG(LOG_WARN, KV("event", "doubted"), KV("over", transport_name(c->transport)),
	    KV("trunk", c->trunk), KV("peer", addr_text(&c->peer, peer, sizeof(peer))),
	    KVN("silent-ms", silent_ms), KV("why", why));
}

void stack_doubt(struct stack *stack, struct conn *c, unsigned silent_ms)
{
	if (c->transport == TRANSPORT_UDP || c->state != CONN_OPEN || c->doubted ||
	    clock_mono_ms() - c->heard_ms < silent_ms)
		return;
	doubt(c, silent_ms, "nothing came over it since a request went; others take a new one");
	timer_start(stack->timers, &c->care, DOUBT_MS, on_doubt_over, c);
}

static void on_stands(void *arg)
{
	believe(arg);
}

static void on_question(void *arg)
{
	struct conn *c = arg;
	const struct stack *stack = c->handler->arg;

	if (conn_send(c, &c->peer, "\r\n\r\n", 4) != OK)
		return; /* it is closed */
	c->pinged_ms = clock_mono_ms();
	if (c->pongs == PONGS)
		timer_start(stack->timers, &c->care, PONG_MS, on_no_pong, c);
	else
		timer_start(stack->timers, &c->care, DOUBT_MS, on_stands, c);
}

void stack_doubt_all(struct stack *stack, const struct sip_realm *realm)
{
	struct conn *c;

	TAILQ_FOREACH (c, &stack->conns, link) {
		if (c->realm != realm || c->state != CONN_OPEN || c->doubted || !is_a_trunks(c))
			continue;
		doubt(c, clock_mono_ms() - c->heard_ms,
		      "our own address has changed; until it is heard others take a new one");
		timer_start(stack->timers, &c->care, 0, on_question, c);
	}
}

static void on_drain(void *arg)
{
	struct conn *c = arg;
	const struct stack *stack = c->handler->arg;

	c->retired = true;
	if (c->flows == 0 && clock_mono_ms() - c->heard_ms >= QUIET_MS)
		conn_close(c, ERR_CLOSED, "there are new certificates, and no call goes over it");
	else
		timer_start_lazy(stack->timers, &c->drain, QUIET_MS, on_drain, c);
}

void stack_drain(struct stack *stack, const char *trunk, unsigned after_ms)
{
	struct conn *c;

	TAILQ_FOREACH (c, &stack->conns, link) {
		const char *of = c->accepted || !c->tls ? c->trunk : tls_context_trunk(c->tls);

		if (of && strcmp(of, trunk) == 0 && !timer_running(&c->drain))
			timer_start(stack->timers, &c->drain, after_ms, on_drain, c);
	}
}

void stack_care_heard(struct conn *c)
{
	c->heard_ms = clock_mono_ms();
	if (c->doubted)
		believe(c);
}

void stack_care_pong(void *arg, struct conn *c)
{
	(void)arg;
	stack_care_heard(c);
	/* Padding between messages, or its own keepalive. */
	if (!c->pinged_ms || clock_mono_ms() - c->pinged_ms > PONG_MS) {
		c->pongs = 0;
		return;
	}
	c->pinged_ms = 0;
	if (c->pongs < PONGS)
		c->pongs++;
	if (c->pongs == PONGS)
		wait_for_ping(c);
	else
		on_ping(c);
}

static void on_idle(void *arg)
{
	struct conn *c = arg;
	const struct stack *stack = c->handler->arg;
	unsigned limit_ms = sip_realm_config(c->realm)->idle_timeout_ms;
	uint64_t idle_ms = clock_mono_ms() - c->used_ms;

	if (idle_ms >= limit_ms)
		conn_close(c, ERR_TIMEOUT, "nothing went over it for the idle-timeout");
	else
		timer_start(stack->timers, &c->care, limit_ms - idle_ms, on_idle, c);
}

/* Pings are no message: they would keep it for as long as they like. */
static void on_first_over(void *arg)
{
	struct conn *c = arg;

	if (!c->brought)
		conn_close(c, ERR_TIMEOUT, "no message came over it");
	else
		on_idle(c);
}

void stack_care_begin(struct stack *stack, struct conn *c)
{
	unsigned idle_ms = sip_realm_config(c->realm)->idle_timeout_ms; /* 0: the lab's, for ever */

	if (is_a_trunks(c))
		wait_for_ping(c);
	else if (c->accepted && !c->brought && idle_ms > FIRST_MS)
		timer_start(stack->timers, &c->care, FIRST_MS, on_first_over, c);
	else if (idle_ms)
		timer_start(stack->timers, &c->care, idle_ms, on_idle, c);
}
