"""How calls begin, fail and end."""
from .parts import DOWN, LEFT, RINGS, SETTLED, UP

FLOWS = {
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
    "refused": RINGS + """
        b > 603 | Reason: Q.850;cause=21;text="not today"
        b < ACK
        a < 603 | Reason: Q.850;cause=21
        a > ACK
        """,
    "not there": """
        a > INVITE | audio
        b < INVITE
        b > 404 | Reason: Q.850;cause=1
        b < ACK
        a < 404 | Reason: Q.850;cause=1
        a > ACK
        """,
    "a provider that wants a password, and a new one for a stale nonce": """
        played phone-provider desk-provider
        trunk username acme-4711
        trunk password-file trunk.password
        a > INVITE | audio
        b < INVITE
        b > 401 | WWW-Authenticate: Digest realm="acme.lab", nonce="first", qop="auth"
        b < ACK
        b < INVITE | Authorization: nonce="first" | proves acme-4711:circle-of-life
        b > 401 | WWW-Authenticate: Digest realm="acme.lab", nonce="second", qop="auth", stale=true
        b < ACK
        b < INVITE | Authorization: nonce="second" | proves acme-4711:circle-of-life
        b > 200 | audio
        b < ACK
        a < 200
        a > ACK
        a > BYE
        b < BYE | Authorization: nonce="second" | proves acme-4711:circle-of-life
        b > 200
        a < 200
        """,
    "a provider's proxy wants a password, and so does who is behind it": """
        played phone-provider desk-provider
        trunk username acme-4711
        trunk password-file trunk.password
        a > INVITE | audio
        b < INVITE
        b > 407 | Proxy-Authenticate: Digest realm="proxy.lab", nonce="front", qop="auth"
        b < ACK
        b < INVITE | Proxy-Authorization: username="acme-4711", realm="proxy.lab", nonce="front"
        b > 401 | WWW-Authenticate: Digest realm="acme.lab", nonce="back", qop="auth"
        b < ACK
        b < INVITE | Proxy-Authorization: realm="proxy.lab", nonce="front" | ~ realm="acme.lab", nonce="back" | proves acme-4711:circle-of-life
        b > 200 | audio
        b < ACK
        a < 200
        a > ACK
        """ + LEFT,
    "busy by its cause": """
        a > INVITE | audio
        b < INVITE
        b > 500 | Reason: Q.850;cause=17
        b < ACK
        a < 486 | Reason: Q.850;cause=17
        a > ACK
        """,
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
        a wait 1000
        a > CANCEL
        a < 200 CANCEL
        a < 487 INVITE
        a > ACK
        b wait 2500
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
    "callee hangs up before the ACK": RINGS + """
        b > 200 | audio
        b < ACK
        b > BYE
        b < 200
        a < 200
        a wait 300
        a > ACK
        a < BYE
        a > 200
        """,
    "nobody confirms": """
        played phone-provider
        hasty
        lossless
        """ + RINGS + """
        b > 200 | audio
        b < ACK
        a < 200
        a < BYE
        a > 200
        a > ACK
        b < BYE
        b > 200
        """,
    "caller hangs up before its ACK": RINGS + """
        b > 200 | audio
        b < ACK
        a < 200
        a > BYE
        a < 200 BYE
        b < BYE
        b > 200
        a > ACK
        """,
    "a change of the callee that nobody answers in time": """
        lossless
        """ + SETTLED + """
        b > INVITE | sendonly
        a < INVITE | a=sendonly
        a > 408
        a < ACK
        b < 487
        b < BYE
        b > 200
        b > ACK
        a < BYE
        a > 481
        """,
    "an update that nobody answers in time": """
        lossless
        """ + UP + """
        a > UPDATE | sendonly
        b < UPDATE
        b > 408
        a < 487
        a < BYE
        a > 200
        b < BYE
        b > 481
        """,
}
