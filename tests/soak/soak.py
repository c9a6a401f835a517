#!/usr/bin/env python3
"""Calls of random length, coming and going: phone to provider, TLS and SRTP; see tests/README.md. Called by ./run, inside
namespaces of its own. Fails on a call that ends otherwise than it should, on what is left behind, and on memory that grows."""
import argparse
import heapq
import json
import os
import random
import selectors
import socket
import subprocess
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench", part) for part in ("sip", "media")]
# pylint: disable=wrong-import-position
import borders
import processes
import signalling
from borders import BORDER, CALLEE, CALLER

SUITE = "AES_CM_128_HMAC_SHA1_80"
FATES = ("hangs-up",) * 4 + ("is-hung-up",) * 4 + ("cancels", "is-refused")
RINGS_S, LOOK_S, LATE_S = 0.3, 2, 32
GROWTH = 1.05  # of memory, and as much more as the allocator takes at once
GROWTH_KIB = 2048
LONGEST = 10  # times the usual length
HELD_BACK = 0.02
AT_REST = ("calls", "media_ports", "dialogs", "transactions")


class Wrong(Exception):
    """What the soak is for."""


class Border(borders.ToTls):
    """Not bound to a core of its own, on little more ports than the calls need: one that is lost is missed."""
    def __init__(self, work, binary, calls):
        super().__init__(work, binary)
        self.calls = calls

    def configuration(self):
        config = super().configuration()
        config.update({"max-calls": self.calls * 2, "media-workers": 2})
        for realm, first in (("office", 10000), ("internet", 40000)):
            config["realms"][realm]["media-ports"] = f"{first}-{first + self.calls * 4 + 99}"
        return config

    def spawn(self, name, argv):
        with open(os.path.join(self.work, name + ".log"), "ab") as log:
            self.processes.append(subprocess.Popen(["nice", "-n", "-15", *argv], cwd=self.work, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def status(self):
        done = subprocess.run([self.binary, "show", "status", "--json", "--socket", os.path.join(self.work, "control")],
                              capture_output=True, text=True, timeout=10, check=True)
        return json.loads(done.stdout)


class Provider:
    """The callee's TLS, one connection; takes what comes in pieces."""
    def __init__(self, pki):
        self.tls = signalling.Tls(pki)
        self.contact = self.tls.contact
        self.data = b""

    def open(self):
        self.tls.conn = self.tls.context.wrap_socket(self.tls.listener.accept()[0], server_side=True)
        self.tls.conn.setblocking(False)
        return self.tls.conn

    def send(self, message):
        self.tls.conn.setblocking(True)
        self.tls.conn.sendall(message.encode())
        self.tls.conn.setblocking(False)

    def messages(self):
        try:
            while chunk := self.tls.conn.recv(65536):
                self.data += chunk
        except (BlockingIOError, OSError):
            pass
        while True:
            self.data = self.data.lstrip(b"\r\n")
            head, end, body = self.data.partition(b"\r\n\r\n")
            size = int(signalling.header((head + b"\r\n").decode(), "Content-Length") or 0) if end else 0
            if not end or len(body) < size:
                return
            self.data = body[size:]
            yield (head + end + body[:size]).decode()


class Call:
    """One of them, from INVITE to BYE."""
    # pylint: disable-next=too-many-arguments,too-many-positional-arguments
    def __init__(self, soak, number, fate, seconds):
        self.soak, self.number, self.fate, self.seconds = soak, number, fate, seconds
        self.invite, self.ok, self.offer, self.far_tag = "", "", "", ""
        self.body = signalling.sdp(CALLER, "RTP/AVP")
        self.id = f"soak-{number}"
        self.head = (f"From: <sip:alice@{CALLER}>;tag=a{number}\r\nCall-ID: {self.id}\r\nMax-Forwards: 70\r\n"
                     f"Contact: <{soak.phone.contact}>\r\n")
        self.begun = time.monotonic()
        self.request("INVITE", 1, f"sip:{number}@{BORDER}", f"<sip:{number}@{BORDER}>", self.body)

    def request(self, method, cseq, uri, to, body="", branch=""):  # pylint: disable=too-many-arguments,too-many-positional-arguments
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.soak.phone.send(f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {CALLER}:5060;branch=z9hG4bK{branch or method}{self.number}\r\n"
                             f"To: {to}\r\n{self.head}CSeq: {cseq} {method}\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}")

    def in_dialog(self, method, cseq):
        target = signalling.re.search(r"<([^>]*)>", signalling.header(self.ok, "Contact")).group(1)
        self.request(method, cseq, target, signalling.header(self.ok, "To"))

    def on_invite(self, message):
        """At the provider."""
        self.offer = message
        if self.fate == "is-refused":
            signalling.answer(self.soak.provider, message, 486)
        elif self.fate == "cancels":
            signalling.answer(self.soak.provider, message, 180)
            self.soak.at(RINGS_S, lambda: self.request("CANCEL", 1, f"sip:{self.number}@{BORDER}",
                                                       f"<sip:{self.number}@{BORDER}>", branch="INVITE"))
        else:
            theirs, ours, crypto = signalling.choose(message, SUITE)
            self.keys = f"{SUITE} {theirs.hex()} {ours.hex()}"
            signalling.answer(self.soak.provider, message, 200, signalling.sdp(CALLEE, "RTP/SAVP", crypto))

    def on_answer(self, message):
        """At the phone, to its INVITE."""
        status = int(message.split()[1])
        if status < 200:
            return
        if status >= 300:
            self.request("ACK", 1, f"sip:{self.number}@{BORDER}", signalling.header(message, "To"), branch="INVITE")
            held_back = status == 503 and signalling.header(message, "Retry-After") != ""
            self.soak.held_back += held_back
            self.over(status in (503 * held_back, {"cancels": 487, "is-refused": 486}.get(self.fate)), f"{status}")
        elif not self.ok:
            self.ok = message
            self.in_dialog("ACK", 1)
            self.soak.talker.tell(f"+ {self.number} {signalling.media_at(message)} {signalling.media_at(self.offer)} {self.keys}")
            self.soak.at(self.seconds, self.hang_up)
        else:
            self.in_dialog("ACK", 1)

    def hang_up(self):
        self.soak.talker.tell(f"- {self.number}")
        if self.fate == "hangs-up":
            self.in_dialog("BYE", 2)
            return
        target = signalling.re.search(r"<([^>]*)>", signalling.header(self.offer, "Contact")).group(1)
        self.soak.provider.send(
            f"BYE {target} SIP/2.0\r\nVia: SIP/2.0/TLS {CALLEE}:5061;branch=z9hG4bKb{self.number}\r\nMax-Forwards: 70\r\n"
            f"From: {signalling.header(self.offer, 'To')};tag=b\r\nTo: {signalling.header(self.offer, 'From')}\r\n"
            f"Call-ID: {signalling.header(self.offer, 'Call-ID')}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n")

    def over(self, well, how):
        if not well:
            self.soak.wrong(f"call {self.number}, that {self.fate}: {how}")
        self.soak.calls.pop(self.id, None)
        self.soak.by_number.pop(str(self.number), None)
        self.soak.ended += 1


class Talker:
    def __init__(self, options):
        argv = [options.talker, CALLER, CALLEE, str(signalling.MEDIA_PORT), str(options.interval_ms)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def tell(self, line):
        self.process.stdin.write(line + "\n")

    def counts(self):
        self.tell("?")
        return [int(word) for word in self.process.stdout.readline().split()]


class Soak:
    def __init__(self, options):
        self.options, self.random = options, random.Random(options.seed)
        self.calls, self.by_number, self.due, self.serial = {}, {}, [], 0
        self.far = {}  # by the provider's Call-ID
        self.held_back = 0  # calls that the border had no time for: others have this machine too
        self.number, self.ended, self.problems, self.looks = 0, 0, [], []
        self.border = Border(options.work, options.binary, options.calls)
        self.phone = self.provider = self.talker = None
        self.selector = selectors.DefaultSelector()

    def wrong(self, what):
        self.problems.append(what)
        print(f"soak: {what}", flush=True)
        if len(self.problems) > 20:
            raise Wrong("and so on")

    def at(self, seconds, what):
        self.serial += 1
        heapq.heappush(self.due, (time.monotonic() + seconds, self.serial, what))

    def new_call(self):
        self.number += 1
        call = Call(self, self.number, self.random.choice(FATES), min(self.random.expovariate(1 / self.options.length), LONGEST * self.options.length))
        self.calls[call.id] = self.by_number[str(self.number)] = call

    def at_phone(self):
        try:
            while True:
                message = self.phone.sock.recv(65535).decode()
                call = self.calls.get(signalling.header(message, "Call-ID"))
                method = signalling.header(message, "CSeq").split()[-1]
                if message.startswith("BYE "):
                    signalling.answer(self.phone, message, 200)
                elif call and method == "INVITE":
                    call.on_answer(message)
                elif call and method == "BYE":
                    call.over(" 200 " in message[:13], message.splitlines()[0])
        except BlockingIOError:
            pass

    def at_provider(self):
        for message in self.provider.messages():
            if message.startswith("INVITE "):
                number = signalling.re.match(r"INVITE sips?:(\d+)@", message).group(1)
                call = self.far[signalling.header(message, "Call-ID")] = self.by_number.pop(number)
                call.on_invite(message)
            elif message.startswith("CANCEL "):
                call = self.far.pop(signalling.header(message, "Call-ID"))
                signalling.answer(self.provider, message, 200)
                signalling.answer(self.provider, call.offer, 487)
            elif message.startswith("SIP/2.0 "):
                if call := self.far.pop(signalling.header(message, "Call-ID"), None):
                    call.over(" 200 " in message[:13], message.splitlines()[0])
            elif not message.startswith("ACK "):
                self.far.pop(signalling.header(message, "Call-ID"), None)
                signalling.answer(self.provider, message, 200)

    def look(self):
        """What is held now."""
        status, pids = self.border.status(), self.border.pids()
        self.looks.append((time.monotonic(), status["calls"], processes.memory_kib(pids), *self.talker.counts()))
        if self.options.verbose:
            print("soak: %.0f s, %d calls, %d KiB, sent %d, received %d, broken %d" % self.looks[-1], flush=True)
        for call in list(self.calls.values()):
            if time.monotonic() - call.begun > LATE_S + call.seconds:
                call.over(False, "never ended")
        self.at(LOOK_S, self.look)

    def serve(self, until):
        while time.monotonic() < until():
            for key, _ in self.selector.select(0.005):
                key.data()
            if self.provider.tls.conn and self.provider.tls.conn.pending():
                self.at_provider()
            while self.due and self.due[0][0] <= time.monotonic():
                heapq.heappop(self.due)[2]()

    def run(self):
        self.border.start()
        self.phone, self.provider = signalling.Udp(CALLER), Provider(self.border.pki)
        self.talker = Talker(self.options)
        self.phone.sock.setblocking(False)
        idle_kib = processes.memory_kib(self.border.pids())
        self.new_call()  # it makes the connection
        self.selector.register(self.provider.open(), selectors.EVENT_READ, self.at_provider)
        self.selector.register(self.phone.sock, selectors.EVENT_READ, self.at_phone)
        begun, end = time.monotonic(), time.monotonic() + self.options.seconds
        self.at(LOOK_S, self.look)

        def more():
            if time.monotonic() >= end:
                return
            # Talking ones are eight of ten, for their length each: so many begin that as many stand as are wanted.
            if len(self.calls) < self.options.calls:
                self.new_call()
            self.at(max(0.002, min(self.options.length, (end - begun) / 4) / self.options.calls / 2), more)
        self.at(0, more)
        self.serve(lambda: end)
        full = self.looks[len(self.looks) // 2:]
        for call in list(self.calls.values()):  # all hang up, in the time that they have left
            call.seconds = time.monotonic() - call.begun
            self.at(self.random.random(), call.hang_up) if call.ok else None
        self.due = [entry for entry in self.due if not (getattr(entry[2], "__func__", None) is Call.hang_up and entry[0] > end + 1.5)]
        heapq.heapify(self.due)
        self.serve(lambda: end + LATE_S if self.calls else 0)
        return begun, idle_kib, full

    def judge(self, begun, idle_kib, full):
        for call in self.calls.values():
            self.wrong(f"call {call.number}, that {call.fate}, is still there")
        if self.held_back > HELD_BACK * self.ended:
            self.wrong(f"{self.held_back} of {self.ended} calls were refused as in overload")
        sent, received, broken = self.talker.counts()
        if broken or received < 0.97 * sent:
            self.wrong(f"of {sent} packets {received} arrived, {broken} of them wrong")
        end, status = time.monotonic() + LATE_S + 10, {}
        keys = AT_REST if self.options.seconds > LATE_S else AT_REST[:-1]  # transactions take 32 s (RFC 3261, timers H and J)
        while time.monotonic() < end:
            status = self.border.status()
            if not any(status[key] for key in keys):
                break
            time.sleep(0.5)
        left = {key: status[key] for key in keys if status[key]}
        if left:
            self.wrong(f"left behind: {left}")
        third = max(1, len(full) // 3)
        first, last = (sum(look[2] for look in part) / len(part) for part in (full[:third], full[-third:]))
        if self.options.seconds > LATE_S and last > first * GROWTH + GROWTH_KIB:
            self.wrong(f"memory grows: {first:.0f} KiB, then {last:.0f}")
        calls = sum(look[1] for look in full) / len(full)
        print(f"soak: {self.ended} calls ({self.held_back} held back) in {time.monotonic() - begun:.0f} s, {calls:.0f} at a time; {sent} packets sent, {received} received; "
              f"PSS {idle_kib} KiB idle, {first:.0f} then {last:.0f} with calls ({(last - idle_kib) / max(1, calls):.1f} a call), "
              f"{processes.memory_kib(self.border.pids())} after")

    def stop(self):
        if self.talker:
            self.talker.process.stdin.close()
            self.talker.process.wait(10)
        for process in self.border.processes:
            process.terminate()
            if process.wait(20):
                self.wrong(f"trunkgate ended with {process.returncode}: see {self.border.work}")


def main():
    parser = argparse.ArgumentParser()
    for name, kind, default in (("binary", str, None), ("talker", str, None), ("work", str, None), ("seconds", float, 600),
                                ("calls", int, 300), ("length", float, 20), ("interval-ms", int, 20), ("seed", int, 1)):
        parser.add_argument(f"--{name}", type=kind, default=default)
    parser.add_argument("--verbose", action="store_true")
    soak = Soak(parser.parse_args())
    try:
        soak.judge(*soak.run())
    except (Wrong, processes.Failed, subprocess.SubprocessError, socket.error) as problem:
        soak.wrong(f"{type(problem).__name__}: {problem}")
    finally:
        soak.stop()
    print(f"soak: {'failed' if soak.problems else 'passed'}")
    return 1 if soak.problems else 0


if __name__ == "__main__":
    sys.exit(main())
