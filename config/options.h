/* The one table of options: from it come the parser, the defaults, the messages, full.yaml and
 * schema.json. Constant; any thread. */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "config/config.h"

enum section_id {
	SECTION_TOP,
	SECTION_LOG,
	SECTION_IDENTITIES,
	SECTION_REALMS,
	SECTION_PHONES,
	SECTION_TRUNKS,
	SECTION_ROUTES,
	NSECTIONS
};

/* Kinds of values; what a field of each is in C. */
enum kind_id {
	KIND_NUMBER,      /* unsigned */
	KIND_PORT,        /* unsigned */
	KIND_DURATION,    /* unsigned, ms */
	KIND_ENUM,        /* an enum */
	KIND_NAME,        /* char *: a DNS name */
	KIND_DOMAIN,      /* char *: a DNS name or IPv4 address */
	KIND_HOST,        /* char *: a DNS name or address as a URI has it: IPv6 in brackets;
	                     stun:SERVER[:PORT] */
	KIND_USER,        /* char *: a number or user part */
	KIND_PATTERN,     /* struct config_pattern */
	KIND_HOURS,       /* struct config_hours */
	KIND_WEIGHT,      /* unsigned */
	KIND_ZONE,        /* char *: a time zone of this machine */
	KIND_DIGITS,      /* char *: min to max digits */
	KIND_TEXT,        /* char *: what can stand between quotes as it is */
	KIND_HEADER,      /* char *: the name of a header that is nobody's in particular */
	KIND_HEADER_READ, /* char *: of any that may be looked at */
	KIND_HEADER_PASS, /* char *: of one that may go on as it came */
	KIND_STATUS,      /* unsigned: of an answer; 4 for 4xx */
	KIND_PROFILE,     /* char * */
	KIND_DEMAND,      /* char *: a requirement's ID */
	KIND_FILE,        /* char *: a file that is there */
	KIND_KEY_FILE,    /* char *: the same, and only we can read it */
	KIND_TRUST,       /* char *: a file or folder that is there, or "system" */
	KIND_FOLDER,      /* char *: a file or folder that is there */
	KIND_PIN,         /* char *: a file that is there, or "sha256/..." */
	KIND_CIPHERS,     /* char * */
	KIND_SOCKET,      /* char *: where a local socket can be */
	KIND_SECRET,      /* char *, wiped */
	KIND_SECRET_FILE, /* the same, from a file */
	KIND_ADDRESS,     /* struct addr without a port */
	KIND_PEER,        /* struct addr, with a port or without */
	KIND_DNS_SERVER,  /* struct addr with a port */
	KIND_NETWORK,     /* struct addr_net */
	KIND_LISTENER,    /* struct config_listener */
	KIND_PORTS,       /* two unsigned */
	KIND_REF,         /* a pointer to an object of another section */
	KIND_PARTY,       /* struct config_party */
	KIND_REGEX,       /* struct pattern * */
	KIND_TEMPLATE,    /* char *: a text with \0 to \9 for what a pattern took */
	KIND_MAP,         /* a struct of the option's group; only in lists */
	NKINDS
};

enum option_flags {
	OPTION_REQUIRED = 1,
	OPTION_LIST = 2,
	OPTION_OWN = 4,     /* never from a profile */
	OPTION_SHOWN = 8,   /* full.yaml has the example as a value, not as a comment */
	OPTION_REALMS = 16, /* KIND_PARTY: a realm will do */
	OPTION_ONE = 32,    /* with OPTION_LIST: one alone may stand without brackets */
	OPTION_OFF = 64,    /* KIND_DURATION: 0 as well, though it is below min */
};

struct option;
struct value_env;

/* The options of a map that is an element of a list: number-rules: [ { KEY: VALUE }, ... ]. Any
 * section's options may have such lists. */
struct option_group {
	const struct option *options;
	size_t noptions;
	size_t size; /* of an element */
	/* What one option alone cannot say. False: a problem was added. NULL: nothing. */
	bool (*check)(struct value_env *env, const void *element);
};

struct option {
	const char *key;
	enum kind_id kind;
	unsigned flags;
	size_t offset;     /* of the field in its object's struct */
	size_t offset2;    /* of the list's length, or the range's end */
	unsigned min, max; /* of the number, ms, length of the text, or elements of the list */
	const char *unit;  /* of the number; NULL: none */
	const char *const *names;         /* KIND_ENUM: one for each value, then NULL */
	enum section_id section;          /* KIND_REF: where the name is looked for */
	const struct option_group *group; /* KIND_MAP */
	const char *standard;             /* the default, as it would be written; NULL: none */
	const char *otherwise;            /* in words, what holds where neither is there */
	const char *example;              /* as YAML */
	const char *help;
};

enum section_shape {
	SHAPE_ONE,  /* its options are fields of struct config */
	SHAPE_MAP,  /* objects by name; the name is the first field of their struct */
	SHAPE_LIST, /* objects one after the other */
};

struct section {
	const char *key; /* NULL: the top level */
	const char *one; /* what an object is called */
	enum section_shape shape;
	bool required;
	const struct option *options;
	size_t noptions;
	size_t offset, count_offset; /* of the array and its length in struct config */
	size_t size;                 /* of an object */
	size_t max;                  /* objects */
	const char *example;         /* name of the object in full.yaml */
	const char *help;
};

#define OPTIONS_MAX 72 /* of one section */

extern const struct section config_sections[NSECTIONS];

const struct option *option_find(enum section_id section, const char *key); /* NULL: none */
/* NSECTIONS: none. */
enum section_id section_find(const char *key);

/* The i-th object of cfg in section; cfg itself for SHAPE_ONE; NULL while a section
 * has no array. */
void *section_object(const struct config *cfg, enum section_id section, size_t i);
size_t section_count(const struct config *cfg, enum section_id section); /* 1 for SHAPE_ONE */
const char *section_name(const struct config *cfg, enum section_id section, size_t i);

#endif
