"""What Salesforce's objects say in our words: a deal is a quote and, won, an order. Pure.

A field is known where the change event says it, if only that it is empty; what is not known is
not made up: the record is then `Partial`.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from app.events.refusals import Invalid, shown
from app.feeds.delivery import recorded, voided
from app.feeds.feed import CloudEvent, instant, moment, parse
from app.settings import Settings

_MEANINGS = {"draft": "draft", "issued": "issued", "won": "accepted", "lost": "declined"}

_text = msgspec.json.Decoder(str | None)
_name = msgspec.json.Decoder(str | dict[str, str | None] | None)
_flag = msgspec.json.Decoder(bool | None)
_amount = msgspec.json.Decoder(Decimal | None)
_seconds = msgspec.json.Decoder(int | None)
_time = msgspec.json.Decoder(int | str | None)

T = TypeVar("T")


class Partial(Exception):
    """Raised where a change event does not say what a whole record needs."""


class Stamp(Struct, frozen=True):
    """When a change was committed: its revision, its name, its epoch milliseconds."""

    revision: int
    name: str
    epoch_ms: int

    @property
    def time(self) -> str | None:
        """The moment of the commit."""
        return instant(self.epoch_ms / 1000, "commitTimestamp")


class Change(Struct, frozen=True):
    """The fields of a change event, read as they are asked for."""

    fields: Mapping[str, msgspec.Raw]
    new: bool
    whole: bool
    sparse: bool
    nulled: frozenset[str]
    stamp: Stamp

    def said(self, name: str) -> bool:
        """Whether the event says what the field is. In a form that leaves out what is unchanged a
        null is empty; where every field is there, a null is an unchanged one unless it is named."""
        if self.whole or name in self.nulled:
            return True
        return name in self.fields and (self.sparse or bytes(self.fields[name]) != b"null")

    def text(self, name: str) -> str | None:
        """A text; None for an empty one."""
        return self._read(_text, name) or None

    def name(self) -> str | None:
        """The record's name; of a person's parts, an update tells only the changed ones."""
        value = self._read(_name, "Name")
        if not isinstance(value, dict):
            return value or None
        if not self.whole:
            raise Partial("Name")
        parts = [value.get("FirstName"), value.get("LastName")]
        return " ".join(part for part in parts if part) or None

    def flag(self, name: str) -> bool:
        """A tick."""
        return bool(self._read(_flag, name))

    def amount(self, name: str) -> Decimal | None:
        """A number, with the digits it has."""
        return self._read(_amount, name)

    def seconds(self, name: str) -> int | None:
        """A whole number."""
        return self._read(_seconds, name)

    def moment(self, name: str) -> datetime | None:
        """Epoch milliseconds or ISO, as the form has it."""
        value = self._read(_time, name)
        if isinstance(value, int):
            return _of_epoch(value, name)
        return moment(value, name) if value else None

    def day(self, name: str, zone: str) -> datetime | None:
        """Noon of a date: epoch milliseconds of its midnight in UTC, or ISO."""
        value = self._read(_time, name)
        if value in (None, ""):
            return None
        if isinstance(value, int):
            value = _of_epoch(value, name).date().isoformat()
        try:
            noon = datetime.combine(datetime.fromisoformat(str(value)).date(), time(12))
        except ValueError as error:
            raise Invalid("bad_date", name, f"{shown(value)} is no date") from error
        return noon.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

    def _read(self, decoder: "msgspec.json.Decoder[T]", name: str) -> T | None:
        if not self.said(name):
            raise Partial(name)
        raw = self.fields.get(name)
        try:
            return None if raw is None else parse(decoder, raw)
        except Invalid as error:
            raise Invalid(error.code, name, error.detail) from error


def _of_epoch(milliseconds: int, name: str) -> datetime:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid(
            "timestamp_out_of_range", name, f"{shown(milliseconds)} is no moment"
        ) from error


def _opportunity(change: Change, record: str, settings: Settings) -> list[CloudEvent]:
    """The deal as a quote; once won, and where orders come from here, as an order too."""
    owner, stage = _needed(change, "OwnerId"), _needed(change, "StageName")
    amount, created = change.amount("Amount"), change.moment("CreatedDate")
    status = _status(change, stage, settings)
    if amount is None and status == "issued":
        status = "draft"  # nothing was offered yet
    # A company of one currency has no such field, and its changes do not mention it.
    currency = settings.currency
    if change.said("CurrencyIsoCode") or "CurrencyIsoCode" in change.fields:
        currency = change.text("CurrencyIsoCode") or currency
    account = change.text("AccountId")
    deal = {
        "rep_id": f"salesforce:{owner}",
        "customer": {"customer_id": f"salesforce:{account}"} if account else None,
        "currency": currency,
        "revision": change.stamp.revision,
    }
    quote = {
        **deal,
        "quote_id": f"salesforce:{record}",
        "status": status,
        "amount": _plain(amount or Decimal(0), "Amount"),
        "issued_at": created.isoformat() if created else None,
    }
    events = [_event(change, "quote.recorded", quote)]
    if not settings.crm_orders:
        return events
    if status == "accepted" and amount is not None:
        line = {"line_id": "1", "quantity": "1", "unit_price": quote["amount"]}
        order = {
            **deal,
            "order_id": f"salesforce:{record}",
            "quote_id": f"salesforce:{record}",
            "status": "confirmed",
            "placed_at": _won_at(change, settings).isoformat(),
            "lines": [line],
        }
        events.append(_event(change, "order.recorded", order))
    elif not change.new:
        # It may have been won before.
        events.append(_void(change.stamp, "order", record, "the deal is not won"))
    return events


def _status(change: Change, stage: str, settings: Settings) -> str:
    """What the stage means: by the setting, else by how the deal was closed, if it was."""
    known = dict(one.rsplit("=", 1) for one in settings.salesforce_stages)
    if stage in known:
        return _MEANINGS[known[stage]]
    if change.flag("IsWon"):
        return "accepted"
    return "declined" if change.flag("IsClosed") else "draft"


def _won_at(change: Change, settings: Settings) -> datetime:
    """When it was won: as its stage last changed; else on its close date, or by the commit."""
    if change.said("LastStageChangeDate") and (changed := change.moment("LastStageChangeDate")):
        return changed
    committed = _of_epoch(change.stamp.epoch_ms, "commitTimestamp")
    closed = change.day("CloseDate", settings.default_zone)
    return committed if closed is None else min(closed, committed)


def _account(change: Change, record: str, _settings: Settings) -> list[CloudEvent]:
    """The account as a customer."""
    name, phone = change.name(), change.text("Phone")
    if name is None:
        raise Invalid("missing", "Name", "Name is required")
    customer = {
        "customer_id": f"salesforce:{record}",
        "name": name[:200],
        "phones": [phone] if phone else [],
        "revision": change.stamp.revision,
    }
    return [_event(change, "customer.recorded", customer)]


def _task(change: Change, record: str, _settings: Settings) -> list[CloudEvent]:
    """A logged call that is over, and how long it took, as a conversation by phone."""
    counted = change.text("TaskSubtype") == "Call" and change.flag("IsClosed")
    seconds = change.seconds("CallDurationInSeconds") if counted else None
    if not counted or not seconds:
        # It may have been one before.
        reason = "it is no call that was talked in"
        return [] if change.new else [_void(change.stamp, "conversation", record, reason)]
    created, account = change.moment("CreatedDate"), change.text("AccountId")
    conversation = {
        "conversation_id": f"salesforce:{record}",
        "rep_id": f"salesforce:{_needed(change, 'OwnerId')}",
        "customer": {"customer_id": f"salesforce:{account}"} if account else None,
        "channel": "phone",
        "started_at": created.isoformat() if created else None,
        "duration_seconds": seconds,
        "kind": "internal" if change.text("CallType") == "Internal" else "customer",
        "revision": change.stamp.revision,
    }
    return [_event(change, "conversation.recorded", conversation)]


def _needed(change: Change, name: str) -> str:
    value = change.text(name)
    if value is None:
        raise Invalid("missing", name, f"{name} is required")
    return value


def _plain(amount: Decimal, name: str) -> str:
    if not amount.is_finite() or abs(amount.adjusted()) > 20:
        raise Invalid("bad_number", name, f"{shown(str(amount))} is no amount")
    return format(amount, "f")


def _event(change: Change, kind: str, data: dict[str, Any]) -> CloudEvent:
    stamp = change.stamp
    return recorded("salesforce", kind, data, time=stamp.time, name=stamp.name)


def _void(stamp: Stamp, kind: str, record: str, reason: str) -> CloudEvent:
    key = f"salesforce:{record}"
    return voided("salesforce", kind, key, stamp.revision, reason, time=stamp.time, name=stamp.name)


def _deal_gone(stamp: Stamp, record: str, settings: Settings) -> list[CloudEvent]:
    kinds = ("quote", "order") if settings.crm_orders else ("quote",)
    return [_void(stamp, kind, record, "deleted") for kind in kinds]


def _gone(kind: str) -> Callable[[Stamp, str, Settings], list[CloudEvent]]:
    return lambda stamp, record, _settings: [_void(stamp, kind, record, "deleted")]


class Recorded(Struct, frozen=True):
    """One object of Salesforce's: what its state makes, and what its deletion."""

    told: Callable[[Change, str, Settings], list[CloudEvent]]
    gone: Callable[[Stamp, str, Settings], list[CloudEvent]]


RECORDS = {
    "Opportunity": Recorded(_opportunity, _deal_gone),
    "Account": Recorded(_account, _gone("customer")),
    "Task": Recorded(_task, _gone("conversation")),
}
