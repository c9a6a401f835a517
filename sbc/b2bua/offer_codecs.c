/* What a side said is what it wants to receive; what it was told is what it sends with (RFC 3264
 * 6.1), though some send with what they said. Where both numbers of a side are the same, and those
 * of the other side too, no packet is changed. Signalling thread. */
#include "sbc/b2bua/offer_codecs.h"

#include <string.h>
#include <strings.h>
#include "media/rtp.h"

#define CODECS_MAX 32 /* of a list, with the other laws; it has at most 16 */
#define DYNAMIC    96
#define NOWHERE    (-1)

static bool lists(const struct sdp_codecs *codecs, const char *name)
{
	for (size_t i = 0; i < codecs->n; i++) {
		if (strcasecmp(codecs->names[i], name) == 0)
			return true;
	}
	return false;
}

static bool lists_law(const struct sdp_codecs *codecs)
{
	return lists(codecs, "PCMU") || lists(codecs, "PCMA");
}

bool codecs_want_both_laws(const struct offer_side sides[MEDIA_NSIDES])
{
	return lists_law(&sides[SIDE_CALLER].codecs) || lists_law(&sides[SIDE_CALLEE].codecs);
}

const char *codecs_judge(const struct offer_side sides[MEDIA_NSIDES], enum media_side from,
                         const struct sdp *sdp, size_t i)
{
	const struct sdp_codecs *theirs = &sides[from].codecs, *others = &sides[!from].codecs;
	char mu[] = "PCMU", a[] = "PCMA", silence[] = "CN", *both[CODECS_MAX] = { silence };
	struct sdp_codecs can = { both, 1 };

	if (!sdp_media_speaks(sdp, i, theirs))
		return "none of its codecs is among those of the trunk";
	if (!others->n)
		return NULL;
	for (size_t k = 0; k < others->n && can.n < CODECS_MAX; k++) {
		if (!theirs->n || lists(theirs, others->names[k]))
			both[can.n++] = others->names[k];
	}
	if (lists_law(others) && can.n + 2 <= CODECS_MAX) {
		if (!theirs->n || lists(theirs, mu))
			both[can.n++] = mu;
		if (!theirs->n || lists(theirs, a))
			both[can.n++] = a;
	}
	if (sdp_media_speaks(sdp, i, &can))
		return NULL;
	return theirs->n ? "none of its codecs is among those of both trunks"
	                 : "none of its codecs is among those of the trunk";
}

/* The other law of G.711; OTHER: it is no law. */
static enum sdp_format_kind other_law(const struct sdp_format *f)
{
	return f->kind == SDP_FORMAT_PCMU   ? SDP_FORMAT_PCMA
	       : f->kind == SDP_FORMAT_PCMA ? SDP_FORMAT_PCMU
	                                    : SDP_FORMAT_OTHER;
}

static int find_kind(const struct sdp_formats *in, enum sdp_format_kind kind)
{
	for (size_t i = 0; kind != SDP_FORMAT_OTHER && i < in->n; i++) {
		if (in->list[i].kind == kind)
			return in->list[i].type;
	}
	return NOWHERE;
}

bool codecs_share(const struct sdp_formats *a, const struct sdp_formats *b)
{
	bool laws =
	    find_kind(a, SDP_FORMAT_PCMU) != NOWHERE || find_kind(a, SDP_FORMAT_PCMA) != NOWHERE;

	if (a->n == 0 || b->n == 0 || a->cut || b->cut)
		return true;
	for (size_t i = 0; i < b->n; i++) {
		const struct sdp_format *f = &b->list[i];

		if (laws && other_law(f) != SDP_FORMAT_OTHER)
			return true;
		for (size_t k = 0; k < a->n; k++) {
			if (a->list[k].codec == f->codec && f->kind != SDP_FORMAT_EVENTS &&
			    f->type != RTP_COMFORT_NOISE)
				return true;
		}
	}
	return false;
}

/* The number that f has in a list, its own one if it has that there; none that is taken. */
static int find_codec(const struct sdp_formats *in, const struct sdp_format *f, const bool *taken)
{
	int found = NOWHERE;

	for (size_t i = 0; i < in->n; i++) {
		const struct sdp_format *have = &in->list[i];

		if (have->codec != f->codec || (taken && taken[have->type]))
			continue;
		if (have->type == f->type)
			return f->type;
		if (found == NOWHERE)
			found = have->type;
	}
	return found;
}

static bool has_type(const struct sdp_formats *in, unsigned type)
{
	for (size_t i = 0; i < in->n; i++) {
		if (in->list[i].type == type)
			return true;
	}
	return false;
}

/* A number of a side that stands for nothing there yet. */
static int free_type(const struct line_side *side, const struct sdp_media *m, const bool *taken,
                     uint8_t wish)
{
	if (!taken[wish] && !has_type(&side->said, wish) && !has_type(&side->told, wish))
		return wish;
	for (int type = SDP_TYPES - 1; type >= DYNAMIC; type--) {
		if (!taken[type] && !has_type(&side->said, (unsigned)type) &&
		    !has_type(&side->told, (unsigned)type) &&
		    !has_type(&m->formats, (unsigned)type))
			return type;
	}
	return NOWHERE;
}

