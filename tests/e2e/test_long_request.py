#!/usr/bin/env python3
"""RFC 3261 18.1.1: an INVITE too long for a datagram reaches a phone by TCP, what follows by UDP, and where the phone
has no TCP all by UDP. baresip hears both ways at one port, SIPp one."""
import os

from harness import lab, network, sipp

CALLER_PORT = "5070"


class LongRequest(lab.LabTest):
    def start_with(self, listen):
        config = self.configuration()
        config["realms"]["office"]["listen"] = listen
        config["phones"]["bob"] = {"realm": "office", "address": f"{network.PHONE}:{CALLER_PORT}"}
        config["phones"]["alice"]["address"] = f"{network.PHONE}:5060"
        config["routes"].insert(0, {"from": "bob", "number": "100", "to": "alice"})
        self.start_trunkgate(config)

    def call(self):
        """One long call of bob's to alice, each step as it should be."""
        caller = sipp.start(self.directory, "bob", "phone", "phone_calls_long", "-t", "u1", "-i", network.PHONE,
                            "-p", CALLER_PORT, "-mp", "21000", "-s", "100", "-m", "1", "-timeout", "30",
                            "-timeout_error", f"{network.SBC_INSIDE}:5060")
        self.addCleanup(caller.stop)
        self.assertEqual(caller.wait_exit(60), 0, caller.log()[-3000:])
        self.trunkgate.wait_no_calls()

    def vias_at(self, path):
        """By which way each of our requests came, as the callee logged them: {method: transport}."""
        ways, method = {}, None
        with open(path, encoding="utf-8", errors="replace") as log:
            for line in log:
                if line.rstrip().endswith(" SIP/2.0"):
                    method = line.split()[0]
                elif line.startswith("Via: SIP/2.0/") and network.SBC_INSIDE in line and method:
                    ways.setdefault(method, line.split("/")[2].split()[0])
                    method = None
        return ways

    def test_phone_with_both(self):
        self.start_with([f"udp:{network.SBC_INSIDE}:5060", f"tcp:{network.SBC_INSIDE}:5060"])
        phone = self.start_phone()
        self.call()
        ways = self.vias_at(os.path.join(phone.directory, "log"))
        self.assertEqual((ways.get("INVITE"), ways.get("ACK"), ways.get("BYE")), ("TCP", "UDP", "UDP"), ways)

    def test_we_without_a_tcp_listener(self):
        self.start_with([f"udp:{network.SBC_INSIDE}:5060"])
        phone = self.start_phone()
        self.call()
        ways = self.vias_at(os.path.join(phone.directory, "log"))
        self.assertEqual((ways.get("INVITE"), ways.get("ACK"), ways.get("BYE")), ("TCP", "UDP", "UDP"), ways)

    def test_phone_without_tcp(self):
        self.start_with([f"udp:{network.SBC_INSIDE}:5060", f"tcp:{network.SBC_INSIDE}:5060"])
        callee = sipp.start(self.directory, "alice", "phone", "phone_answers", "-t", "u1", "-i", network.PHONE,
                            "-p", "5060", "-key", "contact", f"sip:100@{network.PHONE}:5060",
                            "-key", "media", network.PHONE)
        self.addCleanup(callee.stop)
        self.call()
        self.trunkgate.process.wait_for_line("does not accept")


if __name__ == "__main__":
    lab.main()
