#!/usr/bin/env python3
"""./quickstart --once: exit 0, true figures, a last line PASS, and nothing left behind, however deep the checkout. And
./quickstart as it stays up, for a softphone (baresip) that registers as it is told there, calls, and hears itself."""
import contextlib
import os
import re
import subprocess
import unittest

from harness import audio, baresip, lab, network, pki, process, sandbox, wait

SECONDS = 300  # with a build, if there is none yet
TONE_HZ = 440
MACHINE = "10.99.3.1"
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
    def run_once(self, checkout):
        done = subprocess.run([os.path.join(checkout, "quickstart"), "--once"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=SECONDS, check=False)
        print(done.stdout)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout.splitlines()[-1], "PASS")
        self.check_figures(done.stdout)

    def check_figures(self, said):
        """A call of seconds, of which nearly all came back, secured on the provider's side."""
        figures = re.search(r"packets sent (\d+), received (\d+), lost (\d+) \(.* %\), jitter [\d.]+ ms, codec \S+", said)
        self.assertIsNotNone(figures, "no figures")
        sent, received, lost = (int(figure) for figure in figures.groups())
        self.assertGreater(sent, 50)
        self.assertGreaterEqual(received, 0.9 * sent)
        self.assertLessEqual(lost, 0.1 * sent)
        self.assertIn("heard: our tone of 440 Hz came back", said)
        self.assertIn("towards the provider: SRTP AES_CM_128_HMAC_SHA1_80, TLSv1.3, peer provider.lab verified", said)
        self.assertRegex(said, r"INVITE sips:100@provider\.lab")  # the ladder

    def test_once(self):
        before = processes(), sockets(), files()
        self.run_once(pki.TOP)
        wait.until("its processes to be gone", lambda: processes() <= before[0], 5)
        self.assertEqual(sockets(), before[1])
        self.assertEqual(files(), before[2])
        deep = "/run/" + "/".join(["a-checkout-that-lies-deep"] * 6)  # a Unix socket's path has 107 octets
        os.makedirs(deep)
        mount("--bind", pki.TOP, deep)
        self.run_once(deep)


class Softphone(unittest.TestCase):
    def start_quickstart(self, directory):
        quickstart = process.Process("quickstart", [os.path.join(pki.TOP, "quickstart")],
                                     os.path.join(directory, "quickstart.log"), "machine")
        self.addCleanup(quickstart.stop)
        quickstart.wait_for_line("Ctrl-C ends it all", SECONDS)
        return quickstart

    def test_calls_the_echo(self):
        network.add_lonely_host("machine", MACHINE)
        directory = lab.work_directory("softphone")
        quickstart = self.start_quickstart(directory)
        password = re.search(r"password +(\w+)$", quickstart.log(), re.M).group(1)
        tone = os.path.join(directory, "tone.wav")
        audio.write_tone(tone, TONE_HZ, 60)
        phone = baresip.Baresip(os.path.join(directory, "baresip"), "machine", MACHINE,
                                f"<sip:demo@127.0.0.1>;auth_pass={password};regint=60;audio_codecs=pcma", tone, "20000-20999")
        self.addCleanup(phone.stop)
        phone.process.wait_for_line(r"200 OK .*\[1 binding\]")
        phone.dial("sip:4711@127.0.0.1")
        phone.wait_event("CALL_ESTABLISHED")
        phone.wait_heard(3)
        phone.hang_up()
        phone.wait_event("CALL_CLOSED")
        self.assertGreater(audio.seconds_of_tone(audio.read_growing(phone.heard()[0]), TONE_HZ), 2)
        self.assertEqual(quickstart.stop(), 0)
        self.assertIn("All is stopped.", quickstart.log())


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
