/* Scenarios: the lines of a file, and what they do. The grammar is in README.md. */
#ifndef TESTS_REPLAY_SCRIPT_H
#define TESTS_REPLAY_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/* Runs one file against a house of its own, to the end or to fail(). folder: where certificates
 * are. verbose: the ladder and the log are printed although all is well. */
void script_run(const char *path, const char *folder, bool verbose);
/* The same with the n-th allocation from the first message on failing. What then comes is not
 * checked: only that all ends, and that nothing is left. False: no more than n were made. */
bool script_starve(const char *path, const char *folder, unsigned n);

/* lines.c: a file as commands, each with the indented block below it. */
struct command {
	const char *file;
	unsigned line;
	char *text;  /* without its indented lines */
	char *block; /* those, without their tab; "" for none */
};
struct commands {
	struct command *list;
	size_t n;
	char *title; /* the first line, without "# " */
};
bool lines_read(struct commands *out, const char *path); /* false: it cannot be read */
void lines_free(struct commands *c);
/* Splits text at blanks into at most max words; "a b" and x="a b" are one. Changes text. */
size_t lines_words(char *text, char **words, size_t max);

/* wire.c: SIP as text. */
char *wire_build(const char *text); /* CRLF, Content-Length; to free */
/* The values of a header, ", " between them; NULL: none; to free. */
char *wire_header(const char *message, const char *name);
/* Sets PEER.METHOD.via and so on, PEER.answer.via for an answer. */
void wire_remember(const char *peer, const char *message);
/* What of a message of the inside must not be seen outside: tags, branch, Call-ID, user agent. */
void wire_mark(const char *message, void (*mark)(const char *text));

#endif
