"""The SQL side as a whole."""

from __future__ import annotations

from typing import Protocol

from assay.ports.access import AccessRepository
from assay.ports.artifacts import ArtifactRepository
from assay.ports.clustering import ClusteringConfigRepository, ClusteringJobRepository
from assay.ports.clustering_runs import ClusteringRunRepository
from assay.ports.datasets import DatasetItemRepository, DatasetRepository
from assay.ports.evaluation_reports import EvaluationReportRepository
from assay.ports.evaluations import EvaluationRepository, TrialLedger
from assay.ports.integrations import IntegrationRepository
from assay.ports.provider_keys import EvaluationConfigRepository, ProviderKeyRepository
from assay.ports.report_runs import ReportCalendar, ReportRunRepository
from assay.ports.review_queues import ReviewQueueItemRepository, ReviewQueueRepository
from assay.ports.score_definitions import ScoreDefinitionRepository
from assay.ports.trace_reviews import TraceReviewRepository


class Registry(Protocol):
    """The SQL side: configuration and access."""

    @property
    def evaluations(self) -> EvaluationRepository:
        """Evaluations."""

    @property
    def evaluation_reports(self) -> EvaluationReportRepository:
        """Evaluation reports."""

    @property
    def report_runs(self) -> ReportRunRepository:
        """Runs of evaluation reports."""

    @property
    def report_calendar(self) -> ReportCalendar:
        """What the engine writes into reports."""

    @property
    def integrations(self) -> IntegrationRepository:
        """Projects' connections to other services."""

    @property
    def evaluation_config(self) -> EvaluationConfigRepository:
        """Evaluation settings of projects."""

    @property
    def provider_keys(self) -> ProviderKeyRepository:
        """Projects' own keys for model providers."""

    @property
    def access(self) -> AccessRepository:
        """Callers and projects."""

    @property
    def trial(self) -> TrialLedger:
        """Use of the house key."""

    @property
    def artifacts(self) -> ArtifactRepository:
        """What was made of something, under a digest of what it was made from."""

    @property
    def datasets(self) -> DatasetRepository:
        """Datasets."""

    @property
    def dataset_items(self) -> DatasetItemRepository:
        """Items of datasets."""

    @property
    def clustering_config(self) -> ClusteringConfigRepository:
        """What projects cluster."""

    @property
    def clustering_jobs(self) -> ClusteringJobRepository:
        """Clustering jobs."""

    @property
    def clustering_runs(self) -> ClusteringRunRepository:
        """Runs of clustering jobs."""

    @property
    def score_definitions(self) -> ScoreDefinitionRepository:
        """Score definitions and their versions."""

    @property
    def trace_reviews(self) -> TraceReviewRepository:
        """Reviews of traces."""

    @property
    def review_queues(self) -> ReviewQueueRepository:
        """Queues of traces to review."""

    @property
    def review_queue_items(self) -> ReviewQueueItemRepository:
        """Traces in review queues."""

    async def ping(self) -> None:
        """Prove that the registry answers."""

    async def close(self) -> None:
        """Release all connections."""
