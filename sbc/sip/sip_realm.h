/* A realm's sockets. Signalling thread. Owned by the stack. */
#ifndef SBC_SIP_SIP_REALM_H
#define SBC_SIP_SIP_REALM_H

#include <stdbool.h>
#include "sbc/sip/frame.h"
#include "sbc/sip/stack_internal.h"

/* In its networks; a realm that names none admits everybody. */
bool sip_realm_admits(const struct sip_realm *realm, const struct addr *peer);
/* How long messages of its peers may be. */
struct frame_limits sip_realm_limits(const struct sip_realm *realm);
/* The address that a stream to peer leaves from: that of the transport's first listener of peer's
 * family, else of any. */
void sip_realm_leave_from(const struct sip_realm *realm, enum transport t, const struct addr *peer,
                          struct addr *out);
void sip_realms_free(struct stack *stack);

/* stack_conns.c: the stream connections and who waits for them. */
void stack_conns_init(struct stack *stack);
void stack_conns_end(struct stack *stack);
/* A verified trunk that connected to us takes our requests by its connection (RFC 5923). */
void stack_note_alias(struct conn *c, const struct message *request);
/* stack_care.c: pings, and the end of what carries nothing. From when c is open; timers of c end
 * it. */
void stack_care_begin(struct stack *stack, struct conn *c);
void stack_care_pong(void *arg, struct conn *c); /* of struct conn_handler */
void stack_care_heard(struct conn *c);           /* a message or pong came over it */
/* stack.c: what connections bring. */
void stack_on_message(struct stack *stack, struct conn *c, const struct addr *peer,
                      const char *data, size_t len);
void stack_on_unreadable(void *arg, struct conn *c, const struct addr *peer, const char *head,
                         size_t len, unsigned status, const char *why); /* of struct conn_handler */

#endif
