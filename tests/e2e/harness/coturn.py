"""coturn as the STUN server that says who it sees."""
import os

from . import network, process

PORT = 3478


def start(directory):
    server = process.Process("turnserver", ["turnserver", "-n", "--stun-only", f"--listening-ip={network.DNS}",
                                            f"--listening-port={PORT}", "--no-tls", "--no-dtls", "--no-cli", "--log-file=stdout",
                                            "--simple-log", "--pidfile=/run/turnserver.pid"],
                             os.path.join(directory, "turnserver.log"), "dns")
    server.wait_for_line("Total General servers")
    return server
