"""Payloads captured from the vendors, through the real endpoint: what each must come to.

They lie beside the repository, not in it; where they are not there this is skipped.
"""

import base64
import hmac
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.feeds.payloads import SECRET, TOKEN

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"

# What the vendor means by each; (accepted, ignored because, refused because).
NOT_YET = (0, "not_final", None)  # the call runs, or its end is told again in whole
EXPECTED: dict[str, tuple[int, str | None, str | None]] = {
    "aircall-call.answered-inbound": NOT_YET,
    "aircall-call.answered-outbound": NOT_YET,
    "aircall-call.archived-inbound": (0, "kind", None),
    "aircall-call.commented-inbound": (0, "kind", None),
    "aircall-call.created-inbound": NOT_YET,
    "aircall-call.created-outbound": NOT_YET,
    "aircall-call.ended-inbound": (0, "no_rep", None),  # missed by a whole team
    "aircall-call.ended-outbound": (1, None, None),
    "aircall-call.hold-inbound": NOT_YET,
    "aircall-call.hold-outbound": NOT_YET,
    "aircall-call.hungup-inbound": NOT_YET,
    "aircall-call.hungup-outbound": NOT_YET,
    "aircall-call.ringing_on_agent-inbound": NOT_YET,
    "aircall-call.tagged-inbound": (0, "kind", None),
    "aircall-call.unhold-inbound": NOT_YET,
    "aircall-call.unhold-outbound": NOT_YET,
    "aircall-call.unsuccessful_transfer-inbound": NOT_YET,
    "aircall-call.voicemail_left-inbound": (0, "no_rep", None),
    "shopify-draft_orders.create": (0, "no_rep", None),
    "shopify-order-partially_refunded": (0, None, "wrong_type"),  # its lines were cut
    "shopify-order_transactions.create": (0, "kind", None),
    "shopify-orders.cancelled": (1, None, None),
    "shopify-orders.create": (1, None, None),
    "shopify-orders.delete": (1, None, None),
    "shopify-orders.edited": (0, "partial", None),
    "shopify-orders.paid": (1, None, None),
    "shopify-orders.updated": (1, None, None),
    "shopify-refunds.create": (1, None, None),
    "shopify-returns.approve": (0, "kind", None),
}

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no samples beside the repository")


def sample(name: str) -> tuple[str, bytes, dict[str, str]]:
    """Path, body and headers of a delivery, signed anew with our secrets."""
    body = (SAMPLES / f"{name}.json").read_bytes()
    if name.startswith("aircall"):
        hook = {**json.loads(body), "token": TOKEN}
        return "/v1/webhooks/aircall", json.dumps(hook).encode(), {}
    kept = SAMPLES / f"{name}.headers.json"
    headers: dict[str, str] = json.loads(kept.read_bytes()) if kept.exists() else {}
    headers = {k: v for k, v in headers.items() if k.startswith("x-shopify")}
    headers.setdefault("x-shopify-topic", "orders/updated")
    digest = hmac.digest(SECRET.encode(), body, "sha256")
    return "/v1/webhooks/shopify", body, {
        **headers, "x-shopify-hmac-sha256": base64.b64encode(digest).decode(),
    }  # fmt: skip


def names() -> list[str]:
    found = [*SAMPLES.glob("aircall-*.json"), *SAMPLES.glob("shopify-*.json")]
    return sorted(path.stem for path in found if not path.stem.endswith(".headers"))


def test_every_sample_has_its_expected_outcome() -> None:
    assert names() == sorted(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
async def test_a_captured_payload(service: httpx2.AsyncClient, name: str) -> None:
    path, body, headers = sample(name)
    response = await service.post(path, content=body, headers=headers)
    assert response.status_code == 200
    said: dict[str, Any] = response.json()
    rejected = [refusal["code"] for refusal in said["rejected"]]
    accepted, ignored, refused = EXPECTED[name]
    assert (said["accepted"], said["ignored"], rejected) == (
        accepted, {ignored: 1} if ignored else {}, [refused] if refused else [],
    )  # fmt: skip
