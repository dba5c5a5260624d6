"""What a view stands on: the directory as it is now, and how far everything accepted is in."""

from datetime import timedelta

from app.db import Database
from app.view import Views
from tests.sums_put_in import NOW, announce, insert, november, settings


async def test_as_of_is_what_every_partition_is_complete_to(database: Database) -> None:
    views = Views(database, settings())
    async with views.open(NOW) as view:
        assert view.as_of == NOW  # nothing comes by Kafka
    for partition, minutes in ((0, 3), (1, 5)):
        await insert(
            database, "offsets", topic="ringside.calls", partition=partition, next=1,
            complete_to=NOW - timedelta(minutes=minutes),
        )  # fmt: skip
    async with views.open(NOW) as view:
        assert view.as_of == NOW - timedelta(minutes=5)


async def test_the_directory_is_read_anew_when_it_changed(database: Database) -> None:
    views = Views(database, settings())
    await announce(database, "r1", "Ada", "West")
    async with views.open(NOW) as view:
        assert view.roster.card("r1", november(20)) == ("Ada", "West")
    await announce(database, "r1", "Ada", "East", november(2))
    async with views.open(NOW) as view:
        assert view.roster.card("r1", november(20)) == ("Ada", "East")
