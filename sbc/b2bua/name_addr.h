/* The value of a header that names somebody: a name, a URI, parameters (RFC 3261 25.1, name-addr
 * and addr-spec). Any thread. */
#ifndef SBC_B2BUA_NAME_ADDR_H
#define SBC_B2BUA_NAME_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#define DISPLAY_MAX  128 /* octets of a name, with quotes and NUL; a longer one is none */
#define NAME_URI_MAX 512

struct name_addr {
	char display[DISPLAY_MAX]; /* with its quotes; "" for none */
	char uri[NAME_URI_MAX];
	const char *params; /* in the value: ";a=b;c", or "" */
};

/* False: it is neither of them. value is one line. */
bool name_addr_read(struct name_addr *out, const char *value);
/* The value of a parameter without its quotes; "" where it has none. False: it is not there, or
 * longer than out. */
bool name_addr_param(const char *params, const char *name, char *out, size_t size);
/* Whether it is there and is that, in letters of either case. */
bool name_addr_param_is(const char *params, const char *name, const char *value);

#endif
