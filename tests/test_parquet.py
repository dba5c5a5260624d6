"""Parquet files: the events they hold, exactly; a wrong row is refused without its neighbours."""

import json
import random
import sys
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.db import Database
from app.errors import BadConfiguration, BrokenFile
from app.event_file import EventFile
from app.events.decode import MOST_BYTES, decode_structured
from app.events.fields import timestamp
from app.events.types import Event
from app.parquet import BATCH_ROWS
from tests.digest import digests
from tests.oracle.floor import floor, with_repeats
from tests.test_history import customer, ndjson, taken
from tests.test_oracle_agrees import empty, settings_of

NOW = datetime(2026, 11, 24, tzinfo=UTC)
GIVEN = {"source": "pbx", "type": "ringside.call.ended.v1"}
STARTED = datetime(2026, 11, 20, 18, 0, 0, 250_000, UTC)
CALL: dict[str, Any] = {
    "call_id": "c1", "rep_id": "r1", "direction": "outbound", "outcome": "connected",
    "started_at": STARTED, "ended_at": STARTED + timedelta(seconds=90), "talk_seconds": 80,
    "hold_seconds": None, "test": False,
}  # fmt: skip
ORDER: dict[str, Any] = {
    "id": "e1", "source": "erp", "type": "ringside.order.recorded.v1", "order_id": "o1",
    "rep_id": "r1", "status": "confirmed", "currency": "USD", "placed_at": "2026-11-20T18:00:00Z",
}  # fmt: skip


