"""What a failed test leaves for whoever reads its output alone: the end of every program's log, what
Trunkgate counted, what was heard. It goes with the failure as a note, so it stands where that is told."""
import functools
import glob
import os
import re
import types
import unittest

from . import process

LINES = {"trunkgate": 14}  # of its log; of all others:
OTHER_LINES = 6
LINE_MAX = 220
SHOW_MAX = 2000
# baresip writes every message into its log; the ladder is easier to read.
DULL = re.compile(r"[\s#]*$|(UDP|TCP|TLS) \S+ -> |[A-Z][A-Za-z-]*: |SIP/2\.0 |[A-Z]+ sips?:|[a-z]=")
COLOURS = re.compile("\x1b\\[[0-9;]*m")


def _end_of_log(program):
    lines = [line for line in COLOURS.sub("", program.log()).splitlines() if not DULL.match(line)]
    last = lines[-LINES.get(program.name, OTHER_LINES):]
    state = "runs" if program.alive() else f"ended with {program.popen.returncode}"
    yield f"--- {program.name} ({state}), the last {len(last)} of {len(lines)} lines:"
    yield from (line[:LINE_MAX] for line in last)


def _counters(trunkgate):
    yield "--- trunkgate show:"
    for what in ("status", "calls"):
        text = trunkgate.show_text(what)
        yield f"{what}: {' '.join(text.split())[:SHOW_MAX]}" if text else f"{what}: no answer"


def _recordings(directory):
    for path in sorted(glob.glob(os.path.join(directory, "*", "dump-*.wav"))):
        yield f"--- {os.path.getsize(path)} octets in {os.path.relpath(path, directory)}"


def _all(test):
    parts = [_end_of_log(program) for program in process.started]
    parts.append(_recordings(test.directory))
    if test.trunkgate and test.trunkgate.process.alive():
        parts.append(_counters(test.trunkgate))
    for part in parts:
        try:
            yield from part
        except Exception as err:  # pylint: disable=broad-except
            yield f"--- and no more: {err!r}"  # the first failure is the one to be told


def with_failure(test, method):
    """A method as method, whose failure tells all that; before anything is taken down."""
    @functools.wraps(method.__func__)
    def run(self):
        try:
            method()
        except unittest.SkipTest:
            raise
        except Exception as err:
            err.add_note("\n".join(_all(self)))
            raise
    return types.MethodType(run, test)
