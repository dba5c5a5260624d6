"""Look-backs: what a call or conversation is in the light of the others that the same rep had
with the same customer, and of that customer's quotes. Pure.

Spans are multiples of 24 h between instants. Every list given is sorted.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

from app.meaning.marks import Mark

OUTBOUND_CALL = int(Mark.OUTBOUND | Mark.CALL)
CONVERSATION = int(Mark.CONVERSATION)
ASSIST = int(Mark.ASSIST)
REPEAT = int(Mark.REPEAT)
REPEAT_QUOTE = int(Mark.REPEAT_QUOTE)
UNPRODUCTIVE = int(Mark.UNPRODUCTIVE)
NEW_CUSTOMER = int(Mark.NEW_CUSTOMER)
LOOK_BACKS = REPEAT | REPEAT_QUOTE | UNPRODUCTIVE | NEW_CUSTOMER

REPEAT_WITHIN = timedelta(days=90)
REPEAT_APART = timedelta(hours=1)
QUOTE_BEFORE = timedelta(days=30)
QUOTE_AFTER = timedelta(days=7)
UNPRODUCTIVE_WITHIN = timedelta(days=7)
UNPRODUCTIVE_CALLS = 3
NEW_AFTER = timedelta(days=180)
LONGEST = NEW_AFTER


class History:
    """When a rep called and reached a customer: all that look-backs rest on, beside quotes.

    `outbound` are the starts of the rep's outbound calls to the customer, `conversations` those
    of their conversations, `reached` those of conversations and assists.
    """

    __slots__ = ("conversations", "outbound", "reached")

    def __init__(self) -> None:
        self.outbound: list[datetime] = []
        self.conversations: list[datetime] = []
        self.reached: list[datetime] = []

    def add(self, start: datetime, marks: int) -> None:
        """Take in a call or conversation that carries `marks`."""
        if marks & OUTBOUND_CALL == OUTBOUND_CALL:
            self.outbound.append(start)
        if marks & CONVERSATION:
            self.conversations.append(start)
        if marks & (CONVERSATION | ASSIST):
            self.reached.append(start)

    def sort(self) -> None:
        """Call it after the last `add`, before the first question."""
        for starts in (self.outbound, self.conversations, self.reached):
            starts.sort()

    def look_back(self, start: datetime, marks: int, quotes: Sequence[datetime]) -> int:
        """The look-back marks of what started at `start`, is in here, and carries `marks`.

        `quotes` are the instants at which anybody issued the customer a quote, drafts left out;
        they must be there where there is more than one conversation.
        """
        found = 0
        if marks & OUTBOUND_CALL == OUTBOUND_CALL:
            found |= call_marks(start, self.outbound, self.reached)
        if marks & CONVERSATION:
            found |= conversation_marks(start, self.conversations, quotes)
        return found


def first_marks(marks: int) -> int:
    """The look-back marks of what carries `marks` and is the first between a rep and a customer."""
    return NEW_CUSTOMER if marks & OUTBOUND_CALL == OUTBOUND_CALL else 0


def call_marks(start: datetime, outbound: Sequence[datetime], reached: Sequence[datetime]) -> int:
    """Marks of an outbound call to a customer.

    `outbound` are the starts of all the rep's outbound calls to the customer, this one too;
    `reached` those of the conversations and assists the rep had with the customer.
    """
    marks = 0
    earlier = bisect_left(outbound, start)
    if earlier == 0 or outbound[earlier - 1] < start - NEW_AFTER:
        marks |= NEW_CUSTOMER
    week_ago = start - UNPRODUCTIVE_WITHIN
    made = bisect_right(outbound, start) - bisect_right(outbound, week_ago)
    if made >= UNPRODUCTIVE_CALLS and not _any_within(reached, week_ago, start):
        marks |= UNPRODUCTIVE
    return marks


def _any_within(instants: Sequence[datetime], after: datetime, until: datetime) -> bool:
    """Whether any lies in `(after, until]`."""
    return bisect_right(instants, until) > bisect_right(instants, after)


def conversation_marks(
    start: datetime, conversations: Sequence[datetime], quotes: Sequence[datetime]
) -> int:
    """Marks of a conversation with a customer.

    `conversations` are the starts of all the rep's conversations with the customer, this one
    too; `quotes` the instants at which anybody issued the customer a quote, drafts left out.
    """
    latest = bisect_right(conversations, start - REPEAT_APART)
    if not latest or conversations[latest - 1] < start - REPEAT_WITHIN:
        return 0
    first = bisect_left(quotes, start - QUOTE_BEFORE)
    quoted = first < len(quotes) and quotes[first] <= start + QUOTE_AFTER
    return REPEAT | REPEAT_QUOTE if quoted else REPEAT
