"""Phone numbers as they are kept: a keyed hash of the E.164 form, and its last two digits."""

import base64
import hashlib
import hmac
from functools import lru_cache

from app.events.phones import e164
from app.events.types import Customer


class Numbers:
    """Turns what a producer sent into what is kept; the number itself goes no further."""

    def __init__(self, secret: str, region: str) -> None:
        self._key = secret.encode()
        self._region = region
        self.hashed = lru_cache(maxsize=200_000)(self._hashed)

    def _hashed(self, phone: str) -> tuple[str | None, str | None]:
        number = e164(phone, self._region)
        if number is None:
            return None, None
        digest = hmac.digest(self._key, number.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("="), number[-2:]

    def of(self, customer: Customer | None) -> tuple[str | None, str | None, str | None]:
        """`(customer_id, phone hash, last two digits)`, each None where it is not known."""
        if customer is None:
            return None, None, None
        if customer.phone is None:
            return customer.customer_id, None, None
        return customer.customer_id, *self.hashed(customer.phone)
