#!/usr/bin/env python3
"""1,000 calls at 50 a second, none failed; afterwards no call, port or transaction is left, and the
memory is back to where it was after the first hundred."""
import os
import signal

from harness import lab, network, sipp, stunnel

RATE = 50
FIRST = 100
CALLS = 1000
# A leak of 2 KiB a call would be 2,000 KiB: a forgotten leg, dialog or transaction is more than that.
# Less is the allocator's: chunks that the thousand leave in another order than the hundred did.
TOLERANCE_KIB = 2000
# Under ASan freed memory goes into a quarantine before it comes back; a small one is soon full.
ASAN = "quarantine_size_mb=1:thread_local_quarantine_size_kb=64:detect_leaks=1"


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
        self.trunkgate.wait_at_rest()
        return self.trunkgate.process.rss_kib()

    def test_thousand_calls(self):
        self.place_calls("first-hundred", FIRST)
        before = self.memory_at_rest()
        files = self.trunkgate.process.descriptors()
        self.place_calls("thousand", CALLS)
        after = self.memory_at_rest()
        print(f"resident: {before} KiB after {FIRST} calls, {after} KiB after {CALLS} more")
        self.assertLessEqual(after, before + TOLERANCE_KIB, "memory that did not come back")
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
