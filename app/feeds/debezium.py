"""Debezium: rows of a deployment's own tables become events, as its mapping says. Pure.

The change's place in the database's log is its revision, so the log's order stands whatever the
order of arrival: clocks are not asked where the log has places. A deleted row is withdrawn; the
null record that follows a deletion says nothing.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from app.errors import BadConfiguration
from app.events.decode import parse
from app.events.fields import MOST_REVISION
from app.events.refusals import Invalid, shown
from app.feeds.debezium_mapping import CUSTOMER, Table, forms_of, line_forms_of, tables
from app.feeds.debezium_values import Row, cell, is_set, read_field, read_fields
from app.feeds.feed import CloudEvent, Feed, Hook, Ignored, Made, members
from app.settings import Settings, environment_name

WINDOW = timedelta(minutes=5)
SECRET_PREFIX = "whsec_"  # noqa: S105 - a prefix, no secret
# What names a type's record, and what it is called where it is withdrawn.
RECORDS = {
    "call.ended": ("call", "call_id"), "talktime.recorded": ("talktime", "segment_id"),
    "conversation.recorded": ("conversation", "conversation_id"),
    "quote.recorded": ("quote", "quote_id"), "order.recorded": ("order", "order_id"),
    "order.returned": ("return", "return_id"), "customer.recorded": ("customer", "customer_id"),
    "rep.recorded": ("rep", "effective_from"),
}  # fmt: skip
OF_A_REP = ("call", "rep")
ALWAYS = "2000-01-01"


class _Change(msgspec.Struct):
    """One change: what was done to a row of a table, and where in the log."""

    op: str
    before: Row | None
    after: Row | None
    source: Row
    table: Table

    def revision(self) -> int:
        """The place in the log; of a database without places, microseconds since 1970.

        A row that was read without its place (an incremental snapshot) stands only where nothing
        else is known of it: what changed since comes by itself.
        """
        source = self.source
        if "lsn" in source:
            return _at_least_0(source["lsn"])
        if "pos" in source:
            number = str(source.get("file", "")).rpartition(".")[2]
            place = _at_least_0(source["pos"])
            return (int(number) << 32) + place if number.isascii() and number.isdigit() else 0
        micros = source.get("ts_us")
        return _at_least_0(micros if micros is not None else _millis(source) * 1000)

    def time(self) -> str | None:
        """When the database made the change."""
        millis = _millis(self.source)
        if not 0 < millis < 10**14:
            return None
        return datetime.fromtimestamp(millis / 1000, UTC).isoformat()


def genuine(secret: str, hook: Hook, now: datetime) -> bool:
    """Whether Debezium Server's HTTP sink signed it (Standard Webhooks) in the last 5 minutes."""
    stamp = hook.headers.get("webhook-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        return False
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > WINDOW:
        return False
    try:
        key = _key(secret)
    except ValueError:
        return False
    name = hook.headers.get("webhook-id", "").encode(errors="replace")
    digest = hmac.digest(key, b"%s.%s.%s" % (name, stamp.encode(), hook.body), "sha256")
    mine = f"v1,{base64.b64encode(digest).decode()}".encode()
    given = hook.headers.get("webhook-signature", "").encode(errors="replace").split()
    return any(hmac.compare_digest(one, mine) for one in given)


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)


def ready(settings: Settings) -> None:
    """Raises `BadConfiguration` for a mapping or a secret that is none."""
    tables(settings)
    if settings.debezium_secret is not None:
        for secret in settings.debezium_secret.get_secret_value().split():
            try:
                _key(secret)
            except (binascii.Error, ValueError) as error:
                name = environment_name("debezium_secret")
                raise BadConfiguration(f"{name}: whsec_ and base64 is needed") from error


def translate(hook: Hook, settings: Settings) -> Made:
    """The events of one change; raises `Invalid` for one that cannot be read."""
    given = _unwrapped(parse(hook.body))
    if given is None:
        return Ignored("kind", "tombstone")
    op = given.get("op")
    if op in ("t", "m"):
        return Ignored("kind", f"op {op}")
    if op not in ("c", "r", "u", "d"):
        code = "missing" if op is None else "unknown_value"
        raise Invalid(code, "op", f"op is {shown(op)}, one of c, r, u, d is needed")
    source = _object(given.get("source"), "source")
    names = _names(source)
    table = next((found for name in names if (found := tables(settings).get(name))), None)
    if table is None:
        return Ignored("unmapped", names[-1])
    before, after = given.get("before"), given.get("after")
    change = _Change(
        op,
        None if before is None else _object(before, "before"),
        None if after is None else _object(after, "after"),
        source,
        table,
    )
    return _of_deletion(change) if op == "d" else _of_row(change)


def _unwrapped(given: Any) -> dict[str, Any] | None:
    """The change itself, where it comes with its schema around it."""
    whole = _object(given, "the record")
    if "payload" in whole and "op" not in whole:
        inner = whole["payload"]
        return None if inner is None else _object(inner, "payload")
    return whole


