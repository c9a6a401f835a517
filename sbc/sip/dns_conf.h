/* The system's name servers (resolv.conf(5)). Signalling thread. */
#ifndef SBC_SIP_DNS_CONF_H
#define SBC_SIP_DNS_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>
#include "base/addr.h"

#define DNS_PORT        53
#define DNS_SERVERS_MAX 4

/* A file as it was when it was last looked at; zeroed to begin with, as one that is not there. */
struct dns_file {
	struct timespec changed;
	ino_t inode;
	off_t size;
};

/* Looks at it; true: it is another than it was. */
bool dns_file_changed(struct dns_file *f, const char *path);

/* Zeroed with a path to begin with. */
struct dns_conf {
	const char *path; /* borrowed */
	struct dns_file file;
	struct addr servers[DNS_SERVERS_MAX];
	size_t nservers;
};

/* Reads the file where it is another than last time. Without a server in it, or without a file,
 * this machine is asked, as resolv.conf(5) says. */
void dns_conf_update(struct dns_conf *c);

#endif
