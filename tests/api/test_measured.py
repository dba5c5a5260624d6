"""What every answer has in common, and what is counted of it."""

from app.db import Database
from app.main import SECURITY
from app.metrics import REGISTRY
from tests.api.desk import Desk, call, rep, serving


def counted(route: str, status: str) -> float:
    labels = {"method": "GET", "route": route, "status": status}
    return REGISTRY.get_sample_value("http_request_duration_seconds_count", labels) or 0


async def test_answers_are_counted_by_route_and_have_the_headers_that_all_have(
    database: Database,
) -> None:
    route, page = "/v1/reps/{rep_id:path}/kpis", "/sign-in"
    before = {key: counted(*key) for key in [(route, "200"), (route, "404"), ("none", "404")]}
    async with serving(database) as desk:
        await desk.post([rep("r1", "West")])
        answers = [
            await desk.reader.get(path)
            for path in ("/v1/reps/r1/kpis", "/v1/reps/r9/kpis", "/nowhere")
        ]
        own = await desk.nobody.get(page)
    assert {key: counted(*key) - was for key, was in before.items()} == dict.fromkeys(before, 1)
    for answer in answers:
        assert SECURITY.items() <= {n: answer.headers.get(n) for n in SECURITY}.items()
    # A page's own policy is not added to.
    assert own.headers.get_list("content-security-policy")[0].startswith("default-src 'none'")
    assert len(own.headers.get_list("content-security-policy")) == 1


async def test_todays_floor_by_team_for_prometheus(database: Database) -> None:
    async with serving(database) as desk:
        await desk.post([rep("r1", "West"), rep("r2", "East"), call(1, "r1"), call(2, "r1")])
        assert await _teams(desk) == {
            'ringside_team_kpi{kpi="calls",team="East"}': 0.0,
            'ringside_team_kpi{kpi="calls",team="West"}': 2.0,
        }


async def _teams(desk: Desk) -> dict[str, float]:
    lines = (await desk.nobody.get("/metrics")).text.splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if 'ringside_team_kpi{kpi="calls"' in line]
    return {name: float(value) for name, value in pairs}