def written(path: Path, columns: Mapping[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(dict(columns)), path, **options)
    return path


def rows(path: Path, given: dict[str, str] | None = None) -> list[tuple[int, Any, bytes]]:
    """Of each row its number, the event or the refusal, and what is kept."""
    with EventFile(path, given or {}) as file:
        return [
            (number, decode_structured(body, now=NOW, currency="USD")
             if isinstance(body, bytes) else body, kept)
            for number, body, kept in file.lines
        ]  # fmt: skip


def only(path: Path, columns: Mapping[str, Any], given: dict[str, str] | None = None) -> Any:
    """The data of a file's one row, or what was refused."""
    ((_, found, _),) = rows(written(path, columns), given)
    return found.data if isinstance(found, Event) else found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.parquet"


def call(**over: Any) -> dict[str, Any]:
    """The columns of one call, each of one cell, or an Arrow array as it is."""
    return {k: v if isinstance(v, pa.Array) else [v] for k, v in {**CALL, **over}.items()}


def test_a_row_with_types(path: Path) -> None:
    found = only(path, call(), GIVEN)
    assert (found.started_at, found.talk_seconds, found.hold_seconds) == (STARTED, 80, None)
    assert found.test is False


def test_the_data_of_an_event_as_one_column(path: Path) -> None:
    envelope = {"id": ["e1"], "source": ["pbx"], "type": [GIVEN["type"]], "time": [STARTED]}
    assert only(path, {**envelope, "data": [CALL]}).started_at == STARTED


@pytest.mark.parametrize("name", ["event", "value"])
@pytest.mark.parametrize(
    "kind", [pa.string(), pa.binary(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
)
def test_whole_events_in_one_column(path: Path, name: str, kind: pa.DataType) -> None:
    bodies = [json.dumps(customer(n)) for n in (1, 2)]
    columns = {"key": [1, 2, 3], name: pa.array([*bodies, None]).cast(kind)}
    one, two, none = rows(written(path, columns))
    assert [(n, event.id) for n, event, _ in (one, two)] == [(1, "e1"), (2, "e2")]
    assert one[2] == bodies[0].encode()
    assert (none[0], none[1].code, none[2]) == (3, "empty", b"")


def test_a_column_of_that_name_beside_types_is_one_nobody_reads(path: Path) -> None:
    assert only(path, {**call(), "event": ["x"]}, GIVEN).call_id == "c1"


MOUNTAIN = timezone(timedelta(hours=-7))


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "America/Denver", "-07:00"])
def test_an_instant_of_any_zone(path: Path, unit: str, zone: str) -> None:
    array = pa.array([STARTED.astimezone(MOUNTAIN)], pa.timestamp(unit, tz=zone))
    assert only(path, call(started_at=array), GIVEN).started_at == STARTED


def test_instants_of_old_spark_have_no_zone(path: Path) -> None:
    written(path, call(), use_deprecated_int96_timestamps=True, store_schema=False)
    ((_, found, _),) = rows(path, GIVEN)
    assert (found.code, found.field) == ("naive_timestamp", "data.started_at")


def test_nanoseconds_are_dropped(path: Path) -> None:
    nanos = int(STARTED.timestamp()) * 10**9 + 250_000_999
    array = pa.array([nanos], pa.timestamp("ns", tz="UTC"))
    assert only(path, call(started_at=array), GIVEN).started_at == STARTED


@pytest.mark.parametrize(
    ("column", "code", "field"),
    [
        ({"started_at": STARTED.replace(tzinfo=None)}, "naive_timestamp", "data.started_at"),
        ({"started_at": date(2026, 11, 20)}, "bad_timestamp", "data.started_at"),
        ({"started_at": pa.array([2**60], pa.timestamp("ms", tz="UTC"))}, "bad_timestamp",
         "data.started_at"),
        ({"talk_seconds": 80.0}, "wrong_type", "data.talk_seconds"),
        ({"talk_seconds": float("nan")}, "wrong_type", "data.talk_seconds"),
        ({"rep_id": Decimal("7.00")}, "wrong_type", "data.rep_id"),
        ({"talk_seconds": Decimal("80.50")}, "wrong_type", "data.talk_seconds"),
        ({"talk_seconds": True}, "wrong_type", "data.talk_seconds"),
        ({"test": 1}, "wrong_type", "data.test"),
        ({"rep_id": 7}, "wrong_type", "data.rep_id"),
        ({"rep_id": None}, "missing", "data.rep_id"),
        ({"rep_id": ""}, "empty_string", "data.rep_id"),
    ],
)  # fmt: skip
def test_nothing_is_coerced(path: Path, column: dict[str, Any], code: str, field: str) -> None:
    found = only(path, call(**column), GIVEN)
    assert (found.code, found.field) == (code, field)


def test_whole_numbers_of_any_type(path: Path) -> None:
    for kind in (pa.uint8(), pa.int64(), pa.decimal128(38, 0), pa.decimal256(40, 9)):
        whole = pa.array([80]).cast(kind)
        assert only(path, call(talk_seconds=whole), GIVEN).talk_seconds == 80


def test_other_texts(path: Path) -> None:
    """Bytes that are text, and ids as UUIDs."""
    assert only(path, call(rep_id=b"r\xc3\xa9"), GIVEN).rep_id == "ré"
    uuid = UUID(int=7)
    found = only(path, call(call_id=pa.array([uuid.bytes], pa.uuid())), GIVEN)
    assert found.call_id == str(uuid)


def lines_of(*lines: dict[str, Any]) -> dict[str, Any]:
    return {**{name: [value] for name, value in ORDER.items()}, "lines": [list(lines)]}


def test_lines_as_a_list_of_structs_to_the_last_digit(path: Path) -> None:
    price = Decimal("123456789012345.6789")  # no float holds it
    whole = {"line_id": "l1", "quantity": Decimal("2.000000000"), "unit_price": price}
    (line,) = only(path, lines_of({**whole, "unit_cost": None, "sku": None})).lines
    assert (line.quantity, line.unit_price, line.unit_cost) == (Decimal(2), price, None)


def test_lines_as_text_to_the_last_digit(path: Path) -> None:
    text = '[{"line_id": "l1", "quantity": 2, "unit_price": 123456789012345.6789}]'
    (line,) = only(path, {**lines_of(), "lines": [text]}).lines
    assert line.unit_price == Decimal("123456789012345.6789")


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (Decimal("0.0000000001"), "too_precise"),
        (Decimal(1234567890123456), "out_of_range"),
        (0.1 + 0.2, "too_precise"),
        (float("inf"), "wrong_type"),
    ],
)
def test_amounts_keep_to_the_contract(path: Path, amount: Any, code: str) -> None:
    found = only(path, lines_of({"line_id": "l1", "quantity": 1, "unit_price": amount}))
    assert (found.code, found.field) == (code, "data.lines[0].unit_price")


def test_a_quote_of_nobody(path: Path) -> None:
    quote = {
        "id": "e1", "source": "crm", "type": "ringside.quote.recorded.v1", "quote_id": "q1",
        "rep_id": "r1", "status": "issued", "amount": Decimal("12.50"), "currency": "USD",
        "issued_at": STARTED,
    }  # fmt: skip
    columns = {name: [value] for name, value in quote.items()}
    assert only(path, columns).code == "missing"
    for nobody in ("customer", "customer.phone"):
        found = only(path, {**columns, nobody: pa.array([None], pa.string())})
        assert (found.customer, found.amount) == (None, Decimal("12.5"))


