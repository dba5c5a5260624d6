"""`ringside simulate --feed` against a real Ringside, and what it says where it cannot."""

import json
from pathlib import Path

from tests.commands.served import Served, run

SECRET = {"RINGSIDE_AIRCALL_TOKEN": "tok_of_the_tests"}


def test_a_vendors_webhooks_are_posted_and_taken(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Served(tmp_path / "log", "up", "--data-dir", data, **SECRET) as served:
        words = ("simulate", "--feed", "aircall", "--url", served.url, "--rate", "200")
        done = run(*words, "--count", 24, "--json", **SECRET)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert said["payloads"] == 24
        assert said["accepted"] + said["duplicates"] + said["ignored"] == 24
        assert said["accepted"] >= 8
        assert said["rejected"] == 0
        wrong = run(*words, RINGSIDE_AIRCALL_TOKEN="another")
        assert wrong.returncode == 1
        assert "is its secret the one set here?" in wrong.stderr


def test_what_is_missing_is_named() -> None:
    bare = run("simulate", "--feed", "aircall", "--count", "1")
    assert (bare.returncode, bare.stdout) == (78, "")
    assert "RINGSIDE_AIRCALL_TOKEN: set it to the secret" in bare.stderr
    floor = run("simulate")
    assert floor.returncode == 2
    assert "RINGSIDE_API_KEY" in floor.stderr
    assert run("simulate", "--feed", "faxes").returncode == 2
