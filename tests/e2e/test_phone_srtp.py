#!/usr/bin/env python3
"""A phone that speaks TLS and SRTP, in a realm that requires SRTP, or offers it: it calls and is called, each side has
keys of its own, and the same phone without SRTP is refused or heard, as the realm says."""
import os

from harness import audio, baresip, lab, network
from harness.capture import RTP_HEADER

PASSWORD = "correctHorse4711"  # baresip 1.0 cuts one with blanks or hyphens short
SBC = f"sip:4711@{network.SBC_INSIDE}:5061;transport=tls"
HEARD_S = 1.5


class PhoneSrtp(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        self.office = self.start_capture("office", "phone", "eth0")
        self.provider = self.start_provider()

    def config(self, mode):
        secret = os.path.join(self.directory, "alice.password")
        with open(secret, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write(PASSWORD + "\n")
        config = self.config_for_baresip()
        # baresip 1.0 gives up when any challenge is not MD5.
        config["realms"]["office"].update({"listen": [f"tls:{network.SBC_INSIDE}:5061"], "identity": "us", "digest": "md5",
                                           "client-certificate": "optional", "srtp": mode})
        config["phones"]["alice"] = {"realm": "office", "password-file": secret, "numbers": ["100"]}
        return config

    def start(self, mode, encryption):
        """The realm's srtp, and the phone's."""
        self.start_trunkgate(self.config(mode))
        account = (f"<sip:alice@{network.SBC_INSIDE}:5061;transport=tls>;auth_pass={PASSWORD};regint=120"
                   f";audio_codecs=pcma;answermode=auto{encryption}")
        phone = baresip.Baresip(os.path.join(self.directory, "softphone"), "phone", network.PHONE, account,
                                self.tone(lab.PHONE_HZ), "20000-20999",
                                (self.authority.issue("phone.lab"), self.authority.root))
        self.addCleanup(phone.stop)
        self.trunkgate.process.wait_for_line("event=registered")
        return phone

    def talk(self, caller, callee, uri):
        with self.conversation(caller, callee, uri):
            pass
        self.assert_heard(callee.heard()[-1], lab.PHONE_HZ if callee is self.provider else lab.PROVIDER_HZ, HEARD_S,
                          lab.PROVIDER_HZ if callee is self.provider else lab.PHONE_HZ)
        self.assert_heard(caller.heard()[-1], lab.PROVIDER_HZ if callee is self.provider else lab.PHONE_HZ, HEARD_S,
                          lab.PHONE_HZ if callee is self.provider else lab.PROVIDER_HZ)

    def tone_inside(self):
        """Whether what either end sent in the office, taken for plain G.711, sounds like a tone."""
        self.office.stop()
        for sender, hz in ((network.PHONE, lab.PHONE_HZ), (network.SBC_INSIDE, lab.PROVIDER_HZ)):
            voice = self.office.rtp(sender)
            self.assertGreater(len(voice), 75)
            samples = audio.from_alaw(b"".join(packet[RTP_HEADER:RTP_HEADER + 160] for packet in voice))
            if audio.seconds_of_tone(samples, hz, purity=0.5) > 0:
                return True
        return False

    def test_required(self):
        phone = self.start("required", ";mediaenc=srtp-mand")
        self.talk(phone, self.provider, SBC)
        self.talk(self.provider, phone, "sip:100@sbc.lab;transport=tls")
        self.assertFalse(self.tone_inside())

    def test_required_and_refused(self):
        phone = self.start("required", "")
        phone.dial(SBC)
        self.assertIn("488", phone.wait_event("CALL_CLOSED")["param"])
        self.trunkgate.wait_no_calls()
        self.office.stop()
        self.assertEqual(self.office.rtp(network.PHONE) + self.office.rtp(network.SBC_INSIDE), [])

    def test_offered(self):
        phone = self.start("offered", ";mediaenc=srtp-mand")
        self.talk(self.provider, phone, "sip:100@sbc.lab;transport=tls")
        self.assertFalse(self.tone_inside())

    def test_offered_and_plain(self):
        phone = self.start("offered", "")
        self.talk(phone, self.provider, SBC)
        self.assertTrue(self.tone_inside())

    def test_opportunistic(self):
        """mediaenc=srtp: keys under RTP's profile (RFC 8643)."""
        phone = self.start("offered", ";mediaenc=srtp")
        self.talk(phone, self.provider, SBC)
        self.assertFalse(self.tone_inside())

    def test_both(self):
        """One stream as two lines: baresip 1.0 takes the one that it can."""
        phone = self.start("offered-both", ";mediaenc=srtp-mand")
        self.talk(self.provider, phone, "sip:100@sbc.lab;transport=tls")
        self.assertFalse(self.tone_inside())


if __name__ == "__main__":
    lab.main()
