"""Both ends of many calls, as plain as can be: one after the other, no timers, nothing is sent again."""
import base64
import os
import re
import socket
import ssl

from borders import BORDER, CALLEE, CALLER
from processes import Failed

MEDIA_PORT = 7000
WAIT_S = 5


def sdp(host, proto, crypto=""):
    return (f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {MEDIA_PORT} {proto} 8\r\n"
            f"a=rtpmap:8 PCMA/8000\r\n{crypto}a=sendrecv\r\n")


def header(message, name):
    found = re.search(rf"(?mi)^{name}:\s*(.*?)\r$", message)
    return found.group(1) if found else ""


def media_at(message):
    """Where the border takes media of this side, as its description says."""
    host = re.search(r"(?m)^c=IN IP4 (\S+)", message)
    port = re.search(r"(?m)^m=audio (\d+)", message)
    if not host or not port or port.group(1) == "0":
        raise Failed("no media in:\n" + message)
    return f"{host.group(1)}:{port.group(1)}"


class Udp:
    """A socket that speaks SIP."""
    transport = "UDP"

    def __init__(self, host):
        self.host = host
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((host, 5060))
        self.sock.settimeout(WAIT_S)
        self.contact = f"sip:bench@{host}:5060"

    def send(self, message):
        self.sock.sendto(message.encode(), (BORDER, 5060))

    def receive(self):
        return self.sock.recv(65535).decode()

    def close(self):
        self.sock.close()


class Tls:
    """A provider: takes one connection, and shows the certificate that the border expects."""
    transport = "TLS"
    contact = f"sip:bench@{CALLEE}:5061;transport=tls"

    def __init__(self, pki):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(os.path.join(pki, "provider.lab.pem"))
        self.listener = socket.create_server((CALLEE, 5061))
        self.listener.settimeout(WAIT_S)
        self.conn, self.data = None, b""

    def send(self, message):
        self.conn.sendall(message.encode())

    def receive(self):
        if not self.conn:
            self.conn = self.context.wrap_socket(self.listener.accept()[0], server_side=True)
            self.conn.settimeout(WAIT_S)
        while True:
            self.data = self.data.lstrip(b"\r\n")
            head, end, body = self.data.partition(b"\r\n\r\n")
            found = re.search(rb"(?mi)^(?:Content-Length|l):\s*(\d+)", head)
            size = int(found.group(1)) if found else 0
            if end and len(body) >= size:
                self.data = body[size:]
                return (head + end + body[:size]).decode()
            more = self.conn.recv(65536)
            if not more:
                raise Failed("the border closed its connection")
            self.data += more

    def close(self):
        self.listener.close()
        if self.conn:
            self.conn.close()


def expect(end, what):
    """The next message that begins so; provisional answers, OPTIONS and ACK are not waited for."""
    while True:
        message = end.receive()
        if message.startswith(what):
            return message
        if message.startswith("OPTIONS "):
            answer(end, message, 200)
        elif not re.match(r"ACK |SIP/2.0 1", message):
            raise Failed(f"{message.splitlines()[0]} instead of {what}")


def answer(end, request, status, body=""):
    vias = "".join(f"Via: {via}\r\n" for via in re.findall(r"(?mi)^Via:\s*(.*?)\r$", request))
    routes = "".join(f"Record-Route: {route}\r\n" for route in re.findall(r"(?mi)^Record-Route:\s*(.*?)\r$", request))
    kind = "Content-Type: application/sdp\r\n" if body else ""
    end.send(f"SIP/2.0 {status} OK\r\n{vias}{routes}From: {header(request, 'From')}\r\nTo: {header(request, 'To')};tag=b\r\n"
             f"Call-ID: {header(request, 'Call-ID')}\r\nCSeq: {header(request, 'CSeq')}\r\nContact: <{end.contact}>\r\n"
             f"{kind}Content-Length: {len(body)}\r\n\r\n{body}")


def choose(offer, suite):
    """The key of the offered line with this suite, and the answer's line with one of our own."""
    found = re.search(rf"(?m)^a=crypto:(\d+) {suite} inline:([^\s|]+)", offer)
    if not found:
        raise Failed(f"{suite} is not offered in:\n{offer}")
    theirs = base64.b64decode(found.group(2) + "=" * (-len(found.group(2)) % 4))  # rtpengine leaves them out
    ours = os.urandom(len(theirs))
    return theirs, ours, f"a=crypto:{found.group(1)} {suite} inline:{base64.b64encode(ours).decode()}\r\n"


def call(caller, callee, number, suite):
    """One call that stands; gives the generator's line for it."""
    body = sdp(CALLER, "RTP/AVP")
    head = (f"From: <sip:alice@{CALLER}>;tag=a{number}\r\nCall-ID: bench-{number}\r\nMax-Forwards: 70\r\n"
            f"Contact: <{caller.contact}>\r\n")
    caller.send(f"INVITE sip:4711@{BORDER} SIP/2.0\r\nVia: SIP/2.0/UDP {CALLER}:5060;branch=z9hG4bKi{number}\r\n"
                f"To: <sip:4711@{BORDER}>\r\n{head}CSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}")
    invite = expect(callee, "INVITE ")
    line = ""
    if suite:
        theirs, ours, crypto = choose(invite, suite)
        answer(callee, invite, 200, sdp(CALLEE, "RTP/SAVP", crypto))
        line = f" {suite} {theirs.hex()} {ours.hex()}"
    else:
        answer(callee, invite, 200, sdp(CALLEE, "RTP/AVP"))
    ok = expect(caller, "SIP/2.0 200")
    routes = "".join(f"Route: {route}\r\n" for route in reversed(re.findall(r"(?mi)^Record-Route:\s*(.*?)\r$", ok)))
    target = re.search(r"<([^>]*)>", header(ok, "Contact")).group(1)
    caller.send(f"ACK {target} SIP/2.0\r\nVia: SIP/2.0/UDP {CALLER}:5060;branch=z9hG4bKa{number}\r\n{routes}"
                f"To: {header(ok, 'To')}\r\n{head}CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n")
    return f"{media_at(ok)} {media_at(invite)}{line}"
