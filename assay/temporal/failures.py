"""Between Assay's error catalogue and Temporal failures, in both directions."""

from __future__ import annotations

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ApplicationErrorCategory,
    ChildWorkflowError,
    FailureError,
    TimeoutError,
)

from assay.errors import RunAhead, SetupError, TimedOut, UserFault, WorkError
from assay.temporal.retry import MODEL_CALL

MAX_MESSAGE_CHARACTERS = 2_000
"""A failure's message travels in histories: bounded, so that it cannot break the payload limit."""

_ENOUGH_STEPS = 20
"""Pauses have reached their maximum long before; the power of a late attempt would overflow."""


def to_application_error(
    error: WorkError | SetupError, *, attempt: int = 1, policy: RetryPolicy = MODEL_CALL.retry
) -> ApplicationError:
    """How a catalogue error looks to Temporal.

    The catalogue code becomes the failure type. A fault of the project's own configuration is expected in
    operation, so it is benign: no error log, no metric; so is a turn that has not come. What is wrong with
    the process's own configuration stays so until a person has read of it and started another process: it
    is not retried.

    Args:
        attempt: which one failed, from 1.
        policy: how the activity is retried; decides what becomes of a `retry_after` (`_next_delay`).
    """
    benign = isinstance(error, UserFault | RunAhead)
    to_be_retried = isinstance(error, WorkError) and error.retryable
    return ApplicationError(
        error.detail[:MAX_MESSAGE_CHARACTERS],
        type=error.code,
        non_retryable=not to_be_retried,
        next_retry_delay=_next_delay(error, attempt, policy),
        category=ApplicationErrorCategory.BENIGN if benign else ApplicationErrorCategory.UNSPECIFIED,
    )


def _next_delay(error: WorkError | SetupError, attempt: int, policy: RetryPolicy) -> timedelta | None:
    """The wait that the error asks for, where it replaces the pause that Temporal would make anyway.

    Where attempts are limited, only a longer wait does: a provider that says "at once" must not burn them.
    Where they are not, the error knows best, down to the first pause of the policy.
    """
    if isinstance(error, SetupError) or error.retry_after is None:
        return None
    wanted = timedelta(seconds=error.retry_after)
    if policy.maximum_attempts == 0:
        return max(wanted, policy.initial_interval)
    return wanted if wanted > _pause(attempt, policy) else None


def _pause(attempt: int, policy: RetryPolicy) -> timedelta:
    """The pause of the policy after this attempt."""
    longest = policy.maximum_interval or 100 * policy.initial_interval  # Temporal's default
    steps = min(attempt - 1, _ENOUGH_STEPS)
    return min(policy.initial_interval * policy.backoff_coefficient**steps, longest)


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
