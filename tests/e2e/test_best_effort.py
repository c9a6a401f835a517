#!/usr/bin/env python3
"""SRTP where the peer likes: a provider (baresip) that takes nothing else, one that may have it and one that has none, called and
calling, offered it with RTP as the second try and with RTP as a second line. What both can is encrypted, and all are heard."""
from harness import lab, network

HEARD_S = 0.5


class BestEffort(lab.LabTest):
    def talk(self, provider, calls_us):
        """A call that both hear; gives how the provider's side was encrypted."""
        callers = (provider, self.phone) if calls_us else (self.phone, provider)
        uri = "sip:100@sbc.lab;transport=tls" if calls_us else f"sip:4711@{network.SBC_INSIDE}"
        with self.conversation(*callers, uri, 2 * HEARD_S):
            leg = self.trunkgate.show("calls")[0]["caller" if calls_us else "callee"]
        self.assert_heard(provider.heard()[-1], lab.PHONE_HZ, HEARD_S, lab.PROVIDER_HZ)
        self.assert_heard(self.phone.heard()[-1], lab.PROVIDER_HZ, HEARD_S, lab.PHONE_HZ)
        self.assertEqual(leg["bad_auth"], 0)
        return leg["srtp"]

    def check(self, mode, media, called, calling):
        """called, calling: whether such a call is encrypted."""
        self.start_dns()
        config = self.config_for_baresip()
        config["trunks"]["provider"]["srtp"] = mode
        self.start_trunkgate(config)
        self.phone = self.start_phone()
        provider = self.start_provider(media=media)
        for calls_us, encrypted in ((False, called), (True, calling)):
            with self.subTest(calls_us=calls_us):
                self.assertEqual(bool(self.talk(provider, calls_us)), encrypted)

    def test_offered_to_who_insists(self):
        self.check("offered", "srtp-mand", True, True)

    def test_offered_to_who_may(self):
        self.check("offered", "srtp", True, True)

    def test_offered_to_who_cannot(self):
        self.check("offered", "", False, False)

    def test_both_to_who_insists(self):
        self.check("offered-both", "srtp-mand", True, True)

    def test_both_to_who_may(self):
        self.check("offered-both", "srtp", True, True)

    def test_both_to_who_cannot(self):
        self.check("offered-both", "", False, False)


if __name__ == "__main__":
    lab.main()
