"""linphone as a phone, driven through linphonec's standard input.

What Debian 12's linphonec 5.1 does, and what follows for our tests:
- It has no network without a default route.
- Without a sound card it plays and records files once it is told to.
- It adds codecs of its own to those of its configuration, unless that forbids it.
- A call has a number, from 1 on; it tells "Call 1 with sip:4711@10.99.1.2 connected."
"""
import os
import subprocess

from . import audio, network, process

CONFIG = """[sip]
sip_port={port}
sip_tcp_port={tcp_port}
sip_tls_port=-1
use_ipv6=0
publish_presence=0
[rtp]
audio_rtp_port={media}
[sound]
echocancellation=0
[misc]
add_missing_audio_codecs=0
[audio_codec_0]
mime=PCMA
rate=8000
channels=1
enabled=1
"""
NO_PORT = -1


class Linphone:
    """One running linphonec in the host phone; its recording is self.heard."""

    # pylint: disable-next=too-many-arguments,too-many-positional-arguments
    def __init__(self, directory, name, tone, port=5060, media=7078, transport="udp", answers=False):
        home = os.path.join(directory, name)
        os.makedirs(os.path.join(home, ".local", "share", "linphone"))  # its data base is there, or nowhere
        self.name, self.heard = name, os.path.join(home, "heard.wav")
        config = os.path.join(home, "linphonerc")
        with open(config, "w", encoding="ascii") as out:
            out.write(CONFIG.format(port=port if transport == "udp" else NO_PORT,
                                    tcp_port=port if transport == "tcp" else NO_PORT, media=media))
        network.ip("-n", "phone", "route", "replace", "default", "via", network.SBC_INSIDE)
        self.process = process.Process(
            name, ["linphonec", "-c", config, "-d", "6", "-l", os.path.join(home, "debug")] + ["-a"] * answers,
            os.path.join(home, "log"), "phone", {"HOME": home}, stdin=subprocess.PIPE)
        self.process.wait_for_line("linphonec>")
        for words in ("soundcard use files", f"play {tone}", f"record {self.heard}"):
            self.command(words)

    def command(self, words):
        self.process.popen.stdin.write(words.encode() + b"\n")
        self.process.popen.stdin.flush()

    def tells(self, words, pattern, seconds=10):
        """Gives a command and waits for what is said then."""
        mark = len(self.process.log())
        self.command(words)
        self.process.wait_for_line(pattern, seconds, mark)

    def seconds_heard(self, hz):
        """For how long it has heard nothing but that tone."""
        return audio.seconds_of_tone(audio.read_growing(self.heard), hz) if os.path.exists(self.heard) else 0

    def stop(self):
        self.process.popen.stdin.close()
        self.process.stop()
