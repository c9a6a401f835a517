"""The ladders of test_flows.py; harness/ladder.py says how to read them."""
from . import calls, others, sessions

FLOWS = {**calls.FLOWS, **sessions.FLOWS, **others.FLOWS}
