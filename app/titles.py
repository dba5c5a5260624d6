"""What each measure of the ledger is called by people who never saw a table, and its unit. Pure.

A measure that is a KPI's value has that KPI's title. The others are the parts of rates and
averages: some tell something of their own, some only repeat what another measure says (`ECHOES`).
"""

from app.kpi import MONEY, Unit
from app.kpis import CATALOGUE

_OWN = {
    "net": "revenue before returns",
    "returned": "returned amount",
    "units": "units ordered",
    "returned_units": "units returned",
    "customers": "customers called",
    "working_days": "working days",
    "team": "team",
    "answered_outbound": "answered outbound calls",
    "call_conversations": "conversations on calls",
    "assists": "assists",
    "non_customer_talk": "talk without a customer",
    "spoken_conversations": "conversations by phone or video",
    "timed_conversations": "conversations whose talk is known",
    "timed_talk": "talk in conversations",
    "hold_known_calls": "calls whose hold is known",
    "hold_seconds": "time on hold",
    "hold_talk": "talk on calls whose hold is known",
    "outbound_to_customer": "outbound calls to known customers",
    "new_customer_calls": "calls to new customers",
    "unknown_party_calls": "calls to unknown parties",
    "right_party_known": "conversations whose party is known",
    "right_party_conversations": "right-party conversations",
    "converted_orders": "orders with a rate",
    "order_lines": "order lines",
    "item_orders": "orders of goods or services",
    "costed_orders": "orders whose cost is known",
    "converted_quotes": "quotes with a rate",
    "turned_quotes": "quotes that became orders",
    "costed_cost": "cost of orders whose cost is known",
    "known_net": "revenue whose cost is known",
    "known_cost": "cost of that revenue",
    "known_returned": "returns whose cost is known",
    "known_returned_cost": "cost of what was returned",
}  # fmt: skip

TITLES: dict[str, str] = {
    **_OWN,
    **{kpi.value: kpi.title for kpi in CATALOGUE if kpi.over is None and " " not in kpi.value},
}

# They move with another measure; of a day on which one of those moved they tell nothing new.
ECHOES = frozenset((
    "answered_outbound", "call_conversations", "spoken_conversations", "timed_conversations",
    "timed_talk", "hold_known_calls", "hold_talk", "outbound_to_customer", "right_party_known",
    "converted_orders", "item_orders", "costed_orders", "converted_quotes", "known_net",
    "known_returned", "costed_cost", "known_cost", "known_returned_cost",
))  # fmt: skip

_SECONDS = frozenset(("talk_time", "non_customer_talk", "timed_talk", "hold_seconds", "hold_talk"))


def unit_of(measure: str) -> Unit:
    """What the measure is counted in."""
    if measure in _SECONDS:
        return Unit.SECONDS
    return Unit.MONEY if measure in MONEY else Unit.NUMBER
