"""The few retry policies and time limits that workflows name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy

NEVER_RETRY = ("ValidationError", "PayloadsTooLarge")
"""Failures that repeat for ever: a payload that cannot be decoded, a result that cannot be stored."""


FIRST_RETRY = timedelta(seconds=2)
"""Pause before the second question to a model; it doubles up to a minute."""

_PATIENCE = timedelta(hours=24)
"""Time in all, waiting in a queue for a worker included: a laptop that sleeps over night loses nothing."""


class ActivityOptions(TypedDict):
    """A budget in the words of `workflow.execute_activity`."""

    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta | None
    heartbeat_timeout: timedelta | None
    retry_policy: RetryPolicy


class LocalActivityOptions(TypedDict):
    """A budget in the words of `workflow.execute_local_activity`."""

    start_to_close_timeout: timedelta
    local_retry_threshold: timedelta
    retry_policy: RetryPolicy


@dataclass(frozen=True, slots=True)
class Budget:
    """Time limits of one kind of activity and how it is retried inside them.

    Attributes:
        attempt: start-to-close, one attempt.
        total: schedule-to-close, all attempts and the waits between them; None: no end.
        heartbeat: silence after which the worker counts as dead; None for activities of a few seconds.
    """

    attempt: timedelta
    total: timedelta | None
    retry: RetryPolicy
    heartbeat: timedelta | None = None

    @property
    def options(self) -> ActivityOptions:
        """What to pass on to Temporal."""
        return ActivityOptions(
            start_to_close_timeout=self.attempt,
            schedule_to_close_timeout=self.total,
            heartbeat_timeout=self.heartbeat,
            retry_policy=self.retry,
        )


_WEATHER = RetryPolicy(
    initial_interval=FIRST_RETRY,
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=60),
    non_retryable_error_types=NEVER_RETRY,
)
"""Without an end: outages pass. Who asks for a longer pause (Retry-After) gets it."""

STORE = Budget(
    # Two statements, each bounded by the store's own limit, and the wait for a connection.
    attempt=timedelta(seconds=90),
    total=_PATIENCE,
    retry=RetryPolicy(
        initial_interval=timedelta(milliseconds=500),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=30),
        non_retryable_error_types=NEVER_RETRY,
    ),
    heartbeat=timedelta(seconds=10),
)
"""A store that is down comes back: what was paid for waits for it."""

LOOK_UP = LocalActivityOptions(
    start_to_close_timeout=timedelta(seconds=10),
    # Longer pauses are durable timers, so that an outage does not fill the history with signs of life.
    local_retry_threshold=timedelta(seconds=4),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=500),
        backoff_coefficient=2,
        maximum_interval=timedelta(minutes=1),
        non_retryable_error_types=NEVER_RETRY,
    ),
)
"""Reading a row of the registry, tried until it is there: nothing can be decided without it."""

DISPATCH = Budget(
    attempt=timedelta(minutes=5),
    total=None,
    retry=STORE.retry,
    heartbeat=timedelta(seconds=15),
)
"""Looking at what arrived and claiming it: nobody else does it, so it is tried until it is done."""

CLAIM_PAGE = Budget(
    attempt=timedelta(seconds=90),
    total=None,
    retry=RetryPolicy(maximum_attempts=1),
    heartbeat=timedelta(seconds=15),
)
"""Claiming a page of what arrived before: live traffic waits meanwhile, and who asked can ask again."""

COUNT = Budget(
    attempt=STORE.attempt,
    # Not for ever: the workflow that asks has others to answer, and asks again later.
    total=timedelta(minutes=5),
    retry=STORE.retry,
    heartbeat=STORE.heartbeat,
)
"""Counting in the event store what may make a report due."""

REPAIR = Budget(
    attempt=timedelta(minutes=10),
    # Not for ever: the next run of the Schedule looks as far back as this one.
    total=timedelta(minutes=30),
    retry=STORE.retry,
    heartbeat=timedelta(seconds=15),
)
"""Comparing all reports with their workflows."""

AWAIT_RUN = Budget(
    attempt=timedelta(hours=1),
    total=None,
    retry=STORE.retry,
    heartbeat=timedelta(seconds=15),
)
"""Waiting for another workflow, in pieces."""

MODEL_CALL_TIMEOUT = timedelta(seconds=90)
"""How long one answer of a model may take on the wire."""

MODEL_CALL = Budget(
    attempt=MODEL_CALL_TIMEOUT + timedelta(seconds=30),
    total=_PATIENCE,
    # A provider's Retry-After replaces the interval where it is longer: a 429 costs waiting, not the run.
    retry=RetryPolicy(
        initial_interval=FIRST_RETRY,
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=60),
        maximum_attempts=8,
        non_retryable_error_types=NEVER_RETRY,
    ),
    heartbeat=timedelta(seconds=15),
)
"""One question to a model."""

HOG_RUN = Budget(
    # Reading the event, the wait for a process that others use, and ten seconds that a program may take.
    attempt=timedelta(seconds=120),
    total=_PATIENCE,
    # Whatever a program does is an answer; only stores and processes that are away are tried again.
    retry=RetryPolicy(
        initial_interval=FIRST_RETRY,
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=60),
        maximum_attempts=8,
        non_retryable_error_types=NEVER_RETRY,
    ),
    heartbeat=timedelta(seconds=10),
)
"""One run of a Hog program."""

HOG_BATCH = Budget(
    # Slow programs may take ten seconds for each of the targets; a dead worker is noticed by its silence.
    attempt=timedelta(hours=1),
    total=None,
    retry=_WEATHER,
    heartbeat=timedelta(seconds=15),
)
"""A batch of runs of a Hog program: parked while stores or processes are away."""

JUDGE_BATCH = Budget(
    # An attempt asks for minutes only; after that it may wait to store what was paid for, while it is alive.
    attempt=timedelta(hours=24),
    total=None,
    # An open circuit says when to come back; that replaces the interval.
    retry=_WEATHER,
    heartbeat=timedelta(seconds=15),
)
"""A batch of questions to a model: parked while the provider, the key's account or a store are away."""

