#!/usr/bin/env python3
"""The flows of calls, as ladders between SIPp on UDP and SIPp behind TLS: each called by the phone and by the provider, first over
a network without loss, where a message too many is a failure, then with one datagram in twenty lost each way."""
import os

from harness import ladder, lab, network, sipp, stunnel

CALLS = 3
PHONE_PORT, TRUNK_PORT, PLAIN_PORT = 7000, 8000, 9000
SECONDS = 60

RINGS = """
a > INVITE | audio
b < INVITE | m=audio [1-9]
b > 180
a < 180
"""
UP = RINGS + """
b > 200 | audio
a < 200 | m=audio [1-9]
a > ACK
b < ACK
"""
# The callee may not be the first to change what the caller's ACK has not come for. And SIPp answers only copies of what came last:
# who asks after it has answered must know that the answer has come.
SETTLED = UP + """
a > INFO | digit
b < INFO
b > 200
a < 200
b settles
"""
DOWN = """
a > BYE
b < BYE
b > 200
a < 200
"""
# By who did something last: SIPp takes no message while it has one to send.
LEFT = """
b > BYE
a < BYE
a > 200
b < 200
"""
TALKS_AGAIN = """
b > INVITE | audio
a < INVITE | m=audio [1-9]
a > 200 | audio
a < ACK
b < 200 | m=audio [1-9]
b > ACK
"""
BOTH = ("phone", "provider")
FLOWS = {  # name: ladder
    "caller hangs up": UP + DOWN,
    "callee hangs up": UP + """
        b > BYE | Reason: Q.850;cause=16;text="done"
        a < BYE | Reason: cause=16
        a > 200
        b < 200
        """,
    "busy": RINGS + """
        b > 486
        b < ACK
        a < 486
        a > ACK
        """,
    "no room there": """
        a > INVITE | audio
        b < INVITE
        b > 503 | Retry-After: 30
        b < ACK
        a < 500/480
        a > ACK
        """,
    "early media of two forks": """
        a > INVITE | audio
        b < INVITE
        b > 183 | audio
        a < 183 | m=audio [1-9]
        b > 180
        a < 180
        b > 183 INVITE 2 | audio
        a < 183 | m=audio [1-9]
        b > 200 INVITE 2 | audio
        a < 200 | m=audio [1-9]
        a > ACK
        b < ACK
        """ + DOWN,
    "a second fork answers late": SETTLED + """
        b > 200 INVITE 2 | audio
        b < ACK
        b < BYE
        b > 200
        """ + LEFT,
    "cancelled while it rings": RINGS + """
        a > CANCEL
        a < 200 CANCEL
        a < 487 INVITE
        a > ACK
        b < CANCEL
        b > 200
        b > 487 INVITE
        b < ACK
        """,
    "cancelled before it rings": """
        a > INVITE | audio
        b < INVITE
        a < 100
        a > CANCEL
        a < 200 CANCEL
        a < 487 INVITE
        a > ACK
        b wait 1500
        b > 180 INVITE
        b < CANCEL
        b > 200
        b > 487 INVITE
        b < ACK
        """,
    "cancel crosses the callee's 2xx": RINGS + """
        a > CANCEL
        a < 200 CANCEL
        a < 487 INVITE
        a > ACK
        b < CANCEL
        b > 200 CANCEL
        b > 200 INVITE | audio
        b < ACK
        b < BYE
        b > 200
        """,
    "cancel crosses our 2xx": RINGS + """
        b > 200 | audio
        a < 200
        a > CANCEL
        a < 200 CANCEL
        a > ACK
        b < ACK
        """ + DOWN,
    "bye crosses the callee's bye": UP + """
        a > BYE
        b < BYE
        b > BYE
        b < 200 BYE
        b > 200 BYE
        a < 200
        """,
    "bye crosses our bye": SETTLED + """
        b > BYE
        a < BYE
        a > BYE
        a < 200 BYE
        a > 200 BYE
        b < 200
        """,
    "offer in the 2xx": """
        a > INVITE
        b < INVITE
        b > 180
        a < 180
        b > 200 | audio
        a < 200 | m=audio [1-9]
        a > ACK | audio
        b < ACK | m=audio [1-9]
        """ + LEFT,
    "reliable, and changed before the answer": """
        a > INVITE | audio | Supported: 100rel
        b < INVITE | Supported: 100rel
        b > 183 | audio | Require: 100rel | RSeq: 7
        b < PRACK | RAck: 7
        b > 200
        a < 183 | m=audio [1-9] | RSeq: [0-9]
        a > PRACK | RAck: [$rseq] 1 INVITE
        a < 200 PRACK
        b > 180 INVITE
        a < 180 INVITE
        a > UPDATE | sendonly
        b < UPDATE | a=sendonly
        b > 200 | recvonly
        a < 200 UPDATE | a=recvonly
        b settles
        b > 200 INVITE
        a < 200 INVITE
        a > ACK
        b < ACK
        """ + DOWN,
    "hold by an address of noughts, and resume": UP + """
        a > INVITE | zero
        b < INVITE | (a=sendonly|a=inactive)
        b > 200 | recvonly
        b < ACK
        a < 200
        a > ACK
        a > INVITE | audio
        b < INVITE | m=audio [1-9]
        b > 200 | audio
        b < ACK
        a < 200 | m=audio [1-9]
        a > ACK
        """ + DOWN,
    "callee updates": SETTLED + """
        b > UPDATE | inactive
        a < UPDATE | a=inactive
        a > 200 | inactive
        b < 200 | a=inactive
        """ + LEFT,
    "glare at the callee": UP + """
        a > INVITE | sendonly
        b < INVITE | a=sendonly
        b > INVITE | inactive
        b < 491 INVITE
        b > ACK
        b > 200 INVITE | recvonly
        b < ACK
        a < 200 | a=recvonly
        a > ACK
        """ + DOWN,
    "glare that the callee sees": UP + """
        a > INVITE | sendonly
        b < INVITE
        b > 491
        b < ACK
        a < 491
        a > ACK
        """ + DOWN,
    "a change is refused": SETTLED + """
        b > INVITE | sendonly
        a < INVITE | a=sendonly
        a > 488
        a < ACK
        b < 488
        b > ACK
        """ + TALKS_AGAIN + LEFT,
    "fax and back": SETTLED + """
        b > INVITE | fax
        a < INVITE | m=image [1-9][0-9]* udptl t38
        a > 200 | fax
        a < ACK
        b < 200 | m=image [1-9]
        b > ACK
        """ + TALKS_AGAIN + LEFT,
    "a change whose dialog is gone": UP + """
        a > INVITE | sendonly
        b < INVITE
        b > 481
        b < ACK
        a < 487
        a < BYE
        a > 200
        a > ACK
        b < BYE
        b > 481
        """,
    "digits and words": UP + """
        a > INFO | digit
        b < INFO | Signal=5
        b > 200
        a < 200
        b settles
        b > MESSAGE | text
        a < MESSAGE | tea is ready
        a > 200
        b < 200
        """ + LEFT,
    "options": """
        a > OPTIONS
        a < 200 | Allow: INVITE
        """,
    "unknown method": """
        a > BREW
        a < 405 | Allow: INVITE
        """,
    "a session too short": """
        a > INVITE | audio | Supported: timer | Session-Expires: 30
        a < 422 | Min-SE: 90
        a > ACK
        """,
    "joins nothing": """
        a > INVITE | audio | Require: join | Join: nothing@nowhere;to-tag=1;from-tag=2
        a < 481
        a > ACK
        """,
    "replaces nothing": """
        a > INVITE | audio | Require: replaces | Replaces: nothing@nowhere;to-tag=1;from-tag=2
        a < 481
        a > ACK
        """,
    "redirection that is passed on": """
        a > INVITE | audio
        b < INVITE
        b > 302 | Contact: <sip:4712@elsewhere.lab>
        b < ACK
        a < 302 | Contact: <sips?:4712@
        a > ACK
        """,
    "offer that we invent": """
        a > INVITE
        b < INVITE | m=audio [1-9]
        b > 200 | audio
        b < ACK
        a < 200 | m=audio [1-9]
        a > ACK | audio
        b < INVITE | m=audio [1-9]
        b > 200 | audio
        b < ACK
        """ + LEFT,
    "video comes and goes": UP + """
        a > INVITE | video
        b < INVITE | m=video [1-9]
        b > 200 | video
        b < ACK
        a < 200 | m=video [1-9]
        a > ACK
        a > INVITE | no video
        b < INVITE | m=video 0
        b > 200 | no video
        b < ACK
        a < 200 | m=video 0
        a > ACK
        """ + DOWN,
    "transfer that the provider carries out": UP + """
        a > REFER | Refer-To: <sip:4712@pbx.inside.lab>
        b < REFER | Refer-To: 4712@
        b > 202
        a < 202
        b > NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | progress
        a < NOTIFY | Event: refer | Subscription-State: terminated | SIP/2.0 200
        a > 200
        b < 200
        """ + LEFT,
    "transfer that a provider asks for": UP + """
        a > REFER | Refer-To: <sips:4712@sbc.lab>
        a < 403
        """ + DOWN,
    "lamp at the provider": """
        a > SUBSCRIBE | Event: dialog | Expires: 60 | Accept: application/dialog-info+xml
        b < SUBSCRIBE | Event: dialog | Accept: application/dialog-info
        b > 200 | Expires: 60
        a < 200 | Expires: 60
        b settles
        b > NOTIFY | Event: dialog | Subscription-State: active;expires=60 | lamp
        a < NOTIFY | Event: dialog | Subscription-State: active | <state>confirmed</state>
        a > 200
        b < 200
        a settles
        a > SUBSCRIBE | Event: dialog | Expires: 0
        b < SUBSCRIBE | Expires: 0
        b > 200 | Expires: 0
        a < 200
        b settles
        b > NOTIFY | Event: dialog | Subscription-State: terminated;reason=timeout | lamp
        a < NOTIFY | Subscription-State: terminated
        a > 200
        b < 200
        """,
    "lamp of a phone": """
        a > SUBSCRIBE | Event: dialog | Expires: 60 | Accept: application/dialog-info+xml
        b < SUBSCRIBE | Event: dialog
        b > 200 | Expires: 60
        a < 200
        b settles
        b > NOTIFY | Event: dialog | Subscription-State: active;expires=60 | lamp
        b < 415
        b > NOTIFY | Event: dialog | Subscription-State: terminated;reason=noresource
        a < NOTIFY | Subscription-State: terminated
        a > 200
        b < 200
        """,
    "publishes who talks": """
        a > PUBLISH | Event: dialog | Expires: 60 | lamp
        b < PUBLISH | Event: dialog | <state>confirmed</state>
        b > 200 | Expires: 60 | SIP-ETag: etag1
        a < 200 | SIP-ETag: etag1
        """,
    "text": """
        a > MESSAGE | text
        b < MESSAGE | tea is ready
        b > 200
        a < 200
        """,
}
ONLY = {  # played by that caller alone
    "transfer that the provider carries out": "phone",
    "transfer that a provider asks for": "provider",
    "lamp at the provider": "phone",
    "lamp of a phone": "provider",
    "publishes who talks": "provider",
    "offer that we invent": "phone",
}
TRUNK = {  # what the flow's trunk has besides
    "transfer that the provider carries out": {"transfer": "pass"},
    "offer that we invent": {"delayed-offer": "invent"},
}
ROUTE = {"redirection that is passed on": {"redirects": "pass"}}
# Where the two ends of a call have no order between them, SIPp must not mind.
UNORDERED = ("reliable, and changed before the answer",)
LOSSLESS = ("a change whose dialog is gone",)  # SIPp would have to answer copies of two requests
METHODS = ["INVITE", "MESSAGE", "SUBSCRIBE", "PUBLISH"]


