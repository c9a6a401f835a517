/* POSIX extended regular expressions (IEEE 1003.1, 9.4) made into programs: one pass of recursive
 * descent. What is repeated n times is read n times, so that a program has no counters. Any
 * thread. */
#include "base/pattern_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct compiler {
	struct program *prog;
	const char *at;
	unsigned group; /* the next one's number */
	const char *bad;
};

static void alternatives(struct compiler *c);

static void fail(struct compiler *c, const char *why)
{
	if (!c->bad)
		c->bad = why;
}

/* The index of the new step, which is the last one for good once there is no room. */
static size_t emit(struct compiler *c, enum step_kind kind, size_t a)
{
	struct program *p = c->prog;

	if (p->n == PATTERN_STEPS_MAX) {
		fail(c, "it comes to more than 2000 steps, with all that its {} repeat");
		return p->n - 1;
	}
	p->steps[p->n] = (struct step){ (uint16_t)kind, (uint16_t)a, 0 };
	return p->n++;
}

static void set_add(struct octet_set *set, unsigned char c)
{
	set->bits[c / 32] |= 1U << c % 32;
}

/* One bit more than there is room for is the last one again. */
static struct octet_set *new_set(struct compiler *c)
{
	struct program *p = c->prog;

	if (p->nsets == PATTERN_SETS_MAX) {
		fail(c, "it has more than 256 brackets and dots, with all that its {} repeat");
		return &p->sets[p->nsets - 1];
	}
	emit(c, STEP_SET, p->nsets);
	memset(&p->sets[p->nsets], 0, sizeof(p->sets[0]));
	return &p->sets[p->nsets++];
}

