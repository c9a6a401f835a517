/* Final answers and their causes (RFC 3261 21, RFC 3398 7.2.4.1 and 8.2.6.1, RFC 3326). Any thread.
 */
#include "sbc/b2bua/failure_map.h"

#include <stdlib.h>
#include <strings.h>

/* in: as a phone or PBX hears it from a trunk; out: the other way; q850: RFC 3398 8.2.6.1, where
 * that has one. Sorted. */
static const struct failure {
	unsigned status, in, out;
	enum failure_class class;
	unsigned q850;
} failures[] = {
	{ 400, 500, 500, FAILURE_FAILED, 41 },  /* our request, not theirs */
	{ 401, 403, 403, FAILURE_REFUSED, 21 }, /* a password of the one side */
	{ 402, 403, 403, FAILURE_REFUSED, 21 }, /* the same with money */
	{ 403, 403, 403, FAILURE_REFUSED, 21 },
	{ 404, 404, 404, FAILURE_UNAVAILABLE, 1 },
	{ 405, 500, 500, FAILURE_FAILED, 63 },
	{ 406, 488, 488, FAILURE_FAILED, 79 },
	{ 407, 403, 403, FAILURE_REFUSED, 21 },
	{ 408, 480, 480, FAILURE_UNAVAILABLE, 102 }, /* not of the hop between us */
	{ 410, 410, 410, FAILURE_UNAVAILABLE, 22 },
	{ 413, 500, 500, FAILURE_FAILED, 127 },
	{ 414, 500, 500, FAILURE_FAILED, 127 },
	{ 415, 488, 488, FAILURE_FAILED, 79 },
	{ 416, 500, 500, FAILURE_FAILED, 127 },
	{ 417, 500, 500, FAILURE_FAILED, 0 },
	{ 420, 500, 500, FAILURE_FAILED, 127 },
	{ 421, 500, 500, FAILURE_FAILED, 127 },
	{ 422, 480, 480, FAILURE_FAILED, 0 }, /* of our session timer */
	{ 423, 500, 500, FAILURE_FAILED, 127 },
	{ 424, 424, 424, FAILURE_FAILED, 0 },   /* RFC 6442: the caller's location */
	{ 428, 428, 403, FAILURE_REFUSED, 21 }, /* RFC 8224: Identity, which passes inside out */
	{ 433, 433, 433, FAILURE_REFUSED, 21 }, /* RFC 5079 */
	{ 436, 436, 403, FAILURE_REFUSED, 21 },
	{ 437, 437, 403, FAILURE_REFUSED, 21 },
	{ 438, 438, 403, FAILURE_REFUSED, 21 },
	{ 480, 480, 480, FAILURE_UNAVAILABLE, 18 },
	{ 481, 500, 500, FAILURE_FAILED, 41 },
	{ 482, 482, 482, FAILURE_FAILED, 25 },
	{ 483, 483, 483, FAILURE_FAILED, 25 },
	{ 484, 484, 484, FAILURE_UNAVAILABLE, 28 },
	{ 485, 485, 404, FAILURE_UNAVAILABLE, 1 }, /* its Contacts stay behind */
	{ 486, 486, 486, FAILURE_BUSY, 17 },
	{ 487, 487, 487, FAILURE_FAILED, 0 },
	{ 488, 488, 488, FAILURE_FAILED, 0 },
	{ 491, 500, 500, FAILURE_FAILED, 0 },
	{ 493, 488, 488, FAILURE_FAILED, 0 },
	{ 494, 500, 500, FAILURE_FAILED, 0 },
	{ 500, 500, 500, FAILURE_FAILED, 41 },
	{ 501, 501, 500, FAILURE_FAILED, 79 },
	{ 502, 502, 500, FAILURE_FAILED, 38 },
	{ 503, 500, 480, FAILURE_FAILED, 41 }, /* of it, not of all of us (16.7, 6) */
	{ 504, 504, 480, FAILURE_FAILED, 102 },
	{ 505, 500, 500, FAILURE_FAILED, 127 },
	{ 513, 500, 500, FAILURE_FAILED, 127 },
	{ 580, 488, 488, FAILURE_FAILED, 0 }, /* RFC 3312: preconditions that we do not have */
	{ 600, 600, 600, FAILURE_BUSY, 17 },
	{ 603, 603, 603, FAILURE_REFUSED, 21 },
	{ 604, 604, 604, FAILURE_UNAVAILABLE, 1 },
	{ 606, 606, 606, FAILURE_FAILED, 0 },
	{ 607, 607, 607, FAILURE_REFUSED, 21 }, /* RFC 8197 */
	{ 608, 608, 608, FAILURE_REFUSED, 21 }, /* RFC 8688 */
};

