/* What is no fault of a configuration, and may yet be meant otherwise. One thread. */
#include "config/config.h"

static bool costs(const struct config_route *route)
{
	for (size_t i = 0; i < route->nto; i++) {
		if (route->to[i].kind == PARTY_TRUNK)
			return true;
	}
	return false;
}

void config_print_hints(const struct config *cfg, FILE *out)
{
	for (size_t i = 0; i < cfg->nroutes; i++) {
		const struct config_route *route = &cfg->routes[i];

		if (route->ncaller && costs(route))
			fprintf(
			    out,
			    "%s:%u: hint: route %zu sorts calls by a number that whoever calls can "
			    "write as he likes; its from: alone says who may make them\n",
			    cfg->file, route->line, i + 1);
	}
}
