"""Works out anew the quotes, orders and returns that a batch touches, and which quotes turned."""

from app.batch.desk import Desk, own
from app.batch.reach import Dirty, load_owners
from app.db import Reading
from app.facts.rows import Order, Quote
from app.facts.shelf import unique
from app.meaning.results import read_order, read_quote, read_return, turned_quotes


def touched_results(desk: Desk, dirty: Dirty) -> None:
    """Find the quotes, orders and returns that the batch's own events touch."""
    dirty.quotes |= {quote.quote_id for _, quote in desk.quotes.changed()}
    dirty.orders |= {order.order_id for _, order in desk.orders.changed()}
    dirty.returns |= {returned.return_id for _, returned in desk.returns.changed()}


async def work_out_results(session: Reading, desk: Desk, dirty: Dirty) -> None:
    """Give every quote, order and return in `dirty` its meaning, and find the turned quotes."""
    if not (dirty.quotes or dirty.orders or dirty.returns):
        return
    quotes, orders, returns = desk.quotes, desk.orders, desk.returns
    await quotes.load(session, "WHERE quote_id = ANY($1)", unique(dirty.quotes))
    await orders.load(session, "WHERE order_id = ANY($1)", unique(dirty.orders))
    await returns.load(
        session, "WHERE return_id = ANY($1) OR order_id = ANY($2)",
        unique(dirty.returns), unique(dirty.orders),
    )  # fmt: skip
    # A return counts by its order, before and after: of both states, both orders must be here.
    named = {r.order_id for shelf in (returns.now, returns.stored) for r in shelf.values()}
    await orders.load(session, "WHERE order_id = ANY($1)", unique(named))
    await load_owners(session, desk, [*quotes.now.values(), *orders.now.values()])

    for quote in list(quotes.now.values()):
        if quote.quote_id in dirty.quotes:
            read_quote(own(quotes, quote), desk.known)
    for order in list(orders.now.values()):
        if order.order_id in dirty.orders:
            read_order(own(orders, order), desk.known)
    for returned in list(returns.now.values()):
        order_now = orders.now.get((returned.order_id,))
        read_return(own(returns, returned), order_now, desk.known)
    await _turn(session, desk, dirty)


def _pair(row: Quote | Order) -> set[tuple[str, str]]:
    return set() if row.voided or row.party is None else {(row.party, row.rep_id)}


async def _turn(session: Reading, desk: Desk, dirty: Dirty) -> None:
    """Find which quotes turned, among all that a changed quote or order may touch."""
    quotes, orders = desk.quotes, desk.orders
    pairs: set[tuple[str, str]] = set()
    named: set[str | None] = set()
    changed: list[tuple[Quote | Order | None, Quote | Order]]
    changed = [*quotes.changed(), *orders.changed()]
    for before, after in changed:
        pairs |= _pair(after) | (_pair(before) if before is not None else set())
    for before_order, order in orders.changed():
        named |= {order.quote_id, before_order.quote_id if before_order else None}
    # An order that names a quote counts otherwise once that quote comes or goes.
    await orders.load(session, "WHERE quote_id = ANY($1)", unique(dirty.quotes))
    for order in orders.now.values():
        if order.quote_id in dirty.quotes:
            pairs |= _pair(order)
    await quotes.load(session, "WHERE quote_id = ANY($1)", unique(named))
    spoken_of = named | dirty.quotes
    touched = {q.quote_id for q in quotes.now.values() if q.quote_id in spoken_of}
    for quote in quotes.now.values():
        if quote.quote_id in touched:
            pairs |= _pair(quote)

    parties = [party for party, _ in sorted(pairs)]
    reps = [rep_id for _, rep_id in sorted(pairs)]
    of_pairs = "WHERE (party, rep_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))"
    await quotes.load(session, of_pairs, parties, reps)
    await orders.load(session, of_pairs, parties, reps)
    judged = [q for q in quotes.now.values() if q.quote_id in touched or _pair(q) & pairs]
    ids = {quote.quote_id for quote in judged}
    await orders.load(session, "WHERE quote_id = ANY($1)", unique(ids))
    # Only to know whether the quotes that these orders name stand.
    await quotes.load(
        session, "WHERE quote_id = ANY($1)", unique(order.quote_id for order in orders.now.values())
    )
    turned = turned_quotes(
        {quote.quote_id: quote for quote in quotes.now.values()}, orders.now.values()
    )
    for quote in judged:
        if quote.turned != (quote.quote_id in turned):
            own(quotes, quote).turned = quote.quote_id in turned
