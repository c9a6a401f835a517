"""Waiting for something to be so. A test waits for events, never for time to pass."""
import time

STEP_S = 0.02


class Timeout(AssertionError):
    """What was waited for did not come; the text says what that was."""


def until(what, predicate, seconds=10):
    """Asks predicate again and again; gives back its first true answer."""
    end = time.monotonic() + seconds
    while True:
        answer = predicate()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Timeout(f"waited {seconds} s in vain for {what}")
        time.sleep(STEP_S)
