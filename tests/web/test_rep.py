"""A rep's pages tell what the API tells, to whom it tells it, and are harmless."""

from typing import Any

import pytest

from app.kpis import CATALOGUE
from app.sensitivity.explain import THRESHOLDS
from app.web import rep
from tests.web.scene import ADMIN, EVIL, WEST_ONLY, WRITER, Scene, call, late
from tests.web.test_changed import said
from tests.web.test_page import Page, get


async def test_the_scorecard_has_every_figure_of_the_period(floor: Scene) -> None:
    page = await said(floor, "/rep?id=r1")
    assert "Ada Berg West" in page
    for words in ("Calls 3", "Conversations 3", "Talk time 12 min 00 s", "Orders 2",
                  "Revenue 120.50 USD", "Lines per order 2 over 2 1.00",
                  "Average conversation 12 min 00 s over 3 4 min 00 s",
                  "Answer rate 3 of 3 100.0 %", "Gross margin"):  # fmt: skip
        assert words in page, words
    links = await hrefs(floor, "/rep?id=r1")
    for kpi in CATALOGUE:
        assert f"/rep/records?id=r1&kpi={kpi.id}&period=day" in links
    assert "No figure of a closed day changed since Monday" in page
    await floor.send(late("a", "tw:CA1"))
    page = await said(floor, "/rep?id=r1&period=month")
    assert "Calls 4" in page
    assert "5 figures of closed days changed since Monday: why" in page
    assert "No figure" in await said(floor, "/rep?id=r2")
    assert "/changed?rep=r1" in await hrefs(floor, "/rep?id=r1")


async def hrefs(floor: Scene, path: str) -> list[str]:
    page = Page((await get(floor, path, ADMIN)).text)
    return [str(a["href"]) for tag, a in page.tags if tag == "a"]


async def test_the_floor_leads_to_the_figure_and_to_its_records(floor: Scene) -> None:
    assert "/rep?id=r1" in await hrefs(floor, "/")
    await floor.send(call("r1", 9, 1))
    page = await said(floor, "/rep/records?id=r1&kpi=conversations")
    assert "Conversations, today: 3" in page
    assert "2026-11-18 07:00 call r1-c0 · outbound · connected yes 3:00 1" in page
    short = "call r1-c9 · outbound · connected no: its talk is shorter than the conversation floor"
    assert short in page
    assert "Times are those of America/Denver" in page
    told = "With a conversation from 60 seconds: 4, 90 seconds (as it is): 3, 120 seconds: 3."
    assert told in page
    page = await said(floor, "/rep/records?id=r1&kpi=answer_rate")
    assert "1 of 1" in page
    assert "TalkHold" in page
    orders = await said(floor, "/rep/records?id=r1&kpi=revenue")
    assert "order r1-o1 · confirmed · USD yes 20.5" in orders
    assert "TalkHold" not in orders
    assert "There is no record" in await said(floor, "/rep/records?id=r4&kpi=calls")


async def test_every_threshold_has_its_words() -> None:
    assert set(rep.HANGS_ON) == {threshold.name for threshold in THRESHOLDS}


async def test_records_go_on_from_page_to_page(
    floor: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rep, "AT_ONCE", 2)
    path, seen = "/rep/records?id=r1&kpi=calls", []
    while path:
        page = Page((await get(floor, path, ADMIN)).text)
        seen += [f"r1-c{n}" for n in range(3) if f"r1-c{n}" in page.text]
        path = next((str(a["href"]) for tag, a in page.tags if tag == "a" and "cursor" in str(a)),
                    "")  # fmt: skip
    assert seen == ["r1-c0", "r1-c1", "r1-c2"]


async def test_a_bound_key_sees_its_own_reps_alone(floor: Scene) -> None:
    assert "Ada Berg" in await said(floor, "/rep?id=r1", WEST_ONLY)
    for path in ("/rep?id=r3", "/rep/records?id=r3&kpi=calls", "/rep?id=nobody"):
        answer = await get(floor, path, WEST_ONLY)
        assert (answer.status_code, EVIL in answer.text) == (404, False)
    for token in (None, "rs_unknown", WRITER):
        for path in ("/rep?id=r1", "/rep/records?id=r1&kpi=calls"):
            answer = await get(floor, path, token)
            assert (answer.status_code, answer.content) == (303, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/rep?id=nobody", 404), ("/rep", 422), ("/rep?id=r1&period=range", 422),
     ("/rep?id=r1&period=ttm", 422), ("/rep/records?id=r1&kpi=luck", 404),
     ("/rep/records?id=r1&kpi=calls&cursor=x", 422), ("/rep?id=%00", 422)],
)  # fmt: skip
async def test_what_cannot_be_shown_is_said(floor: Scene, path: str, status: int) -> None:
    assert (await get(floor, path, ADMIN)).status_code == status


async def test_ids_and_names_are_text_whatever_they_hold(floor: Scene) -> None:
    own: Any = call("r3", 8, 9)
    own["data"]["call_id"] = EVIL
    await floor.send(own)
    for path in ("/rep?id=r3", "/rep/records?id=r3&kpi=calls"):
        answer = await get(floor, path, ADMIN)
        page = Page(answer.text)
        assert EVIL in page.text
        assert not {"script", "b"} & {tag for tag, _ in page.tags}
    strange: Any = call("r9", 1, 2)
    strange["data"]["rep_id"] = f"&period=year#{EVIL}"
    await floor.send(strange)
    (own_page,) = [link for link in await hrefs(floor, "/") if "%26period" in link]
    assert "Calls 1" in await said(floor, own_page)
