"""The application: its parts put together, its errors as problem+json, its requests measured."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app import metrics
from app.alerts.watch import watching
from app.api import (
    alert_rules,
    alert_sinks,
    alerts,
    boards,
    contract,
    dead_letters,
    events,
    feeds,
    ops,
    reads,
    restatements,
    webhooks,
)
from app.api.bounds import Bounded
from app.api.intake import Intake
from app.api.live import Live
from app.api.measured import Measured
from app.api.shared import Shared
from app.api.state import Clock, State
from app.check import checking
from app.db import LOST, Database
from app.dead_letters.retention import retaining
from app.errors import BadRequest, FieldError, RingsideError, Unauthorized, Unavailable
from app.exact import encode
from app.feeds.registry import feed_topics, opened
from app.ingest import Door
from app.producer import Producer
from app.rereads.drain import rereading
from app.settings import Settings
from app.start import settle_definition
from app.view import Views
from app.warm_up import warming_up
from app.web import changed, page, refused, rep

log = logging.getLogger(__name__)

# What others pass around.
Application = FastAPI

ROUTERS = (
    events.router, webhooks.router, reads.router, boards.router, feeds.router, ops.router,
    alert_rules.router, alerts.router, alert_sinks.router, dead_letters.router,
    contract.router, restatements.router, page.router, changed.router,
    refused.router, rep.router,
)  # fmt: skip

SECURITY = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def now() -> datetime:
    """The clock of a real deployment."""
    return datetime.now(UTC)


def running_version() -> str:
    """The version that is installed."""
    try:
        return version("ringside")
    except PackageNotFoundError:
        return "0"


def create_app(
    settings: Settings,
    database: Database,
    *,
    door: Door | None = None,
    producer: Producer | None = None,
    clock: Clock = now,
) -> FastAPI:
    """The API and the page on `database`; with a `producer` events go to Kafka first.

    Raises `BadConfiguration` where a feed is to be on that nobody could sign for.
    """
    feed_topics(settings)  # a replay reads by it, and should not be the first to find it wrong
    the_door = door or Door(database, settings)
    shared = Shared(database, clock)
    state = State(
        settings=settings,
        database=database,
        door=the_door,
        producer=producer,
        clock=clock,
        views=Views(database, settings),
        intake=Intake(the_door, clock),
        shared=shared,
        live=Live(shared),
        feeds=opened(settings),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        metrics.BUILD.labels(running_version()).set(1)
        await settle_definition(database, settings, clock())
        try:
            async with (
                watching(database, state.views, settings, clock),
                rereading(database, settings, partial(webhooks.deliver, state), clock),
                checking(database, settings, clock),
                retaining(database, settings.dead_letters_days, clock),
                warming_up(state.views, clock),
            ):
                yield
        finally:
            state.live.close()
            if producer is not None:
                await producer.close()

    app = FastAPI(
        title="Ringside", version=running_version(), lifespan=lifespan,
        openapi_url="/v1/openapi.json", docs_url=None, redoc_url=None,
        description="Inside-sales activity, exact whatever the order, repetition or correction "
        "of events.",
    )  # fmt: skip
    app.state.ringside = state
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(Bounded, answer=_problem)
    app.add_middleware(Measured, headers=SECURITY)
    app.add_exception_handler(RingsideError, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    for lost in LOST:
        app.add_exception_handler(lost, _lost)
    app.add_exception_handler(asyncpg.CharacterNotInRepertoireError, _unsayable)
    app.add_exception_handler(Exception, _unexpected)
    return app


def _answer(
    request: Request,
    status: int,
    title: str,
    detail: str,
    errors: tuple[FieldError, ...] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """RFC 9457."""
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "errors": [{"field": e.field, "detail": e.detail} for e in errors],
    }
    return Response(encode(body), status, headers, media_type="application/problem+json")


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, RingsideError)
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = 'Bearer realm="ringside"'
    return _answer(request, error.status, error.title, error.detail, error.errors, headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = tuple(
        FieldError(
            ".".join(str(part) for part in e["loc"][1:]) or "body",
            str(e["msg"]).removeprefix("Value error, "),
        )
        for e in error.errors()
    )
    first = errors[0]
    return _answer(request, 422, "The request cannot be understood",
                   f"{first.field}: {first.detail}", errors)  # fmt: skip


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    headers = dict(error.headers or {})
    return _answer(request, error.status_code, title, str(error.detail), headers=headers)


async def _gone(request: Request, _: Exception) -> Response:
    # Nobody hears it; but it is no fault of ours, and nothing for the log.
    return _answer(request, 400, HTTPStatus.BAD_REQUEST.phrase, "the request broke off")


async def _lost(request: Request, error: Exception) -> Response:
    return await _problem(request, Unavailable(f"PostgreSQL: {error}", retry_after=2))


async def _unsayable(request: Request, _: Exception) -> Response:
    # Events refuse U+0000 and PostgreSQL has no such text: only a URL can still hold it.
    return await _problem(request, BadRequest("U+0000 is in no text that we know"))


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(request, 500, RingsideError.title, "it is in the log; nothing was kept")
