"""The registry's schema. Rules that rows must keep are constraints, so no writer can get past them.

`migrations/` holds the same schema as steps; a test proves that both agree. Every table is imported here,
so whoever imports the package knows the whole schema.
"""

from assay.adapters.sql.tables.access import (
    FIRST_PROJECT_ID,
    ApiKeyRow,
    MembershipRole,
    MembershipRow,
    OrganizationRow,
    ProjectRow,
    UserRow,
)
from assay.adapters.sql.tables.artifacts import ArtifactRow
from assay.adapters.sql.tables.base import Authored, Base, Identified, every_json
from assay.adapters.sql.tables.clustering import ClusteringConfigRow, ClusteringJobRow, ClusteringRunRow
from assay.adapters.sql.tables.datasets import DatasetItemRow, DatasetRow
from assay.adapters.sql.tables.evaluation_reports import EvaluationReportRow
from assay.adapters.sql.tables.evaluations import EvaluationRow, TrialEvaluationRow
from assay.adapters.sql.tables.integrations import IntegrationRow
from assay.adapters.sql.tables.provider_keys import EvaluationConfigRow, ProviderKeyRow
from assay.adapters.sql.tables.report_runs import ReportDeliveryRow, ReportMessageRow, ReportRunRow
from assay.adapters.sql.tables.reviews import (
    ReviewQueueItemRow,
    ReviewQueueRow,
    ScoreDefinitionRow,
    ScoreDefinitionVersionRow,
    TraceReviewRow,
    TraceReviewScoreRow,
)

__all__ = [
    "FIRST_PROJECT_ID",
    "ApiKeyRow",
    "ArtifactRow",
    "Authored",
    "Base",
    "ClusteringConfigRow",
    "ClusteringJobRow",
    "ClusteringRunRow",
    "DatasetItemRow",
    "DatasetRow",
    "EvaluationConfigRow",
    "EvaluationReportRow",
    "EvaluationRow",
    "Identified",
    "IntegrationRow",
    "MembershipRole",
    "MembershipRow",
    "OrganizationRow",
    "ProjectRow",
    "ProviderKeyRow",
    "ReportDeliveryRow",
    "ReportMessageRow",
    "ReportRunRow",
    "ReviewQueueItemRow",
    "ReviewQueueRow",
    "ScoreDefinitionRow",
    "ScoreDefinitionVersionRow",
    "TraceReviewRow",
    "TraceReviewScoreRow",
    "TrialEvaluationRow",
    "UserRow",
    "every_json",
]
