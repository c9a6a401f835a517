"""Trunkgate itself, as its users run it: the binary, a configuration file, the control socket."""
import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile

from . import network, pki, process, wait

BUILD = os.environ.get("TRUNKGATE_BUILD", os.path.join(pki.TOP, "build", "asan"))
# For tests that measure memory. A small quarantine is soon full, and free pages go back to the kernel at once.
ASAN_LEAN = ("quarantine_size_mb=1:thread_local_quarantine_size_kb=64:allocator_release_to_os_interval_ms=100"
             ":detect_leaks=1")
# What must be nought when nothing goes on: a call that ended has given everything back.
AT_REST = ("calls", "media_ports", "transactions", "dialogs")


@functools.cache
def binary():
    """A copy of the built one: a build that goes on beside the test changes nothing under it."""
    copy = os.path.join(tempfile.mkdtemp(dir="/run"), "trunkgate")
    return shutil.copy2(os.path.join(BUILD, "trunkgate"), copy)


def configuration(identity, root, control_socket):
    """A border between one address-known phone and one provider; tests change what they need."""
    return {
        "control-socket": control_socket,
        "log": {"level": "debug", "to": "stderr"},
        "identities": {"us": {"certificate": identity}},
        "realms": {
            "office": {
                "listen": [f"udp:{network.SBC_INSIDE}:5060", f"tcp:{network.SBC_INSIDE}:5060"],
                "networks": ["10.99.1.0/24"],
                "media-ports": "36000-37999",
            },
            "internet": {
                "listen": [f"tls:{network.SBC_OUTSIDE}:5061"],
                "advertise": "sbc.lab",
                "identity": "us",
                "client-certificate": "required",
                "media-ports": "40000-41999",
            },
        },
        "phones": {"alice": {"realm": "office", "address": network.PHONE, "numbers": ["100"]}},
        "trunks": {
            "provider": {
                "realm": "internet",
                "domain": "provider.lab",
                "trust": root,
                "resolvers": [network.DNS],
                "srtp": "required",
                "uri-form": "sips",
                "connect-timeout": "5s",
            },
        },
        "routes": [
            {"from": "office", "number": "*", "to": "provider"},
            {"from": "provider", "number": "*", "to": "alice"},
        ],
    }


class Trunkgate:
    """A running Trunkgate in the host sbc."""

    def __init__(self, directory, config, env=None):
        self.config_path = os.path.join(directory, "trunkgate.yaml")
        self.key_log = os.path.join(directory, "tls-keys")
        self.control_socket = config["control-socket"]
        with open(self.config_path, "w", encoding="utf-8") as out:
            json.dump(config, out, indent=2)  # JSON is YAML
        # Its host is its own: what else this machine does is no reason for it to be late and to refuse calls.
        self.process = process.Process("trunkgate", ["nice", "-n", "-15", binary(), "run", self.config_path],
                                       os.path.join(directory, "trunkgate.log"), "sbc",
                                       dict(env or {}, SSLKEYLOGFILE=self.key_log))
        wait.until("trunkgate's control socket to answer", self._answers)

    def _answers(self):
        self.process.require_alive()
        return os.path.exists(self.control_socket) and self.show_text("status") is not None

    def show_text(self, what):
        """What `trunkgate show WHAT --json` prints; None while it cannot."""
        done = subprocess.run([binary(), "show", what, "--json", "--socket", self.control_socket],
                              capture_output=True, text=True, timeout=10, check=False)
        return done.stdout if done.returncode == 0 else None

    def show(self, what):
        text = self.show_text(what)
        if text is None:
            self.process.require_alive()
            raise AssertionError(f"trunkgate show {what} failed")
        return json.loads(text)

    def status(self):
        return self.show("status")

    def wait_at_rest(self, seconds=45):
        """Until no call, port, dialog or transaction is left; the last take Timer J's 32 s."""
        wait.until("all calls, ports, dialogs and transactions to be gone",
                   lambda: all(self.status()[key] == 0 for key in AT_REST), seconds)

    def wait_no_calls(self, seconds=5):
        """Until calls and their ports are gone; transactions may still absorb retransmissions."""
        wait.until("all calls and ports to be gone",
                   lambda: self.status()["calls"] == self.status()["media_ports"] == 0, seconds)

    def wait_calls(self, count, seconds=10):
        wait.until(f"{count} calls", lambda: self.status()["calls"] == count, seconds)

    def log(self):
        return self.process.log()

    def stop(self, seconds=10):
        """Ends it as an operator would; a crash, a leak or a sanitizer's word fails the test."""
        if self.process.alive():
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait_exit(seconds)
        if status != 0:
            raise AssertionError(f"trunkgate ended with {status}:\n{self.log()[-4000:]}")
