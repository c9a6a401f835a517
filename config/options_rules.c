/* Of the option table: lists of maps, the rules that an integrator writes. */
#include "config/options_table.h"

#include "config/value.h"

static const char *const ways[] = { "out", "in", NULL };
static const char *const number_names[] = { "called", "calling", NULL };

static const struct option number_rule[] = {
	{ .key = "direction",
	  .kind = KIND_ENUM,
	  FIELD(config_number_rule, way),
	  .names = ways,
	  .standard = "out",
	  .help = "Whether the call goes to the trunk (out) or comes from it (in)." },
	{ .key = "number",
	  .kind = KIND_ENUM,
	  FIELD(config_number_rule, number),
	  .names = number_names,
	  .standard = "called",
	  .help = "The number that is called, or the caller's." },
	{ .key = "match",
	  .kind = KIND_REGEX,
	  .flags = OPTION_REQUIRED,
	  FIELD(config_number_rule, match),
	  .example = "'^0([1-9][0-9]+)$'",
	  .help = "What the number must look like; ^ is its beginning, $ its end." },
	{ .key = "replace",
	  .kind = KIND_TEMPLATE,
	  .flags = OPTION_REQUIRED,
	  FIELD(config_number_rule, replace),
	  .max = 64,
	  .example = "'+49\\1'",
	  .help = "The whole number that takes its place. Single quotes leave backslashes alone." },
};

/* A template must not name what the pattern does not take. */
static bool check_template(struct value_env *env, const char *key, const char *template,
                           const struct pattern *match)
{
	int named = template_groups(template);

	if (named <= (int)pattern_groups(match))
		return true;
	problem_add(env->problems, env->file, env->line,
	            "%s: %s names \\%d, and match has %u pairs of parentheses", env->where, key,
	            named, pattern_groups(match));
	return false;
}

static bool check_number_rule(struct value_env *env, const void *element)
{
	const struct config_number_rule *rule = element;

	return check_template(env, "replace", rule->replace, rule->match);
}

const struct option_group number_rule_group = { .options = number_rule,
	                                        .noptions = ARRAY_LEN(number_rule),
	                                        .size = sizeof(struct config_number_rule),
	                                        .check = check_number_rule };
