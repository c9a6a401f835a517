/* Names and dates out of certificates as text that may stand in a sentence or a log line: printable
 * ASCII, bounded, no double quotes. Any thread. */
#ifndef CERTS_CERT_TEXT_H
#define CERTS_CERT_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define CERT_TEXT_MAX 128 /* enough for one name */
#define CERT_DAY_MAX  16  /* "2026-01-31" */

/* Writes one sentence of at most CERT_WHY_MAX bytes. */
void cert_why(char *why, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* data as printable text; what does not fit ends in "...". Returns buf. */
const char *cert_printable(char *buf, size_t size, const void *data, size_t len);
/* "CN=pbx.lab"; without a common name the whole name, "O=Acme, OU=Voice". Returns buf. */
const char *cert_name_text(const X509_NAME *name, char *buf, size_t size);
/* The whole name as one line, "CN=pbx.lab, O=Acme". Returns buf. */
const char *cert_name_line(const X509_NAME *name, char *buf, size_t size);

/* Seconds since 1970; ERR_SYNTAX for a date that is none. */
MUST_USE enum err cert_time_s(int64_t *out, const ASN1_TIME *time);
/* "2026-01-31", UTC. Returns buf (CERT_DAY_MAX). */
const char *cert_day_text(int64_t when_s, char *buf);

#endif
