"""Signatures of notices, by the vector that the Standard Webhooks libraries are tested with."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from app.alerts.signature import key_of, new_secret, signed


def test_the_vector_of_the_specification() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    assert signed(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
        at + timedelta(milliseconds=999), b'{"test": 2432232314}',
    ) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }  # fmt: skip


def test_a_new_secret_is_one_and_never_the_same() -> None:
    secrets = {new_secret() for _ in range(10)}
    assert {len(key_of(secret)) for secret in secrets} == {32}
    assert len(secrets) == 10


def test_secrets_are_24_to_64_bytes() -> None:
    for size in (24, 64):
        assert len(key_of("whsec_" + base64.b64encode(bytes(size)).decode())) == size


@pytest.mark.parametrize(
    "secret",
    [
        "", "whsec_", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_!!KQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_ÄfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
    ],
)  # fmt: skip
def test_what_is_no_secret(secret: str) -> None:
    with pytest.raises(ValueError, match=r"must be whsec_ and"):
        key_of(secret)
