/* Errors in plain words. Any thread. */
#include "base/err.h"

#include <stdio.h>

const char *err_text(enum err err)
{
	switch (err) {
	case OK:
		return "ok";
	case ERR_NOMEM:
		return "out of memory";
	case ERR_LIMIT:
		return "limit reached";
	case ERR_TOO_LONG:
		return "too long";
	case ERR_SYNTAX:
		return "malformed";
	case ERR_NOT_FOUND:
		return "not found";
	case ERR_EXISTS:
		return "exists already";
	case ERR_IO:
		return "input/output error";
	case ERR_TIMEOUT:
		return "no answer in time";
	case ERR_REFUSED:
		return "refused";
	case ERR_TLS:
		return "TLS failed";
	case ERR_DNS:
		return "name look-up failed";
	case ERR_AUTH:
		return "not authenticated";
	case ERR_NOT_NOW:
		return "not possible now";
	case ERR_UNSUPPORTED:
		return "not supported";
	case ERR_CLOSED:
		return "connection closed";
	}
	return "unknown error";
}

enum err err_explain(enum err err, const char *what, char *why, size_t size)
{
	if (err)
		snprintf(why, size, "%s: %s", what, err_text(err));
	return err;
}
