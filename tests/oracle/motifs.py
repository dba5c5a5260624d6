"""Small groups of events that stand exactly on an edge of a rule, or a microsecond beside it.

Each motif draws a rep, a customer and an instant of the floor, so that motifs meet one another
and whatever else happens there. Their records have ids of their own; anything may revise them.
"""

from collections.abc import Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from tests.oracle.corrections import CORRECTIONS
from tests.oracle.days import day_start
from tests.oracle.periods import year_before
from tests.oracle.scene import HOUR, Scene
from tests.oracle.wire import Json
from tests.oracle.world import DAY, World


def repeat(scene: Scene) -> None:
    scene.met(scene.at)
    scene.met(scene.off(scene.world.pick(90 * DAY, 90 * DAY, HOUR, HOUR, timedelta(0))))


def repeat_quote(scene: Scene) -> None:
    end = scene.at
    back = scene.world.pick(30 * DAY, 30 * DAY, -7 * DAY, -7 * DAY)
    scene.at = end - 8 * DAY
    scene.met(scene.at)
    scene.met(scene.at - 2 * DAY)
    scene.quote(scene.off(back))


def in_vain(scene: Scene) -> None:
    """Three calls in seven days or just not; a meeting on the edge or none, an assist maybe."""
    scene.call(scene.at, 0)
    scene.call(scene.at - scene.world.pick(timedelta(0), DAY), 0)
    scene.call(scene.off(scene.world.pick(7 * DAY, 7 * DAY, DAY)), 0)
    turn = scene.world.pick("alone", "alone", "met", "assist")
    if turn == "met":
        scene.met(scene.off(7 * DAY))
    if turn == "assist":
        transfer(scene)


def new_customer(scene: Scene) -> None:
    scene.call(scene.at, 0)
    scene.call(scene.off(scene.world.pick(180 * DAY, 180 * DAY, timedelta(0))), 0)


def named_order(scene: Scene) -> None:
    quote_id = scene.quote(scene.off(scene.world.pick(180 * DAY, 180 * DAY, timedelta(0))))
    scene.order(scene.at, quote_id=quote_id)


def unnamed_order(scene: Scene) -> None:
    """Several quotes, some at one instant, that one order may turn."""
    edge = scene.off(scene.world.pick(30 * DAY, 30 * DAY, timedelta(0)))
    for _ in range(scene.world.rng.randint(1, 3)):
        scene.quote(edge if scene.world.often(0.7) else scene.at - 31 * DAY)
    named = {"quote_id": "never came"} if scene.world.often(0.2) else {}
    scene.order(scene.at, **named)


def transfer(scene: Scene) -> None:
    """Legs of one call that tie in talk, start or both; one of them may be classified."""
    first = scene.rep
    call_id = scene.call(scene.at)
    for other in scene.world.rng.sample(scene.world.reps, 2):
        scene.rep = other
        if other != first:
            start = scene.at + scene.world.pick(timedelta(0), timedelta(0), -HOUR, HOUR)
            scene.call(start, scene.world.pick(200, 200, 150, 300), call_id=call_id)
        if scene.world.often(0.3):
            scene.say(scene.at, call_id, kind=scene.world.pick("customer", "customer", "personal"))
    scene.rep = first


def rang(scene: Scene) -> None:
    """One inbound call that rang at several desks; now and then somebody took it."""
    call_id = None
    for desk in scene.world.rng.sample(scene.world.reps, 2):
        scene.rep = desk
        more: Json = {} if call_id is None else {"call_id": call_id}
        seconds = 200 if scene.world.often(0.15) else 0
        call_id = scene.call(scene.at, seconds, direction="inbound", **more)


def year_edge(scene: Scene) -> None:
    """Orders about the first and the last instant of a rep's own twelve months."""
    zone = scene.world.rng.choice(scene.world.zones)
    today: date = scene.world.now.date()
    for day in (year_before(today), year_before(today) + DAY, today, today - DAY):
        nudge = timedelta(microseconds=scene.world.pick(0, 0, -1))
        moment = day_start(zone, day) + nudge
        if moment <= scene.world.now:
            scene.order(moment)


def floor_edge(scene: Scene) -> None:
    """Talk and hold on the edges of a conversation and of a heavy hold."""
    talk = scene.world.pick(89, 90, 91, 30, 60, 300, 299, 301)
    hold = scene.world.pick(299, 300, 301, 0)
    scene.call(scene.at, talk + hold, talk_seconds=talk, hold_seconds=hold)


def clock_change(scene: Scene) -> None:
    """Calls about the first and the last instant of a day of 23, 25 or other hours, and in the
    hour that is left out or comes twice.
    """
    world = scene.world
    zone = world.rng.choice(world.zones)
    changed = world.rng.choice(world.changes(ZoneInfo(zone)))
    if world.often(0.5):
        scene.state(changed - 9 * DAY, zone)
    for day in (changed, changed + DAY):
        start = day_start(zone, day)
        nudge = timedelta(microseconds=world.pick(0, 0, -1))
        for moment in (start + nudge, start + world.pick(1, 3, 4, 5, 6, 7, 46) * HOUR / 2):
            if moment <= world.now:
                scene.call(moment)


def date_line(scene: Scene) -> None:
    """A rep who goes over the date line: a day of an hour, or of two days, or of none."""
    ways = ["Pacific/Pago_Pago", "Pacific/Kiritimati"]
    scene.world.rng.shuffle(ways)
    since = scene.at.date()
    scene.state(since - DAY, ways[0])
    scene.state(since, ways[1])
    noon = scene.at.replace(hour=10, minute=30, second=0)
    for hours in (-24, -12, 0, 1):
        scene.call(min(noon + hours * HOUR, scene.world.now))


MOTIFS: list[Callable[[Scene], None]] = [
    repeat,
    repeat_quote,
    in_vain,
    new_customer,
    named_order,
    unnamed_order,
    transfer,
    rang,
    year_edge,
    floor_edge,
    clock_change,
    clock_change,
    date_line,
]


def motif(world: World) -> list[Json]:
    """The events of one motif: on an edge, or a correction."""
    scene = Scene(world)
    world.rng.choice(world.rng.choice([MOTIFS, CORRECTIONS]))(scene)
    return scene.events
