"""The calls a simulated rep makes and takes on a date, with all that is said about them later.

Legs, talk segments, dispositions, transfers, corrections, withdrawals; late and repeated
deliveries. Pure in (seed, rep, date); everything is delivered within 20 hours.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from app.simulate.envelope import Delivery, cloud_event, text
from app.simulate.floor import PROSPECTS_A_LIST, Account, Rep, draw, floor, prospect
from app.simulate.sales import deals
from app.simulate.workday import moments, workday

TELEPHONY, DIALER = "demo/telephony", "demo/dialer"
LATEST = timedelta(hours=20)

# Telephony that knows the customer's id; that keeps no hold; that leaves talk to be derived.
KNOWS_CUSTOMER = {"Rockies", "Thames", "Deccan"}
NO_HOLD = {"Mersey"}
NO_TALK = {"Prairie"}


@dataclass(slots=True)
class Leg:
    """One rep's part in a call, before it is written down; durations in seconds."""

    call_id: str
    rep: Rep
    direction: str
    account: Account | None
    start: datetime
    ring: int
    talk: int = 0
    hold: int = 0
    outcome: str = "no_answer"
    by: str | None = None

    @property
    def answered(self) -> datetime | None:
        """When somebody, or a machine, picked up."""
        connected = self.outcome == "connected"
        return self.start + timedelta(seconds=self.ring) if connected else None

    @property
    def end(self) -> datetime:
        """When the leg was over."""
        return self.start + timedelta(seconds=self.ring + self.talk + self.hold)


@lru_cache(maxsize=400)
def calls(seed: int, number: int, day: date) -> tuple[Delivery, ...]:
    """All deliveries that come of the calls of rep `number` on a date, in no order."""
    shift = _Shift(seed, floor(seed).reps[number], day)
    shift.work()
    return tuple(shift.deliveries)


