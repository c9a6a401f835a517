#!/usr/bin/env python3
"""Every line of `trunkgate doctor` in a lab where all is well, and in one where that very thing is not.

test_WBX_05_passes and test_WBX_05_fails: the names are made from PASSES and from the methods below.
"""
import json
import os
import socket
import ssl
import struct
import subprocess
import threading
import unittest

from harness import network, pki, process, sandbox, sbc, sip, tlspeer

SERVICE = "--srv-host=_sips._tcp.{},{},{},10,10"
GOOD_DNS = {
    "provider-srv": SERVICE.format("provider.lab", "sip.provider.lab", 5061),
    "provider-a": f"--host-record=sip.provider.lab,{network.PROVIDER}",
    "sbc-srv": SERVICE.format("sbc.lab", "sbc.lab", 5061),
    "sbc-a": f"--host-record=sbc.lab,{network.SBC_OUTSIDE}",  # and its PTR record
}
PASSES = ["WBX-03", "WBX-04", "WBX-05", "WBX-06", "WBX-07", "WBX-08", "WBX-09", "WBX-10", "WBX-11", "WBX-12", "WBX-13",
          "WBX-14", "WBX-15", "WBX-16", "WBX-17", "E8-01", "E8-03", "E8-04", "E8-06", "E8-07", "E8-10", "E8-11",
          "E8-13", "ATT-01", "ATT-05", "CLO-01", "CLO-02", "CLO-05", "CLO-06", "CLO-07", "IPW-01", "IPW-03",
          "IPW-05", "IPW-06"]
STOP = b"stop"


class Answering(tlspeer.Listener):
    """Answers each OPTIONS with a status."""

    def __init__(self, certificate, root, status):
        self.status = status
        super().__init__("provider", network.PROVIDER, certificate, root)

    def _talk(self, plain):
        try:
            with self.context.wrap_socket(plain, server_side=True) as secure:
                while chunk := secure.recv(65536):
                    self.received += chunk
                    if chunk.startswith(b"OPTIONS ") and self.status:
                        secure.sendall(sip.answer(chunk, self.status))
        except (ssl.SSLError, OSError) as refusal:
            self.refusals.append(str(refusal))


class Datagrams:
    """Answers each datagram at the provider with what answer(data, source) gives, if anything."""

    def __init__(self, port, answer):
        self.socket = network.udp_socket("provider", network.PROVIDER, port)
        self.answer = answer
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            data, source = self.socket.recvfrom(4096)
            if data == STOP:
                return
            answer = self.answer(data, source)
            if answer:
                self.socket.sendto(answer, source)

    def stop(self):
        with network.udp_socket("provider") as own:
            own.sendto(STOP, self.socket.getsockname())
        self.thread.join(10)
        self.socket.close()


def stun_answer(seen):
    """A STUN server that sees everybody as seen(source): XOR-MAPPED-ADDRESS (RFC 8489 14.2)."""
    def answer(data, source):
        host, port = seen(source)
        cookie = data[4:8]
        value = struct.pack("!HH", 1, port ^ 0x2112) + bytes(a ^ b for a, b in zip(socket.inet_aton(host), cookie))
        return struct.pack("!HH", 0x0101, 4 + len(value)) + data[4:20] + struct.pack("!HH", 0x0020, 8) + value
    return answer


def sip_answer(data, _):
    """What every SIP server does with OPTIONS; the large packet is none."""
    if not data.startswith(b"OPTIONS "):
        return None
    copied = [line for line in data.split(b"\r\n")
              if line.split(b":")[0].lower() in (b"via", b"from", b"to", b"call-id", b"cseq")]
    return b"\r\n".join([b"SIP/2.0 200 OK"] + copied + [b"Content-Length: 0", b"", b""])


