"""One digest over all that a set of events means, leaving out when and in what order it came."""

import hashlib

from app.db import Database

# What says when something arrived, or in what batch, and nothing about what it means.
_CLOCKS = {"received_at", "updated_at", "last_received_at", "replayed_at", "complete_to"}
# How often a final figure was restated, or a day moved, hangs on order and batches.
_LEDGER = {"restated_days", "restated_parts", "directory_changes"}
_REBUILDS = {"definitions", "rebuilds", "rebuild_touched"}
_PASSING = {"offsets", "versions", "alembic_version", "day_moves", *_LEDGER, *_REBUILDS}


async def digests(database: Database, *, but: frozenset[str] = frozenset()) -> dict[str, str]:
    """The digest of each table: facts, rollups, ledgers, dead letters."""
    async with database.reading() as reading:
        columns = await reading.fetch(
            "SELECT table_name AS t, array_agg(column_name::text ORDER BY ordinal_position) AS c "
            "FROM information_schema.columns JOIN information_schema.tables USING (table_name, "
            "table_schema) WHERE table_schema = 'public' AND table_type = 'BASE TABLE' "
            "GROUP BY 1 ORDER BY 1"
        )
        return {
            row["t"]: await _digest(reading, row["t"], row["c"])
            for row in columns
            if row["t"] not in _PASSING | but
        }


async def _digest(reading: object, table: str, columns: list[str]) -> str:
    skipped = _CLOCKS | ({"id"} if table == "dead_letters" else set())
    chosen = ", ".join(f'"{name}"' for name in columns if name not in skipped)
    rows = await reading.fetch(  # type: ignore[attr-defined]
        f"SELECT ROW({chosen})::text AS row FROM {table} ORDER BY 1"
    )
    text = "\n".join(row["row"] for row in rows)
    return f"{len(rows)}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
