/* The parsers of kinds that are more than a word: files, secrets, addresses and names of other
 * objects. For value.c alone; struct kind's parse says what they do. */
#ifndef CONFIG_VALUE_KINDS_H
#define CONFIG_VALUE_KINDS_H

#include "config/value.h"

/* A copy of text into the char * at field. */
bool value_keep(struct value_env *env, const char *text, void *field);

#define VALUE_PARSER(name)                                                                       \
	bool value_parse_##name(struct value_env *env, const struct option *o, const char *text, \
	                        void *field)

VALUE_PARSER(file);
VALUE_PARSER(pin);
VALUE_PARSER(socket);
VALUE_PARSER(secret);
VALUE_PARSER(secret_file);
VALUE_PARSER(address);
VALUE_PARSER(network);
VALUE_PARSER(listener);
VALUE_PARSER(ports);
VALUE_PARSER(ref);
VALUE_PARSER(party);
VALUE_PARSER(regex);
/* value_headers.c */
VALUE_PARSER(header);
VALUE_PARSER(header_read);
VALUE_PARSER(header_pass);
VALUE_PARSER(status);
bool header_is_protocol(const char *name); /* it is nobody's to write but the program's */
VALUE_PARSER(template);
VALUE_PARSER(map);
/* value_routes.c */
VALUE_PARSER(pattern);
VALUE_PARSER(hours);
VALUE_PARSER(zone);
void value_clear_pattern(const struct option *o, void *field);
bool value_is_user(const char *text); /* 1 to 64 characters that a number may have */
/* Keeps such a one as a call's number is compared: # as URIs have it. False: a problem was added.
 */
bool value_keep_user(struct value_env *env, const struct option *o, const char *text, char **field);

#endif
