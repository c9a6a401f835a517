#!/usr/bin/env python3
"""What a trunk's TLS options do, as a peer sees it that we did not write: OpenSSL's s_server, which we call, and
s_client, which calls us. And whose call it is that such a client makes, whatever its From header says."""
import collections
import os
import shutil
import subprocess

from harness import lab, network, openssl, pki, sbc, sip

SERVER_PORT, LISTENER_PORT = 6001, 7001
CBC = "ECDHE-ECDSA-AES256-SHA384"  # with forward secrecy, and not among our standard
RSA_FIRST = "RSA-PSS+SHA256:ECDSA+SHA256"
ALICE, BOB = 5060, 5070  # ports of the phone
SRTP = ("v=0\r\n" f"o=- 1 1 IN IP4 {network.PROVIDER}\r\n" "s=-\r\n" f"c=IN IP4 {network.PROVIDER}\r\n" "t=0 0\r\n"
        "m=audio 30000 RTP/SAVP 8\r\n"
        f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{'A' * 40}\r\n")

# A provider that we call: what its trunk says, what s_server shows and is told, what s_server sees of us (a pattern in
# its log), or why we do not talk to it.
Called = collections.namedtuple("Called", "trunk shows options sees refused", defaults=((), ".", None))
EDGE = ("-servername", "edge.provider.lab", "-servername_fatal", "-cert2", "good", "-key2", "good")
ASKS = ("-Verify", "5", "-verify_return_error", "-CAfile", "root")
TLS12_CBC = ("-tls1_2", "-cipher", CBC)
CALLED = {
    "sni": Called({"sni": "edge.provider.lab", "trust": "good"}, "good", EDGE),  # -cert2 goes without its chain
    "sni-standard": Called({"trust": "good"}, "good", EDGE, refused=r"the peer does not serve the name that we asked for \(SNI\)"),
    "pin": Called({"pins": ["stranger"]}, "stranger"),
    "pin-of-another": Called({"pins": ["good"]}, "stranger", refused=r"is sha256/\S+ which is not among those that are"),
    "ciphers": Called({"ciphers": CBC}, "good", TLS12_CBC, f"Ciphersuite: {CBC}"),
    "ciphers-standard": Called({}, "good", TLS12_CBC, refused=r"found nothing in common .*handshake_failure"),
    "depth": Called({"trust": "deep-root", "verify-depth": 2}, "deep"),
    "depth-exceeded": Called({"trust": "deep-root", "verify-depth": 1}, "deep", refused="certificate chain too long"),
    "our-standard": Called({}, "good", ASKS, r"Peer certificate: CN = sbc\.lab\n"),
    "our-own": Called({"identity": "client"}, "good", ASKS, r"Peer certificate: CN = client\.lab\n"),
    "our-rsa": Called({}, "good", (*ASKS, "-sigalgs", RSA_FIRST), r"CN = rsa\.sbc\.lab\n(?s:.*)Signature type: RSA-PSS"),
    "with-root": Called({"send-root": "yes", "identity": "client"}, "good", (*ASKS, "-msg")),
    "without-root": Called({"identity": "client"}, "good", (*ASKS, "-msg")),
}


def der_hex(path):
    """The certificate's octets, as s_server -msg prints them."""
    der = subprocess.run(["openssl", "x509", "-in", path, "-outform", "DER"], check=True, capture_output=True).stdout
    return der.hex()


def octets_from_us(log):
    """The messages to it that s_server -msg printed, as one line of hex."""
    octets, ours = "", False
    for line in log.splitlines():
        if line[:3] in ("<<<", ">>>"):
            ours = line.startswith("<<<")
        elif ours and line.startswith("    "):
            octets += line.replace(" ", "")
    return octets


class TlsOptions(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        stranger = pki.Authority(os.path.join(self.directory, "stranger"), "Stranger")
        self.files = {"root": self.authority.root,
                      "good": self.authority.issue("provider.lab"),
                      "other": self.authority.issue("other.lab"),
                      "client": self.authority.issue("client.lab", "--usage", "client", "--no-root"),
                      "server": self.authority.issue("server.lab", "--usage", "server"),
                      "rsa": self.authority.issue("rsa", "--rsa", "--cn", "rsa.sbc.lab", "--san", "DNS:sbc.lab"),
                      "stranger": stranger.issue("provider.lab")}

    def our_identities(self):
        return {"us": {"certificate": self.identity, "also": "rsa"}, "rsa": {"certificate": self.files["rsa"]},
                "client": {"certificate": self.files["client"]}, "server": {"certificate": self.files["server"]}}

    def command(self, *arguments):
        return subprocess.run([sbc.binary(), *arguments, "--socket", self.trunkgate.control_socket],
                              capture_output=True, text=True, timeout=10, check=False)

    # --- we call ---

    def make_deep_chain(self):
        """deep-root, two authorities below it, and provider.lab's: lab-ca has one authority alone."""
        directory = os.path.join(self.directory, "deep")
        os.mkdir(directory)
        with open(os.path.join(directory, "openssl.cnf"), "w", encoding="ascii") as out:
            out.write("[req]\nprompt = no\ndistinguished_name = nobody\n[nobody]\n")
        issuer = ()
        for name in ("one", "two", "three", "provider.lab"):
            kind = "CA:FALSE" if name == "provider.lab" else "critical,CA:TRUE"
            subprocess.run(["openssl", "req", "-x509", "-config", "openssl.cnf", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:P-256", "-nodes", "-days", "9", "-subj", f"/CN={name}", "-addext",
                            f"basicConstraints={kind}", "-addext", f"subjectAltName=DNS:{name}",
                            "-keyout", f"{name}.key", "-out", f"{name}.crt", *issuer],
                           check=True, capture_output=True, cwd=directory)
            issuer = ("-CA", f"{name}.crt", "-CAkey", f"{name}.key")
        self.files["deep-root"] = os.path.join(directory, "one.crt")
        self.files["deep"] = os.path.join(directory, "all.pem")
        with open(self.files["deep"], "wb") as out:
            for part in ("provider.lab.key", "provider.lab.crt", "three.crt", "two.crt"):
                with open(os.path.join(directory, part), "rb") as read:
                    out.write(read.read())

    def named_files(self, words):
        return [self.files.get(word, word) for word in words]

    def start_server(self, name, cell, port):
        """-rev: it says what it saw of its client."""
        server = openssl.server(self.directory, name, "provider", network.PROVIDER, port, self.files[cell.shows],
                                "-rev", *self.named_files(cell.options))
        self.addCleanup(server.stop)
        return server

    def trunk(self, common, cell, port):
        trunk = dict(common, lookup="sip.provider.lab", port=port, **cell.trunk)
        trunk["trust"] = self.files.get(trunk["trust"], trunk["trust"])
        if "pins" in trunk:
            trunk["pins"] = self.named_files(trunk["pins"])
        return trunk

    def config_that_calls(self):
        """All accept the same name, so each has a realm and a listener of its own."""
        config = self.configuration()
        common, internet = config["trunks"].pop("provider"), config["realms"].pop("internet")
        config["routes"], config["max-calls"] = [], 50
        config["identities"] = self.our_identities()
        for i, (name, cell) in enumerate(CALLED.items()):
            config["realms"][f"at-{name}"] = dict(
                internet, listen=[f"tls:{network.SBC_OUTSIDE}:{LISTENER_PORT + i}"],
                **{"media-ports": f"{40000 + 200 * i}-{40199 + 200 * i}"})
            config["trunks"][name] = dict(self.trunk(common, cell, SERVER_PORT + i), realm=f"at-{name}")
            config["routes"].append({"from": "office", "number": f"{1000 + i}", "to": name})
        return config

    def check_called(self, name, cell, server):
        if cell.refused:
            self.trunkgate.process.wait_for_line(f"level=error trunk={name} event=down why=.*{cell.refused}")
            return
        self.trunkgate.process.wait_for_line(f"event=tls-up trunk={name} .*side=connected")
        server.wait_for_line("CONNECTION ESTABLISHED")
        server.wait_for_line("^Supported groups|^CONNECTION CLOSED")
        self.assertRegex(server.log(), cell.sees)

    def test_a_provider_that_we_call(self):
        self.make_deep_chain()
        servers = {name: self.start_server(name, cell, SERVER_PORT + i)
                   for i, (name, cell) in enumerate(CALLED.items())}
        self.start_trunkgate(self.config_that_calls())
        for server in servers.values():
            server.wait_for_line("ACCEPT")
        phone = network.udp_socket("phone", network.PHONE, ALICE)
        self.addCleanup(phone.close)
        for number in range(1000, 1000 + len(CALLED)):
            phone.sendto(sip.request("INVITE", f"sip:{number}@{network.SBC_INSIDE}", network.PHONE, ALICE,
                                     body=sip.sdp(network.PHONE, 20000)), (network.SBC_INSIDE, 5060))
        for name, cell in CALLED.items():
            with self.subTest(name):
                self.check_called(name, cell, servers[name])
        with self.subTest("WBX-07: the root is in the bytes where send-root says so"):
            root = der_hex(self.authority.root)
            self.assertIn(root, octets_from_us(servers["with-root"].log()))
            self.assertNotIn(root, octets_from_us(servers["without-root"].log()))

    # --- we are called ---

    def config_that_is_called(self):
        """A realm for all, which phones without certificates may reach too, with two trunks; and a strict one."""
        config = self.configuration()
        internet, common = config["realms"]["internet"], config["trunks"]["provider"]
        config["identities"] = self.our_identities()
        internet["client-certificate"] = "optional"
        internet["listen"] = [f"tls:{network.SBC_OUTSIDE}:5061", f"mtls:{network.SBC_OUTSIDE}:5062"]
        common["networks"] = ["10.99.2.0/24"]
        config["trunks"]["other"] = dict(common, domain="other.lab", **{"server-identity": "server", "ciphers": CBC})
        config["realms"]["strict"] = dict(internet, listen=[f"tls:{network.SBC_OUTSIDE}:5063"], identity="server",
                                          **{"client-certificate": "required", "media-ports": "42000-43999"})
        config["trunks"]["pinned"] = dict(common, realm="strict", pins=[self.files["stranger"]])
        config["phones"]["alice"]["address"] = f"{network.PHONE}:{ALICE}"
        config["phones"]["bob"] = {"realm": "office", "address": f"{network.PHONE}:{BOB}"}
        config["routes"] = [{"from": "provider", "number": "*", "to": "alice"},
                            {"from": ["other", "pinned"], "number": "*", "to": "bob"}]
        return config

    def showing(self, name):
        return ("-cert", self.files[name], "-key", self.files[name], "-cert_chain", self.files[name])

    def ask(self, port, *options):
        """An OPTIONS by s_client; what it says of the handshake, and what it hears."""
        return openssl.say("provider", network.SBC_OUTSIDE, port,
                           sip.request("OPTIONS", "sips:sbc.lab", network.PROVIDER, 5061, "TLS"), b"SIP/2.0 ", 5,
                           *options, quiet=("-no_ign_eof",)).decode(errors="replace")

    def ask_in_vain(self, port, words, *options):
        before = len(self.trunkgate.log())
        self.assertNotIn("SIP/2.0 ", self.ask(port, *options))
        self.trunkgate.process.wait_for_line(f"event=closed .*side=accepted why=.*{words}", 5, before)

    def proves(self, trunk, port, *options):
        """A client that is let in as that trunk; what s_client says."""
        before = len(self.trunkgate.log())
        said = self.ask(port, *options)
        self.assertIn("SIP/2.0 ", said)
        self.trunkgate.process.wait_for_line(f"event=tls-up trunk={trunk} .*side=accepted", 5, before)
        return said

    def test_a_provider_that_calls_us(self):
        self.start_trunkgate(self.config_that_is_called())
        with self.subTest("server-identity goes by the name that is asked for (WBX-14)"):
            self.assertIn("CN = sbc.lab", self.proves("provider", 5061, *self.showing("good")))
            said = self.proves("other", 5061, *self.showing("other"), "-servername", "server.lab")
            self.assertRegex(said, r"0 s:CN = server\.lab")
            self.ask_in_vain(5061, r"expects .*other\.lab", *self.showing("good"), "-servername", "server.lab")
        with self.subTest("5061 takes who has no certificate, mtls does not (WBX-15)"):
            self.assertIn("SIP/2.0 ", self.ask(5061))
            self.ask_in_vain(5062, "we demand a certificate and the peer sent none")
            self.proves("provider", 5062, *self.showing("good"))
        with self.subTest("RSA beside EC: the client picks"):
            self.assertIn("Peer signature type: RSA-PSS",
                          self.proves("provider", 5061, *self.showing("good"), "-sigalgs", RSA_FIRST))
            self.assertIn("Peer signature type: ECDSA",
                          self.proves("provider", 5061, *self.showing("good"), "-sigalgs", "ECDSA+SHA256"))
        with self.subTest("a trunk's ciphers stand beside the standard ones"):
            for cipher in ("ECDHE-ECDSA-AES128-GCM-SHA256", CBC):
                self.assertIn(f"Cipher is {cipher}", self.proves(
                    "provider", 5061, *self.showing("good"), "-tls1_2", "-cipher", cipher))
            self.ask_in_vain(5063, "no cipher in common", *self.showing("stranger"), "-tls1_2", "-cipher", CBC)
        with self.subTest("a pinned key needs no root, and no other key will do"):
            self.proves("pinned", 5063, *self.showing("stranger"))
            self.ask_in_vain(5063, r"is sha256/\S+ which is not among", *self.showing("good"))
        self.whose_call()

    def whose_call(self):
        """The trunk is the one of the certificate, whatever From says, and no certificate is no trunk."""
        alice, bob = (network.udp_socket("phone", network.PHONE, port) for port in (ALICE, BOB))
        for sock in (alice, bob):
            self.addCleanup(sock.close)
            sock.settimeout(5)
        lie = sip.request("INVITE", "sips:4711@sbc.lab", "other.lab", 5061, "TLS", "boss", SRTP)
        with self.subTest("From names another trunk"):
            before = len(self.trunkgate.log())
            heard = openssl.say("provider", network.SBC_OUTSIDE, 5061, lie, b"SIP/2.0 100", 5, *self.showing("good"))
            self.assertIn(b"SIP/2.0 100", heard)
            invite, border = alice.recvfrom(65536)
            self.assertIn(b"INVITE sip:", invite)
            alice.sendto(sip.answer(invite, b"486 Busy Here"), border)
            self.trunkgate.process.wait_for_line("event=invite from=provider", 5, before)
            bob.setblocking(False)
            self.assertRaises(BlockingIOError, bob.recv, 65536)
        with self.subTest("From names a trunk, and nothing is proved"):
            lie = sip.request("INVITE", "sips:4711@sbc.lab", "provider.lab", 5061, "TLS", "boss", SRTP)
            heard = openssl.say("provider", network.SBC_OUTSIDE, 5061, lie, b"SIP/2.0 4", 5)
            self.assertRegex(heard, rb"SIP/2\.0 40[13] ")

    # --- as time goes by ---

    def test_tickets_end_with_what_they_were_made_under(self):
        self.start_trunkgate()
        kept = os.path.join(self.directory, "session")
        self.assertIn("New, TLSv1.3", self.proves("provider", 5061, *self.showing("good"), "-sess_out", kept))
        self.assertIn("Reused, TLSv1.3", self.proves("provider", 5061, *self.showing("good"), "-sess_in", kept))
        # Without its certificate at hand a client is still who it was, until the files are read anew.
        self.assertIn("Reused, TLSv1.3", self.proves("provider", 5061, "-sess_in", kept))
        self.assertEqual(self.command("reload").returncode, 0)
        self.ask_in_vain(5061, "we demand a certificate and the peer sent none", "-sess_in", kept)
        self.assertIn("New, TLSv1.3", self.proves("provider", 5061, *self.showing("good"), "-sess_in", kept))

    def test_a_folder_of_revocation_lists(self):
        books, folder = pki.Books(self.authority), os.path.join(self.directory, "crls")
        os.mkdir(folder)
        shutil.copy(books.crl(), os.path.join(folder, "lab.crl"))
        config = self.configuration()
        config["trunks"]["provider"]["crls"] = [folder]
        self.start_trunkgate(config)
        self.proves("provider", 5061, *self.showing("good"))
        books.revoke(self.files["good"])
        shutil.copy(books.crl(), os.path.join(folder, "lab.crl"))
        self.trunkgate.process.wait_for_line("event=reload by=files result=done")
        self.ask_in_vain(5061, r"was revoked on .*says the CRL of CN=Lab Issuing CA", *self.showing("good"))

    def test_credentials_of_systemd(self):
        """Certificate, encrypted key and its passphrase, as LoadCredential= leaves them."""
        folder = os.path.join(self.directory, "credentials")
        os.mkdir(folder, 0o700)
        shutil.copy(self.identity, os.path.join(folder, "chain"))
        with open(os.path.join(folder, "phrase"), "w", encoding="ascii") as out:
            out.write("open sesame\n")
        subprocess.run(["openssl", "pkcs8", "-topk8", "-in", self.identity, "-out", os.path.join(folder, "key"),
                        "-passout", "file:" + os.path.join(folder, "phrase")], check=True, capture_output=True)
        for name in ("chain", "key", "phrase"):
            os.chmod(os.path.join(folder, name), 0o400)
        config = self.configuration()
        config["identities"] = {"us": {"certificate": "credential:chain", "key": "credential:key",
                                       "passphrase-file": "credential:phrase"}}
        self.start_trunkgate(config, {"CREDENTIALS_DIRECTORY": folder})
        self.assertIn("CN = sbc.lab", self.proves("provider", 5061, *self.showing("good")))


if __name__ == "__main__":
    lab.main()
