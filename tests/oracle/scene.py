"""A rep, a customer and an instant of a floor, and what a motif lets happen there."""

from datetime import date, datetime, timedelta
from typing import Any

from tests.oracle.wire import Json
from tests.oracle.world import World

HOUR = timedelta(hours=1)


class Scene:
    """A rep, a customer, the instant the motif ends at, and what happens."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rep = world.rng.choice(world.reps)
        self.customer: Json | None = world.pick(
            {"customer_id": world.rng.choice(world.customers)},
            {"phone": world.rng.choice(world.rng.choice(world.phones))},
        )
        self.at = world.now - timedelta(seconds=world.rng.randint(0, 20 * 86400))
        self.events: list[Json] = []

    def off(self, span: timedelta) -> datetime:
        """So long before the end, or a microsecond off."""
        return self.at - span + timedelta(microseconds=self.world.pick(0, 0, 1, -1))

    def _id(self, prefix: str) -> str:
        return f"{prefix}-{self.world.rng.randint(1, 9999)}"

    def _add(self, kind: str, moment: datetime, data: Json) -> str:
        self.world.moments.append(moment)
        common = {"rep_id": self.rep, "customer": self.customer}
        event = self.world.event(kind, common | data | self.world.revision())
        self.events.append(event)
        return str(next(iter(data.values())))

    def again(self, revision: int, **changes: Any) -> None:
        """The last event's record once more, as it is known now."""
        last = self.events[-1]
        kind = last["type"].removeprefix("ringside.").removesuffix(".v1")
        self.events.append(self.world.event(kind, last["data"] | changes | {"revision": revision}))

    def void(self, kind: str, key: str, revision: int, **more: Any) -> None:
        """Withdraw a record."""
        data: Json = {"kind": kind, "key": key, "revision": revision}
        self.events.append(self.world.event("record.voided", data | more))

    def state(self, since: date, zone: str, **more: Any) -> None:
        """The rep as it is from a date on."""
        data: Json = {
            "rep_id": self.rep,
            "name": f"Name of {self.rep}",
            "team": self.world.pick(None, *self.world.teams),
            "time_zone": zone,
            "effective_from": since.isoformat(),
        }
        self.events.append(self.world.event("rep.recorded", data | more | self.world.revision()))

    def segment(self, call_id: str, kind: str, seconds: int) -> str:
        data: Json = {
            "segment_id": self._id("ms"),
            "call_id": call_id,
            "kind": kind,
            "started_at": self.world.text(self.at),
            "seconds": seconds,
        }
        return self._add("talktime.recorded", self.at, data)

    def back(self, order_id: str, moment: datetime, *lines: Json) -> str:
        """Goods of an order come back."""
        data: Json = {
            "return_id": self._id("mb"),
            "order_id": order_id,
            "returned_at": self.world.text(moment),
            "lines": list(lines),
        }
        return self._add("order.returned", moment, data)

    def claim(self, customer_id: str, phones: list[str], revision: int) -> None:
        """A customer lists these numbers."""
        data: Json = {
            "customer_id": customer_id,
            "name": "Some Customer",
            "phones": phones,
            "revision": revision,
        }
        self.events.append(self.world.event("customer.recorded", data))

    def rate(self, currency: str, day: date, rate: str, revision: int = 0) -> None:
        data: Json = {"currency": currency, "day": day.isoformat(), "rate": rate}
        self.events.append(self.world.event("fx_rate.recorded", data | {"revision": revision}))

    def call(self, moment: datetime, seconds: int = 200, **more: Any) -> str:
        """An outbound call, answered by a human where it has seconds."""
        data: Json = {
            "call_id": self._id("mk"),
            "direction": "outbound",
            "started_at": self.world.text(moment),
            "answered_at": self.world.text(moment) if seconds else None,
            "ended_at": self.world.text(moment + timedelta(seconds=seconds)),
            "outcome": "connected" if seconds else "no_answer",
        }
        return self._add("call.ended", moment, data | more)

    def say(self, moment: datetime, call_id: str | None = None, **more: Any) -> str:
        data: Json = {
            "conversation_id": self._id("mv"),
            "call_id": call_id,
            "channel": self.world.pick("phone", "chat"),
            "started_at": self.world.text(moment),
            "duration_seconds": 60,
            "kind": "customer",
        }
        return self._add("conversation.recorded", moment, data | more)

    def met(self, moment: datetime) -> None:
        """A conversation, on a call or alone."""
        self.world.pick(self.call, self.say)(moment)

    def quote(self, moment: datetime, **more: Any) -> str:
        data: Json = {
            "quote_id": self._id("mq"),
            "status": self.world.pick("issued", "accepted", "expired"),
            "amount": self.world.amount(),
            "currency": self.world.currency,
            "issued_at": self.world.text(moment),
        }
        return self._add("quote.recorded", moment, data | more)

    def order(self, moment: datetime, **more: Any) -> str:
        data: Json = {
            "order_id": self._id("mo"),
            "status": "confirmed",
            "currency": self.world.currency,
            "placed_at": self.world.text(moment),
            "lines": [{"line_id": "l1", "quantity": 1, "unit_price": self.world.amount()}],
        }
        return self._add("order.recorded", moment, data | more)
