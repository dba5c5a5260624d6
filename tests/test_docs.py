"""What the documents say is so: every setting, metric and command in them is there, and back."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase
from pydantic_core import PydanticUndefined

from app import metrics
from app.cli import COMMANDS
from app.errors import RingsideError
from app.events.decode import decode_structured
from app.events.refusals import CODES
from app.events.schema import TYPES, data_schema
from app.events.types import Event
from app.settings import Settings, environment_name, is_secret
from app.topics import CONSUMED, named, topics_of_type

ROOT = Path(__file__).parents[1]
SETTINGS = ROOT / "docs/settings.md"
OPERATIONS = ROOT / "docs/operations.md"
EVENTS = ROOT / "docs/events.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FILES = [*PAGES, ROOT / "Dockerfile", *sorted(ROOT.glob("deploy/**/*.yaml"))]
SETTING = re.compile(r"\bRINGSIDE_[A-Z_]+\b|\b(?:DATABASE_URL|LOG_LEVEL)(?:_FILE)?\b")
METRIC = re.compile(r"\b(?:ringside|http)_[a-z_]*_(?:total|seconds\w*|events\w*|lag|kpi|info)\b")
COMMAND = re.compile(r"(?:`|^|bin/|-- |api )ringside ([a-z][a-z-]*)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
# In deploy/, of compose itself.
OTHERS = {"RINGSIDE_TAG", "RINGSIDE_BIND"}


def settings_table() -> list[str]:
    """The rows that docs/settings.md must have, in the order of the fields."""
    rows = []
    for name, field in Settings.model_fields.items():
        plain = field.default
        if hasattr(plain, "get_secret_value"):
            plain = plain.get_secret_value()
        if isinstance(plain, tuple):
            plain = ",".join(str(part) for part in plain)
        default = "" if plain in (None, "", {}, PydanticUndefined) else f"`{plain}`"
        file = ", or `…_FILE`" if is_secret(name) else ""
        rows.append(f"| `{environment_name(name)}`{file} | {default} | {field.description} |")
    return rows


def metrics_table() -> list[str]:
    """The rows that docs/operations.md must have, in the order of the list."""
    rows = []
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            name = metric._name + ("_total" if metric._type == "counter" else "")
            labels = ", ".join(f"`{label}`" for label in metric._labelnames)
            rows.append(f"| `{name}` | {metric._type} | {labels} | {metric._documentation} |")
    return rows


def exit_codes() -> dict[int, str]:
    """Every exit code that an error of ours gives."""
    codes = {0: "", 2: ""}
    waiting: list[type[RingsideError]] = [RingsideError]
    while waiting:
        error = waiting.pop()
        codes[error.exit_code] = ""
        waiting += error.__subclasses__()
    return codes


def rows_of(path: Path, first: str) -> list[str]:
    """The rows of the table whose header starts with `first`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {first} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(line)
    return rows


def found(pattern: re.Pattern[str], paths: Iterable[Path]) -> set[str]:
    return {one for path in paths for one in pattern.findall(path.read_text(encoding="utf-8"))}


def test_every_setting_is_documented_as_it_is() -> None:
    assert rows_of(SETTINGS, "setting") == settings_table()


def test_every_metric_is_documented_as_it_is() -> None:
    assert rows_of(OPERATIONS, "metric") == metrics_table()


def test_every_command_is_documented() -> None:
    named = re.findall(r"^\| `ringside ([a-z-]+)", OPERATIONS.read_text("utf-8"), re.MULTILINE)
    assert named == list(COMMANDS)


def test_every_exit_code_is_documented() -> None:
    codes = [int(row.split("|")[1].strip(" `")) for row in rows_of(OPERATIONS, "exit code")]
    assert codes == sorted(exit_codes())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_named_exists(path: Path) -> None:
    settings = {environment_name(name) for name in Settings.model_fields}
    settings |= {
        f"{environment_name(name)}_FILE" for name in Settings.model_fields if is_secret(name)
    }
    series = {row.split("`")[1] for row in metrics_table()}
    series |= {f"{name}_{part}" for name in series for part in ("bucket", "count", "sum")}
    assert found(SETTING, [path]) - OTHERS <= settings
    assert found(METRIC, [path]) <= series
    assert found(COMMAND, [path]) <= set(COMMANDS)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    assert [link for link in found(LINK, [path]) if not (path.parent / link).exists()] == []


def test_make_does_what_the_readme_says() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text("utf-8"))) <= targets


def test_the_call_of_the_readme_is_taken() -> None:
    body = re.search(r"-d '(\{.+?\})'\n", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert body is not None
    event = decode_structured(body[1].encode(), now=datetime.now(UTC), currency="USD")
    assert isinstance(event, Event)
    assert event.data.wire == "call.ended"


def test_every_code_is_documented_as_it_is() -> None:
    assert rows_of(EVENTS, "code") == [f"| `{code}` | {what} |" for code, what in CODES.items()]


def sections() -> dict[str, str]:
    """What docs/events.md says of each type."""
    parts = EVENTS.read_text(encoding="utf-8").split("\n### ")[1:]
    named_parts = [part.partition("\n") for part in parts]
    return {f"ringside.{name}.v1": text.partition("\n## ")[0] for name, _, text in named_parts}


def test_every_type_is_documented() -> None:
    assert list(sections()) == list(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_every_field_is_documented_as_it_is(name: str) -> None:
    text, schema = sections()[name], data_schema(name)
    rows = [row.split("|") for row in text.splitlines() if row.startswith("| `")]
    fields = [field for row in rows for field in re.findall(r"`(\w+)`(\*?)", row[1])]
    wanted = {field: "*" if field in schema["required"] else "" for field in schema["properties"]}
    assert dict(fields) == wanted
    for field, shape in schema["properties"].items():
        said = next(row[2] for row in rows if f"`{field}`" in row[1])
        value = shape.get("anyOf", [shape])[0]  # the other one is null
        if "enum" in value and len(value["enum"]) < 20:
            assert set(re.findall(r"`(\w+)`", said)) >= set(value["enum"])
        if value.get("type") == "array" and value["items"].get("type") == "object":
            inner = value["items"]
            assert set(re.findall(r"`(\w+)`\*", said)) == set(inner["required"])
            assert set(re.findall(r"`(\w+)`", said)) >= set(inner["properties"])


def test_every_topic_is_documented_as_it_is() -> None:
    wire = {topic: [data.wire for data in TYPES.values() if topic in topics_of_type(data)]
            for topic in CONSUMED}  # fmt: skip
    assert rows_of(EVENTS, "topic") == [
        f"| `{named('ringside', topic)}` | "
        + ", ".join(f"`{kind}`" for kind in wire[topic] if kind != "record.voided")
        + " |"
        for topic in CONSUMED
    ]


def test_the_event_of_the_contract_is_taken() -> None:
    body = re.search(r"```json\n(\{\"specversion.+?)```", EVENTS.read_text("utf-8"), re.DOTALL)
    assert body is not None
    event = decode_structured(body[1].encode(), now=datetime.now(UTC), currency="USD")
    assert isinstance(event, Event), event
