"""Statistics of a report in words that need no statistics to be read."""

from __future__ import annotations

from assay.contracts.report_runs import RateChange
from assay.domain.report_words import TINY_P_VALUE, p_value, percent


def interval(bounds: tuple[float, float]) -> str:
    """An interval of percentages, `81.2 % to 92 %`, in which no line breaks before a sign."""
    low, high = bounds
    return f"{percent(low)} to {percent(high)}".replace(" %", "\N{NO-BREAK SPACE}%")


def chance(change: RateChange) -> str:
    """What the p-value of a change says, in a sentence, with the number behind it."""
    verdict = "so this change is probably real" if change.is_significant else "so this may well be chance"
    return (
        "If nothing had changed, chance alone would make a difference at least this large in "
        f"{_how_often(change.p_value)} such comparisons, {verdict} ({p_value(change.p_value)})."
    )


def cost(usd: float) -> str:
    """A price in dollars: `US$ 0.0123`."""
    return "less than US$ 0.0001" if 0 < usd < 0.0001 else f"US$ {usd:.4f}"


def _how_often(chance_alone: float) -> str:
    if chance_alone < TINY_P_VALUE:
        return "fewer than 1 of 1,000"
    if chance_alone < 0.01:
        return f"about {round(chance_alone * 1000)} of 1,000"
    return f"about {round(chance_alone * 100)} of 100"
