/* A STUN server that says what the script has it say. Its answers are written by other means than
 * the code under test. */
#include "tests/replay/seen.h"

#include <arpa/inet.h>
#include <string.h>
#include "sbc/sip/stun_ask.h"
#include "tests/replay/vars.h"

#define SERVERS_MAX 4

static struct server {
	struct addr addr;
	enum { SERVER_SILENT, SERVER_REFUSES, SERVER_ANSWERS } way;
	struct in_addr sees;
} servers[SERVERS_MAX];
static size_t nservers;

static size_t answer(const struct server *s, const uint8_t *request, uint8_t *out)
{
	static const uint8_t mapped[] = { 0, 0x20, 0, 8, 0, 1, 0x12, 0x34 };
	static const uint8_t refused[] = { 0, 9, 0, 4, 0, 0, 4, 1 };
	uint8_t host[4];

	memcpy(out, request, 20);
	out[0] = 1;
	out[1] = s->way == SERVER_ANSWERS ? 1 : 0x11;
	out[3] = s->way == SERVER_ANSWERS ? 12 : 8;
	if (s->way == SERVER_REFUSES) {
		memcpy(out + 20, refused, sizeof(refused));
		return 28;
	}
	memcpy(host, &s->sees, 4);
	memcpy(out + 20, mapped, sizeof(mapped));
	for (int i = 0; i < 4; i++)
		out[28 + i] = host[i] ^ request[4 + i]; /* the cookie */
	return 32;
}

static size_t on_request(void *arg, const struct stun_ask_cfg *cfg, const uint8_t *request,
                         uint8_t out[STUN_FAKE_MAX])
{
	(void)arg;
	for (size_t i = nservers; i-- > 0;) {
		if (addr_equal(&servers[i].addr, &cfg->server))
			return servers[i].way == SERVER_SILENT ? 0
			                                       : answer(&servers[i], request, out);
	}
	return 0;
}

void seen_begin(void)
{
	nservers = 0;
	stun_ask_fake(on_request, NULL);
}

void seen_end(void)
{
	stun_ask_fake(NULL, NULL);
}

void seen_command(char **w, size_t n)
{
	struct server *s = servers;

	if (n != 3)
		fail("stun SERVER:PORT ADDRESS|silent|refuses");
	if (nservers == SERVERS_MAX) {
		memmove(servers, servers + 1, sizeof(servers) - sizeof(*servers));
		nservers--;
	}
	s = &servers[nservers];
	memset(s, 0, sizeof(*s));
	if (addr_parse(&s->addr, w[1]) != OK)
		fail("%s is no address", w[1]);
	if (strcmp(w[2], "refuses") == 0)
		s->way = SERVER_REFUSES;
	else if (inet_pton(AF_INET, w[2], &s->sees) == 1)
		s->way = SERVER_ANSWERS;
	else if (strcmp(w[2], "silent") != 0)
		fail("stun SERVER:PORT ADDRESS|silent|refuses");
	nservers++;
}
