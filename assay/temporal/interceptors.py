"""What happens around every activity: errors become Temporal failures, and its project is made known."""

from __future__ import annotations

from typing import Any

from temporalio import activity
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from assay.domain.lines import OWNER
from assay.errors import SetupError, WorkError
from assay.temporal.failures import to_application_error
from assay.temporal.retry import MODEL_CALL


class Ownership(Interceptor):
    """Tells whatever an activity waits for whose work it is, its project's (`assay.domain.lines`)."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """See base class."""
        return _OwnershipInbound(next)


class _OwnershipInbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        # Activities that start on the worker of their workflow at once come without a priority.
        OWNER.set(info.priority.fairness_key or info.workflow_id)
        return await super().execute_activity(input)


class ErrorMapping(Interceptor):
    """Turns errors of the catalogue into `ApplicationError`s; all else keeps Temporal's own handling."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """See base class."""
        return _ErrorMappingInbound(next)


class _ErrorMappingInbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except (SetupError, WorkError) as error:
            info = activity.info()
            policy = info.retry_policy or MODEL_CALL.retry
            # Without the cause: a driver's own words may hold what must not enter a history.
            raise to_application_error(error, attempt=info.attempt, policy=policy) from None
