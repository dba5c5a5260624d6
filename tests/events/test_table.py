"""A row of a table reads as the event that it spells."""

import json
from typing import Any

import msgspec
import pytest

from app.events import types
from app.events.decode import decode_structured
from app.events.refusals import Refusal
from app.events.table import NOT_TEXT, Table
from tests.events.given import DATA, NOW, decoded, event


def row_of(data: dict[str, Any]) -> dict[str, str]:
    """The cells that spell `data`."""
    cells: dict[str, str] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            cells |= {f"{name}.{member}": str(part) for member, part in value.items()}
        elif value is not None:
            cells[name] = json.dumps(value) if name in NOT_TEXT else str(value)
    return cells


@pytest.mark.parametrize("kind", [kind for kind in DATA if kind != "fx_rate.recorded"])
def test_every_type_as_a_row(kind: str) -> None:
    whole = event(kind)
    cells = {name: whole[name] for name in ("id", "source", "type", "time")} | row_of(whole["data"])
    body = Table(list(cells), missing={}).event(list(cells.values()))
    assert isinstance(body, bytes)
    read = decode_structured(body, now=NOW, currency="USD")
    wanted = {
        name: value
        for name, value in whole["data"].items()
        if name != "customer" or value is not None or kind == "call.ended"
    }
    if kind == "quote.recorded":  # a quote's customer is needed, be it null: a table cannot say so
        assert isinstance(read, Refusal)
        return
    assert read == decoded({**whole, "data": wanted})


def test_what_is_no_text_is_known() -> None:
    """Whoever adds a field to the contract that is no string has to add it here."""
    found = set()
    for data in msgspec.inspect.multi_type_info(
        [t for t in vars(types).values() if hasattr(t, "wire")]
    ):
        assert isinstance(data, msgspec.inspect.StructType)
        for field in data.fields:
            kinds = field.type.types if isinstance(
                field.type, msgspec.inspect.UnionType) else (field.type,)  # fmt: skip
            if any(
                isinstance(kind, msgspec.inspect.IntType | msgspec.inspect.BoolType
                           | msgspec.inspect.CollectionType)
                for kind in kinds
            ):  # fmt: skip
                found.add(field.encode_name)
    assert found == NOT_TEXT


def test_a_table_without_ids_names_its_rows() -> None:
    table = Table(["customer_id", "name"], missing={"source": "crm", "type": "t", "id": "x"})
    one, again, other = (table.event(row) for row in (["1", "A"], ["1", "A"], ["1", "B"]))
    assert one == again
    assert isinstance(one, bytes)
    assert isinstance(other, bytes)
    ids = [json.loads(body)["id"] for body in (one, other)]
    assert ids[0].startswith("row-")
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (["c1", "ten"], "wrong_type"),
        (["c1", '"10"'], "wrong_type"),
        (["c1", "1.5"], "wrong_type"),
        (["c\udcff", "10"], "not_json"),
        (["c1"], "not_an_object"),
        (["c1", "1", "2"], "not_an_object"),
    ],
)
def test_what_is_wrong_in_a_cell_is_refused(cells: list[str], code: str) -> None:
    given = {"id": "1", "source": "s", "type": "ringside.talktime.recorded.v1"}
    table = Table(["segment_id", "seconds"], missing=given)
    body = table.event(cells)
    if isinstance(body, bytes):
        whole = b'{"call_id": "c", "rep_id": "r", "kind": "talk", "started_at": "%s", ' % (
            b"2026-11-20T18:00:00Z"
        )
        body = body.replace(b'"data":{', b'"data":' + whole)
        result = decode_structured(body, now=NOW, currency="USD")
    else:
        result = body
    assert isinstance(result, Refusal)
    assert result.code == code


def test_json_in_a_cell_keeps_its_digits_and_its_escapes() -> None:
    given = {"id": "1", "source": "s", "type": "ringside.order.recorded.v1"}
    table = Table(["lines"], missing=given)
    for cell in ('[{"unit_price": 123456789012345.6789}]', '["\\ud800"]'):
        body = table.event([cell])
        assert isinstance(body, bytes)
        assert cell.encode() in body


@pytest.mark.parametrize(
    ("columns", "customer"),
    [
        (["customer", "customer.phone"], {"phone": "2"}),
        (["customer.phone", "customer"], "2"),
        (["customer", ".id"], "1"),
    ],
)
def test_of_columns_that_contradict_each_other_the_later_stands(
    columns: list[str], customer: Any
) -> None:
    body = Table(columns, missing={}).event(["1", "2"])
    assert isinstance(body, bytes)
    assert json.loads(body)["data"]["customer"] == customer


def test_a_row_without_any_customer_says_so_where_there_are_columns_for_one() -> None:
    body = Table(["customer.customer_id", "customer.phone"], missing={}).event([None, None])
    assert isinstance(body, bytes)
    assert json.loads(body)["data"] == {"customer": None}
