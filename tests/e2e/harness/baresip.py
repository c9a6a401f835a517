"""baresip as phone and as provider, driven without a terminal through its ctrl_tcp module.

What Debian 12's baresip 1.0.0 with libre 1.1.0 does, and what follows for our tests:
- It demands no client certificate and checks no server's. Both come from OpenSSL's own
  configuration (VerifyMode), which libssl applies to every context: see TLS_POLICY.
- It reaches no sips: URI, neither as target nor in a peer's Contact (libre's sip_request knows the
  scheme sip alone): a trunk towards it has `uri-form: sip-tls`.
- Its SRTP has AES_CM_128_HMAC_SHA1 and AEAD_AES_GCM, and no AES_256_CM.
- srtp-mand offers RTP/SAVP with one AES_CM_128_HMAC_SHA1_80 line and refuses plain RTP/AVP.
- aufile wants a 16-bit file with the codec's rate; sndfile writes what was heard to *-dec.wav, whose
  header is right once the call has ended. It cuts that file's name at 127 octets.
"""
import glob
import json
import os
import socket

from . import audio, network, process, wait

MODULES = ["cons.so", "g711.so", "aufile.so", "aubridge.so", "sndfile.so", "srtp.so"]
# Server: ask for a certificate and insist. Client: check the server's chain. No tickets: a server
# without a session id context cannot take a session up again.
TLS_POLICY = """openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = policy
[policy]
VerifyMode = Peer,Require
MinProtocol = TLSv1.2
Options = -SessionTicket
NumTickets = 0
"""
CONFIG = """poll_method epoll
sip_listen {listen}:5060
{tls}
call_local_timeout 120
call_max_calls 50
audio_player aubridge,nowhere
audio_source aufile,{tone}
audio_alert aubridge,nowhere
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
rtp_ports {ports}
rtp_tos 184
module_path /usr/lib/baresip/modules
{modules}
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
module_app contact.so
module_app presence.so
ctrl_tcp_listen 127.0.0.1:4444
snd_path {directory}
net_interface {interface}
statmode_default off
{dns}
"""


def _bracketed(address):
    return f"[{address}]" if ":" in address else address


class Baresip:
    """One running baresip. Events that it tells are kept, in order, in self.events."""

    # pylint: disable-next=too-many-arguments,too-many-positional-arguments
    def __init__(self, directory, host, address, account, tone, ports, tls=None, dns=None, contacts=""):
        os.makedirs(directory)
        self.directory, self.host = directory, host
        self.certificate = tls[0] if tls else None
        self._write_config(address, account, tone, ports, tls, dns)
        self._write("contacts", contacts + "\n")
        env = {"HOME": directory, "OPENSSL_CONF": os.path.join(directory, "openssl.cnf")}
        self.process = process.Process(f"baresip in {host}", ["baresip", "-v", "-s", "-f", directory] + ["-6"] * (":" in address),
                                       os.path.join(directory, "log"), host, env)
        self.process.wait_for_line("baresip is ready")
        with network.inside(host):
            self.control = socket.create_connection(("127.0.0.1", 4444), 5)
        self.control.setblocking(False)
        self.events, self._bytes = [], b""

    def _write_config(self, address, account, tone, ports, tls, dns):
        values = {
            "listen": _bracketed(address), "tone": tone, "ports": ports, "directory": self.directory,
            "interface": "outside" if self.host == "sbc" else "eth0",
            "modules": "\n".join("module " + name for name in MODULES),
            "tls": f"sip_certificate {tls[0]}\nsip_cafile {tls[1]}" if tls else "",
            "dns": f"dns_server {_bracketed(dns)}:53" if dns else "",
        }
        self._write("config", CONFIG.format(**values))
        self._write("accounts", account + "\n")
        self._write("openssl.cnf", TLS_POLICY)

    def _write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as out:
            out.write(text)

    def _read_events(self):
        """Takes what ctrl_tcp has sent: netstrings of JSON (LENGTH:TEXT,)."""
        try:
            while chunk := self.control.recv(65536):
                self._bytes += chunk
        except BlockingIOError:
            pass
        while b":" in self._bytes:
            length, rest = self._bytes.split(b":", 1)
            if len(rest) < int(length) + 1:
                break
            self.events.append(json.loads(rest[:int(length)]))
            self._bytes = rest[int(length) + 1:]

    def command(self, name, params=""):
        text = json.dumps({"command": name, "params": params, "token": "t"})
        self.control.sendall(f"{len(text)}:{text},".encode())

    def mark(self):
        """A place in the events, for wait_event(after=)."""
        self._read_events()
        return len(self.events)

    def told(self, kind, after=0):
        """All events of that kind behind a mark."""
        self._read_events()
        return [event for event in self.events[after:] if event.get("type") == kind]

    def wait_event(self, kind, seconds=10, after=0):
        """The first event of that kind (CALL_ESTABLISHED, CALL_CLOSED, ...) behind a mark."""
        def find():
            self.process.require_alive()
            return next(iter(self.told(kind, after)), None)

        try:
            return wait.until(f"{kind} at the {self.host}'s baresip", find, seconds)
        except wait.Timeout as late:
            seen = [(e.get("type"), e.get("param")) for e in self.events[after:]]
            raise wait.Timeout(f"{late}; it told {seen}") from None

    def dial(self, uri):
        self.command("dial", uri)

    def hang_up(self):
        self.command("hangup")

    def seconds_recorded(self):
        """Of the newest recording; it grows as packets come, silent or not."""
        newest = self.heard()[-1:]
        return (os.path.getsize(newest[0]) - audio.WAV_HEADER) / (2 * audio.RATE_HZ) if newest else 0

    def wait_heard(self, seconds):
        """Until the newest recording is that long."""
        wait.until(f"{seconds} s of audio at the {self.host}",
                   lambda: self.seconds_recorded() >= seconds, seconds + 5)

    def heard(self):
        """The recordings of what came in, oldest first. Whole only once the call has ended."""
        return sorted(glob.glob(os.path.join(self.directory, "dump-*-dec.wav")))

    def stop(self):
        self.control.close()
        self.process.stop()
