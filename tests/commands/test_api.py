"""`ringside api` on a database of its own: migrated first, no key in its log, a clean stop."""

from pathlib import Path

import asyncpg

from tests.commands.served import Served, run


async def emptied(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.close()


async def test_the_database_is_migrated_first(dsn: str) -> None:
    await emptied(dsn)
    for command in (("api",), ("keys", "list"), ("verify",)):
        done = run(*command, DATABASE_URL=dsn, RINGSIDE_SECRET="s")
        assert (done.returncode, done.stdout, done.stderr) == (
            69, "", "ringside: the database is not migrated: run ringside migrate\n",
        )  # fmt: skip
    for _ in range(2):
        done = run("migrate", DATABASE_URL=dsn)
        assert (done.returncode, done.stdout) == (0, "the schema is up to date\n")
    done = run("keys", "list", DATABASE_URL=dsn)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


async def test_it_serves_and_keeps_its_keys_to_itself(dsn: str, tmp_path: Path) -> None:
    with Served(tmp_path / "log", "api", DATABASE_URL=dsn, RINGSIDE_SECRET="s") as api:
        made = run("keys", "create", "boss", "--scope", "read", DATABASE_URL=dsn)
        assert api.ask("/v1/kpis", made.stdout.strip()).status_code == 200
        code, lines, log = api.end()
    assert (code, lines) == (0, [])
    assert "there is no API key yet" in log
    assert "rs_" not in log


async def test_a_given_key_is_an_admins(dsn: str, tmp_path: Path) -> None:
    given = {"DATABASE_URL": dsn, "RINGSIDE_SECRET": "s", "RINGSIDE_API_KEY": "rs_given"}
    with Served(tmp_path / "log", "api", **given) as api:
        assert api.ask("/v1/kpis", "rs_given").status_code == 200
        assert api.end()[0] == 0
