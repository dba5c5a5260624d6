"""Look-backs: what a call or conversation is in the light of the others that the same rep had
with the same customer, and of that customer's quotes. Pure.

Spans are multiples of 24 h between instants. Every list given is sorted.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

from app.meaning.marks import Mark

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
