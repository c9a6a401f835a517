/* A realm's options in media's words. */
#include "sbc/b2bua/realm_media.h"

struct media_realm_cfg realm_media(const struct config_realm *realm)
{
	static const enum source_rule rules[] = { [LATCH_STRICT] = SOURCE_STRICT,
		                                  [LATCH_LATCH] = SOURCE_LATCH,
		                                  [LATCH_NETWORK] = SOURCE_NETWORK };

	return (struct media_realm_cfg){
		.name = realm->name,
		.address = realm->media_address,
		.port_low = (uint16_t)realm->media_port_low,
		.port_high = (uint16_t)realm->media_port_high,
		.dscp = (uint8_t)realm->media_dscp,
		.timeout_ms = realm->media_timeout_ms,
		.keepalive_ms = realm->media_keepalive_ms,
		.latch = { .rule = rules[realm->latch],
		           .networks = realm->networks,
		           .nnetworks = realm->nnetworks },
	};
}
