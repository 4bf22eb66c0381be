"""What people read about `summarization-window` in the Temporal UI."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from assay.contracts.summarization_windows import (
    SkipReason,
    WindowCounts,
    WindowItem,
    WindowPlan,
    WindowProgress,
)
from assay.domain.run_details import cell, short
from assay.domain.summary_windows import Window

_SKIPPED: Final[Mapping[str, str]] = {
    SkipReason.NO_CONSENT: "the organisation has not agreed to AI data processing",
    SkipReason.JOB_OFF: "the clustering job is switched off or gone",
    SkipReason.NO_MODEL: "there is no key for a model provider",
    SkipReason.TRACE_NOT_FOUND: "trace not found",
    SkipReason.GENERATION_NOT_FOUND: "generation not found",
    SkipReason.TRACE_TOO_LARGE: "too large",
    SkipReason.NOTHING_SAID: "nothing in it says anything",
}


def window_line(window: Window) -> str:
    """A window, for the summary of an activity."""
    return f"{_hour(window.since)} to {window.until:%H:%M} UTC"


def item_line(what: str, item: WindowItem) -> str:
    """One line for an activity about an item."""
    return f"{what} {short(item.id)}"


def window_details(
    window: Window | None, plan: WindowPlan | None, counts: WindowCounts, progress: WindowProgress | None
) -> str:
    """How far a run is, as Markdown.

    Args:
        window: that is worked off; None: there is none.
        plan: of the window; None: it is not made yet.
        counts: of the window so far.
        progress: of the windows before it.
    """
    lines = [_heading(window, plan, counts)]
    if plan is not None and not plan.skip:
        whose = f"the clustering job **{cell(plan.job_name)}**" if plan.job_name else "the project"
        lines += [f"A sample of its {plan.level}s, for {whose}.", _table(counts)]
    if progress is not None and progress.windows:
        lines.append(
            f"Hours worked off before in this run: {progress.windows}, with "
            f"{progress.counts.summarised + progress.counts.cached} summaries; done up to "
            f"{_hour(progress.mark)} UTC."
        )
    passed_over = (progress.passed_over if progress else 0) + (window.passed_over if window else 0)
    if passed_over:
        lines.append(f"Passed over, because they were too long ago: {passed_over} hours.")
    return "\n\n".join(lines)


def _heading(window: Window | None, plan: WindowPlan | None, counts: WindowCounts) -> str:
    if window is None:
        return "## 💤 no hour to work off yet"
    hour = window_line(window)
    if plan is None:
        return f"## Draws a sample of {hour}"
    if plan.skip:
        return f"## ⏭️ {hour} is skipped: {_SKIPPED.get(plan.skip, plan.skip)}"
    done = counts.summarised + counts.cached + sum(counts.skipped.values()) + sum(counts.failed.values())
    if done < counts.sampled:
        return f"## Summarises {hour}: {done} of {counts.sampled} done"
    return f"## {'⚠️' if counts.failed else '✅'} {hour} is summarised"


def _table(counts: WindowCounts) -> str:
    cost = "price unknown" if counts.cost_usd is None else f"${counts.cost_usd:.6f}"
    rows = [
        ("There were", str(counts.queried)),
        ("Drawn", str(counts.sampled)),
        ("Summarised now", f"{counts.summarised} ({cost})"),
        ("Summarised before", str(counts.cached)),
        *((f"Skipped: {_SKIPPED.get(why, why)}", str(count)) for why, count in counts.skipped.items()),
        *((f"Failed: `{code}`", str(count)) for code, count in counts.failed.items()),
        ("With a vector", str(counts.embedded)),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _hour(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"
