"""When a core was taken from all that runs there: by the host of a virtual machine, mostly. A process of its own for
each core sleeps for 2 ms at a time, before all else there, and notes when it wakes late."""
import bisect
import os
import signal
import subprocess
import sys
import time

STEP_S = 0.002
LATE_S = 0.0005
PRIORITY = 90  # before the peers, which have 1


class Watch:
    def __init__(self, cores):
        self.late_s = 0
        self.watchers = [subprocess.Popen([sys.executable, __file__, core], stdout=subprocess.PIPE, text=True)
                         for core in cores]
        for watcher in self.watchers:
            watcher.stdout.readline()  # it has begun

    def stop(self):
        """What waited in such a time, and what waited behind that, which takes as long again and longer."""
        spans = []
        for watcher in self.watchers:
            watcher.send_signal(signal.SIGINT)
            for line in watcher.stdout.read().splitlines():
                begin, end = map(float, line.split())
                self.late_s += end - begin
                spans.append((begin - STEP_S, end + 2 * (end - begin)))
            watcher.wait()
        spans.sort()
        self.begins, self.ends, end = [span[0] for span in spans], [], 0
        for span in spans:
            end = max(end, span[1])
            self.ends.append(end)

    def saw(self, begin, end):
        """Whether a core was taken in that time."""
        before = bisect.bisect_right(self.begins, end)
        return before > 0 and self.ends[before - 1] > begin


def watch(core):
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    print("begun", flush=True)
    late = []  # a pipe that nobody reads yet has an end
    try:
        while True:
            due = time.time() + STEP_S
            time.sleep(STEP_S)
            now = time.time()
            if now - due > LATE_S:
                late.append((due, now))
    except KeyboardInterrupt:
        print("\n".join(f"{due:.6f} {now:.6f}" for due, now in late))


if __name__ == "__main__":
    watch(int(sys.argv[1]))
