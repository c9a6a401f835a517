#!/usr/bin/env python3
"""Media on the wire between peers in a few lines of Python: what is no RTP beside audio, strangers that spray every port while a
call goes on, packets that come twice and in another order, and a hold during which a NAT's mapping must live on."""
import random
import socket
import struct
import threading
import time

from harness import lab, network, secure, wait

PORTS = range(26000, 26100)  # of the border
MAPPING_S = 17  # how long a NAT's mapping lives without a packet
KINDS = {  # m-lines that are no RTP: what a datagram of each looks like
    "m=image {} udptl t38": lambda n: struct.pack("!HB", n, 1) + b"\x00\x00\x00",
    "m=application {} UDP/BFCP *": lambda n: struct.pack("!BBHIHH", 0x20, 1, 0, 1, n, 1),
    "m=application {} UDP/UDT/IX *": lambda n: struct.pack("!II", 0x80000000, n) + b"data",
}


class End:
    """One side: sockets from 4000 on, one for each m-line; keeps what comes to each."""

    def __init__(self, host, address):
        self.address = address
        self.phone = secure.Phone(host, address)
        self.sockets = [network.udp_socket(host, address, 4000 + 2 * i) for i in range(1 + len(KINDS))]
        self.got = [[] for _ in self.sockets]
        self.targets, self.ends, self.primed = [], False, 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        for sock in self.sockets:
            sock.settimeout(0.005)
        while not self.ends:
            for i, sock in enumerate(self.sockets):
                try:
                    while True:
                        packet = sock.recv(2048)
                        if packet and (i or len(packet) > 12 and packet[8:12] != b"\0\0\0\0" and not 192 <= packet[1] <= 223):
                            self.got[i].append(packet)
                        elif len(packet) == 12:
                            self.primed += 1
                except (TimeoutError, socket.timeout):
                    pass

    def sdp(self, kinds=True, direction="sendrecv"):
        lines = [kind.format(4002 + 2 * i) for i, kind in enumerate(KINDS)] if kinds else []
        return (f"v=0\r\no=- 1 {int(time.monotonic() * 1000)} IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n"
                f"m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na={direction}\r\n" + "".join(line + "\r\n" for line in lines))

    def learn(self, description):
        host = secure.re.search(r"(?m)^c=IN IP4 (\S+)", description).group(1)
        self.targets = [(host, int(port)) for port in secure.re.findall(r"(?m)^m=\S+ (\d+)", description)]

    def send(self, line, packet):
        self.sockets[line].sendto(packet, self.targets[line])

    def stop(self):
        self.ends = True
        self.thread.join()
        for sock in self.sockets:
            sock.close()
        self.phone.close()


def rtp(seq, text):
    return struct.pack("!BBHI4s", 0x80, 8, seq & 0xffff, seq * 160, b"good") + text.encode().ljust(160, b".")


