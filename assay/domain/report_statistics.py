"""The arithmetic of report metrics: pass rates, their uncertainty, and whether a change is more than chance.

Rates leave here as percentages, rounded once to two digits; everything is computed from counts, never from
rounded rates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from assay.contracts.report_runs import RateChange, ReportMetrics

SIGNIFICANCE: Final = 0.05
"""A change is significant if chance alone would do as much less often than this."""

Z_95: Final = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution: 95 % lie within it on both sides."""

PASS_OR_FAIL: Final = ("pass", "fail", "na")
SENTIMENTS: Final = ("positive", "neutral", "negative")

_DIGITS: Final = 2


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion, between 0 and 1.

    It holds the proportions that a two-sided score test does not reject, so unlike the usual ± it neither
    leaves [0, 1] nor shrinks to a point where all trials agree.

    Source:
        E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the
        American Statistical Association 22 (1927), 209-212. No continuity correction.

    Raises:
        ValueError: there are no trials, or more successes than trials.
    """
    _require(successes, trials)
    rate = successes / trials
    spread = Z_95**2 / trials
    centre = rate + spread / 2
    margin = math.sqrt(rate * (1 - rate) * spread + spread**2 / 4)
    # The ends are exact where all trials agree; rounding would leave them a hair beside.
    low = 0.0 if successes == 0 else (centre - margin) / (1 + spread)
    high = 1.0 if successes == trials else (centre + margin) / (1 + spread)
    return low, high


def two_proportion_p_value(successes: int, trials: int, other_successes: int, other_trials: int) -> float:
    """How often chance alone would set two proportions as far apart as these, if they were of one kind.

    The two-sided z-test with pooled variance, without continuity correction; z squared is the chi-square of
    the fourfold table. The order of the two does not matter.

    Source:
        J. L. Fleiss, B. Levin, M. C. Paik, "Statistical Methods for Rates and Proportions", 3rd edition
        (Wiley, 2003), chapter 3.

    Returns:
        Between 0 and 1; 1 where all trials of both agree.

    Raises:
        ValueError: one has no trials, or more successes than trials.
    """
    _require(successes, trials)
    _require(other_successes, other_trials)
    pooled = (successes + other_successes) / (trials + other_trials)
    variance = pooled * (1 - pooled) * (1 / trials + 1 / other_trials)
    if variance == 0:
        return 1.0
    z = (successes / trials - other_successes / other_trials) / math.sqrt(variance)
    return math.erfc(abs(z) / math.sqrt(2))


def report_metrics(
    output_type: str,
    current: Mapping[str, int],
    previous: Mapping[str, int] | None,
    *,
    period_start: datetime,
    period_end: datetime,
) -> ReportMetrics:
    """The numbers of a report.

    Args:
        output_type: of the evaluation. Its outcomes are listed even if none occurred; others follow if they
            did, as after a change of the type.
        current: outcome → results of the period.
        previous: the same of the period before it; None or without results: there is nothing to compare.
        period_start, period_end: half-open, by the arrival of the results.
    """
    before = previous if previous and sum(previous.values()) else None
    rate, interval = _pass_rate(current)
    previous_rate, previous_interval = _pass_rate(before or {})
    return ReportMetrics(
        output_type=output_type,
        total_runs=sum(current.values()),
        result_counts=_counts(output_type, current),
        result_rates=_rates(output_type, current),
        pass_count=current.get("pass", 0),
        fail_count=current.get("fail", 0),
        na_count=current.get("na", 0),
        pass_rate=0.0 if rate is None else rate,
        pass_rate_interval=interval,
        period_start=period_start,
        period_end=period_end,
        previous_total_runs=sum(before.values()) if before else None,
        previous_result_counts=_counts(output_type, before) if before else {},
        previous_result_rates=_rates(output_type, before) if before else {},
        previous_pass_rate=previous_rate,
        previous_pass_rate_interval=previous_interval,
        change=_change(current, before or {}),
    )


def _counts(output_type: str, counts: Mapping[str, int]) -> dict[str, int]:
    known = SENTIMENTS if output_type == "sentiment" else PASS_OR_FAIL
    others = sorted(outcome for outcome in counts if outcome not in known)
    return {outcome: counts.get(outcome, 0) for outcome in (*known, *others)}


def _rates(output_type: str, counts: Mapping[str, int]) -> dict[str, float]:
    """Percentages of all results; 0 without any."""
    total = sum(counts.values())
    return {
        outcome: _percentage(count / total) if total else 0.0
        for outcome, count in _counts(output_type, counts).items()
    }


def _pass_rate(counts: Mapping[str, int]) -> tuple[float | None, tuple[float, float] | None]:
    """Percentage of passes among passes and failures, and its interval; None both without any."""
    passes, decided = _decided(counts)
    if not decided:
        return None, None
    low, high = wilson_interval(passes, decided)
    return _percentage(passes / decided), (_percentage(low), _percentage(high))


def _change(current: Mapping[str, int], previous: Mapping[str, int]) -> RateChange | None:
    (passes, decided), (passes_before, decided_before) = _decided(current), _decided(previous)
    if not decided or not decided_before:
        return None
    p_value = two_proportion_p_value(passes, decided, passes_before, decided_before)
    return RateChange(
        percentage_points=_percentage(passes / decided - passes_before / decided_before),
        p_value=p_value,
        is_significant=p_value < SIGNIFICANCE,
    )


def _decided(counts: Mapping[str, int]) -> tuple[int, int]:
    """Passes, and passes and failures."""
    passes = counts.get("pass", 0)
    return passes, passes + counts.get("fail", 0)


def _percentage(proportion: float) -> float:
    return round(proportion * 100, _DIGITS) + 0.0  # never -0.0


def _require(successes: int, trials: int) -> None:
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"{successes} of {trials} is no proportion.")
