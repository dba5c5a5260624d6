"""Payloads captured from the vendors, through the real endpoint: what each must come to.

They lie beside the repository, not in it; where they are not there this is skipped.
"""

import json
from typing import Any

import httpx2
import pytest

from tests.feeds.every_vendor import VENDORS
from tests.feeds.vendor import SAMPLES

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
