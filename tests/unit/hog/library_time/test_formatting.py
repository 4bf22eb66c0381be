"""Dates in patterns."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given

from assay.domain.hog.errors import HogInputError, HogRuntimeError
from assay.domain.hog.library import FUNCTIONS
from assay.domain.hog.limits import Limits
from tests.unit.hog.library_time.calls import at, call, machine, walls


def shown(text: str, pattern: str, zone: Any = None) -> str:
    formatted = call("formatDateTime", at(text), pattern, zone)
    assert isinstance(formatted, str)
    return formatted


@pytest.mark.parametrize(
    ("code", "evening", "midnight"),
    [
        ("%a", "Sun", "Fri"),
        ("%b", "Mar", "Jan"),
        ("%c", "03", "01"),
        ("%C", "09", "10"),
        ("%d", "08", "01"),
        ("%D", "03/08/09", "01/01/10"),
        ("%e", "8", "1"),
        ("%f", "120000", "000000"),
        ("%F", "2009-03-08", "2010-01-01"),
        ("%g", "09", "09"),  # ISO 8601: the first days of 2010 belong to a week of 2009
        ("%G", "2009", "2009"),
        ("%h", "06", "12"),
        ("%H", "18", "00"),
        ("%i", "05", "07"),
        ("%I", "06", "12"),
        ("%j", "067", "001"),
        ("%k", "18", "00"),
        ("%l", "06", "12"),
        ("%m", "03", "01"),
        ("%M", "March", "January"),
        ("%n", "\n", "\n"),
        ("%p", "PM", "AM"),
        ("%Q", "1", "1"),
        ("%r", "06:05 PM", "12:07 AM"),
        ("%R", "18:05", "00:07"),
        ("%s", "09", "00"),
        ("%S", "09", "00"),
        ("%t", "\t", "\t"),
        ("%T", "18:05:09", "00:07:00"),
        ("%u", "7", "5"),
        ("%V", "10", "53"),
        ("%w", "0", "5"),
        ("%W", "Sunday", "Friday"),
        ("%y", "09", "10"),
        ("%Y", "2009", "2010"),
        ("%z", "+0000", "+0000"),
        ("%%", "%", "%"),
    ],
)
def test_every_code(code: str, evening: str, midnight: str) -> None:
    assert shown("2009-03-08 18:05:09.12", code) == evening
    assert shown("2010-01-01 00:07", code) == midnight


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "2009-02-11 18:39:03 +0000"),
        ("Europe/Brussels", "2009-02-11 19:39:03 +0100"),
        ("America/New_York", "2009-02-11 13:39:03 -0500"),
        ("America/St_Johns", "2009-02-11 15:09:03 -0330"),
        (None, "2009-02-11 18:39:03 +0000"),
    ],
)
def test_a_zone_of_its_own(zone: str | None, text: str) -> None:
    assert shown("2009-02-11 18:39:03", "%Y-%m-%d %H:%i:%S %z", zone) == text


def test_a_moment_shows_its_own_clocks() -> None:
    assert call("formatDateTime", at("2009-02-11 18:39", "Asia/Tokyo"), "%R%z") == "18:39+0900"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", ""),
        ("one banana", "one banana"),
        ("%Y%m%dT%H%i%SZ", "20090211T183903Z"),
        ("%%Y %%%Y", "%Y %2009"),
        ("é %Y 🦔\n{x} {0}", "é 2009 🦔\n{x} {0}"),
        ("\ud800%Y", "\ud8002009"),
    ],
)
def test_what_is_no_code_stays(pattern: str, text: str) -> None:
    assert shown("2009-02-11 18:39:03", pattern) == text


def test_days_and_texts_can_be_formatted_too() -> None:
    assert call("formatDateTime", date(2024, 5, 3), "%d.%m.%Y %T") == "03.05.2024 00:00:00"
    assert call("formatDateTime", "2024-05-03 10:00", "%e %M") == "3 May"
    assert call("formatDateTime", None, "%Y") is None


@given(walls("1900-01-01", "9999-12-31"))
def test_codes_agree_with_python(wall: datetime) -> None:
    moment = wall.replace(tzinfo=UTC)
    same = "YymdHIjpSfuwaAbBVGz"
    pattern = "|".join(f"%{code}" for code in same)

    ours = pattern.replace("%A", "%W").replace("%B", "%M")

    assert call("formatDateTime", moment, ours) == moment.strftime(pattern)


@pytest.mark.parametrize("pattern", ["%U", "%Y-%", "%", "%é", "% Y", "%\n", "%\ud800", "%Z"], ids=ascii)
def test_unknown_codes_are_the_program_s_fault(pattern: str) -> None:
    with pytest.raises(HogRuntimeError, match="formatDateTime knows no code") as failed:
        shown("2009-02-11", pattern)
    assert not isinstance(failed.value, HogInputError)
    assert failed.value.message.isascii()


@pytest.mark.parametrize("pattern", [None, 5, ["%Y"]])
def test_a_pattern_is_a_text(pattern: Any) -> None:
    with pytest.raises(HogInputError, match="formatDateTime needs a pattern, not"):
        call("formatDateTime", at("2009-02-11"), pattern)


def test_each_character_of_a_pattern_is_a_step() -> None:
    one = machine()

    FUNCTIONS["formatDateTime"].implementation(one, at("2009-02-11"), "%M" * 5)

    assert one.budget.steps == Limits().steps - 10


def test_long_patterns_are_refused_before_they_are_filled_in() -> None:
    with pytest.raises(HogInputError, match="at most 1,000 characters"):
        shown("2009-02-11", "%M" * 501)
