#!/usr/bin/env python3
"""Presence and texts out of calls: a phone (baresip) watches another phone and somebody at the provider (both baresip) by
SUBSCRIBE and NOTIFY, sees them come and go, and sends them a MESSAGE. The provider may not watch the phone."""
from harness import lab, network

DESK_ACCOUNT = f"<sip:200@{network.DESK}>;regint=0;answermode=auto"
WATCHED = ["INVITE", "MESSAGE", "SUBSCRIBE"]


class Lamps(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        config = self.config_for_baresip()
        config["phones"]["desk"] = {"realm": "office", "address": network.DESK, "numbers": ["200"]}
        config["routes"] = [{"from": "office", "number": "200", "to": "desk", "methods": WATCHED},
                            {"from": "office", "number": "*", "to": "provider", "methods": WATCHED},
                            {"from": "provider", "number": "*", "to": "alice"}]
        self.start_trunkgate(config)

    def watch(self, watched, number):
        """The lamp of the number goes on and off as its owner says; then a text reaches them."""
        uri = f"sip:{number}@{network.SBC_INSIDE}"
        phone = self.start_phone(contacts=f'"Lamp" <{uri}>;presence=p2p')
        watched.process.wait_for_line(f"SUBSCRIBE sips?:{number}@")
        watched.process.wait_for_line("SIP/2.0 200 OK")
        for status in ("online", "offline"):
            watched.command(f"presence_{status}")
            phone.process.wait_for_line(f"{number}@.* changed status .* to .*{status.capitalize()}")
        phone.command("message", "tea is ready")
        watched.process.wait_for_line("tea is ready")
        watched.process.wait_for_line("MESSAGE sip:")
        return phone

    def test_phone(self):
        self.watch(self.start_phone("desk", network.DESK, DESK_ACCOUNT), "200")

    def test_provider(self):
        provider = self.start_provider(contacts='"Alice" <sip:100@sbc.lab;transport=tls>;presence=p2p')
        provider.process.wait_for_line("SIP/2.0 4[0-9][0-9] ")
        phone = self.watch(provider, "4711")
        for word in (network.INSIDE_PREFIX, lab.INSIDE_DOMAIN):
            self.assertNotIn(word, provider.process.log())
        self.assertNotIn("10.99.1.2:5060 -> 10.99.1.10:5060\nSUBSCRIBE", phone.process.log())


if __name__ == "__main__":
    lab.main()