NUMBERS_PATIENCE = timedelta(hours=1)
"""How long a report run waits for an event store that is away, before it goes out without numbers."""

REPORT_NUMBERS = Budget(
    # A few statements, each bounded by the store's own limit.
    attempt=timedelta(minutes=6),
    total=_PATIENCE,
    retry=STORE.retry,
    heartbeat=timedelta(seconds=15),
)
"""The beginning of a report run: the event store is waited for an hour, the registry as long as possible."""

AUTHOR_CALL_TIMEOUT = timedelta(minutes=3)
"""How long an answer of a report's author may take on the wire: they read a long conversation, and think."""

AUTHOR_CALL = Budget(
    # The answer is paid for by then: storing it is tried for another minute.
    attempt=AUTHOR_CALL_TIMEOUT + timedelta(minutes=2),
    total=timedelta(minutes=30),
    # As often as there is time for: an open circuit says when to come back.
    retry=_WEATHER,
    heartbeat=timedelta(seconds=15),
)
"""One answer of a report's author; without one the report is made of its numbers."""

ANSWER_CALL_TIMEOUT = timedelta(minutes=2)
"""How long an answer that somebody waits for may take on the wire."""

ANSWER_TURN_TIMEOUT = timedelta(minutes=2)
"""How long a question waits for its turn in one attempt: no call is begun that the attempt would cut off."""

