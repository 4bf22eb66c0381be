"""How far back a report looks that no earlier one says it of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from assay.contracts.evaluation_reports import EvaluationReportSpec, ReportFrequency
from schedules.report_periods import one_cadence_before

DAY = timedelta(days=1)


def spec(
    rrule: str, zone: str = "UTC", start: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC)
) -> EvaluationReportSpec:
    return EvaluationReportSpec(
        evaluation_id=UUID(int=1),
        frequency=ReportFrequency.SCHEDULED,
        rrule=rrule,
        starts_at=start,
        timezone_name=zone,
    )


@pytest.mark.parametrize(
    ("rrule", "gap"),
    [
        ("FREQ=HOURLY", DAY / 24),
        ("FREQ=HOURLY;INTERVAL=6", DAY / 4),
        ("FREQ=DAILY", DAY),
        ("FREQ=WEEKLY", 7 * DAY),
        ("FREQ=MONTHLY", 30 * DAY),
        ("FREQ=YEARLY", 366 * DAY),
    ],
    ids=["hourly", "six hours", "daily", "weekly", "monthly", "yearly"],
)
def test_one_cadence_back_from_any_moment(rrule: str, gap: timedelta) -> None:
    until = datetime(2029, 5, 14, 9, 30, tzinfo=UTC)
    assert until - one_cadence_before(spec(rrule), until) == gap


def test_a_weekend_is_part_of_mondays_period() -> None:
    monday = datetime(2026, 5, 4, 9, tzinfo=UTC)
    rule = spec("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
    assert one_cadence_before(rule, monday) == monday - 3 * DAY
    assert one_cadence_before(rule, monday + DAY) == monday


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (10, 25, 25)], ids=["spring", "autumn"])
def test_a_day_is_as_long_as_its_clocks_make_it(month: int, day: int, hours: int) -> None:
    rule = spec("FREQ=DAILY", "Europe/Berlin", datetime(2026, 1, 5, 8, tzinfo=UTC))
    until = datetime(2026, month, day, 7 if month == 3 else 8, tzinfo=UTC)
    assert until - one_cadence_before(rule, until) == timedelta(hours=hours)


def test_before_the_second_occurrence_the_next_ones_tell() -> None:
    start = datetime(2026, 6, 1, 9, tzinfo=UTC)
    assert one_cadence_before(spec("FREQ=WEEKLY", start=start), start) == start - 7 * DAY


def test_a_rule_with_one_occurrence_looks_back_a_day() -> None:
    start = datetime(2026, 6, 1, 9, tzinfo=UTC)
    assert one_cadence_before(spec("FREQ=DAILY;COUNT=1", start=start), start) == start - DAY
