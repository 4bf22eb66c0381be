"""The few retry policies and time limits that workflows name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio.common import RetryPolicy

NEVER_RETRY = ("ValidationError", "PayloadsTooLarge")
"""Failures that repeat for ever: a payload that cannot be decoded, a result that cannot be stored."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Time limits of one kind of activity and how it is retried inside them.

    Attributes:
        attempt: start-to-close, one attempt.
        total: schedule-to-close, all attempts and the waits between them.
        heartbeat: silence after which the worker counts as dead; None for activities of a few seconds.
    """

    attempt: timedelta
    total: timedelta
    retry: RetryPolicy
    heartbeat: timedelta | None = None


STORE = Budget(
    # Short, because it is also how long a killed worker's write stays unnoticed.
    attempt=timedelta(seconds=10),
    total=timedelta(hours=24),
    retry=RetryPolicy(
        initial_interval=timedelta(milliseconds=500),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=30),
        non_retryable_error_types=NEVER_RETRY,
    ),
)
"""A store that is down comes back: what was paid for waits for it."""

MODEL_CALL_TIMEOUT = timedelta(seconds=90)
"""How long one answer of a model may take on the wire."""

MODEL_CALL = Budget(
    attempt=MODEL_CALL_TIMEOUT + timedelta(seconds=30),
    total=timedelta(minutes=10),
    # A provider's Retry-After replaces the interval, so a 429 costs waiting and not the run.
    retry=RetryPolicy(
        initial_interval=timedelta(seconds=2),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=60),
        maximum_attempts=8,
        non_retryable_error_types=NEVER_RETRY,
    ),
    heartbeat=timedelta(seconds=15),
)
"""One question to a model."""
