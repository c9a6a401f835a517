"""What the end-to-end tests are made of: hosts, peers that we did not write, and ears.

Every test runs in a world of its own (sandbox.py): its network, its processes and its mounts are
seen by nobody else, two runs cannot meet, and the kernel removes all of it when the test ends,
however it ends.
"""
