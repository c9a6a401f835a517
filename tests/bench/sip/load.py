"""SIPp on both sides, on the other core, and what was on the wire."""
import bisect
import contextlib
import os
import signal
import socket
import struct
import subprocess
import time

import processes
from borders import BORDER, CALLEE, CALLER, HERE

MEDIA_PORTS = (6000, 6001)  # in the scenarios' descriptions
HOLD_MS = 200  # from ACK to BYE
GIVE_UP_S = 5  # on calls that should have been over
COLUMNS = {"ok": "SuccessfulCall(C)", "failed": "FailedCall(C)", "again": "Retransmissions(C)"}  # of SIPp


class Load:
    """A callee, and callers one after the other or beside each other."""

    def __init__(self, work, border):
        self.work = os.path.join(work, border.name)
        self.border = border  # that the next callers call
        self.runs = 0
        self.tunnel = None
        self.before_caller = []
        self.ears = [self.open_ear(host, port) for host in (CALLER, CALLEE) for port in MEDIA_PORTS]
        transport = []
        if border.callee_tls:
            transport = ["-t", "t1"]
            self.tunnel = self.start_tunnel(border)
        self.callee = processes.start(self.work, "callee", processes.LOAD_CORE, self.sipp(
            "callee-tls" if border.callee_tls else "callee", "callee",
            "127.0.0.1" if border.callee_tls else CALLEE, *transport))

    @staticmethod
    def open_ear(host, port):
        """What a description names is open, as it is at a phone; what comes there is dropped when it is full."""
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        ear.bind((host, port))
        return ear

    def start_tunnel(self, border):
        """SIPp knows no TLS: stunnel does it, on the load's core."""
        path = os.path.join(self.work, "stunnel.conf")
        with open(path, "w", encoding="ascii") as out:
            out.write(f"foreground = yes\npid =\nsyslog = no\n[sips]\naccept = {CALLEE}:5061\n"
                      f"connect = 127.0.0.1:5060\ncert = {border.pki}/provider.lab.pem\n"
                      f"CAfile = {border.pki}/root.pem\nverifyChain = yes\nrequireCert = yes\n")
        return processes.start(self.work, "stunnel", processes.LOAD_CORE, ["stunnel", path])

    def sipp(self, scenario, name, address, *options):
        return ["sipp", "-sf", os.path.join(HERE, scenario + ".xml"), "-nostdin", "-i", address, "-p", "5060",
                "-buff_size", "1000000", "-trace_stat", "-fd", "1", "-stf", name + ".csv", *options]

    def statistics(self, name):
        with open(os.path.join(self.work, name + ".csv"), encoding="ascii", errors="replace") as table:
            rows = table.read().splitlines()
        return dict(zip(rows[0].split(";"), rows[-1].split(";"))) if len(rows) > 1 else {}

    def begin(self, rate, calls, hold_ms=HOLD_MS, port=5060):
        self.runs += 1
        name = f"caller-{self.runs}"
        process = processes.start(self.work, name, processes.LOAD_CORE, self.before_caller + self.sipp(
            "caller", name, CALLER, "-p", str(port), "-s", "4711", "-r", str(rate), "-m", str(calls), "-l", "30000",
            "-d", str(int(hold_ms)), "-timeout", str(int(calls / rate + hold_ms / 1000 + GIVE_UP_S)), f"{self.border.address}:5060"))
        return name, process

    def end(self, name, process):
        """What came of it."""
        process.wait()
        counted = self.statistics(name)
        return {key: int(counted.get(column) or 0) for key, column in COLUMNS.items()}

    @contextlib.contextmanager
    def undisturbed(self):
        """Meanwhile the peers go before all else on their core: a message that waits there for its turn behind
        the capture is none that the border was slow with."""
        peers = [process.pid for process in (self.callee, self.tunnel) if process]
        processes.set_policy(peers, os.SCHED_FIFO)
        self.before_caller = ["chrt", "--fifo", "1"]
        try:
            yield
        finally:
            self.before_caller = []
            processes.set_policy(peers, os.SCHED_OTHER)

    def place(self, rate, calls):
        return self.end(*self.begin(rate, calls))

    def stop(self):
        processes.stop(self.callee, signal.SIGKILL)  # it has no state to save, and would wait for its calls
        if self.tunnel:
            processes.stop(self.tunnel)
        for ear in self.ears:
            ear.close()


