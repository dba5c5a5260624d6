"""Works out anew the calls that a batch touches: loads all there is of each, and climbs the
ladder. What this changes for the look-backs of a rep and customer is handed on.
"""

from app.batch.desk import Desk, grouped, own
from app.batch.pairs import Pairs, relevant
from app.batch.reach import Dirty, load_owners
from app.db import Reading
from app.facts.rows import Conversation, Leg
from app.facts.shelf import unique
from app.meaning.ladder import read_call, read_standalone
from app.meaning.lookback import LOOK_BACKS


def touched_calls(desk: Desk, dirty: Dirty) -> None:
    """Find the calls and standalone conversations that the batch's own events touch."""
    for _, leg in desk.legs.changed():
        dirty.calls.add(leg.call_id)
    for before_segment, segment in desk.segments.changed():
        for row in (before_segment, segment):
            if row is not None and not row.voided:
                dirty.calls.add(row.call_id)
    for before_word, word in desk.conversations.changed():
        for each in (before_word, word):
            if each is not None and not each.voided:
                if each.call_id is None:
                    dirty.standalone.add(each.conversation_id)
                else:
                    dirty.calls.add(each.call_id)
        if word.voided:
            dirty.standalone.add(word.conversation_id)


async def work_out_calls(
    session: Reading, desk: Desk, dirty: Dirty, pairs: Pairs, *, afresh: bool = False
) -> None:
    """Give every leg, orphan segment and standalone conversation in `dirty` its meaning.

    With `afresh` no look-back that is stored is taken over: all are worked out again.
    """
    if dirty.calls:
        calls = unique(dirty.calls)
        for shelf in (desk.legs, desk.segments, desk.conversations):
            await shelf.load(session, "WHERE call_id = ANY($1)", calls)
    if dirty.standalone:
        await desk.conversations.load(
            session, "WHERE conversation_id = ANY($1)", unique(dirty.standalone)
        )
    await load_owners(session, desk, desk.legs.now.values())
    await load_owners(session, desk, desk.conversations.now.values())

    legs = grouped(desk.legs, lambda leg: leg.call_id, dirty.calls)
    segments = grouped(desk.segments, lambda segment: segment.call_id, dirty.calls)
    words = grouped(desk.conversations, lambda word: word.call_id, dirty.calls)
    for call_id in dirty.calls:
        of_call = legs.get(call_id, [])
        read_call(of_call, segments.get(call_id, ()), words.get(call_id, ()), desk.known)
        for leg in of_call:
            _hand_on(desk.legs.stored.get((leg.call_id, leg.agent)), leg, pairs, afresh)
    for conversation in list(desk.conversations.now.values()):
        if conversation.conversation_id in dirty.standalone and conversation.call_id is None:
            read_standalone(own(desk.conversations, conversation), desk.known)
    for key, word in desk.conversations.now.items():
        before = desk.conversations.stored.get(key)
        if before is not word:
            _hand_on(before, word, pairs, afresh)


def _hand_on(
    before: Leg | Conversation | None, after: Leg | Conversation, pairs: Pairs, afresh: bool
) -> None:
    """Keep the look-backs of what stays as it was to its pair; hand the pair on otherwise."""
    if before is not None and not afresh and relevant(before) == relevant(after):
        after.marks |= before.marks & LOOK_BACKS
        return
    for row in (before, after):
        if row is not None:
            pairs.touch(row)
