"""Which days are final follows from all definitions there were: none is opened again."""

from datetime import UTC, datetime, timedelta

from app.db import Database
from app.definition import Definition, closed_by, content_of
from app.figures import figures
from app.ingest import Door
from app.kpis import kpi_of
from app.spans import Subject, asked
from app.start import settle_definition
from app.view import Views
from tests.sums_put_in import november, settings
from tests.test_ingest import call
from tests.test_restatements import DAY, ledger

DAY_ONE = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def defined(number: int, at: datetime, hours: int) -> Definition:
    return Definition(number, at, content_of(settings(final_after_hours=str(hours))))


def test_what_was_final_stays_final() -> None:
    noon = DAY_ONE + 12 * HOUR
    assert closed_by([], settings(final_after_hours="5")).to(noon) == noon - 5 * HOUR
    early = [defined(1, DAY_ONE, 36)]
    assert closed_by(early, settings()).to(noon) == noon - 36 * HOUR
    later = [*early, defined(2, DAY_ONE + 40 * HOUR, 72)]
    closed = closed_by(later, settings())
    # what was final at the change, until as much is final by the new setting
    assert closed.to(DAY_ONE + 40 * HOUR) == DAY_ONE + 4 * HOUR
    assert closed.to(DAY_ONE + 76 * HOUR) == DAY_ONE + 4 * HOUR
    assert closed.to(DAY_ONE + 77 * HOUR) == DAY_ONE + 5 * HOUR
    sooner = closed_by([*later, defined(3, DAY_ONE + 41 * HOUR, 1)], settings())
    assert sooner.to(DAY_ONE + 41 * HOUR) == DAY_ONE + 40 * HOUR


async def test_a_final_day_is_restated_whatever_the_setting_is_now(database: Database) -> None:
    """The 20th is final at noon of the 22nd; then it takes a week until a day is."""
    slow = settings(final_after_hours="168")
    final = datetime(2026, 11, 22, 12, tzinfo=UTC)
    await settle_definition(database, settings(), DAY_ONE)
    # It knows what held when it began, and hears of the change.
    door, views = Door(database, slow), Views(database, slow)
    await door.take([call("a"), call("n", call_id="n", rep_id="r2")], now=DAY_ONE + 20 * HOUR)
    async with views.open(final) as view:
        assert view.closed_to == DAY_ONE + 24 * HOUR
    await settle_definition(database, slow, final)
    await door.take([call("b", revision=1, talk_seconds=60)], now=final + HOUR)
    next_day = datetime(2026, 11, 21, 18, tzinfo=UTC)
    other = call("c", call_id="c2", started_at=next_day, answered_at=None, outcome="busy")
    await door.take([other], now=final + 48 * HOUR)
    restated = [row[:5] for row in await ledger(database)]
    assert ("r1", DAY, "talk_time", 190, 60) in restated
    assert {row[1] for row in restated} == {DAY}
    for day, status in ((20, "final"), (21, "provisional")):
        async with views.open(final + 48 * HOUR) as view:
            period = asked(day=november(day))
            assert (await figures(view, Subject("r1"), period, [kpi_of("calls")])).status == status
    # As of then: what was said then, though by today's setting it would not have been final.
    async with views.open_past(final) as view:
        found = await figures(view, Subject("r1"), asked(day=DAY), [kpi_of("talk_time")])
        assert (found.status, found.kpis["talk_time"].value) == ("final", 190)
