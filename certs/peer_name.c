/* One walk over a certificate's names serves the comparison and the words for people. */
#include "certs/peer_name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "certs/cert_text.h"

#define LISTED_MAX 3 /* names in a sentence; the rest is counted */

/* Called for each name; the walk ends when it gives true. The text has no NUL at its end and may
 * have some inside. */
typedef bool name_fn(void *arg, const char *name, size_t len);

/* "sip:example.com" and nothing more gives "example.com". RFC 5922 7.1: no other scheme, no user
 * part. A port or parameters make it no domain either. */
static bool uri_domain(const char **name, size_t *len)
{
	static const char scheme[] = "sip:";
	const size_t skip = sizeof(scheme) - 1;

	if (*len <= skip || strncasecmp(*name, scheme, skip) != 0)
		return false;
	*name += skip;
	*len -= skip;
	for (size_t i = 0; i < *len; i++) {
		if (strchr("@:;?/", (*name)[i])) /* strchr finds a NUL, too */
			return false;
	}
	return true;
}

/* A user's certificate (sip:alice@example.com) has a SAN of the kind, though none that counts. */
static bool is_sip_uri(const char *name, size_t len)
{
	return (len >= 4 && strncasecmp(name, "sip:", 4) == 0) ||
	       (len >= 5 && strncasecmp(name, "sips:", 5) == 0);
}

/* *found: whether there is a SAN of our kinds. */
static bool walk_san(X509 *leaf, name_fn *fn, void *arg, bool *found)
{
	int status = -1;
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, &status, NULL);
	bool done = false;

	/* A SAN that cannot be read stands for nothing, and does not let the CN in. */
	*found = !names && status != -1;
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !done; i++) {
		int type;
		const ASN1_STRING *value =
		    GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
		const char *text;
		size_t len;

		if (type != GEN_DNS && type != GEN_URI)
			continue;
		text = (const char *)ASN1_STRING_get0_data(value);
		len = (size_t)ASN1_STRING_length(value);
		if (type == GEN_DNS || is_sip_uri(text, len))
			*found = true;
		if (type == GEN_DNS || uri_domain(&text, &len))
			done = fn(arg, text, len);
	}
	GENERAL_NAMES_free(names);
	return done;
}

static bool walk_common_names(X509 *leaf, name_fn *fn, void *arg)
{
	const X509_NAME *subject = X509_get_subject_name(leaf);
	bool done = false;
	int at = -1;

	while (!done && (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0) {
		unsigned char *text = NULL;
		int len = ASN1_STRING_to_UTF8(
		    &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));

		if (len >= 0)
			done = fn(arg, (const char *)text, (size_t)len);
		OPENSSL_free(text);
	}
	return done;
}

static bool walk(X509 *leaf, name_fn *fn, void *arg)
{
	bool found;

	if (walk_san(leaf, fn, arg, &found))
		return true;
	return !found && walk_common_names(leaf, fn, arg);
}

static size_t without_dot(const char *name, size_t len)
{
	return len > 1 && name[len - 1] == '.' ? len - 1 : len;
}

/* The characters of host names, so that no NUL, no wildcard and no space can ever match. */
static bool is_host(const char *name, size_t len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789-._";

	for (size_t i = 0; i < len; i++) {
		if (!memchr(allowed, name[i], sizeof(allowed) - 1))
			return false;
	}
	return len > 0;
}

struct query {
	const char *wanted;
};

static bool is_same(void *arg, const char *name, size_t len)
{
	const char *wanted = ((const struct query *)arg)->wanted;
	size_t wanted_len = without_dot(wanted, strlen(wanted));

	len = without_dot(name, len);
	return is_host(name, len) && len == wanted_len && strncasecmp(name, wanted, len) == 0;
}

static bool is_same_by_wildcard(void *arg, const char *name, size_t len)
{
	const char *wanted = ((const struct query *)arg)->wanted;
	const char *parent = strchr(wanted, '.');
	size_t parent_len = parent ? without_dot(parent, strlen(parent)) : 0;

	len = without_dot(name, len);
	return parent && parent > wanted && len > 2 && name[0] == '*' && name[1] == '.' &&
	       len - 1 == parent_len && is_host(name + 1, len - 1) &&
	       strncasecmp(name + 1, parent, parent_len) == 0;
}

bool peer_name_is(X509 *leaf, const char *wanted)
{
	struct query q = { wanted };

	return walk(leaf, is_same, &q);
}

bool peer_name_is_by_wildcard(X509 *leaf, const char *wanted)
{
	struct query q = { wanted };

	return walk(leaf, is_same_by_wildcard, &q);
}

struct list {
	char *buf;
	size_t size, used;
	unsigned count;
};

static bool list_add(void *arg, const char *name, size_t len)
{
	struct list *l = arg;
	char text[64];
	int n;

	if (l->count++ >= LISTED_MAX)
		return false;
	n = snprintf(l->buf + l->used, l->size - l->used, "%s\"%s\"", l->used ? ", " : "",
	             cert_printable(text, sizeof(text), name, len));
	if (n > 0)
		l->used += (size_t)n < l->size - l->used ? (size_t)n : l->size - l->used - 1;
	return false;
}

const char *peer_name_list(X509 *leaf, char *buf, size_t size)
{
	struct list l = { .buf = buf, .size = size };

	snprintf(buf, size, "no name");
	walk(leaf, list_add, &l);
	if (l.count > LISTED_MAX)
		snprintf(buf + l.used, size - l.used, " and %u more", l.count - LISTED_MAX);
	return buf;
}
