/* In which order the targets of a service are tried (RFC 2782). Any thread. */
#ifndef SBC_SIP_SRV_ORDER_H
#define SBC_SIP_SRV_ORDER_H

#include "sbc/sip/dns_message.h"

/* Lowest priority first; within one by chance, in proportion to the weights. */
void srv_order(struct dns_srv *list, size_t n);

#endif
