"""One whole lab for one test: hosts, names, certificates, peers; all of it gone afterwards."""
import contextlib
import os
import shutil
import subprocess
import unittest

from . import audio, baresip, capture, explain, network, pki, process, sandbox, sbc

PHONE_HZ = 440  # what the phone plays
PROVIDER_HZ = 1000  # what the provider plays
CARRIER_HZ = 700  # and another one
TONE_SECONDS = 120
# Nothing of these may be seen outside: the phone's address book name, network and make.
INSIDE_DOMAIN = "pbx.inside.lab"
# The first calls; the second is who is rung: baresip wants to know the user of the Request-URI.
PHONE_ACCOUNT = "\n".join(f"<sip:{user}@{INSIDE_DOMAIN}>;regint=0;audio_codecs=pcma;answermode=auto"
                          for user in ("alice", "100"))
PROVIDER_ACCOUNT = ("<sip:{user}@{domain};transport=tls>;regint=0;audio_codecs=pcma"
                    ";answermode={answer}{media}")


# One datagram in twenty, each way, at Trunkgate's own firewall: what is dropped on its way out is an error (EPERM) to who sends
# it, and SIPp gives up then.
LOSS = """table inet loss {
    chain input { type filter hook input priority 0; udp dport 5060 numgen random mod 100 < 5 drop; }
    chain output { type filter hook output priority 0; udp sport 5060 numgen random mod 100 < 5 drop; }
}"""
ADDRESSES = {"provider": network.PROVIDER, "carrier": network.CARRIER}


def work_directory(name):
    """An empty one, for what a test leaves."""
    path = os.path.join(sandbox.DIRECTORY, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


class LabTest(unittest.TestCase):
    """Builds the lab before each test and takes it down in reverse order, whatever happened."""

    def __init__(self, name="runTest"):
        super().__init__(name)
        self.directory, self.trunkgate = None, None
        for part in ("setUp", name):
            setattr(self, part, explain.with_failure(self, getattr(self, part)))

    def setUp(self):
        process.started.clear()
        self.directory = work_directory(self._testMethodName)
        self.authority = pki.Authority(os.path.join(self.directory, "pki"))
        self.identity = self.authority.issue("sbc.lab")
        self.tones = {}

    def tone(self, hz):
        """A file that sounds so."""
        if hz not in self.tones:
            self.tones[hz] = os.path.join(self.directory, f"{hz}.wav")
            audio.write_tone(self.tones[hz], hz, TONE_SECONDS)
        return self.tones[hz]

    def start_dns(self, at=str):
        """provider.lab and sbc.lab by SRV and A (RFC 3263), and nothing else in the world. at: network.as_ipv6, or so."""
        argv = ["dnsmasq", "--keep-in-foreground", "--log-facility=-", "--log-queries",
                "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=", "--user=root", "--bind-interfaces",
                "--local=/lab/", f"--listen-address={at(network.DNS)}",
                "--srv-host=_sips._tcp.provider.lab,sip.provider.lab,5061,10,10",
                f"--host-record=sip.provider.lab,{at(network.PROVIDER)}",
                "--srv-host=_sips._tcp.sbc.lab,sbc.lab,5061,10,10",
                f"--host-record=sbc.lab,{at(network.SBC_OUTSIDE)}"]
        dns = process.Process("dnsmasq", argv, os.path.join(self.directory, "dns.log"), "dns")
        self.addCleanup(dns.stop)
        dns.wait_for_line("started")
        return dns

    def configuration(self):
        return sbc.configuration(self.identity, self.authority.root,
                                 os.path.join(self.directory, "control"))

    def start_trunkgate(self, config=None, env=None):
        self.trunkgate = sbc.Trunkgate(self.directory, config or self.configuration(), env)
        self.addCleanup(self.trunkgate.stop)
        return self.trunkgate

    def start_phone(self, host="phone", address=network.PHONE, account=PHONE_ACCOUNT, hz=PHONE_HZ, contacts=""):
        phone = baresip.Baresip(os.path.join(self.directory, host), host, address, account, self.tone(hz), "20000-20999",
                                contacts=contacts)
        self.addCleanup(phone.stop)
        return phone

    def start_provider(self, user="4711", answer="auto", host="provider", at=str, contacts="", media="srtp-mand"):
        """A provider that demands our certificate and takes nothing but SRTP; another one is the host carrier. media: baresip's
        word for how it encrypts, or none."""
        domain = f"{host}.lab"
        certificate = self.authority.issue(domain)
        provider = baresip.Baresip(os.path.join(self.directory, host), host, at(ADDRESSES[host]),
                                   PROVIDER_ACCOUNT.format(user=user, domain=domain, answer=answer, media=media and f";mediaenc={media}"),
                                   self.tone(PROVIDER_HZ if host == "provider" else CARRIER_HZ), "30000-30999",
                                   (certificate, self.authority.root), at(network.DNS), contacts)
        self.addCleanup(provider.stop)
        return provider

    def start_capture(self, name, host, interface):
        started = capture.Capture(self.directory, name, host, interface)
        self.addCleanup(started.stop)
        return started

    def lose_datagrams(self):
        """From now on some of the phones' SIP is lost, each way."""
        def nft(*argv, rules=None):
            with network.inside("sbc"):
                subprocess.run(["nft", *argv], input=rules, text=True, check=True)
        nft("-f", "-", rules=LOSS)
        self.addCleanup(nft, "delete", "table", "inet", "loss")

    def config_for_baresip(self):
        """baresip reaches no sips: URI, so our URIs towards it are sip:...;transport=tls."""
        config = self.configuration()
        config["trunks"]["provider"]["uri-form"] = "sip-tls"
        return config

    @contextlib.contextmanager
    def conversation(self, caller, callee, uri, seconds=2, hangs_up=None):  # pylint: disable=too-many-arguments,too-many-positional-arguments
        """A call that both ends have heard for so long when the block begins, and that is over behind it. hangs_up: else the caller."""
        marks = {peer: peer.mark() for peer in (caller, callee)}
        caller.dial(uri)
        for peer, mark in marks.items():
            peer.wait_event("CALL_ESTABLISHED", after=mark)
        for peer in marks:
            peer.wait_heard(seconds)
        yield
        (hangs_up or caller).hang_up()
        for peer, mark in marks.items():
            peer.wait_event("CALL_CLOSED", after=mark)
        self.trunkgate.wait_no_calls()

    def assert_heard(self, recording, hz, seconds, not_hz, last=None):
        """That tone, for that long, loud and pure; and nothing of the listener's own tone.

        last: only the recording's last so many seconds count.
        """
        samples = audio.read(recording)
        if last:
            samples = samples[-last * audio.RATE_HZ:]
        heard = audio.seconds_of_tone(samples, hz)
        self.assertGreaterEqual(heard, seconds, f"{hz} Hz in {recording}, rms {audio.rms(samples):.0f}")
        self.assertEqual(audio.seconds_of_tone(samples, not_hz), 0, f"an echo in {recording}")


def main():
    """Runs the tests of the calling file, in a world of their own."""
    sandbox.enter()
    network.build()
    unittest.main(verbosity=2)
