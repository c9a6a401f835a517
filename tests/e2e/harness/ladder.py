"""SIPp scenarios out of ladders: one text says what the caller (a), the callee (b) and who comes into it (c) send and expect, a
line each.

    a > INVITE | audio | Supported: 100rel    a request; a part with a colon is a header, the others name a body
    b < INVITE | m=audio | !~ Require:        expected; parts are regular expressions: of a header's first value, or in the body;
                                              ~ and !~ are before what stands somewhere in the message, or nowhere
    b < INVITE | proves me:secret             its Authorization was made with that name and password
    b > 180                                   an answer, to the last request that came
    b > 183 INVITE 2 | audio                  to that request; with the second of its tags, as another fork
    a < 200 CANCEL                            an answer to that request of our own
    a < 500/480                               the first where a is a phone, the second where it is a provider
    a wait 500                                milliseconds: for what no message tells, such as that a connection has come up
    b tells                                   which dialog it is in, for c's [dialog]; c begins when all of b's calls have told
    a settles                                 with loss: waits until an answer, or the other side's ACK, must have come

A body is one of BODIES, or a session: words with commas between, which name its lines (LINES; audio where none is named;
"no video" is that line rejected), its direction, or an address that is zero or moved (to another port).
Above them may stand what the flow needs:

    trunk transfer pass      an option of its trunk; "route" is one of its route
    played phone-provider    by that caller and that callee alone
    hasty                    by a phone in a realm with a small T1
    lossless                 not with loss: SIPp would have to answer copies of two requests

Any side may be a host of KINDS: phones on UDP, TCP and TLS, or a provider behind TLS. [third] is c's number.
With loss, a provisional answer that nobody repeats may stay away, and who answered last stays for the copies.
"""
from xml.sax.saxutils import quoteattr

from . import network

LINGER_MS = 4000  # for six copies of a request, at T1 and T2
LATER_MS = 1000
UNSURE_MS = 3000  # for four copies of an INVITE
T1_MS, T2_MS = 200, 800  # with loss
CALM_T1_MS = 1000  # without: who is late on a busy machine has not lost anything
KEY = "V2l0aG91dFNlY3JldHNJblRlc3RzMTIzNDU2Nzg5"
LAMP = """<?xml version="1.0"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="1" state="full" entity="sip:200@provider.lab">
<dialog id="d1" direction="recipient"><state>confirmed</state></dialog>
</dialog-info>"""
BODIES = {"digit": ("application/dtmf-relay", "Signal=5\nDuration=160"), "text": ("text/plain", "tea is ready"),
          "lamp": ("application/dialog-info+xml", LAMP), "progress": ("message/sipfrag", "SIP/2.0 200 OK")}
PORT, MOVED_PORT = 6000, 6100
LINES = {  # of a session: media, port behind the first one, transport, format, what is said of that
    "audio": ("audio", 0, "RTP", "8", "rtpmap:8 PCMA/8000"),
    "G722": ("audio", 0, "RTP", "9", "rtpmap:9 G722/8000"),
    "video": ("video", 4, "RTP", "97", "rtpmap:97 H264/90000"),
    "bfcp": ("application", 6, "UDP/BFCP", "*", "floorctrl:c-s"),
    "fax": ("image", 2, "udptl", "t38", "T38FaxVersion:0"),
}
KINDS = {"phone": (network.PHONE, "UDP"), "desk": (network.DESK, "TCP"), "pbx": (network.PBX, "TLS"), "provider": (network.PROVIDER, "TLS")}
ALL = ("phone-provider", "provider-phone", "provider-provider", "phone-phone", "desk-provider", "pbx-provider")
SIDES = ("a", "b", "c")
DIALOGS = ("INVITE", "SUBSCRIBE")  # what makes one
ALLOW = "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, INFO, MESSAGE, NOTIFY, REFER, OPTIONS"
MESSAGE = """{line}
{via}
{sender}
{to}
Call-ID: [call_id]
CSeq:{cseq}
{rest}"""


