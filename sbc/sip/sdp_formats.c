/* Sofia's parser keeps the formats of RTP/AVP and RTP/SAVP as rtpmaps, those of the profiles with
 * feedback as words and attributes. Signalling thread. RFC 3551 6, RFC 8866 6.6. */
#include "sbc/sip/sdp_formats.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sofia-sip/su_alloc.h>
#include "base/err.h"

#define FORMATS_MAX 64
#define NAME_MAX    32
#define DYNAMIC     96 /* from here on types are for whatever rtpmap says (RFC 3551 3) */
#define RATE        8000
#define TYPE_PCMU   0 /* RFC 3551 6 */
#define TYPE_PCMA   8

struct format {
	unsigned type;
	char name[NAME_MAX];
	unsigned long rate; /* Hz */
	unsigned channels;
	sdp_rtpmap_t *map; /* one of the two */
	sdp_list_t *word;
};

static const struct {
	unsigned type;
	const char *name;
} well_known[] = { { 0, "PCMU" }, { 3, "GSM" }, { 4, "G723" },  { 5, "DVI4" }, { 8, "PCMA" },
	           { 9, "G722" }, { 13, "CN" }, { 15, "G728" }, { 18, "G729" } };

static const char *type_name(unsigned type)
{
	for (size_t i = 0; i < ARRAY_LEN(well_known); i++) {
		if (well_known[i].type == type)
			return well_known[i].name;
	}
	return "";
}

static void name_format(const sdp_media_t *m, struct format *f)
{
	f->rate = RATE;
	f->channels = 1;
	snprintf(f->name, sizeof(f->name), "%s", type_name(f->type));
	for (const sdp_attribute_t *a = m->m_attributes; a; a = a->a_next) {
		unsigned type, channels = 1;
		unsigned long rate = RATE;
		char name[NAME_MAX];

		if (!a->a_value || strcasecmp(a->a_name, "rtpmap") != 0 ||
		    sscanf(a->a_value, "%3u %31[^/ ]/%9lu/%3u", &type, name, &rate, &channels) <
		        2 ||
		    type != f->type)
			continue;
		memcpy(f->name, name, sizeof(name));
		f->rate = rate;
		f->channels = channels;
	}
}

static size_t list_formats(const sdp_media_t *m, struct format formats[FORMATS_MAX])
{
	size_t n = 0;

	for (sdp_rtpmap_t *rm = m->m_rtpmaps; rm && n < FORMATS_MAX; rm = rm->rm_next, n++) {
		formats[n] = (struct format){ .type = rm->rm_pt, .map = rm };
		if (!rm->rm_encoding || !*rm->rm_encoding) {
			name_format(m, &formats[n]);
			continue;
		}
		snprintf(formats[n].name, sizeof(formats[n].name), "%.31s", rm->rm_encoding);
		formats[n].rate = rm->rm_rate ? rm->rm_rate : RATE;
		formats[n].channels =
		    rm->rm_params ? (unsigned)strtoul(rm->rm_params, NULL, 10) : 1;
	}
	for (sdp_list_t *l = m->m_format; l && n < FORMATS_MAX; l = l->l_next, n++) {
		formats[n] =
		    (struct format){ .type = (unsigned)strtoul(l->l_text, NULL, 10), .word = l };
		name_format(m, &formats[n]);
	}
	return n;
}

static bool is_named(const struct format *f, const char *name)
{
	return strcasecmp(f->name, name) == 0;
}

static uint8_t clock_of(const struct format *f)
{
	return f->rate % 1000 == 0 && f->rate / 1000 <= UINT8_MAX ? (uint8_t)(f->rate / 1000) : 0;
}

static enum sdp_format_kind kind_of(const struct format *f)
{
	if (is_named(f, "telephone-event"))
		return SDP_FORMAT_EVENTS;
	if (f->rate != RATE || f->channels != 1)
		return SDP_FORMAT_OTHER;
	return is_named(f, "PCMU")   ? SDP_FORMAT_PCMU
	       : is_named(f, "PCMA") ? SDP_FORMAT_PCMA
	                             : SDP_FORMAT_OTHER;
}

/* FNV-1a. Two codecs that are taken for one would be their sender's own fault and harm. */
static uint32_t codec_of(const struct format *f)
{
	char text[NAME_MAX + 32];
	uint32_t hash = 2166136261U;
	int n = snprintf(text, sizeof(text), "%s/%lu/%u", f->name, f->rate, f->channels);

	for (int i = 0; i < n; i++)
		hash = (hash ^ (uint8_t)tolower((unsigned char)text[i])) * 16777619U;
	return hash;
}

