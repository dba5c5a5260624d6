"""Answers: JSON with exact numbers, an ETag over everything but `as_of`, CSV where asked for."""

import csv
import hashlib
import io
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from fastapi import Request, Response

from app.errors import BadRequest, FieldError
from app.exact import encode

JSON = "application/json"
CSV = "text/csv"
MOST_ITEMS = 1_000
USUAL_ITEMS = 100
NOTHING: Mapping[str, str] = {}


def answered(request: Request, answer: object) -> Response:
    """The answer as JSON, or 304 where the client has it already."""
    body = encode(answer)
    return respond(request, tag_of(answer, body), body)


def making(find: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[tuple[str, bytes]]]:
    """How the tag and the bytes of an answer that is shared are made of what is found."""

    async def make() -> tuple[str, bytes]:
        found = await find()
        body = encode(found)
        return tag_of(found, body), body

    return make


def respond(
    request: Request, tag: str, body: bytes, kind: str = JSON, more: Mapping[str, str] = NOTHING
) -> Response:
    """An answer's bytes, or 304 where the client has those with this tag."""
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers={**headers, **more})


def tag_of(answer: object, body: bytes) -> str:
    """The ETag: a digest of the answer without the moment it was made."""
    if isinstance(answer, msgspec.Struct) and hasattr(answer, "as_of"):
        fields = {f: getattr(answer, f) for f in answer.__struct_fields__ if f != "as_of"}
        body = encode({f: value for f, value in fields.items() if value is not msgspec.UNSET})
    elif isinstance(answer, dict):
        body = encode({name: value for name, value in answer.items() if name != "as_of"})
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def wants_csv(request: Request) -> bool:
    """Whether the client asks for CSV rather than JSON."""
    return CSV in request.headers.get("accept", "").lower()


def as_csv(
    request: Request, answer: Any, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> Response:
    """The rows of `answer` as CSV; headers say what the rows cannot: its moment, the next page.

    A text that a spreadsheet would run as a formula gets an apostrophe before.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    body = out.getvalue().encode()
    more = {"Ringside-As-Of": _cell(answer.as_of)}
    following = getattr(answer, "next_cursor", None)
    if following is not None:
        address = request.url.include_query_params(cursor=following)
        more["Link"] = f'<{address.path}?{address.query}>; rel="next"'
    return respond(request, tag_of(None, body), body, f"{CSV}; charset=utf-8", more)


def _cell(value: Any) -> Any:
    if value is None or value is msgspec.UNSET:
        return ""
    if isinstance(value, datetime | bool):
        return encode(value).decode().strip('"')  # as the JSON has it
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return value if _is_number(value) else "'" + value
    return value


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdecimal()


def only(request: Request, *known: str) -> None:
    """Refuse query parameters that nobody reads: a typing error must not pass in silence."""
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        known_names = ", ".join(known) or "none"
        raise BadRequest(
            f"unknown parameter {', '.join(unknown)}",
            errors=tuple(FieldError(name, f"{known_names} are known") for name in unknown),
        )


def paged(items: Sequence[Any], key: str, limit: int, cursor: str | None) -> dict[str, Any]:
    """A page of `items`, which are in order of their field `key`: those after `cursor`."""
    left = [item for item in items if cursor is None or getattr(item, key) > cursor]
    page = left[:limit]
    following = getattr(page[-1], key) if len(left) > limit else None
    return {"items": page, "next_cursor": following}
