#!/usr/bin/env python3
"""A PBX (Kamailio) inside with two phones (baresip) behind it, one phone of the border's for all of them: they call out
and are called, hold, and transfer to each other, through a proxy that stays in the path; the provider is baresip."""
from harness import lab, network, pbx, wait

ACCOUNT = "<sip:{user}@" + network.PBX + ">;regint=600;audio_codecs=pcma;answermode=auto"
DESK_HZ = 620


class Pbx(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        config = self.config_for_baresip()
        config["phones"] = {"pbx": {"realm": "office", "address": f"{network.PBX}:5060", "numbers": ["100", "101"]}}
        config["routes"] = [
            {"from": "office", "number": "10*", "to": "pbx"},
            {"from": "office", "number": "*", "to": "provider"},
            {"from": "provider", "number": "10*", "to": "pbx"},
        ]
        self.start_trunkgate(config)
        self.pbx = pbx.start(self.directory)
        self.addCleanup(self.pbx.stop)
        self.pbx.wait_for_line("Listening on|udp: ")
        self.phone = self.start_phone(account=ACCOUNT.format(user="100"))
        self.desk = self.start_phone("desk", network.DESK, ACCOUNT.format(user="101"), DESK_HZ)
        for phone in (self.phone, self.desk):
            phone.process.wait_for_line(r"200 OK .*\[1 binding\]")
        self.provider = self.start_provider()

    def test_calls_out(self):
        with self.conversation(self.phone, self.provider, f"sip:4711@{network.PBX}"):
            mark = len(self.provider.process.log())
            self.phone.command("hold")
            self.provider.process.wait_for_line("a=(sendonly|inactive)", after=mark)
        self.assert_heard(self.provider.heard()[0], lab.PHONE_HZ, 1.5, lab.PROVIDER_HZ)
        self.assert_heard(self.phone.heard()[0], lab.PROVIDER_HZ, 1.5, lab.PHONE_HZ)

    def test_is_called(self):
        with self.conversation(self.provider, self.desk, "sip:101@sbc.lab;transport=tls"):
            pass
        self.assert_heard(self.provider.heard()[0], DESK_HZ, 1.5, lab.PROVIDER_HZ)
        self.assert_heard(self.desk.heard()[0], lab.PROVIDER_HZ, 1.5, DESK_HZ)

    def test_nobody_is_there(self):
        self.provider.dial("sip:102@sbc.lab;transport=tls")
        self.assertIn("404", self.provider.wait_event("CALL_CLOSED")["param"])

    def test_transfers(self):
        """From one phone of the PBX to the other: the border calls the PBX, and the first phone is out of it."""
        with self.conversation(self.provider, self.phone, "sip:100@sbc.lab;transport=tls"):
            self.phone.command("transfer", f"sip:101@{network.PBX}")
            self.phone.wait_event("CALL_CLOSED", 15)
            self.desk.wait_event("CALL_ESTABLISHED")
            self.trunkgate.wait_calls(1)
            wait.until("the provider at the other phone", lambda: self.trunkgate.show("calls")[0]["caller"]["packets_in"] > 50)
        self.desk.wait_event("CALL_CLOSED")
        self.assert_heard(self.desk.heard()[0], lab.PROVIDER_HZ, 0.5, DESK_HZ)


if __name__ == "__main__":
    lab.main()
