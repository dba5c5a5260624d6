"""What the tests know of a vendor: how to open its feed, payloads to bend, captured ones to take.

One file a vendor in `vendors/`; `every_vendor.py` has them all.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

# When captured payloads come in: after the latest of them.
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)

# Captured payloads lie beside the repository, not in it.
SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
NO_PAYLOADS = (".source", ".headers", "-signature-vectors")


class Outcome(NamedTuple):
    """What the endpoint answers: how many events it took, or why there are none."""

    accepted: int = 0
    ignored: str | None = None
    refused: str | None = None


NOT_FINAL = Outcome(ignored="not_final")  # the call runs, or its end is told again in whole
KIND = Outcome(ignored="kind")
NO_REP = Outcome(ignored="no_rep")


class Delivery(NamedTuple):
    """A request to the feed's address, signed with the tests' secret."""

    body: bytes
    headers: dict[str, str]
    query: str = ""


class Seed(NamedTuple):
    """A payload in JSON to bend, with the headers it comes with (names in lower case)."""

    body: bytes
    headers: dict[str, str] = {}  # noqa: RUF012


def _as_it_is(body: bytes) -> bytes:
    return body


class Vendor(NamedTuple):
    """`environ` opens the feed; `outcomes` are those of the captured payloads, whose names start
    with `captured`; `sign` makes a delivery of one (its name, bytes, and captured headers);
    `seal` makes a body of a seed's JSON, where the vendor does not send JSON."""

    environ: dict[str, str]
    captured: str
    outcomes: dict[str, Outcome]
    sign: Callable[[str, bytes, dict[str, str]], Delivery]
    seeds: list[Seed]
    seal: Callable[[bytes], bytes] = _as_it_is

    def samples(self) -> dict[str, Path]:
        """The captured payloads, by name."""
        found = {path.name.partition(".json")[0].partition(".form")[0]: path
                 for path in sorted(SAMPLES.glob(f"{self.captured}*"))}  # fmt: skip
        return {name.removesuffix(".txt"): path for name, path in found.items()
                if not any(part in path.name for part in NO_PAYLOADS)}  # fmt: skip
