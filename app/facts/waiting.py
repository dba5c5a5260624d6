"""Which standing events wait for another record, by source: counted when asked for."""

from app.db import Reading

# A withdrawn record has come: what belongs to it does not wait, it counts in nothing.
_WAITING = """
SELECT source, count(*) AS n FROM (
    SELECT s.source FROM segments s WHERE NOT s.voided AND NOT EXISTS (
        SELECT FROM legs l WHERE l.call_id = s.call_id
            AND (l.rep_id = s.rep_id OR l.agent = s.agent))
    UNION ALL
    SELECT c.source FROM conversations c WHERE NOT c.voided AND c.call_id IS NOT NULL
        AND NOT EXISTS (
        SELECT FROM legs l WHERE l.call_id = c.call_id
            AND (l.rep_id = c.rep_id OR l.agent = c.agent))
    UNION ALL
    SELECT q.source FROM quotes q
    WHERE NOT q.voided AND q.status <> 'draft' AND q.rate IS NULL
    UNION ALL
    SELECT o.source FROM orders o
    WHERE NOT o.voided AND o.status = 'confirmed' AND o.rate IS NULL
    UNION ALL
    SELECT r.source FROM returns r LEFT JOIN orders o ON o.order_id = r.order_id
    WHERE NOT r.voided AND (
        o.order_id IS NULL
        OR (NOT o.voided AND o.status = 'confirmed' AND o.rate IS NULL)
        OR (NOT o.voided AND EXISTS (
            SELECT FROM jsonb_array_elements(r.lines) line WHERE NOT EXISTS (
                SELECT FROM jsonb_array_elements(o.lines) bought
                WHERE bought ->> 'line_id' = line ->> 'line_id'))))
) AS waiting GROUP BY source ORDER BY source
"""


async def waiting(session: Reading) -> dict[str, int]:
    """How many standing events of each source wait: for a leg, an order, a line or a rate."""
    return {record["source"]: record["n"] for record in await session.fetch(_WAITING)}
