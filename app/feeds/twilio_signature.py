"""Twilio's signature: HMAC-SHA-1 over the address it called and what it posted there. Pure.

The address is signed as Twilio knows it, with or without the port; the fields of a form are signed
sorted, of a repeated key each value once. Of a JSON body the address carries the hash.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

from app.events.refusals import Invalid
from app.feeds.feed import Hook

BODY_HASH = "bodySHA256"
MOST_FIELDS = 1000


def genuine(secret: str, hook: Hook, _now: datetime) -> bool:
    """Whether the header's HMAC is of this address and body; compared in constant time."""
    given = hook.headers.get("x-twilio-signature", "").encode(errors="replace")
    told = query(hook).get(BODY_HASH)
    if told is None:
        try:
            posted = _in_order(form(hook.body))
        except Invalid:
            return False
    elif hmac.compare_digest(hashlib.sha256(hook.body).hexdigest().encode(), told.encode()):
        posted = ""
    else:
        return False
    found = False
    for address in _addresses(hook.url):
        signed = (address + posted).encode(errors="replace")
        mine = base64.b64encode(hmac.digest(secret.encode(), signed, "sha1"))
        found |= hmac.compare_digest(mine, given)
    return found


def form(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form, in their order; a key without `=` is an empty one. Raises `Invalid`."""
    try:
        return parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except UnicodeDecodeError as error:
        raise Invalid("bad_characters", None, "the form is no UTF-8") from error
    except ValueError as error:
        raise Invalid("too_large", None, f"the form has over {MOST_FIELDS} fields") from error


def query(hook: Hook) -> dict[str, str]:
    """The parameters of the address, the first of each name."""
    found = parse_qs(urlsplit(hook.url).query, keep_blank_values=True)
    return {name: values[0] for name, values in found.items()}


def _in_order(fields: list[tuple[str, str]]) -> str:
    return "".join(key + value for key, value in sorted(set(fields)))


def _addresses(address: str) -> list[str]:
    """The address without and with its port: Twilio's servers differ in which they sign."""
    parts = urlsplit(address)
    host, colon, port = parts.netloc.rpartition(":")
    if not (colon and port.isdigit()):
        host, port = parts.netloc, "443" if parts.scheme == "https" else "80"
    return [parts._replace(netloc=netloc).geturl() for netloc in (host, f"{host}:{port}")]
