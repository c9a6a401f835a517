#!/usr/bin/env python3
"""A provider that asks for a password (SIPp computes the digest itself): calls go through with the right one, call for
call with a new nonce; the wrong one is refused, told in the log, and never seen there."""
import os

from harness import lab, network, sipp, stunnel

CALLS = 20
PASSWORD = "Circle of Life"


class Password(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        tunnel = stunnel.server(self.directory, "provider", network.PROVIDER,
                                self.authority.issue("provider.lab"), self.authority.root, 5070)
        self.addCleanup(tunnel.stop)
        self.provider = sipp.start(
            self.directory, "provider", "provider", "provider_asks", "-t", "t1", "-i", "127.0.0.1",
            "-p", "5070", "-key", "contact", f"sips:4711@{network.PROVIDER}:5061",
            "-key", "media", network.PROVIDER)
        self.addCleanup(self.provider.stop)

    def start_with(self, password):
        path = os.path.join(self.directory, "provider.password")
        with open(path, "w", encoding="ascii") as out:
            out.write(password + "\n")
        os.chmod(path, 0o600)
        config = self.configuration()
        config["trunks"]["provider"].update({"username": "acme-4711", "password-file": path})
        self.start_trunkgate(config)

    def place_calls(self, count):
        """How many came through, and how many did not."""
        phone = sipp.start(self.directory, "phone", "phone", "phone_calls", "-t", "u1", "-i", network.PHONE,
                           "-p", "5060", "-s", "4711", "-r", "5", "-m", str(count), "-timeout", "60",
                           "-timeout_error", f"{network.SBC_INSIDE}:5060")
        self.addCleanup(phone.stop)
        phone.wait_exit(90)
        counted = sipp.statistics(self.directory, "phone")
        return int(counted["SuccessfulCall(C)"]), int(counted["FailedCall(C)"])

    def test_right_password(self):
        self.start_with(PASSWORD)
        self.assertEqual(self.place_calls(CALLS), (CALLS, 0))
        self.trunkgate.wait_no_calls()
        self.assertNotIn(PASSWORD, self.trunkgate.log())
        self.assertNotIn("response=", self.trunkgate.log())

    def test_wrong_password(self):
        self.start_with("Circle of Lies")
        self.assertEqual(self.place_calls(1), (0, 1))
        self.trunkgate.wait_no_calls()
        self.trunkgate.process.wait_for_line("it refused our username or password")
        self.trunkgate.process.wait_for_line("code=403")
        self.assertNotIn("Circle of Lies", self.trunkgate.log())


if __name__ == "__main__":
    lab.main()
