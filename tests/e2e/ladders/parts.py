"""What many ladders have in common."""
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
