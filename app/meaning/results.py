"""Quotes, orders and returns: their day, customer and rate, and which quotes turned. Pure."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from app.facts.rows import Order, Quote, Return
from app.meaning.known import Known

NAMED_WITHIN = timedelta(days=180)
UNNAMED_WITHIN = timedelta(days=30)


def read_quote(quote: Quote, known: Known) -> None:
    """Write onto a quote its day, party and rate (None while it waits for one)."""
    if quote.voided:
        quote.day = quote.party = quote.rate = None
        quote.rep_id = ""
        return
    quote.rep_id = known.rep(quote.agent, quote.issued_at)
    quote.day = known.directory.of(quote.rep_id).day_of(quote.issued_at)
    quote.party = known.party(quote.customer_id, quote.phone)
    quote.rate = known.rates.on(quote.currency, quote.day)


def read_order(order: Order, known: Known) -> None:
    """Write onto an order its day, party and rate (None while it waits for one)."""
    if order.voided:
        order.day = order.party = order.rate = None
        order.rep_id = ""
        return
    order.rep_id = known.rep(order.agent, order.placed_at)
    order.day = known.directory.of(order.rep_id).day_of(order.placed_at)
    order.party = known.party(order.customer_id, order.phone)
    order.rate = known.rates.on(order.currency, order.day)


def read_return(returned: Return, order: Order | None, known: Known) -> None:
    """Write onto a return its rep and day: those of its order, None while that has not come."""
    if returned.voided or order is None or order.voided:
        returned.day = returned.rep_id = None
        return
    returned.rep_id = order.rep_id
    returned.day = known.directory.of(order.rep_id).day_of(returned.returned_at)


def issued(quote: Quote) -> bool:
    """Whether the quote counts as issued: it stands and is no draft."""
    return not quote.voided and quote.status != "draft"


def turned_quotes(quotes: Mapping[str, Quote], orders: Iterable[Order]) -> set[str]:
    """The ids of the quotes that these orders turn.

    `quotes` must hold every quote the orders name and every quote of the orders' reps and
    customers; `orders` may come more than once.
    """
    by_pair: dict[tuple[str, str], list[Quote]] = {}
    for quote in quotes.values():
        if issued(quote) and quote.party is not None:
            by_pair.setdefault((quote.party, quote.rep_id), []).append(quote)
    turned = {_turned_by(order, quotes, by_pair) for order in orders}
    return {quote_id for quote_id in turned if quote_id is not None}


def _turned_by(
    order: Order, quotes: Mapping[str, Quote], by_pair: Mapping[tuple[str, str], list[Quote]]
) -> str | None:
    if order.voided or order.status != "confirmed":
        return None
    named = quotes.get(order.quote_id) if order.quote_id is not None else None
    if named is not None and not named.voided:
        in_time = timedelta(0) <= order.placed_at - named.issued_at <= NAMED_WITHIN
        return named.quote_id if issued(named) and in_time else None
    if order.party is None:
        return None
    candidates = [
        quote
        for quote in by_pair.get((order.party, order.rep_id), ())
        if timedelta(0) <= order.placed_at - quote.issued_at <= UNNAMED_WITHIN
    ]
    if not candidates:
        return None
    return max(candidates, key=lambda quote: (quote.issued_at, quote.quote_id)).quote_id
