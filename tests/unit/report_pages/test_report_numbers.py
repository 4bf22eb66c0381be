"""Numbers of a report's page in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_shim.report_numbers import Row, numbers_of
from api_shim.report_words import chance, cost, interval
from assay.contracts.report_runs import RateChange, ReportMetrics


def metrics(**fields: Any) -> ReportMetrics:
    """Numbers of a week without results, unless said otherwise."""
    defaults: dict[str, Any] = {
        "output_type": "boolean",
        "total_runs": 0,
        "result_counts": {},
        "result_rates": {},
        "period_start": datetime(2026, 11, 9, tzinfo=UTC),
        "period_end": datetime(2026, 11, 16, tzinfo=UTC),
    }
    return ReportMetrics(**(defaults | fields))


def change(p_value: float) -> RateChange:
    return RateChange(percentage_points=-4.25, p_value=p_value, is_significant=p_value < 0.05)


@pytest.mark.parametrize(
    ("p_value", "words"),
    [
        (0.00004, "in fewer than 1 of 1,000 such comparisons, so this change is probably real (p < 0.001)."),
        (0.004, "in about 4 of 1,000 such comparisons, so this change is probably real (p = 0.004)."),
        (0.031, "in about 3 of 100 such comparisons, so this change is probably real (p = 0.031)."),
        (0.42, "in about 42 of 100 such comparisons, so this may well be chance (p = 0.420)."),
        (1.0, "in about 100 of 100 such comparisons, so this may well be chance (p = 1.000)."),
    ],
)
def test_a_p_value_is_told_in_words(p_value: float, words: str) -> None:
    assert chance(change(p_value)).endswith(words)


@given(p_value=st.floats(0, 1))
def test_the_verdict_is_that_of_the_test_itself(p_value: float) -> None:
    assert ("probably real" in chance(change(p_value))) is (p_value < 0.05)


def test_intervals_and_prices() -> None:
    assert interval((81.23, 92.0)) == "81.2\xa0% to 92\xa0%"
    assert [cost(0.0), cost(0.00001), cost(0.01234), cost(12)] == [
        "US$ 0.0000",
        "less than US$ 0.0001",
        "US$ 0.0123",
        "US$ 12.0000",
    ]


def test_both_periods_stand_side_by_side() -> None:
    numbers = numbers_of(
        metrics(
            total_runs=1_204,
            result_counts={"na": 4, "fail": 300, "pass": 900},
            result_rates={"na": 0.33, "fail": 24.92, "pass": 74.75},
            pass_rate=75.0,
            pass_rate_interval=(72.5, 77.4),
            previous_total_runs=10,
            previous_result_counts={"pass": 10},
            previous_result_rates={"pass": 100.0},
            previous_pass_rate=100.0,
            previous_pass_rate_interval=(72.2, 100.0),
            change=change(0.07),
        )
    )
    assert numbers.rows == (
        Row("Passed", "900", "74.8 %", "10", "100 %"),
        Row("Failed", "300", "24.9 %", "0", "0 %"),
        Row("Not applicable", "4", "0.3 %", "0", "0 %"),
        Row("All results", "1,204", "", "10", ""),
    )
    assert (numbers.total, numbers.pass_rate, numbers.interval) == ("1,204", "75 %", "72.5\xa0% to 77.4\xa0%")
    assert (numbers.previous_pass_rate, numbers.previous_interval) == ("100 %", "72.2\xa0% to 100\xa0%")
    assert "p = 0.070" in numbers.comparison


def test_without_an_earlier_period_there_is_nothing_to_compare_with() -> None:
    numbers = numbers_of(metrics(total_runs=1, result_counts={"pass": 1}, result_rates={"pass": 100.0}))
    assert numbers.rows[0] == Row("Passed", "1", "100 %", "–", "")
    assert numbers.change is None
    assert numbers.comparison == "There were no results in the period before to compare with."


def test_results_that_neither_pass_nor_fail_have_no_pass_rate() -> None:
    numbers = numbers_of(
        metrics(
            output_type="sentiment",
            total_runs=3,
            result_counts={"negative": 1, "odd": 0, "positive": 2},
            result_rates={"negative": 33.33, "odd": 0.0, "positive": 66.67},
            previous_total_runs=2,
            previous_result_counts={"neutral": 2},
            previous_result_rates={"neutral": 100.0},
        )
    )
    assert [row.label for row in numbers.rows] == ["Positive", "Neutral", "Negative", "odd", "All results"]
    assert (numbers.pass_rate, numbers.comparison) == (None, "")


def test_a_first_passing_period_says_why_there_is_no_comparison() -> None:
    numbers = numbers_of(
        metrics(total_runs=1, pass_rate=100.0, pass_rate_interval=(20.7, 100.0), previous_total_runs=5)
    )
    assert numbers.comparison.startswith("In the period before, no result passed or failed")
