#!/usr/bin/env python3
"""Presence and texts out of calls: a phone (baresip) watches another phone and somebody at the provider (both baresip) by
SUBSCRIBE and NOTIFY, sees them come and go, and sends them a MESSAGE. The provider may not watch the phone. And the lamp of a
phone behind a PBX that tells of its dialogs."""
import subprocess

from harness import lab, network, presence, sipp, wait

DESK_ACCOUNT = f"<sip:200@{network.DESK}>;regint=0;answermode=auto"
WATCHED = ["INVITE", "MESSAGE", "SUBSCRIBE"]


class Lamps(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        config = self.config_for_baresip()
        config["phones"]["desk"] = {"realm": "office", "address": network.DESK, "numbers": ["200"]}
        config["routes"] = [{"from": "office", "number": "200", "to": "desk", "methods": WATCHED},
                            {"from": "office", "number": "*", "to": "provider", "methods": WATCHED},
                            {"from": "provider", "number": "*", "to": "alice"}]
        self.start_trunkgate(config)

    def watch(self, watched, number):
        """The lamp of the number goes on and off as its owner says; then a text reaches them."""
        uri = f"sip:{number}@{network.SBC_INSIDE}"
        phone = self.start_phone(contacts=f'"Lamp" <{uri}>;presence=p2p')
        watched.process.wait_for_line(f"SUBSCRIBE sips?:{number}@")
        watched.process.wait_for_line("SIP/2.0 200 OK")
        for status in ("online", "offline"):
            watched.command(f"presence_{status}")
            phone.process.wait_for_line(f"{number}@.* changed status .* to .*{status.capitalize()}")
        phone.command("message", "tea is ready")
        watched.process.wait_for_line("tea is ready")
        watched.process.wait_for_line("MESSAGE sip:")
        return phone

    def test_phone(self):
        self.watch(self.start_phone("desk", network.DESK, DESK_ACCOUNT), "200")

    def test_provider(self):
        provider = self.start_provider(contacts='"Alice" <sip:100@sbc.lab;transport=tls>;presence=p2p')
        provider.process.wait_for_line("SIP/2.0 4[0-9][0-9] ")
        phone = self.watch(provider, "4711")
        for word in (network.INSIDE_PREFIX, lab.INSIDE_DOMAIN):
            self.assertNotIn(word, provider.process.log())
        self.assertNotIn("10.99.1.2:5060 -> 10.99.1.10:5060\nSUBSCRIBE", phone.process.log())


class BusyLamp(lab.LabTest):
    """A desk (SIPp) watches a phone of a PBX (Kamailio, which knows from the calls themselves who talks)."""

    def setUp(self):
        super().setUp()
        self.start_dns()
        config = self.config_for_baresip()
        config["phones"] = {"pbx": {"realm": "office", "address": f"{network.PBX}:5060", "numbers": ["100"]},
                            "desk": {"realm": "office", "address": f"{network.DESK}:5060", "numbers": ["200"]}}
        config["routes"] = [{"from": "desk", "number": "100", "to": "pbx", "methods": WATCHED},
                            {"from": "pbx", "number": "*", "to": "provider"}]
        self.start_trunkgate(config)
        self.pbx = presence.start(self.directory)
        self.addCleanup(self.pbx.stop)
        self.pbx.wait_for_line("udp: ")

    def lamps(self, wire, target):
        """What was said to target of the phone's dialogs, each text once, copies apart."""
        sent = [payload for _, _, to, _, payload in wire.udp() if to == target and payload.startswith(b"NOTIFY")]
        return list(dict.fromkeys(message.partition(b"\r\n\r\n")[2] for message in sent if b"dialog-info" in message))

    def states(self, text):
        """As a reader of XML that we did not write has it."""
        done = subprocess.run(["xmllint", "--nonet", "--xpath", "//*[local-name()='state']/text()", "-"],
                              input=text, capture_output=True, check=False)
        self.assertIn(done.returncode, (0, 10), done.stderr)  # 10: there is none
        return done.stdout.decode().split()

    def wait_lamp(self, wire, state):
        """Until the desk has been told."""
        wait.until(f"the lamp to be {state.decode()}",
                   lambda: any(b"<state>" + state + b"</state>" in text for text in self.lamps(wire, network.DESK)))

    def test_desk_watches(self):
        wire = self.start_capture("office", "sbc", "inside")
        provider = self.start_provider()
        phone = self.start_phone(account=f"<sip:100@{network.PBX}>;regint=0;audio_codecs=pcma")
        desk = sipp.start(self.directory, "desk", "desk", "desk_watches", "-t", "u1", "-i", network.DESK, "-p", "5060", "-s", "100",
                          "-m", "1", f"{network.SBC_INSIDE}:5060")
        self.addCleanup(desk.stop)
        wait.until("what the desk is told first", lambda: b"NOTIFY sip:desk@" in wire.raw())
        phone.dial(f"sip:4711@{network.PBX}")
        provider.wait_event("CALL_ESTABLISHED")
        self.wait_lamp(wire, b"confirmed")
        phone.hang_up()
        provider.wait_event("CALL_CLOSED")
        self.wait_lamp(wire, b"terminated")
        wire.stop()
        seen = self.lamps(wire, network.DESK)
        self.assertEqual(seen, self.lamps(wire, network.SBC_INSIDE))
        states = [state for text in seen for state in self.states(text)]
        self.assertEqual(states[-2:], ["confirmed", "terminated"], states)


if __name__ == "__main__":
    lab.main()
