"""Between Assay's error catalogue and Temporal failures, in both directions."""

from __future__ import annotations

from datetime import timedelta

from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ApplicationErrorCategory,
    ChildWorkflowError,
    FailureError,
)

from assay.errors import UserFault, WorkError

MAX_MESSAGE_CHARACTERS = 2_000
"""A failure's message travels in histories: bounded, so that it cannot break the payload limit."""


def to_application_error(error: WorkError) -> ApplicationError:
    """How a catalogue error looks to Temporal.

    The catalogue code becomes the failure type, a provider's Retry-After the next retry delay. A fault of
    the project's own configuration is expected in operation, so it is benign: no error log, no metric.
    """
    delay = None if error.retry_after is None else timedelta(seconds=max(0.0, error.retry_after))
    benign = isinstance(error, UserFault)
    return ApplicationError(
        error.detail[:MAX_MESSAGE_CHARACTERS],
        type=error.code,
        non_retryable=not error.retryable,
        next_retry_delay=delay,
        category=ApplicationErrorCategory.BENIGN if benign else ApplicationErrorCategory.UNSPECIFIED,
    )


def root_cause(error: BaseException) -> BaseException:
    """The failure below Temporal's activity and child-workflow wrappers."""
    while isinstance(error, ActivityError | ChildWorkflowError) and error.cause is not None:
        error = error.cause
    return error


def failure_code(error: BaseException) -> str:
    """The catalogue code at the root of a failure, or the class name where there is none."""
    root = root_cause(error)
    code = root.type if isinstance(root, ApplicationError) else None
    return code or type(root).__name__


def failure_message(error: BaseException) -> str:
    """The sentence at the root of a failure."""
    root = root_cause(error)
    text = root.message if isinstance(root, FailureError) else str(root)
    return text[:MAX_MESSAGE_CHARACTERS]
