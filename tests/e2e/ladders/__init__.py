"""The ladders that tests play; harness/ladder.py says how to read them."""
