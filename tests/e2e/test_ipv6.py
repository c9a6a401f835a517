#!/usr/bin/env python3
"""No IPv4 anywhere: a phone (baresip) on UDP and a provider (baresip, TLS and SRTP) that a look-up over IPv6 finds by SRV and
AAAA call each other and hear each other; and a phone on IPv6 calls a provider on IPv4."""
from harness import lab, network

HEARD_S = 2
OFFICE, INTERNET = "fd00:99:1::/64", "fd00:99:2::/64"


class Ipv6(lab.LabTest):
    def start_office(self, at=str):
        """The phone on IPv6; names and provider on what at says."""
        network.ipv6()
        self.start_dns(at)
        config = self.config_for_baresip()
        sbc, self.phone_address = network.as_ipv6(network.SBC_INSIDE), network.as_ipv6(network.PHONE)
        config["realms"]["office"].update({"listen": [f"udp:[{sbc}]:5060"], "networks": [OFFICE]})
        config["phones"]["alice"]["address"] = self.phone_address
        if at != str:
            config["realms"]["internet"]["listen"] = [f"tls:[{at(network.SBC_OUTSIDE)}]:5061"]
            config["trunks"]["provider"]["resolvers"] = [at(network.DNS)]
        self.start_trunkgate(config)
        self.target = f"sip:4711@[{sbc}]"
        self.phone = self.start_phone(address=self.phone_address)
        self.provider = self.start_provider(at=at)

    def talk(self, caller, callee, uri):
        with self.conversation(caller, callee, uri, HEARD_S):
            pass
        self.assert_heard(self.provider.heard()[0], lab.PHONE_HZ, HEARD_S - 0.5, lab.PROVIDER_HZ)
        self.assert_heard(self.phone.heard()[0], lab.PROVIDER_HZ, HEARD_S - 0.5, lab.PHONE_HZ)

    def test_phone_calls(self):
        self.start_office(network.as_ipv6)
        internet = self.start_capture("internet", "provider", "eth0")
        self.talk(self.phone, self.provider, self.target)
        self.assertNotIn(self.phone_address.encode(), internet.stop().raw())
        said = b"".join(bytes(part) for sent in internet.tls_streams(self.trunkgate.key_log).values() for part in sent.values())
        self.assertIn(b"c=IN IP6 ", said)
        self.assertNotIn(b"c=IN IP4 ", said)
        self.assertNotIn(OFFICE.split("::", maxsplit=1)[0].encode(), said)

    def test_provider_calls(self):
        self.start_office(network.as_ipv6)
        self.talk(self.provider, self.phone, "sip:100@sbc.lab;transport=tls")

    def test_phone_alone_has_ipv6(self):
        self.start_office()
        self.talk(self.phone, self.provider, self.target)


if __name__ == "__main__":
    lab.main()
