"""The hosts of a test and the two networks between them: the office inside, the internet outside.

            office 10.99.1.0/24          internet 10.99.2.0/24
    phone .10 ------+------ .2 sbc .2 ------+------ provider .10
     desk .11 ------+                       +------ carrier .11
      pbx .20 ------+                       +------ dns .3

ipv6() gives each link fd00:99:1::/64 or fd00:99:2::/64 as well, with the same last number.
"""
import contextlib
import socket
import subprocess

from . import sandbox

PHONE = "10.99.1.10"
DESK = "10.99.1.11"
PBX = "10.99.1.20"
SBC_INSIDE = "10.99.1.2"
SBC_OUTSIDE = "10.99.2.2"
DNS = "10.99.2.3"
PROVIDER = "10.99.2.10"
CARRIER = "10.99.2.11"
INSIDE_PREFIX = "10.99.1."

WIRE = "wire"  # holds the bridges; nobody lives there
PLAN = [  # host, its interface, network, address
    ("phone", "eth0", "office", PHONE),
    ("desk", "eth0", "office", DESK),
    ("pbx", "eth0", "office", PBX),
    ("sbc", "inside", "office", SBC_INSIDE),
    ("sbc", "outside", "internet", SBC_OUTSIDE),
    ("dns", "eth0", "internet", DNS),
    ("provider", "eth0", "internet", PROVIDER),
    ("carrier", "eth0", "internet", CARRIER),
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


def add_lonely_host(name, address):
    """One whose network card leads nowhere."""
    _add_host(name)
    ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", "nowhere")
    ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
    for interface in ("eth0", "nowhere"):
        ip("-n", name, "link", "set", interface, "up")


def as_ipv6(address):
    """What a host with that address has of IPv6."""
    _, _, network, host = address.split(".")
    return f"fd00:99:{network}::{host}"


def ipv6():
    """Gives all hosts their IPv6 addresses; they may be used at once."""
    for host, interface, _, address in PLAN:
        ip("-n", host, "-6", "address", "replace", f"{as_ipv6(address)}/64", "dev", interface, "nodad")


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


