"""Rollups: one row a rep and day, and one a rep and month, of sums that only add.

Every measure is a sum of amounts that are not negative, so a row in which all are 0 has nothing
behind it and is taken away. Ratios, averages and distinct counts are never stored.
"""

from sqlalchemy import BigInteger, Column, Date, Index, Numeric, Table, text

from app.db import metadata
from app.facts.tables import words

COUNTS = (
    "calls", "outbound_calls", "inbound_calls", "answered_calls", "answered_outbound",
    "conversations", "call_conversations", "assists", "missed_inbound",
    "talk_time", "non_customer_talk",
    "spoken_conversations", "timed_conversations", "timed_talk",
    "hold_known_calls", "hold_seconds", "hold_talk", "hold_heavy_calls",
    "repeat_conversations", "repeat_quote_conversations", "unproductive_repeats",
    "outbound_to_customer", "new_customer_calls", "unknown_party_calls",
    "right_party_known", "right_party_conversations",
    "orders", "converted_orders", "order_lines", "item_orders", "costed_orders",
    "quotes", "converted_quotes", "turned_quotes",
)  # fmt: skip
AMOUNTS = (
    "units", "returned_units", "net", "returned", "costed_cost",
    "known_net", "known_cost", "known_returned", "known_returned_cost", "quoted_amount",
)  # fmt: skip
MEASURES = COUNTS + AMOUNTS


def _measures() -> list[Column[object]]:
    zero = text("0")
    counts = [Column(m, BigInteger, nullable=False, server_default=zero) for m in COUNTS]
    amounts = [Column(m, Numeric, nullable=False, server_default=zero) for m in AMOUNTS]
    return [*counts, *amounts]


rep_days = Table(
    "rep_days",
    metadata,
    words("rep_id", key=True),
    Column("day", Date, primary_key=True),
    *_measures(),
    Index(None, "day"),
)

rep_months = Table(
    "rep_months",
    metadata,
    words("rep_id", key=True),
    Column("month", Date, primary_key=True),
    *_measures(),
    Index(None, "month"),
)
