#!/usr/bin/env python3
"""1,000 calls at 50 a second, none failed; afterwards no call, port or transaction is left, and the
memory is back to where it was after the first hundred."""
import os
import signal
import time

from harness import lab, network, sbc, sipp, stunnel, wait

RATE = 50
FIRST = 100
CALLS = 1000
# 1 KiB a call: a forgotten leg, dialog or transaction is more than that. Below it is the allocator's
# own: pages that a few chunks that live on keep from going back to the kernel.
TOLERANCE_KIB = 1000
# ASan's allocator does not go by malloc_trim. Measured there: 2.1 MiB more after each of the first two
# thousands, nothing more after two others; a leak is LeakSanitizer's to find, when Trunkgate ends.
ASAN_TOLERANCE_KIB = 3000
# A small quarantine is soon full, and free pages go back to the kernel at once.
ASAN = ("quarantine_size_mb=1:thread_local_quarantine_size_kb=64:allocator_release_to_os_interval_ms=100"
        ":detect_leaks=1")
SETTLED_S = 11  # Trunkgate gives its free pages back within 10 s after the last call


def tolerance_kib():
    with open(sbc.binary(), "rb") as program:
        return ASAN_TOLERANCE_KIB if b"__asan_init" in program.read() else TOLERANCE_KIB


class Load(lab.LabTest):
    def setUp(self):
        super().setUp()
        os.environ["ASAN_OPTIONS"] = ASAN
        self.start_dns()
        self.start_provider_front()
        self.provider = sipp.start(
            self.directory, "provider", "provider", "provider_answers", "-t", "t1", "-i", "127.0.0.1",
            "-p", "5070", "-key", "contact", f"sips:4711@{network.PROVIDER}:5061",
            "-key", "media", network.PROVIDER)
        self.addCleanup(self.provider.stop)
        self.start_trunkgate()

    def start_provider_front(self):
        certificate = self.authority.issue("provider.lab")
        tunnel = stunnel.server(self.directory, "provider", network.PROVIDER, certificate,
                                self.authority.root, 5070)
        self.addCleanup(tunnel.stop)

    def place_calls(self, name, count):
        """So many calls; SIPp's exit status is 0 only when every step of each came as it should."""
        phone = sipp.start(
            self.directory, name, "phone", "phone_calls", "-t", "u1", "-i", network.PHONE, "-p", "5060",
            "-s", "4711", "-r", str(RATE), "-m", str(count), "-l", "1000", "-timeout", "120",
            "-timeout_error", f"{network.SBC_INSIDE}:5060")
        self.addCleanup(phone.stop)
        status = phone.wait_exit(180)
        counted = sipp.statistics(self.directory, name)
        self.assertEqual((status, counted["SuccessfulCall(C)"], counted["FailedCall(C)"]),
                         (0, str(count), "0"), phone.log()[-3000:])

    def memory_at_rest(self):
        """Resident memory, in KiB, when nothing goes on and it has stopped falling."""
        self.trunkgate.wait_at_rest()
        lowest, since = self.trunkgate.process.rss_kib(), time.monotonic()

        def settled():
            nonlocal lowest, since
            now = self.trunkgate.process.rss_kib()
            if now < lowest:
                lowest, since = now, time.monotonic()
            return time.monotonic() - since > SETTLED_S

        wait.until("the memory to settle", settled, 60)
        return lowest

    def test_thousand_calls(self):
        self.place_calls("first-hundred", FIRST)
        before = self.memory_at_rest()
        files = self.trunkgate.process.descriptors()
        self.place_calls("thousand", CALLS)
        after = self.memory_at_rest()
        print(f"resident: {before} KiB after {FIRST} calls, {after} KiB after {CALLS} more")
        self.assertLessEqual(after, before + tolerance_kib(), "memory that did not come back")
        self.assertLessEqual(self.trunkgate.process.descriptors(), files, "sockets left open")
        self.assertEqual(self.trunkgate.show("calls"), [])
        self.check_provider()

    def check_provider(self):
        """The provider's side too: no call that it gave up, no message that it did not expect."""
        self.provider.stop(signo=signal.SIGUSR1)
        counted = sipp.statistics(self.directory, "provider")
        self.assertEqual((counted["SuccessfulCall(C)"], counted["FailedCall(C)"]),
                         (str(FIRST + CALLS), "0"))


if __name__ == "__main__":
    lab.main()
