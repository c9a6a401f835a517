#!/usr/bin/env python3
"""Every certificate that a peer may come with, in both roles: the verdict, and the line that an operator reads.
The peers are OpenSSL's s_server and s_client, and Kamailio."""
import collections
import concurrent.futures
import os
import socket
import ssl

from harness import kamailio, lab, network, openssl, pki, process, sip, wait

OCSP_PORT = 8888
OCSP = ("--ocsp", f"http://{network.DNS}:{OCSP_PORT}/")
NOBODY = ("--ocsp", f"http://{network.DNS}:1/")
STRANGER = "stranger"  # another authority

# What each certificate is, as lab-ca makes it; the common name is provider.lab where nothing else is said.
CERTIFICATES = {
    "good": (),
    "rsa": ("--rsa",),
    "expired": ("--expired",),
    "not-yet": ("--not-yet",),
    "wrong-name": ("--cn", "mallory.lab"),
    "cn-only": ("--san", "none"),
    "cn-right-san-wrong": ("--san", "DNS:mallory.lab"),
    "san-sip-uri": ("--cn", "x", "--san", "URI:sip:provider.lab"),
    "wildcard": ("--cn", "*.lab", "--san", "DNS:*.lab"),
    "missing-intermediate": ("--leaf-only",),
    "unknown-root": (STRANGER,),
    "self-signed": ("--self-signed",),
    "server-only": ("--usage", "server"),
    "client-only": ("--usage", "client"),
    "revoked": (),
    "ocsp-good": OCSP,
    "ocsp-revoked": OCSP,
    "ocsp-silent": NOBODY,
    "must-staple": ("--must-staple",),
    "weak": ("--weak",),
    "sha1": ("--sha1",),
}
REVOKED = ("revoked", "ocsp-revoked")
IN_BOOKS = ("good", "ocsp-good", "must-staple") + REVOKED

OK = None  # the verdict of what nobody complains about
TLS11 = ("-tls1_1",)
WILDCARD_REFUSED = r'is for "\*\.lab" \(CN=\*\.lab, issued by Lab Issuing CA\) but trunk \S+ expects '
WORDS = {
    "expired": r"the certificate of CN=provider\.lab expired on 20\d\d-\d\d-\d\d \(today is 20",
    "not-yet": r"the certificate of CN=provider\.lab is valid only from 20\d\d-\d\d-\d\d on",
    "wrong-name": r'is for "mallory\.lab" .*issued by Lab Issuing CA\) but trunk \S+ expects "provider\.lab"',
    "cn-right-san-wrong": r'is for "mallory\.lab" \(CN=provider\.lab, .*\) but trunk \S+ expects "provider\.lab"',
    "wildcard": WILDCARD_REFUSED + r'"provider\.lab"; SIP does not let a wildcard stand for a name \(RFC 5922 7\.2\)',
    "two-labels": WILDCARD_REFUSED + r'"sip\.provider\.lab"(?!; SIP)',
    "missing-intermediate": r'chain ends at a certificate that "CN=Lab Issuing CA" signed, which the peer did not send',
    "unknown-root": r'chain ends at "CN=Stranger Root", which is not among the roots that trunk \S+ trusts',
    "self-signed": r'chain ends at "CN=provider\.lab", which is not among the roots that trunk \S+ trusts',
    "not-for-servers": r"provider\.lab may not be used as a server, .* lacks serverAuth",
    "not-for-clients": r"provider\.lab may not be used as a client, .* lacks clientAuth",
    "crl": r"the certificate of CN=provider\.lab was revoked on 20\d\d-\d\d-\d\d, says the CRL of CN=Lab Issuing CA",
    "ocsp": r"the certificate of CN=provider\.lab was revoked on 20\d\d-\d\d-\d\d, says the OCSP responder of CN=Lab Iss",
    "ocsp-silent": r"whether the certificate of CN=provider\.lab is revoked cannot be told: ",
    "must-staple": r"cannot be told: it says that an OCSP answer is stapled to it, but none was \(must-staple\)",
    "weak": r"the key of CN=provider\.lab is too weak: RSA with 1024 bits \(RSA needs 2048",
    "sha1": r"the certificate of CN=provider\.lab is signed with ecdsa-with-SHA1, which is too weak",
    "tls11": r"no TLS version in common: (the peer speaks none .*from the peer\); )?we speak 1\.2 and 1\.3",
    "nothing": r"we demand a certificate and the peer sent none",
    "we-are-unknown": r"the peer refused our certificate: it does not know the root that signed it .*from the peer\)",
}

WORDS = {name: words.replace('"', r'\\"') for name, words in WORDS.items()}  # as the log quotes them

