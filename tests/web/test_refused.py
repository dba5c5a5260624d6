"""The page of what was refused: for admins alone, by code, and harmless whatever was sent."""

from app.api.access import COOKIE
from tests.web.scene import ADMIN, EVIL, WEST_ONLY, WRITER, Scene
from tests.web.test_page import Page, get


async def test_it_shows_counts_by_code_and_the_latest(floor: Scene) -> None:
    assert "Nothing has been refused." in (await get(floor, "/refused", ADMIN)).text
    await floor.refuse()
    await floor.refuse()
    answer = await get(floor, "/refused", ADMIN)
    page = Page(answer.text)
    text = " ".join(page.text.split())
    assert f"unknown_type the type is none of the contract's200 {EVIL} 2" in text
    assert "ringside.faxes.sent.v1" in text
    assert [tag for tag, _ in page.tags if tag in ("script", "img")] == ["img"]  # ours alone
    assert answer.headers["cache-control"] == "no-store"


async def test_it_is_for_admins(floor: Scene) -> None:
    await floor.refuse()
    for token in (None, "rs_unknown", WRITER, WEST_ONLY):
        answer = await get(floor, "/refused", token)
        assert (answer.status_code, answer.content) == (303, b"")
    assert 'href="/refused"' in (await get(floor, "/", ADMIN)).text
    assert 'href="/refused"' not in (await get(floor, "/", WEST_ONLY)).text
    assert COOKIE not in (await get(floor, "/refused", ADMIN)).text
