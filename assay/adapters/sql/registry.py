"""The registry: all repositories on one database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from assay.adapters.sql.access import SqlAccess
from assay.adapters.sql.artifacts import SqlArtifacts
from assay.adapters.sql.clustering import SqlClusteringConfigs, SqlClusteringJobs
from assay.adapters.sql.clustering_runs import SqlClusteringRuns
from assay.adapters.sql.credentials import KeyHasher
from assay.adapters.sql.database import Database, connect
from assay.adapters.sql.dataset_items import SqlDatasetItems
from assay.adapters.sql.datasets import SqlDatasets
from assay.adapters.sql.evaluation_config import SqlEvaluationConfig
from assay.adapters.sql.evaluation_reports import SqlEvaluationReports
from assay.adapters.sql.evaluations import SqlEvaluations
from assay.adapters.sql.integrations import SqlIntegrations
from assay.adapters.sql.provider_key_secrets import SEALING_CONTEXT
from assay.adapters.sql.provider_keys import SqlProviderKeys
from assay.adapters.sql.report_calendar import SqlReportCalendar
from assay.adapters.sql.report_runs import SqlReportRuns
from assay.adapters.sql.review_queue_items import SqlReviewQueueItems
from assay.adapters.sql.review_queues import SqlReviewQueues
from assay.adapters.sql.score_definitions import SqlScoreDefinitions
from assay.adapters.sql.sealing import Sealer
from assay.adapters.sql.trace_reviews import SqlTraceReviews
from assay.adapters.sql.trial import SqlTrialLedger


class SqlRegistry:
    """`assay.ports.Registry` on SQLite or PostgreSQL.

    Use it on one event loop. Its schema is made by `migrate`, its first rows by `bootstrap`.

    Args:
        engine: made by `database.connect`; `close` closes it.
        hasher: what API keys are recognised by.
        sealer: what provider keys and the tokens of integrations are encrypted with.

    Attributes:
        evaluations, access, trial: the repositories.
        provider_keys, evaluation_config: the same for model providers.
        database, hasher, sealer: for code of this package that spans repositories.
    """

    def __init__(self, engine: AsyncEngine, hasher: KeyHasher, sealer: Sealer) -> None:
        self.database = Database(engine)
        self.hasher = hasher
        self.sealer = sealer
        self.evaluations = SqlEvaluations(self.database)
        self.evaluation_reports = SqlEvaluationReports(self.database)
        self.report_runs = SqlReportRuns(self.database)
        self.report_calendar = SqlReportCalendar(self.database)
        self.integrations = SqlIntegrations(self.database, sealer)
        self.access = SqlAccess(self.database, hasher)
        self.trial = SqlTrialLedger(self.database)
        self.provider_keys = SqlProviderKeys(self.database, sealer)
        self.evaluation_config = SqlEvaluationConfig(self.database, self.provider_keys)
        self.artifacts = SqlArtifacts(self.database)
        self.datasets = SqlDatasets(self.database)
        self.dataset_items = SqlDatasetItems(self.database)
        self.clustering_config = SqlClusteringConfigs(self.database)
        self.clustering_jobs = SqlClusteringJobs(self.database)
        self.clustering_runs = SqlClusteringRuns(self.database)
        self.score_definitions = SqlScoreDefinitions(self.database)
        self.trace_reviews = SqlTraceReviews(self.database)
        self.review_queues = SqlReviewQueues(self.database)
        self.review_queue_items = SqlReviewQueueItems(self.database)

    async def ping(self) -> None:
        """Prove that the registry answers.

        Raises:
            StoreUnavailable: it does not.
        """
        async with self.database.read() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Release all connections."""
        await self.database.close()


def open_registry(url: str, *, secrets: Sequence[str]) -> SqlRegistry:
    """The registry at `url`; it connects when it is first used.

    Args:
        url: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://user:password@host/database`.
        secrets: the operator's secrets, newest first; API keys are hashed, provider keys and the tokens of
            integrations encrypted with the first, recognised and decrypted with all.

    Raises:
        SetupError: the URL or the secrets cannot be used.
    """
    return SqlRegistry(connect(url), KeyHasher(secrets), Sealer(secrets, context=SEALING_CONTEXT))