void sdp_formats_list(const sdp_media_t *m, struct sdp_formats *out)
{
	struct format formats[FORMATS_MAX];
	size_t n = list_formats(m, formats);

	out->n = 0;
	out->cut = false;
	for (size_t i = 0; i < n; i++) {
		if (formats[i].type >= SDP_TYPES || !*formats[i].name)
			continue;
		if (out->n < SDP_FORMATS_MAX)
			out->list[out->n++] =
			    (struct sdp_format){ .type = (uint8_t)formats[i].type,
				                 .clock_khz = clock_of(&formats[i]),
				                 .kind = kind_of(&formats[i]),
				                 .codec = codec_of(&formats[i]) };
		else
			out->cut = true;
	}
}

void sdp_formats_read(const sdp_media_t *m, struct sdp_media *out)
{
	struct format formats[FORMATS_MAX];
	size_t n = list_formats(m, formats);
	bool used[SDP_TYPES] = { false };
	unsigned type = SDP_TYPES - 1;

	for (size_t i = 0; i < n; i++) {
		if (formats[i].type < SDP_TYPES)
			used[formats[i].type] = true;
		if (!out->event_type && kind_of(&formats[i]) == SDP_FORMAT_EVENTS)
			out->event_type = (uint8_t)formats[i].type;
		out->comfort_noise = out->comfort_noise || is_named(&formats[i], "CN");
		out->nests = out->nests || is_named(&formats[i], "red");
	}
	while (type >= DYNAMIC && used[type])
		type--;
	out->unused_type = (uint8_t)(type >= DYNAMIC ? type : 0);
	sdp_formats_list(m, &out->formats);
}

/* Puts the formats behind each other. */
static void link_formats(sdp_media_t *m, struct format *const *kept, size_t n)
{
	sdp_rtpmap_t **map = &m->m_rtpmaps;
	sdp_list_t **word = &m->m_format;

	for (size_t i = 0; i < n; i++) {
		if (kept[i]->map) {
			*map = kept[i]->map;
			map = &kept[i]->map->rm_next;
		} else {
			*word = kept[i]->word;
			word = &kept[i]->word->l_next;
		}
	}
	*map = NULL;
	*word = NULL;
}

/* Whether an attribute speaks of one format; rest: what it says of it. */
static bool speaks_of(const sdp_attribute_t *a, unsigned long *type, const char **rest)
{
	static const char *const of_formats[] = { "rtpmap", "fmtp", "rtcp-fb", "imageattr" };
	bool is = false;
	char *end;

	for (size_t i = 0; i < ARRAY_LEN(of_formats); i++)
		is = is || strcasecmp(a->a_name, of_formats[i]) == 0;
	if (!is || !a->a_value)
		return false;
	*type = strtoul(a->a_value, &end, 10);
	*rest = end;
	return end > a->a_value; /* else of all of them */
}

/* Of a format that is not there any more. */
static bool speaks_of_none(const sdp_attribute_t *a, struct format *const *kept, size_t n)
{
	unsigned long type;
	const char *rest;

	if (!speaks_of(a, &type, &rest))
		return false;
	while (n > 0 && kept[n - 1]->type != type)
		n--;
	return n == 0;
}

static void keep_formats(sdp_media_t *m, struct format *const *kept, size_t n)
{
	link_formats(m, kept, n);
	for (sdp_attribute_t **at = &m->m_attributes; *at;) {
		if (speaks_of_none(*at, kept, n))
			*at = (*at)->a_next;
		else
			at = &(*at)->a_next;
	}
}

void sdp_formats_filter(sdp_media_t *m, char *const *codecs, size_t ncodecs)
{
	struct format formats[FORMATS_MAX], *kept[FORMATS_MAX] = { NULL };
	size_t n = list_formats(m, formats), nkept = 0;

	for (size_t i = 0; i < ncodecs; i++) {
		for (size_t k = 0; k < n && nkept < FORMATS_MAX; k++) {
			if (is_named(&formats[k], codecs[i]))
				kept[nkept++] = &formats[k];
		}
	}
	keep_formats(m, kept, nkept);
}

static uint8_t new_type(const struct sdp_types *types, unsigned long type)
{
	return type < SDP_TYPES ? types->to[type] : SDP_DROPPED;
}

/* "apt=96" names the format that is sent again (RFC 4588 8.1). */
static const char *renumber_fmtp(su_home_t *home, const char *fmtp, const struct sdp_types *types)
{
	const char *apt = strcasestr(fmtp, "apt="), *at = apt ? apt + 4 : NULL;
	unsigned long type;
	char *end;

	if (!at || (apt > fmtp && !strchr(" ;", apt[-1])))
		return fmtp;
	type = strtoul(at, &end, 10);
	if (end == at || new_type(types, type) == SDP_DROPPED)
		return fmtp;
	return su_sprintf(home, "%.*s%u%s", (int)(at - fmtp), fmtp, new_type(types, type), end);
}

