#!/usr/bin/env python3
"""Relayed media through Trunkgate, and the same through Kamailio with rtpengine; see tests/bench/README.md.
Called by ./run, inside namespaces of its own."""
import argparse
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sip"))
# pylint: disable=wrong-import-position
import borders
import processes
from processes import Failed

import signalling

PACKETS_A_SECOND = 100  # of a call, both ways
TOO_LATE_MS = 20  # p99 of a border that is too full
SUITES = {"rtp": None, "srtp": "AES_CM_128_HMAC_SHA1_80", "gcm": "AEAD_AES_256_GCM"}


class Kamailio(borders.Kamailio):
    def __init__(self, work, suite):
        super().__init__(work)
        self.defines = ["-A", "SRTP_TO_CALLEE"] if suite else []


def open_border(options, name, suite):
    if name == "kamailio":
        return Kamailio(options.work, suite)
    border = (borders.ToTls if suite else borders.Trunkgate)(options.work, options.binary)
    plain = border.configuration

    def configuration():
        config = plain()
        for realm in config["realms"].values():
            realm["media-timeout"] = "0s"
        for trunk in config.get("trunks", {}).values():
            trunk["srtp-suites"] = [suite]
        return config
    border.configuration = configuration
    return border


def run(options, name, suite, calls):
    """The figures of so many calls at a time, set up and torn down with their border."""
    border = open_border(options, name, suite)
    border.start()
    ends = []
    try:
        ends = [signalling.Udp(borders.CALLER),
                signalling.Tls(border.pki) if border.callee_tls else signalling.Udp(borders.CALLEE)]
        idle_kib = processes.memory_kib(border.pids())
        lines = [signalling.call(*ends, number, suite) for number in range(calls)]
        generator = subprocess.Popen(
            ["taskset", "-c", processes.LOAD_CORE, options.generator, borders.CALLER, borders.CALLEE,
             str(signalling.MEDIA_PORT), str(options.warm_up), str(options.seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        generator.stdin.write("\n".join(lines) + "\n")
        generator.stdin.close()
        marks = []
        for line in generator.stdout:
            if line.strip() in ("begin", "end"):
                marks.append((processes.cpu_s(border.pids()), processes.core_busy_s(processes.BORDER_CORE)))
            else:
                figures = json.loads(line)
        if generator.wait() != 0 or len(marks) != 2:
            raise Failed(f"{name}: the generator ended with {generator.returncode}")
        used = marks[1][0] - marks[0][0]
        figures["core"] = used / figures["seconds"]
        figures["others"] = max(0, marks[1][1] - marks[0][1] - used) / figures["seconds"]
        figures["cpu"] = used / max(figures["received"], 1) * 1e6
        figures["lost"] = 1 - figures["received"] / max(figures["sent"], 1)
        figures["memory"] = (processes.memory_kib(border.pids()) - idle_kib) / calls
        # A generator that cannot keep its own pace measures itself.
        figures["pace"] = figures["sent"] / (calls * PACKETS_A_SECOND * options.seconds)
        return figures
    finally:
        for end in ends:
            end.close()
        border.stop()


def carries(figures):
    return figures["lost"] == 0 and figures["p99_ms"] <= TOO_LATE_MS


def find_most(options, name, suite, first):
    """The most calls that lose nothing and delay little: half as much again until it is too much, then halving."""
    good, bad, best = 0, first, None
    while bad <= options.most:
        figures = run(options, name, suite, bad)
        if not carries(figures):
            break
        good, bad, best = bad, bad * 3 // 2, figures
    for _ in range(options.halvings):
        middle = (good + min(bad, options.most)) // 2
        figures = run(options, name, suite, middle)
        if carries(figures):
            good, best = middle, figures
        else:
            bad = middle
    return good, best


ROWS = (
    ("cpu", "CPU seconds for a million packets", "%.2f"),
    ("core", "of the core", "%.2f"),
    ("p50_ms", "added delay, p50 (ms)", "%.2f"),
    ("p99_ms", "added delay, p99 (ms)", "%.2f"),
    ("max_ms", "added delay, longest (ms)", "%.1f"),
    ("lost", "lost, of all", "%.5f"),
    ("broken", "packets that are no one's", "%d"),
    ("memory", "memory for a call (KiB)", "%.1f"),
    ("pace", "sent, of what should be", "%.3f"),
    ("others", "others on the border's core meanwhile", "%.2f"),
    ("most", "calls at most", "%d"),
)


def print_table(title, found):
    names = list(found)
    print(f"\n{title:48}" + "".join(f"{name:>12}" for name in names) + ("       ratio" if len(names) == 2 else ""))
    for key, text, form in ROWS:
        if not any(key in found[name] for name in names):
            continue
        line = f"{text:48}" + "".join(f"{form % found[name][key] if key in found[name] else '-':>12}" for name in names)
        if len(names) == 2 and key in ("cpu", "memory", "most") and all(found[name].get(key) for name in names):
            line += f"{found[names[0]][key] / found[names[1]][key]:12.2f}"
        print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--generator", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--only", choices=("trunkgate", "kamailio"))
    parser.add_argument("--part", choices=tuple(SUITES))
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--most", type=int, default=4000, help="calls to try at most; 0: only --calls")
    options = parser.parse_args()
    options.work = os.path.abspath(options.work)
    options.warm_up, options.seconds, options.halvings = (1, 3, 0) if options.quick else (2, 10, 3)
    failures = 0
    for part, suite in SUITES.items():
        if options.part not in (None, part):
            continue
        found = {}
        for name in ("trunkgate", "kamailio"):
            if options.only not in (None, name):
                continue
            try:
                found[name] = run(options, name, suite, options.calls)
                if options.most:
                    found[name]["most"] = find_most(options, name, suite, 600)[0]
            except (Failed, OSError) as failed:
                print(f"{part}, {name}: {failed}", file=sys.stderr)
                failures += 1
        if found:
            print_table(f"{options.calls} calls, RTP to {'RTP' if not suite else suite}", found)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
