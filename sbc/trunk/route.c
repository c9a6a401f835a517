/* Where a call goes: the first route that fits. Any thread; reads the configuration only. */
#include "sbc/trunk/route.h"

#include <stdbool.h>
#include <string.h>

static bool party_fits(const struct config_party *rule, const struct config_party *from)
{
	switch (rule->kind) {
	case PARTY_REALM:
		return from->kind == PARTY_PHONE && from->phone->realm == rule->realm;
	case PARTY_PHONE:
		return from->kind == PARTY_PHONE && from->phone == rule->phone;
	case PARTY_TRUNK:
		return from->kind == PARTY_TRUNK && from->trunk == rule->trunk;
	}
	return false;
}

/* "+49*" fits what begins with +49, "*" all, "100" only 100. */
static bool number_fits(const char *pattern, const char *number)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*')
		return strncmp(pattern, number, len - 1) == 0;
	return strcmp(pattern, number) == 0;
}

const struct config_route *route_pick(const struct config *cfg, const struct config_party *from,
                                      const char *number)
{
	for (size_t i = 0; i < cfg->nroutes; i++) {
		const struct config_route *r = &cfg->routes[i];

		if (party_fits(&r->from, from) && number_fits(r->number, number))
			return r;
	}
	return NULL;
}
