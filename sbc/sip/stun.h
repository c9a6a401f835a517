/* STUN's one question that we ask: what address do you see? (RFC 8489 2, 5, 14.1, 14.2). Nothing
 * here keeps state; any thread. */
#ifndef SBC_SIP_STUN_H
#define SBC_SIP_STUN_H

#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/err.h"

#define STUN_REQUEST_LEN 20
#define STUN_ID_LEN      12
#define STUN_PORT        3478

void stun_write_request(uint8_t out[STUN_REQUEST_LEN], const uint8_t id[STUN_ID_LEN]);
/* The address with its port that the server saw. ERR_REFUSED: not the answer to id. ERR_SYNTAX: it
 * is broken. ERR_NOT_FOUND: it is an error, or says nothing of an address. */
MUST_USE enum err stun_read_response(struct addr *out, const uint8_t id[STUN_ID_LEN],
                                     const uint8_t *data, size_t len);

#endif