class Doctor(unittest.TestCase):
    well = {}  # findings where nothing is wrong, by their IDs

    @classmethod
    def setUpClass(cls):
        cls.base = os.path.join(sandbox.DIRECTORY, "doctor")
        os.makedirs(cls.base, exist_ok=True)
        cls.authority = pki.Authority(os.path.join(cls.base, "pki"))
        cls.identity = cls.authority.issue("sbc.lab")
        cls.provider_identity = cls.authority.issue("provider.lab")
        # The system's resolver, as the sbc has it; seen by nobody outside of this test's mounts.
        resolv = os.path.join(cls.base, "resolv.conf")
        with open(resolv, "w", encoding="ascii") as out:
            out.write(f"nameserver {network.DNS}\n")
        subprocess.run(["mount", "--bind", resolv, os.path.realpath("/etc/resolv.conf")], check=True)

    def setUp(self):
        self.directory = os.path.join(self.base, self._testMethodName)
        os.makedirs(self.directory, exist_ok=True)
        self.records = dict(GOOD_DNS)
        self.dns_options = []
        self.config = sbc.configuration(self.identity, self.authority.root,
                                        os.path.join(self.directory, "control"))
        self.trunk = self.config["trunks"]["provider"]
        self.trunk["provider-roots"] = self.authority.root
        self.provider_shows = self.provider_identity
        self.provider_options = ["-Verify", "5", "-verify_return_error"]
        self.provider_listens = True
        self.options_status = b"200 OK"  # None: it is OpenSSL's server, which knows no SIP

    def start_dns(self, host="dns", address=network.DNS, records=None):
        argv = ["dnsmasq", "--keep-in-foreground", "--log-facility=-", "--no-resolv", "--no-hosts",
                "--conf-file=/dev/null", "--pid-file=", "--user=root", "--bind-interfaces", "--local=/lab/",
                "--local=/in-addr.arpa/", f"--listen-address={address}"]
        dns = process.Process("dnsmasq", argv + list((records or self.records).values()) + self.dns_options,
                              os.path.join(self.directory, f"{host}.log"), host)
        self.addCleanup(dns.stop)
        dns.wait_for_line("started")

    def start_provider(self):
        """OpenSSL's own server, which demands a certificate that ends at our root."""
        argv = ["openssl", "s_server", "-accept", f"{network.PROVIDER}:5061", "-cert", self.provider_shows,
                "-key", self.provider_shows, "-cert_chain", self.provider_shows, "-CAfile", self.authority.root,
                "-www"]
        provider = process.Process("openssl s_server", argv + self.provider_options,
                                   os.path.join(self.directory, "provider.log"), "provider")
        self.addCleanup(provider.stop)
        provider.wait_for_line("ACCEPT")

    def start_world(self):
        self.start_dns()
        if self.provider_listens and self.options_status:
            provider = Answering(self.provider_shows, self.authority.root, self.options_status)
            self.addCleanup(provider.stop)
            return provider
        if self.provider_listens:
            self.start_provider()
        return None

    def run_doctor(self, *options, env=None):
        """What it printed, as text, and its exit status."""
        path = os.path.join(self.directory, "trunkgate.yaml")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(self.config, out, indent=2)
        argv = ["ip", "netns", "exec", "sbc", sbc.binary(), "doctor", *options]
        if "--server" not in options:
            argv += ["--config", path]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False,
                              env=dict(os.environ, **(env or {})))
        self.assertIn(done.returncode, (0, 1, 2), done.stderr)
        return done.stdout + done.stderr, done.returncode

    def examine(self, *options, env=None):
        """Findings by their IDs."""
        text, status = self.run_doctor("--json", *options, env=env)
        answer = json.loads(text)
        self.assertEqual(answer["status"], status)
        return {one["id"]: one for one in answer["trunks"][0]["findings"]}

    def assert_finds(self, identifier, result, words, *options, demands=None, env=None):
        """This result, with words that a person can do something with."""
        self.start_world()
        if "--server" not in options:
            self.trunk["demands"] = demands or [identifier]
        finding = self.examine(*options, env=env)[identifier]
        self.assertEqual(finding["result"], result, finding)
        self.assertRegex(finding["found"] + "; " + finding["do"], words)
        return finding

    # --- DNS ---

    def test_WBX_03_fails(self):
        self.records["sbc-srv"] = SERVICE.format("sbc.lab", "sbc.lab", 5099)
        self.assert_finds("WBX-03", "fail", "leads to port 5099, and realm internet has no tls listener")

    def test_WBX_04_fails(self):
        del self.records["provider-a"]
        self.assert_finds("WBX-04", "fail", r"sip\.provider\.lab \(the provider's\) has no A record")

    def test_WBX_09_fails(self):
        self.records["sbc-a"] = f"--address=/sbc.lab/{network.SBC_OUTSIDE}"
        self.assert_finds("WBX-09", "fail", r"2\.2\.99\.10\.in-addr\.arpa has no PTR record")

    def test_WBX_10_fails(self):
        del self.records["provider-srv"]
        self.assert_finds("WBX-10", "fail", r"neither an SRV record of _sips\._tcp\.provider\.lab nor an A record")

    def test_WBX_12_fails(self):
        del self.records["sbc-a"]
        self.assert_finds("WBX-12", "fail", r"sbc\.lab stands in our Contact and has no A record")

    def test_WBX_12_with_another_answer_outside(self):
        """Split horizon: the trunk's resolvers know our outer address, the system's the inner one."""
        self.start_dns("carrier", network.CARRIER, {**GOOD_DNS, "sbc-a": "--host-record=sbc.lab,198.51.100.7"})
        self.trunk["resolvers"] = [network.CARRIER]
        self.assert_finds("WBX-12", "ok", "is 198.51.100.7 for the trunk's resolvers, and 10.99.2.2 for the system's")

    def test_E8_07_anycast(self):
        network.ip("-n", "dns", "address", "add", "8.8.8.8/32", "dev", "eth0")
        self.addCleanup(network.ip, "-n", "dns", "address", "del", "8.8.8.8/32", "dev", "eth0")
        network.ip("-n", "sbc", "route", "replace", "8.8.8.8", "via", network.DNS)
        self.dns_options = ["--listen-address=8.8.8.8"]
        self.trunk["resolvers"] = ["8.8.8.8"]
        self.assert_finds("E8-07", "fail", r"8\.8\.8\.8 is a resolver for everybody \(anycast\)")

    def test_E8_07_fails(self):
        self.trunk["resolvers"] = ["10.99.2.77"]  # nobody
        self.assert_finds("E8-07", "fail", r"10\.99\.2\.77 does not answer for provider\.lab")

    def test_CLO_06_fails(self):
        """No TCP: a packet filter at the name server refuses it."""
        self.filter("dns", "tcp dport 53 reject with tcp reset")
        self.assert_finds("CLO-06", "fail", rf"{network.DNS}:53 does not answer over TCP")

    # --- reach and handshakes ---

    def test_WBX_16_fails(self):
        self.provider_listens = False
        self.assert_finds("WBX-16", "fail", rf"{network.PROVIDER}:5061 does not accept: Connection refused")

    def test_WBX_16_warns_of_other_ports(self):
        self.trunk["other-ports"] = [5061, 5062]
        self.assert_finds("WBX-16", "warn", rf"{network.PROVIDER}:5062 does not accept.*, where no calls go")

    def test_ATT_01_fails(self):
        self.provider_listens = False
        self.assert_finds("ATT-01", "fail", "does not accept")

    def test_CLO_01_fails(self):
        self.provider_listens = False
        self.assert_finds("CLO-01", "fail", "does not accept")

    def only_old_tls(self):
        self.options_status = None
        self.provider_options = ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]

    def test_WBX_11_fails(self):
        self.only_old_tls()
        self.assert_finds("WBX-11", "fail", "no TLS version in common")

    def test_E8_01_fails(self):
        self.only_old_tls()
        self.assert_finds("E8-01", "fail", "no TLS version in common")

    def test_WBX_15_fails(self):
        self.provider_shows = self.authority.issue("mallory.lab")
        self.options_status = None
        self.assert_finds("WBX-15", "fail", r"mallory\.lab.* expects .*provider\.lab.*check verify-names")

    def test_WBX_15_fails_where_we_are_refused(self):
        """TLS 1.3: it refuses our certificate after the handshake."""
        stranger = pki.Authority(os.path.join(self.directory, "stranger"), "Stranger")
        self.config["identities"]["us"]["certificate"] = stranger.issue("sbc.lab")
        self.assert_finds("WBX-15", "fail", "and then closed: .*it does not know the root that signed it")

    def test_WBX_15_fails_where_its_certificate_ends(self):
        self.assert_finds("WBX-15", "fail", r"proved to be provider\.lab, but only until", "--date", "2030-01-01")

    def test_E8_13_fails(self):
        self.provider_shows = self.authority.issue("provider.lab.old", "--cn", "provider.lab", "--expired")
        self.assert_finds("E8-13", "fail", "expired on")

    def test_IPW_05_fails(self):
        self.provider_shows = self.authority.issue("provider.lab.self", "--cn", "provider.lab", "--self-signed")
        self.assert_finds("IPW-05", "fail", "not among the roots")

    def test_WBX_03_fails_for_our_listener(self):
        """A peer that connects to us sees a certificate that is not for the name."""
        self.config["realms"]["internet"]["advertise"] = "edge.lab"
        self.records["edge-a"] = f"--host-record=edge.lab,{network.SBC_OUTSIDE}"
        self.assert_finds("WBX-03", "fail", r"a peer that connects to .*:5061 hears: .*sbc\.lab.* expects .*edge\.lab")

    def test_WBX_03_fails_for_a_taken_port(self):
        with network.inside("sbc"):
            other = socket.create_server((network.SBC_OUTSIDE, 5061))
        self.addCleanup(other.close)
        self.assert_finds("WBX-03", "fail", "cannot listen on tls:.*Address already in use")

    def test_WBX_03_passes_beside_the_running_one(self):
        """Its ports are in use by ourselves, which is as it should be."""
        trunkgate = sbc.Trunkgate(self.directory, self.config)
        self.addCleanup(trunkgate.stop)
        self.assert_finds("WBX-03", "ok", r"Trunkgate runs and listens; .*:5061 shows a whole chain for sbc\.lab")

    # --- revocation ---

    def answer_ocsp(self, status):
        """A responder for the provider's certificate, OpenSSL's own; status: V or R, as in its index."""
        self.provider_shows = self.authority.issue("provider.lab.ocsp", "--cn", "provider.lab",
                                                   "--ocsp", f"http://{network.PROVIDER}:8888")
        done = subprocess.run(["openssl", "x509", "-in", self.provider_shows, "-noout", "-serial"],
                              capture_output=True, text=True, check=True)
        revoked = "260101000000Z" if status == "R" else ""
        index = os.path.join(self.directory, "index.txt")
        with open(index, "w", encoding="ascii") as out:
            out.write(f"{status}\t400101000000Z\t{revoked}\t{done.stdout.strip().split('=')[1]}\tunknown\t/CN=provider.lab\n")
        issuing = os.path.join(self.authority.directory, "issuing")
        responder = process.Process("openssl ocsp", [
            "openssl", "ocsp", "-index", index, "-port", "8888", "-rsigner", issuing + ".pem",
            "-rkey", issuing + ".key", "-CA", issuing + ".pem"],
            os.path.join(self.directory, "ocsp.log"), "provider")
        self.addCleanup(responder.stop)
        responder.wait_for_line("waiting for OCSP client connections")
        self.trunk["ocsp"] = "ask"

    def test_E8_12_fails(self):
        self.provider_shows = self.authority.issue("provider.lab.ocsp", "--cn", "provider.lab",
                                                   "--ocsp", f"http://{network.PROVIDER}:8889")
        self.trunk["ocsp"] = "ask"
        self.assert_finds("E8-12", "fail", "OCSP.*let HTTP out")

    def test_E8_12_passes(self):
        self.answer_ocsp("V")
        self.assert_finds("E8-12", "ok", "its issuer said that it was not revoked")

    def test_CLO_07_fails(self):
        self.answer_ocsp("R")
        self.assert_finds("CLO-07", "fail", "revoked")

    # --- OPTIONS and time ---

    def test_WBX_13_fails(self):
        """Forbidden is worth a word, no answer too: both are warnings, since calls may well go."""
        self.options_status = b"403 Forbidden"
        self.assert_finds("WBX-13", "warn", "answered 403 Forbidden after .* ms; ask the provider")

    def test_WBX_13_is_not_asked(self):
        """Where the profile forbids it no octet of SIP is sent."""
        self.trunk["ask-options"] = "no"
        self.trunk["demands"] = ["WBX-13"]
        provider = self.start_world()
        self.assertEqual(self.examine()["WBX-13"]["result"], "skip")
        self.assertEqual(provider.received, b"")

    def test_what_is_asked(self):
        """A whole request, with our name and nothing of the inside."""
        provider = self.start_world()
        self.trunk["demands"] = ["WBX-13"]
        self.examine()
        self.assertTrue(provider.received.startswith(b"OPTIONS sips:provider.lab SIP/2.0\r\nVia: SIP/2.0/TLS sbc.lab:5061;"),
                        provider.received)
        self.assertIn(b"Contact: <sips:sbc.lab:5061>", provider.received)

    def filter(self, host, rule):
        """A packet filter's rule for what comes to a host."""
        nft = ["ip", "netns", "exec", host, "nft"]
        subprocess.run([*nft, "add table ip doctor; add chain ip doctor in { type filter hook input priority 0; }; "
                        f"add rule ip doctor in {rule}"], check=True)
        self.addCleanup(subprocess.run, [*nft, "delete table ip doctor"], check=True)

    def test_IPW_06_fails(self):
        """The first packets of a connection get lost, so that it takes a second more."""
        self.filter("provider", "tcp dport 5061 tcp flags syn quota until 100 bytes drop")
        self.assert_finds("IPW-06", "warn", r"and back takes \d{4} ms, where less than 300 ms")

    def test_E8_11_fails(self):
        self.filter("provider", "tcp dport 5061 tcp flags syn quota until 100 bytes drop")
        self.assert_finds("E8-11", "warn", r"and back takes \d{4} ms, where less than 100 ms")

    # --- media ---

    def answer_at(self, port, answer):
        server = Datagrams(port, answer)
        self.addCleanup(server.stop)

    def be_seen(self, seen):
        self.trunk["stun"] = "sip.provider.lab"
        self.answer_at(3478, stun_answer(seen))

    def be_well(self):
        """All that may be asked has somebody who answers."""
        self.start_world()
        self.be_seen(lambda source: source)
        self.answer_at(5060, sip_answer)
        self.trunk["demands"] = PASSES

    def media_fails(self, identifier):
        self.config["realms"]["internet"]["media-address"] = "10.99.2.77"
        self.assert_finds(identifier, "fail", "media ports cannot be bound to 10.99.2.77: Cannot assign")

    def test_WBX_17_fails(self):
        self.media_fails("WBX-17")

    def test_E8_03_fails(self):
        self.media_fails("E8-03")

    def test_CLO_02_fails(self):
        self.media_fails("CLO-02")

    def test_IPW_01_fails(self):
        self.media_fails("IPW-01")

    def test_WBX_17_fails_behind_an_unknown_nat(self):
        self.be_seen(lambda source: ("198.51.100.7", source[1]))
        self.assert_finds("WBX-17", "fail", rf"peers are told {network.SBC_OUTSIDE}, and outside we are seen as 198\.51")

    def test_WBX_17_passes_behind_a_known_nat(self):
        self.config["realms"]["internet"]["media-advertise"] = "198.51.100.7"
        self.be_seen(lambda source: ("198.51.100.7", source[1]))
        self.assert_finds("WBX-17", "ok", r"seen as 198\.51\.100\.7:40000, as peers are told")

    def test_WBX_17_warns_of_ports_in_use(self):
        other = network.udp_socket("sbc", network.SBC_OUTSIDE, 40010)
        self.addCleanup(other.close)
        self.assert_finds("WBX-17", "warn", "1 of the ports 40000-41999 .* in use, and Trunkgate does not run")

    def test_E8_04_passes_for_two_trunks(self):
        """They ask at the same time, each from a port of its own: none is answered before both have asked."""
        asked = set()

        def answer(data, source):
            asked.add(source)
            return stun_answer(lambda source: source)(data, source) if len(asked) > 1 else None

        self.trunk["stun"] = "sip.provider.lab"
        self.answer_at(3478, answer)
        self.trunk["demands"] = ["E8-04", "WBX-17"]
        self.config["trunks"]["second"] = dict(self.trunk, **{"verify-names": ["second.lab"]})
        self.config["routes"].append({"from": "second", "number": "*", "to": "alice"})
        self.start_world()
        text, status = self.run_doctor("--json")
        found = [one["result"] for trunk in json.loads(text)["trunks"] for one in trunk["findings"]]
        self.assertEqual((found, status), (["ok"] * 4, 0), text)

    def stun_fails(self, identifier):
        self.trunk["stun"] = "sip.provider.lab"
        self.assert_finds(identifier, "fail", "STUN at sip.provider.lab port 3478: ")

    def test_E8_04_fails(self):
        self.stun_fails("E8-04")

    def test_ATT_05_fails(self):
        self.stun_fails("ATT-05")

    def test_IPW_03_fails(self):
        self.stun_fails("IPW-03")

    def alg_fails(self, identifier):
        """Something on the way writes its own address into Via."""
        self.answer_at(5060, lambda data, source: sip_answer(
            data.replace(network.SBC_OUTSIDE.encode(), b"198.51.100.7"), source))
        self.assert_finds(identifier, "fail", "a SIP ALG is on the path: .* another Via From Call-ID")

    def test_E8_06_fails(self):
        self.alg_fails("E8-06")

    def test_CLO_05_fails(self):
        self.alg_fails("CLO-05")

    def test_E8_06_is_not_known(self):
        self.assert_finds("E8-06", "skip", "nobody answered OPTIONS on UDP port 5060")

    def test_nothing_goes_over_udp_unasked(self):
        """Never SIP over UDP to a provider that forbids it (WBX-01): only where an ALG is looked for."""
        heard = []
        self.answer_at(5060, lambda data, source: heard.append(data))
        self.assert_finds("WBX-13", "ok", "200 OK")
        self.assertEqual(heard, [])

    def test_E8_10_fails(self):
        """A way that carries 1400 octets, as through a tunnel."""
        network.ip("-n", "sbc", "route", "add", network.PROVIDER, "dev", "outside", "mtu", "1400")
        self.addCleanup(network.ip, "-n", "sbc", "route", "del", network.PROVIDER)
        self.assert_finds("E8-10", "warn", "may have 1400 octets, not 1500")

    # --- our identity ---

    def show(self, *options):
        self.config["identities"]["us"]["certificate"] = self.authority.issue("wrong", "--cn", "sbc.lab", *options)

    def test_WBX_05_fails(self):
        self.show("--expired")
        self.assert_finds("WBX-05", "fail", r"the certificate of CN=sbc\.lab is valid until")

    def test_WBX_05_fails_on_a_day(self):
        self.assert_finds("WBX-05", "fail", r"on 2099-01-01 it fails", "--date", "2099-01-01")

    def test_WBX_06_fails(self):
        self.config["realms"]["internet"]["advertise"] = "edge.lab"
        self.assert_finds("WBX-06", "fail", r"CN=sbc\.lab is not for edge\.lab")

    def test_WBX_07_fails(self):
        self.show("--no-root")
        self.assert_finds("WBX-07", "fail", "without its root CN=Lab Root")

    def test_WBX_08_fails(self):
        """Not among the roots that the provider is known to trust: a warning."""
        stranger = pki.Authority(os.path.join(self.directory, "stranger"), "Stranger")
        self.trunk["provider-roots"] = stranger.root
        self.assert_finds("WBX-08", "warn", "CN=Lab Root, which is not among the roots")

    def test_WBX_14_fails(self):
        self.show("--usage", "server")
        self.assert_finds("WBX-14", "fail", "may not be used as a client")

    def test_WBX_14_fails_without_client_auth(self):
        self.assert_finds("WBX-14", "fail", "lacks the clientAuth usage", "--without-client-auth")

    # --- the command ---

    def test_all_is_well(self):
        """In words, for a person: a line each, and nothing else."""
        self.be_well()
        text, status = self.run_doctor("provider")
        lines = text.splitlines()
        self.assertEqual(lines[0], "provider (provider.lab)")
        self.assertEqual([line.split()[:2] for line in lines[1:]], [["ok", one] for one in PASSES], text)
        self.assertEqual(status, 0)

    def test_what_nobody_demands_by_name(self):
        """A trunk without demands is judged by what any SIPS trunk needs."""
        self.start_dns()
        self.assertLessEqual({"WBX-03", "WBX-05", "WBX-10"}, set(self.examine()))

    def test_no_such_trunk(self):
        text, status = self.run_doctor("acme")
        self.assertIn("there is no trunk 'acme'", text)
        self.assertEqual(status, 2)

    def test_dead_name_server(self):
        """It says so, and does not take long to."""
        self.trunk["demands"] = PASSES
        answer = {}
        seconds = process.seconds_of(lambda: answer.update(self.examine()))
        self.assertLess(seconds, 15)
        for identifier in ("WBX-03", "WBX-10", "WBX-12", "CLO-06"):
            self.assertEqual(answer[identifier]["result"], "fail", answer[identifier])
        self.assertIn("does not answer", answer["WBX-10"]["found"])

    def test_server(self):
        self.assert_finds("WBX-10", "ok", r"leads to sip\.provider\.lab port 5061", "--server", "provider.lab")

    def test_server_s_certificate(self):
        """The machine's roots are those of the environment, as OpenSSL has it; we show no certificate."""
        self.provider_shows = self.authority.issue("sip.provider.lab")
        self.options_status, self.provider_options = None, []
        self.assert_finds("WBX-15", "ok", r"proved to be sip\.provider\.lab", "--server", "sip.provider.lab:5061",
                          env={"SSL_CERT_FILE": self.authority.root})

    def test_server_that_demands_ours(self):
        self.provider_shows = self.authority.issue("sip.provider.lab")
        self.assert_finds("WBX-15", "fail", "and then closed: the peer demands a certificate and we sent none",
                          "--server", "sip.provider.lab:5061", env={"SSL_CERT_FILE": self.authority.root})

    def test_wrong_server(self):
        self.assert_finds("WBX-10", "fail", r"neither an SRV record", "--server", "nobody.lab")


def passes(identifier):
    """All of them look at one examination of the lab where all is well."""
    def test(self):
        if not Doctor.well:
            self.be_well()
            Doctor.well = self.examine()
        self.assertEqual(Doctor.well[identifier]["result"], "ok", Doctor.well[identifier])
    return test


for one in PASSES:
    setattr(Doctor, f"test_{one.replace('-', '_')}_passes", passes(one))

if __name__ == "__main__":
    sandbox.enter()
    network.build()
    unittest.main(verbosity=2)
