"""Redirections, transfers, other requests in calls and out of them."""
from .parts import DOWN, LEFT, RINGS, SETTLED, UP

FLOWS = {
    "a digit whose dialog is gone": """
        lossless
        """ + UP + """
        a > INFO | digit
        b < INFO
        b > 481
        a < 481
        a < BYE
        a > 200
        b < BYE
        b > 481
        """,
    "a digit of the callee whose dialog is gone": """
        lossless
        """ + SETTLED + """
        b > INFO | digit
        a < INFO
        a > 481
        b < 481
        b < BYE
        b > 200
        a < BYE
        a > 481
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
    "a phone picks up a call that rings its neighbour": """
        played provider-phone
        """ + RINGS + """
        b tells
        c > INVITE | audio | Require: replaces | Replaces: [dialog];early-only
        c < 200 | m=audio [1-9]
        c > ACK
        a < 200 | m=audio [1-9]
        a > ACK
        b < CANCEL | Reason: SIP;cause=200
        b > 200
        b > 487 INVITE
        b < ACK
        a > BYE
        a < 200
        c < BYE
        c > 200
        """,
    "a phone takes over what its neighbour answered": """
        played provider-phone
        """ + UP + """
        b tells
        c > INVITE | audio | Require: replaces | Replaces: [dialog]
        a < INVITE | m=audio [1-9]
        a > 200 | audio
        a < ACK
        c < 200 | m=audio [1-9]
        c > ACK
        b < BYE
        b > 200
        c > BYE
        c < 200
        a < BYE
        a > 200
        """,
    "a phone takes over what its neighbour called": """
        played phone-provider
        """ + UP + """
        a tells
        c > INVITE | audio | Require: replaces | Replaces: [dialog]
        b < INVITE | m=audio [1-9]
        b > 200 | audio
        b < ACK
        c < 200 | m=audio [1-9]
        c > ACK
        a < BYE
        a > 200
        c > BYE
        c < 200
        b < BYE
        b > 200
        """,
    "redirection that is passed on": """
        route redirects pass
        a > INVITE | audio
        b < INVITE
        b > 302 | Contact: <sip:4712@elsewhere.lab>
        b < ACK
        a < 302 | Contact: <sips?:4712@
        a > ACK
        """,
    "redirection to who may not be called": """
        played phone-provider
        a > INVITE | audio
        b < INVITE
        b > 302 | Contact: <sips:4712@elsewhere.lab>
        b < ACK
        a < 480 | !~ elsewhere
        a > ACK
        """,
    "a phone that sends its calls on": """
        played provider-phone
        a > INVITE | audio
        b < INVITE
        b > 302 | Contact: <sip:[third]@pbx.inside.lab>
        b < ACK
        c < INVITE | m=audio [1-9]
        c > 180
        a < 180
        c > 200 | audio
        c < ACK
        a < 200 | m=audio [1-9]
        a > ACK
        a > BYE
        c < BYE
        c > 200
        a < 200
        """,
    "transfer that the provider carries out": """
        played phone-provider
        trunk transfer pass
        """ + UP + """
        a > REFER | Refer-To: <sip:4712@pbx.inside.lab>
        b < REFER | Refer-To: 4712@
        b > 202
        a < 202
        b > NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | progress
        a < NOTIFY | Event: refer | Subscription-State: terminated | SIP/2.0 200
        a > 200
        b < 200
        """ + LEFT,
    "transfer that a provider asks for": """
        played provider-phone
        """ + UP + """
        a > REFER | Refer-To: <sips:4712@sbc.lab>
        a < 403
        """ + DOWN,
    "transfer that no phone may ask for": """
        played phone-provider
        trunk transfer refuse
        """ + UP + """
        a > REFER | Refer-To: <sip:4712@pbx.inside.lab>
        a < 403
        """ + DOWN,
    "transfer that the caller asks for": """
        trunk transfer-from-trunk yes
        played phone-provider provider-phone desk-provider pbx-provider
        """ + UP + """
        a settles
        a > REFER | Refer-To: <sip:[third]@sbc.lab>
        a < 202
        a < NOTIFY | Event: refer | Subscription-State: active | SIP/2.0 100
        a > 200
        c < INVITE | m=audio [1-9]
        c > 200 | audio
        c < ACK
        b < INVITE | m=audio [1-9]
        b > 200 | audio
        b < ACK
        a < NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | SIP/2.0 200
        a > 200
        a > BYE
        a < 200
        b > BYE
        b < 200
        c < BYE
        c > 200
        """,
    "transfer that the callee asks for": """
        trunk transfer-from-trunk yes
        played phone-provider provider-phone desk-provider pbx-provider
        """ + SETTLED + """
        b > REFER | Refer-To: <sip:[third]@sbc.lab>
        b < 202
        b < NOTIFY | Event: refer | Subscription-State: active | SIP/2.0 100
        b > 200
        c < INVITE | m=audio [1-9]
        c > 200 | audio
        c < ACK
        a < INVITE | m=audio [1-9]
        a > 200 | audio
        a < ACK
        b < NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | SIP/2.0 200
        b > 200
        b > BYE
        b < 200
        a > BYE
        a < 200
        c < BYE
        c > 200
        """,
    "lamp at the provider": """
        played phone-provider
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
        played provider-phone
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
        played provider-phone
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
