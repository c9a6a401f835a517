/* Asks by datagrams: STUN from a port of our media range; OPTIONS to SIP's own port, to see whether
 * it comes back as it was sent; and one packet that is as large as an Ethernet carries, not to be
 * cut (RFC 8489, RFC 3261 8.2.6.2, RFC 1191). */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/random.h"
#include "sbc/doctor/check_media.h"
#include "sbc/doctor/doctor_args.h"

#define COPY_MS     500 /* between two copies of a question */
#define COPIES      4
#define SIP_PORT    5060
#define UDP_HEADERS 28 /* of IPv4 and UDP */
#define TAG_LEN     16
#define STUN_PORTS  DOCTOR_TRUNKS_MAX /* that are tried */

static void close_probe(struct udp_probe *u)
{
	timer_stop(&u->timer);
	io_free(&u->io);
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
}

static void over(struct udp_probe *u)
{
	close_probe(u);
	patient_release(u->patient);
}

static void on_copy(void *arg)
{
	struct udp_probe *u = arg;

	if (u->copies++ == COPIES) {
		snprintf(u->why, sizeof(u->why), "no answer within %d s", COPIES * COPY_MS / 1000);
		over(u);
		return;
	}
	/* One that cannot be sent is one that is not answered. */
	(void)!send(u->fd, u->question, u->question_len, MSG_NOSIGNAL);
	timer_start(loop_timers(u->patient->loop), &u->timer, COPY_MS, on_copy, u);
}

static void on_readable(void *arg, int events)
{
	struct udp_probe *u = arg;
	char data[4096];
	ssize_t n = recv(u->fd, data, sizeof(data) - 1, MSG_DONTWAIT);

	(void)events;
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != EMSGSIZE) {
			snprintf(u->why, sizeof(u->why), "%s", strerror(errno));
			over(u);
		}
		return;
	}
	data[n] = '\0';
	if (u->take && u->take(u, data, (size_t)n)) {
		u->answered = true;
		over(u);
	}
}

