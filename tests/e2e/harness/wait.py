"""Waiting for something to be so. A test waits for events, never for time to pass."""
import time

STEP_S = 0.02


def _wall_ahead():
    """How far the wall clock is ahead of the one that is never set."""
    return time.time() - time.monotonic()


_AHEAD_AT_START = _wall_ahead()


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
            # baresip's own time is the wall clock's: set back, it sends nothing for as long.
            stepped = _wall_ahead() - _AHEAD_AT_START
            raise Timeout(f"waited {seconds} s in vain for {what}"
                          + (f" (the wall clock was set by {stepped:+.1f} s meanwhile)"
                             if abs(stepped) > 0.1 else ""))
        time.sleep(STEP_S)
