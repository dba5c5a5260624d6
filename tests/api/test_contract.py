"""The contract for machines is served without a key, and is that of the code."""

from app.asyncapi import document
from app.db import Database
from app.events.schema import TYPES, served_schema
from app.main import running_version
from tests.api.desk import serving


async def test_asyncapi_and_schemas_are_served_to_anybody(database: Database) -> None:
    async with serving(database, topic_prefix="acme", topic_partitions=7) as desk:
        answer = await desk.nobody.get("/v1/asyncapi.json")
        assert answer.json() == document("acme", 7, running_version())
        again = await desk.nobody.get(
            "/v1/asyncapi.json", headers={"if-none-match": answer.headers["etag"]}
        )
        assert again.status_code == 304
        listed = (await desk.nobody.get("/v1/schemas")).json()["items"]
        assert [item["type"] for item in listed] == list(TYPES)
        for item in listed:
            schema = await desk.nobody.get(item["schema"])
            assert schema.json() == served_schema(item["type"])
            assert schema.headers["content-type"] == "application/schema+json"
        short = await desk.nobody.get("/v1/schemas/call.ended")
        assert short.json() == served_schema("ringside.call.ended.v1")
        nothing = await desk.nobody.get("/v1/schemas/faxes.sent")
        assert nothing.status_code == 404
        assert "ringside.order.recorded.v1" in nothing.json()["detail"]