/* "[:alpha:]", of which *at is behind the second character. False: there is no such class. */
static bool add_class(struct octet_set *set, const char **at)
{
	static const struct {
		const char *name;
		int (*is)(int);
	} classes[] = { { "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank },
		        { "cntrl", iscntrl }, { "digit", isdigit }, { "graph", isgraph },
		        { "lower", islower }, { "print", isprint }, { "punct", ispunct },
		        { "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit } };

	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		size_t len = strlen(classes[i].name);

		if (strncmp(*at, classes[i].name, len) != 0 || strncmp(*at + len, ":]", 2) != 0)
			continue;
		for (int c = 1; c < 256; c++) {
			if (c < 128 && classes[i].is(c))
				set_add(set, (unsigned char)c);
		}
		*at += len + 2;
		return true;
	}
	return false;
}

/* What may end a range: an octet, or "[.x.]" and "[=x=]" for it. 0: there is none. */
static unsigned char bracket_octet(const char **at)
{
	const char *t = *at;

	if (*t == '[' && (t[1] == '.' || t[1] == '=')) {
		if (!t[2] || t[3] != t[1] || t[4] != ']')
			return 0;
		*at += 5;
		return (unsigned char)t[2];
	}
	if (*t)
		(*at)++;
	return (unsigned char)*t;
}

static void add_range(struct compiler *c, struct octet_set *set)
{
	unsigned char first = bracket_octet(&c->at), last = first;

	if (first && *c->at == '-' && c->at[1] && c->at[1] != ']') {
		c->at++;
		last = bracket_octet(&c->at);
	}
	if (!first || !last)
		fail(c, "a bracket has [. or [= in it for more than one character");
	else if (last < first)
		fail(c, "a range in brackets ends before it begins");
	for (unsigned i = first; !c->bad && i <= last; i++)
		set_add(set, (unsigned char)i);
}

/* "[]a-z[:digit:]]" */
static void bracket(struct compiler *c)
{
	struct octet_set *set = new_set(c);
	bool none_of = *++c->at == '^';
	bool first = true;

	c->at += none_of;
	for (; !c->bad && (first || *c->at != ']'); first = false) {
		if (!*c->at) {
			fail(c, "a [ is not closed");
		} else if (c->at[0] == '[' && c->at[1] == ':') {
			c->at += 2;
			if (!add_class(set, &c->at))
				fail(c, "it names a class of characters that there is not");
		} else {
			add_range(c, set);
		}
	}
	c->at += !c->bad;
	for (size_t i = 0; none_of && i < ARRAY_LEN(set->bits); i++)
		set->bits[i] = ~set->bits[i];
}

static void any(struct compiler *c)
{
	memset(new_set(c)->bits, 0xff, sizeof(struct octet_set));
	c->at++;
}

static void group(struct compiler *c)
{
	unsigned number = c->group++;

	if (number > PATTERN_GROUPS_MAX) {
		fail(c, "it has more than nine pairs of parentheses");
		return;
	}
	if (number > c->prog->groups)
		c->prog->groups = number;
	c->at++;
	emit(c, STEP_SAVE, 2 * (size_t)number);
	alternatives(c);
	emit(c, STEP_SAVE, 2 * (size_t)number + 1);
	if (*c->at != ')')
		fail(c, "a ( is not closed");
	else
		c->at++;
}

static void escaped(struct compiler *c)
{
	unsigned char next = (unsigned char)c->at[1];

	if (!next)
		fail(c, "a backslash stands at its end");
	else if (isalnum(next))
		fail(c, "a backslash stands before a letter or digit; for digits write [0-9]");
	else
		emit(c, STEP_CHAR, next);
	c->at += next ? 2 : 1;
}

static const char nothing[] = "there is nothing before a * + ? or { that could be repeated";

static bool repeats(char c)
{
	return c == '*' || c == '+' || c == '?' || c == '{';
}

static void atom(struct compiler *c)
{
	switch (*c->at) {
	case '(':
		group(c);
		return;
	case '[':
		bracket(c);
		return;
	case '.':
		any(c);
		return;
	case '\\':
		escaped(c);
		return;
	case '^':
	case '$':
		emit(c, *c->at++ == '^' ? STEP_BEGIN : STEP_END, 0);
		if (repeats(*c->at))
			fail(c, nothing);
		return;
	case '*':
	case '+':
	case '?':
	case '{':
		fail(c, nothing);
		return;
	default:
		emit(c, STEP_CHAR, (unsigned char)*c->at++);
		return;
	}
}

#define NO_END 0xffffU /* of a repetition */

struct times {
	unsigned least, most;
};

static unsigned number(struct compiler *c)
{
	char *end;
	unsigned long n = strtoul(c->at, &end, 10);

	c->at = end;
	if (n > PATTERN_STEPS_MAX)
		fail(c, "its {} repeat more than 2000 times");
	return c->bad ? 0 : (unsigned)n;
}

/* "{n}", "{n,}", "{,m}", "{n,m}" */
static struct times braces(struct compiler *c)
{
	struct times t = { 0, NO_END };
	bool numbered = isdigit((unsigned char)*++c->at);

	if (numbered)
		t.least = number(c);
	if (*c->at != ',')
		t.most = t.least;
	else if (isdigit((unsigned char)*++c->at))
		t.most = number(c);
	else if (!numbered)
		t.most = 0;
	if (*c->at != '}' || (!numbered && t.most == 0) || t.least > t.most)
		fail(c, "{} has no numbers in it as in {2}, {2,} or {2,5}");
	c->at += !c->bad;
	return t;
}

static struct times repetition(struct compiler *c)
{
	switch (*c->at) {
	case '*':
		c->at++;
		return (struct times){ 0, NO_END };
	case '+':
		c->at++;
		return (struct times){ 1, NO_END };
	case '?':
		c->at++;
		return (struct times){ 0, 1 };
	case '{':
		return braces(c);
	default:
		return (struct times){ 1, 1 };
	}
}

/* Reads the same atom once more. */
static void again(struct compiler *c, const char *from, unsigned first_group)
{
	c->at = from;
	c->group = first_group;
	atom(c);
}

static void optional(struct compiler *c, const char *from, unsigned first_group, bool loops)
{
	size_t split = emit(c, STEP_SPLIT, 0);
	struct step *step = &c->prog->steps[split];

	step->a = (uint16_t)c->prog->n;
	again(c, from, first_group);
	if (loops)
		emit(c, STEP_JUMP, split);
	step->b = (uint16_t)c->prog->n;
}

static void repeated(struct compiler *c)
{
	const char *from = c->at, *behind;
	size_t n = c->prog->n, nsets = c->prog->nsets;
	unsigned first_group = c->group;
	struct times t;

	atom(c);
	t = c->bad ? (struct times){ 1, 1 } : repetition(c);
	behind = c->at;
	if (repeats(*behind))
		fail(c, "two repetitions stand one behind the other");
	if (c->bad || (t.least == 1 && t.most == 1))
		return;
	if (t.least == 0) {
		c->prog->n = n;
		c->prog->nsets = nsets;
	}
	for (unsigned i = 1; !c->bad && i < t.least; i++)
		again(c, from, first_group);
	for (unsigned i = t.least; !c->bad && t.most != NO_END && i < t.most; i++)
		optional(c, from, first_group, false);
	if (!c->bad && t.most == NO_END)
		optional(c, from, first_group, true);
	if (t.most == 0) /* the groups have their numbers all the same */
		c->bad = c->bad ? c->bad : "what stands before {0} can never be there";
	c->at = behind;
}

static void sequence(struct compiler *c)
{
	while (!c->bad && *c->at && *c->at != '|' && *c->at != ')')
		repeated(c);
}

/* What the alternative before has in front of it is known once it is read: its steps move up by
 * one. */
static void make_room(struct compiler *c, size_t at)
{
	struct program *p = c->prog;

	emit(c, STEP_JUMP, 0);
	if (c->bad)
		return;
	memmove(&p->steps[at + 1], &p->steps[at], (p->n - 1 - at) * sizeof(p->steps[0]));
	for (size_t i = at + 1; i < p->n; i++) {
		struct step *s = &p->steps[i];

		if ((s->kind == STEP_SPLIT || s->kind == STEP_JUMP) && s->a >= at)
			s->a++;
		if (s->kind == STEP_SPLIT && s->b >= at)
			s->b++;
	}
}

static void alternatives(struct compiler *c)
{
	size_t begin = c->prog->n, jump;

	sequence(c);
	if (c->bad || *c->at != '|')
		return;
	c->at++;
	make_room(c, begin);
	jump = emit(c, STEP_JUMP, 0);
	if (c->bad)
		return;
	c->prog->steps[begin] =
	    (struct step){ STEP_SPLIT, (uint16_t)(begin + 1), (uint16_t)(jump + 1) };
	alternatives(c);
	c->prog->steps[jump].a = (uint16_t)c->prog->n;
}

const char *program_compile(struct program *out, const char *text)
{
	struct compiler c = { .prog = out, .at = text, .group = 1 };

	out->n = out->nsets = 0;
	out->groups = 0;
	if (strlen(text) > PATTERN_TEXT_MAX)
		return "it is longer than 256 characters";
	emit(&c, STEP_SAVE, 0);
	alternatives(&c);
	emit(&c, STEP_SAVE, 1);
	emit(&c, STEP_MATCH, 0);
	if (!c.bad && *c.at)
		fail(&c, "a ) closes nothing");
	return c.bad;
}
