#!/usr/bin/env python3
"""RFC 4028, in real time: each leg's session is refreshed by itself, by us and by its peer; and what nobody refreshes ends, a
third before its 90 s are over."""
from harness import flows, lab
from ladders import timers


class SessionTimers(flows.FlowTest):
    ladders = timers.FLOWS
    seconds = 90

    def test_all(self):
        pairs = ("phone", "provider"), ("provider", "phone"), ("phone", "phone"), ("provider", "provider")
        self.play(*pairs)
        lost = self.trunkgate.log().count('event=session-lost why="the peer did not refresh the session in time"')
        self.assertEqual(lost, len(pairs) * 2 * flows.CALLS)


if __name__ == "__main__":
    lab.main()
