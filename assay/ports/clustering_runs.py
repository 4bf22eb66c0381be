"""Where runs of clustering jobs are kept, and what they read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import (
    Cluster,
    ClusterHistory,
    ClusteringItem,
    ClusteringRun,
    ClusteringRunQuery,
    ClusterLabel,
    ClusterMetrics,
    ClusterShape,
    ItemsDrawn,
    PlacedItem,
    Placement,
    SentimentShares,
)
from assay.domain.filters.predicates import Filters


class ClusteringRunRepository(Protocol):
    """Runs of all projects, in the registry; every call but `find` and `under_way` is about one project."""

    async def enqueue(self, run: ClusteringRun) -> ClusteringRun:
        """Store a run whose workflow was started; if it is there already, that one is left and returned."""

    async def open(self, run: ClusteringRun) -> ClusteringRun:
        """Have a run begin, anew if it is there already, or wait: one of each job and level is at work.

        A run that begins is stored as it is given, whatever became of it before. Its `previous` and
        `next_cluster_id` are set here, from the runs of the same job (or of none) and level: of the completed
        ones the one whose window ends last before its own, and of all of them the highest number.

        Returns:
            The run whose turn it is: this one, running, or the one that it waits for: that which is running,
            or the queued one whose window ends first.
        """

    async def first_cluster_id(self, run: ClusteringRun) -> int:
        """The first id that no cluster of another run of the same job and level has had.

        It is less than `next_cluster_id` if the run is done again: what it found before is replaced, and if
        nobody has built on that since, the same clusters get the same ids.
        """

    async def get(self, project_id: int, run_id: UUID) -> ClusteringRun | None:
        """One run, or None."""

    async def find(self, run_id: UUID) -> ClusteringRun | None:
        """One run of whatever project, for its page."""

    async def list(self, project_id: int, query: ClusteringRunQuery) -> tuple[int, list[ClusteringRun]]:
        """How many runs there are, and a page of them, newest first."""

    async def close(self, run: ClusteringRun) -> bool:
        """Store how a run ended, if it has not, and has not begun anew since it was read; whether so."""

    async def under_way(
        self, project_id: int | None = None, job_id: UUID | None = None
    ) -> Sequence[ClusteringRun]:
        """Runs that have not ended, those that wait included, oldest first.

        Args:
            project_id: of this project only.
            job_id: of this job only.
        """


class ClusteringSources(Protocol):
    """Items in the event store, and what is known of them; every method blocks."""

    def draw(
        self, project_id: int, level: AnalysisLevel, filters: Filters, drawn: ItemsDrawn
    ) -> tuple[int, list[ClusteringItem]]:
        """How many items there are, and the sample, without texts, in the order of its hash."""

    def read(
        self,
        project_id: int,
        level: AnalysisLevel,
        items: Sequence[ClusteringItem],
        *,
        true_is_failure: Collection[UUID] = (),
    ) -> Iterator[ClusteringItem]:
        """The items with their texts, in any order: of their newest summary, else as people read them.

        Args:
            true_is_failure: evaluations whose verdict `true` is the bad one.
        """

    def metrics(
        self, project_id: int, level: AnalysisLevel, run: UUID, *, true_is_failure: Collection[UUID] = ()
    ) -> Mapping[int, ClusterMetrics]:
        """Numbers of the clusters of a run, by its items and placements as they are stored.

        Args:
            true_is_failure: evaluations whose verdict `true` is the bad one.
        """


class ClusteringArtefacts(Protocol):
    """What the steps of a run hand on to each other; every method blocks.

    Storing again replaces. It is kept for 90 days.
    """

    def put_draw(self, project_id: int, run: UUID, items: Sequence[ClusteringItem]) -> None:
        """Store the items of a run; those of an earlier draw are gone, and with them all clusters."""

    def put_items(self, project_id: int, run: UUID, items: Sequence[ClusteringItem]) -> None:
        """Store what drawn items are and say; one that is there is replaced."""

    def items(
        self, project_id: int, run: UUID, *, after: str = "", limit: int | None = None, texts: bool = True
    ) -> list[ClusteringItem]:
        """Items that were drawn, by id.

        Args:
            after: only those whose id is greater.
            limit: so many at most.
            texts: whether with what they say; without, `text` and `said` are empty.
        """

    def titles(self, project_id: int, run: UUID, item_ids: Sequence[str]) -> Mapping[str, str]:
        """Item → what it is called on the page: its title, or how its text begins.

        Args:
            item_ids: a few thousand at most; those that are not there are left out.
        """

    def speaking(self, project_id: int, run: UUID) -> frozenset[str]:
        """The items of which it is known what the user said."""

    def said(self, project_id: int, run: UUID, item_ids: Sequence[str], *, letters: int) -> Mapping[str, str]:
        """Item → what the user said.

        Args:
            item_ids: some hundreds at most; those of which nothing is known are left out.
            letters: from the end of a longer text.
        """

    def put_placements(self, project_id: int, run: UUID, placements: Sequence[Placement]) -> None:
        """Store where the items are; what was stored before for this run and is not among them is gone."""

    def placements(self, project_id: int, run: UUID) -> list[Placement]:
        """Where the items are, by cluster and rank."""

    def put_shapes(self, project_id: int, run: UUID, shapes: Sequence[ClusterShape]) -> None:
        """Store the clusters; earlier ones of this run are gone, and the names and numbers of all of them."""

    def put_histories(self, project_id: int, run: UUID, histories: Mapping[int, ClusterHistory]) -> None:
        """Store what clusters are to the run before."""

    def put_labels(self, project_id: int, run: UUID, labels: Mapping[int, ClusterLabel]) -> None:
        """Store what clusters are called."""

    def put_metrics(self, project_id: int, run: UUID, metrics: Mapping[int, ClusterMetrics]) -> None:
        """Store numbers of clusters."""

    def put_sentiment(self, project_id: int, run: UUID, sentiment: Mapping[int, SentimentShares]) -> None:
        """Store how users feel; it is read as a part of the metrics."""

    def clusters(self, project_id: int, run: UUID) -> list[Cluster]:
        """All clusters, the largest first, noise last."""

    def samples(
        self, project_id: int, run: UUID, *, per_cluster: int, clusters: Collection[int] | None = None
    ) -> Mapping[int, Sequence[PlacedItem]]:
        """Cluster → the items that are closest to its centroid (of noise: farthest from all).

        Of their texts there are the first `LONGEST_SAMPLE` characters, and `said` is empty.

        Args:
            clusters: only these; None: all.
        """
