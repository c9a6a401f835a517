"""OpenSSL's own s_server and s_client: peers that show any certificate, and speak TLS versions that nobody should."""
import contextlib
import os
import subprocess
import threading

from . import process

ANYTHING = ("-cipher", "DEFAULT@SECLEVEL=0")  # so that they load what we must refuse


def server(directory, name, host, address, port, certificate, *options):
    """Listens, takes one connection after the other, and answers nothing of what it is told."""
    chain = [] if "-cert_chain" in options else ["-cert_chain", certificate]
    argv = ["openssl", "s_server", "-accept", f"{address}:{port}", "-cert", certificate, "-key", certificate,
            *chain, "-www", *ANYTHING, *options]
    return process.Process(f"s_server {name}", argv, os.path.join(directory, f"server-{name}.log"), host)


def say(host, target, port, message, until, seconds, *options, quiet=("-quiet",)):
    """Connects with s_client, says the message; what came back until that text was in it or the peer closed.

    quiet=(): s_client talks of itself, too, and a line with R alone makes it ask for a new handshake.
    """
    argv = ["ip", "netns", "exec", host, "openssl", "s_client", "-connect", f"{target}:{port}", *quiet,
            "-servername", "sbc.lab", "-verify_quiet", *ANYTHING, *options]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as client:
        patience = threading.Timer(seconds, client.kill)
        patience.start()
        heard = b""
        try:
            with contextlib.suppress(BrokenPipeError):
                client.stdin.write(message)
                client.stdin.flush()
            while until not in heard and (chunk := os.read(client.stdout.fileno(), 65536)):
                heard += chunk
        finally:
            patience.cancel()
            client.kill()
            with contextlib.suppress(BrokenPipeError):
                client.stdin.close()
    return heard
