#!/usr/bin/env python3
"""Broken input on every socket while a call is up: the call goes on and is heard, the process lives, a
new call works."""
import contextlib
import glob
import os
import random
import socket
import ssl

from harness import lab, network, sip, wait

SEED = 20021  # the same input in every run: a failure can be looked at again
TALK_S = 2
HEARD_S = 1.5
FLOOD = 200  # datagrams of each kind

OFFICE = (network.SBC_INSIDE, 5060)
INTERNET = (network.SBC_OUTSIDE, 5061)


def truncated(message):
    """A message cut at many places: in the first line, in headers, in the body."""
    return [message[:end] for end in range(1, len(message), max(1, len(message) // 60))]


def liars(message):
    """A message whose Content-Length is not what follows (RFC 3261 18.3)."""
    head = message[:message.index(b"Content-Length:")]
    body = message[message.index(b"\r\n\r\n") + 4:]
    lengths = (b"999999999", b"99999999999999999999", b"-1", b"4294967296", b"0x10", b"", b"1 1", b"0")
    return [head + b"Content-Length: " + length + b"\r\n\r\n" + body for length in lengths]


def broken_headers(message):
    """Well framed, but wrong inside: what a parser may stumble over."""
    first, rest = message.split(b"\r\n", 1)
    return [
        rest,  # no request line
        b"INVITE sip:4799@ SIP/2.0\r\n" + rest,
        b"INVITE  SIP/2.0\r\n" + rest,
        b"INVITE sip:4799@x SIP/7.0\r\n" + rest,
        b"SIP/2.0 999 What\r\n" + rest,
        b"SIP/2.0 -1\r\n" + rest,
        message.replace(b"CSeq: 1 INVITE", b"CSeq: 99999999999999 INVITE"),
        message.replace(b"CSeq: 1 INVITE", b"CSeq: 1 BYE"),
        message.replace(b"Via: ", b"Via: SIP/2.0/UDP [::::]:99999;branch=,"),
        message.replace(b"Call-ID: ", b"Call-ID: \x00\xff\xfe"),
        message.replace(b"From: <", b"From: \"\\\"" + b"<" * 500),
        message.replace(b"Max-Forwards: 70", b"Max-Forwards: -5"),
        message.replace(b"m=audio ", b"m=audio 99999999/" + b"9" * 300),
        message.replace(b"c=IN IP4 ", b"c=IN IP4 999.999.999.999 "),
        message.replace(b"a=rtpmap:8 ", b"a=rtpmap:99999 " + b"A" * 5000),
        first + b"\r\n" + b"X: y\r\n" * 8000 + rest,
        first + b"\r\n" + b"Via: SIP/2.0/UDP a;branch=b\r\n" * 500 + rest,
    ]


def hostile_messages(rng, transport, host):
    """Everything that goes to a signalling socket, in one list."""
    # A number that nobody has: what stays valid by chance makes calls that fail, not calls that talk.
    invite = sip.request("INVITE", "sip:4799@10.99.1.2", host, 5066, transport, body=sip.sdp(host, 20990))
    noise = [rng.randbytes(rng.randrange(1, 1400)) for _ in range(FLOOD)]
    mutated = [mutate(rng, invite) for _ in range(FLOOD)]
    return noise + truncated(invite) + liars(invite) + broken_headers(invite) + mutated + [b"", b"\r\n" * 100]


def mutate(rng, message):
    """The message with a few bytes changed, at chance."""
    changed = bytearray(message)
    for _ in range(rng.randrange(1, 8)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def hostile_media(rng):
    """What comes to media ports: noise, RTP and RTCP headers with nothing right behind them."""
    packets = [rng.randbytes(rng.randrange(0, 1400)) for _ in range(FLOOD)]
    packets += [bytes((0x80, 8)) + rng.randbytes(rng.randrange(0, 400)) for _ in range(FLOOD)]
    packets += [bytes((0x80 | rng.randrange(64), rng.randrange(256))) + rng.randbytes(170)
                for _ in range(FLOOD)]
    packets += [bytes((0x81, 200 + rng.randrange(8))) + rng.randbytes(rng.randrange(0, 200))
                for _ in range(FLOOD)]
    packets += [bytes((0xbf, 8)), bytes((0x9f, 8)) + b"\xff" * 10, b"\x00" * 65000]
    return packets


def torture_messages():
    """Those of RFC 4475 and RFC 5118."""
    folder = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "torture")
    messages = []
    for path in sorted(glob.glob(os.path.join(folder, "rfc*", "*.dat"))):
        with open(path, "rb") as data:
            messages.append(data.read())
    return messages


class HostileInput(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        config = self.config_for_baresip()
        config["log"]["level"] = "info"
        self.start_trunkgate(config)
        self.phone, self.provider = self.start_phone(), self.start_provider()
        self.rng = random.Random(SEED)

    # --- ways in ---

    def flood_udp(self, host, source, target, packets):
        with network.udp_socket(host, source) as sock:
            for packet in packets:
                with contextlib.suppress(OSError):  # too long, or an ICMP error from before
                    sock.sendto(packet, target)

    def say_over(self, connect, messages):
        """Each message on a connection of its own: it may be closed, and at any time."""
        for message in messages:
            with contextlib.suppress(OSError), connect() as connection:
                connection.sendall(message)

    def flow_over(self, connect, messages):
        """All messages on one connection for as long as it lasts."""
        with contextlib.suppress(OSError), connect() as connection:
            for message in messages:
                connection.sendall(message)

    def tcp(self):
        return network.tcp_connect("phone", *OFFICE)

    def tcp_to_tls(self):
        return network.tcp_connect("provider", *INTERNET)

    def tls(self):
        """A handshake that holds, with the provider's own certificate."""
        context = ssl.create_default_context(cafile=self.authority.root)
        context.load_cert_chain(self.provider.certificate)
        return context.wrap_socket(self.tcp_to_tls(), server_hostname="sbc.lab")

    def open_and_silent(self, connect, count=50):
        """Connections that say nothing, or half a message, and stay."""
        for number in range(count):
            connection = connect()
            self.addCleanup(connection.close)
            if number % 2:
                with contextlib.suppress(OSError):  # one too many is closed at once
                    connection.sendall(b"INVITE sip:4799@x SIP/2.0\r\nContent-Le")

    def assert_still_answers(self, connection, transport, host):
        """An honest OPTIONS on a new connection; closes it."""
        with connection:
            connection.settimeout(5)
            connection.sendall(sip.request("OPTIONS", "sip:sbc.lab", host, 5066, transport))
            self.assertIsNotNone(sip.status_of(connection.recv(65536)), transport)

    # --- one attack a way in ---

    def attack_udp(self):
        self.flood_udp("phone", network.PHONE, OFFICE, hostile_messages(self.rng, "UDP", network.PHONE))
        connection = network.udp_socket("phone", network.PHONE)
        connection.connect(OFFICE)
        self.assert_still_answers(connection, "UDP", network.PHONE)

    def attack_tcp(self):
        messages = hostile_messages(self.rng, "TCP", network.PHONE)
        self.say_over(self.tcp, messages)
        self.flow_over(self.tcp, messages)
        self.open_and_silent(self.tcp)
        self.assert_still_answers(self.tcp(), "TCP", network.PHONE)

    def attack_not_reading(self):
        """Asks and asks and reads no answer: what waits for it is bounded, then it is out (RFC 3261 18.4)."""
        ask = sip.request("OPTIONS", "sip:sbc.lab", network.PHONE, 5066, "TCP")
        with self.tcp() as connection:
            connection.settimeout(30)
            with self.assertRaises((ConnectionError, BrokenPipeError)):
                for number in range(100000):
                    connection.sendall(ask.replace(b"branch=z9hG4bK", b"branch=z9hG4bK%d." % number))
        self.trunkgate.process.wait_for_line("the peer does not read what we send")
        self.assert_still_answers(self.tcp(), "TCP", network.PHONE)

    def attack_tls_before_handshake(self):
        noise = [self.rng.randbytes(self.rng.randrange(1, 600)) for _ in range(50)]
        hellos = [b"\x16\x03\x01" + self.rng.randbytes(300) for _ in range(50)]
        self.say_over(self.tcp_to_tls, noise + hellos + [b"GET / HTTP/1.0\r\n\r\n"])
        self.open_and_silent(self.tcp_to_tls, 20)
        self.assert_still_answers(self.tls(), "TLS", network.PROVIDER)

    def attack_tls_after_handshake(self):
        messages = hostile_messages(self.rng, "TLS", network.PROVIDER)
        self.say_over(self.tls, messages[::4])
        self.flow_over(self.tls, messages)
        self.assert_still_answers(self.tls(), "TLS", network.PROVIDER)

    def attack_media(self):
        """Every port of both ranges that the call has open, from the peer's own host and address."""
        for call in self.trunkgate_media_ports():
            self.flood_udp(*call, hostile_media(self.rng))

    def control(self):
        """The control socket: local and root's own, but a socket."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self.trunkgate.control_socket)
        return connection

    def attack_control_socket(self):
        noise = [self.rng.randbytes(self.rng.randrange(1, 3000)) for _ in range(100)]
        self.say_over(self.control, noise + [b"show calls", b"\n" * 1000, b"{" * 100000, b"show " + b"x" * 9000])
        self.flow_over(self.control, noise)
        self.open_and_silent(self.control)
        # They have all of its places, until their time is over.
        wait.until("trunkgate show to be answered", lambda: self.trunkgate.show_text("status"), 20)

    def attack_torture(self):
        messages = torture_messages()
        self.assertEqual(len(messages), 61)
        self.flood_udp("phone", network.PHONE, OFFICE, messages)
        for connect in (self.tcp, self.tls):
            self.say_over(connect, messages)
            self.flow_over(connect, messages)

    def trunkgate_media_ports(self):
        """(host, source address, target) of each media socket that the kernel lists for the SBC."""
        with network.inside("sbc"), open("/proc/thread-self/net/udp", encoding="ascii") as table:
            rows = [line.split()[1] for line in table.readlines()[1:]]
        found = []
        for row in rows:
            raw, port = row.split(":")
            address = socket.inet_ntoa(bytes.fromhex(raw)[::-1])
            if address == network.SBC_INSIDE and int(port, 16) >= 36000:
                found.append(("phone", network.PHONE, (address, int(port, 16))))
            elif address == network.SBC_OUTSIDE and int(port, 16) >= 40000:
                found.append(("provider", network.PROVIDER, (address, int(port, 16))))
        self.assertGreaterEqual(len(found), 4, "RTP and RTCP on both sides")
        return found

    # --- the tests ---

    def start_call(self):
        marks = {peer: peer.mark() for peer in (self.phone, self.provider)}
        self.phone.dial(f"sip:4711@{network.SBC_INSIDE}")
        for peer, mark in marks.items():
            peer.wait_event("CALL_ESTABLISHED", after=mark)
        for peer in marks:
            peer.wait_heard(TALK_S)

    def end_call(self):
        """Ends it from the provider; what was said last must have been heard at both ends."""
        marks = {peer: peer.mark() for peer in (self.phone, self.provider)}
        self.provider.hang_up()
        for peer, mark in marks.items():
            peer.wait_event("CALL_CLOSED", after=mark)
        self.trunkgate.wait_no_calls()
        last = {"last": TALK_S}
        self.assert_heard(self.provider.heard()[-1], lab.PHONE_HZ, HEARD_S, lab.PROVIDER_HZ, **last)
        self.assert_heard(self.phone.heard()[-1], lab.PROVIDER_HZ, HEARD_S, lab.PHONE_HZ, **last)

    def survive(self, attack):
        """The call that is up lives through it and is heard afterwards; so does a new one."""
        self.start_call()
        attack()
        self.trunkgate.process.require_alive()
        for peer in (self.phone, self.provider):
            self.assertEqual(peer.told("CALL_CLOSED"), [], "the call ended")
            peer.wait_heard(peer.seconds_recorded() + TALK_S)
        self.end_call()
        self.start_call()
        self.end_call()

    def test_udp(self):
        self.survive(self.attack_udp)

    def test_not_reading(self):
        self.survive(self.attack_not_reading)

    def test_tcp(self):
        self.survive(self.attack_tcp)

    def test_tls_before_handshake(self):
        self.survive(self.attack_tls_before_handshake)

    def test_tls_after_handshake(self):
        self.survive(self.attack_tls_after_handshake)

    def test_control_socket(self):
        self.survive(self.attack_control_socket)

    def test_torture(self):
        self.survive(self.attack_torture)

    def test_media(self):
        self.survive(self.attack_media)


if __name__ == "__main__":
    lab.main()
