/* OpenSSL's AES-GCM for libsrtp2 (RFC 7714). Signalling thread. For srtp_evp.c alone. */
#ifndef MEDIA_SRTP_GCM_H
#define MEDIA_SRTP_GCM_H

#include "base/err.h"

/* After srtp_init and srtp_aes_open. ERR_UNSUPPORTED as srtp_evp_install. */
MUST_USE enum err srtp_gcm_install(void);

#endif
