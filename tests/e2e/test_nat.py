#!/usr/bin/env python3
"""A phone behind a NAT (nftables, masquerade, a port by chance for each mapping) calls another one. Both may wait for the first
packet; mappings end in mid-call and come back with another port; a twentieth of the packets is lost."""
import re
import subprocess
import threading
import time

from harness import lab, network, sandbox, wait

MAPPING_S, HELD_S = 2, 12  # mappings of 20 s and a hold of two minutes, ten times as fast
NAT_OUTSIDE, NAT_INSIDE, PHONE = "10.99.1.20", "192.168.7.1", "192.168.7.10"
RULES = """table ip nat {
	chain out { type nat hook postrouting priority srcnat; oifname "outside" masquerade fully-random; }
	chain in { type nat hook prerouting priority dstnat; iifname "outside" udp dport 4000 dnat to 192.168.7.10; }
}"""
SILENT = """table ip off {
	chain out { type filter hook output priority 0; udp sport 26000-26999 drop; }
}"""
LOSS = """table ip loss {
	chain in { type filter hook prerouting priority raw; udp dport 26000-26999 numgen random mod 20 0 drop; }
}"""


def run_in(host, *argv, given=None):
    subprocess.run(["ip", "netns", "exec", host, *argv], check=True, input=given, text=True, capture_output=True)


def build_nat():
    """home 192.168.7.0/24 behind nat, whose other leg is in the office."""
    for host in ("home", "nat"):
        network.ip("netns", "add", host)
        network.ip("-n", host, "link", "set", "lo", "up")
    network.ip("-n", "nat", "link", "add", "inside", "type", "veth", "peer", "name", "eth0", "netns", "home")
    network.ip("-n", "nat", "link", "add", "outside", "type", "veth", "peer", "name", "nat.outside", "netns", network.WIRE)
    network.ip("-n", network.WIRE, "link", "set", "nat.outside", "master", "office", "up")
    for host, interface, address in (("nat", "inside", NAT_INSIDE), ("nat", "outside", NAT_OUTSIDE),
                                     ("home", "eth0", PHONE)):
        network.ip("-n", host, "address", "add", f"{address}/24", "dev", interface)
        network.ip("-n", host, "link", "set", interface, "up")
    network.ip("-n", "home", "route", "add", "default", "via", NAT_INSIDE)
    run_in("nat", "sysctl", "-qw", "net.ipv4.ip_forward=1")
    run_in("nat", "nft", "-f", "-", given=RULES)


class Talker:
    """A phone: SIP as it is told to, and a thread that sends 50 packets a second once it may, and counts what comes."""

    def __init__(self, host, address, waits, says):
        self.says = says
        self.sip = network.udp_socket(host, address, 5060)
        self.sip.settimeout(5)
        self.rtp = network.udp_socket(host, address, 4000)
        self.rtp.settimeout(0.02)
        self.target, self.talks, self.heard, self.any, self.ends, self.held = None, not waits, 0, 0, False, False
        self.sources = set()
        self.thread = threading.Thread(target=self.run)

    def sdp(self, direction="sendrecv"):
        return (f"v=0\r\no=- 1 1 IN IP4 {self.says}\r\ns=-\r\nc=IN IP4 {self.says}\r\nt=0 0\r\n"
                f"m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na={direction}\r\n")

    def send(self, message, body=""):
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.sip.sendto(f"{message}{kind}Content-Length: {len(body)}\r\n\r\n{body}".encode(), (network.SBC_INSIDE, 5060))

    def expect(self, begins):
        while not (message := self.sip.recv(65535).decode()).startswith(begins):
            pass
        return message

    def talk(self, description):
        port = int(re.search(r"m=audio (\d+)", description).group(1))
        self.target = (network.SBC_INSIDE, port)
        self.thread.start()

    def run(self):
        seq, due = 0, time.monotonic()
        while not self.ends:
            if self.talks and not self.held and time.monotonic() >= due:
                seq += 1
                due += 0.02
                self.rtp.sendto(bytes([0x80, 8]) + seq.to_bytes(2, "big") + (seq * 160).to_bytes(4, "big") +
                                b"talk" + b"\xd5" * 160, self.target)
            try:
                packet, _ = self.rtp.recvfrom(2048)
            except TimeoutError:
                continue
            self.any += 1
            self.heard += len(packet) == 172
            self.talks = True

    def pause(self, seconds):
        target, self.target = self.target, ("127.0.0.1", 9)
        time.sleep(seconds)
        self.target = target

    def stop(self):
        self.ends = True
        if self.thread.is_alive():
            self.thread.join()
        self.sip.close()
        self.rtp.close()


def header(message, name):
    return re.search(rf"(?mi)^{name}:\s*(.*?)\r$", message).group(1)


def answer(near, invite, tag, direction="sendrecv"):
    near.send("SIP/2.0 200 OK\r\n" + "".join(f"{name}: {header(invite, name)}\r\n" for name in ("Via", "From", "Call-ID", "CSeq")) +
              f"To: {header(invite, 'To')}{tag}\r\nContact: <sip:200@{network.PHONE}:5060>\r\n", near.sdp(direction))


def set_mappings(seconds):
    """How long the NAT's mappings live without a packet."""
    for name in ("timeout", "timeout_stream"):
        run_in("nat", "sysctl", "-qw", f"net.netfilter.nf_conntrack_udp_{name}={seconds}")


