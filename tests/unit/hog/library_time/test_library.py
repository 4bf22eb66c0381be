"""The package as a whole: what it declares, in programs, under attack."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.dates import date_text, printed_date
from assay.domain.hog.errors import HogInputError, HogRuntimeError
from assay.domain.hog.library import FUNCTIONS
from assay.domain.hog.library.time.arithmetic import Unit
from tests.unit.hog.library_time.calls import call, run, walls

ARITIES = {
    "now": (0, 1), "today": (0, 0), "toDate": (1, 1), "toDateTime": (1, 2),
    "toUnixTimestamp": (1, 2), "toUnixTimestampMilli": (1, 2),
    "fromUnixTimestamp": (1, 1), "fromUnixTimestampMilli": (1, 1),
    "toTimeZone": (2, 2), "formatDateTime": (2, 3),
    "dateAdd": (3, 3), "dateDiff": (3, 3), "dateTrunc": (2, 3), "addDays": (2, 2), "extract": (2, 2),
    "toYear": (1, 1), "toMonth": (1, 1), "toYYYYMM": (1, 1),
    "toStartOfDay": (1, 2), "toStartOfWeek": (1, 2), "toStartOfHour": (1, 1), "toStartOfMonth": (1, 1),
}  # fmt: skip
INTERVALS = [f"toInterval{unit.capitalize()}" for unit in Unit]


@pytest.mark.parametrize("name", list(ARITIES))
def test_what_is_declared(name: str) -> None:
    declared = FUNCTIONS[name]

    assert (declared.least, declared.most) == ARITIES[name]
    assert declared.scalar


@pytest.mark.parametrize("name", INTERVALS)
def test_intervals_are_objects(name: str) -> None:
    declared = FUNCTIONS[name]

    assert (declared.least, declared.most) == (1, 1)
    assert not declared.scalar


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("return dateDiff('day', toDate('2026-03-01'), today())", 28),
        ("return formatDateTime(now('Asia/Tokyo'), '%F %R')", "2026-03-29 21:30"),
        ("return toDateTime('2024-05-03 10:00', 'Europe/Berlin') == '2024-05-03T08:00:00Z'", True),
        ("return toDateTime('2024-05-03') < toDate('2024-05-04')", True),
        ("return toDateTime('nonsense') ?? 'no date'", "no date"),
        ("return now() == now()", True),
        ("try { return toTimeZone(now(), '../../x') } catch (e) { return e.message }", "unknown time zone '../../x'"),
        ("try { return fromUnixTimestamp(1e18) } catch (e) { return e.type }", "RuntimeError"),
    ],
)  # fmt: skip
def test_in_programs(source: str, expected: Any) -> None:
    assert run(source) == expected


def test_no_program_waits_for_a_far_date() -> None:
    with pytest.raises(HogInputError, match="beyond the years"):
        run("return dateAdd('month', 1000000000, toDate('2024-01-01'))")


HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**18, -(10**18), 2**1022, -(2**1022), 1e18, -1e308, math.nan, math.inf, -math.inf]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["\ud800", "UTC", "Asia/Tokyo", "America/St_Johns", "../../x", "day", "month", "hour", "%Y%"]
    ),
    st.sampled_from(["0001-01-01", "9999-12-31T23:59:59.999", "2024-02-29", "0001-01-01T00:00+14:00"]),
    st.dates(),
    st.sampled_from([date.min, date.max]),
    st.datetimes(timezones=st.just(UTC)),
    walls("0001-01-03", "9999-12-29").map(lambda wall: wall.replace(tzinfo=ZoneInfo("Asia/Tokyo"))),
    st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]),
    st.just([]),
    st.just(()),
    st.just({"a": 1}),
)


@given(st.data())
def test_whatever_they_get_they_fail_in_words_or_give_a_value(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*ARITIES, *INTERVALS]))
    least, most = ARITIES.get(name, (1, 1))
    count = data.draw(st.integers(least, most))
    arguments = data.draw(st.tuples(*[HOSTILE] * count))
    result, problem = None, ""
    try:
        result = call(name, *arguments)
    except HogRuntimeError as error:
        problem = error.message
    assert problem.isascii()
    assert len(problem) < 200
    assert type(result) in (type(None), int, float, str, date, datetime, dict)
    if isinstance(result, date):
        assert date_text(result)
        assert printed_date(result)
    if isinstance(result, datetime):
        assert result.astimezone(UTC).tzinfo is UTC
