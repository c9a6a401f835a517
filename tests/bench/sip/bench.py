#!/usr/bin/env python3
"""Whole calls through Trunkgate, and the same through what an integrator would set up otherwise; see
tests/bench/README.md. Called by ./run, inside namespaces of its own."""
import argparse
import collections
import contextlib
import os
import socket
import statistics
import sys
import time

import borders
import processes
from load import Load, Wire
from processes import Failed
from watch import Watch

ENOUGH = 0.99  # of the calls must work where failures are not what is measured: workers may swap messages
ENOUGH_TO_COMPARE = 0.5  # on a machine that is busy as well
SETTLE_S = 3  # what is left of calls that failed is over by then
# How much of it all. A second try, since a neighbour on the same machine may have been in the way.
Size = collections.namedtuple("Size", "memory_calls cpu_rounds seconds halvings tries overload_s")
FULL = Size(memory_calls=1000, cpu_rounds=6, seconds=6, halvings=2, tries=2, overload_s=30)
QUICK = Size(memory_calls=200, cpu_rounds=1, seconds=2, halvings=0, tries=1, overload_s=5)
CPU_RATE, CPU_CALLS = 100, 300  # a second, in each round
PAIRS, PAIR_CALLS = 50, 100  # rounds of each of two builds, calls in each
SLOWED_PERCENT = 20  # of a core, for the overload: SIPp must be able to bring three times what is carried
STANDING = 50
TRANSACTIONS = 10000


