"""Payloads captured from the vendors, through the real endpoint: what each must come to.

They lie beside the repository, not in it; where they are not there this is skipped.
"""

import json
from typing import Any

import httpx2
import pytest

from app.events.cloudevents import from_kafka
from app.events.refusals import Refusal
from tests.feeds.every_vendor import VENDORS
from tests.feeds.given import NOW
from tests.feeds.vendor import NO_PAYLOADS, SAMPLES

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no samples beside the repository")


@pytest.mark.parametrize("source", VENDORS)
def test_every_sample_has_its_expected_outcome(source: str) -> None:
    assert sorted(VENDORS[source].samples()) == sorted(VENDORS[source].outcomes)


@pytest.mark.parametrize(
    ("source", "name"),
    [(source, name) for source, vendor in VENDORS.items() for name in vendor.outcomes],
)
async def test_a_captured_payload(service: httpx2.AsyncClient, source: str, name: str) -> None:
    vendor = VENDORS[source]
    kept = SAMPLES / f"{name}.headers.json"
    headers: dict[str, str] = json.loads(kept.read_bytes()) if kept.exists() else {}
    body, headers, query = vendor.sign(name, vendor.samples()[name].read_bytes(), headers)
    response = await service.post(f"/v1/webhooks/{source}{query}", content=body, headers=headers)
    assert response.status_code == 200
    said: dict[str, Any] = response.json()
    rejected = [refusal["code"] for refusal in said["rejected"]]
    accepted, ignored, refused = vendor.outcomes[name]
    assert (said["accepted"], said["ignored"], rejected) == (
        accepted, {ignored: 1} if ignored else {}, [refused] if refused else [],
    )  # fmt: skip


PLAIN = {
    # Somebody else's type; and one whose data is not JSON.
    "cloudevents-kafka-structured": "unknown_type",
    "cloudevents-kafka-binary": "not_json",
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_cloudevent_as_it_lies_on_a_topic(name: str) -> None:
    record = json.loads((SAMPLES / f"{name}.json").read_bytes())
    headers = [(key, value.encode()) for key, value in record["headers"].items()]
    told = record["value"]
    value = told.encode() if isinstance(told, str) else json.dumps(told).encode()
    refusal = from_kafka(headers, value, now=NOW, currency="USD")
    assert isinstance(refusal, Refusal)
    assert refusal.code == PLAIN[name]
    assert (refusal.source, refusal.id) == ("/mycontext/subcontext", "1234-1234-1234")


async def test_no_sample_is_left_without_a_word(service: httpx2.AsyncClient) -> None:
    """A vendor that there is no feed for is told which feeds there are."""
    known = {path for vendor in VENDORS.values() for path in vendor.samples().values()}
    known |= {SAMPLES / f"{name}.json" for name in PLAIN}
    for path in sorted(SAMPLES.iterdir()):
        if path in known or any(part in path.name for part in NO_PAYLOADS):
            continue
        source = path.name.partition("-")[0]
        response = await service.post(f"/v1/webhooks/{source}", content=path.read_bytes())
        assert (source, response.status_code) == ("vonage", 404)
        assert response.json()["detail"].startswith("there is no feed 'vonage'; there are ")
