/* The system's name servers. Of resolv.conf the lines "nameserver" count: our names are whole, so
 * no search list is tried. Signalling thread. */
#include "sbc/sip/dns_conf.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/log.h"

#define LINES_MAX 1000

/* An address, or a link-local one with its interface: fe80::1%eth0. */
static bool read_server(const char *text, struct addr *out)
{
	char host[ADDR_TEXT_MAX];
	const char *zone = strchr(text, '%');

	snprintf(host, sizeof(host), "%.*s", (int)(zone ? zone - text : (ptrdiff_t)strlen(text)),
	         text);
	if (addr_parse(out, host) || addr_port(out))
		return false;
	if (zone && out->sa.sa_family == AF_INET6)
		out->v6.sin6_scope_id = if_nametoindex(zone + 1);
	addr_set_port(out, DNS_PORT);
	return true;
}

static void read_file(struct dns_conf *c, FILE *in)
{
	char line[512], server[128];

	for (int i = 0; i < LINES_MAX && fgets(line, sizeof(line), in); i++) {
		if (c->nservers < DNS_SERVERS_MAX &&
		    sscanf(line, " nameserver %127s", server) == 1 &&
		    read_server(server, &c->servers[c->nservers]))
			c->nservers++;
	}
}

bool dns_file_changed(struct dns_file *f, const char *path)
{
	struct dns_file was = *f;
	struct stat st;

	memset(&st, 0, sizeof(st));
	if (stat(path, &st))
		memset(&st, 0, sizeof(st));
	*f = (struct dns_file){ .changed = st.st_mtim, .inode = st.st_ino, .size = st.st_size };
	return f->inode != was.inode || f->size != was.size ||
	       f->changed.tv_sec != was.changed.tv_sec || f->changed.tv_nsec != was.changed.tv_nsec;
}

void dns_conf_update(struct dns_conf *c)
{
	FILE *in;

	if (!dns_file_changed(&c->file, c->path) && c->nservers > 0)
		return;
	c->nservers = 0;
	in = fopen(c->path, "re");
	if (in) {
		read_file(c, in);
		fclose(in);
	}
	if (c->nservers == 0 && read_server("127.0.0.1", &c->servers[0]))
		c->nservers = 1;
	LOG(LOG_DEBUG, KV("event", "dns-servers"), KV("file", c->path),
	    KVN("servers", c->nservers));
}
