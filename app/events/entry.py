"""One JSON object of an event, its fields asked for by name: required, optional, strictly typed.

Null and absent are the same; whatever is wrong raises `Invalid` with the field's full name.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from app.events import fields
from app.events.fields import MOST_REVISION, MOST_SECONDS
from app.events.refusals import Invalid
from app.events.types import MOST_LINES, Customer


class Rules(NamedTuple):
    """What reading depends on: the receiver's clock and the reporting currency."""

    now: datetime
    currency: str


class Fields:
    """One JSON object whose fields are read; null and absent are the same."""

    __slots__ = ("_at", "_fields", "_rules")

    def __init__(self, values: Mapping[str, Any], at: str, rules: Rules) -> None:
        self._fields = values
        self._at = at
        self._rules = rules

    def at(self, name: str) -> str:
        """The field's full name."""
        return f"{self._at}.{name}"

    def need(self, name: str) -> Any:
        """The value of a required field."""
        value = self._fields.get(name)
        if value is None:
            raise Invalid("missing", self.at(name), f"{self.at(name)} is required")
        return value

    def maybe(self, name: str) -> Any:
        """The value of an optional field, None where there is none."""
        return self._fields.get(name)

    def has(self, name: str) -> bool:
        """Whether the field is there at all, be it null."""
        return name in self._fields

    def text(self, name: str) -> str:
        """A required id or name."""
        return fields.text(self.need(name), self.at(name))

    def maybe_text(self, name: str, *, empty: bool = False) -> str | None:
        """An optional text."""
        value = self._fields.get(name)
        return None if value is None else fields.text(value, self.at(name), empty=empty)

    def choice(self, name: str, *values: str) -> Any:
        """A required one of `values`."""
        return fields.choice(self.need(name), self.at(name), values)

    def maybe_choice(self, name: str, *values: str, default: str | None = None) -> Any:
        """An optional one of `values`."""
        value = self._fields.get(name)
        return default if value is None else fields.choice(value, self.at(name), values)

    def flag(self, name: str, *, default: bool | None) -> Any:
        """An optional boolean."""
        value = self._fields.get(name)
        return default if value is None else fields.boolean(value, self.at(name))

    def seconds(self, name: str) -> int:
        """A required length of time."""
        return fields.integer(self.need(name), self.at(name), MOST_SECONDS)

    def maybe_seconds(self, name: str) -> int | None:
        """An optional length of time."""
        value = self._fields.get(name)
        return None if value is None else fields.integer(value, self.at(name), MOST_SECONDS)

    def revision(self) -> int:
        """The revision, 0 where there is none."""
        value = self._fields.get("revision")
        return 0 if value is None else fields.integer(value, self.at("revision"), MOST_REVISION)

    def decimal(self, name: str, *, places: int = 4) -> Decimal:
        """A required amount, quantity or rate."""
        return fields.decimal(self.need(name), self.at(name), places=places)

    def maybe_decimal(self, name: str) -> Decimal | None:
        """An optional amount."""
        value = self._fields.get(name)
        return None if value is None else fields.decimal(value, self.at(name))

    def timestamp(self, name: str) -> datetime:
        """A required instant."""
        return fields.timestamp(self.need(name), self.at(name), self._rules.now)

    def maybe_timestamp(self, name: str) -> datetime | None:
        """An optional instant."""
        value = self._fields.get(name)
        return None if value is None else fields.timestamp(value, self.at(name), self._rules.now)

    def customer(self) -> Customer | None:
        """Whom it was with."""
        value = self._fields.get("customer")
        if value is None:
            return None
        inner = Fields(fields.entry(value, self.at("customer")), self.at("customer"), self._rules)
        return Customer(inner.maybe_text("customer_id"), inner.maybe_text("phone", empty=True))

    def lines(self) -> list["Fields"]:
        """1 to 1000 lines."""
        name = self.at("lines")
        count = len(fields.array(self.need("lines"), name))
        if not 1 <= count <= MOST_LINES:
            raise Invalid("bad_lines", name, f"{name} has {count} lines, 1 to 1000 are needed")
        return self.entries("lines") or []

    def entries(self, name: str) -> list["Fields"] | None:
        """The objects of an optional list, None where there is none."""
        value, at = self._fields.get(name), self.at(name)
        if value is None:
            return None
        return [
            Fields(fields.entry(one, f"{at}[{i}]"), f"{at}[{i}]", self._rules)
            for i, one in enumerate(fields.array(value, at))
        ]
