"""Numbers in E.164, and texts that are none."""

import pytest

from app.events.phones import e164


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+1 (303) 555-0101", "+13035550101"),
        ("303.555.0101", "+13035550101"),
        ("tel:+1-303-555-0101", "+13035550101"),
        ("+13035550101 ext. 22", "+13035550101"),
        ("+43 720 880079", "+43720880079"),
        ("1-800-FLOWERS", "+18003569377"),
        ("anonymous", None),
        ("", None),
        ("201", None),
        ("555-0101", None),  # the plan needs the area code
        ("+1", None),
        ("client:ada", None),
        ("\u0000", None),
        ("9" * 200, None),
    ],
)
def test_numbers(text: str, number: str | None) -> None:
    assert e164(text, "US") == number
