"""The catalogue: every KPI declared once, in the order it is shown. Pure.

API, leaderboards, alerts, pages, exports and docs take their KPIs from here, so a figure is the
same everywhere. How a declaration becomes a figure is in `app.kpi`.
"""

from collections.abc import Iterable

from app.errors import BadRequest, FieldError, NotFound
from app.kpi import Family, Kpi, Polarity, Unit

ACTIVITY, QUALITY, RESULTS = Family
COUNT, SECONDS, RATIO, PER_DAY, MONEY, NUMBER = Unit
UP, DOWN, NEUTRAL = Polarity

# Orders whose currency has a rate, of all: what the money figures of orders know.
CONVERTED = (("converted_orders", "orders"),)

CATALOGUE: tuple[Kpi, ...] = (
    # Activity: what a rep does.
    Kpi(
        "calls", ACTIVITY, COUNT, UP, "calls",
        "Outbound calls, and inbound calls that were answered or classified, other than personal "
        "and internal ones.",
        "calls",
    ),
    Kpi(
        "outbound_calls", ACTIVITY, COUNT, UP, "outbound calls",
        "Calls the rep made.",
        "outbound_calls",
    ),
    Kpi(
        "inbound_calls", ACTIVITY, COUNT, UP, "inbound calls",
        "Calls the rep took.",
        "inbound_calls",
    ),
    Kpi(
        "answered_calls", ACTIVITY, COUNT, UP, "answered calls",
        "Calls that connected the rep with the other side and were not answered by a machine.",
        "answered_calls",
    ),
    Kpi(
        "conversations", ACTIVITY, COUNT, UP, "conversations",
        "Calls classified as talk with a customer or, unclassified, answered with talk of at "
        "least the conversation floor, one for each call, and contacts outside of calls recorded "
        "as talk with a customer.",
        "conversations",
    ),
    Kpi(
        "missed_inbound", ACTIVITY, COUNT, DOWN, "missed inbound calls",
        "Inbound calls to the rep that nobody answered or classified; a team and the company "
        "count each such call once a day.",
        "missed_inbound",
    ),
    Kpi(
        "talk_time", ACTIVITY, SECONDS, UP, "talk time",
        "Time spent talking on calls and in phone or video conversations, personal, internal and "
        "hold-line talk left out.",
        "talk_time",
    ),
    Kpi(
        "calls_per_day", ACTIVITY, PER_DAY, UP, "calls per day",
        "Calls divided by the rep's working days up to today: weekdays without holidays and time "
        "off.",
        "calls", "working_days",
    ),
    Kpi(
        "conversations_per_day", ACTIVITY, PER_DAY, UP, "conversations per day",
        "Conversations divided by the rep's working days up to today: weekdays without holidays "
        "and time off.",
        "conversations", "working_days",
    ),
    Kpi(
        "talk_time_per_day", ACTIVITY, PER_DAY, UP, "talk time per day",
        "Talk time in seconds divided by the rep's working days up to today: weekdays without "
        "holidays and time off.",
        "talk_time", "working_days",
    ),
    Kpi(
        "answer_rate", ACTIVITY, RATIO, UP, "answer rate",
        "The share of outbound calls that were answered.",
        "answered_outbound", "outbound_calls",
    ),
    Kpi(
        "inbound_answer_rate", ACTIVITY, RATIO, UP, "inbound answer rate",
        "Inbound calls taken as a share of those taken and those missed.",
        "inbound_calls", "inbound_calls + missed_inbound",
    ),
    Kpi(
        "conversation_rate", ACTIVITY, RATIO, UP, "conversation rate",
        "The share of calls that became conversations; a call whose conversation is another "
        "rep's is left out.",
        "call_conversations", "calls - assists",
    ),
    # Quality of conversation: what becomes of it.
    Kpi(
        "average_conversation", QUALITY, SECONDS, UP, "average conversation",
        "The average talk, in seconds, of the conversations by phone or video whose talk is "
        "known.",
        "timed_talk", "timed_conversations",
        coverage=(("timed_conversations", "spoken_conversations"),),
    ),
    Kpi(
        "hold_share", QUALITY, RATIO, DOWN, "hold share",
        "Time on hold as a share of talk and hold, over the answered calls whose hold is known.",
        "hold_seconds", "hold_talk + hold_seconds",
        coverage=(("hold_known_calls", "answered_calls"),),
    ),
    Kpi(
        "hold_heavy_calls", QUALITY, COUNT, DOWN, "hold-heavy calls",
        "Answered calls with at least five minutes on hold and more hold than talk.",
        "hold_heavy_calls",
    ),
    Kpi(
        "repeat_conversations", QUALITY, COUNT, UP, "repeat conversations",
        "Conversations with a customer with whom the rep had another one between an hour and 90 "
        "days before.",
        "repeat_conversations",
    ),
    Kpi(
        "repeat_quote_conversations", QUALITY, COUNT, UP, "repeat conversations about a quote",
        "Repeat conversations with a customer to whom anyone issued a quote between 30 days "
        "before and 7 days after.",
        "repeat_quote_conversations",
        look_ahead_days=7,
    ),
    Kpi(
        "repeat_quote_share", QUALITY, RATIO, UP, "repeat conversations about a quote, share",
        "The share of repeat conversations with a customer to whom anyone issued a quote between "
        "30 days before and 7 days after.",
        "repeat_quote_conversations", "repeat_conversations",
        look_ahead_days=7,
    ),
    Kpi(
        "unproductive_repeats", QUALITY, COUNT, DOWN, "unproductive repeats",
        "Outbound calls that were at least the rep's third to the customer in seven days, in "
        "which the two had no conversation.",
        "unproductive_repeats",
    ),
    Kpi(
        "customers_called", QUALITY, COUNT, NEUTRAL, "customers called",
        "Different customers called in the period.",
        "customers",
    ),
    Kpi(
        "calls_per_customer", QUALITY, RATIO, NEUTRAL, "calls per customer",
        "Outbound calls to known customers divided by the different customers called.",
        "outbound_to_customer", "customers",
    ),
    Kpi(
        "new_customer_share", QUALITY, RATIO, NEUTRAL, "new customers, share",
        "The share of outbound calls to known customers that went to one the rep had not called "
        "in 180 days.",
        "new_customer_calls", "outbound_to_customer",
    ),
    Kpi(
        "unknown_party_share", QUALITY, RATIO, DOWN, "unknown parties, share",
        "The share of calls for which nobody knows who the customer is.",
        "unknown_party_calls", "calls",
    ),
    Kpi(
        "non_customer_talk_share", QUALITY, RATIO, DOWN, "talk without a customer, share",
        "Personal, internal and hold-line talk as a share of all talk.",
        "non_customer_talk", "talk_time + non_customer_talk",
    ),
    Kpi(
        "right_party_rate", QUALITY, RATIO, UP, "right-party rate",
        "The share of conversations that reached the right person, of those where it is known.",
        "right_party_conversations", "right_party_known",
        coverage=(("right_party_known", "conversations"),),
    ),
    # Results: what rings the cash register. Goods and services of confirmed orders only.
    Kpi(
        "orders", RESULTS, COUNT, UP, "orders",
        "Confirmed orders placed.",
        "orders",
    ),
    Kpi(
        "revenue", RESULTS, MONEY, UP, "revenue",
        "Goods and services of confirmed orders placed, net of discounts, less what was returned "
        "in the period.",
        "net - returned",
        coverage=CONVERTED,
    ),
    Kpi(
        "average_order_size", RESULTS, MONEY, UP, "average order size",
        "Goods and services of confirmed orders placed, net of discounts and before returns, "
        "divided by the number of these orders.",
        "net", "converted_orders",
        coverage=CONVERTED,
    ),
    Kpi(
        "lines_per_order", RESULTS, RATIO, UP, "lines per order",
        "Goods and service lines divided by the confirmed orders placed.",
        "order_lines", "orders",
    ),
    Kpi(
        "units_sold", RESULTS, NUMBER, UP, "units sold",
        "Quantity of goods and services in confirmed orders placed, less the quantity returned "
        "in the period.",
        "units - returned_units",
    ),
    Kpi(
        "cost_per_order", RESULTS, MONEY, DOWN, "cost of goods per order",
        "The average cost of goods and services in an order, over the confirmed orders in which "
        "the cost of each is known, before returns.",
        "costed_cost", "costed_orders",
        coverage=(("costed_orders", "item_orders"),),
    ),
    Kpi(
        "gross_margin_pct", RESULTS, RATIO, UP, "gross margin",
        "What is left of net sales after cost, as a share of them, over the goods and services "
        "whose cost is known, less what was returned of them.",
        "known_net - known_returned - known_cost + known_returned_cost",
        "known_net - known_returned",
        coverage=(("known_net", "net"), *CONVERTED),
    ),
    Kpi(
        "ttm_revenue", RESULTS, MONEY, UP, "revenue, trailing twelve months",
        "Revenue of the twelve months that end with the last day of the period, or with today if "
        "that is earlier.",
        "net - returned",
        coverage=CONVERTED,
        trailing=True,
    ),
    Kpi(
        "quotes", RESULTS, COUNT, UP, "quotes",
        "Quotes issued, whatever became of them.",
        "quotes",
    ),
    Kpi(
        "quoted_amount", RESULTS, MONEY, UP, "quoted amount",
        "The amount of the quotes issued.",
        "quoted_amount",
        coverage=(("converted_quotes", "quotes"),),
    ),
    Kpi(
        "quote_to_order", RESULTS, RATIO, UP, "quotes that became orders, share",
        "The share of the quotes issued that a confirmed order followed: one that names the quote "
        "within 180 days, or one of the same rep and customer within 30 days.",
        "turned_quotes", "quotes",
        look_ahead_days=30,
    ),
    Kpi(
        "return_rate", RESULTS, RATIO, DOWN, "return rate",
        "The amount returned in the period as a share of the net amount of the orders placed in "
        "it.",
        "returned", "net",
        coverage=CONVERTED,
    ),
)  # fmt: skip

_BY_ID = {kpi.id: kpi for kpi in CATALOGUE}


def kpi_of(kpi_id: str) -> Kpi:
    """The KPI with this id; raises `NotFound`."""
    if kpi_id not in _BY_ID:
        raise NotFound(f"there is no KPI {kpi_id!r}; /v1/kpis lists them all")
    return _BY_ID[kpi_id]


def chosen(kpi_ids: Iterable[str] | None) -> tuple[Kpi, ...]:
    """The KPIs with these ids, each once, in catalogue order; all of them for None.

    Raises `BadRequest` naming the unknown ones.
    """
    if kpi_ids is None:
        return CATALOGUE
    asked = set(kpi_ids)
    unknown = sorted(asked - _BY_ID.keys())
    if unknown:
        raise BadRequest(
            f"unknown KPI {', '.join(unknown)}",
            errors=tuple(FieldError("kpi", f"there is no KPI {name!r}") for name in unknown),
        )
    return tuple(kpi for kpi in CATALOGUE if kpi.id in asked)
