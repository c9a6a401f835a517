/* SIP as text, read by other means than the code under test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "tests/replay/script.h"
#include "tests/replay/vars.h"

char *wire_build(const char *text)
{
	const char *blank = strstr(text, "\n\n"), *body = blank ? blank + 2 : "";
	size_t head_len = blank ? (size_t)(blank - text) : strlen(text), size, body_len = 0;
	char *out = NULL, *head = strndup(text, head_len);
	FILE *f = open_memstream(&out, &size);

	for (const char *p = body; *p; p++)
		body_len += *p == '\n' ? 2 : 1;
	if (*body && body[strlen(body) - 1] != '\n')
		body_len += 2;
	for (char *line = strtok(head, "\n"); line; line = strtok(NULL, "\n"))
		fprintf(f, "%s\r\n", line);
	if (!strcasestr(text, "\nContent-Length:"))
		fprintf(f, "Content-Length: %zu\r\n", body_len);
	fputs("\r\n", f);
	for (const char *p = body; *p; p++)
		*p == '\n' ? fputs("\r\n", f) : fputc(*p, f);
	if (*body && body[strlen(body) - 1] != '\n')
		fputs("\r\n", f);
	fclose(f);
	free(head);
	return out;
}

char *wire_header(const char *message, const char *name)
{
	const char *end = strstr(message, "\r\n\r\n"), *line = strstr(message, "\r\n");
	size_t len = strlen(name), size;
	char *out = NULL;
	FILE *f = NULL;

	for (; line && line < end; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		if (f)
			fputs(", ", f);
		else
			f = open_memstream(&out, &size);
		line += len + 1;
		line += strspn(line, " \t");
		fprintf(f, "%.*s", (int)strcspn(line, "\r"), line);
	}
	if (f)
		fclose(f);
	return out;
}

/* What stands behind `before` up to one of `stops`; "" where it is not; to free. */
static char *part(const char *text, const char *before, const char *stops)
{
	const char *at = text ? strstr(text, before) : NULL;

	return at ? strndup(at + strlen(before), strcspn(at + strlen(before), stops)) : strdup("");
}

static void remember(const char *prefix, const char *name, char *value)
{
	char full[128];

	snprintf(full, sizeof(full), "%s.%s", prefix, name);
	vars_set(full, value ? value : "");
	free(value);
}

void wire_remember(const char *peer, const char *message)
{
	static const char *const headers[] = { "Via", "From", "To", "Call-ID", "Record-Route" };
	static const char *const names[] = { "via", "from", "to", "call-id", "record-route" };
	bool answer = strncmp(message, "SIP/2.0 ", 8) == 0;
	char prefix[96], *via = wire_header(message, "Via"), *from = wire_header(message, "From"),
	                 *to = wire_header(message, "To"),
	                 *contact = wire_header(message, "Contact"),
	                 *cseq = wire_header(message, "CSeq");

	snprintf(prefix, sizeof(prefix), "%s.%.*s", peer, answer ? 6 : (int)strcspn(message, " "),
	         answer ? "answer" : message);
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		remember(prefix, names[i], wire_header(message, headers[i]));
	remember(prefix, "uri", part(message, " ", " \r"));
	remember(prefix, "cseq", cseq ? strndup(cseq, strcspn(cseq, " ")) : NULL);
	remember(prefix, "contact", part(contact, "<", ">"));
	remember(prefix, "branch", part(via, "branch=", ";, "));
	remember(prefix, "from-tag", part(from, "tag=", ";"));
	remember(prefix, "to-tag", part(to, "tag=", ";"));
	free(via);
	free(from);
	free(to);
	free(contact);
	free(cseq);
}

void wire_mark(const char *message, void (*mark)(const char *text))
{
	char *values[] = { wire_header(message, "Call-ID"), wire_header(message, "User-Agent"),
		           wire_header(message, "Via"), wire_header(message, "From"),
		           wire_header(message, "To") };
	char *parts[] = { part(values[2], "branch=", ";, "), part(values[3], "tag=", ";"),
		          part(values[4], "tag=", ";") };

	for (int i = 0; i < 2; i++) {
		if (values[i])
			mark(values[i]);
	}
	for (int i = 0; i < 3; i++) {
		if (strlen(parts[i]) > 3)
			mark(parts[i]);
		free(parts[i]);
	}
	for (int i = 0; i < 5; i++)
		free(values[i]);
}
