/* PCRE2 with bounds: it calls us before each part that it tries, and we end it after enough. */
#include "base/pattern.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define HEAP_KIB   512
#define NEST_MAX   50    /* parentheses within parentheses */
#define STEPS_EACH 20000 /* from one place of the text: PCRE2's own count */

struct pattern {
	pcre2_general_context *memory;
	pcre2_match_context *bounds;
	pcre2_match_data *taken;
	pcre2_code *code;
	char *text;
	uint32_t groups;
	unsigned tries; /* of the run */
	bool gave_up;   /* ever: said once */
};

static void *take(size_t size, void *arg)
{
	(void)arg;
	return mem_zalloc(size);
}

static void give(void *memory, void *arg)
{
	(void)arg;
	mem_free(memory);
}

static int on_part(pcre2_callout_block *block, void *arg)
{
	struct pattern *p = arg;

	(void)block;
	return ++p->tries > PATTERN_TRIES ? PCRE2_ERROR_MATCHLIMIT : 0;
}

/* NULL: no memory, or why says what is wrong with text. */
static pcre2_code *compile(const struct pattern *p, const char *text, char *why, size_t size)
{
	/* A $ is the end alone, a dot any octet; \C would be, too, and is dangerous elsewhere. */
	const uint32_t how = PCRE2_DOLLAR_ENDONLY | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C |
	                     PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_AUTO_CALLOUT;
	pcre2_compile_context *limits = pcre2_compile_context_create(p->memory);
	pcre2_code *code = NULL;
	PCRE2_SIZE at;
	char said[128];
	int problem;

	if (!limits)
		return NULL;
	pcre2_set_max_pattern_length(limits, PATTERN_TEXT_MAX);
	pcre2_set_parens_nest_limit(limits, NEST_MAX);
	code = pcre2_compile((PCRE2_SPTR)text, strlen(text), how, &problem, &at, limits);
	pcre2_compile_context_free(limits);
	if (code || problem == PCRE2_ERROR_HEAP_FAILED)
		return code;
	pcre2_get_error_message(problem, (PCRE2_UCHAR *)said, sizeof(said));
	snprintf(why, size, "%s, behind character %zu", said, (size_t)at);
	return NULL;
}

static enum err prepare(struct pattern *p, const char *text, char *why, size_t size)
{
	why[0] = '\0';
	p->memory = pcre2_general_context_create(take, give, NULL);
	p->code = p->memory ? compile(p, text, why, size) : NULL;
	if (!p->code)
		return *why ? ERR_SYNTAX : ERR_NOMEM;
	(void)pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &p->groups);
	if (p->groups > PATTERN_GROUPS_MAX) {
		snprintf(why, size, "it has more than nine pairs of parentheses");
		return ERR_SYNTAX;
	}
	p->text = mem_strdup(text);
	p->taken = pcre2_match_data_create_from_pattern(p->code, p->memory);
	p->bounds = pcre2_match_context_create(p->memory);
	if (!p->text || !p->taken || !p->bounds)
		return ERR_NOMEM;
	pcre2_set_heap_limit(p->bounds, HEAP_KIB);
	pcre2_set_match_limit(p->bounds, STEPS_EACH);
	return pcre2_set_callout(p->bounds, on_part, p) ? ERR_NOMEM : OK;
}

enum err pattern_new(struct pattern **out, const char *text, char *why, size_t size)
{
	struct pattern *p = mem_zalloc(sizeof(*p));
	enum err err = p ? prepare(p, text, why, size) : ERR_NOMEM;

	if (err)
		pattern_free(&p);
	else
		*out = p;
	return err;
}

void pattern_free(struct pattern **pp)
{
	struct pattern *p = *pp;

	*pp = NULL;
	if (!p)
		return;
	pcre2_match_context_free(p->bounds);
	pcre2_match_data_free(p->taken);
	pcre2_code_free(p->code);
	pcre2_general_context_free(p->memory);
	mem_free(p->text);
	mem_free(p);
}

static enum err match(struct pattern *p, const char *subject)
{
	size_t len = strlen(subject);
	int rc;

	if (len > PATTERN_SUBJECT_MAX)
		return ERR_NOT_FOUND;
	p->tries = 0;
	rc = pcre2_match(p->code, (PCRE2_SPTR)subject, len, 0, 0, p->taken, p->bounds);
	if (rc > 0)
		return OK;
	if (rc == PCRE2_ERROR_NOMEMORY)
		return ERR_NOMEM;
	if (rc != PCRE2_ERROR_NOMATCH && !p->gave_up) {
		p->gave_up = true;
		LOG(LOG_WARN, KV("event", "regular-expression"), KV("text", p->text),
		    KV("reason", "it costs too much over what came, which so does not match it"),
		    KV("hint", "begin it with ^, and repeat nothing that repeats itself"));
	}
	return ERR_NOT_FOUND;
}

bool pattern_matches(struct pattern *p, const char *subject)
{
	return match(p, subject) == OK;
}

/* What group number n took; "" where it took no part. */
static size_t group(const struct pattern *p, unsigned n, const char *subject, const char **part)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(p->taken);
	bool took = n <= p->groups && at[2 * n] != PCRE2_UNSET && at[2 * n] <= at[2 * n + 1];

	*part = took ? subject + at[2 * n] : "";
	return took ? at[2 * n + 1] - at[2 * n] : 0;
}

enum err pattern_replace(struct pattern *p, const char *subject, const char *template, char *out,
                         size_t size)
{
	enum err err = match(p, subject);
	size_t n = 0;

	if (err)
		return err;
	for (; *template; template ++) {
		const char *part = template;
		size_t len = 1;

		if (*template == '\\' && template[1]) {
			part = ++template;
			if (isdigit((unsigned char)*template))
				len = group(p, (unsigned)(*template - '0'), subject, &part);
		}
		if (n + len >= size)
			return ERR_LIMIT;
		memcpy(out + n, part, len);
		n += len;
	}
	out[n] = '\0';
	return OK;
}

unsigned pattern_groups(const struct pattern *p)
{
	return p->groups;
}

int template_groups(const char *template)
{
	int highest = 0;

	for (; *template; template ++) {
		if (*template != '\\')
			continue;
		template ++;
		if (isdigit((unsigned char)*template))
			highest = *template - '0' > highest ? *template - '0' : highest;
		else if (*template != '\\')
			return -1;
	}
	return highest;
}
