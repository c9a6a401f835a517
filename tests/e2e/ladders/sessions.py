"""Sessions: how they are agreed upon, before and after the answer, and how they change."""
from .parts import DOWN, LEFT, SETTLED, TALKS_AGAIN, UP

FLOWS = {
    "no codec there": """
        a > INVITE | audio
        b < INVITE
        b > 488 | Warning: 304 b.lab "Media type not available"
        b < ACK
        a < 488 | ~ Warning: 304 .*Media type not available | !~ b.lab
        a > ACK
        """,
    "a session that the callee wants longer": """
        a > INVITE | audio
        b < INVITE | Session-Expires: 1800
        b > 422 | Min-SE: 3600
        b < ACK
        b < INVITE | Session-Expires: 3600 | Min-SE: 3600
        b > 180
        a < 180
        b > 200 | audio
        b < ACK
        a < 200
        a > ACK
        """ + DOWN,
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
        b > 180 INVITE
        a < 183 | m=audio [1-9] | RSeq: [0-9]
        a < 180
        a > PRACK | RAck: [$rseq] 1 INVITE
        a < 200 PRACK
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
    "reliable to the caller alone": """
        a > INVITE | audio | Supported: 100rel
        b < INVITE
        b > 183 | audio
        a < 183 | m=audio [1-9] | Require: 100rel | RSeq: [0-9]
        a > PRACK | RAck: [$rseq] 1 INVITE
        a < 200 PRACK
        a settles
        a > INFO | digit
        b < INFO
        b > 200
        a < 200 INFO
        b settles
        b > 200 INVITE | audio
        a < 200 INVITE
        a > ACK
        b < ACK
        """ + DOWN,
    "reliable from the callee alone": """
        a > INVITE | audio
        b < INVITE | Supported: 100rel
        b > 183 | audio | Require: 100rel | RSeq: 7
        b < PRACK | RAck: 7
        b > 200
        a < 183 | m=audio [1-9] | !~ RSeq:
        b settles
        b > 200 INVITE
        a < 200 | m=audio [1-9]
        a > ACK
        b < ACK
        """ + DOWN,
    "the callee updates before it answers": """
        a > INVITE | audio | Supported: 100rel
        b < INVITE
        b > 183 | audio | Require: 100rel | RSeq: 7
        b < PRACK
        b > 200
        b > 180 INVITE
        a < 183 | RSeq: [0-9]
        a < 180
        a > PRACK | RAck: [$rseq] 1 INVITE
        a < 200 PRACK
        a > INFO | digit
        b < INFO
        b > 200
        a < 200 INFO
        b settles
        b > UPDATE | inactive
        a < UPDATE | a=inactive
        a > 200 | inactive
        b < 200 UPDATE | a=inactive
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
    "a change whose dialog is gone": """
        lossless
        """ + UP + """
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
    "a session too short": """
        a > INVITE | audio | Supported: timer | Session-Expires: 30
        a < 422 | Min-SE: 90
        a > ACK
        """,
    "offer that we invent": """
        played phone-provider
        trunk delayed-offer invent
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
    "video and slides come and go": UP + """
        a > INVITE | audio, video, bfcp
        b < INVITE | m=video [1-9] | m=application [1-9][0-9]* UDP/BFCP
        b > 200 | audio, video, bfcp
        b < ACK
        a < 200 | m=video [1-9] | m=application [1-9]
        a > ACK
        a > INVITE | audio, no video, no bfcp
        b < INVITE | m=video 0 | m=application 0
        b > 200 | audio, no video, no bfcp
        b < ACK
        a < 200 | m=video 0 | m=application 0
        a > ACK
        """ + DOWN,
    "another codec": UP + """
        a > INVITE | G722
        b < INVITE | m=audio [1-9][0-9]* RTP/S?AVP 9
        b > 200 | G722
        b < ACK
        a < 200 | m=audio [1-9][0-9]* RTP/S?AVP 9
        a > ACK
        """ + DOWN,
    "the caller's media move": UP + """
        a > INVITE | moved
        a < 200 | m=audio [1-9]
        a > ACK
        a wait 500
        """ + DOWN,
    "the callee's media move": SETTLED + """
        b > UPDATE | moved
        b < 200 | m=audio [1-9]
        b wait 500
        """ + LEFT,
}