class MediaWire(lab.LabTest):
    def setUp(self):
        super().setUp()
        config = self.configuration()
        config["realms"]["office"].update({"media-ports": f"{PORTS[0]}-{PORTS[-1]}", "latch": "latch"})
        config["max-calls"] = 5
        del config["trunks"], config["realms"]["internet"]
        config["phones"] = {"one": {"realm": "office", "address": f"{network.PHONE}:5060"},
                            "two": {"realm": "office", "address": f"{network.PBX}:5060", "numbers": ["200"]}}
        config["routes"] = [{"from": "office", "number": "200", "to": "two"}]
        self.start_trunkgate(config)
        self.one, self.two = End("phone", network.PHONE), End("pbx", network.PBX)
        self.addCleanup(self.one.stop)
        self.addCleanup(self.two.stop)
        self.caller = secure.Caller(self.one.phone, f"sip:200@{network.SBC_INSIDE}", network.PHONE, 5060, "UDP")

    def call(self, **how):
        self.caller.invite(self.one.sdp(**how))
        invite = self.two.phone.expect("INVITE ")
        self.two.learn(secure.body(invite))
        self.two.phone.answer(invite, self.two.sdp(**how))
        self.one.learn(self.caller.finish())

    def talk(self, packets=25, first=0):
        """Both ways; each packet arrives. Gives what arrived that nobody sent."""
        begun = [len(end.got[0]) for end in (self.one, self.two)]
        sent = [rtp(first + n, f"{first + n}") for n in range(packets)]
        for packet in sent:
            self.one.send(0, packet)
            self.two.send(0, packet)
            time.sleep(0.02)
        for end, before in zip((self.one, self.two), begun):
            wait.until("the last packet", lambda end=end: sent[-1] in end.got[0])
            here = [packet for packet in end.got[0][before:] if packet in sent]
            self.assertGreaterEqual(len(here), packets - 3)  # four prove a host; here SDP named it

    def test_datagrams(self):
        """T.38, BFCP and UDT beside audio: each datagram arrives as it was sent, on its own line."""
        self.call()
        self.assertEqual(len(self.one.targets), 1 + len(KINDS))
        self.talk()
        for line, make in enumerate(KINDS.values(), 1):
            for n in range(1, 20):
                self.one.send(line, make(n))
                self.two.send(line, make(100 + n))
                time.sleep(0.005)
            wait.until("the last of both", lambda line=line, make=make: make(19) in self.two.got[line] and make(119) in self.one.got[line])
            self.assertEqual(self.two.got[line], [make(n) for n in range(1, 20)])
            self.assertEqual(self.one.got[line], [make(100 + n) for n in range(1, 20)])
        self.caller.hang_up()

    def spray(self, sock, stop):
        """Good RTP, T.38 and BFCP of a stranger, to every port, again and again, as a stream sends it."""
        n = 0
        while not stop.is_set():
            n += 1
            for port in PORTS:
                for packet in (struct.pack("!BBHI4s", 0x80, 8, n & 0xffff, n * 160, b"EVIL") + b"E" * 160,
                               struct.pack("!HB", n & 0xffff, 1) + b"EVIL", struct.pack("!BBHI4s", 0x80, 200, 6, 1, b"EVIL") + b"E" * 16):
                    sock.sendto(packet, (network.SBC_INSIDE, port))
            time.sleep(0.01)

    def test_strangers(self):
        """From before the call until after it: nothing of theirs arrives, nothing of ours goes to them."""
        stranger = network.udp_socket("desk", network.DESK, 4000)
        self.addCleanup(stranger.close)
        stop = threading.Event()
        sprayer = threading.Thread(target=self.spray, args=(stranger, stop))
        sprayer.start()
        try:
            self.call()
            self.talk(50)
            for line, make in enumerate(KINDS.values(), 1):
                self.one.send(line, make(1))
                self.two.send(line, make(2))
                wait.until("datagrams", lambda line=line, make=make: make(1) in self.two.got[line] and make(2) in self.one.got[line])
            self.talk(50, 50)
        finally:
            stop.set()
            sprayer.join()
        leg = self.trunkgate.show("calls")[0]["caller"]
        self.assertGreater(leg["bad_source"], 100)
        for end in (self.one, self.two):
            for line, got in enumerate(end.got):
                self.assertFalse([packet for packet in got if b"EVIL" in packet], f"line {line} at {end.address}")
        stranger.settimeout(0.1)
        with self.assertRaises((TimeoutError, socket.timeout)):
            stranger.recv(2048)
        self.caller.hang_up()

    def test_order(self):
        """Packets in another order, and some twice: all go on as they came, and are counted as what they are."""
        self.call(kinds=False)
        self.talk(10)
        dice = random.Random(1)
        sent = []
        for n in range(20, 120, 5):
            five = [rtp(n + i, f"{n + i}") for i in range(5)]
            dice.shuffle(five)
            five.append(dice.choice(five))
            for packet in five:
                sent.append(packet)
                self.one.send(0, packet)
                time.sleep(0.004)
        def arrived():
            return [packet for packet in self.two.got[0] if packet in sent]

        wait.until("all of them", lambda: len(arrived()) >= len(sent))
        self.assertEqual(arrived(), sent)
        leg = self.trunkgate.show("calls")[0]["caller"]
        self.assertGreater(leg["reordered"], 20)
        self.assertLess(leg["lost"], 12)  # the ten numbers that were left out
        self.caller.hang_up()

    def test_hold(self):
        """On hold something of ours goes to the phone, on both ports, before a mapping of 17 s would end."""
        self.call(kinds=False)
        self.talk()
        self.caller.invite(self.one.sdp(kinds=False, direction="inactive"))
        invite = self.two.phone.expect("INVITE ")
        self.two.phone.answer(invite, self.two.sdp(kinds=False, direction="inactive"))
        self.caller.finish()
        with network.udp_socket("phone", network.PHONE, 4001) as rtcp:
            rtcp.settimeout(MAPPING_S)
            self.one.primed, begun = 0, time.monotonic()
            wait.until("RTP of ours", lambda: self.one.primed, MAPPING_S)
            self.assertIn(rtcp.recv(2048)[1], range(200, 208))
            self.assertLess(time.monotonic() - begun, MAPPING_S)
        self.caller.hang_up()


if __name__ == "__main__":
    lab.main()
