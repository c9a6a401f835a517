"""A provider's SIP over TLS in a few lines, both ways: its description is whatever a test has another one make."""
import re
import socket
import ssl
import uuid

from . import network, sip

WAIT_S = 5


def header(message, name):
    found = re.search(rf"(?mi)^{name}:\s*(.*?)\r$", message)
    return found.group(1) if found else ""


def uri(message):
    return re.search(r"<([^>]*)>", header(message, "Contact")).group(1)


def body(message):
    return message.partition("\r\n\r\n")[2]


class Stream:
    """One TLS connection; all that came is kept."""

    def __init__(self, sock):
        self.sock, self.data, self.received = sock, b"", b""
        sock.settimeout(WAIT_S)

    def send(self, message):
        self.sock.sendall(message if isinstance(message, bytes) else message.encode())

    def receive(self):
        while True:
            self.data = self.data.lstrip(b"\r\n")
            head, end, rest = self.data.partition(b"\r\n\r\n")
            size = int(header((head + b"\r\n").decode(), "Content-Length") or 0) if end else 0
            if end and len(rest) >= size:
                self.data = rest[size:]
                return (head + end + rest[:size]).decode()
            more = self.sock.recv(65536)
            assert more, "the connection closed"
            self.data += more
            self.received += more

    def expect(self, begins):
        """The next one that begins so; what else comes is passed over, requests with a 200."""
        while not (message := self.receive()).startswith(begins):
            if not message.startswith(("SIP/2.0", "ACK")):
                self.answer(message)
        return message

    def answer(self, request, sdp="", status="200 OK"):
        to = header(request, "To")
        kind = "Content-Type: application/sdp\r\n" if sdp else ""
        copied = "".join(f"{line}\r\n" for line in request.split("\r\n")
                         if line.split(":")[0].lower() in ("via", "from", "call-id", "cseq", "record-route"))
        self.send(f"SIP/2.0 {status}\r\n{copied}To: {to}{'' if ';tag=' in to else ';tag=far'}\r\n"
                  f"Contact: <sips:far@{network.PROVIDER}:5061>\r\n{kind}Content-Length: {len(sdp)}\r\n\r\n{sdp}")

    def close(self):
        self.sock.close()


class Provider:
    """Listens as provider.lab, and connects to us as that."""

    def __init__(self, certificate, root):
        self.certificate, self.root = certificate, root
        with network.inside("provider"):
            self.listener = socket.create_server((network.PROVIDER, 5061))
        self.listener.settimeout(10)

    def _context(self, kind):
        context = ssl.SSLContext(kind)
        context.check_hostname = False
        context.load_cert_chain(self.certificate)
        context.load_verify_locations(self.root)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def accept(self):
        plain, _ = self.listener.accept()
        plain.settimeout(WAIT_S)
        return Stream(self._context(ssl.PROTOCOL_TLS_SERVER).wrap_socket(plain, server_side=True))

    def connect(self):
        plain = network.tcp_connect("provider", network.SBC_OUTSIDE, 5061)
        return Stream(self._context(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(plain, server_hostname="sbc.lab"))

    def close(self):
        self.listener.close()


class Caller:
    """One INVITE, its ACK and BYE, over anything with send and expect."""

    def __init__(self, stream, target, host, port, transport):  # pylint: disable=too-many-arguments,too-many-positional-arguments
        self.stream, self.target, self.host, self.port, self.transport = stream, target, host, port, transport
        self.call_id, self.cseq, self.ok = uuid.uuid4().hex, 0, ""

    def request(self, method, to, text=""):
        kind = "Content-Type: application/sdp\r\n" if text else ""
        if method != "ACK":
            self.cseq += 1
        return (f"{method} {self.target} SIP/2.0\r\n"
                f"Via: SIP/2.0/{self.transport} {self.host}:{self.port};branch=z9hG4bK{uuid.uuid4().hex};rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:far@{self.host}>;tag=near\r\nTo: {to}\r\nCall-ID: {self.call_id}\r\n"
                f"CSeq: {self.cseq} {method}\r\nContact: <sip:far@{self.host}:{self.port};transport={self.transport.lower()}>\r\n"
                f"{kind}Content-Length: {len(text)}\r\n\r\n{text}")

    def invite(self, text):
        """Asks; finish() has the answer."""
        self.stream.send(self.request("INVITE", f"<{self.target}>" if not self.ok else header(self.ok, "To"), text))

    def finish(self):
        self.ok = self.stream.expect("SIP/2.0 200")
        self.target = uri(self.ok)
        self.stream.send(self.request("ACK", header(self.ok, "To")))
        return body(self.ok)

    def hang_up(self):
        self.stream.send(self.request("BYE", header(self.ok, "To")))
        self.stream.expect("SIP/2.0 200")


class Phone:
    """A socket with send and expect, for Caller and for who is called."""

    def __init__(self, host, address, port=5060):
        self.socket = network.udp_socket(host, address, port)
        self.socket.settimeout(WAIT_S)

    def send(self, message):
        self.socket.sendto(message if isinstance(message, bytes) else message.encode(), (network.SBC_INSIDE, 5060))

    def expect(self, begins):
        while not (message := self.socket.recv(65535).decode()).startswith(begins):
            if message.startswith("BYE "):
                self.send(sip.answer(message.encode(), b"200 OK"))
        return message

    def answer(self, request, sdp):
        copied = "".join(f"{line}\r\n" for line in request.split("\r\n")
                         if line.split(":")[0].lower() in ("via", "from", "call-id", "cseq", "record-route"))
        to = header(request, "To")
        self.send(f"SIP/2.0 200 OK\r\n{copied}To: {to}{'' if ';tag=' in to else ';tag=near'}\r\n"
                  f"Contact: <sip:near@{self.socket.getsockname()[0]}:5060>\r\n"
                  f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}")

    def close(self):
        self.socket.close()
