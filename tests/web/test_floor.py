"""The page's figures are the API's: the same values, ranks and members."""

from datetime import timedelta
from typing import Any

from app.api.access import COOKIE
from app.kpis import kpi_of
from app.web.floor import KPIS, Floor, todays_floor
from tests.web.scene import ADMIN, EVIL, Scene, call, event

EAST = "East & <b>Co</b>"


async def look(floor: Scene, by: str = "conversations", *teams: str) -> Floor:
    views = floor.app.state.ringside.views
    async with views.open(floor.clock()) as view:
        return await todays_floor(view, kpi_of(by), frozenset(teams) if teams else None)


async def asked(floor: Scene, path: str) -> Any:
    answer = await floor.client.get(path, headers={"Authorization": f"Bearer {ADMIN}"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def plain(figures: Any) -> list[object]:
    return [figure.value for figure in figures]


async def test_teams_reps_and_ranks_are_what_the_api_says(floor: Scene) -> None:
    found = await look(floor)
    assert [(team.name, plain(team.figures)) for team in found.teams] == [
        (EAST, [2, 2, 240, 1, "7.25"]),
        ("West", [4, 4, 1320, 2, "120.50"]),
    ]
    assert [(rep.rank, rep.name, plain(rep.figures)) for rep in found.teams[1].reps] == [
        (1, "Ada Berg", [3, 3, 720, 2, "120.50"]),
        (2, "Ben Okafor", [1, 1, 600, 0, "0.00"]),
    ]
    assert [(rep.rank, rep.name, rep.idle) for rep in found.teams[0].reps] == [
        (1, EVIL, False), (2, "Zoe Lange", True),
    ]  # fmt: skip
    assert plain(found.figures) == [6, 6, 1560, 3, "127.75"]
    assert found.top == 3
    assert {team.clock for team in found.teams} == {"08:30 Denver"}

    company = await asked(floor, "/v1/company/kpis")
    assert plain(found.figures) == [company["kpis"][kpi.id]["value"] for kpi in KPIS]
    for kpi in KPIS:
        by = await look(floor, kpi.id)
        for team in by.teams:
            board = (await floor.client.get(
                f"/v1/leaderboards/{kpi.id}", params={"team": team.name},
                headers={"Authorization": f"Bearer {ADMIN}"},
            )).json()  # fmt: skip
            assert [(rep.rank, rep.rep_id, rep.figures[KPIS.index(kpi)].value)
                    for rep in team.reps] == [
                (entry["rank"], entry["rep_id"], entry["value"]) for entry in board["entries"]
            ]  # fmt: skip


async def test_the_last_days_end_with_today(floor: Scene) -> None:
    calls = (await look(floor)).days[0]
    assert [figure.value for figure in calls] == [0] * 13 + [6]
    floor.clock.now += timedelta(days=2)
    later = await look(floor)
    assert [figure.value for figure in later.days[0]] == [0] * 11 + [6, 0, 0]
    assert plain(later.figures) == [0, 0, 0, 0, "0.00"]
    assert [len(team.reps) for team in later.teams] == [2, 2]


async def test_a_key_of_some_teams_sees_nothing_of_the_others(floor: Scene) -> None:
    found = await look(floor, "calls", "West")
    assert [team.name for team in found.teams] == ["West"]
    assert plain(found.figures) == [4, 4, 1320, 2, "120.50"]
    assert [figure.value for figure in found.days[0]] == [0] * 13 + [4]


async def test_those_nobody_announced_are_in_no_team_and_come_last(floor: Scene) -> None:
    await floor.send(call("stranger", 1, 2))
    found = await look(floor)
    assert [team.name for team in found.teams] == [EAST, "West", ""]
    assert [(rep.rep_id, rep.name) for rep in found.teams[2].reps] == [("stranger", "stranger")]
    assert found.teams[2].clock == "15:30 UTC"


async def test_who_left_is_gone_from_the_board_but_not_from_the_day_before(floor: Scene) -> None:
    leaving = {"rep_id": "r4", "name": "Zoe Lange", "team": EAST, "active": False,
               "time_zone": "Europe/Madrid", "effective_from": "2026-11-18"}  # fmt: skip
    await floor.send(event("rep.recorded", "r4-left", leaving))
    found = await look(floor)
    assert [rep.rep_id for rep in found.teams[0].reps] == ["r3"]


async def test_an_empty_floor_is_a_floor(floor: Scene) -> None:
    found = await look(floor, "calls", "Nowhere")
    assert (found.teams, plain(found.figures), found.top) == ((), [0, 0, 0, 0, "0.00"], 0)


async def test_a_team_that_has_not_begun_has_no_ranks_to_show(floor: Scene) -> None:
    west = (await look(floor)).teams[1]
    assert west.begun
    floor.clock.now += timedelta(days=2)
    assert not any(team.begun for team in (await look(floor)).teams)
    page = (await floor.client.get("/", headers={"Cookie": f"{COOKIE}={ADMIN}"})).text
    assert page.count("not ranked yet") == 4
