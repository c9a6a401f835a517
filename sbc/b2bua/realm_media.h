/* What media is told of a realm. */
#ifndef SBC_B2BUA_REALM_MEDIA_H
#define SBC_B2BUA_REALM_MEDIA_H

#include "config/config.h"
#include "media/media.h"

/* Borrows from realm. */
struct media_realm_cfg realm_media(const struct config_realm *realm);

#endif
