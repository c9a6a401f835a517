#!/usr/bin/env python3
"""Handshakes that never end, are no handshakes, begin anew or come by the thousand, while a call is up: memory and
descriptors stay bounded, the call is heard all the time, and a provider still gets in."""
import contextlib
import os
import random
import re
import resource
import select
import socket
import ssl

from harness import lab, network, openssl, sbc, sip, wait

SEED = 5061
LISTENER = (network.SBC_OUTSIDE, 5061)
SOURCES = [f"10.99.2.{host}" for host in range(100, 105)]  # attackers, all on the host dns
PER_SOURCE = 150
HALF_OPEN = 1000
HANDSHAKE_S = 3
CONNECTS = 10000
# An SSL with its buffers and the beginning of a handshake, 40 KiB at most, in a program with ASan's red zones.
KIB_A_CONNECTION = 100
LOG_LINES = 20  # in 10 s, of connections that never stood


class HostileHandshakes(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
        for source in SOURCES:
            network.ip("-n", "dns", "address", "replace", source + "/24", "dev", "eth0")
        os.environ["ASAN_OPTIONS"] = sbc.ASAN_LEAN
        config = self.config_for_baresip()
        config["max-connections-per-source"] = PER_SOURCE
        config["realms"]["internet"]["handshake-timeout"] = f"{HANDSHAKE_S}s"
        self.start_trunkgate(config)
        self.phone, self.provider = self.start_phone(), self.start_provider()
        self.rng = random.Random(SEED)
        self.phone.dial(f"sip:4711@{network.SBC_INSIDE}")
        for peer in (self.phone, self.provider):
            peer.wait_event("CALL_ESTABLISHED")
        self.files = self.trunkgate.process.descriptors()
        self.memory = self.trunkgate.process.rss_kib()

    def attack(self, source):
        """A plain connection to the TLS listener."""
        with network.inside("dns"):
            sock = socket.create_connection(LISTENER, 5, (source, 0))
        self.addCleanup(sock.close)
        return sock

    def hello(self):
        """What a client says first."""
        coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = ssl.create_default_context().wrap_bio(coming, going, server_hostname="sbc.lab")
        with contextlib.suppress(ssl.SSLWantReadError):
            client.do_handshake()
        return going.read()

    def check_bounds(self, connections):
        process = self.trunkgate.process
        # One more is taken before it is closed as one too many.
        self.assertLessEqual(process.descriptors(), self.files + connections + 1)
        self.assertLessEqual(process.rss_kib(), self.memory + connections * KIB_A_CONNECTION + 4096)

    def check_after(self):
        """All of it is gone; the two of the call hear each other; a provider gets in."""
        wait.until("the attackers' connections to be closed",
                   lambda: self.trunkgate.process.descriptors() <= self.files, HANDSHAKE_S + 10)
        for peer in (self.phone, self.provider):
            peer.wait_heard(peer.seconds_recorded() + 1)
        self.assertEqual(self.trunkgate.status()["calls"], 1)
        context = ssl.create_default_context(cafile=self.authority.root)
        context.load_cert_chain(self.provider.certificate)
        with context.wrap_socket(network.tcp_connect("provider", *LISTENER), server_hostname="sbc.lab") as secure:
            secure.sendall(sip.request("OPTIONS", "sips:sbc.lab", network.PROVIDER, 5061, "TLS"))
            self.assertIsNotNone(sip.status_of(secure.recv(65536)))
        self.assertEqual(self.phone.told("CALL_CLOSED"), [])

    def test_half_open(self):
        """A thousand that stop in the middle, from a few addresses: a share each, and not for long."""
        hello = self.hello()
        socks = []
        for number in range(HALF_OPEN):
            sock = self.attack(SOURCES[number % len(SOURCES)])
            with contextlib.suppress(OSError):  # it may be one too many
                sock.sendall(hello[:number % len(hello)])
            socks.append(sock)
        self.check_bounds(len(SOURCES) * PER_SOURCE)
        print(f"resident: {self.memory} KiB before, {self.trunkgate.process.rss_kib()} KiB with all of them")
        self.check_after()
        wait.until("all of them to be closed", lambda: all(map(self.is_closed, socks)))

    def is_closed(self, sock):
        """What the border sent before it closed is read away."""
        try:
            while select.select([sock], [], [], 0)[0]:
                if not sock.recv(65536):
                    return True
        except OSError:
            return True
        return False

    def test_drops(self):
        """An octet at a time is no reason for more time."""
        hello = self.hello()
        socks = [self.attack(SOURCES[0]) for _ in range(50)]
        for octet in range(len(hello)):
            alive = [sock for sock in socks if not self.is_closed(sock)]
            if not alive:
                break
            for sock in alive:
                with contextlib.suppress(OSError):
                    sock.sendall(hello[octet:octet + 1])
            select.select([], [], [], 0.05)
        self.assertLess(octet, len(hello) - 1, "there was time for all of it")
        self.check_after()

    def test_garbage(self):
        """Noise, records that lie about their length, hellos broken at chance."""
        hello = self.hello()
        said = [self.rng.randbytes(self.rng.randrange(1, 2000)) for _ in range(300)]
        said += [bytes((kind, 3, 3)) + self.rng.randbytes(self.rng.randrange(2, 300))
                 for kind in (20, 21, 22, 23) for _ in range(100)]
        for _ in range(300):
            broken = bytearray(hello)
            for _ in range(self.rng.randrange(1, 8)):
                broken[self.rng.randrange(len(broken))] = self.rng.randrange(256)
            said.append(bytes(broken))
        for number, octets in enumerate(said):
            with self.attack(SOURCES[number % len(SOURCES)]) as sock, contextlib.suppress(OSError):
                sock.sendall(octets)
        self.check_bounds(len(SOURCES) * PER_SOURCE)
        self.check_after()

    def test_renegotiation(self):
        """A provider that would begin anew, again and again, gets what RFC 5246 7.2.2 has for it."""
        certificate = self.provider.certificate
        for _ in range(20):
            heard = openssl.say("provider", *LISTENER, b"R\n", b"renegotiation", 5, "-tls1_2", "-cert", certificate,
                                "-key", certificate, "-cert_chain", certificate, quiet=())
            self.assertIn(b"no renegotiation", heard)
        self.check_after()

    def test_many_connects(self):
        """Connections by the thousand, as fast as they go: some say nothing, some shake hands without a certificate."""
        context = ssl.create_default_context(cafile=self.authority.root)
        for number in range(CONNECTS):
            with self.attack(SOURCES[number % len(SOURCES)]) as sock:
                if number % 30 == 0:
                    with contextlib.suppress(OSError), context.wrap_socket(sock, server_hostname="sbc.lab") as secure:
                        secure.recv(1)
        self.check_bounds(len(SOURCES) * PER_SOURCE)
        self.check_after()
        self.assertLessEqual(self.trunkgate.process.rss_kib(), self.memory + 4096, "memory that did not come back")
        lines = re.findall(r"event=closed .*side=accepted", self.trunkgate.log())
        seconds = self.trunkgate.status()["uptime_s"]
        self.assertLessEqual(len(lines), LOG_LINES * (seconds // 10 + 2))


if __name__ == "__main__":
    lab.main()
