"""SIPp on both sides, on the other core, and what was on the wire."""
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
            "-d", str(int(hold_ms)), "-timeout", str(int(calls / rate + hold_ms / 1000 + GIVE_UP_S)), f"{BORDER}:5060"))
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
    """All SIP over UDP with the kernel's times: SIPp's own clock goes in steps of 4 ms."""

    def __init__(self, work):
        self.path = os.path.join(work, "caller.pcap")
        self.process = subprocess.Popen(
            ["taskset", "-c", processes.LOAD_CORE, "dumpcap", "-q", "-P", "-i", "lo", "-B", "64", "-w", self.path,
             "-f", f"udp port 5060 and host {BORDER}"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while "File:" not in (line := self.process.stderr.readline()):
            if not line:
                raise processes.Failed("dumpcap does not work")

    def firsts(self, status):
        """When each side had its first INVITE and its first answer of that status, by Call-ID."""
        if self.process.poll() is None:
            time.sleep(0.2)
            processes.stop(self.process, signal.SIGINT)
        found = {(side, what): {} for side in (CALLER, CALLEE) for what in ("INVITE", status)}
        for at, hosts, payload in packets(self.path):
            side = CALLER if CALLER in hosts else CALLEE
            call = payload.partition(b"\r\nCall-ID: ")[2].partition(b"\r\n")[0]
            if payload.startswith(b"INVITE "):
                found[side, "INVITE"].setdefault(call, at)
            elif payload.startswith(b"SIP/2.0 " + status):
                found[side, status].setdefault(call, at)
        return found

    def times_ms(self, status):
        """From each call's INVITE to its answer of that status, at the caller, sorted."""
        found = self.firsts(status)
        begun, ended = found[CALLER, "INVITE"], found[CALLER, status]
        return sorted((ended[call] - begun[call]) * 1000 for call in ended if call in begun)

    def own_ms(self, status):
        """The border's part of that: until the INVITE goes on, and until the answer does. Calls leave in the
        order in which they came, so the n-th of one side is the n-th of the other. Empty: one side was not seen."""
        found = self.firsts(status)
        pairs = list(zip(*(sorted(found[side, "INVITE"], key=found[side, "INVITE"].get) for side in (CALLER, CALLEE))))
        return sorted((found[CALLEE, "INVITE"][there] - found[CALLER, "INVITE"][here] +
                       found[CALLER, status][here] - found[CALLEE, status][there]) * 1000
                      for here, there in pairs if here in found[CALLER, status] and there in found[CALLEE, status])


def packets(path):
    """(seconds, its two hosts, UDP payload) of a capture of the loopback in libpcap's format."""
    with open(path, "rb") as capture:
        data = capture.read()
    at = 24
    while at + 16 <= len(data):
        s, us, size, _ = struct.unpack_from("<IIII", data, at)
        ip = data[at + 16 + 14:at + 16 + size]
        yield s + us / 1e6, (socket.inet_ntoa(ip[12:16]), socket.inet_ntoa(ip[16:20])), ip[20 + 8:]
        at += 16 + size
