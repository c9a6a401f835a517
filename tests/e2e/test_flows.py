#!/usr/bin/env python3
"""The flows of calls, as ladders between SIPp on UDP and SIPp behind TLS: each called by the phone and by the provider, first over
a network without loss, where a message too many is a failure, then with one datagram in twenty lost each way; and without loss
from provider to provider, from phone to phone, and by phones on TCP and TLS."""
from harness import flows, lab
from ladders import calls, others, sessions

OUT, IN = ("phone", "provider"), ("provider", "phone")


class Flows(flows.FlowTest):
    ladders = {**calls.FLOWS, **sessions.FLOWS, **others.FLOWS}

    def test_phone_calls(self):
        self.play(OUT)

    def test_provider_calls(self):
        self.play(IN)

    def test_phone_calls_with_loss(self):
        self.play(OUT, loses=True)

    def test_provider_calls_with_loss(self):
        self.play(IN, loses=True)

    def test_provider_calls_provider(self):
        self.play(("provider", "provider"))

    def test_phone_calls_phone(self):
        self.play(("phone", "phone"))

    def test_phone_on_tcp_calls(self):
        self.play(("desk", "provider"))

    def test_phone_on_tls_calls(self):
        self.play(("pbx", "provider"))


if __name__ == "__main__":
    lab.main()
