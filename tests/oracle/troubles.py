"""How often a floor meets each kind of trouble: what the random floors must not miss.

Every function yields the name of a trouble for each time it is met. Names say what happened.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

from tests.oracle.days import DAY
from tests.oracle.figures import Oracle
from tests.oracle.floor import Floor
from tests.oracle.ladder import Leg
from tests.oracle.periods import ttm
from tests.oracle.records import Key, key_of, kind_of, rank, word
from tests.oracle.results import Order, Quote
from tests.oracle.results import counts as is_item
from tests.oracle.wire import Json, instant, number

HOURS = timedelta(hours=1)
EDGES = {
    "90 days": 90 * DAY,
    "30 days": 30 * DAY,
    "7 days": 7 * DAY,
    "180 days": 180 * DAY,
    "an hour": HOURS,
    "nothing": timedelta(0),
}


def histories(drawn: Floor) -> dict[Key, list[Json]]:
    """The events of each record, the one that stands last."""
    found: dict[Key, list[Json]] = defaultdict(list)
    for event in drawn.events:
        found[key_of(event)].append(event)
    return {key: sorted(events, key=rank) for key, events in found.items()}


def corrections(drawn: Floor, _: Oracle) -> Iterator[str]:
    for key, events in histories(drawn).items():
        voided = [kind_of(event) == "record.voided" for event in events]
        if all(voided):
            yield f"{key[0]}: only a withdrawal came"
        elif voided[-1]:
            yield f"{key[0]}: withdrawn"
        elif any(voided):
            yield f"{key[0]}: brought back"
        for lower, upper in pairwise(events):
            yield from _change(key[0], lower, upper)
            yield from _tie(lower, upper)


def _tie(lower: Json, upper: Json) -> Iterator[str]:
    below, above = rank(lower), rank(upper)
    if below[0] == above[0]:
        names = ("time", "id", "source")
        decided = next(n for n, a, b in zip(names, below[1:], above[1:], strict=True) if a != b)
        yield f"a tie of revisions: by {decided}"
    if "time" not in lower and "time" in upper and below[0] == above[0]:
        yield "an event without a time below one with"


def _change(record: str, lower: Json, upper: Json) -> Iterator[str]:
    before, after = lower["data"], upper["data"]
    if "record.voided" in {kind_of(lower), kind_of(upper)}:
        return
    watched = {
        "call": ("started_at", "outcome", "direction"),
        "order": ("rep_id", "lines", "status"),
        "return": ("order_id", "lines"),
        "conversation": ("kind", "call_id", "rep_id"),
        "quote": ("status", "rep_id", "issued_at"),
        "talktime": ("seconds", "call_id"),
        "rep": ("team", "time_zone", "active"),
        "customer": ("phones",),
        "time_off": ("fraction",),
        "fx_rate": ("rate",),
    }
    for field in watched[record]:
        if before.get(field) != after.get(field):
            yield f"{record}: another {field}"
    if record == "order" and after["status"] == "confirmed" != before["status"]:
        yield "order: reopened"


def calls(_: Floor, oracle: Oracle) -> Iterator[str]:
    of_call: dict[str, list[Leg]] = defaultdict(list)
    for leg in oracle.ladder.legs:
        of_call[leg.call_id].append(leg)
    for legs in of_call.values():
        meets = [leg for leg in legs if leg.meets]
        if len(meets) > 1:
            yield "several legs meet a conversation"
        for one, other in combinations(meets, 2):
            if one.classified is None and other.classified is None and one.talk == other.talk:
                yield "legs tie in talk" if one.start != other.start else "legs tie but for the rep"
            if (one.classified is None) != (other.classified is None):
                yield "a classified leg beside another"
        if any(leg.assist for leg in legs):
            yield "an assist"
        if len([leg for leg in legs if leg.missed]) > 1:
            yield "a call missed at several desks"
    for key in oracle.records.events:
        if key[0] == "call" and oracle.records.withdrawn(key):
            others = [leg for leg in of_call.get(key[1], []) if leg.rep != key[2]]
            yield from ["a call handed to another rep"] * bool(others)


def words(_: Floor, oracle: Oracle) -> Iterator[str]:
    said: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for event in oracle.records.of("conversation"):
        if event["data"].get("call_id") is not None:
            said[event["data"]["call_id"], event["data"]["rep_id"]].append(event)
    legs = {(leg.call_id, leg.rep): leg for leg in oracle.ladder.legs}
    for key, events in said.items():
        newest = max(events, key=word)
        if len({event["data"]["kind"] for event in events}) > 1:
            yield "words that differ on one leg"
        if newest is not max(events, key=rank):
            yield "the newest word is not the greatest revision"
        if key in legs:
            yield f"a leg classified {newest['data']['kind']}"
            yield from _party(oracle, newest["data"], legs[key])
        elif oracle.records.known(("call", *key)):
            yield "a word on a leg that is in nothing"
        else:
            yield "a word on a leg that has not come"


def _party(oracle: Oracle, said: Json, leg: Leg) -> Iterator[str]:
    of_leg = oracle.records.events["call", leg.call_id, leg.rep]["data"].get("customer")
    sorts = [
        None if party is None else party[0]
        for party in (oracle.parties.of(said.get("customer")), oracle.parties.of(of_leg))
    ]
    yield f"party: the word's is {sorts[0]}, the leg's {sorts[1]}"


def segments(_: Floor, oracle: Oracle) -> Iterator[str]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for data in oracle.records.data("talktime"):
        sums[data["call_id"], data["rep_id"], data["kind"]] += data["seconds"]
    here = {(leg.call_id, leg.rep) for leg in oracle.ladder.legs}
    for (call_id, rep, kind), seconds in sums.items():
        if (call_id, rep) in here:
            data = oracle.records.events["call", call_id, rep]["data"]
            length = instant(data["ended_at"]) - instant(data["started_at"])
            yield f"{kind} segments of a leg"
            if seconds > length // timedelta(seconds=1) and kind in {"talk", "hold"}:
                yield f"{kind} segments longer than their leg"
        elif oracle.records.known(("call", call_id, rep)):
            yield "segments of a leg that is in nothing"
        elif kind == "talk":
            aside = oracle.ladder.classification(call_id, rep)
            yield "segments without their leg" + ("" if aside is None else ", classified")


def days(drawn: Floor, oracle: Oracle) -> Iterator[str]:
    for rep, day in oracle.fact_days():
        start, end = oracle.days.start(rep, day), oracle.days.end(rep, day)
        zone = ZoneInfo(oracle.days.zone(rep, day))
        hours = (end - start) / HOURS
        if oracle.days.zone(rep, day) != oracle.days.zone(rep, day + DAY):
            yield "a day whose zone ends"
        elif hours != 24:
            yield f"a day of {hours:g} hours"
        if hours < 4 or hours > 44:
            yield "a day over the date line"
        if start.astimezone(zone).hour and start.astimezone(zone).date() == day:
            yield "a day without its midnight"
        if (day.month, day.day) == (2, 29):
            yield "a leap day"
        if oracle.days.start(rep, day - DAY) == start:
            yield "a day without an hour before"
        yield from _announced(oracle, rep, day)


def instants(drawn: Floor, oracle: Oracle) -> Iterator[str]:
    for leg in oracle.ladder.legs:
        zone = ZoneInfo(oracle.days.zone(leg.rep, leg.day))
        if leg.start.astimezone(zone).fold:
            yield "an hour that comes twice"
        if leg.start == oracle.days.start(leg.rep, leg.day):
            yield "a call at the first instant of a day"
        if leg.start + timedelta(microseconds=1) == oracle.days.end(leg.rep, leg.day):
            yield "a call at the last instant of a day"
        floors = {drawn.settings.floor(team, leg.day) for team in (None, *drawn.teams)}
        if len(floors) > 1:
            yield "a floor of a team's own"
        if drawn.settings.floor(None, leg.day) != drawn.settings.floor(None, leg.day - 900 * DAY):
            yield "a floor changed from a date on"


def _announced(oracle: Oracle, rep: str, day: object) -> Iterator[str]:
    states = sorted(oracle.days.states.get(rep, []), key=lambda state: state.since)
    if not states:
        yield "a fact of a rep nobody announced"
    elif all(str(state.since) > str(day) for state in states):
        yield "a fact before the rep's first state"
    for early, late in pairwise(states):
        if early.team != late.team:
            yield "a rep who moved to another team"
        if early.active != late.active:
            yield "a rep who left" if early.active else "a rep who came back"


def claims(drawn: Floor, oracle: Oracle) -> Iterator[str]:
    region = drawn.settings.region
    for key, events in histories(drawn).items():
        for event in events[:-1]:
            if key[0] == "customer" and any(
                number(text, region) for text in event["data"].get("phones") or []
            ):
                yield "a customer who let a number go"
    for event in oracle.records.of("call"):
        customer = event["data"].get("customer") or {}
        phone = number(customer.get("phone"), region)
        if customer.get("customer_id") is None and phone is not None:
            owners = oracle.parties.owners.get(phone, ())
            yield ("a bare number", "a number claimed", "a number claimed by two")[
                min(len(owners), 2)
            ]
        elif customer.get("phone") is not None and phone is None:
            yield "a text that is no number"


def work(drawn: Floor, oracle: Oracle) -> Iterator[str]:
    settings = drawn.settings
    for (rep, day), fraction in oracle.days.time_off.items():
        if fraction == 0:
            yield "time off taken back"
        elif fraction < 1 and oracle.worked(rep, day):
            yield "a part of a day off"
    for rep, day in oracle.fact_days():
        state = oracle.days.state(rep, day)
        if state is None and oracle.worked(rep, day):
            yield "a working day of a rep nobody announced"
        team = oracle.days.team(rep, day)
        if state is not None and set(settings.week(team, day)) != set(settings.week(None, day)):
            yield "a team's own week"
        if day in settings.holidays:
            yield "a holiday"
        if day > oracle.days.today(rep):
            yield "a fact after today"


def money(_: Floor, oracle: Oracle) -> Iterator[str]:
    results = oracle.results
    rates = [("order", order.rate) for order in results.orders]
    for kind, rate in [*rates, *(("quote", quote.rate) for quote in results.quotes)]:
        if rate is None:
            yield f"a {kind} without a rate"
        elif rate != 1:
            yield f"a {kind} converted"
    confirmed = {order.order_id: order for order in results.orders}
    for data in oracle.records.data("return"):
        order = confirmed.get(data["order_id"])
        if order is None:
            known = oracle.records.known(("order", data["order_id"]))
            yield "a return of no confirmed order" if known else "a return without its order"
            continue
        sold = oracle.records.events["order", data["order_id"]]["data"]["lines"]
        kinds = {line["line_id"]: is_item(line) for line in sold}
        for line in data["lines"]:
            if line["line_id"] not in kinds:
                yield "a return of a line that is not there"
            elif not kinds[line["line_id"]]:
                yield "a return of another kind of line"
            elif order.rate is None:
                yield "a return that waits for a rate"


def turns(_: Floor, oracle: Oracle) -> Iterator[str]:
    quotes = {quote.quote_id: quote for quote in oracle.results.quotes}
    for order in oracle.results.orders:
        if order.quote_id is None:
            yield from _unnamed(order, list(quotes.values()), oracle)
            continue
        key = ("quote", order.quote_id)
        named = quotes.get(order.quote_id)
        if named is not None:
            late = not timedelta(0) <= order.placed - named.issued <= 180 * DAY
            yield "an order that names a quote" + (", out of time" if late else "")
            if named.rep != order.rep:
                yield "an order that names another rep's quote"
        elif not oracle.records.known(key):
            yield "an order that names a quote that never came"
        elif oracle.records.withdrawn(key):
            yield "an order that names a quote withdrawn"
        else:
            yield "an order that names a draft"


def _unnamed(order: Order, quotes: list[Quote], oracle: Oracle) -> Iterator[str]:
    near = [
        quote
        for quote in quotes
        if order.party is not None
        and (quote.rep, quote.party) == (order.rep, order.party)
        and timedelta(0) <= order.placed - quote.issued <= 30 * DAY
    ]
    if any(oracle.results.turned(quote) for quote in near):
        yield "an order that turns a quote it does not name"
    if len(near) > 1:
        tie = len({quote.issued for quote in near}) < len(near)
        yield "an order after several quotes" + (", two at one instant" if tie else "")


def edges(_: Floor, oracle: Oracle) -> Iterator[str]:
    met = [(contact.rep, contact.party, contact.start) for contact in oracle.ladder.contacts]
    out = [(leg.rep, leg.party, leg.start) for leg in oracle.quality.outbound]
    for what, starts in (("conversations", met), ("outbound calls", out)):
        for (rep, party, one), (other_rep, other_party, other) in combinations(starts, 2):
            if rep == other_rep and party == other_party is not None:
                yield from _on_edge(what, abs(one - other))
    for party, issued in oracle.quality.quoted:
        for _rep, whom, start in met:
            if party == whom is not None:
                yield from _on_edge("a quote and a conversation", abs(issued - start))


def twelve_months(_: Floor, oracle: Oracle) -> Iterator[str]:
    for order in oracle.results.orders:
        today = oracle.days.today(order.rep)
        first = oracle.days.start(order.rep, ttm(today)[0])
        for name, edge in (("of", first), ("after", oracle.days.end(order.rep, today))):
            if order.placed == edge:
                yield f"an order at the first instant {name} the twelve months"
            elif order.placed + timedelta(microseconds=1) == edge:
                yield f"an order right before the first instant {name} the twelve months"


def _on_edge(what: str, apart: timedelta) -> Iterator[str]:
    for name, edge in EDGES.items():
        if apart == edge:
            yield f"{what} {name} apart"
        elif abs(apart - edge) == timedelta(microseconds=1):
            yield f"{what} {name} and a microsecond apart"


_ALL: tuple[Callable[[Floor, Oracle], Iterator[str]], ...] = (
    corrections, calls, words, segments, days, instants, claims, work, money, turns, edges,
    twelve_months,
)  # fmt: skip


def troubles(drawn: Floor) -> Counter[str]:
    """How often each trouble is met on the floor."""
    oracle = drawn.oracle()
    return Counter(name for each in _ALL for name in each(drawn, oracle))
