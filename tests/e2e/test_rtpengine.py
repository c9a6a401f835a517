#!/usr/bin/env python3
"""rtpengine as the provider's SRTP, for every suite that it has, called and calling; and a provider that sends nothing before it
has received, as a phone does that waits as well. What goes in as plain RTP at the phone must come back whole from behind it."""
import re
import socket
import struct
import threading
import time

from harness import lab, network, rtpengine, secure, sip, wait

SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32",
          "AEAD_AES_128_GCM", "AEAD_AES_256_GCM")
PACKETS = 25
PORTS = range(40000, 40100)  # of the border, outside
PCMA = 8
TALK = b"talk"  # the phone's SSRC


def sdp(address, port, more=""):
    return (f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {port} RTP/AVP {PCMA}\r\n"
            f"a=rtpmap:{PCMA} PCMA/8000\r\n{more}")


def with_suite(description, suite):
    """Only that one of its crypto lines."""
    lines = [line for line in description.splitlines() if not line.startswith("a=crypto:") or f" {suite} " in line]
    assert any(line.startswith("a=crypto:") for line in lines), f"no {suite} in:\n{description}"
    return "\r\n".join(lines) + "\r\n"


def media_of(description):
    host = re.search(r"(?m)^c=IN IP4 (\S+)", description).group(1)
    return host, int(re.search(r"(?m)^m=audio (\d+)", description).group(1))


def mirrored(ssrc):
    return bytes(octet ^ 0xff for octet in ssrc)


def received(sock):
    """What waits there."""
    came = []
    try:
        while True:
            came.append(sock.recv(2048))
    except (TimeoutError, socket.timeout):
        return came


class Echo:
    """Sends each RTP packet back, each source's as one of its own; keeps the RTCP that comes to it. It never begins."""

    def __init__(self):
        self.rtp, self.rtcp = (network.udp_socket("provider", network.PROVIDER, port) for port in (4000, 4001))
        self.reports, self.seen, self.ends = [], 0, False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        for sock in (self.rtp, self.rtcp):
            sock.settimeout(0.02)
        while not self.ends:
            for sock in (self.rtp, self.rtcp):
                try:
                    packet, source = sock.recvfrom(2048)
                except (TimeoutError, socket.timeout):
                    continue
                if sock is self.rtcp:
                    self.reports.append(packet)
                else:
                    self.seen += 1
                    sock.sendto(packet[:8] + mirrored(packet[8:12]) + packet[12:], source)

    def stop(self):
        self.ends = True
        self.thread.join()
        self.rtp.close()
        self.rtcp.close()


def voice(number):
    """160 octets, which say their number."""
    return struct.pack("!H", number) + bytes((number * 7 + i) & 0xff for i in range(158))


def sender_report(packets):
    """Of a sender that has sent so many, and says nothing of others."""
    return struct.pack("!BBH", 0x80, 200, 6) + TALK + struct.pack("!IIIII", 0, 0, 0, packets, packets * 160)


def sender_reports(packets):
    """Of each SR: packets that its sender says it has sent, and whose packets it reports on."""
    for packet in packets:
        if len(packet) >= 28 and packet[1] == 200:
            blocks = packet[0] & 31
            yield struct.unpack("!I", packet[20:24])[0], packet[28:32] if blocks else b""


