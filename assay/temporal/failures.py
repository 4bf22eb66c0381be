"""Between Assay's error catalogue and Temporal failures, in both directions."""

from __future__ import annotations

from datetime import timedelta

from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ApplicationErrorCategory,
    ChildWorkflowError,
    FailureError,
    TimeoutError,
)

from assay.errors import TimedOut, UserFault, WorkError
from assay.temporal.retry import FIRST_RETRY

MAX_MESSAGE_CHARACTERS = 2_000
"""A failure's message travels in histories: bounded, so that it cannot break the payload limit."""


def to_application_error(error: WorkError, *, attempt: int = 1) -> ApplicationError:
    """How a catalogue error looks to Temporal.

    The catalogue code becomes the failure type, and a provider's Retry-After the next retry delay where it
    is longer than the pause that Temporal would make anyway: a provider that says "at once" must not burn
    the attempts. A fault of the project's own configuration is expected in operation, so it is benign: no
    error log, no metric.
    """
    pause = FIRST_RETRY.total_seconds() * 2 ** (attempt - 1)
    longer = error.retry_after is not None and error.retry_after > pause
    delay = timedelta(seconds=error.retry_after or 0) if longer else None
    benign = isinstance(error, UserFault)
    return ApplicationError(
        error.detail[:MAX_MESSAGE_CHARACTERS],
        type=error.code,
        non_retryable=not error.retryable,
        next_retry_delay=delay,
        category=ApplicationErrorCategory.BENIGN if benign else ApplicationErrorCategory.UNSPECIFIED,
    )


def root_cause(error: BaseException) -> BaseException:
    """The failure below Temporal's wrappers: activity, child workflow, and a time limit with a cause."""
    wrappers = (ActivityError, ChildWorkflowError, TimeoutError)
    while isinstance(error, wrappers) and error.cause is not None:
        error = error.cause
    return error


def failure_code(error: BaseException) -> str:
    """The catalogue code at the root of a failure, or the class name where there is none."""
    root = root_cause(error)
    if isinstance(root, TimeoutError):
        return TimedOut.code
    code = root.type if isinstance(root, ApplicationError) else None
    return code or type(root).__name__


def failure_message(error: BaseException) -> str:
    """The sentence at the root of a failure."""
    root = root_cause(error)
    text = root.message if isinstance(root, FailureError) else str(root)
    return text[:MAX_MESSAGE_CHARACTERS]
