#!/usr/bin/env python3
"""SIGTERM in the middle of calls: BYE both ways, CANCEL for what rings, exit 0, within 5 seconds."""
import signal
import time

from harness import lab, network, wait

WITHIN_S = 5


class Sigterm(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        self.start_trunkgate(self.config_for_baresip())

    def terminate(self):
        start = time.monotonic()
        self.trunkgate.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.trunkgate.process.wait_exit(WITHIN_S), 0)
        print(f"ended after {time.monotonic() - start:.2f} s")

    def assert_was_told(self, peer, method, sender):
        """The peer's own trace shows a request of that method from that address."""
        self.assertRegex(peer.process.log(), rf"{sender}:\d+ -> [^\n]*\n{method} sip")

    def test_calls_that_are_up(self):
        phone, provider = self.start_phone(), self.start_provider()
        for caller, uri in ((phone, f"sip:4711@{network.SBC_INSIDE}"),
                            (provider, "sip:100@sbc.lab;transport=tls")):
            marks = {peer: peer.mark() for peer in (phone, provider)}
            caller.dial(uri)
            for peer, mark in marks.items():
                peer.wait_event("CALL_ESTABLISHED", after=mark)
        self.trunkgate.wait_calls(2)
        self.terminate()
        for peer, sender in ((phone, network.SBC_INSIDE), (provider, network.SBC_OUTSIDE)):
            wait.until("both calls to end", lambda p=peer: len(p.told("CALL_CLOSED")) == 2)
            self.assert_was_told(peer, "BYE", sender)

    def test_call_that_rings(self):
        phone, provider = self.start_phone(), self.start_provider(answer="manual")
        phone.dial(f"sip:4711@{network.SBC_INSIDE}")
        provider.wait_event("CALL_INCOMING")
        phone.wait_event("CALL_RINGING")
        self.terminate()
        closed = phone.wait_event("CALL_CLOSED")
        self.assertRegex(closed.get("param", ""), r"^(5\d\d|487|480)")
        provider.wait_event("CALL_CLOSED")
        self.assert_was_told(provider, "CANCEL", network.SBC_OUTSIDE)

    def test_idle(self):
        self.terminate()


if __name__ == "__main__":
    lab.main()
