"""The tables of facts: one row for each record, keyed by what it is.

A row holds the standing (winning) event of its record with that event's stamp, and behind it
what the fact means for its day (rep, day, party, marks …), derived by `app.meaning`. `agent` is
the rep id as it was sent. Text compares by
code point everywhere: that is how the contract orders ids.
"""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.db import metadata

NOTHING = text("0")


def words(name: str, *, key: bool = False, needed: bool = False) -> Column[Any]:
    """A text column that compares by code point."""
    return Column(name, Text(collation="C"), primary_key=key, nullable=not (key or needed))


def moment(name: str) -> Column[Any]:
    """An instant, microseconds, UTC."""
    return Column(name, DateTime(timezone=True))


def _stamp() -> list[Column[Any]]:
    """What orders the events of one record: the greatest (revision, time, id, source) stands."""
    return [
        Column("voided", Boolean, nullable=False),
        Column("void_reason", Text(collation="C")),
        Column("revision", BigInteger, nullable=False),
        moment("event_time"),
        words("event_id", needed=True),
        words("source", needed=True),
    ]


def _customer() -> list[Column[Any]]:
    """Whom it was with, as sent: numbers only as a keyed hash and their last two digits."""
    return [words("customer_id"), words("phone"), words("phone_last2")]


legs = Table(
    "legs",
    metadata,
    words("call_id", key=True),
    words("agent", key=True),
    words("direction"),
    *_customer(),
    moment("started_at"),
    moment("answered_at"),
    moment("ended_at"),
    Column("ring_seconds", Integer),
    Column("talk_seconds", Integer),
    Column("hold_seconds", Integer),
    Column("wrap_up_seconds", Integer),
    words("outcome"),
    words("answered_by"),
    Column("test", Boolean),
    *_stamp(),
    words("rep_id"),
    Column("day", Date),
    words("party"),
    Column("talk", Integer),
    Column("hold", Integer),
    words("classified"),
    Column("right_party", Boolean),
    Column("marks", Integer, nullable=False),
    # With the marks look-backs read what a pair did from the index, not from pages all over.
    Index(
        None,
        "party",
        "rep_id",
        "started_at",
        postgresql_where=text("party IS NOT NULL"),
        postgresql_include=["marks"],
    ),
    Index(None, "rep_id", "day"),
    Index(None, "phone", postgresql_where=text("phone IS NOT NULL")),
)

segments = Table(
    "segments",
    metadata,
    words("segment_id", key=True),
    words("call_id"),
    words("agent"),
    words("kind"),
    moment("started_at"),
    Column("seconds", Integer),
    *_stamp(),
    words("rep_id"),
    Column("day", Date),
    Column("marks", Integer, nullable=False),
    Index(None, "call_id"),
    Index(None, "rep_id", "day"),
)

conversations = Table(
    "conversations",
    metadata,
    words("conversation_id", key=True),
    words("call_id"),
    words("agent"),
    *_customer(),
    words("channel"),
    moment("started_at"),
    Column("duration_seconds", Integer),
    words("kind"),
    Column("right_party", Boolean),
    *_stamp(),
    words("rep_id"),
    Column("day", Date),
    words("party"),
    Column("marks", Integer, nullable=False),
    Index(None, "call_id", postgresql_where=text("call_id IS NOT NULL")),
    Index(None, "party", "rep_id", "started_at", postgresql_where=text("party IS NOT NULL")),
    Index(None, "rep_id", "day"),
    Index(None, "phone", postgresql_where=text("phone IS NOT NULL")),
    Index("conversations_voided_idx", "conversation_id", postgresql_where=text("voided")),
)

quotes = Table(
    "quotes",
    metadata,
    words("quote_id", key=True),
    words("agent"),
    *_customer(),
    words("status"),
    Column("amount", Numeric),
    words("currency"),
    moment("issued_at"),
    *_stamp(),
    words("rep_id"),
    Column("day", Date),
    words("party"),
    Column("rate", Numeric),
    Column("turned", Boolean, nullable=False),
    Index(None, "party", "rep_id", "issued_at", postgresql_where=text("party IS NOT NULL")),
    Index(None, "rep_id", "day"),
    Index(None, "currency", "day"),
    Index(None, "phone", postgresql_where=text("phone IS NOT NULL")),
    Index("quotes_voided_idx", "quote_id", postgresql_where=text("voided")),
)

