#!/usr/bin/env python3
"""The short form of tests/soak: calls of random length come and go, and nothing stays."""
import os
import subprocess

from harness import lab, pki, sbc

SOAK = os.path.join(pki.TOP, "tests", "soak", "soak.py")


class Soak(lab.LabTest):
    def test_short(self):
        argv = ["ip", "netns", "exec", "sbc", "python3", SOAK, "--binary", sbc.binary(),
                "--talker", os.path.join(sbc.BUILD, "soak_talker"), "--work", self.directory,
                "--seconds", "8", "--calls", "20", "--length", "2", "--interval-ms", "200"]
        env = dict(os.environ, ASAN_OPTIONS=sbc.ASAN_LEAN)
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False, env=env)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    lab.main()
