"""A program under test: started in a host, its output in a file, ended by its own process id."""
import os
import re
import signal
import subprocess
import time

from . import wait


started = []  # all of the test that runs, in their order; LabTest empties it


class Process:
    """One started program. stop() is safe to call twice and never touches anything else."""

    def __init__(self, name, argv, log_path, host=None, env=None, cwd=None, stdin=subprocess.DEVNULL):
        self.name = name
        self.log_path = log_path
        if host:
            argv = ["ip", "netns", "exec", host] + argv
        with open(log_path, "wb") as log:
            self.popen = subprocess.Popen(argv, stdin=stdin, stdout=log, stderr=log,
                                          env=dict(os.environ, **(env or {})), cwd=cwd)
        started.append(self)

    @property
    def pid(self):
        return self.popen.pid

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def alive(self):
        return self.popen.poll() is None

    def require_alive(self):
        if not self.alive():
            raise AssertionError(f"{self.name} ended with {self.popen.returncode}:\n{self.log()[-3000:]}")

    def wait_for_line(self, pattern, seconds=10, after=0):
        """The first line of its output that matches; fails early when the program ends.

        after: only what stands behind so many characters counts.
        """
        regex = re.compile(pattern)

        def find():
            for line in self.log()[after:].splitlines():
                if regex.search(line):
                    return line
            self.require_alive()
            return None

        return wait.until(f"{self.name} to write {pattern!r}", find, seconds)

    def send_signal(self, signo):
        self.popen.send_signal(signo)

    def wait_exit(self, seconds):
        """Its exit status; a negative one is a signal's number."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise wait.Timeout(f"{self.name} did not end within {seconds} s") from None

    def stop(self, seconds=5, signo=signal.SIGTERM):
        """Asks it to end, insists when it does not; its exit status."""
        if self.alive():
            self.send_signal(signo)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        return self.popen.wait()

    def listens(self, port):
        """Whether that TCP or UDP port is open in its host."""
        self.require_alive()
        for table, state in (("tcp", "0A"), ("udp", "07")):
            with open(f"/proc/{self.pid}/net/{table}", encoding="ascii") as rows:
                if any(row[1].endswith(f":{port:04X}") and row[3] == state for row in map(str.split, rows)):
                    return True
        return False

    def rss_kib(self):
        """Resident memory, as the kernel counts it."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def seconds_of(action):
    """How long action() takes."""
    start = time.monotonic()
    action()
    return time.monotonic() - start
