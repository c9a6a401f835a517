#!/usr/bin/env python3
"""Trunkgate behind the firewall of its site, which translates addresses and forwards its ports: it tells the provider the address that
a STUN server sees, or that a name has; and when the line fails over to one with another address, calls come back with that."""
import os
import subprocess

from harness import coturn, lab, network

INSIDE, SBC = "192.168.9.1", "192.168.9.2"
SECOND_LINE = "10.99.2.4"
RULES = """table ip nat {
	chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
	chain in {
		type nat hook prerouting priority dstnat;
		iifname "wan" tcp dport 5061 dnat to 192.168.9.2
		iifname "wan" udp dport 40000-41999 dnat to 192.168.9.2
	}
}"""
HEARD_S = 1.5
ASKED_AGAIN_S = 45


def run_in(host, *argv, given=None):
    subprocess.run(["ip", "netns", "exec", host, *argv], check=True, input=given, text=True, capture_output=True)


def build_edge():
    """sbc's line to the internet is gone; it has a firewall, which has the address that sbc had."""
    network.ip("-n", "sbc", "link", "delete", "outside")
    network.ip("netns", "add", "edge")
    network.ip("-n", "edge", "link", "add", "lan", "type", "veth", "peer", "name", "outside", "netns", "sbc")
    network.ip("-n", "edge", "link", "add", "wan", "type", "veth", "peer", "name", "edge.wan", "netns", network.WIRE)
    network.ip("-n", network.WIRE, "link", "set", "edge.wan", "master", "internet", "up")
    for host, interface, address in (("edge", "lan", INSIDE), ("sbc", "outside", SBC)):
        network.ip("-n", host, "address", "add", f"{address}/24", "dev", interface)
        network.ip("-n", host, "link", "set", interface, "up")
    network.ip("-n", "edge", "link", "set", "wan", "up")
    network.ip("-n", "sbc", "route", "add", "default", "via", INSIDE)
    run_in("edge", "sysctl", "-qw", "net.ipv4.ip_forward=1")
    run_in("edge", "nft", "-f", "-", given=RULES)


def use_line(address):
    """Another line's address is gone, and with it all that the firewall knew of it."""
    network.ip("-n", "edge", "address", "flush", "dev", "wan")
    network.ip("-n", "edge", "address", "add", f"{address}/24", "dev", "wan")


def on_second_line(address):
    return SECOND_LINE if address == network.SBC_OUTSIDE else address


class Edge(lab.LabTest):
    def setUp(self):
        super().setUp()
        use_line(network.SBC_OUTSIDE)
        self.dns = self.start_dns()
        self.internet = self.start_capture("internet", "provider", "eth0")
        self.phone = self.provider = None

    def start(self, advertised):
        config = self.config_for_baresip()
        config["realms"]["internet"].update({"listen": [f"tls:{SBC}:5061"], "media-advertise": advertised, "keepalive": "10s"})
        self.start_trunkgate(config)
        self.phone, self.provider = self.start_phone(), self.start_provider()
        self.wait_seen(network.SBC_OUTSIDE)

    def wait_seen(self, address, seconds=20):
        self.trunkgate.process.wait_for_line(f"event=advertise realm=internet .*address={address} ", seconds)

    def talk(self, caller, callee, uri):
        with self.conversation(caller, callee, uri):
            pass
        self.assert_heard(self.provider.heard()[-1], lab.PHONE_HZ, HEARD_S, lab.PROVIDER_HZ)
        self.assert_heard(self.phone.heard()[-1], lab.PROVIDER_HZ, HEARD_S, lab.PHONE_HZ)

    def talk_both_ways(self):
        self.talk(self.phone, self.provider, f"sip:4711@{network.SBC_INSIDE}")
        self.talk(self.provider, self.phone, "sip:100@sbc.lab;transport=tls")

    def fail_over(self):
        use_line(SECOND_LINE)
        self.dns.stop()
        self.start_dns(on_second_line)

    def check_said(self):
        """Each line's address while it was the line; never the one behind the firewall."""
        self.internet.stop()
        for address in (network.SBC_OUTSIDE, SECOND_LINE):
            said = b"\n".join(bytes(sent.get(address, b"")) for sent in self.internet.tls_streams(self.trunkgate.key_log).values())
            self.assertIn(f"c=IN IP4 {address}\r\n".encode(), said)
            self.assertNotIn(b"192.168.9.", said)

    def test_stun(self):
        server = coturn.start(self.directory)
        self.addCleanup(server.stop)
        self.start(f"stun:{network.DNS}:{coturn.PORT}")
        self.talk_both_ways()
        self.fail_over()
        self.wait_seen(SECOND_LINE, ASKED_AGAIN_S)
        self.talk_both_ways()
        self.check_said()

    def test_name(self):
        self.start("sbc.lab")
        self.talk_both_ways()
        self.fail_over()
        self.wait_seen(SECOND_LINE)
        self.talk_both_ways()
        self.check_said()


def resolve():
    """The border asks the system's resolver for names of its own."""
    path = os.path.join("/run", "resolv.conf")
    with open(path, "w", encoding="ascii") as out:
        out.write(f"nameserver {network.DNS}\n")
    subprocess.run(["mount", "--bind", path, os.path.realpath("/etc/resolv.conf")], check=True)


def setUpModule():  # pylint: disable=invalid-name
    resolve()
    build_edge()


if __name__ == "__main__":
    lab.main()
