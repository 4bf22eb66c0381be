"""From and to dates: the clock, texts, numbers, zones."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.dates import date_text, printed_date
from assay.domain.hog.errors import HogInputError, HogRuntimeError
from tests.unit.hog.library_time.calls import NOW, at, call

BERLIN = "Europe/Berlin"


def test_now_is_the_machine_s_moment() -> None:
    assert call("now") == NOW
    assert call("now").tzinfo is UTC
    assert date_text(call("now", BERLIN)) == "2026-03-29T14:30:15.123+02:00"
    assert call("now", None).tzinfo is UTC


def test_today_is_a_day_in_utc() -> None:
    assert call("today") == date(2026, 3, 29)
    assert type(call("today")) is date


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-05-03", date(2024, 5, 3)),
        (" 2024-05-03 23:30", date(2024, 5, 3)),
        ("2024-05-03T23:30:00-05:00", date(2024, 5, 3)),  # as written, though it is the 4th in UTC
        ("2024-02-30", None),
        ("soon", None),
        ("", None),
        (None, None),
        (0, date(1970, 1, 1)),
        (-1, date(1969, 12, 31)),
        (1714739696.5, date(2024, 5, 3)),
        (date(2024, 5, 3), date(2024, 5, 3)),
        (datetime(2024, 5, 3, 23, 30, tzinfo=UTC), date(2024, 5, 3)),
        (datetime(2024, 5, 4, 0, 30, tzinfo=ZoneInfo(BERLIN)), date(2024, 5, 4)),
    ],
)
def test_to_date(value: Any, expected: date | None) -> None:
    found = call("toDate", value)

    assert found == expected
    assert type(found) in (date, type(None))


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (("2023-11-14T22:13:20Z",), "DateTime(1700000000.0, 'UTC')"),
        (("2023-11-14T23:13:20+01:00",), "DateTime(1700000000.0, 'UTC')"),
        (("2023-11-14 23:13:20", BERLIN), "DateTime(1700000000.0, 'Europe/Berlin')"),
        (("2023-11-14T22:13:20Z", BERLIN), "DateTime(1700000000.0, 'Europe/Berlin')"),
        (("2023-11-14", None), "DateTime(1699920000.0, 'UTC')"),
        ((1700000000,), "DateTime(1700000000.0, 'UTC')"),
        ((1234334543.123,), "DateTime(1234334543.123, 'UTC')"),
        ((1700000000, BERLIN), "DateTime(1700000000.0, 'Europe/Berlin')"),
        ((-0.5,), "DateTime(-0.5, 'UTC')"),
        ((date(2023, 11, 14),), "DateTime(1699920000.0, 'UTC')"),
        ((date(2023, 11, 14), BERLIN), "DateTime(1699916400.0, 'Europe/Berlin')"),
        ((datetime(2023, 11, 14, 23, 13, 20, tzinfo=ZoneInfo(BERLIN)),), "DateTime(1700000000.0, 'UTC')"),
        (
            (datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), BERLIN),
            "DateTime(1700000000.0, 'Europe/Berlin')",
        ),
    ],
)
def test_to_datetime(arguments: tuple[Any, ...], printed: str) -> None:
    assert printed_date(call("toDateTime", *arguments)) == printed


@pytest.mark.parametrize("value", [None, "", "soon", "1700000000", "2023-02-29", "\ud800"])
def test_what_is_no_date_is_null(value: Any) -> None:
    assert call("toDateTime", value) is None
    assert call("toDate", value) is None


@pytest.mark.parametrize(
    ("arguments", "seconds"),
    [
        (("2023-11-14T22:13:20Z",), 1700000000),
        (("2023-11-14 23:13:20", BERLIN), 1700000000),
        (("2023-11-14T22:13:20Z", BERLIN), 1700000000),
        (("2023-11-14 22:13:20", None), 1700000000),
        ((date(2023, 11, 14),), 1699920000),
        ((date(2023, 11, 14), BERLIN), 1699916400),
        ((datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), BERLIN), 1700000000),
        ((datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),), -1),
        ((None,), None),
    ],
)
def test_to_unix_timestamp(arguments: tuple[Any, ...], seconds: int | None) -> None:
    found = call("toUnixTimestamp", *arguments)

    assert found == seconds
    assert not isinstance(found, float)
    assert call("toUnixTimestampMilli", *arguments) == (None if seconds is None else seconds * 1000)


def test_a_timestamp_has_a_fraction_if_the_moment_has_one() -> None:
    assert call("toUnixTimestamp", "2023-11-14T22:13:20.125Z") == 1700000000.125
    assert call("toUnixTimestampMilli", "2023-11-14T22:13:20.125Z") == 1700000000125


def test_from_unix_timestamp() -> None:
    assert printed_date(call("fromUnixTimestamp", 1700000000)) == "DateTime(1700000000.0, 'UTC')"
    assert printed_date(call("fromUnixTimestamp", -1.5)) == "DateTime(-1.5, 'UTC')"
    assert printed_date(call("fromUnixTimestampMilli", 1234334543123)) == "DateTime(1234334543.123, 'UTC')"
    assert call("fromUnixTimestamp", None) is None
    assert call("fromUnixTimestampMilli", None) is None


@given(st.integers(-62135596800000, 253402300799999))
def test_timestamps_survive_the_way_there_and_back(milliseconds: int) -> None:
    moment = call("fromUnixTimestampMilli", milliseconds)

    assert moment == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    assert call("toUnixTimestampMilli", moment) == milliseconds
    assert math.isclose(call("toUnixTimestamp", moment), milliseconds / 1000, abs_tol=1e-6)


def test_a_time_zone_changes_the_clocks_not_the_moment() -> None:
    moment = at("2024-05-03T12:34:56Z")

    for zone, text in {
        "Europe/Brussels": "2024-05-03T14:34:56.000+02:00",
        "America/New_York": "2024-05-03T08:34:56.000-04:00",
        "Asia/Kathmandu": "2024-05-03T18:19:56.000+05:45",
        "US/Eastern": "2024-05-03T08:34:56.000-04:00",
        "UTC": "2024-05-03T12:34:56.000Z",
    }.items():
        moved = call("toTimeZone", moment, zone)
        assert moved == moment
        assert date_text(moved) == text


def test_a_time_zone_of_null() -> None:
    assert call("toTimeZone", None, BERLIN) is None
    assert call("toTimeZone", NOW, None) is None


@pytest.mark.parametrize(
    "name",
    [
        "", "Mars/Phobos", "europe/berlin", "../../etc/passwd", "/etc/localtime", "Europe/../Europe/Berlin",
        "localtime", "posixrules", "Factory", "right/UTC", "tzdata.zi", "UTC\x00", "\ud800", "a" * 1_000_000,
    ],
    ids=lambda name: ascii(name[:30]),
)  # fmt: skip
def test_a_time_zone_that_does_not_exist(name: str) -> None:
    for arguments in (("now", name), ("toTimeZone", NOW, name), ("toDateTime", 0, name)):
        with pytest.raises(HogRuntimeError, match="unknown time zone") as failed:
            call(*arguments)
        assert not isinstance(failed.value, HogInputError)
        assert failed.value.message.isascii()
        assert len(failed.value.message) < 100


@pytest.mark.parametrize("name", ["toDate", "toDateTime", "fromUnixTimestamp", "fromUnixTimestampMilli"])
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e18, -1e300, 10**300, -(10**15)])
def test_numbers_that_are_no_moment(name: str, number: float) -> None:
    with pytest.raises(HogInputError, match="beyond the years 1 to 9999"):
        call(name, number)


def test_clocks_do_not_leave_the_years() -> None:
    with pytest.raises(HogInputError, match="beyond the years"):
        call("toTimeZone", at("9999-12-31T23:00Z"), "Asia/Tokyo")
    with pytest.raises(HogInputError, match="beyond the years"):
        call("toDateTime", date(1, 1, 1), "Asia/Tokyo")
    assert call("toDateTime", "0001-01-01", "Asia/Tokyo") is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("toDate", []), "toDate needs a number, not an array"),
        (("toDateTime", True), "toDateTime needs a number, not a boolean"),
        (("toUnixTimestamp", 5), "toUnixTimestamp needs a date, not an integer"),
        (("toUnixTimestamp", "soon"), "toUnixTimestamp cannot read 'soon' as a date"),
        (("fromUnixTimestamp", "5"), "fromUnixTimestamp needs a number, not a string"),
        (("toTimeZone", {}, BERLIN), "toTimeZone needs a date, not an object"),
        (("now", 5), "now needs the name of a time zone, not an integer"),
    ],
)
def test_values_of_another_type_are_refused_by_name(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(HogInputError) as failed:
        call(*arguments)
    assert failed.value.message == message
