/* RFC 3550 A.1 says when a source has begun anew, RFC 3711 3.3.1 what that means. One that jumps
 * ahead goes on from there: no number is used twice so. */
#include "media/seq_shift.h"

#include <string.h>

/* A source that was forgotten begins as any does. */
static struct seq_source *find(struct seq_shift *s, const struct rtp_header *h)
{
	struct seq_source source = { .ssrc = h->ssrc };
	size_t i = 0;

	while (i < SEQ_SHIFT_SOURCES - 1 &&
	       !(s->sources[i].started && s->sources[i].ssrc == h->ssrc))
		i++;
	if (s->sources[i].started && s->sources[i].ssrc == h->ssrc)
		source = s->sources[i];
	memmove(&s->sources[1], &s->sources[0], i * sizeof(source));
	s->sources[0] = source;
	return &s->sources[0];
}

bool seq_shift(struct seq_shift *s, const struct rtp_header *h, uint16_t *out)
{
	struct seq_source *of = find(s, h);
	uint16_t ahead;

	*out = (uint16_t)(h->seq + of->by);
	ahead = of->started ? (uint16_t)(*out - of->last) : 0;
	if (ahead > UINT16_MAX + 1 - RTP_MAX_MISORDER)
		return true;
	if (ahead >= RTP_MAX_DROPOUT) {
		bool meant = of->jumped && h->seq == of->confirms;

		of->jumped = !meant;
		of->confirms = (uint16_t)(h->seq + 1);
		if (!meant)
			return false;
		if (ahead >= 0x8000)
			*out = (uint16_t)(of->last + 1);
		of->by = (uint16_t)(*out - h->seq);
	}
	of->jumped = false;
	of->started = true;
	of->last = *out;
	return true;
}
