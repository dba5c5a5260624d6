"""Why a figure of a closed day is another now, and what it was and is, in plain words. Pure.

The words are built of ids that others chose; the templates escape them.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from msgspec import UNSET

from app.changed import Change
from app.exact import money
from app.kpi import Unit
from app.periods import FIRST_DAY
from app.restated import Restatement, Value
from app.titles import TITLES, unit_of

_RECORDS = {
    "call": "Call {}", "talktime": "Talk segment {}", "conversation": "Conversation {}",
    "quote": "Quote {}", "order": "Order {}", "return": "Return {}",
    "customer": "Customer {}", "rep": "Rep record{}", "time_off": "Time off on {}",
    "fx_rate": "Rate of {}",
}  # fmt: skip
_HOW = {
    "came": "{} came late from {}",
    "again": "{} came again from {}",
    "withdrawn": "{} was withdrawn by {}",
}
OURS = "ringside"
MOST_SOURCES = 6


def why(record: Restatement) -> str:
    """The event behind a change: `Call c1 came again from twilio`."""
    if record.kind is UNSET or record.key is UNSET or record.how is UNSET:
        return _without_record(record)
    what = _RECORDS.get(record.kind, "{}").format(_key(record.kind, record.key))
    return _HOW[record.how].format(what, record.source)


_MANY = {
    "call": "calls", "talktime": "talk segments", "conversation": "conversations",
    "quote": "quotes", "order": "orders", "return": "returns", "customer": "customers",
    "rep": "rep records", "time_off": "time off", "fx_rate": "rates",
}  # fmt: skip
_MANY_CAME = {"came": "that came late from", "again": "that came again from",
              "withdrawn": "withdrawn by"}  # fmt: skip


def summary(told: Iterable[Change]) -> list[tuple[str, int]]:
    """How many days of reps changed by what, the most first: `calls that came late from
    twilio`. A day that changed by several is in each of them.
    """
    days: dict[str, set[tuple[str, date]]] = {}
    for change in told:
        for cause in change.causes:
            days.setdefault(_many(cause), set()).add((change.rep_id, change.day))
    counted = [(words, len(keys)) for words, keys in days.items()]
    return sorted(counted, key=lambda pair: (-pair[1], pair[0]))[:MOST_SOURCES]


def _many(record: Restatement) -> str:
    if record.kind is UNSET or record.how is UNSET:
        return "repair or other rules" if record.source == OURS else f"events of {record.source}"
    return f"{_MANY.get(record.kind, record.kind)} {_MANY_CAME[record.how]} {record.source}"


def _key(kind: str, key: str) -> str:
    """The record's id; a date as people write it, a state that always held without one."""
    if kind == "rep":
        return "" if key == FIRST_DAY.isoformat() else f" from {day(date.fromisoformat(key))}"
    if kind == "time_off":
        return day(date.fromisoformat(key))
    if kind == "fx_rate":
        currency, _, on = key.partition(" ")
        return f"{currency} for {day(date.fromisoformat(on))}"
    return key


def _without_record(record: Restatement) -> str:
    """Ringside's own doing; or an event of which the ledger does not know more."""
    if record.source == OURS and record.event_id == "repair":
        return "Repair: what was stored was not what the records say"
    if record.source == OURS and record.event_id.startswith("definition "):
        return f"Other rules or settings, {record.event_id.replace('->', '→')}"
    return f"Event {record.event_id} from {record.source}"


def title(measure: str) -> str:
    """What a measure is called."""
    return TITLES.get(measure, measure)


def value(measure: str, worth: Value, currency: str) -> str:
    """A value of the ledger: `1,699`, `0:12:30`, `76,240.79 USD`, `West`."""
    if measure == "team":
        return "no team" if worth is None else str(worth)
    number = Decimal(worth or 0)
    unit = unit_of(measure)
    if unit is Unit.SECONDS:
        minutes, seconds = divmod(int(number), 60)
        return f"{minutes // 60:,}:{minutes % 60:02d}:{seconds:02d}"
    if unit is Unit.MONEY:
        return f"{Decimal(money(number)):,.2f} {currency}"
    return f"{number:,}"


def day(one: date) -> str:
    """A day as it is said: `Tue 10 Nov 2026`."""
    return f"{one:%a} {one.day} {one:%b %Y}"


def days(first: date, last: date) -> str:
    """A day, or the days from one to another: `Mon 9 Nov 2026 – Wed 18 Nov 2026`."""
    if first == last:
        return day(first)
    return f"until {day(last)}" if first == FIRST_DAY else f"{day(first)} – {day(last)}"
