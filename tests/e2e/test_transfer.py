#!/usr/bin/env python3
"""A phone (baresip) on UDP in a call with a provider (baresip, TLS and SRTP) transfers it blind to another phone (SIPp):
the provider talks on, the phone is out of it."""
from harness import lab, network, sipp, wait

TARGET_PORT = 5070


class Transfer(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        config = self.config_for_baresip()
        config["phones"]["alice"]["address"] = f"{network.PHONE}:5060"
        config["phones"]["carol"] = {"realm": "office", "address": f"{network.PHONE}:{TARGET_PORT}", "numbers": ["200"]}
        config["routes"].insert(0, {"from": "office", "number": "200", "to": "carol"})
        self.start_trunkgate(config)
        self.phone, self.provider = self.start_phone(), self.start_provider()

    def test_blind(self):
        target = sipp.start(self.directory, "carol", "phone", "phone_answers", "-t", "u1", "-i", network.PHONE,
                            "-p", str(TARGET_PORT), "-m", "1", "-key", "contact", f"sip:carol@{network.PHONE}:{TARGET_PORT}",
                            "-key", "media", network.PHONE, "-timeout", "60", "-timeout_error")
        self.addCleanup(target.stop)
        self.phone.dial(f"sip:4711@{network.SBC_INSIDE}")
        for peer in (self.phone, self.provider):
            peer.wait_event("CALL_ESTABLISHED")
        self.phone.command("transfer", f"sip:200@{network.SBC_INSIDE}")
        self.phone.wait_event("CALL_CLOSED", 15)
        self.trunkgate.wait_calls(1)
        call, = self.trunkgate.show("calls")
        self.assertEqual({call["caller"]["party"], call["callee"]["party"]}, {"provider", "carol"}, call)
        # What it sends comes under the keys of the new session.
        wait.until("the provider's audio in the new call",
                   lambda: self.trunkgate.show("calls")[0]["caller"]["packets_in"] > 50, 10)
        self.provider.hang_up()
        self.assertEqual(target.wait_exit(10), 0, target.log()[-3000:])
        self.trunkgate.wait_no_calls()


if __name__ == "__main__":
    lab.main()
