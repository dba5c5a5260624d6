"""HubSpot's signatures: v3, and v1 and v2 where a sender knows no v3. Pure.

All are made with the app's client secret. Only v3 signs a moment, so only v3 can be told from a
recording; of the others a recording brings duplicates and a second reading, nothing new.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from app.feeds.feed import Hook

WINDOW = timedelta(minutes=5)

# HubSpot signs the path with these characters as themselves, however they travel.
_DECODED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'",
    "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip


def genuine(secret: str, hook: Hook, now: datetime) -> bool:
    """Whether the hook is signed with `secret`; v3 is asked for wherever it is there."""
    given = hook.headers.get("x-hubspot-signature-v3")
    if given is not None:
        stamp = hook.headers.get("x-hubspot-request-timestamp", "")
        return _same(given, v3(secret, hook, stamp)) and _recent(stamp, now)
    given = hook.headers.get("x-hubspot-signature", "")
    versions = {"v1": v1, "v2": v2}
    sign = versions.get(hook.headers.get("x-hubspot-signature-version", "v1").lower())
    return sign is not None and _same(given, sign(secret, hook))


def v1(secret: str, hook: Hook) -> str:
    """SHA-256, in hex, of the secret and the body."""
    return hashlib.sha256(secret.encode() + hook.body).hexdigest()


def v2(secret: str, hook: Hook) -> str:
    """SHA-256, in hex, of the secret, the method, the address and the body."""
    said = f"{secret}{hook.method}{hook.url}".encode(errors="replace")
    return hashlib.sha256(said + hook.body).hexdigest()


def v3(secret: str, hook: Hook, stamp: str) -> str:
    """HMAC-SHA-256, in base64, of method, address, body and the request's timestamp."""
    path, mark, query = hook.url.partition("?")
    for written, meant in _DECODED.items():
        path = path.replace(written, meant).replace(written.lower(), meant)
    said = f"{hook.method}{path}{mark}{query}".encode(errors="replace")
    whole = said + hook.body + stamp.encode(errors="replace")
    return base64.b64encode(hmac.digest(secret.encode(), whole, "sha256")).decode()


def _same(given: str, mine: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), mine.encode())


def _recent(stamp: str, now: datetime) -> bool:
    """Whether the timestamp, milliseconds since 1970, is within five minutes of now."""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 15):
        return False
    return abs(now - datetime.fromtimestamp(int(stamp) / 1000, UTC)) <= WINDOW