def _object(value: Any, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid("not_an_object", field, f"{field} is {shown(value)}, an object is needed")
    return value


def _names(source: Row) -> list[str]:
    """What a mapping may call the table: the fullest name first."""
    table = source.get("table") or source.get("collection")
    if not isinstance(table, str):
        raise Invalid("missing", "source.table", "source.table is required")
    db, schema = (str(source[part]) if source.get(part) else "" for part in ("db", "schema"))
    parts = [(db, schema, table), (schema, table), (db, table), (table,)]
    return [".".join(part) for part in parts if all(part)]


def _of_row(change: _Change) -> Made:
    row, table = change.after, change.table
    if row is None:
        raise Invalid("missing", "after", "after is required where a row was written")
    if any(is_set(cell(row, column)) for column in table.gone):
        return [_voided(change, row, "marked as gone")]
    if any(cell(row, column) is None for column in table.needs):
        return Ignored("not_final", table.type)
    forms = forms_of(table.type)
    data = read_fields(table.fields, forms, row)
    if "rep_id" in table.fields and "rep_id" not in data:
        return _ownerless(change)
    customer = {name.partition(".")[2]: data.pop(name) for name in CUSTOMER if name in data}
    if customer or table.type == "quote.recorded":
        data["customer"] = customer or None
    if table.lines:
        of_line = line_forms_of(table.type)
        data["lines"] = [read_fields(line, of_line, row) for line in table.lines]
    data["revision"] = _revision(change)
    return [_event(change, table.type, data), *_moved(change, row)]


def _of_deletion(change: _Change) -> Made:
    if change.before is None:
        raise Invalid("missing", "before", "before is required: it holds the deleted row's key")
    return [_voided(change, change.before, "deleted")]


def _ownerless(change: _Change) -> Made:
    """A row that names no rep: what it was before, if it was somebody's, holds no more."""
    if change.op == "u":
        kind = RECORDS.get(change.table.type, ("",))[0]
        if kind and kind not in OF_A_REP and change.after is not None:
            return [_voided(change, change.after, "it names no rep")]
        if change.before is not None and _identity(change, change.before) is not None:
            return [_voided(change, change.before, "it names no rep")]
    return Ignored("no_rep", change.table.type)


def _moved(change: _Change, row: Row) -> list[CloudEvent]:
    """An update can give a row another rep or id: the record that it was is no more."""
    if change.op != "u" or change.before is None:
        return []
    was, is_now = _identity(change, change.before), _identity(change, row)
    if was is None or was == is_now:
        return []
    return [_voided(change, change.before, "it is another record now")]


def _identity(change: _Change, row: Row) -> dict[str, str] | None:
    """What names a row's record; None where the row does not hold it, or nothing ever does."""
    if change.table.type not in RECORDS:
        return None
    try:
        return _record(change, row)
    except Invalid:
        return None


def _record(change: _Change, row: Row) -> dict[str, str]:
    """`kind`, `key` and, where the kind has one, `rep_id`; raises `Invalid`."""
    table = change.table
    if table.type not in RECORDS:
        raise Invalid("not_allowed", "op",
                      f"a {table.type} cannot be withdrawn: tell it anew")  # fmt: skip
    kind, name = RECORDS[table.type]
    record = {"kind": kind, "key": _field(table, name, row, ALWAYS if kind == "rep" else None)}
    if kind in OF_A_REP:
        record["rep_id"] = _field(table, "rep_id", row, None)
    return record


def _field(table: Table, name: str, row: Row, default: str | None) -> str:
    source = table.fields.get(name)
    value = None if source is None else read_field(source, forms_of(table.type)[name], row, name)
    value = default if value is None else value
    if value is None:
        raise Invalid("missing", source.column if source else name,
                      f"{name} is not in what came of the row: a table of {table.type} needs "
                      "REPLICA IDENTITY FULL for its deletions")  # fmt: skip
    return str(value)


def _voided(change: _Change, row: Row, reason: str) -> CloudEvent:
    data = {**_record(change, row), "reason": reason, "revision": _revision(change)}
    return _event(change, "record.voided", data)


def _revision(change: _Change) -> int:
    """The mapped one of the row, else the place in the log."""
    source = change.table.fields.get("revision")
    if source is None:
        return change.revision()
    if change.after is None:
        return MOST_REVISION  # the deleted row's own may not have come; nothing follows it
    own = read_field(source, "integer", change.after, "revision")
    return own if own is not None else change.revision()


def _event(change: _Change, kind: str, data: dict[str, Any]) -> CloudEvent:
    """An event named by the change and what it says: the same change again is a duplicate."""
    place = [change.source.get(name) for name in ("name", "db", "schema", "table")]
    said = [str(part) for part in place] + [change.op, str(change.revision()), change.time(), data]
    name = hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]
    return {
        "specversion": "1.0",
        "id": f"{change.op}:{name}",
        "source": "debezium",
        "type": f"ringside.{kind}.v1",
        "time": change.time(),
        "data": data,
    }


def _millis(source: Row) -> int:
    return _at_least_0(source.get("ts_ms"))


def _at_least_0(value: Any) -> int:
    return value if type(value) is int and value > 0 else 0


FEED = Feed("debezium", "debezium_secret", genuine, translate, parts=members, ready=ready)
