#!/usr/bin/env python3
"""Certificates change while calls stand: the calls go on, new connections see the new ones, and what is
wrong in a file changes nothing. A provider whose certificate was revoked gets no INVITE."""
import shutil
import signal
import ssl
import subprocess

from harness import lab, network, pki, sbc, tlspeer, wait


class NewCertificates(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()

    def shown(self):
        """The certificate that the listener shows now, to one who has the provider's."""
        context = ssl.create_default_context(cafile=self.authority.root)
        context.load_cert_chain(self.authority.issue("provider.lab"))
        with network.tcp_connect("provider", network.SBC_OUTSIDE, 5061) as plain:
            with context.wrap_socket(plain, server_hostname="sbc.lab") as secure:
                return secure.getpeercert(binary_form=True)

    def start_call(self):
        phone, provider = self.start_phone(), self.start_provider()
        phone.dial(f"sip:4711@{network.SBC_INSIDE}")
        for peer in (phone, provider):
            peer.wait_event("CALL_ESTABLISHED")
        self.trunkgate.wait_calls(1)
        return phone, provider

    def wait_for_reload(self, by, result):
        self.trunkgate.process.wait_for_line(f"event=reload by={by} result={result}")

    def test_a_call_goes_on(self):
        self.start_trunkgate(self.config_for_baresip())
        before = self.shown()
        phone, provider = self.start_call()
        self.authority.issue("sbc.lab")  # another key, another certificate, the same name
        self.wait_for_reload("files", "done")
        after = self.shown()
        self.assertNotEqual(before, after)

        shutil.copy(self.authority.root, self.identity)  # no key in it
        self.wait_for_reload("files", "refused")
        self.assertEqual(self.shown(), after)
        done = self.command("reload")
        self.assertEqual(done.returncode, 1)
        self.assertIn("sbc.lab.pem: everybody on this machine can read the private key", done.stderr)

        self.authority.issue("sbc.lab")
        self.assertIn("Read anew", self.command("reload").stdout)
        self.trunkgate.process.send_signal(signal.SIGHUP)
        self.wait_for_reload("SIGHUP", "done")
        self.assertNotIn(self.shown(), (before, after))

        for peer in (phone, provider):  # and still they talk
            peer.wait_heard(peer.seconds_recorded() + 1)
        self.assertEqual(self.trunkgate.status()["calls"], 1)
        phone.hang_up()
        self.trunkgate.wait_no_calls()

    def test_old_connections_are_drained(self):
        """The call on it goes on, the next one has a new connection. That it closes: transports/drain.replay."""
        config = self.config_for_baresip()
        config["trunks"]["provider"]["drain-after"] = "1s"
        self.start_trunkgate(config)
        phone, provider = self.start_call()
        self.authority.issue("sbc.lab")
        self.assertEqual(self.command("reload").returncode, 0)
        for peer in (phone, provider):
            peer.wait_heard(peer.seconds_recorded() + 3)
        self.assertNotIn("event=closed over=tls trunk=provider", self.trunkgate.log())
        phone.hang_up()
        self.trunkgate.wait_no_calls()
        before = len(self.trunkgate.log())
        phone.dial(f"sip:4711@{network.SBC_INSIDE}")
        self.trunkgate.wait_calls(1)
        self.trunkgate.process.wait_for_line("event=tls-up trunk=provider .*side=connected", 10, before)
        phone.hang_up()
        self.trunkgate.wait_no_calls()

    def test_fifty_times(self):
        """While a call stands the identity changes fifty times: nothing is kept of the old ones."""
        self.start_trunkgate(self.config_for_baresip())
        others = [self.authority.issue(name, "--san", "DNS:sbc.lab") for name in ("one", "two")]
        phone, provider = self.start_call()
        self.assertEqual(self.command("reload").returncode, 0)
        descriptors, shown = self.trunkgate.process.descriptors(), set()
        for turn in range(50):
            shutil.copy(others[turn % 2], self.identity)
            self.assertEqual(self.command("reload").returncode, 0)
            shown.add(self.shown())
        self.assertEqual(len(shown), 2)
        wait.until("the descriptors to be as many as before",
                   lambda: self.trunkgate.process.descriptors() <= descriptors)
        for peer in (phone, provider):
            peer.wait_heard(peer.seconds_recorded() + 1)
        phone.hang_up()
        self.trunkgate.wait_no_calls()

    def command(self, *arguments):
        return subprocess.run([sbc.binary(), *arguments, "--socket", self.trunkgate.control_socket],
                              capture_output=True, text=True, timeout=10, check=False)

    def test_show_certs(self):
        self.start_trunkgate(self.config_for_baresip())
        phone, _ = self.start_call()
        ours, theirs = self.trunkgate.show("certs")
        self.assertEqual((ours["name"], ours["names"], ours["trunks"]), ("us", '"sbc.lab"', "provider"))
        self.assertEqual((theirs["name"], theirs["whose"], theirs["names"]),
                         ("provider", "the peer's", '"provider.lab"'))
        self.assertIn(ours["days_left"], (364, 365))  # 365 within the second that made it
        self.assertIn("CN=sbc.lab", self.command("show", "certs").stdout)
        phone.hang_up()
        self.trunkgate.wait_no_calls()

    def test_revoked_provider(self):
        certificate = self.authority.issue("provider.lab")
        books = pki.Books(self.authority)
        books.revoke(certificate)
        config = self.configuration()
        config["trunks"]["provider"]["crls"] = [books.crl()]
        self.start_trunkgate(config)
        provider = tlspeer.Listener("provider", network.PROVIDER, certificate, self.authority.root)
        self.addCleanup(provider.stop)
        phone = self.start_phone()
        phone.dial(f"sip:4711@{network.SBC_INSIDE}")
        self.assertRegex(phone.wait_event("CALL_CLOSED").get("param", ""), "^503")
        self.assertEqual(provider.received, b"")
        self.trunkgate.process.wait_for_line(
            "trunk=provider event=down why=.*was revoked on .*says the CRL of CN=Lab Issuing CA")

    def test_a_crl_that_comes_later(self):
        """Not revoked when we start, revoked in a list that is laid beside it."""
        certificate = self.authority.issue("provider.lab")
        books = pki.Books(self.authority)
        config = self.configuration()
        config["trunks"]["provider"]["crls"] = [books.crl()]
        self.start_trunkgate(config)
        provider = tlspeer.Listener("provider", network.PROVIDER, certificate, self.authority.root)
        self.addCleanup(provider.stop)
        phone = self.start_phone()
        phone.dial(f"sip:4711@{network.SBC_INSIDE}")
        wait.until("an INVITE at the provider", lambda: b"INVITE sips:4711@provider.lab" in provider.received)
        phone.hang_up()
        books.revoke(certificate)
        books.crl()
        self.wait_for_reload("files", "done")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.connect_with(certificate)
        self.trunkgate.process.wait_for_line("event=closed .*side=accepted why=.*was revoked on")

    def connect_with(self, certificate):
        context = ssl.create_default_context(cafile=self.authority.root)
        context.load_cert_chain(certificate)
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # a refusal comes within the handshake
        with network.tcp_connect("provider", network.SBC_OUTSIDE, 5061) as plain:
            with context.wrap_socket(plain, server_hostname="sbc.lab"):
                pass


if __name__ == "__main__":
    lab.main()
