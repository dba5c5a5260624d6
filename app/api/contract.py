"""The wire contract for machines: AsyncAPI, and a JSON Schema for each type. No key is needed."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app.api.answer import answered, only
from app.api.state import state_of
from app.asyncapi import document
from app.errors import NotFound
from app.events.schema import TYPES, served_schema
from app.exact import encode

router = APIRouter(tags=["contract"])


@router.get("/v1/asyncapi.json", summary="The topics and their events, in AsyncAPI 3")
async def get_asyncapi(request: Request) -> Response:
    """Topics, messages in both modes, schemas, and the codes of what is refused."""
    only(request)
    settings = state_of(request).settings
    version: str = request.app.version
    return answered(request, document(settings.topic_prefix, settings.topic_partitions, version))


@router.get("/v1/schemas", summary="The types of events")
async def get_schemas(request: Request) -> Response:
    """Every type with the address of its schema."""
    only(request)
    items: list[dict[str, Any]] = [{"type": name, "schema": f"/v1/schemas/{name}"}
                                   for name in TYPES]  # fmt: skip
    return answered(request, {"items": items, "next_cursor": None})


@router.get("/v1/schemas/{type_name}", summary="The JSON Schema of a type")
async def get_schema(request: Request, type_name: str) -> Response:
    """Of one type's events in structured mode; `call.ended` is short for its whole name."""
    only(request)
    whole = type_name if type_name in TYPES else f"ringside.{type_name}.v1"
    if whole not in TYPES:
        raise NotFound(f"there is no type {type_name[:80]!a}; there are {', '.join(TYPES)}")
    return Response(encode(served_schema(whole)), media_type="application/schema+json")
