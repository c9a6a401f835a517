#!/usr/bin/env python3
"""A phone on plain SIP over UDP and a provider on SIPS with mutual TLS and SRTP talk through Trunkgate,
called from either side: both hear the other, nothing of the inside is seen outside, nothing stays."""
import re
import ssl

from harness import audio, lab, network
from harness.capture import RTP_HEADER, is_rtcp, is_rtp

TALK_S = 3
HEARD_S = 2.5  # of clean tone at least; the first packets may go while the sides learn each other
AUTH_TAG = 10  # AES_CM_128_HMAC_SHA1_80; RFC 3711 4.2
SRTCP_TRAILER = 4 + AUTH_TAG
PCMA = 8


def sounds_like_tone(datagrams):
    """Whether the payloads, taken for plain G.711, hold either end's tone."""
    samples = audio.from_alaw(b"".join(payload[RTP_HEADER:RTP_HEADER + 160] for payload in datagrams))
    return any(audio.seconds_of_tone(samples, hz, purity=0.5) > 0
               for hz in (lab.PHONE_HZ, lab.PROVIDER_HZ))


class FirstCall(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        self.office = self.start_capture("office", "phone", "eth0")
        self.internet = self.start_capture("internet", "provider", "eth0")
        self.start_trunkgate(self.config_for_baresip())
        self.phone, self.provider = self.start_phone(), self.start_provider()

    def talk(self, caller, callee, uri, hangs_up):
        """One call from end to end, long enough to be heard."""
        with self.conversation(caller, callee, uri, TALK_S, hangs_up):
            self.trunkgate.wait_calls(1)
        self.assertEqual(self.trunkgate.show("calls"), [])
        self.office.stop()
        self.internet.stop()

    def check_audio(self):
        self.assert_heard(self.provider.heard()[0], lab.PHONE_HZ, HEARD_S, lab.PROVIDER_HZ)
        self.assert_heard(self.phone.heard()[0], lab.PROVIDER_HZ, HEARD_S, lab.PHONE_HZ)

    def check_media_is_encrypted(self):
        """Every packet of the call outside is SRTP or SRTCP; the same ears find the tones inside."""
        self.assertTrue(sounds_like_tone(self.office.rtp(network.PHONE)), "the check hears no tone where there is one")
        for sender in (network.SBC_OUTSIDE, network.PROVIDER):
            voice = self.internet.rtp(sender)
            self.assertGreater(len(voice), TALK_S * 40, f"few RTP packets from {sender}")
            self.assertFalse(sounds_like_tone(voice), f"plain audio from {sender}")
        ours = self.internet.media(network.SBC_OUTSIDE)
        for payload in ours:
            self.check_packet(payload)
        return ours

    def check_packet(self, payload):
        """One packet that we sent outside: authenticated, and nothing else than that."""
        self.assertTrue(is_rtp(payload) or is_rtcp(payload), payload.hex())
        if is_rtcp(payload):
            self.assertTrue(payload[-SRTCP_TRAILER] & 0x80, f"SRTCP without its E bit: {payload.hex()}")
        elif payload[1] & 0x7f == PCMA:
            self.assertEqual(len(payload), RTP_HEADER + 160 + AUTH_TAG, payload.hex())

    def check_nothing_of_the_inside(self):
        """No address, name, make or identifier of the inside in anything that we said outside."""
        said = [bytes(sent.get(network.SBC_OUTSIDE, b""))
                for sent in self.internet.tls_streams(self.trunkgate.key_log).values()]
        said = b"\n".join(said)
        self.assertIn(b"SIP/2.0", said, "nothing was decrypted")
        inside = [network.INSIDE_PREFIX, lab.INSIDE_DOMAIN, "inside.lab", "baresip"]
        for word in inside + self.inside_call_ids():
            self.assertNotIn(word.lower().encode(), said.lower(), f"{word} was seen outside")
        self.assertNotIn(network.INSIDE_PREFIX.encode(), self.internet.raw())
        rows = self.internet.fields("ip.addr == 10.99.1.0/24", "ip.src", "ip.dst")
        self.assertEqual(rows, [], "packets with inside addresses")

    def inside_call_ids(self):
        datagrams = b"\n".join(row[4] for row in self.office.udp())
        found = {m.decode() for m in re.findall(rb"(?mi)^Call-ID:\s*(\S+)", datagrams)}
        self.assertTrue(found)
        return sorted(found)

    def check_no_plain_sip(self):
        rows = self.internet.fields("(udp.port == 5060 || tcp.port == 5060)", "ip.src", "ip.dst")
        self.assertEqual(rows, [], "SIP without TLS towards the provider")

    def check_marks(self):
        """E8-08: EF on media, AF31 on signalling, on every socket of ours."""
        sides = ((self.internet, network.SBC_OUTSIDE, "tcp.len > 0", "udp"),
                 (self.office, network.SBC_INSIDE, "sip", "udp && !sip"))
        for capture, ours, signalling, media in sides:
            for what, wanted in ((signalling, "26"), (media, "46")):
                rows = capture.fields(f"ip.src == {ours} && ({what}) && !dns && !icmp", "ip.dsfield.dscp")
                self.assertEqual({row[0] for row in rows}, {wanted}, f"{what} from {ours}")

    def check_all(self):
        self.check_marks()
        self.check_audio()
        self.check_media_is_encrypted()
        self.check_nothing_of_the_inside()
        self.check_no_plain_sip()

    def test_phone_calls_provider(self):
        self.talk(self.phone, self.provider, f"sip:4711@{network.SBC_INSIDE}", hangs_up=self.phone)
        self.check_all()

    def test_provider_calls_phone(self):
        self.talk(self.provider, self.phone, "sip:100@sbc.lab;transport=tls", hangs_up=self.provider)
        self.check_all()

    def test_callee_hangs_up(self):
        self.talk(self.phone, self.provider, f"sip:4711@{network.SBC_INSIDE}", hangs_up=self.provider)
        self.check_audio()

    def test_both_sides_demand_a_certificate(self):
        """The peers' demands are real: without a certificate neither side talks."""
        for host, address in (("sbc", network.PROVIDER), ("provider", network.SBC_OUTSIDE)):
            with self.assertRaises((ssl.SSLError, ConnectionError), msg=address):
                self.knock_without_certificate(host, address)

    def knock_without_certificate(self, host, address):
        context = ssl.create_default_context(cafile=self.authority.root)
        context.check_hostname = False
        with network.tcp_connect(host, address, 5061) as plain:
            with context.wrap_socket(plain) as secure:
                secure.settimeout(5)
                # TLS 1.3: a client learns that its missing certificate was refused when it reads.
                if secure.recv(1) == b"":
                    raise ConnectionResetError("closed")
                raise AssertionError("the peer talks to a stranger")


if __name__ == "__main__":
    lab.main()
