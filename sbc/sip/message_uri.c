/* The URIs of a message: who is called, who calls, and where its sender is (RFC 3261 19.1, 20.10).
 * Signalling thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sofia-sip/msg.h>
#include <sofia-sip/url.h>
#include "sbc/sip/message_internal.h"

static bool transport_from_name(const char *name, enum transport *out)
{
	static const enum transport all[] = { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (strcasecmp(name, transport_name(all[i])) == 0) {
			*out = all[i];
			return true;
		}
	}
	return false;
}

/* The host of a URI without the brackets of an IPv6 address. */
static const char *bare_host(su_home_t *home, const char *host)
{
	size_t len = strlen(host);

	if (len < 2 || host[0] != '[' || host[len - 1] != ']')
		return host;
	return or_empty(su_strndup(home, host + 1, (isize_t)(len - 2)));
}

/* The value of one parameter, cut to size. Sofia's url_param reads beyond the end of "transport/x".
 */
static bool uri_param(const char *params, const char *name, char *value, size_t size)
{
	size_t n = strlen(name);

	while (params) {
		size_t len = strcspn(params, ";?");

		if (len > n && params[n] == '=' && strncasecmp(params, name, n) == 0) {
			snprintf(value, size, "%.*s", (int)(len - n - 1), params + n + 1);
			return true;
		}
		params = params[len] == ';' ? params + len + 1 : NULL;
	}
	return false;
}

/* The parser lets a folded line, blanks and brackets stand inside a URI. Written out again in a
 * request line they would be something else than they were. */
static bool is_whole(const char *part)
{
	for (; part && *part; part++) {
		unsigned char c = (unsigned char)*part;

		if (c <= ' ' || c == '<' || c == '>' || c == '"' || c == 0x7f)
			return false;
	}
	return true;
}

static bool url_is_whole(const url_t *url)
{
	return is_whole(url->url_user) && is_whole(url->url_password) && is_whole(url->url_host) &&
	       is_whole(url->url_port) && is_whole(url->url_path) && is_whole(url->url_params) &&
	       is_whole(url->url_headers) && is_whole(url->url_fragment);
}

static bool read_uri(const struct message *m, const url_t *url, struct uri *out)
{
	char name[8];

	if (!url || !url_is_whole(url) ||
	    (url->url_type != url_sip && url->url_type != url_sips && url->url_type != url_tel))
		return false;
	memset(out, 0, sizeof(*out));
	out->sips = url->url_type == url_sips;
	out->tel = url->url_type == url_tel;
	/* A tel URI is all "host" to the parser. */
	out->user = or_empty(out->tel && !url->url_user ? url->url_host : url->url_user);
	out->host = out->tel ? "" : bare_host(msg_home(m->msg), or_empty(url->url_host));
	if (url->url_port && url->url_port[0]) {
		unsigned long port = strtoul(url->url_port, NULL, 10);

		if (port == 0 || port > 65535)
			return false;
		out->port = (unsigned)port;
	}
	if (uri_param(url->url_params, "transport", name, sizeof(name)))
		out->has_transport = transport_from_name(name, &out->transport);
	return true;
}

bool message_request_uri(const struct message *m, struct uri *out)
{
	return m->sip->sip_request && read_uri(m, m->sip->sip_request->rq_url, out);
}

const char *message_request_uri_text(const struct message *m)
{
	return m->sip->sip_request ? url_as_string(msg_home(m->msg), m->sip->sip_request->rq_url)
	                           : NULL;
}

bool message_from_uri(const struct message *m, struct uri *out)
{
	return read_uri(m, m->sip->sip_from->a_url, out);
}

bool message_contact_uri(const struct message *m, struct uri *out)
{
	return m->sip->sip_contact && read_uri(m, m->sip->sip_contact->m_url, out);
}

bool message_parse_uri(const struct message *m, const char *text, struct uri *out)
{
	return read_uri(m, url_make(msg_home(m->msg), text), out);
}

const char *message_contact_text(const struct message *m)
{
	if (!m->sip->sip_contact || !url_is_whole(m->sip->sip_contact->m_url))
		return NULL;
	return url_as_string(msg_home(m->msg), m->sip->sip_contact->m_url);
}

bool message_contact_is_star(const struct message *m)
{
	return m->sip->sip_contact && m->sip->sip_contact->m_url->url_type == url_any;
}

/* RFC 3261 10.2.1.1: what is no number counts as an hour. */
static int64_t read_expires(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits == 0 || digits > 10 || text[digits] ? 3600 : (int64_t)strtoul(text, NULL, 10);
}

bool message_contact_at(const struct message *m, unsigned n, const char **uri, int64_t *expires_s)
{
	const sip_contact_t *contact = m->sip->sip_contact;

	while (contact && n-- > 0)
		contact = contact->m_next;
	if (contact && contact->m_expires)
		*expires_s = read_expires(contact->m_expires);
	else
		*expires_s = m->sip->sip_expires ? (int64_t)m->sip->sip_expires->ex_delta : -1;
	if (!contact)
		*uri = NULL;
	else if (url_is_whole(contact->m_url))
		*uri = or_empty(url_as_string(msg_home(m->msg), contact->m_url));
	else
		*uri = "";
	return contact != NULL;
}

/* RFC 3261 25.1, qvalue; what is none counts for nothing. */
static unsigned read_q(const char *text)
{
	unsigned q = 0, digit = 1000;

	if (*text != '0' && *text != '1')
		return 0;
	q = *text++ == '1' ? 1000 : 0;
	if (*text == '.')
		text++;
	while (*text >= '0' && *text <= '9' && digit > 1) {
		digit /= 10;
		q += (unsigned)(*text++ - '0') * digit;
	}
	return *text || q > 1000 ? 0 : q;
}

unsigned message_contact_q(const struct message *m, unsigned n)
{
	const sip_contact_t *contact = m->sip->sip_contact;

	while (contact && n-- > 0)
		contact = contact->m_next;
	return contact && contact->m_q ? read_q(contact->m_q) : 1000;
}

int64_t message_expires_s(const struct message *m)
{
	const char *uri;
	int64_t expires_s;

	message_contact_at(m, 0, &uri, &expires_s);
	return expires_s;
}
