"""What of HubSpot's payloads is read: what changed, a workflow's object, an object as it was read.

Property values are text, moments are milliseconds or RFC 3339. Pure.
"""

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from msgspec import Struct, field

from app.events.refusals import Invalid, shown

# HubSpot's numbers of its object types, and what its API calls them.
KINDS = {
    "0-1": "contacts", "0-2": "companies", "0-3": "deals", "0-8": "line_items", "0-48": "calls",
}  # fmt: skip
IDS = {kind: number for number, kind in KINDS.items()}

_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,200})?")


class Told(Struct, rename="camel"):
    """One event of a webhook: that something changed, not how things stand now."""

    subscription_type: str
    occurred_at: int
    object_id: int | str | None = None
    object_type_id: str | None = None
    from_object_id: int | str | None = None
    from_object_type_id: str | None = None
    primary_object_id: int | str | None = None
    new_object_id: int | str | None = None
    merged_object_ids: list[int | str] = field(default_factory=list)


class Version(Struct):
    """A value that a property had once."""

    value: str | None = None


class Property(Struct):
    """A property within a workflow's payload, with the values it had before."""

    value: str | None = None
    versions: list[Version] = field(default_factory=list)


class Workflow(Struct, rename="camel"):
    """The whole object, as a workflow's webhook carries it."""

    object_id: int | str
    object_type_id: str
    properties: dict[str, Property]
    is_deleted: bool = False


class Object(Struct, rename="camel"):
    """An object as the API gives it."""

    id: int | str
    properties: dict[str, str | None]
    properties_with_history: dict[str, list[Version]] | None = None
    updated_at: str | None = None
    archived: bool = False


class Reading(Struct, rename="camel"):
    """What asking for an object came to: the object (None: there is none) and what goes with it.

    `read_at` is when it was asked for, RFC 3339; `changed_at` when it is known to have changed,
    in milliseconds. Contacts and companies are ids.
    """

    object_type_id: str
    object_id: int | str
    read_at: str
    changed_at: int
    object: Object | None = None
    lines: list[Object] = field(default_factory=list)
    contacts: list[int | str] = field(default_factory=list)
    companies: list[int | str] = field(default_factory=list)


class State(Struct):
    """One object in its present state, whichever payload told it.

    `owners` are all it ever had, as far as is known, None where that is not told.
    """

    kind: str
    key: str
    values: dict[str, str | None]
    revision: int
    time: str | None
    owners: set[str] | None = None
    lines: list[Object] = field(default_factory=list)
    contacts: list[int | str] = field(default_factory=list)
    companies: list[int | str] = field(default_factory=list)
    gone: bool = False

    @property
    def record(self) -> str:
        """Its id here."""
        return f"hubspot:{self.key}"

    @property
    def owner(self) -> str | None:
        """The rep's id, None where nobody owns it."""
        owner = self.values.get("hubspot_owner_id")
        return f"hubspot:{owner}" if owner else None

    def text(self, name: str) -> str | None:
        """A property, None where it is empty."""
        return self.values.get(name) or None

    def need(self, name: str) -> str:
        """A property that must be there; raises `Invalid`."""
        value = self.text(name)
        if value is None:
            raise Invalid("missing", f"properties.{name}", f"properties.{name} is required")
        return value

    def amount(self, name: str) -> Decimal | None:
        """A property that is a number."""
        value = self.text(name)
        return None if value is None else number(value, f"properties.{name}")


def number(value: str, name: str) -> Decimal:
    """A number as HubSpot writes it; computed ones have many digits, of which four are kept."""
    if not _NUMBER.fullmatch(value):
        raise Invalid("bad_number", name, f"{shown(value)} is no number")
    return rounded(Decimal(value), name)


def rounded(value: Decimal, name: str) -> Decimal:
    """At most four digits after the point, half-even."""
    try:
        return value.quantize(Decimal("0.0001"), ROUND_HALF_EVEN)
    except InvalidOperation as error:
        raise Invalid("out_of_range", name, f"{shown(str(value))} has too many digits") from error


def moment(value: str, name: str) -> datetime:
    """A moment: milliseconds since 1970 or RFC 3339, as an aware datetime; raises `Invalid`."""
    try:
        if value.isascii() and value.lstrip("-").isdigit():
            return datetime.fromtimestamp(int(value[:20]) / 1000, UTC)
        read = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid("bad_timestamp", name, f"{shown(value)} is no moment") from error
    if read.tzinfo is None:
        raise Invalid("naive_timestamp", name, f"{shown(value)} has no offset")
    return read


def millis(value: datetime) -> int:
    """Milliseconds since 1970, at least 0."""
    return max(0, round(value.timestamp() * 1000))
