/* Header rules: set, remove, rename, copy. Signalling thread. */
#include "sbc/b2bua/header_rules.h"

#include <stdio.h>
#include <string.h>
#include "base/log.h"

struct work {
	const struct config_header_rule *rule;
	const struct passage *p;
	struct message *m; /* what goes */
};

static bool has_method(const struct config_header_rule *rule, const char *method)
{
	for (size_t i = 0; i < rule->nmethods; i++) {
		if (strcmp(config_rule_methods[rule->methods[i]], method) == 0)
			return true;
	}
	return rule->nmethods == 0;
}

/* Without statuses it is for requests, with some for those answers. */
static bool is_for(const struct config_header_rule *rule, const struct message *m)
{
	unsigned status = message_status(m);

	if (!has_method(rule, message_method_name(m)))
		return false;
	for (size_t i = 0; i < rule->nstatuses; i++) {
		if (status && (rule->statuses[i] == status || rule->statuses[i] == status / 100))
			return true;
	}
	return rule->nstatuses == 0 && status == 0;
}

static void add(const struct work *w, const char *name, const char *value, bool is_theirs)
{
	const char *word = is_theirs ? inside_words_in(&w->p->words, value) : NULL;

	if (word)
		LOG(LOG_WARN, KV("event", "header-held-back"), KV("header", name),
		    KV("names", word), KV("by", "header-rules"));
	else if (*value)
		message_put(w->m, name, value);
}

/* In place of what is there. With match: where a value is there that matches. */
static void set(const struct work *w)
{
	const struct config_header_rule *rule = w->rule;
	char value[HEADER_LINE_MAX], written[HEADER_LINE_MAX];
	bool found = !rule->match;
	unsigned n = 0;

	if (!rule->match)
		snprintf(written, sizeof(written), "%s", rule->value);
	while (!found && header_next(w->m, rule->header, NULL, &n, value, sizeof(value)))
		found = pattern_replace(rule->match, value, rule->value, written,
		                        sizeof(written)) == OK;
	if (!found)
		return;
	message_remove(w->m, rule->header);
	add(w, rule->header, written, false);
}

/* All, or those values that match. */
static void drop(const struct work *w)
{
	const struct config_header_rule *rule = w->rule;
	char value[HEADER_LINE_MAX];
	unsigned n = 0;

	if (!rule->match)
		message_remove(w->m, rule->header);
	while (rule->match && header_next(w->m, rule->header, NULL, &n, value, sizeof(value))) {
		if (pattern_matches(rule->match, value))
			message_remove_at(w->m, rule->header, --n);
	}
}

/* What came is asked first, so that no header needs to cross only to be looked at. Of what we make
 * ourselves of it ours counts, for that is what its sender may say; so does our From or To where a
 * number is withheld. */
static bool reads_theirs(const struct work *w)
{
	const char *name = w->rule->header, *ours = message_header(w->m, name, 0);

	return w->p->from && message_header(w->p->from, name, 0) && !config_makes_header(name) &&
	       !(ours && strcasestr(ours, "@anonymous.invalid"));
}

static void copy(const struct work *w, bool move)
{
	const struct config_header_rule *rule = w->rule;
	bool theirs = reads_theirs(w);
	const struct message *from = theirs ? w->p->from : w->m;
	char values[HEADER_EACH_MAX][HEADER_LINE_MAX], value[HEADER_LINE_MAX];
	unsigned nvalues = 0, n = 0;

	while (nvalues < HEADER_EACH_MAX &&
	       header_next(from, rule->header, NULL, &n, value, sizeof(value))) {
		if (!rule->match)
			memcpy(values[nvalues++], value, sizeof(value));
		else if (pattern_replace(rule->match, value, rule->value ? rule->value : "\\0",
		                         values[nvalues], sizeof(value)) == OK)
			nvalues++;
	}
	if (move)
		message_remove(w->m, rule->header);
	if (nvalues)
		message_remove(w->m, rule->to);
	for (unsigned i = 0; i < nvalues; i++)
		add(w, rule->to, values[i], theirs);
}

static void apply(const struct work *w)
{
	switch (w->rule->action) {
	case RULE_SET:
		set(w);
		return;
	case RULE_REMOVE:
		drop(w);
		return;
	case RULE_RENAME:
		copy(w, true);
		return;
	case RULE_COPY:
		copy(w, false);
		return;
	}
}

void header_rules_apply(const struct config_trunk *trunk, enum trunk_way way,
                        const struct passage *p)
{
	for (size_t i = 0; i < trunk->nheader_rules; i++) {
		const struct work w = { &trunk->header_rules[i], p, p->to };

		if (w.rule->way == way && is_for(w.rule, w.m))
			apply(&w);
	}
}
