"""The whole service over HTTP, on a real database, at a fixed moment."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest

from app import settings
from app.db import Database
from app.main import create_app
from tests.feeds.payloads import SECRET, TOKEN

NOW = datetime(2025, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
async def service(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the service, with both feeds enabled."""
    chosen = settings.read(
        {
            "RINGSIDE_SECRET": "a secret of the tests",
            "RINGSIDE_AIRCALL_TOKEN": TOKEN,
            "RINGSIDE_SHOPIFY_SECRET": SECRET,
        }
    )
    app = create_app(chosen, database, clock=lambda: NOW)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://ringside.test") as client:
        yield client
