"""What the engine needs from the outside, as Protocols. `assay.adapters` implements them.

The event store is synchronous because the embedded engine has no asynchronous client: call it from
thread-pool activities or through `asyncio.to_thread`. Everything else is asynchronous.

Every port raises `assay.errors.StoreUnavailable` (stores) or another `WorkError` (models) when the
outside fails; driver exceptions never cross it. Every call of a repository names the project, so no
project sees another's.
"""

from assay.ports.access import AccessRepository
from assay.ports.artifacts import ArtifactRepository
from assay.ports.clustering import ClusteringConfigRepository, ClusteringJobRepository
from assay.ports.clustering_runs import ClusteringArtefacts, ClusteringRunRepository, ClusteringSources
from assay.ports.compute import Compute
from assay.ports.datasets import DatasetItemRepository, DatasetRepository
from assay.ports.delivery import EmailSender, SlackSender
from assay.ports.embeddings import EmbeddingCache, EmbeddingModel, EmbeddingModels
from assay.ports.evaluation_reports import EvaluationReportRepository
from assay.ports.evaluation_targets import EvaluationTargets
from assay.ports.evaluations import EvaluationRepository, TrialLedger
from assay.ports.events import EventStore, EventWriter
from assay.ports.generation_inputs import GenerationInputs
from assay.ports.hog import HogRunner
from assay.ports.integrations import IntegrationRepository
from assay.ports.judged_runs import JudgedRuns
from assay.ports.models import LanguageModel, ProviderDirectory
from assay.ports.provider_keys import EvaluationConfigRepository, ProviderKeyRepository
from assay.ports.registry import Registry
from assay.ports.report_data import ReportData, VerdictArrivals
from assay.ports.report_runs import ReportCalendar, ReportRunRepository
from assay.ports.review_queues import ReviewQueueItemRepository, ReviewQueueRepository
from assay.ports.score_definitions import ScoreDefinitionRepository
from assay.ports.sentiment import SentimentModel
from assay.ports.trace_reviews import TraceReviewRepository
from assay.ports.traces import TraceReads, TraceState
from assay.ports.window_candidates import WindowCandidates

__all__ = [
    "AccessRepository",
    "ArtifactRepository",
    "ClusteringArtefacts",
    "ClusteringConfigRepository",
    "ClusteringJobRepository",
    "ClusteringRunRepository",
    "ClusteringSources",
    "Compute",
    "DatasetItemRepository",
    "DatasetRepository",
    "EmailSender",
    "EmbeddingCache",
    "EmbeddingModel",
    "EmbeddingModels",
    "EvaluationConfigRepository",
    "EvaluationReportRepository",
    "EvaluationRepository",
    "EvaluationTargets",
    "EventStore",
    "EventWriter",
    "GenerationInputs",
    "HogRunner",
    "IntegrationRepository",
    "JudgedRuns",
    "LanguageModel",
    "ProviderDirectory",
    "ProviderKeyRepository",
    "Registry",
    "ReportCalendar",
    "ReportData",
    "ReportRunRepository",
    "ReviewQueueItemRepository",
    "ReviewQueueRepository",
    "ScoreDefinitionRepository",
    "SentimentModel",
    "SlackSender",
    "TraceReads",
    "TraceReviewRepository",
    "TraceState",
    "TrialLedger",
    "VerdictArrivals",
    "WindowCandidates",
]
