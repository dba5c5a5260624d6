"""Numbers in E.164, and texts that are none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.events.phones import e164, parsed


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


@settings(max_examples=2_000)
@given(
    st.from_regex(r"\+1[0-9]{9,11}", fullmatch=True)
    | st.from_regex(r"\+?[0-9]{0,3}[2-9][0-9]{2}[2-9][0-9]{6} ?", fullmatch=True),
    st.sampled_from(("US", "CA", "JM", "DE", "GB")),
)
def test_what_is_seen_at_once_is_what_the_plans_say(text: str, region: str) -> None:
    assert e164(text, region) == parsed(text, region)
