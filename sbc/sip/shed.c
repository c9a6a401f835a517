/* Reads no more than it must, and gives up on whatever is out of the ordinary. */
#include "sbc/sip/shed.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/random.h"

/* Not in the alphabet of random_token, and so at the beginning of no other tag of ours. */
#define TAG_MARK '0'

static bool begins(const struct shed_text *t, const char *with)
{
	size_t len = strlen(with);

	return t->len >= len && strncasecmp(t->at, with, len) == 0;
}

static struct shed_text skip(struct shed_text t, size_t n)
{
	return (struct shed_text){ t.at + n, t.len - n };
}

/* Takes the next line off rest, without its CRLF. False: there is no whole one. */
static bool next_line(struct shed_text *rest, struct shed_text *line)
{
	const char *lf = memchr(rest->at, '\n', rest->len);

	if (!lf || lf == rest->at || lf[-1] != '\r')
		return false;
	*line = (struct shed_text){ rest->at, (size_t)(lf - 1 - rest->at) };
	*rest = skip(*rest, line->len + 2);
	return !memchr(line->at, '\r', line->len) && !memchr(line->at, '\0', line->len);
}

/* The value of a line whose name is one of two. */
static bool value_of(const struct shed_text *line, const char *name, char compact,
                     struct shed_text *value)
{
	size_t len = strlen(name);

	if (line->len > len && line->at[len] == ':' && strncasecmp(line->at, name, len) == 0)
		*value = skip(*line, len + 1);
	else if (compact && line->len > 1 && line->at[1] == ':' && (line->at[0] | 0x20) == compact)
		*value = skip(*line, 2);
	else
		return false;
	while (value->len && value->at[0] == ' ')
		*value = skip(*value, 1);
	return true;
}

/* The part of t before the first of any of those characters. */
static struct shed_text until(struct shed_text t, const char *stops)
{
	size_t n = 0;

	while (n < t.len && !strchr(stops, t.at[n]))
		n++;
	return (struct shed_text){ t.at, n };
}

static struct shed_text skip_blanks(struct shed_text t)
{
	while (t.len && (t.at[0] == ' ' || t.at[0] == '\t'))
		t = skip(t, 1);
	return t;
}

/* Blanks may stand around a parameter's name (RFC 3261 25.1). */
static bool has_tag(const struct shed_text *value)
{
	for (struct shed_text t = *value, name; t.len; t = skip(t, 1)) {
		if (t.at[0] != ';')
			continue;
		name = skip_blanks(skip(t, 1));
		if (!begins(&name, "tag"))
			continue;
		name = skip_blanks(skip(name, 3));
		if (begins(&name, "="))
			return true;
	}
	return false;
}

static bool copy_text(char out[SHED_TEXT_MAX], struct shed_text t)
{
	if (!t.len || t.len >= SHED_TEXT_MAX)
		return false;
	memcpy(out, t.at, t.len);
	out[t.len] = '\0';
	return true;
}

/* The first Via: SIP/2.0/UDP host[:port];branch=z9hG4bK...[;rport][;other...], all in one piece. */
static bool read_via(struct shed_invite *out)
{
	static const char protocol[] = "SIP/2.0/UDP ";
	struct shed_text rest = out->vias[0], sent_by, param, branch = { 0 };

	if (!begins(&rest, protocol))
		return false;
	rest = skip(rest, sizeof(protocol) - 1);
	if (until(rest, " \t,\"[").len != rest.len)
		return false;
	sent_by = until(rest, ";");
	for (rest = skip(rest, sent_by.len); rest.len; rest = skip(rest, param.len)) {
		rest = skip(rest, 1);
		param = until(rest, ";");
		if (begins(&param, "branch="))
			branch = skip(param, 7);
		else if (begins(&param, "rport") && param.len == 5)
			out->rport = param;
		else if (begins(&param, "maddr") || begins(&param, "received") ||
		         begins(&param, "rport"))
			return false;
	}
	return copy_text(out->sent_by, sent_by) && copy_text(out->branch, branch) &&
	       strncmp(out->branch, "z9hG4bK", 7) == 0;
}

static bool take(struct shed_text *slot, const struct shed_text *value)
{
	if (slot->at)
		return false; /* twice */
	*slot = *value;
	return true;
}

