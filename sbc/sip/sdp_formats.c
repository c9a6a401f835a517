/* Sofia's parser keeps the formats of RTP/AVP and RTP/SAVP as rtpmaps, those of the profiles with
 * feedback as words and attributes. Signalling thread. RFC 3551 6, RFC 8866 6.6. */
#include "sbc/sip/sdp_formats.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/err.h"
#include "sbc/sip/sdp_attr.h"

#define DYNAMIC   96 /* from here on types are for whatever rtpmap says (RFC 3551 3) */
#define RATE      8000
#define TYPE_PCMU 0 /* RFC 3551 6 */
#define TYPE_PCMA 8

static const struct {
	unsigned type;
	const char *name;
} well_known[] = { { 0, "PCMU" }, { 3, "GSM" }, { 4, "G723" },  { 5, "DVI4" }, { 8, "PCMA" },
	           { 9, "G722" }, { 13, "CN" }, { 15, "G728" }, { 18, "G729" } };

static void set_name(struct sdp_line_format *f, const char *name, size_t len)
{
	f->name = name;
	f->name_len = len;
}

static void name_well_known(struct sdp_line_format *f, uint8_t type)
{
	f->rate = RATE;
	f->params = "";
	f->params_len = 0;
	set_name(f, "", 0);
	for (size_t i = 0; i < ARRAY_LEN(well_known); i++) {
		if (well_known[i].type == type)
			set_name(f, well_known[i].name, strlen(well_known[i].name));
	}
}

/* "96 opus/48000/2", where it is of this format. */
static void read_rtpmap(const char *text, struct sdp_line_format *f)
{
	char *at;
	size_t len;

	if (strtoul(text, &at, 10) != f->type || at == text)
		return;
	text = at + strspn(at, " \t");
	len = strcspn(text, "/ ");
	if (len == 0)
		return;
	set_name(f, text, len);
	text += len;
	f->rate = *text == '/' ? strtoul(text + 1, &at, 10) : 0;
	f->params = *text == '/' && *at == '/' ? at + 1 : "";
	f->params_len = strcspn(f->params, " ");
	if (f->rate == 0)
		f->rate = RATE;
}

static void name_format(const sdp_media_t *m, struct sdp_line_format *f)
{
	name_well_known(f, f->type);
	for (const sdp_attribute_t *a = m->m_attributes; a; a = a->a_next) {
		if (a->a_value && strcasecmp(a->a_name, "rtpmap") == 0)
			read_rtpmap(a->a_value, f);
	}
}

void sdp_formats_of(const sdp_media_t *m, struct sdp_line_formats *out)
{
	struct sdp_line_format *f = out->list;

	for (const sdp_rtpmap_t *rm = m->m_rtpmaps; rm && f < out->list + SDP_TYPES;
	     rm = rm->rm_next, f++) {
		*f = (struct sdp_line_format){ .type = rm->rm_pt,
			                       .to = rm->rm_pt,
			                       .rate = rm->rm_rate ? rm->rm_rate : RATE,
			                       .params = rm->rm_params ? rm->rm_params : "",
			                       .fmtp = rm->rm_fmtp };
		f->params_len = strlen(f->params);
		if (rm->rm_encoding && *rm->rm_encoding)
			set_name(f, rm->rm_encoding, strlen(rm->rm_encoding));
		else
			name_format(m, f);
	}
	for (const sdp_list_t *l = m->m_format; l && f < out->list + SDP_TYPES;
	     l = l->l_next, f++) {
		uint8_t type = (uint8_t)strtoul(l->l_text, NULL, 10);

		*f = (struct sdp_line_format){ .type = type, .to = type };
		name_format(m, f);
	}
	out->n = (size_t)(f - out->list);
}

static bool is_named(const struct sdp_line_format *f, const char *name)
{
	return strncasecmp(f->name, name, f->name_len) == 0 && !name[f->name_len];
}

static unsigned channels_of(const struct sdp_line_format *f)
{
	return f->params_len ? (unsigned)strtoul(f->params, NULL, 10) : 1;
}

