"""Messages of `clustering-run`. They carry ids and numbers; texts and vectors are in the event store."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from assay.contracts.base import HistoryContract, UtcDatetime
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import ClusteringRunStatus, ClusteringTrigger

DEFAULT_DAYS = 7
MOST_DAYS = 90
DEFAULT_ITEMS = 2_000
MOST_ITEMS = 50_000


class ClusteringRunInput(HistoryContract):
    """Start argument.

    Attributes:
        job_id: None: the project has no jobs, and its configuration counts.
        days: how far back items are looked for.
        max_items: the sample.
        run_label: goes into the run's id.
        at: when it is due, the end of its window; None: when the Schedule that starts it says.
    """

    project_id: int
    job_id: UUID | None = None
    trigger: ClusteringTrigger = ClusteringTrigger.SCHEDULED
    days: int = DEFAULT_DAYS
    max_items: int = DEFAULT_ITEMS
    run_label: str = ""
    at: UtcDatetime | None = None


class OpenClusteringRun(HistoryContract):
    """Asks for a run to be recorded.

    Attributes:
        at: when it is due: the end of its window.
        waits_for: the run that it is known to wait for (`ClusteringPlan.waits_for`); empty: none.
    """

    given: ClusteringRunInput
    workflow_id: str
    at: UtcDatetime
    waits_for: str = ""


class ClusteringPlan(HistoryContract):
    """What a run is about.

    Attributes:
        waits_for: `run_id` of another run of the job whose turn it is; empty: it is this one's turn.
        skip: why there is nothing to do; empty: there is.
        id: of the run.
        job_name: empty without a job.
        previous: the run before, whose clusters these are compared with.
    """

    waits_for: str = ""
    skip: str = ""
    id: UUID
    run_id: str
    level: AnalysisLevel = AnalysisLevel.TRACE
    job_name: str = ""
    since: UtcDatetime
    until: UtcDatetime
    previous: UUID | None = None
    next_cluster_id: int = 0


class ClusteringStep(HistoryContract):
    """A step of a run."""

    given: ClusteringRunInput
    plan: ClusteringPlan

    @property
    def place(self) -> tuple[int, UUID]:
        """The project and the run, by which everything of it is found."""
        return self.given.project_id, self.plan.id


class ItemsSampled(HistoryContract):
    """The sample.

    Attributes:
        skip: why none could be drawn; empty: they were, or there are none.
        found: items that could have been drawn.
        drawn: that were.
    """

    skip: str = ""
    found: int
    drawn: int


class ItemsRead(HistoryContract):
    """What the sample says.

    Attributes:
        with_text: items that say something.
        summarised: that have a summary.
        said: with words of a user.
    """

    with_text: int
    summarised: int = 0
    said: int = 0


class ItemsEmbedded(HistoryContract):
    """The vectors of the sample.

    Attributes:
        model: whose vectors they are.
        made, cached: that had to be made, and that were there.
    """

    model: str
    dimensions: int
    made: int
    cached: int


class ClusterItems(HistoryContract):
    """Asks for the clusters of the sample.

    Attributes:
        model: whose vectors count.
    """

    step: ClusteringStep
    model: str


class ItemsClustered(HistoryContract):
    """What was found.

    Attributes:
        method: `hdbscan`, or the name of the fallback for few items.
        stability: how well clusterings of parts agree with it, 0 to 1; None where that was not looked at.
        parameters: further ones of `$ai_clustering_params`.
        kept, born, split, merged, died: clusters, compared with the run before.
    """

    clusters: int
    noise: int
    largest_share: float = 0.0
    method: str = ""
    min_cluster_size: int | None = None
    stability: float | None = None
    kept: int = 0
    born: int = 0
    split: int = 0
    merged: int = 0
    died: tuple[int, ...] = ()
    next_cluster_id: int = 0
    parameters: dict[str, str | int | float | None] = Field(default_factory=dict)


class LabelsWanted(HistoryContract):
    """Which clusters a model is asked to name.

    Attributes:
        skip: why none is asked; empty: one is.
        groups: ids of clusters that are named in one question each.
        carried: clusters that keep the name that they had.
    """

    skip: str = ""
    groups: tuple[tuple[int, ...], ...] = ()
    carried: int = 0


class LabelClusters(HistoryContract):
    """Asks a model to name some clusters.

    Attributes:
        clusters: their ids.
        is_repair: whether an answer has been asked for already and had problems.
        problems: what was wrong with it.
    """

    step: ClusteringStep
    clusters: tuple[int, ...]
    is_repair: bool = False
    problems: tuple[str, ...] = ()


class ClustersLabelled(HistoryContract):
    """What came of it.

    Attributes:
        labelled: ids of clusters that have a name now.
        problems: of the answer, in words; empty: it names all.
        skip: why nobody was asked, and nobody need be asked for others; empty: there is an answer.
    """

    skip: str = ""
    labelled: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None


class SentimentMeasured(HistoryContract):
    """How the users feel.

    Attributes:
        skip: why nobody looked; empty: somebody did.
        texts: that were looked at.
    """

    skip: str = ""
    texts: int = 0


class ClusteringNumbers(HistoryContract):
    """What the steps of a run have come to.

    Attributes:
        label_model: that named clusters; empty: none did.
        label_problem: why no model has named the others; empty: no model was needed for them.
        problems: what else could not be had, in sentences.
        cost_usd: None as soon as a price is unknown.
    """

    sampled: ItemsSampled | None = None
    read: ItemsRead | None = None
    embedded: ItemsEmbedded | None = None
    clustered: ItemsClustered | None = None
    sentiment: SentimentMeasured | None = None
    labelled_by_model: int = 0
    carried: int = 0
    label_model: str = ""
    label_problem: str = ""
    problems: tuple[str, ...] = ()
    cost_usd: float | None = 0.0


class EmitClusters(HistoryContract):
    """Asks for the event of a run."""

    step: ClusteringStep
    numbers: ClusteringNumbers


class CloseClusteringRun(HistoryContract):
    """How a run ended.

    Attributes:
        outcome: a `ClusteringRunStatus`, not `running`.
        reason: why it was skipped or has failed.
    """

    given: ClusteringRunInput
    id: UUID
    outcome: ClusteringRunStatus
    reason: str = ""
    numbers: ClusteringNumbers = ClusteringNumbers()


class ClusteringRunResult(HistoryContract):
    """The end of a workflow.

    Attributes:
        reason: why it was skipped.
        labelled: who named clusters → so many.
    """

    id: UUID
    run_id: str
    outcome: ClusteringRunStatus
    reason: str = ""
    items: int = 0
    clusters: int = 0
    noise: int = 0
    labelled: dict[str, int] = Field(default_factory=dict)
