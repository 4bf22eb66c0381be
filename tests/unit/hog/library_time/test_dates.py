"""Dates as values: their text, what is printed of them, which comes first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.dates import date_text, instant, parse_instant, printed_date, seconds_of, zone_name
from tests.unit.hog.library_time.calls import walls

BERLIN = ZoneInfo("Europe/Berlin")

ANY_MOMENT = walls("0001-01-03", "9999-12-29")
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2023-11-14", 1699920000),
        ("2023-11-14 22:13", 1699999980),
        ("2023-11-14T22:13:20", 1700000000),
        ("2023-11-14t22:13:20z", 1700000000),
        ("2023-11-14 22:13:20Z", 1700000000),
        ("2023-11-14T22:13Z", 1699999980),
        ("2023-11-15T00:13:20+02", 1700000000),
        ("2023-11-15T00:13:20+0200", 1700000000),
        ("2023-11-14 16:43:20-05:30", 1700000000),
        ("2023-11-14T22:13:20-00:00", 1700000000),
        ("2023-11-14T22:13:20.5Z", 1700000000.5),
        ("2023-11-14T22:13:20,25", 1700000000.25),
        ("2023-11-14T22:13:20.123999999+00:00", 1700000000.123),
        ("\t 2023-11-14T22:13:20 \n", 1700000000),
        ("1969-12-31T23:59:59.999", -0.001),
        ("0001-01-01", -62135596800),
        ("9999-12-31T23:59:59.999Z", 253402300799.999),
    ],
)
def test_a_text_names_a_moment(text: str, seconds: float) -> None:
    moment = parse_instant(text)

    assert moment is not None
    assert moment.tzinfo is UTC
    assert moment.timestamp() == seconds


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "yesterday", "12:30", "2023", "2023-11", "20231114", "2023-W46", "2023-318", "1700000000",
        "2023-02-29", "2023-13-01", "2023-00-10", "0000-01-01", "10000-01-01", "-2023-11-14",
        "2023-11-14T", "2023-11-14T22", "2023-11-14T24:00", "2023-11-14T22:60", "2023-11-14T22:13:60",
        "2023-11-14T22:13.5", "2023-11-14T22:13:20.", "2023-11-14T22:13:20.1234567890",
        "2023-11-14T22:13:20+24:00", "2023-11-14T22:13:20+02:60", "2023-11-14T22:13:20+2", "2023-11-14Z",
        "2023-11-14T22:13:20 Z", "2023-11-14  22:13", "2023-11-14_22:13", "14.11.2023", "11/14/2023",
        "0001-01-01T00:00+00:01", "9999-12-31T23:59-00:01",
        "٢٠٢٣-١١-١٤", "2023-11-14T22:13:20.١", "2023-11-14\x00", "2023-11-14\ud800", "\ud800",
        " " * 91 + "2023-11-14",
    ],
)  # fmt: skip
def test_anything_else_is_no_date(text: str) -> None:
    assert parse_instant(text) is None


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]?[0-9:.+\-Zz]*"))
def test_reading_never_fails(text: str) -> None:
    moment = parse_instant(text)

    assert moment is None or moment.tzinfo is UTC


@given(ANY_MOMENT, OFFSETS, st.sampled_from("Tt "))
def test_reading_agrees_with_python(wall: datetime, zone: timezone, separator: str) -> None:
    local = wall.replace(tzinfo=zone)

    moment = parse_instant(local.isoformat(separator))

    assert moment == local.replace(microsecond=local.microsecond // 1000 * 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-07-01 12:00", "2024-07-01T10:00:00+00:00"),
        ("2024-07-01", "2024-06-30T22:00:00+00:00"),
        ("2024-07-01T12:00Z", "2024-07-01T12:00:00+00:00"),
        ("2024-03-31 02:30", "2024-03-31T01:30:00+00:00"),  # skipped: half past three
        ("2024-10-27 02:30", "2024-10-27T00:30:00+00:00"),  # shown twice: the first
    ],
)
def test_a_zone_is_for_texts_that_do_not_say(text: str, expected: str) -> None:
    moment = parse_instant(text, BERLIN)

    assert moment is not None
    assert moment.isoformat() == expected


@pytest.mark.parametrize(
    ("value", "text", "printed"),
    [
        (date(2025, 2, 7), "2025-02-07", "Date(2025, 2, 7)"),
        (date(33, 4, 3), "0033-04-03", "Date(33, 4, 3)"),
        (
            datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
            "2023-11-14T22:13:20.000Z",
            "DateTime(1700000000.0, 'UTC')",
        ),
        (
            datetime(2023, 11, 14, 23, 13, 20, 123999, tzinfo=BERLIN),
            "2023-11-14T23:13:20.123+01:00",
            "DateTime(1700000000.123999, 'Europe/Berlin')",
        ),
        (
            datetime(2023, 11, 14, 22, 13, 20, tzinfo=ZoneInfo("Europe/London")),
            "2023-11-14T22:13:20.000+00:00",
            "DateTime(1700000000.0, 'Europe/London')",
        ),
        (
            datetime(1969, 7, 20, 20, 17, 40, 500000, tzinfo=UTC),
            "1969-07-20T20:17:40.500Z",
            "DateTime(-14182939.5, 'UTC')",
        ),
    ],
)
def test_the_text_of_a_date(value: date, text: str, printed: str) -> None:
    assert date_text(value) == text
    assert printed_date(value) == printed


@given(ANY_MOMENT)
def test_the_text_of_a_moment_names_it(wall: datetime) -> None:
    moment = wall.replace(tzinfo=UTC, microsecond=wall.microsecond // 1000 * 1000)

    assert parse_instant(date_text(moment)) == moment


def test_moments_are_compared_by_what_they_are_not_by_what_clocks_show() -> None:
    first = datetime(2024, 10, 27, 2, 45, tzinfo=BERLIN)
    second = datetime(2024, 10, 27, 2, 15, fold=1, tzinfo=BERLIN)

    assert instant(first) < instant(second)
    assert seconds_of(second) - seconds_of(first) == 1800


def test_a_day_stands_for_its_midnight_in_utc() -> None:
    assert instant(date(2024, 5, 3)) == datetime(2024, 5, 3, tzinfo=UTC)
    assert seconds_of(date(2024, 5, 3)) == 1714694400.0


def test_the_name_of_a_zone() -> None:
    assert zone_name(datetime(2024, 5, 3, tzinfo=UTC)) == "UTC"
    assert zone_name(datetime(2024, 5, 3, tzinfo=BERLIN)) == "Europe/Berlin"
