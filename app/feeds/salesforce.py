"""Salesforce Change Data Capture: opportunities, accounts and logged calls become records. Pure.

A change event tells what changed, a record of ours is whole: an update is taken only where it
carries every field that is needed, enriched by Salesforce or read anew by the relay. Creations,
undeletions and deletions always do. What does not is ignored by name (`partial`), never guessed.
"""

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from app.events.refusals import Invalid, shown
from app.feeds.feed import CloudEvent, Feed, Hook, Ignored, bearer, members, parse
from app.feeds.salesforce_records import RECORDS, Change, Partial, Stamp
from app.settings import Settings

# Salesforce counts commits in 63 bits, a revision has 53: the greater digits are the revision,
# all of them lead the event's id, by which events of one revision and moment are told apart.
_DROPPED_BITS = 10
_MOST_COMMIT = 2**63 - 1
_MOST_RECORDS = 1_000
_WHOLE = ("CREATE", "UNDELETE")
_KINDS = (
    "CREATE", "UPDATE", "DELETE", "UNDELETE",
    "GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW",
)  # fmt: skip


class _Header(Struct, rename="camel"):
    entity_name: str
    record_ids: list[str]
    change_type: str
    commit_timestamp: int
    commit_number: int | str
    sequence_number: int | str = 1
    nulled_fields: list[str] | None = None


class _Change(Struct):
    header: _Header = field(name="ChangeEventHeader")


class _Wrapped(Struct):
    """CometD's form: the change is the payload, and may lie within a message's data."""

    payload: msgspec.Raw | UnsetType = UNSET
    data: msgspec.Raw | UnsetType = UNSET


_wrapped = msgspec.json.Decoder(_Wrapped)
_header = msgspec.json.Decoder(_Change)
_raw_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def translate(hook: Hook, settings: Settings) -> list[CloudEvent] | Ignored:
    """The records that one change event tells of; raises `Invalid`."""
    body, sparse = _unwrapped(hook.body)
    header = parse(_header, body).header
    kind = f"{header.entity_name} {header.change_type}"
    if header.change_type not in _KINDS:
        raise Invalid("unknown_value", "changeType", f"changeType is {shown(header.change_type)}")
    made = RECORDS.get(header.entity_name)
    if made is None:
        return Ignored("kind", kind)
    stamp = _stamp(header)
    if header.change_type in ("DELETE", "GAP_DELETE"):
        return [event for record in _ids(header) for event in made.gone(stamp, record, settings)]
    if header.change_type.startswith("GAP_"):
        return Ignored("partial", kind)
    fields: dict[str, msgspec.Raw] = parse(_raw_fields, body)
    change = Change(
        fields,
        new=header.change_type == "CREATE",
        whole=header.change_type in _WHOLE,
        sparse=sparse,
        nulled=frozenset(header.nulled_fields or ()),
        stamp=stamp,
    )
    try:
        told = [made.told(change, record, settings) for record in _ids(header)]
    except Partial:
        return Ignored("partial", kind)
    events = [event for one in told for event in one]
    return events or Ignored("no_talk", kind)


def _unwrapped(body: bytes) -> tuple[bytes | msgspec.Raw, bool]:
    """The change itself; and whether it leaves out what is unchanged, where Pub/Sub says null."""
    outer = parse(_wrapped, body)
    if not isinstance(outer.data, UnsetType):
        outer = parse(_wrapped, outer.data)
    if not isinstance(outer.payload, UnsetType):
        return outer.payload, True
    return body, False


def _ids(header: _Header) -> list[str]:
    if not 1 <= len(header.record_ids) <= _MOST_RECORDS:
        raise Invalid(
            "out_of_range", "recordIds", f"{len(header.record_ids)} ids, 1 to {_MOST_RECORDS} fit"
        )
    return header.record_ids


def _stamp(header: _Header) -> Stamp:
    """What a change is compared by, and the name its events have, the same in every delivery."""
    commit = _integer(header.commit_number, "commitNumber")
    sequence = _integer(header.sequence_number, "sequenceNumber")
    return Stamp(commit >> _DROPPED_BITS, f"{commit:019d}.{sequence:010d}", header.commit_timestamp)


def _integer(value: int | str, name: str) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > _MOST_COMMIT:
        raise Invalid("out_of_range", name, f"{name} is {shown(value)}, 0 to 2^63-1 is needed")
    return int(text)


FEED = Feed("salesforce", "salesforce_secret", bearer, translate, parts=members)