/* From local, to peer. False: u->why says why not. */
static bool open_probe(struct udp_probe *u, const struct addr *local, const struct addr *peer)
{
	u->fd = socket(peer->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (u->fd < 0 ||
	    (local->sa.sa_family == peer->sa.sa_family &&
	     bind(u->fd, &local->sa, addr_len(local)) != 0) ||
	    connect(u->fd, &peer->sa, addr_len(peer)) != 0 ||
	    io_new(&u->io, u->patient->loop, u->fd, IO_READ, on_readable, u) != OK) {
		snprintf(u->why, sizeof(u->why), "%s", strerror(errno));
		close_probe(u);
		return false;
	}
	return true;
}

static void begin(struct udp_probe *u)
{
	patient_hold(u->patient);
	on_copy(u);
}

static bool can_bind(const struct addr *address, unsigned port)
{
	struct addr local = *address;
	int fd = socket(local.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;
	bool good;

	addr_set_port(&local, (uint16_t)port);
	good = fd >= 0 && bind(fd, &local.sa, addr_len(&local)) == 0;
	error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return good;
}

/* --- STUN --- */

static bool take_stun(struct udp_probe *u, const char *data, size_t len)
{
	return stun_read_response(&u->patient->media.mapped, u->patient->media.stun_id,
	                          (const uint8_t *)data, len) == OK;
}

/* From the first free port of the range; another trunk of the realm may be asking from that one. */
static bool open_stun(struct patient *p, const struct addr *server)
{
	const struct config_realm *realm = p->trunk->realm;
	struct media_facts *m = &p->media;
	struct addr local = realm->media_address;

	for (int i = 0; i < STUN_PORTS; i++, m->free_port++) {
		addr_set_port(&local, m->free_port);
		if (open_probe(&m->stun, &local, server))
			return true;
		if (m->free_port >= realm->media_port_high)
			break;
	}
	return false;
}

static void on_stun_found(void *arg, const struct lookup_result *result)
{
	struct patient *p = arg;
	struct media_facts *m = &p->media;

	m->stun_lookup = NULL;
	if (result->naddrs == 0) {
		snprintf(m->stun.why, sizeof(m->stun.why), "%s", result->why);
	} else {
		random_bytes(m->stun_id, sizeof(m->stun_id));
		stun_write_request((uint8_t *)m->stun.question, m->stun_id);
		m->stun.question_len = STUN_REQUEST_LEN;
		m->stun.take = take_stun;
		if (open_stun(p, &result->addrs[0]))
			begin(&m->stun);
	}
	patient_release(p);
}

static void ask_stun(struct patient *p)
{
	unsigned port;
	const char *host = patient_stun(p, &port);
	const struct lookup_query q = { .host = host,
		                        .port = port,
		                        .transport = TRANSPORT_UDP,
		                        .families =
		                            p->trunk->realm->media_address.sa.sa_family == AF_INET6
		                                ? LOOKUP_V6
		                                : LOOKUP_V4 };

	if (!host)
		return;
	patient_hold(p);
	if (lookup_start(&p->media.stun_lookup, p->own ? p->own : p->system, &q, on_stun_found,
	                 p)) {
		p->starved = true;
		patient_release(p);
	}
}

/* --- the name that stands for our address --- */

static void on_shown_found(void *arg, const struct lookup_result *result)
{
	struct patient *p = arg;
	struct media_facts *m = &p->media;

	m->shown_lookup = NULL;
	snprintf(m->shown_why, sizeof(m->shown_why), "%s", result->why);
	if (result->naddrs > 0) {
		m->shown = result->addrs[0];
		m->is_ours = can_bind(&m->shown, 0);
	}
	patient_release(p);
}

static void ask_shown(struct patient *p)
{
	const struct config_realm *realm = p->trunk->realm;
	const struct lookup_query q = { .host = realm->outer.host,
		                        .port = 1,
		                        .transport = TRANSPORT_UDP,
		                        .families = realm->media_address.sa.sa_family == AF_INET6
		                                        ? LOOKUP_V6
		                                        : LOOKUP_V4 };

	if (!*realm->outer.host || realm->outer.port)
		return;
	patient_hold(p);
	if (lookup_start(&p->media.shown_lookup, p->system, &q, on_shown_found, p)) {
		p->starved = true;
		patient_release(p);
	}
}

/* --- a SIP ALG --- */

static bool take_echo(struct udp_probe *u, const char *data, size_t len)
{
	struct media_facts *m = &u->patient->media;

	(void)len;
	if (strncmp(data, "SIP/2.0 ", 8) != 0 || strncmp(data, "SIP/2.0 1", 9) == 0)
		return false;
	/* A server gives back Via's sent-by, From and Call-ID as they came (RFC 3261 8.2.6.2). */
	m->alg_changed_via = !strstr(data, m->alg_sent_by);
	m->alg_changed_from = !strstr(data, m->alg_from);
	m->alg_changed_call_id = !strstr(data, m->alg_call_id);
	return true;
}

static void ask_alg(struct patient *p)
{
	struct media_facts *m = &p->media;
	struct addr local = { 0 }, peer;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char token[TAG_LEN + 1], where[ADDR_TEXT_MAX], uri_host[ADDR_TEXT_MAX];

	if (!m->wants_alg || p->found.naddrs == 0 || p->trunk->ask_options == NO)
		return;
	peer = p->found.addrs[0];
	addr_set_port(&peer, SIP_PORT);
	if (!open_probe(&m->alg, &local, &peer))
		return;
	if (getsockname(m->alg.fd, (struct sockaddr *)&ss, &len) != 0 ||
	    addr_from_sockaddr(&local, (struct sockaddr *)&ss, len) != OK) {
		close_probe(&m->alg);
		return;
	}
	addr_text(&local, where, sizeof(where));
	addr_uri_host(&local, uri_host, sizeof(uri_host));
	random_token(token, TAG_LEN);
	snprintf(m->alg_sent_by, sizeof(m->alg_sent_by), "SIP/2.0/UDP %s;", where);
	snprintf(m->alg_from, sizeof(m->alg_from), "<sip:doctor@%s>", uri_host);
	snprintf(m->alg_call_id, sizeof(m->alg_call_id), "%s@%s", token, uri_host);
	snprintf(m->alg.question, sizeof(m->alg.question),
	         "OPTIONS sip:%s SIP/2.0\r\nVia: %sbranch=z9hG4bK%s;rport\r\n"
	         "Max-Forwards: 70\r\nFrom: %s;tag=%s\r\nTo: <sip:%s>\r\nCall-ID: %s\r\n"
	         "CSeq: 1 OPTIONS\r\nContact: <sip:doctor@%s>\r\nContent-Length: 0\r\n\r\n",
	         p->trunk->domain, m->alg_sent_by, token, m->alg_from, token, p->trunk->domain,
	         m->alg_call_id, where);
	m->alg.question_len = strlen(m->alg.question);
	m->alg.take = take_echo;
	begin(&m->alg);
}

/* --- the largest packet --- */

static unsigned mtu_of(int fd)
{
	int mtu = 0;
	socklen_t len = sizeof(mtu);

	return getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len) == 0 && mtu > 0 ? (unsigned)mtu : 0;
}

static void on_mtu(void *arg)
{
	struct udp_probe *u = arg;

	u->patient->media.mtu = mtu_of(u->fd);
	over(u);
}

/* Nobody answers; a router where it does not fit does, and the kernel remembers. */
static void ask_mtu(struct patient *p)
{
	struct udp_probe *u = &p->media.packet;
	struct addr local = { 0 };
	int whole = IP_PMTUDISC_DO;

	if (!p->media.wants_mtu || p->found.naddrs == 0 ||
	    p->found.addrs[0].sa.sa_family != AF_INET)
		return;
	if (!open_probe(u, &local, &p->found.addrs[0]))
		return;
	setsockopt(u->fd, IPPROTO_IP, IP_MTU_DISCOVER, &whole, sizeof(whole));
	io_free(&u->io); /* its errors are what IP_MTU tells */
	(void)!send(u->fd, u->question, PACKET_OCTETS - UDP_HEADERS, MSG_NOSIGNAL);
	patient_hold(p);
	timer_start(loop_timers(p->loop), &u->timer, COPY_MS, on_mtu, u);
}

/* --- our own ports --- */

void media_examine_ports(struct patient *p)
{
	const struct config_realm *realm = p->trunk->realm;
	struct media_facts *m = &p->media;

	m->stun.patient = m->alg.patient = m->packet.patient = p;
	m->stun.fd = m->alg.fd = m->packet.fd = -1;
	if (!addr_is_set(&realm->media_address))
		return;
	if (!*realm->outer.host)
		m->shown = realm->media_advertise;
	m->is_ours = addr_is_set(&m->shown) && can_bind(&m->shown, 0);
	for (unsigned port = realm->media_port_low; port <= realm->media_port_high; port++) {
		m->ports++;
		if (can_bind(&realm->media_address, port)) {
			m->free_port = m->free_port ? m->free_port : (uint16_t)port;
			continue;
		}
		if (errno == EADDRINUSE) {
			m->taken++;
			continue;
		}
		m->error = errno;
		return;
	}
}

void media_examine(struct patient *p)
{
	ask_stun(p);
	ask_shown(p);
	ask_alg(p);
	ask_mtu(p);
}

void media_dismiss(struct patient *p)
{
	if (!p->media.stun.patient)
		return;
	lookup_cancel(&p->media.stun_lookup);
	lookup_cancel(&p->media.shown_lookup);
	close_probe(&p->media.stun);
	close_probe(&p->media.alg);
	close_probe(&p->media.packet);
}