class Nat(lab.LabTest):
    def call(self, latch, waits=False, says=PHONE, **realm):
        config = self.configuration()
        config["realms"]["office"].update({name.replace("_", "-"): value for name, value in realm.items()})
        config["realms"]["office"].update({"latch": latch, "networks": ["10.99.1.0/24"], "media-ports": "26000-26999"})
        config["max-calls"] = 10
        del config["trunks"], config["realms"]["internet"]
        config["phones"] = {"far": {"realm": "office", "address": NAT_OUTSIDE},
                            "near": {"realm": "office", "address": f"{network.PHONE}:5060", "numbers": ["200"]}}
        config["routes"] = [{"from": "office", "number": "200", "to": "near"}]
        self.start_trunkgate(config)
        far, near = Talker("home", PHONE, waits, says), Talker("phone", network.PHONE, waits, network.PHONE)
        self.addCleanup(far.stop)
        self.addCleanup(near.stop)
        self.head = head = f"From: <sip:far@{PHONE}>;tag=1\r\nCall-ID: nat\r\nMax-Forwards: 70\r\nContact: <sip:far@{PHONE}:5060>\r\n"
        via = f"Via: SIP/2.0/UDP {PHONE}:5060;rport;branch=z9hG4bK"
        far.send(f"INVITE sip:200@{network.SBC_INSIDE} SIP/2.0\r\n{via}1\r\nTo: <sip:200@{network.SBC_INSIDE}>\r\n"
                 f"{head}CSeq: 1 INVITE\r\n", far.sdp())
        invite = near.expect("INVITE ")
        answer(near, invite, ";tag=2")
        self.ok = ok = far.expect("SIP/2.0 200")
        self.acknowledge(far, 1)
        near.talk(invite)
        far.talk(ok)
        return far, near

    def line(self, method, cseq):
        target = re.search(r"<([^>]*)>", header(self.ok, "Contact")).group(1)
        return (f"{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {PHONE}:5060;rport;branch=z9hG4bK{method}{cseq}\r\n"
                f"To: {header(self.ok, 'To')}\r\n{self.head}CSeq: {cseq} {method}\r\n")

    def acknowledge(self, far, cseq):
        far.send(self.line("ACK", cseq))

    def change(self, far, near, cseq, direction):
        """The one behind the NAT asks for another direction, and gets it."""
        far.send(self.line("INVITE", cseq), far.sdp(direction))
        answer(near, near.expect("INVITE "), "", direction)
        while f" {cseq} INVITE" not in far.expect("SIP/2.0 200"):
            pass
        self.acknowledge(far, cseq)

    def assert_talk(self, far, near, packets=50):
        begun = far.heard, near.heard
        wait.until("audio both ways",
                   lambda: far.heard - begun[0] > packets and near.heard - begun[1] > packets)

    def test_behind_a_nat(self):
        """Its description names 192.168.7.10, its packets come from 10.99.1.20 and a port by chance."""
        self.assert_talk(*self.call("latch"))

    def test_both_wait(self):
        """Neither sends before it has received something: our primers are the first packets."""
        self.assert_talk(*self.call("latch", waits=True, says=NAT_OUTSIDE))  # its port is forwarded

    def test_the_port_changes(self):
        """Mappings end after a second here, and the next one has another port."""
        set_mappings(1)
        far, near = self.call("network")
        self.assert_talk(far, near)
        leg = self.trunkgate.show("calls")[0]["caller"]
        self.assertEqual(leg["silent_because"], None)
        # Without our packets either, or they would hold it open.
        run_in("sbc", "nft", "-f", "-", given=SILENT)
        far.pause(2.5)
        run_in("sbc", "nft", "delete", "table", "ip", "off")
        self.assert_talk(far, near)

    def test_hold(self):
        """For six lives of a mapping neither sends: our packets come through the same mapping all that time, and the audio of the
        other one is heard by it before it has said a word again."""
        set_mappings(MAPPING_S)
        far, near = self.call("latch", media_keepalive="1s")
        self.assert_talk(far, near)
        far.held = near.held = True
        self.change(far, near, 2, "inactive")
        begun, far.any = time.monotonic(), 0
        wait.until("packets of ours, one a second", lambda: far.any >= HELD_S, 2 * HELD_S)
        self.assertGreater(time.monotonic() - begun, 0.7 * HELD_S)
        heard = far.heard
        self.change(far, near, 3, "sendrecv")
        near.held = False
        wait.until("audio behind the NAT", lambda: far.heard > heard + 50)
        far.held = False
        self.assert_talk(far, near)

    def test_loss(self):
        """A twentieth of what comes is lost: it is heard all the same, and counted."""
        run_in("sbc", "nft", "-f", "-", given=LOSS)
        self.addCleanup(run_in, "sbc", "nft", "delete", "table", "ip", "loss")
        far, near = self.call("network")
        self.assert_talk(far, near, 150)
        leg = self.trunkgate.show("calls")[0]["callee"]
        self.assertGreater(leg["lost"], 0)
        self.assertLess(leg["mos"], 4.35)


if __name__ == "__main__":
    sandbox.enter()
    network.build()
    build_nat()
    lab.unittest.main(verbosity=2)
