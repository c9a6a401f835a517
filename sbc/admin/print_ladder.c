/* The ladder of a call: both legs' messages in the order in which they passed, and how the call
 * went. One thread.
 *
 *           alice                       Trunkgate                      provider
 *           10.99.1.10:5060                                     10.99.2.10:5061
 *     0.000 |------ INVITE sip:4711 ------>|                              | udp
 *     0.012 |                              |--- INVITE sips:4711 -------->| tls
 */
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "sbc/admin/print.h"
#include "sbc/admin/text_table.h"

#define TIME_WIDTH 10
#define TEXT_MAX   48 /* columns; longer first lines and names are cut */
#define WIDE_MIN   24 /* between two bars */
/* What is around a text on its arrow, at least: "<- " and " ->". */
#define AROUND 6
#define MIDDLE "Trunkgate"

/* A copy that is safe to print, plain ASCII (an octet is a column) and not too long. NULL without
 * memory. */
static char *plain(const char *text)
{
	char *copy = mem_strdup(text);

	if (!copy)
		return NULL;
	text_make_safe(copy);
	for (char *c = copy; *c; c++) {
		if ((unsigned char)*c > 0x7e)
			*c = '?';
	}
	if (strlen(copy) > TEXT_MAX)
		memcpy(copy + TEXT_MAX - 3, "...", 4);
	return copy;
}

/* What stands on the arrow: the first line; of an answer to something else than INVITE also to
 * what. */
static char *words_of(const json_t *message)
{
	const char *line = print_text_of(message, "line"),
	           *method = print_text_of(message, "method");
	char *whole, *words;

	if (line[0] < '0' || line[0] > '9' || strcmp(method, "INVITE") == 0)
		return plain(line);
	whole = mem_printf("%s (%s)", line, method);
	if (!whole)
		return NULL;
	words = plain(whole);
	mem_free(whole);
	return words;
}

static void repeat(FILE *out, char c, size_t n)
{
	while (n-- > 0)
		fputc(c, out);
}

/* words in the middle of an arrow that is wide columns long. */
static void print_arrow(FILE *out, const char *words, size_t wide, bool to_right)
{
	size_t rest = wide - strlen(words) - 4, left = rest / 2;

	fputc(to_right ? '-' : '<', out);
	repeat(out, '-', left);
	fprintf(out, " %s ", words);
	repeat(out, '-', rest - left);
	fputc(to_right ? '>' : '-', out);
}

static void print_message(FILE *out, const json_t *message, const char *words, size_t wide)
{
	bool callers = strcmp(print_text_of(message, "leg"), "caller") == 0;
	bool sent = strcmp(print_text_of(message, "from"), "trunkgate") == 0;
	double at_ms = json_number_value(json_object_get(message, "at_ms"));

	fprintf(out, "%*.3f |", TIME_WIDTH - 1, at_ms / 1000);
	if (callers)
		print_arrow(out, words, wide, !sent);
	else
		repeat(out, ' ', wide);
	fputc('|', out);
	if (callers)
		repeat(out, ' ', wide);
	else
		print_arrow(out, words, wide, sent);
	fprintf(out, "| %s\n", print_text_of(message, "transport"));
}

/* One line above the bars: left, middle and right. */
static void print_above(FILE *out, const char *left, const char *middle, const char *right,
                        size_t wide)
{
	size_t total = 2 * wide + 3, half = (total - strlen(MIDDLE)) / 2;

	fprintf(out, "%*s%-*s%-*s%*s\n", TIME_WIDTH, "", (int)half, left, (int)strlen(MIDDLE),
	        middle, (int)(total - strlen(MIDDLE) - half), right);
}

/* All that has to find room between and above the bars. */
struct texts {
	char *names[2], *peers[2]; /* caller, callee */
	char **words;              /* one a message */
	size_t nwords, wide;
};

static void widen(struct texts *t, const char *text, size_t around)
{
	if (strlen(text) + around > t->wide)
		t->wide = strlen(text) + around;
}

static void texts_free(struct texts *t)
{
	for (size_t i = 0; i < 2; i++) {
		mem_free(t->names[i]);
		mem_free(t->peers[i]);
	}
	for (size_t i = 0; t->words && i < t->nwords; i++)
		mem_free(t->words[i]);
	mem_free(t->words);
}