def percentile(times, percent):
    return times[min(len(times) - 1, len(times) * percent // 100)] if times else float("nan")


def measure_cpu(border, load, rounds):
    """CPU seconds for 1,000 calls, and the share of the core that was others'. Of the round with the least: what the
    host of a virtual machine takes from a core counts as time of who ran there."""
    return min(measure_cpu_once(border, load) for _ in range(rounds))


def measure_cpu_once(border, load, calls=CPU_CALLS, enough=ENOUGH):
    before, busy, began = processes.cpu_s(border.pids()), processes.core_busy_s(processes.BORDER_CORE), time.monotonic()
    result = load.place(CPU_RATE, calls)
    used = processes.cpu_s(border.pids()) - before
    others = max(0, processes.core_busy_s(processes.BORDER_CORE) - busy - used)
    if result["ok"] < enough * calls:
        raise Failed(f"{border.name}: {result['ok']} of {calls} calls at {CPU_RATE} a second")
    return used / result["ok"] * 1000, others / (time.monotonic() - began)


def compare(options):
    """Two builds for the same calls. Both are up and take turns, so that what disturbs one disturbs the other: a
    difference of 3 % is seen where the figures of two runs differ by 15."""
    two = []
    for name, binary in (("before", options.before), ("after", options.binary)):
        two.append(borders.Trunkgate(os.path.join(options.work, name), binary))
        two[-1].address = f"127.10.0.{len(two)}"
    with contextlib.ExitStack() as stack:
        for border in two:
            stack.callback(border.stop)
            border.start()
        load = Load(os.path.join(options.work, "before"), two[0])
        stack.callback(load.stop)
        rounds = []
        for number in range(2 if options.quick else PAIRS):
            cost = {}
            for border in two if number % 2 else reversed(two):
                load.border = border
                cost[border] = measure_cpu_once(border, load, PAIR_CALLS, ENOUGH_TO_COMPARE)[0]
            rounds.append([cost[border] for border in two])
    before, after = zip(*rounds)
    ratios = [b / a for a, b in rounds]
    print(f"CPU seconds for 1,000 calls: {statistics.mean(before):.3f} before, {statistics.mean(after):.3f} after; "
          f"ratio {statistics.mean(ratios):.3f} +- {statistics.stdev(ratios) / len(ratios) ** 0.5:.3f}")


def measure_memory(border, load, calls):
    """KiB a call, from so many that are up at the same time."""
    before = processes.memory_kib(border.pids())
    run = load.begin(200, calls, calls / 200 * 1000 + 4000)
    time.sleep(calls / 200 + 2)
    during = processes.memory_kib(border.pids())
    if load.end(*run)["ok"] < ENOUGH * calls:
        raise Failed(f"{border.name}: not all of {calls} calls stood")
    return (during - before) / calls


def measure_transaction_memory(border):
    """KiB a transaction of a server: OPTIONS that were answered and are remembered for 32 s."""
    before = processes.memory_kib(border.pids())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((borders.CALLER, 5070))
        sock.settimeout(5)
        for number in range(TRANSACTIONS):
            sock.sendto(borders.options(f"m{number}"), (borders.BORDER, 5060))
            sock.recv(4096)
    return (processes.memory_kib(border.pids()) - before) / TRANSACTIONS


def carries(load, rate, size):
    """Whether it carries so many calls a second: none failed, nothing was sent twice."""
    for _ in range(size.tries):
        result = load.place(rate, rate * size.seconds)
        if (result["ok"], result["again"]) == (rate * size.seconds, 0):
            return True
        time.sleep(SETTLE_S)
    return False


def measure_capacity(load, first, size):
    """The highest rate that is carried: half as much again until it is too much, then halving what is between."""
    good, bad = 0, first
    while carries(load, bad, size):
        good, bad = bad, bad * 3 // 2
    while good == 0 and bad > 10:  # the first guess was too high
        bad = bad * 2 // 3
        if carries(load, bad, size):
            good, bad = bad, bad * 3 // 2
    for _ in range(size.halvings):
        middle = (good + bad) // 2
        if carries(load, middle, size):
            good = middle
        else:
            bad = middle
    return good


def measure_times(border, load, rate, seconds):
    """From INVITE to 180, and the border's part of it, and of the calls alone during which no core was taken from
    what ran there; sorted, in ms."""
    wire = Wire(border.work)
    watch = Watch((processes.BORDER_CORE, processes.LOAD_CORE))
    try:
        with load.undisturbed():
            load.place(rate, rate * seconds)
    finally:
        watch.stop()
    return wire.times_ms(b"180"), wire.own_ms(b"180"), wire.times_ms(b"180", watch)


def measure_overload(border, load, size):
    """Three times what a slow core carries: what comes of it, of calls that stand, and of the time after."""
    with processes.slowed(border.pids(), SLOWED_PERCENT):
        seconds = size.overload_s
        capacity = measure_capacity(load, 200, size)
        standing = load.begin(STANDING, STANDING, (seconds + 8) * 1000, port=5062)
        time.sleep(2)
        wire = Wire(border.work)
        before, began = processes.cpu_s(border.pids()), time.monotonic()
        over = load.place(3 * capacity, 3 * capacity * seconds)
        lasted, used = time.monotonic() - began, processes.cpu_s(border.pids()) - before
        refused = wire.times_ms(b"503")
        time.sleep(2)
        wire = Wire(border.work)
        after = load.place(capacity // 2, capacity // 2 * 4)
        times = wire.times_ms(b"180")
        stood = load.end(*standing)
    return {
        "carried": capacity, "goodput": over["ok"] / lasted, "ratio": over["ok"] / lasted / capacity,
        "refused": len(refused), "lost": 3 * capacity * seconds - over["ok"] - len(refused), "again": over["again"],
        "refused_p99": percentile(refused, 99), "core": used / lasted,
        "standing": STANDING - stood["ok"] + stood["again"],
        "after_failed": capacity // 2 * 4 - after["ok"], "after_again": after["again"],
        "after_p99": percentile(times, 99),
    }


def measure(border, options, figures):
    """The wanted figures of one border, by name."""
    size = QUICK if options.quick else FULL
    found = {}
    border.start()
    try:
        load = Load(options.work, border)
        try:
            time.sleep(0.5)
            load.place(10, 20)  # what is made at the first call is no call's cost
            if "memory" in figures:
                found["memory"] = measure_memory(border, load, size.memory_calls)
            if "transaction" in figures:
                found["transaction"] = measure_transaction_memory(border)
            if "cpu" in figures:
                found["cpu"], found["others"] = measure_cpu(border, load, size.cpu_rounds)
            if "capacity" in figures:
                found["capacity"] = measure_capacity(load, border.first_rate, size)
                for rate, key in ((max(found["capacity"] // 2, 10), ""), (border.half_rate, "goal_")):
                    if rate is None:
                        continue
                    times, own, quiet = measure_times(border, load, rate, size.seconds)
                    found[key + "p50"], found[key + "p99"] = percentile(times, 50), percentile(times, 99)
                    if own:
                        found[key + "own50"], found[key + "own99"] = percentile(own, 50), percentile(own, 99)
                    found[key + "quiet"] = len(quiet) / len(times) if times else 0
                    found[key + "quiet99"] = percentile(quiet, 99)
            if "overload" in figures:
                found["overload"] = measure_overload(border, load, size)
        finally:
            load.stop()
    finally:
        border.stop()
    return found


ROWS = (
    ("cpu", "CPU seconds for 1,000 calls", "%.2f"),
    ("capacity", "calls a second, none failed or sent again", "%d"),
    ("p50", "INVITE to 180 at half of that, p50 (ms)", "%.2f"),
    ("p99", "INVITE to 180 at half of that, p99 (ms)", "%.2f"),
    ("own50", "of it the border's own, p50 (ms)", "%.2f"),
    ("own99", "of it the border's own, p99 (ms)", "%.2f"),
    ("quiet", "calls during which no core was taken, share", "%.2f"),
    ("quiet99", "of these, INVITE to 180, p99 (ms)", "%.2f"),
    ("goal_p50", "INVITE to 180 at half of the goal, p50 (ms)", "%.2f"),
    ("goal_p99", "INVITE to 180 at half of the goal, p99 (ms)", "%.2f"),
    ("goal_own50", "of it the border's own, p50 (ms)", "%.2f"),
    ("goal_own99", "of it the border's own, p99 (ms)", "%.2f"),
    ("goal_quiet", "calls during which no core was taken, share", "%.2f"),
    ("goal_quiet99", "of these, INVITE to 180, p99 (ms)", "%.2f"),
    ("memory", "memory for a call (KiB)", "%.1f"),
    ("transaction", "memory for a transaction (KiB)", "%.2f"),
    ("others", "others on the border's core meanwhile", "%.2f"),
)
OVERLOAD_ROWS = (
    ("carried", "calls a second, carried without any refused", "%d"),
    ("goodput", "calls a second, made at three times that", "%d"),
    ("ratio", "of what is carried", "%.2f"),
    ("refused", "calls refused with 503", "%d"),
    ("lost", "calls that ended otherwise", "%d"),
    ("again", "messages sent again", "%d"),
    ("refused_p99", "INVITE to 503, p99 (ms)", "%.1f"),
    ("core", "of a core, meanwhile", "%.2f"),
    ("standing", "calls that stood and noticed", "%d"),
    ("after_failed", "two seconds later, at half: calls failed", "%d"),
    ("after_again", "two seconds later, at half: messages sent again", "%d"),
    ("after_p99", "two seconds later, at half: INVITE to 180, p99 (ms)", "%.1f"),
)


def print_table(title, found):
    """A column for each that has figures, and the ratio of two."""
    names = [name for name in found if found[name]]
    if not names:
        return
    print(f"\n{title:52}" + "".join(f"{name.split('-')[0]:>12}" for name in names) +
          ("       ratio" if len(names) == 2 else ""))
    for key, text, form in ROWS:
        if not any(key in found[name] for name in names):
            continue
        line = f"{text:52}" + "".join(f"{form % found[name][key] if key in found[name] else '-':>12}" for name in names)
        if len(names) == 2 and key != "others" and all(found[name].get(key) for name in names):
            line += f"{found[names[0]][key] / found[names[1]][key]:12.2f}"
        print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--before", help="another trunkgate, to compare the CPU of the two")
    parser.add_argument("--without-media", help="the binary that was linked without anchors")
    parser.add_argument("--work", required=True)
    parser.add_argument("--only", choices=("trunkgate", "kamailio"))
    parser.add_argument("--part", choices=("media", "signalling", "tls", "overload"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    options.work = os.path.abspath(options.work)
    if options.before:
        try:
            return compare(options)
        except Failed as failed:
            return failed
    found, failures = {}, []

    def part(name, border, *figures):
        if options.part not in (None, name) or options.only not in (None, border.name.split("-")[0]):
            return
        try:
            found.setdefault(name, {})[border.name] = measure(border, options, figures)
        except Failed as failed:
            failures.append(failed)
            print(failed, file=sys.stderr)

    trunkgate = borders.Trunkgate(options.work, options.binary)
    part("media", trunkgate, "memory", "transaction", "cpu", "capacity")
    part("media", borders.Kamailio(options.work), "memory", "cpu", "capacity")
    if options.without_media:
        part("signalling", borders.WithoutMedia(options.work, options.without_media), "cpu")
        part("signalling", borders.KamailioWithoutMedia(options.work), "cpu")
    part("tls", borders.ToTls(options.work, options.binary), "cpu", "capacity")
    part("overload", trunkgate, "overload")
    print_table("UDP to UDP, media anchored", found.get("media", {}))
    print_table("UDP to UDP, without media", found.get("signalling", {}))
    print_table("UDP to TLS, media anchored, SRTP keys", found.get("tls", {}))
    for figures in found.get("overload", {}).values():
        print(f"\noverload, trunkgate with {SLOWED_PERCENT} % of a core")
        for key, text, form in OVERLOAD_ROWS:
            print(f"{text:52}{form % figures['overload'][key]:>12}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
