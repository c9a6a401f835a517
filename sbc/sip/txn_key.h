/* Which requests are one: the texts by which server transactions are found. Any thread. */
#ifndef SBC_SIP_TXN_KEY_H
#define SBC_SIP_TXN_KEY_H

#include "sbc/sip/message.h"

#define TXN_KEY_MAX 400 /* with its NUL */

/* RFC 3261 17.2.3: branch, sent-by and method; ACK and CANCEL look for their INVITE. */
void txn_key(char *key, const char *branch, const char *sent_by, const char *method);
void txn_key_of(char *key, const struct message *m, const char *method);
/* 8.2.2.2: what the copies of one request have in common that came by several ways. */
void txn_key_of_copies(char *key, const struct message *m);

#endif
