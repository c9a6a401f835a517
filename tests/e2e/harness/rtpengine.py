"""rtpengine as the provider's media: SRTP towards us, RTP behind it. Driven by its ng protocol (bencode over UDP)."""
import os

from . import network, process

CONTROL = 2223
PORTS = (30000, 30999)


def _encode(value):
    if isinstance(value, dict):
        return b"d" + b"".join(_encode(key) + _encode(value[key]) for key in sorted(value)) + b"e"
    if isinstance(value, list):
        return b"l" + b"".join(_encode(item) for item in value) + b"e"
    if isinstance(value, int):
        return b"i%de" % value
    text = value.encode() if isinstance(value, str) else value
    return b"%d:%s" % (len(text), text)


def _decode(data):
    """The value at the beginning, and what follows it."""
    if data[:1] == b"i":
        number, rest = data[1:].split(b"e", 1)
        return int(number), rest
    if data[:1] in (b"d", b"l"):
        items, kind, data = [], data[:1], data[1:]
        while data[:1] != b"e":
            item, data = _decode(data)
            items.append(item)
        return (dict(zip(items[::2], items[1::2])) if kind == b"d" else items), data[1:]
    length, rest = data.split(b":", 1)
    return rest[:int(length)].decode(errors="replace"), rest[int(length):]


class Rtpengine:
    """A running one in a host of the internet."""

    def __init__(self, directory, host="provider", address=network.PROVIDER):
        argv = ["rtpengine", "--foreground", "--table=-1", f"--interface={address}",
                f"--listen-ng=127.0.0.1:{CONTROL}", f"--port-min={PORTS[0]}", f"--port-max={PORTS[1]}",
                "--log-level=6", "--log-stderr", "--num-threads=2", "--pidfile=/run/rtpengine.pid"]
        self.process = process.Process("rtpengine", argv, os.path.join(directory, "rtpengine.log"), host)
        self.socket = network.udp_socket(host, "127.0.0.1")
        self.socket.settimeout(1)
        self.cookie = 0
        for _ in range(20):
            try:
                self.ask("ping")
                return
            except OSError:
                self.process.require_alive()
        raise AssertionError("rtpengine does not answer")

    def ask(self, command, **said):
        """Its answer; said: the rest of the request, with - for _."""
        self.cookie += 1
        request = {"command": command, **{key.replace("_", "-"): value for key, value in said.items()}}
        self.socket.sendto(b"%d " % self.cookie + _encode(request), ("127.0.0.1", CONTROL))
        while True:
            cookie, answer = self.socket.recv(65535).split(b" ", 1)
            if int(cookie) == self.cookie:
                answer = _decode(answer)[0]
                assert answer["result"] in ("ok", "pong"), answer
                return answer

    def offer(self, call, sdp, protocol, **more):
        return self.ask("offer", call_id=call, from_tag="a", sdp=sdp, transport_protocol=protocol, ICE="remove",
                        replace=["origin", "session-connection"], **more)["sdp"]

    def answer(self, call, sdp, **more):
        return self.ask("answer", call_id=call, from_tag="a", to_tag="b", sdp=sdp, ICE="remove",
                        replace=["origin", "session-connection"], **more)["sdp"]

    def stop(self):
        self.socket.close()
        self.process.stop()
