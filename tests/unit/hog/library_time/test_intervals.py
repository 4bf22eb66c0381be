"""Lengths of time as values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from assay.domain.hog.errors import HogInputError, HogRuntimeError
from assay.domain.hog.library.time.intervals import plus_interval
from tests.unit.hog.library_time.calls import call, run

UNITS = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"]


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_of_the_syntax_has_its_function(unit: str) -> None:
    expected = {"__hogInterval__": True, "value": 3, "unit": unit}

    assert run(f"return interval 3 {unit}") == expected
    assert call(f"toInterval{unit.title()}", 3) == expected


def test_intervals_are_made_of_numbers() -> None:
    assert call("toIntervalDay", None) is None
    with pytest.raises(HogInputError, match="toIntervalDay needs a number, not a string"):
        call("toIntervalDay", "3")


@pytest.mark.parametrize(
    ("interval", "sign", "expected"),
    [
        (("Day", 1), 1, date(2024, 2, 1)),
        (("Day", 1), -1, date(2024, 1, 30)),
        (("Month", 1), 1, date(2024, 2, 29)),
        (("Year", 2), -1, date(2022, 1, 31)),
        (("Hour", 3), 1, datetime(2024, 1, 31, 3, tzinfo=UTC)),
    ],
)
def test_a_date_plus_or_minus_an_interval(interval: tuple[str, int], sign: int, expected: date) -> None:
    unit, amount = interval

    assert plus_interval(date(2024, 1, 31), call(f"toInterval{unit}", amount), sign) == expected


@pytest.mark.parametrize(
    "value", [None, 5, "day", [], {}, {"value": 1, "unit": "day"}, {"__hogInterval__": 1}]
)
def test_other_values_are_no_intervals(value: Any) -> None:
    assert plus_interval(date(2024, 1, 31), value, 1) is None


@pytest.mark.parametrize(
    "forged",
    [
        {"__hogInterval__": True},
        {"__hogInterval__": True, "value": "1", "unit": "day"},
        {"__hogInterval__": True, "value": 1, "unit": "aeon"},
        {"__hogInterval__": True, "value": 1},
        {"__hogInterval__": True, "value": float("nan"), "unit": "hour"},
        {"__hogInterval__": True, "value": 10**300, "unit": "month"},
    ],
)
def test_forged_intervals_fail_in_words(forged: dict[str, Any]) -> None:
    with pytest.raises(HogRuntimeError):
        plus_interval(date(2024, 1, 31), forged, 1)