# A provider that we call: what it shows, what its trunk says, what s_server is told, what we say of it.
ToServer = collections.namedtuple("ToServer", "name shows trunk options words", defaults=({}, (), OK))
TO_SERVERS = [
    ToServer("good", "good"),
    ToServer("rsa", "rsa"),
    ToServer("expired", "expired", words=WORDS["expired"]),
    ToServer("expired-tolerated", "expired", {"tolerate": ["expired"]}),
    ToServer("not-yet", "not-yet", words=WORDS["not-yet"]),
    ToServer("wrong-name", "wrong-name", words=WORDS["wrong-name"]),
    ToServer("cn-only", "cn-only"),
    ToServer("cn-right-san-wrong", "cn-right-san-wrong", words=WORDS["cn-right-san-wrong"]),
    ToServer("san-sip-uri", "san-sip-uri"),
    ToServer("wildcard", "wildcard", words=WORDS["wildcard"]),
    ToServer("wildcard-allowed", "wildcard", {"wildcards": "yes"}),
    ToServer("wildcard-two-labels", "wildcard",
             {"wildcards": "yes", "verify-names": ["sip.provider.lab"]}, words=WORDS["two-labels"]),
    ToServer("missing-intermediate", "missing-intermediate", words=WORDS["missing-intermediate"]),
    ToServer("unknown-root", "unknown-root", words=WORDS["unknown-root"]),
    ToServer("self-signed", "self-signed", words=WORDS["self-signed"]),
    ToServer("server-only", "server-only"),
    ToServer("client-only", "client-only", words=WORDS["not-for-servers"]),
    ToServer("crl-good", "good", {"crls": ["crl"]}),
    ToServer("crl-revoked", "revoked", {"crls": ["crl"]}, words=WORDS["crl"]),
    ToServer("ocsp-stapled", "ocsp-revoked", {}, ("-status_file", "staple"), WORDS["ocsp"]),
    ToServer("ocsp-asked", "ocsp-revoked", {"ocsp": "ask"}, words=WORDS["ocsp"]),
    ToServer("ocsp-asked-good", "ocsp-good", {"ocsp": "ask"}),
    ToServer("ocsp-off", "ocsp-revoked", {"ocsp": "off"}),
    ToServer("ocsp-silent", "ocsp-silent", {"ocsp": "ask"}, words=WORDS["ocsp-silent"]),
    ToServer("must-staple", "must-staple", words=WORDS["must-staple"]),
    ToServer("must-staple-stapled", "must-staple", {}, ("-status_file", "staple")),
    ToServer("weak", "weak", words=WORDS["weak"]),
    ToServer("sha1", "sha1", words=WORDS["sha1"]),
    ToServer("tls11", "rsa", {}, TLS11, WORDS["tls11"]),
    ToServer("tls11-allowed", "rsa", {"tls-least": "1.1"}, TLS11),
    ToServer("we-are-unknown", "good", {}, ("-Verify", "2", "-verify_return_error", "-CAfile", "stranger"),
             WORDS["we-are-unknown"]),
]

# A provider that calls us: the trunk whose port it comes to, what s_client shows, what we say of it.
ToClient = collections.namedtuple("ToClient", "name trunk shows options words", defaults=((), OK))
TO_CLIENTS = [
    ToClient("good", "good", "good"),
    ToClient("rsa", "good", "rsa"),
    ToClient("good-tls12", "good", "good", ("-tls1_2",)),
    ToClient("expired", "good", "expired", words=WORDS["expired"]),
    ToClient("not-yet", "good", "not-yet", words=WORDS["not-yet"]),
    ToClient("wrong-name", "good", "wrong-name", words=WORDS["wrong-name"]),
    ToClient("cn-only", "good", "cn-only"),
    ToClient("cn-right-san-wrong", "good", "cn-right-san-wrong", words=WORDS["cn-right-san-wrong"]),
    ToClient("san-sip-uri", "good", "san-sip-uri"),
    ToClient("wildcard", "good", "wildcard", words=WORDS["wildcard"]),
    ToClient("wildcard-allowed", "wildcard-allowed", "wildcard"),
    ToClient("wildcard-two-labels", "wildcard-two-labels", "wildcard", words=WORDS["two-labels"]),
    ToClient("missing-intermediate", "good", "missing-intermediate", words=WORDS["missing-intermediate"]),
    ToClient("unknown-root", "good", "unknown-root", words=WORDS["unknown-root"]),
    ToClient("self-signed", "good", "self-signed", words=WORDS["self-signed"]),
    ToClient("server-only", "good", "server-only", words=WORDS["not-for-clients"]),
    ToClient("client-only", "good", "client-only"),
    ToClient("crl-good", "crl-good", "good"),
    ToClient("crl-revoked", "crl-good", "revoked", words=WORDS["crl"]),
    ToClient("ocsp-asked", "ocsp-asked-good", "ocsp-revoked", words=WORDS["ocsp"]),
    ToClient("ocsp-asked-good", "ocsp-asked-good", "ocsp-good"),
    # A client has no way to staple before TLS 1.3, and none does in it: the promise is a server's.
    ToClient("must-staple", "good", "must-staple"),
    ToClient("weak", "good", "weak", words=WORDS["weak"]),
    ToClient("sha1", "good", "sha1", words=WORDS["sha1"]),
    ToClient("tls11", "good", "rsa", TLS11, WORDS["tls11"]),
    ToClient("tls11-allowed", "tls11-allowed", "rsa", TLS11),
    ToClient("no-certificate", "good", None, words=WORDS["nothing"]),
]

