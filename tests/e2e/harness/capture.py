"""What was on the wire: tshark captures, decrypted where the test has the keys."""
import os
import re
import subprocess

from . import process


class Capture:
    """A running capture on one interface of one host."""

    def __init__(self, directory, name, host, interface):
        self.path = os.path.join(directory, name + ".pcapng")
        self.process = process.Process(f"tshark in {host}", [
            "tshark", "-q", "-i", interface, "-w", self.path, "--buffer-size", "16"],
            os.path.join(directory, name + "-tshark.log"), host)
        self.process.wait_for_line("File: ")  # "Capturing on" comes before it does

    def stop(self):
        """Ends the capture; packets that the kernel has seen are in the file then."""
        self.process.stop()
        return self

    def _tshark(self, *args):
        done = subprocess.run(["tshark", "-r", self.path, *args],
                              capture_output=True, text=True, check=True)
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
        first = re.search(r"^Node 0: \[?([\da-f.:]+?)\]?:\d+$", text, re.M).group(1)
        second = next(iter(ends - {first}))
        sent = {first: b"", second: b""}
        for line in text.splitlines():
            if re.fullmatch(r"\t?[0-9a-f]+", line):  # the second node's lines are indented
                sent[second if line.startswith("\t") else first] += bytes.fromhex(line.strip())
        return sent
