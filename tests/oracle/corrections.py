"""Small groups of events in which something is corrected, withdrawn, claimed or told late.

The floor's events come in any order, so each of these is met before, between and after.
"""

from collections.abc import Callable
from datetime import date, timedelta

from tests.oracle.scene import HOUR, Scene
from tests.oracle.world import CURRENCIES, DAY


def resent(scene: Scene) -> None:
    """A call sent again with another day, or another outcome."""
    scene.call(scene.at)
    moved = scene.at - scene.world.pick(1, 2, 40) * DAY
    text, end = scene.world.text(moved), scene.world.text(moved + timedelta(seconds=200))
    other_day = {"started_at": text, "answered_at": text, "ended_at": end}
    missed = {"answered_at": None, "outcome": "no_answer"}
    scene.again(scene.world.pick(1, 4), **scene.world.pick(other_day, missed))


def handed_over(scene: Scene) -> None:
    """A call withdrawn for one rep and recorded for another; now and then brought back."""
    call_id = scene.call(scene.at, direction=scene.world.pick("inbound", "outbound"))
    first = scene.events[-1]["data"]
    scene.void("call", call_id, 5, rep_id=scene.rep)
    other = scene.world.rng.choice([rep for rep in scene.world.reps if rep != scene.rep])
    scene.events.append(scene.world.event("call.ended", first | {"rep_id": other}))
    if scene.world.often(0.3):
        scene.events.append(scene.world.event("call.ended", first | {"revision": 6}))


def order_life(scene: Scene) -> None:
    """An order amended, canceled, reopened, moved to another rep: as far as it goes."""
    order_id = scene.order(scene.at)
    if scene.world.often(0.5):
        scene.back(order_id, scene.at + HOUR, {"line_id": "l1", "quantity": 1, "amount": "1.005"})
    amount = scene.world.amount()
    more = [{"line_id": f"l{n}", "quantity": n, "unit_price": amount} for n in (1, 2)]
    other = scene.world.rng.choice(scene.world.reps)
    life = [{"lines": more}, {"status": "canceled"}, {"status": "confirmed"}, {"rep_id": other}]
    order = next(e["data"] for e in scene.events if "placed_at" in e["data"])
    for step, change in enumerate(life[: scene.world.rng.randint(1, 4)]):
        order = order | change | {"revision": 10 + step}
        scene.events.append(scene.world.event("order.recorded", order))


def return_life(scene: Scene) -> None:
    """Goods that came back, amended, withdrawn, brought back; a line the order does not have."""
    order_id = scene.order(scene.at, currency=scene.world.rng.choice(CURRENCIES))
    line = {"line_id": "l1", "quantity": scene.world.quantity(), "amount": scene.world.amount()}
    return_id = scene.back(order_id, scene.at + scene.world.pick(HOUR, 3 * DAY), line)
    steps = scene.world.rng.randint(0, 3)
    if steps:
        strange = {"line_id": "l9", "quantity": 1, "amount": "2"}
        scene.again(7, lines=[line | {"amount": "0.005", "cost": "0.0015"}, strange])
    if steps > 1:
        scene.void("return", return_id, 8)
    if steps > 2:
        data = next(e["data"] for e in scene.events if "returned_at" in e["data"])
        scene.events.append(scene.world.event("order.returned", data | {"revision": 9}))


def reclassified(scene: Scene) -> None:
    """A call whose classification is another days later: by a new word, or a revised one."""
    of_leg = scene.world.pick(scene.customer, scene.world.customer())
    call_id = scene.call(scene.at, scene.world.pick(0, 30, 200), customer=of_leg)
    scene.customer = scene.world.pick(scene.customer, scene.world.customer())
    kinds = ["customer", "personal", "internal", "hold_line", "wrong_party"]
    scene.say(scene.at, call_id, kind=scene.world.rng.choice(kinds))
    scene.events[-1]["time"] = scene.world.text(scene.world.now - 5 * DAY)
    if scene.world.often(0.5):
        scene.again(9, kind=scene.world.rng.choice(kinds))
    else:
        scene.say(scene.at, call_id, kind=scene.world.rng.choice(kinds))
        scene.events[-1]["data"]["revision"] = 0
    scene.events[-1]["time"] = scene.world.text(scene.world.now - DAY)
    if scene.world.often(0.3):
        scene.again(11, call_id=None)


