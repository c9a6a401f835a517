/* The rules between options: realms and identities. phones and trunks: check_calls.c,
 * routes: check_routes.c. */
#include "config/check.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#define PORTS_A_CALL 2 /* RTP and RTCP of one stream, on this side; RFC 3550 11 */

bool check_written(const struct check *ck, enum section_id section, size_t i, const char *key)
{
	return marks_at(ck->marks, section, i, key)->line != 0;
}

void check_problem(const struct check *ck, enum section_id section, size_t i, const char *key,
                   const char *fmt, ...)
{
	const struct mark *at = marks_at(ck->marks, section, i, key);
	const struct section *s = &config_sections[section];
	char what[512];
	va_list args;

	if (!at->line)
		at = marks_at(ck->marks, section, i, NULL);
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (s->shape == SHAPE_LIST)
		problem_add(ck->problems, at->file, at->line, "%s %zu: %s", s->one, i + 1, what);
	else
		problem_add(ck->problems, at->file, at->line, "%s '%s': %s", s->one,
		            section_name(ck->cfg, section, i), what);
}

/* A key that lies in the certificate's file is as secret as one of its own. */
static void check_identity(const struct check *ck, size_t i)
{
	const struct config_identity *id = &ck->cfg->identities[i];
	struct stat st;

	if (id->also == id || (id->also && id->also->also))
		check_problem(ck, SECTION_IDENTITIES, i, "also",
		              "'%s' %s; name one that stands alone", id->also->name,
		              id->also == id ? "is the identity itself"
		                             : "has a second one itself");
	if (id->certificate && !check_written(ck, SECTION_IDENTITIES, i, "key") &&
	    stat(id->certificate, &st) == 0 && (st.st_mode & S_IROTH))
		check_problem(ck, SECTION_IDENTITIES, i, NULL,
		              "there is no key, so %s holds it, which everybody can read; write "
		              "key: FILE, or chmod o-r",
		              id->certificate);
}

static bool has_transport(const struct config_realm *realm, enum transport transport)
{
	for (size_t i = 0; i < realm->nlisteners; i++) {
		if (realm->listeners[i].transport == transport)
			return true;
	}
	return false;
}

static bool has_wildcard(const struct config_realm *realm)
{
	for (size_t i = 0; i < realm->nlisteners; i++) {
		if (addr_is_any(&realm->listeners[i].addr))
			return true;
	}
	return false;
}

static bool is_used(const struct config *cfg, const struct config_realm *realm)
{
	for (size_t i = 0; i < cfg->nphones; i++) {
		if (cfg->phones[i].realm == realm)
			return true;
	}
	for (size_t i = 0; i < cfg->ntrunks; i++) {
		if (cfg->trunks[i].realm == realm)
			return true;
	}
	return false;
}

/* Some phone or trunk has a realm that could not be understood: it may be any. */
static bool any_realm_is_unclear(const struct config *cfg)
{
	for (size_t i = 0; i < cfg->nphones; i++) {
		if (!cfg->phones[i].realm)
			return true;
	}
	for (size_t i = 0; i < cfg->ntrunks; i++) {
		if (!cfg->trunks[i].realm)
			return true;
	}
	return false;
}

static void check_addresses(const struct check *ck, size_t i)
{
	const struct config_realm *realm = &ck->cfg->realms[i];
	const struct addr *bound = &realm->media_address, *shown = &realm->media_advertise;

	if (has_transport(realm, TRANSPORT_TLS) &&
	    !check_written(ck, SECTION_REALMS, i, "identity"))
		check_problem(ck, SECTION_REALMS, i, "listen",
		              "a tls listener shows a certificate; write identity: NAME");
	if (has_wildcard(realm) && !check_written(ck, SECTION_REALMS, i, "media-address"))
		check_problem(ck, SECTION_REALMS, i, "listen",
		              "listens on every address, and media needs one; write media-address: "
		              "ADDRESS");
	if (has_wildcard(realm) && !check_written(ck, SECTION_REALMS, i, "advertise"))
		check_problem(ck, SECTION_REALMS, i, "listen",
		              "listens on every address, and peers must learn one; write "
		              "advertise: HOST");
	if (realm->outer.clash)
		check_problem(ck, SECTION_REALMS, i, "media-advertise",
		              "advertise and media-advertise ask two for our address; write the "
		              "same at both, or leave media-advertise out");
	if (addr_is_set(bound) && addr_is_set(shown) && bound->sa.sa_family != shown->sa.sa_family)
		check_problem(ck, SECTION_REALMS, i, "media-advertise",
		              "media-address and media-advertise are of different IP versions; "
		              "write two of one");
}

/* RFC 4568 7.3: who reads the description has the keys. */
static void check_srtp(const struct check *ck, size_t i)
{
	const struct config_realm *realm = &ck->cfg->realms[i];

	if (realm->srtp != SRTP_OFF &&
	    (has_transport(realm, TRANSPORT_UDP) || has_transport(realm, TRANSPORT_TCP)))
		check_problem(ck, SECTION_REALMS, i, "srtp",
		              "SRTP's keys stand in SDP, and a udp or tcp listener would show "
		              "them to everybody; give phones without TLS a realm of their own");
}

