#!/usr/bin/env python3
"""The harness itself: its ears can tell, and its peers do what the tests rely on, without Trunkgate."""
import array
import os
import random
import ssl
import unittest

from harness import audio, baresip, lab, network

CALLER_ACCOUNT = "<sip:caller@sbc.lab;transport=tls>;regint=0;audio_codecs=pcma{media}"


class Ears(unittest.TestCase):
    def tone(self, hz, amplitude=8000):
        path = "/tmp/tone.wav"
        audio.write_tone(path, hz, 1, amplitude / 32767)
        self.addCleanup(os.remove, path)
        return audio.read(path)

    def test_a_tone_is_heard_and_no_other(self):
        samples = self.tone(440)
        self.assertEqual(audio.seconds_of_tone(samples, 440), 1)
        self.assertEqual(audio.seconds_of_tone(samples, 1000), 0)

    def test_silence_whispers_and_noise_are_no_tone(self):
        noise = array.array("h", (random.Random(1).randrange(-9000, 9000) for _ in range(8000)))
        for samples in (array.array("h", [0] * 8000), self.tone(440, 100), noise):
            self.assertEqual(audio.seconds_of_tone(samples, 440), 0)

    def test_half_a_tone_is_half_heard(self):
        samples = self.tone(440)[:4000] + array.array("h", [0] * 4000)
        self.assertEqual(audio.seconds_of_tone(samples, 440), 0.5)

    def test_alaw(self):
        self.assertEqual(list(audio.from_alaw(b"\xd5\x55\xaa\x2a")), [8, -8, 32256, -32256])


class Peers(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        self.provider = self.start_provider()

    def caller(self, certificate, media=";mediaenc=srtp-mand"):
        tls = (certificate, self.authority.root)
        peer = baresip.Baresip(os.path.join(self.directory, "caller"), "sbc", network.SBC_OUTSIDE,
                               CALLER_ACCOUNT.format(media=media), self.tone(lab.PHONE_HZ),
                               "31000-31999", tls, network.DNS)
        self.addCleanup(peer.stop)
        peer.dial("sip:4711@provider.lab;transport=tls")
        return peer

    def test_call_is_heard_at_both_ends(self):
        caller = self.caller(self.identity)
        for peer in (caller, self.provider):
            peer.wait_event("CALL_ESTABLISHED")
            peer.wait_heard(2)
        caller.hang_up()
        for peer in (caller, self.provider):
            peer.wait_event("CALL_CLOSED")
        self.assert_heard(self.provider.heard()[0], lab.PHONE_HZ, 1.5, lab.PROVIDER_HZ)
        self.assert_heard(caller.heard()[0], lab.PROVIDER_HZ, 1.5, lab.PHONE_HZ)

    def test_provider_takes_no_plain_media(self):
        closed = self.caller(self.identity, media="").wait_event("CALL_CLOSED")
        self.assertRegex(closed["param"], "^488|Not Acceptable")

    def test_provider_demands_a_certificate(self):
        context = ssl.create_default_context(cafile=self.authority.root)
        with network.tcp_connect("sbc", network.PROVIDER, 5061) as plain:
            with context.wrap_socket(plain, server_hostname="provider.lab") as secure:
                secure.settimeout(5)
                with self.assertRaisesRegex(ssl.SSLError, "(?i)certificate required"):
                    secure.recv(1)


if __name__ == "__main__":
    lab.main()
