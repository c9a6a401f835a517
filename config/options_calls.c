/* Of the option table: phones and routes, who calls whom. */
#include "config/options_table.h"

const char *const config_over_limits[] = { "auto", "486", "503", NULL };
const char *const config_methods[] = { "INVITE",  "MESSAGE", "SUBSCRIBE", "NOTIFY",
	                               "PUBLISH", "INFO",    "REFER",     NULL };

static const char *const redirects[] = { "follow", "pass", "refuse", NULL };
static const char *const no_yes[] = { "no", "yes", NULL };

static const char *const yes_no[] = { "no", "yes", NULL };

const struct option phone_options[PHONE_OPTIONS] = {
	{ .key = "realm",
	  .kind = KIND_REF,
	  .flags = OPTION_REQUIRED,
	  FIELD(config_phone, realm),
	  .section = SECTION_REALMS,
	  .example = "border",
	  .help = "The realm that it speaks to." },
	{ .key = "address",
	  .kind = KIND_PEER,
	  FIELD(config_phone, address),
	  .otherwise = "it registers",
	  .example = "10.0.0.20",
	  .help =
	      "A PBX or phone that does not register is known by this address, and by this port where "
	      "one is written. Give it or a password." },
	{ .key = "password",
	  .kind = KIND_SECRET,
	  FIELD(config_phone, password),
	  .min = 8,
	  .max = 128,
	  .example = "\"long and random\"",
	  .help =
	      "What it registers with; its name is the user. The file must not be readable by everybody." },
	{ .key = "password-file",
	  .kind = KIND_SECRET_FILE,
	  .flags = OPTION_SHOWN,
	  FIELD(config_phone, password),
	  .min = 8,
	  .max = 128,
	  .example = "desk.password",
	  .help = "A file with the password in its only line, which not everybody may read." },
	{ .key = "numbers",
	  .kind = KIND_USER,
	  .flags = OPTION_LIST,
	  LIST(config_phone, numbers),
	  .min = 1,
	  .max = 64,
	  .otherwise = "its name alone",
	  .example = "[ \"+493012345\" ]",
	  .help = "Numbers that ring it, besides its name. Each belongs to one phone." },
	{ .key = "caller-id",
	  .kind = KIND_USER,
	  FIELD(config_phone, caller_id),
	  .max = 64,
	  .otherwise = "what it sends",
	  .example = "\"+493012345\"",
	  .help = "The number that it shows outside." },
	{ .key = "trusted",
	  .kind = KIND_ENUM,
	  FIELD(config_phone, trusted),
	  .names = yes_no,
	  .standard = "no",
	  .help =
	      "Whether it is believed when it says who calls or answers in P-Asserted-Identity, "
	      "P-Preferred-Identity or Remote-Party-ID, as a PBX with many users may be. Without it From "
	      "counts, and a number that is not the phone's own is never asserted to a trunk." },
	{ .key = "answer-timeout",
	  .kind = KIND_DURATION,
	  FIELD(config_phone, answer_timeout_ms),
	  .min = 1000,
	  .max = 3600000,
	  .standard = "180s", /* timer C; RFC 3261 16.6 */
	  .help = "How long it may ring until we give up." },
	{ .key = "max-calls",
	  .kind = KIND_NUMBER,
	  FIELD(config_phone, max_calls),
	  .min = 1,
	  .max = 32000,
	  .unit = "calls",
	  .otherwise = "the max-calls of all",
	  .example = "2",
	  .help = "Calls at the same time, both ways together." },
	{ .key = "calls-per-second",
	  .kind = KIND_NUMBER,
	  FIELD(config_phone, calls_per_second),
	  .min = 1,
	  .max = 1000,
	  .unit = "calls",
	  .otherwise = "any number",
	  .example = "2",
	  .help =
	      "New calls in a second, both ways together, and beside them as many requests out of "
	      "calls, one more of which gets 500 with Retry-After. As many may come at once." },
	{ .key = "over-limit",
	  .kind = KIND_ENUM,
	  FIELD(config_phone, over_limit),
	  .names = config_over_limits,
	  .standard = "auto",
	  .help =
	      "What a call over its max-calls or calls-per-second is answered: 486, 503 with Retry-After, or "
	      "auto: a phone that calls hears 480, a trunk 486." },
};