def test_columns_that_nobody_reads_are_ignored_whatever_they_hold(path: Path) -> None:
    nested: Any = pa.array([1])
    for _ in range(30):
        nested = pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), nested)
    strange = {
        "": [1], " ": ["x"], "a.b.c": [float("nan")], ".": [2], "'; DROP TABLE calls; --": ["x"],
        "\x00\n": ["x"], "é" * 300: [b"\xff\xfe".hex()], "specversion": ["9"],
        "far": pa.array([2**62], pa.timestamp("ms", tz="UTC")), "nested": nested,
        "took": pa.array([1], pa.duration("ns")), "at": pa.array([1], pa.time64("ns")),
        "pairs": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8())),
        "none": pa.nulls(1), "half": pa.array([0.5], pa.float16()),
        "fixed": pa.array([[1, 2]], pa.list_(pa.int8(), 2)), "customer.": ["x"],
        "colour": pa.array(["red"]).dictionary_encode(),
    }  # fmt: skip
    assert only(path, {**call(), **strange}, GIVEN).call_id == "c1"


def test_bytes_that_are_no_text_are_refused_alone_and_kept(path: Path) -> None:
    names = pa.array([b"r1", b"r\xff", b"r3"])
    text = pa.Array.from_buffers(pa.string(), 3, names.buffers())
    columns = {name: [value] * 3 for name, value in CALL.items()} | {"rep_id": text}
    columns["share"] = [Decimal("0.10")] * 3
    found = rows(written(path, columns), GIVEN)
    assert [getattr(event, "code", None) for _, event, _ in found] == [None, "not_json", None]
    assert b'"rep_id": "r\xff"' in found[1][2]
    assert b'"share": "0.1"' in found[1][2]


def test_a_huge_row_is_refused_alone(path: Path) -> None:
    columns = {name: [value] * 3 for name, value in CALL.items()}
    found = rows(written(path, {**columns, "note": ["", "x" * 50_000_000, ""]}), GIVEN)
    assert [getattr(event, "code", None) for _, event, _ in found] == [None, "too_large", None]
    assert len(found[1][2]) == MOST_BYTES + 1


