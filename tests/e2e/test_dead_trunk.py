#!/usr/bin/env python3
"""A trunk's path swallows everything without a word, as a NAT or firewall does that has forgotten it: it is noticed
while nobody calls, a call meanwhile fails soon and says why, and calls go through again when the path is back."""
import subprocess

from harness import lab, network

RULES = """table inet swallow {
  chain in { type filter hook input priority 0; policy drop; }
  chain out { type filter hook output priority 0; policy drop; }
}
"""
# Pings every 10 s, and 20 s without an acknowledgement.
NOTICED_S = 60


class DeadTrunk(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        config = self.config_for_baresip()
        config["realms"]["internet"]["keepalive"] = "10s"
        config["trunks"]["provider"]["connect-timeout"] = "2s"
        self.start_trunkgate(config)
        self.phone, self.provider = self.start_phone(), self.start_provider()

    def nft(self, *argv, text=None):
        with network.inside("provider"):
            subprocess.run(["nft", *argv], input=text, text=True, check=True)

    def call_once(self):
        before = self.phone.mark()
        self.phone.dial(f"sip:4711@{network.SBC_INSIDE}")
        self.phone.wait_event("CALL_ESTABLISHED", after=before)
        self.phone.hang_up()
        self.phone.wait_event("CALL_CLOSED", after=before)
        self.trunkgate.wait_no_calls()

    def test_dead_path_is_noticed(self):
        self.call_once()
        self.nft("-f", "-", text=RULES)
        self.trunkgate.process.wait_for_line("event=closed .*trunk=provider", NOTICED_S)
        before = self.phone.mark()
        self.phone.dial(f"sip:4711@{network.SBC_INSIDE}")
        closed = self.phone.wait_event("CALL_CLOSED", after=before)
        self.assertIn("503", closed["param"])
        self.assertEqual(self.trunkgate.show("trunks")[0]["state"], "down")
        self.nft("delete", "table", "inet", "swallow")
        self.call_once()
        self.assertEqual(self.trunkgate.show("trunks")[0]["state"], "up")


if __name__ == "__main__":
    lab.main()