class Wire:
    """All SIP on the wire with the kernel's times: SIPp's own clock goes in steps of 4 ms. To TLS, what SIPp and
    stunnel say to each other too: it tells what is in the records between stunnel and the border."""

    def __init__(self, work):
        self.path = os.path.join(work, "caller.pcap")
        self.process = subprocess.Popen(
            ["taskset", "-c", processes.LOAD_CORE, "dumpcap", "-q", "-P", "-i", "lo", "-B", "64", "-w", self.path, "-f",
             f"(udp port 5060 and host {BORDER}) or (tcp and (port 5060 or port 5061))"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while "File:" not in (line := self.process.stderr.readline()):
            if not line:
                raise processes.Failed("dumpcap does not work")

    def stop(self):
        if self.process.poll() is None:
            time.sleep(0.2)
            processes.stop(self.process, signal.SIGINT)

    def firsts(self, status):
        """When each side had its first INVITE and its first answer of that status, by Call-ID."""
        self.stop()
        found = {(side, what): {} for side in (CALLER, CALLEE) for what in ("INVITE", status)}

        def note(side, at, message):
            call = message.partition(b"\r\nCall-ID: ")[2].partition(b"\r\n")[0]
            if message.startswith(b"INVITE "):
                found[side, "INVITE"].setdefault(call, at)
            elif message.startswith(b"SIP/2.0 " + status):
                found[side, status].setdefault(call, at)

        streams = {way: [] for way in WAYS}
        for at, source, target, sequence, payload in packets(self.path):
            if sequence is None:
                note(CALLER if CALLER in (source[0], target[0]) else CALLEE, at, payload)
                continue
            for way, ends in WAYS.items():
                if ends[0] in (source, source[:1]) and ends[1] in (target, target[:1]):
                    streams[way].append((at, sequence, payload))
        for plain, sealed in (("to SIPp", "to stunnel"), ("from SIPp", "from stunnel")):
            for at, message in unsealed(streams[plain], streams[sealed]):
                note(CALLEE, at, message)
        return found

    def times_ms(self, status, watch=None):
        """From each call's INVITE to its answer of that status, at the caller, sorted; with a watch, of those calls
        alone during which it saw nothing."""
        found = self.firsts(status)
        begun, ended = found[CALLER, "INVITE"], found[CALLER, status]
        return sorted((ended[call] - begun[call]) * 1000 for call in ended
                      if call in begun and not (watch and watch.saw(begun[call], ended[call])))

    def own_ms(self, status):
        """The border's part of that: until the INVITE goes on, and until the answer does. Calls leave in the
        order in which they came, so the n-th of one side is the n-th of the other. Empty: one side was not seen."""
        found = self.firsts(status)
        pairs = list(zip(*(sorted(found[side, "INVITE"], key=found[side, "INVITE"].get) for side in (CALLER, CALLEE))))
        return sorted((found[CALLEE, "INVITE"][there] - found[CALLER, "INVITE"][here] +
                       found[CALLER, status][here] - found[CALLEE, status][there]) * 1000
                      for here, there in pairs if here in found[CALLER, status] and there in found[CALLEE, status])


# Of the streams behind the border, from and to: a host, or a host and port.
WAYS = {"to stunnel": ((BORDER,), (CALLEE, 5061)), "from stunnel": ((CALLEE, 5061), (BORDER,)),
        "to SIPp": (("127.0.0.1",), ("127.0.0.1", 5060)), "from SIPp": (("127.0.0.1", 5060), ("127.0.0.1",))}
RECORD_HEAD, RECORD_REST = 5, 17  # octets of a TLS 1.3 record that are no data: its header; tag and type


def assembled(segments):
    """The octets of a stream, NUL for what the capture lost; where each segment ends in them, and when it came."""
    if not segments:
        return b"", [], []
    first, data, ends, times = segments[0][1], bytearray(), [], []
    for at, sequence, payload in segments:
        begin = (sequence - first) % (1 << 32)
        if begin + len(payload) <= len(data):
            continue  # a copy
        data.extend(bytes(begin + len(payload) - len(data)))
        data[begin:] = payload
        ends.append(len(data))
        times.append(at)
    return bytes(data), ends, times


def unsealed(plain, sealed):
    """(when it was on the wire sealed, message): what a stream of TLS carries, by the octets that the tunnel had."""
    text = assembled(plain)[0]
    data, segment_ends, times = assembled(sealed)
    ends, record_times, at, length = [], [], 0, 0  # where in the text each record ends
    while at + RECORD_HEAD <= len(data):
        size = int.from_bytes(data[at + 3:at + RECORD_HEAD], "big")
        at += RECORD_HEAD + size
        if at > len(data):
            break
        length += size - RECORD_REST
        ends.append(length)
        record_times.append(times[bisect.bisect_left(segment_ends, at)])
    begin = 0
    while (blank := text.find(b"\r\n\r\n", begin)) >= 0:
        head = text[begin:blank].lstrip(b"\r\n\0")
        end = blank + 4 + int(head.partition(b"\r\nContent-Length:")[2].partition(b"\r\n")[0] or 0)
        record = bisect.bisect_left(ends, end)
        if record < len(ends):
            yield record_times[record], head
        begin = end


def packets(path):
    """(seconds, its source, its target, sequence number or None for UDP, payload) of what carries something in a
    capture of the loopback in libpcap's format."""
    with open(path, "rb") as capture:
        data = capture.read()
    at = 24
    while at + 16 <= len(data):
        s, us, size, _ = struct.unpack_from("<IIII", data, at)
        ip = data[at + 16 + 14:at + 16 + size]
        transport = ip[20:]
        ports = struct.unpack_from(">HH", transport)
        is_udp = ip[9] == socket.IPPROTO_UDP
        payload = transport[8 if is_udp else transport[12] // 16 * 4:]
        if payload:
            yield (s + us / 1e6, (socket.inet_ntoa(ip[12:16]), ports[0]), (socket.inet_ntoa(ip[16:20]), ports[1]),
                   None if is_udp else struct.unpack_from(">I", transport, 4)[0], payload)
        at += 16 + size
