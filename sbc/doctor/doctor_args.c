/* The doctor's command line, read. */
#include "sbc/doctor/doctor_args.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"

static enum err bad(FILE *errors, const char *word, const char *what)
{
	fprintf(errors, "trunkgate doctor: %s: %s (see trunkgate doctor --help)\n", word, what);
	return ERR_SYNTAX;
}

/* A certificate that ends in the course of a day fails on that day: its end counts. */
static bool read_date(const char *text, int64_t *when_s)
{
	struct tm tm = { .tm_hour = 23, .tm_min = 59, .tm_sec = 59 };
	int year, month, day, end = 0;
	time_t t;

	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) != 3 || strlen(text) != 10 ||
	    end != 10)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	t = timegm(&tm);
	*when_s = t;
	return year >= 1970 && tm.tm_mon == month - 1 && tm.tm_mday == day;
}

/* NAME or NAME:PORT. */
static bool read_server(const char *text, struct doctor_args *out)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	char *end = NULL;
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;

	if (len == 0 || len > 253 || (colon && (*end || port < 1 || port > 65535)))
		return false;
	if (colon && (colon[1] < '0' || colon[1] > '9'))
		return false;
	memcpy(out->server, text, len);
	out->server[len] = '\0';
	out->server_port = (unsigned)port;
	return true;
}

/* An option with a value. ERR_NOT_FOUND: it is none. */
static enum err take_value(struct doctor_args *out, const char *option, const char *value,
                           FILE *errors)
{
	bool date = strcmp(option, "--date") == 0, server = strcmp(option, "--server") == 0;

	if (!date && !server && strcmp(option, "--config") != 0)
		return ERR_NOT_FOUND;
	if (!value)
		return bad(errors, option, "something must follow it");
	if (date && !read_date(value, &out->when_s))
		return bad(errors, value, "is no date; write one as in 2027-03-15");
	if (server && !read_server(value, out))
		return bad(errors, value, "is no server; write NAME or NAME:PORT");
	if (!date && !server)
		out->config = value;
	return OK;
}

static enum err take_word(struct doctor_args *out, const char *word, FILE *errors)
{
	if (strcmp(word, "--json") == 0)
		out->json = true;
	else if (strcmp(word, "--without-client-auth") == 0)
		out->without_client_auth = true;
	else if (strcmp(word, "--help") == 0)
		out->help = true;
	else if (word[0] == '-')
		return bad(errors, word, "there is no such option");
	else if (out->ntrunks == DOCTOR_TRUNKS_MAX)
		return bad(errors, word, "that is one trunk too many");
	else
		out->trunks[out->ntrunks++] = word;
	return OK;
}

enum err doctor_args_read(struct doctor_args *out, int argc, char **argv, const char *config,
                          FILE *errors)
{
	*out = (struct doctor_args){ .config = config, .when_s = clock_wall_s() };
	for (int i = 2; i < argc; i++) {
		enum err err = take_value(out, argv[i], i + 1 < argc ? argv[i + 1] : NULL, errors);

		if (err == ERR_NOT_FOUND)
			err = take_word(out, argv[i], errors);
		else
			i++;
		if (err)
			return err;
	}
	if (out->server[0] && out->ntrunks > 0)
		return bad(errors, out->trunks[0], "a trunk and --server do not go together");
	return OK;
}
