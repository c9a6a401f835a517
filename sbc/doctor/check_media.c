/* The way of the media, judged. Nothing is asked here. */
#include "sbc/doctor/check_media.h"

#include <string.h>

static void judge_ports(const struct patient *p, struct finding *f)
{
	const struct config_realm *realm = p->trunk->realm;
	const struct media_facts *m = &p->media;
	char text[ADDR_TEXT_MAX];

	addr_host(&realm->media_address, text, sizeof(text));
	if (m->error) {
		finding_add(f, VERDICT_FAIL, "media ports cannot be bound to %s: %s", text,
		            strerror(m->error));
		finding_advise(f, "write an address of this machine as media-address of realm %s",
		               realm->name);
	} else if (m->taken == m->ports) {
		finding_add(f, VERDICT_FAIL, "none of the ports %u-%u of %s is free",
		            realm->media_port_low, realm->media_port_high, text);
		finding_advise(f, "end what has them, or choose other media-ports");
	} else if (m->taken > 0 && p->own_state != OWN_RUNNING) {
		finding_add(f, VERDICT_WARN,
		            "%u of the ports %u-%u of %s are in use, and Trunkgate does not run",
		            m->taken, realm->media_port_low, realm->media_port_high, text);
		finding_advise(f, "end what has them, or choose other media-ports");
	} else {
		finding_add(f, VERDICT_OK, "ports %u-%u of %s can be bound", realm->media_port_low,
		            realm->media_port_high, text);
		if (m->taken > 0)
			finding_add(f, VERDICT_OK, "%u of them are in use, as they are by calls",
			            m->taken);
	}
}

/* What peers send to: ours, or a NAT's that leads to us. */
static void judge_advertised(const struct patient *p, struct finding *f)
{
	const struct config_outer *outer = &p->trunk->realm->outer;
	const struct media_facts *m = &p->media;
	const struct addr *shown = outer->port ? &m->mapped : &m->shown;
	char text[ADDR_TEXT_MAX], seen[ADDR_TEXT_MAX];

	addr_host(shown, text, sizeof(text));
	addr_text(&m->mapped, seen, sizeof(seen));
	if (outer->port && !m->stun.answered) {
		finding_add(f, VERDICT_FAIL,
		            "peers are told what a STUN server sees, and it says nothing: %s",
		            m->stun.why);
		finding_advise(f,
		               "correct stun:SERVER of realm %s, or write our outer address there",
		               p->trunk->realm->name);
	} else if (!addr_is_set(shown)) {
		finding_add(f, VERDICT_FAIL, "peers are told the address of %s, which has none: %s",
		            outer->host, m->shown_why);
		finding_advise(f, "have an address of ours put into DNS for it");
	} else if (m->stun.answered && !addr_same_host(&m->mapped, shown)) {
		finding_add(f, VERDICT_FAIL, "peers are told %s, and outside we are seen as %s",
		            text, seen);
		finding_advise(f, "write the outer address as media-advertise of realm %s",
		               p->trunk->realm->name);
	} else if (m->stun.answered && addr_port(&m->mapped) != m->free_port) {
		finding_add(f, VERDICT_WARN,
		            "outside we are seen as %s, where we sent from port %u: a NAT gives "
		            "ports of its own, and media that comes first gets lost",
		            seen, m->free_port);
		finding_advise(f, "forward the media ports as they are");
	} else if (m->stun.answered) {
		finding_add(f, VERDICT_OK, "outside we are seen as %s, as peers are told", seen);
	} else if (m->is_ours) {
		finding_add(f, VERDICT_OK, "peers are told %s, which is this machine's", text);
	} else {
		finding_add(f, VERDICT_WARN,
		            "peers are told %s, which is not this machine's, and nobody outside "
		            "could say whether it leads here",
		            text);
		finding_advise(f, "write stun: SERVER at the trunk, to see what is seen outside");
	}
}

void judge_media(const struct patient *p, struct finding *f)
{
	if (p->media.ports == 0) {
		finding_say(f, VERDICT_SKIP, "there are no media ports here");
		return;
	}
	finding_say(f, VERDICT_OK, "%s", "");
	judge_ports(p, f);
	if (f->verdict != VERDICT_FAIL)
		judge_advertised(p, f);
}

void judge_stun(const struct patient *p, struct finding *f)
{
	const struct media_facts *m = &p->media;
	unsigned port;
	const char *host = patient_stun(p, &port);
	char seen[ADDR_TEXT_MAX];

	if (!host) {
		finding_say(f, VERDICT_SKIP, "the trunk names no STUN server (stun)");
	} else if (m->stun.answered) {
		finding_say(f, VERDICT_OK, "%s port %u answers STUN, and sees us as %s", host, port,
		            addr_text(&m->mapped, seen, sizeof(seen)));
	} else {
		finding_say(f, VERDICT_FAIL, "STUN at %s port %u: %s", host, port, m->stun.why);
		finding_advise(f, "open the firewall for UDP to it, or correct stun and stun-port");
	}
}

void judge_alg(const struct patient *p, struct finding *f)
{
	const struct media_facts *m = &p->media;

	if (p->trunk->ask_options == NO) {
		finding_say(f, VERDICT_SKIP, "OPTIONS is not asked, as ask-options says");
	} else if (!m->alg.answered) {
		finding_say(
		    f, VERDICT_SKIP,
		    "nobody answered OPTIONS on UDP port 5060, so a SIP ALG would not show; "
		    "calls go over TLS, which it cannot touch");
	} else if (m->alg_changed_via || m->alg_changed_from || m->alg_changed_call_id) {
		finding_say(f, VERDICT_FAIL,
		            "a SIP ALG is on the path: OPTIONS on UDP port 5060 came back with "
		            "another%s%s%s",
		            m->alg_changed_via ? " Via" : "", m->alg_changed_from ? " From" : "",
		            m->alg_changed_call_id ? " Call-ID" : "");
		finding_advise(f, "turn SIP ALG (SIP helper, SIP inspection) off in the router");
	} else {
		finding_say(f, VERDICT_OK,
		            "OPTIONS on UDP port 5060 came back as it was sent: no SIP ALG shows");
	}
}

void judge_mtu(const struct patient *p, struct finding *f)
{
	unsigned mtu = p->media.mtu;
	char text[ADDR_TEXT_MAX];

	if (mtu == 0) {
		finding_say(f, VERDICT_SKIP, "there is no IPv4 address to send a large packet to");
		return;
	}
	addr_host(&p->found.addrs[0], text, sizeof(text));
	if (mtu >= PACKET_OCTETS) {
		finding_say(f, VERDICT_OK,
		            "no router said that packets of %d octets to %s are too large",
		            PACKET_OCTETS, text);
		return;
	}
	finding_say(f, VERDICT_WARN, "packets to %s may have %u octets, not %d", text, mtu,
	            PACKET_OCTETS);
	finding_advise(f,
	               "look for a tunnel or DSL line on the way; video may suffer, and SIP over "
	               "UDP");
}
