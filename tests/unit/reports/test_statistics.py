"""Rates, intervals and changes: against published figures and against formulas of another kind."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.report_runs import ReportMetrics
from assay.domain.report_statistics import (
    SIGNIFICANCE,
    Z_95,
    report_metrics,
    two_proportion_p_value,
    wilson_interval,
)

START = datetime(2026, 3, 29, tzinfo=UTC)
END = START + timedelta(days=1)

proportions = st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
counts = st.dictionaries(st.sampled_from(["pass", "fail", "na", "positive", "other"]), st.integers(0, 10**6))


def metrics(current: dict[str, int], previous: dict[str, int] | None = None) -> ReportMetrics:
    return report_metrics("boolean", current, previous, period_start=START, period_end=END)


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_intervals_that_newcombe_published(
    successes: int, trials: int, expected: tuple[float, float]
) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3."""
    assert wilson_interval(successes, trials) == pytest.approx(expected, abs=5e-5)


@given(proportions)
def test_the_ends_are_where_a_score_test_stops_rejecting(proportion: tuple[int, int]) -> None:
    """Wilson's definition, which his formula solves: |rate - end| = z * sqrt(end * (1 - end) / n)."""
    successes, trials = proportion
    low, high = wilson_interval(successes, trials)
    rate = successes / trials

    assert 0 <= low <= rate <= high <= 1
    assert low < high
    for end in (low, high):
        if 0 < end < 1:
            reach = Z_95 * math.sqrt(end * (1 - end) / trials)
            assert abs(rate - end) == pytest.approx(reach, rel=1e-6, abs=1e-12)


@given(proportions)
def test_an_interval_of_failures_mirrors_that_of_successes(proportion: tuple[int, int]) -> None:
    successes, trials = proportion
    low, high = wilson_interval(successes, trials)

    assert wilson_interval(trials - successes, trials) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@given(proportions, st.integers(2, 100))
def test_more_trials_make_a_narrower_interval(proportion: tuple[int, int], times: int) -> None:
    successes, trials = proportion
    few, many = wilson_interval(successes, trials), wilson_interval(successes * times, trials * times)

    assert many[1] - many[0] < few[1] - few[0]


def test_the_quantile_is_that_of_the_normal_distribution() -> None:
    assert NormalDist().inv_cdf(0.975) == pytest.approx(Z_95, rel=1e-12)


@pytest.mark.parametrize(
    ("one", "other", "p_value"),
    [
        ((5, 83), (12, 99), 0.15918129181156992),  # the example in the manual of statsmodels
        ((50, 100), (50, 100), 1.0),
    ],
    ids=["statsmodels", "equal"],
)
def test_known_p_values(one: tuple[int, int], other: tuple[int, int], p_value: float) -> None:
    assert two_proportion_p_value(*one, *other) == pytest.approx(p_value, rel=1e-9)


@given(proportions, proportions)
def test_the_test_is_the_chi_square_of_the_fourfold_table(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    """Chi-square as n(ad - bc)² / (row sums * column sums), in exact arithmetic."""
    (a, n1), (c, n2) = one, other
    b, d = n1 - a, n2 - c
    margins = n1 * n2 * (a + c) * (b + d)
    chi_square = Fraction((n1 + n2) * (a * d - b * c) ** 2, margins) if margins else Fraction(0)
    expected = 2 * NormalDist().cdf(-math.sqrt(chi_square))

    found = two_proportion_p_value(a, n1, c, n2)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert 0 <= found <= 1
    assert two_proportion_p_value(c, n2, a, n1) == found


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (2, 1), (-1, 5)])
def test_what_is_no_proportion_is_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="is no proportion"):
        wilson_interval(successes, trials)
    with pytest.raises(ValueError, match="is no proportion"):
        two_proportion_p_value(1, 2, successes, trials)


def test_the_numbers_of_a_period() -> None:
    found = metrics({"pass": 2, "fail": 1, "na": 3}, {"pass": 1, "fail": 2})

    assert found == ReportMetrics(
        output_type="boolean",
        total_runs=6,
        result_counts={"pass": 2, "fail": 1, "na": 3},
        result_rates={"pass": 33.33, "fail": 16.67, "na": 50.0},
        pass_count=2,
        fail_count=1,
        na_count=3,
        pass_rate=66.67,
        pass_rate_interval=(20.77, 93.85),
        period_start=START,
        period_end=END,
        previous_total_runs=3,
        previous_result_counts={"pass": 1, "fail": 2, "na": 0},
        previous_result_rates={"pass": 33.33, "fail": 66.67, "na": 0.0},
        previous_pass_rate=33.33,
        previous_pass_rate_interval=(6.15, 79.23),
        change=found.change,
    )
    assert found.change is not None
    assert found.change.percentage_points == 33.33  # of the rates themselves: 66.67 - 33.33 is 33.34
    assert found.change.p_value == pytest.approx(0.4142161782)
    assert not found.change.is_significant