class Side:
    """One end of a ladder; xml() is its scenario."""

    def __init__(self, kind, port, caller, loses):
        self.phone, self.caller, self.loses = kind != "provider", caller, loses
        self.address, transport = KINDS[kind]
        self.datagrams = transport == "UDP"
        reached = "" if self.datagrams else f";transport={transport.lower()}"
        self.contact = f"<sip:alice@{self.address}:{port}{reached}>" if self.phone else f"<sips:4711@{self.address}:{port}>"
        self.via = f"Via: SIP/2.0/{transport} {self.address}:{port};branch={{}}" + (";alias" * (not self.phone))
        self.border = f"sip:[service]@{network.SBC_INSIDE}" if self.phone else "sips:[service]@sbc.lab:5061"
        self.steps, self.variables, self.proofs = [], [], []
        self.cseq = self.version = self.status = 0
        self.open = []  # steps of requests without a final answer yet
        self.asked = {}  # method: step and CSeq of our last one
        self.came, self.fresh = None, None  # the method that came last, and the one that came out of any dialog
        self.known = False  # whose dialog we are in
        self.early, self.refusable = False, False  # our first INVITE is out, and nothing was expected yet

    def line(self, word, first_port):
        media, behind, transport, form, attribute = LINES[word.removeprefix("no ")]
        port = 0 if word.startswith("no ") else first_port + behind
        secret = ""
        if transport == "RTP":
            transport = f"RTP/{'AVP' if self.phone else 'SAVP'}"
            secret = "" if self.phone else f"\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"
        return f"\nm={media} {port} {transport} {form}\na={attribute}{secret}"

    def sdp(self, what):
        self.version += 1
        words = what.split(", ")
        lines = [word for word in words if word.removeprefix("no ") in LINES] or ["audio"]
        says = [word for word in words if word not in lines + ["zero", "moved"]]
        text = (f"v=0\no=- 1 {self.version} IN IP4 {self.address}\ns=-\n"
                f"c=IN IP4 {'0.0.0.0' if 'zero' in words else self.address}\nt=0 0")
        return text + "".join([self.line(word, MOVED_PORT if "moved" in words else PORT) for word in lines] +
                              [f"\na={word}" for word in says])

    def rest(self, parts):
        """Headers and body of these parts."""
        headers = "".join(f"{part}\n" for part in parts if ": " in part).replace("[dialog]", "[field0];to-[field1];from-[field2]")
        for part in parts:
            if ": " not in part:
                kind, text = BODIES[part] if part in BODIES else ("application/sdp", self.sdp(part))
                return f"{headers}Content-Type: {kind}\nContent-Length: [len]\n\n{text}"
        return headers + "Content-Length: 0\n"

    def put(self, text, attributes):
        self.steps.append(f"<send {attributes}><![CDATA[\n{text}\n]]></send>")

    def repeat(self):
        return f'retrans="{T1_MS if self.loses else CALM_T1_MS}"' if self.datagrams else ""

    def send_request(self, method, parts):
        step, cseq = self.asked.get("INVITE", (0, 0))
        outside = self.caller and not self.known or method == "CANCEL"
        again = method == "CANCEL" or method == "ACK" and self.status >= 300  # part of the INVITE's transaction
        branch = f"[branch-{len(self.steps) - step}]" if again else "[branch]"
        if method not in ("ACK", "CANCEL"):
            self.cseq = cseq = self.cseq + 1
        attributes = f'ack_txn="t{step}"' if method == "ACK" else f'{self.repeat()} start_txn="t{len(self.steps)}"'
        if method != "ACK":
            self.asked.pop(method, None)  # the newest stands last
            self.asked[method] = len(self.steps), cseq
            self.open.append(len(self.steps))
        if method == "INVITE" and cseq == 1 and self.caller and self.phone:
            self.early = self.refusable = True
        if self.caller:
            sender, to = "From: <sip:alice@pbx.inside.lab>;tag=[pid]a[call_number]", f"To: <{self.border}>" if outside else "To:[$theirs]"
        else:
            sender, to = "From:[$mine];tag=[pid]b[call_number]", "To:[$theirs]"
        if method not in ("ACK", "CANCEL", "BYE"):
            parts = [f"Contact: {self.contact}", ALLOW] + parts
        self.put(MESSAGE.format(line=f"{method} {self.border if outside else '[$target]'} SIP/2.0", via=self.via.format(branch), sender=sender,
                                to=to, cseq=f" {cseq} {method}", rest="Max-Forwards: 70\n" + self.rest(parts)), attributes)

    def send_answer(self, status, method, tag, parts):
        own = f";tag=[pid]b{tag}[call_number]" if method in (self.fresh, "CANCEL") and not self.caller else ""
        if int(status) >= 300 and method == self.fresh and not self.caller:
            self.known = False  # it may come again
        lasts = method == "INVITE" and int(status) >= 200 or any(part.startswith("RSeq") for part in parts)
        self.put(MESSAGE.format(line=f"SIP/2.0 {status} Said", via=f"Via:[$via{method}]", sender=f"From:[$from{method}]",
                                to=f"To:[$to{method}]{own}", cseq=f"[$cseq{method}]",
                                rest=self.rest([f"Contact: {self.contact}", ALLOW][status[0] == "3":] + parts)), self.repeat() if lasts else "")

    def take(self, attributes, actions, until=""):
        """until: how long; SIPp minds that of the first message that it may take."""
        inside = "".join(f"\n    {action}" for action in actions)
        if self.early:
            self.steps.append(f'<recv response="503" optional="true" response_txn="t0" next="refused" {until}/>')
            self.early = False
        for step in self.open:
            self.steps.append(f'<recv response="100" optional="true" response_txn="t{step}" {until}/>')
        attributes += " " + until
        self.steps.append(f"<recv {attributes}><action>{inside}\n  </action></recv>" if inside else f"<recv {attributes}/>")
        for name in self.proofs:
            self.steps.append(f'<nop condexec="{name}" condexec_inverse="true"><action>'
                              '<error message="the password is another"/></action></nop>')
        self.proofs = []

    def call_later(self):
        """A machine that is busy with other tests refuses calls of phones for a while."""
        self.steps.insert(0, '<label id="later"/>')
        self.steps += ['<nop next="end"/>', '<label id="refused"/>']
        self.put(MESSAGE.format(line=f"ACK {self.border} SIP/2.0", via=self.via.format(f"[branch-{len(self.steps) - 2}]"),
                                sender="From: <sip:alice@pbx.inside.lab>;tag=[pid]a[call_number]", to=f"To: <{self.border}>[peer_tag_param]",
                                cseq=" 1 ACK", rest=self.rest([])), "")
        self.steps += [f'<pause milliseconds="{LATER_MS}" next="later"/>', '<label id="end"/>']

    def note(self, name, header, regex=".*"):
        """Keeps a header's value, to say it again."""
        self.variables.append(name)
        return f'<ereg regexp={quoteattr(regex)} search_in="hdr" header="{header}:" check_it="true" assign_to="{name}"/>'

    def checks(self, parts):
        for part in parts:
            header, _, regex = part.partition(": ")
            name = f"check{len(self.variables)}"
            self.variables.append(name)
            if part.startswith("proves "):
                user, _, password = part.removeprefix("proves ").partition(":")
                yield f'<verifyauth assign_to="{name}" username="{user}" password="{password}"/>'
                self.proofs.append(name)
                continue
            where, found = f'"hdr" header="{header}:"' if regex else '"body"', "check_it"
            if part.startswith(("~ ", "!~ ")):
                sign, _, regex = part.partition(" ")
                where, found = '"msg"', "check_it_inverse" if sign == "!~" else "check_it"
            yield f'<ereg regexp={quoteattr(regex or part)} search_in={where} {found}="true" assign_to="{name}"/>'

    def take_request(self, method, parts):
        actions = [self.note(name + method, header) for name, header in
                   (("via", "Via"), ("from", "From"), ("to", "To"), ("cseq", "CSeq"))] if method != "ACK" else []
        if not self.known and method != "ACK":
            self.known, self.fresh = True, method
            actions += [self.note("mine", "To"), self.note("theirs", "From"), self.note("tag", "From", "tag=.*")]
            if method in DIALOGS:
                actions.append(self.note("target", "Contact", "sips?:[^>]*"))
        elif method == self.fresh:
            self.fresh = None  # the next one of that name is one of the dialog
        self.came = method if method != "ACK" else self.came
        self.take(f'request="{method}"', actions + list(self.checks(parts)))

    def take_answer(self, status, method, parts, does_next):
        txn = f'response_txn="t{self.asked[method][0]}"'
        self.status = int(status) if method == "INVITE" else self.status
        actions, reliable = list(self.checks(parts)), any(part.startswith("RSeq") for part in parts)
        if reliable:
            actions.append(self.note("rseq", "RSeq"))
        if method in DIALOGS and not self.known and (status[0] == "2" or reliable):
            self.known = True
            actions += [self.note("theirs", "To"), self.note("tag", "To", "tag=.*"), self.note("target", "Contact", "sips?:[^>]*")]
        if status == "100":
            self.over(method)
        if not self.loses or status[0] != "1" or reliable:
            self.take(f'response="{status}" {txn}', actions)
        elif not does_next:
            self.take(f'response="{status}" optional="true" {txn}', actions)
        else:
            after = len(self.steps)
            self.take(f'response="{status}" {txn}', actions, f'timeout="{UNSURE_MS}" ontimeout="{after}"')
            self.steps[-1] += f'\n  <label id="{after}"/>'
        if status[0] != "1":
            self.over(method)

    def over(self, method):
        """No more 100 is to be expected."""
        self.open = [step for step in self.open if step != self.asked[method][0]]

    def add(self, parts, does_next, way, what="", *more):  # pylint: disable=keyword-arg-before-vararg
        """A line of this side, without its letter."""
        if way == "settles":
            if self.loses:
                self.steps.append(f'<pause milliseconds="{UNSURE_MS}"/>')
        elif way == "tells":
            own = f"tag=[pid]{'a' if self.caller else 'b'}[call_number]"
            self.steps.append(f'<nop><action><log message="[call_id];[$tag];{own}"/></action></nop>')
        elif way == "wait":
            self.steps.append(f'<pause milliseconds="{what}"/>')
        elif not what[0].isdigit():
            (self.send_request if way == ">" else self.take_request)(what, parts)
        elif way == ">":
            self.send_answer(what, more[0] if more else self.came, "".join(more[1:]), parts)
        else:
            what = what.split("/")[0 if self.phone else -1]
            self.take_answer(what, more[0] if more else list(self.asked)[-1], parts, does_next)

    def xml(self):
        if self.loses and self.datagrams and self.steps[-1].startswith("<send"):
            self.steps.append(f'<pause milliseconds="{LINGER_MS}"/>')
        if self.refusable:
            self.call_later()
        names = ",".join(sorted(set(self.variables)))
        return ('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="ladder">\n  ' +
                "\n  ".join(self.steps) + (f'\n  <Reference variables="{names}"/>' if names else "") + "\n</scenario>\n")


class Flow:
    """A ladder that was read."""

    def __init__(self, text):
        self.options = {"trunk": {}, "route": {}}
        self.played, self.words = ALL, set()
        self.steps = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            first, *parts = line.split(" | ")
            what, *words = first.split()
            if what in SIDES:
                self.steps.setdefault(what, []).append((words, parts))
            elif what in self.options:
                self.options[what][words[0]] = words[1]
            elif what == "played":
                self.played = words
            else:
                self.words.add(what)

    def calls(self, side):
        return self.steps[side][0][0][0] == ">"

    def hears(self, side):
        """Whether what another tells must be there first."""
        return any("[dialog]" in part for _, parts in self.steps[side] for part in parts)

    def moves(self, side):
        return any(part == "moved" for _, parts in self.steps[side] for part in parts)

    def scenario(self, side, kind, port, loses):
        end = Side(kind, port, self.calls(side), loses)
        following = [words[0] for words, _ in self.steps[side][1:]] + [""]
        for (words, parts), then in zip(self.steps[side], following):
            end.add(parts, then not in ("<", ""), *words)
        return end.xml()