class _Shift:
    """Goes through a rep's date, call by call."""

    def __init__(self, seed: int, rep: Rep, day: date) -> None:
        self.seed, self.rep, self.day = seed, rep, day
        self.chance = draw(seed, "calls", rep.rep_id, day)
        self.deliveries: list[Delivery] = []
        self.count = 0

    def work(self) -> None:
        """Every call of the date, none before the last one is wrapped up."""
        plan = workday(floor(self.seed), self.rep, self.day)
        plain = moments(self.chance, plan, round(plan.calls))
        sold = [(deal.at, deal.account) for deal in deals(self.seed, self.rep.number, self.day)]
        agenda: list[tuple[datetime, Account | None]] = [*sold, *((at, None) for at in plain)]
        free = plan.begins
        for at, account in sorted(agenda, key=lambda entry: entry[0]):
            leg = self._dial(max(at, free), account)
            free = leg.end + timedelta(seconds=self._wrap_up(leg) + 5)
            self._report(leg)

    def _dial(self, at: datetime, buyer: Account | None) -> Leg:
        chance = self.chance
        self.count += 1
        mark = chance.random()
        direction = "outbound" if mark < 0.81 else "inbound" if mark < 0.985 else "internal"
        if buyer is not None and direction == "internal":
            direction = "outbound"
        name = f"s{self.seed}-{self.rep.rep_id}-{self.day:%y%m%d}-{self.count:03d}"
        account = buyer or (None if direction == "internal" else self._whom(direction))
        ring = round(min(55, 4 + chance.expovariate(1 / 11)))
        leg = Leg(name, self.rep, direction, account, at.replace(microsecond=0), ring)
        if buyer is not None:
            self._talk(leg, at_least=150)
        elif direction == "outbound":
            self._reach(leg)
        elif direction == "internal" or chance.random() < 0.87:
            self._talk(leg, at_least=12)
        else:
            leg.outcome = "missed" if chance.random() < 0.75 else "voicemail"
        return leg

    def _whom(self, direction: str) -> Account | None:
        """Somebody of the book, or of this month's list; now and then somebody unknown."""
        chance, rep = self.chance, self.rep
        if direction == "inbound" and chance.random() < 0.05:
            return None
        if chance.random() < (0.2 if direction == "outbound" else 0.45):
            return rep.book[int(len(rep.book) * chance.random() ** 1.5)]
        chased = chance.random() < 0.09 * rep.chaser
        place = chance.randrange(5) if chased else chance.randrange(PROSPECTS_A_LIST)
        return prospect(rep, self.day.year * 12 + self.day.month, place)

    def _reach(self, leg: Leg) -> None:
        """How an outbound call ends."""
        chance = self.chance
        answered = 0.37 * self.rep.reach
        mark = chance.random()
        if mark < answered:
            self._talk(leg, at_least=8)
            leg.by = "human" if chance.random() < 0.6 else None
        elif mark < answered + 0.1:
            leg.outcome, leg.by, leg.talk = "connected", "machine", chance.randint(8, 45)
        else:
            leg.outcome = chance.choices(
                ("no_answer", "voicemail", "busy", "failed", "canceled"), (46, 38, 7, 4, 5)
            )[0]
            leg.ring = chance.randint(8, 40)

    def _talk(self, leg: Leg, *, at_least: int) -> None:
        chance = self.chance
        leg.outcome = "connected"
        length = chance.lognormvariate(4.75, 1.0) * self.rep.rapport
        leg.talk = at_least + round(min(3_000, length))
        if chance.random() < 0.1 * self.rep.holder:
            long = chance.random() < 0.05 * self.rep.holder
            leg.hold = round(chance.uniform(320, 900) if long else chance.uniform(10, 120))

    def _wrap_up(self, leg: Leg) -> int:
        return 8 + (leg.talk // 12 if leg.answered else 0)

    def _report(self, leg: Leg) -> None:
        """Everything the systems say about a leg, and how well they say it."""
        chance = self.chance
        self._leg(leg, revision=0, at=leg.end)
        if leg.rep.segmented and leg.talk and leg.by != "machine":
            self._segments(leg)
        if leg.talk >= 20 and leg.by != "machine" and chance.random() < self.rep.hygiene:
            self._disposition(leg)
        if leg.direction == "inbound" and leg.talk and chance.random() < 0.03:
            self._transfer(leg)
        fate = chance.random()
        later = leg.end + timedelta(minutes=chance.uniform(8, 600))
        if fate < 0.012 and leg.talk > 30:
            leg.hold += 25
            leg.talk -= 25
            self._leg(leg, revision=1, at=later)
        elif fate < 0.016:
            self._void(leg, later)

    def _leg(self, leg: Leg, *, revision: int, at: datetime) -> None:
        known = leg.answered is not None
        team = leg.rep.team
        self._post(at, "call.ended", TELEPHONY, f"{leg.call_id}-{leg.rep.rep_id}-{revision}", {
            "call_id": f"c-{leg.call_id}",
            "rep_id": leg.rep.rep_id,
            "direction": leg.direction,
            "customer": self._customer(leg),
            "started_at": text(leg.start),
            "answered_at": text(leg.answered) if leg.answered else None,
            "ended_at": text(leg.end),
            "ring_seconds": leg.ring,
            "talk_seconds": leg.talk if known and team not in NO_TALK else None,
            "hold_seconds": leg.hold if known and team not in NO_HOLD else None,
            "wrap_up_seconds": self._wrap_up(leg) if known else None,
            "outcome": leg.outcome,
            "answered_by": leg.by,
            "revision": revision,
        }, key=leg.rep.rep_id)  # fmt: skip

    def _customer(self, leg: Leg) -> dict[str, str] | None:
        if leg.direction == "internal":
            return None
        if leg.account is None:
            return {"phone": "anonymous"}
        customer = {"phone": _written(self.chance, leg.account.phone)}
        if leg.account.customer_id and leg.rep.team in KNOWS_CUSTOMER:
            customer["customer_id"] = leg.account.customer_id
        return customer

    def _segments(self, leg: Leg) -> None:
        """Talk, hold, talk: told as each stretch ends."""
        assert leg.answered is not None
        first = leg.talk // 2 if leg.hold else leg.talk
        stretches = [("talk", first), ("hold", leg.hold), ("talk", leg.talk - first)]
        begins = leg.answered
        for place, (kind, seconds) in enumerate(stretches):
            if not seconds:
                continue
            ends = begins + timedelta(seconds=seconds)
            self._post(ends, "talktime.recorded", TELEPHONY, f"{leg.call_id}-t{place}", {
                "segment_id": f"t-{leg.call_id}-{place}",
                "call_id": f"c-{leg.call_id}",
                "rep_id": leg.rep.rep_id,
                "kind": kind,
                "started_at": text(begins),
                "seconds": seconds,
            }, key=leg.rep.rep_id)  # fmt: skip
            begins = ends

    def _disposition(self, leg: Leg) -> None:
        chance = self.chance
        if leg.direction == "internal":
            kind = "internal"
        else:
            kind = chance.choices(
                ("customer", "wrong_party", "personal", "internal", "hold_line"), (86, 6, 3, 2, 3)
            )[0]
        known = kind in ("customer", "wrong_party") and chance.random() < 0.8
        at = leg.end + timedelta(seconds=chance.uniform(15, 240))
        self._post(at, "conversation.recorded", DIALER, f"{leg.call_id}-d", {
            "conversation_id": f"d-{leg.call_id}",
            "call_id": f"c-{leg.call_id}",
            "rep_id": leg.rep.rep_id,
            "channel": "phone",
            "started_at": text(leg.start),
            "duration_seconds": leg.talk,
            "kind": kind,
            "right_party": kind == "customer" and chance.random() < 0.8 if known else None,
        }, key=leg.rep.rep_id)  # fmt: skip

    def _transfer(self, leg: Leg) -> None:
        """The caller goes on to a colleague: the same call, another leg."""
        mate = self.chance.choice(floor(self.seed).mates(self.rep))
        talk = 20 + round(self.chance.expovariate(1 / 160))
        onward = Leg(leg.call_id, mate, "inbound", leg.account, leg.end, 6, talk=talk,
                     outcome="connected", by="human")  # fmt: skip
        self._leg(onward, revision=0, at=onward.end)

    def _void(self, leg: Leg, at: datetime) -> None:
        self._post(at, "record.voided", TELEPHONY, f"{leg.call_id}-void", {
            "kind": "call",
            "key": f"c-{leg.call_id}",
            "rep_id": leg.rep.rep_id,
            "reason": "a line test",
            "revision": 5,
        }, key=leg.rep.rep_id)  # fmt: skip

    def _post(
        self, at: datetime, kind: str, source: str, name: str, data: dict[str, Any], *, key: str
    ) -> None:
        """Hand an event over: mostly within seconds, some late, some twice."""
        chance = self.chance
        event = cloud_event(kind, source, name, at, key, data)
        arrives = at + timedelta(seconds=chance.uniform(1, 15))
        if chance.random() < 0.012:
            arrives += timedelta(minutes=chance.uniform(5, 500))
        self.deliveries.append(Delivery(arrives, event))
        if chance.random() < 0.01:
            again = arrives + timedelta(seconds=chance.uniform(1, 600))
            self.deliveries.append(Delivery(again, event))


def _written(chance: random.Random, phone: str) -> str:
    """The same number as different systems write it."""
    style = chance.random()
    if style < 0.6:
        return phone
    return phone.replace(" ", "") if style < 0.85 else phone.replace(" ", "-", 3)
