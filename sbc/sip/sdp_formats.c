/* Sofia's parser keeps the formats of RTP/AVP and RTP/SAVP as rtpmaps, those of the profiles with
 * feedback as words and attributes. Signalling thread. RFC 3551 6, RFC 8866 6.6. */
#include "sbc/sip/sdp_formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/err.h"

#define FORMATS_MAX 64
#define NAME_MAX    32

struct format {
	unsigned type;
	char name[NAME_MAX];
	sdp_rtpmap_t *map; /* one of the two */
	sdp_list_t *word;
};

static const struct {
	unsigned type;
	const char *name;
} well_known[] = { { 0, "PCMU" }, { 3, "GSM" }, { 4, "G723" },  { 5, "DVI4" }, { 8, "PCMA" },
	           { 9, "G722" }, { 13, "CN" }, { 15, "G728" }, { 18, "G729" } };

static void name_format(const sdp_media_t *m, struct format *f)
{
	for (size_t i = 0; i < ARRAY_LEN(well_known); i++) {
		if (well_known[i].type == f->type)
			snprintf(f->name, sizeof(f->name), "%s", well_known[i].name);
	}
	for (const sdp_attribute_t *a = m->m_attributes; a; a = a->a_next) {
		unsigned type;
		char name[NAME_MAX];

		if (a->a_value && strcasecmp(a->a_name, "rtpmap") == 0 &&
		    sscanf(a->a_value, "%3u %31[^/ ]", &type, name) == 2 && type == f->type)
			memcpy(f->name, name, sizeof(name));
	}
}

static size_t list_formats(const sdp_media_t *m, struct format formats[FORMATS_MAX])
{
	size_t n = 0;

	for (sdp_rtpmap_t *rm = m->m_rtpmaps; rm && n < FORMATS_MAX; rm = rm->rm_next, n++) {
		formats[n] = (struct format){ .type = rm->rm_pt, .map = rm };
		name_format(m, &formats[n]);
		if (rm->rm_encoding && *rm->rm_encoding)
			snprintf(formats[n].name, sizeof(formats[n].name), "%.31s",
			         rm->rm_encoding);
	}
	for (sdp_list_t *l = m->m_format; l && n < FORMATS_MAX; l = l->l_next, n++) {
		formats[n] =
		    (struct format){ .type = (unsigned)strtoul(l->l_text, NULL, 10), .word = l };
		name_format(m, &formats[n]);
	}
	return n;
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

/* Whether an attribute speaks of a format that is not there any more. */
static bool speaks_of_none(const sdp_attribute_t *a, struct format *const *kept, size_t n)
{
	static const char *const of_formats[] = { "rtpmap", "fmtp", "rtcp-fb", "imageattr" };
	char *end;
	unsigned long type;
	bool is = false;

	for (size_t i = 0; i < ARRAY_LEN(of_formats); i++)
		is = is || strcasecmp(a->a_name, of_formats[i]) == 0;
	if (!is || !a->a_value)
		return false;
	type = strtoul(a->a_value, &end, 10);
	if (end == a->a_value) /* of all of them */
		return false;
	while (n > 0 && kept[n - 1]->type != type)
		n--;
	return n == 0;
}

void sdp_formats_filter(sdp_media_t *m, char *const *codecs, size_t ncodecs)
{
	struct format formats[FORMATS_MAX], *kept[FORMATS_MAX];
	size_t n = list_formats(m, formats), nkept = 0;

	for (size_t i = 0; i < ncodecs; i++) {
		for (size_t k = 0; k < n && nkept < FORMATS_MAX; k++) {
			if (strcasecmp(formats[k].name, codecs[i]) == 0)
				kept[nkept++] = &formats[k];
		}
	}
	link_formats(m, kept, nkept);
	for (sdp_attribute_t **at = &m->m_attributes; *at;) {
		if (speaks_of_none(*at, kept, nkept))
			*at = (*at)->a_next;
		else
			at = &(*at)->a_next;
	}
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
			if (strcasecmp(formats[k].name, codecs[i]) == 0)
				return true;
		}
	}
	return false;
}