def segmented(scene: Scene) -> None:
    """Segments of a leg: more than it is long, in place of its fields, withdrawn, without it."""
    call_id = scene.call(scene.at, hold_seconds=7)
    for kind, seconds in (("talk", 80), ("talk", 300), ("hold", 0), ("hold", 250)):
        if scene.world.often(0.6):
            segment_id = scene.segment(call_id, kind, seconds)
            if scene.world.often(0.2):
                scene.void("talktime", segment_id, 3)
    turn = scene.world.pick("stays", "stays", "gone", "internal", "withdrawn")
    if turn == "gone":
        del scene.events[0]
    if turn == "internal":
        scene.events[0]["data"]["direction"] = "internal"
    if turn == "withdrawn":
        scene.void("call", call_id, 2**53 - 1, rep_id=scene.rep)


def claimed(scene: Scene) -> None:
    """A number that was called before one customer claims it, or two; one lets it go again."""
    phone = scene.world.rng.choice(scene.world.phones)
    scene.customer = {"phone": scene.world.rng.choice(phone)}
    scene.met(scene.at)
    scene.call(scene.at - DAY)
    scene.customer = {"customer_id": "cu2"}
    scene.call(scene.at - 2 * DAY)
    scene.claim("cu2", [scene.world.rng.choice(phone), "anonymous"], 1)
    if scene.world.often(0.5):
        scene.claim("cu1", [phone[0]], 1)
    if scene.world.often(0.5):
        turn = scene.world.pick("void", "let go")
        if turn == "void":
            scene.void("customer", scene.world.pick("cu1", "cu2"), 2)
        else:
            scene.claim("cu1", [], 2)


def moved(scene: Scene) -> None:
    """A rep who goes to another zone and team, told after the fact; now and then taken back."""
    zone, since = _told(scene)
    for hours in (0, 11, 24, 36):
        scene.call(scene.at.replace(hour=0, minute=0, second=0) + hours * HOUR)
    scene.state(since, zone)
    if scene.world.often(0.3):
        scene.void("rep", since.isoformat(), 2, rep_id=scene.rep)


def _told(scene: Scene) -> tuple[str, date]:
    """A zone and a date for another state of a rep, mostly of one who is announced."""
    if scene.world.often(0.8):
        scene.rep = scene.world.rng.choice(scene.world.announced)
    return scene.world.rng.choice(scene.world.zones), scene.at.date()


def came_and_went(scene: Scene) -> None:
    """A rep who joins or leaves within a period, has half a day off, and calls all the same."""
    zone, since = _told(scene)
    scene.state(since, zone, active=scene.world.pick(True, False))
    scene.state(since + scene.world.pick(1, 5) * DAY, zone, active=scene.world.pick(True, False))
    scene.call(scene.at)
    off = {"rep_id": scene.rep, "date": (since + DAY).isoformat(), "fraction": "0.5"}
    scene.events.append(scene.world.event("time_off.recorded", off))
    if scene.world.often(0.3):
        scene.again(1, fraction=scene.world.pick(0, "0.0001", 1))


def late_rate(scene: Scene) -> None:
    """Money in a currency whose rate comes before, on or after its day, or is corrected."""
    other = [code for code in CURRENCIES if code != scene.world.currency]
    currency = scene.world.rng.choice(other)
    scene.order(scene.at, currency=currency)
    scene.quote(scene.at, currency=currency)
    day = scene.at.date()
    scene.rate(currency, day + scene.world.pick(-9, -1, 0, 0, 1) * DAY, "0.8125")
    if scene.world.often(0.4):
        scene.again(1, rate="1.333333333333")


def quote_later(scene: Scene) -> None:
    """A quote drafted first and issued after the conversations that it makes repeat-quote."""
    scene.met(scene.at - 2 * DAY)
    scene.met(scene.at)
    scene.quote(scene.at + scene.world.pick(-1, 0, 1) * HOUR, status="draft")
    scene.events[-1]["data"]["revision"] = 0
    scene.again(1, status="issued")
    if scene.world.often(0.3):
        scene.again(2, status="draft")


CORRECTIONS: list[Callable[[Scene], None]] = [
    resent,
    handed_over,
    order_life,
    return_life,
    reclassified,
    segmented,
    claimed,
    moved,
    came_and_went,
    late_rate,
    quote_later,
]
