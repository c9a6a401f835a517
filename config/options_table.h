/* How a row of the option table is written, and the parts of it that lie in files of their own.
 * options.c and its parts alone. */
#ifndef CONFIG_OPTIONS_TABLE_H
#define CONFIG_OPTIONS_TABLE_H

#include "config/options.h"

#define FIELD(type, field) .offset = offsetof(struct type, field)
#define LIST(type, field) \
	.offset = offsetof(struct type, field), .offset2 = offsetof(struct type, n##field)

#define PHONE_OPTIONS 11
#define TRUNK_OPTIONS 69
#define ROUTE_OPTIONS 17

/* options_calls.c */
extern const char *const config_over_limits[];
extern const struct option phone_options[PHONE_OPTIONS];
extern const struct option route_options[ROUTE_OPTIONS];

/* options_trunk.c */
extern const char *const option_srtp_modes[]; /* as enum srtp_mode; then NULL */
extern const struct option trunk_options[TRUNK_OPTIONS];

/* options_rules.c: lists of maps, and how numbers are written */
extern const char *const config_number_forms[], *const config_calling_forms[];
extern const char *const config_bare_digits[];
extern const struct option_group number_rule_group, route_number_rule_group;
extern const struct option_group header_rule_group;

#endif
