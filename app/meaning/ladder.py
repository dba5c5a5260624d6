"""The call ladder: what each leg of one call is, from its legs, segments and classifications.

The rules are those of the KPI contract, "The call ladder". Look-backs, which need other calls,
come after, in `app.meaning.lookback`. Pure; the meaning is written onto the rows given.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from app.facts.rows import BEFORE_ALL, Conversation, Leg, Segment
from app.meaning.known import NUMBER, Known
from app.meaning.marks import Mark

STANDS = int(Mark.STANDS)
OUTBOUND = int(Mark.OUTBOUND)
CALL = int(Mark.CALL)
ANSWERED = int(Mark.ANSWERED)
CONVERSATION = int(Mark.CONVERSATION)
ASSIST = int(Mark.ASSIST)
MISSED = int(Mark.MISSED)
CUSTOMER_TALK = int(Mark.CUSTOMER_TALK)
OTHER_TALK = int(Mark.OTHER_TALK)
SPOKEN = int(Mark.SPOKEN)

NO_CALL = frozenset({"personal", "internal"})
OTHER = frozenset({"personal", "internal", "hold_line"})
SECOND = timedelta(seconds=1)
_NO_SEGMENTS: dict[str, int] = {}


def newest_word(words: Iterable[Conversation]) -> dict[str, Conversation]:
    """The classification that counts for each rep: the greatest (time, revision, id, source)."""
    newest: dict[str, Conversation] = {}
    for word in words:
        if word.voided:
            continue
        other = newest.get(word.rep_id)
        if other is None or _newer(other) < _newer(word):
            newest[word.rep_id] = word
    return newest


def _newer(word: Conversation) -> tuple[datetime, int, str, str]:
    return word.event_time or BEFORE_ALL, word.revision, word.event_id, word.source


def read_call(
    legs: Sequence[Leg], segments: Sequence[Segment], words: Sequence[Conversation], known: Known
) -> None:
    """Write onto the rows of one call what they mean, all but the look-backs.

    `legs`, `segments` and `words` are all there are with this call id, voided ones too.
    """
    for word in words:
        word.rep_id = known.rep(word.agent, word.started_at) if not word.voided else ""
        word.day, word.party, word.marks = None, None, 0
    for segment in segments:
        segment.rep_id = known.rep(segment.agent, segment.started_at) if not segment.voided else ""
    newest = newest_word(words) if words else {}
    sums = _segment_sums(segments)
    candidates = []
    reached = False
    for leg in legs:
        leg.rep_id = leg.agent if leg.voided else known.rep(leg.agent, leg.started_at)
        if leg.voided or leg.test or leg.direction == "internal":
            _clear(leg, known)
            continue
        said = newest.get(leg.rep_id)
        _read_leg(leg, said, sums.get(leg.rep_id, {}), known)
        if leg.marks & ANSWERED or said is not None:
            reached = True
        if leg.marks & CONVERSATION:
            candidates.append(leg)
    if len(candidates) > 1:
        _credit(candidates)
    if not reached:
        _miss(legs)
    if segments:
        _read_orphans(segments, legs, newest, known)


def read_alone(leg: Leg, known: Known) -> None:
    """The same for a leg that stands, and is all there is with its call id."""
    leg.rep_id = known.rep(leg.agent, leg.started_at)
    if leg.test or leg.direction == "internal":
        _clear(leg, known)
        return
    _read_leg(leg, None, _NO_SEGMENTS, known)
    if not leg.marks & (ANSWERED | OUTBOUND):
        leg.marks |= MISSED


def _miss(legs: Iterable[Leg]) -> None:
    """Mark the inbound legs of a call that nobody answered or classified."""
    for leg in legs:
        if leg.marks & STANDS and not leg.marks & OUTBOUND:
            leg.marks |= MISSED


def _clear(leg: Leg, known: Known) -> None:
    leg.day = None if leg.voided else known.directory.of(leg.rep_id).day_of(leg.started_at)
    leg.party = leg.talk = leg.hold = leg.classified = leg.right_party = None
    leg.marks = 0


def _segment_sums(segments: Iterable[Segment]) -> dict[str, dict[str, int]]:
    """Seconds by rep and kind, of the segments that stand."""
    sums: dict[str, dict[str, int]] = {}
    for segment in segments:
        if not segment.voided:
            kinds = sums.setdefault(segment.rep_id, {})
            kinds[segment.kind] = kinds.get(segment.kind, 0) + segment.seconds
    return sums


def _read_leg(leg: Leg, word: Conversation | None, sums: dict[str, int], known: Known) -> None:
    answered = _time(leg, sums)
    timeline = known.directory.of(leg.rep_id)
    leg.day = timeline.day_of(leg.started_at)

    talk = leg.talk
    marks = STANDS
    if answered:
        marks |= ANSWERED
    outbound = leg.direction == "outbound"
    if outbound:
        marks |= OUTBOUND
    if word is None:
        leg.classified = leg.right_party = None
        leg.party = known.party(leg.customer_id, leg.phone)
        if outbound or answered:
            marks |= CALL
        if answered:
            marks |= CUSTOMER_TALK
            floors = known.floors
            team = timeline.team_on(leg.day) if floors.steps else None
            if talk is not None and talk >= floors.on(team, leg.day):
                marks |= CONVERSATION | SPOKEN
    else:
        leg.classified, leg.right_party = word.kind, word.right_party
        leg.party = _classified_party(leg, word, known)
        if word.kind not in NO_CALL:
            marks |= CALL
        marks |= OTHER_TALK if word.kind in OTHER else CUSTOMER_TALK
        if word.kind == "customer":
            marks |= CONVERSATION | SPOKEN
    leg.marks = marks


def _time(leg: Leg, sums: dict[str, int]) -> bool:
    """Work out the leg's talk and hold; whether a human may have answered it."""
    talk, hold = leg.talk_seconds, leg.hold_seconds
    if sums:
        length = (leg.ended_at - leg.started_at) // SECOND
        if "talk" in sums:
            talk = min(sums["talk"], length)
        if "hold" in sums:
            hold = min(sums["hold"], length)
    answered_at = leg.answered_at
    bridged = leg.outcome == "connected" and (answered_at is not None or (talk or 0) > 0)
    if talk is None and bridged and answered_at is not None:
        talk = max(0, (leg.ended_at - answered_at) // SECOND - (hold or 0))
    leg.talk, leg.hold = talk, hold
    return bridged and leg.answered_by != "machine"


def _classified_party(leg: Leg, word: Conversation, known: Known) -> str | None:
    customer = known.customer(word.customer_id, word.phone) or known.customer(
        leg.customer_id, leg.phone
    )
    phone = word.phone or leg.phone
    return customer or (None if phone is None else NUMBER + phone)


def _credit(candidates: list[Leg]) -> None:
    """Leave the conversation with one leg; the others are assists."""
    best = min(
        candidates,
        key=lambda leg: (
            leg.classified is None,
            -(leg.talk or 0),
            leg.started_at,
            leg.rep_id,
            leg.agent,
        ),
    )
    for leg in candidates:
        if leg is not best:
            leg.marks = leg.marks & ~(CONVERSATION | SPOKEN) | ASSIST


def _read_orphans(
    segments: Iterable[Segment],
    legs: Sequence[Leg],
    newest: dict[str, Conversation],
    known: Known,
) -> None:
    """Talk segments whose leg has not come count already, on their own day."""
    come = {leg.rep_id for leg in legs if not leg.voided}
    withdrawn = [leg.agent for leg in legs if leg.voided]
    for segment in segments:
        segment.day, segment.marks = None, 0
        if segment.voided or segment.kind != "talk" or segment.rep_id in come:
            continue
        # A withdrawn leg has no time of its own: whose it was is asked for the segment's.
        if segment.rep_id in {known.rep(agent, segment.started_at) for agent in withdrawn}:
            continue
        word = newest.get(segment.rep_id)
        segment.day = known.directory.of(segment.rep_id).day_of(segment.started_at)
        segment.marks = OTHER_TALK if word and word.kind in OTHER else CUSTOMER_TALK


def read_standalone(conversation: Conversation, known: Known) -> None:
    """Write onto a conversation without a call what it means, all but the look-backs."""
    if conversation.voided:
        conversation.day, conversation.party, conversation.marks = None, None, 0
        conversation.rep_id = ""
        return
    conversation.rep_id = known.rep(conversation.agent, conversation.started_at)
    timeline = known.directory.of(conversation.rep_id)
    conversation.day = timeline.day_of(conversation.started_at)
    conversation.party = known.party(conversation.customer_id, conversation.phone)
    marks = STANDS
    spoken = conversation.channel in ("phone", "video")
    if conversation.kind == "customer":
        marks |= CONVERSATION | (SPOKEN if spoken else 0)
    if spoken:
        marks |= OTHER_TALK if conversation.kind in OTHER else CUSTOMER_TALK
    conversation.marks = marks