# Of both tables what Kamailio plays as well.
KAMAILIO_SERVERS = ("good", "expired", "wrong-name", "unknown-root", "missing-intermediate", "wildcard",
                    "wildcard-allowed", "client-only", "we-are-unknown")
KAMAILIO_CLIENTS = ("good", "expired", "wrong-name", "unknown-root", "missing-intermediate", "wildcard", "server-only",
                    "client-only")

SERVER_PORT, LISTENER_PORT, KAMAILIO_TARGET = 6001, 7001, 7101


class TlsMatrix(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        self.stranger = pki.Authority(os.path.join(self.directory, STRANGER), "Stranger")
        self.files = {STRANGER: self.stranger.root}

    def make_certificates(self, names):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            self.files.update(zip(names, pool.map(self.make_certificate, names)))

    def make_certificate(self, name):
        authority, options = self.authority, CERTIFICATES[name]
        if options == (STRANGER,):
            authority, options = self.stranger, ()
        cn = () if "--cn" in options else ("--cn", "provider.lab")
        return authority.issue(name, *cn, *options)

    def start_with(self, trunks, more_ports=()):
        """Trunks that all accept the same name, so each has a realm and a listener of its own, the first those at
        more_ports besides; the number that calls the i-th is 1000 + i."""
        config = self.configuration()
        common, internet = config["trunks"].pop("provider"), config["realms"].pop("internet")
        config["max-calls"] = 50
        config["routes"] = []
        for i, (name, port, options) in enumerate(trunks):
            ports = [LISTENER_PORT + i] + ([] if i else list(more_ports))
            config["realms"][f"at-{name}"] = dict(
                internet, listen=[f"tls:{network.SBC_OUTSIDE}:{port}" for port in ports],
                **{"media-ports": f"{40000 + 200 * i}-{40199 + 200 * i}"})
            config["trunks"][name] = dict(common, realm=f"at-{name}", port=port, lookup="sip.provider.lab", **options)
            config["routes"].append({"from": "office", "number": f"{1000 + i}", "to": name})
        self.start_trunkgate(config)

    def call_all(self, count):
        """A call to each trunk, all at the same time. What comes of them is read in the log."""
        phone = network.udp_socket("phone", network.PHONE, 5060)
        self.addCleanup(phone.close)
        for number in range(1000, 1000 + count):
            phone.sendto(sip.request("INVITE", f"sip:{number}@{network.SBC_INSIDE}", network.PHONE, 5060,
                                     body=sip.sdp(network.PHONE, 20000)), (network.SBC_INSIDE, 5060))
        return phone

    def check_called(self, name, words):
        """What the log says of the trunk that we connected to."""
        up = f"event=tls-up trunk={name} .*side=connected"
        if words is OK:
            self.trunkgate.process.wait_for_line(up)
            return
        self.trunkgate.process.wait_for_line(f"level=error trunk={name} event=down why=.*{words}")
        if "from the peer" not in words:  # which comes late in TLS 1.3
            self.assertNotRegex(self.trunkgate.log(), up)

    # --- OpenSSL ---

    def start_responder(self, books):
        argv = books.responder() + ["-port", str(OCSP_PORT)]
        responder = process.Process("ocsp", argv, os.path.join(self.directory, "ocsp.log"), "dns")
        self.addCleanup(responder.stop)
        responder.wait_for_line("waiting for OCSP")

    def make_status(self):
        """All that tells what is revoked: the list, the staples, the responder."""
        books = pki.Books(self.authority)
        for name in IN_BOOKS:
            (books.revoke if name in REVOKED else books.enter)(self.files[name])
        self.files["crl"] = books.crl()
        for cell in TO_SERVERS:
            if "staple" in cell.options:
                books.write_staple(self.files[cell.shows])
        self.start_responder(books)

    def start_server(self, cell, port):
        own = {"staple": self.files[cell.shows] + ".ocsp", STRANGER: self.files[STRANGER]}
        server = openssl.server(self.directory, cell.name, "provider", network.PROVIDER, port,
                                self.files[cell.shows], *(own.get(word, word) for word in cell.options))
        self.addCleanup(server.stop)
        return server

    def trunk_options(self, cell):
        return dict(cell.trunk, **({"crls": [self.files["crl"]]} if "crls" in cell.trunk else {}))

    def check_caller(self, cell):
        """What s_client heard, and the line about its connection."""
        before, shows = len(self.trunkgate.log()), ()
        if cell.shows:
            shows = ("-cert", self.files[cell.shows], "-key", self.files[cell.shows],
                     "-cert_chain", self.files[cell.shows])
        port = LISTENER_PORT + [server.name for server in TO_SERVERS].index(cell.trunk)
        options = sip.request("OPTIONS", "sips:sbc.lab", network.PROVIDER, 5061, "TLS")
        heard = openssl.say("provider", network.SBC_OUTSIDE, port, options, b"SIP/2.0 ", 5, *shows, *cell.options)
        self.assertEqual(b"SIP/2.0 " in heard, cell.words is OK, heard)
        self.trunkgate.process.wait_for_line(
            f"event=tls-up trunk={cell.trunk} .*side=accepted" if cell.words is OK else
            f"event=closed .*side=accepted why=.*{cell.words}", 5, before)

    def test_openssl(self):
        self.make_certificates(CERTIFICATES)
        self.make_status()
        servers = [self.start_server(cell, SERVER_PORT + i) for i, cell in enumerate(TO_SERVERS)]
        self.start_with([(cell.name, SERVER_PORT + i, self.trunk_options(cell)) for i, cell in enumerate(TO_SERVERS)])
        for server in servers:
            server.wait_for_line("ACCEPT")
        self.call_all(len(TO_SERVERS))
        for cell in TO_SERVERS:
            with self.subTest("called", cell=cell.name):
                self.check_called(cell.name, cell.words)
        for cell in TO_CLIENTS:
            with self.subTest("calls", cell=cell.name):
                self.check_caller(cell)

    # --- Kamailio ---

    def await_answer(self, sock, number, status):
        """The answer with that status to what was sent to the number."""
        sock.settimeout(10)
        while True:
            try:
                message = sock.recv(65536)
            except socket.timeout:
                self.fail(f"no {status} from {number}")
            if sip.status_of(message) == status and f"sip:{number}@".encode() in message:
                return

    def kamailio_calls(self, clients):
        """What each of Kamailio's connections to us comes to: an OPTIONS is passed on over it."""
        asker = network.udp_socket("dns", network.DNS, 5060)
        self.addCleanup(asker.close)
        for i, cell in enumerate(clients):
            port, before = KAMAILIO_TARGET + i, len(self.trunkgate.log())
            asker.sendto(sip.request("OPTIONS", f"sip:{port}@{network.PROVIDER}", network.DNS, 5060),
                         (network.PROVIDER, 5060))
            with self.subTest("calls", cell=cell.name):
                if cell.words is OK:
                    self.await_answer(asker, port, 200)
                else:
                    self.trunkgate.process.wait_for_line(f"event=closed .*side=accepted why=.*{cell.words}", 5, before)

    def test_kamailio(self):
        servers = [cell for cell in TO_SERVERS if cell.name in KAMAILIO_SERVERS]
        clients = [cell for cell in TO_CLIENTS if cell.name in KAMAILIO_CLIENTS]
        self.make_certificates({cell.shows for cell in servers + clients})
        peer = kamailio.start(
            self.directory, network.PROVIDER,
            {SERVER_PORT + i: (self.files[cell.shows], self.files[STRANGER] if STRANGER in cell.options
                               else self.authority.root) for i, cell in enumerate(servers)},
            {KAMAILIO_TARGET + i: (self.files[cell.shows], self.authority.root) for i, cell in enumerate(clients)})
        self.addCleanup(peer.stop)
        self.start_with([(cell.name, SERVER_PORT + i, cell.trunk) for i, cell in enumerate(servers)],
                        [KAMAILIO_TARGET + i for i in range(len(clients))])
        wait.until("Kamailio to listen", lambda: peer.require_alive() or self.shakes_hands(SERVER_PORT), 90)
        phone = self.call_all(len(servers))
        for i, cell in enumerate(servers):
            with self.subTest("called", cell=cell.name):
                self.check_called(cell.name, cell.words)
                if cell.words is OK:
                    self.await_answer(phone, 1000 + i, 486)
        self.kamailio_calls(clients)

    def shakes_hands(self, port):
        """A process of Kamailio's that gets a connection in its very first moments never serves it; others do."""
        context = ssl.create_default_context(cafile=self.authority.root)
        context.load_cert_chain(self.files["good"])
        try:
            with network.tcp_connect("dns", network.PROVIDER, port, 1) as plain:
                with context.wrap_socket(plain, server_hostname="provider.lab"):
                    return True
        except OSError:
            return False


if __name__ == "__main__":
    lab.main()
