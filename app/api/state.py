"""What every request can reach: made once when the application is, found through the request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import Request

from app.api.intake import Intake
from app.api.live import Live
from app.api.shared import Shared
from app.db import Database
from app.ingest import Door
from app.keys import Key
from app.producer import Producer
from app.settings import Settings
from app.view import Views

Clock = Callable[[], datetime]


@dataclass(slots=True)
class State:
    """The application's parts. `producer` is there when events go through Kafka; `feeds` are the
    open ones, with their secrets."""

    settings: Settings
    database: Database
    door: Door
    producer: Producer | None
    clock: Clock
    views: Views
    intake: Intake
    shared: Shared
    live: Live
    feeds: Mapping[str, tuple[str, ...]]
    keys: dict[bytes, tuple[float, Key | None]] = field(default_factory=dict)


def state_of(request: Request) -> State:
    """The application's parts."""
    state: State = request.app.state.ringside
    return state
