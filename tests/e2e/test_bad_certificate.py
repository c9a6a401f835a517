#!/usr/bin/env python3
"""A provider with a wrong certificate gets no INVITE: the phone hears 503 within two seconds and the log
names the reason. A client with a wrong certificate gets no answer."""
import os
import ssl

from harness import lab, network, pki, sip, tlspeer, wait

WITHIN_S = 2


class BadCertificate(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        self.start_trunkgate()

    def listen_with(self, certificate):
        provider = tlspeer.Listener("provider", network.PROVIDER, certificate, self.authority.root)
        self.addCleanup(provider.stop)
        return provider

    def refused_call(self, certificate, reason):
        """A call towards a provider that shows this certificate."""
        provider = self.listen_with(certificate)
        phone = self.start_phone()
        phone.dial(f"sip:4711@{network.SBC_INSIDE}")
        closed = phone.wait_event("CALL_CLOSED", WITHIN_S)
        self.assertRegex(closed.get("param", ""), "^503")
        self.assertEqual(provider.received, b"", "something was said to a peer that nobody knows")
        self.assertEqual(provider.handshakes, 0, provider.refusals)
        self.trunkgate.process.wait_for_line(f"level=error trunk=provider event=down why=.*{reason}")
        self.trunkgate.wait_no_calls()

    def test_other_name(self):
        certificate = self.authority.issue("mallory.lab")
        self.refused_call(certificate, r"mallory\.lab.* expects .*provider\.lab")

    def test_unknown_root(self):
        stranger = pki.Authority(os.path.join(self.directory, "stranger"), "Stranger")
        self.refused_call(stranger.issue("provider.lab"), "chain ends at .*CN=Stranger Root.* not among the roots")

    def test_self_signed(self):
        certificate = self.authority.issue("provider.lab", "--self-signed")
        self.refused_call(certificate, "chain ends at .*CN=provider.lab.* not among the roots")

    def test_expired(self):
        self.refused_call(self.authority.issue("provider.lab", "--expired"), "expired on")

    def test_wrong_usage(self):
        certificate = self.authority.issue("provider.lab", "--usage", "client")
        self.refused_call(certificate, "may not be used as a server")

    def test_right_certificate_gets_the_invite(self):
        """The same way with the right certificate: so the tests above are about the certificate."""
        provider = self.listen_with(self.authority.issue("provider.lab"))
        phone = self.start_phone()
        phone.dial(f"sip:4711@{network.SBC_INSIDE}")
        wait.until("an INVITE at the provider", lambda: b"INVITE sips:4711@provider.lab" in provider.received)
        phone.hang_up()

    def say_options(self, certificate):
        """Connects as a client with this certificate and says OPTIONS; what came back."""
        context = ssl.create_default_context(cafile=self.authority.root)
        context.load_cert_chain(certificate)
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # a refusal comes within the handshake
        with network.tcp_connect("provider", network.SBC_OUTSIDE, 5061) as plain:
            with context.wrap_socket(plain, server_hostname="sbc.lab") as secure:
                secure.settimeout(5)
                secure.sendall(sip.request("OPTIONS", "sips:sbc.lab", network.PROVIDER, 5061, "TLS"))
                return secure.recv(65536)

    def test_client_certificates(self):
        """The provider's name comes in, all others do not."""
        stranger = pki.Authority(os.path.join(self.directory, "stranger"), "Stranger")
        self.assertIsNotNone(sip.status_of(self.say_options(self.authority.issue("provider.lab"))))
        bad = {
            "mallory": self.authority.issue("mallory.lab"),
            "Stranger Root": stranger.issue("provider.lab"),
            "expired on": self.authority.issue("provider.lab", "--expired"),
        }
        for reason, certificate in bad.items():
            with self.assertRaises((ssl.SSLError, ConnectionError), msg=reason):
                self.say_options(certificate)
            self.trunkgate.process.wait_for_line(f"event=closed .*side=accepted why=.*{reason}")


if __name__ == "__main__":
    lab.main()
