"""The call ladder: legs, conversations and talk, each under its rep and day."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.oracle.days import Days
from tests.oracle.parties import Parties, Party
from tests.oracle.records import Records, word
from tests.oracle.wire import Json, instant, maybe_instant, or_default

Floor = Callable[[str | None, date], int]
ASIDE = {"personal", "internal", "hold_line"}


def whole_seconds(span: timedelta) -> int:
    """Rounded down; spans here are never negative."""
    return span // timedelta(seconds=1)


@dataclass
class Leg:
    """One standing leg, neither internal nor test nor voided."""

    call_id: str
    rep: str
    day: date
    start: datetime
    direction: str
    classified: str | None
    right_party: bool | None
    party: Party | None
    answered: bool
    talk: int | None
    hold: int | None
    call: bool
    meets: bool  # what a conversation needs, assists among them
    conversation: bool = field(default=False)
    missed: bool = field(default=False)

    @property
    def assist(self) -> bool:
        return self.meets and not self.conversation


@dataclass(frozen=True)
class Contact:
    """A conversation: of a call, or standing alone."""

    rep: str
    day: date
    start: datetime
    party: Party | None
    right_party: bool | None
    of_call: bool
    spoken: bool  # all but standalone chat and in_person
    seconds: int | None


@dataclass(frozen=True)
class Talk:
    """Seconds of talk under a rep and day."""

    rep: str
    day: date
    seconds: int
    customer: bool


class Ladder:
    """All legs, contacts and stretches of talk that count."""

    def __init__(self, records: Records, days: Days, parties: Parties, floor: Floor) -> None:
        self.records, self.days, self.parties, self.floor = records, days, parties, floor
        self.legs = [self._leg(data) for data in records.data("call") if counts(data)]
        self._choose_conversations()
        self._find_missed()
        self.alone = [c for c in records.data("conversation") if c.get("call_id") is None]
        self.contacts = [*self._from_calls(), *self._standalone()]
        self.talk = [*self._leg_talk(), *self._orphan_talk(), *self._standalone_talk()]

    def classification(self, call_id: str, rep: str) -> Json | None:
        """The newest word on what the rep's part in the call was."""
        words = [
            event
            for event in self.records.of("conversation")
            if (event["data"].get("call_id"), event["data"]["rep_id"]) == (call_id, rep)
        ]
        newest = max(words, key=word, default=None)
        return None if newest is None else newest["data"]

    def _segments(self, data: Json, kind: str) -> int | None:
        """The sum of the leg's segments of a kind, at most the leg's length; None without any."""
        seconds = [
            segment["seconds"]
            for segment in self.records.data("talktime")
            if (segment["call_id"], segment["rep_id"], segment["kind"])
            == (data["call_id"], data["rep_id"], kind)
        ]
        length = whole_seconds(instant(data["ended_at"]) - instant(data["started_at"]))
        return min(sum(seconds), length) if seconds else None

    def _leg(self, data: Json) -> Leg:
        rep, start = data["rep_id"], instant(data["started_at"])
        day = self.days.of(rep, start)
        answered_at = maybe_instant(data.get("answered_at"))
        talk, hold = self._segments(data, "talk"), self._segments(data, "hold")
        talk = data.get("talk_seconds") if talk is None else talk
        hold = data.get("hold_seconds") if hold is None else hold
        bridged = data["outcome"] == "connected" and (answered_at is not None or (talk or 0) > 0)
        if talk is None and bridged and answered_at is not None:
            bridge = whole_seconds(instant(data["ended_at"]) - answered_at)
            talk = max(0, bridge - (hold or 0))
        answered = bridged and data.get("answered_by") != "machine"
        said = self.classification(data["call_id"], rep)
        kind = None if said is None else said["kind"]
        call = data["direction"] == "outbound" or answered or kind is not None
        call = call and kind not in {"personal", "internal"}
        enough = answered and (talk or 0) >= self.floor(self.days.team(rep, day), day)
        return Leg(
            call_id=data["call_id"],
            rep=rep,
            day=day,
            start=start,
            direction=data["direction"],
            classified=kind,
            right_party=None if said is None else said.get("right_party"),
            party=self.parties.first((said or {}).get("customer"), data.get("customer")),
            answered=answered,
            talk=talk,
            hold=hold,
            call=call,
            meets=call and (kind == "customer" or (kind is None and enough)),
        )

    def _choose_conversations(self) -> None:
        """Of several legs of one call that meet it, one has the conversation."""
        for call_id in {leg.call_id for leg in self.legs}:
            rivals = [leg for leg in self.legs if leg.call_id == call_id and leg.meets]
            rivals.sort(key=lambda x: (x.classified is None, -(x.talk or 0), x.start, x.rep))
            for leg in rivals[:1]:
                leg.conversation = True

    def _find_missed(self) -> None:
        """Inbound legs of calls no leg of which was answered or classified."""
        for leg in self.legs:
            whole_call = [other for other in self.legs if other.call_id == leg.call_id]
            taken = any(other.answered or other.classified is not None for other in whole_call)
            leg.missed = leg.direction == "inbound" and not taken

    def _from_calls(self) -> list[Contact]:
        return [
            Contact(
                rep=leg.rep,
                day=leg.day,
                start=leg.start,
                party=leg.party,
                right_party=leg.right_party,
                of_call=True,
                spoken=True,
                seconds=leg.talk,
            )
            for leg in self.legs
            if leg.conversation
        ]

    def _standalone(self) -> list[Contact]:
        return [
            Contact(
                rep=data["rep_id"],
                day=self.days.of(data["rep_id"], instant(data["started_at"])),
                start=instant(data["started_at"]),
                party=self.parties.of(data.get("customer")),
                right_party=data.get("right_party"),
                of_call=False,
                spoken=data["channel"] in {"phone", "video"},
                seconds=data["duration_seconds"],
            )
            for data in self.alone
            if data["kind"] == "customer"
        ]

    def _leg_talk(self) -> list[Talk]:
        found = []
        for leg in self.legs:
            aside = leg.classified in ASIDE
            toward = leg.call and (
                leg.classified in {"customer", "wrong_party"}
                or (leg.classified is None and leg.answered)
            )
            if aside or toward:
                found.append(Talk(leg.rep, leg.day, leg.talk or 0, customer=toward))
        return found

    def _orphan_talk(self) -> list[Talk]:
        """Talk segments whose leg has not come, not even its void."""
        found = []
        for data in self.records.data("talktime"):
            call_id, rep = data["call_id"], data["rep_id"]
            if data["kind"] == "talk" and not self.records.known(("call", call_id, rep)):
                said = self.classification(call_id, rep)
                aside = said is not None and said["kind"] in ASIDE
                day = self.days.of(rep, instant(data["started_at"]))
                found.append(Talk(rep, day, data["seconds"], customer=not aside))
        return found

    def _standalone_talk(self) -> list[Talk]:
        return [
            Talk(
                data["rep_id"],
                self.days.of(data["rep_id"], instant(data["started_at"])),
                data["duration_seconds"],
                customer=data["kind"] not in ASIDE,
            )
            for data in self.alone
            if data["channel"] in {"phone", "video"}
        ]


def counts(leg: Json) -> bool:
    """Internal and test legs are in nothing; voided ones do not stand at all."""
    return leg["direction"] != "internal" and not or_default(leg, "test", False)
