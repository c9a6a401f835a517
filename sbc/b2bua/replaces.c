/* Replaces: reading it, and finding the dialog that it means. Signalling thread. */
#include "sbc/b2bua/replaces.h"

#include <string.h>
#include <strings.h>

/* Copies a part up to the next ';' or blank. */
static bool take(const char **at, char out[REPLACES_MAX])
{
	size_t len = strcspn(*at, "; \t\r\n");

	if (len == 0 || len >= REPLACES_MAX)
		return false;
	memcpy(out, *at, len);
	out[len] = '\0';
	*at += len;
	return true;
}

static bool take_parameter(const char **at, struct replaces *r)
{
	char other[REPLACES_MAX];

	if (strncasecmp(*at, "to-tag=", 7) == 0) {
		*at += 7;
		return take(at, r->to_tag);
	}
	if (strncasecmp(*at, "from-tag=", 9) == 0) {
		*at += 9;
		return take(at, r->from_tag);
	}
	if (!take(at, other))
		return false;
	r->early_only = r->early_only || strcasecmp(other, "early-only") == 0;
	return true;
}

bool replaces_read(const char *value, struct replaces *out)
{
	const char *at = value;

	memset(out, 0, sizeof(*out));
	at += strspn(at, " \t");
	if (!take(&at, out->call_id))
		return false;
	for (;;) {
		at += strspn(at, " \t\r\n");
		if (!*at)
			return *out->to_tag && *out->from_tag;
		if (*at++ != ';')
			return false;
		at += strspn(at, " \t\r\n");
		if (!take_parameter(&at, out))
			return false;
	}
}

static bool is_it(const struct party *p, const struct replaces *r)
{
	return p->leg && leg_is_dialog(p->leg, r->call_id, r->to_tag, r->from_tag);
}

struct call *replaces_find(const struct border *b, const struct replaces *r, struct party **party)
{
	struct call *call;

	TAILQ_FOREACH (call, &b->calls, link) {
		*party = is_it(&call->caller, r)   ? &call->caller
		         : is_it(&call->callee, r) ? &call->callee
		                                   : NULL;
		if (*party)
			return call;
	}
	return NULL;
}
