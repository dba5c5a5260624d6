"""What HubSpot's deals, calls, contacts and companies say in our words. Pure.

A deal is one quote all its life and, once won, an order that names it. Whatever may have been
said of an object before and holds no more is withdrawn, since no payload says what that was.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from app.events.refusals import Invalid, shown
from app.feeds.feed import CloudEvent, Ignored
from app.feeds.hubspot_payloads import Object, State, moment, number, rounded
from app.settings import Settings

ZERO = Decimal(0)

RUNNING = ("CALLING_CRM_USER", "CONNECTING", "IN_PROGRESS", "QUEUED", "RINGING")
STATUSES = {
    "COMPLETED": "connected", "BUSY": "busy", "NO_ANSWER": "no_answer", "MISSED": "missed",
    "FAILED": "failed", "CANCELED": "canceled",
}  # fmt: skip
# The outcomes that every account has from the start, by HubSpot's ids of them.
DISPOSITIONS = {
    "9d9162e7-6cf3-4944-bf63-4dff82258764": "busy",
    "f240bbac-87c9-4f6e-bf70-924b57d47db7": "connected",
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff": "connected",  # left a live message
    "b2cf5968-551e-4856-9783-52b3da59a7d0": "voicemail",
    "73a0d17f-1163-4015-bdd5-ec830791da20": "no_answer",
    "17b47fee-58de-441e-a44c-c6300d46f273": "connected",  # a wrong number
}
DIRECTIONS = {"INBOUND": "inbound", "OUTBOUND": "outbound"}


def deal_of(deal: State, settings: Settings) -> list[CloudEvent] | Ignored:
    """The quote, and the order where the deal is won."""
    if deal.owner is None:
        if deal.owners is not None and not deal.owners:
            return Ignored("no_rep", "deals")
        why = "it has no owner"
        return [voided(deal, "quote", why), voided(deal, "order", why)]
    stages = dict(pair.split("=", 1) for pair in settings.hubspot_stages)
    meaning = _meaning(deal, stages)
    quote = recorded(deal, "quote.recorded", _quote(deal, meaning, stages, settings))
    if meaning != "won":
        return [quote, voided(deal, "order", "it is not won")]
    return [quote, recorded(deal, "order.recorded", _order(deal, settings))]


def deal_gone(deal: State) -> list[CloudEvent]:
    """A deleted deal takes its quote and its order with it."""
    return [voided(deal, "quote", "deleted"), voided(deal, "order", "deleted")]


def _meaning(deal: State, stages: dict[str, str]) -> str:
    """What the deal's stage means: as the setting says, else whether HubSpot calls it closed."""
    named = stages.get(deal.text("dealstage") or "")
    if named is not None:
        return named
    if deal.text("hs_is_closed_won") == "true":
        return "won"
    return "lost" if deal.text("hs_is_closed") == "true" else "draft"


def _quote(deal: State, meaning: str, stages: dict[str, str], settings: Settings) -> dict[str, Any]:
    issuing = [stage for stage, means in stages.items() if means == "issued"]
    names = [f"{name}_{stage}" for stage in issuing for name in DATES]
    entered = [moment(text, f"properties.{n}") for n in names if (text := deal.text(n))]
    status = {"draft": "draft", "issued": "issued", "won": "accepted", "lost": "declined"}[meaning]
    if meaning == "lost" and not entered and any(name in deal.values for name in names):
        status = "draft"  # given up before anything was offered
    amount = deal.amount("amount")
    if amount is None and status != "draft":
        deal.need("amount")
    issued = min(entered) if entered else moment(deal.need("createdate"), "properties.createdate")
    return {
        "quote_id": deal.record,
        "rep_id": deal.owner,
        "customer": _customer(deal, None),
        "status": status,
        "amount": _text(amount or ZERO),
        "currency": deal.text("deal_currency_code") or settings.currency,
        "issued_at": issued.isoformat(),
        "revision": deal.revision,
    }


# When a deal came into a stage: HubSpot's name of the property, before the stage's id.
DATES = ("hs_v2_date_entered", "hs_date_entered")


def _order(deal: State, settings: Settings) -> dict[str, Any]:
    lines = [_line(line) for line in sorted(deal.lines, key=lambda line: str(line.id))]
    if not lines:
        price = _text(number(deal.need("amount"), "properties.amount"))
        lines = [{"line_id": "deal", "quantity": "1", "unit_price": price}]
    return {
        "order_id": deal.record,
        "rep_id": deal.owner,
        "customer": _customer(deal, None),
        "status": "confirmed",
        "currency": deal.text("deal_currency_code") or settings.currency,
        "placed_at": moment(deal.need("closedate"), "properties.closedate").isoformat(),
        "quote_id": deal.record,
        "lines": lines,
        "revision": deal.revision,
    }


def _line(item: Object) -> dict[str, Any]:
    """A line item: `amount` is what its quantity came to, all discounts off."""
    line = State("line_items", str(item.id), item.properties, 0, None)
    quantity = line.amount("quantity")
    price = line.amount("price")
    if price is None or quantity is None:
        quantity, price = Decimal(1), number(line.need("amount"), "properties.amount")
    net = line.amount("amount")
    whole = rounded(quantity * price, "properties.price")
    cost = line.amount("hs_cost_of_goods_sold")
    return {
        "line_id": line.key,
        "sku": (line.text("hs_sku") or "")[:200] or None,
        "quantity": _text(quantity),
        "unit_price": _text(price),
        "discount": _text(max(ZERO, whole - net)) if net is not None else "0",
        "unit_cost": None if cost is None else _text(cost),
    }