def test_a_change_beyond_chance_is_significant() -> None:
    change = metrics({"pass": 80, "fail": 20}, {"pass": 60, "fail": 40}).change
    assert change is not None
    assert (change.percentage_points, change.is_significant) == (20.0, True)
    change = metrics({"pass": 62, "fail": 38}, {"pass": 60, "fail": 40}).change
    assert change is not None
    assert (change.percentage_points, change.is_significant) == (2.0, False)


def test_an_empty_period_has_a_rate_of_zero_and_no_interval() -> None:
    found = metrics({}, {"pass": 5})

    assert found.total_runs == 0
    assert found.result_counts == {"pass": 0, "fail": 0, "na": 0}
    assert found.result_rates == {"pass": 0.0, "fail": 0.0, "na": 0.0}
    assert found.pass_rate == 0.0
    assert found.pass_rate_interval is None
    assert found.previous_pass_rate == 100.0
    assert found.change is None


@pytest.mark.parametrize("previous", [None, {}, {"pass": 0, "fail": 0}], ids=["unknown", "none", "zeros"])
def test_an_empty_period_before_is_nothing_to_compare_with(previous: dict[str, int] | None) -> None:
    found = metrics({"pass": 5}, previous)

    assert found.previous_total_runs is None
    assert found.previous_result_counts == {}
    assert found.previous_result_rates == {}
    assert found.previous_pass_rate is None
    assert found.previous_pass_rate_interval is None
    assert found.change is None


def test_what_does_not_apply_is_counted_but_does_not_pass_or_fail() -> None:
    found = metrics({"na": 4}, {"na": 4})

    assert (found.total_runs, found.na_count, found.pass_rate) == (4, 4, 0.0)
    assert found.pass_rate_interval is None
    assert (found.previous_total_runs, found.previous_pass_rate) == (4, None)
    assert found.change is None


def test_sentiments_have_counts_and_rates_but_do_not_pass() -> None:
    found = report_metrics(
        "sentiment", {"negative": 1, "positive": 3}, {"neutral": 2}, period_start=START, period_end=END
    )

    assert found.result_counts == {"positive": 3, "neutral": 0, "negative": 1}
    assert list(found.result_counts) == ["positive", "neutral", "negative"]
    assert found.result_rates == {"positive": 75.0, "neutral": 0.0, "negative": 25.0}
    assert found.previous_result_counts == {"positive": 0, "neutral": 2, "negative": 0}
    assert (found.pass_count, found.pass_rate, found.pass_rate_interval) == (0, 0.0, None)
    assert found.change is None


def test_a_change_that_rounds_to_nothing_has_no_sign() -> None:
    change = metrics({"pass": 500_000, "fail": 500_001}, {"pass": 1, "fail": 1}).change
    assert change is not None
    assert str(change.percentage_points) == "0.0"


@given(counts, st.none() | counts)
def test_metrics_agree_with_their_counts(current: dict[str, int], previous: dict[str, int] | None) -> None:
    found = metrics(current, previous)

    assert found.total_runs == sum(current.values()) == sum(found.result_counts.values())
    assert current.items() <= found.result_counts.items()
    assert set(found.result_rates) == set(found.result_counts)
    if found.total_runs:
        assert sum(found.result_rates.values()) == pytest.approx(100, abs=0.03)
    if found.pass_rate_interval is not None:
        low, high = found.pass_rate_interval
        assert 0 <= low <= found.pass_rate <= high <= 100
    if found.change is not None:
        assert found.previous_pass_rate is not None
        apart = found.pass_rate - found.previous_pass_rate
        assert found.change.percentage_points == pytest.approx(apart, abs=0.0101)
        assert found.change.is_significant == (found.change.p_value < SIGNIFICANCE)
    assert ReportMetrics.model_validate_json(found.model_dump_json()) == found
