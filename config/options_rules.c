/* Of the option table: lists of maps, the rules that an integrator writes. */
#include "config/options_table.h"

#include "config/value_kinds.h"

static const char *const ways[] = { "out", "in", NULL };
#define NUMBER_FORMS "as-is", "e164", "national", "international", "plain"

const char *const config_number_forms[] = { NUMBER_FORMS, NULL };
const char *const config_calling_forms[] = { NUMBER_FORMS, "same", NULL };
const char *const config_bare_digits[] = { "dialled", "international", NULL };

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

/* A route has one direction. */
const struct option_group route_number_rule_group = { .options = number_rule + 1,
	                                              .noptions = ARRAY_LEN(number_rule) - 1,
	                                              .size = sizeof(struct config_number_rule),
	                                              .check = check_number_rule };

static const char *const actions[] = { "set", "remove", "rename", "copy", NULL };
const char *const config_rule_methods[] = { "INVITE",  "BYE",     "UPDATE",    "PRACK",
	                                    "INFO",    "MESSAGE", "REFER",     "NOTIFY",
	                                    "OPTIONS", "PUBLISH", "SUBSCRIBE", NULL };

static const struct option header_rule[] = {
	{ .key = "action",
	  .kind = KIND_ENUM,
	  .flags = OPTION_REQUIRED,
	  FIELD(config_header_rule, action),
	  .names = actions,
	  .example = "set",
	  .help =
	      "set: header gets value, in place of what it has. remove: it goes. rename: it is called to from "
	      "then on. copy: its value stands in to as well." },
	{ .key = "direction",
	  .kind = KIND_ENUM,
	  FIELD(config_header_rule, way),
	  .names = ways,
	  .standard = "out",
	  .help =
	      "Whether the message goes to the trunk (out), or is made of one that came from it (in)." },
	{ .key = "methods",
	  .kind = KIND_ENUM,
	  .flags = OPTION_LIST,
	  LIST(config_header_rule, methods),
	  .names = config_rule_methods,
	  .min = 1,
	  .max = 11,
	  .otherwise = "all",
	  .example = "[ INVITE ]",
	  .help = "For which requests, or the answers to which, it is." },
	{ .key = "statuses",
	  .kind = KIND_STATUS,
	  .flags = OPTION_LIST,
	  LIST(config_header_rule, statuses),
	  .min = 1,
	  .max = 16,
	  .otherwise = "it is for requests",
	  .example = "[ 180, 4xx ]",
	  .help = "For which answers it is." },
	{ .key = "header",
	  .kind = KIND_HEADER_READ,
	  .flags = OPTION_REQUIRED,
	  FIELD(config_header_rule, header),
	  .example = "X-Account",
	  .help =
	      "The header that is looked at: rename and copy see what came, before what goes. copy may look at From "
	      "and To as well. Of Diversion, History-Info, Geolocation and the headers of caller-id-out all see "
	      "what Trunkgate wrote, and what a rule makes of it goes." },
	{ .key = "to",
	  .kind = KIND_HEADER,
	  FIELD(config_header_rule, to),
	  .example = "P-Account",
	  .help = "For rename and copy: the header that is written." },
	{ .key = "match",
	  .kind = KIND_REGEX,
	  FIELD(config_header_rule, match),
	  .otherwise = "whatever the value is",
	  .example = "'id=([0-9]+)'",
	  .help = "For set, remove and copy: what the header's value must look like." },
	{ .key = "value",
	  .kind = KIND_TEMPLATE,
	  FIELD(config_header_rule, value),
	  .max = 256,
	  .example = "'account \\1'",
	  .help =
	      "For set, and for copy with a match: what is written. \\1 to \\9 stand for what the parentheses "
	      "of match took." },
};

static bool rule_problem(struct value_env *env, const char *what)
{
	problem_add(env->problems, env->file, env->line, "%s: %s", env->where, what);
	return false;
}

/* What each action needs, and what it has no use for. */
static bool check_header_rule(struct value_env *env, const void *element)
{
	const struct config_header_rule *rule = element;
	bool moves = rule->action == RULE_RENAME || rule->action == RULE_COPY;

	if (moves != (rule->to != NULL))
		return rule_problem(env, moves ? "says no header to write; write to: NAME"
		                               : "to is for rename and copy alone; remove it");
	if (rule->action == RULE_SET && !rule->value)
		return rule_problem(env, "has no value to set; write value: TEXT");
	if (rule->value && (rule->action == RULE_REMOVE || rule->action == RULE_RENAME))
		return rule_problem(env, "value is for set and copy alone; remove it");
	if (rule->value && rule->action == RULE_COPY && !rule->match)
		return rule_problem(env, "has a value to copy but no match; write match: "
		                         "EXPRESSION, or use set");
	if (rule->match && rule->action == RULE_RENAME)
		return rule_problem(env, "match is not for rename; use copy and remove");
	if (rule->action != RULE_COPY && header_is_protocol(rule->header))
		return rule_problem(env, "its header is a part of the protocol, which Trunkgate "
		                         "writes itself");
	if (!rule->value)
		return true;
	if (rule->match)
		return check_template(env, "value", rule->value, rule->match);
	return template_groups(rule->value) == 0 ||
	       rule_problem(env, "value names what a match took, and there is none; write match:");
}

const struct option_group header_rule_group = { .options = header_rule,
	                                        .noptions = ARRAY_LEN(header_rule),
	                                        .size = sizeof(struct config_header_rule),
	                                        .check = check_header_rule };
