#!/usr/bin/env python3
"""Calls full of names of the inside, in every header and field that can carry one, each way: a provider that reads TLS
with OpenSSL keeps every octet that it was sent, and not one of those names is in them."""
import os
import re
import types
import uuid

from harness import lab, network, pki, secure
from harness.secure import header

SCENARIO = os.path.join(pki.TOP, "tests", "replay", "headers", "leak.replay")
# What the poison is made of, and what the phone calls its dialogs, program and place.
SECRETS = [b"pbx.intranet", b"floor3", b"000fff", b"00:0f:ff", b"secret", b"127.1.0.", b"10.99.1.", b"desk-phone",
           b"leaktag", b"z9hG4bKleak", b"leak-call", b"cid-of-desk"]
KEY = "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0"


def poison():
    """Headers as the replay scenario has them: one list of what may tell something."""
    with open(SCENARIO, encoding="utf-8") as scenario:
        block = re.search(r"^text poison\n((?:\t.*\n)+)", scenario.read(), re.M).group(1)
    lines = [line[1:] for line in block.splitlines()]
    return ["Diversion: <sip:100@pbx.intranet>;reason=user-busy", f"X-Listed: behind {network.PHONE}:5060", *(line for line in lines if not line.startswith("Route:"))]


def sdp_inside(direction="sendrecv"):
    return "\r\n".join([
        "v=0", f"o=desk-phone 1 {uuid.uuid4().int % 10**9} IN IP4 {network.PHONE}", "s=floor3 secret", "i=floor3",
        "u=http://pbx.intranet/", "e=desk@pbx.intranet", "p=+49 30 floor3", f"c=IN IP4 {network.PHONE}", "t=0 0",
        "a=tool:desk-phone 7.3", "a=ice-options:floor3", "m=audio 30000 RTP/AVP 8 101", "i=floor3", "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000", f"a=rtcp:30001 IN IP4 {network.PHONE}",
        f"a=candidate:1 1 UDP 2130706431 {network.PHONE} 30000 typ host", "a=ice-ufrag:floor3secret", "a=ice-pwd:secretsecretsecret1234",
        "a=ssrc:1 cname:desk@pbx.intranet", "a=msid:floor3 secret", "a=x-device:00:0f:ff:00:00:01", "a=x-host:pbx.intranet",
        f"a=x-at:{network.PHONE}:30000", f"a=remote-candidates:1 {network.PHONE} 30000", f"a={direction}", ""])


