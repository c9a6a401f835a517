/* What a certificate says about itself is chosen by whoever made it: every text passes through
 * cert_printable before anybody reads it. */
#include "certs/cert_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "certs/identity.h"

#define CUT_MARK "..."

void cert_why(char *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, CERT_WHY_MAX, fmt, args);
	va_end(args);
}

static char printable(unsigned char c)
{
	if (c == '"')
		return '\'';
	return c >= 0x20 && c < 0x7f ? (char)c : '?';
}

const char *cert_printable(char *buf, size_t size, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	size_t n = len < size ? len : size - 1;

	for (size_t i = 0; i < n; i++)
		buf[i] = printable(bytes[i]);
	buf[n] = '\0';
	if (len > n && n >= strlen(CUT_MARK))
		memcpy(buf + n - strlen(CUT_MARK), CUT_MARK, strlen(CUT_MARK));
	return buf;
}

const char *cert_name_line(const X509_NAME *name, char *buf, size_t size)
{
	/* Most specific part first, as RFC 2253 has it, with the spaces that people expect. */
	const unsigned long style = (XN_FLAG_RFC2253 & ~XN_FLAG_SEP_MASK) | XN_FLAG_SEP_CPLUS_SPC;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len = 0;

	if (bio && X509_NAME_print_ex(bio, name, 0, style) >= 0)
		len = BIO_get_mem_data(bio, &text);
	if (len > 0)
		cert_printable(buf, size, text, (size_t)len);
	else
		snprintf(buf, size, "(no name)");
	BIO_free(bio);
	return buf;
}

const char *cert_name_text(const X509_NAME *name, char *buf, size_t size)
{
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	unsigned char *text = NULL;
	int len;

	if (at < 0)
		return cert_name_line(name, buf, size);
	len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (len < 0)
		return cert_name_line(name, buf, size);
	snprintf(buf, size, "CN=");
	cert_printable(buf + strlen(buf), size - strlen(buf), text, (size_t)len);
	OPENSSL_free(text);
	return buf;
}

enum err cert_time_s(int64_t *out, const ASN1_TIME *time)
{
	struct tm tm;

	if (!time || ASN1_TIME_to_tm(time, &tm) != 1)
		return ERR_SYNTAX;
	*out = timegm(&tm);
	return OK;
}

const char *cert_day_text(int64_t when_s, char *buf)
{
	time_t t = when_s;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(buf, CERT_DAY_MAX, "%Y-%m-%d", &tm) == 0)
		snprintf(buf, CERT_DAY_MAX, "?");
	return buf;
}
