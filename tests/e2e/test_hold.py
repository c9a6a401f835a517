#!/usr/bin/env python3
"""Hold and resume from either side, by baresip's re-INVITEs: the other side is told, and packets go both ways again.

Packets are counted: after a hold baresip's sndfile writes no more of what it hears."""
from harness import lab, network, wait

PACKETS = 100
DIRECTIONS = ("a=sendonly", "a=inactive")


class Hold(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        self.start_trunkgate(self.config_for_baresip())
        self.phone, self.provider = self.start_phone(), self.start_provider()

    def said(self, peer, after, words):
        """Whether peer's SIP trace has one of words behind a place in it."""
        text = peer.process.log()[after:]
        return any(word in text for word in words)

    def hold_and_resume(self, holds, held):
        mark = len(held.process.log())
        holds.command("hold")
        wait.until("the other side is held", lambda: self.said(held, mark, DIRECTIONS), 10)
        wait.until("that is answered", lambda: self.said(holds, 0, ("a=recvonly",) + DIRECTIONS[1:]), 10)
        mark = len(held.process.log())
        holds.command("resume")
        wait.until("the other side is taken up", lambda: self.said(held, mark, ("a=sendrecv",)), 10)

    def packets(self):
        """From and to each side, of the one call."""
        call = self.trunkgate.show("calls")[0]
        return [call[side]["packets_" + way] for side in ("caller", "callee") for way in ("in", "out")]

    def talk(self, holds, held):
        with self.conversation(self.phone, self.provider, f"sip:4711@{network.SBC_INSIDE}", 1):
            self.hold_and_resume(holds, held)
            self.hold_and_resume(holds, held)
            before = self.packets()
            wait.until("packets go both ways", lambda: all(
                now - was > PACKETS for was, now in zip(before, self.packets())), 10)

    def test_phone_holds(self):
        self.talk(self.phone, self.provider)

    def test_provider_holds(self):
        self.talk(self.provider, self.phone)


if __name__ == "__main__":
    lab.main()
