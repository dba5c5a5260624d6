"""Which customer claims which number: what is stored, against what the standing customers say.

Facts learn from the stored claims whom they are about, so a wrong one makes wrong facts look right.
"""

from collections.abc import Iterable

from app.batch.reach import Dirty, claimed
from app.db import Writing
from app.proof.drift import Drift, Findings

_SAID = (
    "SELECT DISTINCT phone, customer_id FROM customers, unnest(phones) AS phone WHERE NOT voided"
)


async def claims(session: Writing, findings: Findings) -> None:
    """Find the claims that nobody makes, and those that are missing."""
    for record in await session.fetch(
        "SELECT coalesce(s.phone, c.phone) AS phone, coalesce(s.customer_id, c.customer_id) AS who,"
        f" s.phone IS NOT NULL AS stored FROM customer_phones s FULL JOIN ({_SAID}) c"
        " ON c.phone = s.phone AND c.customer_id = s.customer_id"
        " WHERE s.phone IS NULL OR c.phone IS NULL ORDER BY 1, 2"
    ):
        key, stored = f"{record['phone']}/{record['who']}", record["stored"]
        findings.drift.append(
            Drift("customer_phones", key, "claimed", str(stored), str(not stored))
        )
        findings.phones.add(record["phone"])


async def mend_claims(session: Writing, phones: Iterable[str]) -> Dirty:
    """Let these numbers be claimed by whom they should be; the facts that name them."""
    numbers = sorted(phones)
    await session.run("DELETE FROM customer_phones WHERE phone = ANY($1)", numbers)
    await session.run(
        f"INSERT INTO customer_phones (phone, customer_id) SELECT * FROM ({_SAID}) AS c"
        " WHERE c.phone = ANY($1)",
        numbers,
    )
    dirty = Dirty()
    await claimed(session, set(numbers), dirty)
    return dirty
