"""Messages of `summarization-window`: which hour is summarised for whom, what was drawn, what came of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import Field

from assay.contracts.base import Contract, HistoryContract, UtcDatetime
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.summarization import SummarizationInput


class WindowRef(HistoryContract):
    """For whom an hour is summarised.

    Attributes:
        job_id: of the clustering job; None: the project has no jobs, and its configuration counts.
    """

    project_id: int
    job_id: UUID | None = None


class WindowCounts(HistoryContract):
    """What came of the items of windows.

    Attributes:
        queried: that could have been drawn.
        sampled: that were drawn; each of them is summarised, cached, skipped or failed.
        summarised, cached: summaries that were made for the window, and that were there already.
        skipped, failed: reason, or code → how many.
        embedded: summaries that have a vector.
    """

    queried: int = 0
    sampled: int = 0
    summarised: int = 0
    cached: int = 0
    skipped: dict[str, int] = Field(default_factory=dict)
    failed: dict[str, int] = Field(default_factory=dict)
    embedded: int = 0
    cost_usd: float | None = 0.0

    def __add__(self, other: Self) -> WindowCounts:
        known = self.cost_usd is not None and other.cost_usd is not None
        return WindowCounts(
            queried=self.queried + other.queried,
            sampled=self.sampled + other.sampled,
            summarised=self.summarised + other.summarised,
            cached=self.cached + other.cached,
            skipped=_sums(self.skipped, other.skipped),
            failed=_sums(self.failed, other.failed),
            embedded=self.embedded + other.embedded,
            cost_usd=(self.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
        )


class WindowProgress(HistoryContract):
    """How far a run has come that works off several hours; its next execution goes on from here.

    Attributes:
        mark: everything before it is done.
        windows: hours that were worked off.
        passed_over: hours that were too long ago.
        counts: of all of them.
    """

    mark: UtcDatetime
    windows: int = 0
    passed_over: int = 0
    counts: WindowCounts = WindowCounts()


class SummarizationWindowInput(HistoryContract):
    """Start argument.

    Attributes:
        progress: where to go on; None: where the run before has come to.
    """

    ref: WindowRef
    progress: WindowProgress | None = None


class SummarizationWindowResult(HistoryContract):
    """How it went; the next run goes on from the mark.

    Attributes:
        outcome: `completed`, `incomplete` (items failed), `skipped` or `idle` (no hour was over).
    """

    progress: WindowProgress
    outcome: str


class PlanWindow(HistoryContract):
    """Asks what is summarised of an hour.

    Attributes:
        since, until: half-open; events count by their own time.
    """

    ref: WindowRef
    since: UtcDatetime
    until: UtcDatetime


class WindowItem(HistoryContract):
    """A trace or a generation that was drawn.

    Attributes:
        id: of the trace; of the generation's event.
        timestamp: of its last event; of the generation.
    """

    id: str
    timestamp: UtcDatetime


class WindowPlan(HistoryContract):
    """What is summarised of an hour.

    Attributes:
        skip: why nothing is; empty: it is not skipped.
        job_name: empty without a job.
        queried: items that could have been drawn.
    """

    skip: str = ""
    level: AnalysisLevel = AnalysisLevel.TRACE
    job_name: str = ""
    queried: int = 0
    items: tuple[WindowItem, ...] = ()


class ItemOfWindow(HistoryContract):
    """An item, and the hour that it is summarised for."""

    ref: WindowRef
    job_name: str = ""
    level: AnalysisLevel
    until: UtcDatetime
    item: WindowItem


class PreparedItem(HistoryContract):
    """What there is to do about an item.

    Attributes:
        skip: why it is not summarised; empty: it is.
        cached: whether its summary is there already.
        trace_id: of the item; empty where a generation has none.
        events: of the trace; None for a generation.
    """

    skip: str = ""
    work: SummarizationInput | None = None
    cached: bool = False
    trace_id: str = ""
    events: int | None = None


class RecordSummary(HistoryContract):
    """A summary that is to be written among the events of its project."""

    of: ItemOfWindow
    work: SummarizationInput
    trace_id: str
    events: int | None = None


class EmbedSummary(HistoryContract):
    """A summary that is to have a vector."""

    project_id: int
    digest: str


class SkipReason(StrEnum):
    """Why a window, or an item of it, is not summarised."""

    NO_CONSENT = "no_consent"
    JOB_OFF = "job_off"
    NO_MODEL = "no_model"
    TRACE_NOT_FOUND = "trace_not_found"
    GENERATION_NOT_FOUND = "generation_not_found"
    TRACE_TOO_LARGE = "trace_too_large"
    NOTHING_SAID = "nothing_said"


class Draw(Contract):
    """How candidates are drawn.

    Attributes:
        since, until: of the window; half-open.
        lot: who draws; another one gets another order.
        per_stratum: candidates of a stratum at most.
    """

    since: UtcDatetime
    until: UtcDatetime
    lot: str
    per_stratum: int


class Candidate(Contract):
    """An item that may be drawn.

    Attributes:
        stratum: items of like size have the same one.
        of_stratum: how many items there are in it altogether.
    """

    id: str
    timestamp: UtcDatetime
    stratum: int
    of_stratum: int


class SchedulesKept(HistoryContract):
    """What became of the Schedules of clustering jobs.

    Attributes:
        schedules: that there are to be.
        changed, deleted: made or brought up to date, and removed.
        runs_closed: clustering runs whose workflow had ended without a word.
        failure: code of what kept them from being looked after; empty: nothing did.
        runs_failure: likewise of the runs.
    """

    schedules: int = 0
    changed: int = 0
    deleted: int = 0
    runs_closed: int = 0
    failure: str = ""
    runs_failure: str = ""


def _sums(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    names = sorted({*one, *other})
    return {name: one.get(name, 0) + other.get(name, 0) for name in names}