/* Whether a side that does not know this law of G.711 is told the other one, which it knows. In an
 * offer who lists this law may as well learn it. */
static bool turns(const struct line *line, const struct line_side *side,
                  const struct sdp_codecs *codecs, const struct sdp_format *f, bool offers)
{
	if (offers &&
	    (!line->turned || lists(codecs, f->kind == SDP_FORMAT_PCMU ? "PCMU" : "PCMA")))
		return false;
	return find_kind(&side->said, f->kind) == NOWHERE &&
	       find_kind(&side->said, other_law(f)) != NOWHERE;
}

static int type_for(const struct line_side *side, const struct sdp_media *m,
                    const struct sdp_format *f, const bool *taken)
{
	int type = find_codec(&side->said, f, taken);

	if (type == NOWHERE)
		type = find_codec(&side->told, f, taken);
	return type == NOWHERE ? free_type(side, m, taken, f->type) : type;
}

bool codecs_for(const struct line *line, enum media_side reader, const struct sdp_codecs *codecs,
                const struct sdp_media *m, bool offers, struct sdp_types *out)
{
	const struct line_side *side = &line->sides[reader];
	bool taken[SDP_TYPES] = { false }, changes = false;

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < SDP_TYPES; i++)
		out->to[i] = (uint8_t)i;
	/* Who lists more than we know apart keeps all numbers: another could be one of the rest. */
	if (m->nests || m->formats.cut)
		return false;
	for (size_t i = 0; i < m->formats.n; i++) {
		const struct sdp_format *f = &m->formats.list[i];
		int type;

		if (other_law(f) != SDP_FORMAT_OTHER && turns(line, side, codecs, f, offers)) {
			out->turned[f->type] = find_kind(&m->formats, other_law(f)) == NOWHERE;
			type = out->turned[f->type] ? find_kind(&side->said, other_law(f))
			                            : SDP_DROPPED;
		} else {
			type = type_for(side, m, f, taken);
		}
		out->to[f->type] = (uint8_t)(type == NOWHERE ? SDP_DROPPED : type);
		if (out->to[f->type] != SDP_DROPPED)
			taken[out->to[f->type]] = true;
		out->turns = out->turns || out->turned[f->type];
		changes = changes || out->turns || out->to[f->type] != f->type;
	}
	return changes;
}

void codecs_agree(struct line *line)
{
	const struct sdp_formats *a = &line->sides[SIDE_CALLER].said,
	                         *b = &line->sides[SIDE_CALLEE].said;
	bool mu[] = { find_kind(a, SDP_FORMAT_PCMU) != NOWHERE,
		      find_kind(b, SDP_FORMAT_PCMU) != NOWHERE },
	     law[] = { find_kind(a, SDP_FORMAT_PCMA) != NOWHERE,
		       find_kind(b, SDP_FORMAT_PCMA) != NOWHERE };

	line->turned = mu[0] != law[0] && mu[1] != law[1] && mu[0] != mu[1];
	for (int side = 0; side < MEDIA_NSIDES; side++) {
		struct line_side *s = &line->sides[side];
		int events = find_kind(&s->told, SDP_FORMAT_EVENTS);
		uint8_t clock_khz[RTP_NDYNAMIC];

		memcpy(clock_khz, s->place.clock_khz, sizeof(clock_khz));
		line_clocks(&s->told, clock_khz);
		if (events == NOWHERE)
			events = s->place.event_type;
		if (events == s->place.event_type &&
		    memcmp(clock_khz, s->place.clock_khz, sizeof(clock_khz)) == 0)
			continue;
		s->place.event_type = (uint8_t)events;
		memcpy(s->place.clock_khz, clock_khz, sizeof(clock_khz));
		s->placed = false;
	}
}

static void map_formats(const struct line_side *to, const struct sdp_formats *formats, bool *done,
                        struct payload_map *out)
{
	bool taken[SDP_TYPES] = { false };

	for (size_t i = 0; i < formats->n; i++) {
		const struct sdp_format *f = &formats->list[i];
		int type = find_codec(&to->said, f, taken);

		if (done[f->type])
			continue;
		done[f->type] = true;
		if (type == NOWHERE) {
			type = find_kind(&to->said, other_law(f));
			if (type != NOWHERE)
				out->law[f->type] =
				    f->kind == SDP_FORMAT_PCMA ? LAW_TO_MU : LAW_TO_A;
		}
		if (type == NOWHERE)
			continue;
		taken[type] = true;
		out->to[f->type] = (uint8_t)type;
	}
}

void codecs_map(const struct line *line, enum media_side from, struct payload_map *out)
{
	const struct line_side *s = &line->sides[from];
	bool done[SDP_TYPES] = { false };

	payload_map_init(out);
	if (line->opaque || line->nests)
		return;
	map_formats(&line->sides[!from], &s->told, done, out);
	map_formats(&line->sides[!from], &s->said, done, out);
}
