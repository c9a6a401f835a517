#!/usr/bin/env python3
"""SIPp on both sides: INFO and MESSAGE within a call, in their order, from a phone over UDP to a provider over TLS, and
an INFO back."""
import signal

from harness import lab, network, sipp, stunnel

CALLS = 20


class InCall(lab.LabTest):
    def start_provider_front(self):
        certificate = self.authority.issue("provider.lab")
        tunnel = stunnel.server(self.directory, "provider", network.PROVIDER, certificate,
                                self.authority.root, 5070)
        self.addCleanup(tunnel.stop)
        provider = sipp.start(
            self.directory, "provider", "provider", "provider_informed", "-t", "t1", "-i", "127.0.0.1",
            "-p", "5070", "-key", "contact", f"sips:4711@{network.PROVIDER}:5061",
            "-key", "media", network.PROVIDER)
        self.addCleanup(provider.stop)
        return provider

    def test_info_and_message(self):
        self.start_dns()
        provider = self.start_provider_front()
        self.start_trunkgate()
        phone = sipp.start(
            self.directory, "phone", "phone", "phone_informs", "-t", "u1", "-i", network.PHONE, "-p", "5060",
            "-s", "4711", "-r", "20", "-m", str(CALLS), "-timeout", "60", "-timeout_error", f"{network.SBC_INSIDE}:5060")
        self.addCleanup(phone.stop)
        status = phone.wait_exit(70)
        counted = sipp.statistics(self.directory, "phone")
        self.assertEqual((status, counted["SuccessfulCall(C)"], counted["FailedCall(C)"]),
                         (0, str(CALLS), "0"), phone.log()[-3000:])
        self.trunkgate.wait_no_calls()
        provider.stop(signo=signal.SIGUSR1)
        counted = sipp.statistics(self.directory, "provider")
        self.assertEqual((counted["SuccessfulCall(C)"], counted["FailedCall(C)"]), (str(CALLS), "0"))


if __name__ == "__main__":
    lab.main()
