"""HubSpot: deals, calls, contacts and companies become quotes, orders, legs, customers. Pure.

A webhook says which objects changed, not how they stand: they have to be read again, which is
`app/rereads`' work; what a reading came to is a payload here like any other. A workflow's webhook
carries the whole object.
"""

from datetime import datetime

import msgspec

from app.events.refusals import Invalid, shown
from app.feeds import hubspot_signature
from app.feeds.feed import CloudEvent, Feed, Hook, Ignored, Made, ReadAgain, members, parse
from app.feeds.hubspot_payloads import (
    KINDS,
    Reading,
    State,
    Told,
    Workflow,
    millis,
    moment,
)
from app.feeds.hubspot_records import call_of, customer_of, deal_gone, deal_of
from app.settings import Settings

OWNER = "hubspot_owner_id"
# What older subscriptions call the kinds of objects.
NAMES = {
    "contact": "contacts", "company": "companies", "deal": "deals", "line_item": "line_items",
    "call": "calls",
}  # fmt: skip
GONE = ("deletion", "privacyDeletion")
CHANGED = ("creation", "propertyChange", "restore")


class _Any(msgspec.Struct, rename="camel"):
    subscription_type: str | None = None
    object_type_id: str | None = None
    read_at: str | None = None
    properties: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_any = msgspec.json.Decoder(_Any)
_told = msgspec.json.Decoder(Told)
_workflow = msgspec.json.Decoder(Workflow)
_reading = msgspec.json.Decoder(Reading)


def translate(hook: Hook, settings: Settings) -> Made:
    """What one event, one workflow's object or one reading says; raises `Invalid`."""
    given = parse(_any, hook.body)
    if given.subscription_type is not None:
        return _of_told(parse(_told, hook.body), settings)
    if given.read_at is not None:
        return _of_state(_read(parse(_reading, hook.body)), settings)
    if given.properties is not msgspec.UNSET:
        if given.object_type_id is None:
            raise Invalid("missing", "objectTypeId", "an object has to say of which type it is")
        return _of_workflow(parse(_workflow, hook.body), settings)
    raise Invalid("missing", "subscriptionType", "neither an event nor an object of HubSpot's")


def _of_told(told: Told, settings: Settings) -> Made:
    name, _, what = told.subscription_type.partition(".")
    if what == "associationChange":
        kind = KINDS.get(told.from_object_type_id or "") if name == "object" else NAMES.get(name)
        key = told.from_object_id
    else:
        kind = KINDS.get(told.object_type_id or "") if name == "object" else NAMES.get(name)
        key = told.object_id
    if kind is None or what not in (*GONE, *CHANGED, "merge", "associationChange"):
        return Ignored("kind", told.subscription_type)
    if what == "associationChange" and kind not in ("deals", "calls"):
        return Ignored("partial", told.subscription_type)
    at = _occurred(told.occurred_at)
    if what == "merge":
        return _of_merge(told, kind, at, settings)
    if key in (None, ""):
        raise Invalid("missing", "objectId", "objectId is required")
    # A call's deletion does not say whose leg it was: that is read, too.
    if what in GONE and kind != "calls":
        return _gone(kind, str(key), at)
    return _read_again(kind, str(key), at, told, settings)


def _of_merge(told: Told, kind: str, at: datetime, settings: Settings) -> Made:
    """Several objects are one from now on, under an old id or a new one."""
    left = told.new_object_id or told.primary_object_id or told.object_id
    if left in (None, ""):
        raise Invalid("missing", "newObjectId", "newObjectId is required")
    events: list[CloudEvent | ReadAgain] = []
    for merged in sorted({str(one) for one in told.merged_object_ids} - {str(left)}):
        if kind != "calls" and not isinstance(gone := _gone(kind, merged, at), Ignored):
            events += gone
    read = _read_again(kind, str(left), at, told, settings)
    return [*events, *read] if not isinstance(read, Ignored) else events or read


def _read_again(kind: str, key: str, at: datetime, told: Told, settings: Settings) -> Made:
    if settings.hubspot_token is None:
        return Ignored("unread", told.subscription_type)
    if not key.isascii() or not key.isdigit() or len(key) > 20:
        raise Invalid("unknown_value", "objectId", f"{shown(key)} is no id of HubSpot's")
    return [ReadAgain("hubspot", kind, key, at)]


def _gone(kind: str, key: str, at: datetime) -> list[CloudEvent] | Ignored:
    if kind == "line_items":
        return Ignored("partial", kind)  # its deal is told to have changed, too
    state = State(kind, key, {}, millis(at), at.isoformat(), gone=True)
    return deal_gone(state) if kind == "deals" else customer_of(state)


def _of_workflow(given: Workflow, settings: Settings) -> Made:
    """The object as it was when the workflow ran; where there is a token, how it is by now."""
    kind = KINDS.get(given.object_type_id)
    if kind is None or kind == "line_items":
        return Ignored("kind", given.object_type_id)
    values = {name: one.value for name, one in given.properties.items()}
    changed = values.get("hs_lastmodifieddate") or values.get("lastmodifieddate")
    at = moment(changed or "", "properties.hs_lastmodifieddate")
    if settings.hubspot_token is not None:
        return [ReadAgain("hubspot", kind, str(given.object_id), at)]
    versions = given.properties[OWNER].versions if OWNER in given.properties else []
    state = State(kind, str(given.object_id), values, millis(at), at.isoformat(),
                  owners={one.value for one in versions if one.value} or None,
                  gone=given.is_deleted)  # fmt: skip
    return _of_state(state, settings)


def _read(reading: Reading) -> State:
    """The state that a reading came to. Its moment decides between readings of one revision."""
    kind = KINDS.get(reading.object_type_id, "")
    read_at = moment(reading.read_at, "readAt").isoformat()
    state = State(kind, str(reading.object_id), {}, reading.changed_at, read_at, gone=True)
    found = reading.object
    if found is None:
        return state
    state.values, state.gone = found.properties, found.archived
    if found.updated_at is not None:
        # Restoring an object changes it without changing its date.
        state.revision = max(state.revision, millis(moment(found.updated_at, "object.updatedAt")))
    history = found.properties_with_history
    if history is not None:
        state.owners = {one.value for one in history.get(OWNER, ()) if one.value}
    state.lines, state.contacts = reading.lines, reading.contacts
    state.companies = reading.companies
    return state


def _of_state(state: State, settings: Settings) -> Made:
    if state.kind == "deals":
        return deal_gone(state) if state.gone else deal_of(state, settings)
    if state.kind == "calls":
        return call_of(state)
    if state.kind in ("contacts", "companies"):
        return customer_of(state)
    return Ignored("kind", state.kind or "unknown")


def _occurred(at: int) -> datetime:
    return moment(str(at), "occurredAt")


FEED = Feed("hubspot", "hubspot_secret", hubspot_signature.genuine, translate, parts=members)
