/* Names and addresses that this machine's own file has (hosts(5)). Signalling thread. */
#ifndef SBC_SIP_DNS_HOSTS_H
#define SBC_SIP_DNS_HOSTS_H

#include <stddef.h>
#include "base/addr.h"
#include "base/err.h"

struct dns_hosts;

#define DNS_HOSTS_MAX 256 /* names with an address each; more are left out, and that is logged */

/* /etc/hosts is read when it is first asked for, and again once it has changed. */
MUST_USE enum err dns_hosts_new(struct dns_hosts **out);
void dns_hosts_free(struct dns_hosts **hp); /* NULL is fine */

/* Writes the addresses of that family (AF_INET, AF_INET6; no port) and gives their number. */
size_t dns_hosts_find(struct dns_hosts *h, const char *name, int family, struct addr *out,
                      size_t max);

/* Tests: another file. Borrows path; NULL: back to normal. */
void dns_hosts_fake(const char *path);

#endif
