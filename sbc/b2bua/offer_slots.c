/* Signalling thread. RFC 3264 6, 8; RFC 4568. */
#include "sbc/b2bua/offer_slots.h"

#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "sbc/b2bua/offer_line.h"

static bool is_one_of_two(const struct slots *s, size_t slot)
{
	for (size_t i = 0; i < s->n; i++) {
		if (i != slot && s->all[i].line == s->all[slot].line)
			return true;
	}
	return false;
}

static bool go_together(const struct sdp_media *a, const struct sdp_media *b)
{
	return a->proto < SDP_DATAGRAM && b->proto < SDP_DATAGRAM && a->proto != b->proto &&
	       !a->rejected && !b->rejected && strcasecmp(a->kind, b->kind) == 0;
}

static void add(struct slots *s, uint8_t line)
{
	if (line == s->nlines)
		s->used[s->nlines++] = s->n;
	s->all[s->n++].line = line;
}

void slots_take(struct slots *s, const struct sdp *offer)
{
	size_t was = s->n;

	for (size_t i = was; i < sdp_nmedia(offer); i++) {
		size_t k = was;

		while (k < i && (is_one_of_two(s, k) ||
		                 !go_together(sdp_media_at(offer, k), sdp_media_at(offer, i))))
			k++;
		add(s, k < i ? s->all[k].line : s->nlines);
	}
	for (size_t i = 0; i < s->n && i < sdp_nmedia(offer); i++) {
		s->all[i].proto = (uint8_t)sdp_media_at(offer, i)->proto;
		s->all[i].feedback = sdp_media_at(offer, i)->feedback;
		s->all[i].open = !sdp_media_at(offer, i)->rejected;
	}
}

static bool is_there(const struct slots *s, const struct sdp *in, size_t slot)
{
	return s->all[slot].open && !sdp_media_at(in, slot)->rejected;
}

/* Whether of a line's two slots a is the better one. */
static bool is_better(const struct slots *s, const struct offer_side *side, const struct sdp *in,
                      size_t a, size_t b)
{
	bool a_is_secure = sdp_media_at(in, a)->proto == SDP_SRTP;
	struct line_place place;
	bool secure;

	if (!is_there(s, in, a) || !is_there(s, in, b))
		return is_there(s, in, a);
	secure = !line_judge(side, sdp_media_at(in, a_is_secure ? a : b), &place) ||
	         line_judge(side, sdp_media_at(in, a_is_secure ? b : a), &place);
	mem_wipe(&place, sizeof(place));
	return secure == a_is_secure;
}

void slots_fold(struct slots *s, const struct offer_side *side, struct sdp *in)
{
	uint8_t pick[SDP_MEDIA_MAX] = { 0 };
	size_t n = 0;

	for (uint8_t i = 0; i < s->n && i < sdp_nmedia(in); i++) {
		uint8_t line = s->all[i].line;

		if (line < n && !is_better(s, side, in, i, pick[line]))
			continue;
		pick[line] = s->used[line] = i;
		n = line < n ? n : line + 1U;
	}
	sdp_pick(in, pick, n);
}

void slots_open(struct slots *s, bool two, size_t more)
{
	if (s->n == SDP_MEDIA_MAX)
		return;
	add(s, s->nlines);
	if (two && s->n + 1 + more <= SDP_MEDIA_MAX)
		add(s, (uint8_t)(s->nlines - 1));
}

void slots_write(struct slots *s, const struct sdp_out_media *lines, const bool *beside,
                 bool offers, struct sdp_out_media *media, uint8_t *of)
{
	for (uint8_t i = s->n; i-- > 0;) {
		if (beside[s->all[i].line])
			s->used[s->all[i].line] = i;
	}
	for (uint8_t i = 0; i < s->n; i++) {
		struct slot *slot = &s->all[i];
		bool used = s->used[slot->line] == i;

		of[i] = slot->line;
		media[i] = lines[slot->line];
		if (!used) {
			media[i].written = NULL;
			media[i].crypto = NULL;
			media[i].ncrypto = 0;
			media[i].rejected = media[i].rejected || !beside[slot->line];
			media[i].proto = beside[slot->line] ? SDP_RTP : (enum sdp_proto)slot->proto;
			media[i].feedback = slot->feedback;
		}
		if (offers) {
			slot->proto = (uint8_t)media[i].proto;
			slot->feedback = media[i].feedback;
			slot->open = !media[i].rejected;
		}
	}
}
