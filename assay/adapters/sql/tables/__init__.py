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
from assay.adapters.sql.tables.base import Authored, Base
from assay.adapters.sql.tables.evaluations import EvaluationRow, TrialEvaluationRow

__all__ = [
    "FIRST_PROJECT_ID",
    "ApiKeyRow",
    "Authored",
    "Base",
    "EvaluationRow",
    "MembershipRole",
    "MembershipRow",
    "OrganizationRow",
    "ProjectRow",
    "TrialEvaluationRow",
    "UserRow",
]
