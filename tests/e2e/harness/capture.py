"""What was on the wire: tshark captures, decrypted where the test has the keys."""
import os
import re
import subprocess

from . import process

RTP_HEADER = 12
DNS_PORT = 53


def is_rtp(payload):
    """By RFC 5761 4: version 2, and a payload type that is no RTCP packet type."""
    return len(payload) >= RTP_HEADER and payload[0] >> 6 == 2 and not 192 <= payload[1] <= 223


def is_rtcp(payload):
    return len(payload) >= 8 and payload[0] >> 6 == 2 and 192 <= payload[1] <= 223


class Capture:
    """A running capture on one interface of one host."""

    def __init__(self, directory, name, host, interface):
        self.path = os.path.join(directory, name + ".pcapng")
        self.process = process.Process(f"tshark in {host}", [
            "tshark", "-q", "-i", interface, "-w", self.path, "--buffer-size", "16"],
            os.path.join(directory, name + "-tshark.log"), host)
        self.process.wait_for_line("File: ")  # "Capturing on" comes before it does
        self.ended = False

    def stop(self):
        """Ends the capture; packets that the kernel has seen are in the file then."""
        self.process.stop()
        self.ended = True
        return self

    def _tshark(self, *args):
        # While it is written the last packet may be a part of one: what comes before that is read.
        done = subprocess.run(["tshark", "-r", self.path, *args],
                              capture_output=True, text=True, check=self.ended)
        return done.stdout

    def fields(self, display_filter, *names):
        """One tuple of texts a packet."""
        wanted = [word for name in names for word in ("-e", name)]
        out = self._tshark("-Y", display_filter, "-T", "fields", *wanted)
        return [tuple(line.split("\t")) for line in out.splitlines()]

    def udp(self):
        """(source address, source port, target address, target port, payload) of every datagram."""
        rows = self.fields("udp && !icmp", "ip.src", "udp.srcport", "ip.dst", "udp.dstport", "udp.payload")
        return [(s, int(sp), d, int(dp), bytes.fromhex(p)) for s, sp, d, dp, p in rows]

    def media(self, sender):
        """What sender sent that may be RTP or RTCP. A look-up of a name, with its random number, often looks like it."""
        return [payload for source, port, _, to_port, payload in self.udp() if source == sender and DNS_PORT not in (port, to_port)]

    def rtp(self, sender):
        return [payload for payload in self.media(sender) if is_rtp(payload)]

    def raw(self):
        with open(self.path, "rb") as file:
            return file.read()

    def tls_streams(self, key_log):
        """The decrypted bytes of every TLS connection: {stream: {sender's address: bytes}}."""
        keys = ("-o", f"tls.keylog_file:{key_log}")
        ends = {number: {source, target} for number, *both in
                self.fields("tls", "tcp.stream", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst")
                for source, target in (both[:2], both[2:]) if source}
        return {number: self._follow(keys, number, ends[number]) for number in ends}

    def _follow(self, keys, number, ends):
        """tshark's "follow": a node that said nothing has no address there."""
        text = self._tshark(*keys, "-q", "-z", f"follow,tls,raw,{number}")
        first = re.search(r"^Node 0: \[?([\da-f.:]+?)\]?:\d+$", text, re.M)
        if not first:  # nothing was decrypted: the end of a connection that had another address before
            return {}
        first = first.group(1)
        second = next(iter(ends - {first}))
        sent = {first: b"", second: b""}
        for line in text.splitlines():
            if re.fullmatch(r"\t?[0-9a-f]+", line):  # the second node's lines are indented
                sent[second if line.startswith("\t") else first] += bytes.fromhex(line.strip())
        return sent
