/* A realm's sockets. Signalling thread. Owned by the stack. */
#ifndef SBC_SIP_SIP_REALM_H
#define SBC_SIP_SIP_REALM_H

#include <stdbool.h>
#include "sbc/sip/stack_internal.h"

/* In its networks; a realm that names none admits everybody. */
bool sip_realm_admits(const struct sip_realm *realm, const struct addr *peer);
void sip_realms_free(struct stack *stack);

/* stack_conns.c: the stream connections and who waits for them. */
void stack_conns_init(struct stack *stack);
void stack_conns_end(struct stack *stack);
/* stack.c: what connections bring. */
void stack_on_message(struct stack *stack, struct conn *c, const struct addr *peer,
                      const char *data, size_t len);

#endif
