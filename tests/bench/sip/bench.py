#!/usr/bin/env python3
"""Whole calls through Trunkgate, and the same through Kamailio with rtpengine; see tests/bench/README.md.
Called by ./run, inside namespaces of its own."""
import argparse
import csv
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BORDER, CALLER, CALLEE = "127.10.0.1", "127.10.1.1", "127.10.1.2"
BORDER_CORE, LOAD_CORE = "0", "1"
HOLD_MS = 200  # from ACK to BYE
START_S = 10
SETTLE_S = 5  # what is left of calls that failed is over by then
COLUMNS = {"ok": "SuccessfulCall(C)", "failed": "FailedCall(C)", "again": "Retransmissions(C)"}  # of SIPp
TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """The bench itself does not work, or not one call does."""


# --- processes ---

def start(work, name, core, argv):
    """Starts a process on a core; its output goes to a log."""
    with open(os.path.join(work, name + ".log"), "ab") as log:
        return subprocess.Popen(["taskset", "-c", core, *argv], cwd=work, stdin=subprocess.DEVNULL,
                                stdout=log, stderr=log)


def stop(process, signo=signal.SIGTERM):
    """Ends it; SIGKILL for one that does not end in time."""
    if process.poll() is None:
        process.send_signal(signo)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def with_children(pid):
    """The process and all that it forked."""
    found = [pid]
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with open(path, encoding="ascii") as children:
            for child in children.read().split():
                found += with_children(int(child))
    return found


def cpu_s(pids):
    """User and system time of the processes so far."""
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def memory_kib(pids):
    """Proportional set size: what is shared counts once."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
            total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return total


def core_busy_s(core):
    """What anybody did on a core so far."""
    with open("/proc/stat", encoding="ascii") as stat:
        line = next(line for line in stat if line.startswith(f"cpu{core} "))
    fields = [int(field) for field in line.split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICKS


# --- what is measured ---

class Border:
    """What stands between caller and callee: processes on one core."""

    def __init__(self, work):
        self.work = os.path.join(work, self.name)
        os.makedirs(self.work, exist_ok=True)
        self.processes = []

    def spawn(self, name, argv):
        self.processes.append(start(self.work, name, BORDER_CORE, argv))

    def pids(self):
        return [pid for process in self.processes for pid in with_children(process.pid)]

    def wait_up(self):
        """Until it answers an OPTIONS, whatever it says."""
        probe = (f"OPTIONS sip:{BORDER} SIP/2.0\r\nVia: SIP/2.0/UDP {CALLER}:5070;branch=z9hG4bKup\r\n"
                 f"From: <sip:up@{CALLER}>;tag=1\r\nTo: <sip:{BORDER}>\r\nCall-ID: up\r\nCSeq: 1 OPTIONS\r\n"
                 "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n").encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((CALLER, 5070))
            sock.settimeout(0.2)
            for _ in range(START_S * 5):
                if any(process.poll() is not None for process in self.processes):
                    raise Failed(f"{self.name} ended: see {self.work}")
                try:
                    sock.sendto(probe, (BORDER, 5060))
                    return sock.recv(4096)
                except OSError:
                    time.sleep(0.1)
        raise Failed(f"{self.name} does not answer: see {self.work}")

    def stop(self):
        for process in reversed(self.processes):
            stop(process)
        self.processes = []


class Trunkgate(Border):
    name = "trunkgate"

    def __init__(self, work, binary):
        super().__init__(work)
        self.binary = shutil.copy2(binary, os.path.join(self.work, "trunkgate"))

    def start(self):
        config = {
            "control-socket": os.path.join(self.work, "control"),
            "log": {"to": "stderr"},
            "media-workers": 1,
            "max-calls": 10000,
            "realms": {"office": {"listen": [f"udp:{BORDER}:5060"], "media-ports": "10000-59999"}},
            "phones": {
                "alice": {"realm": "office", "address": CALLER},
                "bob": {"realm": "office", "address": f"{CALLEE}:5060", "numbers": ["4711"]},
            },
            "routes": [{"from": "office", "number": "4711", "to": "bob"}],
        }
        path = os.path.join(self.work, "trunkgate.yaml")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(config, out, indent=2)  # JSON is YAML
        self.spawn("trunkgate", [self.binary, "run", path])
        self.wait_up()


class Kamailio(Border):
    name = "kamailio"

    def start(self):
        self.spawn("rtpengine", ["rtpengine", "--foreground", "--log-stderr", "--log-level=3", "--table=-1",
                                 "--interface=" + BORDER, "--listen-ng=127.0.0.1:2223", "--num-threads=1",
                                 "--port-min=10000", "--port-max=59999", "--delete-delay=0"])
        time.sleep(1)  # Kamailio asks for it once, when it starts
        self.spawn("kamailio", ["kamailio", "-DD", "-E", "-m", "256", "-M", "16",
                                "-f", os.path.join(HERE, "kamailio.cfg"), "-Y", self.work])
        self.wait_up()


# --- load ---

class Load:
    """SIPp on both sides, on the other core."""

    def __init__(self, work, border):
        self.work = os.path.join(work, border.name)
        self.callee = start(self.work, "callee", LOAD_CORE, self.sipp("callee", CALLEE))
        self.runs = 0

    def sipp(self, name, address, *options):
        return ["sipp", "-sf", os.path.join(HERE, name.split("-")[0] + ".xml"), "-nostdin", "-i", address,
                "-p", "5060", "-buff_size", "1000000", "-trace_stat", "-fd", "1", "-stf", name + ".csv", *options]

    def statistics(self, name):
        with open(os.path.join(self.work, name + ".csv"), encoding="ascii", errors="replace") as table:
            rows = table.read().splitlines()
        return dict(zip(rows[0].split(";"), rows[-1].split(";"))) if len(rows) > 1 else {}

    def begin(self, rate, calls, hold_ms=HOLD_MS):
        self.runs += 1
        name = f"caller-{self.runs}"
        process = start(self.work, name, LOAD_CORE, self.sipp(
            name, CALLER, "-s", "4711", "-r", str(rate), "-m", str(calls), "-l", "30000", "-d", str(hold_ms),
            "-timeout", str(int(calls / rate + hold_ms / 1000 + 20)), "-trace_rtt", "-rtt_freq", "1",
            f"{BORDER}:5060"))
        return name, process

    def counts(self, name):
        counted = self.statistics(name)
        return {key: int(counted.get(column) or 0) for key, column in COLUMNS.items()}

    def end(self, name, process):
        """What came of it: counts and the sorted times from INVITE to 180, in ms."""
        process.wait()
        times = []
        for path in glob.glob(os.path.join(self.work, f"caller_{process.pid}_rtt.csv")):
            with open(path, encoding="ascii") as table:
                times += [float(row[1]) for row in csv.reader(table, delimiter=";") if row[0][:1].isdigit()]
        return {**self.counts(name), "times": sorted(times)}

    def place(self, rate, calls):
        return self.end(*self.begin(rate, calls))

    def stop(self):
        stop(self.callee, signal.SIGKILL)  # it has no state to save, and would wait for its calls


def percentile(times, percent):
    return times[min(len(times) - 1, len(times) * percent // 100)] if times else float("nan")


def measure_cpu(border, load, rate, calls):
    """CPU seconds for 1,000 calls, and the share of the core that was others'."""
    before, busy, began = cpu_s(border.pids()), core_busy_s(BORDER_CORE), time.monotonic()
    result = load.place(rate, calls)
    used = cpu_s(border.pids()) - before
    others = max(0, core_busy_s(BORDER_CORE) - busy - used)
    if result["ok"] != calls:
        raise Failed(f"{border.name}: {result['ok']} of {calls} calls at {rate} a second")
    return used / calls * 1000, others / (time.monotonic() - began)


