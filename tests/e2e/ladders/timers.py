"""Session timers: these take a minute."""
from .parts import DOWN, LEFT

ASKS = """
a > INVITE | audio | Supported: timer | Session-Expires: 90;refresher={}
b < INVITE | Supported: timer | Session-Expires: 1800
b > 200 | audio
b < ACK
a < 200 | Session-Expires: 90;refresher={}
a > ACK
"""
IS_ASKED = """
a > INVITE | audio
b < INVITE | Session-Expires: 1800
b > 200 | audio | Require: timer | Session-Expires: 90;refresher={}
b < ACK
a < 200 | !~ Session-Expires:
a > ACK
"""
ENDS = """
a < BYE
a > 200
b < BYE
b > 200
"""
FLOWS = {
    "both refresh, after reliable answers": """
        a > INVITE | audio | Supported: 100rel, timer | Session-Expires: 90;refresher=uac
        b < INVITE | Session-Expires: 1800 | Supported: 100rel, timer
        b > 183 | audio | Require: 100rel | RSeq: 4711
        b < PRACK | RAck: 4711
        b > 200
        a < 183 | m=audio [1-9] | Require: 100rel | RSeq: [0-9]
        a > PRACK | RAck: [$rseq] 1 INVITE
        a < 200 PRACK
        b > 200 INVITE | Require: timer | Session-Expires: 90;refresher=uac
        a < 200 INVITE | Session-Expires: 90;refresher=uac | ~ Content-Length: 0
        a > ACK
        b < ACK
        a > UPDATE | Supported: timer | Session-Expires: 90;refresher=uac
        a < 200 UPDATE | Session-Expires: 90;refresher=uac
        b < UPDATE | Session-Expires: 90;refresher=uac | ~ Content-Length: 0
        b > 200 | Require: timer | Session-Expires: 90;refresher=uac
        """ + LEFT,
    "we refresh for the caller": ASKS.format("uas", "uas") + """
        a < UPDATE | Session-Expires: 90;refresher=uac | ~ Content-Length: 0
        a > 200 | Require: timer | Session-Expires: 90;refresher=uac
        """ + DOWN,
    "the caller does not refresh": ASKS.format("uac", "uac") + ENDS,
    "the callee does not refresh": IS_ASKED.format("uas") + ENDS,
}