ANSWER_CALL = Budget(
    # The answer is paid for by then: storing it is tried for another minute and a half.
    attempt=ANSWER_TURN_TIMEOUT + ANSWER_CALL_TIMEOUT + timedelta(seconds=90),
    total=timedelta(minutes=15),
    # Few: who waits wants to hear of an outage, and can ask again.
    retry=RetryPolicy(
        initial_interval=FIRST_RETRY,
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=60),
        maximum_attempts=4,
        non_retryable_error_types=NEVER_RETRY,
    ),
    heartbeat=timedelta(seconds=15),
)
"""One question to a model whose answer somebody waits for."""

BATCH_ANSWER_CALL = Budget(
    attempt=ANSWER_CALL.attempt,
    total=timedelta(hours=6),
    retry=_WEATHER,
    heartbeat=timedelta(seconds=15),
)
"""The same where nobody waits: outages pass."""

CLASSIFY = Budget(
    # Others may be before it where it is computed; a dead worker is noticed by its silence.
    attempt=timedelta(minutes=20),
    total=timedelta(hours=1),
    retry=ANSWER_CALL.retry,
    heartbeat=timedelta(seconds=15),
)
"""Classifying a batch of texts; somebody waits for the first minute of it."""

WINDOW_STEP = Budget(
    attempt=timedelta(minutes=10),
    # Not for ever: the next hour waits. The next run draws again, and who needs a vector makes it.
    total=timedelta(minutes=30),
    retry=STORE.retry,
    heartbeat=timedelta(seconds=15),
)
"""What is done for an hour that is summarised, but for the questions and for storing what they cost."""

CLUSTERING_TURN = Budget(
    attempt=STORE.attempt,
    # Of one run, which may itself wait for workers and models; a dead one is found within minutes.
    total=timedelta(days=3),
    retry=STORE.retry,
    heartbeat=STORE.heartbeat,
)
"""Waiting for another run of the same clustering job."""

CLUSTERING_STEP = Budget(
    # The texts of fifty thousand traces are made for it; an attempt goes on where the one before it ended.
    attempt=timedelta(hours=1),
    # Not for ever: the next day's run waits.
    total=timedelta(hours=6),
    retry=STORE.retry,
    heartbeat=timedelta(seconds=15),
)
"""Looking for what is put into clusters, and reading and embedding it."""

_FEW = RetryPolicy(
    initial_interval=FIRST_RETRY,
    backoff_coefficient=4,
    maximum_interval=timedelta(minutes=5),
    maximum_attempts=6,
    non_retryable_error_types=NEVER_RETRY,
)
"""For work that takes memory and processor time: what ends it is as a rule there in the next attempt, too."""

CLUSTERING_COMPUTE = Budget(
    # Most of it may be the wait for a turn: most runs are due at midnight, and few are made at a time. What a
    # run takes after that has a limit of its own, and a dead worker is noticed by its silence.
    attempt=_PATIENCE,
    total=_PATIENCE,
    retry=_FEW,
    heartbeat=timedelta(seconds=15),
)
"""Putting items into clusters."""

LABEL_CALL = Budget(
    attempt=ANSWER_CALL.attempt,
    # With an end: clusters have names without a model, too, and the run waits for these.
    total=timedelta(minutes=30),
    retry=_WEATHER,
    heartbeat=timedelta(seconds=15),
)
"""One question for names of clusters."""

CLUSTER_NUMBERS = Budget(
    attempt=timedelta(minutes=10),
    # Likewise: clusters are of use without them.
    total=timedelta(minutes=30),
    retry=_FEW,
    heartbeat=timedelta(seconds=15),
)
"""Cost, errors and sentiment of clusters."""

REPORT_TOOL = Budget(
    attempt=timedelta(seconds=90),
    total=timedelta(minutes=15),
    retry=STORE.retry,
    heartbeat=timedelta(seconds=15),
)
"""One tool of a report's author; likewise."""

DELIVERY = Budget(
    attempt=timedelta(minutes=5),
    total=timedelta(hours=2),
    retry=_WEATHER,
    heartbeat=timedelta(seconds=15),
)
"""Bringing a report to one recipient; who cannot be reached for so long gets the next one."""