def test_memory_is_that_of_a_few_hundred_rows(path: Path) -> None:
    """100,000 rows in one row group that all point to one text: 20 GB, were they all held."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["x" * 200_000])
    written(path, {"event": text}, row_group_size=100_000)
    before = pa.default_memory_pool().bytes_allocated()
    with EventFile(path, {}) as file:
        for number, _, _ in file.lines:
            if number > 3 * BATCH_ROWS:
                break
            held = pa.default_memory_pool().bytes_allocated() - before
            assert held < 3 * BATCH_ROWS * 200_000


def test_what_is_no_parquet_is_one_clear_line(path: Path) -> None:
    whole = written(path, {"event": ["{}"]}).read_bytes()
    odd = whole.replace(b"event", b"even\xff")
    for content in (b"", b"PAR1", b"x" * 100, b"PAR1" + b"\xff" * 50 + b"PAR1", whole[:-9], odd):
        path.write_bytes(content)
        with pytest.raises(BrokenFile, match=r"a\.parquet: no whole Parquet file, after row 0: "):
            EventFile(path, {})


def test_a_zone_that_is_no_text_is_one_clear_line(path: Path) -> None:
    """It stands in the schema of Arrow beside that of Parquet, in base64."""
    written(path, call(started_at=pa.array([STARTED], pa.timestamp("us", tz="America/Denver"))))
    stored = pq.ParquetFile(path).metadata.metadata[b"ARROW:schema"]
    spoiled = b64encode(b64decode(stored).replace(b"America", b"Ameri\xffa"))
    path.write_bytes(path.read_bytes().replace(stored, spoiled))
    with pytest.raises(BrokenFile, match="no whole Parquet file"):
        EventFile(path, {})


@pytest.mark.parametrize("codec", ["none", "snappy", "zstd", "gzip", "lz4", "brotli"])
def test_however_it_is_compressed(path: Path, codec: str) -> None:
    written(path, {"event": [json.dumps(customer(1))]}, compression=codec)
    assert [event.id for _, event, _ in rows(path)] == ["e1"]


FAR = datetime(2100, 1, 1, tzinfo=UTC)
AMOUNTS = {"amount", "rate", "fraction", "quantity", "unit_price", "discount", "unit_cost", "cost"}
DAYS = {"effective_from", "date", "day"}


def typed(name: str, value: Any) -> Any:
    """A field of the wire as a table with types has it."""
    if value is None:
        return None
    if name in AMOUNTS:
        return Decimal(str(value))
    if name in DAYS:
        return date.fromisoformat(value)
    if name == "time" or name.endswith("_at"):
        return timestamp(value, name, FAR)
    if name == "lines":
        return [{part: typed(part, inner) for part, inner in line.items()} for line in value]
    return value


def plain(name: str, value: Any) -> Any:
    """A field of the wire with its amounts as short as they can be: a table's type knows one
    number of places for all."""
    if name in AMOUNTS and value is not None:
        return format(Decimal(str(value)).normalize(), "f")
    if name == "lines":
        return [{part: plain(part, inner) for part, inner in line.items()} for line in value]
    return value


def as_table(path: Path, events: Sequence[dict[str, Any]]) -> Path:
    """A column for each field of any type of event."""
    wide = [{**event, **event["data"]} for event in events]
    names = dict.fromkeys(name for event in wide for name in event if name != "data")
    columns = {name: pa.array([typed(name, event.get(name)) for event in wide]) for name in names}
    return written(path, columns, row_group_size=50)


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_taken_is_that_of_ndjson(
    database: Database, tmp_path: Path, seed: int
) -> None:
    drawn = floor(seed, 150)
    events = [
        {**event, "data": {name: plain(name, value) for name, value in event["data"].items()}}
        for event in with_repeats(drawn.events, random.Random(seed))
    ]
    settings = settings_of(drawn).model_copy(update={"batch_events": 11})
    bodies = [json.dumps(event).encode() for event in events]
    left = []
    for path in (
        ndjson(tmp_path / "a.ndjson", events),
        written(tmp_path / "whole.parquet", {"event": bodies}),
        as_table(tmp_path / "table.parquet", events),
    ):
        done = await taken(database, path, settings, drawn.now)
        assert (done.read, done.refused) == (len(events), Counter())
        left.append((done, await digests(database)))
        await empty(database)
    assert left[1] == left[0]
    assert left[2] == left[0]


def spoiled(path: Path, group: int) -> Path:
    """A copy that looks whole, and in which one row group is not."""
    chunk = pq.ParquetFile(path).metadata.row_group(group).column(0)
    content = bytearray(path.read_bytes())
    at = chunk.data_page_offset
    content[at : at + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    copy = path.with_name("spoiled.parquet")
    copy.write_bytes(content)
    return copy


async def test_what_came_before_a_break_stays(database: Database, path: Path) -> None:
    bodies = [json.dumps(customer(n)) for n in range(2 * BATCH_ROWS)]
    written(path, {"event": bodies}, row_group_size=BATCH_ROWS, use_dictionary=False)
    with pytest.raises(BrokenFile, match=f"after row {BATCH_ROWS}: "):
        await taken(database, spoiled(path, 1))
    done = await taken(database, path)
    assert (done.read, done.duplicates) == (2 * BATCH_ROWS, BATCH_ROWS // 7 * 7)


async def test_refusals_are_kept_with_their_row(database: Database, path: Path) -> None:
    columns = {"customer_id": ["k1", "k2", "k3"], "name": ["A", "", "C"], "revision": [1, 1, -1]}
    given = {"source": "crm", "type": "ringside.customer.recorded.v1"}
    done = await taken(database, written(path, columns), given=given)
    assert (done.accepted, done.refused) == (1, Counter(empty_string=1, out_of_range=1))
    async with database.reading() as reading:
        letters = await reading.fetch('SELECT "offset", code, payload FROM dead_letters ORDER BY 1')
    assert [(row[0], row[1]) for row in letters] == [(2, "empty_string"), (3, "out_of_range")]
    assert json.loads(letters[1]["payload"])["data"] == {
        "customer_id": "k3", "name": "C", "revision": -1,
    }  # fmt: skip
    assert (await taken(database, path, given=given)).duplicates == 1


def test_without_pyarrow_it_says_what_to_install(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(path, {"event": ["{}"]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BadConfiguration, match=r"needs the package pyarrow: .*\[parquet\]"):
        EventFile(path, {})
