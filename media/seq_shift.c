/* RFC 3711 3.3.1: a number that is ahead of the last is sent as it is, whatever is between. */
#include "media/seq_shift.h"

static bool is_behind(const struct seq_shift *s, uint16_t seq)
{
	return (uint16_t)(seq - s->last) >= 0x8000;
}

bool seq_shift(struct seq_shift *s, const struct rtp_header *header, enum quality_seq of_source,
               uint16_t *out)
{
	if (of_source == SEQ_JUMPS)
		return false;
	if (!s->started || s->ssrc != header->ssrc)
		*s = (struct seq_shift){ .started = true,
			                 .ssrc = header->ssrc,
			                 .last = header->seq };
	*out = (uint16_t)(header->seq + s->by);
	if (of_source == SEQ_ANEW && is_behind(s, *out)) {
		s->by = (uint16_t)(s->last + 1 - header->seq);
		*out = (uint16_t)(s->last + 1);
	}
	if (!is_behind(s, *out))
		s->last = *out;
	return true;
}
