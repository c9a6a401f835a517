#!/usr/bin/env python3
"""A phone that registers with its password calls and is called; one with a wrong password does neither. The same over TLS, with
SRTP on its side too."""
import os

from harness import baresip, lab, network

PASSWORD = "correctHorse4711"  # baresip 1.0 cuts one with blanks or hyphens short


class Register(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        self.start_trunkgate(self.config_with_password())
        self.provider = self.start_provider()

    def config_with_password(self):
        secret = os.path.join(self.directory, "alice.password")
        with open(secret, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write(PASSWORD + "\n")
        config = self.config_for_baresip()
        # baresip 1.0 gives up when any challenge is not MD5.
        config["realms"]["office"]["digest"] = "md5"
        alice = config["phones"]["alice"]
        del alice["address"]
        alice["password-file"] = secret
        return config

    def start_softphone(self, password):
        account = (f"<sip:alice@{network.SBC_INSIDE}>;auth_pass={password};regint=120"
                   ";audio_codecs=pcma;answermode=auto")
        phone = baresip.Baresip(os.path.join(self.directory, "softphone"), "phone", network.PHONE,
                                account, self.tone(lab.PHONE_HZ), "20000-20999")
        self.addCleanup(phone.stop)
        return phone

    def talk(self, caller, callee, uri):
        with self.conversation(caller, callee, uri):
            pass

    def check_audio(self, phone):
        self.assert_heard(self.provider.heard()[0], lab.PHONE_HZ, 1.5, lab.PROVIDER_HZ)
        self.assert_heard(phone.heard()[0], lab.PROVIDER_HZ, 1.5, lab.PHONE_HZ)

    def test_registered_phone_calls(self):
        phone = self.start_softphone(PASSWORD)
        self.trunkgate.process.wait_for_line("event=registered")
        self.talk(phone, self.provider, f"sip:4711@{network.SBC_INSIDE}")
        self.check_audio(phone)

    def test_registered_phone_is_called(self):
        phone = self.start_softphone(PASSWORD)
        self.trunkgate.process.wait_for_line("event=registered")
        self.assertEqual([p["name"] for p in self.trunkgate.show("phones")], ["alice"])
        self.talk(self.provider, phone, "sip:100@sbc.lab;transport=tls")
        self.check_audio(phone)

    def test_wrong_password_does_not_register(self):
        self.start_softphone("wrongHorse4711")
        self.trunkgate.process.wait_for_line("wrong password")
        self.provider.dial("sip:100@sbc.lab;transport=tls")
        closed = self.provider.wait_event("CALL_CLOSED")
        self.assertIn("480", closed["param"])
        log = self.trunkgate.log()
        self.assertNotIn("Horse4711", log, "a password in the log")


class RegisterSecure(Register):
    """All that, but for a realm whose phones must speak SRTP: what both ends hear has two keys on its way."""

    def config_with_password(self):
        config = super().config_with_password()
        config["realms"]["office"].update({"listen": [f"tls:{network.SBC_INSIDE}:5061"], "identity": "us", "client-certificate": "optional", "srtp": "required"})
        return config

    def start_softphone(self, password):
        account = (f"<sip:alice@{network.SBC_INSIDE}:5061;transport=tls>;auth_pass={password};regint=120"
                   ";audio_codecs=pcma;answermode=auto;mediaenc=srtp-mand")
        phone = baresip.Baresip(os.path.join(self.directory, "softphone"), "phone", network.PHONE, account, self.tone(lab.PHONE_HZ),
                                "20000-20999", (self.authority.issue("phone.lab"), self.authority.root))
        self.addCleanup(phone.stop)
        return phone

    def talk(self, caller, callee, uri):
        super().talk(caller, callee, uri.replace(f"@{network.SBC_INSIDE}", f"@{network.SBC_INSIDE}:5061;transport=tls"))
        for peer in (caller, callee):
            peer.wait_event("CALL_MENC")


if __name__ == "__main__":
    lab.main()