/* Where the parser left rtpmap and fmtp among the attributes, too. */
static enum err renumber_attribute(su_home_t *home, sdp_attribute_t *a,
                                   const struct sdp_types *types)
{
	unsigned long type;
	const char *rest;

	if (!speaks_of(a, &type, &rest) || new_type(types, type) == SDP_DROPPED)
		return OK;
	if (strcasecmp(a->a_name, "fmtp") == 0)
		rest = renumber_fmtp(home, rest, types);
	else if (strcasecmp(a->a_name, "rtpmap") == 0 && types->turned[type])
		rest = types->to[type] == TYPE_PCMU ? " PCMU/8000" : " PCMA/8000";
	if (rest)
		a->a_value = su_sprintf(home, "%u%s", new_type(types, type), rest);
	return rest && a->a_value ? OK : ERR_NOMEM;
}

static enum err renumber_format(su_home_t *home, struct format *f, const struct sdp_types *types)
{
	unsigned type = types->to[f->type];

	if (f->word) {
		f->word->l_text = su_sprintf(home, "%u", type);
		return f->word->l_text ? OK : ERR_NOMEM;
	}
	f->map->rm_pt = type & (SDP_TYPES - 1);
	if (types->turned[f->type])
		f->map->rm_encoding = type == TYPE_PCMU ? "PCMU" : "PCMA";
	if (!f->map->rm_fmtp)
		return OK;
	f->map->rm_fmtp = renumber_fmtp(home, f->map->rm_fmtp, types);
	return f->map->rm_fmtp ? OK : ERR_NOMEM;
}

enum err sdp_formats_renumber(su_home_t *home, sdp_media_t *m, const struct sdp_types *types)
{
	struct format formats[FORMATS_MAX], *kept[FORMATS_MAX] = { NULL };
	size_t n = list_formats(m, formats), nkept = 0;
	enum err err = OK;

	for (size_t i = 0; i < n; i++) {
		if (new_type(types, formats[i].type) != SDP_DROPPED)
			kept[nkept++] = &formats[i];
	}
	keep_formats(m, kept, nkept);
	for (size_t i = 0; i < nkept && !err; i++)
		err = renumber_format(home, kept[i], types);
	for (sdp_attribute_t *a = m->m_attributes; a && !err; a = a->a_next)
		err = renumber_attribute(home, a, types);
	return err;
}

static enum err add_static(su_home_t *home, sdp_media_t *m, unsigned type)
{
	sdp_rtpmap_t *rm, **map = &m->m_rtpmaps;
	sdp_list_t *l, **word = &m->m_format;

	if (m->m_rtpmaps) {
		while (*map)
			map = &(*map)->rm_next;
		*map = rm = su_salloc(home, sizeof(*rm));
		if (!rm)
			return ERR_NOMEM;
		rm->rm_predef = true;
		rm->rm_pt = type & (SDP_TYPES - 1);
		rm->rm_encoding = type_name(type);
		rm->rm_rate = RATE;
		return OK;
	}
	while (*word)
		word = &(*word)->l_next;
	*word = l = su_salloc(home, sizeof(*l));
	if (!l)
		return ERR_NOMEM;
	l->l_text = su_sprintf(home, "%u", type);
	return l->l_text ? OK : ERR_NOMEM;
}

enum err sdp_formats_add_law(su_home_t *home, sdp_media_t *m)
{
	struct format formats[FORMATS_MAX];
	size_t n = list_formats(m, formats);
	bool mu = false, a = false;

	for (size_t i = 0; i < n; i++) {
		mu = mu || kind_of(&formats[i]) == SDP_FORMAT_PCMU;
		a = a || kind_of(&formats[i]) == SDP_FORMAT_PCMA;
	}
	return mu == a ? OK : add_static(home, m, mu ? TYPE_PCMA : TYPE_PCMU);
}

bool sdp_formats_speak(const sdp_media_t *m, char *const *codecs, size_t ncodecs)
{
	struct format formats[FORMATS_MAX];
	size_t n = list_formats(m, formats);

	for (size_t i = 0; i < ncodecs; i++) {
		if (strcasecmp(codecs[i], "telephone-event") == 0 ||
		    strcasecmp(codecs[i], "CN") == 0)
			continue;
		for (size_t k = 0; k < n; k++) {
			if (is_named(&formats[k], codecs[i]))
				return true;
		}
	}
	return false;
}
