"""The page of what changed of closed days, and the floor's line about it."""

from datetime import timedelta

import pytest

from app.web import changed
from tests.web.scene import ADMIN, EVIL, WEST_ONLY, WRITER, Scene, event, late
from tests.web.test_page import Page, get


def words(html: str) -> str:
    return " ".join(Page(html).text.split())


async def said(floor: Scene, path: str, token: str = ADMIN) -> str:
    answer = await get(floor, path, token)
    assert answer.status_code == 200, answer.text
    return words(answer.text)


async def test_nothing_changed_is_said_quietly(floor: Scene) -> None:
    assert "No figure of a closed day changed since Monday" in await said(floor, "/")
    page = await said(floor, "/changed")
    assert "no figure of a closed day changed since Mon 16 Nov 2026" in page
    assert "36 hours" in page


async def test_a_correction_is_counted_and_told(floor: Scene) -> None:
    await floor.send(late("a", "tw:CA1"))
    floor.clock.now += timedelta(minutes=2)
    await floor.send(late("b", "tw:CA1", revision=1, talk_seconds=50))
    assert "5 figures of closed days changed since Monday: why" in await said(floor, "/")
    page = await said(floor, "/changed")
    assert "5 figures of closed days changed since Mon 16 Nov 2026" in page
    again = (
        "Ada Berg Tue 10 Nov 2026 Talk time 0:00:45 → became 0:00:50"
        " Call tw:CA1 came again from twilio Wed 18 Nov 2026, 15:32"
    )
    came = "Ada Berg Tue 10 Nov 2026 Calls 0 → became 1 Outbound calls 0 → became 1"
    assert page.index(again) < page.index(came)
    assert "Call tw:CA1 came late from twilio" in page
    assert "Ada Berg: 5 figures" in await said(floor, "/changed?rep=r1")
    assert "r2: no figure of a closed day changed" in await said(floor, "/changed?rep=r2")


async def test_one_figure_is_one(floor: Scene) -> None:
    away = {"rep_id": "r1", "date": "2026-11-12", "fraction": "1"}
    await floor.send({**event("time_off.recorded", "off", away), "source": "hr"})
    assert "1 figure of closed days changed since Monday: why" in await said(floor, "/")
    assert "Working days 1 → became 0 Time off on Thu 12 Nov 2026 came late from hr" in await said(
        floor, "/changed"
    )


async def test_earlier_weeks_can_be_asked_for(floor: Scene) -> None:
    await floor.send(late("a", "tw:CA1"))
    floor.clock.now = floor.clock.now.replace(day=24)
    assert "No figure of a closed day changed since Monday" in await said(floor, "/")
    assert "5 figures" not in await said(floor, "/changed")
    assert "5 figures of closed days changed since Mon 16 Nov 2026" in await said(
        floor, "/changed?weeks=2"
    )
    answer = await get(floor, "/changed?weeks=2&rep=r1", ADMIN)
    links = {a["href"] for tag, a in Page(answer.text).tags if tag == "a"}
    assert {"/changed?weeks=5&rep=r1", "/changed?weeks=2", "/"} <= links
    for weeks in ("0", "3", "-1", "1x", EVIL):
        answer = await get(floor, f"/changed?weeks={weeks}", ADMIN)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "weeks"


async def test_ids_are_text_whatever_they_hold(floor: Scene) -> None:
    await floor.send({**late("a", EVIL, "r3"), "source": EVIL})
    answer = await get(floor, "/changed", ADMIN)
    assert f"Call {EVIL} came late from {EVIL}" in words(answer.text)
    assert not [tag for tag, _ in Page(answer.text).tags if tag == "script"]
    strange = {"rep_id": f"&rep=r1#{EVIL}", "call_id": "c9"}
    await floor.send(late("b", **strange))
    answer = await get(floor, "/changed", ADMIN)
    links = [a["href"] or "" for tag, a in Page(answer.text).tags if tag == "a"]
    (own,) = [link for link in links if "rep=%26rep" in link]
    assert f"&rep=r1#{EVIL}: 6 figures" in await said(floor, own)


async def test_a_bound_key_sees_its_teams_alone(floor: Scene) -> None:
    await floor.send(late("a", "tw:CA1"), late("b", "tw:CA2", "r3"))
    moved = {"rep_id": "r4", "name": "Zoe Lange", "team": "West", "time_zone": "America/Denver"}
    await floor.send(event("rep.recorded", "z", {**moved, "effective_from": "2026-11-12"}))
    await floor.send(late("c", "tw:CA3", "r4"))  # of the 10th, when she was in the other team
    page = await said(floor, "/changed", WEST_ONLY)
    assert "Call tw:CA1 came late from twilio" in page
    assert "Zoe Lange Thu 12 Nov 2026 – Sun 15 Nov 2026 Team East & <b>Co</b> → became West" in page
    assert "tw:CA2" not in page
    assert "tw:CA3" not in page
    assert "6 figures of closed days" in await said(floor, "/", WEST_ONLY)
    other = await said(floor, "/changed?rep=r3", WEST_ONLY)
    assert "r3: no figure of a closed day changed" in other
    assert EVIL not in other


async def test_many_figures_are_counted_roundly(
    floor: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(1, 5):
        begun, ended = (f"2026-11-0{day}T18:0{minute}:00Z" for minute in (0, 5))
        await floor.send(
            late(f"e{day}", f"c{day}", started_at=begun, answered_at=begun, ended_at=ended)
        )
    assert "20 figures of closed days" in await said(floor, "/")
    monkeypatch.setattr("app.changed.MOST_RECORDS", 17)
    assert "More than 10 figures of closed days changed since Monday: why" in await said(floor, "/")
    assert "And at least" in await said(floor, "/changed")


async def test_without_a_key_that_reads_there_is_only_the_way_in(floor: Scene) -> None:
    for token in (None, "rs_unknown", WRITER):
        answer = await get(floor, "/changed", token)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert answer.content == b""


async def test_a_long_list_leads_to_the_rest(floor: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changed, "SHOWN", 2)
    for number in range(5):
        floor.clock.now += timedelta(minutes=1)
        await floor.send(late(f"e{number}", f"c{number}"))
    answer = await get(floor, "/changed?rep=r1", ADMIN)
    page = Page(answer.text)
    assert "And 3 more." in words(answer.text)
    assert "calls that came late from twilio 1" in words(answer.text)
    assert "Call c4" in page.text
    assert "Call c2" not in page.text
    (rest,) = [a["href"] for tag, a in page.tags if tag == "a" and "/v1/" in str(a["href"])]
    assert rest == "/v1/restatements?since=2026-11-16T00%3A00%3A00Z&rep_id=r1"
    items = (await get(floor, rest, ADMIN)).json()["items"]
    assert {item["event_id"] for item in items} >= {f"e{number}" for number in range(5)}