static enum err texts_make(struct texts *t, const json_t *call)
{
	const json_t *messages = json_object_get(call, "messages");
	const json_t *legs[] = { json_object_get(call, "caller"), json_object_get(call, "callee") };

	*t = (struct texts){ .nwords = json_array_size(messages), .wide = WIDE_MIN };
	t->words = mem_zalloc(t->nwords * sizeof(*t->words));
	if (!t->words)
		return ERR_NOMEM;
	for (size_t i = 0; i < 2; i++) {
		t->names[i] = plain(print_text_of(legs[i], "party"));
		t->peers[i] = plain(print_text_of(legs[i], "peer"));
		if (!t->names[i] || !t->peers[i])
			return ERR_NOMEM;
		widen(t, t->names[i], AROUND);
		widen(t, t->peers[i], AROUND);
	}
	for (size_t i = 0; i < t->nwords; i++) {
		t->words[i] = words_of(json_array_get(messages, i));
		if (!t->words[i])
			return ERR_NOMEM;
		widen(t, t->words[i], AROUND);
	}
	return OK;
}

static void print_messages(FILE *out, const json_t *call, const struct texts *t)
{
	const json_t *messages = json_object_get(call, "messages");

	print_above(out, t->names[0], MIDDLE, t->names[1], t->wide);
	print_above(out, t->peers[0], "", t->peers[1], t->wide);
	for (size_t i = 0; i < t->nwords; i++)
		print_message(out, json_array_get(messages, i), t->words[i], t->wide);
	if (!json_is_true(json_object_get(call, "complete")))
		fprintf(out, "%*sOlder messages are forgotten.\n", TIME_WIDTH, "");
}

/* "caller    alice (100): plain RTP, no TLS; 600 packets from it, 598 to it, ..." */
static enum err print_leg(FILE *out, const json_t *call, const char *side)
{
	const json_t *leg = json_object_get(call, side);
	const char *srtp = print_text_of(leg, "srtp"), *tls = print_text_of(leg, "tls");
	const char *verified = print_text_of(leg, "verified");
	char *who = mem_printf("%s (%s): %s%s, %s%s%s%s", print_text_of(leg, "party"),
	                       print_text_of(leg, "number"), *srtp ? "SRTP " : "plain RTP", srtp,
	                       *tls ? tls : "no TLS", *verified ? ", peer " : "", verified,
	                       *verified ? " verified" : "");

	if (!who)
		return ERR_NOMEM;
	text_make_safe(who);
	fprintf(out,
	        "%-10s%s\n%10s%" JSON_INTEGER_FORMAT " packets from it, %" JSON_INTEGER_FORMAT
	        " to it, %" JSON_INTEGER_FORMAT " lost, jitter %.1f ms, %" JSON_INTEGER_FORMAT
	        " refused\n",
	        side, who, "", print_count_of(leg, "packets_in"),
	        print_count_of(leg, "packets_out"), print_count_of(leg, "lost"),
	        json_number_value(json_object_get(leg, "jitter_ms")),
	        print_count_of(leg, "bad_source") + print_count_of(leg, "bad_auth"));
	mem_free(who);
	return OK;
}

static enum err print_end(FILE *out, const json_t *call)
{
	json_int_t talk_s = print_count_of(call, "talk_s");
	char *why = mem_strdup(print_text_of(call, "why")), text[DURATION_MAX];

	if (!why)
		return ERR_NOMEM;
	text_make_safe(why);
	if (json_is_true(json_object_get(call, "ended")))
		fprintf(out, "%-10s%" JSON_INTEGER_FORMAT ": %s", "ended",
		        print_count_of(call, "code"), why);
	else
		fprintf(out, "%-10s%s", "state", print_text_of(call, "state"));
	if (json_is_integer(json_object_get(call, "talk_s")) && talk_s >= 0)
		fprintf(out, " (answered for %s)", text_duration((uint64_t)talk_s, text));
	fputc('\n', out);
	mem_free(why);
	return OK;
}

enum err print_ladder(FILE *out, const json_t *call)
{
	struct texts texts;
	enum err err = texts_make(&texts, call);

	if (!err)
		print_messages(out, call, &texts);
	texts_free(&texts);
	if (err)
		return err;
	fprintf(out, "\n%-10s%s\n", "call", print_text_of(call, "id"));
	err = print_leg(out, call, "caller");
	if (!err)
		err = print_leg(out, call, "callee");
	return err ? err : print_end(out, call);
}
