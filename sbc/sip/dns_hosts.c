/* The machine's own names, kept in memory until the file is another. Owner of the list: the caller.
 * Signalling thread. */
#include "sbc/sip/dns_hosts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/dns_conf.h"
#include "sbc/sip/dns_message.h"

#define LINES_MAX 10000
#define BLANKS    " \t\r\n"

struct dns_hosts {
	struct dns_file file;
	struct host {
		char name[DNS_TEXT_MAX];
		struct addr addr;
	} list[DNS_HOSTS_MAX];
	size_t n;
};

static const char *path = "/etc/hosts";

void dns_hosts_fake(const char *other)
{
	path = other ? other : "/etc/hosts";
}

enum err dns_hosts_new(struct dns_hosts **out)
{
	struct dns_hosts *h = mem_zalloc(sizeof(*h));

	if (!h)
		return ERR_NOMEM;
	*out = h;
	return OK;
}

void dns_hosts_free(struct dns_hosts **hp)
{
	mem_free(*hp);
	*hp = NULL;
}

/* An address and its names. False: there is no room for more. */
static bool take_line(struct dns_hosts *h, char *line)
{
	char *rest = NULL, *word;
	struct addr addr;

	line[strcspn(line, "#")] = '\0';
	word = strtok_r(line, BLANKS, &rest);
	if (!word || addr_parse(&addr, word) || addr_port(&addr))
		return true;
	while ((word = strtok_r(NULL, BLANKS, &rest))) {
		if (strlen(word) >= DNS_TEXT_MAX)
			continue;
		if (h->n == DNS_HOSTS_MAX)
			return false;
		h->list[h->n].addr = addr;
		snprintf(h->list[h->n++].name, DNS_TEXT_MAX, "%s", word);
	}
	return true;
}

static void read_file(struct dns_hosts *h, FILE *in)
{
	char line[1024];
	bool room = true;

	for (int i = 0; i < LINES_MAX && room && fgets(line, sizeof(line), in); i++)
		room = take_line(h, line);
	if (!room)
		LOG(LOG_WARN, KV("event", "hosts-too-many"), KV("file", path), KVN("taken", h->n));
}

static void update(struct dns_hosts *h)
{
	FILE *in;

	if (!dns_file_changed(&h->file, path))
		return;
	h->n = 0;
	in = fopen(path, "re");
	if (!in)
		return;
	read_file(h, in);
	fclose(in);
}

size_t dns_hosts_find(struct dns_hosts *h, const char *name, int family, struct addr *out,
                      size_t max)
{
	size_t n = 0;

	update(h);
	for (size_t i = 0; i < h->n && n < max; i++) {
		if (h->list[i].addr.sa.sa_family == family &&
		    strcasecmp(h->list[i].name, name) == 0)
			out[n++] = h->list[i].addr;
	}
	return n;
}
