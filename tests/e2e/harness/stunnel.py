"""stunnel in front of a peer that knows no TLS (Debian's SIPp): it does the TLS, with certificates."""
import os

from . import process

COMMON = """foreground = yes
debug = info
pid =
syslog = no
sslVersionMin = TLSv1.2
"""


def _start(directory, name, host, text):
    path = os.path.join(directory, name + ".conf")
    with open(path, "w", encoding="ascii") as out:
        out.write(COMMON + text)
    tunnel = process.Process(f"stunnel {name}", ["stunnel", path],
                             os.path.join(directory, name + ".log"), host)
    tunnel.wait_for_line("Configuration successful", 30)  # each door loads its roots
    return tunnel


def servers(directory, host, address, root, doors):
    """Takes TLS from clients with a certificate under root. doors: (certificate, port, plain port behind it) of each."""
    return _start(directory, f"stunnel-in-{doors[0][1]}", host, "".join(f"""[sips{port}]
accept = {address}:{port}
connect = 127.0.0.1:{plain_port}
cert = {certificate}
CAfile = {root}
verifyChain = yes
requireCert = yes
""" for certificate, port, plain_port in doors))


def server(directory, host, address, certificate, root, plain_port, port=5061):
    """One such door."""
    return servers(directory, host, address, root, [(certificate, port, plain_port)])


def clients(directory, host, target, name, root, doors):
    """Takes plain TCP, goes on by TLS to TARGET:5061, checks its name. doors: (certificate that is shown or None, plain port)."""
    return _start(directory, "stunnel-out", host, "".join(f"""[sips{plain_port}]
client = yes
accept = 127.0.0.1:{plain_port}
connect = {target}:5061
{f"cert = {certificate}" if certificate else ""}
CAfile = {root}
verifyChain = yes
checkHost = {name}
sni = {name}
""" for certificate, plain_port in doors))
