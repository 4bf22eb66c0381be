"""Statistics of a report in words that need no statistics to be read."""

from __future__ import annotations

from assay.contracts.report_runs import RateChange
from assay.domain.report_words import percent

_TINY = 0.001
"""Below this, a p-value is not told apart from a smaller one."""


def interval(bounds: tuple[float, float]) -> str:
    """An interval of percentages, `81.2 % to 92 %`, in which no line breaks before a sign."""
    low, high = bounds
    return f"{percent(low)} to {percent(high)}".replace(" %", "\N{NO-BREAK SPACE}%")


def chance(change: RateChange) -> str:
    """What the p-value of a change says, in a sentence, with the number behind it."""
    verdict = "so this change is probably real" if change.is_significant else "so this may well be chance"
    shown = f"p < {_TINY}" if change.p_value < _TINY else f"p = {change.p_value:.3f}"
    return (
        "If nothing had changed, chance alone would make a difference at least this large in "
        f"{_how_often(change.p_value)} such comparisons, {verdict} ({shown})."
    )


def cost(usd: float) -> str:
    """A price in dollars: `US$ 0.0123`."""
    return "less than US$ 0.0001" if 0 < usd < 0.0001 else f"US$ {usd:.4f}"


def _how_often(p_value: float) -> str:
    if p_value < _TINY:
        return "fewer than 1 of 1,000"
    if p_value < 0.01:
        return f"about {round(p_value * 1000)} of 1,000"
    return f"about {round(p_value * 100)} of 100"
