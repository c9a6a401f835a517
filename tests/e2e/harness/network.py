"""The hosts of a test and the two networks between them: the office inside, the internet outside.

            office 10.99.1.0/24          internet 10.99.2.0/24
    phone .10 ------------- .2 sbc .2 ------+------ provider .10
                                            +------ dns .3
"""
import contextlib
import socket
import subprocess

from . import sandbox

PHONE = "10.99.1.10"
SBC_INSIDE = "10.99.1.2"
SBC_OUTSIDE = "10.99.2.2"
DNS = "10.99.2.3"
PROVIDER = "10.99.2.10"
INSIDE_PREFIX = "10.99.1."

WIRE = "wire"  # holds the bridges; nobody lives there
PLAN = [  # host, its interface, network, address
    ("phone", "eth0", "office", PHONE),
    ("sbc", "inside", "office", SBC_INSIDE),
    ("sbc", "outside", "internet", SBC_OUTSIDE),
    ("dns", "eth0", "internet", DNS),
    ("provider", "eth0", "internet", PROVIDER),
]


def ip(*args):
    """Runs ip(8); its words are the error."""
    done = subprocess.run(["ip", *args], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(args)}: {done.stderr.strip()}")


def _add_host(name):
    ip("netns", "add", name)
    ip("-n", name, "link", "set", "lo", "up")


def _add_link(host, interface, network, address):
    port = f"{host}.{interface}"
    ip("-n", host, "link", "add", interface, "type", "veth", "peer", "name", port, "netns", WIRE)
    ip("-n", WIRE, "link", "set", port, "master", network, "up")
    ip("-n", host, "address", "add", f"{address}/24", "dev", interface)
    ip("-n", host, "link", "set", interface, "up")


def build():
    """Makes all hosts and links. They end with the sandbox."""
    _add_host(WIRE)
    for network in ("office", "internet"):
        # No spanning tree: a port forwards from its first packet on.
        ip("-n", WIRE, "link", "add", network, "type", "bridge", "stp_state", "0")
        ip("-n", WIRE, "link", "set", network, "up")
    for host in dict.fromkeys(row[0] for row in PLAN):
        _add_host(host)
    for row in PLAN:
        _add_link(*row)


@contextlib.contextmanager
def inside(host):
    """The calling thread is in host for as long as the block lasts; sockets made there stay there."""
    sandbox.setns(f"/run/netns/{host}")
    try:
        yield
    finally:
        sandbox.setns("/proc/1/task/1/ns/net")


def udp_socket(host, address="", port=0):
    with inside(host):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address, port))
        return sock


def tcp_connect(host, address, port, seconds=5):
    with inside(host):
        return socket.create_connection((address, port), seconds)


