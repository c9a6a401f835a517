"""SIPp: many calls at a set pace, each step of each call checked. Scenarios: tests/e2e/scenarios."""
import os

from . import process

SCENARIOS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scenarios")


def start(directory, name, host, scenario, *options):
    """Starts SIPp without a terminal; its messages go to files only when a call fails."""
    argv = ["sipp", "-sf", os.path.join(SCENARIOS, scenario + ".xml"), "-nostdin", "-trace_err",
            "-error_file", os.path.join(directory, name + "-errors"), "-trace_stat",
            "-stf", os.path.join(directory, name + "-statistics.csv"), "-fd", "1", *options]
    return process.Process(f"sipp {name}", argv, os.path.join(directory, name + ".log"), host)


def statistics(directory, name):
    """The last line of SIPp's statistics: {column: text}."""
    path = os.path.join(directory, name + "-statistics.csv")
    with open(path, encoding="ascii", errors="replace") as table:
        rows = table.read().splitlines()
    return dict(zip(rows[0].split(";"), rows[-1].split(";")))
