#!/usr/bin/env python3
"""./quickstart --once: exit 0, a last line PASS, and nothing left behind."""
import contextlib
import os
import subprocess
import unittest

from harness import pki, sandbox, wait

SECONDS = 300  # with a build, if there is none yet
TABLES = ("tcp", "udp", "tcp6", "udp6")


def processes():
    """All process ids of this sandbox. Orphans come to process 1, which is this test: it buries them."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def sockets():
    """Local addresses of all sockets in this sandbox, but for those that only wait out a close."""
    found = set()
    for table in TABLES:
        with open(f"/proc/net/{table}", encoding="ascii") as lines:
            rows = [line.split() for line in lines.readlines()[1:]]
        found |= {(table, row[1]) for row in rows if row[3] != "06"}
    return found


def files():
    """What git sees in the tree, and the names in /tmp."""
    status = subprocess.run(["git", "-c", "safe.directory=*", "-C", pki.TOP, "status", "--porcelain"],
                            capture_output=True, text=True, check=True).stdout
    return status, sorted(os.listdir("/tmp"))


class Quickstart(unittest.TestCase):
    def test_once(self):
        before = processes(), sockets(), files()
        done = subprocess.run([os.path.join(pki.TOP, "quickstart"), "--once"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=SECONDS, check=False)
        print(done.stdout)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout.splitlines()[-1], "PASS")
        wait.until("its processes to be gone", lambda: processes() <= before[0], 5)
        self.assertEqual(sockets(), before[1])
        self.assertEqual(files(), before[2])


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def own_tmp():
    """A /tmp that nobody else writes to; a checkout that lies in the old one stays in sight."""
    held = "/run/checkout"
    os.makedirs(held)
    mount("--bind", pki.TOP, held)
    mount("-t", "tmpfs", "none", "/tmp")
    if not os.path.isdir(pki.TOP):
        os.makedirs(pki.TOP)
        mount("--bind", held, pki.TOP)


if __name__ == "__main__":
    sandbox.enter()
    own_tmp()
    unittest.main(verbosity=2)
