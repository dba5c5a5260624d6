"""Asterisk's records become legs of extensions; its clock has no zone, and hold is not known."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from app import settings
from app.db import Database
from app.errors import BadConfiguration
from app.events.refusals import Refusal
from app.events.types import CallEnded, Customer, Event
from app.feeds import asterisk
from app.feeds.feed import Hook, Ignored
from tests.feeds import given
from tests.feeds.vendors.asterisk import ASTERISK_SECRET, AUTHORIZED, ami, cdr, inbound

PATH = "/v1/webhooks/asterisk"
DENVER = {"RINGSIDE_ASTERISK_ZONE": "America/Denver"}


def at(seconds: int) -> datetime:
    return datetime(2025, 11, 18, 10, tzinfo=UTC) + timedelta(seconds=seconds)


def read(body: bytes, **environ: str) -> list[Event | Refusal | Ignored]:
    chosen = settings.read({"RINGSIDE_SECRET": "a secret of the tests", **DENVER, **environ})
    return given.read(asterisk.FEED, body, settings=chosen)


def legs(record: dict[str, Any], **environ: str) -> list[CallEnded]:
    found = read(ami(record), **environ)
    assert found == read(json.dumps(record).encode(), **environ)
    assert all(isinstance(e, Event) for e in found), found
    return [e.data for e in found if isinstance(e, Event) and isinstance(e.data, CallEnded)]


def leg(**over: Any) -> CallEnded:
    plain: dict[str, Any] = {
        "call_id": "asterisk:1763460000.42", "rep_id": "asterisk:201", "direction": "outbound",
        "customer": Customer(phone="3035550142"), "started_at": at(0), "answered_at": at(12),
        "ended_at": at(200), "ring_seconds": 12, "talk_seconds": 188, "outcome": "connected",
        "revision": 100_188,
    }  # fmt: skip
    return CallEnded(**{**plain, **over})


def test_a_record_is_the_extensions_in_the_zone_of_the_switch_and_hold_is_not_known() -> None:
    assert legs(cdr()) == [leg(hold_seconds=None)]
    assert legs(inbound()) == [leg(direction="inbound")]
    (vienna,) = legs(cdr(), RINGSIDE_ASTERISK_ZONE="Europe/Vienna")
    assert vienna.started_at == datetime(2025, 11, 18, 2, tzinfo=UTC)
    default = {"RINGSIDE_ASTERISK_ZONE": "", "RINGSIDE_DEFAULT_ZONE": "Asia/Tokyo"}
    (tokyo,) = legs(cdr(), **default)
    assert tokyo.started_at == datetime(2025, 11, 17, 18, tzinfo=UTC)


def test_the_columns_of_the_table_say_the_same() -> None:
    row = {
        "calldate": "2025-11-18 03:00:00", "clid": '"Ada" <201>', "src": "201",
        "dst": "3035550142", "dcontext": "from-internal", "channel": "PJSIP/201-0000002a",
        "dstchannel": "PJSIP/trunk-one-0000002b", "lastapp": "Dial", "lastdata": "",
        "duration": 200, "billsec": 188, "disposition": "ANSWERED", "amaflags": 3,
        "uniqueid": "1763460000.42", "userfield": "", "linkedid": "1763460000.42", "sequence": 7,
    }  # fmt: skip
    (found,) = read(json.dumps(row).encode())
    assert isinstance(found, Event)
    assert found.data == leg()
    assert found.time == at(200)


UNANSWERED = {"AnswerTime": "", "BillableSeconds": "0", "Disposition": "NO ANSWER"}


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        (cdr(**UNANSWERED), "no_answer"),
        (cdr(**{**UNANSWERED, "Disposition": "BUSY"}), "busy"),
        (cdr(**{**UNANSWERED, "Disposition": "FAILED"}), "failed"),
        (cdr(**{**UNANSWERED, "Disposition": "CONGESTION"}), "failed"),
        (inbound(**UNANSWERED), "missed"),
        (inbound(**{**UNANSWERED, "Disposition": "BUSY"}), "missed"),
        (inbound(LastApplication="VoiceMail"), "voicemail"),
    ],
)
def test_a_call_that_nobody_answered_has_no_talk(record: dict[str, str], outcome: str) -> None:
    (found,) = legs(record)
    assert (found.outcome, found.answered_at, found.talk_seconds, found.ring_seconds) == (
        outcome, None, 0, 200,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("unique", "hour"),
    [
        ("1762066800.1", 7),  # summer time still: 01:00 the first time
        ("pbx-1762070400.1", 8),  # an hour later, 01:00 again
        ("1762070395.1", 8),
        ("no-epoch", 7),
        ("1594669308.400", 7),  # an id that was used before says the first
    ],
)
def test_an_hour_that_happens_twice_is_told_by_the_unique_id(unique: str, hour: int) -> None:
    (found,) = legs(cdr(StartTime="2025-11-02 01:00:00", UniqueID=unique))
    assert found.started_at == datetime(2025, 11, 2, hour, tzinfo=UTC)


def test_a_call_over_the_change_of_clocks_is_as_long_as_it_was() -> None:
    (found,) = legs(cdr(
        StartTime="2025-11-02 01:59:00", UniqueID="1762070340.1", AnswerTime="2025-11-02 01:00:00",
        EndTime="2025-11-02 01:30:00", Duration="1860", BillableSeconds="1800",
    ))  # fmt: skip
    assert found.started_at == datetime(2025, 11, 2, 7, 59, tzinfo=UTC)
    assert (found.ended_at - found.started_at, found.talk_seconds) == (timedelta(minutes=31), 1800)
    (left_out,) = legs(cdr(StartTime="2025-03-09 02:30:00"))
    assert left_out.started_at == datetime(2025, 3, 9, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("record", "rep", "direction", "number"),
    [
        (cdr(Channel="SIP/206399-000000c4"), "206399", "outbound", "3035550142"),
        (cdr(Channel="IAX2/42-7"), "42", "outbound", "3035550142"),
        (cdr(DestinationChannel="DAHDI/i1/3035550142-5"), "201", "outbound", "3035550142"),
        # A local number as short as an extension went out by the trunk.
        (cdr(Destination="123456"), "201", "outbound", "123456"),
        (cdr(Destination="202", DestinationChannel="PJSIP/202-0000002b"), "201", "internal", None),
        (cdr(Destination="*97", DestinationChannel=""), "201", "internal", None),
        (cdr(Destination="202", DestinationChannel="", **UNANSWERED), "201", "internal", None),
        (inbound(Source="123456"), "201", "inbound", "123456"),
        (inbound(Source="anonymous"), "201", "inbound", "anonymous"),
        (inbound(Source=""), "201", "inbound", None),
        # By a queue: the Local channel is passed on, and so is who called.
        (inbound(DestinationChannel="Local/201@from-queue-0000002b;1"),
         "201", "inbound", "3035550142"),
        (inbound(Channel="Local/201@from-queue-0000002b;2"), "201", "inbound", "3035550142"),
        (inbound(Channel="Local/201@from-queue-0000002b;2", Source="204"),
         "201", "internal", None),
    ],
)  # fmt: skip
def test_who_called_whom(
    record: dict[str, str], rep: str, direction: str, number: str | None
) -> None:
    (found,) = legs(record)
    customer = Customer(phone=number) if number else None
    assert (found.rep_id, found.direction, found.customer) == (
        f"asterisk:{rep}", direction, customer,
    )  # fmt: skip


def test_names_of_extensions_and_the_digit_for_a_line_are_settings() -> None:
    named = cdr(Channel="PJSIP/ada-0000002a", Destination="93035550142")
    assert read(ami(named)) == [Ignored("no_rep", "Cdr")]
    chosen = {"RINGSIDE_ASTERISK_EXTENSIONS": "ada|bo", "RINGSIDE_ASTERISK_PREFIX": "9"}
    assert legs(named, **chosen) == [leg(rep_id="asterisk:ada")]
    with pytest.raises(BadConfiguration, match="RINGSIDE_ASTERISK_EXTENSIONS"):
        read(b"", RINGSIDE_ASTERISK_EXTENSIONS="(")
    with pytest.raises(BadConfiguration, match="RINGSIDE_ASTERISK_ZONE"):
        read(b"", RINGSIDE_ASTERISK_ZONE="Denver")


@pytest.mark.parametrize(
    ("record", "ignored"),
    [
        (inbound(DestinationChannel=""), Ignored("no_rep", "Cdr")),
        (inbound(DestinationChannel="PJSIP/other-trunk-00000001"), Ignored("no_rep", "Cdr")),
        (cdr(Event="Newchannel"), Ignored("kind", "Newchannel")),
    ],
)
def test_what_is_no_reps_is_ignored_by_name(record: dict[str, str], ignored: Ignored) -> None:
    assert read(ami(record)) == [ignored]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (ami(cdr(UniqueID="")), "missing", "UniqueID"),
        (ami(cdr(StartTime=...)), "missing", "StartTime"),
        (ami(cdr(StartTime="yesterday")), "bad_timestamp", "StartTime"),
        (ami(cdr(Duration="-1")), "out_of_range", "Duration"),
        (ami(cdr(BillableSeconds="1e3")), "out_of_range", "BillableSeconds"),
        (ami(cdr(BillableSeconds="300")), "inconsistent", "data.answered_at"),
        (ami(cdr(Disposition="ANSWERED?")), "unknown_value", "Disposition"),
        (b"Response: Success\r\nMessage: hello\r\n", "missing", "Event"),
        (ami(cdr()).strip() + b"\r\n" + ami(cdr()), "inconsistent", "Event"),
        (b"Event: Cdr\r\nSource: \xff", "not_json", None),
        (b"Ada;3035550142;ANSWERED", "not_json", None),
        (b'{"uniqueid": ["1"]}', "wrong_type", "[...]"),
        (b"[" + b"{}," * 1000 + b"{}]", "too_large", None),
        (ami(cdr()) * 1001, "too_large", None),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(body: bytes, code: str, field: str | None) -> None:
    (refusal,) = read(body)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field, refusal.source) == (code, field, "asterisk")


def test_only_the_token_is_genuine() -> None:
    assert asterisk.FEED.genuine(ASTERISK_SECRET, Hook(AUTHORIZED, b""), given.NOW)
    for text in ("", "Bearer", "Bearer ", ASTERISK_SECRET, f"Basic {ASTERISK_SECRET}",
                 f"Bearer {ASTERISK_SECRET}x", "Bearer ü"):  # fmt: skip
        hook = Hook({"authorization": text}, b"")
        assert not asterisk.FEED.genuine(ASTERISK_SECRET, hook, given.NOW)


async def test_many_records_in_one_body_and_a_transferred_call_are_what_they_are(
    service: httpx2.AsyncClient, database: Database
) -> None:
    """One call rings at 201 in vain, then twice at 202, who takes it: two legs of one call."""
    first = {"Linkedid": "1763460000.1", "UniqueID": "1763460000.1"}
    rang = {**first, **UNANSWERED, "UniqueID": "1763460000.7"}
    other = {"DestinationChannel": "PJSIP/202-0000002c"}
    body = ami(inbound(**rang), inbound(**first, **other), inbound(**rang, **other),
               cdr(Event="Hangup"))  # fmt: skip
    for answer in ({"accepted": 3, "duplicates": 0}, {"accepted": 0, "duplicates": 3}):
        response = await service.post(PATH, content=body, headers=AUTHORIZED)
        assert response.json() == {**answer, "ignored": {"kind": 1}, "rejected": []}
    async with database.reading() as reading:
        rows = await reading.fetch(
            "SELECT call_id, rep_id, outcome, talk FROM legs ORDER BY rep_id"
        )
    assert [tuple(row) for row in rows] == [
        ("asterisk:1763460000.1", "asterisk:201", "missed", 0),
        ("asterisk:1763460000.1", "asterisk:202", "connected", 188),
    ]
