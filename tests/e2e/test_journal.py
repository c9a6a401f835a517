#!/usr/bin/env python3
"""`log: { to: journald }`: lines come to journald's socket, with their levels, and stderr has none of them."""
import os
import socket

from harness import lab, wait

SOCKET = "/run/systemd/journal/socket"  # journald's; /run is this test's own
PRIORITY_INFO = "6"


class Journal(lab.LabTest):
    def setUp(self):
        super().setUp()
        os.makedirs(os.path.dirname(SOCKET), exist_ok=True)
        self.journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.journal.close)
        self.journal.bind(SOCKET)
        self.addCleanup(os.unlink, SOCKET)
        self.journal.setblocking(False)

    def next_line(self):
        """The fields of what came, or None."""
        try:
            text = self.journal.recv(65536).decode()
        except BlockingIOError:
            return None
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def test_lines(self):
        config = self.configuration()
        config["log"]["to"] = "journald"
        self.start_trunkgate(config)
        lines = []

        def ready():
            while line := self.next_line():
                lines.append(line)
            return [line for line in lines if "event=ready" in line["MESSAGE"]]

        ready, = wait.until("the line that it is ready", ready)
        self.assertEqual(ready["PRIORITY"], PRIORITY_INFO)
        self.assertNotIn("level=", ready["MESSAGE"])
        self.trunkgate.stop()
        self.assertNotIn("event=ready", self.trunkgate.log())


if __name__ == "__main__":
    lab.main()