class Flows(lab.LabTest):
    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path + ".xml", "w", encoding="ascii") as out:
            out.write(text)
        return path

    def start_tunnel(self, certificates, caller):
        """The provider's way to us, or its doors."""
        doors = [(certificate, TRUNK_PORT + i, PLAIN_PORT + i) for i, certificate in enumerate(certificates)]
        if caller == "provider":
            tunnel = stunnel.clients(self.directory, "provider", network.SBC_OUTSIDE, "sbc.lab", self.authority.root,
                                     [(certificate, plain) for certificate, _, plain in doors])
        else:
            tunnel = stunnel.servers(self.directory, "provider", network.PROVIDER, self.authority.root, doors)
        self.addCleanup(tunnel.stop)

    def configure(self, loses):
        """A phone and a trunk for each flow; gives the trunks' certificates too."""
        config = self.configuration()
        trunk = {**config["trunks"].pop("provider"), "lookup": network.PROVIDER, "plain-media": ["udptl"]}
        config["realms"]["office"]["t1"] = f"{ladder.T1_MS if loses else ladder.CALM_T1_MS}ms"
        if loses:
            config["realms"]["office"]["t2"] = f"{ladder.T2_MS}ms"
        config["phones"], config["routes"], certificates = {}, [], []
        for i, name in enumerate(FLOWS):
            certificates.append(self.authority.issue(f"f{i}.lab"))
            config["phones"][f"phone{i}"] = {"realm": "office", "address": f"{network.PHONE}:{PHONE_PORT + i}", "numbers": [str(100 + i)]}
            config["trunks"][f"trunk{i}"] = {**trunk, "domain": f"f{i}.lab", "port": TRUNK_PORT + i, **TRUNK.get(name, {})}
            for ends in (("phone", "trunk"), ("trunk", "phone")):
                config["routes"].append({"from": f"{ends[0]}{i}", "number": "*", "to": f"{ends[1]}{i}", "methods": METHODS, **ROUTE.get(name, {})})
        return config, certificates

    def start_side(self, name, kind, i, scenario, calls, lenient):  # pylint: disable=too-many-arguments,too-many-positional-arguments
        """One SIPp: kind is phone or provider."""
        where = ("-t", "u1", "-i", network.PHONE, "-p", str(PHONE_PORT + i)) if kind == "phone" else ("-t", "t1", "-i", "127.0.0.1")
        target = f"{network.SBC_INSIDE}:5060" if kind == "phone" else f"127.0.0.1:{PLAIN_PORT + i}"
        if kind == "provider":  # it listens when it calls, too
            where += ("-p", str(PLAIN_PORT + i + (500 if calls else 0)))
        options = ["-m", str(CALLS), "-timeout", str(SECONDS), "-timeout_error"]
        if lenient:
            options += ["-default_behaviors", "bye,pingreply"]
        program = sipp.start(self.directory, name, kind, self.write(name, scenario), *where, *options,
                             *(("-s", "4711" if kind == "phone" else str(100 + i), "-r", "4", target) if calls else ()))
        self.addCleanup(program.stop)
        return program

    def errors(self, program):
        """The first that SIPp had to say of them."""
        try:
            with open(os.path.join(self.directory, program.split()[-1] + "-errors"), encoding="utf-8", errors="replace") as errors:
                return errors.read(1000)
        except FileNotFoundError:
            return ""

    def play(self, caller, loses):
        kinds = BOTH if caller == "phone" else BOTH[::-1]
        config, certificates = self.configure(loses)
        self.start_tunnel(certificates, caller)
        self.start_trunkgate(config)
        if loses:
            self.lose_datagrams()
        started = []
        for i, (name, text) in enumerate(FLOWS.items()):
            if ONLY.get(name, caller) != caller or loses and name in LOSSLESS:
                continue
            ends = [(kind, (PHONE_PORT if kind == "phone" else TRUNK_PORT) + i) for kind in kinds]
            lenient = loses or name in UNORDERED
            scenarios = ladder.scenarios(text, ends, lenient)
            for side in (1, 0):
                if scenarios[side]:
                    started.append((name, self.start_side(f"{i}{'ab'[side]}", kinds[side], i, scenarios[side], side == 0, lenient)))
        failed = [f"{name}: {program.name}\n{self.errors(program.name)}" for name, program in started if program.wait_exit(SECONDS + 30)]
        self.assertFalse(failed, "\n".join(failed))
        self.trunkgate.wait_no_calls()

    def test_phone_calls(self):
        self.play("phone", False)

    def test_provider_calls(self):
        self.play("provider", False)

    def test_phone_calls_with_loss(self):
        self.play("phone", True)

    def test_provider_calls_with_loss(self):
        self.play("provider", True)


if __name__ == "__main__":
    lab.main()
