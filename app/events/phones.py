"""Phone numbers in E.164. Pure."""

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=100_000)
def e164(text: str, region: str) -> str | None:
    """The number in E.164, extension dropped; None for a text that is no possible number."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
