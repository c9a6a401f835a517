#!/usr/bin/env python3
"""linphone as the phone: it calls and is called, holds and resumes, registers with SHA-256 over TCP, and transfers blind and
attended to another linphone; the provider is baresip on TLS and SRTP. Then the same with one datagram of SIP in twenty
lost each way."""
import os

from harness import lab, linphone, network, wait

CAROL_PORT = 5070
PASSWORD = "longEnoughForAPhone"


class Linphone(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        config = self.config_for_baresip()
        config["phones"] = {
            "alice": {"realm": "office", "address": f"{network.PHONE}:5060", "numbers": ["100"]},
            "carol": {"realm": "office", "address": f"{network.PHONE}:{CAROL_PORT}", "numbers": ["200"]},
            "dora": {"realm": "office", "password-file": self.write_password(), "numbers": ["300"]},
        }
        config["routes"] = [
            {"from": "office", "number": "200", "to": "carol"},
            {"from": "office", "number": "*", "to": "provider"},
            {"from": "provider", "number": "300", "to": "dora"},
            {"from": "provider", "number": "*", "to": "alice"},
        ]
        self.start_trunkgate(config)
        self.provider = self.start_provider()

    def write_password(self):
        path = os.path.join(self.directory, "password")
        with open(path, "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write(PASSWORD + "\n")
        return path

    def start_linphone(self, name, **options):
        phone = linphone.Linphone(self.directory, name, self.tone(lab.PHONE_HZ), **options)
        self.addCleanup(phone.stop)
        return phone

    def start_carol(self):
        return self.start_linphone("carol", port=CAROL_PORT, media=7178, answers=True)

    def wait_heard(self, phone, hz):
        """For two seconds more of that tone than there are."""
        before = phone.seconds_heard(hz)
        wait.until(f"{hz} Hz at {phone.name}", lambda: phone.seconds_heard(hz) > before + 2, 15)

    def call_provider(self, phone):
        phone.tells(f"call sip:4711@{network.SBC_INSIDE}", "Call 1 with .* connected")
        self.provider.wait_event("CALL_ESTABLISHED")

    def provider_calls(self, phone, number):
        self.provider.dial(f"sip:{number}@sbc.lab;transport=tls")
        phone.process.wait_for_line("Receiving new incoming call")
        phone.tells("answer", "Call 1 with .* connected")
        self.provider.wait_event("CALL_ESTABLISHED")

    def wait_parties(self, *names):
        """Until the one call is between these."""
        def ends():
            return [sorted(call[side]["party"] for side in ("caller", "callee")) for call in self.trunkgate.show("calls")]
        wait.until(f"a call between {names}", lambda: ends() == [sorted(names)], 10)

    def hang_up(self):
        self.provider.hang_up()
        self.provider.wait_event("CALL_CLOSED")
        self.trunkgate.wait_no_calls()

    def test_calls_and_holds(self):
        alice = self.start_linphone("alice")
        self.call_provider(alice)
        self.provider.wait_heard(2)
        self.wait_heard(alice, lab.PROVIDER_HZ)
        mark = len(self.provider.process.log())
        alice.tells("pause", "Call 1 with .* is now paused")
        self.provider.process.wait_for_line("a=(sendonly|inactive)", after=mark)
        mark = len(self.provider.process.log())
        alice.tells("resume", "Media streams established")
        self.provider.process.wait_for_line("a=sendrecv", after=mark)
        self.wait_heard(alice, lab.PROVIDER_HZ)
        alice.command("terminate")
        self.provider.wait_event("CALL_CLOSED")
        self.trunkgate.wait_no_calls()
        self.assert_heard(self.provider.heard()[0], lab.PHONE_HZ, 1.5, lab.PROVIDER_HZ)

    def test_registers_and_is_called(self):
        dora = self.start_linphone("dora", transport="tcp")
        dora.command(f"register sip:dora@{network.SBC_INSIDE} sip:{network.SBC_INSIDE};transport=tcp {PASSWORD}")
        self.trunkgate.process.wait_for_line("phone=dora event=registered")
        self.provider_calls(dora, "300")
        self.wait_heard(dora, lab.PROVIDER_HZ)
        self.hang_up()

    def test_transfers_blind(self):
        alice, carol = self.start_linphone("alice"), self.start_carol()
        self.provider_calls(alice, "100")
        alice.tells(f"transfer 1 sip:200@{network.SBC_INSIDE}", "Call 1 with .* ended")
        self.wait_parties("provider", "carol")
        self.wait_heard(carol, lab.PROVIDER_HZ)
        self.hang_up()

    def test_transfers_attended(self):
        alice, carol = self.start_linphone("alice"), self.start_carol()
        self.call_provider(alice)
        alice.tells("pause", "Call 1 with .* is now paused")
        alice.tells(f"call sip:200@{network.SBC_INSIDE}", "Call 2 with .* connected")
        self.wait_heard(carol, lab.PHONE_HZ)
        alice.tells("transfer 1 --to-call 2", "Call 2 with .* ended")
        self.wait_parties("provider", "carol")
        self.wait_heard(carol, lab.PROVIDER_HZ)
        self.hang_up()


class LinphoneWithLoss(Linphone):
    def setUp(self):
        super().setUp()
        self.lose_datagrams()


if __name__ == "__main__":
    lab.main()