/* RFC 3261 8.1.3.2: what is not known counts as the first of its hundred; 3xx are routing's. */
static const struct failure *find(unsigned status)
{
	static const struct failure moved = { 300, 480, 480, FAILURE_UNAVAILABLE, 0 };
	static const struct failure other4 = { 400, 480, 480, FAILURE_UNAVAILABLE, 18 };
	static const struct failure other5 = { 500, 500, 500, FAILURE_FAILED, 41 };
	static const struct failure other6 = { 600, 603, 603, FAILURE_REFUSED, 21 };

	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (failures[i].status == status)
			return &failures[i];
	}
	if (status < 400)
		return &moved;
	return status < 500 ? &other4 : status < 600 ? &other5 : &other6;
}

enum failure_class failure_class(unsigned status)
{
	return find(status)->class;
}

const char *failure_class_name(enum failure_class c)
{
	switch (c) {
	case FAILURE_BUSY:
		return "busy";
	case FAILURE_REFUSED:
		return "refused";
	case FAILURE_UNAVAILABLE:
		return "unavailable";
	case FAILURE_FAILED:
		return "failed";
	}
	return "?";
}

unsigned failure_q850(unsigned status)
{
	return find(status)->q850;
}

/* The cause of Q.850 in the Reason of a message; 0: none. */
static unsigned q850_of(const struct message *m)
{
	char value[HEADER_LINE_MAX];
	unsigned n = 0;

	while (header_next(m, "Reason", NULL, &n, value, sizeof(value))) {
		const char *cause;
		long code;

		cause = strncasecmp(value, "Q.850", 5) == 0 ? strcasestr(value, "cause=") : NULL;
		code = cause ? strtol(cause + 6, NULL, 10) : 0;
		if (code > 0 && code < 128)
			return (unsigned)code;
	}
	return 0;
}

/* RFC 3398 7.2.4.1, but for causes of the network, which are 500 here; 0: it says no more than the
 * status does. */
static unsigned status_of_q850(unsigned cause)
{
	static const struct {
		unsigned cause, status;
	} causes[] = {
		{ 1, 404 },  { 2, 404 },  { 3, 404 },  { 17, 486 }, { 18, 480 }, { 19, 480 },
		{ 20, 480 }, { 21, 403 }, { 22, 410 }, { 23, 410 }, { 26, 404 }, { 28, 484 },
		{ 31, 480 }, { 55, 403 }, { 57, 403 }, { 65, 488 }, { 70, 488 }, { 87, 403 },
	};

	for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
		if (causes[i].cause == cause)
			return causes[i].status;
	}
	return 0;
}

unsigned failure_status_passed(unsigned status, enum crossing way)
{
	const struct failure *f = find(status);

	switch (status) {
	case 401:
	case 402:
	case 407:
	case 408:
	case 422:
	case 481:
	case 503:
		break;
	default:
		if (status < 300 || status >= 400)
			return status;
	}
	return way == CROSSING_IN ? f->in : f->out;
}

unsigned failure_status_of_change(unsigned status, enum crossing way)
{
	const struct failure *f = find(status);

	return status == 491 ? status : way == CROSSING_IN ? f->in : f->out;
}

unsigned failure_status(const struct message *answer, enum crossing way)
{
	unsigned status = message_status(answer), better = 0;
	const struct failure *f;

	if (status >= 500 && status < 600)
		better = status_of_q850(q850_of(answer));
	f = find(better ? better : status);
	return way == CROSSING_IN ? f->in : f->out;
}
