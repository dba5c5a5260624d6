"""What Pipedrive's records say in our words. Pure.

An open deal is a quote that is out, a won one an order too; a deal that is reopened takes its order
back. A call counts once it is ticked off with a duration.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from app.events.refusals import Invalid, shown
from app.feeds.feed import parse
from app.settings import Settings

_STATUSES = {"open": "issued", "won": "accepted", "lost": "declined"}
_DURATION = re.compile(r"([0-9]{1,3}):([0-5][0-9])(?::([0-5][0-9]))?")
# Fields of an activity that say whether it counts.
_COUNTING = ("done", "type", "duration", "active_flag", "is_deleted")

Number = int | str


class Gone(Struct, frozen=True):
    """A record that is to be withdrawn."""

    kind: str
    key: str
    reason: str


Records = list[tuple[str, dict[str, Any]] | Gone]
Found = Records | str  # or why there are none


class Told(Struct, frozen=True):
    """What a webhook says beside the record: when it changed, and which fields were otherwise."""

    at: datetime
    was: Mapping[str, Any]


class _Deal(Struct):
    id: Number
    status: str
    add_time: str
    currency: str
    value: Decimal | None = None
    owner_id: Number | None = None
    user_id: Number | None = None  # version 1
    person_id: Number | None = None
    org_id: Number | None = None
    won_time: str | None = None
    close_time: str | None = None
    first_won_time: str | None = None


class _Value(Struct):
    """A time as version 2 has it."""

    value: str | None = None


class _Activity(Struct):
    id: Number
    type: str | None = None
    done: bool | int = False
    duration: str | _Value | None = None
    due_date: str | None = None
    due_time: str | _Value | None = None
    marked_as_done_time: str | None = None
    owner_id: Number | None = None
    user_id: Number | None = None  # version 1
    person_id: Number | None = None
    org_id: Number | None = None
    active_flag: bool = True
    is_deleted: bool = False


class _Phone(Struct):
    value: str | None = None


class _Contact(Struct):
    """A person or an organization."""

    id: Number
    name: str
    phones: list[_Phone] | None = None
    phone: list[_Phone] | None = None  # version 1


_deal_of = msgspec.json.Decoder(_Deal)
_activity_of = msgspec.json.Decoder(_Activity)
_contact_of = msgspec.json.Decoder(_Contact)


def _deal(told: msgspec.Raw, _now: Told, settings: Settings) -> Found:
    deal = parse(_deal_of, told)
    key = f"pipedrive:{deal.id}"
    if deal.status == "deleted":
        return [Gone(kind, key, "deleted") for kind in _deal_kinds(settings)]
    if deal.status not in _STATUSES:
        known = ", ".join(_STATUSES)
        raise Invalid("unknown_value", "status", f"status is {shown(deal.status)}, not {known}")
    owner = _first(deal.owner_id, deal.user_id)
    if owner is None:
        return "no_rep"
    record = {
        "rep_id": f"pipedrive:{owner}",
        "customer": _customer(deal),
        "currency": deal.currency,
    }
    amount = _plain(deal.value or Decimal(0))
    # A deal that nobody has put a price to yet is no quote.
    status = "draft" if deal.status == "open" and not deal.value else _STATUSES[deal.status]
    quote = {
        "quote_id": key,
        "status": status,
        "amount": amount,
        "issued_at": _utc(deal.add_time, "add_time"),
    }
    found: Records = [("quote.recorded", {**record, **quote})]
    if not settings.crm_orders:
        return found
    if deal.status == "won" and deal.value:
        order = {
            "order_id": key,
            "quote_id": key,
            "status": "confirmed",
            # Not when it was first won: a deal that was reopened keeps that.
            "placed_at": _utc(deal.won_time or deal.close_time, "won_time"),
            "lines": [{"line_id": "1", "quantity": "1", "unit_price": amount}],
        }
        found.append(("order.recorded", {**record, **order}))
    elif deal.first_won_time:
        found.append(Gone("order", key, "the deal is not won any more, or for nothing"))
    return found


def _activity(told: msgspec.Raw, now: Told, settings: Settings) -> Found:
    activity = parse(_activity_of, told)
    seconds = _seconds(_value(activity.duration))
    live = activity.active_flag and not activity.is_deleted
    owner = _first(activity.owner_id, activity.user_id)
    if activity.type == "call" and activity.done and live and seconds and owner is not None:
        return [("conversation.recorded", {
            "conversation_id": f"pipedrive:{activity.id}",
            "rep_id": f"pipedrive:{owner}",
            "customer": _customer(activity),
            "channel": "phone",
            "started_at": _started(activity, seconds, now.at, settings),
            "duration_seconds": seconds,
            "kind": "customer",
        })]  # fmt: skip
    if any(name in now.was for name in _COUNTING):
        # It may have been such a call before.
        reason = "it is no call that was talked in"
        return [Gone("conversation", f"pipedrive:{activity.id}", reason)]
    if activity.type != "call":
        return "kind"
    return "no_talk" if activity.done else "not_final"


def _started(activity: _Activity, seconds: int, at: datetime, settings: Settings) -> str | None:
    """When it was in the calendar, not after it was told; else before it was ticked off.

    Of a date alone it is noon.
    """
    due, clock = activity.due_date, _value(activity.due_time)
    ticked = activity.marked_as_done_time  # version 1
    if due and clock:
        started = _read_utc(f"{due} {clock}", "due_time")
    elif ticked:
        started = _read_utc(ticked, "marked_as_done_time") - timedelta(seconds=seconds)
    elif due:
        zone = ZoneInfo(settings.default_zone)
        noon = _read_utc(f"{due} 12:00", "due_date").replace(tzinfo=zone)
        started = noon.astimezone(UTC)
    else:
        return None
    return min(started, at).isoformat()


def _value(told: str | _Value | None) -> str | None:
    return told.value if isinstance(told, _Value) else told


def _person(told: msgspec.Raw, _now: Told, _settings: Settings) -> Found:
    return _contact(told, "")


def _organization(told: msgspec.Raw, _now: Told, _settings: Settings) -> Found:
    return _contact(told, "org-")


def _contact(told: msgspec.Raw, prefix: str) -> Found:
    contact = parse(_contact_of, told)
    numbers = [phone.value for phone in contact.phones or contact.phone or () if phone.value]
    data = {
        "customer_id": f"pipedrive:{prefix}{contact.id}",
        "name": contact.name[:200],
        "phones": numbers,
    }
    return [("customer.recorded", data)]


def _customer(record: _Deal | _Activity) -> dict[str, str] | None:
    """The person, since a person has the phone; an organization where there is none."""
    if record.person_id not in (None, ""):
        return {"customer_id": f"pipedrive:{record.person_id}"}
    if record.org_id not in (None, ""):
        return {"customer_id": f"pipedrive:org-{record.org_id}"}
    return None


def _first(*ids: Number | None) -> Number | None:
    return next((one for one in ids if one not in (None, "")), None)


def _seconds(duration: str | None) -> int:
    """HH:MM or HH:MM:SS; 0 where none is told."""
    if not duration:
        return 0
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise Invalid("bad_number", "duration", f"duration is {shown(duration)}, not HH:MM")
    hours, minutes, seconds = match.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _read_utc(text: str, name: str) -> datetime:
    """Version 1 writes UTC without saying so; so do times of day in both."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("bad_timestamp", name, f"{shown(text)} is no moment") from error
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def _utc(text: str | None, name: str) -> str | None:
    return _read_utc(text, name).isoformat() if text else None


def _plain(amount: Decimal) -> str:
    if not amount.is_finite() or abs(amount.adjusted()) > 20:
        raise Invalid("bad_number", "value", f"{shown(str(amount))} is no amount")
    return format(amount, "f")


def _deal_kinds(settings: Settings) -> tuple[str, ...]:
    return ("quote", "order") if settings.crm_orders else ("quote",)


class Entity(Struct, frozen=True):
    """One sort of record: how it is read, what it is withdrawn as, how its id begins."""

    read: Callable[[msgspec.Raw, Told, Settings], Found]
    kinds: Callable[[Settings], tuple[str, ...]]
    prefix: str = ""


ENTITIES = {
    "deal": Entity(_deal, _deal_kinds),
    "person": Entity(_person, lambda _: ("customer",)),
    "organization": Entity(_organization, lambda _: ("customer",), prefix="org-"),
    "activity": Entity(_activity, lambda _: ("conversation",)),
}
