"""What the stored figures were worked out by: the edition of the rules, and the settings that are
part of them. Kept with the figures, numbered, so that a difference is seen at once, and so that
the past is read by what held then.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, DateTime, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB

from app.db import Reading, Writing, metadata
from app.errors import Conflict
from app.meaning.edition import EDITION
from app.settings import Settings, environment_name

definitions = Table(
    "definitions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("content", JSONB, nullable=False),
)

# Other values mean other figures for facts that are in already: they have to be rebuilt.
MEANING = (
    "default_zone", "currency", "conversation_floor", "conversation_floors", "rep_aliases",
)  # fmt: skip
# Read with the figures each time; kept to know what held in the past.
READING = (
    "week_start", "working_weekdays", "working_weeks", "holiday_calendar", "holidays",
    "final_after_hours",
)  # fmt: skip
# Facts lie at most a day ahead, in a zone that may be another one further.
_AHEAD = timedelta(days=2)

Content = dict[str, Any]


class Definition(Struct, frozen=True):
    """One definition, in force from `at` until the next."""

    number: int
    at: datetime
    content: Content


class Closed(Struct, frozen=True):
    """Which days are final: those that ended `after` ago, or by `already`, the instant up to which
    they were final by the definitions before. What was final once is not opened again.
    """

    after: timedelta
    already: datetime = datetime.min.replace(tzinfo=UTC)

    def to(self, now: datetime) -> datetime:
        """Days that ended up to this instant are final at `now`; it never goes back."""
        return max(now - self.after, self.already)


def closed_by(known: Sequence[Definition], settings: Settings) -> Closed:
    """Which days are final by the definitions there were, all of them; by the settings if none."""
    if not known:
        return Closed(timedelta(hours=settings.final_after_hours))
    closed = Closed(_final_after(known[0]))
    for one in known[1:]:
        closed = Closed(_final_after(one), closed.to(one.at))
    return closed


def _final_after(definition: Definition) -> timedelta:
    return timedelta(hours=definition.content["final_after_hours"])


def content_of(settings: Settings) -> Content:
    """What figures worked out by this code and these settings are worked out by."""
    chosen = settings.model_dump(mode="json", by_alias=True, include={*MEANING, *READING})
    return {"edition": EDITION, **chosen}


def settings_by(content: Content, settings: Settings) -> Settings:
    """The settings with those of a definition in their place."""
    now = {name: getattr(settings, name) for name in Settings.model_fields}
    then = {name: content[name] for name in (*MEANING, *READING) if name in content}
    return Settings.model_validate({**now, **then})


def differing(stored: Content, wanted: Content, today: date) -> list[str]:
    """What of the two means other figures for facts up to `today`; a floor to come does not."""
    names = ("edition", *MEANING)
    return [n for n in names if _in_effect(n, stored, today) != _in_effect(n, wanted, today)]


def _in_effect(name: str, content: Content, today: date) -> Any:
    if name != "conversation_floors":
        return content.get(name)
    until = (today + _AHEAD).isoformat()
    return [step for step in content.get(name, ()) if step["from"] <= until]


async def all_definitions(reading: Reading) -> list[Definition]:
    """Every definition there was, the present one last."""
    return [
        Definition(number, at, json.loads(content))
        for number, at, content in await reading.fetch(
            "SELECT number, at, content::text FROM definitions ORDER BY number"
        )
    ]


async def rebuild_needed(reading: Reading, settings: Settings, now: datetime) -> str | None:
    """Why the stored figures are not by this code and these settings; None if they are."""
    return reason_to_rebuild(await all_definitions(reading), settings, now)


def reason_to_rebuild(known: Sequence[Definition], settings: Settings, now: datetime) -> str | None:
    """The same, of the definitions there were."""
    if not known:
        return None
    stored, wanted = known[-1], content_of(settings)
    names = differing(stored.content, wanted, now.date())
    if not names:
        return None
    what = "; ".join(
        f"{_name(name)} was {json.dumps(stored.content.get(name))}, is {json.dumps(wanted[name])}"
        for name in names
    )
    return f"rebuild needed: the figures are by definition {stored.number}, where {what}"


def _name(name: str) -> str:
    return "the edition of the rules" if name == "edition" else environment_name(name)


async def keep_definition(
    session: Writing, number: int, content: Mapping[str, Any], now: datetime
) -> None:
    """Let this definition hold from now on, for everybody who remembers the one before."""
    await session.run(
        "INSERT INTO definitions (number, at, content) VALUES ($1, $2, $3)",
        number, now, json.dumps(content),
    )  # fmt: skip
    await session.run(
        "INSERT INTO versions AS v (id, ingest, tracked, directory) VALUES (1, 1, 1, 1)"
        " ON CONFLICT (id) DO UPDATE SET ingest = v.ingest + 1, tracked = v.tracked + 1,"
        " directory = v.directory + 1"
    )


async def held_at(
    reading: Reading, settings: Settings, moment: datetime
) -> tuple[Settings, Closed]:
    """The settings by which figures were read at a moment, and which days were final then."""
    known = await all_definitions(reading)
    if not known:
        return settings, closed_by(known, settings)
    if moment < known[0].at:
        began = known[0].at.isoformat()
        raise Conflict(f"as_of: what was answered is known from {began} on, and not before")
    so_far = [d for d in known if d.at <= moment]
    return settings_by(so_far[-1].content, settings), closed_by(so_far, settings)
