"""Our encoding of COPY against the driver's own, on a real table of every type."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.copying import encoded, numeric, worthwhile
from app.db import Database
from app.errors import Unavailable

TYPES = (
    "text", "bool", "int2", "int4", "int8", "numeric", "date", "timestamptz", "bytea", "jsonb",
    "text[]", "numeric[]",
)  # fmt: skip
COLUMNS = tuple(f"c{n}" for n in range(len(TYPES)))
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15),
    st.sampled_from([Decimal(t) for t in (
        "0", "0.00", "-0.0", "1", "1.0", "1.5", "1E+5", "12E+3", "1.500", "0.0001",
        "0.00010", "9999", "10000",
        "-10000.0001", "100000000", "0.00000001", "123456789012345.1234",
    )]),
)  # fmt: skip
VALUES = (
    TEXTS,
    st.booleans(),
    st.integers(-(2**15), 2**15 - 1),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**63), 2**63 - 1),
    NUMBERS,
    st.dates(date(1, 1, 1), date(2200, 1, 1)),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.binary(max_size=8),
    st.sampled_from(['{"a": [1, null, "é"]}', "[]", '"x"']),
    st.lists(TEXTS | st.none(), max_size=4),
    st.lists(NUMBERS | st.none(), max_size=4),
)
ROWS = st.lists(st.tuples(*(st.none() | value for value in VALUES)), min_size=1, max_size=30)


async def stored(database: Database) -> list[Any]:
    async with database.reading() as reading:
        return [tuple(r) for r in await reading.fetch("SELECT t::text FROM every t ORDER BY 1")]


@pytest.fixture
async def table(database: Database) -> Database:
    columns = ", ".join(f"{c} {t}" for c, t in zip(COLUMNS, TYPES, strict=True))
    async with database.writing() as session:
        await session.run(f"CREATE TABLE every ({columns})")
    return database


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS, times=st.integers(1, 40))
async def test_what_is_copied_is_what_the_driver_would_have_copied(
    table: Database, rows: list[tuple[Any, ...]], times: int
) -> None:
    rows = rows * times  # so that columns come again, and in several pieces
    async with table.writing() as session:
        await session.run("TRUNCATE every")
        await session._driver.copy_records_to_table("every", columns=COLUMNS, records=rows)
    by_driver = await stored(table)
    async with table.writing() as session:
        await session.run("TRUNCATE every")
        await session.copy("every", COLUMNS, rows)
    assert await stored(table) == by_driver


def test_only_what_the_driver_is_slow_with_is_encoded_here() -> None:
    assert worthwhile(TYPES)
    assert not worthwhile(("text", "int8", "timestamptz"))
    assert not worthwhile(("numeric", "uuid"))


def test_what_is_no_number_is_refused() -> None:
    for text in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(ValueError, match="is no number"):
            numeric(Decimal(text))


def test_a_row_has_a_value_for_each_column() -> None:
    with pytest.raises(ValueError, match="zip"):
        list(encoded(("text", "numeric"), [("a", Decimal(1), 2)]))


async def test_a_copy_that_is_not_answered_is_unavailable(dsn: str) -> None:
    database, other = Database(dsn, pool=1, timeout=1), Database(dsn, pool=1)
    rows = [("x" * 200, Decimal(n)) for n in range(30_000)]  # more than a socket holds
    async with other.writing() as holding:
        await holding.run("CREATE TABLE held (a text, b numeric)")
    async with database.writing() as session:
        await session.copy("held", ("a", "b"), rows[:1])
    async with other.writing() as holding:
        await holding.run("LOCK TABLE held")
        with pytest.raises(Unavailable):
            async with database.writing() as session:
                await session.copy("held", ("a", "b"), rows)
    async with database.writing() as session:
        await session.copy("held", ("a", "b"), rows)
        assert await session.value("SELECT count(*) FROM held") == len(rows) + 1
    await database.close()
    await other.close()


async def test_types_that_changed_are_looked_up_again(database: Database) -> None:
    async with database.writing() as session:
        await session.run("CREATE TABLE young (a int4, b numeric)")
        await session.copy("young", ("a", "b"), [(1, Decimal(1))])
        await session.run("ALTER TABLE young ALTER a TYPE int8")
    with pytest.raises(Unavailable, match="insufficient data"):  # to be tried again
        async with database.writing() as session:
            await session.copy("young", ("a", "b"), [(2, Decimal(2))])
    async with database.writing() as session:
        await session.copy("young", ("a", "b"), [(2, Decimal(2))])
        assert await session.value("SELECT sum(a) FROM young") == 3