static uint8_t clock_of(const struct sdp_line_format *f)
{
	return f->rate % 1000 == 0 && f->rate / 1000 <= UINT8_MAX ? (uint8_t)(f->rate / 1000) : 0;
}

static enum sdp_format_kind kind_of(const struct sdp_line_format *f)
{
	if (is_named(f, "telephone-event"))
		return SDP_FORMAT_EVENTS;
	if (f->rate != RATE || channels_of(f) != 1)
		return SDP_FORMAT_OTHER;
	return is_named(f, "PCMU")   ? SDP_FORMAT_PCMU
	       : is_named(f, "PCMA") ? SDP_FORMAT_PCMA
	                             : SDP_FORMAT_OTHER;
}

/* FNV-1a. Two codecs that are taken for one would be their sender's own fault and harm. */
static uint32_t codec_of(const struct sdp_line_format *f)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < f->name_len; i++)
		hash = (hash ^ (uint8_t)tolower((unsigned char)f->name[i])) * 16777619U;
	hash = (hash ^ (uint32_t)f->rate) * 16777619U;
	return (hash ^ channels_of(f)) * 16777619U;
}

void sdp_formats_list(const struct sdp_line_formats *f, struct sdp_formats *out)
{
	out->n = 0;
	out->cut = false;
	for (size_t i = 0; i < f->n; i++) {
		if (f->list[i].name_len == 0)
			continue;
		if (out->n < SDP_FORMATS_MAX)
			out->list[out->n++] =
			    (struct sdp_format){ .type = f->list[i].to,
				                 .clock_khz = clock_of(&f->list[i]),
				                 .kind = kind_of(&f->list[i]),
				                 .codec = codec_of(&f->list[i]) };
		else
			out->cut = true;
	}
}

void sdp_formats_read(const struct sdp_line_formats *f, struct sdp_media *out)
{
	bool used[SDP_TYPES] = { false };
	unsigned type = SDP_TYPES - 1;

	for (size_t i = 0; i < f->n; i++) {
		used[f->list[i].type] = true;
		if (!out->event_type && kind_of(&f->list[i]) == SDP_FORMAT_EVENTS)
			out->event_type = f->list[i].type;
		out->comfort_noise = out->comfort_noise || is_named(&f->list[i], "CN");
		out->nests = out->nests || is_named(&f->list[i], "red");
	}
	while (type >= DYNAMIC && used[type])
		type--;
	out->unused_type = (uint8_t)(type >= DYNAMIC ? type : 0);
	sdp_formats_list(f, &out->formats);
}

bool sdp_formats_speak(const struct sdp_line_formats *f, const struct sdp_codecs *codecs)
{
	for (size_t i = 0; i < codecs->n; i++) {
		if (strcasecmp(codecs->names[i], "telephone-event") == 0 ||
		    strcasecmp(codecs->names[i], "CN") == 0)
			continue;
		for (size_t k = 0; k < f->n; k++) {
			if (is_named(&f->list[k], codecs->names[i]))
				return true;
		}
	}
	return false;
}

void sdp_formats_filter(struct sdp_line_formats *f, const struct sdp_codecs *codecs)
{
	struct sdp_line_formats kept;

	kept.n = 0;
	for (size_t i = 0; i < codecs->n; i++) {
		for (size_t k = 0; k < f->n && kept.n < SDP_TYPES; k++) {
			if (is_named(&f->list[k], codecs->names[i]))
				kept.list[kept.n++] = f->list[k];
		}
	}
	memcpy(f->list, kept.list, kept.n * sizeof(*kept.list));
	f->n = kept.n;
}

void sdp_formats_add_law(struct sdp_line_formats *f)
{
	struct sdp_line_format *other = &f->list[f->n];
	bool mu = false, a = false;

	for (size_t i = 0; i < f->n; i++) {
		mu = mu || kind_of(&f->list[i]) == SDP_FORMAT_PCMU;
		a = a || kind_of(&f->list[i]) == SDP_FORMAT_PCMA;
	}
	if (mu == a || f->n == SDP_TYPES)
		return;
	*other = (struct sdp_line_format){ .type = mu ? TYPE_PCMA : TYPE_PCMU };
	other->to = other->type;
	name_well_known(other, other->type);
	f->n++;
}

