/* REGISTER from phones (RFC 3261 10.3). Signalling thread. */
#ifndef SBC_PHONE_REGISTRAR_H
#define SBC_PHONE_REGISTRAR_H

#include "config/config.h"
#include "sbc/phone/location.h"
#include "sbc/sip/txn.h"

/* Answers a REGISTER of a phone that phone_auth_check knows. */
void registrar_on_register(struct locations *ls, struct server_txn *txn,
                           const struct config_phone *phone);

#endif
