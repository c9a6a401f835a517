"""Processes on cores, and what they cost."""
import contextlib
import glob
import os
import signal
import subprocess
import time

BORDER_CORE, LOAD_CORE = "0", "1"
TICKS = os.sysconf("SC_CLK_TCK")
CGROUPS = "/sys/fs/cgroup"
PERIOD_US = 10000
CPUCLOCK_SCHED = 2  # of the kernel's posix-timers.h


class Failed(Exception):
    """The bench itself does not work, or not one call does."""


def start(work, name, core, argv):
    """Starts a process on a core; its output goes to a log."""
    with open(os.path.join(work, name + ".log"), "ab") as log:
        return subprocess.Popen(["taskset", "-c", core, *argv], cwd=work, stdin=subprocess.DEVNULL,
                                stdout=log, stderr=log)


def set_policy(pids, policy):
    """How all threads of the processes are scheduled; SCHED_FIFO with the lowest priority."""
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setscheduler(int(thread), policy, os.sched_param(1 if policy == os.SCHED_FIFO else 0))


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
    """User and system time of the processes so far: by the scheduler's clock, for /proc has it in steps of 10 ms."""
    return sum(time.clock_gettime(~pid << 3 | CPUCLOCK_SCHED) for pid in pids)  # as clock_getcpuclockid(3)


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


def write(path, text):
    with open(path, "w", encoding="ascii") as out:
        out.write(text)


@contextlib.contextmanager
def slowed(pids, percent):
    """While it lasts the processes have so much of a core, by a control group of either version."""
    quota = PERIOD_US * percent // 100
    if os.path.exists(os.path.join(CGROUPS, "cgroup.controllers")):
        write(os.path.join(CGROUPS, "cgroup.subtree_control"), "+cpu")
        top, limits = CGROUPS, {"cpu.max": f"{quota} {PERIOD_US}"}
    else:
        top = os.path.join(CGROUPS, "cpu")
        limits = {"cpu.cfs_period_us": str(PERIOD_US), "cpu.cfs_quota_us": str(quota)}
    group = os.path.join(top, "trunkgate-bench")
    os.makedirs(group, exist_ok=True)
    try:
        for name, value in limits.items():
            write(os.path.join(group, name), value)
        for pid in pids:
            write(os.path.join(group, "cgroup.procs"), str(pid))
        yield
    finally:
        for pid in pids:
            write(os.path.join(top, "cgroup.procs"), str(pid))
        os.rmdir(group)