def call_of(call: State) -> list[CloudEvent] | Ignored:
    """The owner's leg; who owned the call before has none any more."""
    owner = None if call.gone else call.owner
    former = {f"hubspot:{one}" for one in call.owners or ()} - {owner}
    if call.gone and call.owner:
        former.add(call.owner)
    withdrawn = [voided(call, "call", "deleted" if call.gone else "another's", rep)
                 for rep in sorted(former)]  # fmt: skip
    if owner is None:
        return withdrawn or Ignored("no_rep", "calls")
    status = call.text("hs_call_status")
    if status in RUNNING:
        return Ignored("not_final", "calls")
    return [recorded(call, "call.ended", _leg(call, owner, status)), *withdrawn]


def _leg(call: State, owner: str, status: str | None) -> dict[str, Any]:
    given = call.need("hs_call_direction")
    direction = DIRECTIONS.get(given)
    if direction is None:
        raise Invalid("unknown_value", "properties.hs_call_direction",
                      f"{shown(given)}: INBOUND or OUTBOUND is needed")  # fmt: skip
    started = moment(call.need("hs_timestamp"), "properties.hs_timestamp")
    lasted = call.amount("hs_call_duration")
    outcome = _outcome(call, status, direction)
    there = call.text("hs_call_to_number" if direction == "outbound" else "hs_call_from_number")
    talk = None if lasted is None else int(lasted / 1000)
    ended = started + timedelta(milliseconds=int(lasted or 0))
    return {
        "call_id": call.record,
        "rep_id": owner,
        "direction": direction,
        "customer": _customer(call, there),
        "started_at": started.isoformat(),
        "ended_at": ended.isoformat(),
        "talk_seconds": talk if outcome == "connected" else 0,
        "outcome": outcome,
        "revision": call.revision,
    }


def _outcome(call: State, status: str | None, direction: str) -> str:
    """A rep's word on the outcome goes before a status that says no more than that it is over."""
    disposition = DISPOSITIONS.get(call.text("hs_call_disposition") or "")
    outcome = STATUSES.get(status or "")
    if disposition is not None and outcome in (None, "connected"):
        outcome = disposition
    if outcome is None:
        status = call.need("hs_call_status")
        raise Invalid("unknown_value", "properties.hs_call_status",
                      f"{shown(status)}: one of {', '.join(STATUSES)} is needed")  # fmt: skip
    return "missed" if outcome == "no_answer" and direction == "inbound" else outcome


def customer_of(buyer: State) -> list[CloudEvent]:
    """A contact or a company, with the numbers it can be known by."""
    record = customer_id(buyer.kind, buyer.key)
    if buyer.gone:
        return [voided(buyer, "customer", "deleted", key=record)]
    names = ("name",) if buyer.kind == "companies" else ("firstname", "lastname")
    name = " ".join(part for one in names if (part := buyer.text(one)))
    phones = {one for n in ("phone", "mobilephone") if (one := buyer.text(n)) is not None}
    return [recorded(buyer, "customer.recorded", {
        "customer_id": record,
        "name": (name or buyer.text("email") or record)[:200],
        "phones": [phone[:200] for phone in sorted(phones)],
        "revision": buyer.revision,
    })]  # fmt: skip


def customer_id(kind: str, key: object) -> str:
    """Contacts and companies are numbered apart, so a company's id says that it is one."""
    return f"hubspot:company-{key}" if kind == "companies" else f"hubspot:{key}"


def _customer(state: State, phone: str | None) -> dict[str, str] | None:
    """The person, else the company; of several the one that HubSpot made first."""
    customer: dict[str, str] = {}
    for kind, keys in (("contacts", state.contacts), ("companies", state.companies)):
        if keys and not customer:
            first = min(keys, key=lambda key: (len(str(key)), str(key)))
            customer["customer_id"] = customer_id(kind, first)
    if phone:
        customer["phone"] = phone
    return customer or None


def recorded(state: State, kind: str, data: dict[str, Any]) -> CloudEvent:
    """An event of the object's state."""
    return _event(state, kind, data, data.get("rep_id") or state.record)


def voided(
    state: State, kind: str, reason: str, rep: str | None = None, key: str | None = None
) -> CloudEvent:
    """What may have been said of the object holds no more."""
    data = {"kind": kind, "key": key or state.record, "reason": reason,
            "revision": state.revision}  # fmt: skip
    if rep is not None:
        data["rep_id"] = rep
    return _event(state, "record.voided", data, rep or state.record)


def _event(state: State, kind: str, data: dict[str, Any], key: str) -> CloudEvent:
    about = ":".join(filter(None, (kind, data.get("kind"), data.get("rep_id"))))
    return {
        "specversion": "1.0",
        "id": f"{state.kind}:{state.key}:{state.revision}:{state.time}:{about}",
        "source": "hubspot",
        "type": f"ringside.{kind}.v1",
        "time": state.time,
        "partitionkey": key,
        "data": data,
    }


def _text(amount: Decimal) -> str:
    return format(amount.normalize(), "f")
