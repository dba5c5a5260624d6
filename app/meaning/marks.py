"""What a fact counts as, as one set of bits on its row: the rungs of the call ladder and the
look-backs of the KPI contract. The numbers are stored: never renumber, only add.
"""

from enum import IntFlag


class Mark(IntFlag):
    """One rung or finding. A leg, a segment or a standalone conversation carries a set of them."""

    STANDS = 1  # not internal, not a test, not voided
    OUTBOUND = 2  # the leg is outbound
    CALL = 4  # rung 1
    ANSWERED = 8  # bridged, and no machine (of a call: rung 2)
    CONVERSATION = 16  # rung 3: has the conversation of its call, or is one by itself
    ASSIST = 32  # meets rung 3, but another leg of the call has the conversation
    MISSED = 64  # inbound, of a call nobody answered or classified
    CUSTOMER_TALK = 128
    OTHER_TALK = 256  # personal, internal, hold line
    REPEAT = 512
    REPEAT_QUOTE = 1024
    UNPRODUCTIVE = 2048
    NEW_CUSTOMER = 4096
    SPOKEN = 8192  # a conversation that is neither chat nor in person
