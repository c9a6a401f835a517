/* Runs a program over a text, all of its ways at the same time, so that no octet is looked at
 * twice by one step (after Thompson; marks after Pike). Any thread, one at a time for each. */
#include "base/pattern.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/pattern_internal.h"

#define NO_MARK 0xffffU

/* Where a way began, and what its groups took: octets of the text. */
struct marks {
	uint16_t at[PATTERN_MARKS_MAX];
};

/* The steps that wait for an octet, the preferred first. */
struct ways {
	size_t n; /* at most one for each step */
	uint16_t *step;
	struct marks *marks;
};

struct pattern {
	char *text;
	unsigned groups;
	size_t nsteps;
	struct step *steps; /* the block that all the others are in */
	struct octet_set *sets;
	struct ways now, next; /* n of them is a run's */
	uint16_t *seen;        /* where in the text a step was reached last, from 1 */
};

/* One run. */
struct run {
	const struct pattern *p;
	const char *subject;
	size_t len, at;
	bool found;
	struct marks best;
};

/* Steps and sets, then what a run needs. */
static enum err lay_out(struct pattern *p, const struct program *prog)
{
	size_t n = prog->n, marks = n * sizeof(struct marks), sets = prog->nsets * sizeof(*p->sets);
	size_t steps = n * sizeof(*p->steps);
	char *block = mem_zalloc(sets + steps + 2 * marks + 3 * n * sizeof(uint16_t));

	if (!block)
		return ERR_NOMEM;
	p->sets = (void *)block;
	p->steps = (void *)(block + sets);
	p->now.marks = (void *)(block + sets + steps);
	p->next.marks = p->now.marks + n;
	p->now.step = (void *)(block + sets + steps + 2 * marks);
	p->next.step = p->now.step + n;
	p->seen = p->next.step + n;
	memcpy(p->sets, prog->sets, sets);
	memcpy(p->steps, prog->steps, steps);
	p->nsteps = n;
	p->groups = prog->groups;
	return OK;
}

enum err pattern_new(struct pattern **out, const char *text, char *why, size_t size)
{
	struct program *prog = mem_zalloc(sizeof(*prog));
	struct pattern *p = mem_zalloc(sizeof(*p));
	const char *bad = prog ? program_compile(prog, text) : NULL;
	enum err err = bad ? ERR_SYNTAX : ERR_NOMEM;

	if (bad)
		snprintf(why, size, "%s", bad);
	else if (prog && p && (p->text = mem_strdup(text)))
		err = lay_out(p, prog);
	mem_free(prog);
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
	mem_free(p->sets);
	mem_free(p->text);
	mem_free(p);
}

/* Follows the steps that take no octet, as deep as there are steps. */
static void add(const struct run *r, struct ways *ways, size_t at, struct marks *m)
{
	const struct pattern *p = r->p;

	while (p->seen[at] != r->at + 1) {
		const struct step *s = &p->steps[at];
		uint16_t before;

		p->seen[at] = (uint16_t)(r->at + 1);
		switch ((enum step_kind)s->kind) {
		case STEP_JUMP:
			at = s->a;
			break;
		case STEP_SPLIT:
			add(r, ways, s->a, m);
			at = s->b;
			break;
		case STEP_SAVE:
			before = m->at[s->a];
			m->at[s->a] = (uint16_t)r->at;
			add(r, ways, at + 1, m);
			m->at[s->a] = before;
			return;
		case STEP_BEGIN:
		case STEP_END:
			if (r->at != (s->kind == STEP_BEGIN ? 0 : r->len))
				return;
			at++;
			break;
		case STEP_CHAR:
		case STEP_SET:
		case STEP_MATCH:
			ways->step[ways->n] = (uint16_t)at;
			ways->marks[ways->n++] = *m;
			return;
		}
	}
}

/* The first match in the text, and of those that begin there the longest. */
static void note_match(struct run *r, const struct marks *m)
{
	if (r->found &&
	    (m->at[0] > r->best.at[0] || (m->at[0] == r->best.at[0] && m->at[1] <= r->best.at[1])))
		return;
	r->found = true;
	r->best = *m;
}

/* Over the octet at r->at: from the ways of now to those of next. */
static void take_octet(struct run *r, const struct ways *now, struct ways *next)
{
	unsigned char c = (unsigned char)r->subject[r->at++];

	for (size_t i = 0; i < now->n; i++) {
		const struct step *s = &r->p->steps[now->step[i]];

		if (r->found && now->marks[i].at[0] > r->best.at[0])
			continue;
		if (s->kind == STEP_CHAR ? s->a == c
		                         : s->kind == STEP_SET && set_has(&r->p->sets[s->a], c))
			add(r, next, now->step[i] + 1U, &now->marks[i]);
	}
}

/* Where the groups are is of no interest: the first match will do. */
static bool run(struct run *r, const struct pattern *p, const char *subject, bool any_match)
{
	struct ways now = p->now, next = p->next, swap;

	*r = (struct run){ .p = p, .subject = subject, .len = strlen(subject) };
	if (r->len > PATTERN_SUBJECT_MAX)
		return false;
	memset(p->seen, 0, p->nsteps * sizeof(*p->seen));
	for (;;) {
		struct marks none;

		memset(&none, 0xff, sizeof(none));
		if (!r->found)
			add(r, &now, 0, &none);
		for (size_t i = 0; i < now.n; i++) {
			if (p->steps[now.step[i]].kind == STEP_MATCH)
				note_match(r, &now.marks[i]);
		}
		if (r->at == r->len || (r->found && (any_match || now.n == 0)))
			return r->found;
		take_octet(r, &now, &next);
		swap = now;
		now = next;
		next = swap;
		next.n = 0;
	}
}

bool pattern_matches(const struct pattern *p, const char *subject)
{
	struct run r;

	return run(&r, p, subject, true);
}

enum err pattern_replace(const struct pattern *p, const char *subject, const char *template,
                         char *out, size_t size)
{
	struct run r;
	size_t n = 0;

	if (!run(&r, p, subject, false))
		return ERR_NOT_FOUND;
	for (; *template; template ++) {
		const char *part = template;
		size_t len = 1;

		if (*template == '\\' && template[1]) {
			part = ++template;
			if (isdigit((unsigned char)*template)) {
				const uint16_t *m = &r.best.at[2 * (*template - '0')];
				bool took = m[0] != NO_MARK && m[1] != NO_MARK;

				part = took ? subject + m[0] : "";
				len = took ? (size_t)(m[1] - m[0]) : 0;
			}
		}
		if (n + len >= size)
			return ERR_LIMIT;
		memcpy(out + n, part, len);
		n += len;
	}
	out[n] = '\0';
	return OK;
}

const char *pattern_text(const struct pattern *p)
{
	return p->text;
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
