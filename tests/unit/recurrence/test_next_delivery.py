"""When a report is delivered next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from assay.contracts.evaluation_reports import EvaluationReportSpec, ReportFrequency
from schedules.evaluation_reports import LEAD, next_delivery_date

START = datetime(2026, 1, 1, 9, tzinfo=UTC)
DAILY = EvaluationReportSpec(
    evaluation_id=UUID(int=1),
    frequency=ReportFrequency.SCHEDULED,
    rrule="FREQ=DAILY",
    starts_at=START,
    timezone_name="America/New_York",
)


def test_an_occurrence_must_be_farther_away_than_the_lead() -> None:
    just_enough = START - LEAD - timedelta(microseconds=1)
    assert next_delivery_date(DAILY, just_enough) == START
    assert next_delivery_date(DAILY, START - LEAD) == START + timedelta(days=1)


def test_the_zone_of_the_report_is_the_one_whose_clocks_count() -> None:
    in_summer = datetime(2026, 7, 1, tzinfo=UTC)
    assert next_delivery_date(DAILY, in_summer) == in_summer.replace(hour=8)


def test_a_report_without_a_rule_has_none() -> None:
    by_results = DAILY.model_copy(update={"frequency": ReportFrequency.EVERY_N})
    assert next_delivery_date(by_results, START) is None


def test_a_rule_that_has_ended_has_none() -> None:
    ended = DAILY.model_copy(update={"rrule": "FREQ=DAILY;COUNT=1"})
    assert next_delivery_date(ended, START) is None
