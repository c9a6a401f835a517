/* Payload types that the two sides number differently, and G.711's two laws: what becomes of a
 * packet of one side on its way to the other. Any thread; a map is not changed once it is made. */
#ifndef MEDIA_PAYLOAD_H
#define MEDIA_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include "media/rtp.h"

#define PAYLOAD_TYPES 128

enum payload_law { LAW_STAYS, LAW_TO_MU, LAW_TO_A };

/* By the payload type that the packet has. */
struct payload_map {
	uint8_t to[PAYLOAD_TYPES];
	uint8_t law[PAYLOAD_TYPES]; /* enum payload_law, of what is G.711 under it */
};

void payload_map_init(struct payload_map *map); /* everything stays */
bool payload_map_changes(const struct payload_map *map);
/* header: of packet, which is plain; both are changed. */
void payload_map_apply(const struct payload_map *map, struct rtp_header *header, uint8_t *packet);

#endif
