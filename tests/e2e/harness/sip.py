"""A few lines of SIP by hand: for tests that must send what no proper peer would."""
import re
import uuid


def request(method, uri, host, port, transport="UDP", user="alice", body="", call_id=None, more=""):
    """A request that our parser would take; tests then break it."""
    tag = uuid.uuid4().hex[:10]
    kind = "Content-Type: application/sdp\r\n" if body else ""
    return (f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/{transport} {host}:{port};branch=z9hG4bK{uuid.uuid4().hex};rport\r\n"
            "Max-Forwards: 70\r\n"
            f"From: <sip:{user}@{host}>;tag={tag}\r\n"
            f"To: <{uri}>\r\n"
            f"Call-ID: {call_id or uuid.uuid4().hex}\r\n"
            f"CSeq: 1 {method}\r\n"
            f"Contact: <sip:{user}@{host}:{port}>\r\n"
            f"{more}{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def sdp(address, port):
    return ("v=0\r\n" f"o=- 1 1 IN IP4 {address}\r\n" "s=-\r\n" f"c=IN IP4 {address}\r\n" "t=0 0\r\n"
            f"m=audio {port} RTP/AVP 8\r\n" "a=rtpmap:8 PCMA/8000\r\n")


def status_of(message):
    """200 for "SIP/2.0 200 OK"; None for what is no response."""
    found = re.match(rb"SIP/2\.0 (\d{3})", message)
    return int(found.group(1)) if found else None


def answer(request, status):
    """The answer to a request with that status, b"200 OK"."""
    copied = [line for line in request.split(b"\r\n")
              if line.split(b":")[0].lower() in (b"via", b"from", b"to", b"call-id", b"cseq")]
    return b"\r\n".join([b"SIP/2.0 " + status] + copied + [b"Content-Length: 0", b"", b""])
