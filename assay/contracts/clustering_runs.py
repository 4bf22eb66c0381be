"""Runs of clustering jobs: what was put into clusters, and what became of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from assay.contracts.base import Contract, UtcDatetime
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.lists import ListQuery

NOISE: Final = -1
"""In place of a cluster's id: items that belong to no cluster."""

LONGEST_SAMPLE: Final = 1_000
"""Characters of an item's text that are read of samples of clusters: more of it nobody is shown."""


class ClusteringTrigger(StrEnum):
    """Why a run began."""

    SCHEDULED = "scheduled"
    MANUAL = "manual"


class ClusteringRunStatus(StrEnum):
    """How far a run came."""

    QUEUED = "queued"
    """It has been started, and has not begun: another one of the same job and level is at work."""
    RUNNING = "running"
    COMPLETED = "completed"
    SKIPPED = "skipped"
    """There was nothing to do; `reason` says why."""
    FAILED = "failed"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of the run, unless its day is done again."""
        return self not in (ClusteringRunStatus.QUEUED, ClusteringRunStatus.RUNNING)


class ClusterChange(StrEnum):
    """What a cluster is to those of the run before."""

    KEPT = "kept"
    BORN = "born"
    SPLIT = "split"
    """It is a part of an older one, which keeps its id in another part."""
    MERGED = "merged"
    """It has taken in others besides the one whose id it keeps."""


class LabelSource(StrEnum):
    """Who named a cluster."""

    MODEL = "model"
    KEYWORDS = "keywords"
    PREVIOUS = "previous"
    """It has the name that it had in the run before."""


class ClusteringRunCounts(Contract):
    """What was found.

    Attributes:
        found: items of the window that could have been drawn.
        items: that were put into clusters, or found to belong to none.
        without_text: that were drawn and say nothing.
        noise: that belong to no cluster.
        died: ids of clusters of the run before that are no more.
    """

    found: int = 0
    items: int = 0
    without_text: int = 0
    clusters: int = 0
    noise: int = 0
    died: tuple[int, ...] = ()


class ClusteringRun(Contract):
    """A run, as the registry knows it.

    Attributes:
        id: made from the workflow's id.
        run_id: in PostHog's form: `{project}_{level}_{YYYYMMDD}_{HHMMSS}[_{job}][_{label}]`.
        job_id: None: the project has no jobs, and its configuration counts.
        job_name: at the time; empty without a job.
        reason: why it was skipped or has failed: a code and a sentence.
        window_start, window_end: half-open, by the time of the items.
        previous: of the completed runs of the same job and level the one whose window ends last before its
            own; None: there is none.
        next_cluster_id: no cluster of the job has had this id or a higher one.
        parameters: `$ai_clustering_params`: method, chosen granularity, its stability, the embedding model …
        cost_usd: of labels; None when a price is unknown.
        started_at: when it began to work; while it is queued, when it was started.
    """

    id: UUID
    project_id: int
    run_id: str
    job_id: UUID | None = None
    job_name: str = ""
    level: AnalysisLevel
    trigger: ClusteringTrigger
    workflow_id: str
    status: ClusteringRunStatus = ClusteringRunStatus.RUNNING
    reason: str = ""
    window_start: UtcDatetime
    window_end: UtcDatetime
    counts: ClusteringRunCounts = ClusteringRunCounts()
    previous: UUID | None = None
    next_cluster_id: int = 0
    parameters: dict[str, Any] = Field(default_factory=dict)
    cost_usd: float | None = None
    started_at: UtcDatetime
    finished_at: UtcDatetime | None = None


class ClusteringRunQuery(ListQuery):
    """A page of runs, newest first.

    Attributes:
        job_id, status, level: only these; None: all.
    """

    job_id: UUID | None = None
    status: ClusteringRunStatus | None = None
    level: AnalysisLevel | None = None


class ItemsDrawn(Contract):
    """How items are drawn: by a hash of their ids, so that the next run draws the same ones again.

    Attributes:
        since, until: half-open; items count by their own time.
        lot: who draws; another one gets another sample.
        limit: items at most.
    """

    since: UtcDatetime
    until: UtcDatetime
    lot: str
    limit: int


class ClusteringItem(Contract):
    """A trace, a generation or a verdict that is put into a cluster.

    Attributes:
        id: of the trace; uuid of the generation's or the verdict's event.
        trace_id: empty where there is none.
        generation_id: uuid of the generation that stands for it: the trace's last one, the generation
            itself, the verdict's target; empty where there is none.
        timestamp: of the trace's last event; of the generation; of the verdict.
        title: of its summary; empty without one.
        text: what is compared; empty until it is read, or where it says nothing.
        said: what the user said, for sentiment; empty where that is not known.
    """

    id: str
    trace_id: str = ""
    generation_id: str = ""
    timestamp: UtcDatetime
    title: str = ""
    text: str = ""
    said: str = ""


class Placement(Contract):
    """Where an item is.

    Attributes:
        cluster: its cluster's id, or `NOISE`.
        distance: to the centroid of its cluster; of noise, to the nearest one.
        rank: 0 is the closest of its cluster; of noise, the farthest from all of them.
        x, y: on the scatter plot.
    """

    item_id: str
    cluster: int
    distance: float
    rank: int
    x: float
    y: float


class ClusterShape(Contract):
    """A cluster as it was computed, under the id that it has been given.

    Attributes:
        id: the same from run to run; `NOISE` for all that belongs to none.
        centroid: mean of the vectors of its items; empty for noise.
        x, y: of the centroid on the scatter plot.
        keywords: terms that set it apart, the strongest first.
    """

    id: int
    size: int
    centroid: tuple[float, ...] = ()
    x: float
    y: float
    keywords: tuple[str, ...] = ()


class ClusterHistory(Contract):
    """What a cluster is to the run before.

    Attributes:
        previous: ids that it was made from, the one that it keeps first.
        similarity: to that one, 0 to 1; None: there is none.
    """

    change: ClusterChange
    previous: tuple[int, ...] = ()
    similarity: float | None = None


class ClusterLabel(Contract):
    """What a cluster is called.

    Attributes:
        title: of 3 to 10 words where a model named it.
        description: 2 to 5 bullets in Markdown, or empty.
    """

    title: str
    description: str = ""
    source: LabelSource


class SentimentShares(Contract):
    """How the users feel in whose words the items are: means over the items that have any.

    Attributes:
        items: so many.
    """

    positive: float
    neutral: float
    negative: float
    items: int


class ClusterMetrics(Contract):
    """Numbers of a cluster, from SQL; None where nothing is known.

    Attributes:
        avg_cost, total_cost: USD.
        avg_latency: seconds.
        error_rate: share of items with an error.
        pass_rate, na_rate: of verdicts on the items; na among the determinable ones.
        dominant_evaluation_name, dominant_runtime, avg_judge_cost: of clusters of verdicts only.
    """

    item_count: int
    avg_cost: float | None = None
    total_cost: float | None = None
    avg_latency: float | None = None
    avg_tokens: float | None = None
    error_count: int = 0
    error_rate: float | None = None
    verdicts: int = 0
    pass_rate: float | None = None
    na_rate: float | None = None
    dominant_evaluation_name: str | None = None
    dominant_runtime: str | None = None
    avg_judge_cost: float | None = None
    sentiment: SentimentShares | None = None


class Cluster(Contract):
    """All that is known of a cluster; what is not made yet is None."""

    shape: ClusterShape
    history: ClusterHistory | None = None
    label: ClusterLabel | None = None
    metrics: ClusterMetrics | None = None


class PlacedItem(Contract):
    """An item with its place."""

    item: ClusteringItem
    placement: Placement
