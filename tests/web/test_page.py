"""The page holds nothing without a key, and lets nothing in from elsewhere."""

import json
import re
from html.parser import HTMLParser

import httpx2
import pytest

from app.api.access import COOKIE
from app.web.page import ASSETS, EDITION
from tests.web.scene import ADMIN, EVIL, WEST_ONLY, WRITER, Scene, call, served


class Page(HTMLParser):
    """What a browser would make of a page: tags with attributes, and the text of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


async def get(floor: Scene, path: str, token: str | None = None) -> httpx2.Response:
    cookies = f"{COOKIE}={token}" if token else ""
    return await floor.client.get(path, headers={"Cookie": cookies} if cookies else {})


async def test_without_a_key_there_is_only_the_way_in(floor: Scene) -> None:
    for token in (None, "rs_unknown", WRITER):
        answer = await get(floor, "/", token)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert answer.content == b""
        stream = await get(floor, "/floor/stream", token)
        assert stream.status_code in (401, 403)
        assert "Ada" not in stream.text
    assert "Ada" not in (await get(floor, "/sign-in")).text


async def test_the_form_keeps_the_key_where_no_script_reads_it(floor: Scene) -> None:
    answer = await floor.client.post("/session", data={"key": f" {ADMIN} "})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    kept = answer.headers["set-cookie"]
    assert kept.startswith(f"{COOKIE}={ADMIN};")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(kept.split("; "))
    assert "Ada Berg" in (await floor.client.get("/")).text
    out = await floor.client.post("/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert (await floor.client.get("/")).status_code == 303


@pytest.mark.parametrize("body", ["", "key=", "key=rs_wrong", f"key={WRITER}", "key=%00", "%ff=1"])
async def test_a_key_that_opens_nothing_is_told_so(floor: Scene, body: str) -> None:
    answer = await floor.client.post("/session", content=body)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert 'role="alert"' in answer.text
    assert "rs_wrong" not in answer.text


async def test_another_site_signs_nobody_in_or_out(floor: Scene) -> None:
    for path in ("/session", "/sign-out"):
        for site in ("cross-site", "same-site"):
            answer = await floor.client.post(
                path, data={"key": ADMIN}, headers={"Sec-Fetch-Site": site}
            )
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
    assert (await floor.client.post("/session", content=b"x" * 5_000)).status_code == 413


async def test_the_cookie_reads_and_never_writes(floor: Scene) -> None:
    writes = await floor.client.post(
        "/v1/events", json=call("r1", 9, 5), headers={"Cookie": f"{COOKIE}={ADMIN}"}
    )
    assert writes.status_code == 401


async def test_the_page_is_whole_without_a_script_and_takes_nothing_from_elsewhere(
    floor: Scene,
) -> None:
    answer = await get(floor, "/?by=revenue", ADMIN)
    assert answer.status_code == 200
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert answer.headers["cache-control"] == "no-store"
    page = Page(answer.text)
    for tag, attributes in page.tags:
        assert not {name for name in attributes if name.startswith("on") or name == "style"}
        for name in ("src", "href", "action", "data-stream"):
            assert re.match(r"[/#](?!/)", attributes.get(name) or "/"), (tag, attributes)
        assert tag != "style"
        assert tag != "script" or attributes["src"]
    words = " ".join(page.text.split())
    for figure in ("127.75", "6", "0:26", "Ada Berg", "08:30 Denver", "provisional"):
        assert figure in words or figure in answer.text
    chosen = [attributes["href"] for tag, attributes in page.tags if "aria-current" in attributes]
    assert chosen == ["/?by=revenue"]


async def test_names_are_text_whatever_they_hold(floor: Scene) -> None:
    answer = await get(floor, "/", ADMIN)
    page = Page(answer.text)
    assert EVIL in page.text
    assert "East & <b>Co</b>" in page.text
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert "b" not in {tag for tag, _ in page.tags}
    assert {a["src"] for tag, a in page.tags if tag == "img"} == {f"/assets/icon.svg?e={EDITION}"}


async def test_a_bound_key_sees_its_team_alone(floor: Scene) -> None:
    answer = await get(floor, "/", WEST_ONLY)
    assert "Ada Berg" in answer.text
    assert "Zoe" not in answer.text
    assert "East" not in answer.text
    assert "127.75" not in answer.text


async def test_an_unknown_ranking_is_refused(floor: Scene) -> None:
    answer = await get(floor, "/?by=luck", ADMIN)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "by"


async def test_assets_are_kept_by_their_edition(floor: Scene) -> None:
    for name, content in ASSETS.items():
        answer = await floor.client.get(f"/assets/{name}?e={EDITION}")
        assert answer.content == content
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        stale = await floor.client.get(f"/assets/{name}?e=other")
        assert stale.headers["cache-control"] == "no-cache"
    for name in ("nothing.css", "..%2fpage.py", "%2e%2e/page.py"):
        assert (await floor.client.get(f"/assets/{name}")).status_code == 404
    assert sum(len(content) for name, content in ASSETS.items() if name.endswith(".js")) < 6_000


async def test_the_stream_tells_the_board_and_tells_it_again_when_it_changes(floor: Scene) -> None:
    headers = {"Cookie": f"{COOKIE}={ADMIN}"}
    async with (
        served(floor.app) as url,
        httpx2.AsyncClient(base_url=url, headers=headers, timeout=20) as client,
        client.stream("GET", "/floor/stream?by=calls") as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        boards = []
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                boards.append(json.loads(line.removeprefix("data: ")))
                if len(boards) == 2:
                    break
                await floor.send(call("r4", 1, 7))
    first, second = (Page(board["html"]).text.split() for board in boards)
    assert "6" in first
    assert "7" in second
    assert boards[0].keys() == {"html", "as_of"}
