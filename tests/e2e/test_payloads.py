#!/usr/bin/env python3
"""Two sides that call the same by other numbers: a phone (SIPp, which plays packets that the test wrote) has mu-law and telephone
events as 96, the provider (baresip, SRTP), which calls it, A-law and 101. Each gets its own numbers and its own law, and hears tone and digit."""
import array
import os
import struct

from harness import audio, lab, network, sipp, wait
from harness.capture import RTP_HEADER

PCMU, PCMA = 0, 8
PHONE_EVENT, PROVIDER_EVENT = 96, 101
PHONE_DIGIT, PROVIDER_DIGIT = "5", "7"
PACKETS = 300  # 20 ms each
DIGIT_AT, DIGIT_PACKETS = 100, 8
SAMPLES = 160
TAG = 10  # of AES_CM_128_HMAC_SHA1_80
RTP = struct.Struct("!BBHII")
HEARD_S = 2


def to_ulaw(sample):
    """G.711, table 2a."""
    sign, size = (0x80, -sample) if sample < 0 else (0, sample)
    size = min(size, 32635) + 132
    exponent = size.bit_length() - 8
    return ~(sign | exponent << 4 | size >> exponent + 3 & 15) & 0xff


def ulaw_sample(octet):
    octet = ~octet & 0xff
    size = ((octet & 15) << 3) + 132 << (octet >> 4 & 7)
    return 132 - size if octet & 0x80 else size - 132


ULAW = [ulaw_sample(octet) for octet in range(256)]


def packets(tone):
    """What the phone says: a tone, in the middle of it the digit (RFC 4733 2.3; its end is said three times)."""
    for n in range(PACKETS):
        since = n - DIGIT_AT
        if 0 <= since < DIGIT_PACKETS:
            last = since >= DIGIT_PACKETS - 3
            length = min(since + 1, DIGIT_PACKETS - 2) * SAMPLES
            yield RTP.pack(0x80, PHONE_EVENT | (since == 0) << 7, n, DIGIT_AT * SAMPLES, 0x5eed) + struct.pack(
                "!BBH", int(PHONE_DIGIT), last << 7 | 10, length)
        else:
            voice = bytes(to_ulaw(sample) for sample in tone[n * SAMPLES:(n + 1) * SAMPLES])
            yield RTP.pack(0x80, PCMU, n, n * SAMPLES, 0x5eed) + voice


def write_pcap(path, payloads):
    """UDP datagrams that are 20 ms apart; SIPp puts its own addresses and ports."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for n, payload in enumerate(payloads):
            udp = struct.pack("!HHHH", 6000, 6000, 8 + len(payload), 0) + payload
            frame = bytes(12) + b"\x08\x00" + struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), n, 0, 64, 17, 0,
                                                         bytes(4), bytes(4)) + udp
            out.write(struct.pack("<IIII", n // 50, n % 50 * 20000, len(frame), len(frame)) + frame)


class Payloads(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        config = self.config_for_baresip()
        config["trunks"]["provider"]["codecs"] = ["PCMA", "PCMU", "telephone-event"]
        self.start_trunkgate(config)
        self.office = self.start_capture("office", "phone", "eth0")
        self.internet = self.start_capture("internet", "provider", "eth0")
        self.provider = self.start_provider()

    def start_player(self):
        path = os.path.join(self.directory, "said.pcap")
        write_pcap(path, packets(audio.read(self.tone(lab.PHONE_HZ))))
        phone = sipp.start(self.directory, "phone", "phone", "phone_plays", "-t", "u1", "-i", network.PHONE, "-p", "5060", "-mp", "6000",
                           "-m", "1", "-key", "packets", path, "-timeout", "60", "-timeout_error")
        self.addCleanup(phone.stop)
        return phone

    def rtp(self, capture, sender):
        """Of what sender sent: payload type and what follows the header. Primers say nothing, or are a tag alone."""
        return [(packet[1] & 0x7f, packet[RTP_HEADER:]) for packet in capture.rtp(sender)
                if len(packet) not in (RTP_HEADER, RTP_HEADER + TAG)]

    def wait_digit(self, capture, sender, kind):
        """Until the capture has an event of that payload type."""
        marked = f"(udp.payload[1:1] == {kind:02x} || udp.payload[1:1] == {kind | 0x80:02x})"
        wait.until(f"events as {kind}", lambda: capture.fields(f"{marked} && !dns && ip.src == {sender}", "frame.number"), 20)

    def test_digits_and_laws(self):
        phone = self.start_player()
        self.provider.dial("sip:100@sbc.lab;transport=tls")
        self.provider.wait_event("CALL_ESTABLISHED")
        self.assertIn(PHONE_DIGIT, str(self.provider.wait_event("CALL_DTMF_START", 20)))
        self.provider.command("sndcode", PROVIDER_DIGIT)
        self.wait_digit(self.office, network.SBC_INSIDE, PHONE_EVENT)
        self.provider.wait_heard(PACKETS * 0.02 - 1)
        self.provider.hang_up()
        self.assertEqual(phone.wait_exit(20), 0, phone.log()[-3000:])
        self.trunkgate.wait_no_calls()
        self.office.stop()
        self.internet.stop()
        self.assert_heard(self.provider.heard()[0], lab.PHONE_HZ, HEARD_S, lab.PROVIDER_HZ)
        self.check_phone(self.rtp(self.office, network.SBC_INSIDE))
        self.check_provider()

    def check_phone(self, got):
        """mu-law that sounds as the provider's tone, and its digit."""
        self.assertEqual({kind for kind, _ in got}, {PCMU, PHONE_EVENT})
        self.assertEqual({payload[0] for kind, payload in got if kind == PHONE_EVENT}, {int(PROVIDER_DIGIT)})
        voice = array.array("h", (ULAW[octet] for kind, payload in got if kind == PCMU for octet in payload))
        self.assertGreaterEqual(audio.seconds_of_tone(voice, lab.PROVIDER_HZ), HEARD_S)

    def check_provider(self):
        """SRTP leaves the payload type readable."""
        for sender in (network.SBC_OUTSIDE, network.PROVIDER):
            self.assertEqual({kind for kind, _ in self.rtp(self.internet, sender)}, {PCMA, PROVIDER_EVENT}, sender)


if __name__ == "__main__":
    lab.main()