const struct option route_options[ROUTE_OPTIONS] = {
	{ .key = "from",
	  .kind = KIND_PARTY,
	  .flags = OPTION_REQUIRED | OPTION_REALMS | OPTION_LIST | OPTION_ONE,
	  LIST(config_route, from),
	  .min = 1,
	  .max = 64,
	  .example = "acme",
	  .help = "Who calls: phones, trunks, or realms, which stand for all of their phones." },
	{ .key = "number",
	  .kind = KIND_PATTERN,
	  .flags = OPTION_REQUIRED | OPTION_LIST | OPTION_ONE,
	  LIST(config_route, number),
	  .min = 1,
	  .max = 64,
	  .example = "\"+493012345\"",
	  .help =
	      "What was dialled: exactly, its beginning with a * for the rest, or a regular expression between "
	      "slashes (PCRE2), which needs ^ and $ where it is to be the whole number." },
	{ .key = "caller",
	  .kind = KIND_PATTERN,
	  .flags = OPTION_LIST | OPTION_ONE,
	  LIST(config_route, caller),
	  .min = 1,
	  .max = 64,
	  .otherwise = "any",
	  .example = "\"+4930*\"",
	  .help =
	      "The number that the caller sends (From, or what caller-id-in and trusted take), as number: is "
	      "written. It sorts calls and keeps nobody out: whoever calls can write any. Who it is, from: says." },
	{ .key = "hours",
	  .kind = KIND_HOURS,
	  .flags = OPTION_LIST | OPTION_ONE,
	  LIST(config_route, hours),
	  .min = 1,
	  .max = 16,
	  .otherwise = "always",
	  .example = "[ \"mon-fri 08:00-18:00\", \"sat 22:00-02:00\" ]",
	  .help =
	      "When, in the time-zone of the configuration. Hours that go past midnight belong to the day on "
	      "which they begin." },
	{ .key = "methods",
	  .kind = KIND_ENUM,
	  .flags = OPTION_LIST,
	  LIST(config_route, methods),
	  .min = 1,
	  .max = 7,
	  .names = config_methods,
	  .otherwise = "calls alone (INVITE)",
	  .example = "[ INVITE, MESSAGE, SUBSCRIBE ]",
	  .help = "The requests that it is for, where they begin something." },
	{ .key = "to",
	  .kind = KIND_PARTY,
	  .flags = OPTION_REQUIRED | OPTION_LIST | OPTION_ONE,
	  LIST(config_route, to),
	  .min = 1,
	  .max = 8,
	  .example = "desk",
	  .help =
	      "The phone or trunk that the call goes to. Of several the next is tried within the same call "
	      "when one cannot be reached, has no room or fails (408, 500, 503, 504), not when who is called "
	      "is busy, refuses or is not known there. A phone or PBX that is named in from: as well gets "
	      "from itself what it hands on alone (transfers, redirections); calls of its own go on to the "
	      "next route." },
	{ .key = "share",
	  .kind = KIND_WEIGHT,
	  .flags = OPTION_LIST,
	  LIST(config_route, share),
	  .min = 1,
	  .max = 8,
	  .otherwise = "always the first",
	  .example = "[ 70, 30 ]",
	  .help =
	      "How often each of to: is the first to be tried, by chance in this proportion; the others follow "
	      "in the same way. 0: only after all others." },
	{ .key = "number-rules",
	  .kind = KIND_MAP,
	  .flags = OPTION_LIST,
	  LIST(config_route, number_rules),
	  .min = 1,
	  .max = 64,
	  .group = &route_number_rule_group,
	  .otherwise = "no number is written anew",
	  .help =
	      "How the numbers of its calls are written anew once it is taken: of the rules for a number the first "
	      "one that fits. Those of the trunk that a call comes from are done before, those of the trunk that it "
	      "goes to afterwards, where a phone's caller-id stands in place of its number." },
	{ .key = "called-form",
	  .kind = KIND_ENUM,
	  FIELD(config_route, called_form),
	  .names = config_number_forms,
	  .standard = "as-is",
	  .help =
	      "How the called number is written where none of the number-rules wrote it: the forms of a trunk's "
	      "numbers-out. What the trunk that is called says of its numbers is done afterwards." },
	{ .key = "calling-form",
	  .kind = KIND_ENUM,
	  FIELD(config_route, calling_form),
	  .names = config_number_forms,
	  .standard = "as-is",
	  .help = "The same for the caller's number." },
#define DIALLING(field) FIELD(config_route, dialling.field)
#include "config/options_dialling.inc"
#undef DIALLING
	{ .key = "emergency",
	  .kind = KIND_ENUM,
	  FIELD(config_route, emergency),
	  .names = no_yes,
	  .standard = "no",
	  .help =
	      "Its calls pass every limit, and where there is no room the youngest other call is ended for "
	      "them." },
	{ .key = "redirects",
	  .kind = KIND_ENUM,
	  FIELD(config_route, redirects),
	  .names = redirects,
	  .standard = "follow",
	  .help =
	      "When who is called sends the call elsewhere (3xx). follow: a trunk within its own domain and its "
	      "redirect-domains, a phone as if it called that number itself. pass: the caller is told the "
	      "number. refuse: the call ends with 480." },
};