static bool read_line(struct shed_invite *out, const struct shed_text *line)
{
	struct shed_text value;

	if (line->at[0] == ' ' || line->at[0] == '\t')
		return false;
	if (value_of(line, "via", 'v', &value)) {
		if (out->nvias == SHED_VIAS_MAX)
			return false;
		out->vias[out->nvias++] = value;
		return true;
	}
	if (value_of(line, "from", 'f', &value))
		return take(&out->from, &value);
	if (value_of(line, "to", 't', &value))
		return take(&out->to, &value) && !has_tag(&value);
	if (value_of(line, "call-id", 'i', &value))
		return take(&out->call_id, &value);
	if (value_of(line, "cseq", 0, &value))
		return take(&out->cseq, &value);
	return true;
}

bool shed_read(struct shed_invite *out, const char *data, size_t len)
{
	struct shed_text rest = { data, len }, line;

	memset(out, 0, sizeof(*out));
	if (len < 7 || memcmp(data, "INVITE ", 7) != 0 || !next_line(&rest, &line))
		return false;
	for (;;) {
		if (!next_line(&rest, &line))
			return false;
		if (!line.len)
			break;
		if (!read_line(out, &line))
			return false;
	}
	return out->nvias && out->from.len && out->to.len && out->call_id.len && out->cseq.len &&
	       read_via(out);
}

static void add_text(struct buf *to, const struct shed_text *t)
{
	buf_add(to, t->at, t->len);
}

static void add_line(struct buf *to, const char *name, const struct shed_text *value)
{
	buf_puts(to, name);
	add_text(to, value);
	buf_puts(to, "\r\n");
}

/* RFC 3261 18.2.1, RFC 3581 4 */
static void add_first_via(struct buf *to, const struct shed_invite *invite, const struct addr *peer)
{
	const struct shed_text *via = &invite->vias[0];
	size_t before = invite->rport.len ? (size_t)(invite->rport.at + 5 - via->at) : via->len;
	char host[ADDR_TEXT_MAX];

	buf_puts(to, "Via: ");
	buf_add(to, via->at, before);
	if (invite->rport.len)
		buf_printf(to, "=%u", addr_port(peer));
	buf_add(to, via->at + before, via->len - before);
	buf_printf(to, ";received=%s\r\n", addr_host(peer, host, sizeof(host)));
}

static uint16_t port_of(const char *sent_by)
{
	const char *colon = strchr(sent_by, ':');
	unsigned long port = colon ? strtoul(colon + 1, NULL, 10) : 0;

	return port && port < 65536 ? (uint16_t)port : 5060;
}

void shed_answer(const struct shed_invite *invite, const struct addr *peer, unsigned retry_after_s,
                 struct buf *answer, struct addr *to)
{
	char tag[14] = { TAG_MARK };

	*to = *peer;
	if (!invite->rport.len)
		addr_set_port(to, port_of(invite->sent_by));
	random_token(tag + 1, sizeof(tag) - 2);
	buf_puts(answer, "SIP/2.0 503 Service Unavailable\r\n");
	add_first_via(answer, invite, peer);
	for (size_t i = 1; i < invite->nvias; i++)
		add_line(answer, "Via: ", &invite->vias[i]);
	add_line(answer, "From: ", &invite->from);
	buf_puts(answer, "To: ");
	add_text(answer, &invite->to);
	buf_printf(answer, ";tag=%s\r\n", tag);
	add_line(answer, "Call-ID: ", &invite->call_id);
	add_line(answer, "CSeq: ", &invite->cseq);
	buf_printf(answer, "Retry-After: %u\r\nContent-Length: 0\r\n\r\n", retry_after_s);
}

bool shed_is_ack(const char *data, size_t len)
{
	struct shed_text rest = { data, len }, line, to;

	if (len < 4 || memcmp(data, "ACK ", 4) != 0)
		return false;
	while (next_line(&rest, &line) && line.len) {
		if (!value_of(&line, "to", 't', &to))
			continue;
		for (; to.len > 5; to = skip(to, 1)) {
			if (begins(&to, ";tag="))
				return to.at[5] == TAG_MARK;
		}
		return false;
	}
	return false;
}