def measure_memory(border, load, calls):
    """KiB a call, from so many that are up at the same time."""
    before = memory_kib(border.pids())
    run = load.begin(200, calls, calls / 200 * 1000 + 4000)
    time.sleep(calls / 200 + 2)
    during = memory_kib(border.pids())
    if load.end(*run)["ok"] != calls:
        raise Failed(f"{border.name}: not all of {calls} calls stood")
    return (during - before) / calls


def carries(load, rate, seconds):
    """Whether it carries so many calls a second: none failed, nothing was sent twice. One more try, since a
    neighbour on the same machine may have been in the way."""
    for _ in range(2):
        result = load.place(rate, rate * seconds)
        if (result["ok"], result["again"]) == (rate * seconds, 0):
            return True
        time.sleep(SETTLE_S)
    return False


def measure_capacity(load, seconds, halvings):
    """The highest rate that is carried: half as much again until it is too much, then halving what is between."""
    good, bad = 0, 100
    while carries(load, bad, seconds):
        good, bad = bad, bad * 3 // 2
    for _ in range(halvings):
        middle = (good + bad) // 2
        if carries(load, middle, seconds):
            good = middle
        else:
            bad = middle
    return good


def measure(border, options):
    """All figures of one border, by name."""
    scale = 5 if options.quick else 1
    figures = {}
    border.start()
    try:
        load = Load(options.work, border)
        try:
            time.sleep(0.5)
            load.place(10, 20)  # what is made at the first call is no call's cost
            figures["memory"] = measure_memory(border, load, 1000 // scale)
            figures["cpu"], figures["others"] = measure_cpu(border, load, 100, 2000 // scale)
            figures["capacity"] = measure_capacity(load, 10 // scale, 3 if scale == 1 else 1)
            half = max(figures["capacity"] // 2, 10)
            times = load.place(half, half * 8 // scale)["times"]
            figures["p50"], figures["p99"] = percentile(times, 50), percentile(times, 99)
        finally:
            load.stop()
    finally:
        border.stop()
    return figures


ROWS = (
    ("cpu", "CPU seconds for 1,000 calls", "%.2f"),
    ("capacity", "calls a second, none failed or sent again", "%d"),
    ("p50", "INVITE to 180 at half of that, p50 (ms)", "%.1f"),
    ("p99", "INVITE to 180 at half of that, p99 (ms)", "%.1f"),
    ("memory", "memory for a call (KiB)", "%.1f"),
)


def print_table(found):
    names = list(found)
    print(f"{'UDP to UDP, media anchored':44}" + "".join(f"{name:>12}" for name in names) +
          ("       ratio" if len(names) == 2 else ""))
    for key, text, form in ROWS:
        line = f"{text:44}" + "".join(f"{form % found[name][key]:>12}" for name in names)
        if len(names) == 2:
            first, second = (found[name][key] for name in names)
            line += f"{first / second:12.2f}" if second else f"{'-':>12}"
        print(line)
    print("others on the border's core meanwhile: " +
          ", ".join(f"{figures['others']:.0%} ({name})" for name, figures in found.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--only", choices=("trunkgate", "kamailio"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    options.work = os.path.abspath(options.work)
    borders = [Trunkgate(options.work, options.binary), Kamailio(options.work)]
    found = {}
    try:
        for border in borders:
            if options.only in (None, border.name):
                found[border.name] = measure(border, options)
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    print_table(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
