/* RFC 3550 6.4.1: who answers an SR says how long it was held, and the rest is the way. The SR may
 * be the other side's, which passed through us: the time is counted from here. The worker of the
 * stream. */
#include "media/reports.h"

uint32_t reports_came(struct reports *r, const struct rtcp_said *said, uint64_t now_us)
{
	uint64_t held_us, took_us;

	r->heard_ms = now_us / 1000;
	if (said->is_sender) {
		r->from_middle = said->middle;
		r->from_us = now_us;
	}
	if (!said->lsr || !r->to_us || said->lsr != r->to_middle)
		return 0;
	held_us = (uint64_t)said->dlsr * 1000000 / 65536;
	took_us = now_us - r->to_us;
	if (held_us > took_us || took_us - held_us > UINT32_MAX)
		return 0;
	return took_us > held_us ? (uint32_t)(took_us - held_us) : 1;
}

void reports_go(struct reports *r, const struct rtcp_said *said, uint64_t now_us)
{
	if (!said->is_sender)
		return;
	r->to_middle = said->middle;
	r->to_us = now_us;
}

size_t reports_write(struct reports *r, struct quality *came, uint32_t own_ssrc, uint8_t *packet,
                     uint64_t now_us, uint64_t wall_us)
{
	const struct rtcp_sender sender = {
		.ntp = rtcp_ntp(wall_us),
		.timestamp =
		    r->timestamp + (uint32_t)((now_us / 1000 - r->at_ms) * r->clock_hz / 1000),
		.packets = (uint32_t)r->packets,
		.octets = (uint32_t)r->octets,
	};
	struct rtcp_report report = { .ssrc = r->packets ? r->ssrc : own_ssrc,
		                      .sender = r->packets ? &sender : NULL,
		                      .name = &r->name };
	struct quality_report block;

	if (quality_report(came, &block)) {
		report.block = &block;
		report.lsr = r->from_us ? r->from_middle : 0;
		report.dlsr = r->from_us ? (uint32_t)((now_us - r->from_us) * 65536 / 1000000) : 0;
	}
	reports_go(r,
	           &(struct rtcp_said){ .is_sender = report.sender != NULL,
	                                .middle = (uint32_t)(sender.ntp >> 16) },
	           now_us);
	return rtcp_write(packet, &report);
}
