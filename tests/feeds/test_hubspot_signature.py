"""HubSpot's signatures: v1 and v2 by the vectors of its own libraries, v3 with its five minutes."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from app.feeds.feed import Hook
from app.feeds.hubspot_signature import genuine

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
NOW = datetime(2025, 11, 18, 10, tzinfo=UTC)
URL = "https://www.example.com/webhook_uri"
V1_BODY = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM",'
    b'"changeFlag":"NEW","appId":54321}]'
)


@pytest.mark.parametrize(
    ("version", "method", "body", "signature"),
    [
        ("v1", "POST", V1_BODY, "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"),
        ("v2", "GET", b"", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"),
        ("v2", "POST", b'{"example_field":"example_value"}',
         "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"),
    ],
)  # fmt: skip
def test_the_vectors_of_the_official_libraries(
    version: str, method: str, body: bytes, signature: str
) -> None:
    headers = {"x-hubspot-signature": signature, "x-hubspot-signature-version": version}
    hook = Hook(headers, body, URL, method)
    assert genuine(SECRET, hook, NOW)
    assert not genuine(SECRET + "x", hook, NOW)
    assert not genuine(SECRET, Hook(headers, body + b" ", URL, method), NOW)
    assert not genuine(SECRET, Hook({**headers, "x-hubspot-signature-version": "v4"}, body), NOW)
    if version == "v2":
        assert not genuine(SECRET, Hook(headers, body, URL + "?x=1", method), NOW)


def v3(url: str, body: bytes, at: datetime, *, signed_url: str | None = None) -> Hook:
    """Signed as the documentation says, by other means than ours."""
    stamp = str(round(at.timestamp() * 1000))
    said = b"POST" + (signed_url or url).encode() + body + stamp.encode()
    mine = base64.b64encode(hmac.new(SECRET.encode(), said, hashlib.sha256).digest()).decode()
    headers = {"x-hubspot-signature-v3": mine, "x-hubspot-request-timestamp": stamp}
    return Hook(headers, body, url)


@pytest.mark.parametrize(
    ("minutes", "good"), [(0, True), (4.99, True), (-4.99, True), (5.01, False), (-5.01, False)]
)
def test_v3_holds_for_five_minutes(minutes: float, good: bool) -> None:
    hook = v3(URL, b"[]", NOW - timedelta(minutes=minutes))
    assert genuine(SECRET, hook, NOW) is good


def test_v3_is_of_method_address_body_and_moment() -> None:
    hook = v3(URL, b"[1]", NOW)
    assert genuine(SECRET, hook, NOW)
    stamp = {"x-hubspot-request-timestamp": str(round(NOW.timestamp() * 1000) + 1)}
    for other in (
        Hook(hook.headers, b"[2]", URL),
        Hook(hook.headers, b"[1]", URL + "/"),
        Hook(hook.headers, b"[1]", URL, "PUT"),
        Hook({**hook.headers, **stamp}, b"[1]", URL),
    ):
        assert not genuine(SECRET, other, NOW)


def test_v3_signs_the_path_with_its_plain_characters() -> None:
    url = "https://ringside.example.com/v1%3Ahooks%2fhubspot?to=a%3Ab"
    plain = "https://ringside.example.com/v1:hooks/hubspot?to=a%3Ab"
    assert genuine(SECRET, v3(url, b"[]", NOW, signed_url=plain), NOW)


def test_a_bad_v3_is_not_saved_by_a_good_v1() -> None:
    headers = {
        "x-hubspot-signature": hashlib.sha256(SECRET.encode() + V1_BODY).hexdigest(),
        "x-hubspot-signature-v3": "bm90IG91cnM=",
        "x-hubspot-request-timestamp": str(round(NOW.timestamp() * 1000)),
    }
    assert not genuine(SECRET, Hook(headers, V1_BODY, URL), NOW)


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "1e3", "9" * 40, "١٢٣"])
def test_a_timestamp_that_is_none_is_no_signature(stamp: str) -> None:
    hook = v3(URL, b"[]", NOW)
    said = b"POST" + URL.encode() + b"[]" + stamp.encode()
    mine = base64.b64encode(hmac.new(SECRET.encode(), said, hashlib.sha256).digest()).decode()
    headers = {"x-hubspot-signature-v3": mine, "x-hubspot-request-timestamp": stamp}
    assert not genuine(SECRET, Hook(headers, hook.body, URL), NOW)
    assert not genuine(SECRET, Hook({}, b"[]", URL), NOW)