orders = Table(
    "orders",
    metadata,
    words("order_id", key=True),
    words("agent"),
    *_customer(),
    words("status"),
    words("currency"),
    moment("placed_at"),
    words("quote_id"),
    Column("lines", JSONB),
    *_stamp(),
    words("rep_id"),
    Column("day", Date),
    words("party"),
    Column("rate", Numeric),
    Index(None, "party", "rep_id", "placed_at", postgresql_where=text("party IS NOT NULL")),
    Index(None, "quote_id", postgresql_where=text("quote_id IS NOT NULL")),
    Index(None, "rep_id", "day"),
    Index(None, "currency", "day"),
    Index(None, "phone", postgresql_where=text("phone IS NOT NULL")),
    Index("orders_voided_idx", "order_id", postgresql_where=text("voided")),
)

returns = Table(
    "returns",
    metadata,
    words("return_id", key=True),
    words("order_id"),
    moment("returned_at"),
    Column("lines", JSONB),
    *_stamp(),
    Column("day", Date),
    words("rep_id"),
    Index(None, "order_id"),
    Index(None, "rep_id", "day", postgresql_where=text("day IS NOT NULL")),
    Index("returns_voided_idx", "return_id", postgresql_where=text("voided")),
)

customers = Table(
    "customers",
    metadata,
    words("customer_id", key=True),
    words("name"),
    Column("phones", ARRAY(Text(collation="C"))),
    *_stamp(),
)

customer_phones = Table(
    "customer_phones",
    metadata,
    words("phone", key=True),
    words("customer_id", key=True),
)

rep_states = Table(
    "rep_states",
    metadata,
    words("rep_id", key=True),
    Column("effective_from", Date, primary_key=True),
    words("name"),
    words("team"),
    words("manager"),
    words("time_zone"),
    Column("active", Boolean),
    Column("aliases", ARRAY(Text(collation="C"))),
    *_stamp(),
)

time_off = Table(
    "time_off",
    metadata,
    words("rep_id", key=True),
    Column("date", Date, primary_key=True),
    Column("fraction", Numeric),
    *_stamp(),
)

fx_rates = Table(
    "fx_rates",
    metadata,
    words("currency", key=True),
    Column("day", Date, primary_key=True),
    Column("rate", Numeric),
    *_stamp(),
)

superseded = Table(
    "superseded",
    metadata,
    words("source", key=True),
    words("event_id", key=True),
    words("kind", needed=True),
    Column("record", ARRAY(Text(collation="C")), nullable=False),
    Column("revision", BigInteger, nullable=False),
    moment("event_time"),
    Column("content", JSONB, nullable=False),
    Index(None, "kind", "record"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery", LargeBinary, primary_key=True),
)

feeds = Table(
    "feeds",
    metadata,
    words("source", key=True),
    *(
        Column(name, BigInteger, nullable=False, server_default=NOTHING)
        for name in ("read", "standing", "superseded", "duplicates", "refused")
    ),
    moment("last_event_time"),
    moment("last_received_at"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    words("source", needed=True),
    words("event_id"),
    words("type"),
    words("code", needed=True),
    words("field"),
    words("detail", needed=True),
    words("topic", needed=True),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("replayed_at", DateTime(timezone=True)),
    moment("discarded_at"),
    moment("emptied_at"),
    Index(None, "received_at"),
    Index(None, "code", "source"),
    Index(
        "dead_letters_waiting_idx",
        "id",
        postgresql_where=text("replayed_at IS NULL AND discarded_at IS NULL"),
    ),
    Index("dead_letters_bytes_idx", "received_at", postgresql_where=text("emptied_at IS NULL")),
)

offsets = Table(
    "offsets",
    metadata,
    words("topic", key=True),
    Column("partition", Integer, primary_key=True),
    Column("next", BigInteger, nullable=False),
    moment("complete_to"),
    moment("updated_at"),
)

versions = Table(
    "versions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("ingest", BigInteger, nullable=False, server_default=NOTHING),
    Column("directory", BigInteger, nullable=False, server_default=NOTHING),
    # The batches by writers that keep `day_moves`: an older version's, during an upgrade, do not.
    Column("tracked", BigInteger, nullable=False, server_default=NOTHING),
)
