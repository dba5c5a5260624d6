"""The floor of the page's tests."""

from collections.abc import AsyncIterator

import pytest

from app.db import Database
from tests.web.scene import Scene, scene


@pytest.fixture
async def floor(database: Database) -> AsyncIterator[Scene]:
    """A service with a small floor in it."""
    async with scene(database) as made:
        yield made
