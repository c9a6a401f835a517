#!/usr/bin/env python3
"""Calls that stay on one side of the border, between baresips: a provider calls another provider, each under its own keys;
and a phone calls another phone. Both hear each other."""
from harness import lab, network

DESK_HZ = 620
DESK_ACCOUNT = f"<sip:200@{lab.INSIDE_DOMAIN}>;regint=0;audio_codecs=pcma;answermode=auto"
HEARD_S = 1.5


class Neighbours(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        config = self.config_for_baresip()
        config["trunks"]["carrier"] = {**config["trunks"]["provider"], "domain": "carrier.lab", "lookup": network.CARRIER}
        config["phones"]["desk"] = {"realm": "office", "address": network.DESK, "numbers": ["200"]}
        config["routes"] = [{"from": "alice", "number": "200", "to": "desk"},
                            {"from": "provider", "number": "900", "to": "carrier"}]
        self.start_trunkgate(config)

    def talk(self, caller, callee, uri):
        with self.conversation(caller, callee, uri, hangs_up=callee):
            call, = self.trunkgate.show("calls")
        return call

    def test_providers(self):
        provider, carrier = self.start_provider(), self.start_provider("900", host="carrier")
        call = self.talk(provider, carrier, "sip:900@sbc.lab;transport=tls")
        self.assertEqual([call[side]["verified"] for side in ("caller", "callee")], ["provider.lab", "carrier.lab"])
        self.assert_heard(carrier.heard()[0], lab.PROVIDER_HZ, HEARD_S, lab.CARRIER_HZ)
        self.assert_heard(provider.heard()[0], lab.CARRIER_HZ, HEARD_S, lab.PROVIDER_HZ)
        self.assertNotIn(network.PROVIDER, carrier.process.log())

    def test_phones(self):
        phone = self.start_phone()
        desk = self.start_phone("desk", network.DESK, DESK_ACCOUNT, DESK_HZ)
        self.talk(phone, desk, f"sip:200@{network.SBC_INSIDE}")
        self.assert_heard(desk.heard()[0], lab.PHONE_HZ, HEARD_S, DESK_HZ)
        self.assert_heard(phone.heard()[0], DESK_HZ, HEARD_S, lab.PHONE_HZ)


if __name__ == "__main__":
    lab.main()
