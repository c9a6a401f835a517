/* Findings and how they are told. Whatever a peer said is made harmless when a finding gets it. */
#include "sbc/doctor/report.h"

#include <jansson.h>
#include <stdarg.h>
#include <string.h>
#include "base/text.h"

const char *verdict_name(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_SKIP:
		return "skip";
	case VERDICT_OK:
		return "ok";
	case VERDICT_WARN:
		return "warn";
	case VERDICT_FAIL:
		return "fail";
	}
	return "?";
}

void finding_say(struct finding *f, enum verdict verdict, const char *fmt, ...)
{
	va_list args;

	f->verdict = verdict;
	f->todo[0] = '\0';
	va_start(args, fmt);
	vsnprintf(f->what, sizeof(f->what), fmt, args);
	va_end(args);
	text_make_safe(f->what);
}

void finding_add(struct finding *f, enum verdict verdict, const char *fmt, ...)
{
	size_t used = strlen(f->what);
	va_list args;

	if (verdict > f->verdict)
		f->verdict = verdict;
	if (used > 0 && used + 2 < sizeof(f->what)) {
		memcpy(f->what + used, "; ", 3);
		used += 2;
	}
	va_start(args, fmt);
	vsnprintf(f->what + used, sizeof(f->what) - used, fmt, args);
	va_end(args);
	text_make_safe(f->what);
}

void finding_advise(struct finding *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(f->todo, sizeof(f->todo), fmt, args);
	va_end(args);
	text_make_safe(f->todo);
}

int reports_status(const struct report *reports, size_t n)
{
	enum verdict worst = VERDICT_OK;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < reports[i].nfindings; k++) {
			if (reports[i].findings[k].verdict > worst)
				worst = reports[i].findings[k].verdict;
		}
	}
	return worst == VERDICT_FAIL ? 2 : worst == VERDICT_WARN ? 1 : 0;
}

static void print_finding(FILE *out, const struct finding *f)
{
	fprintf(out, "%-4s  %-7s  %s%s%s\n", verdict_name(f->verdict), f->id, f->what,
	        f->todo[0] ? "; " : "", f->todo);
}

enum err reports_print(FILE *out, const struct report *reports, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct report *r = &reports[i];

		fprintf(out, "%s%s (%s%s%s)\n", i ? "\n" : "", r->name, r->domain,
		        r->profile ? ", profile " : "", r->profile ? r->profile : "");
		for (size_t k = 0; k < r->nfindings; k++)
			print_finding(out, &r->findings[k]);
	}
	return fflush(out) != 0 || ferror(out) ? ERR_IO : OK;
}

static json_t *findings_json(const struct report *r)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < r->nfindings; i++) {
		const struct finding *f = &r->findings[i];
		json_t *one = json_pack("{s:s, s:s, s:s, s:s}", "id", f->id, "result",
		                        verdict_name(f->verdict), "found", f->what, "do", f->todo);

		if (!one || json_array_append_new(array, one) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *reports_json(const struct report *reports, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < n; i++) {
		const struct report *r = &reports[i];
		json_t *one =
		    json_pack("{s:s, s:s, s:s?, s:o}", "trunk", r->name, "domain", r->domain,
		              "profile", r->profile, "findings", findings_json(r));

		if (!one || json_array_append_new(array, one) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

enum err reports_print_json(FILE *out, const struct report *reports, size_t n)
{
	json_t *all = json_pack("{s:i, s:o}", "status", reports_status(reports, n), "trunks",
	                        reports_json(reports, n));
	bool good = all && json_dumpf(all, out, JSON_INDENT(2)) == 0;
	enum err err = all ? OK : ERR_NOMEM;

	json_decref(all);
	if (!err && (!good || fputc('\n', out) == EOF || fflush(out) != 0))
		err = ERR_IO;
	return err;
}
