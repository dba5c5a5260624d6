"""The whole service over HTTP, on a real database, at a fixed moment."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from app import settings
from app.db import Database
from app.main import create_app
from tests.feeds.every_vendor import VENDORS
from tests.feeds.vendor import NOW


@pytest.fixture
async def service(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the service, with every feed enabled."""
    environ = {"RINGSIDE_SECRET": "a secret of the tests"}
    for vendor in VENDORS.values():
        environ |= vendor.environ
    chosen = settings.read(environ)
    app = create_app(chosen, database, clock=lambda: NOW)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://ringside.test") as client:
        yield client
