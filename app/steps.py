"""What a deployment changes from a date on, as the settings hold it. Pure.

Each step holds from its date until the next one of the same team, or of all.
"""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class FloorStep(BaseModel):
    """A conversation floor from a date on: of a team, or of all that have none of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: date = Field(alias="from")
    team: str | None = Field(None, min_length=1, max_length=200)
    seconds: int = Field(ge=0, le=86400)


class WeekStep(BaseModel):
    """The working weekdays (0 for Monday) from a date on: of a team, or of all the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: date = Field(alias="from")
    team: str | None = Field(None, min_length=1, max_length=200)
    weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...]
