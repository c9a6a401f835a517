#!/usr/bin/env python3
"""Sessions that change, between SIPp on UDP and SIPp behind TLS: hold and resume by re-INVITE, a close by UPDATE, and the
provider's own re-INVITE; first over a network without loss, then with one datagram in twenty lost each way. And a provider
that holds a call, makes it a fax (T.38) and audio again."""
import signal

from harness import lab, network, sipp, stunnel

CALLS = 20


class Changes(lab.LabTest):
    def start_provider_front(self, scenario):
        certificate = self.authority.issue("provider.lab")
        tunnel = stunnel.server(self.directory, "provider", network.PROVIDER, certificate,
                                self.authority.root, 5070)
        self.addCleanup(tunnel.stop)
        provider = sipp.start(
            self.directory, "provider", "provider", scenario, "-t", "t1", "-i", "127.0.0.1",
            "-p", "5070", "-key", "contact", f"sips:4711@{network.PROVIDER}:5061",
            "-key", "via", f"{network.PROVIDER}:5061", "-key", "media", network.PROVIDER)
        self.addCleanup(provider.stop)
        return provider

    def call(self, seconds, what="changes"):
        provider = self.start_provider_front(f"provider_{what}")
        self.start_dns()
        config = self.configuration()
        config["trunks"]["provider"]["plain-media"] = ["udptl"]
        self.start_trunkgate(config)
        phone = sipp.start(
            self.directory, "phone", "phone", f"phone_{what}", "-t", "u1", "-i", network.PHONE, "-p", "5060",
            "-s", "4711", "-r", "4", "-m", str(CALLS), "-timeout", str(seconds),
            "-timeout_error", f"{network.SBC_INSIDE}:5060")
        self.addCleanup(phone.stop)
        status = phone.wait_exit(seconds + 10)
        counted = sipp.statistics(self.directory, "phone")
        self.assertEqual((status, counted["SuccessfulCall(C)"], counted["FailedCall(C)"]),
                         (0, str(CALLS), "0"), phone.log()[-3000:])
        self.trunkgate.wait_no_calls()
        provider.stop(signo=signal.SIGUSR1)
        counted = sipp.statistics(self.directory, "provider")
        self.assertEqual((counted["SuccessfulCall(C)"], counted["FailedCall(C)"]), (str(CALLS), "0"))

    def test_without_loss(self):
        self.call(40)

    def test_fax(self):
        self.call(40, "faxes")

    def test_with_loss(self):
        self.lose_datagrams()
        self.call(120)


if __name__ == "__main__":
    lab.main()
