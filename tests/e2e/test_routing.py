#!/usr/bin/env python3
"""SIPp as two providers: one that has no room, so that the other one is called within the same call, and one that sends
calls to another door of its own; and as two phones, one of which calls the other."""
from harness import lab, network, sipp, stunnel

CALLS = 20


class Routing(lab.LabTest):
    def start_provider(self, name, certificate, port, scenario, *keys):
        """One of the provider's doors: TLS on PORT, SIPp behind it."""
        tunnel = stunnel.server(self.directory, "provider", network.PROVIDER,
                                self.authority.issue(certificate), self.authority.root, port + 10, port)
        self.addCleanup(tunnel.stop)
        provider = sipp.start(
            self.directory, name, "provider", scenario, "-t", "t1", "-i", "127.0.0.1", "-p", str(port + 10),
            "-key", "contact", f"sips:4711@{network.PROVIDER}:{port}", "-key", "media", network.PROVIDER, *keys)
        self.addCleanup(provider.stop)
        return provider

    def place_calls(self, number):
        phone = sipp.start(self.directory, "phone", "phone", "phone_calls", "-t", "u1", "-i", network.PHONE,
                           "-p", "5060", "-s", number, "-r", "10", "-m", str(CALLS), "-timeout", "60",
                           "-timeout_error", f"{network.SBC_INSIDE}:5060")
        self.addCleanup(phone.stop)
        status = phone.wait_exit(90)
        counted = sipp.statistics(self.directory, "phone")
        self.assertEqual((status, counted["SuccessfulCall(C)"], counted["FailedCall(C)"]),
                         (0, str(CALLS), "0"), phone.log()[-3000:])
        self.trunkgate.wait_no_calls()

    def test_next_trunk(self):
        self.start_dns()
        self.start_provider("full", "provider.lab", 5061, "provider_full")
        self.start_provider("spare", "spare.lab", 5062, "provider_answers")
        config = self.configuration()
        config["trunks"]["spare"] = {**config["trunks"]["provider"], "domain": "spare.lab",
                                     "lookup": network.PROVIDER, "port": 5062}
        for route in config["routes"]:
            if route["to"] == "provider":
                route["to"] = ["provider", "spare"]
        self.start_trunkgate(config)
        self.place_calls("4711")
        self.trunkgate.process.wait_for_line("event=next-target failed=provider code=503")

    def test_redirected(self):
        self.start_dns()
        self.start_provider("front", "provider.lab", 5061, "provider_moved", "-key", "places",
                            "<sips:4712@sip.provider.lab:5062>;q=0.5")
        self.start_provider("back", "provider.lab", 5062, "provider_answers")
        config = self.configuration()
        config["trunks"]["provider"]["redirect-domains"] = ["sip.provider.lab"]
        self.start_trunkgate(config)
        self.place_calls("4711")
        self.trunkgate.process.wait_for_line("event=redirect to=elsewhere.lab")

    def test_phone_to_phone(self):
        config = self.configuration()
        caller = next(iter(config["phones"]))
        config["phones"]["bob"] = {**config["phones"][caller], "address": f"{network.PHONE}:5080",
                                   "numbers": ["200"]}
        config["routes"].insert(0, {"from": caller, "number": "200", "to": "bob"})
        self.start_trunkgate(config)
        bob = sipp.start(self.directory, "bob", "phone", "phone_answers", "-t", "u1", "-i", network.PHONE,
                         "-p", "5080", "-key", "contact", f"sip:200@{network.PHONE}:5080",
                         "-key", "media", network.PHONE)
        self.addCleanup(bob.stop)
        self.place_calls("200")


if __name__ == "__main__":
    lab.main()
