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
    tunnel.wait_for_line("Configuration successful")
    return tunnel


def server(directory, host, address, certificate, root, plain_port, port=5061):
    """Takes TLS on ADDRESS:PORT from clients with a certificate under root; plain to PLAIN_PORT."""
    return _start(directory, f"stunnel-in-{port}", host, f"""[sips]
accept = {address}:{port}
connect = 127.0.0.1:{plain_port}
cert = {certificate}
CAfile = {root}
verifyChain = yes
requireCert = yes
""")


def client(directory, host, target, name, certificate, root, plain_port):
    """Takes plain TCP on PLAIN_PORT; TLS to TARGET:5061, shows a certificate, checks theirs."""
    return _start(directory, "stunnel-out", host, f"""[sips]
client = yes
accept = 127.0.0.1:{plain_port}
connect = {target}:5061
cert = {certificate}
CAfile = {root}
verifyChain = yes
checkHost = {name}
sni = {name}
""")
