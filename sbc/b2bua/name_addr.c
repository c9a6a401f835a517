/* Values that name somebody. Any thread. */
#include "sbc/b2bua/name_addr.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Behind a quoted string; NULL: it does not end. */
static const char *behind_quoted(const char *text)
{
	for (text++; *text && *text != '"'; text++)
		text += *text == '\\' && text[1];
	return *text ? text + 1 : NULL;
}

/* Words without quotes get some, since not all of them may stand bare. */
static void keep_display(struct name_addr *out, const char *value, size_t len)
{
	while (len > 0 && value[len - 1] == ' ')
		len--;
	if (len == 0 || len + 3 >= DISPLAY_MAX)
		return;
	if (*value == '"')
		snprintf(out->display, DISPLAY_MAX, "%.*s", (int)len, value);
	else if (!memchr(value, '"', len) && !memchr(value, '\\', len))
		snprintf(out->display, DISPLAY_MAX, "\"%.*s\"", (int)len, value);
}

bool name_addr_read(struct name_addr *out, const char *value)
{
	const char *name_end = *value == '"' ? behind_quoted(value) : value, *open, *close;
	size_t len;

	out->display[0] = '\0';
	open = name_end ? strchr(name_end, '<') : NULL;
	close = open ? strchr(open, '>') : NULL;
	if (!name_end || (open && !close) || (!open && name_end != value))
		return false;
	if (open)
		keep_display(out, value,
		             name_end == value ? (size_t)(open - value)
		                               : (size_t)(name_end - value));
	len = open ? (size_t)(close - open - 1) : strcspn(value, "; ");
	if (len == 0 || len >= sizeof(out->uri))
		return false;
	snprintf(out->uri, sizeof(out->uri), "%.*s", (int)len, open ? open + 1 : value);
	out->params = open ? close + 1 : value + len;
	out->params += strspn(out->params, " ");
	return true;
}

/* The next one: its name, and its value with its quotes, if it has one. *at is then behind it. 0:
 * there is none that could be read. */
static size_t next_param(const char **at, const char **name, const char **value, size_t *value_len)
{
	const char *t = *at + strspn(*at, "; ");
	size_t len = strcspn(t, "=; ");

	*name = t;
	t += len + strspn(t + len, " ");
	*value = NULL;
	*value_len = 0;
	if (*t == '=') {
		t += 1 + strspn(t + 1, " ");
		*value = t;
		t = *t == '"' ? behind_quoted(t) : t + strcspn(t, "; ");
		if (!t)
			return 0;
		*value_len = (size_t)(t - *value);
		t += strcspn(t, ";");
	}
	*at = t;
	return len;
}

bool name_addr_param(const char *params, const char *name, char *out, size_t size)
{
	const char *found, *value;
	size_t len, value_len, wanted = strlen(name);

	do {
		len = next_param(&params, &found, &value, &value_len);
		if (len == 0)
			return false;
	} while (len != wanted || strncasecmp(found, name, len) != 0);
	if (value && *value == '"') {
		value++;
		value_len -= 2;
	}
	if (value_len >= size)
		return false;
	snprintf(out, size, "%.*s", (int)value_len, value ? value : "");
	return true;
}

bool name_addr_param_is(const char *params, const char *name, const char *value)
{
	char is[64];

	return name_addr_param(params, name, is, sizeof(is)) && strcasecmp(is, value) == 0;
}