def sdp_outside():
    return "\r\n".join(["v=0", f"o=- 1 {uuid.uuid4().int % 10**9} IN IP4 {network.PROVIDER}", "s=-",
                        f"c=IN IP4 {network.PROVIDER}", "t=0 0", "m=audio 6000 RTP/SAVP 8", "a=rtpmap:8 PCMA/8000",
                        f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}", ""])


def parts_inside():
    """The session beside signalling of another network and a place."""
    return "\r\n".join([
        "at floor3", "--floor3 secret", "Content-Type: application/isup;by=pbx.intranet",
        "Content-Disposition: signal;handling=optional", "", "secret", "--floor3 secret", "Content-Type: application/sdp",
        "Content-ID: <sdp@pbx.intranet>", "", sdp_inside(), "--floor3 secret", "Content-Type: application/pidf+xml",
        "Content-ID: <cid-of-desk@pbx.intranet>", "", f'<presence entity="pres:desk@pbx.intranet"><at ip="{network.PHONE}"/>Berlin'
        "</presence>", "--floor3 secret--", ""])


class Phone(secure.Phone):
    """One whose every message is full of names."""

    def __init__(self):
        super().__init__("phone", network.PHONE)

    def say(self, first, lines, body="", kind="application/sdp"):
        head = [first, *lines, *poison()] + ([f"Content-Type: {kind}"] if body else [])
        head += [f"Content-Length: {len(body.encode())}", "", body]
        self.send("\r\n".join(head))

    def request(self, method, dialog, body="", kind="application/sdp", more=()):
        cseq, branch = dialog["cseq"], f"z9hG4bKleak{uuid.uuid4().hex}"
        if method != "ACK":
            dialog["cseq"] += 1
        else:
            cseq -= 1
        self.say(f"{method} {dialog['uri']} SIP/2.0", [
            f"Via: SIP/2.0/UDP {network.PHONE}:5060;branch={branch};rport", "Max-Forwards: 70", f"From: {dialog['local']}",
            f"To: {dialog['remote']}", f"Call-ID: {dialog['call-id']}", f"CSeq: {cseq} {method}", "User-Agent: desk-phone/7.3 (000fff)",
            f'Contact: "floor3" <sip:desk@{network.PHONE}:5060>;+sip.instance="<urn:uuid:000fff>"', *more], body, kind)

    def reply(self, request, status, body=""):
        tag = "" if ";tag=" in header(request, "To") else ";tag=leaktag"
        self.say(f"SIP/2.0 {status}", [
            f"Via: {header(request, 'Via')}", f"From: {header(request, 'From')}", f"To: {header(request, 'To')}{tag}",
            f"Call-ID: {header(request, 'Call-ID')}", f"CSeq: {header(request, 'CSeq')}",
            f'Contact: "floor3" <sip:desk@{network.PHONE}:5060>;+sip.instance="<urn:uuid:000fff>"'], body)

    def begin(self, body, kind="application/sdp"):
        """An INVITE of its own. Gives the dialog as the phone sees it."""
        dialog = {"uri": f"sip:4711@{network.SBC_INSIDE}", "local": f'"At floor3 of pbx.intranet" <sip:100@pbx.intranet>;tag=leaktag{uuid.uuid4().hex}',
                  "remote": '"secret" <sip:4711@pbx.intranet>', "call-id": f"leak-call-{uuid.uuid4().hex}@{network.PHONE}", "cseq": 1}
        self.request("INVITE", dialog, body, kind, ["Record-Route: <sip:pbx.intranet;lr>"])
        return dialog


class Provider(secure.Provider):
    """One connection of Trunkgate's to it."""

    def __init__(self, certificate, root):
        super().__init__(certificate, root)
        self.stream = None

    def expect(self, begins):
        self.stream = self.stream or self.accept()
        return self.stream.expect(begins)

    def close(self):
        super().close()
        if self.stream:
            self.stream.close()

    def request(self, method, uri, local, remote, call_id, cseq, body="", more=()):
        self.stream.send("\r\n".join([
            f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/TLS {network.PROVIDER}:5061;branch=z9hG4bK{uuid.uuid4().hex}", "Max-Forwards: 70",
            f"From: {local}", f"To: {remote}", f"Call-ID: {call_id}", f"CSeq: {cseq} {method}", f"Contact: <sips:gw@{network.PROVIDER}:5061>",
            *more, f"Content-Length: {len(body)}", "", body]))


class Leaks(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        config = self.configuration()
        config["trunks"]["provider"].update({"transfer": "pass", "location": "always", "diversion": "both",
                                             "caller-id-out": ["pai", "ppi", "rpid"], "pass-headers": ["X-Listed"]})
        self.provider = Provider(self.authority.issue("provider.lab"), self.authority.root)
        self.addCleanup(self.provider.close)
        self.start_trunkgate(config)
        self.phone = Phone()
        self.addCleanup(self.phone.close)

    def assert_nothing_told(self, *seen):
        """seen: proofs that the messages came at all."""
        for what in seen:
            self.assertIn(what, self.provider.stream.received)
        told = [secret for secret in SECRETS if secret.lower() in self.provider.stream.received.lower()]
        lines = [line for line in self.provider.stream.received.split(b"\r\n") for secret in told if secret.lower() in line.lower()]
        self.assertEqual(told, [], lines)

    def called(self, body, kind="application/sdp"):
        """A call of the phone that stands: its dialog, and the INVITE that the provider got."""
        dialog = self.phone.begin(body, kind)
        invite = self.provider.expect("INVITE")
        self.provider.stream.answer(invite, sdp_outside())
        self.provider.expect("ACK")
        accepted = self.phone.expect("SIP/2.0 200")
        dialog["remote"] = header(accepted, "To")
        dialog["uri"] = re.search("<(.*)>", header(accepted, "Contact")).group(1)
        self.phone.request("ACK", dialog)
        return dialog, invite

    def passed(self, dialog, method, body="", kind="", more=(), status="200 OK"):
        self.phone.request(method, dialog, body, kind, more)
        request = self.provider.expect(method)
        self.provider.stream.answer(request, sdp_outside() if method == "INVITE" else "", status)
        self.phone.expect("SIP/2.0 " + status.split()[0])

    def test_phone_calls(self):
        dialog, invite = self.called(sdp_inside())
        self.passed(dialog, "INVITE", sdp_inside("sendonly"), "application/sdp")
        self.phone.request("ACK", dialog)
        self.provider.expect("ACK")
        self.passed(dialog, "INFO", "Signal=1\r\n", "application/dtmf-relay;by=pbx.intranet")
        self.passed(dialog, "MESSAGE", "Hallo", "text/plain;\r\n charset=utf-8;name=floor3")
        self.passed(dialog, "REFER", more=["Refer-To: <sip:4712@pbx.intranet?Subject=secret>"], status="202 Accepted")
        self.provider.request("NOTIFY", re.search("<(.*)>", header(invite, "Contact")).group(1), header(invite, "To") + ";tag=far",
                              header(invite, "From"), header(invite, "Call-ID"), 1, "SIP/2.0 100 Trying\r\n",
                              ["Event: refer", "Subscription-State: active;expires=60", "Content-Type: message/sipfrag"])
        self.phone.reply(self.phone.expect("NOTIFY"), "200 OK")
        self.provider.expect("SIP/2.0 200")
        self.passed(dialog, "BYE")
        self.trunkgate.wait_no_calls()
        self.assert_nothing_told(b"\r\nINFO ", b"MESSAGE ", b"Refer-To: <sips:4712@provider.lab>", b"BYE ", b"a=sendonly",
                                 b"Diversion: <sips:100@sbc.lab", b"History-Info: ")

    def test_body_in_parts(self):
        dialog, invite = self.called(parts_inside(), 'multipart/mixed;\r\n boundary="floor3 secret"')
        self.assertIn("Berlin", invite)
        self.passed(dialog, "BYE")
        self.trunkgate.wait_no_calls()
        self.assert_nothing_told(b"application/pidf+xml", b"Geolocation: <cid:", b"m=audio")

    def test_provider_calls(self):
        dialog, _ = self.called(sdp_inside())  # brings the connection
        self.passed(dialog, "BYE")
        for status, cseq in (("200 At floor3", 1), ("488 Not at floor3", 2)):
            local, remote = "<sips:4711@provider.lab>;tag=far", "<sips:100@sbc.lab>"
            call_id = uuid.uuid4().hex
            self.provider.request("INVITE", "sips:100@sbc.lab", local, remote, call_id, cseq, sdp_outside(),
                                  ["Content-Type: application/sdp"])
            invite = self.phone.expect("INVITE")
            self.phone.reply(invite, "183 Progress of floor3", sdp_inside())
            self.provider.expect("SIP/2.0 183")
            self.phone.reply(invite, status, sdp_inside() if status.startswith("200") else "")
            answer = self.provider.expect("SIP/2.0 " + status.split()[0])
            self.phone.expect("ACK")
            uri = re.search("<(.*)>", header(answer, "Contact") or "<sips:100@sbc.lab>").group(1)
            self.provider.request("ACK", uri, local, header(answer, "To"), call_id, cseq)
            if status.startswith("200"):
                self.provider.request("BYE", uri, local, header(answer, "To"), call_id, cseq + 1)
                self.phone.reply(self.phone.expect("BYE"), "200 OK")
                self.provider.expect("SIP/2.0 200")
        self.trunkgate.wait_no_calls()
        self.assert_nothing_told(b"SIP/2.0 183", b"SIP/2.0 488")

    def test_provider_that_is_told(self):
        """The search finds what is there."""
        self.provider.stream = types.SimpleNamespace(received=b"INVITE\r\nSubject: At FLOOR3\r\n", close=lambda: None)
        with self.assertRaises(AssertionError):
            self.assert_nothing_told(b"INVITE")


if __name__ == "__main__":
    lab.main()