class Rtpengine(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        config = self.configuration()
        config["trunks"]["provider"]["srtp-suites"] = list(SUITES)
        config["realms"]["internet"]["media-ports"] = f"{PORTS[0]}-{PORTS[-1]}"
        config["max-calls"] = 5
        config["phones"]["alice"]["address"] = f"{network.PHONE}:5060"
        self.start_trunkgate(config)
        self.engine = rtpengine.Rtpengine(self.directory)
        self.provider = secure.Provider(self.authority.issue("provider.lab"), self.authority.root)
        self.phone = secure.Phone("phone", network.PHONE)
        self.rtp = network.udp_socket("phone", network.PHONE, 4000)
        self.rtp.settimeout(2)
        self.echo = Echo()
        self.stream = self.offered = self.behind = None
        for ends in (self.engine.stop, self.provider.close, self.phone.close, self.rtp.close, self.echo.stop):
            self.addCleanup(ends)

    def phone_calls(self, suite, attributes="", **engine):
        """Our offer, cut down to that suite, is rtpengine's to answer. attributes: of the phone's; engine: what rtpengine is told."""
        caller = secure.Caller(self.phone, f"sip:4711@{network.SBC_INSIDE}", network.PHONE, 5060, "UDP")
        caller.invite(sdp(network.PHONE, 4000, attributes))
        self.stream = self.stream or self.provider.accept()
        invite = self.stream.expect("INVITE ")
        call = secure.header(invite, "Call-ID")
        plain = self.engine.offer(call, with_suite(secure.body(invite), suite), "RTP/AVP", **engine)
        self.assertIn("RTP/AVP", plain)
        answer = self.engine.answer(call, sdp(network.PROVIDER, 4000))
        self.assertIn(suite, answer)
        self.stream.answer(invite, answer)
        self.behind = media_of(plain)
        return caller, media_of(caller.finish())

    def provider_calls(self, suite, stream, **engine):
        """rtpengine's offer, cut down to that suite, is ours to answer. engine: what it is told."""
        caller = secure.Caller(stream, f"sips:100@{network.SBC_OUTSIDE}", network.PROVIDER, 5061, "TLS")
        offer = self.engine.offer(caller.call_id, sdp(network.PROVIDER, 4000), "RTP/SAVP", **engine)
        self.offered = with_suite(offer, suite)
        caller.invite(self.offered)
        invite = self.phone.expect("INVITE ")
        self.phone.answer(invite, sdp(network.PHONE, 4000))
        answer = caller.finish()
        self.assertIn(suite, answer)
        self.engine.answer(caller.call_id, answer)
        return caller, media_of(secure.body(invite))

    def talk(self, target, packets=PACKETS, first=0):
        """Each packet comes back with the voice that it went with; some may be lost while all learn where the others are."""
        back, deadline = set(), time.monotonic() + 10
        for seq in range(first, first + 10 * packets):
            self.rtp.sendto(struct.pack("!BBHI", 0x80, PCMA, seq, seq * 160) + TALK + voice(seq), target)
            self.rtp.settimeout(0.02)
            try:
                while packet := self.rtp.recv(2048):
                    if len(packet) == 172 and packet[8:12] == mirrored(TALK):
                        said = struct.unpack("!H", packet[12:14])[0]
                        self.assertEqual(packet[12:], voice(said))
                        back.add(said)
            except (TimeoutError, socket.timeout):
                pass
            if len(back) >= packets or time.monotonic() > deadline:
                break
        self.assertGreaterEqual(len(back), packets, "of the packets that came back")
        return min(back)

    def check(self, suite, side):
        leg = self.trunkgate.show("calls")[0][side]
        self.assertEqual(leg["srtp"], suite)
        self.assertEqual(leg["bad_auth"], 0)

    def reported(self):
        """As the phone's sender, and on what the echo sends."""
        return any(packets and block == mirrored(TALK) for packets, block in sender_reports(self.echo.reports))

    def test_called(self):
        for suite in SUITES:
            with self.subTest(suite):
                caller, target = self.phone_calls(suite)
                self.talk(target)
                self.check(suite, "callee")
                caller.hang_up()
                self.stream.answer(self.stream.expect("BYE "))
                self.trunkgate.wait_no_calls()

    def test_calling(self):
        stream = self.provider.connect()
        self.addCleanup(stream.close)
        for suite in SUITES:
            with self.subTest(suite):
                caller, target = self.provider_calls(suite, stream)
                self.talk(target)
                self.check(suite, "caller")
                caller.hang_up()
                self.phone.send(sip.answer(self.phone.expect("BYE ").encode(), b"200 OK"))
                self.trunkgate.wait_no_calls()

    def test_lifetime(self):
        """RFC 4568 6.1: keys that say how long they live."""
        stream = self.provider.connect()
        self.addCleanup(stream.close)
        caller, target = self.provider_calls("AES_CM_128_HMAC_SHA1_80", stream, SDES=["lifetime"])
        self.assertRegex(self.offered, r"(?m)^a=crypto:.*\|2\^\d+")
        self.talk(target)
        caller.hang_up()

    def test_nobody_begins(self):
        """CLO-04: the platform waits for our first packet, and so does the phone. It is ours, encrypted as the suite says."""
        caller, target = self.phone_calls("AES_CM_128_HMAC_SHA1_80")
        wait.until("a packet at the provider, while the phone says nothing", lambda: self.echo.seen > 0)
        self.assertGreaterEqual(len(self.rtp.recv(2048)), 12)  # and the phone hears somebody
        self.talk(target)
        caller.hang_up()

    def test_begins_anew(self):
        """RFC 3550 A.1: the phone begins its numbers anew under its SSRC, which SRTP may send only once: it is heard all the same."""
        caller, target = self.phone_calls("AES_CM_128_HMAC_SHA1_80")
        self.talk(target, first=20000)
        self.assertLessEqual(self.talk(target, first=100), 110)
        self.check("AES_CM_128_HMAC_SHA1_80", "callee")
        caller.hang_up()

    def spray(self, sock, stop):
        """RTP as a stream sends it, and what looks like SRTP, to every port of ours."""
        n = 0
        while not stop.is_set():
            n += 1
            for port in PORTS:
                for size in (160, 170):
                    sock.sendto(struct.pack("!BBHI", 0x80, PCMA, n & 0xffff, n * 160) + b"EVIL" + bytes(size),
                                (network.SBC_OUTSIDE, port))
            time.sleep(0.01)

    def test_strangers(self):
        """Who sprays all ports from before the call on takes nothing over and is sent nothing."""
        stranger, stop = network.udp_socket("carrier", network.CARRIER, 30000), threading.Event()
        self.addCleanup(stranger.close)
        sprayer = threading.Thread(target=self.spray, args=(stranger, stop))
        sprayer.start()
        try:
            caller, target = self.phone_calls("AEAD_AES_128_GCM")
            self.talk(target, 100)
        finally:
            stop.set()
            sprayer.join()
        leg = self.trunkgate.show("calls")[0]["callee"]
        self.assertGreater(leg["bad_source"] + leg["bad_auth"], 100)
        stranger.settimeout(0.1)
        with self.assertRaises((TimeoutError, socket.timeout)):
            stranger.recv(2048)
        caller.hang_up()

    def test_our_reports(self):
        """Neither phone nor provider sends RTCP: rtpengine decrypts our own, and passes them on."""
        caller, target = self.phone_calls("AEAD_AES_256_GCM")
        for _ in range(30):
            if self.reported():
                break
            self.talk(target)
        self.assertTrue(self.reported(), f"no report of ours among {len(self.echo.reports)}")
        caller.hang_up()

    def send_report(self, sock, target, heard, packets):
        """A sender's report, until it has come: the first ones may go while the sides learn where the other is."""
        def sent():
            sock.sendto(sender_report(packets), target)
            return any(number == packets for number, _ in sender_reports(heard()))
        wait.until(f"the report of {packets} packets", sent)

    def test_one_port(self):
        """RFC 5761: the phone and rtpengine have RTCP on the port of RTP; who is behind rtpengine has a port for it."""
        caller, target = self.phone_calls("AES_CM_128_HMAC_SHA1_80", "a=rtcp-mux\r\n", rtcp_mux=["demux"])
        self.assertIn("a=rtcp-mux", secure.body(caller.ok))
        self.talk(target)
        self.send_report(self.rtp, target, lambda: self.echo.reports, 4242)
        self.rtp.settimeout(0.02)
        self.send_report(self.echo.rtcp, (self.behind[0], self.behind[1] + 1), lambda: received(self.rtp), 7777)
        self.check("AES_CM_128_HMAC_SHA1_80", "callee")
        caller.hang_up()

    def test_port_of_reports(self):
        """RFC 3605: the phone has RTCP on a port that is not the one after RTP's."""
        reports = network.udp_socket("phone", network.PHONE, 4100)
        self.addCleanup(reports.close)
        reports.settimeout(0.02)
        caller, target = self.phone_calls("AEAD_AES_128_GCM", "a=rtcp:4100\r\n")
        self.talk(target)
        self.send_report(self.echo.rtcp, (self.behind[0], self.behind[1] + 1), lambda: received(reports), 7777)
        self.send_report(reports, (target[0], target[1] + 1), lambda: self.echo.reports, 4242)
        caller.hang_up()


if __name__ == "__main__":
    lab.main()