/* The media of realm i where another one, or itself, hears signalling. */
static void check_ports_of(const struct check *ck, size_t i, const struct config_realm *other)
{
	const struct config_realm *realm = &ck->cfg->realms[i];
	unsigned low = realm->media_port_low, high = realm->media_port_high;

	for (size_t k = 0; k < other->nlisteners; k++) {
		const struct addr *at = &other->listeners[k].addr;
		unsigned port = addr_port(at);
		bool shared = addr_is_any(at)
		                  ? at->sa.sa_family == realm->media_address.sa.sa_family
		                  : addr_same_host(at, &realm->media_address);

		if (other->listeners[k].transport == TRANSPORT_UDP && port >= low && port <= high &&
		    shared)
			check_problem(ck, SECTION_REALMS, i, "media-ports",
			              "media-ports %u-%u have port %u of a udp listener of realm "
			              "'%s' among them; move one",
			              low, high, port, other->name);
	}
}

static void check_ports(const struct check *ck, size_t i)
{
	const struct config_realm *realm = &ck->cfg->realms[i];
	unsigned low = realm->media_port_low, high = realm->media_port_high;
	unsigned calls = (high - low + 1) / PORTS_A_CALL;

	if (calls < ck->cfg->max_calls)
		check_problem(ck, SECTION_REALMS, i, "media-ports",
		              "media-ports %u-%u are enough for %u calls, and max-calls is %u; "
		              "widen the range, or lower max-calls",
		              low, high, calls, ck->cfg->max_calls);
	for (size_t j = 0; j < ck->cfg->nrealms; j++)
		check_ports_of(ck, i, &ck->cfg->realms[j]);
}

static void check_times(const struct check *ck, size_t i)
{
	const struct config_realm *realm = &ck->cfg->realms[i];

	if (realm->t2_ms < realm->t1_ms)
		check_problem(ck, SECTION_REALMS, i,
		              check_written(ck, SECTION_REALMS, i, "t2") ? "t2" : "t1",
		              "t2 is %u ms and t1 is %u ms: copies would come closer together, "
		              "not further apart; raise t2, or lower t1",
		              realm->t2_ms, realm->t1_ms);
}

static void check_session(const struct check *ck, size_t i)
{
	const struct config_realm *realm = &ck->cfg->realms[i];
	bool min_se = check_written(ck, SECTION_REALMS, i, "min-se");

	if (realm->session_expires_ms && realm->session_expires_ms < realm->min_se_ms)
		check_problem(ck, SECTION_REALMS, i, min_se ? "min-se" : "session-expires",
		              "session-expires is %u s and min-se is %u s: we would refuse what we "
		              "ask for; raise session-expires, or write 0s for no session timers",
		              realm->session_expires_ms / 1000, realm->min_se_ms / 1000);
}

static bool same_socket(const struct config_listener *a, const struct config_listener *b)
{
	bool a_udp = a->transport == TRANSPORT_UDP, b_udp = b->transport == TRANSPORT_UDP;

	if (a_udp != b_udp || addr_port(&a->addr) != addr_port(&b->addr) ||
	    a->addr.sa.sa_family != b->addr.sa.sa_family)
		return false;
	return addr_is_any(&a->addr) || addr_is_any(&b->addr) || addr_same_host(&a->addr, &b->addr);
}

static void check_overlap(const struct check *ck, size_t i, size_t k, size_t j, size_t l)
{
	const struct config_realm *mine = &ck->cfg->realms[i], *other = &ck->cfg->realms[j];
	char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];

	if (same_socket(&mine->listeners[k], &other->listeners[l]))
		check_problem(ck, SECTION_REALMS, i, "listen",
		              "%s:%s is taken by %s:%s of realm '%s'; give one another port",
		              transport_name(mine->listeners[k].transport),
		              addr_text(&mine->listeners[k].addr, a, sizeof(a)),
		              transport_name(other->listeners[l].transport),
		              addr_text(&other->listeners[l].addr, b, sizeof(b)), other->name);
}

/* Against all that stand before it. */
static void check_against(const struct check *ck, size_t i)
{
	const struct config_realm *mine = &ck->cfg->realms[i];

	for (size_t k = 0; k < mine->nlisteners; k++) {
		for (size_t l = 0; l < k; l++)
			check_overlap(ck, i, k, i, l);
		for (size_t j = 0; j < i; j++) {
			for (size_t l = 0; l < ck->cfg->realms[j].nlisteners; l++)
				check_overlap(ck, i, k, j, l);
		}
	}
	for (size_t j = 0; j < i; j++) {
		const struct config_realm *other = &ck->cfg->realms[j];

		if (addr_is_set(&mine->media_address) &&
		    addr_same_host(&mine->media_address, &other->media_address) &&
		    mine->media_port_low <= other->media_port_high &&
		    other->media_port_low <= mine->media_port_high)
			check_problem(ck, SECTION_REALMS, i, "media-ports",
			              "media-ports %u-%u overlap with %u-%u of realm '%s' on the "
			              "same address; give each its own",
			              mine->media_port_low, mine->media_port_high,
			              other->media_port_low, other->media_port_high, other->name);
	}
}

void check_realms(const struct check *ck)
{
	bool unclear = any_realm_is_unclear(ck->cfg);

	for (size_t i = 0; i < ck->cfg->nrealms; i++) {
		check_addresses(ck, i);
		check_srtp(ck, i);
		check_ports(ck, i);
		check_times(ck, i);
		check_session(ck, i);
		check_against(ck, i);
		if (!unclear && !is_used(ck->cfg, &ck->cfg->realms[i]))
			check_problem(ck, SECTION_REALMS, i, NULL,
			              "no phone or trunk is in it; remove it, or write realm: %s "
			              "at one",
			              ck->cfg->realms[i].name);
	}
}

void config_check(const struct check *ck)
{
	for (size_t i = 0; i < ck->cfg->nidentities; i++)
		check_identity(ck, i);
	check_realms(ck);
	check_phones(ck);
	check_trunks(ck);
	check_routes(ck);
}