void sdp_formats_renumber(struct sdp_line_formats *f, const struct sdp_types *types)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct sdp_line_format *kept = &f->list[n];

		*kept = f->list[i];
		kept->to = types->to[kept->type];
		if (kept->to == SDP_DROPPED)
			continue;
		if (types->turned[kept->type])
			set_name(kept, kept->to == TYPE_PCMU ? "PCMU" : "PCMA", 4);
		n++;
	}
	f->n = n;
}

/* RFC 8866 5.14 wants at least one; 19 is reserved (RFC 3551 6). */
void sdp_formats_write(const struct sdp_line_formats *f, struct buf *out)
{
	if (f->n == 0)
		buf_puts(out, " 19");
	for (size_t i = 0; i < f->n; i++) {
		buf_puts(out, " ");
		buf_put_number(out, f->list[i].to);
	}
}

static const struct sdp_line_format *find(const struct sdp_line_formats *f, unsigned long type)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->list[i].type == type)
			return &f->list[i];
	}
	return NULL;
}

/* "apt=96" names the format that is sent again (RFC 4588 8.1). */
static void write_fmtp(const struct sdp_line_formats *f, const char *fmtp, struct buf *out)
{
	const char *apt = strcasestr(fmtp, "apt=");
	const struct sdp_line_format *again;
	unsigned long type;
	char *end;

	if (apt && (apt == fmtp || strchr(" ;", apt[-1]))) {
		type = strtoul(apt + 4, &end, 10);
		again = end > apt + 4 ? find(f, type) : NULL;
		if (again) {
			buf_add(out, fmtp, (size_t)(apt + 4 - fmtp));
			buf_put_number(out, again->to);
			fmtp = end;
		}
	}
	buf_puts(out, fmtp);
}

static void write_rtpmap(const struct sdp_line_format *f, struct buf *out)
{
	buf_puts(out, "a=rtpmap:");
	buf_put_number(out, f->to);
	buf_puts(out, " ");
	buf_add(out, f->name, f->name_len);
	buf_puts(out, "/");
	buf_put_number(out, f->rate);
	if (f->params_len) {
		buf_puts(out, "/");
		buf_add(out, f->params, f->params_len);
	}
	buf_puts(out, "\r\n");
}

/* The well-known formats too get their rtpmap; one that is neither known nor mapped crosses
 * without. */
void sdp_formats_write_maps(const struct sdp_line_formats *f, struct buf *out)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct sdp_line_format *one = &f->list[i];

		if (one->name_len)
			write_rtpmap(one, out);
		if (!one->fmtp || !sdp_attribute_crosses("fmtp", one->fmtp))
			continue;
		buf_puts(out, "a=fmtp:");
		buf_put_number(out, one->to);
		buf_puts(out, " ");
		write_fmtp(f, one->fmtp, out);
		buf_puts(out, "\r\n");
	}
}

bool sdp_formats_speaks_of(const sdp_attribute_t *a)
{
	static const char *const names[] = { "rtpmap", "fmtp", "rtcp-fb", "imageattr" };
	bool is = false;
	char *end;

	for (size_t i = 0; a->a_value && i < ARRAY_LEN(names); i++)
		is = is || strcasecmp(a->a_name, names[i]) == 0;
	if (!is)
		return false;
	strtoul(a->a_value, &end, 10);
	return end > a->a_value; /* else of all of them */
}

void sdp_formats_write_attribute(const struct sdp_line_formats *f, const sdp_attribute_t *a,
                                 struct buf *out)
{
	char *rest;
	const struct sdp_line_format *of = find(f, strtoul(a->a_value, &rest, 10));

	if (!of || strcasecmp(a->a_name, "rtpmap") == 0)
		return;
	buf_puts(out, "a=");
	buf_puts(out, a->a_name);
	buf_puts(out, ":");
	buf_put_number(out, of->to);
	if (strcasecmp(a->a_name, "fmtp") == 0)
		write_fmtp(f, rest, out);
	else
		buf_puts(out, rest);
	buf_puts(out, "\r\n");
}
