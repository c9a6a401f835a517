/* The question of `trunkgate explain-route`, read from the command line. One thread. */
#include <string.h>
#include "base/clock.h"
#include "sbc/admin/explain_route.h"
#include "sbc/b2bua/numbers.h"

struct args {
	const char *from, *to, *caller, *method, *at, *config;
	bool handed_on;
};

static int bad(const char *word, const char *what)
{
	fprintf(stderr, "trunkgate explain-route: %s%s%s\n", word, *word ? " " : "", what);
	return 2;
}

static bool read_args(int argc, char **argv, struct args *out)
{
	const struct {
		const char *name;
		const char **value;
	} options[] = { { "--from", &out->from },     { "--to", &out->to },
		        { "--caller", &out->caller }, { "--method", &out->method },
		        { "--at", &out->at },         { "--config", &out->config } };

	for (int i = 2; i < argc; i++) {
		size_t k = 0;

		if (strcmp(argv[i], "--handed-on") == 0) {
			out->handed_on = true;
			continue;
		}
		while (k < ARRAY_LEN(options) && strcmp(argv[i], options[k].name) != 0)
			k++;
		if (k == ARRAY_LEN(options) || i + 1 == argc)
			return false;
		*options[k].value = argv[++i];
	}
	return out->from && out->to;
}

static bool find_party(const struct config *cfg, const char *name, struct config_party *out)
{
	for (size_t i = 0; i < cfg->nphones; i++) {
		if (strcmp(cfg->phones[i].name, name) == 0) {
			*out =
			    (struct config_party){ .kind = PARTY_PHONE, .phone = &cfg->phones[i] };
			return true;
		}
	}
	for (size_t i = 0; i < cfg->ntrunks; i++) {
		if (strcmp(cfg->trunks[i].name, name) == 0) {
			*out =
			    (struct config_party){ .kind = PARTY_TRUNK, .trunk = &cfg->trunks[i] };
			return true;
		}
	}
	return false;
}

/* A number as the routes see it: of a trunk's call in our form. */
static bool read_number(const struct config_party *from, enum number_of which, const char *text,
                        char number[NUMBER_MAX])
{
	char read[NUMBER_MAX];
	bool is_trunk = from->kind == PARTY_TRUNK;

	return number_read(text, is_trunk ? read : number, NUMBER_MAX) == OK &&
	       (!is_trunk || number_cross(from->trunk, TRUNK_IN, which, read, number) == OK);
}

static int explain(const struct config *cfg, const struct args *args)
{
	struct config_party from;
	char called[NUMBER_MAX], caller[NUMBER_MAX] = "unknown"; /* as border.c has it */
	struct route_query q = { .from = &from,
		                 .called = called,
		                 .caller = caller,
		                 .method = args->method,
		                 .at_s = clock_wall_s(),
		                 .handed_on = args->handed_on };

	clock_set_zone(cfg->time_zone);
	if (!find_party(cfg, args->from, &from))
		return bad(args->from, "is no phone and no trunk; a call comes from one of them");
	if (args->at && clock_parse_local(args->at, &q.at_s) != OK)
		return bad(args->at, "is no time; write \"2027-01-15 08:30\"");
	if (!read_number(&from, NUMBER_CALLED, args->to, called))
		return bad(args->to, "is no number that could be called: 404");
	if (args->caller && !read_number(&from, NUMBER_CALLING, args->caller, caller))
		return bad(args->caller, "is no number that a caller could have");
	if (!args->caller && from.kind == PARTY_PHONE)
		q.caller = from.phone->name;
	return explain_route(stdout, cfg, &q);
}

int explain_route_main(int argc, char **argv, const char *standard_config)
{
	struct args args = { .config = standard_config };
	struct config *cfg;
	int status;

	if (!read_args(argc, argv, &args))
		return bad("",
		           "write --from PHONE|TRUNK --to NUMBER [--caller NUMBER] [--at "
		           "\"2027-01-15 08:30\"] [--method METHOD] [--handed-on] [--config FILE]");
	if (config_load(&cfg, args.config, stderr))
		return 2;
	status = explain(cfg, &args);
	config_free(&cfg);
	return status;
}
