/* What an operator wants to know of a certificate, as texts that may be printed. Any thread. */
#ifndef CERTS_CERT_INFO_H
#define CERTS_CERT_INFO_H

#include <stdbool.h>
#include <stdint.h>
#include "certs/cert_text.h"

struct cert_info {
	char subject[CERT_TEXT_MAX];
	char issuer[CERT_TEXT_MAX];
	char names[2 * CERT_TEXT_MAX]; /* as peer_name_list */
	char key[CERT_TEXT_MAX / 2];   /* "EC 256", "RSA 2048" */
	int64_t not_before_s, not_after_s;
	bool as_server, as_client; /* what it may be used as */
};

void cert_info_read(struct cert_info *out, X509 *cert);
/* Whole days until the end; below zero once it is over. */
int64_t cert_days_left(const struct cert_info *info, int64_t now_s);

#endif
