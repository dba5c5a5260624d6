"""The page in a real Chromium: signing in, living figures, hostile names, keyboard, axe.

Where there is no browser these skip; under `CI` that is a failure.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest

from tests.web.browser import CHROMIUM, Browser, Tab, chromium
from tests.web.scene import ADMIN, EVIL, Scene, call, event, late, order, served

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no chromium on this machine"
)

LIVE = "document.getElementById('live').dataset.state"
CALLS = "document.querySelector('.totals .big').textContent"
ROWS = """[...document.querySelectorAll('section.team')].map(team => [
    team.querySelector('h2').textContent,
    ...[...team.querySelectorAll('tbody tr')].map(row =>
        row.innerText.split(/\\s*\\t\\s*/).join('|'))
])"""
CUT_OFF = """[...document.querySelectorAll('td')]
    .filter(cell => cell.scrollWidth > cell.clientWidth + 8).map(cell => cell.innerText)"""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


async def signed_in(browser: Browser, url: str) -> Tab:
    """A tab that came in by the link of the demo, and is live."""
    tab = await browser.tab()
    await tab.size(1920, 1080)
    await tab.open(f"{url}/sign-in#{ADMIN}")
    await tab.until("location.pathname === '/'")
    await tab.until(f"{LIVE} === 'live'")
    return tab


async def test_the_board_lives_without_a_reload(floor: Scene, browser: Browser) -> None:
    async with served(floor.app) as url:
        tab = await signed_in(browser, url)
        assert await tab.run("document.cookie") == ""  # no script reads the key
        assert await tab.run("history.length") <= 3
        assert ADMIN not in await tab.run("location.href")
        assert await tab.run(ROWS) == [
            ["East & <b>Co</b>", f"1|{EVIL}|2|2|0:04|1|7", "2|Zoe Lange|0|0|0:00|0|0"],
            ["West", "1|Ada Berg|3|3|0:12|2|120", "2|Ben Okafor|1|1|0:10|0|0"],
        ]
        await tab.run("window.mine = 1; document.querySelector('tr[data-key=r2]').mine = 1")
        # Ben overtakes Ada, somebody new comes, and Zoe sells.
        await floor.send(
            *(call("r2", number, 3) for number in range(1, 5)),
            event("rep.recorded", "r5", {"rep_id": "r5", "name": "Kai", "team": "West",
                                         "time_zone": "America/Denver"}),
            order("r4", 1, "990.00"),
        )  # fmt: skip
        await tab.until(f"{CALLS} === '10'")
        assert await tab.run(ROWS) == [
            ["East & <b>Co</b>", f"1|{EVIL}|2|2|0:04|1|7", "2|Zoe Lange|0|0|0:00|1|990"],
            [
                "West",
                "1|Ben Okafor|5|5|0:22|0|0", "2|Ada Berg|3|3|0:12|2|120", "3|Kai|0|0|0:00|0|0",
            ],
        ]  # fmt: skip
        assert await tab.run("window.mine") == 1
        # The row moved; it was not made anew.
        assert await tab.run("document.querySelector('tr[data-key=r2]').mine") == 1
        assert await tab.run("document.querySelectorAll('main').length") == 1
        assert await tab.run("typeof window.hacked") == "undefined"
        assert [address for address in tab.requested if not address.startswith(url)] == []
        assert tab.logged == []


async def test_what_lives_is_what_a_reload_would_show(floor: Scene, browser: Browser) -> None:
    async with served(floor.app) as url:
        tab = await signed_in(browser, url)
        calls = 6
        for number in range(10, 22, 3):
            await floor.send(call("r4", number, 4), call("r1", number, 1), order("r2", number, "5"))
            calls += 2
            await tab.until(f"{CALLS} === '{calls}'")
        clean = ".replace(/ class=\"changed\"| changed/g, '').replace(/\\s+/g, ' ').trim()"
        alive = await tab.run(f"document.getElementById('board').innerHTML{clean}")
        await tab.open(f"{url}/")
        fresh = await tab.run(f"document.getElementById('board').innerHTML{clean}")
        assert alive == fresh


async def test_a_lost_connection_is_said_and_mended(floor: Scene, browser: Browser) -> None:
    async with served(floor.app) as url:
        tab = await signed_in(browser, url)
    port = int(url.rpartition(":")[2])
    await tab.until(f"{LIVE} === 'lost'")
    assert "Reconnecting" in await tab.run("document.getElementById('live').textContent")
    floor.app.state.ringside.live._closing = asyncio.Event()
    async with served(floor.app, port):
        await floor.send(call("r1", 30, 2))
        await tab.until(f"{LIVE} === 'live' && {CALLS} === '7'")


async def test_a_key_that_was_revoked_leads_to_the_way_in(floor: Scene, browser: Browser) -> None:
    async with served(floor.app) as url:
        tab = await signed_in(browser, url)
        async with floor.app.state.ringside.database.writing() as session:
            await session.run("UPDATE api_keys SET revoked_at = now()")
        floor.app.state.ringside.keys.clear()
        await tab.run("source.close(); connect()")
        await tab.until("location.pathname === '/sign-in'")


async def test_a_correction_of_a_closed_day_is_said_and_told_why(
    floor: Scene, browser: Browser
) -> None:
    line = "document.querySelector('.closed a').textContent"
    async with served(floor.app) as url:
        tab = await signed_in(browser, url)
        assert await tab.run(line) == "No figure of a closed day changed since Monday"
        await tab.run("document.querySelector('.closed a').focus()")
        await floor.send(late("a", EVIL))
        await tab.until(f"{line} === '5 figures of closed days changed since Monday: why'")
        floor.clock.now += timedelta(minutes=2)
        await floor.send(late("b", EVIL, revision=1, talk_seconds=100))
        await tab.until(f"{line} === '6 figures of closed days changed since Monday: why'")
        # It was made anew neither time: who stood on it opens it with a key.
        await tab.run("document.activeElement.click()")
        await tab.until("location.pathname === '/changed'")
        told = await tab.run("document.querySelector('ol > li').textContent")
        assert " ".join(told.split()) == (
            "Ada Berg Tue 10 Nov 2026 Conversations 0 → became 1"
            " Talk time 0:00:45 → became 0:01:40"
            f" Call {EVIL} came again from twilio Wed 18 Nov 2026, 15:32"
        )
        await tab.run("document.querySelector('ol h3 a').click()")
        await tab.until("document.querySelector('h2').textContent.startsWith('Ada Berg: 6 fig')")
        for width in (360, 1920):
            await tab.size(width, 900)
            assert await tab.run("document.documentElement.scrollWidth - innerWidth") <= 0
        assert await tab.run("typeof window.hacked") == "undefined"
        assert tab.logged == []


async def test_everything_is_reached_by_keyboard(floor: Scene, browser: Browser) -> None:
    async with served(floor.app) as url:
        tab = await signed_in(browser, url)
        seen = []
        for _ in range(8):
            await tab.press("Tab")
            seen.append(await tab.run("document.activeElement.textContent.trim()"))
        assert seen == [
            "Skip to the board", "Calls", "Conversations", "Talk time", "Orders", "Revenue",
            "Refused", "Sign out",
        ]  # fmt: skip
        # Focus stays where it is while figures come in.
        await tab.run("document.querySelector('nav a').focus()")
        await floor.send(call("r1", 30, 2))
        await tab.until(f"{CALLS} === '7'")
        assert await tab.run("document.activeElement.textContent") == "Calls"


AXE = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(floor: Scene, browser: Browser, scheme: str) -> None:
    async with served(floor.app) as url:
        tab = await signed_in(browser, url)
        await floor.refuse()
        await floor.send(late("a", EVIL))
        await tab.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
        for path, width in (
            ("/", 1920), ("/?by=revenue", 400), ("/refused", 1000), ("/refused", 400),
            ("/rep?id=r1", 1000), ("/rep?id=r3&period=month", 400),
            ("/rep/records?id=r1&kpi=calls", 1000), ("/rep/records?id=r3&kpi=hold_share", 400),
            ("/changed", 1000), ("/changed?rep=r1&weeks=2", 400), ("/sign-in", 1000),
        ):  # fmt: skip
            await tab.size(width, 900)
            await tab.open(url + path)
            assert await complaints(tab) == []
        await tab.run("document.body.append(new Image(20, 20))")
        assert [rule for rule, _ in await complaints(tab)] != []  # it would have said so


async def complaints(tab: Tab) -> list[Any]:
    """What axe has against the page, rule by rule."""
    await tab.run(AXE)
    found: list[Any] = await tab.run(
        "axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
    )
    return found


async def test_nothing_is_cut_off_on_a_wall_or_a_phone(floor: Scene, browser: Browser) -> None:
    async with served(floor.app) as url:
        tab = await signed_in(browser, url)
        for width in (360, 768, 1280, 1920, 3840):
            await tab.size(width, 900)
            over = await tab.run("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, width
            cut = await tab.run(CUT_OFF)
            assert cut == [], width
        for path in ("/rep?id=r1", "/rep?id=r3", "/rep/records?id=r3&kpi=calls"):
            for width in (360, 1280):
                await tab.size(width, 900)
                await tab.open(url + path)
                over = await tab.run("document.documentElement.scrollWidth - innerWidth")
                assert over <= 0, (path, width)
        assert len(await tab.picture()) > 10_000
